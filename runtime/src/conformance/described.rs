//! What an adapter says about itself, with all that tests need.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::session::Fault;
use crate::adapters::remote::description;

/// What an adapter says about itself.
pub(super) struct Described {
    pub(super) name: Option<String>,
    pub(super) version: String,
    pub(super) concurrency: usize,
    pub(super) capabilities: BTreeMap<String, Provided>,
}

/// What it says about a capability.
#[derive(Deserialize)]
pub(super) struct Provided {
    /// The version of the contract.
    pub(super) version: String,
    /// Whether what it governs can be looked at.
    #[serde(default)]
    pub(super) observe: bool,
    /// Inputs that may be tried.
    #[serde(default)]
    pub(super) examples: Vec<Example>,
}

/// Inputs that may be tried.
#[derive(Deserialize)]
pub(super) struct Example {
    /// The inputs.
    pub(super) inputs: Map<String, Json>,
    /// Whether it takes so long that it can be cancelled; it is not meant to come to its end.
    #[serde(default)]
    pub(super) slow: bool,
    /// How it is undone.
    pub(super) undo: Option<UndoExample>,
}

/// How an example is undone.
#[derive(Deserialize)]
pub(super) struct UndoExample {
    pub(super) capability: String,
    pub(super) inputs: Map<String, Json>,
}

pub(super) fn read(described: &Json) -> Result<Described, Fault> {
    #[derive(Deserialize)]
    struct Whole {
        name: Option<String>,
        version: String,
        #[serde(default)]
        capabilities: BTreeMap<String, Provided>,
    }
    let concurrency = description::read(described).map_err(|error| error.message)?.concurrency;
    let Whole { name, version, capabilities } =
        Whole::deserialize(described).map_err(|error| format!("its description is not as it should be: {error}"))?;
    if capabilities.is_empty() {
        return Err("it provides no capability".into());
    }
    for (name, provided) in &capabilities {
        for undo in provided.examples.iter().filter_map(|example| example.undo.as_ref()) {
            if !capabilities.contains_key(&undo.capability) {
                return Err(format!(
                    "an example of `{name}` is undone by `{}`, which it does not provide",
                    undo.capability
                ));
            }
        }
    }
    Ok(Described { name, version, concurrency, capabilities })
}
