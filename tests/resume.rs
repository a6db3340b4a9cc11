//! Going on with executions whose process was killed, and looking at what a journal holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use crate::package::Package;

/// Sixteen steps in four chains: each leaves a link that is named by its key, which happens once or not at all, then a
/// file. A step that is called twice would leave two links where its key were not the same.
const SOURCE: &str = r#"
use std.command.{builtin.command, command}
use std.file.{builtin.file, file}

type Place = {}

environment here: Place {
  bind command.run to builtin.command
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

const link = "ln -s \"$NAME\" keys/$ORDAIN_KEY 2>/dev/null; echo $NAME >> calls; test -L keys/$ORDAIN_KEY && printf %s $NAME"

plan chains(env: Place = here) {
  for chain in ["a", "b", "c", "d"] {
    let first[chain] = command.run { argv: ["sh", "-c", link], env: { "NAME": "{chain}1" } }
    let second[chain] = file.write { path: "{chain}.txt", content: "after {first[chain].stdout}" }
    let third[chain] = command.run { argv: ["sh", "-c", link], env: { "NAME": "{chain}2-{second[chain].bytes}" } }
    file.write { path: "{chain}-end.txt", content: third[chain].stdout }
  }
}
"#;

fn package() -> Package {
    let package = Package::of(SOURCE);
    fs::create_dir(package.file("keys")).unwrap();
    package
}

/// What is left at the end: the files, and what the links are of. The keys differ from execution to execution.
fn end(package: &Package) -> (BTreeMap<String, String>, Vec<String>) {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(package.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            files.insert(path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap());
        }
    }
    let mut links: Vec<String> = fs::read_dir(package.file("keys"))
        .unwrap()
        .map(|entry| fs::read_link(entry.unwrap().path()).unwrap().to_string_lossy().into_owned())
        .collect();
    links.sort();
    (files, links)
}

/// Numbers that are as good as random, and the same every time (xorshift, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

#[test]
fn killed_at_any_moment_it_comes_to_the_same_end() {
    const KILLS: u32 = 200;
    let undisturbed = package();
    undisturbed.run(&["apply", "--yes"]).exits(0);
    let expected = end(&undisturbed);
    assert_eq!((expected.0.len(), expected.1.len()), (8, 8));
    let mut numbers = Numbers(0x0DDB_1A5E_5BAD_5EED);
    let (mut kills, mut executions) = (0, 0);
    while kills < KILLS {
        let package = package();
        executions += 1;
        let mut resumed = false;
        for lives in 0.. {
            assert!(lives < 500, "no execution comes to its end: {kills} kills");
            // A package is compiled in about ten milliseconds, and executed in about fifty. A busy machine takes longer, and would
            // never come to an end if it were not given more and more time.
            let moment = Duration::from_micros(numbers.below(60_000 + 4_000 * lives));
            let arguments = if resumed { &["resume"][..] } else { &["apply", "--yes"] };
            let Some(status) = package.ordain().killed_after(moment, arguments) else {
                // It may have been killed before there was an execution, or after its end was written down: that does not count.
                let listed = package.run(&["executions", "--json"]);
                let state = (listed.code == Some(0)).then(|| listed.json()["executions"][0]["state"].clone());
                match state.as_ref().and_then(|state| state.as_str()) {
                    // A program that is about to be started holds the lock for an instant longer than its parent.
                    Some("interrupted" | "running") => {
                        kills += 1;
                        resumed = true;
                    }
                    Some("succeeded") => break,
                    Some(other) => panic!("{other}"),
                    None => {}
                }
                continue;
            };
            assert!(status.success(), "{status} after {kills} kills: {}", package.run(arguments));
            break;
        }
        assert_eq!(end(&package), expected, "after {kills} kills");
        let listed = package.run(&["executions", "--json"]).exits(0).json();
        let [execution] = listed["executions"].as_array().unwrap().as_slice() else { panic!("{listed}") };
        assert_eq!(execution["state"], "succeeded", "{listed}");
        ended_once(&package, execution["id"].as_str().unwrap());
    }
    assert!(executions > 1, "all kills hit one execution");
}

/// What ended was not begun again, and every step has one key.
fn ended_once(package: &Package, id: &str) {
    let record = package.run(&["executions", id, "--json"]).exits(0).json();
    let mut ended = BTreeSet::new();
    let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
    for step in record["steps"].as_array().unwrap() {
        let address = step["address"].as_str().unwrap();
        assert!(!ended.contains(address), "`{address}` was begun after its end: {record}");
        if step["event"] == "succeeded" {
            ended.insert(address);
        }
        if let Some(key) = step["data"]["key"].as_str() {
            assert_eq!(*keys.entry(address).or_insert(key), key, "{record}");
        }
    }
    assert_eq!(ended.len(), 16);
}

#[test]
fn executions_are_listed_and_told() {
    let package = package();
    package.run(&["executions"]).exits(2).says("there is no journal");
    package.run(&["resume"]).exits(2).says("there is no journal");
    package.run(&["apply", "--yes"]).exits(0);
    let listed = package.run(&["executions"]).exits(0).text();
    assert!(listed.contains("test.main.chains") && listed.contains("succeeded"), "{listed}");
    let id = listed.split_whitespace().next().unwrap();
    let told = package.run(&["executions", &id[..30]]).exits(0).text();
    assert!(told.starts_with("test.main.chains in test.main.here of test 0.1.0: succeeded\nsha256:"), "{told}");
    assert!(told.contains("intent") && told.contains("first[a]"), "{told}");
    package.run(&["executions", "none"]).exits(2).says("the journal has no execution `none`");
    package.run(&["resume"]).exits(2).says("has ended: it succeeded");
    package.run(&["resume", id]).exits(2).says("has ended");
    package.run(&["apply", "--yes"]).exits(0);
    package.run(&["executions", &id[..2]]).exits(2).says("several executions begin with");
}

#[test]
fn an_execution_is_undone_from_outside() {
    let package = package();
    package.run(&["apply", "--yes"]).exits(0);
    let id = package.run(&["executions", "--json"]).exits(0).json()["executions"][0]["id"].as_str().unwrap().to_owned();
    assert!(package.file("a-end.txt").exists());
    package.run(&["undo", &id]).exits(2).says("nobody is here to be asked");
    assert!(package.file("a-end.txt").exists());
    // Links stay: `command.run` declares no way to undo them.
    package.run(&["undo", &id, "--yes"]).exits(1).says("undone in part");
    for name in ["a.txt", "a-end.txt", "d.txt"] {
        assert!(!package.file(name).exists(), "{name}");
    }
    assert!(package.run(&["executions"]).exits(0).text().contains(" partly_undone"));
    // What is undone is not undone again; the rest still cannot be.
    let again = package.run(&["undo", &id, "--yes", "--json"]).exits(1).text();
    assert!(again.contains("\"unavailable\"") && !again.contains("undo_started"), "{again}");
    package.run(&["resume", &id]).exits(2).says("has ended");
}

#[test]
fn everything_that_declares_how_is_undone() {
    let source = r#"
use std.file.{builtin.file, file}

type Place = {}

environment here: Place {
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

plan notes(env: Place = here) {
  let one = file.write { path: "one.txt", content: "1" }
  file.write { path: "two.txt", content: "{one.bytes}" }
}
"#;
    let package = Package::of(source);
    package.run(&["apply", "--yes"]).exits(0);
    assert!(package.file("two.txt").exists());
    package.run(&["undo", "0", "--yes"]).exits(0);
    assert!(!package.file("one.txt").exists() && !package.file("two.txt").exists());
    assert!(package.run(&["executions"]).exits(0).text().contains(" undone"));
    package.run(&["undo", "0", "--yes"]).exits(2).says("has ended");
}

/// A step that runs until it is asked to end.
const ENDLESS: &str = r#"
use std.command.{builtin.command, command}

type Place = {}

environment here: Place { bind command.run to builtin.command }

plan endless(env: Place = here) {
  let long = command.run { argv: ["sh", "-c", "echo > begun; exec sleep 600"] }
  command.run { argv: ["sh", "-c", "echo > never"] } after long
}
"#;

#[test]
fn an_execution_is_cancelled_from_outside() {
    let package = Package::of(ENDLESS);
    package.run(&["cancel"]).exits(2).says("there is no journal");
    let mut running = package.ordain().spawned(["apply", "--yes"]);
    while !package.file("begun").exists() {
        assert!(running.try_wait().unwrap().is_none(), "it ended before it was cancelled");
        std::thread::yield_now();
    }
    package.run(&["cancel"]).exits(0).says("asked `");
    assert_eq!(running.wait().unwrap().code(), Some(1));
    assert!(package.run(&["executions"]).exits(0).text().contains(" cancelled"));
    assert!(!package.file("never").exists());
    package.run(&["cancel"]).exits(2).says("no execution runs");
    package.run(&["cancel", "0"]).exits(2).says("has ended: it was cancelled");
    package.run(&["undo", "0", "--yes"]).exits(1).says("was cut short");
}

/// A step that ends its interpreter the first time, and goes on by itself after that.
const CRASHING: &str = r#"
use std.command.{builtin.command, command}

type Place = {}

environment here: Place { bind command.run to builtin.command }

const once = "if test -e crashed; then echo again >> log; else touch crashed; echo $$ > left; kill -9 $PPID; exec sleep 600; fi"

plan crashing(env: Place = here) {
  command.run { argv: ["sh", "-c", once] }
}
"#;

/// A package whose execution was interrupted, its id, and the number of the program that runs on.
fn crashed() -> (Package, String, String) {
    let package = Package::of(CRASHING);
    package.ordain().spawned(["apply", "--yes"]).wait().unwrap();
    let listed = package.run(&["executions", "--json"]).exits(0).json();
    assert_eq!(listed["executions"][0]["state"], "interrupted", "{listed}");
    let id = listed["executions"][0]["id"].as_str().unwrap().to_owned();
    let left = package.read("left").trim().to_owned();
    assert!(runs(&left));
    (package, id, left)
}

/// Whether a process has not ended: one that ended may be listed until somebody asks how.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
}

#[test]
fn nothing_begins_beside_an_execution_that_was_interrupted() {
    let (package, id, left) = crashed();
    let refused = package.run(&["apply", "--yes"]).exits(2).says("[execution_interrupted]");
    for way in ["resume", "undo", "cancel"] {
        assert!(refused.stderr.contains(&format!("`ordain {way} {id}`")), "{refused}");
    }
    assert!(refused.stderr.contains("in the environment `test.main.here`"), "{refused}");
    let told = package.run(&["apply", "--yes", "--json"]).exits(2).json();
    assert_eq!(told["reason"], "execution_interrupted", "{told}");
    assert!(!package.file("log").exists() && runs(&left));
    // Whoever gives it up ends what it left.
    package.run(&["cancel", &id]).exits(0).says("is cancelled");
    assert!(!runs(&left), "the program of the step runs on");
    assert!(!package.file("log").exists());
    package.run(&["apply", "--yes"]).exits(0);
    assert_eq!(package.read("log"), "again\n");
}

#[test]
fn what_was_interrupted_can_be_undone_at_once() {
    let (package, id, left) = crashed();
    package.run(&["undo", &id, "--yes"]).exits(1).says("was cut short");
    assert!(!runs(&left), "the program of the step runs on");
    assert!(package.run(&["executions"]).exits(0).text().contains(" partly_undone"));
    package.run(&["apply", "--yes"]).exits(0);
}

#[test]
fn one_that_was_interrupted_is_not_forgotten_for_a_later_one() {
    let (package, old, left) = crashed();
    package.run(&["apply", "--yes", "--concurrent"]).exits(0);
    assert!(runs(&left));
    let new = package.run(&["executions", "--json"]).json()["executions"][0]["id"].as_str().unwrap().to_owned();
    let bare = package.run(&["resume"]).exits(2).says(&format!("`ordain resume {old}` goes on with it"));
    assert!(bare.stderr.contains("has ended (succeeded)"), "{bare}");
    let resumed = package.run(&["resume", &old]).exits(0);
    assert!(resumed.stderr.contains(&format!("`{new}` has succeeded in `test.main.here` since")), "{resumed}");
    assert!(!runs(&left));
    // Nothing is left to be told of.
    package.run(&["resume"]).exits(2).says("has ended: it succeeded");
}
