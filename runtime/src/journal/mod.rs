//! The journal: what an execution intended and what came of it, in one SQLite file.
//!
//! An intent is on disk before its effect begins, an outcome before it is told to anyone. One execution writes at a
//! time; reading is always possible. No content of a secret is ever written.

mod error;
mod lock;
mod log;
mod look;
mod migrate;
mod read;
mod record;
mod schema;
mod verify;
mod writer;

pub use error::JournalError;
pub(crate) use lock::{Claimed, Locks};
pub use log::{BrokenRow, RowHash};
pub(crate) use record::{Entry, NewExecution};
pub use record::{ExecutionRecord, ExecutionSummary, LogEvent, LogRow, RecordedState, StepEvent, StepRecord};
pub use verify::{Migrated, Problem, SignedRow, Verification, Witness};
pub(crate) use writer::Recorder;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use ordain_graph::PlanGraph;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use smol_str::SmolStr;

use crate::approval::Record;
use crate::checkpoint::Checkpoint;
use crate::keys::Key;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    connection: Connection,
    /// The version of the file. What is seen of an older one is as it will be when it is brought up to date.
    version: i64,
    /// Holds what is looked at where the file cannot be read where it lies. Goes away with this.
    _copy: Option<tempfile::TempDir>,
}

/// A directory, a pipe or a device in the place of a journal.
fn no_file(path: &Path) -> JournalError {
    JournalError::Unavailable { path: path.into(), detail: "it is not a file".into() }
}

/// What lies in the place of a directory that is to be made: a file, or a link that leads nowhere.
fn in_the_way(folder: &Path) -> Option<&Path> {
    let mut above = folder.ancestors().filter(|above| !above.as_os_str().is_empty());
    above.find(|above| above.symlink_metadata().is_ok()).filter(|above| !above.is_dir())
}

impl Journal {
    /// Opens a journal, and makes one (and the directories above) where there is none.
    ///
    /// # Errors
    /// The file cannot be made or read, is no journal, is damaged, or was made by a newer version.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(|error| match in_the_way(parent) {
                Some(other) => JournalError::unavailable(path, &format!("`{}` is no directory", other.display())),
                None => JournalError::io(path, &error),
            })?;
        }
        // SQLite would say less of it.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(no_file(path));
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        Self::prepared(path, connection)
    }

    fn prepared(path: &Path, connection: Connection) -> Result<Self, JournalError> {
        schema::prepare(&connection, path)?;
        Ok(Self { path: path.into(), connection, version: schema::VERSION, _copy: None })
    }

    /// Opens a journal to look at it. Makes none, and changes nothing: it may lie on a disk that cannot be written.
    ///
    /// # Errors
    /// As [`Journal::open`], and where there is none.
    pub fn open_existing(path: &Path) -> Result<Self, JournalError> {
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(no_file(path)),
            Err(_) => return Err(JournalError::Missing { path: path.into() }),
        }
        let look::Look { connection, version, copy } = look::open(path)?;
        Ok(Self { path: path.into(), connection, version, _copy: copy })
    }

    /// Every execution, the latest first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn executions(&self) -> Result<Vec<ExecutionSummary>, JournalError> {
        read::executions(&self.connection, &|id| self.is_live(id))
            .map_err(|error| JournalError::database(&self.path, &error))
    }

    /// One execution with all its steps; `None` where there is no such.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn execution(&self, id: &str) -> Result<Option<ExecutionRecord>, JournalError> {
        read::execution(&self.connection, id, &|id| self.is_live(id), |_| true)
            .map_err(|error| JournalError::log(&self.path, error))
    }

    /// Whether a process carries an execution out. Where nobody can tell, none does: it cannot be gone on with either.
    fn is_live(&self, id: &str) -> bool {
        lock::is_live(&self.path, id).unwrap_or(false)
    }

    /// Every row of the log that belongs to an execution, in order; none where there is no such execution.
    ///
    /// # Errors
    /// The journal cannot be read, or a row is not what was written there.
    pub fn log(&self, execution: &str) -> Result<Vec<LogRow>, JournalError> {
        let mut rows = Vec::new();
        read::rows_of(&self.connection, execution, |row| rows.push(row))
            .map_err(|error| JournalError::log(&self.path, error))?;
        Ok(rows)
    }

    /// The plan of that hash, as it was executed; `None` where the journal does not hold it.
    ///
    /// # Errors
    /// The journal cannot be read, or what it holds is not the plan of that hash.
    pub fn plan(&self, hash: &str) -> Result<Option<PlanGraph>, JournalError> {
        let graph = read::plan(&self.connection, hash).map_err(|error| JournalError::database(&self.path, &error))?;
        graph.map(|graph| parse_plan(&self.path, hash, &graph)).transpose()
    }

    /// Whether the journal holds what was written to it: every row of the log, and what other tables take from them. Where
    /// witnesses are given, also whether the rows they saw are there and what they were; without one, rows that were
    /// cut off the end together with all that tells of them are not missed.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn verify(&self, witnesses: &[Witness]) -> Result<Verification, JournalError> {
        let database = |error: rusqlite::Error| JournalError::database(&self.path, &error);
        let verdict: String =
            self.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(database)?;
        if verdict != "ok" {
            return Err(JournalError::damaged(&self.path, verdict));
        }
        let mut found = verify::verify(&self.connection, witnesses).map_err(database)?;
        // What was chained to be looked at was not chained before.
        if self.version < schema::VERSION {
            found.unchained = Some(self.version);
        }
        Ok(found)
    }

    /// Adds what somebody says in an execution, whoever carries it out: so many records, each made for the row it gets.
    pub(crate) fn say(
        &self,
        id: &str,
        at: i64,
        count: usize,
        make: impl FnMut(usize, i64) -> Record,
    ) -> Result<(), JournalError> {
        writer::say(&self.connection, (id, at), count, make).map_err(|error| JournalError::database(&self.path, &error))
    }

    /// A signed checkpoint of the end of the log: a DSSE envelope. What is wrong with the log is not looked for.
    ///
    /// # Errors
    /// The journal cannot be read, or is older than its log.
    pub fn checkpoint(&self, key: &Key, at: i64) -> Result<serde_json::Value, JournalError> {
        let database = |error: rusqlite::Error| JournalError::database(&self.path, &error);
        if self.version < schema::VERSION {
            let detail = format!("version {} has no log yet; the next execution brings it up to date", self.version);
            return Err(JournalError::unavailable(&self.path, &detail));
        }
        let transaction = self.connection.unchecked_transaction().map_err(database)?;
        Ok(Checkpoint::sign(&self.end(&transaction)?, at, key))
    }

    /// Signs the end of the log, and writes that to the log as a part of an execution.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn write_checkpoint(path: &Path, execution: &str, key: &Key) -> Result<(), JournalError> {
        let journal = Self::open_to_resume(path)?;
        let database = |error: rusqlite::Error| JournalError::database(path, &error);
        let transaction =
            Transaction::new_unchecked(&journal.connection, TransactionBehavior::Immediate).map_err(database)?;
        let at = crate::clock::now();
        let data = Checkpoint::sign(&journal.end(&transaction)?, at, key);
        let written = log::Tail::of(&transaction).and_then(|mut tail| {
            tail.append(log::NewRow::of_execution(at, execution, LogEvent::Checkpoint, &data))?;
            tail.close(execution)
        });
        written.and_then(|()| transaction.commit()).map_err(database)
    }

    /// The end of the log.
    fn end(&self, connection: &Connection) -> Result<Witness, JournalError> {
        let head = log::head(connection).map_err(|error| JournalError::database(&self.path, &error))?;
        Ok(Witness { journal: self.id()?, seq: head.seq, hash: head.hash })
    }

    /// The journal's id, a UUID: its first row tells it.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn id(&self) -> Result<SmolStr, JournalError> {
        let mut id = None;
        log::rows(&self.connection, (1, 1), RowHash::NONE, |row| {
            id = row.data["journal"].as_str().map(SmolStr::from);
            Ok(())
        })
        .map_err(|error| JournalError::log(&self.path, error))?;
        id.ok_or_else(|| JournalError::damaged(&self.path, "the first row of its log is missing"))
    }

    /// Begins an execution, of which there is one in an environment at a time.
    pub(crate) fn begin(self, execution: &NewExecution, claimed: &Claimed) -> Result<Recorder, JournalError> {
        let lock = lock::take(&self.path, &execution.id, claimed)?;
        self.not_beside_interrupted(claimed)?;
        let row = writer::begin(&self.connection, execution, &|id| self.is_live(id))
            .map_err(|error| JournalError::database(&self.path, &error))?;
        Ok(Recorder::new(self.path, self.connection, lock, execution.id.clone(), (1, row), Vec::new()))
    }

    /// Keeps an execution out of environments in which another was interrupted and has not ended, unless it is to run beside
    /// others. Its own locks on the environments are held, so that nobody begins or goes on there meanwhile.
    fn not_beside_interrupted(&self, claimed: &Claimed) -> Result<(), JournalError> {
        if claimed.concurrent {
            return Ok(());
        }
        let own = read::or_none(claimed.environments.iter().cloned());
        let found = read::interrupted(&self.connection, &|id| self.is_live(id))
            .and_then(|interrupted| self.first_in(interrupted, &own))
            .map_err(|error| JournalError::database(&self.path, &error))?;
        match found {
            None => Ok(()),
            Some((execution, environment)) => Err(JournalError::Interrupted { execution, environment }),
        }
    }

    /// The first of some executions whose plan is about one of the environments, and that environment.
    fn first_in(
        &self,
        executions: Vec<(SmolStr, SmolStr)>,
        environments: &BTreeSet<SmolStr>,
    ) -> rusqlite::Result<Option<(SmolStr, SmolStr)>> {
        let mut known: HashMap<SmolStr, Option<SmolStr>> = HashMap::new();
        for (id, hash) in executions {
            if !known.contains_key(&hash) {
                // Journals of the first version did not keep plans: nobody can tell where those were executed.
                let others = read::environments(&self.connection, &hash)?.unwrap_or_default();
                known.insert(hash.clone(), others.intersection(environments).next().cloned());
            }
            if let Some(Some(shared)) = known.get(&hash) {
                return Ok(Some((id, shared.clone())));
            }
        }
        Ok(None)
    }

    /// The environments that the plan of that hash is about, by their qualified names; none either where the journal does not
    /// hold the plan.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn environments(&self, plan_hash: &str) -> Result<Vec<SmolStr>, JournalError> {
        let found = read::environments(&self.connection, plan_hash);
        let names = found.map_err(|error| JournalError::database(&self.path, &error))?.unwrap_or_default();
        Ok(names.into_iter().filter(|name| !name.is_empty()).collect())
    }

    /// The latest execution that has succeeded since another began, in an environment of that one; with the environment's
    /// qualified name, which is empty where plans have none.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn succeeded_since(&self, id: &str) -> Result<Option<(SmolStr, SmolStr)>, JournalError> {
        let find = || {
            let newer = read::succeeded_since(&self.connection, id)?;
            // A plan is large, and mostly there is nothing to compare it with.
            let Some(hash) = read::plan_hash(&self.connection, id)?.filter(|_| !newer.is_empty()) else {
                return Ok(None);
            };
            let own = read::environments(&self.connection, &hash)?.unwrap_or_default();
            self.first_in(newer, &own)
        };
        find().map_err(|error| JournalError::database(&self.path, &error))
    }

    /// Asks an execution to end. Whoever carries it out ends it in good order, as soon as it sees that; one that nobody
    /// carries out has ended then, after what is to be done before that. Gives whether somebody carries it out.
    pub(crate) fn cancel<E: From<JournalError>>(
        &self,
        id: &str,
        at: i64,
        before: impl FnOnce() -> Result<(), E>,
    ) -> Result<bool, E> {
        let database = |error: rusqlite::Error| JournalError::database(&self.path, &error);
        match lock::take_execution(&self.path, id) {
            Ok(_lock) => {
                before()?;
                writer::cancel(&self.connection, id, at).map_err(database)?;
                Ok(false)
            }
            Err(JournalError::Busy { .. }) => {
                writer::request_cancel(&self.connection, id, at).map_err(database)?;
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a journal to go on with what is in it. Makes none.
    pub(crate) fn open_to_resume(path: &Path) -> Result<Self, JournalError> {
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(no_file(path)),
            Err(_) => return Err(JournalError::Missing { path: path.into() }),
        }
        Self::prepared(path, connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?)
    }

    /// Takes an execution for oneself, so that nothing of it changes, and its environments; gives it with its plan. `None`
    /// where there is no such execution.
    pub(crate) fn claim(self, id: &str, concurrent: bool) -> Result<Option<Claim>, JournalError> {
        let database = |error: rusqlite::Error| JournalError::database(&self.path, &error);
        let Some(hash) = read::plan_hash(&self.connection, id).map_err(database)? else { return Ok(None) };
        // Nobody changes it from here on.
        let own = lock::take_execution(&self.path, id)?;
        let graph = read::plan(&self.connection, &hash).map_err(database)?;
        let parse = || graph.as_ref().map(|graph| parse_plan(&self.path, &hash, graph)).transpose();
        // The plan and what was done of it are both large, and have nothing to do with each other.
        let (plan, record) = std::thread::scope(|scope| {
            let parsing = std::thread::Builder::new().spawn_scoped(scope, parse);
            let outcome = |event| matches!(event, StepEvent::Succeeded | StepEvent::Failed | StepEvent::NotUndone);
            let record = read::execution(&self.connection, id, &|_| false, outcome);
            let plan = match parsing {
                Ok(parsing) => parsing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // There are no more threads to be had.
                Err(_) => parse(),
            };
            (plan, record)
        });
        let Some(record) = record.map_err(|error| JournalError::log(&self.path, error))? else { return Ok(None) };
        let plan = plan?;
        let environments = plan.iter().flat_map(|plan| plan.environments.keys().cloned()).collect();
        let claimed = Claimed { environments, concurrent };
        let lock = lock::take_environments(own, &self.path, &claimed)?;
        // One that was interrupted itself is what is in the way, and goes on.
        if record.summary.state != RecordedState::Interrupted {
            self.not_beside_interrupted(&claimed)?;
        }
        Ok(Some(Claim { path: self.path, connection: self.connection, lock, record, plan }))
    }
}

/// The plan that a journal keeps under a hash.
fn parse_plan(path: &Path, hash: &str, graph: &[u8]) -> Result<PlanGraph, JournalError> {
    match PlanGraph::from_json_with_hash(graph) {
        Ok((plan, found)) if found == *hash => Ok(plan),
        Ok(_) => Err(JournalError::damaged(path, "a plan does not have its hash")),
        Err(error) => Err(JournalError::damaged(path, error.to_string())),
    }
}

/// An execution that nobody else can go on with.
pub(crate) struct Claim {
    path: PathBuf,
    connection: Connection,
    lock: Locks,
    /// What was done, of which only outcomes have their data.
    pub(crate) record: ExecutionRecord,
    /// What it executes; nothing in a journal of the first version, which did not keep it.
    pub(crate) plan: Option<PlanGraph>,
}

impl Claim {
    /// Goes on with it, or with undoing it.
    pub(crate) fn resume(self, at: i64, undo: bool) -> Result<Recorder, JournalError> {
        let id: SmolStr = self.record.summary.id;
        // Its own lock is held here.
        let live = |other: &str| other != id && lock::is_live(&self.path, other).unwrap_or(false);
        let written = writer::resume(&self.connection, &id, at, undo, &live)
            .map_err(|error| JournalError::database(&self.path, &error))?;
        Ok(Recorder::new(self.path, self.connection, self.lock, id, written, self.record.records))
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, JournalError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| JournalError::database(path, &error))
}
