//! What an adapter sees of the step it is called for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ordain_graph::Contract;
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
    pub(crate) contract: &'a Contract,
    pub(crate) attempt: Try<'a>,
    pub(crate) inputs: &'a Arc<serde_json::Value>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) surroundings: &'a Surroundings<'a>,
    pub(crate) tell: &'a (dyn Fn(Told<'_>) + Sync),
}

/// One try of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Try<'a> {
    /// The same for every try.
    pub(crate) key: &'a str,
    /// From 1.
    pub(crate) number: u32,
    /// Whether it may have been begun before.
    pub(crate) in_doubt: bool,
    /// The key of the step that it undoes.
    pub(crate) undoes: Option<&'a str>,
}

/// What an adapter tells while it is at work. Free of secrets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told<'a> {
    /// A line that was printed.
    Line(Stream, &'a str),
    /// How far it is.
    Progress {
        /// In hundredths, where that is known.
        percent: Option<u8>,
        /// In words.
        message: &'a str,
    },
}

/// What all steps of an execution share.
pub(crate) struct Surroundings<'a> {
    pub(crate) workspace: &'a Arc<Workspace>,
    pub(crate) vault: &'a Arc<Vault>,
    pub(crate) cancel: &'a Cancellation,
    pub(crate) grace: Duration,
    /// How long calls are waited for that ignore their deadline and the time of grace.
    pub(crate) leeway: Duration,
}

impl StepContext<'_> {
    /// The capability that is called, such as `file.write`.
    pub fn capability(&self) -> &str {
        &self.contract.capability
    }

    /// The contract that is followed.
    pub fn contract(&self) -> &Contract {
        self.contract
    }

    /// What tells this step from all others for ever: 64 hexadecimal digits, the same for every try.
    pub fn key(&self) -> &str {
        self.attempt.key
    }

    /// Which try this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt.number
    }

    /// Whether an interpreter that ended may have begun this very try: its effect may have taken place, or take place
    /// still.
    pub fn is_in_doubt(&self) -> bool {
        self.attempt.in_doubt
    }

    /// The [key](StepContext::key) of the step that this one undoes, where it does.
    pub fn undoes(&self) -> Option<&str> {
        self.attempt.undoes
    }

    /// The inputs, which have the shape the contract demands. Secrets are references: [`SecretTag`].
    ///
    /// # Errors
    /// The adapter expects something else than the contract says.
    pub fn inputs<T: DeserializeOwned>(&self) -> Result<T, StepError> {
        T::deserialize(self.inputs.as_ref()).map_err(|error| {
            let message = format!("the inputs are not those of `{}`: {error}", self.capability());
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
        (self.tell)(Told::Line(stream, &self.surroundings.vault.redact(line)));
    }

    /// Tells how far the step is: in hundredths, where that is known, and in words. Secrets are blotted out.
    pub fn progress(&self, percent: Option<u8>, message: &str) {
        let message = &self.surroundings.vault.redact(message);
        (self.tell)(Told::Progress { percent: percent.map(|percent| percent.min(100)), message });
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        self.surroundings.workspace
    }

    pub(crate) fn vault(&self) -> &Vault {
        self.surroundings.vault
    }
}
