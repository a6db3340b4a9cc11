//! CSV (RFC 4180): the first row names the columns, every other row is a mapping of texts.

use csv::{ByteRecord, ReaderBuilder, Trim};

use crate::node::{DataError, Key, Node, NodeKind, Range, distinct};

pub(crate) fn parse(text: &str) -> Result<Node, DataError> {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::None).from_reader(&text.as_bytes()[start..]);
    let mut header: Option<Vec<Key>> = None;
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    loop {
        let more = reader.read_byte_record(&mut record).map_err(|error| {
            let at = error.position().map_or(0, |position| start + position.byte() as usize);
            let message = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("this row has {len} cells, the header has {expected_len}")
                }
                other => format!("{other:?}"),
            };
            DataError::new(line(text, at), message)
        })?;
        if !more {
            break;
        }
        let begin = start + record.position().map_or(0, |position| position.byte() as usize);
        let end = start + reader.position().byte() as usize;
        let cells = cells(text, begin, end, record.len());
        let texts = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned());
        match &header {
            None => {
                let keys: Vec<Key> =
                    texts.zip(cells).map(|(name, range)| Key { name: name.trim().into(), range }).collect();
                let entries: Vec<(Key, Node)> =
                    keys.iter().map(|key| (key.clone(), Node { range: key.range, kind: NodeKind::Null })).collect();
                distinct(&entries)?;
                header = Some(keys);
            }
            Some(header) => {
                let entries = header
                    .iter()
                    .zip(texts.zip(cells))
                    .map(|(key, (text, range))| {
                        let node = Node { range, kind: NodeKind::String(text.into()) };
                        (key.clone(), node)
                    })
                    .collect();
                rows.push(Node { range: Range::new(begin, end), kind: NodeKind::Map(entries) });
            }
        }
    }
    Ok(Node { range: Range::new(start, text.len()), kind: NodeKind::List(rows) })
}

/// The places of a row's cells: between the commas that stand outside quotes.
fn cells(text: &str, begin: usize, end: usize, count: usize) -> Vec<Range> {
    let end = end.min(text.len());
    let row = text.as_bytes().get(begin..end).unwrap_or_default();
    let mut ranges = Vec::with_capacity(count);
    let (mut quoted, mut from) = (false, begin);
    for (offset, byte) in row.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                ranges.push(Range::new(from, begin + offset));
                from = begin + offset + 1;
            }
            b'\r' | b'\n' if !quoted => {
                ranges.push(Range::new(from, begin + offset));
                from = end;
                break;
            }
            _ => {}
        }
    }
    if ranges.len() < count {
        ranges.push(Range::new(from.min(end), end));
    }
    ranges.resize(count, Range::new(begin, end));
    ranges
}

fn line(text: &str, at: usize) -> Range {
    let at = at.min(text.len());
    let end = text.as_bytes()[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |found| at + found);
    Range::new(at, end)
}
