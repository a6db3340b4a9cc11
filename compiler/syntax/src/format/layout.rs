//! Where comments go, and the shapes that all constructs share: slots, delimited lists, blocks.
//!
//! A *slot* is a place that has its own lines once the list around it is broken: a declaration, a clause, a field, an
//! element, an operand of a broken chain. Comments above a slot and at the end of its line stay there. A comment
//! anywhere else inside a slot moves above it, for there the next run finds it again and leaves it.

use std::ops::Range;

use ordain_diagnostics::TextRange;

use super::doc::{Doc, Docs};
use super::source::{Comment, CommentKind, Source};

/// Makes the document of one file, in the order of the source.
pub(super) struct Printer<'a> {
    pub(super) docs: Docs<'a>,
    pub(super) source: &'a Source<'a>,
    /// The first comment that has no place yet.
    cursor: usize,
    /// Comments to move above the innermost slot under way.
    hoisted: Vec<usize>,
    /// The expression under way is the head of a block, where a brace would begin the block.
    pub(super) head: bool,
    /// The expression under way is part of a type argument, where a `>` would end it.
    pub(super) angle: bool,
    /// The documentation of the declaration under way, wherever it stands.
    pub(super) item_docs: TextRange,
}

/// What stands between the slots of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// Commas; also after the last slot where the list is broken.
    Commas,
    /// Commas on one line, line breaks alone where the list is broken.
    Lines,
    /// Spaces on one line, line breaks where the list is broken.
    Spaces,
    /// Line breaks, so that several slots are never on one line.
    None,
}

/// The look of a delimited list.
#[derive(Clone, Copy)]
pub(super) struct Style {
    open: &'static str,
    close: &'static str,
    /// Inside the delimiters where the list is on one line.
    pad: &'static str,
    separator: Separator,
}

/// `[a, b]`
pub(super) const LIST: Style = Style { open: "[", close: "]", pad: "", separator: Separator::Commas };
/// `(a, b)`
pub(super) const ARGUMENTS: Style = Style { open: "(", close: ")", pad: "", separator: Separator::Commas };
/// `{ a: 1, b: 2 }`
pub(super) const RECORD: Style = Style { open: "{", close: "}", pad: " ", separator: Separator::Commas };
/// `{a, b}` of imports
pub(super) const NAMES: Style = Style { pad: "", ..RECORD };
/// `{ a: T, b: U }` of declarations
pub(super) const FIELDS: Style = Style { separator: Separator::Lines, ..RECORD };
/// `{ statement }`
pub(super) const BLOCK: Style = Style { separator: Separator::None, ..RECORD };
/// `[x for x in xs]`
pub(super) const COMPREHENSION: Style = Style { separator: Separator::Spaces, ..LIST };
/// `{ k: v for k, v in xs }`
pub(super) const MAP_COMPREHENSION: Style = Style { separator: Separator::Spaces, ..RECORD };
/// `any(x for x in xs)`
pub(super) const BARE_COMPREHENSION: Style = Style { separator: Separator::Spaces, ..ARGUMENTS };

/// A laid out slot.
pub(super) struct Slot<'a> {
    /// An empty line stands before it.
    pub(super) blank: bool,
    /// The comments above it, each with its line break.
    pub(super) leading: Doc,
    pub(super) doc: Doc,
    /// The comment at the end of its line.
    pub(super) trailing: Option<&'a str>,
    /// The first token after it and its separator.
    pub(super) next: usize,
}

/// What stands between delimiters.
pub(super) struct Content<'a> {
    /// A comment on the line of the opening delimiter.
    pub(super) opening: Option<&'a str>,
    /// Comments from before the opening delimiter.
    pub(super) carried: Range<usize>,
    pub(super) slots: Vec<Slot<'a>>,
    /// Comments after the last slot.
    pub(super) dangling: Range<usize>,
}

/// Where a slot is in the source, in tokens.
pub(super) struct Extent {
    /// Begins the line of the slot.
    pub(super) line: usize,
    /// Comments before this token stand above the slot.
    pub(super) first: usize,
    /// The last token of what is printed, without closing parentheses.
    pub(super) content_end: usize,
    /// The last token.
    pub(super) last: usize,
    /// A comment before this token may end the line of the slot; none where what is around the slot decides.
    pub(super) limit: Option<usize>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(source: &'a Source<'a>) -> Self {
        Self {
            docs: Docs::new(),
            source,
            cursor: 0,
            hoisted: Vec::new(),
            head: false,
            angle: false,
            item_docs: TextRange::default(),
        }
    }

    pub(super) fn text(&mut self, text: &'a str) -> Doc {
        self.docs.text(text)
    }

    /// The source of `range` as it is.
    pub(super) fn verbatim(&mut self, range: TextRange) -> Doc {
        self.docs.text(self.source.slice(range))
    }

    /// The tokens of `range` without space between them.
    pub(super) fn compact(&mut self, range: TextRange) -> Doc {
        let source = self.source;
        let tokens: Vec<Doc> =
            (source.at(range.start)..source.at(range.end)).map(|token| self.docs.text(source.token(token))).collect();
        self.docs.concat(&tokens)
    }

    /// The parts side by side.
    pub(super) fn join(&mut self, parts: &[Doc]) -> Doc {
        self.docs.concat(parts)
    }

    /// The comments before a token that have no place yet.
    pub(super) fn take(&mut self, token: usize) -> Range<usize> {
        let start = self.cursor;
        while self.source.comments.get(self.cursor).is_some_and(|comment| comment.before <= token) {
            self.cursor += 1;
        }
        start..self.cursor
    }

    /// The next `count` comments.
    pub(super) fn skip(&mut self, count: usize) -> Range<usize> {
        let start = self.cursor;
        self.cursor += count;
        start..self.cursor
    }

    /// Moves the comments before a token above the slot under way.
    pub(super) fn hoist(&mut self, token: usize) {
        let comments = self.take(token);
        self.hoisted.extend(comments);
    }

    /// The next comment, if it stands behind `token` on its line and not after the token `limit`.
    fn take_trailing(&mut self, token: usize, limit: usize) -> Option<&'a str> {
        let comment = self.source.comments.get(self.cursor)?;
        // Between the token and the comment is at most a separator.
        let on_line = comment.behind && (token + 1..comment.before).all(|next| !self.source.line_ends_after(next - 1));
        (on_line && comment.before <= limit).then(|| {
            self.cursor += 1;
            comment.text
        })
    }

    /// A comment on a line of its own, with the end of that line. A doc comment that documented nothing where it stood
    /// becomes a plain one if it is `moved`, lest it document what it is moved to.
    pub(super) fn own_line(&mut self, index: usize, moved: bool, blank_after: bool) -> Doc {
        let comment = self.source.comments[index];
        let line = self.docs.hard_line(blank_after);
        let comment = self.comment(&comment, moved);
        self.docs.concat(&[comment, line])
    }

    fn comment(&mut self, comment: &Comment<'a>, moved: bool) -> Doc {
        let documents = (self.item_docs.start..self.item_docs.end).contains(&comment.start);
        if comment.kind == CommentKind::Plain || documents || !(moved || comment.behind) {
            return self.docs.trailing(comment.text);
        }
        let (marker, rest) = (self.docs.text("//"), self.docs.trailing(&comment.text[3..]));
        self.docs.concat(&[marker, rest])
    }

    /// Lays out what begins with the token `first` and ends at the offset `end`, with its comments.
    pub(super) fn slot(&mut self, first: usize, end: u32, content: impl FnOnce(&mut Self) -> Doc) -> Slot<'a> {
        let source = self.source;
        let content_end = source.before(end);
        let last = source.with_parentheses(first, content_end);
        let next = last + 1 + usize::from(source.token(last + 1) == ",");
        self.slot_within(Extent { line: first, first, content_end, last, limit: Some(next) }, content)
    }

    /// Lays out a slot whose extent is known.
    pub(super) fn slot_within(&mut self, extent: Extent, content: impl FnOnce(&mut Self) -> Doc) -> Slot<'a> {
        let source = self.source;
        let leading = self.take(extent.first);
        let outer = std::mem::take(&mut self.hoisted);
        let content = content(self);
        let trailing = self.end_of_line(&extent);
        let hoisted = std::mem::replace(&mut self.hoisted, outer);

        let blank = match leading.clone().next() {
            Some(comment) => source.comments[comment].blank,
            None => source.blank_before(extent.line),
        };
        let mut parts = Vec::with_capacity(leading.len() + hoisted.len());
        for index in leading.clone() {
            let blank_after = if index + 1 < leading.end {
                source.comments[index + 1].blank
            } else {
                source.blank_before(extent.line)
            };
            let moved = source.comments[index].before != extent.line;
            parts.push(self.own_line(index, moved, blank_after));
        }
        for index in hoisted {
            parts.push(self.own_line(index, true, false));
        }
        let leading = self.docs.concat(&parts);
        Slot { blank, leading, doc: content, trailing, next: extent.limit.unwrap_or(extent.last + 1) }
    }

    /// Places the comments inside a slot that no inner slot has taken, and gives the one at the end of its line.
    pub(super) fn end_of_line(&mut self, extent: &Extent) -> Option<&'a str> {
        self.hoist(extent.content_end);
        let limit = extent.limit?;
        let inside = self.take_trailing(extent.content_end, extent.last);
        self.hoist(extent.last);
        inside.or_else(|| self.take_trailing(extent.last, limit))
    }

    /// The slots of a list whose first one begins at the token `first`.
    pub(super) fn slots<T>(
        &mut self,
        first: usize,
        items: impl IntoIterator<Item = T>,
        end: impl Fn(&T) -> u32,
        mut content: impl FnMut(&mut Self, T) -> Doc,
    ) -> Vec<Slot<'a>> {
        let mut next = first;
        let mut slots = Vec::new();
        for item in items {
            let end = end(&item);
            let slot = self.slot(next, end, |printer| content(printer, item));
            next = slot.next;
            slots.push(slot);
        }
        slots
    }

    /// A list between the token `open` and its partner. It is one group: on one line where it fits and `expanded` is
    /// not set.
    pub(super) fn delimited(
        &mut self,
        style: Style,
        open: usize,
        expanded: bool,
        slots: impl FnOnce(&mut Self, usize) -> Vec<Slot<'a>>,
    ) -> Doc {
        self.hoist(open);
        let doc = self.ungrouped(style, open, expanded, 0..0, slots);
        self.docs.group(doc)
    }

    /// A list that is written on one line only where the author did not break it after the opening delimiter.
    pub(super) fn braced(
        &mut self,
        style: Style,
        open: usize,
        slots: impl FnOnce(&mut Self, usize) -> Vec<Slot<'a>>,
    ) -> Doc {
        self.delimited(style, open, self.source.line_ends_after(open), slots)
    }

    /// A block that another one follows: part of the group around both. The `carried` comments come first inside; the
    /// one behind the closing delimiter moves in, for it is about this block and its line does not end there.
    pub(super) fn branch(
        &mut self,
        open: usize,
        expanded: bool,
        carried: Range<usize>,
        slots: impl FnOnce(&mut Self, usize) -> Vec<Slot<'a>>,
    ) -> Doc {
        let close = self.source.partner(open);
        let mut content = self.content(open, carried, slots);
        if self.take_trailing(close, close + 1).is_some() {
            content.dangling.end += 1;
        }
        self.enclose(BLOCK, expanded, content)
    }

    /// As [`Self::delimited`] but part of the group around it. The `carried` comments come first inside.
    pub(super) fn ungrouped(
        &mut self,
        style: Style,
        open: usize,
        expanded: bool,
        carried: Range<usize>,
        slots: impl FnOnce(&mut Self, usize) -> Vec<Slot<'a>>,
    ) -> Doc {
        let content = self.content(open, carried, slots);
        self.enclose(style, expanded, content)
    }

    fn content(
        &mut self,
        open: usize,
        carried: Range<usize>,
        slots: impl FnOnce(&mut Self, usize) -> Vec<Slot<'a>>,
    ) -> Content<'a> {
        let opening = if carried.is_empty() { self.take_trailing(open, open + 1) } else { None };
        let slots = self.inside(|printer| slots(printer, open + 1));
        let dangling = self.take(self.source.partner(open));
        Content { opening, carried, slots, dangling }
    }

    /// Lays out what stands inside delimiters, where no block follows.
    pub(super) fn inside<T>(&mut self, content: impl FnOnce(&mut Self) -> T) -> T {
        let around = (std::mem::take(&mut self.head), std::mem::take(&mut self.angle));
        let result = content(self);
        (self.head, self.angle) = around;
        result
    }

    /// Delimiters around their content.
    pub(super) fn enclose(&mut self, style: Style, expanded: bool, content: Content<'a>) -> Doc {
        let source = self.source;
        let Content { opening, carried, slots, dangling } = content;
        let mut parts = vec![self.docs.text(style.open)];
        parts.extend(self.comment_after(opening));
        let expanded = expanded || (style.separator == Separator::None && slots.len() > 1);
        let count = slots.len();
        let mut inner = Vec::with_capacity(5 * count + 2);
        for index in carried.clone() {
            inner.push(self.docs.hard_line(index > carried.start && source.comments[index].blank));
            inner.push(self.comment(&source.comments[index], true));
        }
        for (index, slot) in slots.into_iter().enumerate() {
            let start = inner.is_empty();
            inner.push(if expanded {
                self.docs.hard_line(slot.blank && !start)
            } else {
                self.docs.line(if start { style.pad } else { " " }, slot.blank && !start)
            });
            let last = index + 1 == count;
            inner.push(slot.leading);
            inner.push(slot.doc);
            inner.push(match style.separator {
                Separator::Commas if last => self.docs.choice("", ","),
                Separator::Commas => self.docs.text(","),
                // On a new line, a field named `in` would be taken for the operator.
                Separator::Lines if !last && source.token(slot.next) == "in" => self.docs.text(","),
                Separator::Lines if !last => self.docs.choice(",", ""),
                Separator::Lines | Separator::Spaces | Separator::None => Docs::NIL,
            });
            inner.extend(self.comment_after(slot.trailing));
        }
        for index in dangling {
            let blank = source.comments[index].blank && !inner.is_empty();
            inner.push(self.docs.hard_line(blank));
            inner.push(self.comment(&source.comments[index], false));
        }
        if !inner.is_empty() {
            let inner = self.docs.concat(&inner);
            parts.push(self.docs.indent(inner));
            parts.push(if expanded { self.docs.hard_line(false) } else { self.docs.line(style.pad, false) });
        } else if opening.is_some() {
            parts.push(self.docs.hard_line(false));
        }
        parts.push(self.docs.text(style.close));
        self.docs.concat(&parts)
    }

    /// The comment at the end of a line, with the space before it.
    pub(super) fn comment_after(&mut self, comment: Option<&'a str>) -> Option<Doc> {
        let comment = comment?;
        let (space, comment) = (self.docs.text(" "), self.docs.trailing(comment));
        Some(self.docs.concat(&[space, comment]))
    }
}
