//! The journal: what it holds, and what is refused as one.

use std::sync::Mutex;

use ordain_graph::PlanGraph;
use ordain_runtime::{
    Event, ExecuteError, Journal, JournalError, Outcome, RecordedState, Skip, State, StepEvent, cancel, execute,
    resume, undo,
};
use rusqlite::Connection;

use crate::support::{Place, Plan, text};

fn plan() -> PlanGraph {
    draft().finish()
}

fn draft() -> Plan {
    let mut plan = Plan::new();
    let a = plan.step("a", "file.write", &[("path", text("a.txt")), ("content", text("hello"))]);
    let b = plan.step("b", "test.note", &[("name", text("b")), ("does", text("fail"))]);
    plan.after(b, &[a]);
    let c = plan.step("c", "test.note", &[("name", text("c"))]);
    plan.after(c, &[b]);
    plan
}

#[test]
fn it_tells_what_was_intended_and_what_came_of_it() {
    let place = Place::new();
    let plan = plan();
    let first = place.execute(&plan);
    let second = place.execute(&plan);
    let journal = Journal::open_existing(&place.journal()).unwrap();
    let listed = journal.executions().unwrap();
    assert_eq!(listed.iter().map(|each| &each.id).collect::<Vec<_>>(), [&second.execution, &first.execution]);
    assert_eq!(listed[0].plan_hash, plan.hash());
    assert_eq!((&*listed[0].plan, &*listed[0].package, &*listed[0].version), ("test.plan", "test", "0.1.0"));
    assert_eq!(listed[0].state, RecordedState::Finished(State::Failed));
    assert!(listed[0].finished_at.unwrap() >= listed[0].started_at);
    let record = journal.execution(&first.execution).unwrap().unwrap();
    let events: Vec<(i64, &str, StepEvent, u32)> =
        record.steps.iter().map(|step| (step.seq, &*step.address, step.event, step.attempt)).collect();
    assert_eq!(
        events,
        [
            (0, "a", StepEvent::Intent, 1),
            (1, "a", StepEvent::Succeeded, 1),
            (2, "b", StepEvent::Intent, 1),
            (3, "b", StepEvent::Failed, 1),
            (4, "c", StepEvent::Skipped, 0),
        ]
    );
    assert_eq!(record.steps[0].data["inputs"]["content"], "hello");
    assert_eq!(record.steps[1].data["outputs"]["bytes"], 5);
    assert_eq!(record.steps[3].data["reason"], "command_failed");
    assert_eq!(record.steps[4].data["address"], "b");
    let key = |execution: &str| {
        let record = journal.execution(execution).unwrap().unwrap();
        record.steps[0].data["key"].as_str().unwrap().to_owned()
    };
    assert_eq!(key(&first.execution).len(), 64);
    assert_ne!(key(&first.execution), key(&second.execution));
    assert_eq!(journal.execution("no such").unwrap(), None);
}

#[test]
fn the_intent_is_there_before_the_effect_and_the_outcome_before_it_is_told() {
    let seen: &'static Mutex<Vec<(String, Vec<StepEvent>)>> = Box::leak(Box::default());
    let place = Place {
        hook: Box::new(|place, event| {
            let (what, address) = match event {
                Event::StepStarted { address, .. } => ("started", address.clone()),
                Event::StepFinished { address, .. } => ("finished", address.clone()),
                _ => return,
            };
            // Another connection sees only what is committed.
            let journal = Journal::open_existing(&place.journal()).unwrap();
            let execution = journal.executions().unwrap().remove(0);
            // The last outcome is written together with the end.
            assert!(execution.state == RecordedState::Running || what == "finished", "{execution:?}");
            let steps = journal.execution(&execution.id).unwrap().unwrap().steps;
            let events = steps.iter().filter(|step| step.address == address).map(|step| step.event).collect();
            seen.lock().unwrap().push((format!("{what} {address}"), events));
        }),
        ..Place::new()
    };
    place.execute(&plan());
    assert_eq!(
        *seen.lock().unwrap(),
        [
            ("started a".into(), vec![StepEvent::Intent]),
            ("finished a".into(), vec![StepEvent::Intent, StepEvent::Succeeded]),
            ("started b".into(), vec![StepEvent::Intent]),
            ("finished b".into(), vec![StepEvent::Intent, StepEvent::Failed]),
            ("finished c".into(), vec![StepEvent::Skipped]),
        ]
    );
}

#[test]
fn it_is_durable_at_every_commit() {
    let place = Place::new();
    place.execute(&plan());
    let connection = Connection::open(place.journal()).unwrap();
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[test]
fn one_execution_at_a_time() {
    let second: &'static Mutex<Option<ExecuteError>> = Box::leak(Box::default());
    let place = Place {
        hook: Box::new(|place, event| {
            if matches!(event, Event::StepStarted { address, .. } if address == "a") {
                let silent = |_| {};
                *second.lock().unwrap() = execute(&plan(), &place.options(&silent)).err();
            }
        }),
        ..Place::new()
    };
    place.execute(&plan());
    let error = second.lock().unwrap().take();
    assert!(matches!(error, Some(ExecuteError::Journal(JournalError::EnvironmentBusy { .. }))), "{error:?}");
    // And the next one again.
    Place { hook: Box::new(|_, _| {}), ..place }.execute(&plan());
}

#[test]
fn whoever_resumes_what_runs_is_told_which_process_it_is_about() {
    let second: &'static Mutex<Option<ExecuteError>> = Box::leak(Box::default());
    let place = Place {
        hook: Box::new(|place, event| {
            if matches!(event, Event::StepStarted { address, .. } if address == "a") {
                let id = Journal::open_existing(&place.journal()).unwrap().executions().unwrap().remove(0).id;
                *second.lock().unwrap() = resume(&id, &place.options(&|_| {})).err();
            }
        }),
        ..Place::new()
    };
    let report = place.execute(&plan());
    let error = second.lock().unwrap().take().unwrap();
    assert_eq!(error.code(), "journal_busy");
    let told = format!("another process carries out the execution `{}`", report.execution);
    assert!(error.to_string().starts_with(&told), "{error}");
}

/// Executes a plan while another runs, which begins first.
fn beside(other: impl Fn(&Place) -> Option<ExecuteError> + Sync + 'static) -> Option<ExecuteError> {
    let came: &'static Mutex<Option<Option<ExecuteError>>> = Box::leak(Box::default());
    let place = Place {
        hook: Box::new(move |place, event| {
            if matches!(event, Event::StepStarted { address, .. } if address == "a") {
                *came.lock().unwrap() = Some(other(place));
            }
        }),
        ..Place::new()
    };
    let silent = |event: Event| (place.hook)(&place, &event);
    let mut options = place.options(&silent);
    options.concurrent = true;
    execute(&plan(), &options).unwrap();
    let states: Vec<_> = Journal::open_existing(&place.journal())
        .unwrap()
        .executions()
        .unwrap()
        .into_iter()
        .map(|each| each.state)
        .collect();
    assert!(states.iter().all(|state| matches!(state, RecordedState::Finished(_))), "{states:?}");
    came.lock().unwrap().take().expect("the other was begun")
}

#[test]
fn executions_in_different_environments_run_side_by_side() {
    let elsewhere = |place: &Place| {
        let mut draft = draft();
        draft.0.environments = [("test.there".into(), draft.0.environments.values().next().unwrap().clone())].into();
        draft.0.nodes.iter_mut().for_each(|node| node.environment = Some("test.there".into()));
        execute(&draft.finish(), &place.options(&|_| {})).err()
    };
    assert!(beside(elsewhere).is_none());
}

#[test]
fn executions_in_one_environment_run_side_by_side_only_where_both_say_so() {
    let with = |concurrent: bool| {
        move |place: &Place| {
            let silent = |_| {};
            let mut options = place.options(&silent);
            options.concurrent = concurrent;
            execute(&plan(), &options).err()
        }
    };
    assert!(beside(with(true)).is_none());
    let error = beside(with(false));
    assert!(matches!(error, Some(ExecuteError::Journal(JournalError::EnvironmentBusy { .. }))), "{error:?}");
}

#[test]
fn what_a_killed_process_left_is_interrupted() {
    let place = Place::new();
    let report = place.execute(&plan());
    let connection = Connection::open(place.journal()).unwrap();
    connection.execute("UPDATE executions SET state = 'running', finished_at = NULL", []).unwrap();
    drop(connection);
    let state = |id: &str| {
        let journal = Journal::open_existing(&place.journal()).unwrap();
        journal.execution(id).unwrap().unwrap().summary.state
    };
    assert_eq!(state(&report.execution), RecordedState::Interrupted);
    // Nothing begins where it was under way, unless it may run beside others; it stays what it is.
    let error = place.try_execute(&plan()).unwrap_err();
    assert_eq!(error.code(), "execution_interrupted", "{error}");
    let Err(ExecuteError::Journal(JournalError::Interrupted { execution, environment })) = place.try_execute(&plan())
    else {
        panic!("it was not refused")
    };
    assert_eq!((&execution, environment.as_str()), (&report.execution, "test.here"));
    let listed = || Journal::open_existing(&place.journal()).unwrap().executions().unwrap().len();
    assert_eq!(listed(), 1);
    let silent = |_| {};
    let mut beside = place.options(&silent);
    beside.concurrent = true;
    let other = execute(&plan(), &beside).unwrap();
    assert_eq!(state(&report.execution), RecordedState::Interrupted);
    // What has ended is not undone beside it either.
    let error = undo(&other.execution, &place.options(&silent)).unwrap_err();
    assert_eq!(error.code(), "execution_interrupted", "{error}");
    // Elsewhere, it is in nobody's way.
    let mut elsewhere = draft();
    elsewhere.0.environments =
        [("test.there".into(), elsewhere.0.environments.values().next().unwrap().clone())].into();
    elsewhere.0.nodes.iter_mut().for_each(|node| node.environment = Some("test.there".into()));
    place.execute(&elsewhere.finish());
    assert!(!cancel(&report.execution, &place.journal()).unwrap());
    let mut succeeds = Plan::new();
    succeeds.step("a", "test.note", &[("name", text("a"))]);
    place.execute(&succeeds.finish());
    let journal = Journal::open_existing(&place.journal()).unwrap();
    let (newer, environment) = journal.succeeded_since(&report.execution).unwrap().unwrap();
    assert_eq!((&newer, environment.as_str()), (&journal.executions().unwrap()[0].id, "test.here"));
    assert_eq!(journal.succeeded_since(&newer).unwrap(), None);
}

/// Nothing runs on such a journal, and it is not touched.
fn refused(place: &Place) -> JournalError {
    let before = std::fs::read(place.journal()).ok();
    let Err(ExecuteError::Journal(error)) = place.try_execute(&plan()) else { panic!("it was not refused") };
    assert!(!place.path("a.txt").exists());
    assert_eq!(std::fs::read(place.journal()).ok(), before);
    error
}

#[test]
fn other_files_are_no_journals() {
    let place = Place::new();
    std::fs::write(place.journal(), "these are my notes, and they are long enough to be one page of something")
        .unwrap();
    assert!(matches!(refused(&place), JournalError::NotAJournal { .. }));

    let place = Place::new();
    let other = Connection::open(place.journal()).unwrap();
    other.execute_batch("CREATE TABLE executions (id TEXT)").unwrap();
    drop(other);
    assert!(matches!(refused(&place), JournalError::NotAJournal { .. }));

    let place = Place::new();
    std::fs::create_dir(place.journal()).unwrap();
    assert!(matches!(refused(&place), JournalError::Unavailable { .. }));

    let place = Place::new();
    assert!(matches!(Journal::open_existing(&place.journal()), Err(JournalError::Missing { .. })));
    assert!(!place.journal().exists());
}

#[test]
fn a_journal_of_a_newer_version_is_left_alone() {
    let place = Place::new();
    drop(Journal::open(&place.journal()).unwrap());
    let connection = Connection::open(place.journal()).unwrap();
    connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'schema_version'", []).unwrap();
    drop(connection);
    let error = refused(&place);
    assert!(matches!(error, JournalError::Newer { found, known, .. } if found == known + 1), "{error}");
    let looked = Journal::open_existing(&place.journal()).unwrap_err();
    assert_eq!(looked, error);
}

#[test]
fn a_damaged_journal_is_refused() {
    let place = Place::new();
    for _ in 0..20 {
        place.execute(&plan());
    }
    std::fs::remove_file(place.path("a.txt")).unwrap();
    let mut bytes = std::fs::read(place.journal()).unwrap();
    // The pages behind the first, which holds the schema.
    bytes[4096..].fill(0xa5);
    std::fs::write(place.journal(), bytes).unwrap();
    assert!(matches!(refused(&place), JournalError::Damaged { .. }));
}

#[test]
fn a_journal_that_fails_on_the_way_ends_the_execution() {
    let place = Place {
        hook: Box::new(|place, event| {
            if matches!(event, Event::StepStarted { address, .. } if address == "a") {
                let connection = Connection::open(place.journal()).unwrap();
                connection.execute_batch("DROP TABLE log").unwrap();
            }
        }),
        ..Place::new()
    };
    let Err(ExecuteError::Broken { report, .. }) = place.try_execute(&plan()) else { panic!("it was not noticed") };
    // What ran is told, and nothing more was started.
    assert_eq!(report.node("a").unwrap().outcome, Outcome::Succeeded);
    for address in ["b", "c"] {
        let skipped = Outcome::Skipped { because: Skip::JournalFailed };
        assert_eq!(report.node(address).unwrap().outcome, skipped);
    }
    assert!(place.notes.all().is_empty());
}
