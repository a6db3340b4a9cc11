//! From drafts to graphs.

use ordain_graph::{DraftPlan, Effect, GraphError, NodeKind, Risk, Shape, Value, Why, finish};
use proptest::prelude::*;

use crate::samples::{contract, draft, made, many, output, shop, step, sweep, text, tiny};

#[test]
fn data_draws_edges_and_the_strongest_reason_wins() {
    let mut plan = tiny();
    plan.nodes[1].depends_on.push((0, Why::After));
    let graph = made(plan);
    assert_eq!(graph.nodes[0].address, "greeting");
    let [dependency] = graph.nodes[1].depends_on.as_slice() else { panic!("one edge") };
    assert_eq!((&dependency.on, dependency.why), (&graph.nodes[0].id, Why::Data));
}

#[test]
fn effect_and_risk_are_joined_and_stages_listed() {
    let graph = made(shop());
    assert_eq!((graph.effect, graph.risk), (Effect::Destroy, Risk::High));
    assert_eq!(graph.stages, ["rollout", "verify", "verify/cleanup"]);
}

#[test]
fn a_gate_refers_to_itself_by_its_id() {
    let graph = made(shop());
    let gate = graph.nodes.iter().find(|node| node.address == "verify/healthy").unwrap();
    let NodeKind::Gate { expect } = &gate.kind else { panic!("a gate") };
    assert!(expect.to_json().to_string().contains(gate.id.0.as_str()));
    assert!(gate.depends_on.iter().all(|dependency| dependency.on != gate.id));
}

#[test]
fn every_independent_cycle_is_an_error_with_its_whole_path() {
    let work = contract("work.do", &[("x", Shape::Json)], &[("y", Shape::Int)], Effect::Write);
    let node = |address: &str, on: u32| step(address, &work, &[("x", output(on, &["y"]))]);
    let mut plan = draft("p", vec![node("a", 1), node("b", 2), node("c", 0), node("d", 3), node("e", 5), node("f", 4)]);
    plan.nodes.push(step("g", &work, &[("x", output(0, &["y"]))]));
    let errors = finish(plan).unwrap_err();
    let cycles: Vec<Vec<u32>> = errors.into_iter().map(|GraphError::Cycle { indices }| indices).collect();
    assert_eq!(cycles, [vec![0, 1, 2], vec![3], vec![4, 5]]);
}

#[test]
fn equal_operations_become_one() {
    let work = contract("work.do", &[("x", Shape::Json)], &[("y", Shape::Int)], Effect::Write);
    let node = |address: &str, x: Value| step(address, &work, &[("x", x)]);
    let plan = draft(
        "p",
        vec![
            node("b", Value::Int(1)),
            node("a", Value::Int(1)),
            node("d", output(0, &["y"])),
            node("c", output(1, &["y"])),
            node("e", text("1")),
        ],
    );
    let finished = finish(plan).unwrap();
    assert_eq!(finished.identical, [[0, 1], [2, 3]]);
    let addresses: Vec<&str> = finished.graph.nodes.iter().map(|node| node.address.as_str()).collect();
    assert_eq!(addresses, ["a", "c", "e"]);
    assert_eq!(finished.graph.nodes[1].depends_on[0].on, finished.graph.nodes[0].id);
}

#[test]
fn whatever_decides_what_a_node_does_changes_its_id() {
    let id = |plan: DraftPlan| made(plan).nodes[0].id.clone();
    let changes: [fn(&mut DraftPlan); 6] = [
        |plan| plan.nodes[0].timeout = Some(5),
        |plan| plan.nodes[0].retry = None,
        |plan| plan.nodes[0].undo = None,
        |plan| std::sync::Arc::make_mut(&mut plan.nodes[0].contract).version = "1.2.1".into(),
        |plan| plan.nodes[0].key = None,
        |plan| plan.adapters.get_mut("shop.adapters.postgres").unwrap().digest = "sha256:0".into(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut plan = shop();
        change(&mut plan);
        assert_ne!(id(plan), id(shop()), "change {at}");
    }
    let mut renamed = shop();
    renamed.nodes[0].address = "db".into();
    assert_eq!(id(renamed), id(shop()));
}

#[test]
fn a_long_chain_is_no_deep_stack() {
    let mut plan = many(100_000);
    for at in 1..plan.nodes.len() {
        plan.nodes[at].depends_on.push((at as u32 - 1, Why::After));
    }
    let graph = made(plan);
    assert_eq!(graph.nodes.len(), 100_000);
    assert_eq!(graph.stages.len(), 100);
}

#[test]
fn a_long_cycle_is_found_whole() {
    let mut plan = many(20_000);
    for at in 1..plan.nodes.len() {
        plan.nodes[at].depends_on.push((at as u32 - 1, Why::After));
    }
    plan.nodes[0].depends_on.push((19_999, Why::After));
    let [GraphError::Cycle { indices }] = finish(plan).unwrap_err().try_into().unwrap();
    // Data edges reach further back than `after`, and the shortest way round is told.
    assert!(indices.len() > 2_000 && indices[0] == 0, "{}", indices.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_declarations_means_nothing(
        sample in prop::sample::select(vec![tiny as fn() -> DraftPlan, shop, sweep]),
        seed in any::<u64>(),
    ) {
        let plan = sample();
        let count = plan.nodes.len() as u32;
        // A permutation made of the seed: position `at` of the draft moves to `moved[at]`.
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_by_key(|&at| (u64::from(at) + 1).wrapping_mul(seed | 1).rotate_left(29));
        let mut moved = vec![0; count as usize];
        for (to, &from) in order.iter().enumerate() {
            moved[from as usize] = to as u32;
        }
        let mut shuffled = plan.clone();
        shuffled.nodes = order.iter().map(|&from| plan.nodes[from as usize].clone()).collect();
        let at = |value: &Value| relocated(value, &moved);
        for node in &mut shuffled.nodes {
            node.inputs = at(&node.inputs);
            node.depends_on.iter_mut().for_each(|(on, _)| *on = moved[*on as usize]);
            if let NodeKind::Gate { expect } = &mut node.kind {
                *expect = at(expect);
            }
        }
        shuffled.returns = shuffled.returns.as_ref().map(at);
        prop_assert_eq!(made(plan).to_json(), made(shuffled).to_json());
    }
}

/// The value with references to moved positions.
fn relocated(value: &Value, moved: &[u32]) -> Value {
    use ordain_graph::{NodeRef, Residual};
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { node: NodeRef::Index(index), path } => {
                let path: Vec<&str> = path.iter().map(|part| part.as_str()).collect();
                output(moved[*index as usize], &path)
            }
            Residual::Apply { op, args } => Value::apply(*op, args.iter().map(|arg| relocated(arg, moved)).collect()),
            _ => value.clone(),
        },
        Value::List(elements) => Value::list(elements.iter().map(|each| relocated(each, moved))),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), relocated(value, moved)))
                .collect::<std::collections::BTreeMap<_, _>>()
                .into(),
        ),
        Value::Record(fields) => {
            Value::record(fields.iter().map(|(name, value)| (name.clone(), relocated(value, moved))))
        }
        other => other.clone(),
    }
}
