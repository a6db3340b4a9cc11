//! Looking into values: fields, elements, membership.

use smol_str::SmolStr;

use super::OpError;
use super::compare::equal;
use super::error::not_defined;
use crate::scalar::{display, kind};
use crate::value::{Function, Op, Value};

/// `base.name` and `base?.name`.
pub(super) fn field(base: &Value, name: &SmolStr, op: Op) -> Result<Value, OpError> {
    let int = |value: u64| i64::try_from(value).map(Value::Int).map_err(|_| OpError::Overflow);
    let none = || {
        let kind = match kind(base).as_str() {
            kind if kind.starts_with("a ") => SmolStr::from(kind),
            kind => format!("`{kind}`").into(),
        };
        OpError::NoSuchField { kind, name: name.clone() }
    };
    Ok(match (base, name.as_str()) {
        // A field that is not there is one of untyped data, or an optional one: both are `none`.
        (Value::Record(fields), _) => fields.get(name).cloned().unwrap_or(Value::None),
        (Value::Map(entries), _) => entries.get(&Value::String(name.clone())).cloned().unwrap_or(Value::None),
        (Value::SemVer(version), "major") => int(version.major)?,
        (Value::SemVer(version), "minor") => int(version.minor)?,
        (Value::SemVer(version), "patch") => int(version.patch)?,
        (Value::SemVer(version), "pre") => Value::string(version.pre.as_str()),
        (Value::Url(url), part) => url_part(url, part).ok_or_else(none)?,
        (Value::Date(date), "year") => Value::Int(date.year.into()),
        (Value::Date(date), "month") => Value::Int(date.month.into()),
        (Value::Date(date), "day") => Value::Int(date.day.into()),
        (Value::Bytes(bytes), "bytes") => int(*bytes)?,
        (Value::Duration(milliseconds), "milliseconds") => int(*milliseconds)?,
        (Value::Duration(milliseconds), "seconds") => int(milliseconds / 1_000)?,
        // Untyped data may be of any kind where a record was hoped for.
        (Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::String(_) | Value::List(_), _)
            if op == Op::OptionalField =>
        {
            Value::None
        }
        (Value::Secret(_), _) => return Err(OpError::Secret),
        _ => return Err(none()),
    })
}

fn url_part(text: &str, part: &str) -> Option<Value> {
    let url = url::Url::parse(text).ok()?;
    Some(match part {
        "scheme" => Value::string(url.scheme()),
        "host" => url.host_str().map_or(Value::None, Value::string),
        "port" => url.port_or_known_default().map_or(Value::None, |port| Value::Int(port.into())),
        "path" => Value::string(url.path()),
        _ => return None,
    })
}

/// `base[index]`.
pub(super) fn element(base: &Value, index: &Value) -> Result<Value, OpError> {
    let missing = || OpError::NoSuchElement { key: display(index).unwrap_or_else(|_| kind(index).to_string()) };
    match (base, index) {
        (Value::List(elements), Value::Int(at)) => {
            usize::try_from(*at).ok().and_then(|at| elements.get(at)).cloned().ok_or_else(missing)
        }
        (Value::Map(entries), key) => match entries.get(key) {
            Some(value) => Ok(value.clone()),
            // A key that is not known yet may turn out to be this one.
            None if entries.keys().all(Value::is_known) => Err(missing()),
            None => Ok(Value::apply(Op::Index, vec![base.clone(), index.clone()])),
        },
        // Untyped data: what is not there is `none`.
        (Value::Record(fields), Value::String(name)) => Ok(fields.get(name).cloned().unwrap_or(Value::None)),
        _ => Err(not_defined(Op::Index, &[base.clone(), index.clone()])),
    }
}

/// `base[index]` of untyped data: `none` for what is not there, and for what has no elements at all.
pub(super) fn untyped_element(base: &Value, index: &Value) -> Value {
    let found = match (base, index) {
        (Value::List(elements), Value::Int(at)) => usize::try_from(*at).ok().and_then(|at| elements.get(at)),
        (Value::Record(fields), Value::String(name)) => fields.get(name),
        _ => None,
    };
    found.cloned().unwrap_or(Value::None)
}

/// `get(base, key)`, where that is decided: `none` for what is not there.
pub(super) fn lookup(base: &Value, key: &Value) -> Option<Result<Value, OpError>> {
    let found = match (base, key) {
        (Value::List(elements), Value::Int(at)) => usize::try_from(*at).ok().and_then(|at| elements.get(at)),
        (Value::Map(entries), key) => {
            let found = entries.get(key);
            // A key that is not known yet may turn out to be this one.
            if found.is_none() && !entries.keys().all(Value::is_known) {
                return None;
            }
            found
        }
        _ => return Some(Err(not_defined(Op::Call(Function::Get), &[base.clone(), key.clone()]))),
    };
    Some(Ok(found.cloned().unwrap_or(Value::None)))
}

/// `element in container`, where both are known.
pub(super) fn contains(element: &Value, container: &Value) -> Option<bool> {
    Some(match (container, element) {
        (Value::List(elements), _) => elements.iter().any(|each| equal(each, element)),
        (Value::Set(elements), _) => elements.contains(element),
        (Value::Map(entries), _) => entries.contains_key(element),
        (Value::Record(fields), Value::String(name)) => fields.contains_key(name),
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        _ => return None,
    })
}
