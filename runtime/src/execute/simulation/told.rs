//! The log of a simulated execution, and what replaying it says: an independent checker, held to every seed. A log in
//! which something is changed that cannot have been does not pass it.

use ordain_graph::PlanGraph;
use serde_json::{Value as Json, json};

use super::people::APPROVERS;
use crate::approval::Record;
use crate::journal::{Entry, LogEvent, LogRow, RowHash, StepEvent};
use crate::replay::replay;
use crate::report::State;

/// The rows that an execution has in the log.
#[derive(Default)]
pub(super) struct Told {
    rows: Vec<LogRow>,
    ended: bool,
}

impl Told {
    fn push(&mut self, event: LogEvent, data: Json, entry: Option<&Entry>) {
        self.rows.push(LogRow {
            seq: self.rows.len() as i64 + 1,
            at: entry.map_or(0, |entry| entry.at),
            execution: Some("simulated".into()),
            node: entry.map(|entry| entry.node.clone()),
            address: entry.map(|entry| entry.address.clone()),
            event,
            attempt: entry.map_or(0, |entry| entry.attempt),
            // As it comes back from a disk.
            data: serde_json::from_str(&data.to_string()).expect("it is JSON"),
            hash: RowHash::NONE,
        });
    }

    /// A process begins with it, or goes on.
    pub(super) fn begin(&mut self, plan: &PlanGraph, undo: bool) {
        if self.rows.is_empty() {
            return self.push(
                LogEvent::ExecutionStarted,
                json!({ "plan_hash": plan.hash(), "approvers": APPROVERS.to_json() }),
                None,
            );
        }
        if !self.ended {
            self.push(LogEvent::ExecutionInterrupted, json!({}), None);
        }
        self.ended = false;
        let data = if undo { json!({ "undo": true }) } else { json!({}) };
        self.push(LogEvent::ExecutionResumed, data, None);
    }

    pub(super) fn entry(&mut self, entry: &Entry) {
        self.push(LogEvent::Step(entry.event), entry.data.clone(), Some(entry));
    }

    /// The place of the next row.
    pub(super) fn next(&self) -> i64 {
        self.rows.len() as i64 + 1
    }

    /// Somebody says something.
    pub(super) fn said(&mut self, record: &Record) {
        self.push(LogEvent::ApprovalRecorded, record.to_json(), None);
    }

    /// The process is asked to end it.
    pub(super) fn asked_to_end(&mut self) {
        self.push(LogEvent::ExecutionCancelRequested, json!({}), None);
    }

    pub(super) fn end(&mut self, state: State, at: i64) {
        self.ended = true;
        let event = if state == State::Waiting { LogEvent::ExecutionWaiting } else { LogEvent::ExecutionFinished };
        self.push(event, json!({ "state": state.name() }), None);
        // INVARIANT: there is one.
        self.rows.last_mut().expect("it was put there").at = at;
    }

    /// The rules lead to where the interpreter came.
    pub(super) fn holds(&self, plan: &PlanGraph, end: Option<State>) {
        let replayed = replay(plan, &self.rows);
        assert!(replayed.divergences.is_empty(), "{:#?}\n{}", replayed.divergences, lines(&self.rows));
        assert_eq!(replayed.state, end);
    }

    /// Logs that cannot have been, each with one thing changed, that pass all the same. Gives how many there were.
    pub(super) fn forged(&self, plan: &PlanGraph, rng: &mut fastrand::Rng) -> usize {
        let at = rng.usize(0..self.rows.len());
        let mut tried = 0;
        let mut refuses = |what: &str, change: &dyn Fn(&mut Vec<LogRow>) -> bool| {
            let mut rows = self.rows.clone();
            if change(&mut rows) {
                tried += 1;
                let found = replay(plan, &rows).divergences;
                assert!(!found.is_empty(), "{what} at {at} passes:\n{}", lines(&rows));
            }
        };
        let event = self.rows[at].event;
        refuses("a row that is missing", &|rows| {
            // What comes next of the node, or the end, does not go without it. An interruption goes with everything.
            let process = rows[at + 1..].iter().take_while(|row| row.node.is_some());
            let goes_on = rows[at].node.is_some() && process.clone().any(|row| row.node == rows[at].node);
            let end = rows.get(at + 1 + process.count()).map(|row| &row.data["state"]);
            let ends = end.is_some_and(|state| *state != Json::Null && *state != "cancelled");
            let outcome = matches!(event, LogEvent::Step(StepEvent::Succeeded | StepEvent::Failed | StepEvent::Undone));
            let needed = goes_on || (ends && outcome);
            rows.remove(at);
            needed
        });
        refuses("a step that began before what it waits for", &|rows| {
            if event != LogEvent::Step(StepEvent::Intent) {
                return false;
            }
            let node = plan.nodes.iter().find(|node| Some(&node.id.0) == rows[at].node.as_ref());
            let on = node.and_then(|node| node.depends_on.first());
            let ended = |row: &LogRow| {
                row.event == LogEvent::Step(StepEvent::Succeeded)
                    && on.is_some_and(|on| row.node.as_ref() == Some(&on.on.0))
            };
            let Some(before) = rows.iter().position(ended) else { return false };
            let row = rows.remove(at);
            rows.insert(before, row);
            true
        });
        refuses("another input", &|rows| {
            let is = event == LogEvent::Step(StepEvent::Intent) || event == LogEvent::Step(StepEvent::UndoIntent);
            if is {
                rows[at].data["inputs"]["sum"] = json!(99);
            }
            is
        });
        refuses("another key", &|rows| {
            let key = rows[at].data["key"].as_str();
            let key = key.filter(|_| event == LogEvent::Step(StepEvent::Resumed));
            let changed = key.map(|key| json!(format!("{key}0")));
            changed.map(|changed| rows[at].data["key"] = changed).is_some()
        });
        refuses("an output that is none", &|rows| {
            let is = event == LogEvent::Step(StepEvent::Succeeded);
            if is {
                rows[at].data["outputs"] = json!({ "sum": "many" });
            }
            is
        });
        refuses("another decision", &|rows| {
            let is = event == LogEvent::Step(StepEvent::Decided);
            if is {
                rows[at].data["decision"] = json!(if rows[at].data["decision"] == "deny" { "allow" } else { "deny" });
            }
            is
        });
        refuses("steps that nobody agreed to", &|rows| {
            let asked = |row: &LogRow| {
                let about = |node: &Option<ordain_graph::NodeId>| {
                    node.as_ref().is_none_or(|node| Some(&node.0) == row.node.as_ref())
                };
                let mut verdicts =
                    plan.verdicts.iter().filter(|verdict| about(&verdict.node) && verdict.when.is_none());
                verdicts.any(|verdict| matches!(verdict.outcome, ordain_graph::Outcome::Approval { .. }))
            };
            let begun = rows.iter().any(|row| row.event == LogEvent::Step(StepEvent::Intent) && asked(row));
            rows.retain(|row| row.event != LogEvent::ApprovalRecorded);
            begun
        });
        refuses("another end", &|rows| {
            let is = event == LogEvent::ExecutionFinished && rows[at].data["state"] == "succeeded";
            if is {
                rows[at].data["state"] = json!("failed");
            }
            is
        });
        refuses("a row that is there twice", &|rows| {
            let is =
                matches!(event, LogEvent::Step(event) if !matches!(event, StepEvent::Skipped | StepEvent::NotUndone));
            let row = rows[at].clone();
            rows.insert(at, row);
            is
        });
        tried
    }
}

/// Rows for people.
fn lines(rows: &[LogRow]) -> String {
    let line = |row: &LogRow| {
        let address = row.address.as_deref().unwrap_or_default();
        format!("{} {} {address} {} {}\n", row.seq, row.event.name(), row.attempt, row.data)
    };
    rows.iter().map(line).collect()
}
