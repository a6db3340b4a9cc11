//! Why policies say what they say of documents, changes and entities; and expressions over documents.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::package::Package;
use crate::skipping::skipped;

const SOURCE: &str = r#"use std.terraform

enum Tier { dev, production }

type Bucket = { name: String, acl: String = "private", versioned: Bool = false }
type State = { buckets: List<Bucket> = [] }
type Target = { tier: Tier }
type Application = { owner: String }

environment prod: Target { tier: production }
environment dev: Target { tier: dev }

entity billing: Application { owner: "payments" }
entity search: Application { owner: "" }

policy no_public_bucket {
  code "A-1" severity high
  on input: State
  for bucket in input.buckets
  when bucket.acl == "public" || bucket.acl == "public-read"
  deny "{bucket.name} is public"
  because "customers' files are in buckets"
  exempt bucket.name == "site" until 2030-12-31
}

policy versioned_in_production {
  code "A-2" severity low
  on input: State in env: Target
  when env.tier == production
  for bucket in input.buckets
  unless bucket.versioned
  warn "{bucket.name} keeps no versions"
}

policy first_is_named {
  code "A-3" severity low
  on input: State
  when input.buckets[0].name != ""
  warn "named"
}

policy owned {
  code "A-4" severity high
  on entity app: Application
  when app.owner == ""
  deny "an application has an owner"
}

policy no_tools {
  code "A-5" severity low
  on change
  for file in change.files
  when starts_with(file.path, "tools/")
  deny "tools are made elsewhere"
}

policy unchecked {
  code "A-6" severity low
  on input: State
  when len(input.buckets) > 9
  warn "many"
}

gate state {
  input state: State = json("state.json")
  check [no_public_bucket, first_is_named, owned, no_tools]
}
"#;

const STATE: &str = r#"{
  "buckets": [
    { "name": "logs" },
    { "name": "files", "acl": "public-read" },
    { "name": "site", "acl": "public" },
    { "name": "other", "acl": "log-delivery" }
  ]
}
"#;

fn package() -> Package {
    let package = Package::of(SOURCE);
    package.write("state.json", STATE);
    package
}

/// Runs the command with something on its standard input.
fn piped(package: &Package, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ordain"))
        .args(arguments)
        .current_dir(package.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_verdict_is_explained_where_it_stands_in_the_document() {
    let run = package().run(&["policy", "explain", "A-1", "--as-of", "2030-06-30"]).exits(0);
    assert_eq!(
        run.text(),
        "\
input `state` of gate `state`: `no_public_bucket` denies: files is public, because customers' files are in buckets
    at state.json:4:5 (/buckets/1)
    for bucket in input.buckets: {\"acl\":\"public-read\",\"name\":\"files\",\"versioned\":false}
    when bucket.acl == \"public\" || bucket.acl == \"public-read\": true
        bucket.acl == \"public-read\": true
        bucket.acl: \"public-read\"
    exempt bucket.name == \"site\": false
        bucket.name: \"files\"
input `state` of gate `state`: `no_public_bucket` denies: site is public, but it is exempt until 2030-12-31, \
because customers' files are in buckets
    at state.json:5:5 (/buckets/2)
    for bucket in input.buckets: {\"acl\":\"public\",\"name\":\"site\",\"versioned\":false}
    when bucket.acl == \"public\" || bucket.acl == \"public-read\": true
        bucket.acl == \"public\": true
        bucket.acl: \"public\"
    exempt bucket.name == \"site\": true
        bucket.name: \"site\"
input `state` of gate `state`: `no_public_bucket` says nothing
    at state.json:3:5 (/buckets/0); 1 more ends at the same clause
    for bucket in input.buckets: {\"acl\":\"private\",\"name\":\"logs\",\"versioned\":false}
    when bucket.acl == \"public\" || bucket.acl == \"public-read\": false
        bucket.acl: \"private\"
"
    );
    let json = package().run(&["policy", "explain", "A-1", "--json", "--as-of", "2030-06-30"]).exits(0).json();
    let about = &json["about"][0];
    assert_eq!((&json["code"], &json["plan"]), (&"A-1".into(), &serde_json::Value::Null));
    assert_eq!(about["subject"]["gate"], "state");
    assert_eq!((&about["says"][0]["outcome"], &about["says"][0]["place"]["line"]), (&"deny".into(), &4.into()));
    assert_eq!((&about["says"][1]["exempt"], &about["says"][1]["pointer"]), (&true.into(), &"/buckets/2".into()));
    assert_eq!(about["ways"].as_array().unwrap().len(), 4);
    let last = &about["ways"][3];
    assert_eq!((&last["met"], &last["clauses"][1]["clause"]), (&false.into(), &"when".into()));
    assert_eq!(last["clauses"][1]["parts"][0]["value"], "log-delivery");
}

#[test]
fn a_policy_is_explained_about_any_document() {
    let package = package();
    package.write("empty.yaml", "buckets: []\n");
    let run = package.run(&["policy", "explain", "no_public_bucket", "--input", "empty.yaml"]).exits(0);
    let said = "empty.yaml: `no_public_bucket` says nothing\n    at empty.yaml:1:1\n    for bucket in input.buckets: there is none\n";
    assert_eq!(run.text(), said);
    let said =
        piped(&package, &["policy", "explain", "A-1", "-i", "-"], r#"{"buckets": [{"name": "a", "acl": "public"}]}"#);
    assert!(said.starts_with("stdin: `no_public_bucket` denies: a is public"), "{said}");

    // One that looks at an environment, too, has to be told which.
    let run = package.run(&["policy", "explain", "A-2", "--input", "state.json"]).exits(2);
    assert!(run.stderr.contains("looks at an environment, too\n  name one with `--env`"), "{run}");
    let run = package.run(&["policy", "explain", "A-2", "--input", "state.json", "--env", "dev"]).exits(0);
    assert_eq!(
        run.text(),
        "state.json: `versioned_in_production` says nothing\n    at state.json:1:1\n    when env.tier == production: false\n        \
         env.tier: \"dev\"\n"
    );
    let run = package.run(&["policy", "explain", "A-2", "--input", "state.json", "--env", "prod"]).exits(0);
    assert_eq!(run.text().matches("warns: ").count(), 4, "{run}");
    package.run(&["policy", "explain", "A-2", "--input", "state.json", "--env", "test"]).exits(2).says("`prod`, `dev`");
}

#[test]
fn what_cannot_be_decided_is_explained_too() {
    let package = package();
    package.write("state.json", "{}");
    let run = package.run(&["policy", "explain", "A-3"]).exits(0);
    assert!(run.text().contains("`first_is_named` denies: it cannot be decided: "), "{run}");
    assert!(
        package.run(&["policy", "explain", "A-3", "--json"]).exits(0).json()["about"][0]["ways"][0]["undecided"]
            == true
    );
}

#[test]
fn policies_about_entities_and_changes_are_explained() {
    let package = package();
    let run = package.run(&["policy", "explain", "A-4"]).exits(0);
    assert_eq!(
        run.text(),
        "test.main.billing: `owned` says nothing\n    when app.owner == \"\": false\n        app.owner: \"payments\"\n\
         test.main.search: `owned` denies: an application has an owner\n    when app.owner == \"\": true\n        app.owner: \"\"\n"
    );
    package.run(&["policy", "explain", "A-5"]).exits(2).says("say since when with `--base`");
    if !package.git(&["init", "-q"]) {
        skipped("there is no git here");
        return;
    }
    package.commit();
    package.write("tools/build.sh", "exit 0\n");
    package.commit();
    let run = package.run(&["policy", "explain", "A-5", "--base", "HEAD^"]).exits(0);
    assert_eq!(
        run.text(),
        "the change: `no_tools` denies: tools are made elsewhere\n    \
         for file in change.files: {\"path\":\"tools/build.sh\",\"status\":\"added\"}\n    \
         when starts_with(file.path, \"tools/\"): true\n        file.path: \"tools/build.sh\"\n"
    );
}

#[test]
fn what_cannot_be_explained_says_why() {
    let package = package();
    package.run(&["policy", "explain", "A-9"]).exits(2).says("no policy has the code A-9; there are A-1, A-2");
    package
        .run(&["policy", "explain", "A-6"])
        .exits(2)
        .says("give one with `--input FILE`, or add the policy to a gate");
    package.run(&["policy", "explain", "A-1", "--input", "nowhere.json"]).exits(2).says("nowhere.json");
    package.run(&["policy", "explain", "A-1", "--input", "state"]).exits(2).says("--input-format");
}

#[test]
fn decimals_are_shown_as_they_are_written() {
    let package = Package::of(
        r#"policy cheap {
  code "C-1" severity low
  on input: { price: Decimal, parts: List<Decimal> = [] }
  for part in input.parts
  when input.price + part > 60
  deny "{input.price} is too much"
}
"#,
    );
    package.write("a.json", r#"{ "price": 54, "parts": [6.50] }"#);
    let run = package.run(&["policy", "explain", "C-1", "--input", "a.json"]).exits(0);
    assert!(run.text().contains("for part in input.parts: 6.5\n"), "{run}");
    assert!(run.text().contains("input.price + part: 60.5\n"), "{run}");
    assert!(run.text().contains("54 is too much") && !run.text().contains("$decimal"), "{run}");
}

#[test]
fn documents_of_the_wrong_shape_are_findings_at_their_place() {
    let package = package();
    package.write("bad.json", "{\n  \"buckets\": [{ \"name\": 3 }]\n}\n");
    let run = package.run(&["policy", "explain", "A-1", "--input", "bad.json"]).exits(1);
    assert!(run.stderr.contains("ORD0503") && run.stderr.contains("bad.json:2:25"), "{run}");
    let run = package.run(&["policy", "explain", "A-1", "--input", "bad.json", "--json"]).exits(1);
    assert_eq!(run.json()["findings"][0]["primary"]["line"], 2);
    package.write("state.json", "{\n  \"buckets\": 3\n}\n");
    let run = package.run(&["policy", "explain", "A-1"]).exits(1);
    assert!(run.stderr.contains("state.json:2:14"), "{run}");
    let run = package.run(&["eval", "--input", "bad.json:State", "input"]).exits(1);
    assert!(run.stderr.contains("bad.json:2:25"), "{run}");
}

#[test]
fn expressions_go_over_documents() {
    let package = package();
    package.write("rows.csv", "name,count\na,1\nb,2\n");
    package.write("rows.txt", "name,count\na,1\nb,2\n");
    package.write("old.toml", "[[buckets]]\nname = \"logs\"\n");
    package.write("plan.json", r#"{ "format_version": "1.2", "resource_changes": [] }"#);
    for (arguments, value) in [
        (&["-i", "state.json:State", "input.buckets[0].name"][..], "logs"),
        (&["-i", "state.json", "input.stacks ?? \"none\""], "none"),
        (&["-i", "rows.csv:List<{ name: String, count: Int }>", "sum([row.count for row in input])"], "3"),
        (&["-i", "rows.csv:[{ count: Int }]", "len(input)"], "2"),
        (&["-i", "old=old.toml:State", "-i", "new=state.json:State", "len(new.buckets) - len(old.buckets)"], "3"),
        (&["-i", "state.json:{ buckets: Json, limit: Int = 50 * 2 }", "input.limit"], "100"),
        (
            &["-i", "rows.csv:List<{ count: Int, more: { by: Int = 2 } = {} }>", "input[1].count + input[1].more.by"],
            "4",
        ),
        (&["-i", "plan.json:terraform.Plan", "input.format_version"], "1.2"),
        (&["-i", "plan.json:std.terraform.Plan", "len(input.resource_changes)"], "0"),
        (&["-i", "rows.txt:[{ count: Int }]", "--input-format", "csv", "len(input)"], "2"),
    ] {
        let run = package.run(&[&["eval"], arguments].concat()).exits(0);
        assert_eq!(run.text(), format!("{value}\n"), "{run}");
    }
    let said = piped(&package, &["eval", "--json", "-i", "-:State", "input.buckets"], "{}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&said).unwrap()["type"], "List<Bucket>");
    let said = piped(
        &package,
        &["eval", "-i", "-:State", "--input-format", "yaml", "input.buckets[0].acl"],
        "buckets: [{ name: a }]",
    );
    assert_eq!(said, "private\n");

    // Outside of a package, too.
    let nowhere = tempfile::tempdir().unwrap();
    std::fs::write(nowhere.path().join("a.json"), "[1, 2]").unwrap();
    let run = crate::ordain::ordain(nowhere.path()).run(["eval", "-i", "a.json:List<Int>", "sum(input)"]).exits(0);
    assert_eq!(run.text(), "3\n");

    package.run(&["eval", "-i", "state.json:Stat", "input"]).exits(2).says("no type named `Stat`").says("State");
    package.run(&["eval", "-i", "state.json:List<", "input"]).exits(2).says("`state.json`: ");
    package.run(&["eval", "-i", "state.json:{ n: Int = \"a\" }", "input"]).exits(2).says("expected `Int`");
    package.run(&["eval", "-i", "state.json:{ n: Int = 1 / 0 }", "input"]).exits(1).says("division by zero");
    package.run(&["eval", "-i", "state.json:State", "input.bucket"]).exits(1).says("ORD0303");
    package.run(&["eval", "-i", "nowhere.json", "input"]).exits(2).says("nowhere.json");
    package.run(&["eval", "-i", "ordain", "input"]).exits(2).says("--input-format");
}
