//! Adapters of the interpreter that ignore their time: the execution goes on without them, and what they say later is not
//! heard.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ordain_graph::{OnFailure, Op, PlanGraph, Retry, Value};
use ordain_runtime::{
    Adapter, Description, DriftOf, DriftState, Event, ExecuteOptions, ExecutionReport, Journal, Observed, Reason,
    State, StepContext, StepError, Stream, UndoOutcome, drift, execute, replay, resume, undo,
};
use serde_json::{Value as Json, json};

use crate::support::{Place, Plan, failure, output, text};

/// An adapter that does not end before it is let go, whatever its time limit says.
struct Stuck {
    go: Mutex<Receiver<()>>,
    ended: Sender<()>,
}

impl Stuck {
    fn wait(&self, step: &StepContext<'_>) {
        step.log(Stream::Stdout, "before");
        self.go.lock().unwrap().recv().unwrap();
        step.log(Stream::Stdout, "after");
        step.progress(Some(100), "late");
    }
}

impl Adapter for Stuck {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["test.note"]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        self.wait(step);
        self.ended.send(()).unwrap();
        Ok(json!({ "sum": 1 }))
    }

    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        self.wait(step);
        self.ended.send(()).unwrap();
        Ok(Observed::Absent)
    }
}

/// Lets the adapter go, and waits until it has ended.
struct Leash {
    go: Sender<()>,
    ended: Receiver<()>,
}

impl Leash {
    fn let_go(&self) {
        self.go.send(()).unwrap();
        self.ended.recv().unwrap();
    }
}

fn stuck() -> (Arc<Stuck>, Leash) {
    let (go, gone) = channel();
    let (end, ended) = channel();
    (Arc::new(Stuck { go: Mutex::new(gone), ended: end }), Leash { go, ended })
}

fn options<'a>(place: &'a Place, adapter: &Arc<Stuck>, observer: &'a (dyn Fn(Event) + Sync)) -> ExecuteOptions<'a> {
    let mut options = place.options(observer);
    options.adapters = options.adapters.clone().with("test", adapter.clone());
    options.grace = Duration::from_millis(5);
    options.adapter_limits.leeway = Duration::ZERO;
    options
}

/// A file, a step that hangs and waits for it, and one after that.
fn plan(on_failure: OnFailure) -> PlanGraph {
    let mut plan = Plan::new();
    plan.0.on_failure = on_failure;
    let first = plan.step("first", "file.write", &[("path", text("first.txt")), ("content", text("1"))]);
    plan.undo(first, "file.remove", &[("path", output(first, "path"))]);
    let name = Value::apply(Op::Interpolate, vec![text("after "), output(first, "path")]);
    let hangs = plan.step("hangs", "test.note", &[("name", name), ("does", text("succeed"))]);
    plan.at(hangs).timeout = Some(5);
    // Another try would run beside the first one.
    plan.at(hangs).retry = Some(Retry { times: 3, min: 1, max: 1 });
    let last = plan.step("last", "file.write", &[("path", text("last.txt")), ("content", text("2"))]);
    plan.after(last, &[hangs]);
    plan.finish()
}

fn lines(place: &Place) -> Vec<String> {
    let events = place.events.lock().unwrap();
    let lines = events.iter().filter_map(|event| match event {
        Event::Log { line, .. } => Some(line.clone()),
        Event::StepProgress { message, .. } => Some(message.clone()),
        _ => None,
    });
    lines.collect()
}

fn comes_to_the_same(place: &Place, report: &ExecutionReport) {
    let journal = Journal::open_existing(&place.journal()).unwrap();
    let plan = journal.plan(&report.plan_hash).unwrap().unwrap();
    let replayed = replay(&plan, &journal.log(&report.execution).unwrap());
    assert_eq!(replayed.state, Some(report.state));
    assert!(replayed.divergences.is_empty(), "{:?}", replayed.divergences);
}

#[test]
fn an_execution_goes_on_without_an_adapter_that_ignores_its_time() {
    let place = Place::new();
    let (adapter, leash) = stuck();
    let observer = |event: Event| place.events.lock().unwrap().push(event);
    let options = options(&place, &adapter, &observer);
    let report = execute(&plan(OnFailure::Stop), &options).unwrap();
    assert_eq!(report.state, State::Failed);
    let (reason, message) = failure(&report, "hangs");
    assert_eq!(reason, Reason::Abandoned, "{message}");
    assert!(message.contains("may take place still"), "{message}");
    assert!(place.path("first.txt").exists() && !place.path("last.txt").exists());
    assert_eq!(lines(&place), ["before"]);
    let before = place.journal_bytes();
    leash.let_go();
    assert_eq!(lines(&place), ["before"], "a late answer was told");
    assert_eq!(place.journal_bytes(), before, "a late answer was written");
    comes_to_the_same(&place, &report);
    // It has failed, and is not done again.
    assert!(resume(&report.execution, &options).is_err());
}

#[test]
fn what_it_was_built_upon_stays_when_all_is_undone() {
    let place = Place::new();
    let (adapter, leash) = stuck();
    let observer = |event: Event| place.events.lock().unwrap().push(event);
    let options = options(&place, &adapter, &observer);
    let report = execute(&plan(OnFailure::Undo), &options).unwrap();
    assert_eq!(report.state, State::PartlyUndone);
    assert_eq!(report.node("hangs").unwrap().undo, Some(UndoOutcome::InDoubt));
    let by = UndoOutcome::Blocked { address: "hangs".into() };
    assert_eq!(report.node("first").unwrap().undo, Some(by));
    assert!(place.path("first.txt").exists());
    comes_to_the_same(&place, &report);
    // Somebody asks again: nobody knows more than before.
    let again = undo(&report.execution, &options).unwrap();
    assert_eq!(again.node("hangs").unwrap().undo, Some(UndoOutcome::InDoubt));
    assert!(place.path("first.txt").exists());
    comes_to_the_same(&place, &again);
    leash.let_go();
}

#[test]
fn looking_goes_on_without_it_too() {
    let place = Place::new();
    let (adapter, leash) = stuck();
    let observer = |_: Event| {};
    let mut plan = Plan::new();
    plan.step("hangs", "test.note", &[("name", text("a")), ("does", text("succeed"))]);
    plan.step("file", "file.write", &[("path", text("file.txt")), ("content", text("1"))]);
    let options = options(&place, &adapter, &observer);
    let report = drift(DriftOf::Plan(&plan.finish()), Duration::from_millis(5), &options).unwrap();
    let state = |address: &str| report.steps.iter().find(|step| step.address == address).unwrap();
    assert_eq!((state("hangs").state, state("hangs").reason), (DriftState::Unknown, Some("abandoned")));
    assert_eq!(state("file").state, DriftState::Missing);
    leash.let_go();
}
