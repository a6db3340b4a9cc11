//! What documents say stands in reports, and must not become more than a part of them; what is written goes where it was
//! told to, and nothing else changes.

use std::os::unix::fs::FileTypeExt as _;

use serde_json::json;

use crate::ordain::shell;
use crate::package::Package;
use crate::skipping::skipped;

const SOURCE: &str = r#"type State = { names: List<String> }

policy named {
  code "P-1" severity high
  on input: State
  for name in input.names
  when name != "fine"
  deny "the name {name} is odd"
}

gate g {
  input state: State = json("s.json")
  check [named]
}
"#;

fn package(name: &str) -> Package {
    let package = Package::of(SOURCE);
    package.write("s.json", json!({ "names": [name] }).to_string());
    package
}

#[test]
fn lines_of_documents_are_no_lines_of_reports() {
    let package = package("a\n::error file=x::forged\r\u{9b}2Jb\u{2028}c\u{1b}[31m");
    for format in ["text", "short"] {
        let run = package.run(&["gate", "--format", format]).exits(1);
        let text = format!("{}{}", run.text(), run.stderr);
        assert!(text.lines().all(|line| !line.starts_with("::error")), "{run}");
        assert!(!text.contains(['\r', '\u{9b}', '\u{2028}', '\u{1b}']), "{text:?}");
        assert!(text.contains("a⏎::error file=x::forged"), "{run}");
    }
    package.write(
        "main.ord",
        "type User = {}\ntype Request = { principal: Ref<User>, action: String, resource: Ref<User> }\n",
    );
    package.write(
        "request.json",
        json!({ "principal": { "type": "User", "id": "a\npermit: all" }, "action": "x", "resource": { "type": "User", "id": "b" } })
            .to_string(),
    );
    let run = package.run(&["authorize", "request.json"]).exits(1);
    assert!(run.text().lines().all(|line| !line.starts_with("permit")), "{run}");
}

/// XML 1.0 has no way at all to write these.
#[test]
fn what_xml_cannot_hold_is_not_written_into_it() {
    let package = package("a\u{fffe}b\u{ffff}c\u{0}d\u{8}e<&]]>");
    package.run(&["gate", "--junit", "junit.xml"]).exits(1);
    let text = package.read("junit.xml");
    let odd = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || (c.is_control() && !matches!(c, '\n' | '\t' | '\r'));
    assert!(!text.contains(odd), "{text:?}");
    assert!(text.contains("P-1"), "{text}");
}

#[test]
fn pipes_and_devices_are_written_to_and_stay() {
    let package = package("fine");
    // The reader waits for the writer, and the writer for the reader.
    let run = shell(package.path(), "mkfifo pipe && { cat pipe > read & ordain gate --junit pipe && wait; }");
    let run = run.run(<[&str; 0]>::default());
    assert_eq!(run.code, Some(0), "{run}");
    assert!(std::fs::metadata(package.file("pipe")).unwrap().file_type().is_fifo());
    assert!(package.read("read").contains("<testsuites"), "{}", package.read("read"));
}

/// A full disk is a failure, and no panic.
#[test]
fn what_cannot_be_written_is_told() {
    let package = package("fine");
    package.write("main.ord", "const   a  = 1\n");
    if !std::path::Path::new("/dev/full").exists() {
        skipped("there is no /dev/full here");
        return;
    }
    for command in ["fmt --check", "fix", "plan", "executions --json", "doc"] {
        let run = shell(package.path(), &format!("ordain {command} > /dev/full")).run(<[&str; 0]>::default());
        assert_ne!(run.code, Some(101), "{command}: {run}");
    }
    shell(package.path(), "ordain fmt --check > /dev/full").run(<[&str; 0]>::default()).exits(2).says("No space left");
}
