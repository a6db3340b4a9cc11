//! Plans without some of their steps: what is there already is left out, and what was known of it takes its place.
//!
//! The policies were asked about the whole plan, and leaving out steps lifts nothing of what they said: a plan that is
//! denied is denied without them, too. What is left out, and why, is part of the plan that is made, and of its hash.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use thiserror::Error;

use crate::build::{finish, references};
use crate::draft::{DraftNode, DraftPlan, DraftUndo};
use crate::names::names;
use crate::ops::evaluate;
use crate::plan::{Contract, Node, NodeKind, PlanGraph, Why};
use crate::value::{NodeId, NodeRef, Residual, Shape, Value};
use crate::verdict::{Outcome, Verdict};

/// What a plan is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The hash of the whole plan.
    pub of: SmolStr,
    /// What was left out of it, by address.
    pub left_out: Vec<LeftOut>,
}

/// A step that was left out of a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Its address.
    pub address: SmolStr,
    /// Its id in the whole plan.
    pub node: NodeId,
    /// Why.
    pub because: Because,
    /// The digest (SHA-256 of canonical JSON) of what was found of it, where it was looked for.
    pub observed: Option<SmolStr>,
}

/// Why a step was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Because {
    /// What it makes is there, as it would make it.
    AsPlanned,
    /// What it removes is gone.
    Gone,
    /// A later step, which is left out, too, takes back what it makes.
    TakenBack,
    /// It only looks, and no step that is left waits for it or is waited for by it.
    NotNeeded,
    /// It has nothing to do with what is imported.
    NotImported,
}

names!(Because {
    AsPlanned = "as_planned",
    Gone = "gone",
    TakenBack = "taken_back",
    NotNeeded = "not_needed",
    NotImported = "not_imported",
});

/// Why steps cannot be left out of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RefreshError {
    /// The plan is a part of another already.
    #[error("the plan is itself a part of another")]
    Partial,
    /// Policies deny the plan.
    #[error("policies deny the plan: {}", .0.join(", "))]
    Denied(Vec<SmolStr>),
    /// Something that is left needs outputs of a step that are not known.
    #[error("`{by}` needs outputs of `{}`, which are not known", .on.0)]
    Needed {
        /// The step that cannot be left out.
        on: NodeId,
        /// The address of what needs it, or the name of a part of the plan.
        by: SmolStr,
    },
    /// Steps that were told apart by what they wait for would become one.
    #[error("steps could not be told apart any more")]
    Merged {
        /// Those steps.
        nodes: Vec<NodeId>,
    },
}

impl PlanGraph {
    /// The plan without some of its steps. `outputs` gives what is known of the outputs of a step that is left out: a
    /// record of some of its fields.
    ///
    /// Whatever waited for a step that is left out waits for what that one had waited for.
    ///
    /// # Errors
    /// It cannot be done without changing what the plan means; the error says which step has to stay.
    pub fn without(
        &self,
        left_out: Vec<LeftOut>,
        outputs: &dyn Fn(&NodeId) -> Option<Value>,
    ) -> Result<Self, RefreshError> {
        if self.refresh.is_some() {
            return Err(RefreshError::Partial);
        }
        let denied = self.requirements().denied_by;
        if !denied.is_empty() {
            return Err(RefreshError::Denied(denied.into_iter().collect()));
        }
        let gone: FxHashSet<&NodeId> = left_out.iter().map(|each| &each.node).collect();
        let nodes = self.nodes.iter().map(|node| (&node.id, node)).collect();
        let known = Known { whole: self, nodes, gone: &gone, outputs };
        let (mut graph, addresses) = known.nodes()?;
        graph.as_of = self.as_of;
        let ids: FxHashMap<&SmolStr, NodeId> =
            graph.nodes.iter().map(|node| (&node.address, node.id.clone())).collect();
        let renamed: FxHashMap<&NodeId, NodeId> =
            addresses.iter().filter_map(|(id, address)| Some((*id, ids.get(address)?.clone()))).collect();
        let mut verdicts = Vec::new();
        for verdict in &self.verdicts {
            verdicts.extend(known.verdict(verdict, &renamed)?);
        }
        verdicts.sort();
        verdicts.dedup();
        graph.verdicts = verdicts;
        let mut left_out = left_out;
        left_out.sort();
        graph.refresh = Some(Refresh { of: self.hash(), left_out });
        Ok(graph)
    }
}

/// The nodes of a graph by their old ids, with their addresses.
type Addresses<'g> = Vec<(&'g NodeId, &'g SmolStr)>;

struct Known<'g> {
    whole: &'g PlanGraph,
    nodes: FxHashMap<&'g NodeId, &'g Node>,
    gone: &'g FxHashSet<&'g NodeId>,
    outputs: &'g dyn Fn(&NodeId) -> Option<Value>,
}

impl<'g> Known<'g> {
    /// The graph of the nodes that are left, and the address of each old id.
    fn nodes(&self) -> Result<(PlanGraph, Addresses<'g>), RefreshError> {
        let whole = self.whole;
        let left: Vec<&Node> = whole.nodes.iter().filter(|node| !self.gone.contains(&node.id)).collect();
        let positions: FxHashMap<&NodeId, u32> =
            left.iter().enumerate().map(|(at, node)| (&node.id, at as u32)).collect();
        let contracts: FxHashMap<&SmolStr, Arc<Contract>> =
            whole.contracts.iter().map(|(digest, contract)| (digest, Arc::new(contract.clone()))).collect();
        let waits = self.waits(&positions);
        let mut drafts = Vec::with_capacity(left.len());
        for node in &left {
            let value = |value: &Value| self.value(value, &node.address).map(|value| by_position(&value, &positions));
            // INVARIANT: a plan has the contracts that its nodes name.
            let contract = |digest: &SmolStr| contracts.get(digest).cloned().unwrap_or_else(|| Arc::new(empty()));
            drafts.push(DraftNode {
                address: node.address.clone(),
                kind: match &node.kind {
                    NodeKind::Step => NodeKind::Step,
                    NodeKind::Gate { expect } => NodeKind::Gate { expect: value(expect)? },
                },
                contract: contract(&node.contract),
                environment: node.environment.clone(),
                adapter: node.adapter.clone(),
                inputs: value(&node.inputs)?,
                key: node.key.as_ref().map(value).transpose()?,
                depends_on: waits[&node.id].iter().map(|on| (*on, Why::After)).collect(),
                stage: node.stage.clone(),
                retry: node.retry,
                timeout: node.timeout,
                on_failure: node.on_failure,
                undo: match &node.undo {
                    None => None,
                    Some(undo) => Some(DraftUndo {
                        contract: contract(&undo.contract),
                        adapter: undo.adapter.clone(),
                        inputs: value(&undo.inputs)?,
                    }),
                },
            });
        }
        let returns = whole.returns.as_ref().map(|returns| self.value(returns, "returns")).transpose()?;
        let draft = DraftPlan {
            plan: whole.plan.clone(),
            package: whole.package.clone(),
            arguments: whole.arguments.clone(),
            environments: whole.environments.clone(),
            adapters: whole.adapters.clone(),
            data: whole.data.clone(),
            stages: whole.stages.clone(),
            on_failure: whole.on_failure,
            nodes: drafts,
            returns: returns.map(|returns| by_position(&returns, &positions)),
        };
        // INVARIANT: a part of what had no circle has none.
        let finished = finish(draft).map_err(|_| RefreshError::Merged { nodes: Vec::new() })?;
        if !finished.identical.is_empty() {
            let nodes = finished.identical.iter().flatten().map(|at| left[*at as usize].id.clone()).collect();
            return Err(RefreshError::Merged { nodes });
        }
        Ok((finished.graph, left.iter().map(|node| (&node.id, &node.address)).collect()))
    }

    /// The positions of those that each node waits for, looking through those that are left out.
    fn waits(&self, positions: &FxHashMap<&NodeId, u32>) -> FxHashMap<&'g NodeId, Vec<u32>> {
        let mut waits: FxHashMap<&NodeId, Vec<u32>> = FxHashMap::default();
        for node in &self.whole.nodes {
            let mut own = Vec::new();
            for dependency in &node.depends_on {
                match positions.get(&dependency.on) {
                    Some(at) => own.push(*at),
                    None => own.extend(waits.get(&dependency.on).into_iter().flatten()),
                }
            }
            own.sort_unstable();
            own.dedup();
            waits.insert(&node.id, own);
        }
        waits
    }

    /// A value with what is known of nodes that are left out.
    fn value(&self, value: &Value, by: &str) -> Result<Value, RefreshError> {
        if let Some(on) = self.missing(value) {
            return Err(RefreshError::Needed { on, by: by.into() });
        }
        evaluate(value, &|id| if self.gone.contains(id) { (self.outputs)(id) } else { None }).map_err(|_| {
            // What cannot be computed now is left to the execution, which can say why.
            let on = self.referred(value).unwrap_or_else(|| NodeId(SmolStr::default()));
            RefreshError::Needed { on, by: by.into() }
        })
    }

    /// The first node that is left out and that a value refers to.
    fn referred(&self, value: &Value) -> Option<NodeId> {
        let mut found = None;
        references(value, &mut |reference| match reference {
            NodeRef::Id(id) if found.is_none() && self.gone.contains(id) => found = Some(id.clone()),
            _ => {}
        });
        found
    }

    /// The first node that is left out and of which a value needs what is not known.
    fn missing(&self, value: &Value) -> Option<NodeId> {
        let mut paths = Vec::new();
        outputs(value, &mut paths);
        let unknown = paths.into_iter().find(|(id, path)| {
            if !self.gone.contains(*id) {
                return false;
            }
            let Some(Value::Record(known)) = (self.outputs)(id) else { return true };
            match path.first() {
                Some(field) => known.get(field).is_none(),
                None => !self.promised(id).all(|field| known.get(field).is_some()),
            }
        });
        unknown.map(|(id, _)| id.clone())
    }

    /// The fields of the outputs of a node.
    fn promised(&self, id: &NodeId) -> impl Iterator<Item = &'g SmolStr> {
        let node = self.nodes.get(id);
        let shape = node.and_then(|node| self.whole.contracts.get(&node.contract)).map(|contract| &contract.output);
        let fields = match shape {
            Some(Shape::Record(fields)) => Some(fields),
            _ => None,
        };
        fields.into_iter().flat_map(|fields| fields.keys())
    }

    /// A verdict with what is known; nothing where it does not hold, or has nothing to be about any more.
    fn verdict(
        &self,
        verdict: &Verdict,
        renamed: &FxHashMap<&NodeId, NodeId>,
    ) -> Result<Option<Verdict>, RefreshError> {
        let gone = verdict.node.as_ref().filter(|node| self.gone.contains(node));
        let denies = matches!(verdict.outcome, Outcome::Deny { .. } | Outcome::Gate { present: false, .. });
        if gone.is_some() && (verdict.exempt.is_some() || !denies) {
            return Ok(None);
        }
        let to_new = |value: &Value| {
            let value = self.value(value, &verdict.code)?;
            Ok(value.renamed(&|reference| match reference {
                NodeRef::Id(id) => renamed.get(id).cloned().map(NodeRef::Id),
                NodeRef::Index(_) => None,
            }))
        };
        let when = match verdict.when.as_ref().map(to_new).transpose()? {
            Some(Value::Bool(false)) => return Ok(None),
            Some(Value::Bool(true)) => None,
            other => other,
        };
        if verdict.exempt.is_none() && when.is_none() && denies {
            return Err(RefreshError::Denied(vec![verdict.code.clone()]));
        }
        if let Some(node) = gone {
            // It is decided before the step runs, so that the step has to be there.
            return Err(RefreshError::Needed { on: node.clone(), by: verdict.code.clone() });
        }
        let message = |message: &Option<Value>| message.as_ref().map(to_new).transpose();
        let node = verdict.node.as_ref().and_then(|node| renamed.get(node).cloned());
        Ok(Some(Verdict {
            node,
            outcome: match &verdict.outcome {
                Outcome::Deny { message: text } => Outcome::Deny { message: message(text)? },
                Outcome::Warn { message: text } => Outcome::Warn { message: message(text)? },
                other => other.clone(),
            },
            when,
            because: message(&verdict.because)?,
            ..verdict.clone()
        }))
    }
}

fn empty() -> Contract {
    let none = Shape::Record(Arc::new(BTreeMap::new()));
    Contract {
        capability: SmolStr::default(),
        version: SmolStr::default(),
        input: none.clone(),
        output: none,
        effect: Default::default(),
        risk: Default::default(),
    }
}

/// Every output that a value refers to, and the path within.
fn outputs<'v>(value: &'v Value, found: &mut Vec<(&'v NodeId, &'v [SmolStr])>) {
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { node: NodeRef::Id(id), path } => found.push((id, path)),
            Residual::Apply { args, .. } => args.iter().for_each(|arg| outputs(arg, found)),
            Residual::Output { .. } | Residual::It => {}
        },
        Value::List(elements) => elements.iter().for_each(|each| outputs(each, found)),
        Value::Set(elements) => elements.iter().for_each(|each| outputs(each, found)),
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            outputs(key, found);
            outputs(value, found);
        }),
        Value::Record(fields) => fields.values().for_each(|each| outputs(each, found)),
        _ => {}
    }
}

fn by_position(value: &Value, positions: &FxHashMap<&NodeId, u32>) -> Value {
    value.renamed(&|reference| match reference {
        NodeRef::Id(id) => positions.get(id).map(|at| NodeRef::Index(*at)),
        NodeRef::Index(_) => None,
    })
}
