//! Every node once, after what it waits for, with the same results whatever runs beside it.

use std::collections::BTreeMap;

use ordain_graph::{OnFailure, Op, Value};
use ordain_runtime::{Outcome, Skip, State};
use proptest::prelude::*;

use crate::support::{Note, Place, Plan, output, text};

/// A graph: what each node waits for (earlier ones), and which nodes fail.
fn graph() -> impl Strategy<Value = (Vec<Vec<u32>>, Vec<bool>)> {
    (1usize..24).prop_flat_map(|count| {
        let edges = (0..count).map(|at| {
            prop::collection::btree_set(0..at.max(1) as u32, 0..4.min(at + 1))
                .prop_map(move |on| on.into_iter().filter(|on| (*on as usize) < at).collect::<Vec<u32>>())
        });
        (edges.collect::<Vec<_>>(), prop::collection::vec(prop::bool::weighted(0.1), count))
    })
}

/// A plan of a graph: each node gives 1 and the sums of what it waits for.
fn plan(edges: &[Vec<u32>], fails: &[bool], on_failure: OnFailure) -> Plan {
    let mut plan = Plan::new();
    plan.0.on_failure = on_failure;
    for (at, on) in edges.iter().enumerate() {
        let sum = on.iter().fold(Value::Int(1), |sum, on| Value::apply(Op::Add, vec![sum, output(*on, "sum")]));
        let does = if fails[at] { "fail" } else { "succeed" };
        // Names that do not stand in the order of the graph.
        let name = format!("{:02}", (at * 7 + 3) % 24);
        plan.step(&name, "test.note", &[("name", text(&name)), ("sum", sum), ("does", text(does))]);
    }
    plan.0.returns = Some(Value::list((0..edges.len() as u32).map(|at| output(at, "sum"))));
    plan
}

/// The sum of each node by name, `None` where it or something it waits for fails.
fn expected(edges: &[Vec<u32>], fails: &[bool]) -> BTreeMap<String, Option<i64>> {
    let mut sums: Vec<Option<i64>> = Vec::new();
    for (at, on) in edges.iter().enumerate() {
        let sum = on.iter().try_fold(1, |sum, on| Some(sum + sums[*on as usize]?));
        sums.push(sum.filter(|_| !fails[at]));
    }
    sums.into_iter().enumerate().map(|(at, sum)| (format!("{:02}", (at * 7 + 3) % 24), sum)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn every_node_runs_once_after_what_it_waits_for((edges, _) in graph()) {
        let fails = vec![false; edges.len()];
        let plan = plan(&edges, &fails, OnFailure::Stop).finish();
        let mut returned = None;
        for parallelism in 1..=8 {
            let place = Place { parallelism, ..Place::new() };
            let report = place.execute(&plan);
            prop_assert_eq!(report.state, State::Succeeded);
            prop_assert!(report.returns.is_some());
            let first = returned.get_or_insert(report.returns.clone());
            prop_assert_eq!(&report.returns, first);
            for (name, sum) in expected(&edges, &fails) {
                let value = report.node(&name).unwrap().outputs.as_ref().map(|outputs| outputs.to_json()["sum"].clone());
                prop_assert_eq!(value, sum.map(Into::into));
            }
            let notes = place.notes.all();
            prop_assert_eq!(notes.len(), 2 * edges.len());
            for (at, on) in edges.iter().enumerate() {
                let name = |at: usize| format!("{:02}", (at * 7 + 3) % 24);
                let began = notes.iter().position(|note| *note == Note::Began(name(at))).unwrap();
                for on in on {
                    let ended = notes.iter().position(|note| *note == Note::Ended(name(*on as usize))).unwrap();
                    prop_assert!(ended < began);
                }
            }
        }
    }

    #[test]
    fn failures_skip_their_descendants_and_nothing_else((edges, fails) in graph()) {
        let plan = plan(&edges, &fails, OnFailure::Continue).finish();
        let expected = expected(&edges, &fails);
        for parallelism in [1, 8] {
            let place = Place { parallelism, ..Place::new() };
            let report = place.execute(&plan);
            let failing = |name: &str| {
                fails.iter().enumerate().any(|(at, fails)| *fails && format!("{:02}", (at * 7 + 3) % 24) == name)
            };
            for node in &report.nodes {
                match &node.outcome {
                    Outcome::Succeeded => prop_assert!(expected[node.address.as_str()].is_some()),
                    Outcome::Failed { .. } => prop_assert!(failing(&node.address)),
                    Outcome::Skipped { because: Skip::DependencyFailed { address } } => {
                        prop_assert!(expected[node.address.as_str()].is_none());
                        prop_assert!(failing(address));
                        prop_assert!(!place.notes.began().contains(&node.address.to_string()));
                    }
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            let all_well = expected.values().all(Option::is_some);
            prop_assert_eq!(report.state, if all_well { State::Succeeded } else { State::Failed });
        }
    }
}

#[test]
fn one_at_a_time_is_the_order_of_addresses() {
    let mut plan = Plan::new();
    for name in ["c", "a", "b"] {
        plan.step(name, "test.note", &[("name", text(name))]);
    }
    let last = plan.step("0", "test.note", &[("name", text("0"))]);
    plan.after(last, &[0]);
    let place = Place { parallelism: 1, ..Place::new() };
    place.execute(&plan.finish());
    assert_eq!(place.notes.began(), ["a", "b", "c", "0"]);
}

#[test]
fn steps_run_beside_each_other() {
    // Each of the two ends only when the other has begun, so one at a time would never end.
    let mut plan = Plan::new();
    for (own, other) in [("a", "b"), ("b", "a")] {
        let at = plan.sh(own, &format!("mkdir {own}; until [ -d {other} ]; do :; done"));
        plan.at(at).timeout = Some(60_000);
    }
    let place = Place { parallelism: 2, ..Place::new() };
    assert_eq!(place.execute(&plan.finish()).state, State::Succeeded);
}

#[test]
fn a_plan_without_steps_succeeds() {
    let mut plan = Plan::new();
    plan.0.returns = Some(Value::Int(7));
    let report = Place::new().execute(&plan.finish());
    assert_eq!((report.state, report.returns), (State::Succeeded, Some(Value::Int(7))));
}
