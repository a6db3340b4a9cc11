//! The lock: one execution at a time for a journal.
//!
//! An advisory lock of the operating system on a file beside the journal. It ends with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::JournalError;

/// Held as long as an execution writes.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// A reader that asks whether the lock is taken holds it for an instant; this is how long to wait for such a reader.
const PATIENCE: Duration = Duration::from_millis(200);

pub(super) fn take(journal: &Path) -> Result<Lock, JournalError> {
    let path = beside(journal);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| JournalError::unavailable(journal, &error))?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(JournalError::Busy { path: journal.into() }),
            Err(TryLockError::Error(error)) => return Err(JournalError::unavailable(journal, &error)),
        }
    }
}

pub(super) fn is_taken(journal: &Path) -> Result<bool, JournalError> {
    let file = match File::open(beside(journal)) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(JournalError::unavailable(journal, &error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(JournalError::unavailable(journal, &error)),
    }
}

pub(super) fn beside(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
