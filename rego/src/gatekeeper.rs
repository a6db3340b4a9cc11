//! Gatekeeper's documents: templates with Rego in them, constraints that apply them, and what is reviewed.

mod constraint;
mod inventory;
mod review;
mod selector;
mod template;

pub use constraint::Constraint;
pub use inventory::Inventory;
pub use review::Review;
pub use template::ConstraintTemplate;

use serde_json::Value as Json;

use crate::error::RegoError;

/// A document of Gatekeeper that cannot be used, or Rego in one that gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatekeeperError {
    /// Something in a document is missing or has another form than Gatekeeper's.
    #[error("`{pointer}` {problem}")]
    Document {
        /// Where in the document: names and indices after slashes, as in RFC 6901.
        pointer: String,
        /// What is wrong with it: the rest of a sentence that begins with the pointer.
        problem: String,
    },
    /// The Rego of a template.
    #[error(transparent)]
    Rego(#[from] RegoError),
}

fn wrong(pointer: impl Into<String>, problem: impl Into<String>) -> GatekeeperError {
    GatekeeperError::Document { pointer: pointer.into(), problem: problem.into() }
}

/// The text at a place in a document, if it is there and not empty.
fn text<'a>(document: &'a Json, pointer: &str) -> Option<&'a str> {
    document.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// The list of texts at a place; empty where nothing is.
fn texts(document: &Json, pointer: &str) -> Result<Vec<String>, GatekeeperError> {
    match document.pointer(pointer) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(items)) => {
            let text =
                |item: &Json| item.as_str().map(str::to_owned).ok_or_else(|| wrong(pointer, "holds what is no text"));
            items.iter().map(text).collect()
        }
        Some(_) => Err(wrong(pointer, "is not a list")),
    }
}

/// The group and version of an object; the group of core objects is empty.
fn group_version(object: &Json) -> (&str, &str) {
    let api = text(object, "/apiVersion").unwrap_or_default();
    api.split_once('/').unwrap_or(("", api))
}

/// Whether an object is a namespace itself.
fn is_namespace(object: &Json) -> bool {
    text(object, "/kind") == Some("Namespace") && group_version(object).0.is_empty()
}
