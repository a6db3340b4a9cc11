//! What an adapter sees of the step it is called for.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::cancel::Cancellation;
use crate::event::Stream;
use crate::reason::Reason;
use crate::secret::SecretText;
use crate::vault::Vault;
use crate::workspace::Workspace;

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct StepError {
    /// As a stable code.
    pub reason: Reason,
    /// In words.
    pub message: String,
}

impl StepError {
    /// An error of a reason.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// A reference to a secret in the inputs of a step.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretTag {
    /// The secret's name.
    #[serde(rename = "$secret")]
    pub name: String,
}

/// The step an adapter is called for.
pub struct StepContext<'a> {
    pub(crate) capability: &'a str,
    pub(crate) key: &'a str,
    pub(crate) attempt: u32,
    pub(crate) in_doubt: bool,
    pub(crate) inputs: &'a serde_json::Value,
    pub(crate) deadline: Option<Instant>,
    pub(crate) surroundings: &'a Surroundings<'a>,
    pub(crate) log: &'a (dyn Fn(Stream, &str) + Sync),
}

/// What all steps of an execution share.
pub(crate) struct Surroundings<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) vault: &'a Vault,
    pub(crate) cancel: &'a Cancellation,
    pub(crate) grace: Duration,
}

impl StepContext<'_> {
    /// The capability that is called, such as `file.write`.
    pub fn capability(&self) -> &str {
        self.capability
    }

    /// What tells this step from all others for ever: 64 hexadecimal digits, the same for every try.
    pub fn key(&self) -> &str {
        self.key
    }

    /// Which try this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether an interpreter that ended may have begun this very try: its effect may have taken place, or take place
    /// still.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// The inputs, which have the shape the contract demands. Secrets are references: [`SecretTag`].
    ///
    /// # Errors
    /// The adapter expects something else than the contract says.
    pub fn inputs<T: DeserializeOwned>(&self) -> Result<T, StepError> {
        T::deserialize(self.inputs).map_err(|error| {
            let message = format!("the inputs are not those of `{}`: {error}", self.capability);
            StepError::new(Reason::InputMismatch, message)
        })
    }

    /// The content of a secret.
    ///
    /// # Errors
    /// The execution does not have it.
    pub fn secret(&self, tag: &SecretTag) -> Result<SecretText, StepError> {
        self.surroundings.vault.get(&tag.name).ok_or_else(|| {
            StepError::new(Reason::InputUnresolved, format!("there is no content for the secret `{}`", tag.name))
        })
    }

    /// The directory that relative paths resolve in.
    pub fn directory(&self) -> &std::path::Path {
        self.surroundings.workspace.root()
    }

    /// When this try must have ended.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The flag that asks the execution to end; a long step looks at it.
    pub fn cancellation(&self) -> &Cancellation {
        self.surroundings.cancel
    }

    /// How long something that is asked to end may take before it is forced to.
    pub fn grace(&self) -> Duration {
        self.surroundings.grace
    }

    /// Tells a line that was printed. Secrets are blotted out.
    pub fn log(&self, stream: Stream, line: &str) {
        (self.log)(stream, &self.surroundings.vault.redact(line));
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        self.surroundings.workspace
    }

    pub(crate) fn vault(&self) -> &Vault {
        self.surroundings.vault
    }
}
