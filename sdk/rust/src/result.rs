//! What calls come to.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    outputs: Value,
    secrets: Vec<String>,
}

impl Applied {
    /// The outputs: a record, as the contract has it.
    pub fn new(outputs: impl Serialize) -> Self {
        // What cannot be JSON becomes `null`, which the interpreter refuses by name.
        Self { outputs: serde_json::to_value(outputs).unwrap_or_default(), secrets: Vec::new() }
    }

    /// No outputs.
    pub fn nothing() -> Self {
        Self::new(Map::new())
    }

    /// Says that an output is secret. `pointer` is a JSON pointer (RFC 6901), such as `/password`.
    #[must_use]
    pub fn secret(mut self, pointer: &str) -> Self {
        self.secrets.push(pointer.to_owned());
        self
    }

    pub(crate) fn into_json(self) -> Value {
        json!({ "outputs": self.outputs, "secrets": self.secrets })
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    /// It is not there.
    Absent,
    /// It is there.
    Present {
        /// The inputs that would make what is there, as far as they can be told from it.
        inputs: Value,
        /// The outputs that applying would give now, as far as they can be told.
        outputs: Value,
    },
    /// Nothing can be said.
    Unknown,
}

impl Observed {
    pub(crate) fn into_json(self) -> Value {
        match self {
            Self::Absent => json!({ "state": "absent" }),
            Self::Present { inputs, outputs } => json!({ "state": "present", "inputs": inputs, "outputs": outputs }),
            Self::Unknown => json!({ "state": "unknown" }),
        }
    }
}
