//! What is refused says so by a code that never changes, whichever command refuses it.

use std::fs;

use crate::ordain::shell;
use crate::package::Package;

const SOURCE: &str = r#"
use std.file.{builtin.file, file}

environment here: {} {
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

plan save(env: {} = here) {
  file.write { path: "saved.txt", content: "saved" }
}
"#;

/// Every command that looks at a journal.
const LOOKING: [&[&str]; 6] =
    [&["executions"], &["trace"], &["replay"], &["audit", "verify"], &["resume"], &["cancel", "latest"]];

#[test]
fn plan_files_that_are_none() {
    let package = Package::of(SOURCE);
    package.run(&["plan", "save", "--json", "--output", "plan.json"]).exits(0);
    let plan = package.read("plan.json");
    for (text, message, code) in [
        ("not a plan".to_owned(), "not JSON", "plan_unreadable"),
        ("[]".to_owned(), "a plan file is a JSON object, and this is none", "plan_malformed"),
        ("{}".to_owned(), "it names no format, this version reads `ordain.plan/1`", "plan_format"),
        (plan.replace("ordain.plan/1", "ordain.plan/9"), "the format is `ordain.plan/9`", "plan_format"),
        (plan.replace("saved.txt", "other.txt"), "the file was changed or damaged", "plan_changed"),
    ] {
        package.write("changed.json", text);
        for command in [&["plan", "changed.json"][..], &["apply", "changed.json", "--yes"]] {
            package.run(command).exits(2).says(message).says(&format!("[{code}]"));
        }
    }
    assert!(!package.file("other.txt").exists() && !package.file("saved.txt").exists());
}

#[test]
fn journals_and_executions_that_are_none() {
    let package = Package::of(SOURCE);
    for command in LOOKING {
        package.run(command).exits(2).says("there is no journal").says("[journal_missing]");
    }
    package.run(&["apply", "--yes"]).exits(0);
    package.run(&["resume"]).exits(2).says("has ended").says("[execution_ended]");
    package.run(&["cancel", "latest"]).exits(2).says("[execution_ended]");
    package.run(&["trace", "none"]).exits(2).says("[execution_unknown]");
    package.run(&["resume", "none"]).exits(2).says("[execution_unknown]");
    fs::remove_dir_all(package.file(".ordain")).unwrap();
    package.write(".ordain/journal.db", "these are my notes, and they are long enough to be one page of something");
    for command in LOOKING {
        package.run(command).exits(2).says("is not a journal").says("[journal_foreign]");
    }
    package.run(&["apply", "--yes"]).exits(2).says("[journal_foreign]");
}

#[test]
fn what_lies_in_the_place_of_a_directory_is_named() {
    let package = Package::of(SOURCE);
    package.write(".ordain", "");
    package.run(&["apply", "--yes"]).exits(2).says("/.ordain` is no directory").says("[journal_unavailable]");
    fs::remove_file(package.file(".ordain")).unwrap();
    std::os::unix::fs::symlink("nowhere", package.file(".ordain")).unwrap();
    package.run(&["apply", "--yes"]).exits(2).says("/.ordain` is no directory").says("[journal_unavailable]");
    package.run(&["plan", "--output", "nowhere/plan.json"]).exits(2).says("`nowhere/plan.json`: No such file");
}

/// No file may grow beyond a block, as on a disk that is full: SQLite can make no index of a log there.
#[test]
fn a_full_disk_is_read_and_told() {
    let package = Package::of(SOURCE);
    package.run(&["apply", "--yes"]).exits(0);
    fs::remove_file(package.file("saved.txt")).unwrap();
    let full =
        |command: &str| shell(package.path(), &format!("trap '' XFSZ; ulimit -f 1; ordain {command}")).run([""; 0]);
    assert!(full("executions").exits(0).text().contains("succeeded"));
    assert!(full("trace").exits(0).text().contains("succeeded"));
    assert!(full("audit verify").exits(0).text().contains("rows follow from each other"));
    full("replay").exits(0);
    full("apply --yes").exits(2).says("the disk is full: the journal").says("[journal_full]");
    assert!(!package.file("saved.txt").exists());
    package.run(&["apply", "--yes"]).exits(0);
}

/// Whoever was to make the journal was killed before there was anything in it.
#[test]
fn an_empty_journal_is_one_without_executions() {
    let package = Package::of(SOURCE);
    package.write(".ordain/journal.db", "");
    assert_eq!(package.run(&["executions", "--json"]).exits(0).json()["executions"], serde_json::json!([]));
    let verified = package.run(&["audit", "verify"]).exits(1);
    assert!(verified.text().contains("the log is empty"), "{verified}");
    package.run(&["resume"]).exits(2);
    package.run(&["apply", "--yes"]).exits(0);
    assert_eq!(package.run(&["executions", "--json"]).exits(0).json()["executions"].as_array().unwrap().len(), 1);
}
