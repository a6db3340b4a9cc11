//! After the last step: say what was not started, and compute what the plan came to.

use std::time::Duration;

use ordain_graph::{Value, evaluate};
use serde_json::json;

use super::entry::{entry, outcome};
use super::{Goal, Machine, Moment, Phase, Progress, Turn};
use crate::approval::Standing;
use crate::event::Event;
use crate::journal::{JournalError, StepEvent};
use crate::report::{NodeReport, Outcome, Skip, State, UndoOutcome};

/// What an execution came to.
pub(in crate::execute) struct Settled {
    pub(in crate::execute) state: State,
    pub(in crate::execute) nodes: Vec<NodeReport>,
    pub(in crate::execute) approvals: Vec<Standing>,
    pub(in crate::execute) returns: Option<Value>,
    pub(in crate::execute) returns_error: Option<String>,
    pub(in crate::execute) journal: Result<(), JournalError>,
}

impl<'p> Machine<'p> {
    /// Nothing runs, and nothing can start.
    pub(super) fn settle(&mut self, now: Moment, cancelled: bool, turn: &mut Turn<'p>) {
        // What was ready and did not start tells that it was cancelled; what had ended before does not.
        self.cancelled |= cancelled && (!self.begun.is_empty() || self.next().is_some() || !self.held.is_empty());
        self.skips = self.skips();
        if self.docket.asks() {
            self.approvals = self.docket.standings(&|id| self.known(id), now.at);
        }
        let skipped: Vec<_> = self
            .prepared
            .plan
            .nodes
            .iter()
            .zip(&self.skips)
            // What waits for people has not come to an end.
            .filter_map(|(node, skip)| Some((node, skip.as_ref().filter(|skip| **skip != Skip::NotApproved)?)))
            .collect();
        for (node, because) in skipped {
            turn.entries.push(entry(node, StepEvent::Skipped, 0, json!(because), now));
            turn.events.push(Event::StepFinished {
                node: node.id.clone(),
                address: node.address.clone(),
                outcome: Outcome::Skipped { because: because.clone() },
                attempts: 0,
                duration_ms: 0,
            });
        }
        if self.undo && !self.cancelled && self.broken.is_none() {
            self.phase = Phase::Undoing(self.nodes.len());
        } else {
            self.end(turn);
        }
    }

    pub(super) fn end(&mut self, turn: &mut Turn<'p>) {
        self.phase = Phase::Over;
        turn.end = Some(self.state());
    }

    /// Why nodes were not started, by position. Of several causes, that with the least address.
    pub(super) fn skips(&self) -> Vec<Option<Skip>> {
        let nodes = &self.prepared.plan.nodes;
        // The failed node that each node hangs on, itself included.
        let mut cause: Vec<Option<usize>> = vec![None; nodes.len()];
        // Whether people have to agree first, to the node or to what it waits for.
        let mut held = vec![false; nodes.len()];
        self.held.iter().for_each(|at| held[*at] = true);
        let mut skips = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            if let Some(done) = &self.nodes[at].done {
                cause[at] = done.result.is_err().then_some(at);
                skips.push(None);
                continue;
            }
            let positions = node.depends_on.iter().filter_map(|on| self.prepared.position.get(&on.on));
            held[at] |= positions.clone().any(|on| held[*on]);
            cause[at] = positions.filter_map(|on| cause[*on]).min_by_key(|on| &nodes[*on].address);
            let address = |at: usize| nodes[at].address.clone();
            let cancelled =
                |at: usize| self.nodes[at].done.as_ref().is_some_and(|done| outcome(&done.result).is_cancelled());
            skips.push(Some(match (cause[at], self.stopped_by) {
                _ if self.broken.is_some() => Skip::JournalFailed,
                (Some(on), _) if !cancelled(on) => Skip::DependencyFailed { address: address(on) },
                (_, Some(by)) => Skip::Stopped { address: address(by) },
                _ if held[at] && !self.cancelled => Skip::NotApproved,
                _ => Skip::Cancelled,
            }));
        }
        skips
    }

    fn state(&self) -> State {
        let mut undone = self.undone.iter().flatten();
        if self.cancelled || undone.clone().any(|outcome| *outcome == UndoOutcome::Cancelled) {
            State::Cancelled
        } else if self.goal == Goal::Apply && self.nodes.iter().all(Progress::has_succeeded) {
            State::Succeeded
        } else if self.skips.contains(&Some(Skip::NotApproved)) {
            State::Waiting
        } else if !self.undo {
            State::Failed
        } else if self.broken.is_none() && undone.all(|outcome| *outcome == UndoOutcome::Undone) {
            State::Undone
        } else {
            State::PartlyUndone
        }
    }

    /// What the execution came to, once it is over.
    pub(in crate::execute) fn settled(self) -> Settled {
        let state = self.state();
        let (returns, returns_error) = match state {
            State::Succeeded | State::Failed => self.returns(),
            _ => (None, None),
        };
        let rows = self.prepared.plan.nodes.iter().zip(self.nodes).zip(self.outputs).zip(self.undone).zip(self.skips);
        let nodes = rows.map(|((((node, progress), outputs), undo), skip)| {
            let (outcome, attempts, duration) = match (progress.done, skip) {
                (Some(done), None) => (outcome(&done.result), done.attempts, done.duration),
                (_, skip) => {
                    let because = skip.unwrap_or(Skip::Cancelled);
                    (Outcome::Skipped { because }, 0, Duration::ZERO)
                }
            };
            NodeReport {
                id: node.id.clone(),
                address: node.address.clone(),
                outcome,
                undo,
                attempts,
                duration,
                outputs,
            }
        });
        let journal = self.broken.map_or(Ok(()), Err);
        let approvals = self.approvals;
        Settled { state, nodes: nodes.collect(), approvals, returns, returns_error, journal }
    }

    /// What the plan returns, as far as the outputs at hand tell it.
    fn returns(&self) -> (Option<Value>, Option<String>) {
        let Some(returns) = &self.prepared.plan.returns else { return (None, None) };
        match evaluate(returns, &|id| self.known(id)) {
            Ok(value) if value.is_known() => (Some(value), None),
            Ok(_) => (None, None),
            Err(error) => (None, Some(error.to_string())),
        }
    }
}
