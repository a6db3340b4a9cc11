//! Looking at a journal without changing anything, wherever it lies.
//!
//! SQLite wants to write beside a database in WAL mode even when it only reads. On a disk that cannot be written, or is full, it is
//! told that nobody writes (`immutable`), or, where a process ended and left its write-ahead log behind, gets a copy of
//! both to read. A journal of an older version is copied to memory and brought up to date there.

use std::ffi::OsString;
use std::path::Path;

use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;

use super::{JournalError, connect, schema};

/// A journal that is looked at.
pub(super) struct Look {
    pub(super) connection: Connection,
    /// The version of the file.
    pub(super) version: i64,
    /// Where the copy lies that is looked at, if it is one.
    pub(super) copy: Option<TempDir>,
}

pub(super) fn open(path: &Path) -> Result<Look, JournalError> {
    let (connection, version, copy) = reachable(path)?;
    if version == schema::VERSION {
        return Ok(Look { connection, version, copy });
    }
    let connection = up_to_date(&connection).map_err(|error| JournalError::database(path, &error))?;
    Ok(Look { connection, version, copy: None })
}

fn reachable(path: &Path) -> Result<(Connection, i64, Option<TempDir>), JournalError> {
    let verified = |connection: Connection, copy| {
        // Whoever was to make it ended before there was anything in it.
        if schema::is_empty(&connection).map_err(|error| JournalError::database(path, &error))? {
            let blank = schema::blank().map_err(|error| JournalError::database(path, &error))?;
            return Ok((blank, schema::VERSION, None));
        }
        let version = schema::verify(&connection, path)?;
        Ok((connection, version, copy))
    };
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    if !needs_to_write(&connection) {
        return verified(connection, None);
    }
    drop(connection);
    let wal = beside(path, "-wal");
    if std::fs::metadata(&wal).is_ok_and(|found| found.len() > 0) {
        let copy = copied(path, &wal).map_err(|error| JournalError::io(path, &error))?;
        let connection = connect(&copy.path().join("journal.db"), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        return verified(connection, Some(copy));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(immutable(path), flags).map_err(|error| JournalError::database(path, &error))?;
    verified(connection, None)
}

/// Whether SQLite cannot read it without writing beside it.
fn needs_to_write(connection: &Connection) -> bool {
    let read = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    matches!(
        read.map_err(|error| error.sqlite_error_code()),
        Err(Some(
            ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                // There is no room for it.
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
        ))
    )
}

fn beside(path: &Path, ending: &str) -> OsString {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name
}

fn copied(path: &Path, wal: &OsString) -> std::io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::copy(path, folder.path().join("journal.db"))?;
    std::fs::copy(wal, folder.path().join("journal.db-wal"))?;
    Ok(folder)
}

/// The path as a URI (SQLite documentation, "Uniform Resource Identifiers") that says that nobody writes.
fn immutable(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            plain if plain.is_ascii_alphanumeric() => uri.push(char::from(*plain)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1"
}

fn up_to_date(connection: &Connection) -> rusqlite::Result<Connection> {
    let mut memory = Connection::open_in_memory()?;
    Backup::new(connection, &mut memory)?.run_to_completion(1_000, std::time::Duration::ZERO, None)?;
    schema::migrate(&memory)?;
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_what_they_were_behind_a_uri() {
        assert_eq!(immutable(Path::new("/a b/c?d#e%f.db")), "file:/a%20b/c%3Fd%23e%25f.db?immutable=1");
    }
}
