//! Data without a declared type, as values.

use ordain_data::{Node, NodeKind};

use crate::value::Value;

/// A document, or a part of one, as the value it is without a declared type. A number that no decimal holds exactly is
/// its text.
pub fn untyped(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::None,
        NodeKind::Bool(value) => Value::Bool(*value),
        NodeKind::Int(value) => Value::Int(*value),
        NodeKind::Decimal(value) => Value::Decimal(*value),
        NodeKind::BigNumber(text) | NodeKind::String(text) => Value::String(text.clone()),
        NodeKind::List(elements) => Value::list(elements.iter().map(untyped)),
        NodeKind::Map(entries) => Value::record(entries.iter().map(|(key, value)| (key.name.clone(), untyped(value)))),
    }
}
