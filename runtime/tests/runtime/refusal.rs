//! What is refused before anything runs.

use ordain_graph::{OnFailure, Transport, Value};
use ordain_runtime::{ExecuteError, NoAdapter, Refusal, execute};

use crate::support::{Place, Plan, list, map, secret, text};

fn refused(place: &Place, plan: &ordain_graph::PlanGraph) -> ExecuteError {
    let error = place.try_execute(plan).map(|_| ()).unwrap_err();
    assert!(place.notes.all().is_empty());
    assert!(!place.journal().exists());
    assert!(place.events.lock().unwrap().is_empty());
    error
}

#[test]
fn every_step_without_an_adapter_is_named() {
    let mut plan = Plan::new();
    plan.step("fine", "test.note", &[("name", text("fine"))]);
    for name in ["unbound", "process", "http-endpoint", "unknown", "not-provided", "old", "new"] {
        let at = plan.step(name, "test.note", &[("name", text(name))]);
        plan.at(at).adapter = Some(name.into());
    }
    let template = plan.0.adapters["test"].clone();
    let mut bind = |name: &str, transport: Transport, version: &str| {
        let adapter = ordain_graph::Adapter { transport, version: version.into(), ..template.clone() };
        plan.0.adapters.insert(name.into(), adapter);
    };
    bind("process", Transport::Process(vec!["adapters/x".into()]), "1.0.0");
    bind("http-endpoint", Transport::Http("http://127.0.0.1:1/".into()), "1.0.0");
    bind("unknown", Transport::Builtin("nonesuch".into()), "1.0.0");
    bind("not-provided", Transport::Builtin("file".into()), "1.0.0");
    bind("old", Transport::Builtin("test".into()), "0.9.0");
    bind("new", Transport::Builtin("test".into()), "1.1.0");
    plan.at(1).adapter = None;
    let ExecuteError::Adapters(problems) = refused(&Place::new(), &plan.finish()) else { panic!() };
    let seen: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| {
            let why = match &problem.why {
                NoAdapter::Unbound => "unbound",
                NoAdapter::Unknown { .. } => "unknown",
                NoAdapter::Package { .. } => "package",
                NoAdapter::Changed { .. } => "changed",
                NoAdapter::Silent { .. } => "silent",
                NoAdapter::NotProvided { .. } => "not provided",
                NoAdapter::Version { .. } => "version",
            };
            (&*problem.address, why)
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("http-endpoint", "silent"),
            ("new", "version"),
            ("not-provided", "not provided"),
            ("old", "version"),
            ("process", "silent"),
            ("unbound", "unbound"),
            ("unknown", "unknown"),
        ]
    );
}

#[test]
fn an_undo_that_may_be_needed_has_an_adapter() {
    let plan = |on_failure| {
        let mut plan = Plan::new();
        plan.0.on_failure = on_failure;
        let at = plan.step("a", "test.note", &[("name", text("a"))]);
        plan.undo(at, "file.remove", &[("path", text("x"))]);
        plan.at(at).undo.as_mut().unwrap().adapter = None;
        plan.finish()
    };
    assert!(matches!(refused(&Place::new(), &plan(OnFailure::Undo)), ExecuteError::Adapters(_)));
    assert!(Place::new().try_execute(&plan(OnFailure::Stop)).is_ok());
}

#[test]
fn a_newer_contract_is_refused() {
    let mut plan = Plan::new();
    let at = plan.step("a", "test.note", &[("name", text("a"))]);
    std::sync::Arc::make_mut(&mut plan.at(at).contract).version = "1.3.0".into();
    let error = refused(&Place::new(), &plan.finish());
    assert_eq!(
        error.to_string(),
        "steps have no usable adapter:\n  `a` (test.note): the contract has version 1.3.0, the one that is there has 1.0.0"
    );
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let mut plan = Plan::new();
    plan.step("a", "test.note", &[("name", Value::Int(1))]);
    plan.step("b", "test.note", &[("name", text("b")), ("more", text("x"))]);
    let ExecuteError::Inputs(problems) = refused(&Place::new(), &plan.finish()) else { panic!() };
    assert_eq!(problems.iter().map(|problem| &*problem.address).collect::<Vec<_>>(), ["a", "b"]);
    assert!(problems[1].to_string().contains("unknown field `more`"), "{}", problems[1]);
}

#[test]
fn every_missing_secret_is_named_once() {
    let place = Place::with_secrets(&[("shop/known", "content-of-known")]);
    let mut plan = Plan::new();
    for (address, name) in [("a", "shop/known"), ("b", "shop/missing"), ("c", "shop/missing"), ("d", "also/missing")] {
        let inputs = [("argv", list(&["echo", address])), ("secrets", map(&[("SECRET", secret(name))]))];
        plan.step(address, "command.run", &inputs);
    }
    let error = refused(&place, &plan.finish());
    assert!(!error.to_string().contains("content-of-known"));
    let ExecuteError::Secrets(problems) = error else { panic!() };
    assert_eq!(problems.iter().map(|problem| &*problem.name).collect::<Vec<_>>(), ["also/missing", "shop/missing"]);
}

#[test]
fn a_secret_too_short_to_be_blotted_out_is_refused() {
    for (content, refused) in [("", true), (" abc\n", true), ("éàü", true), ("1234", false)] {
        let place = Place::with_secrets(&[("shop/pin", content)]);
        let mut plan = Plan::new();
        let inputs = [("argv", list(&["true"])), ("secrets", map(&[("SECRET", secret("shop/pin"))]))];
        plan.step("a", "command.run", &inputs);
        match place.try_execute(&plan.finish()) {
            Err(error) => {
                assert!(refused, "{content:?}: {error}");
                assert!(error.to_string().contains("`shop/pin`: too short"), "{error}");
            }
            Ok(_) => assert!(!refused, "{content:?}"),
        }
    }
}

#[test]
fn plans_that_contradict_themselves_are_refused() {
    let plan = || {
        let mut plan = Plan::new();
        plan.step("a", "test.note", &[("name", text("a"))]);
        let b = plan.step("b", "test.note", &[("name", text("b"))]);
        plan.after(b, &[0]);
        plan.finish()
    };
    let mut backwards = plan();
    backwards.nodes.reverse();
    let mut twice = plan();
    let again = twice.nodes[0].clone();
    twice.nodes.push(again);
    let mut without = plan();
    without.contracts.clear();
    for plan in [backwards, twice, without] {
        assert!(matches!(refused(&Place::new(), &plan), ExecuteError::Malformed(_)));
    }
}

#[test]
fn a_workspace_that_is_not_there_is_refused() {
    let mut plan = Plan::new();
    plan.step("a", "test.note", &[("name", text("a"))]);
    let place = Place::new();
    let observer = |_| {};
    let mut options = place.options(&observer);
    options.workspace = place.path("not/there");
    assert!(matches!(execute(&plan.finish(), &options), Err(ExecuteError::Workspace { .. })));
    assert!(!place.journal().exists());
}

#[test]
fn the_reference_tells_every_code_of_a_refusal_and_no_other() {
    let page = include_str!("../../../docs/reference/cli.md");
    let table = page.split("| code | means |").nth(1).unwrap().split("\n\n").next().unwrap();
    let told: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(told, Refusal::ALL.iter().map(|refusal| refusal.code()).collect::<Vec<_>>());
}
