//! The tree all formats are read into.

use rust_decimal::Decimal;
use smol_str::SmolStr;
use thiserror::Error;

/// A half-open range of byte offsets into the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Range {
    /// The first byte.
    pub start: u32,
    /// Just past the last byte.
    pub end: u32,
}

impl Range {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// A range that a library gave, moved to where characters of the text begin.
    pub(crate) fn within(text: &str, start: usize, end: usize) -> Self {
        let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let start = boundary(start);
        Self::new(start, boundary(end).max(start))
    }
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its place in the document.
    pub range: Range,
    /// What it is.
    pub kind: NodeKind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `null`
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// An exact decimal.
    Decimal(Decimal),
    /// A number that fits neither, as written.
    BigNumber(SmolStr),
    /// Text.
    String(SmolStr),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the document's order; keys are distinct.
    Map(Vec<(Key, Node)>),
}

/// A key and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its text.
    pub name: SmolStr,
    /// Its place.
    pub range: Range,
}

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct DataError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub range: Range,
}

impl DataError {
    pub(crate) fn new(range: Range, message: impl Into<String>) -> Self {
        Self { message: message.into(), range }
    }
}

/// How deep values may nest.
pub(crate) const MAX_DEPTH: usize = 128;

pub(crate) fn too_deep(range: Range) -> DataError {
    DataError::new(range, format!("values nest deeper than {MAX_DEPTH} levels"))
}

/// The number a text in JSON's form stands for.
pub(crate) fn number(text: &str) -> NodeKind {
    if let Ok(value) = text.parse::<i64>() {
        return NodeKind::Int(value);
    }
    let decimal = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else if text.contains('.') {
        Decimal::from_str_exact(text).ok()
    } else {
        None
    };
    decimal.map_or_else(|| NodeKind::BigNumber(text.into()), NodeKind::Decimal)
}

/// Reports a key that stands twice.
pub(crate) fn distinct(entries: &[(Key, Node)]) -> Result<(), DataError> {
    // Few mappings have many keys; for those, sorting finds repetition without a set of all names.
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|a, b| entries[*a].0.name.cmp(&entries[*b].0.name).then(a.cmp(b)));
    for pair in order.windows(2) {
        let (first, again) = (&entries[pair[0]].0, &entries[pair[1]].0);
        if first.name == again.name {
            return Err(DataError::new(again.range, format!("key `{}` is given twice", again.name)));
        }
    }
    Ok(())
}
