//! Any text and any input: an answer or an error, and never a panic.

use std::time::Duration;

use ordain_rego::{Bundle, Constraint, ConstraintTemplate, Dialect, Limits, RegoErrorKind, Review};
use proptest::prelude::*;
use serde_json::json;

/// Words that Rego is made of, so that some texts get past the parser.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "package main\n",
        "import rego.v1\n",
        "deny",
        "warn_x",
        "exception",
        "contains",
        "if",
        "some",
        "every",
        "in",
        "not",
        "default",
        "else",
        "with",
        "as",
        "input",
        "data",
        "x",
        "msg",
        "_",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ":=",
        "=",
        "==",
        "|",
        "&",
        "+",
        "-",
        "/",
        "%",
        ".",
        ",",
        ";",
        ":",
        "\n",
        " ",
        "\"t\"",
        "`r`",
        "0",
        "1e9",
        "sprintf",
        "numbers.range",
        "count",
        "http.send",
        "# c\n",
        "\u{e4}",
        "\"\\",
        "\0",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.join(" "))
}

fn limits() -> Limits {
    Limits { steps: 20_000, bytes: 1 << 16, patience: Duration::from_secs(30) }
}

fn run(text: &str) {
    let internal = RegoErrorKind::Internal;
    match Bundle::parse(&[("p.rego", text)], Dialect::Either) {
        Ok(bundle) => {
            let error = bundle.evaluate(&json!({ "x": [1, "t", null] }), &json!({ "d": 1 }), limits()).err();
            assert!(error.as_ref().is_none_or(|error| error.kind != internal), "{error:?}: {text:?}");
        }
        Err(error) => assert!(error.place.is_some() || error.kind != internal, "{error:?}: {text:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_an_answer(text in any::<String>()) {
        run(&text);
    }

    #[test]
    fn any_words_have_an_answer(text in words()) {
        run(&text);
        run(&format!("package main\n{text}"));
        run(&format!("package main\ndeny contains msg if {{ {text}\n msg := \"m\" }}"));
    }

    #[test]
    fn any_document_has_an_answer(kind in "[A-Z][a-z]{0,8}|AdmissionReview|ConstraintTemplate", text in any::<String>()) {
        let document = json!({
            "apiVersion": text,
            "kind": kind,
            "metadata": { "name": text, "labels": [text] },
            "request": { "object": text },
            "spec": { "match": { "kinds": [text], "namespaces": [text] }, "targets": [{ "rego": text }] },
        });
        let _ = (ConstraintTemplate::parse(&document).is_ok(), Constraint::parse(&document).is_ok());
        let _ = Review::parse(&document).is_ok();
    }
}
