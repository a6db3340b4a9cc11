//! Locks: one process for an execution, and one execution for an environment at a time.
//!
//! They are advisory locks of the operating system on files beside the journal. They end with the process, however that
//! ends, so that nothing stale has to be cleared.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use super::{JournalError, read};

/// Held as long as an execution writes.
#[derive(Debug)]
pub(crate) struct Locks {
    _environments: Vec<File>,
    _execution: ExecutionLock,
}

/// Held by whoever changes an execution. Leaves no file behind.
#[derive(Debug)]
pub(super) struct ExecutionLock {
    _file: File,
    path: PathBuf,
}

impl Drop for ExecutionLock {
    fn drop(&mut self) {
        // It is in nobody's way if it stays.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What an execution keeps others out of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claimed {
    /// The environments that the plan is about, by qualified name.
    pub(crate) environments: Vec<SmolStr>,
    /// Whether others that say so, too, may run there.
    pub(crate) concurrent: bool,
}

/// A reader that asks whether a lock is taken holds it for an instant; this is how long to wait for such a reader.
const PATIENCE: Duration = Duration::from_millis(200);

/// Keeps other processes from the execution, and other executions from its environments.
pub(super) fn take(journal: &Path, execution: &str, claimed: &Claimed) -> Result<Locks, JournalError> {
    take_environments(take_execution(journal, execution)?, journal, claimed)
}

/// Keeps other executions from the environments of one that is taken.
pub(super) fn take_environments(own: ExecutionLock, journal: &Path, claimed: &Claimed) -> Result<Locks, JournalError> {
    // A plan without environments keeps out those that have none either.
    let names = read::or_none(claimed.environments.iter().cloned());
    let environment = |name: &SmolStr| {
        let path = place(journal, "environment", name);
        let busy = || JournalError::EnvironmentBusy { environment: name.clone() };
        lock(journal, &path, claimed.concurrent)?.ok_or_else(busy)
    };
    let environments = names.iter().map(environment).collect::<Result<_, _>>()?;
    Ok(Locks { _environments: environments, _execution: own })
}

/// Keeps other processes from an execution.
pub(super) fn take_execution(journal: &Path, execution: &str) -> Result<ExecutionLock, JournalError> {
    let path = place(journal, "execution", execution);
    let busy = || JournalError::Busy { path: journal.into(), execution: Some(execution.into()) };
    let file = lock(journal, &path, false)?.ok_or_else(busy)?;
    Ok(ExecutionLock { _file: file, path })
}

/// Whether a process carries the execution out.
pub(super) fn is_live(journal: &Path, execution: &str) -> Result<bool, JournalError> {
    let file = match File::open(place(journal, "execution", execution)) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(JournalError::io(journal, &error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(JournalError::io(journal, &error)),
    }
}

/// Takes a lock; nothing where somebody else has it.
fn lock(journal: &Path, path: &Path, shared: bool) -> Result<Option<File>, JournalError> {
    let unavailable = |error: std::io::Error| JournalError::io(journal, &error);
    std::fs::create_dir_all(folder(journal)).map_err(unavailable)?;
    let since = Instant::now();
    loop {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(unavailable)?;
        let taken = if shared { file.try_lock_shared() } else { file.try_lock() };
        match taken {
            // Whoever had it before may have taken the file away since it was opened here.
            Ok(()) if is_at(&file, path) => return Ok(Some(file)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(unavailable(error)),
        }
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let identity = |found: std::io::Result<std::fs::Metadata>| found.map(|found| (found.dev(), found.ino())).ok();
    identity(file.metadata()).is_some_and(|own| identity(std::fs::metadata(path)) == Some(own))
}

/// Names come from plan files, and may be anything.
fn place(journal: &Path, kind: &str, name: &str) -> PathBuf {
    let digest = crate::workspace::digest_text(Sha256::new_with_prefix(name));
    let short = digest.trim_start_matches("sha256:").get(..32).unwrap_or_default();
    folder(journal).join(format!("{kind}-{short}"))
}

fn folder(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".locks");
    name.into()
}
