//! Writing a journal: whoever executes holds the connection, and commits together what belongs together.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::lock::Locks;
use super::log::{self, NewRow, Tail};
use super::read::IsLive;
use super::{Entry, JournalError, LogEvent, NewExecution};
use crate::approval::Record;
use crate::report::State;

/// Writes the journal of one execution. Everything it accepts is on disk when it returns.
pub(crate) struct Recorder {
    path: PathBuf,
    connection: Connection,
    /// Given up after the last commit.
    _lock: Locks,
    execution: SmolStr,
    /// Of those who ever wrote to the execution, the latest has the highest. The lock keeps others out where it works,
    /// which it does not on every file system of a network.
    fence: i64,
    /// The last row that was written or looked at here.
    seen: i64,
    cancel_requested: bool,
    /// What people have said in the execution up to there.
    records: Vec<Record>,
}

/// Executions that were under way when their process ended are marked, then the new one is written down.
pub(super) fn begin(connection: &Connection, execution: &NewExecution, live: IsLive<'_>) -> rusqlite::Result<i64> {
    let NewExecution { id, plan, plan_hash, package, version, graph, parallelism, approvers, imported, at } = execution;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut tail = Tail::of(&transaction)?;
    mark_interrupted(&transaction, &mut tail, *at, live)?;
    let new = transaction
        .execute("INSERT OR IGNORE INTO plans (hash, graph) VALUES (?1, ?2)", params![plan_hash.as_str(), graph])?;
    let mut first = None;
    if new > 0 {
        let data = compiled(plan, plan_hash, (package, version), graph);
        first = Some(tail.append(NewRow::of_execution(*at, id, LogEvent::PlanCompiled, &data))?.seq);
    }
    let mut data = json!({
        "plan": plan, "plan_hash": plan_hash, "package": package, "version": version,
        "fence": 1, "parallelism": parallelism,
    });
    if let Some(approvers) = approvers {
        data["approvers"] = approvers.to_json();
    }
    if *imported {
        data["imported"] = true.into();
    }
    let last = tail.append(NewRow::of_execution(*at, id, LogEvent::ExecutionStarted, &data))?.seq;
    transaction.execute(
        "INSERT INTO executions (id, plan, plan_hash, package, version, started_at, state, fence, first_row, last_row)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'running', 1, ?7, ?8)",
        params![
            id.as_str(),
            plan.as_str(),
            plan_hash.as_str(),
            package.as_str(),
            version.as_str(),
            at,
            first.unwrap_or(last),
            last,
        ],
    )?;
    transaction.commit()?;
    Ok(last)
}

/// What the log tells of a plan. `file` is the digest of the bytes that are kept.
pub(super) fn compiled(plan: &str, plan_hash: &str, (package, version): (&str, &str), graph: &[u8]) -> Json {
    let file = crate::workspace::digest(graph);
    json!({ "plan": plan, "plan_hash": plan_hash, "package": package, "version": version, "file": file })
}

/// An execution goes on. Whoever wrote to it before is kept from it by the fence that is given.
///
/// Gives it with the row that tells of it.
pub(super) fn resume(
    connection: &Connection,
    id: &str,
    at: i64,
    undo: bool,
    live: IsLive<'_>,
) -> rusqlite::Result<(i64, i64)> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut tail = Tail::of(&transaction)?;
    mark_interrupted(&transaction, &mut tail, at, live)?;
    let fence = transaction.query_row(
        "UPDATE executions SET state = 'running', finished_at = NULL, fence = fence + 1 WHERE id = ?1 RETURNING fence",
        [id],
        |row| row.get(0),
    )?;
    let data = if undo { json!({ "fence": fence, "undo": true }) } else { json!({ "fence": fence }) };
    let row = tail.append(NewRow::of_execution(at, id, LogEvent::ExecutionResumed, &data))?.seq;
    tail.close(id)?;
    transaction.commit()?;
    Ok((fence, row))
}

/// Asks whoever carries an execution out to end it.
pub(super) fn request_cancel(connection: &Connection, id: &str, at: i64) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut tail = Tail::of(&transaction)?;
    tail.append(NewRow::of_execution(at, id, LogEvent::ExecutionCancelRequested, &json!({})))?;
    tail.close(id)?;
    transaction.commit()
}

/// Writes down what somebody says in an execution.
pub(super) fn say(
    connection: &Connection,
    (id, at): (&str, i64),
    count: usize,
    mut make: impl FnMut(usize, i64) -> Record,
) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut tail = Tail::of(&transaction)?;
    for number in 0..count {
        let data = make(number, tail.span().1 + 1).to_json();
        tail.append(NewRow::of_execution(at, id, LogEvent::ApprovalRecorded, &data))?;
    }
    tail.close(id)?;
    transaction.commit()
}

/// Ends an execution that nobody carries out.
pub(super) fn cancel(connection: &Connection, id: &str, at: i64) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut tail = Tail::of(&transaction)?;
    // One that was under way when its process ended was interrupted first.
    mark_interrupted(&transaction, &mut tail, at, &|other| other != id)?;
    let data = json!({ "state": State::Cancelled.name() });
    tail.append(NewRow::of_execution(at, id, LogEvent::ExecutionCancelRequested, &json!({})))?;
    tail.append(NewRow::of_execution(at, id, LogEvent::ExecutionFinished, &data))?;
    transaction.execute(
        "UPDATE executions SET finished_at = ?2, state = ?3 WHERE id = ?1",
        params![id, at, State::Cancelled.name()],
    )?;
    tail.close(id)?;
    transaction.commit()
}

/// Says of executions that run by what is written that nobody carries them out any more.
fn mark_interrupted(
    transaction: &Transaction<'_>,
    tail: &mut Tail<'_>,
    at: i64,
    live: IsLive<'_>,
) -> rusqlite::Result<()> {
    let mut running = transaction.prepare("SELECT id FROM executions WHERE state = 'running' ORDER BY id")?;
    let running: Vec<String> = running.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for id in running.into_iter().filter(|id| !live(id)) {
        tail.append(NewRow::of_execution(at, &id, LogEvent::ExecutionInterrupted, &json!({})))?;
        tail.close(&id)?;
        transaction.execute("UPDATE executions SET state = 'interrupted' WHERE id = ?1", [id])?;
    }
    Ok(())
}

impl Recorder {
    pub(super) fn new(
        path: PathBuf,
        connection: Connection,
        lock: Locks,
        execution: SmolStr,
        (fence, seen): (i64, i64),
        records: Vec<Record>,
    ) -> Self {
        Self { path, connection, _lock: lock, execution, fence, seen, cancel_requested: false, records }
    }

    /// The connection that everything is written by.
    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whether somebody has asked the execution to end since it began or went on.
    pub(crate) fn is_cancel_requested(&mut self) -> Result<bool, JournalError> {
        self.look_up()?;
        Ok(self.cancel_requested)
    }

    /// What people have said in the execution.
    pub(crate) fn records(&mut self) -> Result<&[Record], JournalError> {
        self.look_up()?;
        Ok(&self.records)
    }

    /// Writes down that the process that carries the execution out was asked to end it, before anything that follows from that;
    /// once, and not where somebody asked by the journal.
    pub(crate) fn note_cancel(&mut self, at: i64) -> Result<(), JournalError> {
        if self.is_cancel_requested()? {
            return Ok(());
        }
        let execution = self.execution.clone();
        let data = json!({ "by": "interpreter" });
        let written = self.append(|_, tail| {
            tail.append(NewRow::of_execution(at, &execution, LogEvent::ExecutionCancelRequested, &data)).map(drop)
        });
        self.cancel_requested = matches!(written, Ok(true));
        self.told(written)
    }

    fn look_up(&mut self) -> Result<(), JournalError> {
        let seen = log::head(&self.connection).and_then(|head| self.look(head.seq));
        seen.map_err(|error| JournalError::database(&self.path, &error))
    }

    /// Looks at what others have written since this looked or wrote last, up to a row.
    fn look(&mut self, upto: i64) -> rusqlite::Result<()> {
        if upto > self.seen {
            let mut rows = self.connection.prepare_cached(
                "SELECT 1 FROM log WHERE seq > ?1 AND seq <= ?2 AND execution = ?3 AND event = ?4 LIMIT 1",
            )?;
            let event = LogEvent::ExecutionCancelRequested.name();
            let found =
                rows.query_row(params![self.seen, upto, self.execution.as_str(), event], |_| Ok(())).optional()?;
            self.cancel_requested |= found.is_some();
            let mut rows = self.connection.prepare_cached(
                "SELECT data FROM log WHERE seq > ?1 AND seq <= ?2 AND execution = ?3 AND event = ?4 ORDER BY seq",
            )?;
            let event = LogEvent::ApprovalRecorded.name();
            let mut rows = rows.query(params![self.seen, upto, self.execution.as_str(), event])?;
            while let Some(row) = rows.next()? {
                // What is no JSON does not count, either.
                let data: Json = serde_json::from_str(&row.get::<_, String>(0)?).unwrap_or_default();
                self.records.push(Record::from_json(&data));
            }
            self.seen = upto;
        }
        Ok(())
    }

    /// Writes lines, in order, and how the execution ended where it has; returns when all of it is on disk.
    pub(crate) fn commit(&mut self, entries: &[Entry], end: Option<(i64, State)>) -> Result<(), JournalError> {
        let execution = self.execution.clone();
        let written = self.append(|transaction, tail| {
            for Entry { at, node, address, event, attempt, data } in entries {
                tail.append(NewRow {
                    at: *at,
                    execution: Some(execution.as_str()),
                    node: Some((node, address)),
                    event: LogEvent::Step(*event),
                    attempt: *attempt,
                    data,
                })?;
            }
            if let Some((at, state)) = end {
                let data = json!({ "state": state.name() });
                let (event, ended) = match state {
                    State::Waiting => (LogEvent::ExecutionWaiting, None),
                    _ => (LogEvent::ExecutionFinished, Some(at)),
                };
                tail.append(NewRow::of_execution(at, &execution, event, &data))?;
                transaction.execute(
                    "UPDATE executions SET finished_at = ?2, state = ?3 WHERE id = ?1",
                    params![execution.as_str(), ended, state.name()],
                )?;
            }
            Ok(())
        });
        self.told(written)
    }

    fn told(&self, written: rusqlite::Result<bool>) -> Result<(), JournalError> {
        match written {
            Ok(true) => Ok(()),
            Ok(false) => Err(JournalError::Taken { path: self.path.clone() }),
            Err(error) => Err(JournalError::database(&self.path, &error)),
        }
    }

    /// Writes rows; not if somebody else has gone on with the execution.
    fn append(
        &mut self,
        write: impl FnOnce(&Transaction<'_>, &mut Tail<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<bool> {
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let (before, after);
        {
            let mut fence = transaction.prepare_cached("SELECT fence FROM executions WHERE id = ?1")?;
            if fence.query_row([self.execution.as_str()], |row| row.get::<_, i64>(0))? != self.fence {
                return Ok(false);
            }
            // Others may have written since: approvals come from other processes.
            let mut tail = Tail::of(&transaction)?;
            write(&transaction, &mut tail)?;
            tail.close(&self.execution)?;
            (before, after) = tail.span();
        }
        transaction.commit()?;
        self.look(before)?;
        self.seen = after;
        Ok(true)
    }
}
