//! Shapes as JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::decode::{amount, decode};
use super::encode::encode;
use crate::canonical::{Sink, in_order};
use crate::value::{Demand, Shape, Value};

/// Writes a shape as it stands in a contract.
pub(crate) fn encode_shape<S: Sink>(shape: &Shape, sink: &mut S) {
    sink.open_object();
    let name = match shape {
        Shape::Json => "json",
        Shape::Bool => "bool",
        Shape::Int => "int",
        Shape::Decimal => "decimal",
        Shape::String => "string",
        Shape::Bytes => "bytes",
        Shape::Duration => "duration",
        Shape::SemVer => "semver",
        Shape::Url => "url",
        Shape::Digest => "digest",
        Shape::Date => "date",
        Shape::Enum(names) => {
            sink.key("names");
            sink.texts(names.iter());
            "enum"
        }
        Shape::List(inner) => within(inner, "list", sink),
        Shape::Set(inner) => within(inner, "set", sink),
        Shape::Optional(inner) => within(inner, "optional", sink),
        Shape::Secret(inner) => within(inner, "secret", sink),
        Shape::Map(key, value) => {
            sink.key("key");
            encode_shape(key, sink);
            within(value, "map", sink)
        }
        Shape::Record(fields) => {
            sink.key("fields");
            sink.open_object();
            for (name, shape) in in_order(fields.iter().map(|(name, shape)| (name.as_str(), shape)).collect()) {
                sink.key(name);
                encode_shape(shape, sink);
            }
            sink.close_object();
            "record"
        }
        Shape::Refined(base, _) => within(base, "refined", sink),
    };
    sink.member("type", name);
    if let Shape::Refined(_, demand) = shape {
        sink.key("where");
        encode_demand(demand, sink);
    }
    sink.close_object();
}

fn within<S: Sink>(inner: &Shape, name: &'static str, sink: &mut S) -> &'static str {
    sink.key("of");
    encode_shape(inner, sink);
    name
}

fn encode_demand<S: Sink>(demand: &Demand, sink: &mut S) {
    sink.open_object();
    match demand {
        Demand::Range { min, max, inclusive } => {
            sink.key("inclusive");
            sink.bool(*inclusive);
            sink.key("max");
            encode(max, None, sink);
            sink.key("min");
            encode(min, None, sink);
        }
        Demand::Length(min, max) => {
            sink.key("length");
            sink.open_array();
            sink.amount(*min);
            sink.amount(*max);
            sink.close_array();
        }
        Demand::Matching(pattern) => sink.member("matching", pattern),
        Demand::Predicate(condition) => {
            sink.key("condition");
            encode(condition, None, sink);
        }
    }
    sink.close_object();
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
            let value = |name: &str| -> Option<Value> { decode(demand.get(name)?, None).ok() };
            let demand = if let Some(bounds) = demand.get("length") {
                let bound = |index: usize| amount(bounds.get(index)?);
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
