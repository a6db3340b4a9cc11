//! Gates: documents of a pull request against policies, with git telling what changed.

use std::collections::BTreeSet;

use crate::package::Package;
use crate::skipping::skipped;

pub const RULES: &str = r#"/// What is read of a plan.
type Plan = { resource_changes: List<Change> = [] }

type Change = { address: String, type: String, change: { actions: List<String>, after: Json? } }

policy no_public_bucket {
  code "CLD-014" severity critical
  on input: Plan
  for r in input.resource_changes
  when r.type == "aws_s3_bucket" && r.change.after?.acl == "public-read"
  deny "bucket {r.address} would be public"
  because "customers' files are in buckets"
  exempt r.address == "aws_s3_bucket.site" until 2026-12-31
}

policy no_deletion {
  code "CLD-015" severity low
  on input: Plan
  for r in input.resource_changes
  when "delete" in r.change.actions
  warn "{r.address} would be deleted"
}

policy plans_come_with_sources {
  code "CLD-016" severity medium
  on change
  for file in change.files
  when file.path == "infra/plan.json" && file.status == "removed"
  deny "the plan was removed"
}

gate cloud_plan {
  on change ["infra/**/*.tf", "infra/*.json"]
  input plan: Plan = json("infra/plan.json")
  check [no_public_bucket, no_deletion, plans_come_with_sources]
}

gate docs {
  on change ["**/*.md"]
  input plan: Plan = json("infra/plan.json")
  check [no_deletion]
}
"#;

pub fn plan(changes: &[(&str, &str, &str)]) -> String {
    let changes: Vec<String> = changes
        .iter()
        .map(|(address, action, acl)| {
            format!(
                "    {{\n      \"address\": \"{address}\",\n      \"type\": \"aws_s3_bucket\",\n      \"change\": {{ \"actions\": \
                 [\"{action}\"], \"after\": {{ \"acl\": \"{acl}\" }} }}\n    }}"
            )
        })
        .collect();
    format!("{{\n  \"resource_changes\": [\n{}\n  ]\n}}\n", changes.join(",\n"))
}

fn package() -> Package {
    let package = Package::of(RULES);
    package.write("infra/main.tf", "resource \"aws_s3_bucket\" \"files\" {}\n");
    package.write("infra/plan.json", plan(&[("aws_s3_bucket.files", "create", "private")]));
    package
}

const AS_OF: [&str; 2] = ["--as-of", "2026-06-30"];

#[test]
fn a_gate_leaves_policies_out() {
    let package = package();
    let bad = [("aws_s3_bucket.files", "create", "public-read"), ("aws_s3_bucket.old", "delete", "")];
    package.write("infra/plan.json", plan(&bad));
    for (checks, found) in [
        ("main.*", &["CLD-014", "CLD-015"][..]),
        ("main.*, not no_deletion", &["CLD-014"]),
        ("not no_deletion, no_deletion, main.*", &["CLD-014"]),
        ("no_deletion, not main.*", &[]),
    ] {
        let gate = format!("gate some {{\n  input plan: Plan = json(\"infra/plan.json\")\n  check [{checks}]\n}}\n");
        package.write("main.ord", format!("{RULES}\n{gate}"));
        let run = package.run(&["gate", "some", "--json"]);
        let json = run.json();
        let codes: Vec<&str> = json["gates"][0]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|finding| Some(finding["message"].as_str().unwrap().split_once(':')?.0))
            .collect();
        assert_eq!(BTreeSet::from_iter(codes), found.iter().copied().collect(), "{checks}: {run}");
    }
    package.write("main.ord", RULES.replace("check [no_deletion]", "check [no_deletion, not no_such_policy]"));
    package.run(&["gate"]).exits(1).says("no policy named `no_such_policy`");
}

/// Such a gate would be skipped for ever.
#[test]
fn patterns_that_nothing_can_match_are_refused() {
    let package = package();
    if !package.git(&["init", "-q"]) {
        skipped("there is no git here");
        return;
    }
    package.commit();
    for pattern in ["../infra/*.tf", "/infra/*.tf", "./infra/*.tf"] {
        package.write("main.ord", RULES.replace("**/*.md", pattern));
        package.run(&["gate", "--base", "main"]).exits(2).says(&format!("no path can match `{pattern}`"));
    }
}

#[test]
fn a_pull_request_is_blocked_until_it_is_mended() {
    let package = package();
    if !package.git(&["init", "-q"]) {
        skipped("there is no git here");
        return;
    }
    package.commit();
    package.git(&["switch", "-q", "-c", "public-files"]);
    let gate = |more: &[&str]| package.run(&[&["gate", "--base", "main"], &AS_OF[..], more].concat());

    // Nothing changed, so no gate is asked, and each says why.
    let run = gate(&[]).exits(0);
    assert_eq!(run.text().matches("skipped ").count(), 2, "{run}");
    assert!(run.text().contains("no file that matches **/*.md has changed since main"), "{run}");

    package.write("infra/main.tf", "resource \"aws_s3_bucket\" \"files\" { acl = \"public-read\" }\n");
    let bad = [("aws_s3_bucket.old", "delete", ""), ("aws_s3_bucket.files", "update", "public-read")];
    package.write("infra/plan.json", plan(&bad));
    package.commit();
    let run = gate(&[]).exits(1);
    let text = format!("{}{}", run.text(), run.stderr);
    for said in [
        "CLD-014: bucket aws_s3_bucket.files would be public",
        "infra/plan.json:8:5",
        "customers' files are in buckets",
        "CLD-015: aws_s3_bucket.old would be deleted",
        "failed  cloud_plan: 3 policies, 1 error, 2 warnings",
        "skipped docs: no file that matches **/*.md has changed since main",
    ] {
        assert!(text.contains(said), "no `{said}` in:\n{text}");
    }

    // The same for machines, and for the summary of a job.
    let json = gate(&["--json"]).exits(1).json();
    assert_eq!(json["gates"][0]["state"], "failed");
    assert_eq!(json["gates"][0]["findings"][0]["primary"]["path"], "infra/plan.json");
    assert_eq!(json["gates"][1]["state"], "skipped");
    assert_eq!(gate(&["--format", "sarif"]).exits(1).json()["version"], "2.1.0");
    let run = gate(&["--format", "github"]).exits(1);
    assert!(run.text().contains("::error file=infra/plan.json,line=8"), "{run}");
    gate(&["--junit", "gates.xml", "--summary", "summary.md"]).exits(1);
    let junit = package.read("gates.xml");
    assert!(junit.contains("failures=\"1\"") && junit.contains("<skipped"), "{junit}");
    let summary = package.read("summary.md");
    assert!(summary.contains("**failed**") && summary.contains("infra/plan.json:8:5"), "{summary}");

    // A gate can hold for grave policies alone, and for what is new.
    gate(&["--severity", "critical"]).exits(1);
    gate(&["--baseline", "baseline.json", "--update-baseline"]).exits(0);
    let run = gate(&["--baseline", "baseline.json"]).exits(0);
    assert!(run.text().contains("3 known from the baseline"), "{run}");
    let worse = [("aws_s3_bucket.old", "delete", ""), ("aws_s3_bucket.more", "create", "public-read"), bad[1]];
    package.write("infra/plan.json", plan(&worse));
    gate(&["--baseline", "baseline.json"]).exits(1);

    package.write("infra/main.tf", "resource \"aws_s3_bucket\" \"files\" {}\n");
    package.write("infra/plan.json", plan(&[("aws_s3_bucket.files", "update", "private")]));
    package.commit();
    let run = gate(&[]).exits(0);
    assert!(run.text().contains("passed  cloud_plan: 3 policies, 1 warning"), "{run}");
    package.run(&["gate", "--base", "nowhere"]).exits(2).says("no git revision `nowhere`");
}

#[test]
fn findings_about_what_a_function_picks_point_to_it() {
    let source = r#"type Thing = { name: String, kind: String, parts: List<String> = [] }
type State = { things: List<Thing> = [] }

fn of_kind(state: State, kind: String) -> List<Thing> = [each for each in state.things if each.kind == kind]

policy named {
  code "P-1" severity high
  on input: State
  for thing in of_kind(input, "good")
  for part in thing.parts
  when part == "rotten"
  deny "{thing.name} has a rotten part"
}

policy kinds {
  code "P-2" severity high
  on input: State
  for thing in of_kind(kind: "odd", state: input)
  deny "{thing.name} is odd"
}

gate engine {
  input state: State = json("state.json")
  check [named, kinds]
}

gate walker {
  input state: State = yaml("state.yaml")
  check [named, kinds]
}
"#;
    let package = Package::of(source);
    package.write("ordain.toml", "[package]\nname = \"test\"\nversion = \"0.1.0\"\n");
    package.write(
        "state.json",
        r#"{ "things": [
  { "name": "a", "kind": "odd" },
  { "name": "b", "kind": "good", "parts": ["fresh"] },
  { "name": "b", "kind": "good", "parts": ["fresh"] },
  { "name": "c", "kind": "good", "parts": ["fresh", "rotten"] },
  { "name": "a", "kind": "odd" }
] }
"#,
    );
    let things: String = ["a, kind: odd", "b, kind: good, parts: [fresh]", "c, kind: good, parts: [fresh, rotten]"]
        .iter()
        .map(|thing| format!("- {{ name: {thing} }}\n"))
        .collect();
    package.write("state.yaml", format!("things:\n{things}"));
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    for place in [
        "state.json:5:53: error[ORD0803] P-1: c has",
        "state.json:2:3: error[ORD0803] P-2: a is",
        "state.json:6:3: error[ORD0803] P-2: a is",
        "state.yaml:4:41: error[ORD0803] P-1: c has",
        "state.yaml:2:3: error[ORD0803] P-2: a is",
    ] {
        assert!(run.text().contains(place), "no `{place}` in\n{run}");
    }
}

#[test]
fn exemptions_hold_until_their_day() {
    let package = package();
    package.write("infra/plan.json", plan(&[("aws_s3_bucket.site", "create", "public-read")]));
    let run = package.run(&["gate", "cloud_plan", "--as-of", "2026-12-31"]).exits(0);
    assert!(run.text().contains("1 exempt, 1 not asked without --base"), "{run}");
    let run = package.run(&["gate", "cloud_plan", "--as-of", "2027-01-01", "--format", "short"]).exits(1);
    assert!(run.text().contains("ORD0806"), "{run}");
    // One that lifts nothing is a finding, too.
    package.write("infra/plan.json", plan(&[]));
    let run = package.run(&["gate", "cloud_plan", "--as-of", "2026-12-31", "--format", "short"]).exits(0);
    assert!(run.text().contains("ORD0808"), "{run}");
}

#[test]
fn a_document_that_cannot_be_read_fails_its_gate_alone() {
    let package = package();
    let broken = RULES.replace(
        "gate docs {\n  on change [\"**/*.md\"]\n  input plan: Plan = json(\"infra/plan.json\")",
        "gate docs {\n  on change [\"**/*.md\"]\n  input plan: Plan = json(\"infra/broken.json\")",
    );
    package.write("main.ord", broken);
    for content in ["", "{", "\u{feff}[", "{\"resource_changes\": 3}", "{\"a\":1,\"a\":2}"] {
        package.write("infra/broken.json", content);
        let run = package.run(&["gate", "--as-of", "2026-06-30", "--json"]).exits(1);
        let json = run.json();
        let state = |name: &str| {
            let gates = json["gates"].as_array().unwrap();
            gates.iter().find(|gate| gate["gate"] == name).unwrap()["state"].clone()
        };
        assert_eq!(state("docs"), "failed", "{run}");
        assert_eq!(state("cloud_plan"), "passed", "{run}");
    }
    // Nor does one pass that would look at nothing.
    let about_steps = RULES.replace("on change\n", "on step\n").replace("  for file in change.files\n", "");
    package.write(
        "main.ord",
        about_steps.replace("file.path == \"infra/plan.json\" && file.status == \"removed\"", "step.effect == destroy"),
    );
    let run = package.run(&["gate", "cloud_plan", "--format", "short"]).exits(1);
    assert!(run.text().contains("ORD0809") && run.text().contains("is about `step`, which no gate looks at"), "{run}");
    package.run(&["gate", "unheard"]).exits(2).says("there is no gate `unheard`");
}

#[test]
fn a_policy_sees_the_changes_of_its_own_patterns() {
    const SOURCE: &str = r#"policy terraform {
  code "C-1" severity high
  on change ["infra/*.tf"]
  for file in change.files
  deny "{file.path} changed"
}

policy counted {
  code "C-2" severity high
  on change: { files: List<{ path: String, status: String }> } ["**/*.md", "LICENSE"]
  when len(change.files) > 0
  warn "{len(change.files)} texts"
}

policy whatever {
  code "C-3" severity low
  on change
  warn "{len(change.files)} files"
}

gate changes {
  check [terraform, counted, whatever]
}

test "files of other patterns are not seen" {
  expect allow "C-1" from terraform on { files: [{ path: "main.tf", status: "added" }, { path: "infra/a/b.tf", status: "added" }] }
  expect deny "C-1" from terraform on { files: [{ path: "main.tf", status: "added" }, { path: "infra/a.tf", status: "added" }] }
}
"#;
    let package = Package::of(SOURCE);
    package.run(&["test"]).exits(0);
    if !package.git(&["init", "-q"]) {
        skipped("there is no git here");
        return;
    }
    package.write("infra/main.tf", "");
    package.write("README.md", "");
    package.commit();
    package.git(&["switch", "-q", "-c", "more"]);
    let said = |package: &Package| {
        let run = package.run(&["gate", "--base", "main", "--format", "json", "--as-of", "2026-06-30"]);
        let json = run.json();
        let found = json["gates"][0]["findings"].as_array().unwrap();
        found.iter().map(|finding| finding["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    package.write("README.md", "more\n");
    assert_eq!(said(&package), ["C-2: 1 texts", "C-3: 1 files"]);
    package.run(&["policy", "explain", "C-1", "--base", "main"]).says("C-1 is about none of the files that changed");
    package.write("infra/more/other.tf", "");
    package.write("docs/a.md", "");
    assert_eq!(said(&package), ["C-2: 2 texts", "C-3: 3 files"]);
    package.write("infra/other.tf", "");
    package.write("infra/main.tf", "# more\n");
    let files = ["C-1: infra/main.tf changed", "C-1: infra/other.tf changed"];
    assert_eq!(said(&package), [&files[..], &["C-2: 2 texts", "C-3: 5 files"]].concat());
    for pattern in ["./infra/*.tf", "/infra/*.tf", "infra/[.tf"] {
        package.write("main.ord", SOURCE.replace("infra/*.tf", pattern));
        let run = package.run(&["check", "--format", "short"]).exits(1);
        assert!(run.text().contains("main.ord:3:14: error[ORD0802]"), "{run}");
    }
}

#[test]
fn the_registry_is_judged() {
    let package = Package::of(
        r#"type Application = { owner: String, uses: List<String> = [] }
type Spec = { title: String }

entity billing: Application { owner: "payments" }
entity search: Application { owner: "", uses: ["billing", "legacy"] }
entity handbook: Spec { title: "How we work" }

policy owned {
  code "REG-001" severity high
  on entity app: Application
  when app.owner == ""
  deny "an application has an owner"
  because "somebody has to answer for it"
}

policy documented {
  code "REG-002" severity low
  on entity
  when entity.kind == "Spec"
  warn "`{entity.name}` needs a better title"
}

gate registry {
  check [owned, documented]
}
"#,
    );
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    assert!(run.text().contains("main.ord:5:8: error[ORD0803] REG-001: an application has an owner"), "{run}");
    assert!(run.text().contains("main.ord:6:8: warning[ORD0804] REG-002: `test.main.handbook`"), "{run}");
    assert_eq!(run.text().matches("REG-").count(), 2, "{run}");
}

#[test]
fn an_alias_stands_for_the_type_of_entities() {
    const SOURCE: &str = r#"type App = { owner: String }
type Alias = App
type Further = Alias
type Twin = { owner: String }

entity a: App { owner: "" }
entity b: Further { owner: "" }
entity c: Twin { owner: "" }

policy of_alias {
  code "E-1" severity high
  on entity app: Alias
  when app.owner == ""
  deny "by the alias"
}

policy of_type {
  code "E-2" severity high
  on entity app: App
  when app.owner == ""
  deny "by the type"
}

policy of_kind {
  code "E-3" severity high
  on entity
  when entity.kind == "App"
  deny "by the kind"
}

gate apps {
  check [of_alias, of_type, of_kind]
}
"#;
    let package = Package::of(SOURCE);
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    for code in ["E-1", "E-2", "E-3"] {
        for place in ["main.ord:6:8", "main.ord:7:8"] {
            assert!(run.text().contains(&format!("{place}: error[ORD0803] {code}")), "{code} {place}: {run}");
        }
    }
    assert_eq!(run.text().matches("ORD0803").count(), 6, "{run}");
    // A type that no entity has is not looked at, and each policy says so.
    let none = SOURCE.replace("entity a: App", "entity a: Twin").replace("entity b: Further", "entity b: Twin");
    package.write("main.ord", none);
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    for (policy, ty) in [("of_alias", "Alias"), ("of_type", "App")] {
        let said = format!("error[ORD0809] `{policy}` is about entities of `{ty}`, and the package has none");
        assert!(run.text().contains(&said), "{said}: {run}");
    }
    assert_eq!(run.text().matches("error[").count(), 2, "{run}");
}

#[test]
fn every_policy_without_an_input_is_told() {
    let package = Package::of(
        r#"type One = { one: Int }
type Two = { two: Int }

policy first {
  code "F-1" severity low
  on input: One
  when input.one > 1
  deny "one"
}

policy second {
  code "F-2" severity low
  on input: Two
  when input.two > 1
  deny "two"
}

policy third {
  code "F-3" severity low
  on step
  when step.effect == destroy
  deny "three"
}

gate all {
  input nothing: { none: Int } = { none: 1 }
  check [first, third, second]
}
"#,
    );
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    for policy in ["first", "second", "third"] {
        assert!(run.text().contains(&format!("error[ORD0809] `{policy}` is about")), "{policy}: {run}");
    }
}

#[test]
fn an_entity_that_has_no_value_is_not_passed_over() {
    let package = Package::of(
        r#"type App = { owner: String }

entity a: App { owner: json("owner.json") }

policy owned {
  code "E-1" severity high
  on entity app: App
  when app.owner == ""
  deny "nobody owns it"
}

gate apps {
  check [owned]
}
"#,
    );
    package.write("owner.json", "1");
    let run = package.run(&["gate", "--format", "short"]).exits(1);
    assert!(run.text().contains("owner.json:1:1: error[ORD0503]"), "{run}");
    package.write("owner.json", "\"ana\"");
    package.run(&["gate"]).exits(0);
}

#[test]
fn findings_point_into_the_file_that_a_part_of_the_input_is_from() {
    let package = Package::of(
        r#"type Object = { kind: String, metadata: { name: String } }

const more: List<Object> = yaml_documents("more.yaml")

type Review = { objects: List<Object>, least: Int = 3 }

policy no_secrets {
  code "K-1" severity high
  on input: Review
  for object in input.objects
  when object.kind == "Secret" && input.least == 3
  deny "the secret {object.metadata.name} is written in the open"
}

gate manifests {
  input web: { objects: List<Object> } = { objects: yaml_documents("web.yaml") + more }
  input db: { objects: List<Object> } = { ..web, objects: [yaml("db.yaml")] }
  check [no_secrets]
}
"#,
    );
    let object = |kind: &str, name: &str| format!("kind: {kind}\nmetadata: {{ name: {name} }}\n");
    package.write("web.yaml", format!("{}---\n{}", object("Pod", "a"), object("Secret", "b")));
    package.write("more.yaml", format!("---\n# nothing\n---\n{}---\n{}", object("Pod", "c"), object("Secret", "d")));
    package.write("db.yaml", object("Secret", "e"));
    let run = package.run(&["gate", "--format", "json"]).exits(1);
    let found = run.json()["gates"][0]["findings"].as_array().unwrap().clone();
    let places: Vec<String> = found
        .iter()
        .map(|finding| format!("{}:{}", finding["primary"]["path"].as_str().unwrap(), finding["primary"]["line"]))
        .collect();
    assert_eq!(places, ["db.yaml:1", "more.yaml:7", "web.yaml:4"], "{run}");
}

#[test]
fn findings_point_into_the_files_that_a_list_is_made_of() {
    let package = Package::of(
        r#"type Object = { kind: String, metadata: { name: String }, ports: List<Int> = [] }

const by_file: Map<String, List<Object>> = yaml_documents("deploy/*.yaml")
const all: List<Object> = yaml_documents("deploy/*.yaml")

type Review = { objects: List<Object> }
type Parts = { parts: List<{ of: Object, path: String }> }

policy no_secrets {
  code "K-1" severity high
  on input: Review
  for object in input.objects
  for port in object.ports
  when port > 1
  deny "{object.metadata.name}"
}

policy no_parts {
  code "K-2" severity high
  on input: Parts
  for part in input.parts
  deny "{part.of.metadata.name}"
}

gate flattened {
  input r: Review = { objects: flatten(values(by_file)) }
  check [no_secrets]
}

gate directly {
  input r: Review = { objects: all }
  check [no_secrets]
}

gate chosen {
  input r: Review = { objects: [each for path, objects in by_file if "b" in path for each in objects if each.kind != "Pod"] }
  check [no_secrets]
}

gate indexed {
  input r: Review = { objects: by_file["deploy/b.yaml"] + [all[0]] }
  check [no_secrets]
}

gate parts {
  input p: Parts = { parts: [{ of: each, path: path } for path, objects in by_file for each in objects if each.kind == "Pod"] }
  check [no_parts]
}
"#,
    );
    let object = |kind: &str, name: &str| format!("kind: {kind}\nmetadata: {{ name: {name} }}\nports:\n- 1\n- 2\n");
    package.write("deploy/a.yaml", format!("# nothing\n---\n{}", object("Pod", "a")));
    package.write("deploy/b.yaml", format!("{}---\n{}", object("Pod", "b"), object("Secret", "c")));
    let places = |gate: &str| -> Vec<String> {
        let run = package.run(&["gate", gate, "--format", "json"]).exits(1);
        let json = run.json();
        let found = json["gates"][0]["findings"].as_array().unwrap_or_else(|| panic!("no findings: {run}"));
        found
            .iter()
            .map(|finding| format!("{}:{}", finding["primary"]["path"].as_str().unwrap(), finding["primary"]["line"]))
            .collect()
    };
    assert_eq!(places("flattened"), ["deploy/a.yaml:7", "deploy/b.yaml:5", "deploy/b.yaml:11"]);
    assert_eq!(places("directly"), ["deploy/a.yaml:7", "deploy/b.yaml:5", "deploy/b.yaml:11"]);
    assert_eq!(places("chosen"), ["deploy/b.yaml:11"]);
    assert_eq!(places("indexed"), ["deploy/a.yaml:7", "deploy/b.yaml:5", "deploy/b.yaml:11"]);
    assert_eq!(places("parts"), ["deploy/a.yaml:3", "deploy/b.yaml:1"]);
}

#[test]
fn a_policy_looks_at_each_file_that_a_pattern_stands_for() {
    let package = Package::of(
        r#"type Job = { image: String, pinned: Bool = true }

type Workflow = { jobs: Map<String, Job> }

policy pinned {
  code "W-1" severity high
  on input: Workflow
  for job in values(input.jobs)
  when job.pinned && ":" not in job.image
  deny "{job.image} is not pinned"
  exempt job.image == "old"
}

policy workflows_have_jobs {
  code "W-2" severity low
  on input: { jobs: Map<String, Job> }
  when input.jobs == {}
  deny "there is nothing to do"
}

gate workflows {
  on change [".ci/**"]
  input workflows: Map<String, Workflow> = yaml(".ci/**/*.yml")
  check [pinned, workflows_have_jobs]
}
"#,
    );
    package.write(".ci/a.yml", "jobs: { build: { image: \"rust:1.95\" }, test: { image: rust } }\n");
    package.write(".ci/more/b.yml", "# none\njobs: {}\n");
    package.write(".ci/c.yml", "jobs: { build: { image: old } }\n");
    package.write(".ci/d.yaml", "jobs: 1\n");
    package.write(".gitignore", "e.yml\n");
    package.write(".ci/e.yml", "jobs: 1\n");
    let run = package.run(&["gate", "--format", "json", "--as-of", "2026-06-30"]).exits(1);
    let found = run.json()["gates"][0]["findings"].as_array().unwrap().clone();
    let places: Vec<String> = found
        .iter()
        .map(|finding| {
            let (path, line) = (finding["primary"]["path"].as_str().unwrap(), &finding["primary"]["line"]);
            format!("{path}:{line} {}", finding["message"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        places,
        [".ci/a.yml:1 W-1: rust is not pinned", ".ci/more/b.yml:2 W-2: there is nothing to do"],
        "{run}"
    );
    // The policy's exemption lifts one of them, and so is not told to be of no use.
    run.keeps_quiet_about("lifts nothing");
    package.remove(".ci/a.yml");
    package.remove(".ci/c.yml");
    package.remove(".ci/more/b.yml");
    package.run(&["gate"]).exits(1).says("ORD0507").says("no file matches `.ci/**/*.yml`");
}
