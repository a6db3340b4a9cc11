//! The adapter for files.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use ordain_graph::{OnFailure, Value};
use ordain_runtime::{Reason, State};
use serde_json::json;

use crate::support::{Place, Plan, failure, output, outputs, text};

const DIGEST_OF_HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

#[test]
fn files_are_written_read_copied_and_removed() {
    let mut plan = Plan::new();
    let write = plan.step(
        "write",
        "file.write",
        &[("path", text("a/./b/c.txt")), ("content", text("hello")), ("mode", text("600"))],
    );
    let read = plan.step("read", "file.read", &[("path", output(write, "path"))]);
    let copy = plan.step("copy", "file.copy", &[("from", output(write, "path")), ("to", text("d/e.txt"))]);
    let remove = plan.step("remove", "file.remove", &[("path", output(write, "path"))]);
    plan.after(remove, &[read, copy]);
    let absent = plan.step("absent", "file.remove", &[("path", text("no/such/file"))]);
    plan.after(absent, &[remove]);
    let place = Place::new();
    let report = place.execute(&plan.finish());
    let digest = json!({ "$digest": DIGEST_OF_HELLO });
    let written = json!({ "path": "a/b/c.txt", "digest": digest, "bytes": { "$bytes": 5 } });
    assert_eq!(outputs(&report, "write"), written);
    assert_eq!(outputs(&report, "read"), json!({ "content": "hello", "digest": digest }));
    assert_eq!(outputs(&report, "copy")["digest"], digest);
    assert_eq!(outputs(&report, "remove"), json!({ "removed": true }));
    assert_eq!(outputs(&report, "absent"), json!({ "removed": false }));
    assert_eq!(place.read("d/e.txt"), "hello");
    assert_eq!(place.path("d/e.txt").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // Nothing is left but what was asked for.
    assert_eq!(std::fs::read_dir(place.path("d")).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(place.path("a/b")).unwrap().count(), 0);
}

#[test]
fn writing_replaces_the_whole_file() {
    let mut plan = Plan::new();
    plan.step("write", "file.write", &[("path", text("a.txt")), ("content", text("new"))]);
    let place = Place::new();
    std::fs::write(place.path("a.txt"), "something longer").unwrap();
    place.execute(&plan.finish());
    assert_eq!(place.read("a.txt"), "new");
}

#[test]
fn directories_are_made_and_removed() {
    let mut plan = Plan::new();
    let remove = |plan: &mut Plan, address: &str, path: &str, recursive: bool, after: u32| {
        let inputs = [("path", text(path)), ("recursive", Value::Bool(recursive))];
        let at = plan.step(address, "directory.remove", &inputs);
        plan.after(at, &[after]);
        at
    };
    let make = plan.step("make", "directory.ensure", &[("path", text("a/b"))]);
    let again = plan.step("again", "directory.ensure", &[("path", text("a"))]);
    plan.after(again, &[make]);
    let full = remove(&mut plan, "full", "a", false, again);
    let all = remove(&mut plan, "all", "a", true, full);
    remove(&mut plan, "absent", "a/b/c", false, all);
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(outputs(&report, "make"), json!({ "path": "a/b", "created": true }));
    assert_eq!(outputs(&report, "again"), json!({ "path": "a", "created": false }));
    assert_eq!(outputs(&report, "full"), json!({ "removed": false }));
    assert_eq!(outputs(&report, "all"), json!({ "removed": true }));
    assert_eq!(outputs(&report, "absent"), json!({ "removed": false }));
    assert!(!place.path("a").exists());
}

#[test]
fn no_path_leads_out_of_the_workspace() {
    let place = Place::new();
    let outside = place.outside().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("file"), "untouched").unwrap();
    symlink(&outside, place.path("absolute")).unwrap();
    symlink("../outside", place.path("relative")).unwrap();
    symlink("../outside/file", place.path("file")).unwrap();
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    let outside_file = outside.join("file");
    let paths = ["../outside/file", "absolute/file", "relative/file", outside_file.to_str().unwrap(), "a/../../x", ""];
    for (index, path) in paths.iter().enumerate() {
        let inputs = [("path", text(path))];
        plan.step(&format!("read {index}"), "file.read", &inputs);
        plan.step(&format!("remove {index}"), "file.remove", &inputs);
        plan.step(&format!("ensure {index}"), "directory.ensure", &inputs);
        plan.step(
            &format!("clear {index}"),
            "directory.remove",
            &[("path", text(path)), ("recursive", Value::Bool(true))],
        );
        plan.step(&format!("write {index}"), "file.write", &[("path", text(path)), ("content", text("x"))]);
        plan.step(&format!("copy {index}"), "file.copy", &[("from", text("own")), ("to", text(path))]);
        plan.step(&format!("copy from {index}"), "file.copy", &[("from", text(path)), ("to", text("copied"))]);
    }
    plan.step("link", "file.read", &[("path", text("file"))]);
    std::fs::write(place.path("own"), "own").unwrap();
    let report = place.execute(&plan.finish());
    for node in &report.nodes {
        assert_eq!(failure(&report, &node.address).0, Reason::PathRefused, "{}: {:?}", node.address, node.outcome);
    }
    assert_eq!(std::fs::read_to_string(outside.join("file")).unwrap(), "untouched");
    assert!(!place.path("copied").exists());
}

#[test]
fn a_link_is_replaced_or_removed_itself() {
    let place = Place::new();
    std::fs::write(place.path("target"), "target").unwrap();
    for link in ["write", "remove"] {
        symlink("target", place.path(link)).unwrap();
    }
    let mut plan = Plan::new();
    plan.step("write", "file.write", &[("path", text("write")), ("content", text("new"))]);
    plan.step("remove", "file.remove", &[("path", text("remove"))]);
    place.execute(&plan.finish());
    assert_eq!((place.read("target"), place.read("write")), ("target".into(), "new".into()));
    assert!(!place.path("remove").exists());
}

#[test]
fn what_is_no_readable_file_is_refused() {
    let place = Place::new();
    std::fs::write(place.path("binary"), [0xff, 0xfe]).unwrap();
    std::fs::create_dir(place.path("directory")).unwrap();
    std::fs::File::create(place.path("large")).unwrap().set_len((16 << 20) + 1).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success());
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    let cases = [
        ("binary", "UTF-8"),
        ("directory", "not a file"),
        ("large", "16 MiB"),
        ("pipe", "not a file"),
        ("absent", "No such"),
    ];
    for (path, _) in cases {
        plan.step(path, "file.read", &[("path", text(path))]);
    }
    plan.step("remove", "file.remove", &[("path", text("directory"))]);
    plan.step("mode", "file.write", &[("path", text("x")), ("content", text("")), ("mode", text("rwx"))]);
    plan.step("above", "file.write", &[("path", text("binary/x")), ("content", text(""))]);
    let report = place.execute(&plan.finish());
    for (path, why) in cases {
        let (reason, message) = failure(&report, path);
        assert_eq!(reason, Reason::FileFailed);
        assert!(message.contains(why), "{message}");
    }
    assert_eq!(failure(&report, "remove").0, Reason::FileFailed);
    assert_eq!(failure(&report, "mode").0, Reason::InputMismatch);
    assert_eq!(failure(&report, "above").0, Reason::FileFailed);
}

#[test]
fn the_journal_and_the_workspace_cannot_be_removed() {
    let place = Place::new();
    let observer = |_| {};
    let mut options = place.options(&observer);
    options.journal = place.path(".state/journal.db");
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    plan.step("write", "file.write", &[("path", text(".state/journal.db")), ("content", text(""))]);
    plan.step("wal", "file.remove", &[("path", text(".state/journal.db-wal"))]);
    symlink(".state", place.path("link")).unwrap();
    plan.step("linked", "file.remove", &[("path", text("link/journal.db"))]);
    for path in [".state", "."] {
        let inputs = [("path", text(path)), ("recursive", Value::Bool(true))];
        plan.step(path, "directory.remove", &inputs);
    }
    let report = ordain_runtime::execute(&plan.finish(), &options).unwrap();
    for node in &report.nodes {
        assert_eq!(failure(&report, &node.address).0, Reason::PathRefused, "{}", node.address);
    }
    assert_eq!(report.state, State::Failed);
    assert!(place.path(".state/journal.db").exists());
}
