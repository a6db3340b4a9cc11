//! Writing a journal: whoever executes holds the connection, and commits together what belongs together.

use std::path::PathBuf;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use smol_str::SmolStr;

use super::lock::Lock;
use super::{Entry, JournalError, NewExecution};
use crate::report::State;

/// Writes the journal of one execution. Everything it accepts is on disk when it returns.
pub(crate) struct Recorder {
    path: PathBuf,
    connection: Connection,
    /// Given up after the last commit.
    _lock: Lock,
    execution: SmolStr,
    seq: i64,
    /// Of those who ever wrote to the execution, the latest has the highest. The lock keeps others out where it works,
    /// which it does not on every file system of a network.
    fence: i64,
}

/// Executions that were under way when their process ended are marked, then the new one is written down.
pub(super) fn begin(connection: &Connection, execution: &NewExecution) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE executions SET state = 'interrupted' WHERE state = 'running'", [])?;
    transaction.execute(
        "INSERT OR IGNORE INTO plans (hash, graph) VALUES (?1, ?2)",
        params![execution.plan_hash.as_str(), execution.graph],
    )?;
    transaction.execute(
        "INSERT INTO executions (id, plan, plan_hash, package, version, started_at, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'running')",
        params![
            execution.id.as_str(),
            execution.plan.as_str(),
            execution.plan_hash.as_str(),
            execution.package.as_str(),
            execution.version.as_str(),
            execution.at,
        ],
    )?;
    transaction.commit()
}

/// An execution goes on. Whoever wrote to it before is kept from it by the fence that is given.
pub(super) fn resume(connection: &Connection, id: &str) -> rusqlite::Result<i64> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE executions SET state = 'interrupted' WHERE state = 'running'", [])?;
    let fence = transaction.query_row(
        "UPDATE executions SET state = 'running', finished_at = NULL, fence = fence + 1 WHERE id = ?1 RETURNING fence",
        [id],
        |row| row.get(0),
    )?;
    transaction.commit()?;
    Ok(fence)
}

impl Recorder {
    pub(super) fn new(
        path: PathBuf,
        connection: Connection,
        lock: Lock,
        execution: SmolStr,
        (seq, fence): (i64, i64),
    ) -> Self {
        Self { path, connection, _lock: lock, execution, seq, fence }
    }

    /// Writes lines, in order, and how the execution ended where it has; returns when all of it is on disk.
    pub(crate) fn commit(&mut self, entries: &[Entry], end: Option<(i64, State)>) -> Result<(), JournalError> {
        match self.write(entries, end) {
            Ok(true) => Ok(()),
            Ok(false) => Err(JournalError::Taken { path: self.path.clone() }),
            Err(error) => Err(JournalError::database(&self.path, &error)),
        }
    }

    /// Writes what came; not if somebody else has gone on with the execution.
    fn write(&mut self, entries: &[Entry], end: Option<(i64, State)>) -> rusqlite::Result<bool> {
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let mut seq = self.seq;
        {
            let mut fence = transaction.prepare_cached("SELECT fence FROM executions WHERE id = ?1")?;
            if fence.query_row([self.execution.as_str()], |row| row.get::<_, i64>(0))? != self.fence {
                return Ok(false);
            }
            let mut insert = transaction.prepare_cached(
                "INSERT INTO steps (execution, seq, at, node, address, event, attempt, data)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            for entry in entries {
                insert.execute(params![
                    self.execution.as_str(),
                    seq,
                    entry.at,
                    entry.node.as_str(),
                    entry.address.as_str(),
                    entry.event.name(),
                    entry.attempt,
                    entry.data.to_string(),
                ])?;
                seq += 1;
            }
            if let Some((at, state)) = end {
                transaction.execute(
                    "UPDATE executions SET finished_at = ?2, state = ?3 WHERE id = ?1",
                    params![self.execution.as_str(), at, state.name()],
                )?;
            }
        }
        transaction.commit()?;
        self.seq = seq;
        Ok(true)
    }
}
