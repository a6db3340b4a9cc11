//! `ordain/plan` as it is asked and answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use tower_lsp::ls_types::{Location, Position, Range, TextDocumentIdentifier, Uri};

/// What is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Params {
    pub(crate) text_document: TextDocumentIdentifier,
    pub(super) position: Position,
    /// What to compare with.
    #[serde(default)]
    pub(super) against: Option<Against>,
    /// The arguments, as on the command line.
    #[serde(default)]
    pub(super) arguments: BTreeMap<SmolStr, String>,
    /// Whether the graph is wanted as data.
    #[serde(default)]
    pub(super) graph: bool,
}

/// Another time of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Against {
    /// As it is on disk.
    Saved,
    /// As the last commit has it.
    Committed,
}

/// A plan to look at.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preview {
    pub(super) plan: SmolStr,
    pub(super) name: SmolStr,
    pub(super) uri: Uri,
    pub(super) range: Range,
    pub(super) selection_range: Range,
    pub(super) version: Option<i32>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) problems: Vec<Problem>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) drawn: Option<Drawn>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Parameter {
    pub(super) name: SmolStr,
    pub(super) r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default: Option<String>,
    pub(super) missing: bool,
    pub(super) choices: Vec<SmolStr>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Problem {
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    pub(super) severity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<Location>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Drawn {
    pub(super) summary: Summary,
    pub(super) style: String,
    pub(super) svg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    pub(super) boxes: Vec<Boxed>,
    pub(super) verdicts: Vec<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) diff: Option<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) graph: Option<serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) steps: usize,
    pub(super) gates: usize,
    pub(super) stages: usize,
    pub(super) effect: String,
    pub(super) risk: String,
    pub(super) mode: String,
    pub(super) hash: String,
    pub(super) denied: Vec<SmolStr>,
    pub(super) requires: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Boxed {
    pub(super) id: String,
    pub(super) address: SmolStr,
    pub(super) title: String,
    pub(super) capability: SmolStr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<SmolStr>,
    pub(super) effect: String,
    pub(super) risk: String,
    pub(super) steps: usize,
    pub(super) verdicts: Vec<Brief>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Brief {
    pub(super) code: SmolStr,
    pub(super) outcome: String,
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<Location>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    #[serde(flatten)]
    pub(super) brief: Brief,
    pub(super) about: String,
    pub(super) at: Vec<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Difference {
    pub(super) against: Against,
    pub(super) text: String,
    pub(super) counts: serde_json::Value,
    pub(super) removed: Vec<String>,
}
