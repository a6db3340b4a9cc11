//! Documents of JSON to values, guided by the type that they are declared to have.
//!
//! What is read is validated on the way. INVARIANT: a text that the compiler's own reader takes gives the same value here
//! or none; a text that it refuses gives none.

mod typed;
mod untyped;

use bumpalo::Bump;
use ordain_data::JsonCursor;
use rayon::prelude::*;

use super::Programs;
use super::run::{GiveUp, Run, constants};
use super::val::{Member, Val};

/// How many parts of one list several threads read.
const PARTS: usize = 64;

/// The least text that is worth a part of its own.
const PART: usize = 1 << 20;

/// The memory that the values of a document lie in.
pub(crate) struct Arenas {
    /// What one thread reads.
    pub(crate) main: Bump,
    /// What others read, each its own.
    parts: Vec<Bump>,
}

impl Arenas {
    /// For a text of so many bytes.
    pub(crate) fn for_text(length: usize) -> Self {
        let parts = if length >= 2 * PART { (length / PART).min(PARTS) } else { 0 };
        Self { main: Bump::new(), parts: (0..parts).map(|_| Bump::new()).collect() }
    }

    /// The arenas of several threads, and that of this one.
    pub(crate) fn split(&mut self) -> (&Bump, &mut [Bump]) {
        (&self.main, &mut self.parts)
    }
}

/// Reads a text of JSON as a value of a shape.
pub(crate) fn document<'a>(
    programs: &'a Programs,
    shape: u32,
    text: &'a str,
    arena: &'a Bump,
    parts: &'a mut [Bump],
) -> Run<Val<'a>> {
    // Places are numbers of 32 bits elsewhere.
    if text.len() > u32::MAX as usize {
        return Err(GiveUp);
    }
    let consts = constants(programs, arena)?;
    let mut reading = Reading::new(programs, arena.alloc_slice_copy(&consts), JsonCursor::new(text), arena);
    reading.text = text;
    reading.parts = parts;
    let value = reading.value(shape)?;
    reading.cursor.space();
    if reading.cursor.is_done() { Ok(value) } else { Err(GiveUp) }
}

/// A document that is being read.
struct Reading<'a> {
    programs: &'a Programs,
    consts: &'a [Val<'a>],
    cursor: JsonCursor<'a>,
    arena: &'a Bump,
    /// The elements so far of all open lists, the innermost last.
    elements: Vec<Val<'a>>,
    /// The members so far of all open objects.
    members: Vec<Member<'a>>,
    /// The names so far of the members that are passed over, of all open objects.
    names: Vec<&'a str>,
    text: &'a str,
    /// Where other threads may put what they read.
    parts: &'a mut [Bump],
}

impl<'a> Reading<'a> {
    fn new(programs: &'a Programs, consts: &'a [Val<'a>], cursor: JsonCursor<'a>, arena: &'a Bump) -> Self {
        let (elements, members, names) = (Vec::new(), Vec::new(), Vec::new());
        Self { programs, consts, cursor, arena, elements, members, names, text: "", parts: &mut [] }
    }

    /// A text, in the document or in the arena.
    #[inline]
    fn string(&mut self) -> Run<&'a str> {
        match self.cursor.text() {
            Ok(std::borrow::Cow::Borrowed(text)) => Ok(text),
            Ok(std::borrow::Cow::Owned(text)) => Ok(self.arena.alloc_str(&text)),
            Err(_) => Err(GiveUp),
        }
    }

    /// Reads the elements of a list one by one.
    fn each_element(&mut self, mut element: impl FnMut(&mut Self) -> Run<()>) -> Run<()> {
        if self.cursor.peek() != b'[' {
            return Err(GiveUp);
        }
        self.cursor.open().map_err(|_| GiveUp)?;
        if self.cursor.peek() != b']' {
            loop {
                element(self)?;
                self.cursor.space();
                if !self.cursor.eat(b',') {
                    break;
                }
                self.cursor.space();
            }
        }
        if self.cursor.peek() != b']' {
            return Err(GiveUp);
        }
        self.cursor.leave();
        Ok(())
    }

    /// Reads the members of an object one by one; that none is given twice is for the caller to see.
    fn each_member(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Run<()>) -> Run<()> {
        if self.cursor.peek() != b'{' {
            return Err(GiveUp);
        }
        self.cursor.open().map_err(|_| GiveUp)?;
        if self.cursor.peek() != b'}' {
            loop {
                if self.cursor.peek() != b'"' {
                    return Err(GiveUp);
                }
                let name = self.string()?;
                self.cursor.space();
                if !self.cursor.eat(b':') {
                    return Err(GiveUp);
                }
                self.cursor.space();
                member(self, name)?;
                self.cursor.space();
                if !self.cursor.eat(b',') {
                    break;
                }
                self.cursor.space();
            }
        }
        if self.cursor.peek() != b'}' {
            return Err(GiveUp);
        }
        self.cursor.leave();
        Ok(())
    }

    /// A list whose elements have one shape; of a long one, several threads read parts.
    fn list(&mut self, shape: u32) -> Run<&'a [Val<'a>]> {
        let left = self.text.len().saturating_sub(self.cursor.at());
        if self.parts.len() > 1
            && left >= 2 * PART
            && let Some(list) = self.cursor.parts(left / (self.parts.len().min(left / PART) - 1) + 1)
        {
            return self.in_parts(shape, &list);
        }
        let mark = self.elements.len();
        self.each_element(|reading| {
            let value = reading.value(shape)?;
            reading.elements.push(value);
            Ok(())
        })?;
        let list = self.arena.alloc_slice_copy(&self.elements[mark..]);
        self.elements.truncate(mark);
        Ok(list)
    }

    fn in_parts(&mut self, shape: u32, list: &ordain_data::JsonParts) -> Run<&'a [Val<'a>]> {
        let free = std::mem::take(&mut self.parts);
        if list.starts.len() > free.len() {
            return Err(GiveUp);
        }
        let (own, rest) = free.split_at_mut(list.starts.len());
        self.parts = rest;
        let (programs, consts, text, depth) = (self.programs, self.consts, self.text, self.cursor.depth() + 1);
        let ends = list.starts.iter().skip(1).copied().chain([list.end]);
        let jobs: Vec<(&'a mut Bump, usize, usize)> =
            own.iter_mut().zip(&list.starts).zip(ends).map(|((arena, &start), end)| (arena, start, end)).collect();
        let read: Run<Vec<Vec<Val<'a>>>> = jobs
            .into_par_iter()
            .map(|(arena, start, end)| {
                let cursor = JsonCursor::within(text, start, depth);
                let mut reading = Reading::new(programs, consts, cursor, arena);
                reading.part(shape, end)
            })
            .collect();
        let all = read?.concat();
        self.cursor = JsonCursor::within(text, list.end, depth);
        if self.cursor.peek() != b']' {
            return Err(GiveUp);
        }
        self.cursor.leave();
        Ok(self.arena.alloc_slice_copy(&all))
    }

    /// Elements up to a place: the start of another, or the end of the list.
    fn part(&mut self, shape: u32, end: usize) -> Run<Vec<Val<'a>>> {
        let mut values = Vec::new();
        loop {
            values.push(self.value(shape)?);
            self.cursor.space();
            if self.cursor.at() < end {
                if !self.cursor.eat(b',') {
                    return Err(GiveUp);
                }
                self.cursor.space();
            }
            if self.cursor.at() >= end {
                return if self.cursor.at() == end { Ok(values) } else { Err(GiveUp) };
            }
        }
    }
}
