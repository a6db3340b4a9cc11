//! Writing a journal: one thread holds the connection, and commits together what several threads wait for.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use smol_str::SmolStr;

use super::lock::Lock;
use super::{Entry, JournalError, NewExecution};
use crate::report::State;

/// Writes the journal of one execution. Everything it accepts is on disk when it returns.
pub(crate) struct Recorder {
    path: PathBuf,
    queue: Mutex<Option<mpsc::Sender<Message>>>,
    thread: Option<JoinHandle<()>>,
}

struct Message {
    change: Change,
    done: SyncSender<Result<(), JournalError>>,
}

enum Change {
    Entries(Vec<Entry>),
    Finish { at: i64, state: State },
}

impl Recorder {
    pub(super) fn start(
        path: PathBuf,
        connection: Connection,
        lock: Lock,
        execution: SmolStr,
        (seq, fence): (i64, i64),
    ) -> Result<Self, JournalError> {
        let (queue, messages) = channel();
        let writer = Writer { path: path.clone(), connection, _lock: lock, execution, seq, fence };
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run(&messages))
            .map_err(|error| JournalError::unavailable(&path, &error))?;
        Ok(Self { path, queue: Mutex::new(Some(queue)), thread: Some(thread) })
    }

    /// Writes lines, in order, and returns when they are on disk.
    pub(crate) fn record(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
        self.send(Change::Entries(entries))
    }

    /// Writes how the execution ended, and returns when that is on disk.
    pub(crate) fn finish(self, at: i64, state: State) -> Result<(), JournalError> {
        self.send(Change::Finish { at, state })
    }

    fn send(&self, change: Change) -> Result<(), JournalError> {
        let gone = || JournalError::unavailable(&self.path, &"its writer has ended");
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(gone)?;
        let (done, written) = sync_channel(1);
        queue.send(Message { change, done }).map_err(|_| gone())?;
        written.recv().map_err(|_| gone())?
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.take() {
            // Its panic, if any, has been seen by those who waited for it.
            let _ = thread.join();
        }
    }
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

struct Writer {
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

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(first) = messages.recv() {
            // Whoever came while the last commit was under way shares the next one.
            let batch: Vec<Message> = std::iter::once(first).chain(messages.try_iter()).collect();
            let written = match self.commit(&batch) {
                Ok(true) => Ok(()),
                Ok(false) => Err(JournalError::Taken { path: self.path.clone() }),
                Err(error) => Err(JournalError::database(&self.path, &error)),
            };
            for message in batch {
                // Whoever stopped waiting does not need to know.
                let _ = message.done.send(written.clone());
            }
        }
    }

    /// Writes what came; not if somebody else has gone on with the execution.
    fn commit(&mut self, batch: &[Message]) -> rusqlite::Result<bool> {
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
            for message in batch {
                match &message.change {
                    Change::Entries(entries) => {
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
                    }
                    Change::Finish { at, state } => {
                        transaction.execute(
                            "UPDATE executions SET finished_at = ?2, state = ?3 WHERE id = ?1",
                            params![self.execution.as_str(), at, state.name()],
                        )?;
                    }
                }
            }
        }
        transaction.commit()?;
        self.seq = seq;
        Ok(true)
    }
}
