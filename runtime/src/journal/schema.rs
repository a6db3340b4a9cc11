//! The tables, and whether a file has them.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::JournalError;

/// The version this code writes.
const VERSION: i64 = 2;

/// `ORDN`, in the header of the file: tells a journal from other databases.
const APPLICATION: i64 = 0x4F52_444E;

const TABLES: &str = "
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE executions (
    id TEXT PRIMARY KEY,
    plan TEXT NOT NULL,
    plan_hash TEXT NOT NULL,
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    state TEXT NOT NULL,
    fence INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE TABLE plans (
    hash TEXT PRIMARY KEY,
    graph BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE steps (
    execution TEXT NOT NULL REFERENCES executions (id),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    node TEXT NOT NULL,
    address TEXT NOT NULL,
    event TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;
";

/// What brings a journal from each version to the next, from the first on.
const MIGRATIONS: [&str; VERSION as usize - 1] = ["
ALTER TABLE executions ADD COLUMN fence INTEGER NOT NULL DEFAULT 1;
CREATE TABLE plans (
    hash TEXT PRIMARY KEY,
    graph BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"];

/// Brings an empty file into form, and any other up to date, once it is verified.
pub(super) fn prepare(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let database = |error: rusqlite::Error| JournalError::database(path, &error);
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(database)?;
    // Whoever made the file may have ended before its tables were there: it has a page then, and nothing on it.
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(database)?;
    if tables == 0 {
        create(connection).map_err(database)?;
    }
    let found = verify(connection, path)?;
    if found < VERSION {
        migrate(connection).map_err(database)?;
    }
    Ok(())
}

fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found = version(&transaction)?.unwrap_or(VERSION);
    let done = usize::try_from(found - 1).unwrap_or(0).min(MIGRATIONS.len());
    for step in &MIGRATIONS[done..] {
        transaction.execute_batch(step)?;
    }
    transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'schema_version'", [VERSION])?;
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.query_row("SELECT value FROM meta WHERE name = 'schema_version'", [], |row| row.get(0)).optional()
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.execute("INSERT INTO meta VALUES ('schema_version', ?1)", [VERSION])?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
    }
    transaction.commit()
}

/// The version of the file, which is a sound journal of a version known here.
pub(super) fn verify(connection: &Connection, path: &Path) -> Result<i64, JournalError> {
    let database = |error: rusqlite::Error| JournalError::database(path, &error);
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(database)?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(database)?;
    if application != APPLICATION {
        return Err(JournalError::NotAJournal { path: path.into() });
    }
    let found = match version(connection).map_err(database)? {
        Some(found @ 1..=VERSION) => found,
        Some(found) if found > VERSION => {
            return Err(JournalError::Newer { path: path.into(), found, known: VERSION });
        }
        _ => return Err(JournalError::damaged(path, "it does not say which version it has")),
    };
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(database)?;
    if verdict != "ok" {
        return Err(JournalError::damaged(path, verdict));
    }
    connection.pragma_update(None, "foreign_keys", true).map_err(database)?;
    // WAL with FULL: a commit is on disk when it returns (SQLite documentation, PRAGMA synchronous).
    connection.pragma_update(None, "synchronous", "full").map_err(database)?;
    Ok(found)
}
