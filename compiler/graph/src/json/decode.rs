//! JSON to values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::encode::unescape;
use crate::fields::Fields;
use crate::shape::ShapeError;
use crate::value::{NodeId, NodeRef, Op, Residual, SecretRef, Shape, Value};

/// Reads a value, by its shape where there is one.
pub(crate) fn decode(json: &Json, shape: Option<&Shape>) -> Result<Value, ShapeError> {
    let malformed = || ShapeError::new(format!("`{}` is not a value", short(json)));
    if let Json::Object(object) = json
        && let Some(tag) = object.keys().find(|key| key.starts_with('$') && !key.starts_with("$$"))
    {
        return tagged(tag, object).ok_or_else(malformed);
    }
    let Some(shape) = shape else { return untyped(json) };
    let text = json.as_str();
    let parsed = |parse: fn(&str) -> Option<Value>| {
        text.and_then(parse)
            .ok_or_else(|| ShapeError::new(format!("expected {}, found `{}`", shape.name(), short(json))))
    };
    match (shape, json) {
        (Shape::Optional(_), Json::Null) => Ok(Value::None),
        (Shape::Optional(inner) | Shape::Refined(inner, _), _) => decode(json, Some(inner)),
        (Shape::Secret(_), _) => Err(ShapeError::new("a secret is given by reference only")),
        (Shape::Int, Json::String(text)) => {
            text.parse().map(Value::Int).map_err(|_| ShapeError::new(format!("`{text}` is not an Int")))
        }
        (Shape::Decimal, Json::String(text)) => {
            text.parse().map(Value::Decimal).map_err(|_| ShapeError::new(format!("`{text}` is not a Decimal")))
        }
        (Shape::Bytes, _) => amount(json).map(Value::Bytes).ok_or_else(malformed),
        (Shape::Duration, _) => amount(json).map(Value::Duration).ok_or_else(malformed),
        (Shape::SemVer, _) => parsed(Value::parse_semver),
        (Shape::Url, _) => parsed(Value::parse_url),
        (Shape::Digest, _) => parsed(Value::parse_digest),
        (Shape::Date, _) => parsed(Value::parse_date),
        (Shape::Enum(names), Json::String(text)) => match names.iter().position(|name| name == text) {
            Some(index) => Ok(Value::Variant(index as u32, text.as_str().into())),
            None => Err(ShapeError::new(format!("`{text}` is not one of {}", names.join(", ")))),
        },
        (Shape::List(inner), Json::Array(elements)) => {
            let elements = elements
                .iter()
                .enumerate()
                .map(|(index, each)| decode(each, Some(inner)).map_err(|error| error.within(index.to_string())));
            Ok(Value::list(elements.collect::<Result<Vec<_>, _>>()?))
        }
        (Shape::Set(inner), Json::Array(elements)) => {
            let elements = elements.iter().map(|each| decode(each, Some(inner)));
            Ok(Value::Set(Arc::new(elements.collect::<Result<_, _>>()?)))
        }
        (Shape::Map(key, inner), Json::Object(object)) => {
            let mut map = BTreeMap::new();
            for (name, value) in object {
                let name = unescape(name);
                let at = map_key(key, &name).map_err(|error| error.within(name.clone()))?;
                map.insert(at, decode(value, Some(inner)).map_err(|error| error.within(name))?);
            }
            Ok(Value::Map(Arc::new(map)))
        }
        (Shape::Record(shapes), Json::Object(object)) => {
            let mut record = Fields::with_capacity(object.len());
            for (name, value) in object {
                let name = unescape(name);
                let value = decode(value, shapes.get(&name)).map_err(|error| error.within(name.clone()))?;
                record.insert(name, value);
            }
            Ok(Value::Record(Arc::new(record)))
        }
        _ => untyped(json),
    }
}

fn map_key(shape: &Shape, text: &SmolStr) -> Result<Value, ShapeError> {
    match shape {
        Shape::Int => text.parse().map(Value::Int).map_err(|_| ShapeError::new(format!("`{text}` is not an Int"))),
        Shape::Refined(base, _) => map_key(base, text),
        _ => decode(&Json::String(text.to_string()), Some(shape)),
    }
}

fn untyped(json: &Json) -> Result<Value, ShapeError> {
    Ok(match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Value::Int(value),
            None => number
                .to_string()
                .parse()
                .or_else(|_| rust_decimal::Decimal::from_scientific(&number.to_string()))
                .map(Value::Decimal)
                .map_err(|_| ShapeError::new(format!("`{number}` is out of range")))?,
        },
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(elements) => {
            Value::list(elements.iter().map(|each| decode(each, None)).collect::<Result<Vec<_>, _>>()?)
        }
        Json::Object(object) => Value::Record(Arc::new(
            object
                .iter()
                .map(|(name, value)| Ok((unescape(name), decode(value, None)?)))
                .collect::<Result<_, ShapeError>>()?,
        )),
    })
}

fn tagged(tag: &str, object: &Map<String, Json>) -> Option<Value> {
    let content = object.get(tag)?;
    let members = if matches!(tag, "$output" | "$op") { 2 } else { 1 };
    if object.len() != members {
        return None;
    }
    let text = content.as_str();
    Some(match tag {
        "$int" => Value::Int(text?.parse().ok()?),
        "$decimal" => Value::Decimal(text?.parse().ok()?),
        "$bytes" => Value::Bytes(amount(content)?),
        "$duration" => Value::Duration(amount(content)?),
        "$semver" => Value::parse_semver(text?)?,
        "$url" => Value::parse_url(text?)?,
        "$digest" => Value::parse_digest(text?)?,
        "$date" => Value::parse_date(text?)?,
        "$variant" => match content.as_array()?.as_slice() {
            [index, name] => Value::Variant(index.as_u64()?.try_into().ok()?, name.as_str()?.into()),
            _ => return None,
        },
        "$set" => {
            let elements = content.as_array()?.iter().map(|each| decode(each, None).ok());
            Value::Set(Arc::new(elements.collect::<Option<_>>()?))
        }
        "$map" => {
            let entries = content.as_array()?.iter().map(|pair| match pair.as_array()?.as_slice() {
                [key, value] => Some((decode(key, None).ok()?, decode(value, None).ok()?)),
                _ => None,
            });
            Value::Map(Arc::new(entries.collect::<Option<_>>()?))
        }
        "$secret" => Value::Secret(SecretRef { name: text?.into() }),
        "$it" if *content == Json::Bool(true) => Value::Residual(Arc::new(Residual::It)),
        "$output" => {
            let path = object.get("path")?.as_array()?.iter().map(|part| part.as_str().map(SmolStr::from));
            let node = NodeRef::Id(node_id(text?)?);
            Value::Residual(Arc::new(Residual::Output { node, path: path.collect::<Option<_>>()? }))
        }
        "$op" => {
            let op = Op::named(text?)?;
            let args = object.get("args")?.as_array()?.iter().map(|arg| decode(arg, None).ok());
            Value::Residual(Arc::new(Residual::Apply { op, args: args.collect::<Option<_>>()? }))
        }
        _ => return None,
    })
}

pub(crate) fn amount(json: &Json) -> Option<u64> {
    match json {
        Json::Number(number) => number.as_u64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// An id, if the text has the form of one.
pub(crate) fn node_id(text: &str) -> Option<NodeId> {
    let hex = text.strip_prefix("sha256:")?;
    let valid = hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    valid.then(|| NodeId(text.into()))
}

fn short(json: &Json) -> String {
    let text = json.to_string();
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text }
}
