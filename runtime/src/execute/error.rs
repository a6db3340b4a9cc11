//! Why an execution does not take place, or not to its end.

use std::path::PathBuf;

use ordain_graph::{LockDifference, ShapeError};
use smol_str::SmolStr;
use thiserror::Error;

use crate::journal::JournalError;
use crate::reason::Reason;
use crate::refusal::Refusal;
use crate::report::{ExecutionReport, State};
use crate::secret::SecretError;

/// Why an execution did not take place. Except for [`ExecuteError::Broken`], nothing was done.
#[derive(Debug, Error)]
pub enum ExecuteError {
    /// The plan contradicts itself. Plans read from files never do.
    #[error("the plan is malformed: {0}")]
    Malformed(String),
    /// Policies deny the plan, or ask for what nobody gave.
    #[error("{}", lines("policies stand against the plan", .0))]
    Policies(Vec<PolicyProblem>),
    /// The plan was made with other adapters than the lock says.
    #[error("{}\nif that is meant, run `ordain lock`", lines("the plan is not as `ordain.lock` says", .0))]
    Locked(Vec<LockDifference>),
    /// Nodes cannot be executed by the adapters at hand.
    #[error("{}", lines("steps have no usable adapter", .0))]
    Adapters(Vec<AdapterProblem>),
    /// Inputs do not have the shapes their contracts demand.
    #[error("{}", lines("steps have inputs that their contracts do not allow", .0))]
    Inputs(Vec<InputProblem>),
    /// Secrets are missing.
    #[error("{}", lines("secrets cannot be resolved", .0))]
    Secrets(Vec<SecretProblem>),
    /// A limit is set for what is neither a capability nor an environment of the plan.
    #[error("the plan has neither a capability nor an environment `{name}` that could be limited")]
    Limit {
        /// What is named.
        name: SmolStr,
    },
    /// The workspace cannot be used.
    #[error("the workspace `{path}` cannot be used: {detail}")]
    Workspace {
        /// The directory.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// The journal has no such execution.
    #[error("the journal has no execution `{id}`")]
    Unknown {
        /// The id that was asked for.
        id: SmolStr,
    },
    /// The execution has ended, so that there is nothing to go on with.
    #[error("`{id}` has ended: it {}; what it has not done takes a new execution", how(*.state))]
    Ended {
        /// The execution.
        id: SmolStr,
        /// How it ended.
        state: State,
    },
    /// The execution has not ended, so that it cannot be undone.
    #[error("`{id}` has not ended: resume it, or cancel it, before it is undone")]
    NotEnded {
        /// The execution.
        id: SmolStr,
    },
    /// A program that the execution left running when its process ended does not end.
    #[error("process {pid}, which `{id}` left running, cannot be ended")]
    NotStopped {
        /// The execution.
        id: SmolStr,
        /// The number of the program's process.
        pid: i64,
    },
    /// The journal does not hold the execution's plan: one of the first version does not.
    #[error("the journal does not hold the plan of `{id}`: an earlier version of Ordain began it")]
    NoPlan {
        /// The execution.
        id: SmolStr,
    },
    /// What the journal says of the execution does not fit its plan.
    #[error("the journal does not fit the plan: {0}")]
    Misfit(String),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The system gives no threads.
    #[error("no thread could be started: {0}")]
    Threads(String),
    /// The journal could not be written on the way. What ran was awaited, nothing more was started or undone.
    #[error("the execution ended early: {error}")]
    Broken {
        /// What is wrong with the journal.
        error: JournalError,
        /// What was done until then.
        report: Box<ExecutionReport>,
    },
}

impl ExecuteError {
    /// Why an execution was refused or ended early, as a code that never changes: that of a [`Refusal`], or of the
    /// [`Reason`] why an adapter cannot be used.
    pub fn code(&self) -> &'static str {
        let refusal = match self {
            Self::Malformed(_) => Refusal::PlanMalformed,
            Self::Policies(problems) => {
                match problems.iter().all(|each| matches!(each, PolicyProblem::Unapprovable { .. })) {
                    true => Refusal::ApprovalMissing,
                    false => Refusal::PolicyDenied,
                }
            }
            Self::Locked(_) => Refusal::LockDiffers,
            Self::Adapters(problems) => match problems.first() {
                Some(problem) => return problem.why.code(),
                None => Refusal::AdapterMissing,
            },
            Self::Inputs(_) => Refusal::InputMismatch,
            Self::Secrets(_) => Refusal::SecretMissing,
            Self::Limit { .. } => Refusal::LimitUnknown,
            Self::Workspace { .. } => Refusal::WorkspaceUnusable,
            Self::Unknown { .. } => Refusal::ExecutionUnknown,
            Self::Ended { .. } => Refusal::ExecutionEnded,
            Self::NotEnded { .. } => Refusal::ExecutionNotEnded,
            Self::NotStopped { .. } => return Reason::NotStopped.code(),
            Self::NoPlan { .. } | Self::Misfit(_) => Refusal::JournalMisfit,
            Self::Journal(error) | Self::Broken { error, .. } => error.refusal(),
            Self::Threads(_) => Refusal::ThreadsMissing,
        };
        refusal.code()
    }
}

/// Why policies keep a plan from being executed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyProblem {
    /// The exemption that lifts what a policy says has run out.
    #[error("{code} denies it: the exemption ended with {until}")]
    ExemptionOver {
        /// The policy's code.
        code: SmolStr,
        /// The last day.
        until: String,
    },
    /// A policy denies it.
    #[error("{code} denies it")]
    Denied {
        /// The policy's code.
        code: SmolStr,
    },
    /// People have to agree first, and too few of them can.
    #[error(
        "{code} asks for the approval of {count} of `{group}`, of whom {able} can sign: `approvers.toml` says who holds which key"
    )]
    Unapprovable {
        /// The policy's code.
        code: SmolStr,
        /// Of which group.
        group: SmolStr,
        /// How many.
        count: u32,
        /// How many of them have a key.
        able: u32,
    },
    /// A policy about the plan as a whole waits for outputs of its steps, so that it cannot be decided before they run.
    #[error("{code} is about the whole plan and waits for outputs of its steps; make it a policy `on step`")]
    Undecided {
        /// The policy's code.
        code: SmolStr,
    },
}

/// A node that no adapter can execute.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{address}` ({capability}): {why}")]
pub struct AdapterProblem {
    /// The node's address.
    pub address: SmolStr,
    /// The capability, which may be the one that would undo the node.
    pub capability: SmolStr,
    /// Why not.
    pub why: NoAdapter,
}

/// Why no adapter can execute a node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoAdapter {
    /// The plan binds none: it was made without an environment.
    #[error("no adapter is bound to it")]
    Unbound,
    /// There is no such built-in adapter.
    #[error("there is no built-in adapter `{name}`")]
    Unknown {
        /// The name asked for.
        name: SmolStr,
    },
    /// The adapter does not do that.
    #[error("the adapter `{name}` does not provide it")]
    NotProvided {
        /// The adapter.
        name: SmolStr,
    },
    /// The package that holds the adapter's program is not at hand.
    #[error("the adapter `{adapter}` is a program of the package `{package}`, which is not at hand")]
    Package {
        /// The adapter.
        adapter: SmolStr,
        /// The package.
        package: SmolStr,
    },
    /// The adapter's program is another than the one that the plan was made with.
    #[error("`{file}` of the adapter `{adapter}` is not as it was when the plan was made")]
    Changed {
        /// The adapter.
        adapter: SmolStr,
        /// The file, relative to its package.
        file: SmolStr,
    },
    /// The adapter could not be asked what it is.
    #[error("the adapter `{adapter}` cannot be asked what it is: {message}")]
    Silent {
        /// The adapter.
        adapter: SmolStr,
        /// Why not, as a stable code.
        reason: Reason,
        /// Why not, in words.
        message: String,
    },
    /// The adapter or the contract has a version that does not fit.
    #[error("{what} has version {wanted}, the one that is there has {found}")]
    Version {
        /// `the adapter` or `the contract`.
        what: &'static str,
        /// The version in the plan.
        wanted: SmolStr,
        /// The version at hand.
        found: SmolStr,
    },
}

impl NoAdapter {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unbound | Self::Unknown { .. } | Self::NotProvided { .. } | Self::Package { .. } => {
                Refusal::AdapterMissing.code()
            }
            Self::Changed { .. } => Refusal::AdapterChanged.code(),
            Self::Version { .. } => Reason::AdapterVersion.code(),
            Self::Silent { reason, .. } => reason.code(),
        }
    }
}

/// A node whose inputs are not as demanded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{address}`: {error}")]
pub struct InputProblem {
    /// The node's address.
    pub address: SmolStr,
    /// What is wrong.
    pub error: ShapeError,
}

/// A secret that cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{name}`: {error}")]
pub struct SecretProblem {
    /// The secret's name.
    pub name: SmolStr,
    /// Why.
    pub error: SecretError,
}

/// How an execution ended, behind `it`.
fn how(state: State) -> &'static str {
    match state {
        State::Undone => "was undone",
        State::PartlyUndone => "was undone in part",
        State::Cancelled => "was cancelled",
        other => other.name(),
    }
}

/// A heading and what it is about, one a line.
fn lines<T: std::fmt::Display>(heading: &str, problems: &[T]) -> String {
    problems.iter().fold(format!("{heading}:"), |text, problem| format!("{text}\n  {problem}"))
}
