//! Gatekeeper's own library: every case of every suite has the verdict that the suite states.

use std::path::Path;

use ordain_rego::{Constraint, ConstraintTemplate, Inventory, Limits, RegoFinding, Review};
use regex::Regex;
use serde_json::Value;

use crate::documents::{corpus, document};

/// The cases that come out differently, and how.
///
/// - `not f(x, params.ranges)` where there are no `ranges`: OPA takes the argument out of the negation, so the whole body
///   has no value. Here the call has none, and its negation holds. That finds more, never less.
const DIFFERENT: [(&str, &str); 1] =
    [("\"users-and-groups-together\" \"example-allowed\"", "{\"violations\":\"no\"} but 1")];

#[test]
fn every_suite_has_its_verdicts() {
    let Some(corpus) = corpus() else { return };
    let mut folders: Vec<_> = std::fs::read_dir(corpus.join("kubernetes-gatekeeper"))
        .expect("the folder can be read")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|folder| folder.join("suite.yaml").is_file())
        .collect();
    folders.sort();
    let (mut cases, mut wrong) = (0, Vec::new());
    for folder in &folders {
        let suite = document(&folder.join("suite.yaml"));
        for test in list(&suite, "tests") {
            let file = |member: &str| document(&folder.join(test[member].as_str().expect("is a path")));
            let place = |case: &Value| format!("{} {} {}", folder.display(), test["name"], case["name"]);
            let template = ConstraintTemplate::parse(&file("template"));
            let template = match template {
                Ok(template) => template,
                Err(error) => {
                    cases += list(test, "cases").len();
                    wrong.extend(list(test, "cases").iter().map(|case| format!("{}: {error}", place(case))));
                    continue;
                }
            };
            let constraint = Constraint::parse(&file("constraint")).expect("is a constraint");
            for case in list(test, "cases") {
                cases += 1;
                match run(&template, &constraint, folder, case) {
                    Ok(findings) => {
                        wrong.extend(disagreements(case, &findings).map(|text| format!("{}: {text}", place(case))))
                    }
                    Err(error) => wrong.push(format!("{}: {error}", place(case))),
                }
            }
        }
    }
    println!("{} suites, {cases} cases, {} differ", folders.len(), wrong.len());
    let unexpected = |text: &&String| !DIFFERENT.iter().any(|(case, why)| text.contains(case) && text.contains(why));
    let unexpected: Vec<&String> = wrong.iter().filter(unexpected).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    assert_eq!(wrong.len(), DIFFERENT.len(), "a difference is gone: {wrong:#?}");
    assert!(cases > 0, "the folder has no suites");
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

fn run(
    template: &ConstraintTemplate,
    constraint: &Constraint,
    folder: &Path,
    case: &Value,
) -> Result<Vec<RegoFinding>, ordain_rego::GatekeeperError> {
    let mut inventory = Inventory::new();
    for path in list(case, "inventory") {
        inventory.add(&document(&folder.join(path.as_str().expect("is a path"))))?;
    }
    let review = Review::parse(&document(&folder.join(case["object"].as_str().expect("is a path"))))?;
    template.review(constraint, &review, &inventory, Limits::default())
}

/// The assertions of a case that do not hold.
fn disagreements<'a>(case: &'a Value, findings: &'a [RegoFinding]) -> impl Iterator<Item = String> + 'a {
    list(case, "assertions").iter().filter_map(move |assertion| {
        let message = assertion["message"].as_str().map(|text| Regex::new(text).expect("is a pattern"));
        let count = findings
            .iter()
            .filter(|finding| message.as_ref().is_none_or(|message| message.is_match(&finding.message)))
            .count();
        let holds = match &assertion["violations"] {
            Value::String(text) if text == "no" => count == 0,
            Value::String(text) if text == "yes" => count > 0,
            Value::Null => count > 0,
            Value::Number(number) => number.as_u64() == Some(count as u64),
            other => panic!("{other} is no assertion"),
        };
        (!holds).then(|| format!("{assertion} but {count}: {findings:?}"))
    })
}
