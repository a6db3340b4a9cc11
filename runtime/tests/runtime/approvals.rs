//! Executions that wait for people: what they may do, when they go on, and what their log tells.

use std::sync::{Arc, Mutex};

use ordain_graph::{
    Exemption, NodeId, NodeRef, Op, Outcome as Demanded, PlanGraph, Residual, Severity, Value, Verdict,
};
use ordain_runtime::{
    Approvers, CloudEvent, DecideError, Decided, Decision, EVENT_SCHEMA, Event, ExecuteError, ExecutionReport, Journal,
    Key, LogEvent, Outcome, Reason, RecordedState, Request, Skip, State, cancel, decide, execute, replay, resume,
};

use crate::support::{Place, Plan, failure, text};

const NOW: i64 = 1_800_000_000_000;

fn verdict(node: Option<&NodeId>, code: &str, count: u32) -> Verdict {
    Verdict {
        code: code.into(),
        node: node.cloned(),
        policy: "test.policy".into(),
        severity: Severity::High,
        outcome: Demanded::Approval { group: "sre".into(), count },
        when: None,
        because: None,
        exempt: None,
    }
}

/// Three steps in a row and one beside; the second of them asks two people.
fn plan() -> PlanGraph {
    let mut plan = Plan::new();
    let environment = plan.0.environments.values_mut().next().unwrap();
    environment.groups.insert("sre".into(), ["ana", "bo", "chi"].map(Into::into).to_vec());
    let note = |plan: &mut Plan, name: &str, after: &[u32]| {
        let at = plan.step(name, "test.note", &[("name", text(name))]);
        plan.after(at, after);
        at
    };
    let first = note(&mut plan, "first", &[]);
    let second = note(&mut plan, "second", &[first]);
    note(&mut plan, "third", &[second]);
    note(&mut plan, "beside", &[]);
    let mut plan = plan.finish();
    let second = id(&plan, "second");
    plan.verdicts = vec![verdict(Some(&second), "GOV-101", 2)];
    plan
}

fn id(plan: &PlanGraph, address: &str) -> NodeId {
    plan.nodes.iter().find(|node| node.address == address).unwrap().id.clone()
}

/// A place, and people with keys.
struct Ground {
    place: Place,
    keys: Vec<(&'static str, Arc<Key>)>,
    approvers: Approvers,
}

impl Ground {
    fn new() -> Self {
        Self::with(Place::new())
    }

    fn with(place: Place) -> Self {
        let keys = ["ana", "bo", "chi"].map(|name| (name, Arc::new(Key::generate().unwrap()))).to_vec();
        let person = |(name, key): &(&str, Arc<Key>)| format!("[people.{name}]\nkeys = [\"{}\"]\n", key.public());
        let approvers = Approvers::parse(&keys.iter().map(person).collect::<String>()).unwrap();
        Self { place, keys, approvers }
    }

    fn execute(&self, plan: &PlanGraph) -> Result<ExecutionReport, ExecuteError> {
        let observer = |event: Event| {
            self.place.events.lock().unwrap().push(event.clone());
            (self.place.hook)(&self.place, &event);
        };
        let mut options = self.place.options(&observer);
        options.approvers = Some(self.approvers.clone());
        execute(plan, &options)
    }

    fn resume(&self, execution: &str) -> ExecutionReport {
        resume(execution, &self.place.options(&|_| {})).unwrap()
    }

    fn say(&self, decision: Decision, who: &str, execution: &str) -> Result<Decided, DecideError> {
        let (_, key) = self.keys.iter().find(|(name, _)| *name == who).unwrap();
        say(&self.place, decision, key, execution)
    }

    fn approve(&self, who: &str, execution: &str) -> Decided {
        self.say(Decision::Approve, who, execution).unwrap()
    }
}

fn say(place: &Place, decision: Decision, key: &Key, execution: &str) -> Result<Decided, DecideError> {
    let request = Request { decision, policies: vec!["GOV-101".into()], identity: None, reason: None, until: None };
    decide(&place.journal(), execution, &request, key, NOW)
}

#[test]
fn what_nobody_is_asked_about_is_done() {
    let ground = Ground::new();
    let report = ground.execute(&plan()).unwrap();
    assert_eq!(report.state, State::Waiting);
    let mut began = ground.place.notes.began();
    began.sort();
    assert_eq!(began, ["beside", "first"]);
    for waits in ["second", "third"] {
        assert_eq!(report.node(waits).unwrap().outcome, Outcome::Skipped { because: Skip::NotApproved });
    }
    let [asked] = report.approvals.as_slice() else { panic!("{:?}", report.approvals) };
    assert_eq!((&*asked.demand.policy, asked.missing, asked.satisfied), ("GOV-101", 2, false));
    assert_eq!(asked.demand.about, ["second"]);
    // It has not ended, for anybody.
    let listed = Journal::open_existing(&ground.place.journal()).unwrap().executions().unwrap().remove(0);
    assert_eq!((listed.state, listed.finished_at), (RecordedState::Waiting, None));
    let events = ground.place.events.lock().unwrap();
    assert!(matches!(events.last(), Some(Event::ExecutionWaiting { approvals, .. }) if *approvals == report.approvals));
    let finished = |event: &Event| matches!(event, Event::StepFinished { address, .. } if address == "second");
    assert!(!events.iter().any(finished));
}

#[test]
fn it_goes_on_when_enough_have_agreed() {
    let ground = Ground::new();
    let execution = ground.execute(&plan()).unwrap().execution;
    assert_eq!(ground.approve("ana", &execution).standings[0].missing, 1);
    assert_eq!(ground.resume(&execution).state, State::Waiting);
    assert!(ground.approve("bo", &execution).standings[0].satisfied);
    let report = ground.resume(&execution);
    assert_eq!(report.state, State::Succeeded);
    assert_eq!(ground.place.notes.began()[2..], ["second", "third"]);
    let said = ground.say(Decision::Approve, "chi", &execution);
    assert!(matches!(said, Err(DecideError::Ended { state: State::Succeeded, .. })), "{said:?}");
}

#[test]
fn who_agrees_while_it_runs_is_heard() {
    let people: Arc<Mutex<Vec<Arc<Key>>>> = Arc::default();
    let keys = people.clone();
    let execution: Mutex<Option<String>> = Mutex::default();
    let hook = move |place: &Place, event: &Event| match event {
        Event::ExecutionStarted { execution: id, .. } => *execution.lock().unwrap() = Some(id.to_string()),
        // From the thread that executes, and while the journal is taken.
        Event::StepStarted { address, .. } if address == "first" => {
            let id = execution.lock().unwrap().clone().unwrap();
            for key in keys.lock().unwrap().iter() {
                say(place, Decision::Approve, key, &id).unwrap();
            }
        }
        _ => {}
    };
    let ground = Ground::with(Place { hook: Box::new(hook), ..Place::new() });
    *people.lock().unwrap() = ground.keys[..2].iter().map(|(_, key)| key.clone()).collect();
    let report = ground.execute(&plan()).unwrap();
    assert_eq!(report.state, State::Succeeded);
    // Who agreed before is heard as well as who did meanwhile.
    assert_eq!(report.approvals[0].given.len(), 2);
}

#[test]
fn the_log_tells_who_agreed_and_replay_holds_it_to_that() {
    let ground = Ground::new();
    let plan = plan();
    let execution = ground.execute(&plan).unwrap().execution;
    ground.approve("ana", &execution);
    ground.say(Decision::Reject, "bo", &execution).unwrap();
    assert_eq!(ground.resume(&execution).state, State::Waiting);
    ground.say(Decision::Revoke, "bo", &execution).unwrap();
    ground.approve("bo", &execution);
    ground.resume(&execution);
    let journal = Journal::open_existing(&ground.place.journal()).unwrap();
    assert_eq!(journal.verify(&[]).unwrap().problem, None);
    let rows = journal.log(&execution).unwrap();
    let replayed = replay(&plan, &rows);
    assert_eq!((replayed.divergences.as_slice(), replayed.state), (&[][..], Some(State::Succeeded)));
    let schema = serde_json::from_str(EVENT_SCHEMA).unwrap();
    let schema = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for row in &rows {
        let event = serde_json::to_value(CloudEvent::of(&journal.id().unwrap(), row)).unwrap();
        let errors: Vec<String> = schema.iter_errors(&event).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {event:#}");
    }
    let said = rows.iter().filter(|row| row.event == LogEvent::ApprovalRecorded).map(|row| row.seq);
    let said: Vec<i64> = said.collect();
    assert_eq!(said.len(), 4);
    let diverges = |gone: &[i64], what: &str| {
        let rows: Vec<_> = rows.iter().filter(|row| !gone.contains(&row.seq)).cloned().collect();
        let found = replay(&plan, &rows).divergences;
        assert!(found.iter().any(|found| found.what.contains(what)), "{gone:?}: {found:?}");
    };
    diverges(&said[..1], "it began although people had not agreed");
    // Without what took it back, the rejection would stand.
    diverges(&said[2..3], "it began although people had not agreed");
    diverges(&said[3..], "it began although people had not agreed");
    // Signed for one row, and found at another.
    let mut moved = rows.clone();
    let (one, other) = (said[0], said[3]);
    let data = |seq: i64| rows.iter().find(|row| row.seq == seq).unwrap().data.clone();
    for row in &mut moved {
        match row.seq {
            seq if seq == one => row.data = data(other),
            seq if seq == other => row.data = data(one),
            _ => {}
        }
    }
    let found = replay(&plan, &moved).divergences;
    assert!(found[0].what.contains("signed for another row"), "{found:?}");
}

#[test]
fn what_waits_can_be_cancelled_and_gone_on_with() {
    let ground = Ground::new();
    let plan = plan();
    let execution = ground.execute(&plan).unwrap().execution;
    assert!(!cancel(&execution, &ground.place.journal()).unwrap());
    ground.approve("ana", &execution);
    ground.approve("chi", &execution);
    assert_eq!(ground.resume(&execution).state, State::Succeeded);
    let rows = Journal::open_existing(&ground.place.journal()).unwrap().log(&execution).unwrap();
    assert_eq!(replay(&plan, &rows).divergences, []);
}

#[test]
fn a_plan_that_too_few_can_approve_is_refused_before_anything_happens() {
    let ground = Ground::new();
    let mut plan = plan();
    let second = id(&plan, "second");
    plan.verdicts = vec![verdict(Some(&second), "GOV-101", 4)];
    let refused = ground.execute(&plan).unwrap_err();
    assert!(refused.to_string().contains("4 of `sre`, of whom 3 can sign"), "{refused}");
    assert!(ground.place.try_execute(&plan).is_err());
    assert!(ground.place.notes.began().is_empty() && !ground.place.journal().exists());
}

#[test]
fn what_depends_on_outputs_and_nobody_can_approve_is_denied_then() {
    let ground = Ground::new();
    let mut plan = plan();
    let (first, second) = (id(&plan, "first"), id(&plan, "second"));
    let sum = Value::Residual(Arc::new(Residual::Output { node: NodeRef::Id(first), path: vec!["sum".into()] }));
    let when = Value::apply(Op::Gt, vec![sum, Value::Int(0)]);
    plan.verdicts = vec![Verdict { when: Some(when), ..verdict(Some(&second), "GOV-101", 4) }];
    let report = ground.execute(&plan).unwrap();
    let (reason, message) = failure(&report, "second");
    assert_eq!(reason, Reason::PolicyDenied);
    assert!(message.contains("too few of whom can sign"), "{message}");
    let rows = Journal::open_existing(&ground.place.journal()).unwrap().log(&report.execution).unwrap();
    assert_eq!(replay(&plan, &rows).divergences, []);
}

#[test]
fn an_exemption_that_ran_out_while_it_waited_holds_it_back() {
    let ground = Ground::new();
    let mut plan = plan();
    let until = match Value::parse_date("2027-03-01") {
        Some(Value::Date(day)) => Some(day),
        _ => None,
    };
    let exempt = Some(Exemption { until, see: None });
    plan.verdicts.push(Verdict { exempt, outcome: Demanded::Deny { message: None }, ..verdict(None, "GOV-900", 1) });
    let execution = ground.execute(&plan).unwrap().execution;
    ground.approve("ana", &execution);
    ground.approve("bo", &execution);
    let on = |day: &str| {
        let mut options = ground.place.options(&|_| {});
        options.as_of = match Value::parse_date(day) {
            Some(Value::Date(day)) => Some(day),
            _ => None,
        };
        resume(&execution, &options)
    };
    let refused = on("2027-03-02").unwrap_err();
    assert!(refused.to_string().contains("GOV-900 denies it: the exemption ended with 2027-03-01"), "{refused}");
    assert_eq!(on("2027-03-01").unwrap().state, State::Succeeded);
}
