//! Policies that would not end, or reach outside, or break: each is an error, and nothing else happens.

use std::fmt::Write as _;

use ordain_rego::{Bundle, Dialect, Limits, RegoError, RegoErrorKind};
use serde_json::json;

fn judged(text: &str) -> Result<usize, RegoError> {
    let bundle = Bundle::parse(&[("policy.rego", text)], Dialect::V1)?;
    bundle.evaluate(&json!({ "a": 1 }), &json!({}), Limits::default()).map(|findings| findings.len())
}

fn refused(text: &str) -> RegoError {
    judged(text).expect_err(text)
}

#[test]
fn nothing_outside_can_be_reached() {
    for call in [
        "http.send({\"method\": \"get\", \"url\": \"https://example.com\"})",
        "time.now_ns()",
        "rand.intn(\"x\", 10)",
        "uuid.rfc4122(\"x\")",
        "opa.runtime()",
        "net.lookup_ip_addr(\"example.com\")",
        "rego.metadata.rule()",
        "nothing.like.this(1)",
    ] {
        let error = refused(&format!("package main\n\ndeny contains msg if {{\n\tnot {call}\n\tmsg := \"x\"\n}}\n"));
        assert_eq!(error.kind, RegoErrorKind::Evaluation, "{call}: {error}");
        let name = call.split('(').next().expect("has a name");
        assert!(error.message.contains(&format!("`{name}`")), "{error}");
        let place = error.place.expect("has a place");
        assert_eq!((place.path.as_str(), place.line), ("policy.rego", 4), "{call}");
    }
}

#[test]
fn loops_end_after_so_many_steps() {
    let loops = "package main\n\ndeny contains msg if {\n\tsome a in numbers.range(1, 3000)\n\tsome b in numbers.range(1, 3000)\n\
                 \ta * b == -1\n\tmsg := \"x\"\n}\n";
    let error = refused(loops);
    assert_eq!(error.to_string(), "policy.rego:3:1: the policy took more than 5000000 steps");
    assert_eq!(error.kind, RegoErrorKind::Limit);
}

#[test]
fn steps_are_the_same_each_time() {
    let text =
        "package main\n\nimport rego.v1\n\ndeny contains \"x\" if count([n | some n in numbers.range(1, 100)]) > 0\n";
    let bundle = Bundle::parse(&[("policy.rego", text)], Dialect::V1).expect("is Rego");
    let fits = |steps| {
        let limits = Limits { steps, ..Limits::default() };
        bundle.evaluate(&json!({}), &json!({}), limits).is_ok()
    };
    let needed = (1..10_000).find(|steps| fits(*steps)).expect("is enough");
    assert!(needed > 100, "{needed}");
    assert!((needed..needed + 20).all(fits) && !(needed - 20..needed).any(fits));
}

#[test]
fn little_does_not_become_much() {
    let chain = |first: &str, step: &str| {
        let mut text = format!("package main\n\nv0 := {first}\n");
        for index in 1..60 {
            let step = step.replace("LAST", &format!("v{}", index - 1));
            writeln!(text, "v{index} := {step}").expect("memory holds it");
        }
        text + "deny contains \"x\" if v59 == 1\n"
    };
    for text in [
        chain("\"xx\"", "concat(\"\", [LAST, LAST])"),
        chain("\"xx\"", "replace(LAST, \"x\", \"xx\")"),
        chain("\"xx\"", "sprintf(\"%s%s\", [LAST, LAST])"),
        chain("[1]", "array.concat(LAST, LAST)"),
        chain("\"xx\"", "json.marshal([LAST, LAST])"),
        chain("1", "count(json.marshal(numbers.range(1, 9999999999)))"),
        chain("1", "bits.lsh(1, 99999999999)"),
        chain("1", "sprintf(\"%0999999999d\", [1])"),
        chain("1", "numbers.range_step(1, 10, 0)"),
        "package main\n\nv0 := [1]\nv1 := [v0, v0]\n".to_owned()
            + &(2..60).map(|n| format!("v{n} := [v{0}, v{0}]\n", n - 1)).collect::<String>()
            + "deny contains sprintf(\"%v\", [v59])\n",
        "package main\n\nv0 := [1]\nv1 := [v0, v0]\n".to_owned()
            + &(2..60).map(|n| format!("v{n} := [v{0}, v{0}]\n", n - 1)).collect::<String>()
            + "deny contains {\"msg\": \"x\", \"all\": v59}\n",
    ] {
        let error = refused(&text);
        assert!(error.message.contains("produced more than"), "{error}: {text}");
        assert!(error.place.is_some(), "{error}");
    }
}

#[test]
fn chains_do_not_overflow_the_stack() {
    let mut rules = "package main\n\ndeny contains \"x\" if v0\n".to_owned();
    for index in 0..8_000 {
        writeln!(rules, "v{index} := v{}", index + 1).expect("memory holds it");
    }
    rules.push_str("v8000 := true\n");
    let sum = |terms: usize| format!("package main\n\ndeny contains \"x\" if {} > 0\n", vec!["1"; terms].join(" +\n"));
    for text in [rules, sum(15_000)] {
        // Deep enough is an error, and otherwise there is a verdict; an overflow would end the process.
        if let Err(error) = judged(&text) {
            assert!(!error.message.is_empty());
        }
    }
}

/// Each bracket doubles the work of the parser.
#[test]
fn brackets_do_not_hang_the_parser() {
    let lists = format!("package main\n\ndeny contains \"x\" if {}1{} == 1\n", "[".repeat(5_000), "]".repeat(5_000));
    let error = refused(&lists);
    assert_eq!(error.to_string(), "policy.rego:3:43: brackets stand too deep in each other");
    assert_eq!(error.kind, RegoErrorKind::Limit);
}

#[test]
fn what_is_no_policy_has_a_place() {
    for (text, kind, said) in [
        ("package main\n\ndeny contains {\n", RegoErrorKind::Syntax, "policy.rego:"),
        ("deny", RegoErrorKind::Syntax, "policy.rego:1:"),
        ("", RegoErrorKind::Syntax, "policy.rego:1:"),
        ("package main\n\ndeny contains x if true\n", RegoErrorKind::Evaluation, "policy.rego:3:"),
        ("package main\n\ndeny contains \"x\" if p\np if q\nq if p\n", RegoErrorKind::Evaluation, "policy.rego:"),
        ("package main\n\np := 1\np := 2\ndeny contains \"x\" if p == 1\n", RegoErrorKind::Evaluation, "policy.rego:"),
        ("package main\n\ndeny contains 1\n", RegoErrorKind::Result, "policy.rego:3:1: a result of `deny` in `main`"),
        ("package main\n\ndeny contains {\"text\": 1}\n", RegoErrorKind::Result, "policy.rego:3:1: a result"),
    ] {
        let error = refused(text);
        assert_eq!(error.kind, kind, "{text}: {error}");
        assert!(error.to_string().starts_with(said), "{text}: {error}");
    }
}
