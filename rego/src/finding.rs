//! What policies say about an input.

use serde::Serialize;

use crate::error::{Place, RegoError};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The input must not pass.
    Deny,
    /// The input may pass.
    Warn,
}

/// One result of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegoFinding {
    /// The package of the rule, without `data`.
    pub package: String,
    /// The name of the rule.
    pub rule: String,
    /// How much it weighs, by the rule's name.
    pub severity: Severity,
    /// Where the rule is written first.
    #[serde(skip)]
    pub place: Place,
    /// Whether an `exception` of the same package lifts it. Such a finding does not keep the input from passing.
    pub excepted: bool,
    /// The result, or its member `msg`.
    pub message: String,
    /// The other members of a result that is an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
}

/// The outcome of one rule `test_x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegoTest {
    /// The package of the rule, without `data`.
    pub package: String,
    /// The name of the rule.
    pub name: String,
    /// Whether the rule is true; an error if it cannot be evaluated.
    pub passed: Result<bool, RegoError>,
}
