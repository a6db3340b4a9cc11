//! Finds the first of two equal keys, knowing the second.

use std::ops::Range;

use hcl_edit::expr::Expression;
use hcl_edit::parser::{parse_body, parse_expr};

use super::{Source, offset};
use crate::node::{Node, NodeKind};

/// How many more keys given twice are passed over on the way to the end of the text.
const FURTHER: usize = 8;

/// A key that is given twice.
pub(super) struct Twice {
    pub(super) name: String,
    pub(super) second: Range<usize>,
    /// Where it is given first; none if the text has other faults, too.
    pub(super) first: Option<Range<usize>>,
}

/// The key at `at` and the equal one before it.
///
/// The text is read once more with another name in place of the second key. That puts the entry where it belongs, next
/// to the first, and the text decides which map that is just as it does without the change.
pub(super) fn find(text: &str, at: usize) -> Option<Twice> {
    let (second, name) = key_at(text, at)?;
    let mut other = String::from("_");
    while text.contains(&other) {
        other.push('_');
    }
    let mut changed = format!("{}{other}{}", &text[..second.start], &text[second.end..]);
    let mut first = None;
    for further in 0..FURTHER {
        match parse_body(&changed) {
            Ok(body) => {
                let source = Source { text: &changed, skipped: 0 };
                let kind = source.body(&body, 1).ok()?;
                first = beside(&kind, &other, &name);
                break;
            }
            Err(error) if error.message().contains("redefined") => {
                let (key, _) = key_at(&changed, offset(&changed, error.location()))?;
                changed.replace_range(key, &format!("{other}{further}"));
            }
            Err(_) => break,
        }
    }
    Some(Twice { name, second, first })
}

/// The place and name of the key that starts at `at`.
fn key_at(text: &str, at: usize) -> Option<(Range<usize>, String)> {
    let rest = &text[at..];
    let length = match rest.strip_prefix('"') {
        Some(inner) => inner.find('"')? + 2,
        None => rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-')).unwrap_or(rest.len()),
    };
    let name = match parse_expr(&rest[..length]).ok()? {
        Expression::String(text) => text.value().clone(),
        _ => rest[..length].to_owned(),
    };
    Some((at..at + length, name))
}

/// The place of the key `name` in the map that has the key `other`.
fn beside(kind: &NodeKind, other: &str, name: &str) -> Option<Range<usize>> {
    let inside = |node: &Node| beside(&node.kind, other, name);
    match kind {
        NodeKind::Map(entries) if entries.iter().any(|(key, _)| key.name == other) => {
            let key = entries.iter().find(|(key, _)| key.name == name).map(|(key, _)| key.range)?;
            Some(key.start as usize..key.end as usize)
        }
        NodeKind::Map(entries) => entries.iter().find_map(|(_, value)| inside(value)),
        NodeKind::List(elements) => elements.iter().find_map(inside),
        _ => None,
    }
}
