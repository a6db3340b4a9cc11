//! Whether a plan is what it claims to be, and whether its parts agree with each other.
//!
//! A file with a right hash can still lie, for the hash is no signature: it could say `read` where a contract says
//! `destroy`. Whoever reviews or executes a plan relies on what is checked here.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::{Content, PlanError, UndoContent, contract_digest};
use crate::build::{canonical_order, innermost_stage, references, stages_of, without_self};
use crate::canonical::Bytes;
use crate::ops::Patterns;
use crate::plan::{Contract, Node, NodeKind, PlanGraph, Why};
use crate::value::{NodeId, NodeRef, Value};
use crate::verdict::Outcome;

pub(super) fn plan(graph: &PlanGraph) -> Result<(), PlanError> {
    for (claimed, contract) in &graph.contracts {
        if contract_digest(contract) != *claimed {
            return Err(PlanError::Id(claimed.to_string()));
        }
    }
    let patterns = Patterns::default();
    let checker = || Checker { graph, patterns: patterns.clone(), bytes: Bytes::default() };
    let checked = graph.nodes.par_iter().map_init(checker, Checker::node);
    if let Some(error) = checked.find_map_first(Result::err) {
        return Err(error);
    }
    let mut earlier: FxHashSet<&NodeId> = FxHashSet::default();
    let mut addresses: FxHashSet<&SmolStr> = FxHashSet::default();
    for node in &graph.nodes {
        // Every node stands after what it waits for, so that a file cannot hold a circle.
        if !node.depends_on.iter().all(|dependency| earlier.contains(&dependency.on)) {
            return Err(inconsistent(&node.address, "it does not stand after what it waits for"));
        }
        if !earlier.insert(&node.id) || !addresses.insert(&node.address) {
            return Err(inconsistent(&node.address, "the step is there twice"));
        }
    }
    let whole = |problem: &str| inconsistent("nodes", problem);
    if !canonical_order(&graph.nodes).into_iter().eq(0..graph.nodes.len() as u32) {
        return Err(whole("the steps are not in canonical order"));
    }
    if graph.stages != stages_of(&graph.nodes) {
        return Err(inconsistent("stages", "these are not the stages of the steps"));
    }
    let stages: FxHashSet<&str> = graph.stages.iter().map(SmolStr::as_str).collect();
    for node in &graph.nodes {
        // An id covers neither, so that only their agreement keeps a step from being shown where it does not belong.
        if node.stage.as_deref() != innermost_stage(&node.address, &stages) {
            return Err(inconsistent(&node.address, "its stage is not the one its address names"));
        }
    }
    if graph.effect != graph.nodes.iter().map(|node| node.effect).max().unwrap_or_default() {
        return Err(inconsistent("effect", "this is not the greatest effect of a step"));
    }
    if graph.risk != graph.nodes.iter().map(|node| node.risk).max().unwrap_or_default() {
        return Err(inconsistent("risk", "this is not the greatest risk of a step"));
    }
    let mut known = true;
    let mut check = |reference: &NodeRef| known &= matches!(reference, NodeRef::Id(id) if earlier.contains(id));
    graph.returns.iter().for_each(|returns| references(returns, &mut check));
    if !known {
        return Err(inconsistent("returns", "it refers to a step that is not there"));
    }
    left_out(graph, &addresses)?;
    verdicts(graph, &earlier)
}

/// What was left out is not there, and stands in order.
fn left_out(graph: &PlanGraph, addresses: &FxHashSet<&SmolStr>) -> Result<(), PlanError> {
    let Some(refresh) = &graph.refresh else { return Ok(()) };
    if !refresh.left_out.is_sorted_by(|a, b| a.address < b.address) {
        return Err(inconsistent("refresh", "what was left out does not stand in order, each once"));
    }
    match refresh.left_out.iter().find(|each| addresses.contains(&each.address)) {
        Some(there) => Err(inconsistent(&there.address, "it was left out, and is there")),
        None => Ok(()),
    }
}

/// Verdicts are about steps that are there, and stand in order.
fn verdicts(graph: &PlanGraph, nodes: &FxHashSet<&NodeId>) -> Result<(), PlanError> {
    if !graph.verdicts.is_sorted_by(|a, b| a < b) {
        return Err(inconsistent("verdicts", "they do not stand in order, each once"));
    }
    for verdict in &graph.verdicts {
        let mut known = verdict.node.as_ref().is_none_or(|node| nodes.contains(node));
        let message = match &verdict.outcome {
            Outcome::Deny { message } | Outcome::Warn { message } => message,
            Outcome::Approval { count: 0, .. } => return Err(inconsistent(&verdict.code, "it asks nobody")),
            _ => &None,
        };
        let mut check = |reference: &NodeRef| known &= matches!(reference, NodeRef::Id(id) if nodes.contains(id));
        for value in [&verdict.when, &verdict.because, message].into_iter().flatten() {
            references(value, &mut check);
        }
        if !known {
            return Err(inconsistent(&verdict.code, "it refers to a step that is not there"));
        }
    }
    Ok(())
}

fn inconsistent(at: &str, problem: impl Into<String>) -> PlanError {
    PlanError::Inconsistent { at: at.into(), problem: problem.into() }
}

struct Checker<'g> {
    graph: &'g PlanGraph,
    patterns: Patterns,
    bytes: Bytes,
}

impl<'g> Checker<'g> {
    fn node(&mut self, node: &Node) -> Result<(), PlanError> {
        let wrong = |problem: &str| inconsistent(&node.address, problem);
        let contract = self.contract(&node.contract).ok_or_else(|| wrong("its contract is not there"))?;
        if (&node.capability, node.effect, node.risk) != (&contract.capability, contract.effect, contract.risk) {
            return Err(wrong("its capability, effect or risk is not that of its contract"));
        }
        if node.environment.as_ref().is_some_and(|name| !self.graph.environments.contains_key(name)) {
            return Err(wrong("its environment is not there"));
        }
        let own = |value: &Value| without_self(value, &node.id);
        let gate = match &node.kind {
            NodeKind::Step => None,
            NodeKind::Gate { expect } => Some(own(expect)),
        };
        let undo_inputs = node.undo.as_ref().map(|undo| own(&undo.inputs));
        let undo = match node.undo.as_ref().zip(undo_inputs.as_ref()) {
            None => None,
            Some((undo, inputs)) => {
                let contract =
                    self.contract(&undo.contract).ok_or_else(|| wrong("the contract of its undo is not there"))?;
                if undo.capability != contract.capability {
                    return Err(wrong("the capability of its undo is not that of the contract"));
                }
                self.inputs(node, "undo", &undo.inputs, contract)?;
                Some(UndoContent {
                    contract: &undo.contract,
                    adapter: self.adapter(node, undo.adapter.as_ref())?,
                    inputs,
                    shape: &contract.input,
                })
            }
        };
        self.inputs(node, "inputs", &node.inputs, contract)?;
        let content = Content {
            contract: &node.contract,
            adapter: self.adapter(node, node.adapter.as_ref())?,
            environment: node.environment.as_deref(),
            inputs: &node.inputs,
            shape: &contract.input,
            key: node.key.as_ref(),
            gate: gate.as_ref(),
            retry: node.retry,
            timeout: node.timeout,
            on_failure: node.on_failure,
            undo,
            depends_on: &node.depends_on,
        };
        if content.id(&mut self.bytes) != node.id {
            return Err(PlanError::Id(node.address.to_string()));
        }
        edges(node)
    }

    fn contract(&self, digest: &SmolStr) -> Option<&'g Contract> {
        self.graph.contracts.get(digest)
    }

    fn adapter(&self, node: &Node, name: Option<&SmolStr>) -> Result<Option<&'g str>, PlanError> {
        match name.map(|name| self.graph.adapters.get(name)) {
            None => Ok(None),
            Some(Some(adapter)) => Ok(Some(&adapter.digest)),
            Some(None) => Err(inconsistent(&node.address, "its adapter is not there")),
        }
    }

    fn inputs(&self, node: &Node, what: &str, inputs: &Value, contract: &Contract) -> Result<(), PlanError> {
        match contract.input.check_with(inputs, &self.patterns) {
            Ok(_) => Ok(()),
            Err(error) => Err(inconsistent(&node.address, format!("{what} do not follow the contract: {error}"))),
        }
    }
}

/// The edges are those that references draw, and `after` for the others; sorted, each once.
fn edges(node: &Node) -> Result<(), PlanError> {
    let mut data: FxHashMap<&NodeId, bool> = FxHashMap::default();
    for dependency in &node.depends_on {
        data.insert(&dependency.on, false);
    }
    let mut known = true;
    let mut check = |reference: &NodeRef, own: bool| match reference {
        NodeRef::Id(id) if own && *id == node.id => {}
        NodeRef::Id(id) => match data.get_mut(id) {
            Some(found) => *found = true,
            None => known = false,
        },
        NodeRef::Index(_) => known = false,
    };
    references(&node.inputs, &mut |reference| check(reference, false));
    node.key.iter().for_each(|key| references(key, &mut |reference| check(reference, false)));
    if let NodeKind::Gate { expect } = &node.kind {
        references(expect, &mut |reference| check(reference, true));
    }
    node.undo.iter().for_each(|undo| references(&undo.inputs, &mut |reference| check(reference, true)));
    if !known {
        return Err(inconsistent(&node.address, "it refers to a step that it does not wait for"));
    }
    let sorted = node.depends_on.is_sorted_by(|a, b| a.on < b.on);
    let reasons = node.depends_on.iter().all(|dependency| (dependency.why == Why::Data) == data[&dependency.on]);
    if !sorted || !reasons {
        return Err(inconsistent(&node.address, "its dependencies are not those of its inputs"));
    }
    Ok(())
}
