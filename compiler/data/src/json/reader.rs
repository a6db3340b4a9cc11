//! Values, lists and objects of JSON, as a tree.

use smol_str::SmolStr;

use super::cursor::JsonCursor;
use crate::error::{Fault, given_twice};
use crate::keys::duplicate;
use crate::node::{Key, Node, NodeKind};
use crate::parse::range;

/// Reads one value and nothing after it.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let mut reader = Reader { cursor: JsonCursor::new(text), elements: Vec::new(), members: Vec::new() };
    let node = reader.value()?;
    reader.cursor.space();
    if reader.cursor.is_done() { Ok(node) } else { Err(reader.cursor.unexpected("the end of the text")) }
}

/// A place in a text of JSON, and what was read of the lists and objects that are open there.
struct Reader<'t> {
    cursor: JsonCursor<'t>,
    /// The elements so far of all open lists, the innermost last. Kept together so that a finished list is allocated
    /// once, at its size.
    elements: Vec<Node>,
    /// The members so far of all open objects, as `elements`.
    members: Vec<(Key, Node)>,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Node, Fault> {
        let start = self.cursor.at;
        let kind = match self.cursor.peek() {
            b'"' => NodeKind::String(SmolStr::new(self.cursor.string()?)),
            b'{' => self.object()?,
            b'[' => self.list()?,
            b'-' | b'0'..=b'9' => self.cursor.number()?,
            _ => self.cursor.literal()?,
        };
        Ok(Node { range: range(start, self.cursor.at), kind })
    }

    fn list(&mut self) -> Result<NodeKind, Fault> {
        let open = self.cursor.enter()?;
        let base = self.elements.len();
        if self.cursor.peek() != b']' {
            loop {
                if self.cursor.peek() == b']' {
                    return Err(self.cursor.trailing_comma("element of a list"));
                }
                let element = self.value()?;
                self.elements.push(element);
                self.cursor.space();
                match self.cursor.peek() {
                    b',' => self.cursor.at += 1,
                    b']' => break,
                    _ => return Err(self.cursor.unfinished("`,` or `]`", open)),
                }
                self.cursor.space();
                if self.cursor.is_done() {
                    return Err(self.cursor.unfinished("a value", open));
                }
            }
        }
        self.cursor.leave();
        Ok(NodeKind::List(self.elements.split_off(base)))
    }

    fn object(&mut self) -> Result<NodeKind, Fault> {
        let open = self.cursor.enter()?;
        let base = self.members.len();
        if self.cursor.peek() != b'}' {
            loop {
                if self.cursor.peek() != b'"' {
                    let after_comma = self.cursor.peek() == b'}' && self.members.len() > base;
                    return Err(match after_comma {
                        true => self.cursor.trailing_comma("member of an object"),
                        false => self.cursor.unfinished("a key in double quotes", open),
                    });
                }
                let start = self.cursor.at;
                let name = SmolStr::new(self.cursor.string()?);
                let key = Key { name, range: range(start, self.cursor.at) };
                self.cursor.space();
                if self.cursor.peek() != b':' {
                    return Err(self.cursor.unfinished("`:`", open));
                }
                self.cursor.at += 1;
                self.cursor.space();
                if self.cursor.is_done() {
                    return Err(self.cursor.unfinished("a value", open));
                }
                let value = self.value()?;
                self.members.push((key, value));
                self.cursor.space();
                match self.cursor.peek() {
                    b',' => self.cursor.at += 1,
                    b'}' => break,
                    _ => return Err(self.cursor.unfinished("`,` or `}`", open)),
                }
                self.cursor.space();
            }
        }
        self.cursor.leave();
        if let Some((first, second)) = duplicate(&self.members[base..]) {
            let (first, second) = (&self.members[base + first].0, &self.members[base + second].0);
            return Err(given_twice("key", &second.name, second.range, Some(first.range)));
        }
        Ok(NodeKind::Map(self.members.split_off(base)))
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
