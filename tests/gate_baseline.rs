//! Baselines of gates: what makes a finding a known one, wherever it moves to and wherever the command is run.

use serde_json::{Value as Json, json};

use crate::gates::{RULES, plan};
use crate::ordain::{Run, ordain};
use crate::package::Package;

type Changes<'a> = &'a [(&'a str, &'a str, &'a str)];

const OLD: (&str, &str, &str) = ("aws_s3_bucket.old", "delete", "");
const OPEN: (&str, &str, &str) = ("aws_s3_bucket.files", "update", "public-read");
const CLEAN: (&str, &str, &str) = ("aws_s3_bucket.clean", "create", "private");
const SAVED: [&str; 2] = ["--baseline", "baseline.json"];

fn package(changes: Changes<'_>) -> Package {
    let package = Package::of(RULES);
    package.write("infra/plan.json", plan(changes));
    package
}

fn gate(package: &Package, more: &[&str]) -> Run {
    package.run(&[&["gate", "cloud_plan", "--as-of", "2026-06-30"], &SAVED[..], more].concat())
}

fn known(run: &Run) -> Json {
    let gate = &run.json()["gates"][0];
    json!([gate["known"], gate["stale"], gate["findings"].as_array().unwrap().len()])
}

#[test]
fn what_is_put_in_front_makes_nothing_new() {
    let package = package(&[OLD, OPEN]);
    let run = gate(&package, &["--update-baseline", "--junit", "gates.xml"]).exits(0);
    assert!(run.text().contains("passed  cloud_plan: 2 policies, 3 known from the baseline"), "{run}");
    assert!(package.read("gates.xml").contains("failures=\"0\""));
    let saved = package.read("baseline.json");
    assert!(!saved.contains("pointer") && !saved.contains("/resource_changes"), "{saved}");
    package.write("infra/plan.json", plan(&[CLEAN, OPEN, CLEAN, OLD]));
    // The third is the exemption that lifts nothing.
    assert_eq!(known(&gate(&package, &["--json"]).exits(0)), json!([3, 0, 0]));
}

#[test]
fn findings_that_are_equal_are_counted() {
    let package = package(&[OPEN, OPEN]);
    gate(&package, &["--update-baseline"]).exits(0);
    package.write("infra/plan.json", plan(&[CLEAN, OPEN, OPEN, OPEN]));
    let run = gate(&package, &["--json"]).exits(1);
    assert_eq!(known(&run), json!([3, 0, 1]));
    // The last of them is the new one.
    assert_eq!(run.json()["gates"][0]["findings"][0]["primary"]["line"], 18, "{run}");
}

#[test]
fn what_is_mended_is_told_to_be_out_of_date() {
    let package = package(&[OLD, OPEN, OPEN]);
    gate(&package, &["--update-baseline"]).exits(0);
    package.write("infra/plan.json", plan(&[OPEN]));
    let run = gate(&package, &["--json", "--summary", "summary.md"]).exits(0);
    assert_eq!(known(&run), json!([2, 2, 0]));
    assert_eq!(run.json()["stale"], 2);
    let said = "2 findings of the baseline are not found any more; `--update-baseline` brings it up to date";
    assert!(package.read("summary.md").contains(said));
    let run = gate(&package, &[]).exits(0);
    assert!(run.text().contains(said), "{run}");
    gate(&package, &["--update-baseline"]).exits(0);
    gate(&package, &[]).exits(0).keeps_quiet_about("not found any more");
    // Of what cannot be read, nobody knows what it would hold; and of a gate that is gone, all is out of date.
    package.write("infra/plan.json", "{");
    assert_eq!(known(&gate(&package, &["--json"]).exits(1)), json!([0, 0, 1]));
    package.write("infra/plan.json", plan(&[OPEN]));
    package.write("main.ord", RULES.replace("gate cloud_plan", "gate plans"));
    let run = package.run(&[&["gate", "plans", "--as-of", "2026-06-30", "--json"], &SAVED[..]].concat()).exits(1);
    assert_eq!(run.json()["stale"], 2, "{run}");
}

#[test]
fn gates_that_are_not_run_keep_what_was_known_of_them() {
    let package = package(&[OLD]);
    package.run(&[&["gate", "--update-baseline", "--as-of", "2026-06-30"], &SAVED[..]].concat()).exits(0);
    let before = package.read("baseline.json");
    assert!(before.contains("\"docs\""), "{before}");
    let run = gate(&package, &["--json"]).exits(0);
    assert_eq!(run.json()["stale"], 0, "the other gate was not asked for: {run}");
    gate(&package, &["--update-baseline"]).exits(0);
    assert_eq!(package.read("baseline.json"), before);
}

#[test]
fn a_baseline_holds_wherever_the_command_is_run() {
    let parent = Package::empty();
    parent.remove("ordain.toml");
    parent.write("repo/ordain.toml", "[package]\nname = \"repo\"\nversion = \"0.1.0\"\n");
    parent.write("repo/main.ord", RULES);
    parent.write("repo/infra/plan.json", plan(&[OLD, OPEN]));
    let run = |folder: &str, more: &[&str]| {
        ordain(parent.file(folder)).run([&["gate", "cloud_plan", "--as-of", "2026-06-30"], more].concat())
    };
    let saved = parent.file("repo/baseline.json");
    let saved = ["--baseline", saved.to_str().unwrap()];
    let mut written = Vec::new();
    let places = [("repo", "."), ("repo/infra", ".."), ("repo/infra", "."), (".", "repo"), (".", "./repo/infra")];
    for (folder, package) in places {
        run(folder, &[&saved[..], &["--package", package, "--update-baseline"]].concat()).exits(0);
        written.push(parent.read("repo/baseline.json"));
    }
    assert!(written[0].contains("\"path\": \"infra/plan.json\""), "{}", written[0]);
    assert!(written.iter().all(|other| *other == written[0]), "{written:#?}");
    for (folder, package) in places {
        let run = run(folder, &[&saved[..], &["--package", package, "--json"]].concat()).exits(0);
        assert_eq!(known(&run), json!([3, 0, 0]), "{folder} {package}: {run}");
    }
}

#[test]
fn files_of_other_packages_are_named_from_the_package_as_well() {
    let rules = r#"type Thing = { owner: String }

policy owned {
  code "O-1" severity high
  on entity thing: Thing
  when thing.owner == ""
  deny "nobody owns it"
  exempt thing.owner == "nobody"
}
"#;
    let gate = "entity old: Thing { owner: \"\" }\n\ngate owners { check [owned] }\n";
    let parent = Package::empty();
    parent.remove("ordain.toml");
    parent.write("shared/ordain.toml", "[package]\nname = \"shared\"\n");
    parent.write("shared/rules.ord", rules);
    parent.write("repo/sub/note", "");
    let manifest = "[package]\nname = \"repo\"\n\n[dependencies]\nshared = { path = \"../shared\" }\n";
    parent.write("repo/ordain.toml", manifest);
    parent.write("repo/main.ord", format!("use shared.rules.{{Thing, owned}}\n\n{gate}"));
    parent.write("lone.ord", format!("{rules}\n{gate}"));
    let saved = parent.file("baseline.json");
    let saved = ["--baseline", saved.to_str().unwrap()];
    let run = |folder: &str, package: &str, more: &[&str]| {
        let run =
            ordain(parent.file(folder)).run([&["gate", "--package", package], &saved[..], more].concat()).exits(0);
        assert!(run.text().starts_with("passed  owners: 1 policy, 2 known from the baseline"), "{run}");
        parent.read("baseline.json")
    };
    let places = [("repo", "."), (".", "repo"), ("repo/sub", "..")];
    for (folder, package) in places {
        let written = run(folder, package, &["--update-baseline"]);
        assert!(written.contains("\"path\": \"../shared/rules.ord\""), "{folder}: {written}");
        assert!(written.contains("\"path\": \"main.ord\""), "{folder}: {written}");
        places.iter().for_each(|(folder, package)| drop(run(folder, package, &[])));
    }
    for (folder, package) in [(".", "lone.ord"), ("repo", "../lone.ord")] {
        let written = run(folder, package, &["--update-baseline"]);
        assert!(written.contains("\"path\": \"lone.ord\""), "{folder}: {written}");
    }
}

#[test]
fn a_baseline_of_the_version_before_is_read() {
    let package = package(&[CLEAN, OPEN]);
    let row = |policy: &str, path: &str, message: &str| {
        json!({
            "gate": "cloud_plan", "policy": policy, "path": path, "pointer": "/resource_changes/0", "message": message,
        })
    };
    let open = "CLD-014: bucket aws_s3_bucket.files would be public";
    let rows =
        [row("CLD-014", "infra/plan.json", open), row("CLD-014", "main.ord", "this exemption lifts nothing here")];
    package.write("baseline.json", json!({ "format": "ordain.baseline/1", "findings": rows }).to_string());
    assert_eq!(known(&gate(&package, &["--json"]).exits(0)), json!([2, 0, 0]));
    for broken in [
        json!({ "format": "ordain.baseline/9", "findings": [] }),
        json!({ "format": "ordain.baseline/2", "findings": [{ "gate": "cloud_plan" }] }),
        json!({ "format": "ordain.baseline/2" }),
    ] {
        package.write("baseline.json", broken.to_string());
        gate(&package, &[]).exits(2).says("write it anew with `--update-baseline`");
    }
    // Which does, whatever is there.
    gate(&package, &["--update-baseline"]).exits(0);
    gate(&package, &[]).exits(0);
}
