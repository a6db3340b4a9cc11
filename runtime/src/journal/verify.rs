//! Verifying a journal: whether it holds what was written to it, all of it, in the order in which it was written.
//!
//! The log is checked row by row. The other tables are told by the log: what is in them must be what the log says.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::log::{self, BrokenRow, LogError, RowHash};
use super::{LogEvent, LogRow};
use crate::checkpoint::Checkpoint;
use crate::keys::PublicKey;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The journal's id, where its first row tells it.
    pub journal: Option<SmolStr>,
    /// How many rows follow from each other.
    pub rows: i64,
    /// The hash of the last of them.
    pub head: RowHash,
    /// The last row that a checkpoint in the log vouches for, of each key that signed one: whoever holds no such key cannot
    /// have made up anything before it.
    pub signed: Vec<SignedRow>,
    /// Where the journal is older than its log: from which version it came, and up to which row it was chained when it
    /// was brought up to date.
    pub migrated: Option<Migrated>,
    /// The version of a journal that has no log yet, because nothing was written to it since: nothing in it is bound to
    /// anything.
    pub unchained: Option<i64>,
    /// What is wrong, the first thing first.
    pub problem: Option<Problem>,
}

/// A row that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SignedRow {
    /// Whose signature it is.
    pub key: PublicKey,
    /// The row.
    pub row: i64,
}

/// A log that was made from a journal of before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// The version it came from.
    pub from: i64,
    /// The last row that was chained then.
    pub rows: i64,
}

/// Something in a journal that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The first row of the log that is wrong, or after which something is missing; none where it is another table.
    pub row: Option<i64>,
    /// What is wrong.
    pub what: String,
}

impl Problem {
    fn elsewhere(what: String) -> Self {
        Self { row: None, what }
    }
}

/// A row of the log that somebody wrote down elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The journal's id.
    pub journal: SmolStr,
    /// The row; 0 for none.
    pub seq: i64,
    /// Its hash.
    pub hash: RowHash,
}

/// An execution as the log tells it: the columns of its table.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    plan: String,
    plan_hash: String,
    package: String,
    version: String,
    started_at: i64,
    finished_at: Option<i64>,
    state: String,
    fence: i64,
    first_row: i64,
    last_row: i64,
}

#[derive(Default)]
struct Teller {
    executions: BTreeMap<String, Told>,
    /// The digests of plan files, by the plans' hashes.
    plans: BTreeMap<String, String>,
    journal: Option<SmolStr>,
    migrated: Option<Migrated>,
    /// The last row that each key signed.
    signed: BTreeMap<PublicKey, i64>,
}

impl Teller {
    /// A row, and the end of the log before it.
    fn take(&mut self, row: &LogRow, before: log::Head) -> Result<(), String> {
        if (row.event == LogEvent::JournalCreated) != (row.seq == 1) {
            return Err("a log begins with the row that tells how the journal was made, and has no other".into());
        }
        let Some(id) = row.execution.as_deref() else { return self.about_the_journal(row) };
        let text = |name: &str| row.data[name].as_str().unwrap_or_default().to_owned();
        if row.event == LogEvent::PlanCompiled {
            self.plans.insert(text("plan_hash"), text("file"));
        }
        let told =
            self.executions.entry(id.to_owned()).or_insert_with(|| Told { first_row: row.seq, ..Told::default() });
        told.last_row = row.seq;
        let fence = || row.data["fence"].as_i64().unwrap_or_default();
        match row.event {
            LogEvent::ExecutionStarted => {
                *told = Told {
                    plan: text("plan"),
                    plan_hash: text("plan_hash"),
                    package: text("package"),
                    version: text("version"),
                    started_at: row.at,
                    finished_at: None,
                    state: "running".into(),
                    fence: fence(),
                    ..*told
                };
            }
            LogEvent::ExecutionResumed => {
                (told.state, told.finished_at, told.fence) = ("running".into(), None, fence());
            }
            LogEvent::Checkpoint => self.checkpoint(row, before)?,
            LogEvent::ExecutionWaiting => told.state = "waiting".into(),
            LogEvent::ExecutionInterrupted => told.state = "interrupted".into(),
            LogEvent::ExecutionFinished => (told.state, told.finished_at) = (text("state"), Some(row.at)),
            _ => {}
        }
        Ok(())
    }

    /// A checkpoint in the log signs the row before it.
    fn checkpoint(&mut self, row: &LogRow, before: log::Head) -> Result<(), String> {
        let signed = Checkpoint::read(row.data.to_string().as_bytes());
        let signed = signed.map_err(|error| format!("its checkpoint is worth nothing: {error}"))?;
        let end = Witness { journal: self.journal.clone().unwrap_or_default(), seq: before.seq, hash: before.hash };
        if signed.end != end {
            return Err("its checkpoint is not of the row before it".into());
        }
        self.signed.insert(signed.key, before.seq);
        Ok(())
    }

    fn about_the_journal(&mut self, row: &LogRow) -> Result<(), String> {
        if row.event == LogEvent::JournalCreated {
            self.journal = row.data["journal"].as_str().map(SmolStr::from);
            let number = |name: &str| row.data.get(name).and_then(Json::as_i64);
            self.migrated =
                number("migrated_from").zip(number("migrated_rows")).map(|(from, rows)| Migrated { from, rows });
        }
        Ok(())
    }
}

/// Goes through the whole journal. An error is about the database; what is wrong with its content is no error.
pub(super) fn verify(connection: &Connection, witnesses: &[Witness]) -> rusqlite::Result<Verification> {
    // One look at all tables: somebody may be writing.
    let transaction = connection.unchecked_transaction()?;
    let mut teller = Teller::default();
    let mut last = log::Head { seq: 0, hash: RowHash::NONE };
    let mut seen: Vec<Option<RowHash>> = vec![None; witnesses.len()];
    let walked = log::rows(&transaction, (1, i64::MAX), RowHash::NONE, |row| {
        let told = teller.take(&row, last).map_err(|what| LogError::Broken(BrokenRow { row: row.seq, what }));
        last = log::Head { seq: row.seq, hash: row.hash };
        for (witness, seen) in witnesses.iter().zip(&mut seen) {
            if witness.seq == row.seq {
                *seen = Some(row.hash);
            }
        }
        told
    });
    let problem = match walked {
        Err(LogError::Database(error)) => return Err(error),
        Err(LogError::Broken(BrokenRow { row, what })) => Some(Problem { row: Some(row), what }),
        Ok(_) => None,
    };
    let problem = match problem {
        Some(problem) => Some(problem),
        None => match witnessed(&teller, witnesses, &seen, last) {
            Some(problem) => Some(problem),
            None => rest(&transaction, &teller, last)?,
        },
    };
    Ok(Verification {
        journal: teller.journal,
        rows: last.seq,
        head: last.hash,
        signed: teller.signed.into_iter().map(|(key, row)| SignedRow { key, row }).collect(),
        migrated: teller.migrated,
        unchained: None,
        problem,
    })
}

fn witnessed(teller: &Teller, witnesses: &[Witness], seen: &[Option<RowHash>], last: log::Head) -> Option<Problem> {
    witnesses.iter().zip(seen).find_map(|(witness, seen)| {
        if teller.journal.as_ref() != Some(&witness.journal) {
            return Some(Problem::elsewhere(format!("the checkpoint is of the journal `{}`", witness.journal)));
        }
        let what = match seen {
            Some(hash) if *hash == witness.hash => return None,
            Some(_) => "it, or one before it, is another than when the checkpoint was made".to_owned(),
            None => {
                let what = format!("it and all up to row {} are gone since the checkpoint was made", witness.seq);
                return Some(Problem { row: Some(last.seq + 1), what });
            }
        };
        Some(Problem { row: Some(witness.seq), what })
    })
}

/// What is wrong with the tables that the log tells.
fn rest(connection: &Connection, teller: &Teller, last: log::Head) -> rusqlite::Result<Option<Problem>> {
    if last.seq == 0 {
        return Ok(Some(Problem { row: Some(1), what: "it is missing: the log is empty".into() }));
    }
    for check in [executions, plans, others] {
        if let Some(problem) = check(connection, teller)? {
            return Ok(Some(problem));
        }
    }
    Ok(None)
}

fn executions(connection: &Connection, teller: &Teller) -> rusqlite::Result<Option<Problem>> {
    let mut statement = connection.prepare(
        "SELECT id, plan, plan_hash, package, version, started_at, finished_at, state, fence, first_row, last_row
         FROM executions ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let found = Told {
            plan: row.get(1)?,
            plan_hash: row.get(2)?,
            package: row.get(3)?,
            version: row.get(4)?,
            started_at: row.get(5)?,
            finished_at: row.get(6)?,
            state: row.get(7)?,
            fence: row.get(8)?,
            first_row: row.get(9)?,
            last_row: row.get(10)?,
        };
        count += 1;
        let Some(told) = teller.executions.get(&id) else {
            return Ok(Some(Problem::elsewhere(format!("the log tells nothing of the execution `{id}`"))));
        };
        if found.last_row > told.last_row {
            let what = format!("the last rows of the execution `{id}` are missing, up to row {}", found.last_row);
            return Ok(Some(Problem { row: Some(told.last_row + 1), what }));
        }
        if found != *told {
            let what = format!("the execution `{id}` is not listed as the log tells it");
            return Ok(Some(Problem { row: Some(told.last_row), what }));
        }
    }
    let mut listed = connection.prepare("SELECT 1 FROM executions WHERE id = ?1")?;
    for (id, told) in teller.executions.iter().filter(|_| count < teller.executions.len()) {
        if listed.query_row([id], |_| Ok(())).optional()?.is_none() {
            let what = format!("its execution `{id}` is not listed any more");
            return Ok(Some(Problem { row: Some(told.first_row), what }));
        }
    }
    Ok(None)
}

fn plans(connection: &Connection, teller: &Teller) -> rusqlite::Result<Option<Problem>> {
    let mut statement = connection.prepare("SELECT hash, graph FROM plans ORDER BY hash")?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (hash, graph): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        count += 1;
        match teller.plans.get(&hash) {
            None => return Ok(Some(Problem::elsewhere(format!("the log tells nothing of the plan `{hash}`")))),
            Some(digest) if *digest == crate::workspace::digest(&graph) => {}
            Some(_) => return Ok(Some(Problem::elsewhere(format!("the plan `{hash}` is not what was written down")))),
        }
    }
    if count == teller.plans.len() {
        return Ok(None);
    }
    Ok(Some(Problem::elsewhere("a plan that the log tells of is missing".into())))
}

/// Nothing else is in a journal: what changes rows by itself, such as a trigger, least of all.
fn others(connection: &Connection, _: &Teller) -> rusqlite::Result<Option<Problem>> {
    let fresh = Connection::open_in_memory()?;
    super::schema::tables(&fresh)?;
    let things = |connection: &Connection| {
        let mut statement = connection.prepare("SELECT type || ' ' || name FROM sqlite_schema ORDER BY 1")?;
        statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
    };
    if things(connection)? != things(&fresh)? {
        return Ok(Some(Problem::elsewhere("it has other tables, indices or triggers than a journal has".into())));
    }
    let others: i64 =
        connection.query_row("SELECT count(*) FROM meta WHERE name <> 'schema_version'", [], |row| row.get(0))?;
    Ok((others > 0).then(|| Problem::elsewhere("it says of itself what a journal does not say".into())))
}
