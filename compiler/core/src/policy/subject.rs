//! What policies see of their subjects: the values of the types in the standard module `governance`.

use ordain_graph::{Effect, Node, PlanGraph, Risk, Value};
use smol_str::SmolStr;

use crate::eval::plain;

/// A step, as `governance.Step`.
pub(super) fn step(graph: &PlanGraph, node: &Node) -> Value {
    let text = |text: &Option<SmolStr>| text.clone().map_or(Value::None, Value::String);
    let version = graph.contracts.get(&node.contract).and_then(|contract| Value::parse_semver(&contract.version));
    Value::record([
        ("adapter".into(), text(&node.adapter)),
        ("address".into(), Value::String(node.address.clone())),
        ("capability".into(), Value::String(node.capability.clone())),
        ("effect".into(), effect(node.effect)),
        ("input".into(), plain(without_secrets(&node.inputs))),
        ("risk".into(), risk(node.risk)),
        ("stage".into(), text(&node.stage)),
        ("version".into(), version.unwrap_or(Value::None)),
    ])
}

/// A plan, as `governance.Plan`, with its steps.
pub(super) fn plan(graph: &PlanGraph, steps: Vec<Value>) -> Value {
    Value::record([
        ("effect".into(), effect(graph.effect)),
        ("name".into(), Value::String(graph.plan.clone())),
        ("risk".into(), risk(graph.risk)),
        ("steps".into(), Value::list(steps)),
    ])
}

fn effect(effect: Effect) -> Value {
    Value::Variant(effect as u32, SmolStr::new_static(effect.name()))
}

fn risk(risk: Risk) -> Value {
    Value::Variant(risk as u32, SmolStr::new_static(risk.name()))
}

/// The value with nothing in place of secrets: a policy decides about what is there for all to see.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Secret(_) => Value::None,
        Value::List(elements) => Value::list(elements.iter().map(without_secrets)),
        Value::Record(fields) => {
            Value::record(fields.iter().map(|(name, value)| (name.clone(), without_secrets(value))))
        }
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), without_secrets(value)))
                .collect::<std::collections::BTreeMap<_, _>>()
                .into(),
        ),
        other => other.clone(),
    }
}
