//! The lock: written, reviewed, and what plans are held to.

use std::fs;
use std::process::Command;

use serde_json::Value as Json;

use crate::package::Package;

/// A plan in an environment whose adapter is a program of the package, and a dependency with an environment of its own.
const MAIN: &str = r#"
use adapters.{by_script}
use notes.{note}

type Place = {}

environment here: Place {
  bind note.write to by_script
}

plan write(env: Place = here) {
  note.write { text: "hello" }
}
"#;

const NOTES: &str = r#"
capability note.write {
  version "1.0.0"
  input { text: String }
  effect write
  risk low
}
"#;

const ADAPTERS: &str = r#"
use notes.{note}

adapter by_script {
  version "1.0.0"
  provides note.write ^1.0
  run process ["./notes.sh"]
}
"#;

/// An adapter that does one note.
const SCRIPT: &str = r#"#!/bin/sh
while read -r line; do
  id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  case "$line" in
    *'"initialize"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocol":1}}' ;;
    *'"describe"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"name":"notes","version":"1.0.0","capabilities":{"note.write":{"version":"1.0.0"}}}}' ;;
    *'"apply"'*) echo x >> applied; echo '{"jsonrpc":"2.0","id":'$id',"result":{"outputs":{}}}' ;;
  esac
done
"#;

/// The package, in a folder beside the one it depends on.
fn package() -> Package {
    let package = Package::empty();
    package.write(
        "ordain.toml",
        "[package]\nname = \"test\"\nversion = \"0.1.0\"\n[dependencies]\nshared = { path = \"shared\" }\n",
    );
    package.write("shared/ordain.toml", "[package]\nname = \"shared\"\nversion = \"1.0.0\"\n");
    package.write("shared/names.ord", "const greeting = \"hello\"\n");
    package.write("main.ord", MAIN);
    package.write("notes.ord", NOTES);
    package.write("adapters.ord", ADAPTERS);
    package.write("notes.sh", SCRIPT);
    executable(&package);
    package
}

fn executable(package: &Package) {
    assert!(Command::new("chmod").args(["+x", "notes.sh"]).current_dir(package.path()).status().unwrap().success());
}

fn locked() -> Package {
    let package = package();
    package.run(&["lock"]).exits(0).says("1 adapter, 1 binding, 2 packages");
    package
}

fn edit(package: &Package, file: &str, from: &str, to: &str) {
    let text = package.read(file);
    assert!(text.contains(from), "{file} has no `{from}`");
    package.write(file, text.replacen(from, to, 1));
}

/// What `lock --check` finds: code, message, and the text that it points to.
fn found(package: &Package) -> Vec<(String, String, String)> {
    let run = package.run(&["lock", "--check", "--json"]);
    let json = run.json();
    let findings = json["findings"].as_array().unwrap_or_else(|| panic!("{run}")).clone();
    assert_eq!(run.code, Some(i32::from(!findings.is_empty())), "{run}");
    // People see the same.
    package.run(&["lock", "--check"]).exits(i32::from(!findings.is_empty()));
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let at = |finding: &Json| {
        let (from, to) = (&finding["primary"]["range"]["start"], &finding["primary"]["range"]["end"]);
        let file = fs::read(package.file(finding["primary"]["path"].as_str().unwrap())).unwrap_or_default();
        let bytes = &file[from.as_u64().unwrap() as usize..to.as_u64().unwrap() as usize];
        String::from_utf8_lossy(bytes).into_owned()
    };
    findings.iter().map(|finding| (text(&finding["code"]), text(&finding["message"]), at(finding))).collect()
}

fn differs(message: &str, at: &str) -> Vec<(String, String, String)> {
    vec![("ORD0711".into(), message.into(), at.into())]
}

#[test]
fn a_lock_is_canonical_reviewable_and_the_same_everywhere() {
    let package = locked();
    let text = package.read("ordain.lock");
    let json: Json = serde_json::from_str(&text).unwrap();
    let schema: Json = serde_json::from_str(include_str!("../docs/schemas/lock-1.schema.json")).unwrap();
    assert!(jsonschema::draft202012::is_valid(&schema, &json), "{text}");
    assert_eq!(json["format"], "ordain.lock/1");
    assert_eq!(json["bindings"]["test.main.here"]["test.notes.note.write"]["adapter"], "test.adapters.by_script");
    assert_eq!(json["adapters"]["test.adapters.by_script"]["files"].as_object().unwrap().len(), 1);
    assert_eq!(json["packages"].as_object().unwrap().keys().collect::<Vec<_>>(), ["shared", "std"]);
    // A line for each thing that can change.
    assert!(text.contains("\n      \"version\": \"1.0.0\"\n"), "{text}");
    assert!(!text.contains(package.path().to_str().unwrap()), "{text}");
    package.run(&["lock", "--check"]).exits(0);
    let again = package.run(&["lock", "--json"]).exits(0).json();
    assert_eq!((&again["written"], &again["differences"]), (&false.into(), &serde_json::json!([])));
    assert!(again["hash"].as_str().unwrap().starts_with("sha256:"));
    let other = locked();
    assert_eq!(other.read("ordain.lock"), text);
    // White space and line breaks of another system are no difference.
    package.write("ordain.lock", text.replace('\n', "\r\n"));
    package.run(&["lock", "--check"]).exits(0);
    package.run(&["apply", "--yes"]).exits(0);
}

#[test]
fn what_differs_is_told_where_the_lock_says_otherwise() {
    let package = locked();
    assert_eq!(found(&package), []);
    let lock: Json = serde_json::from_str(&package.read("ordain.lock")).unwrap();
    let quoted = |json: &Json| json.to_string();

    edit(&package, "shared/names.ord", "hello", "good bye");
    let digest = quoted(&lock["packages"]["shared"]["digest"]);
    assert_eq!(found(&package), differs("the package `shared` was changed since it was locked", &digest));
    edit(&package, "shared/names.ord", "good bye", "hello");

    edit(&package, "shared/ordain.toml", "1.0.0", "1.1.0");
    let message = "the package `shared` has version 1.1.0, the lock says 1.0.0";
    assert_eq!(found(&package), differs(message, "\"1.0.0\""));
    edit(&package, "shared/ordain.toml", "1.1.0", "1.0.0");

    package.write("notes.sh", format!("{SCRIPT}# changed\n"));
    let file = &lock["adapters"]["test.adapters.by_script"]["files"]["./notes.sh"];
    let message = "`./notes.sh` of the adapter `test.adapters.by_script` is not the file of the lock";
    assert_eq!(found(&package), differs(message, &quoted(file)));
    package.write("notes.sh", SCRIPT);

    edit(&package, "adapters.ord", "\"1.0.0\"", "\"1.2.0\"");
    let message = "the adapter `test.adapters.by_script` has version 1.2.0, the lock says 1.0.0";
    assert_eq!(found(&package), differs(message, "\"1.0.0\""));
    edit(&package, "adapters.ord", "\"1.2.0\"", "\"1.0.0\"");

    edit(&package, "notes.ord", "risk low", "risk medium");
    let contract = &lock["bindings"]["test.main.here"]["test.notes.note.write"]["contract"];
    let message = "`test.notes.note.write` in `test.main.here` has another contract (1.0.0) than the lock says (1.0.0)";
    assert_eq!(found(&package), differs(message, &quoted(contract)));
    edit(&package, "notes.ord", "risk medium", "risk low");

    edit(&package, "main.ord", "  bind note.write to by_script\n", "");
    edit(&package, "main.ord", "use adapters.{by_script}\n", "");
    let removed = found(&package);
    assert_eq!(removed.len(), 2, "{removed:?}");
    assert_eq!(removed[0].2, "\"test.adapters.by_script\"");
    assert_eq!(removed[1].2, "\"test.notes.note.write\"");
    package.write("main.ord", MAIN);

    // The package's own sources are no part of it.
    edit(&package, "main.ord", "hello", "good bye");
    assert_eq!(found(&package), []);
    fs::remove_file(package.file("ordain.lock")).unwrap();
    assert_eq!(found(&package), differs("the package has no `ordain.lock`", ""));
}

#[test]
fn plans_are_refused_until_somebody_locks_anew() {
    let package = locked();
    package.run(&["plan"]).exits(0);
    edit(&package, "shared/names.ord", "hello", "good bye");
    for command in [&["plan"][..], &["apply", "--yes"], &["drift"], &["import", "note.write", "--yes"]] {
        let run = package.run(command).exits(1).says("ORD0711").says("run `ordain lock`");
        assert!(run.stdout.is_empty(), "{run}");
    }
    assert!(!package.file("applied").exists());
    package.run(&["lock"]).exits(0).says("the package `shared` was changed since it was locked").says("wrote");
    package.run(&["apply", "--yes"]).exits(0);
    // Without a lock there is nothing to be held to.
    package.remove("ordain.lock");
    edit(&package, "shared/names.ord", "good bye", "hello");
    package.run(&["apply", "--yes"]).exits(0);
}

#[test]
fn a_plan_file_is_held_to_the_lock() {
    let package = locked();
    let plan = |package: &Package, file: &str| drop(package.run(&["plan", "--json", "-o", file]).exits(0));
    plan(&package, "plan.json");
    package.run(&["apply", "plan.json", "--yes"]).exits(0);
    // A plan that was made with another program, which is there now.
    package.write("notes.sh", format!("{SCRIPT}# changed\n"));
    let lock = package.read("ordain.lock");
    package.run(&["lock"]).exits(0);
    plan(&package, "other.json");
    package.write("ordain.lock", lock);
    let run = package.run(&["apply", "other.json", "--yes", "--json"]).exits(2);
    let run = run
        .says("lock_differs")
        .says("`./notes.sh` of the adapter `test.adapters.by_script` is not the file of the lock");
    assert_eq!(serde_json::from_slice::<Json>(&run.stdout).unwrap()["reason"], "lock_differs");
    // The lock is right, and the program is another: that is told, too.
    package.run(&["apply", "plan.json", "--yes"]).exits(2).says("adapter_changed");
    package.write("notes.sh", SCRIPT);
    package.run(&["apply", "plan.json", "--yes"]).exits(0);
    assert_eq!(package.read("applied"), "x\nx\n");
}

#[test]
fn an_execution_goes_on_by_what_it_began_with() {
    let package = locked();
    package.run(&["apply", "--yes"]).exits(0);
    package.write("ordain.lock", "{}");
    // There is nothing to undo, and the lock is not what keeps it from it.
    let id = package.run(&["executions", "--json"]).exits(0).json()["executions"][0]["id"].as_str().unwrap().to_owned();
    let run = package.run(&["undo", &id, "--yes"]);
    assert!(!run.stderr.contains("lock"), "{run}");
}

#[test]
fn a_lock_that_cannot_be_read_is_refused_and_written_anew() {
    let package = locked();
    let text = package.read("ordain.lock");
    package.run(&["plan", "--json", "-o", "plan.json"]).exits(0);
    let twice = text.replacen("\"format\"", "\"format\": \"ordain.lock/1\",\n  \"format\"", 1);
    let conflict = text.replacen("  \"packages\"", "<<<<<<< HEAD\n  \"packages\"", 1);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut huge = text.clone().into_bytes();
    huge.resize((16 << 20) + 1, b' ');
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("empty", Vec::new(), "EOF while parsing"),
        ("garbage", b"\0\x01nonsense".to_vec(), "expected value"),
        ("conflict", conflict.into_bytes(), "key must be a string"),
        ("truncated", text.as_bytes()[..text.len() / 2].to_vec(), "EOF while parsing"),
        ("another value", b"[1, 2]".to_vec(), "invalid type"),
        ("unknown member", text.replacen("\"format\"", "\"note\": 1, \"format\"", 1).into_bytes(), "unknown field"),
        ("twice", twice.into_bytes(), "duplicate field"),
        ("no digest", text.replacen("sha256:", "sha1:", 1).into_bytes(), "expected a digest"),
        ("not UTF-8", [text.as_bytes(), b"\xff"].concat(), "not UTF-8 from byte"),
        ("deep", deep.into_bytes(), "invalid type"),
    ];
    for (name, bytes, why) in cases.into_iter().chain([("huge", huge, "more than the 16777216")]) {
        package.write("ordain.lock", &bytes);
        for command in [&["plan"][..], &["apply", "plan.json", "--yes"], &["lock", "--check"]] {
            let run = package.run(command).exits(1);
            assert!(run.stderr.contains("ORD0710") && run.stderr.contains(why), "{name}: {run}");
        }
        package.run(&["lock"]).exits(0).says("wrote");
        assert_eq!(package.read("ordain.lock"), text, "{name}");
    }
    // In another order it is JSON, and not canonical.
    let json: Json = serde_json::from_str(&text).unwrap();
    let shuffled = format!(
        "{{\"packages\":{},\"format\":{},\"bindings\":{},\"adapters\":{}}}",
        json["packages"], json["format"], json["bindings"], json["adapters"]
    );
    package.write("ordain.lock", shuffled);
    package.run(&["plan"]).exits(1).says("canonical");
    package.run(&["lock"]).exits(0);
    assert_eq!(package.read("ordain.lock"), text);
}

#[test]
fn a_lock_of_another_version_is_not_overwritten() {
    let package = locked();
    let newer = package.read("ordain.lock").replacen("ordain.lock/1", "ordain.lock/2", 1);
    let newer = newer.replacen("\"format\"", "\"environments\": {},\n  \"format\"", 1);
    package.write("ordain.lock", &newer);
    package.run(&["plan"]).exits(1).says("ORD0710").says("`ordain.lock/2`");
    package.run(&["lock"]).exits(2).says("`ordain.lock/2`");
    assert_eq!(package.read("ordain.lock"), newer);
}

#[test]
fn what_is_no_file_is_no_lock() {
    let package = package();
    fs::create_dir(package.file("ordain.lock")).unwrap();
    package.run(&["plan"]).exits(1).says("ORD0710");
    package.run(&["lock"]).exits(2).says("ordain.lock");
    fs::remove_dir(package.file("ordain.lock")).unwrap();
    assert!(Command::new("mkfifo").arg(package.file("ordain.lock")).status().unwrap().success());
    package.run(&["plan"]).exits(1).says("it is not a file");
    package.run(&["lock"]).exits(2).says("it is not a file");
    package.run(&["lock", "--check"]).exits(1).says("ORD0710");
}

#[test]
fn only_packages_without_errors_have_locks() {
    let package = package();
    edit(&package, "main.ord", "to by_script", "to by_nobody");
    package.run(&["lock"]).exits(1).says("ORD0201");
    assert!(!package.file("ordain.lock").exists());
    let lone = tempfile::TempDir::new().unwrap();
    fs::write(lone.path().join("lone.ord"), "const a = 1\n").unwrap();
    crate::ordain::ordain(lone.path()).run(["lock", "lone.ord"]).exits(2).says("only packages have locks");
}
