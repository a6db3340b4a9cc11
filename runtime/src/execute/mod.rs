//! Executing a plan: everything is checked first, then done in the plan's order, then accounted for.

mod error;
mod outputs;
mod preflight;
mod schedule;
mod settle;
mod step;
mod undo;
mod workers;

pub use error::{AdapterProblem, ExecuteError, InputProblem, NoAdapter, PolicyProblem, SecretProblem};

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ordain_graph::{NodeId, Outcome, PlanGraph, Shape, Value, Verdict, evaluate};

use crate::adapters::{Adapters, StepError, Surroundings};
use crate::cancel::Cancellation;
use crate::clock;
use crate::event::Event;
use crate::journal::{Journal, NewExecution};
use crate::reason::Reason;
use crate::report::ExecutionReport;
use crate::secret::SecretSource;
use crate::workspace::Workspace;

/// How to execute a plan.
pub struct ExecuteOptions<'a> {
    /// How many steps may run at the same time. Results do not depend on it.
    pub parallelism: NonZeroUsize,
    /// The directory that relative paths of adapters resolve in: the package's root.
    pub workspace: PathBuf,
    /// The journal's file; made where there is none.
    pub journal: PathBuf,
    /// The built-in adapters.
    pub adapters: Adapters,
    /// Where contents of secrets come from.
    pub secrets: &'a dyn SecretSource,
    /// Is told what happens, from several threads. It must not block for long and must not panic.
    pub observer: &'a (dyn Fn(Event) + Sync),
    /// Asks the execution to end.
    pub cancel: Cancellation,
    /// How long a program that is asked to end may take before it is forced to.
    pub grace: Duration,
}

impl<'a> ExecuteOptions<'a> {
    /// Options with the built-in adapters, four steps at a time, nobody watching, and two seconds of grace.
    pub fn new(workspace: impl Into<PathBuf>, journal: impl Into<PathBuf>, secrets: &'a dyn SecretSource) -> Self {
        Self {
            // INVARIANT: four is not zero.
            parallelism: NonZeroUsize::new(4).unwrap_or(NonZeroUsize::MIN),
            workspace: workspace.into(),
            journal: journal.into(),
            adapters: Adapters::builtin(),
            secrets,
            observer: &|_| {},
            cancel: Cancellation::new(),
            grace: Duration::from_secs(2),
        }
    }
}

/// Executes a plan: every node after what it waits for, as many at a time as allowed, each intent in the journal before
/// its effect and each outcome after.
///
/// That steps fail is no error of this function: the report says it.
///
/// # Errors
/// Something was wrong before the first step, and nothing was done; or the journal failed on the way.
pub fn execute(plan: &PlanGraph, options: &ExecuteOptions<'_>) -> Result<ExecutionReport, ExecuteError> {
    let since = Instant::now();
    let prepared = preflight::prepare(plan, &options.adapters)?;
    let vault = preflight::unlock(&prepared, options.secrets)?;
    let unusable =
        |error: std::io::Error| ExecuteError::Workspace { path: options.workspace.clone(), detail: error.to_string() };
    // First to refuse a missing one before a journal is made, then again to know where the journal lies.
    Workspace::open(&options.workspace, &options.journal).map_err(unusable)?;
    let journal = Journal::open(&options.journal)?;
    let workspace = Workspace::open(&options.workspace, &options.journal).map_err(unusable)?;
    let execution = NewExecution {
        id: clock::execution_id(),
        plan: plan.plan.clone(),
        plan_hash: plan.hash(),
        package: plan.package.name.clone(),
        version: plan.package.version.clone(),
        at: clock::now(),
    };
    let recorder = journal.begin(&execution)?;
    (options.observer)(Event::ExecutionStarted {
        execution: execution.id.clone(),
        plan: execution.plan.clone(),
        plan_hash: execution.plan_hash.clone(),
        nodes: plan.nodes.len(),
    });
    let engine = step::Engine {
        execution: execution.id.clone(),
        surroundings: Surroundings {
            workspace: &workspace,
            vault: &vault,
            cancel: &options.cancel,
            grace: options.grace,
        },
        recorder: &recorder,
        observer: options.observer,
    };
    let progress = workers::run(&engine, &prepared, options.parallelism);
    let settled = settle::settle(&engine, &prepared, progress);
    let report = ExecutionReport {
        execution: execution.id,
        plan: execution.plan,
        plan_hash: execution.plan_hash,
        state: settled.state,
        duration: since.elapsed(),
        nodes: settled.nodes,
        returns: settled.returns,
        returns_error: settled.returns_error,
    };
    let written = settled.journal.and_then(|()| recorder.finish(clock::now(), report.state));
    (options.observer)(Event::ExecutionFinished {
        execution: report.execution.clone(),
        state: report.state,
        counts: report.counts(),
        duration_ms: step::millis(report.duration),
    });
    match (settled.threads, written) {
        (Some(error), _) => Err(ExecuteError::Threads(error)),
        (None, Err(error)) => Err(ExecuteError::Broken { error, report: Box::new(report) }),
        (None, Ok(())) => Ok(report),
    }
}

/// A value without anything that waits for execution, in the shape that is demanded.
fn resolve(value: &Value, shape: &Shape, outputs: &dyn Fn(&NodeId) -> Option<Value>) -> Result<Value, StepError> {
    let value = evaluate(value, outputs)
        .map_err(|error| StepError::new(Reason::InputUnresolved, format!("its inputs cannot be computed: {error}")))?;
    if !value.is_known() {
        return Err(StepError::new(Reason::InputUnresolved, "its inputs depend on what is not known"));
    }
    shape
        .check(&value)
        .map_err(|error| StepError::new(Reason::InputMismatch, format!("its inputs are not as demanded: {error}")))
}

/// Decides the verdicts that waited for outputs. What cannot be decided even now is denied.
fn allowed(verdicts: &[&Verdict], outputs: &dyn Fn(&NodeId) -> Option<Value>) -> Result<(), StepError> {
    for verdict in verdicts {
        let code = &verdict.code;
        match verdict.when.as_ref().map(|when| evaluate(when, outputs)) {
            Some(Ok(Value::Bool(false))) => continue,
            Some(Ok(Value::Bool(true))) | None => {}
            Some(Ok(_)) => return Err(StepError::new(Reason::PolicyUndecided, format!("{code} cannot be decided"))),
            Some(Err(error)) => {
                return Err(StepError::new(Reason::PolicyUndecided, format!("{code} cannot be decided: {error}")));
            }
        }
        let text = |message: &Option<Value>| {
            let known = message.as_ref().and_then(|message| evaluate(message, outputs).ok());
            known.and_then(|message| ordain_graph::display(&message).ok())
        };
        let message = match &verdict.outcome {
            Outcome::Warn { .. } | Outcome::Gate { present: true, .. } => continue,
            Outcome::Deny { message } => match text(message).or_else(|| text(&verdict.because)) {
                Some(message) => format!("{code} denies it: {message}"),
                None => format!("{code} denies it"),
            },
            Outcome::Approval { group, .. } | Outcome::Escalate { group } => {
                format!("{code} asks for the approval of `{group}`, which nobody gave")
            }
            Outcome::Gate { name, .. } => format!("{code} denies it: there is no gate `{name}`"),
        };
        return Err(StepError::new(Reason::PolicyDenied, message));
    }
    Ok(())
}
