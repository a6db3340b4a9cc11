//! Reading a journal.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};
use smol_str::SmolStr;

use super::log::{self, BrokenRow, Line, LogError, RowHash};
use super::{ExecutionRecord, ExecutionSummary, LogEvent, LogRow, RecordedState, StepEvent, StepRecord};
use crate::approval::{Approvers, Record};

const SUMMARY: &str = "SELECT id, plan, plan_hash, package, version, started_at, finished_at, state FROM executions";

/// Whether a process carries an execution out.
pub(super) type IsLive<'a> = &'a dyn Fn(&str) -> bool;

pub(super) fn executions(connection: &Connection, live: IsLive<'_>) -> rusqlite::Result<Vec<ExecutionSummary>> {
    let mut statement = connection.prepare(&format!("{SUMMARY} ORDER BY started_at DESC, id DESC"))?;
    statement.query_map([], |row| summary(row, live))?.collect()
}

/// The hash of the plan of an execution.
pub(super) fn plan_hash(connection: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT plan_hash FROM executions WHERE id = ?1", [id], |row| row.get(0)).optional()
}

/// An execution with its steps, of which each is what was written down. The data of those that are not wanted is left out.
pub(super) fn execution(
    connection: &Connection,
    id: &str,
    live: IsLive<'_>,
    wanted: fn(StepEvent) -> bool,
) -> Result<Option<ExecutionRecord>, LogError> {
    // One look at both tables: somebody may be writing.
    let transaction = connection.unchecked_transaction()?;
    let found =
        transaction.query_row(&format!("{SUMMARY} WHERE id = ?1"), [id], |row| summary(row, live)).optional()?;
    let Some(summary) = found else { return Ok(None) };
    let mut steps = Vec::new();
    let (mut undoing, mut approvers, mut records) = (false, None, Vec::new());
    lines_of(&transaction, id, |line| {
        let with_data = if let LogEvent::Step(event) = line.event { wanted(event) } else { true };
        let row = line.read(with_data)?;
        match row.event {
            LogEvent::ExecutionStarted => approvers = Approvers::from_json(&row.data["approvers"]),
            LogEvent::ApprovalRecorded => records.push(Record::from_json(&row.data)),
            _ => {}
        }
        undoing |= row.event == LogEvent::ExecutionResumed && row.data["undo"] == true;
        if let (LogEvent::Step(event), Some(node), Some(address)) = (row.event, row.node, row.address) {
            let seq = i64::try_from(steps.len()).unwrap_or(i64::MAX);
            steps.push(StepRecord { seq, at: row.at, node, address, event, attempt: row.attempt, data: row.data });
        }
        Ok(())
    })?;
    Ok(Some(ExecutionRecord { summary, undoing, approvers, records, steps }))
}

/// Every row of an execution, each checked to follow from the one before it in the log.
pub(super) fn rows_of(connection: &Connection, id: &str, mut each: impl FnMut(LogRow)) -> Result<(), LogError> {
    lines_of(connection, id, |line| line.read(true).map(&mut each))
}

fn lines_of(
    connection: &Connection,
    id: &str,
    mut each: impl FnMut(&Line<'_>) -> Result<(), LogError>,
) -> Result<(), LogError> {
    let bounds = connection
        .query_row("SELECT first_row, last_row FROM executions WHERE id = ?1", [id], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })
        .optional()?;
    let Some((first, last)) = bounds else { return Ok(()) };
    let previous = connection
        .query_row("SELECT hash FROM log WHERE seq = ?1", [first - 1], |row| row.get(0))
        .optional()?
        .unwrap_or(RowHash::NONE);
    let end =
        log::lines(
            connection,
            (first, last),
            previous,
            |line| {
                if line.execution == Some(id) { each(line) } else { Ok(()) }
            },
        )?;
    if end.seq == last {
        return Ok(());
    }
    Err(LogError::Broken(BrokenRow { row: end.seq + 1, what: "it is missing".into() }))
}

/// The plan file of a hash.
pub(super) fn plan(connection: &Connection, hash: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.query_row("SELECT graph FROM plans WHERE hash = ?1", [hash], |row| row.get(0)).optional()
}

/// Executions that have neither ended nor wait for people, and that nobody carries out, with the hashes of their plans; the
/// latest first.
pub(super) fn interrupted(connection: &Connection, live: IsLive<'_>) -> rusqlite::Result<Vec<(SmolStr, SmolStr)>> {
    let mut statement = connection.prepare(
        "SELECT id, plan_hash, state FROM executions WHERE state IN ('running', 'interrupted')
         ORDER BY started_at DESC, id DESC",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = text(row, 0)?;
        if row.get::<_, String>(2)? == "interrupted" || !live(&id) {
            found.push((id, text(row, 1)?));
        }
    }
    Ok(found)
}

/// The executions that have succeeded since another began, with the hashes of their plans; the latest first.
pub(super) fn succeeded_since(connection: &Connection, id: &str) -> rusqlite::Result<Vec<(SmolStr, SmolStr)>> {
    let mut statement = connection.prepare(
        // The log has an order where times are the same.
        "SELECT done.id, done.plan_hash FROM executions AS done, executions AS began
         WHERE began.id = ?1 AND done.id <> ?1 AND done.state = 'succeeded'
         AND done.finished_at >= began.started_at AND done.last_row > began.first_row ORDER BY done.last_row DESC",
    )?;
    statement.query_map([id], |row| Ok((text(row, 0)?, text(row, 1)?)))?.collect()
}

/// The names of the environments that a plan is about, the empty one where there are none; `None` where the journal does not
/// hold the plan.
pub(super) fn environments(connection: &Connection, hash: &str) -> rusqlite::Result<Option<BTreeSet<SmolStr>>> {
    /// As much of a plan file as is needed: plans are large.
    #[derive(serde::Deserialize)]
    struct Plan {
        environments: BTreeMap<SmolStr, serde::de::IgnoredAny>,
    }
    let Some(graph) = plan(connection, hash)? else { return Ok(None) };
    let plan: Plan = serde_json::from_slice(&graph).map_err(|error| unknown(0, error.to_string()))?;
    Ok(Some(or_none(plan.environments.into_keys())))
}

/// Environments by name; the empty name where there are none, so that plans without any are in each other's way.
pub(super) fn or_none(environments: impl Iterator<Item = SmolStr>) -> BTreeSet<SmolStr> {
    let mut names: BTreeSet<SmolStr> = environments.collect();
    if names.is_empty() {
        names.insert(SmolStr::default());
    }
    names
}

fn summary(row: &Row<'_>, live: IsLive<'_>) -> rusqlite::Result<ExecutionSummary> {
    let state: String = row.get(7)?;
    let id = text(row, 0)?;
    let live = state == "running" && live(&id);
    Ok(ExecutionSummary {
        id,
        plan: text(row, 1)?,
        plan_hash: text(row, 2)?,
        package: text(row, 3)?,
        version: text(row, 4)?,
        started_at: row.get(5)?,
        finished_at: row.get(6)?,
        state: RecordedState::named(&state, live).ok_or_else(|| unknown(7, format!("unknown state `{state}`")))?,
    })
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<SmolStr> {
    row.get::<_, String>(column).map(SmolStr::from)
}

fn unknown(column: usize, message: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, message.into())
}
