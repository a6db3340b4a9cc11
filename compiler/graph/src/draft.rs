//! Drafts: what a compiler gives to have a graph made of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;
use thiserror::Error;

use crate::fields::Fields;
use crate::plan::{Adapter, Contract, Environment, NodeKind, OnFailure, PackageRef, PlanGraph, Retry, Why};
use crate::value::Value;

/// A plan whose nodes refer to each other by position ([`crate::NodeRef::Index`]).
#[derive(Clone, Debug)]
pub struct DraftPlan {
    /// As [`PlanGraph::plan`].
    pub plan: SmolStr,
    /// As [`PlanGraph::package`].
    pub package: PackageRef,
    /// As [`PlanGraph::arguments`].
    pub arguments: Fields,
    /// As [`PlanGraph::environments`].
    pub environments: BTreeMap<SmolStr, Environment>,
    /// As [`PlanGraph::adapters`].
    pub adapters: BTreeMap<SmolStr, Adapter>,
    /// As [`PlanGraph::data`].
    pub data: BTreeMap<SmolStr, SmolStr>,
    /// The stages in any order; those without nodes are left out of the graph.
    pub stages: Vec<SmolStr>,
    /// As [`PlanGraph::on_failure`].
    pub on_failure: OnFailure,
    /// The nodes in any order.
    pub nodes: Vec<DraftNode>,
    /// As [`PlanGraph::returns`].
    pub returns: Option<Value>,
}

/// A node without an id.
#[derive(Clone, Debug)]
pub struct DraftNode {
    /// As [`crate::Node::address`].
    pub address: SmolStr,
    /// As [`crate::Node::kind`].
    pub kind: NodeKind,
    /// The contract itself.
    pub contract: Arc<Contract>,
    /// As [`crate::Node::environment`].
    pub environment: Option<SmolStr>,
    /// As [`crate::Node::adapter`].
    pub adapter: Option<SmolStr>,
    /// As [`crate::Node::inputs`].
    pub inputs: Value,
    /// As [`crate::Node::key`].
    pub key: Option<Value>,
    /// Positions of nodes it waits for. Data edges need not be named, they are seen in the inputs.
    pub depends_on: Vec<(u32, Why)>,
    /// As [`crate::Node::stage`]; a stage whose path does not begin the address is not taken over.
    pub stage: Option<SmolStr>,
    /// As [`crate::Node::retry`].
    pub retry: Option<Retry>,
    /// As [`crate::Node::timeout`].
    pub timeout: Option<u64>,
    /// As [`crate::Node::on_failure`].
    pub on_failure: Option<OnFailure>,
    /// As [`crate::Node::undo`].
    pub undo: Option<DraftUndo>,
}

/// How a draft node is undone.
#[derive(Clone, Debug)]
pub struct DraftUndo {
    /// The contract of the capability that undoes it.
    pub contract: Arc<Contract>,
    /// The adapter bound to that.
    pub adapter: Option<SmolStr>,
    /// Its inputs; residuals on the node's own position are its outputs.
    pub inputs: Value,
}

/// A finished graph.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The graph.
    pub graph: PlanGraph,
    /// Positions of draft nodes that turned out to be the same operation, in groups: one node stands for each group.
    pub identical: Vec<Vec<u32>>,
}

/// Why a draft is no graph.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GraphError {
    /// Nodes wait for each other: each for the next, the last for the first.
    #[error("nodes wait for each other: {indices:?}")]
    Cycle {
        /// Positions in the draft.
        indices: Vec<u32>,
    },
}
