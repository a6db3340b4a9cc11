//! Offsets in texts to lines and columns.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ordain_diagnostics::{Diagnostic, TextRange};

use super::findings::Texts;

/// The longest line that is shown as a whole, in bytes.
const LONGEST_LINE: usize = 1_000;

/// How many lines after its first are shown of something long.
const FIRST_LINES: usize = 6;

/// How many characters of a longer line are shown on each side of a place.
const AROUND: usize = 30;

/// Finds lines and columns. The lines of a text are looked for once, however many places are asked for.
pub(crate) struct Places<'a> {
    texts: &'a Texts,
    /// Where the lines of a text begin.
    lines: RefCell<BTreeMap<String, Vec<usize>>>,
    /// The columns of places in long lines, by path and offset: a document of one line is not counted through for each
    /// finding.
    columns: RefCell<BTreeMap<String, BTreeMap<usize, usize>>>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(texts: &'a Texts) -> Self {
        Self { texts, lines: RefCell::default(), columns: RefCell::default() }
    }

    /// Line and column of an offset, both from 1, the column in characters.
    pub(crate) fn position(&self, path: &str, offset: u32) -> (usize, usize) {
        let text = self.text(path);
        let offset = text.floor_char_boundary((offset as usize).min(text.len()));
        let (line, start, _) = self.line(path, offset);
        if offset - start <= LONGEST_LINE {
            return (line + 1, text[start..offset].chars().count() + 1);
        }
        let mut columns = self.columns.borrow_mut();
        let known = columns.entry(path.to_owned()).or_default();
        let (from, before) = known.range(start..=offset).next_back().map_or((start, 1), |(at, column)| (*at, *column));
        let column = before + text[from..offset].chars().count();
        known.insert(offset, column);
        (line + 1, column)
    }

    /// Whether a place of a finding is in a line that is too long to be shown.
    pub(crate) fn on_long_line(&self, finding: &Diagnostic) -> bool {
        std::iter::once(&finding.primary).chain(&finding.related).any(|label| {
            [label.range.start, label.range.end].into_iter().any(|offset| {
                let (_, start, end) = self.line(&label.path, offset as usize);
                end - start > LONGEST_LINE
            })
        })
    }

    /// What stands around an offset in its line.
    pub(crate) fn around(&self, path: &str, offset: u32) -> String {
        let text = self.text(path);
        let offset = text.floor_char_boundary((offset as usize).min(text.len()));
        let (_, start, end) = self.line(path, offset);
        let from = text[start..offset].char_indices().rev().nth(AROUND - 1).map_or(start, |(at, _)| start + at);
        let to = text[offset..end].char_indices().nth(AROUND).map_or(end, |(at, _)| offset + at);
        let (before, after) = (if from > start { "…" } else { "" }, if to < end { "…" } else { "" });
        format!("{before}{}{after}", text[from..to].trim_end().escape_debug())
    }

    /// Where the lines begin that come right after the first one of a range, and are in it with another after them: as
    /// many as people read at once, and none that is too long to be shown.
    pub(crate) fn first_lines(&self, path: &str, range: TextRange) -> Vec<usize> {
        let (_, _, mut end) = self.line(path, range.start as usize);
        let mut found = Vec::new();
        while found.len() < FIRST_LINES {
            let (_, start, next) = self.line(path, end + 1);
            if start <= end || next >= range.end as usize || next - start > LONGEST_LINE {
                break;
            }
            found.push(start);
            end = next;
        }
        found
    }

    fn text(&self, path: &str) -> &'a str {
        self.texts.get(path).map_or("", |text| text.as_ref())
    }

    /// The line an offset is in: its number from 0, where it begins, and where it ends without its line break.
    fn line(&self, path: &str, offset: usize) -> (usize, usize, usize) {
        let text = self.text(path);
        let mut lines = self.lines.borrow_mut();
        if !lines.contains_key(path) {
            let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
            lines.insert(path.to_owned(), std::iter::once(0).chain(breaks).collect());
        }
        let starts = &lines[path];
        let line = starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let end = starts.get(line + 1).map_or(text.len(), |next| next - 1);
        (line, starts[line], end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_lines_and_columns() {
        let texts: Texts = [("a".to_owned(), "one\nzwö\n\nend".into())].into();
        let places = Places::new(&texts);
        for (offset, expected) in [
            (0, (1, 1)),
            (3, (1, 4)),
            (4, (2, 1)),
            (6, (2, 3)),
            (7, (2, 3)),
            (8, (2, 4)),
            (9, (3, 1)),
            (10, (4, 1)),
            (99, (4, 4)),
        ] {
            assert_eq!(places.position("a", offset), expected, "{offset}");
        }
        assert_eq!(places.position("unknown", 5), (1, 1));
        assert_eq!(places.around("a", 6), "zwö");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let texts: Texts = [("a".to_owned(), format!("{}é{}\n", "x".repeat(5_000), "y".repeat(5_000)).into())].into();
        let around = Places::new(&texts).around("a", 5_000);
        assert_eq!(around, format!("…{}é{}…", "x".repeat(AROUND), "y".repeat(AROUND - 1)));
        let places = Places::new(&texts);
        for (offset, column) in [(9_000, 9_000), (5_000, 5_001), (5_002, 5_002), (9_000, 9_000), (3, 4), (7_000, 7_000)]
        {
            assert_eq!(places.position("a", offset), (1, column), "{offset}");
        }
    }
}
