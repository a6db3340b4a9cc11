//! Strings: the common case without escapes, and the escapes.

use std::borrow::Cow;

use super::cursor::JsonCursor;
use super::scan::plain_end;
use crate::error::{DataError, Fault, fault};
use crate::parse::range;

impl<'t> JsonCursor<'t> {
    /// Reads the string whose opening quote is next; borrowed from the text where it has no escapes.
    ///
    /// # Errors
    /// The string is not closed, or holds what none can.
    #[inline]
    pub fn text(&mut self) -> Result<Cow<'t, str>, DataError> {
        self.string().map_err(|fault| *fault)
    }

    #[inline]
    pub(super) fn string(&mut self) -> Result<Cow<'t, str>, Fault> {
        let start = self.at + 1;
        let end = plain_end(self.bytes, start);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        self.escaped(start, end)
    }

    /// Reads on where the plain content that began at `run` has met something else at `end`.
    fn escaped(&mut self, mut run: usize, mut end: usize) -> Result<Cow<'t, str>, Fault> {
        let open = self.at;
        let mut content = String::new();
        loop {
            content.push_str(&self.text[run..end]);
            match self.bytes.get(end) {
                Some(b'"') => {
                    self.at = end + 1;
                    return Ok(Cow::Owned(content));
                }
                Some(b'\\') => {
                    let (c, next) = self.escape(end, open)?;
                    content.push(c);
                    run = next;
                    end = plain_end(self.bytes, run);
                }
                Some(&control) => {
                    let message = format!(
                        "a string cannot hold {} as it is: write it as `{}`",
                        named(control),
                        escape_for(control)
                    );
                    return Err(fault(range(end, end + 1), message));
                }
                None => return Err(unclosed(open)),
            }
        }
    }

    /// The character that the escape at `at` stands for, and the offset after it.
    fn escape(&self, at: usize, open: usize) -> Result<(char, usize), Fault> {
        let simple = match self.bytes.get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(at, open),
            Some(_) => {
                // The text is UTF-8 and a backslash is one byte, so a character starts after it.
                let c = self.text[at + 1..].chars().next().unwrap_or_default();
                let message = format!("{} is no escape of JSON", crate::error::quoted(&format!("\\{c}")));
                return Err(fault(range(at, at + 1 + c.len_utf8()), message));
            }
            None => return Err(unclosed(open)),
        };
        Ok((simple, at + 2))
    }

    /// The character of the `\u` escape at `at`, which may be half of a surrogate pair (RFC 8259, section 7).
    fn unicode(&self, at: usize, open: usize) -> Result<(char, usize), Fault> {
        let high = self.hex(at, open)?;
        if let Some(c) = char::from_u32(high) {
            return Ok((c, at + 6));
        }
        let alone = || {
            let message = format!(
                "`{}` is half of a surrogate pair, which stands for no character alone",
                &self.text[at..at + 6]
            );
            fault(range(at, at + 6), message)
        };
        if high >= 0xdc00 || self.bytes.get(at + 6..at + 8) != Some(b"\\u") {
            return Err(alone());
        }
        let low = self.hex(at + 6, open)?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(alone());
        }
        let combined = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        char::from_u32(combined).map(|c| (c, at + 12)).ok_or_else(alone)
    }

    /// The four hex digits of the `\u` escape at `at`.
    fn hex(&self, at: usize, open: usize) -> Result<u32, Fault> {
        let mut value = 0;
        for place in at + 2..at + 6 {
            let Some(&byte) = self.bytes.get(place) else { return Err(unclosed(open)) };
            let Some(digit) = (byte as char).to_digit(16) else {
                return Err(fault(range(at, place), "`\\u` needs four hexadecimal digits"));
            };
            value = value * 16 + digit;
        }
        Ok(value)
    }
}

fn unclosed(open: usize) -> Fault {
    fault(range(open, open + 1), "the string that starts here is not closed")
}

fn named(control: u8) -> String {
    match control {
        b'\n' => "a line feed".into(),
        b'\r' => "a carriage return".into(),
        b'\t' => "a tab".into(),
        _ => format!("the control character U+{control:04X}"),
    }
}

fn escape_for(control: u8) -> String {
    match control {
        b'\n' => "\\n".into(),
        b'\r' => "\\r".into(),
        b'\t' => "\\t".into(),
        _ => format!("\\u{control:04x}"),
    }
}
