//! Offsets in texts to lines and columns.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use ordain_diagnostics::{Diagnostic, TextRange};

use super::findings::Texts;

/// The longest line that is shown as a whole, in bytes.
const LONGEST_LINE: usize = 1_000;

/// The longest text of which lines are shown, in bytes: what draws them copies it and keeps an account of all its lines.
const LONGEST_TEXT: usize = 16 << 20;

/// How many lines after its first are shown of something long.
const FIRST_LINES: usize = 6;

/// How many characters of a longer line are shown on each side of a place.
const AROUND: usize = 30;

/// Of how many bytes each it is known what lines were before, and where the last of them began.
const BLOCK: usize = 1 << 12;

/// What is known of the text before a block.
#[derive(Clone, Copy)]
struct Before {
    /// How many lines ended.
    lines: usize,
    /// Where the line begins that goes on.
    start: usize,
}

/// Finds lines and columns. The lines of a text are looked for once, however many places are asked for, and of large
/// documents they are not all kept.
pub(crate) struct Places<'a> {
    texts: &'a Texts,
    /// What comes before each block of a text.
    lines: RefCell<BTreeMap<String, Vec<Before>>>,
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

    /// Whether a place of a finding is in a line that is too long to be shown, or in a text that is.
    pub(crate) fn is_too_long(&self, finding: &Diagnostic) -> bool {
        std::iter::once(&finding.primary).chain(&finding.related).any(|label| {
            self.text(&label.path).len() > LONGEST_TEXT
                || [label.range.start, label.range.end].into_iter().any(|offset| {
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
        let (bytes, mut lines) = (text.as_bytes(), self.lines.borrow_mut());
        if !lines.contains_key(path) {
            lines.insert(path.to_owned(), blocks(bytes));
        }
        let blocks = &lines[path];
        let offset = offset.min(bytes.len());
        let at = offset / BLOCK;
        let Before { lines: mut line, mut start } = blocks[at];
        for ended in breaks(bytes, at * BLOCK..offset) {
            (line, start) = (line + 1, ended + 1);
        }
        // The line ends in this block, or in the one before the first in which another line goes on.
        let next = at + 1 + blocks[at + 1..].partition_point(|before| before.start == start);
        let end = breaks(bytes, offset..bytes.len().min((at + 1) * BLOCK)).next();
        let end = end.or_else(|| {
            let start = offset.max((next - 1) * BLOCK).min(bytes.len());
            breaks(bytes, start..bytes.len().min(next * BLOCK)).next()
        });
        (line, start, end.unwrap_or(bytes.len()))
    }
}

/// Where lines end in a range of a text.
fn breaks(text: &[u8], range: Range<usize>) -> impl Iterator<Item = usize> {
    let start = range.start;
    text[range].iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(move |(at, _)| start + at)
}

/// What comes before each block of a text, and before the end.
fn blocks(text: &[u8]) -> Vec<Before> {
    let mut before = Before { lines: 0, start: 0 };
    let mut blocks = vec![before];
    for (at, block) in text.chunks(BLOCK).enumerate() {
        before.lines += block.iter().filter(|byte| **byte == b'\n').count();
        if let Some(last) = block.iter().rposition(|byte| *byte == b'\n') {
            before.start = at * BLOCK + last + 1;
        }
        blocks.push(before);
    }
    blocks
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

    /// Lines of all lengths around that of a block, and the ends of texts.
    #[test]
    fn lines_are_those_of_the_text() {
        for (lengths, end) in [
            (vec![], ""),
            (vec![BLOCK - 1, 0, 3], ""),
            (vec![BLOCK, BLOCK - 2, 1], "x"),
            (vec![3 * BLOCK + 7, 1, 2 * BLOCK, BLOCK - 1], "\n"),
            (vec![0; 2 * BLOCK + 1], "end"),
            (vec![5 * BLOCK], "end"),
        ] {
            let lines: Vec<String> = lengths.iter().map(|length| "x".repeat(*length) + "\n").collect();
            let text = lines.concat() + end;
            let texts: Texts = [("a".to_owned(), text.as_str().into())].into();
            let places = Places::new(&texts);
            for offset in (0..=text.len()).filter(|at| at % 97 == 0 || (at + 2) % BLOCK < 4 || at + 3 > text.len()) {
                let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
                let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
                let line = text[..offset].matches('\n').count();
                assert_eq!(places.line("a", offset), (line, start, end), "{offset} in {} bytes", text.len());
            }
        }
    }
}
