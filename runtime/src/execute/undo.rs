//! Undoing: what was done, in reverse order, as far as it can be undone.

use std::time::{Duration, Instant};

use ordain_graph::{Effect, Node, Undo, Value};
use serde_json::json;
use smol_str::SmolStr;

use super::past::Undoing;
use super::preflight::{Call, Prepared};
use super::step::{Engine, millis};
use crate::adapters::StepError;
use crate::event::Event;
use crate::journal::{JournalError, StepEvent};
use crate::report::UndoOutcome;

/// Undoes the nodes that succeeded, one after the other, in reverse of the plan's order: what was built upon something
/// is undone before that. Where something cannot be undone, what it was built upon stays.
///
/// `outputs` are those of the nodes that succeeded, and `before` says how far earlier processes came with
/// undoing them, by position.
pub(super) fn undo(
    engine: &Engine<'_>,
    prepared: &Prepared<'_>,
    outputs: &[Option<Value>],
    before: &[Undoing],
) -> (Vec<Option<UndoOutcome>>, Result<(), JournalError>) {
    let nodes = &prepared.plan.nodes;
    let mut outcomes = vec![None; nodes.len()];
    let mut blocked: Vec<Option<SmolStr>> = vec![None; nodes.len()];
    for (at, node) in nodes.iter().enumerate().rev() {
        if outputs[at].is_none() {
            continue;
        }
        if before[at] == Undoing::Done {
            outcomes[at] = Some(UndoOutcome::Undone);
            continue;
        }
        let since = Instant::now();
        let outcome = match (&blocked[at], &node.undo, &prepared.undo[at]) {
            _ if engine.surroundings.cancel.is_cancelled() => UndoOutcome::Cancelled,
            (_, None, _) | (_, _, None) if node.effect == Effect::Read => continue,
            (Some(by), ..) => UndoOutcome::Blocked { address: by.clone() },
            (None, Some(how), Some(call)) => {
                match undo_one(engine, prepared, node, (how, call), outputs, before[at] == Undoing::Begun) {
                    Ok(Ok(_)) => UndoOutcome::Undone,
                    Ok(Err(error)) => UndoOutcome::Failed { reason: error.reason, message: error.message },
                    Err(error) => return (outcomes, Err(error)),
                }
            }
            (None, None, _) | (None, _, None) => UndoOutcome::Unavailable,
        };
        if let UndoOutcome::Failed { .. } | UndoOutcome::Blocked { .. } = outcome {
            let by = blocked[at].clone().unwrap_or_else(|| node.address.clone());
            for on in node.depends_on.iter().filter_map(|on| prepared.position.get(&on.on)) {
                blocked[*on].get_or_insert_with(|| by.clone());
            }
        }
        if let Err(error) = tell(engine, node, &outcome, since.elapsed()) {
            return (outcomes, Err(error));
        }
        outcomes[at] = Some(outcome);
    }
    (outcomes, Ok(()))
}

fn undo_one(
    engine: &Engine<'_>,
    prepared: &Prepared<'_>,
    node: &Node,
    (how, call): (&Undo, &Call<'_>),
    outputs: &[Option<Value>],
    in_doubt: bool,
) -> Result<Result<Value, StepError>, JournalError> {
    let known = |id: &ordain_graph::NodeId| outputs[*prepared.position.get(id)?].clone();
    let inputs = super::resolve(&how.inputs, &call.contract.input, &known)
        .and_then(|inputs| super::kept(&inputs, engine.surroundings.vault).map(|()| inputs));
    let inputs = match inputs {
        Ok(inputs) => call.contract.input.encode(&inputs),
        Err(error) => return Ok(Err(error)),
    };
    let key = engine.key(node, "undo");
    let data = json!({ "capability": call.contract.capability.as_str(), "inputs": inputs, "key": key });
    engine.record(node, StepEvent::UndoIntent, 1, data)?;
    (engine.observer)(Event::UndoStarted {
        node: node.id.clone(),
        address: node.address.clone(),
        capability: call.contract.capability.clone(),
    });
    Ok(engine.attempt(node, call, &inputs, &key, (1, in_doubt)))
}

fn tell(engine: &Engine<'_>, node: &Node, outcome: &UndoOutcome, duration: Duration) -> Result<(), JournalError> {
    let event = if *outcome == UndoOutcome::Undone { StepEvent::Undone } else { StepEvent::NotUndone };
    engine.record(node, event, 1, json!(outcome))?;
    (engine.observer)(Event::UndoFinished {
        node: node.id.clone(),
        address: node.address.clone(),
        outcome: outcome.clone(),
        duration_ms: millis(duration),
    });
    Ok(())
}
