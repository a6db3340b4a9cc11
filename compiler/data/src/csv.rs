//! CSV as RFC 4180 has it: values in rows, separated by commas, quoted where they need it.
//!
//! `csv-core` splits the text, because it says where each cell ends. It takes any text for CSV, so what it gives is held
//! against the bytes it took: a cell that is half quoted or not closed is a fault here. Cells are text; what they mean
//! is for the type of their column to say. Lines without any character are skipped.

use std::fmt;

use csv_core::{ReadFieldResult, Reader};
use ordain_diagnostics::TextRange;
use smol_str::SmolStr;

use crate::error::{DataError, Fault, Related, fault, given_twice};
use crate::keys::duplicate;
use crate::node::{Key, Node, NodeKind};
use crate::parse::{byte_order_mark, range};

/// Reads a header and the rows below it: a list of maps of strings.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let mut cells = Cells { text, reader: Reader::new(), at: 0, buffer: vec![0; text.len().max(1)] };
    let Some(header) = cells.row()? else {
        return Err(fault(
            range(text.len(), text.len()),
            "expected a row with the names of the columns, but the text is empty",
        ));
    };
    let header: Vec<Key> = header.into_iter().map(|(name, range)| Key { name, range }).collect();
    let named: Vec<(Key, Node)> =
        header.iter().map(|key| (key.clone(), Node { range: key.range, kind: NodeKind::Null })).collect();
    if let Some((first, second)) = duplicate(&named) {
        return Err(given_twice("column", &header[second].name, header[second].range, Some(header[first].range)));
    }
    let mut rows = Vec::new();
    while let Some(row) = cells.row()? {
        rows.push(entries(&header, row, rows.len())?);
    }
    Ok(Node { range: range(byte_order_mark(text), text.len()), kind: NodeKind::List(rows) })
}

/// The map of one row.
fn entries(header: &[Key], row: Vec<(SmolStr, TextRange)>, index: usize) -> Result<Node, Fault> {
    let whole = match (row.first(), row.last()) {
        (Some(first), Some(last)) => first.1.cover(last.1),
        _ => TextRange::default(),
    };
    if row.len() != header.len() {
        let cells = |count: usize| if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
        let message =
            format!("row {} has {}, but the first row has {}", index + 2, cells(row.len()), cells(header.len()));
        let first = header.first().zip(header.last()).map(|(first, last)| first.range.cover(last.range));
        let related = first.map(|range| Related { range, message: "the first row" });
        return Err(Box::new(DataError { range: whole, message, related }));
    }
    let cell = |(text, range)| Node { range, kind: NodeKind::String(text) };
    let entries = header.iter().cloned().zip(row.into_iter().map(cell)).collect();
    Ok(Node { range: whole, kind: NodeKind::Map(entries) })
}

struct Cells<'t> {
    text: &'t str,
    reader: Reader,
    /// The next byte.
    at: usize,
    /// Where the reader writes the content of a cell, which is never longer than the text.
    buffer: Vec<u8>,
}

impl Cells<'_> {
    /// The contents and places of the cells of the next row.
    fn row(&mut self) -> Result<Option<Vec<(SmolStr, TextRange)>>, Fault> {
        let mut row = Vec::new();
        loop {
            let mut start = self.at;
            let mut written = 0;
            let last = loop {
                let input = &self.text.as_bytes()[self.at..];
                let (result, read, wrote) = self.reader.read_field(input, &mut self.buffer[written..]);
                self.at += read;
                written += wrote;
                match result {
                    ReadFieldResult::Field { record_end } => break record_end,
                    ReadFieldResult::End => return Ok(None),
                    ReadFieldResult::InputEmpty => {}
                    ReadFieldResult::OutputFull => self.buffer.push(0),
                }
            };
            // The reader takes the rest of a line's end, and empty lines, together with the cell that comes after.
            if start == 0 {
                start = byte_order_mark(self.text);
            }
            while row.is_empty() && start < self.at && matches!(self.text.as_bytes()[start], b'\r' | b'\n') {
                start += 1;
            }
            row.push(self.cell(start, last, written)?);
            if last {
                return Ok(Some(row));
            }
        }
    }

    /// The cell whose bytes, and the separator after it, were read from `start` on.
    fn cell(&self, start: usize, last: bool, written: usize) -> Result<(SmolStr, TextRange), Fault> {
        let taken = &self.text[start..self.at];
        let raw = if last { taken.strip_suffix(['\r', '\n']) } else { taken.strip_suffix(',') }.unwrap_or(taken);
        let place = range(start, start + raw.len());
        // Cells end before ASCII characters, so the content is whole characters of the text.
        let content = std::str::from_utf8(&self.buffer[..written]).unwrap_or_default();
        match raw.strip_prefix('"') {
            None if !raw.contains('"') => Ok((SmolStr::new(content), place)),
            None => {
                let quote = start + raw.find('"').unwrap_or(0);
                Err(fault(
                    range(quote, quote + 1),
                    "a cell with a quote in it is written in quotes, and the quote doubled",
                ))
            }
            Some(inner) => match closing(inner) {
                Some(end) if end + 1 == inner.len() => Ok((SmolStr::new(content), place)),
                Some(end) => {
                    let after = start + end + 2;
                    Err(fault(
                        range(after, start + raw.len()),
                        "expected `,` or the end of the line after the closing quote",
                    ))
                }
                None => Err(fault(range(start, start + 1), "the quote that starts here is not closed")),
            },
        }
    }
}

/// Where the quote that closes a cell stands in the bytes after the opening one; doubled quotes are content.
fn closing(inner: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += inner[at..].find('"')?;
        if !inner[at + 1..].starts_with('"') {
            return Some(at);
        }
        at += 2;
    }
}

/// A cell of CSV as people name it; `Display` gives ``row 3, column `name` ``.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'n> {
    /// The row, counted as a spreadsheet counts: the names of the columns are row 1. Empty lines do not count.
    pub row: usize,
    /// The name of the column; none where a row as a whole is meant.
    pub column: Option<&'n str>,
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "row {}, column {}", self.row, crate::error::quoted(column)),
            None => write!(f, "row {}", self.row),
        }
    }
}

/// The cell, or the row, whose range in a tree of CSV is `range`.
pub fn csv_cell(root: &Node, range: TextRange) -> Option<Cell<'_>> {
    let NodeKind::List(rows) = &root.kind else { return None };
    let index = rows.partition_point(|row| row.range.end < range.end);
    let row = rows.get(index).filter(|row| row.range.start <= range.start)?;
    let NodeKind::Map(cells) = &row.kind else { return None };
    // A row of one column is as wide as its cell: then the cell is meant.
    let column = cells.iter().find(|(_, cell)| cell.range == range).map(|(key, _)| key.name.as_str());
    Some(Cell { row: index + 2, column })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, parse};

    #[test]
    fn names_rows_and_cells() {
        let root = parse(Format::Csv, "name,size\n\na,1\r\n\"b\nb\",2\nc,\n").expect("the text is sound");
        let NodeKind::List(rows) = &root.kind else { panic!("{root:?}") };
        let shown: Vec<String> = rows
            .iter()
            .flat_map(|row| {
                let NodeKind::Map(cells) = &row.kind else { panic!("{row:?}") };
                [row.range].into_iter().chain(cells.iter().map(|(_, cell)| cell.range))
            })
            .map(|range| csv_cell(&root, range).expect("it is of the tree").to_string())
            .collect();
        let expected = (2..=4).flat_map(|row| {
            [format!("row {row}"), format!("row {row}, column `name`"), format!("row {row}, column `size`")]
        });
        assert_eq!(shown, expected.collect::<Vec<_>>());
        assert_eq!(csv_cell(&root, TextRange::new(0, 4)), None);
        assert_eq!(csv_cell(&root, TextRange::new(900, 901)), None);
    }
}
