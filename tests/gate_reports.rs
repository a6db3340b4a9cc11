//! What reports of gates say of policies: codes, severities, and what fails and what does not.

use serde_json::{Value as Json, json};

use crate::package::Package;

const RULES: &str = r#"type Thing = { name: String, kind: String }

type State = { things: List<Thing> = [] }

/// Nothing is rotten,
/// and nothing smells.
///
/// Throw it away.
policy no_rot {
  code "P-10" severity critical
  on input: State
  for thing in input.things
  when thing.kind == "rotten"
  deny "{thing.name} is rotten"
  exempt thing.name == "cheese" until 2026-12-31
}

policy no_oddity {
  code "P-2" severity low
  on input: State
  for thing in input.things
  when thing.kind == "odd"
  deny "{thing.name} is odd"
}

policy named {
  code "P-3" severity high
  on input: State
  for thing in input.things
  when thing.name == ""
  warn "a thing has no name"
}

policy few {
  code "P-4" severity medium
  on input: State
  for thing in input.things
  when thing.kind == "surplus"
  deny "{thing.name} is too much"
}

gate things {
  input second: State = json("b.json")
  input first: State = json("a.json")
  check [named, few, no_rot, no_oddity]
}
"#;

fn package(first: &str, second: &str) -> Package {
    let package = Package::of(RULES);
    for (file, kinds) in [("a.json", first), ("b.json", second)] {
        let things: Vec<Json> = kinds
            .split_whitespace()
            .map(|kind| match kind.split_once('=') {
                Some((name, kind)) => json!({ "name": name, "kind": kind }),
                None => json!({ "name": if kind == "nameless" { "" } else { "x" }, "kind": kind }),
            })
            .collect();
        let lines: Vec<String> = things.iter().map(Json::to_string).collect();
        package.write(file, format!("{{ \"things\": [\n{}\n] }}\n", lines.join(",\n")));
    }
    package
}

fn gate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["gate", "--as-of", "2026-06-30"], more].concat()
}

#[test]
fn sarif_has_a_rule_for_each_policy() {
    let package = package("rotten odd cheese=rotten", "nameless surplus cheese=rotten");
    let run = package.run(&gate(&["--format", "sarif"])).exits(1);
    let log = run.json()["runs"][0].clone();
    let rules = log["tool"]["driver"]["rules"].as_array().unwrap();
    let shown: Vec<Json> = rules
        .iter()
        .map(|rule| json!([rule["id"], rule["shortDescription"]["text"], rule["properties"]["security-severity"]]))
        .collect();
    assert_eq!(
        json!(shown),
        json!([
            ["P-10", "Nothing is rotten, and nothing smells.", "9.5"],
            ["P-2", "no_oddity", "3.0"],
            ["P-3", "named", "8.0"],
            ["P-4", "few", "5.5"],
        ])
    );
    assert!(rules[0]["fullDescription"]["text"].as_str().unwrap().ends_with("smells.\n\nThrow it away."), "{run}");
    for rule in rules {
        assert!(rule["properties"]["tags"].as_array().unwrap().contains(&json!("security")), "{rule}");
    }
    for result in log["results"].as_array().unwrap() {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"], "{run}");
        assert!(result["message"]["text"].as_str().unwrap().starts_with(result["ruleId"].as_str().unwrap()), "{run}");
    }

    // What no policy says keeps its code: an exemption that has run out or lifts nothing, a document that is none.
    package.write("a.json", "{}");
    package.write("b.json", "[");
    let run = package.run(&gate(&["--format", "sarif"])).exits(1);
    let results = run.json()["runs"][0]["results"].as_array().unwrap().clone();
    assert!(!results.is_empty());
    for result in results {
        assert!(result["ruleId"].as_str().unwrap().starts_with("ORD0"), "{run}");
    }
    package.write("b.json", "{}");
    let run = package.run(&gate(&["--format", "sarif"])).exits(0);
    assert_eq!(run.json()["runs"][0]["results"][0]["ruleId"], "ORD0808", "{run}");
    assert_eq!(run.json()["runs"][0]["tool"]["driver"]["rules"][0]["properties"], Json::Null, "{run}");
}

#[test]
fn every_format_tells_code_and_severity() {
    let package = package("rotten", "");
    let files = ["--junit", "gates.xml", "--summary", "summary.md"];
    let run = package.run(&gate(&[&["--format", "github"], &files[..]].concat())).exits(1);
    assert!(run.text().contains("title=P-10 (critical)%3A denied by a policy::P-10: x is rotten"), "{run}");
    let junit = package.read("gates.xml");
    assert!(junit.contains(r#"<failure message="P-10: x is rotten" type="critical">"#), "{junit}");
    let summary = package.read("summary.md");
    assert!(summary.contains("| **error** | <code>P&#45;10</code>, critical | <code>a.json:2:1</code> |"), "{summary}");
    let found = package.run(&gate(&["--json"])).exits(1).json()["gates"][0]["findings"][0].clone();
    assert_eq!(found["policy"], json!({ "code": "P-10", "name": "no_rot", "severity": "critical" }));
    let run = package.run(&gate(&["--format", "short"])).exits(1);
    assert!(run.text().starts_with("a.json:2:1: error[ORD0803] P-10: x is rotten (critical)\n"), "{run}");
    let run = package.run(&gate(&[])).exits(1);
    assert!(run.stderr.contains("denied by a policy, severity critical"), "{run}");
    // The policy whose exemption it is is told, too.
    assert!(run.stderr.contains("(P-10, severity critical)"), "{run}");
    package.write(
        "a.json",
        format!("{{ \"things\": [{}{{ \"name\": \"x\", \"kind\": \"rotten\" }}] }}", " ".repeat(2_000)),
    );
    package.run(&gate(&[])).exits(1).says("  Policy: P-10, severity critical");
}

#[test]
fn what_is_below_the_threshold_is_a_warning_everywhere() {
    let package = package("odd surplus cheese=rotten", "odd nameless cheese=rotten");
    package.run(&gate(&[])).exits(1).says("3 errors, 1 warning");
    let high = |more: &[&str]| package.run(&[&gate(&["--severity", "high"])[..], more].concat()).exits(0);
    let run = high(&["--junit", "gates.xml", "--summary", "summary.md", "--sarif", "gates.sarif"]);
    assert!(run.text().contains("passed  things: 4 policies, 4 warnings, 2 exempt\n"), "{run}");
    assert!(!run.stderr.contains("rror:") && run.stderr.ends_with("\n4 warnings\n"), "{run}");
    let junit = package.read("gates.xml");
    assert!(junit.contains("failures=\"0\"") && junit.contains("errors=\"0\""), "{junit}");
    assert!(junit.contains("warning: P-2: x is odd\nwarning: P-2: x is odd"), "{junit}");
    let summary = package.read("summary.md");
    assert!(summary.contains("| **warning** | <code>P&#45;2</code>, low |") && !summary.contains("error"), "{summary}");
    let sarif: Json = serde_json::from_str(&package.read("gates.sarif")).unwrap();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        assert_eq!(result["level"], "warning", "{result}");
    }
    for finding in high(&["--json"]).json()["gates"][0]["findings"].as_array().unwrap() {
        assert_eq!(finding["severity"], "warning", "{finding}");
    }
    let run = high(&["--format", "github"]);
    assert!(run.text().matches("::warning ").count() == 4 && !run.text().contains("::error"), "{run}");
    let run = package.run(&gate(&["--severity", "medium", "--summary", "summary.md"])).exits(1);
    assert!(run.text().contains("failed  things: 4 policies, 1 error, 3 warnings, 2 exempt\n"), "{run}");
    let summary = package.read("summary.md");
    assert_eq!((summary.matches("**error**").count(), summary.matches("**warning**").count()), (1, 3), "{summary}");
}

#[test]
fn findings_are_sorted_by_file_and_place() {
    let package = package("surplus odd rotten nameless", "odd rotten");
    let run = package.run(&gate(&["--format", "short"])).exits(1);
    let places: Vec<String> = run.text().lines().map(|line| line.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(
        places[..6],
        ["a.json:2:1", "a.json:3:1", "a.json:4:1", "a.json:5:1", "b.json:2:1", "b.json:3:1"],
        "{run}"
    );
    let json = package.run(&gate(&["--json"])).exits(1).json();
    let found = json["gates"][0]["findings"].as_array().unwrap();
    let sorted = found.iter().map(|finding| {
        format!(
            "{}:{}:{}",
            finding["primary"]["path"].as_str().unwrap(),
            finding["primary"]["line"],
            finding["primary"]["column"]
        )
    });
    assert_eq!(sorted.take(6).collect::<Vec<_>>(), places[..6]);
}

#[test]
fn machines_are_told_how_much_is_exempt() {
    let package = package("cheese=rotten odd", "cheese=rotten");
    let gate_of = |run: crate::ordain::Run| run.json()["gates"][0].clone();
    let json = gate_of(package.run(&gate(&["--json", "--severity", "high"])).exits(0));
    assert_eq!((&json["exempt"], json["findings"].as_array().unwrap().len()), (&json!(2), 1), "{json}");
    let json = gate_of(package.run(&["gate", "--as-of", "2027-01-01", "--json"]).exits(1));
    assert_eq!(json["exempt"], 0, "{json}");
}
