//! The log: whatever is done to a journal behind its back is found.

use std::path::{Path, PathBuf};

use ordain_graph::{OnFailure, PlanGraph, Retry, Value};
use ordain_runtime::{Journal, JournalError, LogEvent, RowHash, Verification, Witness};
use proptest::prelude::*;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

use crate::support::{Place, Plan, text};

/// A step that is tried again, one that fails, one that is skipped, and two that are undone.
fn plan() -> PlanGraph {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Undo;
    let a = plan.step("a", "file.write", &[("path", text("a.txt")), ("content", text("hello"))]);
    plan.undo(a, "file.remove", &[("path", text("a.txt"))]);
    let b = plan.step("b", "test.note", &[("name", text("b")), ("does", text("fail 1 times"))]);
    plan.at(b).retry = Some(Retry { times: 2, min: 0, max: 0 });
    let c = plan.step("c", "test.note", &[("name", text("c")), ("does", text("fail"))]);
    plan.after(c, &[a, b]);
    let d = plan.step("d", "test.note", &[("name", text("d"))]);
    plan.after(d, &[c]);
    plan.finish()
}

/// A plan of one step.
fn small() -> PlanGraph {
    let mut plan = Plan::new();
    plan.step("a", "test.note", &[("name", text("a")), ("sum", Value::Int(7))]);
    plan.finish()
}

/// Three executions of two plans.
fn place() -> Place {
    let place = Place::new();
    place.execute(&plan());
    place.execute(&small());
    place.execute(&plan());
    place
}

fn verify(journal: &Path) -> Result<Verification, JournalError> {
    Journal::open_existing(journal)?.verify(&[])
}

fn sound(journal: &Path) -> Verification {
    let found = verify(journal).unwrap();
    assert_eq!(found.problem, None);
    found
}

/// A journal that can be changed and put back.
struct Victim {
    journal: PathBuf,
    bytes: Vec<u8>,
    _place: Place,
}

impl Victim {
    fn new(place: Place) -> Self {
        let journal = place.journal();
        // All of it is in one file.
        Connection::open(&journal).unwrap().pragma_update(None, "wal_checkpoint", "truncate").unwrap();
        Self { bytes: std::fs::read(&journal).unwrap(), journal, _place: place }
    }

    /// Does something to it, looks whether that is found, and puts everything back. Gives the row that is named.
    fn after(&self, change: impl FnOnce(&Connection) -> rusqlite::Result<usize>) -> Found {
        let changed = {
            let connection = Connection::open(&self.journal).unwrap();
            connection.pragma_update(None, "foreign_keys", false).unwrap();
            connection.pragma_update(None, "synchronous", "off").unwrap();
            change(&connection)
        };
        let found = match (changed, verify(&self.journal)) {
            // The database itself does not take it.
            (Err(_) | Ok(0), _) => Found::Impossible,
            (Ok(_), Err(_)) => Found::Refused,
            (Ok(_), Ok(Verification { problem: Some(problem), .. })) => Found::Row(problem.row),
            (Ok(_), Ok(_)) => Found::Nothing,
        };
        std::fs::write(&self.journal, &self.bytes).unwrap();
        found
    }
}

#[derive(Debug, PartialEq)]
enum Found {
    /// The change could not be made.
    Impossible,
    /// It is not opened.
    Refused,
    /// It is told, with the row.
    Row(Option<i64>),
    Nothing,
}

const TABLES: [(&str, &[&str]); 4] = [
    ("log", &["seq", "at", "execution", "node", "address", "event", "attempt", "data", "hash"]),
    (
        "executions",
        &[
            "id",
            "plan",
            "plan_hash",
            "package",
            "version",
            "started_at",
            "finished_at",
            "state",
            "fence",
            "first_row",
            "last_row",
        ],
    ),
    ("plans", &["hash", "graph"]),
    ("meta", &["name", "value"]),
];

/// The rows of a table, in order, each with the values of its columns.
fn rows(connection: &Connection, table: &str, columns: &[&str]) -> Vec<Vec<Sql>> {
    let mut statement = connection.prepare(&format!("SELECT {} FROM {table} ORDER BY 1", columns.join(","))).unwrap();
    let row = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|at| row.get(at)).collect::<Result<Vec<Sql>, _>>();
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

/// Another value of the same kind.
fn other(value: &Sql) -> Sql {
    match value {
        Sql::Null => Sql::Text("x".into()),
        Sql::Integer(number) => Sql::Integer(number + 1000),
        Sql::Real(number) => Sql::Real(number + 1.0),
        Sql::Text(text) => Sql::Text(format!("{text} ")),
        Sql::Blob(bytes) => Sql::Blob(bytes.iter().rev().copied().collect()),
    }
}

#[test]
fn every_event_is_a_row_and_the_rows_follow_from_each_other() {
    let place = place();
    let journal = Journal::open_existing(&place.journal()).unwrap();
    let found = sound(&place.journal());
    let executions = journal.executions().unwrap();
    let logs: Vec<_> = executions.iter().rev().map(|each| journal.log(&each.id).unwrap()).collect();
    let events: Vec<Vec<&str>> = logs.iter().map(|rows| rows.iter().map(|row| row.event.name()).collect()).collect();
    assert_eq!(
        events[1],
        ["plan_compiled", "execution_started", "intent", "succeeded", "execution_finished"],
        "a small one, of a plan that was new"
    );
    assert_eq!(events[2][0], "execution_started", "of a plan that was known");
    for event in ["retry", "failed", "skipped", "undo_intent", "undone", "not_undone"] {
        assert!(events[0].contains(&event), "{event}: {:?}", events[0]);
    }
    let seqs: Vec<i64> = logs.iter().flatten().map(|row| row.seq).collect();
    assert_eq!(seqs, (2..=found.rows).collect::<Vec<_>>(), "every row but the first is of an execution");
    assert_eq!(found.head, logs[2].last().unwrap().hash);
    assert_eq!(logs[2].last().unwrap().event, LogEvent::ExecutionFinished);
    assert_eq!(logs[0][1].data["parallelism"], 4);
    assert!(found.journal.is_some() && found.migrated.is_none() && found.unchained.is_none());
}

#[test]
fn every_change_of_a_value_and_every_row_that_is_taken_out_is_found() {
    let victim = Victim::new(place());
    sound(&victim.journal);
    let mut tried = 0;
    for (table, columns) in TABLES {
        let before = rows(&Connection::open(&victim.journal).unwrap(), table, columns);
        assert!(!before.is_empty(), "{table}");
        for row in &before {
            for (at, column) in columns.iter().enumerate() {
                let change = format!("UPDATE {table} SET {column} = ?1 WHERE {} = ?2", columns[0]);
                let found = victim.after(|db| db.execute(&change, params_from_iter([other(&row[at]), row[0].clone()])));
                assert_ne!(found, Found::Nothing, "{column} of {row:?} in {table}");
                if table == "log" && !matches!(*column, "seq") {
                    let Sql::Integer(seq) = row[0] else { panic!("{row:?}") };
                    assert_eq!(found, Found::Row(Some(seq)), "{column}");
                }
                tried += usize::from(found != Found::Impossible);
            }
            let delete = format!("DELETE FROM {table} WHERE {} = ?1", columns[0]);
            let found = victim.after(|db| db.execute(&delete, [&row[0]]));
            assert!(!matches!(found, Found::Nothing | Found::Impossible), "{row:?} out of {table}: {found:?}");
        }
    }
    assert!(tried > 300, "{tried}");
    sound(&victim.journal);
}

#[test]
fn rows_that_change_places_are_found() {
    let victim = Victim::new(place());
    let count = sound(&victim.journal).rows;
    for (a, b) in (1..count).map(|a| (a, a + 1)).chain([(1, count), (2, count - 1), (5, 9)]) {
        let found = victim.after(|db| {
            db.execute_batch(&format!(
                "UPDATE log SET seq = -1 WHERE seq = {a}; UPDATE log SET seq = {a} WHERE seq = {b};
                 UPDATE log SET seq = {b} WHERE seq = -1"
            ))?;
            Ok(1)
        });
        assert_eq!(found, Found::Row(Some(a)), "{a} and {b}");
    }
}

#[test]
fn what_is_put_in_is_found() {
    let victim = Victim::new(place());
    for change in [
        "INSERT INTO log SELECT (SELECT max(seq) + 1 FROM log), at, execution, node, address, event, attempt, data, hash
         FROM log WHERE seq = 3",
        "INSERT INTO executions SELECT id || 'x', plan, plan_hash, package, version, started_at, finished_at, state, fence,
         first_row, last_row FROM executions LIMIT 1",
        "INSERT INTO plans SELECT hash || 'x', graph FROM plans LIMIT 1",
        "INSERT INTO meta VALUES ('owner', 'me')",
    ] {
        let found = victim.after(|db| db.execute(change, []));
        assert!(matches!(found, Found::Row(_)), "{change}: {found:?}");
    }
    let found = victim.after(|db| {
        db.execute_batch("CREATE TRIGGER quiet AFTER INSERT ON log BEGIN DELETE FROM log WHERE seq = 2; END")?;
        Ok(1)
    });
    assert_eq!(found, Found::Row(None));
}

/// Whoever knows how the log is made can make another one; only what is kept elsewhere tells it.
#[test]
fn a_log_that_ends_earlier_is_found_by_a_witness_only() {
    let place = Place::new();
    place.execute(&small());
    let before = sound(&place.journal());
    let witness =
        |found: &Verification| Witness { journal: found.journal.clone().unwrap(), seq: found.rows, hash: found.head };
    let early = witness(&before);
    let kept = std::fs::read(place.journal()).unwrap();
    place.execute(&small());
    let late = witness(&sound(&place.journal()));
    let with = |witness: &Witness| {
        Journal::open_existing(&place.journal()).unwrap().verify(std::slice::from_ref(witness)).unwrap().problem
    };
    assert_eq!((with(&early), with(&late)), (None, None));
    // The journal as it was before the second execution is sound in itself.
    std::fs::write(place.journal(), kept).unwrap();
    sound(&place.journal());
    assert_eq!(with(&early), None);
    let problem = with(&late).unwrap();
    assert_eq!(problem.row, Some(before.rows + 1), "{problem:?}");
    let another = Witness { hash: RowHash::parse(&format!("sha256:{}", "1".repeat(64))).unwrap(), ..early.clone() };
    assert_eq!(with(&another).unwrap().row, Some(before.rows));
    let elsewhere = Witness { journal: "another".into(), ..early };
    assert!(with(&elsewhere).unwrap().what.contains("another"));
}

#[test]
fn journals_of_before_are_chained_when_they_are_brought_up_to_date() {
    for version in [1, 2] {
        let place = place();
        let journal = Journal::open_existing(&place.journal()).unwrap();
        let told = |journal: &Journal| -> Vec<_> {
            let executions = journal.executions().unwrap();
            executions.iter().map(|each| journal.execution(&each.id).unwrap().unwrap()).collect()
        };
        let before = told(&journal);
        drop(journal);
        crate::support::older(&place.journal(), version);
        let bytes = std::fs::read(place.journal()).unwrap();
        // Looking at it changes nothing, and shows what it holds.
        let journal = Journal::open_existing(&place.journal()).unwrap();
        assert_eq!(told(&journal), before);
        let found = journal.verify(&[]).unwrap();
        assert_eq!((found.unchained, found.problem), (Some(version), None));
        drop(journal);
        assert!(std::fs::read(place.journal()).unwrap() == bytes);
        // Writing to it brings it up to date.
        let new = place.execute(&small());
        let found = sound(&place.journal());
        let migrated = found.migrated.unwrap();
        assert_eq!((migrated.from, found.unchained), (version, None));
        let journal = Journal::open_existing(&place.journal()).unwrap();
        assert_eq!(told(&journal)[1..], before);
        let first = journal.log(&new.execution).unwrap()[0].seq;
        assert_eq!(migrated.rows, first - 1, "all rows of before, and no other");
    }
}

/// A row that is not what was written is not gone on with either.
#[test]
fn changed_rows_are_not_read() {
    let place = place();
    let journal = Journal::open_existing(&place.journal()).unwrap();
    let ids: Vec<_> = journal.executions().unwrap().into_iter().map(|each| each.id).collect();
    let connection = Connection::open(place.journal()).unwrap();
    let change =
        "UPDATE log SET data = replace(data, '\"sum\":7', '\"sum\":8') WHERE event = 'succeeded' AND execution = ?1";
    assert_eq!(connection.execute(change, [ids[1].as_str()]).unwrap(), 1);
    let error = journal.execution(&ids[1]).unwrap_err();
    assert!(matches!(&error, JournalError::Damaged { detail, .. } if detail.contains("row ")), "{error}");
    assert!(journal.log(&ids[1]).is_err());
    // Of the others nothing is lost.
    for id in [&ids[0], &ids[2]] {
        assert!(!journal.execution(id).unwrap().unwrap().steps.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any row of any table, any column, any value of the same type.
    #[test]
    fn any_single_edit_is_found(table in 0..3usize, row in 0..100usize, column in 0..11usize, number: i64, words in "\\PC{0,20}") {
        thread_local!(static VICTIM: Victim = Victim::new(place()));
        VICTIM.with(|victim| {
            let (table, columns) = TABLES[table];
            let before = rows(&Connection::open(&victim.journal).unwrap(), table, columns);
            let (row, column) = (&before[row % before.len()], column % columns.len());
            let value = match &row[column] {
                Sql::Integer(_) => Sql::Integer(number),
                Sql::Blob(_) => Sql::Blob(words.clone().into_bytes()),
                _ => Sql::Text(words.clone()),
            };
            prop_assume!(value != row[column]);
            let change = format!("UPDATE {table} SET {} = ?1 WHERE {} = ?2", columns[column], columns[0]);
            let found = victim.after(|db| db.execute(&change, params_from_iter([value, row[0].clone()])));
            prop_assert_ne!(found, Found::Nothing);
            Ok(())
        })?;
    }
}
