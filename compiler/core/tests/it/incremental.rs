//! What runs again after an edit, read from the query engine's own log.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};

use ordain_compiler::{Database, file_findings, unless_cancelled};

use crate::world::{World, with_stack};

type Log = Arc<Mutex<Vec<String>>>;

/// A database that notes the name of every query it executes.
fn observed() -> (Database, Log) {
    let log: Log = Arc::default();
    let noted = log.clone();
    let db = Database::observed(move |event| {
        if let salsa::EventKind::WillExecute { database_key } = event.kind {
            let text = format!("{database_key:?}");
            let name = text.split('(').next().unwrap_or_default().to_owned();
            noted.lock().unwrap().push(name);
        }
    });
    (db, log)
}

fn counts(log: &Log) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in log.lock().unwrap().drain(..) {
        *counts.entry(name).or_insert(0) += 1;
    }
    counts
}

const LIBRARY: &str = "\
/// Doubles.
fn double(n: Int) -> Int = n * 2
fn triple(n: Int) -> Int = n * 3
";

const MAIN: &str = "\
use library.{double, triple}
fn six(n: Int) -> Int = double(triple(n))
fn other(n: Int) -> Int = n + 1
";

fn expect(edited: &str, expected: &[(&str, usize)]) {
    let edited = edited.to_owned();
    let expected: BTreeMap<String, usize> = expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    with_stack(move || {
        let (db, log) = observed();
        let mut world = World::in_database(db, &[("library.ord", LIBRARY), ("main.ord", MAIN)]);
        assert_eq!(world.show(&world.findings()), "");
        counts(&log);
        world.edit("library.ord", &edited);
        world.findings();
        assert_eq!(counts(&log), expected);
    });
}

#[test]
fn white_space_and_comments_run_nothing_beyond_the_parse() {
    expect(&format!("// A comment.\n\n{}", LIBRARY.replace("= n * 2", "=\n  n * 2 // twice")), &[("file_items", 1)]);
}

#[test]
fn a_body_runs_its_own_queries_only() {
    expect(&LIBRARY.replace("n * 2", "n + n"), &[("check", 1), ("file_items", 1)]);
}

#[test]
fn a_signature_runs_its_dependents_only() {
    // `double` and `six`, which calls it; neither `triple` nor `other`.
    expect(
        &LIBRARY.replace("fn double(n: Int)", "fn double(n: Int, m: Int = 1)"),
        &[("check", 2), ("file_items", 1), ("signature", 1)],
    );
}

/// A check that runs while an input changes ends early, and the change loses nothing.
#[test]
fn a_change_cancels_what_runs() {
    with_stack(|| {
        let state: Arc<(Mutex<(bool, bool)>, Condvar)> = Arc::default();
        let seen = state.clone();
        let main_thread = std::thread::current().id();
        let db = Database::observed(move |event| {
            let (flags, changed) = &*seen;
            match event.kind {
                // The other thread is in the middle of a check: it goes on once the change has begun.
                salsa::EventKind::WillExecute { database_key }
                    if std::thread::current().id() != main_thread
                        && format!("{database_key:?}").starts_with("check(") =>
                {
                    let mut flags = flags.lock().unwrap();
                    flags.0 = true;
                    changed.notify_all();
                    while !flags.1 {
                        flags = changed.wait(flags).unwrap();
                    }
                }
                salsa::EventKind::DidSetCancellationFlag => {
                    flags.lock().unwrap().1 = true;
                    changed.notify_all();
                }
                _ => {}
            }
        });
        let mut world = World::in_database(db, &[("library.ord", LIBRARY), ("main.ord", MAIN)]);
        // What the setup changed is not the change.
        state.0.lock().unwrap().1 = false;
        let (clone, package) = (world.db.clone(), world.package);
        let checking = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
            let file = package.files(&clone)["main"];
            unless_cancelled(move || file_findings(&clone, file))
        });
        let (flags, changed) = &*state;
        let mut begun = flags.lock().unwrap();
        while !begun.0 {
            begun = changed.wait(begun).unwrap();
        }
        drop(begun);
        world.edit("library.ord", "fn double(n: Int) -> String = \"{n}\"\nfn triple(n: Int) -> Int = n * 3\n");
        assert_eq!(checking.unwrap().join().unwrap(), None);
        assert!(world.show(&world.findings()).contains("ORD0301"));
    });
}
