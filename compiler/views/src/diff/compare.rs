//! Two values, compared part by part.

use ordain_graph::{NodeId, NodeRef, Shape, Value};

use super::{Change, What};
use crate::expression::expression;
use crate::names::shortened;

/// How long the text of a value may be.
const MAX_TEXT: usize = 160;

/// How much of a value is looked at to find where its text differs from another's.
const MAX_LOOKED_AT: usize = 20_000;

/// The longest text that is always shown from its beginning.
const SHORT: usize = 60;

/// How much of two long texts is shown before they differ.
const BEFORE: usize = 20;

/// How many differences of one value are told apart; with more, the whole value is one.
const MAX_PARTS: usize = 40;

/// The value with nodes named by what both plans call them, so that equal meaning is equal. The name stands in place
/// of the id; a node itself, which has another id in the other plan, is named by position.
pub(super) fn renamed(value: &Value, own: Option<&NodeId>, name: &dyn Fn(&NodeId) -> String) -> Value {
    value.renamed(&|node| match node {
        NodeRef::Id(id) if own == Some(id) => Some(NodeRef::Index(0)),
        NodeRef::Id(id) => Some(NodeRef::Id(NodeId(name(id).into()))),
        NodeRef::Index(_) => None,
    })
}

/// One side of a comparison: a value, if there is one, and its shape, if it has one.
pub(super) type Sided<'a> = (Option<&'a Value>, Option<&'a Shape>);

/// The differences of two values whose nodes are named alike, each with the path to it.
pub(super) fn values(what: What, name: &str, old: Sided<'_>, new: Sided<'_>, found: &mut Vec<Change>) {
    let mut parts = Vec::new();
    walk(name, old, new, &mut parts);
    if parts.len() > MAX_PARTS {
        parts = vec![(name.to_owned(), old, new)];
    }
    for (path, (old, old_shape), (new, new_shape)) in parts {
        let (old, new) = texts(old.map(|value| (value, old_shape)), new.map(|value| (value, new_shape)));
        found.push(Change { what, name: (!path.is_empty()).then_some(path), old, new });
    }
}

type Part<'a> = (String, Sided<'a>, Sided<'a>);

fn walk<'a>(path: &str, old: Sided<'a>, new: Sided<'a>, found: &mut Vec<Part<'a>>) {
    if old.0 == new.0 || found.len() > MAX_PARTS {
        return;
    }
    match (old.0, new.0) {
        (Some(Value::Record(before)), Some(Value::Record(after))) => {
            let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(name)));
            for name in names {
                let inner = joined(path, &shortened(name, 60));
                let old = (before.get(name), field(old.1, name));
                walk(&inner, old, (after.get(name), field(new.1, name)), found);
            }
        }
        (Some(Value::Map(before)), Some(Value::Map(after))) => {
            let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
            for key in keys {
                let inner = format!("{path}[{}]", plain(key, None, 60));
                let old = (before.get(key), entry(old.1));
                walk(&inner, old, (after.get(key), entry(new.1)), found);
            }
        }
        (Some(Value::List(before)), Some(Value::List(after))) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after.iter()).enumerate() {
                let old = (Some(before), entry(old.1));
                walk(&format!("{path}[{index}]"), old, (Some(after), entry(new.1)), found);
            }
        }
        _ => found.push((path.to_owned(), old, new)),
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn field<'a>(shape: Option<&'a Shape>, name: &str) -> Option<&'a Shape> {
    match shape? {
        Shape::Record(fields) => fields.get(name),
        Shape::Optional(inner) | Shape::Refined(inner, _) => field(Some(inner), name),
        Shape::Secret(_) => shape,
        _ => None,
    }
}

fn entry(shape: Option<&Shape>) -> Option<&Shape> {
    match shape? {
        Shape::List(inner) | Shape::Map(_, inner) => Some(inner),
        Shape::Optional(inner) | Shape::Refined(inner, _) => entry(Some(inner)),
        Shape::Secret(_) => shape,
        _ => None,
    }
}

fn plain(value: &Value, shape: Option<&Shape>, limit: usize) -> String {
    // The names stand where ids were.
    expression(value, shape, &|id| Some(id.0.to_string()), limit)
}

/// The texts of two different values. Where they are long, both are shown from a little before they differ.
pub(super) fn texts(
    old: Option<(&Value, Option<&Shape>)>,
    new: Option<(&Value, Option<&Shape>)>,
) -> (Option<String>, Option<String>) {
    let text = |side: Option<(&Value, Option<&Shape>)>| side.map(|(value, shape)| plain(value, shape, MAX_LOOKED_AT));
    let (old, new) = (text(old), text(new));
    let (Some(old), Some(new)) = (&old, &new) else {
        return (old.map(|text| shortened(&text, MAX_TEXT)), new.map(|text| shortened(&text, MAX_TEXT)));
    };
    let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    let short = old.chars().count().max(new.chars().count()) <= SHORT;
    let from = if short || same <= BEFORE * 2 { 0 } else { same - BEFORE };
    let part = |text: &str| {
        let rest: String = text.chars().skip(from).collect();
        format!("{}{}", if from > 0 { "…" } else { "" }, shortened(&rest, MAX_TEXT))
    };
    (Some(part(old)), Some(part(new)))
}
