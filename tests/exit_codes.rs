//! Exit codes: 0 fine, 1 findings, 2 usage or I/O. For every command.

use crate::ordain::ordain;
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
