//! Exit codes: 0 fine, 1 findings, 2 usage or I/O. For every command.

use std::fs;

use crate::ordain::{ordain, shell};
use crate::package::Package;

const SOUND: &str = r#"use std.command.{builtin.command, command}

type Machine = { name: String }

environment local: Machine {
  name: "here"
  bind command.run to builtin.command
}

plan hello(greeting: String = "hello", env: Machine = local) {
  command.run { argv: ["echo", greeting, env.name] }
}
"#;

/// Formatted, but wrong.
const WRONG: &str = "const count: Int = \"three\"\n";

#[test]
fn a_sound_package_is_fine() {
    let package = Package::of(SOUND);
    package.run(&["check"]).exits(0);
    package.run(&["check", "main.ord"]).exits(0);
    package.run(&["plan"]).exits(0);
    package.run(&["plan", "hello", "--json"]).exits(0);
    package.run(&["fmt", "--check"]).exits(0);
    package.run(&["fix", "--dry-run"]).exits(0);
    package.run(&["eval", "1 + 1"]).exits(0);
    package.run(&["doc"]).exits(0);
    package.run(&["explain", "ORD0301"]).exits(0);
    package.run(&["explain"]).exits(0);
    package.run(&["apply", "--yes"]).exits(0);
}

#[test]
fn findings_are_told_by_1() {
    let package = Package::of(WRONG);
    package.run(&["check"]).exits(1).says("ORD0301");
    package.run(&["plan"]).exits(1).says("ORD0301");
    package.run(&["apply", "--yes"]).exits(1).says("ORD0301");
    package.run(&["eval", "1 +"]).exits(1).says("expected an expression");
    package.run(&["eval", "count + \"\""]).exits(1);
    package.write("main.ord", "const   a   =   1\n");
    package.run(&["fmt", "--check"]).exits(1);
}

#[test]
fn warnings_are_no_findings_unless_denied() {
    let package = Package::of("use std.types.{Name}\n\nconst one = 1\n");
    package.run(&["check"]).exits(0).says("ORD0207");
    package.run(&["check", "--deny-warnings"]).exits(1).says("ORD0207");
}

#[test]
fn a_wrong_use_is_told_by_2() {
    let package = Package::of(SOUND);
    for arguments in [
        &["nonsense"][..],
        &[],
        &["check", "--no-such-option"],
        &["check", "no/such/folder"],
        &["check", "--format", "morse"],
        &["plan", "no_such_plan"],
        &["plan", "no_such_file.json"],
        &["plan", "--arg", "without_a_sign"],
        &["plan", "-p", "no/such/folder"],
        &["apply", "no_such_plan", "--yes"],
        &["apply", "no_such_file.json", "--yes"],
        &["explain", "ORD9999"],
        &["explain", "nonsense"],
        &["completions", "nonsense"],
        &["fmt", "no/such/file.ord"],
        &["init"],
        &["--threads", "many", "check"],
        &["plan", "-o", "no/such/folder/plan.json"],
    ] {
        let run = package.run(arguments).exits(2);
        assert!(!run.stderr.is_empty(), "says nothing of what is wrong: {run}");
    }
}

#[test]
fn without_a_package_the_way_to_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["check", "plan", "apply"] {
        ordain(folder.path()).run([command]).exits(2).says("ordain init");
    }
}

#[test]
fn arguments_of_plans_are_checked() {
    let package = Package::of(SOUND);
    package.run(&["plan", "-a", "greeting=hi"]).exits(0);
    package.run(&["plan", "-a", "grating=hi"]).exits(1).says("grating");
    package.write("main.ord", "plan p(count: Int where 1..=3, when: Date) {}\n");
    package.run(&["plan"]).exits(1).says("ORD0609");
    package.run(&["plan", "-a", "count=7", "-a", "when=2027-01-01"]).exits(1).says("ORD0610");
    package.run(&["plan", "-a", "count=2", "-a", "when=2027-02-30"]).exits(1).says("ORD0610");
    package.run(&["plan", "-a", "count=2", "-a", "when=2027-02-28"]).exits(0);
}

#[test]
fn a_new_package_works_at_once() {
    let folder = tempfile::tempdir().unwrap();
    ordain(folder.path()).run(["init", "first"]).exits(0);
    let package = folder.path().join("first");
    ordain(&package).run(["check", "--deny-warnings"]).exits(0);
    ordain(&package).run(["fmt", "--check"]).exits(0);
    ordain(&package).run(["plan", "hello", "-a", "name=world"]).exits(0);
    ordain(&package).run(["apply", "hello", "-a", "name=world", "--yes"]).exits(0);
    // A second time would overwrite what is there.
    ordain(folder.path()).run(["init", "first"]).exits(2).says("there already");
}

#[test]
fn a_failing_step_is_a_finding() {
    let package = Package::of(SOUND.replace("\"echo\"", "\"false\""));
    package.run(&["apply", "--yes"]).exits(1).says("command_failed");
}

#[test]
fn nobody_is_asked_where_nobody_can_answer() {
    let package = Package::of(SOUND);
    package.run(&["apply"]).exits(2).says("--yes");
    assert!(!package.file(".ordain").exists(), "nothing may have run");
}

#[test]
fn a_plan_file_does_what_the_plan_would() {
    let package = Package::of(SOUND);
    package.run(&["plan", "-o", "plan.json", "--json"]).exits(0);
    let file = package.read("plan.json");
    assert_eq!(file.as_bytes(), package.run(&["plan", "--json"]).exits(0).stdout);
    assert_eq!(file.as_bytes(), package.run(&["plan", "plan.json", "--json"]).exits(0).stdout);
    package.run(&["apply", "plan.json", "--yes"]).exits(0);
    // One changed letter, and it is another plan than it says it is.
    package.write("plan.json", file.replace("hello\"", "hallo\""));
    package.run(&["plan", "plan.json"]).exits(2);
    package.run(&["apply", "plan.json", "--yes"]).exits(2);
    package.write("plan.json", "{");
    package.run(&["apply", "plan.json", "--yes"]).exits(2);
}

#[test]
fn differences_are_told_where_they_are_asked_for() {
    let package = Package::of(SOUND);
    package.run(&["plan", "--json", "-o", "old.json"]).exits(0);
    package.run(&["diff", "old.json"]).exits(0);
    package.run(&["diff", "old.json", "old.json", "--exit-code"]).exits(0);
    package.write("main.ord", SOUND.replace("\"hello\"", "\"goodbye\""));
    let run = package.run(&["diff", "old.json", "--exit-code"]).exits(1);
    assert!(run.text().contains("goodbye"), "{run}");
    package.run(&["diff", "old.json"]).exits(0);
    package.run(&["diff", "no_such_file.json"]).exits(2);
    package.run(&["diff", "no_such_revision"]).exits(2);
    package.run(&["diff"]).exits(2);
    package.write("main.ord", WRONG);
    package.run(&["diff", "old.json"]).exits(1).says("ORD0301");
}

#[test]
fn documentation_is_written_where_it_shall_be() {
    let package = Package::of(format!("//! What this is about.\n\n{SOUND}"));
    for format in ["markdown", "html"] {
        package.run(&["doc", "--format", format, "-o", format]).exits(0);
        let files: Vec<_> = fs::read_dir(package.file(format)).unwrap().map(|entry| entry.unwrap().path()).collect();
        let told =
            files.iter().any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains("What this is about")));
        assert!(told, "{format}: {files:?}");
    }
    package.run(&["doc", "std", "-o", "std"]).exits(0);
    package.run(&["doc", "no/such/folder"]).exits(2);
}

#[test]
fn the_standard_input_can_be_formatted() {
    let folder = tempfile::tempdir().unwrap();
    let run = shell(folder.path(), "printf 'const   a=1' | ordain fmt -").run([""; 0]).exits(0);
    assert_eq!(run.text(), "const a = 1\n");
    shell(folder.path(), "printf 'const   a=1' | ordain fmt --check -").run([""; 0]).exits(1);
    shell(folder.path(), "printf 'const a = 1\\n' | ordain fmt --check -").run([""; 0]).exits(0);
    let run = shell(folder.path(), "printf 'const a = (' | ordain fmt -").run([""; 0]).exits(2);
    assert!(run.stdout.is_empty(), "{run}");
}

#[test]
fn nothing_is_written_by_halves() {
    let package = Package::of(WRONG);
    // What cannot be parsed stays as it is, and the rest is formatted.
    package.write("broken.ord", "const   a = (\n");
    package.write("loose.ord", "const   b   =   1\n");
    package.run(&["fmt"]).exits(2).says("broken.ord");
    assert_eq!(package.read("broken.ord"), "const   a = (\n");
    assert_eq!(package.read("loose.ord"), "const b = 1\n");
    // What cannot be compiled writes no plan, and leaves the one that is there.
    package.write("plan.json", "before");
    package.run(&["plan", "--json", "-o", "plan.json"]).exits(1);
    assert_eq!(package.read("plan.json"), "before");
    package.run(&["plan", "--json", "-o", "other.json"]).exits(1);
    package.run(&["apply", "--yes"]).exits(1);
    package.run(&["doc", "-o", "pages"]);
    let mut names: Vec<_> = fs::read_dir(package.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name != "pages");
    names.sort();
    assert_eq!(names, ["broken.ord", "loose.ord", "main.ord", "ordain.toml", "plan.json"]);
}
