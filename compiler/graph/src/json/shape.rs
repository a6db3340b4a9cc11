//! Shapes as JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::{decode, encode};
use crate::value::{Demand, Shape};

/// A shape as it stands in a contract.
pub(crate) fn encode_shape(shape: &Shape) -> Json {
    match shape {
        Shape::Json => json!({ "type": "json" }),
        Shape::Bool => json!({ "type": "bool" }),
        Shape::Int => json!({ "type": "int" }),
        Shape::Decimal => json!({ "type": "decimal" }),
        Shape::String => json!({ "type": "string" }),
        Shape::Bytes => json!({ "type": "bytes" }),
        Shape::Duration => json!({ "type": "duration" }),
        Shape::SemVer => json!({ "type": "semver" }),
        Shape::Url => json!({ "type": "url" }),
        Shape::Digest => json!({ "type": "digest" }),
        Shape::Date => json!({ "type": "date" }),
        Shape::Enum(names) => {
            json!({ "type": "enum", "names": names.iter().map(SmolStr::as_str).collect::<Vec<_>>() })
        }
        Shape::List(inner) => json!({ "type": "list", "of": encode_shape(inner) }),
        Shape::Set(inner) => json!({ "type": "set", "of": encode_shape(inner) }),
        Shape::Map(key, value) => json!({ "type": "map", "key": encode_shape(key), "of": encode_shape(value) }),
        Shape::Optional(inner) => json!({ "type": "optional", "of": encode_shape(inner) }),
        Shape::Secret(inner) => json!({ "type": "secret", "of": encode_shape(inner) }),
        Shape::Record(fields) => {
            let fields: serde_json::Map<String, Json> =
                fields.iter().map(|(name, shape)| (name.to_string(), encode_shape(shape))).collect();
            json!({ "type": "record", "fields": fields })
        }
        Shape::Refined(base, demand) => json!({
            "type": "refined",
            "of": encode_shape(base),
            "where": match demand.as_ref() {
                Demand::Range { min, max, inclusive } => json!({
                    "min": encode(min, None, &|_| None),
                    "max": encode(max, None, &|_| None),
                    "inclusive": inclusive,
                }),
                Demand::Length(min, max) => json!({ "length": [min, max] }),
                Demand::Matching(pattern) => json!({ "matching": pattern.as_str() }),
                Demand::Predicate(condition) => json!({ "condition": encode(condition, None, &|_| None) }),
            },
        }),
    }
}

/// Reads what [`encode_shape`] wrote.
pub(crate) fn decode_shape(json: &Json) -> Option<Shape> {
    let of = || Some(Arc::new(decode_shape(json.get("of")?)?));
    Some(match json.get("type")?.as_str()? {
        "json" => Shape::Json,
        "bool" => Shape::Bool,
        "int" => Shape::Int,
        "decimal" => Shape::Decimal,
        "string" => Shape::String,
        "bytes" => Shape::Bytes,
        "duration" => Shape::Duration,
        "semver" => Shape::SemVer,
        "url" => Shape::Url,
        "digest" => Shape::Digest,
        "date" => Shape::Date,
        "enum" => {
            let names = json.get("names")?.as_array()?.iter().map(|name| name.as_str().map(SmolStr::from));
            Shape::Enum(Arc::new(names.collect::<Option<_>>()?))
        }
        "list" => Shape::List(of()?),
        "set" => Shape::Set(of()?),
        "map" => Shape::Map(Arc::new(decode_shape(json.get("key")?)?), of()?),
        "optional" => Shape::Optional(of()?),
        "secret" => Shape::Secret(of()?),
        "record" => {
            let fields = json.get("fields")?.as_object()?.iter();
            let fields = fields.map(|(name, shape)| Some((name.as_str().into(), decode_shape(shape)?)));
            Shape::Record(Arc::new(fields.collect::<Option<BTreeMap<SmolStr, Shape>>>()?))
        }
        "refined" => {
            let demand = json.get("where")?;
            let value = |name: &str| decode(demand.get(name)?, None).ok();
            let demand = if let Some(bounds) = demand.get("length") {
                let bound = |index: usize| bounds.get(index)?.as_u64();
                Demand::Length(bound(0)?, bound(1)?)
            } else if let Some(pattern) = demand.get("matching") {
                Demand::Matching(pattern.as_str()?.into())
            } else if demand.get("condition").is_some() {
                Demand::Predicate(value("condition")?)
            } else {
                let inclusive = demand.get("inclusive")?.as_bool()?;
                Demand::Range { min: value("min")?, max: value("max")?, inclusive }
            };
            Shape::Refined(of()?, Arc::new(demand))
        }
        _ => return None,
    })
}
