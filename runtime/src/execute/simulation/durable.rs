//! Drawn plans with the real journal and real threads: what is durable when, and what becomes of them on a disk that is full.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ordain_graph::PlanGraph;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::plan::draw;
use crate::adapters::{Adapter, Adapters, Description, StepContext, StepError};
use crate::clock;
use crate::execute::past::Past;
use crate::execute::{ExecuteError, ExecuteOptions, Goal, Limits, Run, execute, preflight, reach, resume, workspace};
use crate::journal::{Claimed, Journal, JournalError, NewExecution, RecordedState, Recorder, StepEvent};
use crate::report::{ExecutionReport, Outcome};
use crate::secret::MemorySecrets;
use crate::vault::Vault;

/// Does what plans ask for, and counts how often it was asked under each key.
#[derive(Clone, Default)]
struct Counts(Arc<Mutex<BTreeMap<String, u32>>>);

impl Adapter for Counts {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["test.one", "test.two", "test.undo"]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        let inputs: Json = step.inputs()?;
        *self.0.lock().unwrap().entry(step.key().to_owned()).or_default() += 1;
        Ok(json!({ "sum": inputs["sum"].as_i64().unwrap_or_default() + 1 }))
    }
}

fn place() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn options<'a>(dir: &Path, counts: &Counts, secrets: &'a MemorySecrets, parallel: usize) -> ExecuteOptions<'a> {
    let mut options = ExecuteOptions::new(dir, dir.join("journal.db"), secrets);
    options.limits = Limits::of_all(NonZeroUsize::new(parallel).unwrap());
    options.adapters = Adapters::empty().with("test", Arc::new(counts.clone()));
    options
}

/// Begins to execute a plan; gives its id and whoever writes the journal.
fn begin(plan: &PlanGraph, options: &ExecuteOptions<'_>) -> (NewExecution, Recorder) {
    let execution = NewExecution {
        id: clock::execution_id(),
        plan: plan.plan.clone(),
        plan_hash: plan.hash(),
        package: plan.package.name.clone(),
        version: plan.package.version.clone(),
        graph: plan.to_json(),
        parallelism: options.limits.all.get(),
        approvers: None,
        imported: false,
        at: clock::now(),
    };
    let recorder = Journal::open(&options.journal).unwrap().begin(&execution, &Claimed::default()).unwrap();
    (execution, recorder)
}

/// Executes what was begun to its end.
fn conduct(
    plan: &PlanGraph,
    options: &ExecuteOptions<'_>,
    (execution, recorder): (NewExecution, Recorder),
) -> Result<ExecutionReport, ExecuteError> {
    let adapters = reach(plan, options, &execution.id, false);
    let prepared = preflight::prepare(plan, &adapters, Goal::Apply, None, None).unwrap();
    let past = Past::none(plan.nodes.len());
    let run = Run {
        id: execution.id,
        plan_hash: execution.plan_hash,
        since: clock::instant(),
        goal: Goal::Apply,
        approvers: None,
        past,
    };
    run.conduct(&prepared, options, &Arc::new(Vault::default()), &Arc::new(workspace(options).unwrap()), recorder)
}

fn outcomes(report: &ExecutionReport) -> Vec<(&str, &Outcome, Option<Json>)> {
    let each = |node: &crate::report::NodeReport| node.outputs.as_ref().map(ordain_graph::Value::to_json);
    report.nodes.iter().map(|node| (&*node.address, &node.outcome, each(node))).collect()
}

/// Drawn plans that no policy has a say in, and that come to the same end in whatever order their steps end.
fn plans() -> impl Iterator<Item = (u64, PlanGraph)> {
    let drawn = (0..).map(|seed| (seed, draw(seed)));
    drawn.filter(|(_, drawn)| drawn.plan.verdicts.is_empty() && !drawn.stops).map(|(seed, drawn)| (seed, drawn.plan))
}

/// SQLite lets the file have so many pages and no more, which is what a full disk does to whoever writes it.
#[test]
fn a_full_disk_interrupts_in_good_order_and_is_gone_on_from_when_there_is_room() {
    let secrets = MemorySecrets::default();
    let (mut full, mut midway) = (0, 0);
    for (seed, plan) in plans().filter(|(_, plan)| plan.nodes.len() > 8).take(12) {
        let calm = place();
        let undisturbed = execute(&plan, &options(calm.path(), &Counts::default(), &secrets, 2)).unwrap();
        for room in 0..2 {
            let (place, counts) = (place(), Counts::default());
            let options = options(place.path(), &counts, &secrets, 2);
            let begun = begin(&plan, &options);
            let id = begun.0.id.clone();
            let pages: i64 = begun.1.connection().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
            begun.1.connection().pragma_update(None, "max_page_count", pages + room).unwrap();
            match conduct(&plan, &options, begun) {
                // There was room enough.
                Ok(_) => continue,
                Err(ExecuteError::Broken { error, .. }) => {
                    assert_eq!(error, JournalError::Full { path: options.journal.clone() }, "seed {seed}");
                    assert_eq!(error.code(), "journal_full");
                }
                Err(error) => panic!("seed {seed}: {error}"),
            }
            full += 1;
            let journal = Journal::open_existing(&options.journal).unwrap();
            assert_eq!(journal.verify(&[]).unwrap().problem, None, "seed {seed}");
            let record = journal.execution(&id).unwrap().unwrap();
            assert_eq!(record.summary.state, RecordedState::Interrupted, "seed {seed}");
            let before = counts.0.lock().unwrap().clone();
            // Nothing takes effect that is not written down.
            let intended = |key: &String| record.steps.iter().any(|step| step.data["key"] == key.as_str());
            assert!(before.keys().all(intended), "seed {seed}: called before it was written down");

            let resumed = resume(&id, &options).unwrap();
            assert_eq!(resumed.state, undisturbed.state, "seed {seed}");
            assert_eq!(outcomes(&resumed), outcomes(&undisturbed), "seed {seed}");
            let after = counts.0.lock().unwrap().clone();
            for ended in record.steps.iter().filter(|step| step.event == StepEvent::Succeeded) {
                let mut intents = record.steps.iter().filter(|step| step.node == ended.node);
                let key = intents.find_map(|step| step.data["key"].as_str()).unwrap();
                assert_eq!(after[key], before[key], "seed {seed}: `{}` is done again", ended.address);
                midway += 1;
            }
        }
    }
    assert!(full > 10 && midway > 10, "{full}, {midway}");
}

/// `2` is FULL (SQLite documentation, PRAGMA synchronous): a commit is on disk when it returns.
#[test]
fn whoever_writes_the_journal_waits_for_the_disk() {
    let (place, secrets) = (place(), MemorySecrets::default());
    let options = options(place.path(), &Counts::default(), &secrets, 2);
    let waits = |recorder: &Recorder| {
        let pragma =
            |name| recorder.connection().pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        assert_eq!(pragma("synchronous").unwrap(), 2.into());
        assert_eq!(pragma("journal_mode").unwrap(), "wal".to_owned().into());
    };
    let (execution, recorder) = begin(&plans().next().unwrap().1, &options);
    waits(&recorder);
    drop(recorder);
    let claim = Journal::open_to_resume(&options.journal).unwrap().claim(&execution.id, false).unwrap().unwrap();
    waits(&claim.resume(clock::now(), false).unwrap());
}
