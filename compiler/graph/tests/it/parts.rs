//! Parts of plans: whatever is left out, what is left is a plan, and means what it meant in the whole.

use std::collections::{BTreeMap, BTreeSet};

use ordain_graph::{
    Because, Contract, DraftPlan, Effect, LeftOut, NodeId, NodeRef, PlanGraph, RefreshError, Residual, Shape, Value,
    Why,
};
use proptest::prelude::*;
use smol_str::{SmolStr, format_smolstr};

use crate::samples::{contract, draft, everything, made, output, shop, step, sweep, text};

/// What is found of an output that steps use.
fn found() -> Value {
    Value::record([("path".into(), text("found")), ("bytes".into(), Value::Int(7))])
}

fn write() -> Contract {
    let input = [("path", Shape::String), ("content", Shape::String)];
    let output = [("path", Shape::String), ("bytes", Shape::Int)];
    contract("file.write", &input, &output, Effect::Write)
}

/// A plan whose steps wait for earlier ones, and use outputs of some of them: for each step, which, and whether as data.
fn plan(edges: &[Vec<(prop::sample::Index, bool)>]) -> PlanGraph {
    let contract = write();
    let nodes = edges.iter().enumerate().map(|(at, edges)| {
        let edges: BTreeMap<u32, bool> =
            edges.iter().filter(|_| at > 0).map(|(on, data)| (on.index(at) as u32, *data)).collect();
        let used = edges.iter().find(|(_, data)| **data).map(|(on, _)| *on);
        let content = used.map_or_else(|| text("content"), |on| output(on, &["path"]));
        let path = format!("file-{at}");
        let mut node = step(&format!("step-{at:02}"), &contract, &[("path", text(&path)), ("content", content)]);
        node.depends_on = edges.keys().map(|on| (*on, Why::After)).collect();
        node
    });
    made(draft("shop.site", nodes.collect()))
}

fn parts(plan: &PlanGraph, left_out: &BTreeSet<usize>) -> Vec<LeftOut> {
    let nodes = left_out.iter().map(|at| &plan.nodes[*at]);
    nodes
        .map(|node| LeftOut {
            address: node.address.clone(),
            node: node.id.clone(),
            because: Because::AsPlanned,
            observed: None,
        })
        .collect()
}

/// The addresses of all that a node waits for, through others as well, by its address.
fn waits(plan: &PlanGraph) -> BTreeMap<SmolStr, BTreeSet<SmolStr>> {
    let mut waits: BTreeMap<SmolStr, BTreeSet<SmolStr>> = BTreeMap::new();
    let addresses: BTreeMap<&NodeId, &SmolStr> = plan.nodes.iter().map(|node| (&node.id, &node.address)).collect();
    for node in &plan.nodes {
        let mut own = BTreeSet::new();
        for dependency in &node.depends_on {
            let on = addresses[&dependency.on];
            own.insert(on.clone());
            own.extend(waits[on].iter().cloned());
        }
        waits.insert(node.address.clone(), own);
    }
    waits
}

/// What holds of every part of a plan.
fn holds(whole: &PlanGraph, part: &PlanGraph, gone: &BTreeSet<usize>) {
    // It is a plan of its own: written, it is read back, with every id and the hash verified.
    let bytes = part.to_json();
    assert_eq!(PlanGraph::from_json(&bytes).as_ref(), Ok(part));
    let refresh = part.refresh.as_ref().unwrap();
    assert_eq!(refresh.of, whole.hash());
    assert_eq!(refresh.left_out.len(), gone.len());
    assert_ne!(part.hash(), whole.hash(), "an approval of the whole is none of the part");
    // What is left is left, and nothing else.
    let addresses: BTreeSet<&SmolStr> = part.nodes.iter().map(|node| &node.address).collect();
    let left = whole.nodes.iter().enumerate().filter(|(at, _)| !gone.contains(at));
    assert_eq!(addresses, left.map(|(_, node)| &node.address).collect());
    // Dependencies are closed, and no order is lost or made.
    let gone: BTreeSet<&SmolStr> = gone.iter().map(|at| &whole.nodes[*at].address).collect();
    let before = waits(whole);
    for (address, on) in waits(part) {
        let kept = before[&address].iter().filter(|on| !gone.contains(on)).cloned().collect();
        assert_eq!(on, kept, "of `{address}`");
    }
    // Nothing refers to what is not there.
    let ids: BTreeSet<&NodeId> = part.nodes.iter().map(|node| &node.id).collect();
    for node in &part.nodes {
        let mut referred = BTreeSet::new();
        outputs(&node.inputs, &mut referred);
        assert!(referred.iter().all(|id| ids.contains(id)), "`{}` refers to what is left out", node.address);
        // One that nothing before it was left out of is the very step that it was.
        if before[&node.address].iter().all(|on| !gone.contains(on)) {
            let own = whole.nodes.iter().find(|own| own.address == node.address).unwrap();
            assert_eq!((&own.id, &own.inputs), (&node.id, &node.inputs));
        }
    }
}

fn outputs(value: &Value, found: &mut BTreeSet<NodeId>) {
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { node: NodeRef::Id(id), .. } => drop(found.insert(id.clone())),
            Residual::Apply { args, .. } => args.iter().for_each(|arg| outputs(arg, found)),
            _ => {}
        },
        Value::List(elements) => elements.iter().for_each(|each| outputs(each, found)),
        Value::Record(fields) => fields.values().for_each(|each| outputs(each, found)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_part_is_a_plan_that_means_what_it_meant(
        edges in prop::collection::vec(prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..4), 1..12),
        leave in prop::collection::vec(any::<bool>(), 12),
    ) {
        let whole = plan(&edges);
        let gone: BTreeSet<usize> = (0..whole.nodes.len()).filter(|at| leave[*at]).collect();
        let part = whole.without(parts(&whole, &gone), &|_| Some(found())).unwrap();
        holds(&whole, &part, &gone);
        prop_assert_eq!(part.without(Vec::new(), &|_| None), Err(RefreshError::Partial));
        // The order in which it is told makes no difference.
        let mut backwards = parts(&whole, &gone);
        backwards.reverse();
        prop_assert_eq!(whole.without(backwards, &|_| Some(found())).unwrap().hash(), part.hash());
    }

    /// What is not known of a step that is left out is not guessed: whatever uses it keeps it in the plan.
    #[test]
    fn outputs_that_are_not_known_keep_their_step(
        edges in prop::collection::vec(prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..4), 1..12),
        leave in prop::collection::vec(any::<bool>(), 12),
    ) {
        let whole = plan(&edges);
        let gone: BTreeSet<usize> = (0..whole.nodes.len()).filter(|at| leave[*at]).collect();
        let ids: BTreeSet<&NodeId> = gone.iter().map(|at| &whole.nodes[*at].id).collect();
        let used = whole.nodes.iter().enumerate().filter(|(at, _)| !gone.contains(at)).any(|(_, node)| {
            let mut referred = BTreeSet::new();
            outputs(&node.inputs, &mut referred);
            referred.iter().any(|id| ids.contains(id))
        });
        match whole.without(parts(&whole, &gone), &|_| None) {
            Ok(part) => {
                prop_assert!(!used);
                holds(&whole, &part, &gone);
            }
            Err(RefreshError::Needed { on, .. }) => prop_assert!(used && ids.contains(&on)),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    /// Plans with gates, undo, keys, stages and verdicts, too: a part, or a reason that names a step or a policy.
    #[test]
    fn every_part_of_a_larger_plan_reads_back(
        sample in prop::sample::select(vec![shop as fn() -> DraftPlan, sweep, everything]),
        leave in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let whole = made(sample());
        let gone: BTreeSet<usize> = leave.iter().map(|index| index.index(whole.nodes.len())).collect();
        match whole.without(parts(&whole, &gone), &|_| None) {
            Ok(part) => {
                prop_assert_eq!(PlanGraph::from_json(&part.to_json()), Ok(part.clone()));
                prop_assert_eq!(part.nodes.len() + gone.len(), whole.nodes.len());
            }
            Err(RefreshError::Needed { on, .. }) => {
                prop_assert!(gone.iter().any(|at| whole.nodes[*at].id == on), "{on:?} was not left out");
            }
            Err(RefreshError::Merged { nodes }) => prop_assert!(!nodes.is_empty()),
            Err(RefreshError::Denied(codes)) => prop_assert!(!codes.is_empty()),
            Err(RefreshError::Partial) => prop_assert!(false),
        }
    }
}

#[test]
fn steps_that_could_not_be_told_apart_any_more_are_refused() {
    let contract = write();
    let inputs = [("path", text("same")), ("content", text("same"))];
    let other = |at: u32| [("path", text(&format_smolstr!("{at}"))), ("content", text("x"))];
    let mut nodes = vec![step("a", &contract, &other(0)), step("b", &contract, &other(1))];
    for (address, on) in [("after a", 0), ("after b", 1)] {
        let mut node = step(address, &contract, &inputs);
        node.depends_on = vec![(on, Why::After)];
        nodes.push(node);
    }
    let whole = made(draft("shop.site", nodes));
    let first: BTreeSet<usize> = (0..4).filter(|at| ["a", "b"].contains(&whole.nodes[*at].address.as_str())).collect();
    let error = whole.without(parts(&whole, &first), &|_| None).unwrap_err();
    assert!(matches!(&error, RefreshError::Merged { nodes } if nodes.len() == 2), "{error:?}");
}
