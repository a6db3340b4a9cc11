//! Undoing: what was done, one after the other, in reverse of the plan's order, as far as it can be undone: what was
//! built upon something is undone before that. Where undoing fails, or nobody knows whether it took place, what that was
//! built upon stays; what declares no undo keeps nothing else, unless it may be at work still.

use std::sync::Arc;
use std::time::Duration;

use ordain_graph::{Effect, Undo, Value};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::entry::{entry, key, millis};
use super::{Done, Machine, Moment, Phase, Turn};
use crate::adapters::StepError;
use crate::event::Event;
use crate::execute::past::Undoing;
use crate::execute::preflight::Call;
use crate::execute::world::Job;
use crate::execute::{kept, resolve};
use crate::journal::StepEvent;
use crate::reason::Reason;
use crate::report::UndoOutcome;

impl<'p> Machine<'p> {
    /// Undoes on, up to the next node that takes a call.
    pub(super) fn undo_on(&mut self, now: Moment, cancelled: bool, turn: &mut Turn<'p>) {
        while let Phase::Undoing(left) = self.phase {
            let Some(at) = left.checked_sub(1) else { return self.end(turn) };
            self.phase = Phase::Undoing(at);
            if self.is_in_doubt(at) {
                // It was cut short, or left to itself. What it did, if anything, nobody can tell from here.
                self.undone(at, UndoOutcome::InDoubt, now, turn);
                continue;
            }
            if self.outputs[at].is_none() {
                continue;
            }
            if self.before[at] == Undoing::Done {
                self.undone[at] = Some(UndoOutcome::Undone);
                continue;
            }
            let node = &self.prepared.plan.nodes[at];
            self.nodes[at].since = now.since;
            let outcome = match (&self.blocked[at], &node.undo, &self.prepared.undo[at]) {
                _ if cancelled => UndoOutcome::Cancelled,
                (_, None, _) | (_, _, None) if node.effect == Effect::Read => continue,
                (Some(by), ..) => UndoOutcome::Blocked { address: by.clone() },
                (None, Some(how), Some(call)) => match self.undo_inputs(how, call) {
                    Ok(inputs) => return self.undo_one(at, *call, inputs, now, turn),
                    Err(error) => UndoOutcome::Failed { reason: error.reason, message: error.message },
                },
                (None, None, _) | (None, _, None) => UndoOutcome::Unavailable,
            };
            self.undone(at, outcome, now, turn);
        }
    }

    /// Whether nobody knows what a node did.
    fn is_in_doubt(&self, at: usize) -> bool {
        match &self.nodes[at].done {
            None => self.nodes[at].doubt > 0,
            Some(Done { result: Err(error), .. }) => error.reason == Reason::Abandoned,
            Some(_) => false,
        }
    }

    /// What a node is undone with, and the secrets among it.
    fn undo_inputs(&self, how: &Undo, call: &Call<'_>) -> Result<(Json, Arc<[SmolStr]>), StepError> {
        let inputs = resolve(&how.inputs, &call.contract.input, &|id| self.known(id))?;
        let secrets = kept(&inputs, self.vault)?;
        Ok((call.contract.input.encode(&inputs), secrets))
    }

    fn undo_one(
        &mut self,
        at: usize,
        call: Call<'p>,
        (inputs, secrets): (Json, Arc<[SmolStr]>),
        now: Moment,
        turn: &mut Turn<'p>,
    ) {
        let node = &self.prepared.plan.nodes[at];
        let (undoes, key) = (key(&self.execution, node, "apply"), key(&self.execution, node, "undo"));
        let data = json!({ "capability": call.contract.capability.as_str(), "inputs": inputs, "key": key });
        turn.entries.push(entry(node, StepEvent::UndoIntent, 1, data, now));
        turn.events.push(Event::UndoStarted {
            node: node.id.clone(),
            address: node.address.clone(),
            capability: call.contract.capability.clone(),
        });
        let number = self.begin_call(at);
        turn.jobs.push(Job {
            number,
            at,
            node,
            call,
            key,
            attempt: 1,
            in_doubt: self.before[at] == Undoing::Begun,
            undoes: Some(undoes),
            inputs: Arc::new(inputs),
            secrets,
            deadline: node.timeout.map(|timeout| now.since + Duration::from_millis(timeout)),
        });
    }

    pub(super) fn undo_returned(
        &mut self,
        at: usize,
        result: Result<Value, StepError>,
        now: Moment,
        turn: &mut Turn<'p>,
    ) {
        let outcome = match result {
            Ok(_) => UndoOutcome::Undone,
            Err(error) => UndoOutcome::Failed { reason: error.reason, message: error.message },
        };
        self.undone(at, outcome, now, turn);
    }

    fn undone(&mut self, at: usize, outcome: UndoOutcome, now: Moment, turn: &mut Turn<'p>) {
        let node = &self.prepared.plan.nodes[at];
        let holds = match outcome {
            UndoOutcome::Failed { .. } | UndoOutcome::Blocked { .. } => true,
            // What is over, and could not be undone either if it had succeeded, keeps no more than it would have kept then.
            UndoOutcome::InDoubt => node.undo.is_some() || self.nodes[at].done.is_some(),
            _ => false,
        };
        if holds {
            let by = self.blocked[at].clone().unwrap_or_else(|| node.address.clone());
            for on in node.depends_on.iter().filter_map(|on| self.prepared.position.get(&on.on)) {
                self.blocked[*on].get_or_insert_with(|| by.clone());
            }
        }
        let event = if outcome == UndoOutcome::Undone { StepEvent::Undone } else { StepEvent::NotUndone };
        turn.entries.push(entry(node, event, 1, json!(outcome), now));
        turn.events.push(Event::UndoFinished {
            node: node.id.clone(),
            address: node.address.clone(),
            outcome: outcome.clone(),
            duration_ms: millis(now.since.saturating_sub(self.nodes[at].since)),
        });
        self.undone[at] = Some(outcome);
    }
}
