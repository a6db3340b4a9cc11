//! Adapters: who does what a capability says.
//!
//! An adapter translates inputs into effects and effects into outputs. It knows nothing of plans, journals or policies.

mod bounded;
mod command;
mod context;
mod file;
mod git;
#[cfg(test)]
mod harness;
mod http;
mod left;
mod observed;
mod reach;
pub(crate) mod remote;
mod terraform;
mod tool;
mod trust;

pub(crate) use bounded::Party;
pub use context::{SecretTag, StepContext, StepError};
pub(crate) use context::{Surroundings, Told, Try};
pub(crate) use left::{Left, end_left};
pub use observed::Observed;
pub(crate) use reach::{Missing, Reach, Terrain};
pub use remote::AdapterLimits;

use std::collections::BTreeMap;
use std::sync::Arc;

use semver::Version;
use smol_str::SmolStr;

use crate::reason::Reason;

/// Does what capabilities say.
///
/// Outputs are checked by the interpreter: an adapter that lies about them fails its step. A step that is tried again
/// has the same [`StepContext::key`].
pub trait Adapter: Send + Sync {
    /// Which version it is, and what it provides.
    ///
    /// # Errors
    /// It cannot be asked: a program of its own does not start, or a service does not answer.
    fn describe(&self) -> Result<Description, StepError>;

    /// Does it, and gives the outputs: a JSON object as the contract describes, with the content of secrets in clear.
    /// Undoing a step is applying another capability, with [`StepContext::undoes`] set.
    ///
    /// # Errors
    /// It could not be done. The message must not hold secrets, and they are blotted out where it does.
    fn apply(&self, step: &StepContext<'_>) -> Result<serde_json::Value, StepError>;

    /// Looks at what a step governs, and changes nothing: what applying the capability with these inputs would make,
    /// or, for one that removes, what would be gone. A capability that only looks is looked at by applying it.
    ///
    /// # Errors
    /// The adapter cannot look ([`Reason::Unsupported`], as here), or it could not be done. As for
    /// [`Adapter::apply`], the message must not hold secrets.
    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        let message = format!("its adapter cannot look at what `{}` governs", step.capability());
        Err(StepError::new(Reason::Unsupported, message))
    }
}

/// What an adapter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its version.
    pub version: Version,
    /// The capabilities it provides, each with the latest version of the contract that it fulfils.
    pub provides: BTreeMap<SmolStr, Version>,
}

impl Description {
    /// An adapter of a version that fulfils the first contract of some capabilities.
    pub fn first(capabilities: &[&str]) -> Self {
        let version = Version::new(1, 0, 0);
        let provides = capabilities.iter().map(|name| (SmolStr::from(*name), version.clone())).collect();
        Self { version, provides }
    }
}

/// The adapters that are part of a program, by the name after `run builtin`.
#[derive(Clone)]
pub struct Adapters(BTreeMap<SmolStr, Arc<dyn Adapter>>);

impl Adapters {
    /// Those of the interpreter: `command`, `file`, `git`, `http` and `terraform`.
    pub fn builtin() -> Self {
        Self::empty()
            .with("command", Arc::new(command::Commands))
            .with("file", Arc::new(file::Files))
            .with("git", Arc::new(git::Git))
            .with("http", Arc::new(http::Http))
            .with("terraform", Arc::new(terraform::Terraform))
    }

    /// None.
    pub fn empty() -> Self {
        Self(BTreeMap::new())
    }

    /// These and another; it takes the place of one with the same name.
    #[must_use]
    pub fn with(mut self, name: &str, adapter: Arc<dyn Adapter>) -> Self {
        self.0.insert(name.into(), adapter);
        self
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Adapter>> {
        self.0.get(name)
    }
}

impl std::fmt::Debug for Adapters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
