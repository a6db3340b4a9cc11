//! Policies about plans: what is denied is not executed, and what is not known yet is decided just before the step.

use crate::package::Package;

const SOURCE: &str = r#"use std.command.{builtin.command, command.run}
use std.file.{builtin.file, file.remove, file.write}

type Target = { tier: Tier }

enum Tier { dev, production }

environment dev: Target {
  tier: dev
  bind command.run to builtin.command
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

environment prod: Target {
  tier: production
  bind command.run to builtin.command
  bind file.write to builtin.file
  bind file.remove to builtin.file
  group sre = ["ana", "bo"]
}

policy two_sre {
  code "GOV-101" severity high
  on step in env: Target
  when env.tier == production
  require approval from sre count 2
}

policy no_dotfiles {
  code "GOV-102" severity high
  on step
  when step.input.path == ".env"
  deny "`{step.address}` writes a file of secrets"
}

policy quiet {
  code "GOV-103" severity low
  on step
  when step.capability == "file.write"
  when step.input.content == "forbidden"
  deny "the content is not allowed"
}

plan save(text: String, path: String = "note.txt", env: Target = dev) {
  let said = command.run { argv: ["printf", "%s", text] }
  let saved = file.write { path, content: said.stdout }
}

test "production asks" {
  expect plan save(text: "a", env: prod) requires "GOV-101"
  expect plan save(text: "a") allows "GOV-101"
  expect plan save(text: "a", path: ".env") denies "GOV-102"
}
"#;

fn package() -> Package {
    Package::of(SOURCE)
}

#[test]
fn a_denied_plan_is_shown_and_not_executed() {
    let package = package();
    let run = package.run(&["plan", "--arg", "text=a", "--arg", "path=.env"]).exits(1);
    assert!(run.text().contains("denied by GOV-102"), "{run}");
    assert!(run.stderr.contains("ORD0803") && run.stderr.contains("`saved` writes a file of secrets"), "{run}");
    for view in ["markdown", "html", "json", "mermaid", "dot"] {
        package.run(&["plan", "--arg", "text=a", "--arg", "path=.env", "--view", view]).exits(1);
    }
    package.run(&["apply", "--yes", "--arg", "text=a", "--arg", "path=.env"]).exits(2).says("GOV-102 denies it");
    assert!(!package.file(".env").exists() && !package.file(".ordain").exists());
    // Also from its file, which holds what the policies said.
    package.run(&["plan", "--arg", "text=a", "--arg", "path=.env", "--json", "--output", "plan.json"]).exits(1);
    package.run(&["apply", "plan.json", "--yes"]).exits(2).says("GOV-102 denies it");
}

#[test]
fn a_plan_that_needs_approvals_is_not_executed() {
    let package = package();
    let run = package.run(&["plan", "--arg", "text=a", "--arg", "env=prod"]).exits(0);
    assert!(run.text().contains("assist · approval of 2 of sre"), "{run}");
    package
        .run(&["apply", "--yes", "--arg", "text=a", "--arg", "env=prod"])
        .exits(2)
        .says("the approval of 2 of `sre`");
    assert!(!package.file("note.txt").exists());
}

#[test]
fn what_is_not_known_yet_is_decided_before_the_step() {
    let package = package();
    let run = package.run(&["plan", "--arg", "text=fine"]).exits(0);
    assert!(run.text().contains("decided during execution: GOV-103"), "{run}");
    package.run(&["apply", "--yes", "--arg", "text=fine"]).exits(0);
    assert_eq!(package.read("note.txt"), "fine");
    let run = package.run(&["apply", "--yes", "--json", "--arg", "text=forbidden"]).exits(1);
    assert!(run.text().contains("\"policy_denied\"") && run.text().contains("the content is not allowed"), "{run}");
    assert_eq!(package.read("note.txt"), "fine", "the step did not run");
}

#[test]
fn explanations_tell_the_clauses_and_their_values() {
    let package = package();
    let run = package.run(&["policy", "explain", "GOV-103", "--arg", "text=a"]).exits(0);
    let text = run.text();
    for said in [
        "said: `quiet` says nothing\n    when step.capability == \"file.write\": false\n        step.capability: \"command.run\"\n",
        "saved: `quiet` denies: the content is not allowed, if what is not known yet turns out so",
        "when step.input.content == \"forbidden\": not known before execution",
    ] {
        assert!(text.contains(said), "no `{said}` in\n{text}");
    }
    let json = package
        .run(&["policy", "explain", "GOV-101", "--json", "--arg", "text=a", "--arg", "env=prod"])
        .exits(0)
        .json();
    assert_eq!(json["about"][0]["ways"][0]["clauses"][0]["value"], true);
    package
        .run(&["policy", "explain", "GOV-999", "--arg", "text=a"])
        .exits(2)
        .says("there are GOV-101, GOV-102, GOV-103");
    // A policy about environments of a type says nothing of a plan in none.
    let bare = SOURCE.replace(", env: Target = dev", "");
    package.write("main.ord", bare.replace(", env: prod", ""));
    package.run(&["policy", "explain", "GOV-101", "--arg", "text=a"]).exits(2).says("GOV-101 is not about this plan");
}

#[test]
fn a_difference_tells_the_verdicts_that_changed() {
    let package = package();
    package.run(&["plan", "--arg", "text=a", "--json", "--output", "old.json"]).exits(0);
    let changed =
        ["plan", "--arg", "text=a", "--arg", "path=.env", "--arg", "env=prod", "--json", "--output", "new.json"];
    package.run(&changed).exits(1);
    let run = package.run(&["diff", "old.json", "new.json"]).exits(0);
    for said in [
        "Demands\n  denied by  (none) → GOV-102\n",
        "  approvals of sre  (none) → 2\n",
        "  + GOV-102  denies: `saved` writes a file of secrets\n      about saved\n",
        "  + GOV-101  needs the approval of 2 of sre\n      about said, saved\n",
    ] {
        assert!(run.text().contains(said), "no `{said}` in\n{run}");
    }
    let run = package.run(&["diff", "old.json", "new.json", "--view", "markdown"]).exits(0);
    assert!(run.text().contains("| `GOV-102` **denies** | `saved` |  |"), "{run}");
    let json = package.run(&["diff", "old.json", "new.json", "--json"]).exits(0).json();
    assert_eq!(json["demands"][0]["what"], "denied_by");
    assert_eq!(json["verdicts"][1]["about"][0], "saved");
}

#[test]
fn tests_are_run() {
    let package = package();
    let run = package.run(&["test"]).exits(0);
    assert!(run.text().contains("ok     main: production asks\n1 passed, 0 failed, 3 expectations"), "{run}");
    package.write("main.ord", SOURCE.replace("count 2", "count 3").replace("denies \"GOV-102\"", "denies \"GOV-101\""));
    let run = package.run(&["test", "--junit", "junit.xml"]).exits(1);
    assert!(run.stderr.contains("GOV-101 does not deny `test.main.save`"), "{run}");
    assert!(package.read("junit.xml").contains("failures=\"1\""));
    let json = package.run(&["test", "--json"]).exits(1).json();
    assert_eq!(json["tests"][0]["passed"], false);
    assert_eq!(json["tests"][0]["failures"][0]["code"], "ORD0807");
    assert_eq!(package.run(&["test", "--list"]).exits(0).text(), "main: production asks\n");
    package.run(&["test", "asks"]).exits(1);
    package.run(&["test", "unheard"]).exits(2).says("no test has a name like that");
}

/// A plan is made on one day and executed on another: an exemption that has run out in between lifts nothing.
#[test]
fn exemptions_of_plan_files_end() {
    let package = Package::of(
        r#"use std.file.{builtin.file, file}

type Place = {}

environment here: Place {
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

policy nothing_is_written {
  code "W-1" severity high
  on step
  when step.effect == write
  deny "nothing is written"
  exempt step.capability == "file.write" until 2027-03-01
}

plan page(env: Place = here) {
  file.write { path: "page.txt", content: "hello" }
}
"#,
    );
    package.run(&["plan", "--as-of", "2027-03-01", "--json", "--output", "plan.json"]).exits(0);
    let late = package.run(&["apply", "plan.json", "--yes", "--as-of", "2027-03-02"]).exits(2);
    late.says("W-1 denies it: the exemption ended with 2027-03-01");
    assert!(!package.file("page.txt").exists());
    package.run(&["apply", "plan.json", "--yes", "--as-of", "2027-03-01"]).exits(0);
    assert!(package.file("page.txt").exists());
}
