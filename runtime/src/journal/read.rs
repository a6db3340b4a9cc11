//! Reading a journal.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};
use smol_str::SmolStr;

use super::{ExecutionRecord, ExecutionSummary, RecordedState, StepEvent, StepRecord};

const SUMMARY: &str = "SELECT id, plan, plan_hash, package, version, started_at, finished_at, state FROM executions";

pub(super) fn executions(connection: &Connection, live: bool) -> rusqlite::Result<Vec<ExecutionSummary>> {
    let mut statement = connection.prepare(&format!("{SUMMARY} ORDER BY started_at DESC, id DESC"))?;
    statement.query_map([], |row| summary(row, live))?.collect()
}

pub(super) fn execution(connection: &Connection, id: &str, live: bool) -> rusqlite::Result<Option<ExecutionRecord>> {
    let found = connection.query_row(&format!("{SUMMARY} WHERE id = ?1"), [id], |row| summary(row, live)).optional()?;
    let Some(summary) = found else { return Ok(None) };
    let mut statement = connection
        .prepare("SELECT seq, at, node, address, event, attempt, data FROM steps WHERE execution = ?1 ORDER BY seq")?;
    let steps = statement.query_map([id], step)?.collect::<rusqlite::Result<_>>()?;
    Ok(Some(ExecutionRecord { summary, steps }))
}

/// The plan file of a hash.
pub(super) fn plan(connection: &Connection, hash: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.query_row("SELECT graph FROM plans WHERE hash = ?1", [hash], |row| row.get(0)).optional()
}

fn summary(row: &Row<'_>, live: bool) -> rusqlite::Result<ExecutionSummary> {
    let state: String = row.get(7)?;
    Ok(ExecutionSummary {
        id: text(row, 0)?,
        plan: text(row, 1)?,
        plan_hash: text(row, 2)?,
        package: text(row, 3)?,
        version: text(row, 4)?,
        started_at: row.get(5)?,
        finished_at: row.get(6)?,
        state: RecordedState::named(&state, live).ok_or_else(|| unknown(7, format!("unknown state `{state}`")))?,
    })
}

fn step(row: &Row<'_>) -> rusqlite::Result<StepRecord> {
    let event: String = row.get(4)?;
    let data: String = row.get(6)?;
    Ok(StepRecord {
        seq: row.get(0)?,
        at: row.get(1)?,
        node: text(row, 2)?,
        address: text(row, 3)?,
        event: StepEvent::named(&event).ok_or_else(|| unknown(4, format!("unknown event `{event}`")))?,
        attempt: row.get(5)?,
        data: serde_json::from_str(&data).map_err(|error| unknown(6, error.to_string()))?,
    })
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<SmolStr> {
    row.get::<_, String>(column).map(SmolStr::from)
}

fn unknown(column: usize, message: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, message.into())
}
