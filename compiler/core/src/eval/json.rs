//! Documents and values as plain JSON: what rules of other languages see.

use ordain_data::{Node, NodeKind};
use ordain_graph::Value;
use serde_json::Value as Json;

use super::plain;

/// What a document says, as JSON. A number that JSON cannot have is text.
pub fn document_json(node: &Node) -> Json {
    match &node.kind {
        NodeKind::Null => Json::Null,
        NodeKind::Bool(value) => Json::Bool(*value),
        NodeKind::Int(value) => Json::from(*value),
        NodeKind::Decimal(value) => number(&value.to_string()),
        NodeKind::BigNumber(text) => number(text),
        NodeKind::String(text) => Json::from(text.as_str()),
        NodeKind::List(elements) => elements.iter().map(document_json).collect(),
        NodeKind::Map(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.name.to_string(), document_json(value))).collect())
        }
    }
}

/// A value as JSON: what has a form as text is that text, sizes and durations are numbers, and what is not known, or
/// secret, is null.
pub fn value_json(value: &Value) -> Json {
    fn of(value: &Value) -> Json {
        match value {
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(value) => Json::from(*value),
            Value::Decimal(value) => number(&value.normalize().to_string()),
            Value::String(text) => Json::from(text.as_str()),
            Value::List(elements) => elements.iter().map(of).collect(),
            Value::Record(fields) => {
                Json::Object(fields.iter().map(|(name, value)| (name.to_string(), of(value))).collect())
            }
            _ => Json::Null,
        }
    }
    of(&plain(value.clone()))
}

fn number(text: &str) -> Json {
    text.parse::<serde_json::Number>().map_or_else(|_| Json::from(text), Json::Number)
}
