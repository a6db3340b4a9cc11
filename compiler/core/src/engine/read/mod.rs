//! Documents of JSON to values, guided by the type that they are declared to have.
//!
//! What is read is validated on the way. INVARIANT: a text that the compiler's own reader takes gives the same value here
//! or none; a text that it refuses gives none.

mod typed;
mod untyped;

use bumpalo::Bump;
use ordain_data::{JsonCursor, JsonParts, JsonStart};
use rayon::prelude::*;

use super::Programs;
use super::asked::Ahead;
use super::run::{GiveUp, Run, constants};
use super::val::{Member, Val};

/// How many parts of one list several threads read.
const PARTS: usize = 64;

/// The least text that is worth a part of its own.
pub(crate) const PART: usize = 1 << 20;

/// How many elements of a list that is passed over are held at once, and in how many bytes.
const RUN: usize = 512;
const RUN_BYTES: usize = 1 << 19;

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

/// How a document is read.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'a> {
    /// The lists that are passed over.
    pub(crate) ahead: Option<&'a Ahead>,
    /// The least bytes of a part of such a list; one that has not two of them is held.
    pub(crate) part: usize,
    /// How many values may be held at once.
    pub(crate) most: usize,
}

/// A document that was read, but for the elements of the lists that were passed over.
pub(crate) struct Document<'a> {
    /// The document; the lists are empty in it.
    pub(crate) value: Val<'a>,
    pub(crate) passed: Vec<Passed>,
}

/// A list that was passed over.
pub(crate) struct Passed {
    /// Its place among those that may be.
    pub(crate) list: u32,
    pub(crate) parts: JsonParts,
    /// The shape of its elements.
    shape: u32,
    /// How many lists and objects are open in it.
    depth: usize,
}

/// Reads a text of JSON as a value of a shape.
pub(crate) fn document<'a>(
    programs: &'a Programs,
    shape: u32,
    text: &'a str,
    manner: Manner<'a>,
    (arena, parts): (&'a Bump, &'a mut [Bump]),
) -> Run<Document<'a>> {
    // Places are numbers of 32 bits elsewhere.
    if text.len() > u32::MAX as usize {
        return Err(GiveUp);
    }
    let consts = constants(programs, arena)?;
    let mut reading = Reading::new(programs, arena.alloc_slice_copy(&consts), JsonCursor::new(text), arena);
    reading.text = text;
    reading.parts = parts;
    reading.ahead = manner.ahead;
    reading.part = manner.part;
    reading.left = manner.most;
    let value = reading.value(shape)?;
    reading.cursor.space();
    if reading.cursor.is_done() { Ok(Document { value, passed: reading.passed }) } else { Err(GiveUp) }
}

/// Some elements of a list that was passed over.
pub(crate) struct Elements<'a> {
    pub(crate) values: Vec<Val<'a>>,
    /// Where the next one starts, or the list or its part ends.
    pub(crate) next: usize,
}

impl Passed {
    /// Reads elements of a part that ends at a place, from a place where one starts, until they are many.
    pub(crate) fn elements<'a>(
        &self,
        (programs, consts): (&'a Programs, &'a [Val<'a>]),
        text: &'a str,
        (start, end): (usize, usize),
        most: usize,
        arena: &'a Bump,
    ) -> Run<Elements<'a>> {
        let mut reading = Reading::new(programs, consts, JsonCursor::within(text, start, self.depth), arena);
        reading.left = most;
        let last = end == self.parts.end;
        let values =
            reading.run(self.shape, (end, last), |values| values < RUN && arena.allocated_bytes() < RUN_BYTES)?;
        Ok(Elements { values, next: reading.cursor.at() })
    }
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
    /// Where other threads may put what they read. INVARIANT: there is nothing where what is held is counted.
    parts: &'a mut [Bump],
    /// The lists to pass over in the value that is next.
    ahead: Option<&'a Ahead>,
    /// The least bytes of a part of such a list.
    part: usize,
    passed: Vec<Passed>,
    /// How many values may still be held.
    left: usize,
}

impl<'a> Reading<'a> {
    fn new(programs: &'a Programs, consts: &'a [Val<'a>], cursor: JsonCursor<'a>, arena: &'a Bump) -> Self {
        let (elements, members, names) = (Vec::new(), Vec::new(), Vec::new());
        let (passed, left) = (Vec::new(), usize::MAX);
        let (text, parts, ahead, part) = ("", &mut [][..], None, PART);
        Self { programs, consts, cursor, arena, elements, members, names, text, parts, ahead, part, passed, left }
    }

    /// One more value, or name, is held.
    #[inline]
    fn hold(&mut self) -> Run<()> {
        self.left = self.left.checked_sub(1).ok_or(GiveUp)?;
        Ok(())
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
    fn list(&mut self, shape: u32, ahead: Option<&'a Ahead>) -> Run<&'a [Val<'a>]> {
        if let Some(Ahead::List(list)) = ahead
            && self.pass(shape, *list)?
        {
            return Ok(&[]);
        }
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

    /// Passes over a list that has parts enough.
    fn pass(&mut self, shape: u32, list: u32) -> Run<bool> {
        if self.text.len().saturating_sub(self.cursor.at()) / 2 < self.part {
            return Ok(false);
        }
        let Some(parts) = self.cursor.parts(self.part).filter(|parts| parts.starts.len() > 1) else { return Ok(false) };
        let depth = self.cursor.depth() + 1;
        self.after(parts.end, depth)?;
        self.passed.push(Passed { list, parts, shape, depth });
        Ok(true)
    }

    /// Goes on behind a list that ends at a place.
    fn after(&mut self, end: usize, depth: usize) -> Run<()> {
        self.cursor = JsonCursor::within(self.text, end, depth);
        if self.cursor.peek() != b']' {
            return Err(GiveUp);
        }
        self.cursor.leave();
        Ok(())
    }

    fn in_parts(&mut self, shape: u32, list: &JsonParts) -> Run<&'a [Val<'a>]> {
        let free = std::mem::take(&mut self.parts);
        if list.starts.len() > free.len() {
            return Err(GiveUp);
        }
        let (own, rest) = free.split_at_mut(list.starts.len());
        self.parts = rest;
        let (programs, consts, text, depth) = (self.programs, self.consts, self.text, self.cursor.depth() + 1);
        let jobs: Vec<(&'a mut Bump, (JsonStart, usize))> = own.iter_mut().zip(list.ranges()).collect();
        let read: Run<Vec<Vec<Val<'a>>>> = jobs
            .into_par_iter()
            .map(|(arena, (start, end))| {
                let cursor = JsonCursor::within(text, start.at, depth);
                Reading::new(programs, consts, cursor, arena).run(shape, (end, end == list.end), |_| true)
            })
            .collect();
        let all = read?.concat();
        self.after(list.end, depth)?;
        Ok(self.arena.alloc_slice_copy(&all))
    }

    /// Elements up to a place, the start of another or, where they are the `last`, the end of the list; fewer where `more`
    /// says of their number that it is enough.
    fn run(&mut self, shape: u32, (end, last): (usize, bool), more: impl Fn(usize) -> bool) -> Run<Vec<Val<'a>>> {
        let mut values = Vec::new();
        loop {
            values.push(self.value(shape)?);
            self.cursor.space();
            if last && self.cursor.at() == end {
                return Ok(values);
            }
            if !self.cursor.eat(b',') {
                return Err(GiveUp);
            }
            self.cursor.space();
            // After a comma, there is another element: the list does not end.
            match self.cursor.at() {
                at if at < end && more(values.len()) => {}
                at if at < end || (at == end && !last) => return Ok(values),
                _ => return Err(GiveUp),
            }
        }
    }
}
