//! From a draft to a graph: edges, order, ids.

mod order;
mod resolve;

pub(crate) use order::canonical_order;
pub(crate) use resolve::{references, without_self};

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::artifact::{Content, UndoContent, contract_digest};
use crate::canonical::Bytes;
use crate::draft::{DraftNode, DraftPlan, DraftUndo, Finished, GraphError};
use crate::plan::{Adapter, Contract, Dependency, Node, NodeKind, PlanGraph, Undo};
use crate::value::NodeId;

/// Makes a graph of a draft.
///
/// Data edges are drawn from the residuals in inputs, keys, conditions and undos. Nodes of equal content, environment
/// and dependencies are one operation: the one with the least address stays. References to positions that the draft
/// does not have stay unresolved.
///
/// # Errors
/// The nodes wait for each other in a circle; every independent circle is one error.
pub fn finish(draft: DraftPlan) -> Result<Finished, Vec<GraphError>> {
    let count = draft.nodes.len();
    let edges: Vec<Vec<resolve::Edge>> =
        draft.nodes.iter().enumerate().map(|(at, node)| resolve::edges(at as u32, node, count)).collect();
    let order = order::topological(&draft.nodes, &edges)?;
    let mut ids: Vec<Option<NodeId>> = vec![None; count];
    let mut drafts: Vec<Option<DraftNode>> = draft.nodes.into_iter().map(Some).collect();
    let mut nodes: Vec<Node> = Vec::with_capacity(count);
    // For each id, the place in `nodes`; for each place, the positions in the draft.
    let mut places: FxHashMap<NodeId, usize> = FxHashMap::default();
    places.reserve(count);
    let mut same: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    let mut firsts: Vec<u32> = Vec::with_capacity(count);
    let mut builder = Builder { contracts: Contracts::default(), adapters: &draft.adapters, bytes: Bytes::default() };
    for at in order {
        // INVARIANT: an order names each position once.
        let Some(own) = drafts[at as usize].take() else { continue };
        let node = builder.node(at, own, &edges[at as usize], &mut ids);
        match places.entry(node.id.clone()) {
            Entry::Vacant(slot) => {
                slot.insert(nodes.len());
                nodes.push(node);
                firsts.push(at);
            }
            Entry::Occupied(place) => {
                let place = *place.get();
                same.entry(place).or_insert_with(|| vec![firsts[place]]).push(at);
                let first = &mut nodes[place];
                if node.address < first.address {
                    (first.address, first.stage) = (node.address, node.stage);
                }
            }
        }
    }
    if !same.is_empty() {
        nodes = order::canonical(nodes);
    }
    let stages = stages_of(&nodes);
    let innermost: FxHashSet<&str> = stages.iter().map(SmolStr::as_str).collect();
    for node in &mut nodes {
        let stage = innermost_stage(&node.address, &innermost);
        if node.stage.as_deref() != stage {
            node.stage = stage.map(SmolStr::from);
        }
    }
    let mut identical: Vec<Vec<u32>> = same.into_values().collect();
    identical.iter_mut().for_each(|positions| positions.sort_unstable());
    identical.sort_unstable();
    let contracts = builder.contracts.by_digest;
    let graph = PlanGraph {
        plan: draft.plan,
        package: draft.package,
        arguments: draft.arguments,
        environments: draft.environments,
        effect: nodes.iter().map(|node| node.effect).max().unwrap_or_default(),
        risk: nodes.iter().map(|node| node.risk).max().unwrap_or_default(),
        contracts,
        adapters: draft.adapters,
        data: draft.data,
        stages: stages_of(&nodes),
        on_failure: draft.on_failure,
        nodes,
        returns: draft.returns.map(|value| resolve::by_id(value, &ids)),
        as_of: None,
        verdicts: Vec::new(),
        refresh: None,
    };
    Ok(Finished { graph, identical })
}

/// The innermost of some stages that holds an address: the longest whose path begins it.
pub(crate) fn innermost_stage<'a>(address: &'a str, stages: &FxHashSet<&str>) -> Option<&'a str> {
    address.rmatch_indices('/').map(|(end, _)| &address[..end]).find(|path| stages.contains(path))
}

/// The stages of nodes in order of first appearance.
pub(crate) fn stages_of(nodes: &[Node]) -> Vec<SmolStr> {
    let mut seen = FxHashSet::default();
    nodes.iter().filter_map(|node| node.stage.as_ref()).filter(|stage| seen.insert(*stage)).cloned().collect()
}

/// A contract and its digest.
type Digested = (Arc<Contract>, SmolStr);

/// The contracts seen, with their digests. A capability's contract is digested once, not once a node.
#[derive(Default)]
struct Contracts {
    /// Steps of one capability mostly come one after another.
    last: Option<Digested>,
    by_digest: BTreeMap<SmolStr, Contract>,
    known: FxHashMap<(SmolStr, SmolStr), Vec<Digested>>,
}

impl Contracts {
    fn digest(&mut self, contract: &Arc<Contract>) -> SmolStr {
        if let Some((last, digest)) = &self.last
            && Arc::ptr_eq(last, contract)
        {
            return digest.clone();
        }
        let digest = self.look_up(contract);
        self.last = Some((contract.clone(), digest.clone()));
        digest
    }

    fn look_up(&mut self, contract: &Arc<Contract>) -> SmolStr {
        let known = self.known.entry((contract.capability.clone(), contract.version.clone())).or_default();
        if let Some((_, digest)) = known.iter().find(|(known, _)| Arc::ptr_eq(known, contract) || known == contract) {
            return digest.clone();
        }
        let digest = contract_digest(contract);
        known.push((contract.clone(), digest.clone()));
        self.by_digest.insert(digest.clone(), contract.as_ref().clone());
        digest
    }
}

struct Builder<'a> {
    contracts: Contracts,
    adapters: &'a BTreeMap<SmolStr, Adapter>,
    bytes: Bytes,
}

impl Builder<'_> {
    /// Makes a node of a draft whose dependencies have their ids, and notes its id.
    fn node(&mut self, at: u32, draft: DraftNode, edges: &[resolve::Edge], ids: &mut [Option<NodeId>]) -> Node {
        let contract = self.contracts.digest(&draft.contract);
        let undo_contract = draft.undo.as_ref().map(|undo| self.contracts.digest(&undo.contract));
        let mut depends_on: Vec<Dependency> = edges
            .iter()
            .filter_map(|edge| Some(Dependency { on: ids[edge.on as usize].clone()?, why: edge.why }))
            .collect();
        depends_on.sort_unstable();
        depends_on.dedup_by(|again, first| again.on == first.on);
        // The node's own position has no id yet, so references to itself stay as they are until it has.
        let inputs = resolve::by_id(draft.inputs, ids);
        let key = draft.key.map(|key| resolve::by_id(key, ids));
        let gate = match draft.kind {
            NodeKind::Step => None,
            NodeKind::Gate { expect } => Some(resolve::by_id(expect, ids)),
        };
        let undo = draft.undo.map(|undo| DraftUndo { inputs: resolve::by_id(undo.inputs, ids), ..undo });
        let digest = |name: &SmolStr| self.adapters.get(name).map(|adapter| adapter.digest.as_str());
        let content = Content {
            contract: &contract,
            adapter: draft.adapter.as_ref().and_then(digest),
            environment: draft.environment.as_deref(),
            inputs: &inputs,
            shape: &draft.contract.input,
            key: key.as_ref(),
            gate: gate.as_ref(),
            retry: draft.retry,
            timeout: draft.timeout,
            on_failure: draft.on_failure,
            undo: undo.as_ref().zip(undo_contract.as_ref()).map(|(undo, contract)| UndoContent {
                contract,
                adapter: undo.adapter.as_ref().and_then(digest),
                inputs: &undo.inputs,
                shape: &undo.contract.input,
            }),
            depends_on: &depends_on,
        };
        let id = content.id(&mut self.bytes);
        ids[at as usize] = Some(id.clone());
        Node {
            id,
            address: draft.address,
            kind: match gate {
                None => NodeKind::Step,
                Some(expect) => NodeKind::Gate { expect: resolve::by_id(expect, ids) },
            },
            contract,
            capability: draft.contract.capability.clone(),
            environment: draft.environment,
            adapter: draft.adapter,
            inputs,
            key,
            depends_on,
            stage: draft.stage,
            effect: draft.contract.effect,
            risk: draft.contract.risk,
            retry: draft.retry,
            timeout: draft.timeout,
            on_failure: draft.on_failure,
            undo: undo.zip(undo_contract).map(|(undo, contract)| Undo {
                capability: undo.contract.capability.clone(),
                contract,
                adapter: undo.adapter,
                inputs: resolve::by_id(undo.inputs, ids),
            }),
        }
    }
}
