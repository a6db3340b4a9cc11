//! Drift: what is there against what a plan says, the part of a plan that repairs it, and adopting what exists.

use std::fs;

use serde_json::Value as Json;

use crate::ordain::Run;
use crate::package::Package;

/// Three files in a folder, of which one names the digest of another, and a program that nobody can look at.
const SITE: &str = r#"
use std.command.{builtin.command, command}
use std.file.{builtin.file, directory, file}

type Place = {}

environment here: Place {
  bind command.run to builtin.command
  bind directory.ensure to builtin.file
  bind directory.remove to builtin.file
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

plan site(pages: Set<String> = set(["index", "about"]), env: Place = here) -> { style: Digest } {
  let folder = directory.ensure { path: "site" }
  let style = file.write { path: "site/style.css", content: "body" } after folder
  for page in pages {
    let written[page] = file.write { path: "site/{page}.html", content: "link {style.digest}", mode: "0644" }
  }
  return { style: style.digest }
}
"#;

fn applied() -> Package {
    let package = Package::of(SITE);
    package.run(&["apply", "--yes"]).exits(0);
    package
}

/// What is told of a step: its state, and the fields that differ.
fn told(run: &Run) -> Vec<(String, String, Vec<String>)> {
    let json = run.json();
    let schema: Json = serde_json::from_str(include_str!("../docs/schemas/drift-1.schema.json")).unwrap();
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{run}");
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let steps = json["steps"].as_array().unwrap().iter().filter(|step| step["state"] != "as_planned");
    steps
        .map(|step| {
            let fields = step["fields"].as_array().into_iter().flatten().map(|field| text(&field["field"])).collect();
            (text(&step["address"]), text(&step["state"]), fields)
        })
        .collect()
}

fn is(address: &str, state: &str, fields: &[&str]) -> (String, String, Vec<String>) {
    (address.into(), state.into(), fields.iter().map(|field| (*field).into()).collect())
}

/// The addresses of the steps of a plan.
fn steps(plan: &Json) -> Vec<String> {
    plan["nodes"].as_array().unwrap().iter().map(|node| node["address"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_applied_is_there_and_nothing_is_changed_by_looking() {
    let package = applied();
    let before = fs::read(package.file(".ordain/journal.db")).unwrap();
    let run = package.run(&["drift", "--strict", "--json"]).exits(0);
    assert_eq!(told(&run), []);
    assert_eq!(run.json()["counts"]["as_planned"], 4);
    assert_eq!(fs::read(package.file(".ordain/journal.db")).unwrap(), before);
    assert_eq!(package.run(&["executions", "--json"]).json()["executions"].as_array().unwrap().len(), 1);
    package.run(&["drift", "--parallel", "1", "--strict"]).exits(0);
}

#[test]
fn what_is_missing_otherwise_or_left_is_told_by_field() {
    let package = applied();
    package.remove("site/about.html");
    package.write("site/style.css", "color: hunter2");
    package.write("main.ord", SITE.replace(r#"["index", "about"]"#, r#"["about"]"#));
    let run = package.run(&["drift", "--json"]).exits(0);
    let style = is("style", "mismatched", &["inputs.content", "outputs.bytes", "outputs.digest"]);
    let expected = [style, is("written[about]", "missing", &[]), is("written[index]", "unexpected", &[])];
    assert_eq!(told(&run), expected, "{run}");
    run.keeps_quiet_about("hunter2");
    let run = package.run(&["drift", "--strict"]).exits(1);
    let text = run.text();
    for line in ["missing     written[about]", "mismatched  style", "unexpected  written[index]", "found     "] {
        assert!(text.contains(line), "no `{line}` in {text}");
    }
    let markdown = package.run(&["drift", "--view", "markdown"]).exits(0).text();
    assert!(markdown.contains("| missing | `written[about]` |"), "{markdown}");
}

#[test]
fn without_a_journal_what_can_be_compared_is() {
    let package = applied();
    fs::remove_dir_all(package.file(".ordain")).unwrap();
    // The pages wait for the digest of the style, which no execution tells.
    let run = package.run(&["drift", "--json", "--strict"]).exits(0);
    let unknown = |address| is(address, "unknown", &[]);
    assert_eq!(told(&run), [unknown("written[about]"), unknown("written[index]")], "{run}");
    assert!(!package.file(".ordain").exists());
    package.write("site/style.css", "other");
    let run = package.run(&["drift", "--json", "--strict"]).exits(1);
    assert_eq!(told(&run)[0], is("style", "mismatched", &["inputs.content"]));
}

#[test]
fn a_file_that_became_a_folder_and_other_permissions_are_told() {
    let package = applied();
    package.remove("site/about.html");
    fs::create_dir(package.file("site/about.html")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(package.file("site/index.html"), mode).unwrap();
    let run = package.run(&["drift", "--json"]).exits(0);
    let folder = ["inputs.content", "outputs.bytes", "outputs.digest"];
    assert_eq!(
        told(&run),
        [is("written[about]", "mismatched", &folder), is("written[index]", "mismatched", &["inputs.mode"])]
    );
}

#[test]
fn an_execution_can_be_looked_at_in_place_of_a_plan() {
    let package = applied();
    package.write("main.ord", SITE.replace(r#"["index", "about"]"#, r#"["about"]"#));
    let id = package.run(&["executions", "--json"]).json()["executions"][0]["id"].as_str().unwrap().to_owned();
    let of = ["drift", "--execution", &id[..13], "--json", "--strict"];
    assert_eq!(told(&package.run(&of).exits(0)), []);
    package.remove("site/index.html");
    assert_eq!(told(&package.run(&of).exits(1)), [is("written[index]", "missing", &[])]);
    package.run(&["drift", "--execution", "nonsense"]).exits(2).says("nonsense");
    // What was undone is not missed.
    package.run(&["undo", &id, "--yes"]).exits(0);
    assert_eq!(told(&package.run(&of).exits(0)), []);
}

#[test]
fn a_refreshed_plan_repairs_what_differs_and_nothing_else() {
    let package = applied();
    let whole = package.run(&["plan", "--json"]).exits(0).json();
    package.remove("site/about.html");
    let run = package.run(&["plan", "--refresh", "--json", "-o", "part.json"]).exits(0);
    let part: Json = serde_json::from_str(&package.read("part.json")).unwrap();
    assert_eq!(steps(&part), ["written[about]"], "{run}");
    assert_eq!(part["refresh"]["of"], whole["hash"]);
    assert_ne!(part["hash"], whole["hash"]);
    let left: Vec<&str> =
        part["refresh"]["left_out"].as_array().unwrap().iter().map(|each| each["address"].as_str().unwrap()).collect();
    assert_eq!(left, ["folder", "style", "written[index]"]);
    package.run(&["plan", "part.json"]).exits(0);
    let applied = package.run(&["apply", "part.json", "--yes"]).exits(0);
    assert!(applied.stderr.contains("written[about]") && !applied.stderr.contains("style"), "{applied}");
    package.run(&["drift", "--strict"]).exits(0);
    // There is nothing left to do, and what the plan returns is known.
    package.run(&["plan", "--refresh", "--json", "-o", "nothing.json"]).exits(0);
    let nothing: Json = serde_json::from_str(&package.read("nothing.json")).unwrap();
    assert_eq!(steps(&nothing), [""; 0]);
    assert_eq!(nothing["returns"]["style"], part["returns"]["style"]);
    package.run(&["apply", "nothing.json", "--yes"]).exits(0);
    package.run(&["drift", "--strict"]).exits(0);
}

#[test]
fn what_uses_outputs_of_a_repaired_step_is_done_again() {
    let package = applied();
    package.write("site/style.css", "other");
    package.run(&["plan", "--refresh", "--json", "-o", "part.json"]).exits(0);
    let part: Json = serde_json::from_str(&package.read("part.json")).unwrap();
    assert_eq!(steps(&part), ["style", "written[about]", "written[index]"]);
}

#[test]
fn what_was_made_by_hand_is_adopted() {
    let package = Package::of(SITE);
    package.write("site/style.css", "body");
    package.write("site/index.html", "by hand");
    // Nobody is here to be asked, and nothing is written without.
    package.run(&["import", "style"]).exits(2).says("--yes");
    assert!(!package.file(".ordain").exists());
    let run = package.run(&["import", "style", "--yes", "--json"]).exits(0);
    let json = run.json();
    assert_eq!((json["steps"].as_array().unwrap().len(), &json["problems"]), (1, &serde_json::json!([])), "{run}");
    let id = json["execution"].as_str().unwrap().to_owned();
    let shown = package.run(&["executions", &id, "--json"]).exits(0).json();
    assert_eq!(shown["state"], "succeeded", "{shown}");
    assert!(package.run(&["executions", &id]).exits(0).text().contains("succeeded   style, imported\n"));
    assert!(package.run(&["trace", &id]).exits(0).text().contains("style"));
    package.run(&["replay", &id]).exits(0);
    package.run(&["audit", "verify"]).exits(0);
    package.run(&["import", "style", "--yes"]).exits(1).says("`style` is in the journal already");
    // Drift knows of it from now on: the digest that the pages wait for is told by the journal.
    let run = package.run(&["drift", "--json", "--strict"]).exits(1);
    let mode = fs::metadata(package.file("site/index.html")).unwrap();
    let page = if std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777 == 0o644 {
        is("written[index]", "mismatched", &["inputs.content"])
    } else {
        is("written[index]", "mismatched", &["inputs.content", "inputs.mode"])
    };
    assert_eq!(told(&run), [is("written[about]", "missing", &[]), page], "{run}");
    // And undo takes it back, and nothing else.
    package.run(&["undo", &id, "--yes"]).exits(0);
    assert!(!package.file("site/style.css").exists() && package.file("site/index.html").exists());
}

#[test]
fn what_is_not_as_planned_is_adopted_only_if_that_is_accepted() {
    let package = Package::of(SITE);
    package.write("site/style.css", "other");
    for (address, why) in [
        ("style", "`style` is there, and "),
        ("written[about]", "`written[about]` "),
        ("nothing", "the plan has no step `nothing`"),
        // Whether somebody made it is no property of a folder.
        ("folder", "does not tell the output `created`"),
    ] {
        package.run(&["import", address, "--yes"]).exits(1).says(why).says("nothing was imported");
    }
    let run = package.run(&["import", "style", "nothing", "--yes", "--json"]).exits(1);
    assert_eq!((&run.json()["execution"], run.json()["problems"].as_array().unwrap().len()), (&Json::Null, 2), "{run}");
    assert!(!package.file(".ordain").exists(), "nothing is written as long as something stands against it");
    let run = package.run(&["import", "style", "--yes", "--accept"]).exits(0);
    assert_eq!(run.text().trim().len(), 36, "{run}");
    // Once more: it may have changed again since.
    package.run(&["import", "style", "--yes", "--accept"]).exits(0);
    let run = package.run(&["drift", "--json"]).exits(0);
    assert_eq!(told(&run)[0], is("style", "mismatched", &["inputs.content"]), "{run}");
    package.run(&["import", "--yes"]).exits(2);
    package.run(&["import", "style", "--json"]).exits(2).says("--json needs --yes");
}

#[test]
fn what_was_done_in_another_environment_is_none_of_its_business() {
    let package = Package::of(
        r#"
use std.file.{builtin.file, file}

type Place = { folder: String }

environment staging: Place {
  folder: "staging"
  bind file.write to builtin.file
  bind file.remove to builtin.file
}
environment production: Place {
  folder: "production"
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

plan site(env: Place) {
  let notes = file.write { path: "{env.folder}/notes", content: "notes" }
  let index = file.write { path: "{env.folder}/index", content: "{notes.digest}" }
}
"#,
    );
    let of = |command: &str, environment: &str, more: &[&str]| {
        let environment = format!("env={environment}");
        package.run(&[&[command, "site", "-a", &environment], more].concat())
    };
    of("apply", "staging", &["--yes"]).exits(0);
    of("apply", "production", &["--yes"]).exits(0);
    package.remove("staging/index");
    let run = of("drift", "staging", &["--json", "--strict"]).exits(1);
    assert_eq!(told(&run), [is("index", "missing", &[])]);
    of("drift", "production", &["--strict"]).exits(0);
    let part = of("plan", "staging", &["--refresh", "--json"]).exits(0).json();
    assert_eq!(steps(&part), ["index"]);
}
