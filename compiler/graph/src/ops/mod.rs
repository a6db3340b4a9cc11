//! Operations on values: what the compiler applies when it evaluates, and the interpreter when it resolves residuals.

mod access;
mod arithmetic;
mod compare;
mod early;
mod error;
mod functions;
mod names;
mod network;
mod pattern;
mod residual;

pub(crate) use compare::compare_values;
pub use error::OpError;
pub use pattern::{Pattern, Patterns};
pub use residual::evaluate;
pub(crate) use residual::with_it;

use std::cmp::Ordering;

use error::not_defined;

use crate::scalar::display;
use crate::value::{Op, Value};

/// Applies an operation. Where an argument it needs waits for execution, so does the result: it is a residual.
///
/// A regular expression is compiled anew; see [`apply_with`].
///
/// # Errors
/// The operation has no result for these arguments.
pub fn apply(op: Op, args: &[Value]) -> Result<Value, OpError> {
    apply_with(op, args, &Patterns::default())
}

/// As [`apply`], with regular expressions compiled once for all calls.
///
/// # Errors
/// The operation has no result for these arguments.
pub fn apply_with(op: Op, args: &[Value], patterns: &Patterns) -> Result<Value, OpError> {
    if let Some(decided) = early::decide(op, args) {
        return decided;
    }
    if args.iter().any(|arg| !arg.is_known()) {
        return Ok(Value::apply(op, args.to_vec()));
    }
    match (op, args) {
        (Op::Not, [Value::Bool(value)]) => Ok(Value::Bool(!value)),
        (Op::Eq, [a, b]) => Ok(Value::Bool(compare::equal(a, b))),
        (Op::Ne, [a, b]) => Ok(Value::Bool(!compare::equal(a, b))),
        (Op::Lt | Op::Le | Op::Gt | Op::Ge, [a, b]) => {
            let order = compare_values(a, b).ok_or_else(|| not_defined(op, args))?;
            Ok(Value::Bool(match op {
                Op::Lt => order == Ordering::Less,
                Op::Le => order != Ordering::Greater,
                Op::Gt => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }))
        }
        (Op::In, [element, container]) => {
            access::contains(element, container).map(Value::Bool).ok_or_else(|| not_defined(op, args))
        }
        (Op::Neg | Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem, _) => arithmetic::apply(op, args),
        (Op::Range | Op::RangeInclusive, [Value::Int(low), Value::Int(high)]) => range(*low, *high, op),
        (Op::Interpolate, parts) => {
            let mut text = String::new();
            for part in parts {
                text.push_str(&display(part)?);
            }
            error::text(text)
        }
        (Op::Call(function), args) => functions::call(function, args, patterns),
        _ => Err(not_defined(op, args)),
    }
}

fn range(low: i64, high: i64, op: Op) -> Result<Value, OpError> {
    let length = (i128::from(high) - i128::from(low) + i128::from(op == Op::RangeInclusive)).max(0);
    if length > i128::from(error::MAX_ELEMENTS) {
        return Err(OpError::TooLong(u64::try_from(length).unwrap_or(u64::MAX)));
    }
    Ok(Value::list((0..length as i64).map(|offset| Value::Int(low + offset))))
}
