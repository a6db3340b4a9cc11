//! Order: topological, and the one canonical order among those.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::resolve::Edge;
use crate::draft::{DraftNode, GraphError};
use crate::plan::Node;
use crate::value::NodeId;

/// Positions such that every node comes after what it waits for; among ready nodes the least address first.
pub(super) fn topological(nodes: &[DraftNode], edges: &[Vec<Edge>]) -> Result<Vec<u32>, Vec<GraphError>> {
    let addresses: Vec<&SmolStr> = nodes.iter().map(|node| &node.address).collect();
    let waits: Vec<Vec<u32>> = edges.iter().map(|edges| edges.iter().map(|edge| edge.on).collect()).collect();
    let order = least_first(&addresses, &waits);
    if order.len() == nodes.len() { Ok(order) } else { Err(cycles(&waits)) }
}

/// The canonical order of nodes, as positions. Nodes that wait for each other are left out.
pub(crate) fn canonical_order(nodes: &[Node]) -> Vec<u32> {
    let position: FxHashMap<&NodeId, u32> = nodes.iter().enumerate().map(|(at, node)| (&node.id, at as u32)).collect();
    let waits: Vec<Vec<u32>> = nodes
        .iter()
        .map(|node| node.depends_on.iter().filter_map(|dependency| position.get(&dependency.on).copied()).collect())
        .collect();
    let addresses: Vec<&SmolStr> = nodes.iter().map(|node| &node.address).collect();
    least_first(&addresses, &waits)
}

/// Nodes in canonical order.
pub(super) fn canonical(nodes: Vec<Node>) -> Vec<Node> {
    let order = canonical_order(&nodes);
    let mut slots: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    // INVARIANT: an order names each position once.
    order.into_iter().filter_map(|at| slots[at as usize].take()).collect()
}

/// Kahn's algorithm with a heap; positions on a cycle are left out.
fn least_first(addresses: &[&SmolStr], waits: &[Vec<u32>]) -> Vec<u32> {
    let mut dependents: Vec<Vec<u32>> = vec![Vec::new(); waits.len()];
    let mut missing: Vec<usize> = vec![0; waits.len()];
    for (at, on) in waits.iter().enumerate() {
        missing[at] = on.len();
        for &on in on {
            dependents[on as usize].push(at as u32);
        }
    }
    let mut ready: BinaryHeap<Reverse<(&SmolStr, u32)>> = missing
        .iter()
        .enumerate()
        .filter(|(_, missing)| **missing == 0)
        .map(|(at, _)| Reverse((addresses[at], at as u32)))
        .collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(Reverse((_, at))) = ready.pop() {
        order.push(at);
        for &dependent in &dependents[at as usize] {
            missing[dependent as usize] -= 1;
            if missing[dependent as usize] == 0 {
                ready.push(Reverse((addresses[dependent as usize], dependent)));
            }
        }
    }
    order
}

/// One cycle for every knot of nodes that wait for each other, the shortest through its first node.
fn cycles(waits: &[Vec<u32>]) -> Vec<GraphError> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(waits.len(), 0);
    for _ in waits {
        graph.add_node(());
    }
    for (at, on) in waits.iter().enumerate() {
        for &on in on {
            graph.add_edge(NodeIndex::new(at), NodeIndex::new(on as usize), ());
        }
    }
    let mut found: Vec<GraphError> = kosaraju_scc(&graph)
        .into_iter()
        .filter_map(|knot| {
            let mut knot: Vec<u32> = knot.into_iter().map(|node| node.index() as u32).collect();
            knot.sort_unstable();
            let first = *knot.first()?;
            let itself = waits[first as usize].contains(&first);
            (knot.len() > 1 || itself).then(|| GraphError::Cycle { indices: round_trip(first, &knot, waits) })
        })
        .collect();
    found.sort_by(|GraphError::Cycle { indices: a }, GraphError::Cycle { indices: b }| a.cmp(b));
    found
}

/// The shortest way from a node back to itself inside its knot.
fn round_trip(start: u32, knot: &[u32], waits: &[Vec<u32>]) -> Vec<u32> {
    let mut came_from: FxHashMap<u32, u32> = FxHashMap::default();
    let mut open = VecDeque::from([start]);
    while let Some(at) = open.pop_front() {
        for &next in &waits[at as usize] {
            if next == start {
                let mut path = vec![at];
                let mut step = at;
                while step != start {
                    step = came_from[&step];
                    path.push(step);
                }
                path.reverse();
                return path;
            }
            if knot.binary_search(&next).is_ok() && !came_from.contains_key(&next) {
                came_from.insert(next, at);
                open.push_back(next);
            }
        }
    }
    // INVARIANT: the nodes of a knot reach each other.
    vec![start]
}
