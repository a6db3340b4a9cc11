//! After the last step: undo what is to be undone, say what was not started, compute what the plan returns.

use ordain_graph::{Value, evaluate};
use serde_json::json;

use super::preflight::Prepared;
use super::step::{Engine, entry, outcome};
use super::undo::undo;
use super::workers::Progress;
use crate::event::Event;
use crate::journal::{JournalError, StepEvent};
use crate::report::{NodeReport, Outcome, Skip, State, UndoOutcome};

/// What an execution came to.
pub(super) struct Settled {
    pub(super) state: State,
    pub(super) nodes: Vec<NodeReport>,
    pub(super) returns: Option<Value>,
    pub(super) returns_error: Option<String>,
    pub(super) journal: Result<(), JournalError>,
    pub(super) threads: Option<String>,
}

pub(super) fn settle(engine: &Engine<'_>, prepared: &Prepared<'_>, mut progress: Progress) -> Settled {
    let skips = skips(prepared, &progress);
    let mut journal = match progress.broken.take() {
        Some(error) => Err(error),
        None => tell_skips(engine, prepared, &skips),
    };
    let mut undone = vec![None; prepared.plan.nodes.len()];
    if progress.undo && journal.is_ok() && !progress.cancelled {
        (undone, journal) = undo(engine, prepared, &progress.outputs, &progress.undone);
    }
    let state = state(&progress, &undone, journal.is_ok());
    let (returns, returns_error) = match state {
        State::Succeeded | State::Failed => returns(prepared, &progress.outputs),
        _ => (None, None),
    };
    let rows = prepared.plan.nodes.iter().zip(progress.done).zip(progress.outputs).zip(undone).zip(skips);
    let nodes = rows.map(|((((node, done), outputs), undo), skip)| {
        let (outcome, attempts, duration) = match (done, skip) {
            (Some(done), None) => (outcome(&done.result), done.attempts, done.duration),
            (_, skip) => {
                let because = skip.unwrap_or(Skip::Cancelled);
                (Outcome::Skipped { because }, 0, std::time::Duration::ZERO)
            }
        };
        NodeReport { id: node.id.clone(), address: node.address.clone(), outcome, undo, attempts, duration, outputs }
    });
    Settled { state, nodes: nodes.collect(), returns, returns_error, journal, threads: progress.threads }
}

/// Why nodes were not started, by position. Of several causes, that with the least address.
fn skips(prepared: &Prepared<'_>, progress: &Progress) -> Vec<Option<Skip>> {
    let nodes = &prepared.plan.nodes;
    // The failed node that each node hangs on, itself included.
    let mut cause: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut skips = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let done = progress.done[at].as_ref().filter(|done| done.attempts > 0 || done.journal.is_ok());
        if let Some(done) = done {
            cause[at] = done.result.is_err().then_some(at);
            skips.push(None);
            continue;
        }
        let positions = node.depends_on.iter().filter_map(|on| prepared.position.get(&on.on));
        cause[at] = positions.filter_map(|on| cause[*on]).min_by_key(|on| &nodes[*on].address);
        let address = |at: usize| nodes[at].address.clone();
        let cancelled = |at: usize| progress.done[at].as_ref().is_some_and(|done| outcome(&done.result).is_cancelled());
        skips.push(Some(match (cause[at], progress.stopped_by) {
            _ if progress.broken.is_some() => Skip::JournalFailed,
            (Some(on), _) if !cancelled(on) => Skip::DependencyFailed { address: address(on) },
            (_, Some(by)) => Skip::Stopped { address: address(by) },
            _ => Skip::Cancelled,
        }));
    }
    skips
}

fn tell_skips(engine: &Engine<'_>, prepared: &Prepared<'_>, skips: &[Option<Skip>]) -> Result<(), JournalError> {
    let skipped: Vec<_> =
        prepared.plan.nodes.iter().zip(skips).filter_map(|(node, skip)| Some((node, skip.as_ref()?))).collect();
    if skipped.is_empty() {
        return Ok(());
    }
    let entries = skipped.iter().map(|(node, skip)| entry(node, StepEvent::Skipped, 0, json!(skip)));
    engine.recorder.record(entries.collect())?;
    for (node, because) in skipped {
        (engine.observer)(Event::StepFinished {
            node: node.id.clone(),
            address: node.address.clone(),
            outcome: Outcome::Skipped { because: because.clone() },
            attempts: 0,
            duration_ms: 0,
        });
    }
    Ok(())
}

fn state(progress: &Progress, undone: &[Option<UndoOutcome>], written: bool) -> State {
    let mut undone = undone.iter().flatten();
    if progress.cancelled || undone.clone().any(|outcome| *outcome == UndoOutcome::Cancelled) {
        State::Cancelled
    } else if progress.done.iter().all(|done| done.as_ref().is_some_and(|done| done.result.is_ok())) {
        State::Succeeded
    } else if !progress.undo {
        State::Failed
    } else if written && undone.all(|outcome| *outcome == UndoOutcome::Undone) {
        State::Undone
    } else {
        State::PartlyUndone
    }
}

/// What the plan returns, as far as the outputs at hand tell it.
fn returns(prepared: &Prepared<'_>, outputs: &[Option<Value>]) -> (Option<Value>, Option<String>) {
    let Some(returns) = &prepared.plan.returns else { return (None, None) };
    let known = |id: &ordain_graph::NodeId| outputs[*prepared.position.get(id)?].clone();
    match evaluate(returns, &known) {
        Ok(value) if value.is_known() => (Some(value), None),
        Ok(_) => (None, None),
        Err(error) => (None, Some(error.to_string())),
    }
}
