//! The built-in functions.

use std::collections::BTreeSet;
use std::sync::Arc;

use ordain_data::Format;
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

use super::error::{list as bounded, not_defined, text as bounded_text};
use super::network::lies_in;
use super::{OpError, Patterns, arithmetic, compare_values};
use crate::canonical::of_bytes;
use crate::scalar::display;
use crate::untyped::untyped;
use crate::value::{Function, Op, Value};

pub(super) fn call(function: Function, args: &[Value], patterns: &Patterns) -> Result<Value, OpError> {
    use Function as F;
    let undefined = || not_defined(Op::Call(function), args);
    match (function, args) {
        (F::Len, [Value::String(text)]) => Ok(length(text.chars().count())),
        (F::Len, [Value::List(elements)]) => Ok(length(elements.len())),
        (F::Len, [Value::Set(elements)]) => Ok(length(elements.len())),
        (F::Len, [Value::Map(entries)]) => Ok(length(entries.len())),
        (F::Keys, [Value::Map(entries)]) => Ok(Value::list(entries.keys().cloned())),
        (F::Values, [Value::Map(entries)]) => Ok(Value::list(entries.values().cloned())),
        (F::ListOf, [Value::Set(elements)]) => Ok(Value::list(elements.iter().cloned())),
        (F::StringOf, [value]) => bounded_text(display(value)?),
        (F::Abs, [Value::Int(value)]) => value.checked_abs().map(Value::Int).ok_or(OpError::Overflow),
        (F::Abs, [Value::Decimal(value)]) => Ok(Value::Decimal(value.abs())),
        (F::Round, [Value::Int(value), Value::Int(places)]) => round((*value).into(), *places),
        (F::Round, [Value::Decimal(value), Value::Int(places)]) => round(*value, *places),
        (F::IntOf, [Value::Int(value)]) => Ok(Value::Int(*value)),
        (F::IntOf, [Value::Decimal(value)]) => {
            Ok(if value.fract().is_zero() { value.to_i64().map_or(Value::None, Value::Int) } else { Value::None })
        }
        (F::IntOf, [Value::String(text)]) => Ok(text.trim().parse().map_or(Value::None, Value::Int)),
        (F::DecimalOf, [Value::Int(value)]) => Ok(Value::Decimal((*value).into())),
        (F::DecimalOf, [Value::Decimal(value)]) => Ok(Value::Decimal(*value)),
        (F::DecimalOf, [Value::String(text)]) => Ok(text.trim().parse().map_or(Value::None, Value::Decimal)),
        (F::Len, [Value::Record(fields)]) => Ok(length(fields.len())),
        (F::JsonType, [value]) => Ok(Value::string(match value {
            Value::None => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::Decimal(_) => "number",
            Value::String(_) => "string",
            Value::List(_) => "array",
            Value::Record(_) => "object",
            _ => return Err(undefined()),
        })),
        _ => {
            if let Some(list) = args.first().and_then(elements) {
                return over_list(function, list, args);
            }
            let texts: Option<Vec<&str>> = args.iter().map(text).collect();
            texts.map_or_else(|| Err(undefined()), |texts| over_text(function, &texts, args, patterns))
        }
    }
}

fn round(value: Decimal, places: i64) -> Result<Value, OpError> {
    match u32::try_from(places) {
        Ok(kept @ 0..=Decimal::MAX_SCALE) => {
            let rounded = value.round_dp_with_strategy(kept, RoundingStrategy::MidpointNearestEven);
            Ok(Value::Decimal(rounded.normalize()))
        }
        _ => Err(OpError::Places(places)),
    }
}

fn length(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) | Value::Url(text) | Value::Digest(text) => Some(text),
        _ => None,
    }
}

fn elements(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::List(elements) => Some(elements.iter().collect()),
        Value::Set(elements) => Some(elements.iter().collect()),
        _ => None,
    }
}

fn over_list(function: Function, list: Vec<&Value>, args: &[Value]) -> Result<Value, OpError> {
    use Function as F;
    let undefined = || not_defined(Op::Call(function), args);
    let truth = |value: &&Value| matches!(value, Value::Bool(true));
    let ordered = |ascending: std::cmp::Ordering| {
        let mut best: Option<&Value> = None;
        for each in &list {
            let better = match best {
                None => true,
                Some(best) => compare_values(each, best).ok_or_else(undefined)? == ascending,
            };
            if better {
                best = Some(each);
            }
        }
        Ok(best.cloned().unwrap_or(Value::None))
    };
    Ok(match function {
        F::Sum => {
            let zero = match list.first() {
                Some(Value::Decimal(_)) => Value::Decimal(0.into()),
                Some(Value::Bytes(_)) => Value::Bytes(0),
                Some(Value::Duration(_)) => Value::Duration(0),
                _ => Value::Int(0),
            };
            list.into_iter().try_fold(zero, |sum, each| arithmetic::apply(Op::Add, &[sum, each.clone()]))?
        }
        F::Min => return ordered(std::cmp::Ordering::Less),
        F::Max => return ordered(std::cmp::Ordering::Greater),
        F::Any => Value::Bool(list.iter().any(truth)),
        F::All => Value::Bool(list.iter().all(truth)),
        F::Count => length(list.into_iter().filter(truth).count()),
        F::First => list.first().copied().cloned().unwrap_or(Value::None),
        F::Last => list.last().copied().cloned().unwrap_or(Value::None),
        F::Sort => {
            let mut sorted: Vec<Value> = list.into_iter().cloned().collect();
            sorted.sort();
            Value::list(sorted)
        }
        F::Reverse => Value::list(list.into_iter().rev().cloned()),
        F::Unique => {
            let mut seen = BTreeSet::new();
            Value::list(list.into_iter().filter(|each| seen.insert(*each)).cloned())
        }
        F::Flatten => {
            let mut flat = Vec::new();
            for each in list {
                flat.extend(elements(each).ok_or_else(undefined)?.into_iter().cloned());
            }
            bounded(flat)?
        }
        F::SetOf => Value::Set(Arc::new(list.into_iter().cloned().collect())),
        F::Join => match args {
            [_, Value::String(separator)] => {
                let texts = list.into_iter().map(display).collect::<Result<Vec<_>, _>>()?;
                bounded_text(texts.join(separator))?
            }
            _ => return Err(undefined()),
        },
        _ => return Err(undefined()),
    })
}

fn over_text(function: Function, texts: &[&str], args: &[Value], patterns: &Patterns) -> Result<Value, OpError> {
    use Function as F;
    Ok(match (function, texts) {
        (F::Split, [text, ""]) => Value::list(text.chars().map(|c| Value::string(c.to_string()))),
        (F::Split, [text, separator]) => Value::list(text.split(separator).map(Value::string)),
        (F::Lower, [text]) => Value::string(text.to_lowercase()),
        (F::Upper, [text]) => Value::string(text.to_uppercase()),
        (F::Trim, [text]) => Value::string(text.trim()),
        (F::Replace, [text, "", _]) => Value::string(*text),
        (F::Replace, [text, from, to]) => bounded_text(text.replace(from, to))?,
        (F::StartsWith, [text, prefix]) => Value::Bool(text.starts_with(prefix)),
        (F::EndsWith, [text, suffix]) => Value::Bool(text.ends_with(suffix)),
        (F::Matches, [text, pattern]) => Value::Bool(patterns.matches(pattern, text)?),
        (F::Find, [text, pattern]) => patterns.find(pattern, text)?.map_or(Value::None, Value::string),
        (F::InNetwork, [address, network]) => lies_in(address, network).map_or(Value::None, Value::Bool),
        (F::TrimPrefix, [text, prefix]) => Value::string(text.strip_prefix(prefix).unwrap_or(text)),
        (F::TrimSuffix, [text, suffix]) => Value::string(text.strip_suffix(suffix).unwrap_or(text)),
        (F::ParseJson, [text]) => ordain_data::parse(Format::Json, text).map_or(Value::None, |node| untyped(&node)),
        (F::Sha256, [text]) => Value::Digest(of_bytes(text.as_bytes())),
        (F::SemVerOf, [text]) => Value::parse_semver(text).unwrap_or(Value::None),
        (F::UrlOf, [text]) => Value::parse_url(text).unwrap_or(Value::None),
        _ => return Err(not_defined(Op::Call(function), args)),
    })
}
