//! Rows of the log as CloudEvents 1.0 in JSON (CloudEvents JSON event format 1.0.2), for those who collect events.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::journal::{LogEvent, LogRow, StepEvent};
use crate::reason::Reason;
use crate::report::State;

/// The JSON Schema of these events (2020-12).
pub const EVENT_SCHEMA: &str = include_str!("../../../docs/schemas/event-1.schema.json");

/// An event: the attributes of CloudEvents 1.0, its extension `sequence`, and data whose shape the type tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CloudEvent {
    specversion: &'static str,
    /// The row's number in the log: with the source, that of no other event.
    id: String,
    /// The journal, as a URN.
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The execution, and behind a `/` the address of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    datacontenttype: &'static str,
    dataschema: &'static str,
    /// The order of events as text: the row's number with zeros before it.
    sequence: String,
    data: Json,
}

impl CloudEvent {
    /// The event that a row of a journal's log tells.
    pub fn of(journal: &str, row: &LogRow) -> Self {
        let subject = row.execution.as_ref().map(|execution| match &row.address {
            Some(address) => format!("{execution}/{address}"),
            None => execution.to_string(),
        });
        let mut data = match &row.data {
            Json::Object(members) => members.clone(),
            _ => Map::new(),
        };
        data.insert("row".to_owned(), json!({ "seq": row.seq, "hash": row.hash }));
        if let Some(execution) = &row.execution {
            data.insert("execution".to_owned(), json!(execution));
        }
        if let (Some(node), Some(address)) = (&row.node, &row.address) {
            let step = json!({ "node": node, "address": address, "attempt": row.attempt });
            data.insert("step".to_owned(), step);
        }
        let time = Timestamp::from_millisecond(row.at).unwrap_or_default();
        Self {
            specversion: "1.0",
            id: row.seq.to_string(),
            source: format!("urn:uuid:{journal}"),
            kind: kind(row),
            subject,
            time: format!("{time:.3}"),
            datacontenttype: "application/json",
            dataschema: "urn:ordain:schema:event-1",
            sequence: format!("{:020}", row.seq),
            data: Json::Object(data),
        }
    }

    /// Its type.
    pub fn kind(&self) -> &'static str {
        self.kind
    }
}

fn kind(row: &LogRow) -> &'static str {
    let text = |name: &str| row.data[name].as_str().unwrap_or_default();
    match row.event {
        LogEvent::JournalCreated => "ordain.journal.created",
        LogEvent::Checkpoint => "ordain.journal.checkpoint",
        LogEvent::PlanCompiled => "ordain.plan.compiled",
        LogEvent::ExecutionStarted => "ordain.execution.started",
        LogEvent::ExecutionResumed => "ordain.execution.resumed",
        LogEvent::ExecutionCancelRequested => "ordain.execution.cancel_requested",
        LogEvent::ExecutionInterrupted => "ordain.execution.interrupted",
        LogEvent::ExecutionWaiting => "ordain.execution.waiting",
        LogEvent::ApprovalRecorded => "ordain.approval.recorded",
        LogEvent::ExecutionFinished => match State::named(text("state")) {
            Some(State::Succeeded) => "ordain.execution.completed",
            Some(State::Cancelled) => "ordain.execution.cancelled",
            Some(State::Failed | State::Undone | State::PartlyUndone | State::Waiting) | None => {
                "ordain.execution.failed"
            }
        },
        LogEvent::Step(event) => match event {
            StepEvent::Decided => "ordain.policy.decided",
            StepEvent::Intent => "ordain.execution.step.started",
            StepEvent::Resumed => "ordain.execution.step.resumed",
            StepEvent::Retry => "ordain.execution.step.retried",
            StepEvent::Succeeded => "ordain.execution.step.completed",
            StepEvent::Failed => match Reason::from_code(text("reason")) {
                Some(Reason::PolicyDenied | Reason::PolicyUndecided) => "ordain.execution.step.blocked",
                _ => "ordain.execution.step.failed",
            },
            StepEvent::Skipped => "ordain.execution.step.skipped",
            StepEvent::UndoIntent => "ordain.execution.step.undo.started",
            StepEvent::Undone => "ordain.execution.step.undo.completed",
            StepEvent::NotUndone => "ordain.execution.step.undo.failed",
        },
    }
}
