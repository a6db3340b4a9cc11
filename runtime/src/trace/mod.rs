//! Traces: when what happened in an execution, step by step, as the log tells it.

mod cloudevents;

pub use cloudevents::{CloudEvent, EVENT_SCHEMA};

use std::collections::HashMap;

use ordain_graph::PlanGraph;
use serde::Serialize;
use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::approval::{Approvers, Case, Record, Word};
use crate::journal::{LogEvent, LogRow, StepEvent};

/// The course of an execution. Times are milliseconds since 1970-01-01 UTC.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// When it began.
    pub started_at: i64,
    /// When the last thing happened that the log tells.
    pub ended_at: i64,
    /// The processes that carried it out.
    pub processes: Vec<Process>,
    /// Its steps: in the plan's order, or where the plan is not kept, as they first occur.
    pub steps: Vec<TracedStep>,
    /// What people said to what policies ask, in the order in which it was written down.
    pub said: Vec<TracedWord>,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TracedWord {
    /// When it was written down.
    pub at: i64,
    /// The row of the log.
    pub row: i64,
    /// Who said what to which policy, and why; or why that does not count.
    pub word: Word,
}

/// A process that carried an execution out, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Process {
    /// When it began.
    pub from: i64,
    /// When the last thing happened in it.
    pub to: i64,
    /// How it ended: the state of the execution, or `interrupted`; none where it has not, as far as the log tells.
    pub ended: Option<SmolStr>,
    /// Whether it undid the execution, as somebody asked.
    pub undo: bool,
}

/// What happened to a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TracedStep {
    /// The node's id.
    pub node: SmolStr,
    /// Its address.
    pub address: SmolStr,
    /// Its capability, where the plan is kept.
    pub capability: Option<SmolStr>,
    /// Its stage.
    pub stage: Option<SmolStr>,
    /// When it could have begun: what it waits for had succeeded. None where that never was.
    pub ready_at: Option<i64>,
    /// Its tries, in order.
    pub tries: Vec<Try>,
    /// How it ended: `succeeded`, `failed` or `skipped`; none where it has not.
    pub outcome: Option<&'static str>,
    /// When.
    pub ended_at: Option<i64>,
    /// Why it failed or was skipped, as a stable code.
    pub reason: Option<SmolStr>,
    /// Why, in words.
    pub message: Option<String>,
    /// The decisions of policies that had waited for outputs, with why they were decided so.
    pub decisions: Vec<Json>,
    /// What became of undoing it.
    pub undo: Option<TracedUndo>,
}

/// One try of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Try {
    /// Its number, from 1. One that an interruption cut short has the same number as the one that goes on with it.
    pub number: u32,
    /// When it began.
    pub from: i64,
    /// When it ended; none where nobody wrote that down.
    pub to: Option<i64>,
    /// How: `succeeded`, `interrupted`, or the reason why it failed.
    pub ended: Option<SmolStr>,
}

/// What became of undoing a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TracedUndo {
    /// When it began; none where it was not tried.
    pub from: Option<i64>,
    /// When it ended.
    pub to: Option<i64>,
    /// How: `undone`, `failed`, `unavailable`, `blocked`, `in_doubt` or `cancelled`.
    pub ended: Option<SmolStr>,
}

impl Trace {
    /// The course of an execution from its rows in the log. Without its plan, nothing is known of capabilities and of what
    /// steps waited for.
    pub fn of(plan: Option<&PlanGraph>, rows: &[LogRow]) -> Self {
        let mut tracer = Tracer::new(plan, rows);
        for row in rows {
            tracer.take(row);
        }
        tracer.finish(plan)
    }
}

struct Tracer {
    trace: Trace,
    position: HashMap<SmolStr, usize>,
    /// The steps that began and have not ended.
    under_way: Vec<usize>,
    /// What statements of people have to be about.
    case: Option<Case>,
}

impl Tracer {
    fn new(plan: Option<&PlanGraph>, rows: &[LogRow]) -> Self {
        let at = rows.first().map_or(0, |row| row.at);
        let trace = Trace { started_at: at, ended_at: at, processes: Vec::new(), steps: Vec::new(), said: Vec::new() };
        let mut tracer = Self { trace, position: HashMap::new(), under_way: Vec::new(), case: None };
        for node in plan.iter().flat_map(|plan| &plan.nodes) {
            let at = tracer.step(&node.id.0, &node.address);
            let step = &mut tracer.trace.steps[at];
            (step.capability, step.stage) = (Some(node.capability.clone()), node.stage.clone());
        }
        tracer
    }

    fn step(&mut self, node: &SmolStr, address: &SmolStr) -> usize {
        *self.position.entry(node.clone()).or_insert_with(|| {
            self.trace.steps.push(TracedStep {
                node: node.clone(),
                address: address.clone(),
                capability: None,
                stage: None,
                ready_at: None,
                tries: Vec::new(),
                outcome: None,
                ended_at: None,
                reason: None,
                message: None,
                decisions: Vec::new(),
                undo: None,
            });
            self.trace.steps.len() - 1
        })
    }

    fn take(&mut self, row: &LogRow) {
        let at = row.at;
        match row.event {
            LogEvent::ExecutionStarted | LogEvent::ExecutionResumed => {
                if let Some(approvers) = Approvers::from_json(&row.data["approvers"]) {
                    let execution = row.execution.clone().unwrap_or_default();
                    let plan_hash = row.data["plan_hash"].as_str().unwrap_or_default().into();
                    self.case = Some(Case::new(execution, plan_hash, approvers));
                }
                let undo = row.data["undo"] == true;
                self.trace.processes.push(Process { from: at, to: at, ended: None, undo });
            }
            LogEvent::ExecutionInterrupted => {
                // That it was is found out later, by whoever comes next.
                self.cut_short("interrupted");
            }
            LogEvent::ExecutionFinished | LogEvent::ExecutionWaiting => {
                self.last(at);
                self.cut_short(row.data["state"].as_str().unwrap_or_default());
            }
            LogEvent::Step(event) => {
                self.last(at);
                if let (Some(node), Some(address)) = (&row.node, &row.address) {
                    let step = self.step(node, address);
                    self.happened(step, event, row);
                }
            }
            LogEvent::ApprovalRecorded => {
                let word = Word::of(self.case.as_ref(), &Record::from_json(&row.data));
                self.trace.said.push(TracedWord { at, row: row.seq, word });
            }
            LogEvent::JournalCreated
            | LogEvent::PlanCompiled
            | LogEvent::ExecutionCancelRequested
            | LogEvent::Checkpoint => {}
        }
    }

    fn last(&mut self, at: i64) {
        self.trace.ended_at = self.trace.ended_at.max(at);
        if let Some(process) = self.trace.processes.last_mut() {
            process.to = process.to.max(at);
        }
    }

    /// The process has ended: what was under way in it did so at the latest when the last thing happened.
    fn cut_short(&mut self, how: &str) {
        let Some(process) = self.trace.processes.last_mut().filter(|process| process.ended.is_none()) else { return };
        process.ended = Some(how.into());
        let to = process.to;
        for at in std::mem::take(&mut self.under_way) {
            if let Some(last) = self.trace.steps[at].tries.last_mut().filter(|last| last.ended.is_none()) {
                (last.to, last.ended) = (Some(to.max(last.from)), Some("interrupted".into()));
            }
        }
    }

    fn happened(&mut self, at: usize, event: StepEvent, row: &LogRow) {
        let (time, data) = (row.at, &row.data);
        let text = |name: &str| data[name].as_str().map(SmolStr::from);
        let step = &mut self.trace.steps[at];
        match event {
            StepEvent::Decided => step.decisions.push(data.clone()),
            StepEvent::Intent | StepEvent::Resumed => {
                (step.outcome, step.ended_at, step.reason, step.message) = (None, None, None, None);
                step.tries.push(Try { number: row.attempt, from: time, to: None, ended: None });
                self.under_way.push(at);
            }
            StepEvent::Retry => {
                if let Some(last) = step.tries.last_mut() {
                    let pause = data["pause_ms"].as_i64().unwrap_or(0);
                    (last.to, last.ended) = (Some((time - pause).max(last.from)), text("reason"));
                }
                step.tries.push(Try { number: row.attempt, from: time, to: None, ended: None });
            }
            StepEvent::Succeeded | StepEvent::Failed => {
                let failed = event == StepEvent::Failed;
                let ended = if failed { text("reason") } else { Some("succeeded".into()) };
                if let Some(last) = step.tries.last_mut().filter(|last| last.ended.is_none()) {
                    (last.to, last.ended) = (Some(time.max(last.from)), ended);
                }
                step.outcome = Some(if failed { "failed" } else { "succeeded" });
                (step.ended_at, step.reason) = (Some(time), text("reason"));
                step.message = data["message"].as_str().map(str::to_owned);
                self.under_way.retain(|other| *other != at);
            }
            StepEvent::Skipped => {
                (step.outcome, step.ended_at, step.reason) = (Some("skipped"), Some(time), text("why"));
                step.message = data["address"].as_str().map(|address| format!("because of `{address}`"));
            }
            StepEvent::UndoIntent => step.undo = Some(TracedUndo { from: Some(time), to: None, ended: None }),
            StepEvent::Undone | StepEvent::NotUndone => {
                let undo = step.undo.get_or_insert(TracedUndo { from: None, to: None, ended: None });
                if undo.ended.is_some() {
                    undo.from = None;
                }
                (undo.to, undo.ended) = (Some(time), text("undo"));
                if let Some(message) = data["message"].as_str() {
                    step.message = Some(message.to_owned());
                }
            }
        }
    }

    fn finish(mut self, plan: Option<&PlanGraph>) -> Trace {
        for (at, node) in plan.iter().flat_map(|plan| &plan.nodes).enumerate() {
            let succeeded = |on: &ordain_graph::Dependency| {
                let step = &self.trace.steps[*self.position.get(&on.on.0)?];
                step.ended_at.filter(|_| step.outcome == Some("succeeded"))
            };
            let mut last = node.depends_on.iter().map(succeeded);
            let last = last.try_fold(self.trace.started_at, |latest, each| each.map(|each| latest.max(each)));
            self.trace.steps[at].ready_at = last;
        }
        self.trace
    }
}
