//! TOML 1.0.

use toml_span::value::{Value, ValueInner};

use crate::node::{DataError, Key, MAX_DEPTH, Node, NodeKind, Range, distinct, number, too_deep};

pub(crate) fn parse(text: &str) -> Result<Node, DataError> {
    deep(text)?;
    let mut root = toml_span::parse(text)
        .map_err(|error| DataError::new(Range::within(text, error.span.start, error.span.end), error.to_string()))?;
    node(text, &mut root, 0)
}

/// Refuses what nests too deep before the library, which reads by recursion, sees it.
fn deep(text: &str) -> Result<(), DataError> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' if depth == 0 => {}
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(too_deep(Range::new(at, at + 1)));
        }
    }
    Ok(())
}

fn node(text: &str, value: &mut Value<'_>, depth: usize) -> Result<Node, DataError> {
    let range = Range::new(value.span.start, value.span.end);
    if depth > MAX_DEPTH {
        return Err(too_deep(range));
    }
    let kind = match value.take() {
        ValueInner::String(text) => NodeKind::String(text.as_ref().into()),
        ValueInner::Integer(value) => NodeKind::Int(value),
        // The text is exact where the parsed float is not.
        ValueInner::Float(_) => number(&text[range.start as usize..range.end as usize].replace('_', "")),
        ValueInner::Boolean(value) => NodeKind::Bool(value),
        ValueInner::Array(elements) => NodeKind::List(
            elements.into_iter().map(|mut each| node(text, &mut each, depth + 1)).collect::<Result<_, _>>()?,
        ),
        ValueInner::Table(table) => {
            let mut entries = Vec::with_capacity(table.len());
            for (key, mut value) in table {
                let at = Range::new(key.span.start, key.span.end);
                entries.push((Key { name: key.name.as_ref().into(), range: at }, node(text, &mut value, depth + 1)?));
            }
            entries.sort_by_key(|(key, _)| key.range.start);
            distinct(&entries)?;
            NodeKind::Map(entries)
        }
    };
    Ok(Node { range, kind })
}
