//! Values, lists and objects of JSON, as a tree.

use smol_str::SmolStr;

use super::cursor::JsonCursor;
use crate::error::{DataError, Fault, given_twice};
use crate::keys::duplicate;
use crate::node::{Key, Node, NodeKind};
use crate::parse::range;

/// Reads one value and nothing after it.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    Reader::new(text, false).whole()
}

/// How many members of objects are kept in mind at once where no tree is made, to see whether one is given twice.
const MOST_MEMBERS: usize = 4 << 20;

/// The fault that [`parse`](crate::parse) finds in a text of JSON, found without making a tree: memory does not grow with
/// the text. Nothing, too, where an object has more than four million members.
pub fn json_fault(text: &str) -> Option<DataError> {
    let mut reader = Reader::new(text, true);
    let fault = reader.whole().err()?;
    (!reader.lost).then_some(*fault)
}

/// A place in a text of JSON, and what was read of the lists and objects that are open there.
struct Reader<'t> {
    cursor: JsonCursor<'t>,
    /// The elements so far of all open lists, the innermost last. Kept together so that a finished list is allocated
    /// once, at its size.
    elements: Vec<Node>,
    /// The members so far of all open objects, as `elements`.
    members: Vec<(Key, Node)>,
    /// Whether only the text is looked at, and no tree made.
    only_looks: bool,
    /// Whether there was more than can be kept in mind.
    lost: bool,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, only_looks: bool) -> Self {
        let (elements, members) = (Vec::new(), Vec::new());
        Self { cursor: JsonCursor::new(text), elements, members, only_looks, lost: false }
    }

    fn whole(&mut self) -> Result<Node, Fault> {
        let node = self.value()?;
        self.cursor.space();
        if self.cursor.is_done() { Ok(node) } else { Err(self.cursor.unexpected("the end of the text")) }
    }

    fn value(&mut self) -> Result<Node, Fault> {
        let start = self.cursor.at;
        let kind = match self.cursor.peek() {
            b'"' if self.only_looks => self.cursor.string().map(|_| NodeKind::Null)?,
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
                if !self.only_looks {
                    self.elements.push(element);
                }
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
                if self.only_looks && self.members.len() > MOST_MEMBERS {
                    self.lost = true;
                    return Err(self.cursor.unexpected("fewer members"));
                }
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
