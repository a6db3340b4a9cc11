//! Values to JSON.

use serde_json::{Map, Value as Json, json};
use smol_str::SmolStr;

use crate::scalar::display;
use crate::value::{NodeId, NodeRef, Residual, Shape, Value};

/// The greatest whole number that every JSON reader keeps exact (RFC 7493).
const MAX_EXACT: u64 = (1 << 53) - 1;

/// A value as JSON, plain where a shape says how, tagged elsewhere. `id` names the nodes that residuals refer to by
/// index.
pub(crate) fn encode(value: &Value, shape: Option<&Shape>, id: &dyn Fn(u32) -> Option<NodeId>) -> Json {
    let shape = shape.map(plain);
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) if value.unsigned_abs() <= MAX_EXACT => json!(value),
        Value::Int(value) if shape == Some(&Shape::Int) => Json::String(value.to_string()),
        Value::Int(value) => json!({ "$int": value.to_string() }),
        Value::String(text) => Json::String(text.to_string()),
        Value::Decimal(value) => text(value.normalize().to_string(), "$decimal", shape == Some(&Shape::Decimal)),
        Value::Bytes(bytes) => amount(*bytes, "$bytes", shape == Some(&Shape::Bytes)),
        Value::Duration(milliseconds) => amount(*milliseconds, "$duration", shape == Some(&Shape::Duration)),
        Value::SemVer(version) => text(version.to_string(), "$semver", shape == Some(&Shape::SemVer)),
        Value::Url(url) => text(url.to_string(), "$url", shape == Some(&Shape::Url)),
        Value::Digest(digest) => text(digest.to_string(), "$digest", shape == Some(&Shape::Digest)),
        Value::Date(date) => text(date.to_string(), "$date", shape == Some(&Shape::Date)),
        Value::Variant(index, name) => match shape {
            Some(Shape::Enum(_)) => Json::String(name.to_string()),
            _ => json!({ "$variant": [index, name.as_str()] }),
        },
        Value::List(elements) => {
            let inner = match shape {
                Some(Shape::List(inner)) => Some(inner.as_ref()),
                _ => None,
            };
            Json::Array(elements.iter().map(|each| encode(each, inner, id)).collect())
        }
        Value::Set(elements) => match shape {
            Some(Shape::Set(inner)) => Json::Array(elements.iter().map(|each| encode(each, Some(inner), id)).collect()),
            _ => json!({ "$set": elements.iter().map(|each| encode(each, None, id)).collect::<Vec<_>>() }),
        },
        Value::Map(entries) => match shape {
            Some(Shape::Map(_, inner)) => {
                let mut object = Map::new();
                for (key, value) in entries.iter() {
                    let key = display(key).unwrap_or_default();
                    object.insert(escape(&key), encode(value, Some(inner), id));
                }
                Json::Object(object)
            }
            _ => {
                let pairs = entries.iter().map(|(key, value)| json!([encode(key, None, id), encode(value, None, id)]));
                json!({ "$map": pairs.collect::<Vec<_>>() })
            }
        },
        Value::Record(fields) => {
            let mut object = Map::new();
            for (name, value) in fields.iter() {
                let inner = match shape {
                    Some(Shape::Record(shapes)) => shapes.get(name),
                    _ => None,
                };
                object.insert(escape(name), encode(value, inner, id));
            }
            Json::Object(object)
        }
        Value::Secret(secret) => json!({ "$secret": secret.name.as_str() }),
        Value::Residual(residual) => encode_residual(residual, id),
    }
}

fn encode_residual(residual: &Residual, id: &dyn Fn(u32) -> Option<NodeId>) -> Json {
    match residual {
        Residual::It => json!({ "$it": true }),
        Residual::Output { node, path } => {
            let path: Vec<&str> = path.iter().map(SmolStr::as_str).collect();
            match node {
                NodeRef::Id(known) => json!({ "$output": known.0.as_str(), "path": path }),
                // A node's own outputs, while its id is being computed, have no id to go by.
                NodeRef::Index(index) => match id(*index) {
                    Some(known) => json!({ "$output": known.0.as_str(), "path": path }),
                    None => json!({ "$self": path }),
                },
            }
        }
        Residual::Apply { op, args } => {
            let args: Vec<Json> = args.iter().map(|arg| encode(arg, None, id)).collect();
            json!({ "$op": op.name().as_str(), "args": args })
        }
    }
}

/// The shape that decides the form: optional, refined and secret ones are as what they are about.
fn plain(shape: &Shape) -> &Shape {
    match shape {
        Shape::Optional(inner) | Shape::Refined(inner, _) => plain(inner),
        other => other,
    }
}

fn text(text: String, tag: &str, plain: bool) -> Json {
    if plain { Json::String(text) } else { json!({ tag: text }) }
}

fn amount(amount: u64, tag: &str, plain: bool) -> Json {
    let number = if amount <= MAX_EXACT { json!(amount) } else { Json::String(amount.to_string()) };
    if plain { number } else { json!({ tag: number }) }
}

/// A name of a user, told apart from tags.
pub(crate) fn escape(name: &str) -> String {
    if name.starts_with('$') { format!("${name}") } else { name.to_owned() }
}
