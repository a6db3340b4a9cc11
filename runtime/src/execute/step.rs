//! One step: its intent, its tries, its outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use ordain_graph::{Node, NodeKind, Retry, Value, evaluate};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use super::outputs::accept;
use super::preflight::Call;
use crate::adapters::{StepContext, StepError, Surroundings};
use crate::clock;
use crate::event::Event;
use crate::journal::{Entry, JournalError, Recorder, StepEvent};
use crate::reason::Reason;
use crate::report::Outcome;

/// What all steps of an execution use.
pub(super) struct Engine<'a> {
    pub(super) execution: SmolStr,
    pub(super) surroundings: Surroundings<'a>,
    pub(super) recorder: &'a Recorder,
    pub(super) observer: &'a (dyn Fn(Event) + Sync),
}

/// A node that may start.
pub(super) struct Task<'a> {
    pub(super) node: &'a Node,
    pub(super) call: Call<'a>,
    /// The inputs, without anything that waits for execution; or why they could not be computed.
    pub(super) inputs: Result<Value, StepError>,
    /// The condition of a gate, in which only the node's own outputs are not known yet.
    pub(super) expect: Option<Value>,
    /// The try that was under way when an earlier process ended; 0 where none was.
    pub(super) doubt: u32,
}

/// How a node ended.
pub(super) struct Done {
    pub(super) result: Result<Value, StepError>,
    pub(super) attempts: u32,
    pub(super) duration: Duration,
    /// Set where the journal could not be written; then `result` holds only where there is an attempt.
    pub(super) journal: Result<(), JournalError>,
}

impl Engine<'_> {
    /// Executes a node, with its intent in the journal before and its outcome after.
    pub(super) fn execute(&self, task: &Task<'_>) -> Done {
        let since = Instant::now();
        let mut attempts = 0;
        let mut journal = Ok(());
        let result = match &task.inputs {
            Ok(inputs) => self.attempts(task, inputs, &mut attempts, &mut journal),
            Err(error) => Err(error.clone()),
        };
        let duration = since.elapsed();
        if journal.is_ok() {
            journal = self.conclude(task, &result, attempts, duration);
        }
        Done { result, attempts, duration, journal }
    }

    fn attempts(
        &self,
        task: &Task<'_>,
        inputs: &Value,
        attempts: &mut u32,
        journal: &mut Result<(), JournalError>,
    ) -> Result<Value, StepError> {
        let node = task.node;
        let key = self.key(node, "apply");
        let inputs = task.call.contract.input.encode(inputs);
        let not_written = || StepError::new(Reason::Cancelled, "the journal could not be written");
        let data = json!({ "inputs": inputs, "key": key });
        *journal = match task.doubt {
            0 => self.record(node, StepEvent::Intent, 1, data),
            // Its effect may have taken place: whoever looks at the key knows. It is no try that failed.
            attempt => {
                *attempts = attempt - 1;
                self.record(node, StepEvent::Resumed, attempt, data)
            }
        };
        if journal.is_err() {
            return Err(not_written());
        }
        (self.observer)(Event::StepStarted {
            node: node.id.clone(),
            address: node.address.clone(),
            capability: node.capability.clone(),
            stage: node.stage.clone(),
        });
        loop {
            *attempts += 1;
            let in_doubt = *attempts == task.doubt;
            let error = match self.attempt(node, &task.call, &inputs, &key, (*attempts, in_doubt)) {
                Ok(outputs) => match self.hold(task, &outputs) {
                    Ok(()) => return Ok(outputs),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            let pause = match node.retry {
                Some(retry) if !error.reason.is_permanent() && *attempts <= retry.times => pause(retry, *attempts),
                _ => return Err(error),
            };
            let (reason, message) = (error.reason, error.message.clone());
            let pause_ms = millis(pause);
            (self.observer)(Event::StepRetried {
                address: node.address.clone(),
                attempt: *attempts,
                pause_ms,
                reason,
                message: message.clone(),
            });
            if self.surroundings.cancel.wait(pause) {
                let message = format!("cancelled before another try; the last one failed: {message}");
                return Err(StepError::new(Reason::Cancelled, message));
            }
            let data = json!({ "reason": reason, "message": message, "pause_ms": pause_ms });
            *journal = self.record(node, StepEvent::Retry, *attempts + 1, data);
            if journal.is_err() {
                return Err(error);
            }
        }
    }

    /// Calls an adapter once: which try it is, and whether it may have been begun before. The error holds no secrets.
    pub(super) fn attempt(
        &self,
        node: &Node,
        call: &Call<'_>,
        inputs: &Json,
        key: &str,
        (attempt, in_doubt): (u32, bool),
    ) -> Result<Value, StepError> {
        let context = StepContext {
            capability: &call.contract.capability,
            key,
            attempt,
            in_doubt,
            inputs,
            deadline: node.timeout.map(|timeout| Instant::now() + Duration::from_millis(timeout)),
            surroundings: &self.surroundings,
            log: &|stream, line| {
                (self.observer)(Event::Log { address: node.address.clone(), stream, line: line.to_owned() });
            },
        };
        let vault = self.surroundings.vault;
        catch_unwind(AssertUnwindSafe(|| call.adapter.apply(&context)))
            .unwrap_or_else(|_| Err(StepError::new(Reason::AdapterCrashed, "the adapter broke down")))
            .and_then(|given| accept(&node.id, &call.contract.output, given, vault))
            .map_err(|error| StepError::new(error.reason, vault.redact(&error.message)))
    }

    /// Whether a gate's condition holds of its outputs.
    fn hold(&self, task: &Task<'_>, outputs: &Value) -> Result<(), StepError> {
        let NodeKind::Gate { expect } = &task.node.kind else { return Ok(()) };
        let expect = task.expect.as_ref().unwrap_or(expect);
        let own = |id: &ordain_graph::NodeId| (*id == task.node.id).then(|| outputs.clone());
        match evaluate(expect, &own) {
            Ok(Value::Bool(true)) => Ok(()),
            Ok(Value::Bool(false)) => {
                let shown = shorten(&task.call.contract.output.encode(outputs).to_string());
                Err(StepError::new(Reason::GateFailed, format!("its condition does not hold for {shown}")))
            }
            Ok(_) => Err(StepError::new(Reason::GateUndecided, "its condition depends on what is not known")),
            Err(error) => {
                Err(StepError::new(Reason::GateUndecided, format!("its condition cannot be decided: {error}")))
            }
        }
    }

    fn conclude(
        &self,
        task: &Task<'_>,
        result: &Result<Value, StepError>,
        attempts: u32,
        duration: Duration,
    ) -> Result<(), JournalError> {
        let duration_ms = millis(duration);
        let (event, data) = match result {
            Ok(outputs) => {
                let outputs = task.call.contract.output.encode(outputs);
                (StepEvent::Succeeded, json!({ "outputs": outputs, "duration_ms": duration_ms }))
            }
            Err(error) => (
                StepEvent::Failed,
                json!({ "reason": error.reason, "message": error.message, "duration_ms": duration_ms }),
            ),
        };
        self.record(task.node, event, attempts, data)?;
        (self.observer)(Event::StepFinished {
            node: task.node.id.clone(),
            address: task.node.address.clone(),
            outcome: outcome(result),
            attempts,
            duration_ms,
        });
        Ok(())
    }

    pub(super) fn record(&self, node: &Node, event: StepEvent, attempt: u32, data: Json) -> Result<(), JournalError> {
        self.recorder.record(vec![entry(node, event, attempt, data)])
    }

    /// What tells this step of this execution from all others: the adapter's means to do nothing twice.
    pub(super) fn key(&self, node: &Node, what: &str) -> String {
        let text = format!("{}\n{}\n{what}", self.execution, node.id.0);
        let digest = crate::workspace::digest_text(Sha256::new_with_prefix(text));
        digest.trim_start_matches("sha256:").to_owned()
    }
}

/// A line of the journal.
pub(super) fn entry(node: &Node, event: StepEvent, attempt: u32, data: Json) -> Entry {
    Entry { at: clock::now(), node: node.id.0.clone(), address: node.address.clone(), event, attempt, data }
}

/// What a result is in a report.
pub(super) fn outcome(result: &Result<Value, StepError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Succeeded,
        Err(error) => Outcome::Failed { reason: error.reason, message: error.message.clone() },
    }
}

/// The pause after a failed try: the first is the least, each is twice the one before, up to the longest.
fn pause(retry: Retry, failed: u32) -> Duration {
    let factor = 1u64.checked_shl(failed - 1).unwrap_or(u64::MAX);
    Duration::from_millis(retry.min.saturating_mul(factor).min(retry.max.max(retry.min)))
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn shorten(text: &str) -> String {
    const MOST: usize = 500;
    if text.len() <= MOST { text.to_owned() } else { format!("{}…", &text[..text.floor_char_boundary(MOST)]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let retry = Retry { times: 9, min: 1_000, max: 30_000 };
        let pauses: Vec<u64> = (1..=7).map(|failed| millis(pause(retry, failed))).collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(millis(pause(retry, 200)), 30_000);
        assert_eq!(millis(pause(Retry { times: 1, min: 0, max: 0 }, 1)), 0);
    }
}
