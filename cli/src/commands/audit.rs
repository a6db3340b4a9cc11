//! `ordain audit`

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use ordain_runtime::{Checkpoint, Problem, PublicKey, Verification};
use serde_json::json;

use super::trace::open;
use crate::args::{AuditCommand, CheckpointArguments, VerifyArguments};
use crate::{Failure, Outcome, output};

pub(crate) fn run(command: &AuditCommand) -> Result<Outcome, Failure> {
    match command {
        AuditCommand::Verify(arguments) => verify(arguments),
        AuditCommand::Checkpoint(arguments) => checkpoint(arguments),
    }
}

fn verify(arguments: &VerifyArguments) -> Result<Outcome, Failure> {
    let journal = open(&arguments.journal)?;
    let read = |path: &std::path::PathBuf| kept(path, &arguments.keys);
    let checkpoints = arguments.checkpoints.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let witnesses: Vec<_> = checkpoints.iter().map(|checkpoint| checkpoint.end.clone()).collect();
    let mut found = journal.verify(&witnesses)?;
    if !arguments.keys.is_empty() {
        found.signed.retain(|signed| arguments.keys.contains(&signed.key));
    }
    if arguments.json {
        output::json(&json!({ "sound": found.problem.is_none(), "verification": found }))?;
    } else {
        output::write(None, told(&found, &checkpoints).as_bytes())?;
    }
    Ok(if found.problem.is_none() { Outcome::Fine } else { Outcome::Findings })
}

/// The largest checkpoint that is read: 1 MiB, a thousand times what one has.
const MAX_CHECKPOINT_BYTES: usize = 1 << 20;

/// A checkpoint from a file, signed by somebody who counts.
fn kept(path: &Path, keys: &[PublicKey]) -> Result<Checkpoint, Failure> {
    let shown = path.display();
    let content = super::file::read(path, MAX_CHECKPOINT_BYTES)
        .map_err(|error| Failure(format!("`{shown}` cannot be read: {error}")))?;
    let checkpoint = Checkpoint::read(&content).map_err(|error| Failure(format!("`{shown}`: {error}")))?;
    if keys.is_empty() || keys.contains(&checkpoint.key) {
        return Ok(checkpoint);
    }
    Err(Failure(format!("`{shown}` is signed by `{}`, which is none of the keys that are given", checkpoint.key)))
}

fn told(found: &Verification, checkpoints: &[Checkpoint]) -> String {
    let mut text = String::new();
    // INVARIANT: writing to a string never fails.
    if let Some(Problem { row, what }) = &found.problem {
        let place = row.map_or_else(|| "the journal".to_owned(), |row| format!("row {row}"));
        let _ = writeln!(text, "{place}: {}", output::line(what));
        let _ =
            writeln!(text, "the journal is not what was written; {} rows before follow from each other", found.rows);
        return text;
    }
    if let Some(version) = found.unchained {
        let _ = writeln!(text, "the journal has version {version}, in which nothing binds its rows to each other");
        let _ = writeln!(text, "the next execution brings it up to date; until then nothing can be said of it");
        return text;
    }
    let _ = writeln!(text, "{} rows follow from each other, and nothing is missing between them", found.rows);
    let _ = writeln!(text, "journal {}, head {}", found.journal.as_deref().unwrap_or_default(), found.head);
    if let Some(migrated) = found.migrated {
        let _ = writeln!(
            text,
            "rows 1 to {} were chained when version {} was brought up to date: what was changed before that is not seen",
            migrated.rows, migrated.from
        );
    }
    for signed in &found.signed {
        let _ = writeln!(text, "up to row {} signed in the log by {}", signed.row, signed.key);
    }
    for Checkpoint { end, at, key } in checkpoints {
        let at = Timestamp::from_millisecond(*at).map(|at| at.to_string()).unwrap_or_default();
        let _ = writeln!(text, "up to row {} as in the checkpoint of {at}, signed by {key}", end.seq);
    }
    if checkpoints.is_empty() {
        let _ =
            writeln!(text, "whether rows are missing at the end is told by a checkpoint that is kept elsewhere only");
    }
    text
}

fn checkpoint(arguments: &CheckpointArguments) -> Result<Outcome, Failure> {
    let journal = open(&arguments.journal)?;
    let key = super::key::load(&super::key::path(arguments.key.as_deref())?)?;
    let found = journal.verify(&[])?;
    if let Some(Problem { row, what }) = &found.problem {
        let place = row.map_or_else(|| "the journal".to_owned(), |row| format!("row {row}"));
        return Err(Failure(format!("not signed: {place}: {}", output::line(what))));
    }
    let envelope = journal.checkpoint(&key, Timestamp::now().as_millisecond())?;
    output::write(arguments.output.as_deref(), format!("{envelope:#}\n").as_bytes())?;
    Ok(Outcome::Fine)
}
