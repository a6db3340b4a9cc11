//! Residuals of a draft: the edges they draw, and their references once ids are known.

use crate::draft::DraftNode;
use crate::plan::{NodeKind, Why};
use crate::value::{NodeId, NodeRef, Residual, Value};

/// That a node waits for the one at a position, and why.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) on: u32,
    pub(super) why: Why,
}

/// What a node waits for, by position, each once with the strongest reason.
pub(super) fn edges(at: u32, node: &DraftNode, count: usize) -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::with_capacity(node.depends_on.len());
    edges.extend(node.depends_on.iter().map(|&(on, why)| Edge { on, why }));
    let mut data = |value: &Value, own: bool| {
        references(value, &mut |reference| {
            if let NodeRef::Index(on) = *reference
                && !(own && on == at)
            {
                edges.push(Edge { on, why: Why::Data });
            }
        });
    };
    data(&node.inputs, false);
    node.key.iter().for_each(|key| data(key, false));
    // A gate looks at its own outputs, and an undo at those of its step: neither is an edge.
    if let NodeKind::Gate { expect } = &node.kind {
        data(expect, true);
    }
    node.undo.iter().for_each(|undo| data(&undo.inputs, true));
    edges.retain(|edge| (edge.on as usize) < count);
    edges.sort_unstable();
    edges.dedup_by_key(|edge| edge.on);
    edges
}

/// Every reference to a node in a value.
pub(crate) fn references(value: &Value, found: &mut dyn FnMut(&NodeRef)) {
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { node, .. } => found(node),
            Residual::Apply { args, .. } => args.iter().for_each(|arg| references(arg, found)),
            Residual::It => {}
        },
        Value::List(elements) => elements.iter().for_each(|each| references(each, found)),
        Value::Set(elements) => elements.iter().for_each(|each| references(each, found)),
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            references(key, found);
            references(value, found);
        }),
        Value::Record(fields) => fields.values().for_each(|each| references(each, found)),
        _ => {}
    }
}

/// The value with references by id, where those are known.
pub(super) fn by_id(value: Value, ids: &[Option<NodeId>]) -> Value {
    if value.is_known() {
        return value;
    }
    value.renamed(&|node| match node {
        NodeRef::Index(index) => ids.get(*index as usize)?.clone().map(NodeRef::Id),
        NodeRef::Id(_) => None,
    })
}

/// The value with references to one node by position, as they were when that node's id was computed.
pub(crate) fn without_self(value: &Value, own: &NodeId) -> Value {
    value.renamed(&|node| match node {
        NodeRef::Id(id) if id == own => Some(NodeRef::Index(0)),
        _ => None,
    })
}
