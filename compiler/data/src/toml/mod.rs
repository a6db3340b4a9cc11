//! TOML 1.1.
//!
//! `toml` reads it, through the tree it keeps for its own deserializer, because that tree has byte ranges, dates, and
//! numbers as they were written. (`toml-span` knows no dates and makes floats of fractions.) Its own limits let dotted
//! keys nest thousands of tables and would overflow the stack, so `depth` looks at the text first. Where it finds a key given twice it does not say
//! where the first is; `twice` finds out.

mod depth;
mod twice;

use ordain_diagnostics::TextRange;
use smol_str::{SmolStr, ToSmolStr};
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use crate::error::{Fault, fault, given_twice, too_deep};
use crate::node::{Key, Node, NodeKind};
use crate::number;
use crate::parse::{MAX_DEPTH, byte_order_mark, range};

/// Reads a document: a map.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let skipped = byte_order_mark(text);
    let source = Source { text: &text[skipped..], skipped };
    depth::check(&source)?;
    let table = DeTable::parse(source.text).map_err(|error| source.fault(&error))?;
    Ok(Node { range: range(skipped, text.len()), kind: source.table(table.get_ref(), 1)? })
}

/// A text without its byte order mark.
struct Source<'t> {
    text: &'t str,
    /// The length of the byte order mark, which the library does not see and every range counts.
    skipped: usize,
}

impl Source<'_> {
    fn range(&self, span: std::ops::Range<usize>) -> TextRange {
        range(span.start + self.skipped, span.end + self.skipped)
    }

    /// The map of a table that is the `depth`th list or map from the outside.
    fn table(&self, table: &DeTable<'_>, depth: usize) -> Result<NodeKind, Fault> {
        let mut entries = Vec::with_capacity(table.len());
        for (name, value) in table {
            let key = Key { name: SmolStr::new(name.get_ref()), range: self.range(name.span()) };
            entries.push((key, self.node(value, depth)?));
        }
        // The library keeps keys by name.
        entries.sort_by_key(|(key, _)| key.range);
        Ok(NodeKind::Map(entries))
    }

    /// The value of an entry or element of the `depth`th list or map from the outside.
    fn node(&self, value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Fault> {
        let range = self.range(value.span());
        let inner = || if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(too_deep(range)) };
        let kind = match value.get_ref() {
            DeValue::String(text) => NodeKind::String(SmolStr::new(text)),
            DeValue::Integer(digits) => self.integer(digits, value.span()),
            DeValue::Float(digits) => float(digits),
            DeValue::Boolean(value) => NodeKind::Bool(*value),
            DeValue::Datetime(time) => NodeKind::String(time.to_smolstr()),
            DeValue::Array(elements) => {
                let depth = inner()?;
                NodeKind::List(elements.iter().map(|element| self.node(element, depth)).collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => self.table(table, inner()?)?,
        };
        Ok(Node { range, kind })
    }

    fn integer(&self, digits: &DeInteger<'_>, span: std::ops::Range<usize>) -> NodeKind {
        match digits.radix() {
            10 => number::integer(digits.as_str()),
            radix => number::based(false, digits.as_str(), radix, &self.text[span]),
        }
    }

    fn fault(&self, error: &toml::de::Error) -> Fault {
        let span = error.span().unwrap_or(self.text.len()..self.text.len());
        if error.message() == "duplicate key"
            && let Some((name, first)) = twice::find(self.text, &span)
        {
            return given_twice("key", &name, self.range(span), first.map(|first| self.range(first)));
        }
        let message = error.message();
        fault(self.range(span), message.strip_suffix(", expected nothing").unwrap_or(message))
    }
}

fn float(digits: &DeFloat<'_>) -> NodeKind {
    match digits.as_str().trim_start_matches(['+', '-']) {
        "nan" => number::big("nan"),
        "inf" => number::big(digits.as_str()),
        _ => number::exact(digits.as_str()),
    }
}
