//! What no type says more about.

use ordain_data::NodeKind;

use super::Reading;
use crate::engine::run::{GiveUp, Run};
use crate::engine::val::{Member, Val};

/// Up to so many names, comparing each with each beats sorting.
const FEW: usize = 12;

impl<'a> Reading<'a> {
    /// A value of `Json`.
    pub(super) fn json(&mut self) -> Run<Val<'a>> {
        self.hold()?;
        Ok(match self.cursor.peek() {
            b'"' => Val::Str(self.string()?),
            b'{' => self.object()?,
            b'[' => {
                let mark = self.elements.len();
                self.each_element(|reading| {
                    let value = reading.json()?;
                    reading.elements.push(value);
                    Ok(())
                })?;
                let list = self.arena.alloc_slice_copy(&self.elements[mark..]);
                self.elements.truncate(mark);
                Val::List(list)
            }
            _ => match self.cursor.scalar().map_err(|_| GiveUp)? {
                NodeKind::Null => Val::None,
                NodeKind::Bool(value) => Val::Bool(value),
                NodeKind::Int(value) => Val::Int(value),
                NodeKind::Decimal(value) => Val::Decimal(value),
                // A number that is none of ours stays text.
                NodeKind::BigNumber(text) => Val::Str(self.arena.alloc_str(&text)),
                _ => return Err(GiveUp),
            },
        })
    }

    fn object(&mut self) -> Run<Val<'a>> {
        let mark = self.members.len();
        self.each_member(|reading, name| {
            let value = reading.json()?;
            reading.members.push(Member { name, value });
            Ok(())
        })?;
        let members = &mut self.members[mark..];
        // Most writers sort.
        if !members.is_sorted_by(|a, b| a.name < b.name) {
            members.sort_unstable_by(|a, b| a.name.cmp(b.name));
            if !members.is_sorted_by(|a, b| a.name < b.name) {
                return Err(GiveUp);
            }
        }
        let object = self.arena.alloc_slice_copy(members);
        self.members.truncate(mark);
        Ok(Val::Record(object))
    }

    /// Passes over a value that nobody asks for. It must be as sound as any other.
    pub(super) fn skip(&mut self) -> Run<()> {
        match self.cursor.peek() {
            b'"' => self.cursor.text().map(drop).map_err(|_| GiveUp),
            b'{' => {
                let mark = self.names.len();
                self.each_member(|reading, name| {
                    reading.names.push(name);
                    reading.hold()?;
                    reading.skip()
                })?;
                self.once(mark)
            }
            b'[' => self.each_element(Self::skip),
            _ => self.cursor.scalar().map(drop).map_err(|_| GiveUp),
        }
    }

    /// Takes the names since a mark away, each of which must stand there once.
    pub(super) fn once(&mut self, mark: usize) -> Run<()> {
        let names = &mut self.names[mark..];
        let twice = if names.is_sorted_by(|a, b| a < b) {
            false
        } else if names.len() <= FEW {
            names.iter().enumerate().any(|(at, name)| names[..at].contains(name))
        } else {
            names.sort_unstable();
            names.windows(2).any(|pair| pair[0] == pair[1])
        };
        self.names.truncate(mark);
        if twice { Err(GiveUp) } else { Ok(()) }
    }
}
