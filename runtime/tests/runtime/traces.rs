//! What the log tells: as events, as a timeline, replayed, signed; from disks that cannot be written, and after damage.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ordain_graph::{OnFailure, Op, Outcome, PlanGraph, Retry, Severity, Value, Verdict};
use ordain_runtime::{
    Checkpoint, CheckpointError, CloudEvent, EVENT_SCHEMA, Event, ExecutionReport, Journal, JournalError, Key, LogRow,
    State, Trace, Verification, replay, resume, undo,
};
use rusqlite::Connection;
use serde_json::{Value as Json, json};

use crate::support::{Place, Plan, output, text};

/// A step that is tried again, one that a policy allows, one that it denies, one that is skipped, and undoing.
fn plan() -> PlanGraph {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Undo;
    let a = plan.step("a", "file.write", &[("path", text("a.txt")), ("content", text("hello"))]);
    plan.undo(a, "file.remove", &[("path", text("a.txt"))]);
    let b = plan.step("b", "test.note", &[("name", text("b")), ("does", text("fail 1 times")), ("sum", Value::Int(2))]);
    plan.at(b).retry = Some(Retry { times: 2, min: 0, max: 0 });
    plan.after(b, &[a]);
    let c = plan.step("c", "test.note", &[("name", text("c")), ("sum", output(b, "sum"))]);
    let d = plan.step("d", "test.note", &[("name", text("d")), ("sum", output(c, "sum"))]);
    let e = plan.step("e", "test.note", &[("name", text("e"))]);
    plan.after(e, &[d]);
    let mut plan = plan.finish();
    let verdict = |step: &str, code: &str, limit| {
        let node = plan.nodes.iter().find(|node| node.address == step).unwrap();
        let Value::Record(inputs) = &node.inputs else { panic!("{:?}", node.inputs) };
        let sum = inputs.iter().find(|(name, _)| *name == "sum").unwrap().1.clone();
        Verdict {
            code: code.into(),
            node: Some(node.id.clone()),
            policy: "test.limit".into(),
            severity: Severity::High,
            outcome: Outcome::Deny { message: None },
            when: Some(Value::apply(Op::Gt, vec![sum, Value::Int(limit)])),
            because: None,
            exempt: None,
        }
    };
    plan.verdicts = vec![verdict("c", "TST-001", 5), verdict("d", "TST-002", 1)];
    plan
}

fn small() -> PlanGraph {
    let mut plan = Plan::new();
    plan.step("a", "test.note", &[("name", text("a")), ("sum", Value::Int(7))]);
    plan.finish()
}

fn rows(place: &Place, report: &ExecutionReport) -> Vec<LogRow> {
    Journal::open_existing(&place.journal()).unwrap().log(&report.execution).unwrap()
}

#[test]
fn decisions_of_policies_are_written_down_with_what_they_saw() {
    let place = Place::new();
    let plan = plan();
    let report = place.execute(&plan);
    let rows = rows(&place, &report);
    let decided: Vec<&Json> =
        rows.iter().filter(|row| row.event.name() == "policy_decided").map(|row| &row.data).collect();
    let [allowed, denied] = &decided[..] else { panic!("{decided:?}") };
    assert_eq!(
        (&allowed["code"], &allowed["holds"], &allowed["decision"]),
        (&json!("TST-001"), &json!(false), &json!("allow"))
    );
    assert_eq!(
        (&denied["code"], &denied["holds"], &denied["decision"]),
        (&json!("TST-002"), &json!(true), &json!("deny"))
    );
    assert_eq!(denied["values"][0]["path"], json!(["sum"]));
    assert_eq!(denied["values"][0]["value"], 2);
    assert_eq!(denied["condition"]["$op"], "gt");
    assert_eq!(denied["message"], "TST-002 denies it");
    assert_eq!(replay(&plan, &rows).divergences, []);
}

/// Every kind of event there is, but for those that only happen to journals of before.
fn events() -> Vec<Json> {
    let mut events = Vec::new();
    let mut tell = |place: &Place| {
        let journal = Journal::open_existing(&place.journal()).unwrap();
        for execution in journal.executions().unwrap() {
            let rows = journal.log(&execution.id).unwrap();
            let told = rows.iter().map(|row| json!(CloudEvent::of(&journal.id().unwrap(), row)));
            events.extend(told);
        }
    };
    let place = Place::new();
    place.execute(&plan());
    let ended = place.execute(&small());
    let silent = |_| {};
    undo(&ended.execution, &place.options(&silent)).unwrap();
    Journal::write_checkpoint(&place.journal(), &ended.execution, &Key::generate().unwrap()).unwrap();
    tell(&place);
    let place = Place {
        hook: Box::new(|place, event| {
            if matches!(event, Event::StepStarted { address, .. } if address == "b") {
                place.cancel.cancel();
            }
        }),
        ..Place::new()
    };
    let mut long = Plan::new();
    let a = long.step("a", "test.note", &[("name", text("a"))]);
    let b = long.step("b", "test.note", &[("name", text("b"))]);
    let c = long.step("c", "test.note", &[("name", text("c"))]);
    long.after(b, &[a]);
    long.after(c, &[b]);
    let cancelled = place.execute(&long.finish());
    assert_eq!(cancelled.state, State::Cancelled);
    tell(&place);
    events
}

#[test]
fn events_are_as_their_schema_says() {
    let schema: Json = serde_json::from_str(EVENT_SCHEMA).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let events = events();
    for event in &events {
        let errors: Vec<String> = validator.iter_errors(event).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {event:#}");
        // Of all data, nothing is there that the schema does not know.
        let kind = event["type"].as_str().unwrap();
        let known = schema["$defs"][kind]["properties"].as_object().unwrap();
        for member in event["data"].as_object().unwrap().keys() {
            assert!(known.contains_key(member), "{kind}: {member}");
        }
        for broken in ["data", "type", "source", "time"] {
            let mut event = event.clone();
            event[broken] = json!(7);
            assert!(!validator.is_valid(&event), "{broken}");
        }
        let mut less = event.clone();
        less["data"].as_object_mut().unwrap().remove("row");
        assert!(!validator.is_valid(&less));
    }
    let seen: BTreeSet<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    for kind in [
        "plan.compiled",
        "execution.started",
        "execution.completed",
        "execution.failed",
        "execution.cancelled",
        "execution.resumed",
        "execution.step.started",
        "execution.step.retried",
        "execution.step.completed",
        "execution.step.blocked",
        "execution.step.skipped",
        "execution.step.undo.started",
        "execution.step.undo.completed",
        "execution.step.undo.failed",
        "policy.decided",
        "journal.checkpoint",
    ] {
        assert!(seen.contains(&*format!("ordain.{kind}")), "{kind}: {seen:?}");
    }
    let ids: BTreeSet<String> = events.iter().map(|event| format!("{} {}", event["source"], event["id"])).collect();
    assert_eq!(ids.len(), events.len(), "an id and a source are those of one event");
    let subject = events.iter().find(|event| event["type"] == "ordain.execution.step.started").unwrap();
    assert!(subject["subject"].as_str().unwrap().ends_with("/a"), "{subject}");
    assert!(subject["time"].as_str().unwrap().ends_with('Z'), "{subject}");
}

#[test]
fn the_reference_tells_every_type_of_event_and_no_other() {
    let schema: Json = serde_json::from_str(EVENT_SCHEMA).unwrap();
    let types: BTreeSet<&str> =
        schema["properties"]["type"]["enum"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
    let page = include_str!("../../../docs/reference/audit.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `ordain.")?.split_once('`'));
    let told: BTreeSet<String> = rows.map(|(kind, _)| format!("ordain.{kind}")).collect();
    assert_eq!(told.iter().map(String::as_str).collect::<BTreeSet<_>>(), types);
}

/// What others call so is called so here, too, or the reference says that there is no such thing.
#[test]
fn common_tails_of_names_are_those_of_the_schema() {
    let schema: Json = serde_json::from_str(EVENT_SCHEMA).unwrap();
    let types: Vec<&str> =
        schema["properties"]["type"]["enum"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
    let page = include_str!("../../../docs/reference/audit.md");
    let table = page.split("| tail | here |").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows: Vec<(&str, &str)> = table.lines().skip(2).filter_map(|line| line[2..].split_once(" | ")).collect();
    assert_eq!(rows.len(), 9);
    for (tails, here) in rows {
        for tail in tails.split(", ").map(|tail| tail.trim_matches('`')) {
            let own = format!("ordain.{tail}");
            assert_eq!(here == format!("`{own}` |"), types.contains(&&*own), "{tail}: {here}");
            assert!(here.contains(&own) || here.starts_with("no event: "), "{tail}: {here}");
        }
    }
}

#[test]
fn a_trace_tells_tries_waits_and_outcomes() {
    let place = Place::new();
    let plan = plan();
    let report = place.execute(&plan);
    let trace = Trace::of(Some(&plan), &rows(&place, &report));
    let step = |address: &str| trace.steps.iter().find(|step| step.address == address).unwrap();
    let b = step("b");
    assert_eq!(
        b.tries.iter().map(|each| (each.number, each.ended.as_deref().unwrap())).collect::<Vec<_>>(),
        [(1, "command_failed"), (2, "succeeded")]
    );
    assert!(b.tries.windows(2).all(|two| two[0].to.unwrap() <= two[1].from));
    assert_eq!((b.outcome, b.capability.as_deref()), (Some("succeeded"), Some("test.note")));
    assert_eq!(b.ready_at, step("a").ended_at);
    assert_eq!((step("d").outcome, step("d").reason.as_deref()), (Some("failed"), Some("policy_denied")));
    assert_eq!((step("e").outcome, step("e").ready_at), (Some("skipped"), None));
    assert_eq!(step("a").undo.as_ref().unwrap().ended.as_deref(), Some("undone"));
    assert_eq!(step("d").decisions[0]["code"], "TST-002");
    let [process] = &trace.processes[..] else { panic!("{:?}", trace.processes) };
    assert_eq!(process.ended.as_deref(), Some("partly_undone"));
    // Without the plan, what happened is known all the same.
    let without = Trace::of(None, &rows(&place, &report));
    assert_eq!(without.steps.iter().map(|step| step.outcome).collect::<Vec<_>>().len(), 5);
    assert_eq!(without.steps.iter().find(|step| step.address == "b").unwrap().tries, b.tries);
}

#[test]
fn replaying_says_where_a_log_and_the_rules_part() {
    let place = Place::new();
    let plan = plan();
    let report = place.execute(&plan);
    let told = rows(&place, &report);
    let at = |event: &str, address: &str| {
        told.iter().position(|row| row.event.name() == event && row.address.as_deref() == Some(address)).unwrap()
    };
    let first = |change: &dyn Fn(&mut Vec<LogRow>)| {
        let mut rows = told.clone();
        change(&mut rows);
        let found = replay(&plan, &rows).divergences;
        let first = found.first().unwrap_or_else(|| panic!("nothing is found")).clone();
        (first.address.unwrap_or_default().to_string(), first.what)
    };
    assert_eq!(replay(&plan, &told).divergences, []);
    assert_eq!(replay(&plan, &told).state, Some(State::PartlyUndone));
    let edited = first(&|rows| rows[at("succeeded", "b")].data["outputs"]["sum"] = json!(3));
    assert_eq!(edited.0, "c", "the output of `b` was edited, and `c` shows it: {}", edited.1);
    let early = first(&|rows| {
        let row = rows.remove(at("intent", "b"));
        rows.insert(at("succeeded", "a"), row);
    });
    assert!(early.0 == "b" && early.1.contains("before `a`"), "{early:?}");
    let ran = first(&|rows| {
        let mut row = rows[at("intent", "c")].clone();
        let d = &rows[at("failed", "d")];
        (row.node, row.address, row.data["key"]) = (d.node.clone(), d.address.clone(), json!("another"));
        rows[at("failed", "d")] = row;
    });
    assert!(ran.0 == "d" && ran.1.contains("ran though `TST-002` denies it"), "{ran:?}");
    let quiet = first(&|rows| drop(rows.remove(at("policy_decided", "c"))));
    assert!(quiet.0 == "c" && quiet.1.contains("no decision of `TST-001`"), "{quiet:?}");
    let order = first(&|rows| drop(rows.remove(at("not_undone", "b"))));
    assert!(order.1.contains("before that of `b`"), "{order:?}");
    let state = first(&|rows| rows.last_mut().unwrap().data = json!({ "state": "succeeded" }));
    assert!(state.1.contains("`partly_undone`"), "{state:?}");
    let other = replay(&small(), &told).divergences;
    assert!(other[0].what.contains("another plan"), "{other:?}");
}

#[test]
fn what_goes_on_and_what_is_older_than_the_log_is_replayed_too() {
    for version in [None, Some(2)] {
        let place = Place {
            hook: Box::new(|place, event| {
                if matches!(event, Event::StepRetried { .. }) {
                    place.cancel.cancel();
                }
            }),
            ..Place::new()
        };
        let plan = plan();
        let report = place.execute(&plan);
        assert_eq!(report.state, State::Cancelled);
        let silent = |_| {};
        let mut options = place.options(&silent);
        options.cancel = ordain_runtime::Cancellation::new();
        assert_eq!(resume(&report.execution, &options).unwrap().state, State::PartlyUndone);
        if let Some(version) = version {
            crate::support::older(&place.journal(), version);
        }
        let replayed = replay(&plan, &rows(&place, &report));
        assert_eq!((replayed.divergences, replayed.state), (vec![], Some(State::PartlyUndone)), "{version:?}");
    }
}

#[test]
fn checkpoints_are_signed_and_read_again() {
    let place = Place::new();
    let report = place.execute(&small());
    let key = Key::generate().unwrap();
    let journal = Journal::open_existing(&place.journal()).unwrap();
    let envelope = journal.checkpoint(&key, 1_800_000_000_123).unwrap();
    let checkpoint = Checkpoint::read(envelope.to_string().as_bytes()).unwrap();
    let found = journal.verify(std::slice::from_ref(&checkpoint.end)).unwrap();
    assert_eq!((found.problem, checkpoint.key, checkpoint.at), (None, key.public(), 1_800_000_000_123));
    assert_eq!((checkpoint.end.seq, checkpoint.end.hash), (found.rows, found.head));
    // Whatever is changed in it, it is none any more.
    let text = envelope.to_string();
    for at in (0..text.len()).filter(|at| text.as_bytes()[*at].is_ascii_alphanumeric()) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        if let Ok(read) = Checkpoint::read(&bytes) {
            assert_eq!(read, checkpoint, "{}", String::from_utf8_lossy(&bytes));
        }
    }
    let other =
        json!({ "payload": envelope["payload"], "payloadType": "text/plain", "signatures": envelope["signatures"] });
    assert_eq!(Checkpoint::read(other.to_string().as_bytes()), Err(CheckpointError::Form));
    assert_eq!(Checkpoint::read(&vec![b' '; 1 << 20]), Err(CheckpointError::Form));
    // In the log.
    Journal::write_checkpoint(&place.journal(), &report.execution, &key).unwrap();
    let found = Journal::open_existing(&place.journal()).unwrap().verify(&[]).unwrap();
    let [signed] = &found.signed[..] else { panic!("{found:?}") };
    assert_eq!(
        (signed.key, signed.row, found.rows, found.problem),
        (key.public(), checkpoint.end.seq, checkpoint.end.seq + 1, None)
    );
    // The execution goes on being what it was.
    assert_eq!(replay(&small(), &rows(&place, &report)).divergences, []);
}

/// Everything that looking at a journal shows, or that it is refused.
fn seen(journal: &Path) -> Result<(Verification, Vec<Vec<LogRow>>, String), JournalError> {
    let journal = Journal::open_existing(journal)?;
    let executions = journal.executions()?;
    let rows = executions.iter().map(|each| journal.log(&each.id)).collect::<Result<_, _>>()?;
    let plans = executions.iter().map(|each| journal.plan(&each.plan_hash)).collect::<Result<Vec<_>, _>>()?;
    Ok((journal.verify(&[])?, rows, format!("{executions:?}{plans:?}")))
}

/// A journal of one file in small pages.
fn tiny() -> (Place, PathBuf) {
    let place = Place::new();
    place.execute(&small());
    let connection = Connection::open(place.journal()).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = delete; PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = wal")
        .unwrap();
    drop(connection);
    let journal = place.journal();
    (place, journal)
}

/// A bit that turns over is told, or changes nothing of what is seen; nothing breaks down.
#[test]
fn every_byte_of_a_journal_may_turn_over() {
    let (_place, journal) = tiny();
    let bytes = std::fs::read(&journal).unwrap();
    let undisturbed = seen(&journal).unwrap();
    assert_eq!(undisturbed.0.problem, None);
    let workers: Vec<_> = (0..2)
        .map(|worker| {
            let (bytes, undisturbed) = (bytes.clone(), undisturbed.clone());
            std::thread::spawn(move || {
                let folder = tempfile::tempdir().unwrap();
                let (mut told, mut harmless) = (0, 0);
                for at in (0..bytes.len()).filter(|at| at % 2 == worker) {
                    let mut damaged = bytes.clone();
                    damaged[at] ^= 1 << (at % 8) | 1 << ((at / 8) % 8);
                    let journal = folder.path().join("journal.db");
                    std::fs::write(&journal, damaged).unwrap();
                    match seen(&journal) {
                        Err(_) => told += 1,
                        Ok((found, ..)) if found.problem.is_some() => told += 1,
                        Ok(now) => {
                            assert!(now == undisturbed, "byte {at}: {now:#?}");
                            harmless += 1;
                        }
                    }
                    for beside in ["journal.db-wal", "journal.db-shm"] {
                        let _ = std::fs::remove_file(folder.path().join(beside));
                    }
                }
                (told, harmless)
            })
        })
        .collect();
    let (told, harmless) =
        workers.into_iter().map(|each| each.join().unwrap()).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    eprintln!("{} bytes: {told} told, {harmless} harmless", bytes.len());
    assert!(told > bytes.len() / 2, "{told} of {}", bytes.len());
}
