//! Policies of our own, over inputs of our own: what they find stands beside them.

use std::path::PathBuf;

use ordain_rego::{
    Bundle, Constraint, ConstraintTemplate, Dialect, GatekeeperError, Inventory, Limits, Review, Severity,
};
use serde_json::{Value, json};

fn fixture(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

fn document(path: &str) -> Value {
    let text = std::fs::read_to_string(fixture(path)).unwrap_or_else(|_| "{}".to_owned());
    serde_json::from_str(&text).expect("is JSON")
}

fn bundle(folder: &str) -> Bundle {
    let mut files: Vec<(String, String)> = std::fs::read_dir(fixture(folder))
        .expect("the folder can be read")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rego"))
        .map(|path| {
            let name = path.file_name().expect("is a file").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("the file can be read"))
        })
        .collect();
    files.sort();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Bundle::parse(&files, Dialect::Either).unwrap_or_else(|error| panic!("{folder}: {error}"))
}

#[test]
fn policies_find_what_they_should() {
    for folder in ["rules", "exceptions", "old", "results"] {
        let (input, data) = (document(&format!("{folder}/input.json")), document(&format!("{folder}/data.json")));
        let findings = bundle(folder).evaluate(&input, &data, Limits::default());
        let findings = findings.unwrap_or_else(|error| panic!("{folder}: {error}"));
        insta::with_settings!({ snapshot_path => fixture(folder), prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!("findings", findings);
        });
    }
}

/// A rule that means something by such a result would fail silently otherwise.
#[test]
fn results_of_other_forms_are_errors() {
    for (rule, sound) in [
        ("deny := null", false),
        ("deny := {}", false),
        ("deny := 1", false),
        ("deny := [null]", false),
        ("deny := {1}", false),
        ("deny := [[]]", false),
        ("deny := {\"message\": \"x\"}", false),
        ("deny[key] := \"x\" if some key in input.keys", false),
        ("default deny := null", false),
        ("deny := false", true),
        ("deny := set()", true),
        ("deny := []", true),
        ("deny := \"x\" if input.no", true),
        ("deny contains \"x\" if input.no", true),
    ] {
        let text = format!("package a\n\n{rule}\n");
        let bundle = Bundle::parse(&[("a.rego", &text)], Dialect::V1).unwrap_or_else(|error| panic!("{rule}: {error}"));
        let answer = bundle.evaluate(&json!({}), &json!({}), Limits::default());
        assert_eq!(answer.is_ok(), sound, "{rule}: {answer:?}");
    }
}

#[test]
fn rules_are_listed() {
    let bundle = bundle("rules");
    let rules: Vec<String> =
        bundle.rules().iter().map(|rule| format!("{} {}.{}", rule.place, rule.package, rule.name)).collect();
    assert_eq!(
        rules,
        [
            "policy.rego:5:1 main.deny",
            "policy.rego:10:1 main.deny_small",
            "policy.rego:15:1 main.violation",
            "policy.rego:20:1 main.warn",
        ]
    );
    assert_eq!(bundle.packages(), ["main"]);
}

#[test]
fn each_dialect_refuses_the_other() {
    let (old, new) = ("package a\ndeny[msg] { msg := \"x\" }\n", "package a\ndeny contains \"x\" if true\n");
    for (text, dialect, sound) in [
        (old, Dialect::V0, true),
        (old, Dialect::V1, false),
        (old, Dialect::Either, true),
        (new, Dialect::V0, false),
        (new, Dialect::V1, true),
        (new, Dialect::Either, true),
    ] {
        assert_eq!(Bundle::parse(&[("a.rego", text)], dialect).is_ok(), sound, "{dialect:?} {text}");
    }
}

#[test]
fn packages_with_other_names_are_found() {
    let text = "package releases[\"1.0\"]\n\ndeny contains \"x\" if true\n";
    let bundle = Bundle::parse(&[("a.rego", text)], Dialect::V1).expect("is Rego");
    let findings = bundle.evaluate(&json!({}), &json!({}), Limits::default()).expect("has an answer");
    assert_eq!(findings[0].package, "releases[\"1.0\"]");
}

fn constraint(spec: Value) -> Constraint {
    let document = json!({
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": "K8sOwned",
        "metadata": { "name": "owned" },
        "spec": spec,
    });
    Constraint::parse(&document).expect("is a constraint")
}

fn pod(namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "web", "namespace": namespace, "labels": { "app": "web" } },
    })
}

fn inventory() -> Inventory {
    let mut inventory = Inventory::new();
    let labels = json!({ "stage": "live" });
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop", "labels": labels } });
    inventory.add(&namespace).expect("has a name");
    inventory
}

#[test]
fn templates_review_what_their_constraints_match() {
    let template = ConstraintTemplate::parse(&document("gatekeeper/template.json")).expect("is a template");
    let selects = |labels: Value| json!({ "matchLabels": labels });
    for (match_, namespace, matches) in [
        (json!({}), "shop", true),
        (json!({ "kinds": [{ "apiGroups": [""], "kinds": ["Pod"] }] }), "shop", true),
        (json!({ "kinds": [{ "apiGroups": ["apps"], "kinds": ["*"] }] }), "shop", false),
        (json!({ "namespaces": ["sh*"] }), "shop", true),
        (json!({ "namespaces": ["bank"] }), "shop", false),
        (json!({ "namespaces": ["bank"] }), "", true),
        (json!({ "excludedNamespaces": ["*op"] }), "shop", false),
        (json!({ "scope": "Cluster" }), "shop", false),
        (json!({ "scope": "Namespaced" }), "shop", true),
        (json!({ "name": "we*" }), "shop", true),
        (json!({ "labelSelector": selects(json!({ "app": "db" })) }), "shop", false),
        (json!({ "namespaceSelector": selects(json!({ "stage": "live" })) }), "shop", true),
        (json!({ "namespaceSelector": selects(json!({ "stage": "test" })) }), "shop", false),
    ] {
        let constraint = constraint(json!({ "match": match_, "parameters": { "labels": ["app", "team"] } }));
        let review = Review::parse(&pod(namespace)).expect("is an object");
        let findings = template.review(&constraint, &review, &inventory(), Limits::default()).expect("has an answer");
        assert_eq!(!findings.is_empty(), matches, "{match_} {namespace}");
        if let [finding] = findings.as_slice() {
            assert_eq!(finding.message, "Pod web has no label team (1)");
            assert_eq!(finding.details, Some(json!({ "label": "team" })));
            assert_eq!(finding.severity, Severity::Deny);
        }
    }
}

#[test]
fn what_cannot_be_decided_is_an_error() {
    let template = ConstraintTemplate::parse(&document("gatekeeper/template.json")).expect("is a template");
    let constraint = constraint(json!({ "match": { "namespaceSelector": {} } }));
    let review = Review::parse(&pod("bank")).expect("is an object");
    let error = template.review(&constraint, &review, &inventory(), Limits::default()).expect_err("no namespace");
    assert_eq!(
        error.to_string(),
        "`/spec/match/namespaceSelector` cannot be decided: the inventory has no namespace `bank`"
    );
}

#[test]
fn requests_are_reviewed_as_they_are() {
    let request = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": { "operation": "DELETE", "oldObject": pod("shop"), "userInfo": { "username": "eve" } },
    });
    let template = ConstraintTemplate::parse(&document("gatekeeper/template.json")).expect("is a template");
    let constraint = constraint(json!({ "enforcementAction": "dryrun", "parameters": { "labels": ["team"] } }));
    let review = Review::parse(&request).expect("is a request");
    let findings = template.review(&constraint, &review, &inventory(), Limits::default()).expect("has an answer");
    assert_eq!(findings.iter().map(|finding| finding.severity).collect::<Vec<_>>(), [Severity::Warn]);
}

#[test]
fn templates_of_another_form_are_refused() {
    let mut template = document("gatekeeper/template.json");
    template["spec"]["targets"][0]["rego"] = json!("package k8sowned\n\nviolation[{\"msg\": msg}] {\n  msg := \n}\n");
    let error = ConstraintTemplate::parse(&template).expect_err("is no Rego");
    assert!(matches!(&error, GatekeeperError::Rego(error) if error.place.is_some()), "{error}");
    template["spec"]["targets"][0]["rego"] = json!("package k8sowned\n\ndeny[msg] {\n  msg := \"x\"\n}\n");
    let error = ConstraintTemplate::parse(&template).expect_err("has no rule `violation`");
    assert_eq!(error.to_string(), "`/spec/targets/0` has no rule `violation` in its Rego");
}
