//! Checked, exact arithmetic.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::OpError;
use super::error::{not_defined, text};
use crate::value::{Op, Value};

pub(super) fn apply(op: Op, args: &[Value]) -> Result<Value, OpError> {
    match args {
        [Value::Int(value)] if op == Op::Neg => value.checked_neg().map(Value::Int).ok_or(OpError::Overflow),
        [Value::Decimal(value)] if op == Op::Neg => Ok(Value::Decimal((-value).normalize())),
        [Value::Int(a), Value::Int(b)] => int(op, *a, *b),
        [Value::Int(a), Value::Decimal(b)] => decimal(op, (*a).into(), *b),
        [Value::Decimal(a), Value::Int(b)] => decimal(op, *a, (*b).into()),
        [Value::Decimal(a), Value::Decimal(b)] => decimal(op, *a, *b),
        [Value::Bytes(a), Value::Bytes(b)] => match op {
            Op::Div => ratio(*a, *b),
            _ => amount(op, *a, *b, args).map(Value::Bytes),
        },
        [Value::Duration(a), Value::Duration(b)] => match op {
            Op::Div => ratio(*a, *b),
            _ => amount(op, *a, *b, args).map(Value::Duration),
        },
        [Value::Bytes(a), Value::Int(b)] | [Value::Int(b), Value::Bytes(a)] => {
            scaled(op, *a, *b, args).map(Value::Bytes)
        }
        [Value::Duration(a), Value::Int(b)] | [Value::Int(b), Value::Duration(a)] => {
            scaled(op, *a, *b, args).map(Value::Duration)
        }
        [Value::String(a), Value::String(b)] if op == Op::Add => text(format!("{a}{b}")),
        [Value::Set(a), Value::Set(b)] if op == Op::Add => Ok(Value::Set(Arc::new(a.union(b).cloned().collect()))),
        [Value::Set(a), Value::Set(b)] if op == Op::Sub => Ok(Value::Set(Arc::new(a.difference(b).cloned().collect()))),
        _ => Err(not_defined(op, args)),
    }
}

fn int(op: Op, a: i64, b: i64) -> Result<Value, OpError> {
    if b == 0 && matches!(op, Op::Div | Op::Rem) {
        return Err(OpError::DivisionByZero);
    }
    let result = match op {
        Op::Add => a.checked_add(b),
        Op::Sub => a.checked_sub(b),
        Op::Mul => a.checked_mul(b),
        Op::Div => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    result.map(Value::Int).ok_or(OpError::Overflow)
}

/// Exact: a result with more digits than a decimal holds is an error, never rounded. Only quotients without an end are
/// rounded, to 28 significant digits, half to even.
fn decimal(op: Op, a: Decimal, b: Decimal) -> Result<Value, OpError> {
    if b.is_zero() && matches!(op, Op::Div | Op::Rem) {
        return Err(OpError::DivisionByZero);
    }
    let (a, b) = (a.normalize(), b.normalize());
    let result = match op {
        Op::Mul => a.mantissa().checked_mul(b.mantissa()).and_then(|product| exact(product, a.scale() + b.scale())),
        Op::Div => a.checked_div(b).map(|quotient| quotient.normalize()),
        _ => aligned(op, a, b),
    };
    result.map(Value::Decimal).ok_or(OpError::Overflow)
}

/// `+`, `-` and `%` on the digits of both, brought to one scale.
fn aligned(op: Op, a: Decimal, b: Decimal) -> Option<Decimal> {
    let scale = a.scale().max(b.scale());
    let digits = |value: Decimal| value.mantissa().checked_mul(10i128.checked_pow(scale - value.scale())?);
    let (a, b) = (digits(a)?, digits(b)?);
    let result = match op {
        Op::Add => a.checked_add(b)?,
        Op::Sub => a.checked_sub(b)?,
        _ => a.checked_rem(b)?,
    };
    exact(result, scale)
}

fn exact(mut digits: i128, mut scale: u32) -> Option<Decimal> {
    while scale > 0 && digits % 10 == 0 {
        digits /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(digits, scale).ok()
}

fn amount(op: Op, a: u64, b: u64, args: &[Value]) -> Result<u64, OpError> {
    match op {
        Op::Add => a.checked_add(b).ok_or(OpError::Overflow),
        Op::Sub => a.checked_sub(b).ok_or(OpError::Overflow),
        _ => Err(not_defined(op, args)),
    }
}

fn scaled(op: Op, amount: u64, by: i64, args: &[Value]) -> Result<u64, OpError> {
    let by = u64::try_from(by).map_err(|_| OpError::Overflow)?;
    match (op, args) {
        (Op::Mul, _) => amount.checked_mul(by).ok_or(OpError::Overflow),
        (Op::Div, [_, Value::Int(_)]) => amount.checked_div(by).ok_or(OpError::DivisionByZero),
        _ => Err(not_defined(op, args)),
    }
}

fn ratio(a: u64, b: u64) -> Result<Value, OpError> {
    let quotient = a.checked_div(b).ok_or(OpError::DivisionByZero)?;
    i64::try_from(quotient).map(Value::Int).map_err(|_| OpError::Overflow)
}
