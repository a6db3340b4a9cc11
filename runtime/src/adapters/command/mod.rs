//! The built-in adapter for programs on this machine.

mod output;
mod process;
mod program;
mod run;
mod start;
mod stop;

pub(super) use process::{Watch, signal, wait_for};
pub(super) use program::{KEY, bare};
pub(super) use stop::Process;

use serde_json::{Value as Json, json};

use super::{Adapter, Description, Observed, SecretTag, StepContext, StepError};
use crate::reason::Reason;

/// `command.*`
pub(super) struct Commands;

impl Adapter for Commands {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["command.run", "command.start", "command.stop", "command.probe"]))
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

    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        match step.capability() {
            "command.probe" => Ok(Observed::Present { inputs: json!({}), outputs: run::probe(step)? }),
            "command.start" => start::observe(step),
            "command.stop" => stop::observe(step),
            other => {
                let message = format!("what `{other}` has done cannot be looked at");
                Err(StepError::new(Reason::Unsupported, message))
            }
        }
    }
}
