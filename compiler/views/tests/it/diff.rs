//! Differences of two plans.

use std::sync::Arc;

use ordain_graph::{
    DraftPlan, Exemption, OnFailure, Outcome, PlanGraph, Retry, Severity, Shape, Value, Verdict, Why, finish,
};
use ordain_views::{PLAN_DIFF_SCHEMA, PlanDiff, Terminal, What, diff};

use crate::hostile::hostile;
use crate::samples::{contract, draft, made, many, output, record, shop, step, sweep, text, tiny};

fn between(old: DraftPlan, new: DraftPlan) -> PlanDiff {
    diff(&made(old), &made(new))
}

fn with_input(plan: &mut DraftPlan, node: usize, name: &str, value: Value) {
    let Value::Record(fields) = &plan.nodes[node].inputs else { panic!("a record") };
    let mut fields = fields.as_ref().clone();
    fields.insert(name.into(), value);
    plan.nodes[node].inputs = Value::record(fields);
}

/// The next release of the shop.
fn next() -> DraftPlan {
    let mut plan = shop();
    plan.arguments.insert("version".into(), Value::parse_semver("1.5.0").unwrap());
    plan.data.insert("shop:regions.csv".into(), format!("sha256:{}", "d".repeat(64)).into());
    let environment = plan.environments.get_mut("shop.environments.prod").unwrap();
    environment.facts =
        record(&[("domain", text("shop.example.org")), ("tier", Value::Variant(2, "production".into()))]);
    environment.groups.insert("sre".into(), vec!["ana".into(), "bo".into()]);
    for node in 2..5 {
        with_input(&mut plan, node, "image", text("orders:1.5.0"));
    }
    with_input(&mut plan, 4, "region", text("ap-south-2"));
    plan.nodes[4].address = "rollout/deploy[ap-south-2]".into();
    plan.nodes[0].timeout = Some(600_000);
    plan.nodes[0].retry = Some(Retry { times: 5, min: 1_000, max: 30_000 });
    plan.nodes[0].undo = None;
    plan.nodes[5].on_failure = Some(OnFailure::Continue);
    plan.nodes[6].address = "verify/cleanup/flush".into();
    plan
}

#[test]
fn a_next_release() {
    let found = between(shop(), next());
    insta::assert_snapshot!("diff_text", found.text(&Terminal::default()));
    insta::assert_snapshot!("diff_text_colour_narrow", found.text(&Terminal { width: 40, colour: true }));
    insta::assert_snapshot!("diff_markdown", found.markdown());
    let json: serde_json::Value = serde_json::from_str(&found.json()).unwrap();
    // Whether members keep their order depends on what else is built with it.
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!("diff_json", json) });
}

#[test]
fn json_follows_its_schema() {
    let schema: serde_json::Value = serde_json::from_str(PLAN_DIFF_SCHEMA).unwrap();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mut renamed = tiny();
    renamed.nodes[0].address = "hello".into();
    let pairs = [(shop(), next()), (next(), shop()), (tiny(), renamed), (shop(), shop()), (tiny(), hostile())];
    for (old, new) in pairs {
        let json: serde_json::Value = serde_json::from_str(&between(old, new).json()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0]);
        let mut broken = json.clone();
        broken["counts"]["lost"] = 1.into();
        assert!(!validator.is_valid(&broken));
    }
    // The words of the schema are those of the code.
    let words = schema["$defs"]["change"]["properties"]["what"]["enum"].as_array().unwrap();
    let own: Vec<serde_json::Value> = What::ALL.iter().map(|what| serde_json::to_value(what).unwrap()).collect();
    assert_eq!(*words, own);
}

#[test]
fn equal_plans_do_not_differ() {
    for sample in [tiny, shop, sweep] {
        let found = between(sample(), sample());
        assert!(found.is_empty());
        assert_eq!(found.counts.unchanged, made(sample()).nodes.len());
        assert!(found.text(&Terminal::default()).contains("the plans are the same"));
        assert!(found.markdown().contains("The plans are the same"));
    }
}

#[test]
fn what_follows_is_told_from_what_changed() {
    let mut plan = shop();
    plan.nodes[0].timeout = Some(1);
    let found = between(shop(), plan);
    let [changed] = found.changed.as_slice() else { panic!("one step changed itself") };
    assert_eq!(changed.address, "database");
    assert_eq!(changed.changes[0].what, What::Timeout);
    assert_eq!(found.followed.len(), 6);
    for followed in &found.followed {
        assert_eq!(followed.roots, ["database"], "{}", followed.address);
    }
    let purge = found.followed.iter().find(|followed| followed.address == "verify/cleanup/purge").unwrap();
    assert_eq!(purge.because, ["verify/healthy"]);
}

#[test]
fn every_part_of_a_step_has_its_own_word() {
    type Edit = (What, fn(&mut DraftPlan));
    let edits: [Edit; 18] = [
        (What::Input, |plan| with_input(plan, 0, "size", Value::Bytes(1))),
        (What::Key, |plan| plan.nodes[0].key = None),
        (What::Timeout, |plan| plan.nodes[0].timeout = None),
        (What::Retry, |plan| plan.nodes[0].retry = None),
        (What::Undo, |plan| plan.nodes[0].undo = None),
        (What::UndoContract, |plan| {
            Arc::make_mut(&mut plan.nodes[0].undo.as_mut().unwrap().contract).version = "9.0.0".into()
        }),
        (What::UndoInput, |plan| {
            let undo = plan.nodes[0].undo.as_mut().unwrap();
            undo.inputs = record(&[("name", text("other")), ("region", text("eu-west-1"))]);
        }),
        (What::UndoAdapter, |plan| {
            plan.nodes[0].undo.as_mut().unwrap().adapter = Some("shop.adapters.local".into());
        }),
        (What::OnFailure, |plan| plan.nodes[0].on_failure = Some(OnFailure::Continue)),
        (What::Environment, |plan| plan.nodes[0].environment = None),
        (What::Adapter, |plan| plan.nodes[0].adapter = Some("shop.adapters.local".into())),
        (What::AdapterDigest, |plan| {
            plan.adapters.get_mut("shop.adapters.postgres").unwrap().digest =
                format!("sha256:{}", "0".repeat(64)).into();
        }),
        (What::Version, |plan| Arc::make_mut(&mut plan.nodes[0].contract).version = "1.3.0".into()),
        (What::Effect, |plan| Arc::make_mut(&mut plan.nodes[0].contract).effect = ordain_graph::Effect::Read),
        (What::Risk, |plan| Arc::make_mut(&mut plan.nodes[0].contract).risk = ordain_graph::Risk::Low),
        (What::OutputType, |plan| {
            let Shape::Record(fields) = &plan.nodes[0].contract.output else { panic!("a record") };
            let mut fields = fields.as_ref().clone();
            fields.insert("more".into(), Shape::Int);
            Arc::make_mut(&mut plan.nodes[0].contract).output = Shape::Record(fields.into());
        }),
        (What::Expect, |plan| {
            let kind = &mut plan.nodes[5].kind;
            *kind = ordain_graph::NodeKind::Gate { expect: output(5, &["ok"]) };
        }),
        (What::Dependency, |plan| plan.nodes[6].depends_on.push((0, Why::After))),
    ];
    for (what, edit) in edits {
        let mut plan = shop();
        edit(&mut plan);
        let found = between(shop(), plan);
        let [changed] = found.changed.as_slice() else { panic!("{what:?}: one step changed itself: {found:?}") };
        assert!(changed.changes.iter().all(|change| change.what == what), "{what:?}: {:?}", changed.changes);
    }
}

#[test]
fn a_secret_is_told_by_reference_and_never_by_content() {
    let mut plan = shop();
    with_input(&mut plan, 2, "token", Value::Secret(ordain_graph::SecretRef { name: "shop/other".into() }));
    let found = between(shop(), plan.clone());
    assert_eq!(found.changed[0].changes[0].new.as_deref(), Some("secret(\"shop/other\")"));
    // A literal where a contract wants a secret is no sound plan; it is not shown all the same.
    with_input(&mut plan, 2, "token", text("hunter2"));
    let found = between(shop(), plan);
    assert!(!found.json().contains("hunter2") && found.json().contains("(secret)"));
}

#[test]
fn long_values_are_shown_where_they_differ() {
    let long = |end: &str| {
        let mut plan = tiny();
        with_input(&mut plan, 0, "text", text(&format!("{}{end}", "x".repeat(5_000))));
        plan
    };
    let found = between(long("a"), long("b"));
    let change = &found.changed[0].changes[0];
    assert_eq!(change.old.as_deref(), Some("…xxxxxxxxxxxxxxxxxxxxa\""));
    assert_eq!(change.new.as_deref(), Some("…xxxxxxxxxxxxxxxxxxxxb\""));
}

fn verdict(code: &str, node: Option<&str>, outcome: Outcome, graph: &PlanGraph) -> Verdict {
    let node = node.map(|address| graph.nodes.iter().find(|node| node.address == address).unwrap().id.clone());
    Verdict {
        code: code.into(),
        node,
        policy: "shop.rules.policy".into(),
        severity: Severity::High,
        outcome,
        when: None,
        because: None,
        exempt: None,
    }
}

fn approval(count: u32) -> Outcome {
    Outcome::Approval { group: "sre".into(), count }
}

#[test]
fn what_policies_say_otherwise_is_told() {
    let (mut old, mut new) = (made(shop()), made(next()));
    let deny = Outcome::Deny { message: Some(text("not on a Friday")) };
    let warn = Outcome::Warn { message: Some(text("large")) };
    old.verdicts = vec![
        verdict("GOV-101", Some("database"), approval(1), &old),
        verdict("GOV-101", Some("migrate"), approval(1), &old),
        verdict("GOV-103", None, warn.clone(), &old),
        verdict("GOV-104", Some("database"), warn.clone(), &old),
    ];
    new.verdicts = vec![
        verdict("GOV-101", Some("database"), approval(2), &new),
        verdict("GOV-101", Some("migrate"), approval(2), &new),
        verdict("GOV-102", Some("database"), deny.clone(), &new),
        verdict("GOV-104", Some("database"), warn, &new),
        Verdict { exempt: Some(Exemption { until: None, see: None }), ..verdict("GOV-105", None, deny, &new) },
    ];
    let found = diff(&old, &new);
    let what: Vec<What> = found.demands.iter().map(|change| change.what).collect();
    assert_eq!(what, [What::DeniedBy, What::Approvals]);
    assert_eq!(found.demands[1].old.as_deref(), Some("1"));
    // What is said of two steps alike is told once, and what stays the same not at all.
    let codes: Vec<(&str, usize, bool)> =
        found.verdicts.iter().map(|change| (change.code.as_str(), change.about.len(), change.denies)).collect();
    assert_eq!(codes, [("GOV-101", 2, false), ("GOV-102", 1, true), ("GOV-103", 0, false), ("GOV-105", 0, false)]);
    insta::assert_snapshot!("diff_verdicts_text", found.text(&Terminal::default()));
    insta::assert_snapshot!("diff_verdicts_markdown", found.markdown());
    let schema: serde_json::Value = serde_json::from_str(PLAN_DIFF_SCHEMA).unwrap();
    let json: serde_json::Value = serde_json::from_str(&found.json()).unwrap();
    assert!(jsonschema::draft202012::new(&schema).unwrap().is_valid(&json), "{json}");
    assert_eq!(json["verdicts"][1]["new"], "denies: not on a Friday");
    // And the other way round, what was denied is free.
    let back = diff(&new, &old);
    assert_eq!(back.demands[0].new, None);
    assert!(back.verdicts.iter().all(|change| !change.denies));
    // A plan that differs in verdicts alone differs.
    let mut asked = made(shop());
    asked.verdicts = old.verdicts.clone();
    assert!(!diff(&made(shop()), &asked).is_empty());
    assert!(diff(&asked, &asked).is_empty());
}

#[test]
fn a_renamed_step_is_no_new_one() {
    let mut plan = tiny();
    plan.nodes[0].address = "hello".into();
    let found = between(tiny(), plan);
    assert_eq!((found.renamed[0].old.as_str(), found.renamed[0].new.as_str()), ("greeting", "hello"));
    assert_eq!((found.counts.renamed, found.counts.unchanged), (1, 1));
    assert!(found.changed.is_empty() && found.added.is_empty() && found.removed.is_empty());
}

#[test]
fn rounds_of_a_loop_are_told_once() {
    let mut plan = sweep();
    for item in 0..20 {
        with_input(&mut plan, item * 3 + 1, "order", Value::Int(5));
    }
    insta::assert_snapshot!("diff_loop", between(sweep(), plan).text(&Terminal::default()));
}

#[test]
fn a_large_difference_is_bounded() {
    let work = contract("other.work", &[("x", Shape::Int)], &[], ordain_graph::Effect::Write);
    let other = (0..20_000).map(|at| step(&format!("step-{at}"), &work, &[("x", Value::Int(at))])).collect();
    let found = diff(&made(many(20_000)), &finish(draft("many.work", other)).unwrap().graph);
    assert_eq!((found.counts.added, found.counts.removed), (20_000, 20_000));
    assert!(found.text(&Terminal::default()).lines().count() < 300);
    assert!(found.markdown().lines().count() < 300);
}
