//! Why an operation has no result.

use smol_str::SmolStr;
use thiserror::Error;

use crate::scalar::kind;
use crate::value::{Op, Value};

/// Why an operation has no result. Its text is fit for a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpError {
    /// The result does not fit its type: too large, negative where there is no sign, or with too many digits.
    #[error("the result does not fit its type")]
    Overflow,
    /// A division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A number of places that no decimal has.
    #[error("a decimal has 0 to 28 places, not `{0}`")]
    Places(i64),
    /// An index or key that is not there.
    #[error("there is no element `{key}`")]
    NoSuchElement {
        /// The index or key.
        key: String,
    },
    /// A field that values of this kind do not have.
    #[error("{kind} has no field `{name}`")]
    NoSuchField {
        /// The kind of value, as in a sentence.
        kind: SmolStr,
        /// The field.
        name: SmolStr,
    },
    /// The operation is not defined for these kinds of value.
    #[error("`{operation}` is not defined for {kinds}")]
    NotDefined {
        /// The operation, as it is written in the language.
        operation: SmolStr,
        /// The kinds of its arguments.
        kinds: String,
    },
    /// A regular expression that is none, or one that is too large.
    #[error("`{0}` is not a regular expression")]
    Pattern(SmolStr),
    /// More elements than a list may have.
    #[error("a list of {0} elements is too long, the limit is {MAX_ELEMENTS}")]
    TooLong(u64),
    /// More text than a string may hold.
    #[error("a string of {0} bytes is too long, the limit is {MAX_TEXT}")]
    TooMuchText(u64),
    /// A secret was to be shown or computed with.
    #[error("a secret cannot be part of an operation")]
    Secret,
    /// A part is known only during execution.
    #[error("the value is known only during execution")]
    NotKnown,
}

/// The longest list an operation makes. It bounds what a short source can ask for.
pub(crate) const MAX_ELEMENTS: u64 = 10_000_000;

/// The longest string an operation makes, in bytes. It bounds what repeated doubling can ask for.
pub(crate) const MAX_TEXT: u64 = 64 << 20;

pub(super) fn not_defined(op: Op, args: &[Value]) -> OpError {
    let kinds: Vec<String> = args.iter().map(|arg| format!("`{}`", kind(arg))).collect();
    OpError::NotDefined { operation: op.symbol(), kinds: kinds.join(" and ") }
}

/// A list, unless it is too long.
pub(super) fn list(elements: Vec<Value>) -> Result<Value, OpError> {
    let length = elements.len() as u64;
    if length > MAX_ELEMENTS { Err(OpError::TooLong(length)) } else { Ok(Value::list(elements)) }
}

/// A string, unless it is too long.
pub(super) fn text(text: impl Into<SmolStr>) -> Result<Value, OpError> {
    let text = text.into();
    let length = text.len() as u64;
    if length > MAX_TEXT { Err(OpError::TooMuchText(length)) } else { Ok(Value::String(text)) }
}
