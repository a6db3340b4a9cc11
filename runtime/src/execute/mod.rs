//! Executing a plan: everything is checked first, then done in the plan's order, then accounted for.

mod decide;
mod error;
mod left;
mod limits;
mod machine;
mod outputs;
mod past;
mod preflight;
mod schedule;
#[cfg(test)]
mod simulation;
mod threads;
mod world;

pub use error::{AdapterProblem, ExecuteError, InputProblem, NoAdapter, PolicyProblem, SecretProblem};

pub use limits::Limits;
pub(crate) use preflight::{Call, bind, secrets as secret_names};

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ordain_graph::{Date, Lock, Node, NodeId, PlanGraph, Shape, Value, evaluate};
use smol_str::SmolStr;

use crate::adapters::{AdapterLimits, Adapters, Reach, StepError, Surroundings, Terrain};
use crate::approval::{Approvers, Docket};
use crate::cancel::Cancellation;
use crate::clock;
use crate::event::Event;
use crate::journal::{Claim, Claimed, Journal, NewExecution, RecordedState, Recorder};
use crate::reason::Reason;
use crate::report::{ExecutionReport, State};
use crate::secret::SecretSource;
use crate::vault::Vault;
use crate::workspace::Workspace;
use machine::{Goal, Machine};
use past::Past;
use preflight::Prepared;
use threads::{Engine, Threads};

/// How to execute a plan.
pub struct ExecuteOptions<'a> {
    /// How many steps may run at the same time.
    pub limits: Limits,
    /// Whether other executions that say so, too, may run in the same environments at the same time.
    pub concurrent: bool,
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
    /// How much adapters that are programs or services of their own may take.
    pub adapter_limits: AdapterLimits,
    /// Where packages are that the plan's own depends on, by name, for programs of adapters that lie in them.
    pub packages: &'a (dyn Fn(&str) -> Option<PathBuf> + Sync),
    /// The day on which exemptions of policies are judged when an execution begins, or goes on after it had waited for
    /// people; as the plan has them where there is none.
    pub as_of: Option<Date>,
    /// Who can approve what policies ask in an execution that begins. One that goes on has those it began with.
    pub approvers: Option<Approvers>,
    /// What somebody agreed that adapters are, to which the plan of an execution that begins is held. One that goes on was held
    /// to it when it began.
    pub lock: Option<Lock>,
}

impl<'a> ExecuteOptions<'a> {
    /// Options with the built-in adapters, four steps at a time, nobody watching, and two seconds of grace.
    pub fn new(workspace: impl Into<PathBuf>, journal: impl Into<PathBuf>, secrets: &'a dyn SecretSource) -> Self {
        Self {
            // INVARIANT: four is not zero.
            limits: Limits::of_all(NonZeroUsize::new(4).unwrap_or(NonZeroUsize::MIN)),
            concurrent: false,
            workspace: workspace.into(),
            journal: journal.into(),
            adapters: Adapters::builtin(),
            secrets,
            observer: &|_| {},
            cancel: Cancellation::new(),
            grace: Duration::from_secs(2),
            adapter_limits: AdapterLimits::default(),
            packages: &|_| None,
            as_of: None,
            approvers: None,
            lock: None,
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
    let since = clock::instant();
    preflight::locked(plan, options.lock.as_ref())?;
    let id = clock::execution_id();
    let adapters = reach(plan, options, &id, false);
    let approvers = options.approvers.as_ref().filter(|_| Docket::is_needed(plan));
    let prepared = preflight::prepare(plan, &adapters, Goal::Apply, options.as_of, approvers)?;
    limited(plan, options)?;
    let vault = Arc::new(preflight::unlock(&prepared, options.secrets, &[])?);
    // First to refuse a missing one before a journal is made, then again to know where the journal lies.
    workspace(options)?;
    let journal = Journal::open(&options.journal)?;
    let workspace = Arc::new(workspace(options)?);
    let claimed = Claimed { environments: plan.environments.keys().cloned().collect(), concurrent: options.concurrent };
    let execution = NewExecution {
        id,
        plan: plan.plan.clone(),
        plan_hash: plan.hash(),
        package: plan.package.name.clone(),
        version: plan.package.version.clone(),
        graph: plan.to_json(),
        parallelism: options.limits.all.get(),
        approvers: approvers.cloned(),
        imported: false,
        at: clock::now(),
    };
    let recorder = journal.begin(&execution, &claimed)?;
    (options.observer)(Event::ExecutionStarted {
        execution: execution.id.clone(),
        plan: execution.plan,
        plan_hash: execution.plan_hash.clone(),
        nodes: plan.nodes.len(),
    });
    let run = Run {
        id: execution.id,
        plan_hash: execution.plan_hash,
        since,
        goal: Goal::Apply,
        approvers: execution.approvers,
        past: Past::none(plan.nodes.len()),
    };
    run.conduct(&prepared, options, &vault, &workspace, recorder)
}

/// Goes on with an execution whose process ended before it did, that was cancelled, or that waits for people; with undoing it
/// where that is what was interrupted. What has ended stays as it is; a step whose outcome nobody wrote down is done again, under the same key.
///
/// # Errors
/// There is no such execution, it has ended, somebody goes on with it already, or as for [`execute`].
pub fn resume(id: &str, options: &ExecuteOptions<'_>) -> Result<ExecutionReport, ExecuteError> {
    let claim = claim(id, options)?;
    let goal = if claim.record.undoing { Goal::Undo } else { Goal::Apply };
    match claim.record.summary.state {
        RecordedState::Finished(state) if state != State::Cancelled => {
            Err(ExecuteError::Ended { id: id.into(), state })
        }
        _ => go_on(id, claim, goal, options),
    }
}

/// Undoes what an execution did that has ended or was interrupted: what succeeded, in reverse order, as far as it can be undone.
/// What could not be undone before is tried again. Programs that it left running are ended first.
///
/// # Errors
/// There is no such execution, it waits for people, it is undone already, or as for [`resume`].
pub fn undo(id: &str, options: &ExecuteOptions<'_>) -> Result<ExecutionReport, ExecuteError> {
    let claim = claim(id, options)?;
    match claim.record.summary.state {
        RecordedState::Finished(state @ State::Undone) => Err(ExecuteError::Ended { id: id.into(), state }),
        RecordedState::Finished(_) | RecordedState::Interrupted => go_on(id, claim, Goal::Undo, options),
        _ if claim.record.undoing => go_on(id, claim, Goal::Undo, options),
        _ => Err(ExecuteError::NotEnded { id: id.into() }),
    }
}

/// Asks an execution to end. Whoever carries it out ends it in good order, as soon as it sees that; one that nobody carries
/// out has ended then, and so have the programs that it left running. Gives whether somebody carries it out.
///
/// # Errors
/// There is no such execution, or it has ended; a program that it left running does not end; or the journal cannot be written.
pub fn cancel(id: &str, journal: &Path) -> Result<bool, ExecuteError> {
    let journal = Journal::open_to_resume(journal)?;
    let record = journal.execution(id)?.ok_or_else(|| ExecuteError::Unknown { id: id.into() })?;
    match record.summary.state {
        RecordedState::Finished(state) => Err(ExecuteError::Ended { id: id.into(), state }),
        _ => journal.cancel(id, clock::now(), || {
            // Read again: nobody changes it from here on.
            let Some(record) = journal.execution(id)? else { return Ok(()) };
            let plan = journal.plan(&record.summary.plan_hash)?;
            left::end(id, plan.as_ref(), &record.steps)
        }),
    }
}

fn claim(id: &str, options: &ExecuteOptions<'_>) -> Result<Claim, ExecuteError> {
    Journal::open_to_resume(&options.journal)?
        .claim(id, options.concurrent)?
        .ok_or_else(|| ExecuteError::Unknown { id: id.into() })
}

fn go_on(
    id: &str,
    mut claim: Claim,
    goal: Goal,
    options: &ExecuteOptions<'_>,
) -> Result<ExecutionReport, ExecuteError> {
    let since = clock::instant();
    let plan = claim.plan.take().ok_or_else(|| ExecuteError::NoPlan { id: id.into() })?;
    let approvers = claim.record.approvers.clone();
    // It began when its exemptions held; but waiting for people can take long.
    let as_of = options.as_of.filter(|_| claim.record.summary.state == RecordedState::Waiting);
    let adapters = reach(&plan, options, id, true);
    let prepared = preflight::prepare(&plan, &adapters, goal, as_of, approvers.as_ref())?;
    limited(&plan, options)?;
    let vault = Arc::new(preflight::unlock(&prepared, options.secrets, &claim.record.steps)?);
    let workspace = Arc::new(workspace(options)?);
    let past = Past::read(&prepared, &claim.record.steps)?;
    let plan_hash = claim.record.summary.plan_hash.clone();
    if goal == Goal::Undo {
        // Nothing of what was being done is done again, which would end what is left of it.
        left::end(id, Some(&plan), &claim.record.steps)?;
    }
    let recorder = claim.resume(clock::now(), goal == Goal::Undo)?;
    (options.observer)(Event::ExecutionResumed {
        execution: id.into(),
        plan: plan.plan.clone(),
        plan_hash: plan_hash.clone(),
        nodes: plan.nodes.len(),
        ended: past.ended(),
    });
    let run = Run { id: id.into(), plan_hash, since, goal, approvers, past };
    run.conduct(&prepared, options, &vault, &workspace, recorder)
}

fn limited(plan: &PlanGraph, options: &ExecuteOptions<'_>) -> Result<(), ExecuteError> {
    options.limits.unknown(plan).map_or(Ok(()), |name| Err(ExecuteError::Limit { name: name.clone() }))
}

/// The adapters of an execution.
fn reach<'a>(plan: &'a PlanGraph, options: &'a ExecuteOptions<'_>, execution: &str, resumed: bool) -> Reach<'a> {
    let (root, limits, grace) = (&options.workspace, options.adapter_limits, options.grace);
    let packages = options.packages;
    Reach::of(plan, &options.adapters, &Terrain { execution, resumed, root, packages, limits, grace })
}

pub(crate) fn workspace(options: &ExecuteOptions<'_>) -> Result<Workspace, ExecuteError> {
    Workspace::open(&options.workspace, &options.journal)
        .map_err(|error| ExecuteError::Workspace { path: options.workspace.clone(), detail: error.to_string() })
}

/// What tells a step of an execution from all others.
pub(crate) fn step_key(execution: &str, node: &Node) -> String {
    machine::key(execution, node, "apply")
}

/// An execution that begins or goes on.
struct Run {
    id: SmolStr,
    plan_hash: SmolStr,
    since: Instant,
    goal: Goal,
    approvers: Option<Approvers>,
    past: Past,
}

impl Run {
    fn conduct(
        self,
        prepared: &Prepared<'_>,
        options: &ExecuteOptions<'_>,
        vault: &Arc<Vault>,
        workspace: &Arc<Workspace>,
        mut recorder: Recorder,
    ) -> Result<ExecutionReport, ExecuteError> {
        let (cancel, grace, leeway) = (&options.cancel, options.grace, options.adapter_limits.leeway);
        let surroundings = Surroundings { workspace, vault, cancel, grace, leeway };
        let (observer, secrets) = (options.observer, options.secrets);
        let engine = Engine { surroundings: &surroundings, observer, secrets, began: self.since };
        let mut limits = options.limits.clone();
        let settled = std::thread::scope(|scope| {
            let wanted = limits.all.get().min(prepared.plan.nodes.len());
            let mut threads = Threads::start(scope, engine, &mut recorder, wanted)?;
            limits.all = NonZeroUsize::new(threads.count()).unwrap_or(NonZeroUsize::MIN);
            let (id, hash) = (self.id.clone(), self.plan_hash.clone());
            let docket = Docket::new(prepared.plan, id.clone(), hash, self.approvers.as_ref());
            let mut machine = Machine::new(prepared, vault, id, docket, &limits, self.goal, self.past);
            world::conduct(&mut machine, &mut threads);
            Ok(machine.settled())
        })
        .map_err(ExecuteError::Threads)?;
        // Whoever is told of the end may begin the next.
        drop(recorder);
        let report = ExecutionReport {
            execution: self.id,
            plan: prepared.plan.plan.clone(),
            plan_hash: self.plan_hash,
            state: settled.state,
            duration: clock::instant().saturating_duration_since(self.since),
            approvals: settled.approvals,
            nodes: settled.nodes,
            returns: settled.returns,
            returns_error: settled.returns_error,
        };
        let (execution, counts, duration_ms) =
            (report.execution.clone(), report.counts(), machine::millis(report.duration));
        (options.observer)(match report.state {
            State::Waiting => {
                Event::ExecutionWaiting { execution, approvals: report.approvals.clone(), counts, duration_ms }
            }
            state => Event::ExecutionFinished { execution, state, counts, duration_ms },
        });
        match settled.journal {
            Err(error) => Err(ExecuteError::Broken { error, report: Box::new(report) }),
            Ok(()) => Ok(report),
        }
    }
}

/// The secrets in a value, the contents of which are at hand or can be asked for. Those that steps gave are not after an
/// interruption.
fn kept(value: &Value, vault: &Vault) -> Result<Arc<[SmolStr]>, StepError> {
    let mut names = BTreeMap::new();
    preflight::secrets(value, &mut names);
    match names.keys().find(|name| !vault.knows(name)) {
        None => Ok(names.into_keys().collect()),
        Some(name) => {
            let message = format!("the secret `{name}` was lost when the interpreter ended; begin a new execution");
            Err(StepError::new(Reason::SecretLost, message))
        }
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
