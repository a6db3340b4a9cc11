//! Garbage in the place of what commands about executions are given: each says what is wrong, ends, and changes nothing.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::package::Package;

const SOURCE: &str = r#"
use std.file.{builtin.file, file}

type Place = {}

environment here: Place {
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

plan site(env: Place = here) { file.write { path: "page", content: "hello" } }
"#;

fn pipe(package: &Package, name: &str) {
    assert!(Command::new("mkfifo").arg(package.file(name)).status().unwrap().success());
}

/// A package with an execution, and garbage of all kinds under `x.json`-like names.
fn package() -> Package {
    let package = Package::of(SOURCE);
    package.run(&["apply", "--yes"]).exits(0);
    package.write("empty.json", "");
    package.write("text.json", "no journal, no plan, no checkpoint, no key");
    package.write("bytes.json", b"SQLite format 3\0\xff\xfe\x00");
    package.write("deep.json", "[".repeat(1_000_000));
    fs::create_dir(package.file("folder.json")).unwrap();
    pipe(&package, "pipe.json");
    symlink("/dev/zero", package.file("endless.json")).unwrap();
    symlink("nowhere", package.file("dangling.json")).unwrap();
    fs::File::create(package.file("huge.json")).unwrap().set_len(5 << 30).unwrap();
    package
}

const GARBAGE: [&str; 9] = [
    "empty.json",
    "text.json",
    "bytes.json",
    "deep.json",
    "folder.json",
    "pipe.json",
    "endless.json",
    "dangling.json",
    "huge.json",
];

#[test]
fn a_plan_file_that_is_none_is_refused() {
    let package = package();
    for file in GARBAGE {
        for command in [&["apply", "--yes"][..], &["plan"], &["drift"], &["import", "step", "--yes", "--plan"]] {
            package.run(&[command, &[file]].concat()).exits(2).says(file);
        }
    }
    package.run(&["plan", "pipe.json"]).exits(2).says("it is not a file");
    package.run(&["plan", "huge.json"]).exits(2).says("bytes are more than");
}

#[test]
fn a_journal_that_is_none_is_refused() {
    let package = package();
    // What is empty may become a journal, and what is not there is told to be so.
    for file in GARBAGE.iter().filter(|file| !["empty.json", "dangling.json"].contains(file)) {
        let commands: [&[&str]; 9] = [
            &["apply", "--yes"],
            &["resume"],
            &["undo", "latest", "--yes"],
            &["cancel"],
            &["approve", "latest", "--policy", "X"],
            &["executions"],
            &["trace"],
            &["replay"],
            &["audit", "verify"],
        ];
        for command in commands {
            package.run(&[command, &["--journal", file]].concat()).exits(2).says(file);
        }
    }
    for file in ["folder.json", "pipe.json", "endless.json"] {
        package.run(&["executions", "--journal", file]).exits(2).says("not a file");
        package.run(&["apply", "--yes", "--journal", file]).exits(2).says("it is not a file");
    }
    assert_eq!(package.read("text.json"), "no journal, no plan, no checkpoint, no key");
}

#[test]
fn a_checkpoint_or_a_key_that_is_none_is_refused() {
    let package = package();
    for file in GARBAGE {
        package.run(&["audit", "verify", "--checkpoint", file]).exits(2).says(file);
        package.run(&["audit", "checkpoint", "--key", file]).exits(2).says(file);
        package.run(&["key", "show", file]).exits(2).says(file);
        package.run(&["apply", "--yes", "--checkpoint-key", file]).exits(2).says(file);
    }
    assert_eq!(package.run(&["executions", "--json"]).json()["executions"].as_array().unwrap().len(), 1);
}

#[test]
fn approvers_that_are_none_are_refused() {
    let package = package();
    for (name, content) in [("bytes", &b"\xff\xfe"[..]), ("text", b"people = 1"), ("unknown", b"[person.a]\n")] {
        package.write("approvers.toml", content);
        let run = package.run(&["apply", "--yes"]);
        assert!(run.code == Some(2) && run.stderr.contains("approvers.toml"), "{name}: {run}");
    }
    package.remove("approvers.toml");
    pipe(&package, "approvers.toml");
    package.run(&["apply", "--yes"]).exits(2).says("it is not a file");
}

#[test]
fn an_execution_is_named_by_its_id_and_by_nothing_else() {
    let package = package();
    for id in ["", "../../etc/passwd", "/etc/passwd", "%", "_", "' OR 1=1 --", "a\nb\u{1b}[31m", &"x".repeat(10_000)] {
        for command in ["resume", "undo", "cancel", "executions", "trace", "replay"] {
            let more: &[&str] = if command == "undo" { &["--yes"] } else { &[] };
            package.run(&[&[command, id], more].concat()).exits(2);
        }
    }
    // The variable of a script that was not set.
    package.run(&["undo", "", "--yes"]).exits(2).says("no execution is named");
    assert_eq!(package.read("page"), "hello");
    package.run(&["undo", "latest", "--yes"]).exits(0);
    package.run(&["cancel", "latest"]).exits(2).says("was undone");
}

#[test]
fn options_that_would_be_ignored_are_refused() {
    let package = package();
    for option in [["--parallel", "2"], ["--within", "3"], ["--journal", "other.db"]] {
        package.run(&["plan", option[0], option[1]]).exits(2).says("--refresh");
        package.run(&["plan", "--refresh", option[0], option[1]]).exits(0);
    }
}
