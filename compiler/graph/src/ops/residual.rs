//! Residuals once what they wait for is known.

use std::sync::Arc;

use super::{OpError, Patterns, apply_with};
use crate::value::{NodeId, NodeRef, Op, Residual, Value};

/// The value of a residual (or of a value that holds some), once outputs are known. Steps whose outputs are not known
/// keep their parts residual.
///
/// # Errors
/// An operation has no result for the outputs.
pub fn evaluate(value: &Value, outputs: &dyn Fn(&NodeId) -> Option<Value>) -> Result<Value, OpError> {
    let patterns = Patterns::default();
    rewrite(value, &patterns, &|residual| match residual {
        // A path stands for `.` and `?.` alike: what is not there is `none`.
        Residual::Output { node: NodeRef::Id(id), path } => outputs(id).map(|output| {
            path.iter().try_fold(output, |base, name| {
                apply_with(Op::OptionalField, &[base, Value::String(name.clone())], &patterns)
            })
        }),
        _ => None,
    })
}

/// The value of a condition over `it` for one value.
pub(crate) fn with_it(condition: &Value, it: &Value, patterns: &Patterns) -> Result<Value, OpError> {
    rewrite(condition, patterns, &|residual| match residual {
        Residual::It => Some(Ok(it.clone())),
        _ => None,
    })
}

type Leaf<'a> = &'a dyn Fn(&Residual) -> Option<Result<Value, OpError>>;

fn rewrite(value: &Value, patterns: &Patterns, leaf: Leaf<'_>) -> Result<Value, OpError> {
    let each = |value: &Value| rewrite(value, patterns, leaf);
    Ok(match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Apply { op, args } => return operation(*op, args, patterns, leaf),
            other => leaf(other).unwrap_or_else(|| Ok(value.clone()))?,
        },
        known if known.is_known() => known.clone(),
        Value::List(elements) => Value::list(elements.iter().map(each).collect::<Result<Vec<_>, _>>()?),
        Value::Set(elements) => Value::Set(Arc::new(elements.iter().map(each).collect::<Result<_, _>>()?)),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((each(key)?, each(value)?)));
            Value::Map(Arc::new(entries.collect::<Result<_, OpError>>()?))
        }
        Value::Record(fields) => {
            let fields = fields.iter().map(|(name, value)| Ok((name.clone(), each(value)?)));
            Value::Record(Arc::new(fields.collect::<Result<_, OpError>>()?))
        }
        other => other.clone(),
    })
}

/// Arguments that an earlier one makes needless are not evaluated: `a != none && a.b > 0` has no error for `none`.
fn operation(op: Op, args: &[Value], patterns: &Patterns, leaf: Leaf<'_>) -> Result<Value, OpError> {
    let each = |value: &Value| rewrite(value, patterns, leaf);
    match (op, args) {
        (Op::And, [left, right]) => match each(left)? {
            Value::Bool(false) => Ok(Value::Bool(false)),
            left => apply_with(op, &[left, each(right)?], patterns),
        },
        (Op::Or, [left, right]) => match each(left)? {
            Value::Bool(true) => Ok(Value::Bool(true)),
            left => apply_with(op, &[left, each(right)?], patterns),
        },
        (Op::Coalesce, [left, right]) => match each(left)? {
            Value::None => each(right),
            left @ Value::Residual(_) => apply_with(op, &[left, each(right)?], patterns),
            left => Ok(left),
        },
        (Op::If, [condition, then, otherwise]) => match each(condition)? {
            Value::Bool(true) => each(then),
            Value::Bool(false) => each(otherwise),
            condition => apply_with(op, &[condition, each(then)?, each(otherwise)?], patterns),
        },
        _ => apply_with(op, &args.iter().map(each).collect::<Result<Vec<_>, _>>()?, patterns),
    }
}
