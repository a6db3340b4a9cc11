//! The published JSON Schema: it takes every plan that is written, and refuses what is no plan.

use jsonschema::Validator;
use ordain_graph::{DraftPlan, PLAN_SCHEMA, PlanGraph};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::plan_file::{pointers, rehashed};
use crate::samples::{everything, made, many, shop, sweep, tiny};

const SAMPLES: [fn() -> DraftPlan; 4] = [tiny, shop, sweep, everything];

fn schema() -> Json {
    serde_json::from_str(PLAN_SCHEMA).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

fn written(plan: DraftPlan) -> Json {
    serde_json::from_slice(&made(plan).to_json()).unwrap()
}

#[test]
fn it_is_a_schema_itself() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn every_member_is_described_and_no_other_is_allowed() {
    fn visit(schema: &Json, path: &str, members: &mut usize) {
        if let Json::Object(keywords) = schema {
            if let Some(Json::Object(properties)) = keywords.get("properties")
                && !path.ends_with("/if")
                && !path.ends_with("/else")
            {
                assert_eq!(keywords["additionalProperties"], json!(false), "{path}");
                for (name, property) in properties {
                    *members += 1;
                    let described = property["description"].as_str().is_some_and(|text| text.ends_with('.'));
                    assert!(described, "{path}/{name}");
                }
            }
            keywords.iter().for_each(|(name, inner)| visit(inner, &format!("{path}/{name}"), members));
        } else if let Json::Array(inner) = schema {
            inner.iter().enumerate().for_each(|(at, inner)| visit(inner, &format!("{path}/{at}"), members));
        }
    }
    let mut members = 0;
    visit(&schema(), "", &mut members);
    assert!(members > 80, "{members}");
}

#[test]
fn every_plan_that_is_written_is_valid() {
    let validator = validator();
    for sample in SAMPLES {
        let plan = written(sample());
        let errors: Vec<String> =
            validator.iter_errors(&plan).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, [""; 0]);
    }
    assert!(validator.is_valid(&written(many(500))));
}

#[test]
fn a_broken_plan_is_refused() {
    type Break = (&'static str, fn(&mut Json));
    let breaks: [Break; 22] = [
        ("no format", |plan| drop(plan.as_object_mut().unwrap().remove("format"))),
        ("other format", |plan| plan["format"] = json!("ordain.plan/2")),
        ("unknown member", |plan| plan["time"] = json!("now")),
        ("unknown member of a node", |plan| plan["nodes"][0]["note"] = json!("x")),
        ("short hash", |plan| plan["hash"] = json!("sha256:00")),
        ("hash in capitals", |plan| plan["hash"] = json!(format!("sha256:{}", "A".repeat(64)))),
        ("contract by another name", |plan| {
            let contract = plan["contracts"].as_object().unwrap().values().next().unwrap().clone();
            plan["contracts"]["database.ensure"] = contract;
        }),
        ("unknown effect", |plan| plan["effect"] = json!("erase")),
        ("unknown risk", |plan| plan["nodes"][0]["risk"] = json!("none")),
        ("unknown reason", |plan| plan["nodes"][1]["depends_on"][0]["why"] = json!("because")),
        ("nodes by address", |plan| plan["nodes"] = json!({})),
        ("inputs in a list", |plan| plan["nodes"][0]["inputs"] = json!([])),
        ("a fraction", |plan| plan["nodes"][0]["inputs"]["size"] = json!(1.5)),
        ("a number that is not exact", |plan| plan["nodes"][0]["inputs"]["size"] = json!(1u64 << 60)),
        ("an unknown tag", |plan| plan["nodes"][0]["inputs"]["size"] = json!({ "$size": 1 })),
        ("a tag with company", |plan| plan["nodes"][0]["inputs"]["size"] = json!({ "$bytes": 1, "unit": "GiB" })),
        ("a secret with its content", |plan| plan["returns"] = json!({ "$secret": { "content": "hunter2" } })),
        ("a step with a condition", |plan| plan["nodes"][0]["expect"] = json!(true)),
        ("a gate without one", |plan| {
            let nodes = plan["nodes"].as_array_mut().unwrap();
            let gate = nodes.iter_mut().find(|node| node["kind"] == "gate").unwrap();
            gate.as_object_mut().unwrap().remove("expect");
        }),
        ("an unknown transport", |plan| plan["adapters"]["shop.adapters.local"]["transport"] = json!({ "smtp": "x" })),
        ("an unknown shape", |plan| {
            plan["contracts"].as_object_mut().unwrap().values_mut().next().unwrap()["input"] =
                json!({ "type": "float" });
        }),
        ("a stage twice", |plan| plan["stages"] = json!(["rollout", "rollout"])),
    ];
    let validator = validator();
    for (name, change) in breaks {
        let mut plan = written(shop());
        change(&mut plan);
        assert!(!validator.is_valid(&plan), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever a reader takes is valid: the schema refuses nothing that is a plan.
    #[test]
    fn what_reads_is_valid(
        sample in prop::sample::select(SAMPLES.to_vec()),
        at in any::<prop::sample::Index>(),
        with in prop::sample::select(vec![json!(null), json!(0), json!("x"), json!(""), json!([]), json!({}), json!(true), json!({"$secret": "x"})]),
    ) {
        let mut plan = written(sample());
        let mut paths = Vec::new();
        pointers(&plan, String::new(), &mut paths);
        let path = &paths[at.index(paths.len())];
        *plan.pointer_mut(path).unwrap() = with;
        prop_assume!(plan.is_object() && path != "/hash");
        let bytes = rehashed(plan);
        if PlanGraph::from_json(&bytes).is_ok() {
            prop_assert!(validator().is_valid(&serde_json::from_slice(&bytes).unwrap()), "{path}");
        }
    }
}
