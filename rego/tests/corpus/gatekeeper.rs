//! Gatekeeper's own library: every case of every suite has the verdict that the suite states, in a gate.

use std::path::Path;

use ordain_compiler::GateRun;
use regex::Regex;
use serde_json::Value;

use crate::documents::{corpus, document};
use crate::world::gate;

/// The first object is reviewed, and those behind it are there to be looked at.
const SOURCE: &str = r#"policy library from gatekeeper "template.yaml" {
  code "K8S-1" severity high
  on input: List<Json>
  for position, object in input
  when position == 0
  with yaml("constraint.yaml")
}

gate cluster {
  input objects: List<Json> = json("objects.json")
  check [library]
}
"#;

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
            let file = |member: &str| read(folder, &test[member]);
            let (template, constraint) = (file("template"), file("constraint"));
            for case in list(test, "cases") {
                cases += 1;
                let objects = std::iter::once(&case["object"]).chain(list(case, "inventory"));
                let objects: Value =
                    objects.map(|path| document(&folder.join(path.as_str().expect("is a path")))).collect();
                let objects = objects.to_string();
                let run = gate(
                    SOURCE,
                    &[("template.yaml", &template), ("constraint.yaml", &constraint), ("objects.json", &objects)],
                );
                let place = format!("{} {} {}", folder.display(), test["name"], case["name"]);
                wrong.extend(run.faults.iter().map(|fault| format!("{place}: {}", fault.message)));
                wrong.extend(disagreements(case, &run).map(|text| format!("{place}: {text}")));
            }
        }
    }
    println!("{} suites, {cases} cases, {} differ", folders.len(), wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(cases > 0, "the folder has no suites");
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

fn read(folder: &Path, path: &Value) -> String {
    let path = folder.join(path.as_str().expect("is a path"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The assertions of a case that do not hold.
fn disagreements<'a>(case: &'a Value, run: &'a GateRun) -> impl Iterator<Item = String> + 'a {
    let messages: Vec<&str> =
        run.findings.iter().filter_map(|finding| finding.diagnostic.message.strip_prefix("K8S-1: ")).collect();
    list(case, "assertions").iter().filter_map(move |assertion| {
        let message = assertion["message"].as_str().map(|text| Regex::new(text).expect("is a pattern"));
        let fitting = |said: &&&str| message.as_ref().is_none_or(|message| message.is_match(said));
        let count = messages.iter().filter(fitting).count();
        let holds = match &assertion["violations"] {
            Value::String(text) if text == "no" => count == 0,
            Value::String(text) if text == "yes" => count > 0,
            Value::Null => count > 0,
            Value::Number(number) => number.as_u64() == Some(count as u64),
            other => panic!("{other} is no assertion"),
        };
        (!holds).then(|| format!("{assertion} but {count}: {messages:?}"))
    })
}
