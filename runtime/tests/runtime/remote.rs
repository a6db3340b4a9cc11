//! Adapters that are programs of their own: good ones, and those that crash, hang, lie and babble.

use std::time::{Duration, Instant};

use ordain_graph::{OnFailure, Retry, Transport, Value};
use ordain_runtime::{Event, ExecuteError, NoAdapter, Outcome, Reason, State, StepEvent, Stream, execute, resume};
use serde_json::json;

use crate::support::{Place, Plan, failure, outputs, secret, text};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ordain-test-adapter");

/// A plan whose notes are taken by a program, which is bad in a way.
fn plan(bad: &str) -> Plan {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    let transport = Transport::Process([PROGRAM, bad].map(Into::into).into());
    plan.0.adapters.insert("test".into(), ordain_graph::Adapter { transport, ..plan.0.adapters["test"].clone() });
    plan
}

fn note(plan: &mut Plan, name: &str, does: &str) -> u32 {
    plan.step(name, "test.note", &[("name", text(name)), ("does", text(does))])
}

fn retried(plan: &mut Plan, name: &str, does: &str) -> u32 {
    let at = note(plan, name, does);
    plan.at(at).retry = Some(Retry { times: 2, min: 0, max: 0 });
    at
}

fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

fn logged(place: &Place) -> Vec<(Stream, String)> {
    let events = place.events.lock().unwrap();
    let lines = events.iter().filter_map(|event| match event {
        Event::Log { stream, line, .. } => Some((*stream, line.clone())),
        _ => None,
    });
    lines.collect()
}

#[test]
fn one_program_serves_all_steps_of_an_execution() {
    let mut plan = plan("");
    for name in ["a", "b", "c"] {
        note(&mut plan, name, "succeed");
    }
    let place = Place::new();
    std::fs::write(place.path("heard"), "").unwrap();
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded, "{report:?}");
    assert_eq!(outputs(&report, "a"), json!({ "sum": 1, "secret": null }));
    let heard: Vec<serde_json::Value> =
        place.read("heard").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let methods: Vec<&str> = heard.iter().map(|message| message["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["initialize", "describe", "apply", "apply", "apply"]);
    let params = &heard[2]["params"];
    assert_eq!(params["capability"], "test.note");
    assert_eq!((params["attempt"].clone(), params["in_doubt"].clone()), (json!(1), json!(false)));
    assert_eq!(params["timeout_ms"], json!(null));
    assert_eq!(params["key"].as_str().unwrap().len(), 64);
}

#[test]
fn its_environment_is_small_and_it_ends_with_all_it_started() {
    let mut plan = plan("stays");
    note(&mut plan, "environment", "environment");
    note(&mut plan, "leave", "leave");
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded, "{report:?}");
    let environment = place.read("environment");
    assert!(environment.contains("ORDAIN_EXECUTION"), "{environment}");
    // The test runner's environment holds this one.
    assert!(!environment.contains("CARGO_MANIFEST_DIR"), "{environment}");
    assert!(!is_running(&place.read("pid")));
    assert!(!is_running(&place.read("left")));
}

#[test]
fn what_is_wrong_with_an_answer_fails_the_try_and_nothing_else() {
    let cases = [
        ("fail", Reason::AdapterFailed),
        ("odd", Reason::AdapterFailed),
        ("claim cancelled", Reason::AdapterFailed),
        ("refuse", Reason::AdapterRefused),
        ("none of these", Reason::InputMismatch),
        ("crash", Reason::AdapterEnded),
        ("close", Reason::AdapterEnded),
        ("garbage", Reason::ProtocolViolated),
        ("binary", Reason::ProtocolViolated),
        ("batch", Reason::ProtocolViolated),
        ("wrong id", Reason::ProtocolViolated),
        ("null id", Reason::ProtocolViolated),
        ("old", Reason::ProtocolViolated),
        ("request", Reason::ProtocolViolated),
        ("long", Reason::ProtocolViolated),
        ("endless", Reason::ProtocolViolated),
        ("no outputs", Reason::ProtocolViolated),
        ("lie", Reason::OutputMismatch),
        ("mark", Reason::OutputMismatch),
    ];
    let mut plan = plan("");
    for (does, _) in cases {
        note(&mut plan, does, does);
    }
    note(&mut plan, "well", "succeed");
    let mut place = Place { parallelism: 1, ..Place::new() };
    place.limits.message = 20_000;
    let report = place.execute(&plan.finish());
    for (does, reason) in cases {
        assert_eq!(failure(&report, does).0, reason, "{does}: {}", failure(&report, does).1);
    }
    let crash = failure(&report, "crash").1;
    assert!(crash.contains("status: 7") && crash.contains("broken: \"crash\""), "{crash}");
    assert_eq!(report.node("well").unwrap().outcome, Outcome::Succeeded);
}

#[test]
fn a_second_answer_does_not_pass_for_another() {
    let mut plan = plan("answers twice");
    for name in ["a", "b", "c", "d"] {
        retried(&mut plan, name, "succeed");
    }
    let place = Place { parallelism: 1, ..Place::new() };
    std::fs::write(place.path("heard"), "").unwrap();
    let report = place.execute(&plan.finish());
    assert!(place.read("heard").matches("\"initialize\"").count() > 1, "it was trusted further");
    for name in ["a", "b", "c", "d"] {
        match &report.node(name).unwrap().outcome {
            Outcome::Succeeded => {}
            Outcome::Failed { reason, .. } => assert_eq!(*reason, Reason::ProtocolViolated),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_program_that_ended_is_started_again_for_the_next_try() {
    let mut plan = plan("");
    retried(&mut plan, "once", "crash once");
    retried(&mut plan, "after", "crash after");
    let place = Place { parallelism: 1, ..Place::new() };
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded, "{report:?}");
    assert_eq!(report.node("once").unwrap().attempts, 2);
    // Its effect took place before it ended; the same key keeps it from taking place again.
    assert_eq!(place.read("effects"), "after\nonce\n");
}

#[test]
fn time_is_limited_whatever_the_adapter_does() {
    let mut plan = plan("");
    for does in ["wait", "hang", "chatter"] {
        let at = note(&mut plan, does, does);
        plan.at(at).timeout = Some(200);
    }
    note(&mut plan, "silent", "hang");
    note(&mut plan, "well", "succeed");
    let mut place = Place { parallelism: 1, ..Place::new() };
    place.limits.silence = Duration::from_millis(200);
    let since = Instant::now();
    let report = place.execute(&plan.finish());
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    for does in ["wait", "hang", "chatter", "silent"] {
        assert_eq!(failure(&report, does).0, Reason::Timeout, "{does}: {}", failure(&report, does).1);
    }
    assert_eq!(report.node("well").unwrap().outcome, Outcome::Succeeded);
}

#[test]
fn a_cancelled_execution_gives_up_its_calls() {
    for (does, outcome) in [("wait", None), ("hang", None), ("be quick", Some(Outcome::Succeeded))] {
        let mut plan = plan("");
        note(&mut plan, "a", does);
        let place = Place {
            hook: Box::new(|place, event| {
                if matches!(event, Event::StepStarted { .. }) {
                    place.cancel.cancel();
                }
            }),
            ..Place::new()
        };
        let report = place.execute(&plan.finish());
        match outcome {
            Some(outcome) => assert_eq!(report.node("a").unwrap().outcome, outcome, "{does}"),
            None => {
                assert_eq!(failure(&report, "a").0, Reason::Cancelled, "{does}");
                assert_eq!(report.state, State::Cancelled, "{does}");
            }
        }
    }
}

#[test]
fn as_many_calls_are_under_way_as_the_adapter_takes() {
    let meeting = |bad: &str| {
        let mut plan = plan(bad);
        for name in ["a", "b", "c"] {
            let at =
                plan.step(name, "test.note", &[("name", text(name)), ("does", text("meet")), ("sum", Value::Int(3))]);
            plan.at(at).timeout = Some(if bad.is_empty() { 30_000 } else { 300 });
        }
        Place::new().execute(&plan.finish())
    };
    assert_eq!(meeting("").state, State::Succeeded);
    // In an adapter that takes one call at a time each waits for the others in vain, but for the last, who finds their traces.
    let report = meeting("one by one");
    let late =
        |node: &ordain_runtime::NodeReport| matches!(node.outcome, Outcome::Failed { reason: Reason::Timeout, .. });
    assert_eq!(report.nodes.iter().filter(|node| late(node)).count(), 2, "{report:?}");
    assert_eq!(report.nodes.iter().filter(|node| node.outcome == Outcome::Succeeded).count(), 1, "{report:?}");
}

#[test]
fn what_it_tells_is_passed_on_as_far_as_there_is_room() {
    let mut plan = plan("");
    note(&mut plan, "talk", "talk");
    let mut place = Place::new();
    place.limits.log = 400;
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded, "{report:?}");
    assert_eq!(
        logged(&place),
        [
            (Stream::Stderr, "be careful".to_owned()),
            (Stream::Stdout, "x".repeat(100)),
            (Stream::Stderr, "[it logs too much; the rest is left out]".to_owned()),
        ]
    );
    let events = place.events.lock().unwrap();
    assert!(
        events.iter().any(
            |event| matches!(event, Event::StepProgress { percent: Some(42), message, .. } if message == "half way")
        )
    );
}

#[test]
fn secrets_are_handed_over_and_come_back_as_secrets() {
    let mut plan = plan("");
    plan.step("tell", "test.tell", &[("secret", secret("shop/password")), ("pin", secret("shop/pin"))]);
    let place = Place::with_secrets(&[("shop/password", "hunter2"), ("shop/pin", "123456")]);
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded, "{report:?}");
    assert_eq!(outputs(&report, "tell")["echo"], "<***>");
    let shown = format!("{report:?}{:?}", place.events.lock().unwrap());
    assert!(shown.contains("the secret is ***"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("123456"), "{shown}");
    let journal = place.journal_bytes();
    assert!(!journal.windows(7).any(|window| window == b"hunter2"));
}

#[test]
fn an_adapter_that_is_not_what_it_should_be_is_refused_before_anything_runs() {
    let cases = [
        ("ends", Some(Reason::AdapterEnded)),
        ("hangs", Some(Reason::Timeout)),
        ("newer protocol", Some(Reason::AdapterVersion)),
        ("no protocol", Some(Reason::ProtocolViolated)),
        ("no version", Some(Reason::ProtocolViolated)),
        ("other version", None),
    ];
    for (bad, expected) in cases {
        let mut plan = plan(bad);
        note(&mut plan, "a", "succeed");
        let mut place = Place::new();
        place.limits.start = Duration::from_millis(500);
        let Err(ExecuteError::Adapters(problems)) = place.try_execute(&plan.finish()) else { panic!("{bad}") };
        match (&problems[0].why, expected) {
            (NoAdapter::Silent { reason, .. }, Some(expected)) => assert_eq!(*reason, expected, "{bad}"),
            (NoAdapter::Version { .. }, None) => {}
            (why, _) => panic!("{bad}: {why:?}"),
        }
        assert!(!place.journal().exists(), "{bad}");
    }
    let mut plan = plan("");
    plan.0.adapters.get_mut("test").unwrap().transport = Transport::Process(vec!["./no-such-program".into()]);
    note(&mut plan, "a", "succeed");
    let Err(ExecuteError::Adapters(problems)) = Place::new().try_execute(&plan.finish()) else { panic!() };
    assert!(matches!(&problems[0].why, NoAdapter::Silent { reason: Reason::AdapterNotStarted, .. }));
}

#[test]
fn a_program_that_is_not_the_one_of_the_plan_is_not_started() {
    let place = Place::new();
    std::fs::write(place.path("tool"), "what the plan was made with").unwrap();
    let digest = "sha256:8ab3b02d19ab8b70a1a2cea8d9ce2e1ac8b0b5f4eb3ed0cd2e8f3ba6d6d5ee0b";
    let mut plan = plan("");
    plan.0.adapters.get_mut("test").unwrap().files = [("tool".into(), digest.into())].into();
    note(&mut plan, "a", "succeed");
    let error = place.try_execute(&plan.finish()).unwrap_err();
    assert_eq!(error.code(), "adapter_changed");
    let ExecuteError::Adapters(problems) = error else { panic!() };
    assert_eq!(problems[0].why, NoAdapter::Changed { adapter: "test".into(), file: "tool".into() });
    assert!(!place.path("described").exists());
}

#[test]
fn programs_of_other_packages_are_found_there_and_run_here() {
    let place = Place::new();
    let shared = place.outside().join("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::copy(PROGRAM, shared.join("tool")).unwrap();
    let digest = sha256(&std::fs::read(PROGRAM).unwrap());
    let mut plan = plan("");
    let adapter = plan.0.adapters.remove("test").unwrap();
    let transport = Transport::Process(["./tool", ""].map(Into::into).into());
    let files = [("./tool".into(), digest.into())].into();
    plan.0.adapters.insert("shared.main.test".into(), ordain_graph::Adapter { transport, files, ..adapter });
    let at = note(&mut plan, "a", "succeed");
    plan.at(at).adapter = Some("shared.main.test".into());
    let plan = plan.finish();
    let error = place.try_execute(&plan).unwrap_err();
    assert_eq!(error.code(), "adapter_missing");
    let packages = |name: &str| (name == "shared").then(|| shared.clone());
    let mut options = place.options(&|_| {});
    options.packages = &packages;
    assert_eq!(execute(&plan, &options).unwrap().state, State::Succeeded);
    assert_eq!(place.read("effects"), "a\n");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let hex: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

#[test]
fn an_adapter_that_changes_under_way_is_not_used() {
    let mut plan = plan("changes");
    retried(&mut plan, "a", "crash");
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(failure(&report, "a").0, Reason::AdapterVersion);
    assert_eq!(report.node("a").unwrap().attempts, 2);
}

#[test]
fn undoing_names_what_is_undone() {
    let mut plan = plan("");
    plan.0.on_failure = OnFailure::Undo;
    let at = note(&mut plan, "a", "succeed");
    plan.undo(at, "test.note", &[("name", text("undo a"))]);
    let last = note(&mut plan, "b", "refuse");
    plan.after(last, &[at]);
    let place = Place::new();
    std::fs::write(place.path("heard"), "").unwrap();
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Undone, "{report:?}");
    let heard: Vec<serde_json::Value> =
        place.read("heard").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let undo = heard.iter().find(|message| message["method"] == "undo").unwrap();
    let applied = heard.iter().find(|message| message["params"]["inputs"]["name"] == "a").unwrap();
    assert_eq!(undo["params"]["undoes"], applied["params"]["key"]);
    assert_ne!(undo["params"]["key"], applied["params"]["key"]);
    assert_eq!(place.read("effects"), "a\nundo a\n");
}

#[test]
fn a_resumed_step_is_in_doubt_under_the_same_key() {
    let mut plan = plan("");
    note(&mut plan, "a", "wait");
    let place = Place {
        hook: Box::new(|place, event| {
            if matches!(event, Event::StepStarted { .. }) {
                place.cancel.cancel();
            }
        }),
        ..Place::new()
    };
    let first = place.execute(&plan.finish());
    std::fs::write(place.path("heard"), "").unwrap();
    let mut options = place.options(&|_| {});
    options.cancel = ordain_runtime::Cancellation::new();
    options.adapter_limits.silence = Duration::from_millis(100);
    let second = resume(&first.execution, &options).unwrap();
    assert_eq!(failure(&second, "a").0, Reason::Timeout);
    let heard = place.read("heard");
    let apply: serde_json::Value = serde_json::from_str(heard.lines().nth(2).unwrap()).unwrap();
    assert_eq!(apply["params"]["in_doubt"], true);
    let record = ordain_runtime::Journal::open(&place.journal()).unwrap().execution(&first.execution).unwrap();
    let steps = record.unwrap().steps;
    let intent = steps.iter().find(|step| step.event == StepEvent::Intent).unwrap();
    assert_eq!(apply["params"]["key"], intent.data["key"]);
}

/// What the interpreter says in an execution with everything in it: a time-out, a failure, and undoing.
pub fn a_whole_execution() -> String {
    let mut plan = plan("");
    plan.0.on_failure = OnFailure::Undo;
    let first = note(&mut plan, "a", "succeed");
    plan.undo(first, "test.note", &[("name", text("undo a"))]);
    let last = note(&mut plan, "b", "hang");
    plan.at(last).timeout = Some(100);
    plan.after(last, &[first]);
    let place = Place::new();
    std::fs::write(place.path("heard"), "").unwrap();
    assert_eq!(place.execute(&plan.finish()).state, State::Undone);
    place.read("heard")
}
