//! The machine: decides what happens next in an execution. It is told what has happened, and says what is to be written,
//! told and called. It has no threads and no clock and touches nothing, so that the same machine runs plans and is
//! simulated: the same things told in the same order lead to the same decisions.

mod apply;
mod entry;
mod pause;
mod settle;
mod undo;

pub(super) use entry::{key, millis};
#[cfg(test)]
pub(super) use settle::Settled;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ordain_graph::{NodeId, OnFailure, Value};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::limits::{Admission, Limits};
use super::past::{Past, Undoing};
use super::preflight::Prepared;
use super::schedule::Schedule;
use super::world::{Job, Moment, Returned};
use crate::adapters::StepError;
use crate::approval::{Docket, Record, Standing};
use crate::event::Event;
use crate::journal::{Entry, JournalError};
use crate::reason::Reason;
use crate::report::{Skip, State, UndoOutcome};
use crate::vault::Vault;

/// How a node ended.
pub(super) struct Done {
    pub(super) result: Result<Value, StepError>,
    /// How often it was tried; 0 where it could not be.
    pub(super) attempts: u32,
    pub(super) duration: Duration,
}

/// What is to be done: first write, then tell, then call.
#[derive(Default)]
pub(super) struct Turn<'p> {
    pub(super) entries: Vec<Entry>,
    /// Set with the last turn.
    pub(super) end: Option<State>,
    pub(super) events: Vec<Event>,
    pub(super) jobs: Vec<Job<'p>>,
    /// The nodes that end with this turn without having been tried.
    untried: Vec<usize>,
}

/// What an execution is to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Everything done.
    Apply,
    /// What was done undone.
    Undo,
}

/// An execution under way.
pub(super) struct Machine<'p> {
    prepared: &'p Prepared<'p>,
    vault: &'p Vault,
    execution: SmolStr,
    schedule: Schedule,
    admission: Admission,
    goal: Goal,
    docket: Docket<'p>,
    /// Nodes that could start but for people who have to agree first.
    held: Vec<usize>,
    /// What people were asked when it ended, and what became of it.
    approvals: Vec<Standing>,
    phase: Phase,
    /// By position.
    nodes: Vec<Progress>,
    /// The outputs of nodes that succeeded, by position.
    outputs: Vec<Option<Value>>,
    /// When which node is tried again.
    pauses: BTreeSet<(Duration, usize)>,
    /// Nodes whose pause is over.
    again: VecDeque<usize>,
    /// Nodes that an earlier process had begun. They come to their end whatever has failed meanwhile, as those do that
    /// run when something fails.
    begun: VecDeque<usize>,
    /// How many calls there were.
    calls: u64,
    /// How many of them have not come back.
    running: usize,
    /// The failed node with the least address whose failure stopped the execution.
    stopped_by: Option<usize>,
    /// Whether a failure asks for what was done to be undone.
    undo: bool,
    /// Whether the execution was cancelled before its end.
    cancelled: bool,
    broken: Option<JournalError>,
    /// Whether further tries were given up.
    gave_up: bool,
    skips: Vec<Option<Skip>>,
    /// How undoing each node ended, by position.
    undone: Vec<Option<UndoOutcome>>,
    /// Of nodes that must stay as they are, the one that could not be undone.
    blocked: Vec<Option<SmolStr>>,
    /// How far earlier processes came with undoing, by position.
    before: Vec<Undoing>,
}

/// What a machine is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Applying,
    /// Undoing: the nodes before this position are still to be looked at.
    Undoing(usize),
    Over,
}

/// How far a node came.
#[derive(Default)]
struct Progress {
    /// How often it was tried.
    attempts: u32,
    /// The try that was under way when an earlier process ended; 0 where none was.
    doubt: u32,
    /// When it, or its undoing, began.
    since: Duration,
    /// What it is tried with, once it was begun.
    task: Option<Task>,
    /// The call of it, or of its undoing, that has not come back.
    calling: Option<u64>,
    /// Why the last try failed, and how long the pause after it is in milliseconds.
    failed: Option<(StepError, u64)>,
    done: Option<Done>,
}

impl Progress {
    fn has_succeeded(&self) -> bool {
        self.done.as_ref().is_some_and(|done| done.result.is_ok())
    }
}

/// What a node is tried with.
struct Task {
    /// The secrets that the inputs refer to.
    secrets: Arc<[SmolStr]>,
    inputs: Arc<Json>,
    key: String,
    /// The condition of a gate, in which only the node's own outputs are not known yet.
    expect: Option<Value>,
}

impl<'p> Machine<'p> {
    pub(super) fn new(
        prepared: &'p Prepared<'p>,
        vault: &'p Vault,
        execution: SmolStr,
        docket: Docket<'p>,
        limits: &Limits,
        goal: Goal,
        past: Past,
    ) -> Self {
        let count = prepared.plan.nodes.len();
        let mut machine = Self {
            prepared,
            vault,
            execution,
            schedule: Schedule::new(prepared),
            admission: Admission::new(prepared.plan, limits),
            goal,
            docket,
            held: Vec::new(),
            approvals: Vec::new(),
            phase: Phase::Applying,
            nodes: past.doubt.into_iter().map(|doubt| Progress { doubt, ..Progress::default() }).collect(),
            outputs: vec![None; count],
            pauses: BTreeSet::new(),
            again: VecDeque::new(),
            begun: VecDeque::new(),
            calls: 0,
            running: 0,
            stopped_by: None,
            undo: false,
            cancelled: false,
            broken: None,
            gave_up: false,
            skips: vec![None; count],
            undone: vec![None; count],
            blocked: vec![None; count],
            before: past.undone,
        };
        for (at, done) in past.done.into_iter().enumerate() {
            if let Some(done) = done {
                machine.take(at, done);
            }
        }
        let in_doubt = |at: &usize| machine.nodes[*at].doubt > 0 && machine.nodes[*at].done.is_none();
        machine.begun = (0..count).filter(in_doubt).collect();
        if goal == Goal::Undo {
            (machine.phase, machine.undo, machine.stopped_by) = (Phase::Undoing(count), true, None);
            machine.skips = machine.skips();
        }
        machine
    }

    /// Whether people are asked anything, so that it matters what they say.
    pub(super) fn asks(&self) -> bool {
        self.docket.asks() && self.phase == Phase::Applying && self.broken.is_none()
    }

    /// What people have said.
    pub(super) fn hear(&mut self, records: &[Record]) {
        if self.docket.hear(records) {
            std::mem::take(&mut self.held).into_iter().for_each(|at| self.schedule.put_back(at));
        }
    }

    /// What to do, now that calls have come back, time has passed, or the execution is asked to end.
    pub(super) fn turn(&mut self, now: Moment, cancelled: bool, returned: Vec<Returned>) -> Turn<'p> {
        let mut turn = Turn::default();
        for Returned { number, at, result } in returned {
            // An answer that comes twice, or after the call was left to itself, says nothing.
            if self.nodes[at].calling != Some(number) {
                continue;
            }
            self.nodes[at].calling = None;
            self.running -= 1;
            match self.phase {
                Phase::Undoing(_) => self.undo_returned(at, result, now, &mut turn),
                _ => self.returned(at, result, now, &mut turn),
            }
        }
        if self.phase == Phase::Applying {
            self.wake(now, cancelled, &mut turn);
            self.start(now, cancelled, &mut turn);
            if self.running == 0 && self.pauses.is_empty() {
                self.ask_again(now, cancelled, &mut turn);
            }
            if self.running == 0 && self.pauses.is_empty() {
                self.settle(now, cancelled, &mut turn);
            }
        }
        if let Phase::Undoing(_) = self.phase
            && self.running == 0
        {
            self.undo_on(now, cancelled, &mut turn);
        }
        if self.broken.is_some() {
            // What cannot be written is not told as if it were.
            turn.entries.clear();
            turn.events.clear();
            turn.end = None;
        }
        turn
    }

    /// When it wants to be asked again, even if nothing happens.
    pub(super) fn wakes_at(&self) -> Option<Duration> {
        self.pauses.first().map(|(at, _)| *at)
    }

    /// Whether nothing more happens.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The journal could not be written: nothing of that turn takes place, and nothing more is begun.
    pub(super) fn break_off(&mut self, error: JournalError, turn: &Turn<'p>) {
        self.broken.get_or_insert(error);
        for job in &turn.jobs {
            self.running -= 1;
            self.nodes[job.at].calling = None;
            if self.phase != Phase::Applying {
                continue;
            }
            self.admission.release(job.at);
            let node = &mut self.nodes[job.at];
            node.attempts -= 1;
            if let Some((error, _)) = node.failed.take() {
                node.done = Some(Done { result: Err(error), attempts: node.attempts, duration: Duration::ZERO });
            }
        }
        for &at in &turn.untried {
            self.nodes[at].done = None;
        }
        if self.phase != Phase::Applying {
            self.phase = Phase::Over;
            self.skips = self.skips();
        }
    }

    /// A call of a node begins: gives its number.
    fn begin_call(&mut self, at: usize) -> u64 {
        self.calls += 1;
        self.running += 1;
        self.nodes[at].calling = Some(self.calls);
        self.calls
    }

    /// A node has ended, now or before.
    fn take(&mut self, at: usize, done: Done) {
        match &done.result {
            Ok(outputs) => {
                self.outputs[at] = Some(outputs.clone());
                self.schedule.succeeded(at);
            }
            Err(error) if error.reason == Reason::Cancelled => self.cancelled = true,
            Err(_) => match self.prepared.plan.nodes[at].on_failure.unwrap_or(self.prepared.plan.on_failure) {
                OnFailure::Continue => {}
                how => {
                    self.undo |= how == OnFailure::Undo;
                    let least = self.stopped_by.is_none_or(|other| self.schedule.rank(at) < self.schedule.rank(other));
                    self.stopped_by = if least { Some(at) } else { self.stopped_by };
                }
            },
        }
        self.nodes[at].done = Some(done);
    }

    /// The outputs of a node that succeeded.
    fn known(&self, id: &NodeId) -> Option<Value> {
        self.outputs[*self.prepared.position.get(id)?].clone()
    }
}
