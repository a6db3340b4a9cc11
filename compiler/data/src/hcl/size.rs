//! Counts what the library compares pair by pair, before it does.
//!
//! It holds every key of an object against all keys before it, and hashes the names of attributes in a way for which
//! names that collide are easily found. Both are fine for what people write and would keep a hostile text busy for
//! hours. This walks over the text once, only to know which braces are objects and how much is in them. Where a text
//! is not HCL it may be wrong, but only behind the place where the library stops reading.

use super::Source;
use crate::error::{Fault, fault};

/// How many bytes all comparisons of keys may look at: enough for 15,000 entries of one object.
const MAX_COMPARED: usize = 2_000_000_000;
/// How many attributes a body may have.
const MAX_ATTRIBUTES: usize = 200_000;

/// A fault where the text has more in one object or body than can be compared. Otherwise, the place of the first quote
/// that is not closed on its line, if there is one: the library reads on, which the specification does not allow.
pub(super) fn check(source: &Source<'_>) -> Result<Option<usize>, Fault> {
    let mut walk = Walk {
        bytes: source.text.as_bytes(),
        at: 0,
        open: vec![Open::Body { attributes: 0 }],
        before: b'\n',
        compared: 0,
        unclosed: None,
    };
    while walk.at < walk.bytes.len() {
        let at = walk.at;
        if let Err(message) = walk.step() {
            return Err(fault(source.range(at..at), message));
        }
    }
    if let Some(&Open::Quotes { start }) = walk.open.last() {
        walk.unclosed.get_or_insert(start);
    }
    Ok(walk.unclosed)
}

/// What is open at a place.
enum Open<'t> {
    Body {
        attributes: usize,
    },
    Object {
        start: usize,
        entries: usize,
    },
    /// A bracket, a parenthesis or an interpolation.
    Other,
    Quotes {
        start: usize,
    },
    /// A heredoc, with the word that ends it.
    Heredoc(&'t [u8]),
}

struct Walk<'t> {
    bytes: &'t [u8],
    at: usize,
    open: Vec<Open<'t>>,
    /// The last byte that is no space and in no comment.
    before: u8,
    compared: usize,
    unclosed: Option<usize>,
}

impl<'t> Walk<'t> {
    fn starts_with(&self, text: &str) -> bool {
        self.bytes[self.at..].starts_with(text.as_bytes())
    }

    /// Steps over the next thing.
    fn step(&mut self) -> Result<(), &'static str> {
        match self.open.last() {
            Some(&Open::Quotes { start }) => self.in_quotes(start),
            Some(&Open::Heredoc(word)) => self.in_heredoc(word),
            _ => return self.in_code(),
        }
        Ok(())
    }

    fn in_quotes(&mut self, start: usize) {
        match self.bytes[self.at] {
            b'\n' => {
                self.unclosed.get_or_insert(start);
                self.at += 1;
            }
            b'\\' => self.at += 2,
            b'"' => {
                self.open.pop();
                self.before = b'"';
                self.at += 1;
            }
            _ => self.in_template(),
        }
    }

    fn in_template(&mut self) {
        if self.starts_with("$${") || self.starts_with("%%{") {
            self.at += 3;
        } else if self.starts_with("${") || self.starts_with("%{") {
            self.open.push(Open::Other);
            self.before = b'{';
            self.at += 2;
        } else {
            self.at += 1;
        }
    }

    fn in_heredoc(&mut self, word: &[u8]) {
        if self.bytes[self.at] != b'\n' {
            return self.in_template();
        }
        self.at += 1;
        let line = &self.bytes[self.at..];
        let indent = line.iter().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count();
        let ends = line[indent..].strip_prefix(word).is_some_and(|rest| !rest.first().is_some_and(|&b| of_name(b)));
        if ends {
            self.open.pop();
            self.at += indent + word.len();
            self.before = b'"';
        }
    }

    fn in_code(&mut self) -> Result<(), &'static str> {
        let byte = self.bytes[self.at];
        if byte == b'#' || self.starts_with("//") {
            self.skip_to("\n");
            return Ok(());
        }
        if self.starts_with("/*") {
            self.at += 2;
            self.skip_to("*/");
            self.at = (self.at + 2).min(self.bytes.len());
            return Ok(());
        }
        if self.starts_with("<<")
            && let Some(word) = self.heredoc_word()
        {
            self.open.push(Open::Heredoc(word));
            return Ok(());
        }
        let start = self.at;
        self.at += 1;
        match byte {
            b'"' => self.open.push(Open::Quotes { start }),
            b'[' | b'(' => self.open.push(Open::Other),
            b'{' => {
                let of_block = self.before == b'"' || of_name(self.before);
                let in_body = matches!(self.open.last(), Some(Open::Body { .. }));
                self.open.push(match in_body && of_block {
                    true => Open::Body { attributes: 0 },
                    false => Open::Object { start, entries: 0 },
                });
            }
            // The file itself stays open.
            b'}' | b']' | b')' if self.open.len() > 1 => {
                self.open.pop();
            }
            b'=' | b':' => self.count()?,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            self.before = byte;
        }
        Ok(())
    }

    /// Counts one more entry of what is open.
    fn count(&mut self) -> Result<(), &'static str> {
        match self.open.last_mut() {
            Some(Open::Body { attributes }) => {
                *attributes += 1;
                if *attributes > MAX_ATTRIBUTES {
                    return Err("a body has more than 200000 attributes");
                }
            }
            Some(Open::Object { start, entries }) => {
                *entries += 1;
                // No key is compared with more bytes than the object has so far.
                self.compared += self.at - *start;
                if self.compared > MAX_COMPARED {
                    return Err("the objects of the text have too many entries to tell their keys apart");
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn skip_to(&mut self, end: &str) {
        let rest = &self.bytes[self.at..];
        let found = rest.windows(end.len()).position(|window| window == end.as_bytes());
        self.at += found.unwrap_or(rest.len());
    }

    /// The word of the heredoc that starts here; goes to the end of its line.
    fn heredoc_word(&mut self) -> Option<&'t [u8]> {
        let rest = &self.bytes[self.at + 2..];
        let indented = usize::from(rest.first() == Some(&b'-'));
        let length = rest[indented..].iter().take_while(|&&byte| of_name(byte)).count();
        let word = &rest[indented..indented + length];
        let after = &rest[indented + length..];
        let feed = usize::from(after.first() == Some(&b'\r'));
        if word.is_empty() || after.get(feed) != Some(&b'\n') {
            return None;
        }
        self.at += 2 + indented + length + feed;
        Some(word)
    }
}

fn of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || byte >= 0x80
}
