//! Events: the progress of an execution, as it happens.

use ordain_graph::NodeId;
use serde::Serialize;
use smol_str::SmolStr;

use crate::approval::Standing;
use crate::reason::Reason;
use crate::report::{Counts, Outcome, State, UndoOutcome};

/// Something that happened during an execution. As JSON, an object with the member `event`. Free of secrets.
///
/// Events of one step arrive in order; those of different steps arrive as they happen, from several threads.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Everything was checked, the journal is open, the first step is about to start.
    ExecutionStarted {
        /// The execution's id.
        execution: SmolStr,
        /// The plan's name.
        plan: SmolStr,
        /// The plan's hash.
        plan_hash: SmolStr,
        /// How many nodes there are.
        nodes: usize,
    },
    /// An execution that was interrupted goes on: as [`Event::ExecutionStarted`].
    ExecutionResumed {
        /// The execution's id.
        execution: SmolStr,
        /// The plan's name.
        plan: SmolStr,
        /// The plan's hash.
        plan_hash: SmolStr,
        /// How many nodes there are.
        nodes: usize,
        /// How many of them had ended before.
        ended: usize,
    },
    /// The intent is in the journal, the adapter is about to be called.
    StepStarted {
        /// The node.
        node: NodeId,
        /// Its address.
        address: SmolStr,
        /// Its capability.
        capability: SmolStr,
        /// Its stage.
        stage: Option<SmolStr>,
    },
    /// A try failed, another follows.
    StepRetried {
        /// The node's address.
        address: SmolStr,
        /// Which try failed, from 1.
        attempt: u32,
        /// The pause before the next try, in milliseconds.
        pause_ms: u64,
        /// Why it failed, as a stable code.
        reason: Reason,
        /// Why it failed, in words.
        message: String,
    },
    /// A line that a step printed.
    Log {
        /// The node's address.
        address: SmolStr,
        /// Where it was printed.
        stream: Stream,
        /// The line.
        line: String,
    },
    /// A step told how far it is.
    StepProgress {
        /// The node's address.
        address: SmolStr,
        /// In hundredths, where that is known.
        percent: Option<u8>,
        /// In words.
        message: String,
    },
    /// The outcome is in the journal. Also sent for nodes that were skipped.
    StepFinished {
        /// The node.
        node: NodeId,
        /// Its address.
        address: SmolStr,
        /// How it ended.
        #[serde(flatten)]
        outcome: Outcome,
        /// How often it was tried.
        attempts: u32,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// A node is about to be undone.
    UndoStarted {
        /// The node that is undone.
        node: NodeId,
        /// Its address.
        address: SmolStr,
        /// The capability that undoes it.
        capability: SmolStr,
    },
    /// It is undone, or is not. Also sent for nodes that could not be undone.
    UndoFinished {
        /// The node that was undone.
        node: NodeId,
        /// Its address.
        address: SmolStr,
        /// How that ended.
        #[serde(flatten)]
        outcome: UndoOutcome,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// Nothing more happens until people agree to what policies ask. Sent in place of [`Event::ExecutionFinished`].
    ExecutionWaiting {
        /// The execution's id.
        execution: SmolStr,
        /// What they are asked, and what became of it.
        approvals: Vec<Standing>,
        /// How many nodes ended how.
        #[serde(flatten)]
        counts: Counts,
        /// How long it took so far, in milliseconds.
        duration_ms: u64,
    },
    /// Nothing more happens.
    ExecutionFinished {
        /// The execution's id.
        execution: SmolStr,
        /// How it ended.
        state: State,
        /// How many nodes ended how.
        #[serde(flatten)]
        counts: Counts,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
}

/// Where a step printed a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}
