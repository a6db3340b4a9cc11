//! Operations on values: what the compiler applies when it evaluates, and the interpreter when it resolves residuals.

mod arithmetic;
mod functions;

pub(crate) use functions::whole_match;

use std::cmp::Ordering;
use std::sync::Arc;

use smol_str::SmolStr;
use thiserror::Error;

use crate::scalar::{display, kind};
use crate::value::{NodeId, NodeRef, Op, Residual, Value};

/// Why an operation has no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpError {
    /// The result does not fit its type.
    #[error("the result is too large for its type")]
    Overflow,
    /// A division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// An index or key that is not there.
    #[error("there is no element `{key}`")]
    NoSuchElement {
        /// The index or key.
        key: String,
    },
    /// The operation is not defined for these kinds of value.
    #[error("`{operation}` is not defined for {kinds}")]
    NotDefined {
        /// The operation.
        operation: SmolStr,
        /// The kinds of its arguments.
        kinds: String,
    },
    /// A regular expression that is none.
    #[error("`{0}` is not a regular expression")]
    Pattern(SmolStr),
    /// More elements than a list may have.
    #[error("a list of {0} elements is too long")]
    TooLong(u64),
    /// A secret was to be shown or computed with.
    #[error("a secret cannot be part of an operation")]
    Secret,
    /// A part is known only during execution.
    #[error("the value is known only during execution")]
    NotKnown,
}

/// The longest list an operation makes.
const MAX_ELEMENTS: u64 = 50_000_000;

/// Applies an operation. Where an argument it needs waits for execution, so does the result: it is a residual.
///
/// # Errors
/// The operation has no result for these arguments.
pub fn apply(op: Op, args: &[Value]) -> Result<Value, OpError> {
    if let Some(early) = early(op, args) {
        return Ok(early);
    }
    let needs_all = !matches!(op, Op::Field | Op::OptionalField | Op::Index);
    let waits = match args {
        [] => false,
        _ if needs_all => args.iter().any(|arg| !arg.is_known()),
        [base, rest @ ..] => {
            matches!(base, Value::Residual(_)) || rest.iter().any(|arg| matches!(arg, Value::Residual(_)))
        }
    };
    if waits {
        return Ok(Value::apply(op, args.to_vec()));
    }
    match (op, args) {
        (Op::Not, [Value::Bool(value)]) => Ok(Value::Bool(!value)),
        (Op::Eq, [a, b]) => Ok(Value::Bool(equal(a, b))),
        (Op::Ne, [a, b]) => Ok(Value::Bool(!equal(a, b))),
        (Op::Lt | Op::Le | Op::Gt | Op::Ge, [a, b]) => {
            let order = compare_values(a, b).ok_or_else(|| not_defined(op, args))?;
            Ok(Value::Bool(match op {
                Op::Lt => order == Ordering::Less,
                Op::Le => order != Ordering::Greater,
                Op::Gt => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }))
        }
        (Op::In, [element, container]) => contains(element, container).ok_or_else(|| not_defined(op, args)),
        (Op::Neg | Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem, _) => arithmetic::apply(op, args),
        (Op::Range | Op::RangeInclusive, [Value::Int(low), Value::Int(high)]) => range(*low, *high, op),
        (Op::Field | Op::OptionalField, [base, Value::String(name)]) => field(base, name, op, args),
        (Op::Index, [base, index]) => element(base, index).unwrap_or_else(|| Err(not_defined(op, args))),
        (Op::Interpolate, parts) => {
            let mut text = String::new();
            for part in parts {
                text.push_str(&display(part)?);
            }
            Ok(Value::String(text.into()))
        }
        (Op::Call(function), args) => functions::call(function, args),
        _ => Err(not_defined(op, args)),
    }
}

/// What is decided although not every argument is known.
fn early(op: Op, args: &[Value]) -> Option<Value> {
    Some(match (op, args) {
        (Op::And, [Value::Bool(false), _] | [_, Value::Bool(false)]) => Value::Bool(false),
        (Op::And, [Value::Bool(true), other] | [other, Value::Bool(true)]) => other.clone(),
        (Op::Or, [Value::Bool(true), _] | [_, Value::Bool(true)]) => Value::Bool(true),
        (Op::Or, [Value::Bool(false), other] | [other, Value::Bool(false)]) => other.clone(),
        (Op::Coalesce, [Value::None, other]) => other.clone(),
        (Op::Coalesce, [known, _]) if !matches!(known, Value::Residual(_)) => known.clone(),
        (Op::If, [Value::Bool(true), then, _]) => then.clone(),
        (Op::If, [Value::Bool(false), _, otherwise]) => otherwise.clone(),
        (Op::If, [_, then, otherwise]) if then == otherwise => then.clone(),
        (Op::OptionalField, [Value::None, _]) => Value::None,
        _ => return None,
    })
}

fn not_defined(op: Op, args: &[Value]) -> OpError {
    let kinds: Vec<String> = args.iter().map(|arg| format!("`{}`", kind(arg))).collect();
    OpError::NotDefined { operation: op.name(), kinds: kinds.join(" and ") }
}

/// Equality of the language: numbers by value, also between whole numbers and decimals.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(int), Value::Decimal(decimal)) | (Value::Decimal(decimal), Value::Int(int)) => {
            *decimal == (*int).into()
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        _ => a == b,
    }
}

pub(crate) fn compare_values(a: &Value, b: &Value) -> Option<Ordering> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Int(a), Value::Decimal(b)) => rust_decimal::Decimal::from(*a).cmp(b),
        (Value::Decimal(a), Value::Int(b)) => a.cmp(&(*b).into()),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) | (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        (Value::SemVer(a), Value::SemVer(b)) => a.cmp_precedence(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Variant(a, _), Value::Variant(b, _)) => a.cmp(b),
        _ => return None,
    })
}

fn contains(element: &Value, container: &Value) -> Option<Value> {
    Some(Value::Bool(match container {
        Value::List(elements) => elements.iter().any(|each| equal(each, element)),
        Value::Set(elements) => elements.contains(element),
        Value::Map(entries) => entries.contains_key(element),
        Value::Record(fields) => match element {
            Value::String(name) => fields.contains_key(name),
            _ => return None,
        },
        Value::String(text) => match element {
            Value::String(part) => text.contains(part.as_str()),
            _ => return None,
        },
        _ => return None,
    }))
}

fn range(low: i64, high: i64, op: Op) -> Result<Value, OpError> {
    let length = (i128::from(high) - i128::from(low) + i128::from(op == Op::RangeInclusive)).max(0);
    if length > i128::from(MAX_ELEMENTS) {
        return Err(OpError::TooLong(u64::try_from(length).unwrap_or(u64::MAX)));
    }
    Ok(Value::list((0..length as i64).map(|offset| Value::Int(low + offset))))
}

fn element(base: &Value, index: &Value) -> Option<Result<Value, OpError>> {
    let missing = || OpError::NoSuchElement { key: display(index).unwrap_or_default() };
    Some(match (base, index) {
        (Value::List(elements), Value::Int(at)) => {
            usize::try_from(*at).ok().and_then(|at| elements.get(at)).cloned().ok_or_else(missing)
        }
        (Value::Map(entries), key) => entries.get(key).cloned().ok_or_else(missing),
        // Untyped data: what is not there is `none`.
        (Value::Record(fields), Value::String(name)) => Ok(fields.get(name).cloned().unwrap_or(Value::None)),
        _ => return None,
    })
}

fn field(base: &Value, name: &SmolStr, op: Op, args: &[Value]) -> Result<Value, OpError> {
    let int = |value: u64| i64::try_from(value).map(Value::Int).map_err(|_| OpError::Overflow);
    Ok(match (base, name.as_str()) {
        (Value::Record(fields), _) => fields.get(name).cloned().unwrap_or(Value::None),
        (Value::Map(entries), _) => entries.get(&Value::String(name.clone())).cloned().unwrap_or(Value::None),
        (Value::SemVer(version), "major") => int(version.major)?,
        (Value::SemVer(version), "minor") => int(version.minor)?,
        (Value::SemVer(version), "patch") => int(version.patch)?,
        (Value::SemVer(version), "pre") => Value::string(version.pre.as_str()),
        (Value::Url(url), part) => url_part(url, part).ok_or_else(|| not_defined(op, args))?,
        (Value::Date(date), "year") => Value::Int(date.year.into()),
        (Value::Date(date), "month") => Value::Int(date.month.into()),
        (Value::Date(date), "day") => Value::Int(date.day.into()),
        (Value::Bytes(bytes), "bytes") => int(*bytes)?,
        (Value::Duration(milliseconds), "milliseconds") => int(*milliseconds)?,
        (Value::Duration(milliseconds), "seconds") => int(milliseconds / 1_000)?,
        // A field of untyped data that has none.
        (Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::String(_) | Value::List(_), _)
            if op == Op::OptionalField =>
        {
            Value::None
        }
        _ => return Err(not_defined(op, args)),
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

/// The value of a residual (or of a value that holds some), once outputs are known. Steps whose outputs are not known
/// keep their parts residual.
///
/// # Errors
/// An operation has no result for the outputs.
pub fn evaluate(value: &Value, outputs: &dyn Fn(&NodeId) -> Option<Value>) -> Result<Value, OpError> {
    Ok(match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::It => value.clone(),
            Residual::Output { node: NodeRef::Id(id), path } => match outputs(id) {
                None => value.clone(),
                Some(output) => path
                    .iter()
                    .try_fold(output, |base, name| apply(Op::OptionalField, &[base, Value::String(name.clone())]))?,
            },
            Residual::Output { .. } => value.clone(),
            Residual::Apply { op, args } => {
                let args = args.iter().map(|arg| evaluate(arg, outputs)).collect::<Result<Vec<_>, _>>()?;
                apply(*op, &args)?
            }
        },
        Value::List(elements) if !value.is_known() => {
            Value::list(elements.iter().map(|each| evaluate(each, outputs)).collect::<Result<Vec<_>, _>>()?)
        }
        Value::Map(entries) if !value.is_known() => Value::Map(Arc::new(
            entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), evaluate(value, outputs)?)))
                .collect::<Result<_, OpError>>()?,
        )),
        Value::Record(fields) if !value.is_known() => Value::Record(Arc::new(
            fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), evaluate(value, outputs)?)))
                .collect::<Result<_, OpError>>()?,
        )),
        other => other.clone(),
    })
}

/// The value of a condition over `it` for one value.
pub(crate) fn with_it(condition: &Value, it: &Value) -> Result<Value, OpError> {
    match condition {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::It => Ok(it.clone()),
            Residual::Output { .. } => Ok(condition.clone()),
            Residual::Apply { op, args } => {
                let args = args.iter().map(|arg| with_it(arg, it)).collect::<Result<Vec<_>, _>>()?;
                apply(*op, &args)
            }
        },
        Value::List(elements) => {
            Ok(Value::list(elements.iter().map(|each| with_it(each, it)).collect::<Result<Vec<_>, _>>()?))
        }
        other => Ok(other.clone()),
    }
}

impl Op {
    /// Its stable name, as it stands in plans.
    pub fn name(self) -> SmolStr {
        SmolStr::new_static(match self {
            Self::Not => "not",
            Self::Neg => "neg",
            Self::And => "and",
            Self::Or => "or",
            Self::Coalesce => "coalesce",
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::In => "in",
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::Div => "div",
            Self::Rem => "rem",
            Self::Range => "range",
            Self::RangeInclusive => "range_inclusive",
            Self::Field => "field",
            Self::OptionalField => "optional_field",
            Self::Index => "index",
            Self::Interpolate => "interpolate",
            Self::If => "if",
            Self::Call(function) => return format!("call:{}", function.name()).into(),
        })
    }

    /// The operation of that name.
    pub fn named(name: &str) -> Option<Self> {
        const ALL: [Op; 24] = [
            Op::Not,
            Op::Neg,
            Op::And,
            Op::Or,
            Op::Coalesce,
            Op::Eq,
            Op::Ne,
            Op::Lt,
            Op::Le,
            Op::Gt,
            Op::Ge,
            Op::In,
            Op::Add,
            Op::Sub,
            Op::Mul,
            Op::Div,
            Op::Rem,
            Op::Range,
            Op::RangeInclusive,
            Op::Field,
            Op::OptionalField,
            Op::Index,
            Op::Interpolate,
            Op::If,
        ];
        if let Some(function) = name.strip_prefix("call:") {
            let known = crate::value::Function::ALL.iter().find(|known| known.name() == function)?;
            return Some(Self::Call(*known));
        }
        ALL.into_iter().find(|op| op.name() == name)
    }
}
