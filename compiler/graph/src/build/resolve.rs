//! Residuals of a draft: the edges they draw, and their references once ids are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::draft::DraftNode;
use crate::plan::{NodeKind, Why};
use crate::value::{NodeId, NodeRef, Residual, Value};

/// What a node waits for, with the strongest reason.
pub(super) fn edges(at: u32, node: &DraftNode) -> BTreeMap<u32, Why> {
    let mut edges: BTreeMap<u32, Why> = BTreeMap::new();
    let mut add = |on: u32, why: Why| {
        edges.entry(on).and_modify(|known| *known = (*known).min(why)).or_insert(why);
    };
    for &(on, why) in &node.depends_on {
        add(on, why);
    }
    references(&node.inputs, &mut |on| add(on, Why::Data));
    if let Some(key) = &node.key {
        references(key, &mut |on| add(on, Why::Data));
    }
    // A gate looks at its own outputs, and an undo at those of its step: neither is an edge.
    if let NodeKind::Gate { expect } = &node.kind {
        references(expect, &mut |on| {
            if on != at {
                add(on, Why::Data);
            }
        });
    }
    edges
}

fn references(value: &Value, found: &mut dyn FnMut(u32)) {
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { node: NodeRef::Index(index), .. } => found(*index),
            Residual::Apply { args, .. } => args.iter().for_each(|arg| references(arg, found)),
            _ => {}
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

/// The value with references by id.
pub(super) fn by_id(value: &Value, id: &dyn Fn(u32) -> Option<NodeId>) -> Value {
    if value.is_known() {
        return value.clone();
    }
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { node: NodeRef::Index(index), path } => match id(*index) {
                Some(known) => {
                    let node = NodeRef::Id(known);
                    Value::Residual(Arc::new(Residual::Output { node, path: path.clone() }))
                }
                None => value.clone(),
            },
            Residual::Apply { op, args } => Value::apply(*op, args.iter().map(|arg| by_id(arg, id)).collect()),
            _ => value.clone(),
        },
        Value::List(elements) => Value::list(elements.iter().map(|each| by_id(each, id))),
        Value::Set(elements) => Value::Set(Arc::new(elements.iter().map(|each| by_id(each, id)).collect())),
        Value::Map(entries) => {
            Value::Map(Arc::new(entries.iter().map(|(key, value)| (by_id(key, id), by_id(value, id))).collect()))
        }
        Value::Record(fields) => Value::record(fields.iter().map(|(name, value)| (name.clone(), by_id(value, id)))),
        other => other.clone(),
    }
}
