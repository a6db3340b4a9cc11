//! Plan files: exact, and believed only when true.

use ordain_graph::{DraftPlan, PlanError, PlanGraph, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::samples::{everything, made, many, shop, sweep, tiny};

const SAMPLES: [fn() -> DraftPlan; 4] = [tiny, shop, sweep, everything];

#[test]
fn a_plan_reads_back_as_it_was() {
    for sample in SAMPLES {
        let graph = made(sample());
        let bytes = graph.to_json();
        let again = PlanGraph::from_json(&bytes).unwrap();
        assert_eq!(again, graph);
        assert_eq!(again.to_json(), bytes);
        assert_eq!(again.hash(), graph.hash());
    }
}

#[test]
fn the_bytes_are_canonical_and_hold_their_own_hash() {
    for sample in SAMPLES {
        let graph = made(sample());
        let bytes = graph.to_json();
        let mut json: Json = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json_canonicalizer::to_vec(&json).unwrap(), bytes);
        let hash = json.as_object_mut().unwrap().remove("hash").unwrap();
        let digest = sha256(&serde_json_canonicalizer::to_vec(&json).unwrap());
        assert_eq!(hash, json!(digest));
        assert_eq!(graph.hash(), digest);
    }
}

#[test]
fn the_sample_stays_the_same_for_ever() {
    let pretty: Json = serde_json::from_slice(&made(tiny()).to_json()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&pretty).unwrap());
    insta::assert_snapshot!(made(shop()).hash());
}

#[test]
fn white_space_is_free_and_nothing_else_is() {
    let bytes = made(shop()).to_json();
    let json: Json = serde_json::from_slice(&bytes).unwrap();
    let pretty = serde_json::to_vec_pretty(&json).unwrap();
    assert_eq!(PlanGraph::from_json(&pretty), PlanGraph::from_json(&bytes));
    let text = String::from_utf8(bytes).unwrap();
    let twice = text.replacen("{\"adapters\":", "{\"risk\":\"low\",\"adapters\":", 1);
    assert_eq!(PlanGraph::from_json(twice.as_bytes()), Err(PlanError::NotCanonical));
    let escaped = text.replacen("\"format\"", "\"\\u0066ormat\"", 1);
    assert_eq!(PlanGraph::from_json(escaped.as_bytes()), Err(PlanError::NotCanonical));
    let space = text.replacen("orders:1.4.0", "orders: 1.4.0", 1);
    assert!(matches!(PlanGraph::from_json(space.as_bytes()), Err(PlanError::Hash { .. })));
}

/// A verdict that asks for approvals.
fn verdict(node: Json, count: u32) -> Json {
    json!({
        "code": "GOV-1",
        "node": node,
        "outcome": { "approval": { "group": "sre", "count": count } },
        "policy": "shop.p",
        "severity": "low",
    })
}

/// Files that were changed by someone who knows how to compute the hash anew.
#[test]
fn a_right_hash_does_not_make_a_lie_true() {
    type Lie = (&'static str, fn(&mut Json), &'static str);
    let lies: [Lie; 17] = [
        ("input", |json| json["nodes"][0]["inputs"]["size"] = json!(1), "does not have the id it claims"),
        ("effect", |json| json["effect"] = json!("read"), "greatest effect"),
        (
            "risk",
            |json| {
                json["risk"] = json!("low");
                json["mode"] = json!("autonomous");
            },
            "greatest risk",
        ),
        ("mode", |json| json["mode"] = json!("autonomous"), "does not follow from the verdicts"),
        (
            "verdict of no step",
            |json| json["verdicts"] = json!([verdict(json!(format!("sha256:{}", "0".repeat(64))), 1)]),
            "a step that is not there",
        ),
        ("nobody", |json| json["verdicts"] = json!([verdict(json!(null), 0)]), "it asks nobody"),
        (
            "twice",
            |json| json["verdicts"] = json!([verdict(json!(null), 1), verdict(json!(null), 1)]),
            "in order, each once",
        ),
        ("node effect", |json| json["nodes"][0]["effect"] = json!("read"), "not that of its contract"),
        ("stages", |json| json["stages"] = json!([]), "not the stages"),
        ("no stage", |json| json["nodes"][3]["stage"] = json!(null), "its stage is not the one its address names"),
        ("other stage", |json| json["nodes"][3]["stage"] = json!("verify"), "its stage is not the one"),
        ("unknown", |json| json["more"] = json!(1), "not known"),
        ("unknown deep", |json| json["nodes"][0]["note"] = json!(1), "not known"),
        ("format", |json| json["format"] = json!("ordain.plan/2"), "the format is `ordain.plan/2`"),
        (
            "contract",
            |json| {
                let digest = json["nodes"][0]["contract"].as_str().unwrap().to_owned();
                json["contracts"][&digest]["risk"] = json!("low");
            },
            "does not have the id it claims",
        ),
        ("order", |json| json["nodes"].as_array_mut().unwrap().swap(2, 3), "canonical order"),
        (
            "returns",
            |json| {
                json["returns"]["url"]["$output"] = json!(format!("sha256:{}", "0".repeat(64)));
            },
            "a step that is not there",
        ),
    ];
    for (name, lie, expected) in lies {
        let mut json: Json = serde_json::from_slice(&made(shop()).to_json()).unwrap();
        lie(&mut json);
        let error = PlanGraph::from_json(&rehashed(json)).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn inputs_that_break_their_contract_are_refused() {
    let mut plan = shop();
    let Value::Record(fields) = &plan.nodes[2].inputs else { panic!("a record") };
    let mut fields = fields.as_ref().clone();
    fields.insert("replicas".into(), Value::Int(51));
    plan.nodes[2].inputs = Value::record(fields);
    let error = PlanGraph::from_json(&made(plan).to_json()).unwrap_err().to_string();
    assert_eq!(
        error,
        "`rollout/deploy[eu-west-1]`: inputs do not follow the contract: /replicas: `51` is not in `1..=50`"
    );
}

#[test]
fn depth_is_bounded_and_deep_is_no_crash() {
    let mut bytes = vec![b'['; 1 << 20];
    assert!(matches!(PlanGraph::from_json(&bytes), Err(PlanError::Json(_))));
    bytes.truncate(512);
    bytes.extend_from_slice(&[b']'; 512]);
    assert!(matches!(PlanGraph::from_json(&bytes), Err(PlanError::NoObject)));
}

#[test]
fn many_steps_read_back() {
    let graph = made(many(3_000));
    assert_eq!(PlanGraph::from_json(&graph.to_json()).as_ref(), Ok(&graph));
}

pub fn rehashed(mut json: Json) -> Vec<u8> {
    json.as_object_mut().unwrap().remove("hash");
    let digest = sha256(&serde_json_canonicalizer::to_vec(&json).unwrap());
    json["hash"] = json!(digest);
    serde_json_canonicalizer::to_vec(&json).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    format!("sha256:{}", Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn truncated_and_changed_bytes_are_refused(
        sample in prop::sample::select(SAMPLES.to_vec()),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let bytes = made(sample()).to_json();
        let at = at.index(bytes.len());
        let mut changed = bytes.clone();
        if cut {
            changed.truncate(at);
        } else {
            prop_assume!(changed[at] != byte);
            changed[at] = byte;
        }
        prop_assert!(PlanGraph::from_json(&changed).is_err());
    }

    #[test]
    fn a_changed_tree_with_a_right_hash_never_panics(
        at in any::<prop::sample::Index>(),
        with in prop::sample::select(vec![json!(null), json!(0), json!(-1), json!("x"), json!([]), json!({}), json!({"$op": "add", "args": []}), json!({"$it": true})]),
    ) {
        let mut json: Json = serde_json::from_slice(&made(shop()).to_json()).unwrap();
        let mut paths = Vec::new();
        pointers(&json, String::new(), &mut paths);
        let path = &paths[at.index(paths.len())];
        let old = std::mem::replace(json.pointer_mut(path).unwrap(), with.clone());
        prop_assume!(old != with && path != "/hash");
        if json.is_object() {
            let read = PlanGraph::from_json(&rehashed(json));
            // What no id covers may differ: the names of things and what they are for people.
            let free = ["/plan", "/package", "/arguments", "/data", "/environments", "/adapters", "/returns", "/on_failure"];
            if let Ok(graph) = read {
                prop_assert!(free.iter().any(|name| path.starts_with(name)) || path.ends_with("/address"), "{path}");
                prop_assert!(graph != made(shop()));
            }
        }
    }

    #[test]
    fn garbage_is_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(PlanGraph::from_json(&bytes).is_err());
    }
}

pub fn pointers(json: &Json, path: String, found: &mut Vec<String>) {
    match json {
        Json::Object(members) => members.iter().for_each(|(name, member)| {
            pointers(member, format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), found);
        }),
        Json::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, each)| pointers(each, format!("{path}/{index}"), found));
        }
        _ => {}
    }
    found.push(path);
}
