//! The library counts characters; the tree counts bytes.

use ordain_diagnostics::TextRange;
use saphyr_parser::{Marker, ScanError, Span};

use crate::error::{Fault, fault, quoted, too_deep};
use crate::parse::range;

/// One known offset for so many characters.
const STEP: usize = 64;

/// Turns the library's positions in a text into byte offsets.
pub(super) struct Marks<'t> {
    text: &'t str,
    /// The bytes before the text that the library sees.
    skipped: usize,
    /// The offsets of the characters number 0, 64, 128 and so on; empty if every character is one byte.
    known: Vec<u32>,
}

impl<'t> Marks<'t> {
    /// For a text of which the library sees everything after the first `skipped` bytes.
    pub(super) fn new(text: &'t str, skipped: usize) -> Self {
        let seen = &text[skipped..];
        let known = if seen.is_ascii() {
            Vec::new()
        } else {
            seen.char_indices().step_by(STEP).map(|(offset, _)| offset as u32).collect()
        };
        Self { text, skipped, known }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// The byte offset of a position; the end of the text for one past it.
    pub(super) fn offset(&self, mark: Marker) -> usize {
        let seen = &self.text[self.skipped..];
        let offset = if self.known.is_empty() {
            mark.index()
        } else {
            let base = self.known.get(mark.index() / STEP).map_or(seen.len(), |&offset| offset as usize);
            let rest = &seen[base..];
            base + rest.char_indices().nth(mark.index() % STEP).map_or(rest.len(), |(offset, _)| offset)
        };
        self.skipped + offset.min(seen.len())
    }

    pub(super) fn range(&self, span: Span) -> TextRange {
        let start = self.offset(span.start);
        range(start, self.offset(span.end).max(start))
    }

    /// The library's fault, at the character it points to.
    pub(super) fn fault(&self, error: &ScanError) -> Fault {
        let at = self.offset(*error.marker());
        let rest = &self.text[at..];
        let alias = || rest.find(|c: char| c.is_whitespace() || ",[]{}".contains(c)).unwrap_or(rest.len());
        let (length, message) = match error.info() {
            "while parsing node, found unknown anchor" => {
                (alias(), format!("the alias {} names nothing before it", quoted(&rest[..alias()])))
            }
            "recursion limit exceeded" => return too_deep(range(at, at)),
            info => (rest.chars().next().map_or(0, char::len_utf8), in_backquotes(info)),
        };
        fault(range(at, at + length), message)
    }
}

/// The library quotes `like this' and 'like this'. Apostrophes stay.
fn in_backquotes(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find('\'') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let apostrophe = before.ends_with(char::is_alphabetic) && after.starts_with(char::is_alphabetic);
        shown.push_str(before);
        shown.push(if apostrophe { '\'' } else { '`' });
        rest = after;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_bytes_of_any_text() {
        for text in ["", "abc", "ä", "a😀b", &"ü€😀x".repeat(100), &"x".repeat(1000)] {
            for before in ["", "\u{feff}"] {
                let whole = format!("{before}{text}");
                let marks = Marks::new(&whole, before.len());
                let offsets = text.char_indices().map(|(offset, _)| offset).chain([text.len()]);
                for (index, offset) in offsets.enumerate() {
                    assert_eq!(marks.offset(Marker::new(index, 1, 0)), before.len() + offset);
                }
                assert_eq!(marks.offset(Marker::new(100_000, 1, 0)), whole.len());
            }
        }
    }

    #[test]
    fn quotes_as_the_project_does() {
        assert_eq!(in_backquotes("unexpected character: `@'"), "unexpected character: `@`");
        assert_eq!(in_backquotes("expected ',' or ']'"), "expected `,` or `]`");
        assert_eq!(in_backquotes("the handle wasn't declared"), "the handle wasn't declared");
    }
}
