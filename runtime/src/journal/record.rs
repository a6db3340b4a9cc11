//! What is in a journal.

use serde::Serialize;
use smol_str::SmolStr;

use super::RowHash;
use crate::approval::{Approvers, Record};
use crate::report::State;

/// An execution, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExecutionSummary {
    /// Its id.
    pub id: SmolStr,
    /// The plan's name.
    pub plan: SmolStr,
    /// The plan's hash.
    pub plan_hash: SmolStr,
    /// The package's name.
    pub package: SmolStr,
    /// The package's version.
    pub version: SmolStr,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub started_at: i64,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// How it ended.
    pub state: RecordedState,
}

/// The state of an execution in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub enum RecordedState {
    /// It runs.
    Running,
    /// It ended without saying how: its process was killed, or the machine went down.
    Interrupted,
    /// It goes on once people agree to what policies ask.
    Waiting,
    /// It ended.
    Finished(State),
}

impl RecordedState {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Waiting => State::Waiting.name(),
            Self::Finished(state) => state.name(),
        }
    }

    pub(super) fn named(name: &str, live: bool) -> Option<Self> {
        match name {
            "running" if live => Some(Self::Running),
            "running" | "interrupted" => Some(Self::Interrupted),
            other => Some(match State::named(other)? {
                State::Waiting => Self::Waiting,
                state => Self::Finished(state),
            }),
        }
    }
}

impl From<RecordedState> for &'static str {
    fn from(state: RecordedState) -> Self {
        state.name()
    }
}

/// An execution with all that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExecutionRecord {
    /// The execution in short.
    #[serde(flatten)]
    pub summary: ExecutionSummary,
    /// Whether what it did is to be undone, as somebody asked.
    pub undoing: bool,
    /// Who can approve what policies ask in it; none where they ask nothing.
    #[serde(skip)]
    pub approvers: Option<Approvers>,
    /// What people have said to that, in order, whether it counts or not.
    #[serde(skip)]
    pub records: Vec<Record>,
    /// What happened, in order.
    pub steps: Vec<StepRecord>,
}

/// Something that happened to a node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepRecord {
    /// Its place in the execution, from 0.
    pub seq: i64,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// The node's id.
    pub node: SmolStr,
    /// The node's address.
    pub address: SmolStr,
    /// What happened.
    pub event: StepEvent,
    /// Which try, from 1; 0 where nothing was tried.
    pub attempt: u32,
    /// More about it: inputs, outputs, reasons. Secrets are references.
    pub data: serde_json::Value,
}

macro_rules! step_events {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal;)*) => {
        /// What happened to a node.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum StepEvent { $($(#[doc = $doc])* $variant,)* }

        impl StepEvent {
            /// Its name in the journal.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(super) fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

step_events! {
    /// Its effect is about to begin.
    Intent = "intent";
    /// A try failed, another is about to begin.
    Retry = "retry";
    /// The interpreter ended while it was under way; it begins again, under the same key.
    Resumed = "resumed";
    /// It succeeded.
    Succeeded = "succeeded";
    /// A policy that had waited for outputs of earlier steps was decided for it.
    Decided = "policy_decided";
    /// It failed for good.
    Failed = "failed";
    /// It was not started.
    Skipped = "skipped";
    /// It is about to be undone.
    UndoIntent = "undo_intent";
    /// It is undone.
    Undone = "undone";
    /// It was to be undone and is not.
    NotUndone = "not_undone";
}

macro_rules! log_events {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal;)*) => {
        /// What a row of the log tells.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[serde(into = "&'static str")]
        pub enum LogEvent {
            $($(#[doc = $doc])* $variant,)*
            /// Something happened to a node.
            Step(StepEvent),
        }

        impl LogEvent {
            /// Its name in the log.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Step(event) => event.name() }
            }

            /// The event of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* other => StepEvent::named(other).map(Self::Step) }
            }
        }
    };
}

log_events! {
    /// The journal was made, or brought into the form that has a log. Always the first row, and only that.
    JournalCreated = "journal_created";
    /// A plan was written down for the first time.
    PlanCompiled = "plan_compiled";
    /// An execution began.
    ExecutionStarted = "execution_started";
    /// An execution went on.
    ExecutionResumed = "execution_resumed";
    /// Somebody asked an execution to end.
    ExecutionCancelRequested = "execution_cancel_requested";
    /// An execution was found to have no process any more.
    ExecutionInterrupted = "execution_interrupted";
    /// What is left of an execution goes on once people agree to what policies ask.
    ExecutionWaiting = "execution_waiting";
    /// Somebody has approved or rejected what a policy asks about an execution, or taken that back.
    ApprovalRecorded = "approval_recorded";
    /// An execution ended.
    ExecutionFinished = "execution_finished";
    /// What the log was at a moment, signed.
    Checkpoint = "checkpoint";
}

impl From<LogEvent> for &'static str {
    fn from(event: LogEvent) -> Self {
        event.name()
    }
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogRow {
    /// Its place in the log, from 1, without gaps.
    pub seq: i64,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// The execution it belongs to; none for what is about the journal.
    pub execution: Option<SmolStr>,
    /// The node's id, where it is about one.
    pub node: Option<SmolStr>,
    /// The node's address.
    pub address: Option<SmolStr>,
    /// What happened.
    pub event: LogEvent,
    /// Which try, from 1; 0 where nothing was tried.
    pub attempt: u32,
    /// More about it. Secrets are references.
    pub data: serde_json::Value,
    /// What binds it to all rows before it.
    pub hash: RowHash,
}

/// An execution that begins.
pub(crate) struct NewExecution {
    pub(crate) id: SmolStr,
    pub(crate) plan: SmolStr,
    pub(crate) plan_hash: SmolStr,
    pub(crate) package: SmolStr,
    pub(crate) version: SmolStr,
    /// The plan file.
    pub(crate) graph: Vec<u8>,
    /// How many steps may run at the same time.
    pub(crate) parallelism: usize,
    /// Who can approve what policies ask; none where they ask nothing.
    pub(crate) approvers: Option<Approvers>,
    /// Whether nothing is executed, and what was found is written down.
    pub(crate) imported: bool,
    pub(crate) at: i64,
}

/// A line to be written about a node.
pub(crate) struct Entry {
    pub(crate) at: i64,
    pub(crate) node: SmolStr,
    pub(crate) address: SmolStr,
    pub(crate) event: StepEvent,
    pub(crate) attempt: u32,
    pub(crate) data: serde_json::Value,
}
