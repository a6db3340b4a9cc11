//! What a journal tells of an execution that is gone on with.

use std::time::Duration;

use ordain_graph::Value;
use serde_json::Value as Json;

use super::error::ExecuteError;
use super::machine::Done;
use super::preflight::Prepared;
use crate::adapters::StepError;
use crate::journal::{StepEvent, StepRecord};
use crate::reason::Reason;

/// How far an execution came before, by position.
pub(super) struct Past {
    /// How each node ended. One that was cancelled has not.
    pub(super) done: Vec<Option<Done>>,
    /// The try that was under way, from 1, of a node whose effect may or may not have taken place; 0 for any other.
    pub(super) doubt: Vec<u32>,
    /// How far it is undone.
    pub(super) undone: Vec<Undoing>,
}

/// How far undoing a node came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undoing {
    /// It was not begun, or ended without success.
    Open,
    /// It was begun, and may have had its effect.
    Begun,
    /// It is undone.
    Done,
}

impl Past {
    /// Nothing has happened.
    pub(super) fn none(count: usize) -> Self {
        Self { done: (0..count).map(|_| None).collect(), doubt: vec![0; count], undone: vec![Undoing::Open; count] }
    }

    /// What the journal tells, event by event: the last one of a node counts.
    pub(super) fn read(prepared: &Prepared<'_>, steps: &[StepRecord]) -> Result<Self, ExecuteError> {
        let mut past = Self::none(prepared.plan.nodes.len());
        for step in steps {
            let node = ordain_graph::NodeId(step.node.clone());
            let Some(&at) = prepared.position.get(&node) else {
                return Err(ExecuteError::Misfit(format!("`{}` is no step of it", step.address)));
            };
            match step.event {
                StepEvent::Intent | StepEvent::Retry | StepEvent::Resumed => past.doubt[at] = step.attempt,
                StepEvent::Succeeded | StepEvent::Failed => match ended(prepared, at, step)? {
                    // It may have been cut short at any place, as when the interpreter ends.
                    Done { result: Err(error), .. } if error.reason == Reason::Cancelled => {}
                    done => (past.done[at], past.doubt[at]) = (Some(done), 0),
                },
                StepEvent::UndoIntent => past.undone[at] = Undoing::Begun,
                StepEvent::Undone => past.undone[at] = Undoing::Done,
                StepEvent::NotUndone => {
                    let reason = step.data["reason"].as_str().and_then(Reason::from_code);
                    past.undone[at] = match reason {
                        // It may have been cut short at any place, or be at work still.
                        Some(Reason::Cancelled | Reason::Abandoned) => Undoing::Begun,
                        // Nothing was tried: what was in doubt before is so still.
                        None
                        | Some(
                            Reason::SecretLost
                            | Reason::SecretUnavailable
                            | Reason::InputUnresolved
                            | Reason::InputMismatch,
                        ) => past.undone[at],
                        Some(_) => Undoing::Open,
                    };
                }
                StepEvent::Skipped | StepEvent::Decided => {}
            }
        }
        Ok(past)
    }

    /// How many nodes have ended.
    pub(super) fn ended(&self) -> usize {
        self.done.iter().flatten().count()
    }
}

fn ended(prepared: &Prepared<'_>, at: usize, step: &StepRecord) -> Result<Done, ExecuteError> {
    let misfit = |why: &str| ExecuteError::Misfit(format!("`{}` {why}", step.address));
    let result: Result<Value, StepError> = if step.event == StepEvent::Succeeded {
        let shape = &prepared.calls[at].contract.output;
        Ok(shape.decode(&step.data["outputs"]).map_err(|error| misfit(&format!("gave what it cannot: {error}")))?)
    } else {
        let reason = step.data["reason"].as_str().and_then(Reason::from_code);
        let reason = reason.ok_or_else(|| misfit("failed for no reason that is known"))?;
        Err(StepError::new(reason, step.data["message"].as_str().unwrap_or_default()))
    };
    let duration = Duration::from_millis(step.data.get("duration_ms").and_then(Json::as_u64).unwrap_or(0));
    Ok(Done { result, attempts: step.attempt, duration })
}
