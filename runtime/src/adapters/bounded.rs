//! Calls that end in time, whatever the adapter does.
//!
//! An adapter that is a program is ended when it does not give up. One that is part of the interpreter cannot be: it is called on
//! a thread of its own, and left to itself when its time is over. What it says after that is heard by nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use super::{Adapter, StepContext, StepError, Surroundings, Told, Try};
use crate::clock;
use crate::event::Stream;
use crate::reason::Reason;

/// Whom a plan's adapter turned out to be.
#[derive(Clone, Copy)]
pub(crate) enum Party<'a> {
    /// One that is part of the interpreter.
    Own(&'a Arc<dyn Adapter>),
    /// One that is a program or a service, and ends in time by itself.
    Away(&'a dyn Adapter),
}

impl Party<'_> {
    /// The adapter, to be asked what it is.
    pub(crate) fn adapter(&self) -> &dyn Adapter {
        match self {
            Self::Own(adapter) => adapter.as_ref(),
            Self::Away(adapter) => *adapter,
        }
    }

    /// Calls it. The error may hold secrets.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        step: &StepContext<'_>,
        call: fn(&dyn Adapter, &StepContext<'_>) -> Result<T, StepError>,
    ) -> Result<T, StepError> {
        match (self, step.deadline) {
            (Self::Own(adapter), Some(_)) => in_time(adapter, step, call),
            _ => caught(|| call(self.adapter(), step)),
        }
    }
}

fn caught<T>(call: impl FnOnce() -> Result<T, StepError>) -> Result<T, StepError> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(StepError::new(Reason::AdapterCrashed, "the adapter broke down")))
}

/// What comes from the thread of a call.
enum Heard<T> {
    Line(Stream, String),
    Progress(Option<u8>, String),
    Returned(Result<T, StepError>),
}

fn in_time<T: Send + 'static>(
    adapter: &Arc<dyn Adapter>,
    step: &StepContext<'_>,
    call: fn(&dyn Adapter, &StepContext<'_>) -> Result<T, StepError>,
) -> Result<T, StepError> {
    let (say, heard) = channel();
    let surroundings = step.surroundings;
    // All of it belongs to the call, which may outlive the execution.
    let (called, contract, inputs) = (adapter.clone(), step.contract.clone(), step.inputs.clone());
    let (workspace, vault) = (surroundings.workspace.clone(), surroundings.vault.clone());
    let (cancel, grace, leeway) = (surroundings.cancel.clone(), surroundings.grace, surroundings.leeway);
    let (key, undoes) = (step.attempt.key.to_owned(), step.attempt.undoes.map(str::to_owned));
    let (number, in_doubt, deadline) = (step.attempt.number, step.attempt.in_doubt, step.deadline);
    let work = move || {
        let surroundings = Surroundings { workspace: &workspace, vault: &vault, cancel: &cancel, grace, leeway };
        let tell = {
            // Several threads of an adapter may tell something.
            let say = std::sync::Mutex::new(say.clone());
            move |told: Told<'_>| {
                let told = match told {
                    Told::Line(stream, line) => Heard::Line(stream, line.to_owned()),
                    Told::Progress { percent, message } => Heard::Progress(percent, message.to_owned()),
                };
                // Once it has been left to itself, nobody listens.
                let _ = say.lock().unwrap_or_else(std::sync::PoisonError::into_inner).send(told);
            }
        };
        let context = StepContext {
            contract: &contract,
            attempt: Try { key: &key, number, in_doubt, undoes: undoes.as_deref() },
            inputs: &inputs,
            deadline,
            surroundings: &surroundings,
            tell: &tell,
        };
        let result = caught(|| call(called.as_ref(), &context));
        let _ = say.send(Heard::Returned(result));
    };
    if thread::Builder::new().name("call".into()).spawn(work).is_err() {
        // Without another thread it is waited for, as long as it takes.
        return caught(|| call(adapter.as_ref(), step));
    }
    // One that gives up in time may need the time of grace to ask what it started to end, and as much to force it to.
    let last = deadline.and_then(|deadline| deadline.checked_add(2 * grace + leeway));
    loop {
        let left = last.map(|last| last.saturating_duration_since(clock::instant()));
        let next = match left {
            Some(left) => heard.recv_timeout(left),
            None => heard.recv().map_err(RecvTimeoutError::from),
        };
        match next {
            Ok(Heard::Line(stream, line)) => (step.tell)(Told::Line(stream, &line)),
            Ok(Heard::Progress(percent, message)) => (step.tell)(Told::Progress { percent, message: &message }),
            Ok(Heard::Returned(result)) => return result,
            Err(RecvTimeoutError::Timeout) => {
                let message = "the adapter took too long and does not give up: what it does may take place still";
                return Err(StepError::new(Reason::Abandoned, message));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(StepError::new(Reason::AdapterCrashed, "the adapter broke down"));
            }
        }
    }
}
