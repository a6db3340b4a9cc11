//! What happens when a step fails.

use ordain_graph::{NodeKind, OnFailure, Op, Retry, Value};
use ordain_runtime::{Event, Journal, Outcome, Reason, Skip, State, StepEvent, UndoOutcome};

use crate::support::{Place, Plan, failure, list, output, outputs, text};

fn note(plan: &mut Plan, name: &str, does: &str, after: &[u32]) -> u32 {
    let at = plan.step(name, "test.note", &[("name", text(name)), ("does", text(does))]);
    plan.after(at, after);
    at
}

#[test]
fn stop_starts_nothing_more() {
    let mut plan = Plan::new();
    note(&mut plan, "a", "fail", &[]);
    let b = note(&mut plan, "b", "succeed", &[]);
    note(&mut plan, "c", "succeed", &[0]);
    note(&mut plan, "d", "succeed", &[b]);
    let place = Place { parallelism: 1, ..Place::new() };
    let report = place.execute(&plan.finish());
    assert_eq!(place.notes.began(), ["a"]);
    assert_eq!(report.state, State::Failed);
    let a = || "a".into();
    assert_eq!(report.node("b").unwrap().outcome, Outcome::Skipped { because: Skip::Stopped { address: a() } });
    assert_eq!(
        report.node("c").unwrap().outcome,
        Outcome::Skipped { because: Skip::DependencyFailed { address: a() } }
    );
    assert_eq!(report.node("d").unwrap().outcome, Outcome::Skipped { because: Skip::Stopped { address: a() } });
    assert_eq!(report.node("a").unwrap().undo, None);
}

#[test]
fn a_step_may_say_for_itself_that_others_go_on() {
    let mut plan = Plan::new();
    let a = note(&mut plan, "a", "fail", &[]);
    plan.at(a).on_failure = Some(OnFailure::Continue);
    note(&mut plan, "b", "succeed", &[]);
    let place = Place { parallelism: 1, ..Place::new() };
    let report = place.execute(&plan.finish());
    assert_eq!(place.notes.began(), ["a", "b"]);
    assert_eq!(report.state, State::Failed);
}

/// a ← b ← c ← fails; each but `d` writes a file and removes it again.
fn undoable() -> Plan {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Undo;
    for name in ["a", "b", "c"] {
        let at = plan.step(name, "file.write", &[("path", text(&format!("{name}.txt"))), ("content", text(name))]);
        if at > 0 {
            plan.after(at, &[at - 1]);
        }
        plan.undo(at, "test.note", &[("name", Value::apply(Op::Interpolate, vec![text("undo "), output(at, "path")]))]);
    }
    let last = note(&mut plan, "last", "fail", &[2]);
    plan.at(last).on_failure = None;
    plan
}

#[test]
fn undo_goes_backwards_with_the_outputs_of_each_step() {
    let place = Place::new();
    let report = place.execute(&undoable().finish());
    assert_eq!(place.notes.began(), ["last", "undo c.txt", "undo b.txt", "undo a.txt"]);
    assert_eq!(report.state, State::Undone);
    assert_eq!(report.counts().undone, 3);
    assert_eq!(report.node("a").unwrap().undo, Some(UndoOutcome::Undone));
    let journal = Journal::open_existing(&place.journal()).unwrap();
    let record = journal.execution(&report.execution).unwrap().unwrap();
    let events: Vec<(&str, StepEvent)> = record.steps.iter().map(|step| (&*step.address, step.event)).collect();
    assert_eq!(
        events[6..],
        [
            ("last", StepEvent::Intent),
            ("last", StepEvent::Failed),
            ("c", StepEvent::UndoIntent),
            ("c", StepEvent::Undone),
            ("b", StepEvent::UndoIntent),
            ("b", StepEvent::Undone),
            ("a", StepEvent::UndoIntent),
            ("a", StepEvent::Undone),
        ]
    );
}

#[test]
fn undo_really_removes_what_was_written() {
    let mut plan = undoable();
    for at in 0..3 {
        plan.undo(at, "file.remove", &[("path", output(at, "path"))]);
    }
    let place = Place::new();
    assert_eq!(place.execute(&plan.finish()).state, State::Undone);
    assert!(!["a.txt", "b.txt", "c.txt"].iter().any(|name| place.path(name).exists()));
}

#[test]
fn what_cannot_be_undone_is_told_and_keeps_what_it_stands_on() {
    let mut plan = undoable();
    plan.undo(1, "test.note", &[("name", text("undo b")), ("does", text("fail"))]);
    plan.at(2).undo = None;
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::PartlyUndone);
    assert_eq!(report.node("c").unwrap().undo, Some(UndoOutcome::Unavailable));
    let failed = UndoOutcome::Failed { reason: Reason::CommandFailed, message: "`undo b` failed".into() };
    assert_eq!(report.node("b").unwrap().undo, Some(failed));
    assert_eq!(report.node("a").unwrap().undo, Some(UndoOutcome::Blocked { address: "b".into() }));
    assert_eq!(place.notes.began(), ["last", "undo b"]);
}

#[test]
fn failures_are_tried_again_as_often_as_said() {
    let mut plan = Plan::new();
    let a = note(&mut plan, "a", "fail 2 times", &[]);
    plan.at(a).retry = Some(Retry { times: 2, min: 1, max: 2 });
    let b = note(&mut plan, "b", "fail 3 times", &[]);
    plan.at(b).retry = Some(Retry { times: 2, min: 1, max: 2 });
    plan.0.on_failure = OnFailure::Continue;
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(report.node("a").unwrap().outcome, Outcome::Succeeded);
    assert_eq!(report.node("a").unwrap().attempts, 3);
    assert_eq!(failure(&report, "b").0, Reason::CommandFailed);
    assert_eq!(report.node("b").unwrap().attempts, 3);
    let pauses: Vec<u64> = place
        .events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match event {
            Event::StepRetried { address, pause_ms, .. } if address == "a" => Some(*pause_ms),
            _ => None,
        })
        .collect();
    assert_eq!(pauses, [1, 2]);
    let journal = Journal::open_existing(&place.journal()).unwrap();
    let steps = journal.execution(&report.execution).unwrap().unwrap().steps;
    let of_a: Vec<(StepEvent, u32)> =
        steps.iter().filter(|step| step.address == "a").map(|step| (step.event, step.attempt)).collect();
    assert_eq!(of_a, [(StepEvent::Intent, 1), (StepEvent::Retry, 2), (StepEvent::Retry, 3), (StepEvent::Succeeded, 3)]);
}

#[test]
fn what_cannot_get_better_is_not_tried_again() {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    for (name, does) in [("a", "lie"), ("b", "crash")] {
        let at = note(&mut plan, name, does, &[]);
        plan.at(at).retry = Some(Retry { times: 5, min: 1, max: 1 });
    }
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(failure(&report, "a").0, Reason::OutputMismatch);
    assert_eq!(failure(&report, "b").0, Reason::AdapterCrashed);
    assert_eq!(report.nodes.iter().map(|node| node.attempts).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_gate_opens_or_stops() {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    let status = |at| Value::apply(Op::Eq, vec![output(at, "status"), Value::Int(0)]);
    for (name, script) in [("open", "exit 0"), ("shut", "exit 3")] {
        let at = plan.step(name, "command.probe", &[("argv", list(&["sh", "-c", script]))]);
        plan.at(at).kind = NodeKind::Gate { expect: status(at) };
        note(&mut plan, &format!("after {name}"), "succeed", &[at]);
    }
    // A gate whose condition has no answer.
    let odd = plan.step("odd", "command.probe", &[("argv", list(&["true"]))]);
    let zero = Value::apply(Op::Div, vec![Value::Int(1), output(odd, "status")]);
    plan.at(odd).kind = NodeKind::Gate { expect: Value::apply(Op::Eq, vec![zero, Value::Int(1)]) };
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(report.node("open").unwrap().outcome, Outcome::Succeeded);
    let (reason, message) = failure(&report, "shut");
    assert_eq!(reason, Reason::GateFailed);
    assert!(message.contains("\"status\":3"), "{message}");
    let (reason, message) = failure(&report, "odd");
    assert_eq!(reason, Reason::GateUndecided);
    assert!(message.contains("division by zero"), "{message}");
    assert_eq!(place.notes.began(), ["after open"]);
}

#[test]
fn a_gate_is_tried_again_until_it_opens() {
    let mut plan = Plan::new();
    let script = "echo x >> tries; [ $(wc -l < tries) -ge 3 ]";
    let at = plan.step("healthy", "command.probe", &[("argv", list(&["sh", "-c", script]))]);
    plan.at(at).kind = NodeKind::Gate { expect: Value::apply(Op::Eq, vec![output(at, "status"), Value::Int(0)]) };
    plan.at(at).retry = Some(Retry { times: 9, min: 1, max: 1 });
    let report = Place::new().execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded);
    assert_eq!(report.node("healthy").unwrap().attempts, 3);
}

#[test]
fn inputs_that_cannot_be_computed_or_do_not_fit_fail_the_step_alone() {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    let a = note(&mut plan, "a", "succeed", &[]);
    let zero = Value::apply(Op::Sub, vec![output(a, "sum"), Value::Int(1)]);
    let broken = Value::apply(Op::Div, vec![Value::Int(1), zero]);
    plan.step("b", "test.note", &[("name", text("b")), ("sum", broken)]);
    let wrong = Value::apply(
        Op::If,
        vec![Value::apply(Op::Eq, vec![output(a, "sum"), Value::Int(1)]), text("x"), Value::Int(1)],
    );
    plan.step("c", "test.note", &[("name", text("c")), ("sum", wrong)]);
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(failure(&report, "b").0, Reason::InputUnresolved);
    assert_eq!(failure(&report, "c").0, Reason::InputMismatch);
    assert_eq!(place.notes.began(), ["a"]);
}

#[test]
fn a_result_that_cannot_be_computed_is_told() {
    let mut plan = Plan::new();
    let a = note(&mut plan, "a", "succeed", &[]);
    let zero = Value::apply(Op::Sub, vec![output(a, "sum"), Value::Int(1)]);
    plan.0.returns = Some(Value::apply(Op::Div, vec![Value::Int(1), zero]));
    let report = Place::new().execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded);
    assert_eq!(report.returns_error.as_deref(), Some("division by zero"));
}

#[test]
fn cancelling_stops_what_runs_and_starts_nothing_more() {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Undo;
    let a = plan.sh("a", "echo done > a.txt");
    plan.undo(a, "file.remove", &[("path", text("a.txt"))]);
    let b = plan.sh("b", "echo $$ > pid; echo running; exec sleep 600");
    plan.after(b, &[a]);
    let c = note(&mut plan, "c", "succeed", &[b]);
    plan.after(c, &[a]);
    let place = Place {
        hook: Box::new(|place, event| {
            if matches!(event, Event::Log { line, .. } if line == "running") {
                place.cancel.cancel();
            }
        }),
        ..Place::new()
    };
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Cancelled);
    assert_eq!(failure(&report, "b").0, Reason::Cancelled);
    assert_eq!(report.node("c").unwrap().outcome, Outcome::Skipped { because: Skip::Cancelled });
    // What was done stands: cancelling is no failure.
    assert_eq!(report.node("a").unwrap().undo, None);
    assert!(place.path("a.txt").exists());
    let pid = place.read("pid");
    assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists());
    assert_eq!(outputs(&report, "a")["status"], 0);
}

#[test]
fn forcing_takes_the_time_of_grace() {
    let mut plan = Plan::new();
    plan.sh("a", "trap '' TERM; echo running; while :; do sleep 600; done");
    let cancel = ordain_runtime::Cancellation::new();
    let observer = |event: Event| {
        if matches!(event, Event::Log { line, .. } if line == "running") {
            cancel.force();
        }
    };
    let place = Place::new();
    let mut options = place.options(&observer);
    options.cancel = cancel.clone();
    // Longer than anybody waits for a test.
    options.grace = std::time::Duration::from_secs(36_000);
    let report = ordain_runtime::execute(&plan.finish(), &options).unwrap();
    assert_eq!((report.state, failure(&report, "a").0), (State::Cancelled, Reason::Cancelled));
}

#[test]
fn cancelling_before_the_first_step_starts_nothing() {
    let mut plan = Plan::new();
    note(&mut plan, "a", "succeed", &[]);
    let place = Place::new();
    place.cancel.cancel();
    let report = place.execute(&plan.finish());
    assert_eq!((report.state, place.notes.began().len()), (State::Cancelled, 0));
}

#[test]
fn cancelling_ends_the_pause_before_another_try() {
    let mut plan = Plan::new();
    let a = note(&mut plan, "a", "fail", &[]);
    plan.at(a).retry = Some(Retry { times: 1, min: 3_600_000, max: 3_600_000 });
    let place = Place {
        hook: Box::new(|place, event| {
            if matches!(event, Event::StepRetried { .. }) {
                place.cancel.cancel();
            }
        }),
        ..Place::new()
    };
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Cancelled);
    assert_eq!(failure(&report, "a").0, Reason::Cancelled);
}
