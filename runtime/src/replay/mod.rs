//! Replay: goes through what the log tells of an execution, decides again what was decided, and touches nothing.
//!
//! It knows the plan, the log and the rules, and nothing of how the interpreter works: what may begin and with what,
//! which policies stand against it, what may be tried again, what is skipped, what is undone and in which order, how it
//! all ends. Outcomes of steps are taken from the log. Where the log tells something else than the rules allow, that is
//! a divergence.

mod apply;
mod people;
mod settle;
mod undo;
mod verdicts;

use std::collections::HashMap;

use ordain_graph::{NodeId, OnFailure, PlanGraph, Value, Verdict};
use serde::Serialize;
use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::approval::{Approvers, Docket, Record};
use crate::journal::{LogEvent, LogRow, StepEvent};
use crate::reason::Reason;
use crate::report::State;

/// What replaying an execution came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// How many rows there were.
    pub rows: usize,
    /// How the execution ended by the rules; `None` where it has not.
    pub state: Option<State>,
    /// Every node, in the plan's order.
    pub nodes: Vec<Replayed>,
    /// Where the log and the rules part, in the order of the log. After the first, others may only follow from it.
    pub divergences: Vec<Divergence>,
}

/// How a node ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Its address.
    pub address: SmolStr,
    /// `waiting`, `under_way`, `succeeded`, `failed`, `skipped`, `undone` or `not_undone`.
    pub state: &'static str,
    /// How often it was tried.
    pub attempts: u32,
}

/// A place where the log tells what cannot have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// The row of the log; the last of the execution where something is missing after it.
    pub row: i64,
    /// The address of the node it is about.
    pub address: Option<SmolStr>,
    /// What is wrong.
    pub what: String,
}

/// Replays an execution: the rows that the log has of it, over the plan that it executes.
pub fn replay(plan: &PlanGraph, rows: &[LogRow]) -> Replay {
    let mut replay = Replayer::new(plan);
    for row in rows {
        replay.row = row.seq;
        replay.take(row);
    }
    replay.finish(rows.len())
}

/// How far applying a node came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    /// A try is under way.
    Running(u32),
    /// A try was under way when the process ended, or was cut short.
    Doubt(u32),
    Succeeded,
    Failed(Reason),
}

/// How far undoing a node came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undoing {
    Open,
    Begun,
    Undone,
    /// It was not, for a reason; only as long as this process lives.
    Failed,
    Unavailable,
    Blocked,
    /// It was cut short, so that nobody knows what it did.
    InDoubt,
    Cancelled,
}

struct Node {
    progress: Progress,
    attempts: u32,
    outputs: Option<Value>,
    /// Whether this process has said that it is skipped.
    skipped: bool,
    /// How many decisions of policies this process wrote down for it.
    decided: usize,
    undo: Undoing,
    /// The address of what could not be undone and was built upon it.
    blocked: Option<SmolStr>,
}

/// What the process is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is none yet.
    Before,
    Applying,
    /// Nothing is begun any more.
    Settling,
    /// It ended without a word.
    Gone,
    /// It ended the execution.
    Ended(State),
}

struct Replayer<'p> {
    plan: &'p PlanGraph,
    position: HashMap<&'p str, usize>,
    /// The nodes that wait for each, by position.
    dependents: Vec<Vec<usize>>,
    /// The verdicts about each node that wait for outputs, in the plan's order.
    pending: HashMap<&'p str, Vec<&'p Verdict>>,
    /// Whose key each is: of a node, and whether to undo it.
    keys: HashMap<String, (usize, bool)>,
    /// The key of each.
    key_of: HashMap<(usize, bool), String>,
    /// The failed node that each hangs on, once nothing begins any more.
    causes: Option<Vec<Option<usize>>>,
    nodes: Vec<Node>,
    phase: Phase,
    /// Comes from a journal of before the log, which does not tell everything.
    migrated: bool,
    /// Whether a step of this process was cancelled, or skipped because the execution was.
    cancelled: bool,
    /// The failed node with the least address whose failure stops the execution.
    stopped_by: Option<usize>,
    /// Whether a failure asks for what was done to be undone.
    undo: bool,
    /// Whether somebody asked it to end since a process began with it.
    cancel_requested: bool,
    /// Whether somebody asked for the execution to be undone as a whole.
    taken_back: bool,
    /// What people are asked, once it has begun.
    docket: Option<Docket<'p>>,
    /// All that they have said so far.
    records: Vec<Record>,
    /// When the turn was whose rows are read.
    turn: Option<i64>,
    /// How much of it the process had heard in this turn at least, and how much was said by its last row.
    heard: usize,
    told: usize,
    /// When the last row of the process was written.
    now: i64,
    row: i64,
    divergences: Vec<Divergence>,
}

impl<'p> Replayer<'p> {
    fn new(plan: &'p PlanGraph) -> Self {
        let node = || Node {
            progress: Progress::Waiting,
            attempts: 0,
            outputs: None,
            skipped: false,
            decided: 0,
            undo: Undoing::Open,
            blocked: None,
        };
        let position: HashMap<&str, usize> =
            plan.nodes.iter().enumerate().map(|(at, node)| (node.id.0.as_str(), at)).collect();
        let mut dependents = vec![Vec::new(); plan.nodes.len()];
        for (at, node) in plan.nodes.iter().enumerate() {
            for on in node.depends_on.iter().filter_map(|on| position.get(on.on.0.as_str())) {
                dependents[*on].push(at);
            }
        }
        let mut pending: HashMap<&str, Vec<&Verdict>> = HashMap::new();
        for verdict in plan.verdicts.iter().filter(|verdict| verdict.when.is_some() && verdict.exempt.is_none()) {
            if let Some(node) = &verdict.node {
                pending.entry(node.0.as_str()).or_default().push(verdict);
            }
        }
        Self {
            plan,
            position,
            dependents,
            pending,
            keys: HashMap::new(),
            key_of: HashMap::new(),
            causes: None,
            nodes: plan.nodes.iter().map(|_| node()).collect(),
            phase: Phase::Before,
            migrated: false,
            cancelled: false,
            stopped_by: None,
            undo: false,
            cancel_requested: false,
            taken_back: false,
            docket: None,
            records: Vec::new(),
            turn: None,
            heard: 0,
            told: 0,
            now: 0,
            row: 0,
            divergences: Vec::new(),
        }
    }

    /// The log and the rules part.
    fn diverges(&mut self, at: Option<usize>, what: impl Into<String>) {
        let address = at.map(|at| self.plan.nodes[at].address.clone());
        self.divergences.push(Divergence { row: self.row, address, what: what.into() });
    }

    fn take(&mut self, row: &LogRow) {
        if matches!(row.event, LogEvent::Step(_) | LogEvent::ExecutionWaiting) {
            self.writes(row.at);
        }
        match row.event {
            LogEvent::Step(event) => self.step(row, event),
            LogEvent::ApprovalRecorded => self.said(row),
            LogEvent::ExecutionWaiting => self.waits(),
            LogEvent::ExecutionStarted => {
                let (id, hash) = (row.execution.clone().unwrap_or_default(), self.plan.hash());
                let approvers = Approvers::from_json(&row.data["approvers"]);
                self.docket = Some(Docket::new(self.plan, id, hash, approvers.as_ref()));
                self.started(&row.data);
            }
            LogEvent::ExecutionResumed => {
                let over = matches!(self.phase, Phase::Ended(_)) && row.data["undo"] == true;
                if !over && !matches!(self.phase, Phase::Gone | Phase::Ended(State::Cancelled | State::Waiting)) {
                    self.diverges(None, "it went on although it had not been interrupted");
                }
                self.begin();
                if row.data["undo"] == true {
                    (self.phase, self.taken_back, self.undo) = (Phase::Settling, true, true);
                }
            }
            LogEvent::ExecutionCancelRequested => self.cancel_requested = true,
            LogEvent::ExecutionInterrupted => {
                if !matches!(self.phase, Phase::Applying | Phase::Settling) {
                    self.diverges(None, "it was interrupted although it was not under way");
                }
                self.phase = Phase::Gone;
            }
            LogEvent::ExecutionFinished => self.finished(&row.data),
            LogEvent::JournalCreated | LogEvent::PlanCompiled | LogEvent::Checkpoint => {}
        }
    }

    fn started(&mut self, data: &Json) {
        if self.phase != Phase::Before {
            self.diverges(None, "it began twice");
        }
        if data["plan_hash"].as_str() != Some(self.plan.hash().as_str()) {
            self.diverges(None, "it executes another plan than the one that is kept");
        }
        self.migrated = data["migrated"] == true;
        self.begin();
    }

    /// A process begins with it, or goes on.
    fn begin(&mut self) {
        (self.phase, self.taken_back, self.cancel_requested) = (Phase::Applying, false, false);
        (self.cancelled, self.stopped_by, self.undo, self.causes) = (false, None, false, None);
        // Whoever goes on hears all that was said before.
        (self.turn, self.told) = (None, self.records.len());
        for at in 0..self.nodes.len() {
            let node = &mut self.nodes[at];
            (node.skipped, node.decided, node.blocked) = (false, 0, None);
            match node.progress {
                Progress::Running(attempt) => node.progress = Progress::Doubt(attempt),
                // It may have been cut short at any place.
                Progress::Failed(Reason::Cancelled) => node.progress = Progress::Doubt(node.attempts.max(1)),
                _ => {}
            }
            if node.undo != Undoing::Undone {
                node.undo = Undoing::Open;
            }
            if let Progress::Failed(reason) = self.nodes[at].progress {
                self.failed(at, reason);
            }
        }
    }

    /// What the failure of a node means for the others.
    fn failed(&mut self, at: usize, reason: Reason) {
        if reason == Reason::Cancelled {
            self.cancelled = true;
            return;
        }
        match self.plan.nodes[at].on_failure.unwrap_or(self.plan.on_failure) {
            OnFailure::Continue => {}
            how => {
                self.undo |= how == OnFailure::Undo;
                let address = |at: usize| (&self.plan.nodes[at].address, at);
                let least = self.stopped_by.is_none_or(|other| address(at) < address(other));
                self.stopped_by = if least { Some(at) } else { self.stopped_by };
            }
        }
    }

    fn step(&mut self, row: &LogRow, event: StepEvent) {
        let id = row.node.as_deref().unwrap_or_default();
        let Some(&at) = self.position.get(id) else {
            let address = row.address.clone();
            let what = "it is no step of the plan".to_owned();
            return self.divergences.push(Divergence { row: self.row, address, what });
        };
        if row.address.as_ref() != Some(&self.plan.nodes[at].address) {
            self.diverges(Some(at), "it has another address in the log");
        }
        match self.phase {
            Phase::Applying | Phase::Settling => {}
            Phase::Ended(_) => self.diverges(Some(at), "it happened after the execution had ended"),
            Phase::Before | Phase::Gone => self.diverges(Some(at), "it happened while no process executed the plan"),
        }
        // Journals of before the log do not tell when an execution went on.
        let again = matches!(event, StepEvent::Intent | StepEvent::Resumed);
        if self.migrated && (event == StepEvent::Resumed || (again && self.phase == Phase::Settling)) {
            self.begin();
        }
        let data = &row.data;
        match event {
            StepEvent::Decided => self.decided(at, data),
            StepEvent::Intent | StepEvent::Resumed => self.begun(at, row.attempt, data, event == StepEvent::Resumed),
            StepEvent::Retry => self.retried(at, row.attempt, data),
            StepEvent::Succeeded => self.succeeded(at, row.attempt, data),
            StepEvent::Failed => self.gave_up(at, row.attempt, data),
            StepEvent::Skipped => self.skipped(at, data),
            StepEvent::UndoIntent => self.undo_begun(at, data),
            StepEvent::Undone => self.undone(at),
            StepEvent::NotUndone => self.not_undone(at, data),
        }
    }

    /// The outputs of a node that succeeded.
    fn known(&self, id: &NodeId) -> Option<Value> {
        self.nodes[*self.position.get(id.0.as_str())?].outputs.clone()
    }

    /// A key belongs to one thing for ever, and to no other.
    fn key(&mut self, at: usize, undoes: bool, data: &Json) {
        let Some(key) = data["key"].as_str().map(str::to_owned) else {
            return self.diverges(Some(at), "it has no key");
        };
        let whose = (at, undoes);
        if self.key_of.get(&whose).is_some_and(|own| *own != key) {
            self.diverges(Some(at), "its key is another than before");
        } else if self.keys.get(&key).is_some_and(|other| *other != whose) {
            self.diverges(Some(at), "its key is that of another step");
        }
        self.keys.insert(key.clone(), whose);
        self.key_of.insert(whose, key);
    }

    fn finish(self, rows: usize) -> Replay {
        let state = match self.phase {
            Phase::Ended(state) => Some(state),
            _ => None,
        };
        let nodes = self.plan.nodes.iter().zip(&self.nodes).map(|(node, known)| Replayed {
            address: node.address.clone(),
            attempts: known.attempts,
            state: match (known.undo, known.progress) {
                (Undoing::Undone, _) => "undone",
                (Undoing::Open, Progress::Succeeded) => "succeeded",
                (_, Progress::Succeeded) => "not_undone",
                (_, Progress::Failed(_)) => "failed",
                _ if known.skipped => "skipped",
                (_, Progress::Running(_) | Progress::Doubt(_)) => "under_way",
                (_, Progress::Waiting) => "waiting",
            },
        });
        Replay { rows, state, nodes: nodes.collect(), divergences: self.divergences }
    }
}
