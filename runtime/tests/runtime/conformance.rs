//! What the test of adapters says of good ones and of bad ones.

use std::time::Duration;

use ordain_runtime::{Conformance, ConformanceOptions, Target, Verdict, conformance};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ordain-test-adapter");

fn test(bad: &str) -> Conformance {
    let directory = tempfile::tempdir().unwrap();
    let options = ConformanceOptions { directory: directory.path().to_owned(), patience: Duration::from_millis(1500) };
    conformance(&Target::Program(vec![PROGRAM.to_owned(), bad.to_owned()]), &options)
}

fn failed(conformance: &Conformance) -> Vec<(&str, &str)> {
    let failed = conformance.checks.iter().filter_map(|check| match &check.verdict {
        Verdict::Failed { why } => Some((check.check, why.as_str())),
        _ => None,
    });
    failed.collect()
}

#[test]
fn a_good_adapter_passes() {
    let conformance = test("");
    assert_eq!(failed(&conformance), []);
    assert!(conformance.is_passed());
    assert_eq!((conformance.name.as_deref(), conformance.version.as_deref()), (Some("test"), Some("1.0.0")));
    let skipped: Vec<(&str, Option<&str>)> = conformance
        .checks
        .iter()
        .filter(|check| matches!(check.verdict, Verdict::Skipped { .. }))
        .map(|check| (check.check, check.capability.as_deref()))
        .collect();
    assert_eq!(skipped, [("undo", Some("test.note")), ("apply", Some("test.tell"))]);
    assert!(conformance.transcript.len() > 40);
}

#[test]
fn each_kind_of_bad_adapter_fails_where_it_is_bad() {
    let cases: &[(&str, &[&str])] = &[
        ("ends", &["initialize"]),
        ("hangs", &["initialize"]),
        ("newer protocol", &["initialize"]),
        ("no protocol", &["initialize"]),
        ("no version", &["describe"]),
        ("changes", &["describe"]),
        ("any protocol", &["unknown_protocol"]),
        ("ends at nonsense", &["parse_error", "not_utf8"]),
        ("ignores nonsense", &["parse_error", "not_utf8"]),
        ("takes anything", &["unknown_method", "invalid_request"]),
        ("takes any capability", &["unknown_capability"]),
        ("takes any input", &["wrong_inputs"]),
        ("does it again", &["same_key", "in_doubt"]),
        ("answers twice", &["unknown_capability", "wrong_inputs", "apply", "cancel", "time_out"]),
        ("sees nothing", &["observe"]),
        ("cannot be cancelled", &["cancel"]),
        ("takes its time", &["time_out"]),
        ("stays", &["end"]),
    ];
    // Most of the time they let others wait.
    let tested: Vec<Conformance> = std::thread::scope(|scope| {
        let tests: Vec<_> = cases.iter().map(|(bad, _)| scope.spawn(|| test(bad))).collect();
        tests.into_iter().map(|test| test.join().unwrap()).collect()
    });
    for ((bad, expected), conformance) in cases.iter().zip(tested) {
        let failed: Vec<&str> = failed(&conformance).into_iter().map(|(check, _)| check).collect();
        assert_eq!(failed, *expected, "{bad}: {:#?}", conformance.checks);
        assert!(!conformance.is_passed());
    }
}
