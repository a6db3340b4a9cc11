//! Equality and order of the language.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::value::Value;

/// Equality: numbers by value, also between whole numbers and decimals.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(int), Value::Decimal(decimal)) | (Value::Decimal(decimal), Value::Int(int)) => {
            *decimal == Decimal::from(*int)
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, v), (l, w))| equal(k, l) && equal(v, w))
        }
        (Value::Record(a), Value::Record(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, v), (l, w))| k == l && equal(v, w))
        }
        _ => a == b,
    }
}

/// Order, where the two kinds have one. It agrees with [`equal`].
pub(crate) fn compare_values(a: &Value, b: &Value) -> Option<Ordering> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Int(a), Value::Decimal(b)) => Decimal::from(*a).cmp(b),
        (Value::Decimal(a), Value::Int(b)) => a.cmp(&Decimal::from(*b)),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) | (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        (Value::SemVer(a), Value::SemVer(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Variant(a, _), Value::Variant(b, _)) => a.cmp(b),
        _ => return None,
    })
}
