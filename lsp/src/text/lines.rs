//! Offsets to positions and back.
//!
//! Lines end as the protocol says (LSP 3.17, Text Documents): after `\n`, `\r\n` or a lone `\r`. Libraries for this know the
//! first two only.

use ordain_diagnostics::TextRange;
use tower_lsp::ls_types::{Position, PositionEncodingKind, Range};

/// In what the columns of positions are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, which every client understands.
    #[default]
    Utf16,
}

impl Encoding {
    /// The protocol's name for it.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn width(self, character: char) -> u32 {
        (match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
        }) as u32
    }

    /// How long a text is.
    pub(crate) fn length(self, text: &str) -> u32 {
        match self {
            Self::Utf8 => text.len() as u32,
            Self::Utf16 if text.is_ascii() => text.len() as u32,
            Self::Utf16 => text.encode_utf16().count() as u32,
        }
    }
}

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                starts.push(at as u32 + 1);
            }
        }
        Self { starts }
    }

    /// The text of a line without what ends it, and its start.
    pub(crate) fn line<'t>(&self, text: &'t str, line: u32) -> Option<(u32, &'t str)> {
        let start = *self.starts.get(line as usize)?;
        let end = self.starts.get(line as usize + 1).map_or(text.len(), |&next| next as usize);
        let body = text.get(start as usize..end)?;
        Some((start, body.trim_end_matches(['\n', '\r'])))
    }

    /// The line that an offset lies in.
    pub(crate) fn line_of(&self, offset: u32) -> u32 {
        (self.starts.partition_point(|&start| start <= offset) - 1) as u32
    }

    /// The offset of a position. What lies beyond the end of a line is its end, and beyond the last line the end of the text, as
    /// the protocol says; the middle of a character is its start.
    pub(crate) fn offset(&self, text: &str, position: Position, encoding: Encoding) -> u32 {
        let Some((start, line)) = self.line(text, position.line) else { return text.len() as u32 };
        let mut column = 0;
        for (at, character) in line.char_indices() {
            let next = column + encoding.width(character);
            if next > position.character {
                return start + at as u32;
            }
            column = next;
        }
        start + line.len() as u32
    }

    /// The position of an offset; inside a character, that of the character.
    pub(crate) fn position(&self, text: &str, offset: u32, encoding: Encoding) -> Position {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset as u32);
        let start = self.starts[line as usize] as usize;
        Position { line, character: encoding.length(&text[start..offset]) }
    }

    /// A range as positions.
    pub(crate) fn range(&self, text: &str, range: TextRange, encoding: Encoding) -> Range {
        Range { start: self.position(text, range.start, encoding), end: self.position(text, range.end, encoding) }
    }

    /// The offsets of a range, in order also where it is written backwards.
    pub(crate) fn offsets(&self, text: &str, range: Range, encoding: Encoding) -> TextRange {
        let (start, end) = (self.offset(text, range.start, encoding), self.offset(text, range.end, encoding));
        TextRange::new(start.min(end), start.max(end))
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Lines};
    use proptest::prelude::*;
    use tower_lsp::ls_types::Position;

    fn position(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn lines_end_in_three_ways() {
        let text = "a\nb\r\nc\rd";
        let lines = Lines::new(text);
        let bodies: Vec<&str> = (0..5).filter_map(|line| lines.line(text, line)).map(|(_, body)| body).collect();
        assert_eq!(bodies, ["a", "b", "c", "d"]);
    }

    #[test]
    fn columns_count_units_of_the_encoding() {
        let text = "é𝄞x";
        let lines = Lines::new(text);
        for (encoding, columns) in [(Encoding::Utf8, [0, 2, 6, 7]), (Encoding::Utf16, [0, 1, 3, 4])] {
            for (offset, column) in [0, 2, 6, 7].into_iter().zip(columns) {
                assert_eq!(lines.position(text, offset, encoding), position(0, column));
                assert_eq!(lines.offset(text, position(0, column), encoding), offset);
            }
        }
        // The middle of a pair of surrogates is its start.
        assert_eq!(lines.offset(text, position(0, 2), Encoding::Utf16), 2);
    }

    #[test]
    fn what_lies_outside_is_the_nearest_end() {
        let text = "ab\r\ncd";
        let lines = Lines::new(text);
        assert_eq!(lines.offset(text, position(0, 99), Encoding::Utf16), 2);
        assert_eq!(lines.offset(text, position(9, 0), Encoding::Utf16), 6);
        assert_eq!(lines.position(text, 99, Encoding::Utf16), position(1, 2));
    }

    proptest! {
        #[test]
        fn positions_lead_back(text in "[a\u{e9}\u{1d11e}\r\n]{0,40}", utf8: bool) {
            let encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
            let lines = Lines::new(&text);
            for (offset, _) in text.char_indices() {
                let position = lines.position(&text, offset as u32, encoding);
                let back = lines.offset(&text, position, encoding) as usize;
                // An offset between `\r` and `\n`, or at either, is the end of its line.
                prop_assert!(back == offset || text[back..offset].bytes().all(|byte| byte == b'\r'));
            }
        }
    }
}
