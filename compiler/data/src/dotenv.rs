//! Environment files: lines of `NAME=value`.
//!
//! The reader is our own. The crates that read these files (`dotenvy` and its like) put values into the environment,
//! substitute variables from it, and give no places. Here `$NAME` stays text: what it would stand for is not in the
//! file. No standard says what such a file is; what is read here is what most readers agree on, and where they differ
//! it is what the letters say. A name given twice is a fault, because readers differ on which one counts.

use std::borrow::Cow;

use smol_str::SmolStr;

use crate::error::{Fault, fault, given_twice, quoted};
use crate::keys::duplicate;
use crate::node::{Key, Node, NodeKind};
use crate::parse::{byte_order_mark, range};

/// Reads a file: a map of texts.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let start = byte_order_mark(text);
    let mut reader = Reader { text, at: start };
    let mut entries = Vec::new();
    while reader.next_entry() {
        entries.push(reader.entry()?);
    }
    if let Some((first, second)) = duplicate(&entries) {
        let (first, second) = (&entries[first].0, &entries[second].0);
        return Err(given_twice("name", &second.name, second.range, Some(first.range)));
    }
    Ok(Node { range: range(start, text.len()), kind: NodeKind::Map(entries) })
}

struct Reader<'t> {
    text: &'t str,
    /// The next byte.
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn line(&self) -> &'t str {
        self.rest().split(['\n', '\r']).next().unwrap_or_default()
    }

    /// Steps over space within a line.
    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Steps over empty lines and comments; whether anything follows.
    fn next_entry(&mut self) -> bool {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            if !self.rest().starts_with('#') {
                return self.at < self.text.len();
            }
            self.at += self.line().len();
        }
    }

    fn entry(&mut self) -> Result<(Key, Node), Fault> {
        if let Some(after) = self.rest().strip_prefix("export")
            && after.starts_with([' ', '\t'])
            && !after.trim_start_matches([' ', '\t']).starts_with('=')
        {
            self.at += "export".len();
            self.space();
        }
        let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let start = self.at;
        let name = self.rest().split(|c| !of_name(c)).next().unwrap_or_default();
        if name.is_empty() {
            return Err(self.unexpected("the name of a variable"));
        }
        self.at += name.len();
        let key = Key { name: SmolStr::new(name), range: range(start, self.at) };
        self.space();
        if !self.rest().starts_with('=') {
            return Err(self.unexpected("`=`"));
        }
        self.at += 1;
        self.space();
        Ok((key, self.value()?))
    }

    fn value(&mut self) -> Result<Node, Fault> {
        let start = self.at;
        let quote = match self.rest().as_bytes().first() {
            Some(&quote @ (b'"' | b'\'')) => quote,
            _ => {
                let line = self.line();
                let comment = comment(line).unwrap_or(line.len());
                let value = line[..comment].trim_end();
                self.at += line.len();
                let kind = NodeKind::String(SmolStr::new(value));
                return Ok(Node { range: range(start, start + value.len()), kind });
            }
        };
        let inner = &self.rest()[1..];
        let Some(length) = closing(inner, quote) else {
            return Err(fault(range(start, start + 1), "the quote that starts here is not closed"));
        };
        let content = &inner[..length];
        let content = if quote == b'"' { unescaped(content) } else { Cow::Borrowed(content) };
        self.at += length + 2;
        let end = self.at;
        self.space();
        if !self.line().is_empty() && !self.rest().starts_with('#') {
            return Err(self.unexpected("the end of the line after the closing quote"));
        }
        self.at += self.line().len();
        Ok(Node { range: range(start, end), kind: NodeKind::String(SmolStr::new(content)) })
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let found = self.line();
        if found.is_empty() {
            return fault(range(self.at, self.at), format!("expected {expected}, but the line ends here"));
        }
        fault(range(self.at, self.at + found.len()), format!("expected {expected}, found {}", quoted(found)))
    }
}

/// Where a comment starts in the unquoted rest of a line: a `#` that no value runs into.
fn comment(line: &str) -> Option<usize> {
    line.match_indices('#').map(|(at, _)| at).find(|&at| at == 0 || line[..at].ends_with([' ', '\t']))
}

/// Where the quote that closes a value stands in what follows the opening one.
fn closing(inner: &str, quote: u8) -> Option<usize> {
    let mut escaped = false;
    inner.bytes().position(|byte| {
        let closes = byte == quote && !escaped;
        escaped = quote == b'"' && byte == b'\\' && !escaped;
        closes
    })
}

/// Resolves escapes; a backslash before any other character stays.
fn unescaped(content: &str) -> Cow<'_, str> {
    if !content.contains('\\') {
        return Cow::Borrowed(content);
    }
    let mut text = String::with_capacity(content.len());
    let mut chars = content.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some(c @ ('"' | '\\' | '$')) => text.push(c),
            other => {
                text.push('\\');
                text.extend(other);
            }
        }
    }
    Cow::Owned(text)
}
