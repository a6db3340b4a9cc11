//! The tables, and whether a file has them.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use serde_json::json;

use super::log::{NewRow, Tail};
use super::{JournalError, LogEvent, migrate};
use crate::clock;

/// The version this code writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64 + 1;

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
    fence INTEGER NOT NULL DEFAULT 1,
    first_row INTEGER NOT NULL DEFAULT 0,
    last_row INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE plans (
    hash TEXT PRIMARY KEY,
    graph BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE log (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    execution TEXT,
    node TEXT,
    address TEXT,
    event TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    data TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
";

/// What brings a journal from each version to the next, from the first on: its place tells its number.
const MIGRATIONS: &[Migration] = &[Migration::Sql(PLANS), Migration::Code(migrate::chain)];

/// What brings a journal to its next version.
enum Migration {
    /// Statements.
    Sql(&'static str),
    /// What statements cannot do; is told from which version the journal comes.
    Code(fn(&Transaction<'_>, i64) -> rusqlite::Result<()>),
}

const PLANS: &str = "
ALTER TABLE executions ADD COLUMN fence INTEGER NOT NULL DEFAULT 1;
CREATE TABLE plans (
    hash TEXT PRIMARY KEY,
    graph BLOB NOT NULL
) STRICT, WITHOUT ROWID;
";

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

/// Brings a journal up to date.
pub(super) fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found = version(&transaction)?.unwrap_or(VERSION);
    let done = usize::try_from(found - 1).unwrap_or(0).min(MIGRATIONS.len());
    for step in &MIGRATIONS[done..] {
        match step {
            Migration::Sql(statements) => transaction.execute_batch(statements)?,
            Migration::Code(code) => code(&transaction, found)?,
        }
    }
    transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'schema_version'", [VERSION])?;
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.query_row("SELECT value FROM meta WHERE name = 'schema_version'", [], |row| row.get(0)).optional()
}

/// Makes the tables of a journal.
pub(super) fn tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if found == 0 {
        tables(&transaction)?;
        transaction.execute("INSERT INTO meta VALUES ('schema_version', ?1)", [VERSION])?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        let (at, data) = (clock::now(), json!({ "journal": clock::execution_id() }));
        let event = LogEvent::JournalCreated;
        Tail::of(&transaction)?.append(NewRow { at, execution: None, node: None, event, attempt: 0, data: &data })?;
    }
    transaction.commit()
}

/// Whether a database has nothing in it, not even what says that it is a journal.
pub(super) fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(application == 0 && found == 0)
}

/// A journal in memory, without any rows.
pub(super) fn blank() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    tables(&connection)?;
    connection.execute("INSERT INTO meta VALUES ('schema_version', ?1)", [VERSION])?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    Ok(connection)
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
