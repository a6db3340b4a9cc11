//! Going on after the end of a process: whenever it comes, nothing is lost and nothing that ended is done again.
//!
//! A process that ends leaves the journal as it was at that moment. A copy of it, taken while an event is told, is that.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ordain_graph::{OnFailure, Op, PlanGraph, Retry, Value};
use ordain_runtime::{
    Adapter, Adapters, Description, Event, ExecuteError, ExecuteOptions, ExecutionReport, Journal, JournalError,
    MemorySecrets, Outcome, Reason, RecordedState, State, StepContext, StepError, StepEvent, execute, resume,
};
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::{Plan, output, text};

/// The world: what took effect, by key. An effect takes place once for a key, however often it is asked for.
#[derive(Clone, Default)]
struct World(Arc<Mutex<Effects>>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Effects {
    /// How often each step was called, by name.
    calls: BTreeMap<String, u32>,
    /// What took effect, in order.
    order: Vec<String>,
    keys: BTreeMap<String, String>,
}

impl Adapter for World {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["test.note"]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        let inputs: Json = step.inputs()?;
        let name = inputs["name"].as_str().expect("every step has a name").to_owned();
        let mut effects = self.0.lock().unwrap();
        *effects.calls.entry(name.clone()).or_default() += 1;
        if inputs["does"] == "fail" || (inputs["does"] == "fail once" && step.attempt() == 1) {
            return Err(StepError::new(Reason::CommandFailed, "it fails"));
        }
        if effects.keys.insert(step.key().to_owned(), name.clone()).is_none() {
            effects.order.push(name);
        }
        Ok(json!({ "sum": inputs["sum"], "secret": (inputs["does"] == "tell").then_some("hunter22") }))
    }
}

/// The journal as it is now. Its log beside it is gone once nobody has it open.
fn copy(from: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["journal.db", "journal.db-wal"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), copy.path().join(name)).unwrap();
        }
    }
    copy
}

struct Ground {
    dir: TempDir,
    world: World,
    secrets: MemorySecrets,
}

impl Ground {
    fn new(world: World) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), world, secrets: MemorySecrets::default() }
    }

    fn options<'a>(&'a self, journal: &Path, observer: &'a (dyn Fn(Event) + Sync)) -> ExecuteOptions<'a> {
        let mut options = ExecuteOptions::new(self.dir.path(), journal, &self.secrets);
        // One after the other: a copy of the journal is not taken while another step writes.
        options.limits = ordain_runtime::Limits::of_all(std::num::NonZeroUsize::MIN);
        options.adapters = Adapters::empty().with("test", Arc::new(self.world.clone()));
        options.observer = observer;
        options
    }

    fn execute(&self, plan: &PlanGraph) -> ExecutionReport {
        execute(plan, &self.options(&self.journal(), &|_| {})).unwrap()
    }

    fn resume(&self, journal: &Path, id: &str) -> Result<ExecutionReport, ExecuteError> {
        resume(id, &self.options(journal, &|_| {}))
    }

    fn journal(&self) -> std::path::PathBuf {
        self.dir.path().join("journal.db")
    }
}

/// A step that the adapter of these tests does.
pub fn note(plan: &mut Plan, name: &str, does: &str, sum: Value, after: &[u32]) -> u32 {
    let at = plan.step(name, "test.note", &[("name", text(name)), ("does", text(does)), ("sum", sum)]);
    plan.after(at, after);
    at
}

/// Steps that use each other's outputs, one that is tried again, one that fails while others go on.
pub fn plan() -> PlanGraph {
    let mut plan = Plan::new();
    let a = note(&mut plan, "a", "succeed", Value::Int(20), &[]);
    let b = note(&mut plan, "b", "fail once", Value::apply(Op::Add, vec![output(a, "sum"), Value::Int(1)]), &[]);
    plan.at(b).retry = Some(Retry { times: 2, min: 0, max: 0 });
    let c = note(&mut plan, "c", "fail", Value::Int(1), &[a]);
    plan.at(c).on_failure = Some(OnFailure::Continue);
    note(&mut plan, "d", "succeed", Value::Int(1), &[c]);
    note(&mut plan, "e", "succeed", Value::apply(Op::Add, vec![output(b, "sum"), output(a, "sum")]), &[]);
    plan.finish()
}

/// A plan that fails at its end and undoes what it did.
pub fn undoing() -> PlanGraph {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Undo;
    let mut last = Vec::new();
    for name in ["a", "b", "c"] {
        let at = note(&mut plan, name, "succeed", Value::Int(2), &last);
        plan.undo(at, "test.note", &[("name", text(&format!("undo {name}"))), ("sum", output(at, "sum"))]);
        last = vec![at];
    }
    note(&mut plan, "last", "fail", Value::Int(1), &last);
    plan.finish()
}

/// The journals and worlds as they were whenever something was told, and the end that nothing disturbed.
fn moments(plan: &PlanGraph) -> (Vec<(TempDir, Effects)>, ExecutionReport, Effects) {
    let ground = Ground::new(World::default());
    let journal = ground.journal();
    let kept = Mutex::new(Vec::new());
    let keep = |_: Event| {
        kept.lock().unwrap().push((copy(ground.dir.path()), ground.world.0.lock().unwrap().clone()));
    };
    let report = execute(plan, &ground.options(&journal, &keep)).unwrap();
    let effects = ground.world.0.lock().unwrap().clone();
    (kept.into_inner().unwrap(), report, effects)
}

fn outcomes(report: &ExecutionReport) -> Vec<(String, Outcome, Option<Value>)> {
    report.nodes.iter().map(|node| (node.address.to_string(), node.outcome.clone(), node.outputs.clone())).collect()
}

#[test]
fn whenever_a_process_ends_its_execution_comes_to_the_same_end() {
    for plan in [plan(), undoing()] {
        let (moments, undisturbed, end) = moments(&plan);
        assert!(moments.len() > 10);
        let mut interrupted = 0;
        for (at, (copy, effects)) in moments.iter().enumerate() {
            let journal = copy.path().join("journal.db");
            let ended: Vec<_> = {
                let record = Journal::open_existing(&journal).unwrap().execution(&undisturbed.execution);
                let record = record.unwrap().unwrap();
                // The end is written together with the last outcome: there is nothing to go on with then.
                if record.summary.state == RecordedState::Finished(undisturbed.state) {
                    continue;
                }
                assert_eq!(record.summary.state, RecordedState::Interrupted);
                interrupted += 1;
                let steps = record.steps.iter();
                steps
                    .filter_map(|step| match step.event {
                        StepEvent::Succeeded => Some(step.address.to_string()),
                        StepEvent::Undone => Some(format!("undo {}", step.address)),
                        _ => None,
                    })
                    .collect()
            };
            // The world as it was, and as it is where the effect of the step under way took place, but nobody wrote it.
            let ground = Ground::new(World(Arc::new(Mutex::new(effects.clone()))));
            let report = ground.resume(&journal, &undisturbed.execution).unwrap();
            assert_eq!(report.state, undisturbed.state, "moment {at}");
            assert_eq!(outcomes(&report), outcomes(&undisturbed), "moment {at}");
            let now = ground.world.0.lock().unwrap().clone();
            assert_eq!((&now.order, &now.keys), (&end.order, &end.keys), "moment {at}");
            for name in ended {
                assert_eq!(now.calls[&name], effects.calls[&name], "moment {at}: `{name}` was done again");
            }
            // It has ended now, and stays so.
            let again = ground.resume(&journal, &undisturbed.execution);
            assert!(matches!(again, Err(ExecuteError::Ended { state, .. }) if state == undisturbed.state), "{again:?}");
        }
        assert!(interrupted > 7, "{interrupted}");
    }
}

/// The power fails: of what was written last, some is on disk, or something else is in its place.
#[test]
fn a_torn_log_costs_nothing_that_was_durable() {
    for plan in [plan(), undoing()] {
        let (moments, undisturbed, end) = moments(&plan);
        let (copy, _) = &moments[moments.len() - 3];
        let whole = std::fs::read(copy.path().join("journal.db-wal")).unwrap();
        // What was durable at an early moment: everything before is, whatever becomes of the rest.
        let durable = std::fs::metadata(moments[1].0.path().join("journal.db-wal")).unwrap().len() as usize;
        let ends = (durable..whole.len()).step_by((whole.len() - durable) / 12 + 7);
        let (mut torn, mut shorter) = (0, 0);
        for at in ends {
            for damage in [None, Some(0), Some(0xa5)] {
                let place = tempfile::tempdir().unwrap();
                let mut log = whole.clone();
                match damage {
                    None => log.truncate(at),
                    Some(byte) => log[at..].fill(byte),
                }
                std::fs::copy(copy.path().join("journal.db"), place.path().join("journal.db")).unwrap();
                std::fs::write(place.path().join("journal.db-wal"), log).unwrap();
                let journal = place.path().join("journal.db");
                let before =
                    Journal::open_existing(&journal).unwrap().execution(&undisturbed.execution).unwrap().unwrap();
                // Everything took effect before the power failed; only the journal does not know.
                let ground = Ground::new(World(Arc::new(Mutex::new(end.clone()))));
                let report = ground.resume(&journal, &undisturbed.execution).unwrap();
                assert_eq!(outcomes(&report), outcomes(&undisturbed), "torn at {at}, {damage:?}");
                let now = ground.world.0.lock().unwrap().clone();
                assert_eq!((&now.order, &now.keys), (&end.order, &end.keys), "torn at {at}, {damage:?}");
                torn += 1;
                shorter += usize::from(before.steps.len() < report.nodes.len());
            }
        }
        assert!(torn > 30 && shorter > 5, "{torn}, {shorter}");
    }
}

/// The effect took place, but the process ended before it could be written down.
#[test]
fn a_step_in_doubt_is_asked_for_again_under_its_key() {
    let mut plan = Plan::new();
    note(&mut plan, "a", "succeed", Value::Int(1), &[]);
    let plan = plan.finish();
    let (moments, undisturbed, end) = moments(&plan);
    let (copy, before) = &moments[1];
    assert!(before.keys.is_empty());
    let ground = Ground::new(World(Arc::new(Mutex::new(end.clone()))));
    let journal = copy.path().join("journal.db");
    let report = ground.resume(&journal, &undisturbed.execution).unwrap();
    assert_eq!(report.state, State::Succeeded);
    let now = ground.world.0.lock().unwrap().clone();
    assert_eq!((now.calls["a"], now.order), (2, vec!["a".to_owned()]));
    let record = Journal::open_existing(&journal).unwrap().execution(&undisturbed.execution).unwrap().unwrap();
    let events: Vec<_> = record.steps.iter().map(|step| (step.seq, step.event, step.attempt)).collect();
    assert_eq!(
        events,
        [(0, StepEvent::Intent, 1), (1, StepEvent::Resumed, 1), (2, StepEvent::Succeeded, 1)],
        "an interruption is no try that failed"
    );
    assert_eq!(record.steps[0].data["key"], record.steps[1].data["key"]);
}

/// Executes a plan of one step with the built-in adapters; gives the journal as it was when the step had begun.
fn begun(ground: &Ground, plan: &PlanGraph) -> (TempDir, ExecutionReport) {
    let kept = Mutex::new(None);
    let keep = |event: Event| {
        if matches!(event, Event::StepStarted { .. }) {
            *kept.lock().unwrap() = Some(copy(ground.dir.path()));
        }
    };
    let journal = ground.journal();
    let mut options = ground.options(&journal, &keep);
    options.adapters = Adapters::builtin();
    let undisturbed = execute(plan, &options).unwrap();
    let kept = kept.lock().unwrap().take().unwrap();
    (kept, undisturbed)
}

#[test]
fn a_program_that_was_started_and_not_written_down_is_found_again() {
    let mut plan = Plan::new();
    plan.step(
        "start",
        "command.start",
        &[
            ("argv", crate::support::list(&["sh", "-c", "echo $$ >> ready; exec sleep 600"])),
            ("ready_file", text("ready")),
        ],
    );
    let plan = plan.finish();
    let ground = Ground::new(World::default());
    let (kept, undisturbed) = begun(&ground, &plan);
    let journal = kept.path().join("journal.db");
    let mut options = ground.options(&journal, &|_| {});
    options.adapters = Adapters::builtin();
    let resumed = resume(&undisturbed.execution, &options).unwrap();
    let pids = std::fs::read_to_string(ground.dir.path().join("ready")).unwrap();
    std::process::Command::new("kill").arg(pids.trim()).status().unwrap();
    assert_eq!(outcomes(&resumed), outcomes(&undisturbed));
    assert_eq!(pids.lines().count(), 1);
}

/// The compiler that a killed interpreter had started must not write beside the one that its successor starts.
#[test]
fn what_a_step_in_doubt_left_running_is_ended() {
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    let mut plan = Plan::new();
    plan.step("run", "command.run", &[("argv", crate::support::list(&["true"]))]);
    let plan = plan.finish();
    let ground = Ground::new(World::default());
    let (kept, undisturbed) = begun(&ground, &plan);
    let journal = kept.path().join("journal.db");
    let record = Journal::open_existing(&journal).unwrap().execution(&undisturbed.execution).unwrap().unwrap();
    let key = record.steps[0].data["key"].as_str().unwrap();
    let left = |key: &str| {
        std::process::Command::new("sleep").arg("600").env("ORDAIN_KEY", key).process_group(0).spawn().unwrap()
    };
    let (mut own, mut other) = (left(key), left("another"));
    let mut options = ground.options(&journal, &|_| {});
    options.adapters = Adapters::builtin();
    let resumed = resume(&undisturbed.execution, &options).unwrap();
    assert_eq!(outcomes(&resumed), outcomes(&undisturbed));
    assert!(other.try_wait().unwrap().is_none());
    other.kill().unwrap();
    assert_eq!(own.wait().unwrap().signal(), Some(15));
}

/// What a killed interpreter left running must not go on by itself once its execution is given up.
#[test]
fn what_is_given_up_leaves_nothing_running() {
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    for undone in [false, true] {
        let mut plan = Plan::new();
        let a = note(&mut plan, "a", "succeed", Value::Int(1), &[]);
        plan.undo(a, "test.note", &[("name", text("undo a")), ("sum", Value::Int(1))]);
        let run = plan.step("run", "command.run", &[("argv", crate::support::list(&["true"]))]);
        plan.after(run, &[a]);
        let plan = plan.finish();
        let ground = Ground::new(World::default());
        let kept = Mutex::new(None);
        let keep = |event: Event| {
            if matches!(&event, Event::StepStarted { address, .. } if address == "run") {
                *kept.lock().unwrap() = Some(copy(ground.dir.path()));
            }
        };
        let adapters = || Adapters::builtin().with("test", Arc::new(ground.world.clone()));
        let journal = ground.journal();
        let mut options = ground.options(&journal, &keep);
        options.adapters = adapters();
        let id = execute(&plan, &options).unwrap().execution;
        let kept = kept.lock().unwrap().take().unwrap();
        let journal = kept.path().join("journal.db");
        let record = || Journal::open_existing(&journal).unwrap().execution(&id).unwrap().unwrap();
        let key = |name: &str| {
            let found = record().steps.into_iter().find(|step| step.address == name && step.data["key"].is_string());
            found.unwrap().data["key"].as_str().unwrap().to_owned()
        };
        let left = |name: &str, value: &str| {
            let mut sleep = std::process::Command::new("sleep");
            let mut child = sleep.arg("600").env(name, value).process_group(0).spawn().unwrap();
            assert!(child.try_wait().unwrap().is_none());
            child
        };
        // What a step that has ended left is meant to stay.
        let mut stays = [left("ORDAIN_KEY", &key("a")), left("ORDAIN_EXECUTION", "another/adapter")];
        let mut ends = [left("ORDAIN_KEY", &key("run")), left("ORDAIN_EXECUTION", &format!("{id}/adapter"))];
        // A parent that does not ask would keep them in the list of processes, where they have ended all the same.
        if undone {
            let mut options = ground.options(&journal, &|_| {});
            options.adapters = adapters();
            let report = ordain_runtime::undo(&id, &options).unwrap();
            assert_eq!(report.state, State::PartlyUndone);
            let undo = |name: &str| report.node(name).unwrap().undo.clone();
            assert_eq!(undo("run"), Some(ordain_runtime::UndoOutcome::InDoubt));
            // `run` builds upon it, is over, and could not be undone anyway.
            assert_eq!(undo("a"), Some(ordain_runtime::UndoOutcome::Undone));
        } else {
            assert!(!ordain_runtime::cancel(&id, &journal).unwrap());
            assert_eq!(record().summary.state, RecordedState::Finished(State::Cancelled));
        }
        for end in &mut ends {
            assert_eq!(end.wait().unwrap().signal(), Some(15), "{undone}");
        }
        for stay in &mut stays {
            assert!(stay.try_wait().unwrap().is_none(), "{undone}");
            stay.kill().unwrap();
            stay.wait().unwrap();
        }
        let replayed = ordain_runtime::replay(&plan, &Journal::open_existing(&journal).unwrap().log(&id).unwrap());
        assert_eq!(replayed.divergences, [], "{undone}");
    }
}

#[test]
fn what_was_cancelled_is_gone_on_with() {
    let ground = Ground::new(World::default());
    let cancel = ordain_runtime::Cancellation::new();
    let observer = |event: Event| {
        if matches!(&event, Event::StepFinished { address, .. } if address == "a") {
            cancel.cancel();
        }
    };
    let journal = ground.journal();
    let mut options = ground.options(&journal, &observer);
    options.cancel = cancel.clone();
    let report = execute(&plan(), &options).unwrap();
    assert_eq!(report.state, State::Cancelled);
    let report = ground.resume(&journal, &report.execution).unwrap();
    assert_eq!(report.state, State::Failed);
    assert_eq!(report.node("e").unwrap().outcome, Outcome::Succeeded);
    assert_eq!(ground.world.0.lock().unwrap().calls["a"], 1);
}

#[test]
fn secrets_of_steps_are_not_kept_and_told_to_be_lost() {
    let mut plan = Plan::new();
    let a = note(&mut plan, "a", "tell", Value::Int(1), &[]);
    let b = plan.step(
        "b",
        "command.run",
        &[("argv", crate::support::list(&["true"])), ("secrets", crate::support::map(&[("KEY", output(a, "secret"))]))],
    );
    plan.after(b, &[a]);
    let plan = plan.finish();
    let ground = Ground::new(World::default());
    let journal = ground.journal();
    let kept = Mutex::new(None);
    let keep = |event: Event| {
        if matches!(&event, Event::StepFinished { address, .. } if address == "a") {
            *kept.lock().unwrap() = Some(copy(ground.dir.path()));
        }
    };
    let mut options = ground.options(&journal, &keep);
    options.adapters = Adapters::builtin().with("test", Arc::new(ground.world.clone()));
    let report = execute(&plan, &options).unwrap();
    assert_eq!(report.state, State::Succeeded);
    let kept = kept.lock().unwrap().take().unwrap();
    let journal = kept.path().join("journal.db");
    let mut options = ground.options(&journal, &|_| {});
    options.adapters = Adapters::builtin().with("test", Arc::new(ground.world.clone()));
    let report = resume(&report.execution, &options).unwrap();
    let Outcome::Failed { reason, message } = &report.node("b").unwrap().outcome else { panic!("{report:?}") };
    assert_eq!(*reason, Reason::SecretLost);
    assert!(message.contains("begin a new execution"), "{message}");
    assert_eq!(ground.world.0.lock().unwrap().calls["a"], 1);
}

#[test]
fn only_one_goes_on_and_whoever_did_before_writes_no_more() {
    let (moments, undisturbed, _) = moments(&plan());
    let (copy, effects) = &moments[3];
    let journal = copy.path().join("journal.db");
    let ground = Ground::new(World(Arc::new(Mutex::new(effects.clone()))));
    let second = Mutex::new(None);
    let observer = |event: Event| match event {
        Event::StepStarted { address, .. } if address == "e" => {
            *second.lock().unwrap() = ground.resume(&journal, &undisturbed.execution).err();
            // Somebody without the lock, as on a file system that has none.
            let connection = Connection::open(&journal).unwrap();
            connection.execute("UPDATE executions SET fence = fence + 1", []).unwrap();
        }
        _ => {}
    };
    let ended = resume(&undisturbed.execution, &ground.options(&journal, &observer));
    let second = second.into_inner().unwrap();
    assert!(matches!(second, Some(ExecuteError::Journal(JournalError::Busy { .. }))), "{second:?}");
    let Err(ExecuteError::Broken { error: JournalError::Taken { .. }, .. }) = ended else { panic!("{ended:?}") };
    // What it did last is in doubt for whoever goes on.
    let report = ground.resume(&journal, &undisturbed.execution).unwrap();
    assert_eq!(outcomes(&report), outcomes(&undisturbed));
}

#[test]
fn what_there_is_nothing_to_go_on_with_is_refused() {
    let ground = Ground::new(World::default());
    let journal = ground.journal();
    let missing = ground.resume(&journal, "x");
    assert!(matches!(missing, Err(ExecuteError::Journal(JournalError::Missing { .. }))), "{missing:?}");
    assert!(!journal.exists());
    let report = ground.execute(&plan());
    let unknown = ground.resume(&journal, "x");
    assert!(matches!(unknown, Err(ExecuteError::Unknown { .. })), "{unknown:?}");

    // A plan that is not what it was.
    let change = |sql: &str| Connection::open(&journal).unwrap().execute_batch(sql).unwrap();
    change(
        "UPDATE executions SET state = 'running'; UPDATE plans SET graph = CAST(replace(graph, 'succeed', 'SUCCEED') AS BLOB)",
    );
    let damaged = ground.resume(&journal, &report.execution);
    assert!(matches!(damaged, Err(ExecuteError::Journal(JournalError::Damaged { .. }))), "{damaged:?}");
    change("DELETE FROM plans");
    let without = ground.resume(&journal, &report.execution);
    assert!(matches!(without, Err(ExecuteError::NoPlan { .. })), "{without:?}");
}

#[test]
fn a_journal_of_the_first_version_is_brought_up_to_date() {
    let ground = Ground::new(World::default());
    let first = ground.execute(&plan());
    crate::support::older(&ground.journal(), 1);
    // It can be looked at as it is.
    assert_eq!(Journal::open_existing(&ground.journal()).unwrap().executions().unwrap().len(), 1);
    let second = ground.execute(&plan());
    let listed = Journal::open_existing(&ground.journal()).unwrap().executions().unwrap();
    assert_eq!(listed.iter().map(|each| &each.id).collect::<Vec<_>>(), [&second.execution, &first.execution]);
}
