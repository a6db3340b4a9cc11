//! The built-in adapter for programs on this machine.

mod output;
mod process;
mod program;
mod run;
mod start;
mod stop;

use serde_json::Value as Json;

use super::{Adapter, Description, SecretTag, StepContext, StepError};
use crate::reason::Reason;

/// `command.*`
pub(super) struct Commands;

impl Adapter for Commands {
    fn describe(&self) -> Description {
        Description::first(&["command.run", "command.start", "command.stop", "command.probe"])
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        match step.capability() {
            "command.run" => run::run(step),
            "command.probe" => run::probe(step),
            "command.start" => start::start(step),
            "command.stop" => stop::stop(step),
            other => Err(StepError::new(Reason::Unsupported, format!("`{other}` is not a capability of programs"))),
        }
    }
}
