//! Every message of the protocol, of either side, is as the published schema has it.

use std::collections::HashMap;
use std::time::Duration;

use jsonschema::Validator;
use ordain_runtime::{ConformanceOptions, Exchange, Said, Target, conformance};
use serde_json::{Value as Json, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ordain-test-adapter");

fn schema() -> Json {
    serde_json::from_str(include_str!("../../../docs/schemas/adapter-1.schema.json")).unwrap()
}

/// One definition of the schema.
fn definition(name: &str) -> Validator {
    let mut schema = schema();
    schema.as_object_mut().unwrap().remove("oneOf");
    schema["$ref"] = format!("#/$defs/{name}").into();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
fn assert_valid(validator: &Validator, message: &Json) {
    let errors: Vec<String> = validator.iter_errors(message).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{message}: {errors:#?}");
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

/// Sorts what was said by what it is, and holds each against its definition.
fn check(transcript: &[Exchange]) -> HashMap<String, usize> {
    let (to, from) = (definition("toAdapter"), definition("fromAdapter"));
    let results: HashMap<&str, Validator> =
        ["initialize", "describe", "apply", "observe"].map(|of| (of, definition(&format!("{of}Result")))).into();
    let mut seen = HashMap::new();
    let mut asked: HashMap<u64, String> = HashMap::new();
    for Exchange { said, line } in transcript {
        let Ok(message) = serde_json::from_slice::<Json>(line) else { continue };
        let method = message["method"].as_str();
        match said {
            Said::ByInterpreter => {
                // What is wrong on purpose is not held against anything.
                let known = ["initialize", "describe", "apply", "undo", "observe", "cancel"];
                let Some(method) = method.filter(|method| known.contains(method)) else { continue };
                if let Some(id) = message["id"].as_u64() {
                    // Conversations count from one, and follow each other.
                    asked.insert(id, if method == "undo" { "apply" } else { method }.to_owned());
                }
                if message["params"]["inputs"].is_object() || !matches!(method, "apply" | "undo" | "observe") {
                    assert_valid(&to, &message);
                    *seen.entry(method.to_owned()).or_default() += 1;
                }
            }
            Said::ByAdapter => {
                assert_valid(&from, &message);
                *seen.entry(method.unwrap_or("answer").to_owned()).or_default() += 1;
                if let (Some(id), Some(result)) = (message["id"].as_u64(), message.get("result")) {
                    assert_valid(&results[asked[&id].as_str()], result);
                }
            }
        }
    }
    seen
}

#[test]
fn what_is_said_in_tests_is_as_the_schema_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let options = ConformanceOptions { directory: directory.path().to_owned(), patience: Duration::from_secs(5) };
    let target = Target::Program(vec![PROGRAM.to_owned(), String::new()]);
    let seen = check(&conformance(&target, &options).transcript);
    for method in ["initialize", "describe", "apply", "observe", "cancel", "answer"] {
        assert!(seen.contains_key(method), "no `{method}` in {seen:?}");
    }
}

#[test]
fn what_is_said_in_executions_is_as_the_schema_has_it() {
    let said = crate::remote::a_whole_execution();
    let to = definition("toAdapter");
    let mut methods: Vec<String> = Vec::new();
    for line in said.lines() {
        let message: Json = serde_json::from_str(line).unwrap();
        assert_valid(&to, &message);
        methods.push(message["method"].as_str().unwrap().to_owned());
    }
    methods.sort();
    methods.dedup();
    assert_eq!(methods, ["apply", "cancel", "describe", "initialize", "undo"]);
}

#[test]
fn what_is_no_message_is_refused() {
    let to = definition("toAdapter");
    let call = json!({
        "jsonrpc": "2.0",
        "id": 3,
        "method": "apply",
        "params": {
            "capability": "note.write",
            "version": "1.0.0",
            "key": "k",
            "attempt": 1,
            "in_doubt": false,
            "timeout_ms": null,
            "inputs": {},
            "secrets": ["/a~0b/0"],
        },
    });
    assert_valid(&to, &call);
    let with = |pointer: &str, value: Json| {
        let mut call = call.clone();
        *call.pointer_mut(pointer).unwrap() = value;
        call
    };
    for wrong in [
        with("/jsonrpc", json!("1.0")),
        with("/id", json!(null)),
        with("/method", json!("undo")),
        with("/params/attempt", json!(0)),
        with("/params/inputs", json!([])),
        with("/params/timeout_ms", json!(-1)),
        with("/params/secrets/0", json!("a")),
        with("/params/version", json!("new")),
    ] {
        assert!(!to.is_valid(&wrong), "{wrong}");
    }
    let from = definition("fromAdapter");
    assert!(!from.is_valid(&json!({ "jsonrpc": "2.0", "id": 1, "result": {}, "error": { "code": 1, "message": "" } })));
    assert!(!from.is_valid(&json!({ "jsonrpc": "2.0", "id": 1, "result": null })));
    assert!(from.is_valid(&json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "" } })));
}

/// The examples in the reference are messages themselves.
#[test]
fn the_examples_of_the_reference_are_as_the_schema_has_them() {
    let page = include_str!("../../../docs/reference/adapters.md");
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let examples = page.split("```json\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let mut count = 0;
    for example in examples {
        count += 1;
        let message: Json = serde_json::from_str(example).unwrap();
        assert_valid(&validator, &message);
        let result = match count {
            2 => "initializeResult",
            4 => "describeResult",
            6 | 8 => "applyResult",
            10 => "observeResult",
            _ => continue,
        };
        assert_valid(&definition(result), &message["result"]);
    }
    assert_eq!(count, 14);
}
