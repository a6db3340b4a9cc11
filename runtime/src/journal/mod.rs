//! The journal: what an execution intended and what came of it, in one SQLite file.
//!
//! An intent is on disk before its effect begins, an outcome before it is told to anyone. One execution writes at a
//! time; reading is always possible. No content of a secret is ever written.

mod error;
mod lock;
mod read;
mod record;
mod schema;
mod writer;

pub use error::JournalError;
pub(crate) use record::{Entry, NewExecution};
pub use record::{ExecutionRecord, ExecutionSummary, RecordedState, StepEvent, StepRecord};
pub(crate) use writer::Recorder;

use std::path::{Path, PathBuf};

use ordain_graph::PlanGraph;
use rusqlite::{Connection, OpenFlags};
use smol_str::SmolStr;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    connection: Connection,
}

impl Journal {
    /// Opens a journal, and makes one (and the directories above) where there is none.
    ///
    /// # Errors
    /// The file cannot be made or read, is no journal, is damaged, or was made by a newer version.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(|error| JournalError::unavailable(path, &error))?;
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        schema::prepare(&connection, path)?;
        Ok(Self { path: path.into(), connection })
    }

    /// Opens a journal to look at it. Makes none.
    ///
    /// # Errors
    /// As [`Journal::open`], and where there is none.
    pub fn open_existing(path: &Path) -> Result<Self, JournalError> {
        if !path.is_file() {
            return Err(JournalError::Missing { path: path.into() });
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::verify(&connection, path)?;
        Ok(Self { path: path.into(), connection })
    }

    /// Every execution, the latest first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn executions(&self) -> Result<Vec<ExecutionSummary>, JournalError> {
        let live = lock::is_taken(&self.path)?;
        read::executions(&self.connection, live).map_err(|error| JournalError::database(&self.path, &error))
    }

    /// One execution with all its steps; `None` where there is no such.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn execution(&self, id: &str) -> Result<Option<ExecutionRecord>, JournalError> {
        let live = lock::is_taken(&self.path)?;
        read::execution(&self.connection, id, live).map_err(|error| JournalError::database(&self.path, &error))
    }

    /// Begins an execution, of which there is one at a time.
    pub(crate) fn begin(self, execution: &NewExecution) -> Result<Recorder, JournalError> {
        let lock = lock::take(&self.path)?;
        writer::begin(&self.connection, execution).map_err(|error| JournalError::database(&self.path, &error))?;
        Ok(Recorder::new(self.path, self.connection, lock, execution.id.clone(), (0, 1)))
    }

    /// Opens a journal to go on with what is in it. Makes none.
    pub(crate) fn open_to_resume(path: &Path) -> Result<Self, JournalError> {
        if !path.is_file() {
            return Err(JournalError::Missing { path: path.into() });
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::prepare(&connection, path)?;
        Ok(Self { path: path.into(), connection })
    }

    /// Takes the journal for oneself, so that nothing in it changes; gives an execution with its plan. `None` where there
    /// is no such execution.
    pub(crate) fn claim(self, id: &str) -> Result<Option<Claim>, JournalError> {
        let lock = lock::take(&self.path)?;
        let database = |error: rusqlite::Error| JournalError::database(&self.path, &error);
        let Some(record) = read::execution(&self.connection, id, false).map_err(database)? else { return Ok(None) };
        let hash = &record.summary.plan_hash;
        let plan = match read::plan(&self.connection, hash).map_err(database)? {
            None => None,
            Some(graph) => match PlanGraph::from_json(&graph) {
                Ok(plan) if plan.hash() == *hash => Some(plan),
                Ok(_) => return Err(JournalError::damaged(&self.path, "a plan does not have its hash")),
                Err(error) => return Err(JournalError::damaged(&self.path, error.to_string())),
            },
        };
        Ok(Some(Claim { path: self.path, connection: self.connection, lock, record, plan }))
    }
}

/// An execution that nobody else can go on with.
pub(crate) struct Claim {
    path: PathBuf,
    connection: Connection,
    lock: lock::Lock,
    pub(crate) record: ExecutionRecord,
    /// What it executes; nothing in a journal of the first version, which did not keep it.
    pub(crate) plan: Option<PlanGraph>,
}

impl Claim {
    /// Goes on with it.
    pub(crate) fn resume(self) -> Result<Recorder, JournalError> {
        let id: SmolStr = self.record.summary.id;
        let fence =
            writer::resume(&self.connection, &id).map_err(|error| JournalError::database(&self.path, &error))?;
        let seq = self.record.steps.last().map_or(0, |last| last.seq + 1);
        Ok(Recorder::new(self.path, self.connection, self.lock, id, (seq, fence)))
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, JournalError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| JournalError::database(path, &error))
}
