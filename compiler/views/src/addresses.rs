//! From ids back to the nodes they name.

use ordain_graph::{NodeId, PlanGraph};
use rustc_hash::FxHashMap;

/// The nodes of a plan by id.
pub(crate) struct Addresses<'g> {
    graph: &'g PlanGraph,
    positions: FxHashMap<&'g NodeId, usize>,
}

impl<'g> Addresses<'g> {
    pub(crate) fn of(graph: &'g PlanGraph) -> Self {
        Self { graph, positions: graph.nodes.iter().enumerate().map(|(at, node)| (&node.id, at)).collect() }
    }

    /// The position of a node.
    pub(crate) fn position(&self, id: &NodeId) -> Option<usize> {
        self.positions.get(id).copied()
    }

    /// The address of a node, or the id itself where the plan has no such node.
    pub(crate) fn address(&self, id: &NodeId) -> String {
        self.position(id).map_or_else(|| id.0.to_string(), |at| self.graph.nodes[at].address.to_string())
    }
}
