//! Executes plan graphs: what a plan says, exactly, in its order, with a journal of what was intended and done.
//!
//! Knows graphs and nothing of sources. What it does not support it refuses before anything runs.

mod adapters;
mod approval;
mod cancel;
mod checkpoint;
mod clock;
mod conformance;
mod drift;
mod event;
mod execute;
mod journal;
mod keys;
mod reason;
mod refusal;
mod replay;
mod report;
mod secret;
mod trace;
mod vault;
mod workspace;

pub use adapters::{Adapter, AdapterLimits, Adapters, Description, Observed, SecretTag, StepContext, StepError};
pub use approval::{
    APPROVERS, Approvers, ApproversError, Case, DecideError, Decided, Decision, Demand, Flaw, Given, Inquiry, Record,
    Request, Standing, Statement, Word, decide, inquire, standing,
};
pub use cancel::Cancellation;
pub use checkpoint::{Checkpoint, CheckpointError};
pub use conformance::{CheckReport, Conformance, ConformanceOptions, Exchange, Said, Target, Verdict, conformance};
pub use drift::{
    Adopted, DriftCounts, DriftField, DriftOf, DriftReport, DriftState, DriftStep, ImportProblem, LOOK_WITHIN,
    Refreshed, drift, import, refresh,
};
pub use event::{Event, Stream};
pub use execute::{
    AdapterProblem, ExecuteError, ExecuteOptions, InputProblem, Limits, NoAdapter, PolicyProblem, SecretProblem,
    cancel, execute, resume, undo,
};
pub use journal::{
    BrokenRow, ExecutionRecord, ExecutionSummary, Journal, JournalError, LogEvent, LogRow, Migrated, Problem,
    RecordedState, RowHash, SignedRow, StepEvent, StepRecord, Verification, Witness,
};
pub use keys::{Key, KeyError, KeyFileError, PublicKey, Purpose, Signature, canonical};
pub use reason::Reason;
pub use refusal::Refusal;
pub use replay::{Divergence, Replay, Replayed, replay};
pub use report::{Counts, ExecutionReport, NodeReport, Outcome, Skip, State, UndoOutcome};
pub use secret::{EnvironmentSecrets, MemorySecrets, SecretError, SecretSource, SecretText};
pub use trace::{CloudEvent, EVENT_SCHEMA, Process, Trace, TracedStep, TracedUndo, TracedWord, Try};
