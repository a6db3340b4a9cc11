//! Bringing journals of before the log into the form that has one.
//!
//! What they tell is chained as it is found: from then on nothing of it can be changed unseen, and the first row says
//! up to where that goes.

use std::collections::BTreeSet;

use rusqlite::{Transaction, params};
use serde_json::{Value as Json, json};

use super::log::{NewRow, Tail};
use super::{LogEvent, read, writer};
use crate::clock;

const TABLES: &str = "
CREATE TABLE log (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    execution TEXT,
    node TEXT,
    address TEXT,
    event TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    data TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
ALTER TABLE executions ADD COLUMN first_row INTEGER NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN last_row INTEGER NOT NULL DEFAULT 0;
";

/// Every row that the log gets.
const COUNT: &str = "
SELECT 1 + (SELECT count(*) FROM steps) + (SELECT count(*) FROM executions)
    + (SELECT count(*) FROM executions WHERE state <> 'running')
    + (SELECT count(*) FROM plans WHERE hash IN (SELECT plan_hash FROM executions))";

/// Puts the steps of executions into the log, one execution after the other, with their beginnings and ends.
pub(super) fn chain(transaction: &Transaction<'_>, from: i64) -> rusqlite::Result<()> {
    transaction.execute_batch(TABLES)?;
    let rows: i64 = transaction.query_row(COUNT, [], |row| row.get(0))?;
    let data = json!({ "journal": clock::execution_id(), "migrated_from": from, "migrated_rows": rows });
    let mut tail = Tail::of(transaction)?;
    let event = LogEvent::JournalCreated;
    tail.append(NewRow { at: clock::now(), execution: None, node: None, event, attempt: 0, data: &data })?;
    let mut ids = transaction.prepare("SELECT id FROM executions ORDER BY started_at, id")?;
    let ids: Vec<String> = ids.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut plans = BTreeSet::new();
    for id in ids {
        execution(transaction, &mut tail, &mut plans, &id)?;
    }
    transaction.execute_batch("DROP TABLE steps")
}

fn execution(
    transaction: &Transaction<'_>,
    tail: &mut Tail<'_>,
    plans: &mut BTreeSet<String>,
    id: &str,
) -> rusqlite::Result<()> {
    let (started, finished, state, fence): (i64, Option<i64>, String, i64) = transaction.query_row(
        "SELECT started_at, finished_at, state, fence FROM executions WHERE id = ?1",
        [id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let [plan, hash, package, version]: [String; 4] = transaction.query_row(
        "SELECT plan, plan_hash, package, version FROM executions WHERE id = ?1",
        [id],
        |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
    )?;
    let mut first = None;
    let kept = if plans.insert(hash.clone()) { read::plan(transaction, &hash)? } else { None };
    if let Some(graph) = kept {
        let data = writer::compiled(&plan, &hash, (&package, &version), &graph);
        first = Some(tail.append(NewRow::of_execution(started, id, LogEvent::PlanCompiled, &data))?.seq);
    }
    let data = json!({
        "plan": plan, "plan_hash": hash, "package": package, "version": version, "fence": fence, "migrated": true,
    });
    let begun = tail.append(NewRow::of_execution(started, id, LogEvent::ExecutionStarted, &data))?.seq;
    let mut last = started;
    let mut steps = transaction.prepare_cached(
        "SELECT at, node, address, event, attempt, data FROM steps WHERE execution = ?1 ORDER BY seq",
    )?;
    let mut steps = steps.query([id])?;
    while let Some(row) = steps.next()? {
        let (event, data): (String, String) = (row.get(3)?, row.get(5)?);
        let event = LogEvent::named(&event).ok_or_else(|| unreadable(format!("unknown event `{event}`")))?;
        let data: Json = serde_json::from_str(&data).map_err(|error| unreadable(error.to_string()))?;
        let (node, address): (String, String) = (row.get(1)?, row.get(2)?);
        last = row.get(0)?;
        tail.append(NewRow {
            at: last,
            execution: Some(id),
            node: Some((&node, &address)),
            event,
            attempt: row.get(4)?,
            data: &data,
        })?;
    }
    match state.as_str() {
        "running" => {}
        "interrupted" => {
            tail.append(NewRow::of_execution(last, id, LogEvent::ExecutionInterrupted, &json!({})))?;
        }
        state => {
            let (at, data) = (finished.unwrap_or(last), json!({ "state": state }));
            tail.append(NewRow::of_execution(at, id, LogEvent::ExecutionFinished, &data))?;
        }
    }
    transaction.execute("UPDATE executions SET first_row = ?2 WHERE id = ?1", params![id, first.unwrap_or(begun)])?;
    tail.close(id)
}

fn unreadable(message: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, message.into())
}
