//! Cedar's integration tests, with the policies beside this file.

use std::collections::BTreeMap;
use std::path::Path;

use ordain_benches::Random;
use ordain_compiler::{Arena, Authorizer, Content};
use ordain_loader::Workspace;
use serde_json::{Value, json};

use crate::peer::{Asked, Cedar, parsed};

const ACTIONS: [&str; 7] = ["addPhoto", "comment", "delete", "edit", "listAlbums", "listPhotos", "view"];

const ADDRESSES: [&str; 6] = ["222.222.222.222", "222.222.222.1", "127.0.0.1", "224.0.0.7", "::1", "ff02::1"];

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The tests, by the names of their policies here.
fn tests(corpus: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for folder in std::fs::read_dir(corpus.join("tests")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let test = read(&path);
                let policies = test["policies"].as_str().unwrap();
                let name = policies.trim_start_matches("tests/").trim_end_matches(".cedar");
                found.insert(name.replace("/policies_", "_"), test);
            }
        }
    }
    found
}

/// The entities without the actions, which are variants of an enum here.
fn entities(document: &Value) -> Value {
    let entities = document.as_array().unwrap();
    entities.iter().filter(|entity| entity["uid"]["type"] != "Action").cloned().collect()
}

/// A context as Ordain has it: a decimal is a number, an address a text. Cedar writes both as texts, with or without the
/// function that reads them.
fn context(context: &Value) -> Value {
    let mut context = context.clone();
    for part in ["confidence_score", "source_ip"] {
        let Some(value) = context.get(part) else { continue };
        let text = value.pointer("/__extn/arg").unwrap_or(value).clone();
        context[part] = match &text {
            Value::String(score) if part == "confidence_score" => serde_json::from_str(score).unwrap(),
            _ => text,
        };
    }
    context
}

#[test]
fn integration_tests_are_decided_as_cedar_decides_them() {
    let Some(corpus) = crate::corpus().map(|corpus| corpus.join("cedar-integration")) else { return };
    let tests = tests(&corpus);
    assert_eq!(tests.len(), 18, "{:?}", tests.keys());
    for (name, test) in tests {
        let path = |part: &str| corpus.join(test[part].as_str().unwrap());
        let document = read(&path("entities"));
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cedar/policies");
        let source = |name: &str| std::fs::read_to_string(own.join(format!("{name}.ord"))).unwrap();
        let sandbox = path("entities").parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let text = format!("{}\n{}", source(&sandbox), source(&name));
        let workspace = Workspace::single("main.ord", Content::Text(text.into()));
        let found = ordain_compiler::check_package(&workspace.db, workspace.root);
        assert!(found.is_empty(), "{name}: {found:#?}");
        let mut ordain = Authorizer::new(&workspace.db, workspace.root, None);
        ordain.take_entities(&"entities.json".into(), &parsed(&entities(&document))).unwrap();
        let cedar = Cedar::new(&path("policies"), &path("schema"), document.clone());

        let arena = Arena::default();
        let prepared = ordain.prepared(&arena);
        for request in test["requests"].as_array().unwrap() {
            let text = |part: &str, member: &str| request[part][member].as_str().unwrap();
            let asked = Asked {
                principal: (text("principal", "type"), text("principal", "id")),
                action: text("action", "id"),
                resource: (text("resource", "type"), text("resource", "id")),
                context: context(&request["context"]),
            };
            let decision = crate::peer::decided(&ordain, &prepared, &asked, "", 0);
            let expected = request["decision"] == "allow";
            assert_eq!(decision.is_permitted(), expected, "{name}: {}\n{decision:#?}", request["description"]);
        }

        let names: Vec<(&str, &str)> = document
            .as_array()
            .unwrap()
            .iter()
            .map(|entity| (entity["uid"]["type"].as_str().unwrap(), entity["uid"]["id"].as_str().unwrap()))
            .filter(|(ty, _)| *ty != "Action")
            .collect();
        let has_scores = test["requests"][0]["context"].get("confidence_score").is_some();
        let (mut random, mut permitted) = (Random::new(7), 0);
        for at in 0..crate::requests() {
            let (principal, resource) = (*random.pick(&names), *random.pick(&names));
            let mut circumstances = json!({ "authenticated": random.below(4) > 0 });
            let action = if has_scores && random.below(3) == 0 { "view" } else { *random.pick(&ACTIONS) };
            let score = format!("0.{}", random.below(10));
            if has_scores {
                circumstances["source_ip"] = json!({ "__extn": { "fn": "ip", "arg": random.pick(&ADDRESSES) } });
                circumstances["confidence_score"] = json!({ "__extn": { "fn": "decimal", "arg": score } });
            }
            let mut asked = Asked { principal, action, resource, context: circumstances };
            let ((expected, decidable), ours) = (cedar.decide(&asked), context(&asked.context));
            asked.context = ours;
            let decision = crate::peer::decided(&ordain, &prepared, &asked, "", at);
            if decidable || !decision.faults.is_empty() && decision.forbidden_by.is_empty() {
                assert_eq!(decision.is_permitted(), expected, "{name}: {asked:?}\n{decision:#?}");
            } else {
                // Cedar leaves out what it cannot decide, and we forbid what might be forbidden.
                assert!(!decision.is_permitted() || expected, "{name}: {asked:?}\n{decision:#?}");
            }
            permitted += usize::from(expected);
        }
        eprintln!("{name}: {permitted} permitted");
    }
}
