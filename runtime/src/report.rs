//! Reports: how an execution ended, node by node.

use std::time::Duration;

use ordain_graph::{NodeId, Value};
use serde::Serialize;
use smol_str::SmolStr;

use crate::approval::Standing;
use crate::reason::Reason;

/// How an execution ended.
#[derive(Clone, Debug)]
pub struct ExecutionReport {
    /// The execution's id, as in the journal.
    pub execution: SmolStr,
    /// The plan's name.
    pub plan: SmolStr,
    /// The plan's hash.
    pub plan_hash: SmolStr,
    /// How it ended.
    pub state: State,
    /// How long it took.
    pub duration: Duration,
    /// What people are asked, and what became of it.
    pub approvals: Vec<Standing>,
    /// Every node, in the plan's order.
    pub nodes: Vec<NodeReport>,
    /// What the plan returns, where it returns something and every node it needs succeeded.
    pub returns: Option<Value>,
    /// Why there is no result although every node succeeded.
    pub returns_error: Option<String>,
}

/// How one node ended.
#[derive(Clone, Debug)]
pub struct NodeReport {
    /// Its id.
    pub id: NodeId,
    /// Its address.
    pub address: SmolStr,
    /// How it ended.
    pub outcome: Outcome,
    /// What became of it when the plan was undone; `None` where it was not to be undone.
    pub undo: Option<UndoOutcome>,
    /// How often it was tried.
    pub attempts: u32,
    /// How long all tries took, with the pauses between them.
    pub duration: Duration,
    /// Its outputs, where it succeeded. Secrets are references.
    pub outputs: Option<Value>,
}

/// How an execution ended as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Every node succeeded.
    Succeeded,
    /// A node failed; what was done stands.
    Failed,
    /// A node failed, and everything that was done before is undone.
    Undone,
    /// A node failed, and not everything that was done before could be undone.
    PartlyUndone,
    /// It was cancelled; what was done stands.
    Cancelled,
    /// It has not ended: what is left goes on once people agree to what policies ask.
    Waiting,
}

impl State {
    /// Its name in the journal and in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::PartlyUndone => "partly_undone",
            Self::Cancelled => "cancelled",
            Self::Waiting => "waiting",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Succeeded, Self::Failed, Self::Undone, Self::PartlyUndone, Self::Cancelled, Self::Waiting];
        all.into_iter().find(|state| state.name() == name)
    }
}

/// How a node ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it should, and its outputs are as promised.
    Succeeded,
    /// It did not.
    Failed {
        /// Why, as a stable code.
        reason: Reason,
        /// Why, in words. Free of secrets.
        message: String,
    },
    /// It was not started.
    Skipped {
        /// Why.
        because: Skip,
    },
}

/// Why a node was not started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Skip {
    /// Something it waits for, perhaps through others, failed.
    DependencyFailed {
        /// The address of the node that failed.
        address: SmolStr,
    },
    /// Another node failed, and the plan says to stop then.
    Stopped {
        /// The address of the node that failed.
        address: SmolStr,
    },
    /// The execution was cancelled before.
    Cancelled,
    /// People have to agree to it first, or to something it waits for.
    NotApproved,
    /// The journal could not be written any more, so that nothing more was started.
    JournalFailed,
}

/// What became of a node that was to be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "undo", rename_all = "snake_case")]
pub enum UndoOutcome {
    /// It is undone.
    Undone,
    /// Its undoing failed; what it did stands.
    Failed {
        /// Why, as a stable code.
        reason: Reason,
        /// Why, in words. Free of secrets.
        message: String,
    },
    /// Its capability declares no way to undo it; what it did stands.
    Unavailable,
    /// It was left as it is, because something built upon it could not be undone.
    Blocked {
        /// The address of the node that could not be undone.
        address: SmolStr,
    },
    /// It was cut short when the execution was cancelled; what it did, if anything, stands.
    InDoubt,
    /// The execution was cancelled before its turn came; what it did stands.
    Cancelled,
}

/// How many nodes ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Those that succeeded, also where they were undone afterwards.
    pub succeeded: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that were not started.
    pub skipped: usize,
    /// Those that succeeded and were undone.
    pub undone: usize,
}

impl ExecutionReport {
    /// How many nodes ended how.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for node in &self.nodes {
            match node.outcome {
                Outcome::Succeeded => counts.succeeded += 1,
                Outcome::Failed { .. } => counts.failed += 1,
                Outcome::Skipped { .. } => counts.skipped += 1,
            }
            counts.undone += usize::from(node.undo == Some(UndoOutcome::Undone));
        }
        counts
    }

    /// The node of that address.
    pub fn node(&self, address: &str) -> Option<&NodeReport> {
        self.nodes.iter().find(|node| node.address == address)
    }
}

impl Outcome {
    /// Whether it was the cancellation of the execution that ended it.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Failed { reason: Reason::Cancelled, .. } | Self::Skipped { because: Skip::Cancelled })
    }
}
