//! Values, lists, objects and numbers of JSON.

use crate::error::{DataError, Fault, Related, fault, given_twice, quoted, too_deep};
use crate::keys::duplicate;
use crate::node::{Key, Node, NodeKind};
use crate::number;
use crate::parse::{MAX_DEPTH, byte_order_mark, range};

/// Reads one value and nothing after it.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: byte_order_mark(text),
        depth: 0,
        elements: Vec::new(),
        members: Vec::new(),
    };
    reader.space();
    let node = reader.value()?;
    reader.space();
    if reader.at < text.len() { Err(reader.unexpected("the end of the text")) } else { Ok(node) }
}

/// A place in a text of JSON, and what is open there.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    /// The next byte.
    pub(super) at: usize,
    depth: usize,
    /// The elements so far of all open lists, the innermost last. Kept together so that a finished list is allocated
    /// once, at its size.
    elements: Vec<Node>,
    /// The members so far of all open objects, as `elements`.
    members: Vec<(Key, Node)>,
}

impl Reader<'_> {
    /// The next byte, or zero at the end; no value and no mark of JSON is zero.
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Node, Fault> {
        let start = self.at;
        let kind = match self.peek() {
            b'"' => NodeKind::String(self.string()?),
            b'{' => self.object()?,
            b'[' => self.list()?,
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word("true", NodeKind::Bool(true))?,
            b'f' => self.word("false", NodeKind::Bool(false))?,
            b'n' => self.word("null", NodeKind::Null)?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Node { range: range(start, self.at), kind })
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

    fn list(&mut self) -> Result<NodeKind, Fault> {
        let open = self.enter()?;
        let base = self.elements.len();
        if self.peek() != b']' {
            loop {
                if self.peek() == b']' {
                    return Err(self.trailing_comma("element of a list"));
                }
                let element = self.value()?;
                self.elements.push(element);
                self.space();
                match self.peek() {
                    b',' => self.at += 1,
                    b']' => break,
                    _ => return Err(self.unfinished("`,` or `]`", open)),
                }
                self.space();
                if self.at >= self.bytes.len() {
                    return Err(self.unfinished("a value", open));
                }
            }
        }
        self.leave();
        Ok(NodeKind::List(self.elements.split_off(base)))
    }

    fn object(&mut self) -> Result<NodeKind, Fault> {
        let open = self.enter()?;
        let base = self.members.len();
        if self.peek() != b'}' {
            loop {
                if self.peek() != b'"' {
                    let after_comma = self.peek() == b'}' && self.members.len() > base;
                    return Err(match after_comma {
                        true => self.trailing_comma("member of an object"),
                        false => self.unfinished("a key in double quotes", open),
                    });
                }
                let start = self.at;
                let name = self.string()?;
                let key = Key { name, range: range(start, self.at) };
                self.space();
                if self.peek() != b':' {
                    return Err(self.unfinished("`:`", open));
                }
                self.at += 1;
                self.space();
                if self.at >= self.bytes.len() {
                    return Err(self.unfinished("a value", open));
                }
                let value = self.value()?;
                self.members.push((key, value));
                self.space();
                match self.peek() {
                    b',' => self.at += 1,
                    b'}' => break,
                    _ => return Err(self.unfinished("`,` or `}`", open)),
                }
                self.space();
            }
        }
        self.leave();
        if let Some((first, second)) = duplicate(&self.members[base..]) {
            let (first, second) = (&self.members[base + first].0, &self.members[base + second].0);
            return Err(given_twice("key", &second.name, second.range, Some(first.range)));
        }
        Ok(NodeKind::Map(self.members.split_off(base)))
    }

    /// Steps over an opening bracket and the space after it. Gives the place of the bracket.
    fn enter(&mut self) -> Result<usize, Fault> {
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
    fn leave(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    fn number(&mut self) -> Result<NodeKind, Fault> {
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
    fn unexpected(&self, expected: &str) -> Fault {
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
    fn unfinished(&self, expected: &str, open: usize) -> Fault {
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
    fn trailing_comma(&self, what: &str) -> Fault {
        let comma = self.text[..self.at].rfind(',').unwrap_or(self.at);
        fault(range(comma, comma + 1), format!("JSON allows no comma after the last {what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_stays_small() {
        assert_eq!(size_of::<Node>(), 40);
        assert_eq!(size_of::<(Key, Node)>(), 72);
        assert_eq!(size_of::<Result<Node, Fault>>(), 40);
    }
}
