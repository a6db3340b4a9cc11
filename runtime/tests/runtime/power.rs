//! The power fails: what a disk may keep of a journal then, made from a seed, with the real journal.
//!
//! Executions write a real journal. Whenever they tell something, everything that was committed is durable, and the files
//! are kept as they are. Between two such moments lie the writes that nobody had waited for: a power loss leaves any of
//! their sectors as they were before, as they were to be, or as something else, and files of any length in between. The
//! bytes before them stay: that is what SQLite demands of a disk ("powersafe overwrite").
//!
//! `ORDAIN_SEEDS` says how many states are made, one for 40 of that number, and `ORDAIN_SEED` makes a single one.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ordain_graph::Value;
use ordain_runtime::{
    Adapter, Adapters, Description, Event, ExecuteError, ExecuteOptions, ExecutionReport, Journal, Limits, LogEvent,
    LogRow, MemorySecrets, Outcome, Reason, RecordedState, StepContext, StepError, StepEvent, execute, resume,
};
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::resume::{note, plan as going_on, undoing};
use crate::support::Plan;

/// What a disk writes as a whole.
const SECTOR: usize = 512;
/// The header of a write-ahead log, and that of each of its frames, which hold a page (SQLite documentation, "The WAL File
/// Format").
const WAL_HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

/// What took effect, by key: once for a key, however often it is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
struct Effects {
    calls: BTreeMap<String, u32>,
    order: Vec<String>,
}

#[derive(Clone, Default)]
struct World(Arc<Mutex<Effects>>);

impl World {
    fn now(&self) -> Effects {
        self.0.lock().unwrap().clone()
    }
}

impl Adapter for World {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["test.note"]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        let inputs: Json = step.inputs()?;
        let mut effects = self.0.lock().unwrap();
        let key = step.key().to_owned();
        *effects.calls.entry(key.clone()).or_default() += 1;
        if inputs["does"] == "fail" || (inputs["does"] == "fail once" && step.attempt() == 1) {
            return Err(StepError::new(Reason::CommandFailed, "it fails"));
        }
        if !effects.order.contains(&key) {
            effects.order.push(key);
        }
        Ok(json!({ "sum": inputs["sum"], "secret": null }))
    }
}

/// The files of a journal.
#[derive(Clone, Default)]
struct Files {
    database: Vec<u8>,
    log: Option<Vec<u8>>,
    shared: Option<Vec<u8>>,
}

impl Files {
    fn read(journal: &Path) -> Self {
        let beside = |ending: &str| std::fs::read(format!("{}{ending}", journal.display())).ok();
        Self { database: std::fs::read(journal).unwrap(), log: beside("-wal"), shared: beside("-shm") }
    }

    fn write(&self, journal: &Path) {
        std::fs::write(journal, &self.database).unwrap();
        for (ending, content) in [("-wal", &self.log), ("-shm", &self.shared)] {
            if let Some(content) = content {
                std::fs::write(format!("{}{ending}", journal.display()), content).unwrap();
            }
        }
    }

    fn log(&self) -> &[u8] {
        self.log.as_deref().unwrap_or_default()
    }
}

/// A moment at which all that was committed is durable.
struct Moment {
    files: Files,
    /// The rows of each execution that somebody was told of.
    durable: BTreeMap<String, Vec<LogRow>>,
    effects: Effects,
    /// Which execution was under way, or had ended last.
    execution: usize,
}

/// Executions that nothing disturbed.
struct History {
    moments: Vec<Moment>,
    reports: Vec<ExecutionReport>,
    /// What had taken effect when each was over.
    ends: Vec<Effects>,
}

/// A directory in memory where there is one: nothing here hangs on a disk, and a disk makes it slow.
fn place() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

fn options<'a>(
    dir: &Path,
    world: &World,
    secrets: &'a MemorySecrets,
    observer: &'a (dyn Fn(Event) + Sync),
) -> ExecuteOptions<'a> {
    let mut options = ExecuteOptions::new(dir, journal(dir), secrets);
    // One after the other: nothing else takes effect or is written while the files are kept.
    options.limits = Limits::of_all(NonZeroUsize::MIN);
    options.adapters = Adapters::empty().with("test", Arc::new(world.clone()));
    options.observer = observer;
    options
}

fn journal(dir: &Path) -> PathBuf {
    dir.join("journal.db")
}

fn rows(journal: &Path) -> BTreeMap<String, Vec<LogRow>> {
    let journal = Journal::open_existing(journal).unwrap();
    let each = journal.executions().unwrap().into_iter();
    each.map(|each| (each.id.to_string(), journal.log(&each.id).unwrap())).collect()
}

/// Executes plans one after the other. With somebody who reads the journal all the while, its log is never taken away, and
/// begins anew whenever all of it is in the database; without, it goes when an execution ends.
fn history(read: bool) -> History {
    let (place, world, secrets) = (place(), World::default(), MemorySecrets::default());
    let path = journal(place.path());
    drop(Journal::open(&path).unwrap());
    // The log of an empty journal is as good as none.
    let empty = Files { log: None, shared: None, ..Files::read(&path) };
    let first = Moment { files: empty, durable: BTreeMap::new(), effects: Effects::default(), execution: 0 };
    let moments = Mutex::new(vec![first]);
    let reader = read.then(|| {
        let reader = Connection::open(&path).unwrap();
        reader.query_row("SELECT count(*) FROM log", [], |_| Ok(())).unwrap();
        reader
    });
    let (mut reports, mut ends) = (Vec::new(), Vec::new());
    for plan in [going_on(), undoing(), going_on()] {
        let keep = |_: Event| {
            let mut moments = moments.lock().unwrap();
            let moment = || {
                let (files, durable) = (Files::read(&path), rows(&path));
                Moment { files, durable, effects: world.now(), execution: reports.len() }
            };
            moments.push(moment());
            if moments.len() % 7 == 3 {
                let reader = Connection::open(&path).unwrap();
                reader.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
                drop(reader);
                moments.push(moment());
            }
        };
        let report = execute(&plan, &options(place.path(), &world, &secrets, &keep)).unwrap();
        reports.push(report);
        ends.push(world.now());
    }
    drop(reader);
    History { moments: moments.into_inner().unwrap(), reports, ends }
}

/// Where the frames of a log end that belong to its header: all before that is durable once it is committed.
fn valid(log: &[u8]) -> usize {
    let salts = |at: usize| log.get(at..at + 8);
    let frames = (0..).map(|frame| WAL_HEADER + frame * FRAME);
    let whole = |at: &usize| at + FRAME <= log.len() && salts(at + 8) == salts(16);
    frames.take_while(whole).last().map_or(log.len().min(WAL_HEADER), |at| at + FRAME)
}

/// What may be there when the power fails on the way from one content of a file to another, from a byte on: each sector
/// as it was, as it was to be, or as something else.
fn torn(rng: &mut fastrand::Rng, old: &[u8], new: &[u8], from: usize) -> Vec<u8> {
    let mut content = old[..from.min(old.len())].to_vec();
    let end = old.len().max(new.len());
    let kinds = rng.choice([&[0, 1][..], &[0, 1, 1, 1, 1], &[0, 1, 2], &[1, 1, 1, 1, 1, 1, 2]]).unwrap();
    let mut at = content.len();
    while at < end {
        let until = ((at / SECTOR + 1) * SECTOR).min(end);
        let part = |of: &[u8]| of.get(at..until.min(of.len())).unwrap_or_default().to_vec();
        let changed = part(old) != part(new);
        let mut sector = match rng.choice(kinds) {
            Some(2) if changed => (at..until).map(|_| rng.u8(..)).collect(),
            Some(0) => part(old),
            _ => part(new),
        };
        // A hole.
        sector.resize(until - at, 0);
        content.extend(sector);
        at = until;
    }
    // A file that grows has any length up to the new one.
    if new.len() > old.len() && rng.bool() {
        content.truncate(rng.usize(old.len()..=new.len()));
    }
    content
}

/// What is left of the files, and of which kind that is.
fn after_power_loss(rng: &mut fastrand::Rng, old: &Files, new: &Files) -> (Files, &'static str) {
    let mut left = old.clone();
    let kind;
    if old.database != new.database {
        // Pages go to the database only when the log that holds them is durable, and the log goes, if it does, only when
        // the database is.
        if rng.u32(0..4) == 0 {
            left = if rng.bool() { new.clone() } else { Files { database: new.database.clone(), ..old.clone() } };
            kind = "after a checkpoint";
        } else {
            left.database = torn(rng, &old.database, &new.database, 0);
            kind = "during a checkpoint";
        }
    } else if new.log().is_empty() {
        left = if rng.bool() { new.clone() } else { old.clone() };
        kind = "the log taken away";
    } else {
        let (before, after) = (old.log(), new.log());
        let durable = valid(before);
        let (same, header) = (before.get(..WAL_HEADER) == after.get(..WAL_HEADER), rng.u32(0..4) == 0);
        let log = if same && rng.u32(0..3) > 0 {
            kind = "sectors of the log";
            torn(rng, before, after, durable)
        } else if same {
            kind = "a log cut off";
            // Behind a whole frame as well as anywhere.
            let frames = (after.len() - durable) / FRAME;
            let end =
                if rng.bool() { durable + rng.usize(0..=frames) * FRAME } else { rng.usize(durable..=after.len()) };
            after[..end].to_vec()
        } else if header {
            // It is durable before anything else of a log that begins anew is written.
            kind = "the header of the log";
            let mut log = before.to_vec();
            log.resize(before.len().max(WAL_HEADER), 0);
            let changed = rng.usize(0..=WAL_HEADER);
            log[..changed].copy_from_slice(&after[..changed]);
            if rng.bool() {
                log[changed..WAL_HEADER].fill_with(|| rng.u8(..));
            }
            log
        } else {
            kind = "sectors of a log that began anew";
            let mut begun = before.to_vec();
            begun.resize(before.len().max(WAL_HEADER), 0);
            begun[..WAL_HEADER].copy_from_slice(&after[..WAL_HEADER]);
            torn(rng, &begun, after, WAL_HEADER)
        };
        left.log = Some(log);
    }
    (left, kind)
}

/// The keys of the steps that ended well, or were undone, by what is durable.
fn completed(rows: &[LogRow]) -> Vec<&str> {
    let ended = |row: &&LogRow| matches!(row.event, LogEvent::Step(StepEvent::Succeeded | StepEvent::Undone));
    let key = |ended: &LogRow| {
        let intent = match ended.event {
            LogEvent::Step(StepEvent::Undone) => StepEvent::UndoIntent,
            _ => StepEvent::Intent,
        };
        let mut of = rows.iter().filter(|row| row.event == LogEvent::Step(intent) && row.node == ended.node);
        of.find_map(|row| row.data["key"].as_str()).expect("an intent comes first")
    };
    let keys = rows.iter().filter(ended).map(key);
    keys.collect()
}

fn outcomes(report: &ExecutionReport) -> Vec<(String, Outcome, Option<Value>)> {
    report.nodes.iter().map(|node| (node.address.to_string(), node.outcome.clone(), node.outputs.clone())).collect()
}

/// Lets the power fail as a seed says, and goes on. Gives what was seen.
fn fail(history: &History, seed: u64) -> Vec<&'static str> {
    let mut rng = fastrand::Rng::with_seed(seed);
    // What is told together is committed together.
    let pairs = history.moments.windows(2);
    let written =
        |pair: &&[Moment]| pair[0].files.database != pair[1].files.database || pair[0].files.log != pair[1].files.log;
    let pairs: Vec<_> = pairs.filter(written).collect();
    let [old, new] = rng.choice(pairs).expect("something is written") else { panic!("a pair is two") };
    let (mut files, kind) = after_power_loss(&mut rng, &old.files, &new.files);
    let other = rng.usize(0..history.moments.len());
    let (index, shared) = match rng.u32(0..3) {
        0 => ("no index of the log", None),
        1 => ("an index of another log", history.moments[other].files.shared.clone()),
        _ => ("an index that is none", Some((0..32 * 1024).map(|_| rng.u8(..)).collect())),
    };
    files.shared = shared;
    let place = place();
    let path = journal(place.path());
    files.write(&path);

    // All that was durable is there, and of what came next a beginning.
    let found = rows(&path);
    for (execution, durable) in &old.durable {
        assert!(found.get(execution).is_some_and(|rows| rows.starts_with(durable)), "{kind}: rows are lost");
    }
    for (execution, rows) in &found {
        let written = new.durable.get(execution);
        assert!(written.is_some_and(|written| written.starts_with(rows)), "{kind}: rows that nobody wrote");
    }
    let verify = || Journal::open_existing(&path).unwrap().verify(&[]).unwrap().problem;
    assert_eq!(verify(), None, "{kind}");
    let mut seen = vec![kind, index];
    seen.push(if found == old.durable { "what was not durable is lost" } else { "what was not durable is there" });

    // What comes next begins when this is written, so that what took effect is the same whether it is written or not.
    let (world, secrets) = (World(Arc::new(Mutex::new(new.effects.clone()))), MemorySecrets::default());
    let options = options(place.path(), &world, &secrets, &|_| {});
    let undisturbed = &history.reports[new.execution];
    let recorded = Journal::open_existing(&path).unwrap().execution(&undisturbed.execution).unwrap();
    match recorded.map(|record| record.summary.state) {
        Some(RecordedState::Finished(state)) => {
            assert_eq!(state, undisturbed.state, "{kind}");
            let again = resume(&undisturbed.execution, &options);
            assert!(matches!(again, Err(ExecuteError::Ended { .. })), "{kind}: {again:?}");
            seen.push("it had ended");
        }
        Some(_) => {
            let report = resume(&undisturbed.execution, &options).unwrap();
            assert_eq!((report.state, outcomes(&report)), (undisturbed.state, outcomes(undisturbed)), "{kind}");
            let now = world.now();
            assert_eq!(now.order, history.ends[new.execution].order, "{kind}");
            for key in completed(old.durable.get(&*undisturbed.execution).map_or(&[], Vec::as_slice)) {
                assert_eq!(now.calls[key], new.effects.calls[key], "{kind}: what was done is done again");
            }
            seen.push("it goes on");
        }
        None => {
            let report = execute(&going_on(), &options).unwrap();
            assert_eq!(outcomes(&report), outcomes(&history.reports[0]), "{kind}");
            seen.push("it begins again");
        }
    }
    assert_eq!(verify(), None, "{kind}, after going on");
    seen
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.replace('_', "").parse().ok())
}

#[test]
fn whatever_a_power_loss_leaves_nothing_durable_is_lost() {
    let histories = [history(true), history(false)];
    let single = number("ORDAIN_SEED");
    let count = if single.is_some() { 1 } else { number("ORDAIN_SEEDS").unwrap_or(10_000).div_ceil(40) };
    let first = single.unwrap_or(0);
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in first..first + count {
        let history = &histories[usize::from(seed % 2 == 1)];
        let came = catch_unwind(AssertUnwindSafe(|| fail(history, seed))).unwrap_or_else(|cause| {
            eprintln!("it fails with ORDAIN_SEED={seed}");
            std::panic::resume_unwind(cause)
        });
        came.into_iter().for_each(|what| *seen.entry(what).or_default() += 1);
    }
    eprintln!("{count} seeds: {seen:?}");
    if count >= 250 {
        for what in [
            "during a checkpoint",
            "after a checkpoint",
            "sectors of the log",
            "a log cut off",
            "the header of the log",
            "sectors of a log that began anew",
            "no index of the log",
            "an index of another log",
            "an index that is none",
            "what was not durable is lost",
            "what was not durable is there",
            "it had ended",
            "it goes on",
            "it begins again",
        ] {
            assert!(seen.contains_key(what), "{what} is not seen: {seen:?}");
        }
    }
}

/// How many transactions are in a log: the last frame of each says how large the database is behind it.
fn commits(log: &[u8]) -> usize {
    let frames = log[WAL_HEADER..valid(log)].chunks(FRAME);
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

/// What becomes ready together, and what ends while the disk is waited for, is written together.
#[test]
fn steps_side_by_side_share_their_commits() {
    const STEPS: u32 = 64;
    let mut plan = Plan::new();
    for number in 0..STEPS {
        note(&mut plan, &format!("n{number}"), "succeed", Value::Int(i64::from(number)), &[]);
    }
    let plan = plan.finish();
    let (place, secrets) = (tempfile::tempdir().unwrap(), MemorySecrets::default());
    let path = journal(place.path());
    drop(Journal::open(&path).unwrap());
    // As long as somebody reads, the log stays.
    let reader = Connection::open(&path).unwrap();
    reader.query_row("SELECT count(*) FROM log", [], |_| Ok(())).unwrap();
    let world = World::default();
    let mut options = options(place.path(), &world, &secrets, &|_| {});
    options.limits = Limits::of_all(NonZeroUsize::new(STEPS as usize).unwrap());
    let report = execute(&plan, &options).unwrap();
    let (commits, rows) = (commits(Files::read(&path).log()), rows(&path)[&*report.execution].len());
    assert!(rows > 2 * STEPS as usize, "each has an intent and an outcome: {rows}");
    assert!(commits > 2 && commits < STEPS as usize, "{commits} commits for {STEPS} steps");
    eprintln!("{commits} commits for {STEPS} steps, {rows} rows");
}
