//! A place in a text of JSON: the words of its grammar, one by one.

use crate::error::{DataError, Fault, Related, fault, quoted, too_deep};
use crate::node::NodeKind;
use crate::number;
use crate::parse::{MAX_DEPTH, byte_order_mark, range};

/// A place in a text of JSON, for those who build something of their own from it: it reads what has no parts (strings,
/// numbers, words) and keeps count of what is open. What goes around (commas, colons, keys given twice) is the caller's.
#[derive(Clone, Debug)]
pub struct JsonCursor<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    /// The next byte.
    pub(super) at: usize,
    depth: usize,
}

impl<'t> JsonCursor<'t> {
    /// The first value of a text.
    pub fn new(text: &'t str) -> Self {
        let mut cursor = Self { text, bytes: text.as_bytes(), at: byte_order_mark(text), depth: 0 };
        cursor.space();
        cursor
    }

    /// A value inside a text, at a byte where one starts, inside of `depth` lists and objects.
    pub fn within(text: &'t str, at: usize, depth: usize) -> Self {
        Self { text, bytes: text.as_bytes(), at, depth }
    }

    /// The offset of the next byte.
    pub fn at(&self) -> usize {
        self.at
    }

    /// How many lists and objects are open.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next byte, or zero at the end; no value and no mark of JSON is zero.
    #[inline]
    pub fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Steps over a mark, if it is the next byte.
    #[inline]
    pub fn eat(&mut self, mark: u8) -> bool {
        let found = self.peek() == mark;
        self.at += usize::from(found);
        found
    }

    /// Steps over white space.
    #[inline]
    pub fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Reads a value that has no parts; for a list or an object, that is an error.
    ///
    /// # Errors
    /// What is next is no such value.
    pub fn scalar(&mut self) -> Result<NodeKind, DataError> {
        let kind = match self.peek() {
            b'"' => self.string().map(|text| NodeKind::String((*text).into())),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.literal(),
        };
        kind.map_err(|fault| *fault)
    }

    /// Reads `true`, `false` or `null`.
    #[inline]
    pub(super) fn literal(&mut self) -> Result<NodeKind, Fault> {
        match self.peek() {
            b't' => self.word("true", NodeKind::Bool(true)),
            b'f' => self.word("false", NodeKind::Bool(false)),
            b'n' => self.word("null", NodeKind::Null),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn word(&mut self, word: &str, kind: NodeKind) -> Result<NodeKind, Fault> {
        let end = self.at + word.len();
        let joined = self.bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
        if self.bytes.get(self.at..end) != Some(word.as_bytes()) || joined {
            return Err(self.unexpected("a value"));
        }
        self.at = end;
        Ok(kind)
    }

    /// Steps over an opening bracket and the space after it. Gives the place of the bracket.
    ///
    /// # Errors
    /// Too many are open.
    pub fn open(&mut self) -> Result<usize, DataError> {
        self.enter().map_err(|fault| *fault)
    }

    pub(super) fn enter(&mut self) -> Result<usize, Fault> {
        let open = self.at;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(range(open, open + 1)));
        }
        self.at += 1;
        self.space();
        Ok(open)
    }

    /// Steps over a closing bracket.
    #[inline]
    pub fn leave(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    pub(super) fn number(&mut self) -> Result<NodeKind, Fault> {
        let start = self.at;
        let negative = self.peek() == b'-';
        self.at += usize::from(negative);
        let first = self.at;
        let mut value = self.digits(0);
        let whole = self.at - first;
        if whole == 0 {
            return Err(self.unexpected("a digit"));
        }
        if whole > 1 && self.bytes[first] == b'0' {
            return Err(fault(range(start, self.at), "a number cannot start with a zero that is followed by digits"));
        }
        let mut fraction = 0;
        if self.peek() == b'.' {
            self.at += 1;
            let point = self.at;
            value = self.digits(value);
            fraction = self.at - point;
            if fraction == 0 {
                return Err(self.unexpected("a digit"));
            }
        }
        let exponent = matches!(self.peek(), b'e' | b'E');
        if exponent {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), b'+' | b'-'));
            let power = self.at;
            self.digits(0);
            if self.at == power {
                return Err(self.unexpected("a digit"));
            }
        }
        // Eighteen digits fit 64 bits with their sign; `value` is right for so many and no more.
        let short = !exponent && whole + fraction <= 18;
        let signed = if negative { (value as i64).wrapping_neg() } else { value as i64 };
        let text = &self.text[start..self.at];
        Ok(match fraction {
            0 if short => NodeKind::Int(signed),
            0 if !exponent => number::integer(text),
            _ if short => NodeKind::Decimal(number::scaled(signed, fraction as u32)),
            _ => number::exact(text),
        })
    }

    /// Steps over digits, and appends them to `value`, which may wrap around.
    #[inline]
    fn digits(&mut self, mut value: u64) -> u64 {
        while let digit @ b'0'..=b'9' = self.peek() {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        value
    }

    #[cold]
    pub(super) fn unexpected(&self, expected: &str) -> Fault {
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else {
            return fault(range(self.at, self.at), format!("expected {expected}, but the text ends here"));
        };
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()).min(rest.len());
        let found = &rest[..word.max(c.len_utf8())];
        let hint =
            if rest.starts_with("//") || rest.starts_with("/*") || c == '#' { ": JSON has no comments" } else { "" };
        fault(range(self.at, self.at + found.len()), format!("expected {expected}, found {}{hint}", quoted(found)))
    }

    /// As `unexpected`, and if it is the end that comes too early, says which bracket is open.
    #[cold]
    pub(super) fn unfinished(&self, expected: &str, open: usize) -> Fault {
        let fault = self.unexpected(expected);
        if self.at < self.text.len() {
            return fault;
        }
        Box::new(DataError {
            related: Some(Related { range: range(open, open + 1), message: "opened here" }),
            ..*fault
        })
    }

    #[cold]
    pub(super) fn trailing_comma(&self, what: &str) -> Fault {
        let comma = self.text[..self.at].rfind(',').unwrap_or(self.at);
        fault(range(comma, comma + 1), format!("JSON allows no comma after the last {what}"))
    }
}
