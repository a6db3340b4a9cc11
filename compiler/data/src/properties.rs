//! Java properties, as the documentation of `java.util.Properties.load` has them.
//!
//! The reader is our own: the crate `java-properties` gives lines and no places in them, and reads Latin-1 unless told
//! otherwise. Where Java lets the last of two equal keys win, that is a fault here. Escaped halves of surrogate pairs
//! that do not belong together stand for no character, so they are a fault, too.

use smol_str::SmolStr;

use crate::error::{Fault, fault, given_twice};
use crate::keys::duplicate;
use crate::lines::{Line, lines};
use crate::node::{Key, Node, NodeKind};
use crate::parse::{byte_order_mark, range};

/// Reads a file: a map of texts.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let start = byte_order_mark(text);
    let mut entries = Vec::new();
    let mut rest = lines(text, start);
    while let Some(line) = rest.next() {
        let line = line.from(line.text.len() - line.text.trim_start_matches(SPACE).len());
        if line.text.is_empty() || line.text.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = Logical::default();
        logical.push(line);
        while logical.goes_on() {
            let Some(next) = rest.next() else { break };
            logical.push(next.from(next.text.len() - next.text.trim_start_matches(SPACE).len()));
        }
        entries.push(logical.entry()?);
    }
    if let Some((first, second)) = duplicate(&entries) {
        let (first, second) = (&entries[first].0, &entries[second].0);
        return Err(given_twice("key", &second.name, second.range, Some(first.range)));
    }
    Ok(Node { range: range(start, text.len()), kind: NodeKind::Map(entries) })
}

const SPACE: [char; 3] = [' ', '\t', '\u{c}'];

/// A line and those it goes on in, joined.
#[derive(Default)]
struct Logical {
    /// The characters with their places, without the backslashes at the ends of lines.
    chars: Vec<(usize, char)>,
    /// The end of the last line.
    end: usize,
    goes_on: bool,
}

impl Logical {
    fn push(&mut self, line: Line<'_>) {
        let backslashes = line.text.bytes().rev().take_while(|&byte| byte == b'\\').count();
        self.goes_on = backslashes % 2 == 1;
        let line = line.before(line.text.len() - usize::from(self.goes_on));
        self.chars.extend(line.text.char_indices().map(|(at, c)| (line.start + at, c)));
        self.end = line.end();
    }

    /// Whether the next line belongs to this one.
    fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// The offset of the `index`th character.
    fn offset(&self, index: usize) -> usize {
        self.chars.get(index).map_or(self.end, |&(at, _)| at)
    }

    /// The offset behind the characters before the `index`th, the first of which is the `from`th.
    fn end_of(&self, from: usize, index: usize) -> usize {
        match index.checked_sub(1).filter(|&last| last >= from) {
            Some(last) => self.chars[last].0 + self.chars[last].1.len_utf8(),
            None => self.offset(from),
        }
    }

    fn entry(&self) -> Result<(Key, Node), Fault> {
        let is = |index: usize, wanted: &[char]| self.chars.get(index).is_some_and(|(_, c)| wanted.contains(c));
        let mut at = 0;
        while at < self.chars.len() && !is(at, &SPACE) && !is(at, &['=', ':']) {
            at += if is(at, &['\\']) { 2 } else { 1 };
        }
        let name_end = at.min(self.chars.len());
        at = name_end;
        while is(at, &SPACE) {
            at += 1;
        }
        if is(at, &['=', ':']) {
            at += 1;
            while is(at, &SPACE) {
                at += 1;
            }
        }
        let place = |from: usize, to: usize| range(self.offset(from), self.end_of(from, to));
        let key = Key { name: self.unescaped(0, name_end)?, range: place(0, name_end) };
        let end = self.chars.len();
        let kind = NodeKind::String(self.unescaped(at, end)?);
        Ok((key, Node { range: place(at, end), kind }))
    }

    /// What the characters from one index to another say.
    fn unescaped(&self, from: usize, to: usize) -> Result<SmolStr, Fault> {
        let mut text = String::new();
        let mut high: Option<(usize, u32)> = None;
        let mut at = from;
        while at < to {
            let c = self.chars[at].1;
            if c != '\\' || at + 1 >= to {
                self.paired(high.take(), at)?;
                // A backslash at the very end of the text escapes nothing.
                text.extend((c != '\\').then_some(c));
                at += 1;
                continue;
            }
            let escaped = self.chars[at + 1].1;
            if escaped != 'u' {
                self.paired(high.take(), at)?;
                text.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'f' => '\u{c}',
                    other => other,
                });
                at += 2;
                continue;
            }
            let digits = self.chars[at + 2..to.min(at + 6).max(at + 2)].iter();
            let value = digits.clone().try_fold(0, |sum, (_, digit)| Some(sum * 16 + digit.to_digit(16)?));
            let Some(value) = value.filter(|_| digits.len() == 4) else {
                let place = range(self.offset(at), self.end_of(at, at + 2 + digits.len()));
                return Err(fault(place, "`\\u` needs four hexadecimal digits"));
            };
            match (high.take(), value) {
                (Some((_, first)), 0xdc00..0xe000) => {
                    let combined = 0x10000 + ((first - 0xd800) << 10) + (value - 0xdc00);
                    text.extend(char::from_u32(combined));
                }
                (before, 0xd800..0xdc00) => {
                    self.paired(before, at)?;
                    high = Some((at, value));
                }
                (before, _) => {
                    self.paired(before, at)?;
                    match char::from_u32(value) {
                        Some(c) => text.push(c),
                        None => self.paired(Some((at, value)), at + 6)?,
                    }
                }
            }
            at += 6;
        }
        self.paired(high, to)?;
        Ok(text.into())
    }

    /// A fault for the half of a surrogate pair that nothing completes.
    fn paired(&self, half: Option<(usize, u32)>, next: usize) -> Result<(), Fault> {
        let Some((at, value)) = half else { return Ok(()) };
        let message = format!("`\\u{value:04x}` is half of a surrogate pair, which stands for no character alone");
        Err(fault(range(self.offset(at), self.end_of(at, next)), message))
    }
}
