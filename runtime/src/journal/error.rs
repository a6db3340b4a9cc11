//! What can be wrong with a journal.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};
use smol_str::SmolStr;
use thiserror::Error;

use super::log::{BrokenRow, LogError};
use crate::refusal::Refusal;

/// Why a journal cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JournalError {
    /// There is none.
    #[error("there is no journal at `{path}`")]
    Missing {
        /// Where one was looked for.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("`{path}` is not a journal")]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("the journal `{path}` is damaged: {detail}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A newer version made it.
    #[error("the journal `{path}` has version {found}, this version knows up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The highest version known here.
        known: i64,
    },
    /// Another process carries the execution out, or writes to the journal and does not come to an end.
    #[error("another process {}", busy(.execution.as_deref(), path))]
    Busy {
        /// The file.
        path: PathBuf,
        /// The execution that it carries out; none where it only keeps others from writing.
        execution: Option<SmolStr>,
    },
    /// Another execution runs in an environment.
    #[error("another execution runs in {}", named(.environment))]
    EnvironmentBusy {
        /// Its qualified name; none where plans have no environment.
        environment: SmolStr,
    },
    /// An execution in an environment was interrupted and has not ended: what it began may be half done, or at work still.
    #[error(
        "`{execution}` was interrupted in {} and has not ended\n`ordain resume {execution}` goes on with it, `ordain undo {execution}` takes back what it did, `ordain cancel {execution}` gives it up",
        named(.environment)
    )]
    Interrupted {
        /// The execution.
        execution: SmolStr,
        /// Its environment's qualified name; none where plans have no environment.
        environment: SmolStr,
    },
    /// The execution was resumed elsewhere while it was written down here.
    #[error("the execution was resumed by another process, which writes to the journal `{path}` now")]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// There is no room on the disk to write it, or to read it where that takes files beside it.
    #[error("the disk is full: the journal `{path}` cannot be written")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("the journal `{path}` cannot be used: {detail}")]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
}

fn named(environment: &str) -> String {
    if environment.is_empty() { "no environment".to_owned() } else { format!("the environment `{environment}`") }
}

fn busy(execution: Option<&str>, journal: &Path) -> String {
    match execution {
        Some(id) => format!("carries out the execution `{id}`; `ordain cancel {id}` asks it to end"),
        None => format!("is using the journal `{}`", journal.display()),
    }
}

impl JournalError {
    /// What is wrong, as a code that never changes.
    pub fn code(&self) -> &'static str {
        self.refusal().code()
    }

    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Missing { .. } => Refusal::JournalMissing,
            Self::NotAJournal { .. } => Refusal::JournalForeign,
            Self::Damaged { .. } => Refusal::JournalDamaged,
            Self::Newer { .. } => Refusal::JournalNewer,
            Self::Busy { .. } => Refusal::JournalBusy,
            Self::EnvironmentBusy { .. } => Refusal::EnvironmentBusy,
            Self::Interrupted { .. } => Refusal::ExecutionInterrupted,
            Self::Taken { .. } => Refusal::ExecutionTaken,
            Self::Full { .. } => Refusal::JournalFull,
            Self::Unavailable { .. } => Refusal::JournalUnavailable,
        }
    }

    pub(super) fn unavailable(path: &Path, error: &dyn std::fmt::Display) -> Self {
        Self::Unavailable { path: path.into(), detail: error.to_string() }
    }

    /// A file beside it, or a directory above, cannot be used.
    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path: path.into() },
            _ => Self::unavailable(path, error),
        }
    }

    pub(super) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), detail: detail.into() }
    }

    /// What is wrong with its log.
    pub(super) fn log(path: &Path, error: LogError) -> Self {
        match error {
            LogError::Database(error) => Self::database(path, &error),
            LogError::Broken(BrokenRow { row, what }) => Self::damaged(path, format!("row {row} of its log: {what}")),
        }
    }

    pub(super) fn database(path: &Path, error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAJournal { path: path.into() },
            Some(ErrorCode::DatabaseCorrupt) => Self::damaged(path, error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy { path: path.into(), execution: None }
            }
            Some(ErrorCode::DiskFull) => Self::Full { path: path.into() },
            Some(ErrorCode::SystemIoFailure) if lacks_room(path, error) => Self::Full { path: path.into() },
            // What SQLite itself finds sound but does not hold what a journal holds.
            None => Self::damaged(path, error.to_string()),
            Some(_) => Self::unavailable(path, error),
        }
    }
}

/// Whether reading or writing failed because there is no room: SQLite says so only of writing what is in its own files, and
/// not of the index of a log that it makes when it begins to read.
fn lacks_room(path: &Path, error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE)
        || rustix::fs::statvfs(path).is_ok_and(|disk| disk.f_bavail == 0)
}
