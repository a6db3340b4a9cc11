//! A plan's hash is about its meaning: about all of it, and about nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ordain_graph::{DraftPlan, Effect, OnFailure, Retry, SecretRef, Shape, Value, Why};
use proptest::prelude::*;
use smol_str::SmolStr;

use crate::samples::{contract, draft, made, output, record, shop, step, text};

/// A value of any kind that can be known before execution.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        (-2i64..3).prop_map(Value::Int),
        (-2i64..30, 0u32..3).prop_map(|(digits, scale)| Value::Decimal(rust_decimal::Decimal::new(digits, scale))),
        "[a$]{0,2}".prop_map(Value::string),
        (0u64..3).prop_map(Value::Bytes),
        (0u64..3).prop_map(Value::Duration),
        (0u32..2).prop_map(|index| Value::Variant(index, "a".into())),
        "[ab]".prop_map(|name| Value::Secret(SecretRef { name: name.into() })),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let name = "[a$]{1,2}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::list),
            prop::collection::btree_set(inner.clone(), 0..3).prop_map(|set| Value::Set(Arc::new(set))),
            prop::collection::btree_map(name.prop_map(Value::string), inner.clone(), 0..3)
                .prop_map(|map| Value::Map(Arc::new(map))),
            prop::collection::btree_map(name, inner, 0..3)
                .prop_map(|map| Value::record(map.into_iter().map(|(name, value)| (SmolStr::from(name), value)))),
        ]
    })
}

/// A plan that is given a value.
fn given(value: Value) -> DraftPlan {
    let mut plan = draft("p", Vec::new());
    plan.arguments.insert("value".into(), value);
    plan
}

type Edit = (&'static str, fn(&mut DraftPlan));

const EDITS: [Edit; 32] = [
    ("nothing", |_| {}),
    ("plan", |plan| plan.plan = "shop.release.other".into()),
    ("package", |plan| plan.package.name = "store".into()),
    ("package version", |plan| plan.package.version = "0.3.1".into()),
    ("argument", |plan| plan.arguments.insert("version".into(), Value::parse_semver("1.4.1").unwrap())),
    ("argument's kind", |plan| plan.arguments.insert("version".into(), text("1.4.0"))),
    ("further argument", |plan| plan.arguments.insert("more".into(), Value::None)),
    ("fact", |plan| prod(plan).facts = record(&[("domain", text("shop.example.com"))])),
    ("group", |plan| drop(prod(plan).groups.insert("sre".into(), vec!["ana".into(), "bo".into()]))),
    ("group's order", |plan| prod(plan).groups.get_mut("sre").unwrap().reverse()),
    ("data", |plan| drop(plan.data.insert("shop:regions.csv".into(), format!("sha256:{}", "d".repeat(64)).into()))),
    ("on failure", |plan| plan.on_failure = OnFailure::Continue),
    ("returns", |plan| plan.returns = None),
    ("returned part", |plan| plan.returns = Some(record(&[("url", output(2, &["uri"]))]))),
    ("address", |plan| plan.nodes[0].address = "db".into()),
    ("stage", |plan| plan.nodes[2..5].iter_mut().for_each(|node| node.stage = None)),
    ("input", |plan| {
        plan.nodes[0].inputs =
            record(&[("name", text("order")), ("region", text("eu-west-1")), ("size", Value::Bytes(20 << 30))])
    }),
    ("key", |plan| plan.nodes[0].key = None),
    ("timeout", |plan| plan.nodes[0].timeout = Some(1)),
    ("no timeout", |plan| plan.nodes[0].timeout = None),
    ("retry", |plan| plan.nodes[0].retry = Some(Retry { times: 4, min: 1_000, max: 30_000 })),
    ("retry's pause", |plan| plan.nodes[0].retry = Some(Retry { times: 3, min: 1_000, max: 30_001 })),
    ("failure of a step", |plan| plan.nodes[0].on_failure = Some(OnFailure::Stop)),
    ("undo", |plan| plan.nodes[0].undo = None),
    ("undo's input", |plan| {
        plan.nodes[0].undo.as_mut().unwrap().inputs = record(&[("name", text("orders")), ("region", text("eu"))]);
    }),
    ("edge", |plan| plan.nodes[6].depends_on.push((0, Why::After))),
    ("no edge", |plan| plan.nodes[6].depends_on.clear()),
    ("environment", |plan| plan.nodes[6].environment = None),
    ("adapter", |plan| plan.nodes[6].adapter = None),
    ("adapter's declaration", |plan| {
        plan.adapters.get_mut("shop.adapters.local").unwrap().digest = format!("sha256:{}", "f".repeat(64)).into();
    }),
    ("contract", |plan| std::sync::Arc::make_mut(&mut plan.nodes[6].contract).version = "1.2.1".into()),
    ("condition", |plan| plan.nodes[5].kind = ordain_graph::NodeKind::Gate { expect: output(5, &["status"]) }),
];

fn prod(plan: &mut DraftPlan) -> &mut ordain_graph::Environment {
    plan.environments.get_mut("shop.environments.prod").unwrap()
}

#[test]
fn every_change_of_meaning_is_another_hash() {
    let mut known: BTreeMap<SmolStr, &str> = BTreeMap::new();
    for (name, edit) in EDITS {
        let mut plan = shop();
        edit(&mut plan);
        if let Some(other) = known.insert(made(plan).hash(), name) {
            panic!("{name} and {other} give one hash");
        }
    }
}

/// Maps and records that were filled in some order.
fn filled(entries: &[(SmolStr, Value)]) -> (DraftPlan, Vec<u8>) {
    let shapes: Vec<(&str, Shape)> = entries.iter().map(|(name, _)| (name.as_str(), Shape::Json)).collect();
    let inputs: Vec<(&str, Value)> = entries.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let map: BTreeMap<Value, Value> =
        entries.iter().map(|(name, value)| (Value::string(name.clone()), value.clone())).collect();
    let set: BTreeSet<Value> = entries.iter().map(|(_, value)| value.clone()).collect();
    let mut plan = draft("p", vec![step("s", &contract("w", &shapes, &[], Effect::Write), &inputs)]);
    plan.arguments.extend(entries.iter().cloned());
    plan.data.extend(entries.iter().map(|(name, _)| (name.clone(), format!("sha256:{}", "0".repeat(64)).into())));
    plan.returns = Some(Value::list([Value::Map(Arc::new(map)), Value::Set(Arc::new(set))]));
    let bytes = made(plan.clone()).to_json();
    (plan, bytes)
}

proptest! {
    #[test]
    fn equal_values_and_no_others_have_equal_hashes(a in value(), b in value()) {
        let same = made(given(a.clone())).hash() == made(given(b.clone())).hash();
        prop_assert_eq!(same, a == b, "{:?} {:?}", a, b);
    }

    #[test]
    fn the_order_in_which_maps_are_filled_means_nothing(
        entries in prop::collection::btree_map("[a-zA-Z$é\u{10000}\u{e000}]{1,3}", value(), 1..8),
        turn in any::<prop::sample::Index>(),
        backwards in any::<bool>(),
    ) {
        let entries: Vec<(SmolStr, Value)> = entries.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let mut other = entries.clone();
        other.rotate_left(turn.index(entries.len()));
        if backwards {
            other.reverse();
        }
        prop_assert_eq!(filled(&entries).1, filled(&other).1);
    }
}
