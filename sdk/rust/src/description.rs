//! What an adapter says about itself.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// What an adapter is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// Its name, for people.
    pub name: String,
    /// Its version (SemVer 2.0.0), which plans are held to.
    pub version: String,
    /// How many calls it takes at a time, at least one.
    pub concurrency: usize,
    /// What it provides, by the names of capabilities.
    pub capabilities: BTreeMap<String, Capability>,
}

/// A capability that an adapter provides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capability {
    /// The latest version of the contract that is fulfilled (SemVer 2.0.0).
    pub version: String,
    /// Whether what it governs can be looked at.
    pub observe: bool,
    /// Inputs that may be tried without harm, for `ordain adapter test`.
    pub examples: Vec<Example>,
}

/// Inputs that may be tried without harm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// The inputs.
    pub inputs: Value,
    /// Whether it takes seconds, so that it can be cancelled on the way.
    pub slow: bool,
    /// The call that undoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<UndoExample>,
}

/// How an example is undone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UndoExample {
    /// The capability.
    pub capability: String,
    /// Its inputs.
    pub inputs: Value,
}

impl Description {
    /// An adapter that provides nothing yet, and takes one call at a time.
    pub fn new(name: &str, version: &str) -> Self {
        Self { name: name.to_owned(), version: version.to_owned(), concurrency: 1, capabilities: BTreeMap::new() }
    }

    /// How many calls it takes at a time.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }

    /// Provides a capability up to a version of its contract.
    #[must_use]
    pub fn provides(self, capability: &str, version: &str) -> Self {
        self.with(capability, Capability { version: version.to_owned(), observe: false, examples: Vec::new() })
    }

    /// As [`Description::provides`], for a capability whose things can be looked at.
    #[must_use]
    pub fn observes(self, capability: &str, version: &str) -> Self {
        self.with(capability, Capability { version: version.to_owned(), observe: true, examples: Vec::new() })
    }

    /// Adds an example to a capability that is provided already.
    #[must_use]
    pub fn example(mut self, capability: &str, example: Example) -> Self {
        if let Some(capability) = self.capabilities.get_mut(capability) {
            capability.examples.push(example);
        }
        self
    }

    fn with(mut self, name: &str, capability: Capability) -> Self {
        self.capabilities.insert(name.to_owned(), capability);
        self
    }
}

impl Example {
    /// Inputs that may be tried.
    pub fn new(inputs: Value) -> Self {
        Self { inputs, slow: false, undo: None }
    }

    /// It takes seconds.
    #[must_use]
    pub fn slow(mut self) -> Self {
        self.slow = true;
        self
    }

    /// It is undone by another call.
    #[must_use]
    pub fn undone_by(mut self, capability: &str, inputs: Value) -> Self {
        self.undo = Some(UndoExample { capability: capability.to_owned(), inputs });
        self
    }
}
