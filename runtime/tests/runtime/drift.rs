//! Looking at what is there: what adapters that are good, that lie, hang and break down make of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ordain_graph::{Because, Effect, Outcome as Said, PlanGraph, RefreshError, Severity, Transport, Value, Verdict};
use ordain_runtime::{
    Adapter, Adapters, Description, DriftOf, DriftReport, DriftState, ImportProblem, Journal, Observed, Reason,
    StepContext, StepError, drift, import, refresh, replay, undo,
};
use serde_json::{Value as Json, json};

use crate::support::{Place, Plan, output, secret, text};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ordain-test-adapter");

const WITHIN: Duration = Duration::from_secs(20);

/// Looks as `does` says.
struct Seer;

impl Adapter for Seer {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["test.note", "test.tell"]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        match step.capability() {
            "test.tell" => Ok(json!({ "echo": "", "made": "made-secret", "pin": 4711 })),
            _ => Ok(json!({ "sum": 1, "secret": null })),
        }
    }

    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        let inputs: Json = step.inputs()?;
        let present = |inputs: Json, outputs: Json| Ok(Observed::Present { inputs, outputs });
        if step.capability() == "test.tell" {
            return present(json!({ "secret": "other-secret", "pin": 1234 }), json!({ "made": "made-secret" }));
        }
        match inputs["does"].as_str().unwrap_or_default() {
            "succeed" => present(inputs, json!({ "sum": 1 })),
            "gone" => Ok(Observed::Absent),
            "shrug" => Ok(Observed::Unknown),
            "crash" => panic!("as asked"),
            "fail" => Err(StepError::new(Reason::Unreachable, "nobody answers, and the key is s3cr3t-key")),
            "lie" => present(json!({ "color": "red" }), json!({})),
            "lie again" => Ok(Observed::Present { inputs: json!([]), outputs: json!({}) }),
            "other" => present(json!({ "name": 5, "sum": 2 }), json!({ "sum": "x" })),
            "bare" => present(json!({}), json!({})),
            other => panic!("{other}"),
        }
    }
}

fn place() -> Place {
    Place::with_secrets(&[("key", "s3cr3t-key"), ("pin", "1234")])
}

fn look(place: &Place, plan: &PlanGraph, within: Duration) -> DriftReport {
    let mut options = place.options(&|_| {});
    options.adapters = Adapters::builtin().with("test", Arc::new(Seer));
    drift(DriftOf::Plan(plan), within, &options).unwrap()
}

fn state(report: &DriftReport, address: &str) -> (DriftState, Option<&'static str>) {
    let step = report.steps.iter().find(|step| step.address == address).unwrap_or_else(|| panic!("no `{address}`"));
    (step.state, step.reason)
}

fn note(plan: &mut Plan, name: &str, does: &str) -> u32 {
    plan.step(name, "test.note", &[("name", text(name)), ("does", text(does))])
}

#[test]
fn one_bad_observer_hides_no_other() {
    let mut plan = Plan::new();
    let secrets = [("secret", secret("key")), ("pin", secret("pin"))];
    plan.step("told", "test.tell", &secrets);
    for does in ["succeed", "gone", "shrug", "crash", "fail", "lie", "lie again", "other", "bare"] {
        note(&mut plan, does, does);
    }
    plan.sh("program", "true");
    let place = place();
    let report = look(&place, &plan.finish(), WITHIN);
    let expected = [
        ("succeed", DriftState::AsPlanned, None),
        ("gone", DriftState::Missing, None),
        ("shrug", DriftState::Unknown, Some("unknown")),
        ("crash", DriftState::Unknown, Some("adapter_crashed")),
        ("fail", DriftState::Unknown, Some("unreachable")),
        ("lie", DriftState::Unknown, Some("protocol_violated")),
        ("lie again", DriftState::Unknown, Some("protocol_violated")),
        ("other", DriftState::Mismatched, None),
        ("bare", DriftState::Unknown, Some("not_comparable")),
        ("program", DriftState::Unknown, Some("unsupported")),
        ("told", DriftState::Mismatched, None),
    ];
    for (address, is, reason) in expected {
        assert_eq!(state(&report, address), (is, reason), "{address}: {report:#?}");
    }
    let shown = serde_json::to_string(&report).unwrap();
    for hidden in ["s3cr3t-key", "other-secret", "made-secret", "1234"] {
        assert!(!shown.contains(hidden), "`{hidden}` in {shown}");
    }
    assert!(!place.journal().exists(), "looking made a journal");
}

#[test]
fn a_hanging_observer_is_given_up_and_the_others_answer() {
    let mut plan = Plan::new();
    let transport = Transport::Process([PROGRAM, "hangs"].map(Into::into).into());
    plan.0.adapters.insert("test".into(), ordain_graph::Adapter { transport, ..plan.0.adapters["test"].clone() });
    for name in ["a", "b", "c"] {
        note(&mut plan, name, "succeed");
    }
    plan.step("file", "file.write", &[("path", text("f")), ("content", text("x"))]);
    let mut place = place();
    place.limits.start = Duration::from_millis(300);
    std::fs::write(place.path("f"), "x").unwrap();
    let since = Instant::now();
    let report = look(&place, &plan.finish(), Duration::from_millis(300));
    assert!(since.elapsed() < WITHIN, "{:?}", since.elapsed());
    for name in ["a", "b", "c"] {
        assert_eq!(state(&report, name), (DriftState::Unknown, Some("adapter_missing")));
    }
    assert_eq!(state(&report, "file"), (DriftState::AsPlanned, None));
}

#[test]
fn a_program_that_hangs_at_one_step_is_given_up_for_that_step() {
    let mut plan = Plan::new();
    let transport = Transport::Process([PROGRAM, ""].map(Into::into).into());
    plan.0.adapters.insert("test".into(), ordain_graph::Adapter { transport, ..plan.0.adapters["test"].clone() });
    note(&mut plan, "stuck", "hang");
    note(&mut plan, "lost", "crash");
    note(&mut plan, "absent", "succeed");
    let mut place = place();
    place.parallelism = 1;
    let report = look(&place, &plan.finish(), Duration::from_millis(500));
    assert_eq!(state(&report, "stuck"), (DriftState::Unknown, Some("timeout")), "{report:#?}");
    assert_eq!(state(&report, "lost").0, DriftState::Unknown);
    assert_eq!(state(&report, "absent"), (DriftState::Missing, None));
}

/// A plan of two files, of which the second names the digest of the first, and one that looks.
fn files() -> Plan {
    let mut plan = Plan::new();
    let first = plan.step("first", "file.write", &[("path", text("one")), ("content", text("1"))]);
    let read = plan.step("read", "file.read", &[("path", text("one"))]);
    plan.after(read, &[first]);
    let digest = Value::apply(ordain_graph::Op::Interpolate, vec![output(first, "digest")]);
    let second = plan.step("second", "file.write", &[("path", text("two")), ("content", digest)]);
    plan.after(second, &[read]);
    for (at, path) in [(first, "one"), (second, "two")] {
        plan.undo(at, "file.remove", &[("path", text(path))]);
    }
    plan
}

fn left(plan: &PlanGraph) -> Vec<&str> {
    plan.nodes.iter().map(|node| node.address.as_str()).collect()
}

#[test]
fn steps_that_look_stay_with_the_steps_they_guard() {
    let place = place();
    let whole = files().finish();
    place.execute(&whole);
    let options = place.options(&|_| {});
    let refreshed = refresh(&whole, WITHIN, &options).unwrap();
    assert!(!refreshed.report.has_drift(), "{refreshed:#?}");
    assert_eq!(left(&refreshed.plan.unwrap()), [""; 0]);
    std::fs::remove_file(place.path("two")).unwrap();
    let part = refresh(&whole, WITHIN, &options).unwrap().plan.unwrap();
    assert_eq!(left(&part), ["read", "second"]);
    let left_out = &part.refresh.as_ref().unwrap().left_out;
    assert_eq!(left_out.iter().map(|each| each.because).collect::<Vec<_>>(), [Because::AsPlanned]);
    assert!(left_out[0].observed.is_some());
    let read = PlanGraph::from_json(&part.to_json()).unwrap();
    assert_eq!((&read, read.hash()), (&part, part.hash()));
    assert_eq!(refresh(&part, WITHIN, &options).unwrap().plan, Err(RefreshError::Partial));
    place.execute(&part);
    assert!(!look(&place, &whole, WITHIN).has_drift());
}

/// The verdict that a policy has about a node, or the plan as a whole.
fn verdict(plan: &PlanGraph, address: Option<&str>, outcome: Said, when: Option<Value>) -> Verdict {
    let node = address.map(|address| plan.nodes.iter().find(|node| node.address == address).unwrap().id.clone());
    Verdict {
        code: "T-1".into(),
        node,
        policy: "test.policy".into(),
        severity: Severity::High,
        outcome,
        when,
        because: None,
        exempt: None,
    }
}

#[test]
fn leaving_out_steps_lifts_no_denial() {
    let place = place();
    let whole = files().finish();
    place.execute(&whole);
    std::fs::remove_file(place.path("two")).unwrap();
    let options = place.options(&|_| {});
    let with = |address: Option<&str>, outcome: Said, when: Option<Value>| {
        let verdicts = vec![verdict(&whole, address, outcome, when)];
        refresh(&PlanGraph { verdicts, ..whole.clone() }, WITHIN, &options).unwrap().plan
    };
    let deny = || Said::Deny { message: None };
    let denied = Err(RefreshError::Denied(vec!["T-1".into()]));
    // About a step that would be left out, one that stays, and the whole.
    for about in [Some("first"), Some("second"), None] {
        assert_eq!(with(about, deny(), None), denied, "{about:?}");
    }
    assert_eq!(with(Some("first"), Said::Gate { name: "g".into(), present: false }, None), denied);
    // One that waits for outputs is decided with what is known.
    let id = |address: &str| whole.nodes.iter().find(|node| node.address == address).unwrap().id.clone();
    let of = |address: &str, field: &str| {
        let node = ordain_graph::NodeRef::Id(id(address));
        Value::Residual(Arc::new(ordain_graph::Residual::Output { node, path: vec![field.into()] }))
    };
    let small = |size: u64| Value::apply(ordain_graph::Op::Lt, vec![of("first", "bytes"), Value::Bytes(size)]);
    assert_eq!(with(Some("second"), deny(), Some(small(10))), denied);
    let allowed = with(Some("second"), deny(), Some(small(1))).unwrap();
    assert_eq!((left(&allowed), allowed.verdicts.len()), (vec!["read", "second"], 0));
    // One that cannot be decided yet keeps its step.
    let pending = Value::apply(ordain_graph::Op::Eq, vec![of("read", "content"), text("2")]);
    let kept = with(Some("first"), deny(), Some(pending.clone())).unwrap();
    assert!(left(&kept).contains(&"first") && kept.verdicts.len() == 1, "{kept:#?}");
    let kept = with(Some("second"), deny(), Some(pending)).unwrap();
    assert_eq!((left(&kept), kept.verdicts.len()), (vec!["read", "second"], 1));
    // Approvals stay for the steps that do, and for the whole.
    let approval = || Said::Approval { group: "ops".into(), count: 2 };
    assert_eq!(with(Some("first"), approval(), None).unwrap().verdicts, []);
    assert_eq!(with(Some("second"), approval(), None).unwrap().requirements().approvals["ops"], 2);
    assert_eq!(with(None, approval(), None).unwrap().requirements().approvals["ops"], 2);
}

#[test]
fn a_step_that_is_taken_back_later_is_not_missed() {
    let mut plan = Plan::new();
    let made = plan.step("made", "file.write", &[("path", text("f")), ("content", text("x"))]);
    plan.undo(made, "file.remove", &[("path", output(made, "path"))]);
    let read = plan.step("read", "file.read", &[("path", text("f"))]);
    plan.after(read, &[made]);
    let gone = plan.step("gone", "file.remove", &[("path", output(made, "path"))]);
    plan.after(gone, &[read]);
    let kept = plan.step("kept", "file.write", &[("path", text("k")), ("content", text("x"))]);
    plan.after(kept, &[gone]);
    let (place, plan) = (place(), plan.finish());
    place.execute(&plan);
    let report = look(&place, &plan, WITHIN);
    assert_eq!((report.has_drift(), report.counts.not_asked, report.counts.as_planned), (false, 1, 2), "{report:#?}");
    std::fs::remove_file(place.path("k")).unwrap();
    let options = place.options(&|_| {});
    // What was read is gone for good, so that reading it again would fail.
    let part = refresh(&plan, WITHIN, &options).unwrap().plan.unwrap();
    assert_eq!(left(&part), ["kept"]);
    // Without a journal, nobody knows that it was read.
    std::fs::remove_file(place.journal()).unwrap();
    let part = refresh(&plan, WITHIN, &options).unwrap().plan.unwrap();
    assert_eq!(left(&part), ["made", "read", "gone", "kept"]);
    std::fs::write(place.path("f"), "").unwrap();
    place.execute(&plan);
    std::fs::write(place.path("f"), "").unwrap();
    assert_eq!(state(&look(&place, &plan, WITHIN), "gone"), (DriftState::Unexpected, None));
}

#[test]
fn what_exists_is_adopted_and_can_be_undone() {
    let place = place();
    let plan = files().finish();
    let options = place.options(&|_| {});
    let first = ["first".into()];
    let adopt =
        |addresses: &[smol_str::SmolStr], accept| import(&plan, addresses, (accept, true), WITHIN, &options).unwrap();
    assert_eq!(adopt(&first, true).problems, [ImportProblem::Missing { address: "first".into() }]);
    std::fs::write(place.path("one"), "2").unwrap();
    assert!(matches!(adopt(&first, false).problems[..], [ImportProblem::Different { .. }]));
    for (address, accept) in [("nowhere", true), ("read", true), ("second", true)] {
        let found = adopt(&[address.into()], accept);
        assert!(!found.problems.is_empty() && found.execution.is_none(), "{found:?}");
    }
    assert!(!place.journal().exists(), "what was refused made a journal");
    std::fs::write(place.path("one"), "1").unwrap();
    let looked = import(&plan, &first, (false, false), WITHIN, &options).unwrap();
    assert_eq!((looked.execution, looked.problems.len()), (None, 0));
    let id = adopt(&first, false).execution.unwrap();
    // The file that names its digest can be looked at now.
    assert_eq!(state(&look(&place, &plan, WITHIN), "second"), (DriftState::Missing, None));
    assert!(matches!(adopt(&first, false).problems[..], [ImportProblem::Known { .. }]));
    let journal = Journal::open_existing(&place.journal()).unwrap();
    assert_eq!(journal.verify(&[]).unwrap().problem, None);
    let rows = journal.log(&id).unwrap();
    assert_eq!(rows.iter().filter(|row| row.data["imported"] == true).count(), 3);
    let record = journal.execution(&id).unwrap().unwrap();
    let part = journal.plan(&record.summary.plan_hash).unwrap().unwrap();
    assert_eq!(part.refresh.as_ref().unwrap().of, plan.hash());
    let replayed = replay(&part, &rows);
    assert_eq!(replayed.divergences, [], "{rows:#?}");
    undo(&id, &options).unwrap();
    assert!(!place.path("one").exists());
    assert_eq!(state(&look(&place, &plan, WITHIN), "first"), (DriftState::Missing, None));
}

#[test]
fn what_is_accepted_otherwise_is_told_still() {
    let place = place();
    let plan = files().finish();
    std::fs::write(place.path("one"), "2").unwrap();
    let options = place.options(&|_| {});
    let adopted = import(&plan, &["first".into()], (true, true), WITHIN, &options).unwrap();
    assert!(adopted.execution.is_some(), "{adopted:?}");
    let report = look(&place, &plan, WITHIN);
    let first = &report.steps[0];
    assert_eq!(
        (first.state, first.fields[0].field.as_str()),
        (DriftState::Mismatched, "inputs.content"),
        "{report:#?}"
    );
}

#[test]
fn secrets_that_steps_gave_keep_those_that_need_them() {
    let mut plan = Plan::new();
    let told = plan.step("told", "test.tell", &[("secret", secret("key")), ("pin", secret("pin"))]);
    plan.step("uses", "test.tell", &[("secret", output(told, "made")), ("pin", secret("pin"))]);
    let plan = plan.finish();
    assert!(plan.nodes.iter().all(|node| node.effect == Effect::Write));
    let place = place();
    let mut options = place.options(&|_| {});
    options.adapters = Adapters::builtin().with("test", Arc::new(Seer));
    ordain_runtime::execute(&plan, &options).unwrap();
    let part = refresh(&plan, WITHIN, &options).unwrap().plan.unwrap();
    assert_eq!(left(&part), ["told", "uses"]);
}
