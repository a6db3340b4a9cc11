//! From a draft to a graph: edges, order, ids.

mod order;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use crate::canonical::digest;
use crate::draft::{DraftNode, DraftPlan, Finished, GraphError};
use crate::json::{encode, encode_shape};
use crate::plan::{Contract, Dependency, Node, NodeKind, OnFailure, PlanGraph, Retry, Undo, Why};
use crate::value::NodeId;

/// Makes a graph of a draft.
///
/// # Errors
/// The nodes wait for each other in a circle; every independent circle is one error.
pub fn finish(draft: DraftPlan) -> Result<Finished, Vec<GraphError>> {
    let edges: Vec<BTreeMap<u32, Why>> =
        draft.nodes.iter().enumerate().map(|(at, node)| resolve::edges(at as u32, node)).collect();
    let order = order::topological(&draft.nodes, &edges)?;
    let mut contracts = Contracts::default();
    let mut ids: Vec<Option<NodeId>> = vec![None; draft.nodes.len()];
    let mut built: FxHashMap<NodeId, (Node, Vec<u32>)> = FxHashMap::default();
    for &at in &order {
        let draft_node = &draft.nodes[at as usize];
        let node = node(at, draft_node, &edges[at as usize], &ids, &mut contracts, &draft);
        ids[at as usize] = Some(node.id.clone());
        match built.entry(node.id.clone()) {
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert((node, vec![at]));
            }
            std::collections::hash_map::Entry::Occupied(mut same) => {
                let (first, positions) = same.get_mut();
                positions.push(at);
                if node.address < first.address {
                    first.address = node.address;
                    first.stage = node.stage;
                }
            }
        }
    }
    let mut identical: Vec<Vec<u32>> = Vec::new();
    let mut nodes: Vec<Node> = Vec::with_capacity(built.len());
    for (node, mut positions) in built.into_values() {
        if positions.len() > 1 {
            positions.sort_unstable();
            identical.push(positions);
        }
        nodes.push(node);
    }
    identical.sort_unstable();
    let nodes = order::canonical(nodes);
    let used: BTreeSet<&SmolStr> = nodes.iter().filter_map(|node| node.stage.as_ref()).collect();
    let mut stages: Vec<SmolStr> = Vec::new();
    for stage in nodes.iter().filter_map(|node| node.stage.as_ref()) {
        if !stages.contains(stage) {
            stages.push(stage.clone());
        }
    }
    debug_assert!(used.len() == stages.len());
    let by_position = |index: u32| ids.get(index as usize).cloned().flatten();
    let graph = PlanGraph {
        plan: draft.plan,
        package: draft.package,
        arguments: draft.arguments,
        environments: draft.environments,
        effect: nodes.iter().map(|node| node.effect).max().unwrap_or_default(),
        risk: nodes.iter().map(|node| node.risk).max().unwrap_or_default(),
        contracts: contracts.by_digest,
        adapters: draft.adapters,
        data: draft.data,
        stages,
        on_failure: draft.on_failure,
        nodes,
        returns: draft.returns.map(|value| resolve::by_id(&value, &by_position)),
    };
    Ok(Finished { graph, identical })
}

/// The contracts seen, with their digests. A capability's contract is digested once, not once a node.
#[derive(Default)]
struct Contracts {
    by_digest: BTreeMap<SmolStr, Contract>,
    known: FxHashMap<(SmolStr, SmolStr), Vec<(Contract, SmolStr)>>,
}

impl Contracts {
    fn digest(&mut self, contract: &Contract) -> SmolStr {
        let known = self.known.entry((contract.capability.clone(), contract.version.clone())).or_default();
        if let Some((_, digest)) = known.iter().find(|(known, _)| known == contract) {
            return digest.clone();
        }
        let digest = digest(&contract_json(contract));
        known.push((contract.clone(), digest.clone()));
        self.by_digest.insert(digest.clone(), contract.clone());
        digest
    }
}

pub(crate) fn contract_json(contract: &Contract) -> Json {
    json!({
        "capability": contract.capability.as_str(),
        "version": contract.version.as_str(),
        "input": encode_shape(&contract.input),
        "output": encode_shape(&contract.output),
        "effect": contract.effect.name(),
        "risk": contract.risk.name(),
    })
}

fn node(
    at: u32,
    draft: &DraftNode,
    edges: &BTreeMap<u32, Why>,
    ids: &[Option<NodeId>],
    contracts: &mut Contracts,
    plan: &DraftPlan,
) -> Node {
    // A node's own position has no id while its id is computed.
    let known = |index: u32| if index == at { None } else { ids.get(index as usize).cloned().flatten() };
    let contract = contracts.digest(&draft.contract);
    let undo_contract = draft.undo.as_ref().map(|undo| contracts.digest(&undo.contract));
    let mut depends_on: Vec<Dependency> =
        edges.iter().filter_map(|(&on, &why)| Some(Dependency { on: known(on)?, why })).collect();
    depends_on.sort_unstable();
    depends_on.dedup_by(|again, first| again.on == first.on);
    let content = Content {
        contract: &contract,
        adapter: draft.adapter.as_ref().and_then(|name| Some(plan.adapters.get(name)?.digest.as_str())),
        environment: draft.environment.as_deref(),
        inputs: encode(&draft.inputs, Some(&draft.contract.input), &known),
        key: draft.key.as_ref().map(|key| encode(key, None, &known)),
        gate: match &draft.kind {
            NodeKind::Step => None,
            NodeKind::Gate { expect } => Some(encode(expect, None, &known)),
        },
        retry: draft.retry,
        timeout: draft.timeout,
        on_failure: draft.on_failure,
        undo: draft.undo.as_ref().zip(undo_contract.as_ref()).map(|(undo, contract)| {
            json!({
                "contract": contract.as_str(),
                "adapter": undo.adapter.as_ref().and_then(|name| Some(plan.adapters.get(name)?.digest.as_str())),
                "inputs": encode(&undo.inputs, Some(&undo.contract.input), &known),
            })
        }),
        depends_on: &depends_on,
    };
    let id = content.id();
    let itself = |index: u32| if index == at { Some(id.clone()) } else { known(index) };
    Node {
        address: draft.address.clone(),
        kind: match &draft.kind {
            NodeKind::Step => NodeKind::Step,
            NodeKind::Gate { expect } => NodeKind::Gate { expect: resolve::by_id(expect, &itself) },
        },
        contract,
        capability: draft.contract.capability.clone(),
        environment: draft.environment.clone(),
        adapter: draft.adapter.clone(),
        inputs: resolve::by_id(&draft.inputs, &known),
        key: draft.key.as_ref().map(|key| resolve::by_id(key, &known)),
        depends_on,
        stage: draft.stage.clone(),
        effect: draft.contract.effect,
        risk: draft.contract.risk,
        retry: draft.retry,
        timeout: draft.timeout,
        on_failure: draft.on_failure,
        undo: draft.undo.as_ref().zip(undo_contract).map(|(undo, contract)| Undo {
            capability: undo.contract.capability.clone(),
            contract,
            adapter: undo.adapter.clone(),
            inputs: resolve::by_id(&undo.inputs, &itself),
        }),
        id,
    }
}

/// What a node's id is the digest of.
pub(crate) struct Content<'a> {
    pub(crate) contract: &'a str,
    pub(crate) adapter: Option<&'a str>,
    pub(crate) environment: Option<&'a str>,
    pub(crate) inputs: Json,
    pub(crate) key: Option<Json>,
    pub(crate) gate: Option<Json>,
    pub(crate) retry: Option<Retry>,
    pub(crate) timeout: Option<u64>,
    pub(crate) on_failure: Option<OnFailure>,
    pub(crate) undo: Option<Json>,
    pub(crate) depends_on: &'a [Dependency],
}

impl Content<'_> {
    pub(crate) fn id(self) -> NodeId {
        let json = json!({
            "contract": self.contract,
            "adapter": self.adapter,
            "environment": self.environment,
            "inputs": self.inputs,
            "key": self.key,
            "gate": self.gate,
            "retry": self.retry.map(|retry| json!([retry.times, retry.min, retry.max])),
            "timeout": self.timeout,
            "on_failure": self.on_failure.map(OnFailure::name),
            "undo": self.undo,
            "depends_on": self.depends_on.iter().map(|dependency| dependency.on.0.as_str()).collect::<Vec<_>>(),
        });
        NodeId(digest(&json))
    }
}
