//! What is decided although not every argument is known.

use super::error::list;
use super::{OpError, access};
use crate::value::{Function, Op, Value};

/// The result, where the known arguments decide it, or where only the outline of a value matters: the length of a
/// list is known when its elements are not.
pub(super) fn decide(op: Op, args: &[Value]) -> Option<Result<Value, OpError>> {
    Some(Ok(match (op, args) {
        (Op::And, [Value::Bool(false), _] | [_, Value::Bool(false)]) => Value::Bool(false),
        (Op::And, [Value::Bool(true), other] | [other, Value::Bool(true)]) => other.clone(),
        (Op::Or, [Value::Bool(true), _] | [_, Value::Bool(true)]) => Value::Bool(true),
        (Op::Or, [Value::Bool(false), other] | [other, Value::Bool(false)]) => other.clone(),
        (Op::Coalesce, [Value::None, other]) => other.clone(),
        (Op::Coalesce, [known, _]) if !is_residual(known) => known.clone(),
        (Op::If, [Value::Bool(true), then, _]) => then.clone(),
        (Op::If, [Value::Bool(false), _, otherwise]) => otherwise.clone(),
        (Op::If, [condition, then, otherwise]) if is_residual(condition) && then == otherwise => then.clone(),
        (Op::OptionalField, [Value::None, _]) => Value::None,
        (Op::Field | Op::OptionalField, [base, Value::String(name)]) if !is_residual(base) => {
            return Some(access::field(base, name, op));
        }
        (Op::Index, [base, index]) if !is_residual(base) && index.is_known() => {
            return Some(access::element(base, index));
        }
        (Op::OptionalIndex, [base, index]) if !is_residual(base) && index.is_known() => {
            access::untyped_element(base, index)
        }
        (Op::Call(Function::Get), [base, key]) if !is_residual(base) && key.is_known() => {
            return access::lookup(base, key);
        }
        (Op::In, [element, container]) if element.is_known() && surely_holds(container, element) => Value::Bool(true),
        (Op::Add, [Value::List(a), Value::List(b)]) => {
            return Some(list(a.iter().chain(b.iter()).cloned().collect()));
        }
        (Op::Call(function), [only]) => return outline(function, only),
        _ => return None,
    }))
}

fn is_residual(value: &Value) -> bool {
    matches!(value, Value::Residual(_))
}

fn surely_holds(container: &Value, element: &Value) -> bool {
    match container {
        Value::Set(elements) => elements.contains(element),
        Value::Map(entries) => entries.contains_key(element),
        Value::List(_) => access::contains(element, container) == Some(true),
        _ => false,
    }
}

fn outline(function: Function, value: &Value) -> Option<Result<Value, OpError>> {
    use Function as F;
    let length = |length: usize| Value::Int(i64::try_from(length).unwrap_or(i64::MAX));
    let truth = |wanted: bool| move |each: &Value| *each == Value::Bool(wanted);
    Some(Ok(match (function, value) {
        (F::Len, Value::List(elements)) => length(elements.len()),
        (F::Len, Value::Record(fields)) => length(fields.len()),
        (F::Len, Value::Map(entries)) if entries.keys().all(Value::is_known) => length(entries.len()),
        (F::First, Value::List(elements)) => elements.first().cloned().unwrap_or(Value::None),
        (F::Last, Value::List(elements)) => elements.last().cloned().unwrap_or(Value::None),
        (F::Reverse, Value::List(elements)) => Value::list(elements.iter().rev().cloned()),
        (F::Keys, Value::Map(entries)) if entries.keys().all(Value::is_known) => Value::list(entries.keys().cloned()),
        (F::Values, Value::Map(entries)) if entries.keys().all(Value::is_known) => {
            Value::list(entries.values().cloned())
        }
        (F::Any, Value::List(elements)) if elements.iter().any(truth(true)) => Value::Bool(true),
        (F::All, Value::List(elements)) if elements.iter().any(truth(false)) => Value::Bool(false),
        (F::Flatten, Value::List(elements)) => {
            let mut flat = Vec::new();
            for each in elements.iter() {
                let Value::List(inner) = each else { return None };
                flat.extend(inner.iter().cloned());
            }
            return Some(list(flat));
        }
        _ => return None,
    }))
}
