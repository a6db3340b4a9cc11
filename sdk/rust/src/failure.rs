//! Why a call fails.

use std::fmt;

use serde_json::{Value, json};

/// Why a call fails, with what people are told. The message must hold no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It did not work, and another try may help.
    Failed(String),
    /// It does not work, and another try cannot help.
    Refused(String),
    /// The inputs are not those of the contract.
    WrongInputs(String),
    /// That is not what the adapter does.
    NotProvided(String),
    /// It was given up because that was asked for.
    Cancelled,
    /// It was given up because its time was over.
    TimedOut,
}

impl Failure {
    /// The number of the error, as the protocol has it.
    pub fn code(&self) -> i64 {
        match self {
            Self::Failed(_) => -32000,
            Self::Refused(_) => -32002,
            Self::WrongInputs(_) => -32602,
            Self::NotProvided(_) => -32005,
            Self::Cancelled => -32003,
            Self::TimedOut => -32004,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "code": self.code(), "message": self.to_string() })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(message)
            | Self::Refused(message)
            | Self::WrongInputs(message)
            | Self::NotProvided(message) => f.write_str(message),
            Self::Cancelled => f.write_str("given up because that was asked for"),
            Self::TimedOut => f.write_str("given up because the time was over"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<std::io::Error> for Failure {
    /// What the system says may be otherwise the next time.
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
