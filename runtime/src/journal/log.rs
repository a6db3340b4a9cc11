//! The log: every event of every execution in one order, each row bound to all rows before it.
//!
//! A row's hash is SHA-256 over the canonical JSON (RFC 8785) of its columns and the hash of the row before it. Whoever
//! changes, takes out, adds or moves a row has to compute all later hashes anew, and the last of them is what checkpoints
//! keep elsewhere. `data` goes into the hash as the text that it is, so that numbers of any size are bound to the digit.

use std::fmt;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use super::{LogEvent, LogRow};

/// The hash of a row; `sha256:` and 64 hex digits as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowHash([u8; 32]);

impl RowHash {
    /// What stands before the first row.
    pub(crate) const NONE: Self = Self([0; 32]);

    /// The hash that is written so.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").filter(|digits| digits.len() == 64)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let digit = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f').then(|| char::from(c).to_digit(16)).flatten();
            *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
        }
        Some(Self(bytes))
    }
}

impl RowHash {
    /// It as text, handed on without a place of its own in memory: every row that is written or checked needs it.
    fn with_text<T>(&self, take: impl FnOnce(&str) -> T) -> T {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = *b"sha256:0000000000000000000000000000000000000000000000000000000000000000";
        for (at, byte) in self.0.iter().enumerate() {
            text[7 + 2 * at] = HEX[usize::from(byte >> 4)];
            text[8 + 2 * at] = HEX[usize::from(byte & 15)];
        }
        // INVARIANT: all of it is ASCII.
        take(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Display for RowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl fmt::Debug for RowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for RowHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl ToSql for RowHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl FromSql for RowHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(Self)
    }
}

/// What is hashed. Its members stand in the order that canonical JSON demands, and are texts, whole numbers or null.
#[derive(Serialize)]
struct Hashed<'a> {
    address: Option<&'a str>,
    at: i64,
    attempt: i64,
    data: &'a str,
    event: &'a str,
    execution: Option<&'a str>,
    node: Option<&'a str>,
    previous: RowHash,
    seq: i64,
}

impl Hashed<'_> {
    /// Its hash. What is hashed is put together in memory that was used before.
    fn hash(&self, memory: &mut Vec<u8>) -> RowHash {
        memory.clear();
        // INVARIANT: texts, numbers and nulls can be written, and memory takes everything.
        let _ = serde_json::to_writer(&mut *memory, self);
        RowHash(Sha256::digest(&*memory).into())
    }
}

/// A row to be written.
#[derive(Clone, Copy)]
pub(crate) struct NewRow<'a> {
    pub(crate) at: i64,
    /// The execution it belongs to, which is there already.
    pub(crate) execution: Option<&'a str>,
    /// The id and the address of the node that it is about.
    pub(crate) node: Option<(&'a str, &'a str)>,
    pub(crate) event: LogEvent,
    pub(crate) attempt: u32,
    pub(crate) data: &'a serde_json::Value,
}

impl<'a> NewRow<'a> {
    /// A row about a whole execution.
    pub(crate) fn of_execution(at: i64, execution: &'a str, event: LogEvent, data: &'a serde_json::Value) -> Self {
        Self { at, execution: Some(execution), node: None, event, attempt: 0, data }
    }
}

/// The end of the log in a transaction: whoever writes to the log writes through this, whatever process it is.
///
/// The transaction must hold the right to write before this looks for the end ([`rusqlite::TransactionBehavior`]
/// `Immediate`), or another process could write the same row.
pub(crate) struct Tail<'t> {
    transaction: &'t Transaction<'t>,
    /// The last row of those who wrote before.
    before: i64,
    head: Head,
    memory: Vec<u8>,
}

/// The last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its place; 0 where there is none.
    pub(crate) seq: i64,
    pub(crate) hash: RowHash,
}

impl<'t> Tail<'t> {
    pub(crate) fn of(transaction: &'t Transaction<'t>) -> rusqlite::Result<Self> {
        let head = head(transaction)?;
        Ok(Self { transaction, before: head.seq, head, memory: Vec::new() })
    }

    /// The last row that was there before, and the last that is there now.
    pub(crate) fn span(&self) -> (i64, i64) {
        (self.before, self.head.seq)
    }

    /// Writes a row behind all others.
    pub(crate) fn append(&mut self, row: NewRow<'_>) -> rusqlite::Result<Head> {
        let (node, address) = row.node.unzip();
        let data = row.data.to_string();
        let seq = self.head.seq + 1;
        let (at, attempt, previous) = (row.at, i64::from(row.attempt), self.head.hash);
        let event = row.event.name();
        let execution = row.execution;
        let hashed = Hashed { address, at, attempt, data: &data, event, execution, node, previous, seq };
        let hash = hashed.hash(&mut self.memory);
        self.transaction
            .prepare_cached(
                "INSERT INTO log (seq, at, execution, node, address, event, attempt, data, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![seq, at, execution, node, address, event, attempt, data, hash])?;
        self.head = Head { seq, hash };
        Ok(self.head)
    }

    /// Says of an execution that its rows reach to here. Once for all rows of a transaction that belong to it.
    pub(crate) fn close(&self, execution: &str) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("UPDATE executions SET last_row = ?2 WHERE id = ?1")?
            .execute(params![execution, self.head.seq])?;
        Ok(())
    }
}

/// The last row of the log.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<Head> {
    let last = connection
        .prepare_cached("SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok(Head { seq: row.get(0)?, hash: row.get(1)? }))
        .optional()?;
    Ok(last.unwrap_or(Head { seq: 0, hash: RowHash::NONE }))
}

/// Why the log cannot be read.
#[derive(Debug)]
pub(crate) enum LogError {
    /// The database cannot.
    Database(rusqlite::Error),
    /// A row is not what was written there.
    Broken(BrokenRow),
}

/// A row that is not what was written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    /// Its place in the log.
    pub row: i64,
    /// What is wrong with it.
    pub what: String,
}

impl From<rusqlite::Error> for LogError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// A row as it lies in the database, where it is what was written at its place.
pub(crate) struct Line<'r> {
    seq: i64,
    at: i64,
    pub(crate) execution: Option<&'r str>,
    node: Option<&'r str>,
    address: Option<&'r str>,
    pub(crate) event: LogEvent,
    attempt: u32,
    data: &'r str,
    hash: RowHash,
}

impl Line<'_> {
    /// The row with its data; with none instead where that is not wanted.
    pub(crate) fn read(&self, with_data: bool) -> Result<LogRow, LogError> {
        let data = if with_data { serde_json::from_str(self.data) } else { Ok(serde_json::Value::Null) };
        Ok(LogRow {
            seq: self.seq,
            at: self.at,
            execution: self.execution.map(SmolStr::from),
            node: self.node.map(SmolStr::from),
            address: self.address.map(SmolStr::from),
            event: self.event,
            attempt: self.attempt,
            data: data.map_err(|error| broken(self.seq, format!("its data is no JSON: {error}")))?,
            hash: self.hash,
        })
    }
}

fn broken(row: i64, what: impl Into<String>) -> LogError {
    LogError::Broken(BrokenRow { row, what: what.into() })
}

/// Goes through rows in order, from one place to another, and checks that each follows from the one before.
///
/// `previous` is the hash before the first of them.
pub(crate) fn rows(
    connection: &Connection,
    bounds: (i64, i64),
    previous: RowHash,
    mut each: impl FnMut(LogRow) -> Result<(), LogError>,
) -> Result<Head, LogError> {
    lines(connection, bounds, previous, |line| each(line.read(true)?))
}

/// Goes through rows as [`rows`] does, which are read by whoever is given them.
pub(crate) fn lines(
    connection: &Connection,
    (from, to): (i64, i64),
    mut previous: RowHash,
    mut each: impl FnMut(&Line<'_>) -> Result<(), LogError>,
) -> Result<Head, LogError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, execution, node, address, event, attempt, data, hash FROM log
         WHERE seq >= ?1 AND seq <= ?2 ORDER BY seq",
    )?;
    let mut rows = statement.query([from, to])?;
    let mut seq = from - 1;
    let mut memory = Vec::new();
    while let Some(row) = rows.next()? {
        let line = checked(row, seq + 1, previous, &mut memory)?;
        (seq, previous) = (line.seq, line.hash);
        each(&line)?;
    }
    Ok(Head { seq, hash: previous })
}

/// A row, if it is what was written at its place.
fn checked<'r>(row: &'r Row<'_>, seq: i64, previous: RowHash, memory: &mut Vec<u8>) -> Result<Line<'r>, LogError> {
    let found: i64 = row.get(0)?;
    if found != seq {
        return Err(broken(seq, format!("it is missing; what follows is row {found}")));
    }
    let unreadable = |_: rusqlite::Error| broken(seq, "it cannot be read");
    let text = |column: usize| {
        let text = row.get_ref(column).map_err(unreadable)?.as_str_or_null();
        text.map_err(|_| broken(seq, "it cannot be read"))
    };
    let (execution, node, address) = (text(2)?, text(3)?, text(4)?);
    let (event, data) = (text(5)?.unwrap_or_default(), text(7)?.unwrap_or_default());
    let (at, attempt): (i64, i64) = (row.get(1).map_err(unreadable)?, row.get(6).map_err(unreadable)?);
    let hash: RowHash = row.get(8).map_err(unreadable)?;
    let hashed = Hashed { address, at, attempt, data, event, execution, node, previous, seq };
    if hashed.hash(memory) != hash {
        return Err(broken(seq, "it is not what was written there, or does not follow from the row before"));
    }
    // From here on it is what somebody wrote who knew the hash before.
    let event = LogEvent::named(event).ok_or_else(|| broken(seq, format!("its event `{event}` is not known")))?;
    let attempt = u32::try_from(attempt).map_err(|_| broken(seq, format!("{attempt} is no number of a try")))?;
    Ok(Line { seq, at, execution, node, address, event, attempt, data, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hashed_is_canonical_json() {
        let hashed = Hashed {
            address: Some("a/\u{e9}\u{1F600}[\"x\"]\u{7f}\u{2028}"),
            at: 1_700_000_000_000,
            attempt: 1,
            data: "{\"n\":12345678901234567890,\"t\":\"\\n\u{0}\u{1f}\"}",
            event: "intent",
            execution: Some("0\\1"),
            node: None,
            previous: RowHash::NONE,
            seq: 7,
        };
        let canonical = serde_json_canonicalizer::to_vec(&hashed).unwrap();
        assert_eq!(String::from_utf8(canonical.clone()).unwrap(), serde_json::to_string(&hashed).unwrap());
        assert_eq!(hashed.hash(&mut vec![1, 2, 3]).0, <[u8; 32]>::from(Sha256::digest(canonical)));
    }

    #[test]
    fn hashes_are_read_as_they_are_written() {
        let hash = RowHash(std::array::from_fn(|at| (at * 9 + 7) as u8));
        assert_eq!(RowHash::parse(&hash.to_string()), Some(hash));
        for wrong in ["", "sha256:", &hash.to_string()[7..], &hash.to_string().to_uppercase()] {
            assert_eq!(RowHash::parse(wrong), None, "{wrong}");
        }
    }
}
