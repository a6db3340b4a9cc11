//! The plan graph: what a plan lowers to, what people review and what the interpreter executes.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::fields::Fields;
use crate::names::names;
use crate::refresh::Refresh;
use crate::value::{Date, NodeId, Shape, Value};
use crate::verdict::Verdict;

/// The format's name and version, which stands in every plan file.
pub const FORMAT: &str = "ordain.plan/1";

/// A compiled plan. Its canonical JSON (RFC 8785) without the `hash` member is what [`PlanGraph::hash`] digests.
///
/// It holds no time, no path of a machine and no position in a source, so that equal meaning gives equal bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanGraph {
    /// The plan's qualified name, such as `shop.release.release`.
    pub plan: SmolStr,
    /// The package the plan is declared in.
    pub package: PackageRef,
    /// The arguments it was instantiated with, by parameter.
    pub arguments: Fields,
    /// The environments its nodes run in, by qualified name.
    pub environments: BTreeMap<SmolStr, Environment>,
    /// The join of the effects of all nodes.
    pub effect: Effect,
    /// The join of the risks of all nodes.
    pub risk: Risk,
    /// The contracts the nodes follow, by digest of the contract's canonical JSON.
    pub contracts: BTreeMap<SmolStr, Contract>,
    /// The adapters bound to them, by qualified name.
    pub adapters: BTreeMap<SmolStr, Adapter>,
    /// The data files that were read, by path relative to their package (`package:path`), with their digests.
    pub data: BTreeMap<SmolStr, SmolStr>,
    /// The stages, by their path of names joined with `/`, in order of first appearance in topological order.
    pub stages: Vec<SmolStr>,
    /// What happens when a step fails and says nothing of its own.
    pub on_failure: OnFailure,
    /// The nodes in canonical topological order: repeatedly the ready node with the least address.
    pub nodes: Vec<Node>,
    /// What the plan returns.
    pub returns: Option<Value>,
    /// The day on which exemptions were judged, where that made a difference.
    pub as_of: Option<Date>,
    /// What the policies say, in order and each once.
    pub verdicts: Vec<Verdict>,
    /// The whole plan that this is a part of, and what was left out of it.
    pub refresh: Option<Refresh>,
}

/// A package and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRef {
    /// Its name.
    pub name: SmolStr,
    /// Its version (SemVer).
    pub version: SmolStr,
}

/// An environment of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// Its facts.
    pub facts: Value,
    /// Its groups of people, by name.
    pub groups: BTreeMap<SmolStr, Vec<SmolStr>>,
}

/// A capability's contract as of one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The capability's name, such as `database.ensure`.
    pub capability: SmolStr,
    /// Its version (SemVer).
    pub version: SmolStr,
    /// The shape of its inputs, a record.
    pub input: Shape,
    /// The shape of its outputs, a record.
    pub output: Shape,
    /// What it does to the world.
    pub effect: Effect,
    /// How much can go wrong.
    pub risk: Risk,
}

/// Who does it.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapter {
    /// The adapter's version (SemVer).
    pub version: SmolStr,
    /// How it is reached.
    pub transport: Transport,
    /// The digest of the adapter's declaration and of its files.
    pub digest: SmolStr,
    /// The files of its package that its program consists of, as the program or its arguments name them, with the digests
    /// of their bytes.
    pub files: BTreeMap<SmolStr, SmolStr>,
}

/// How an adapter is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A process: the program, relative to its package, and its arguments.
    Process(Vec<SmolStr>),
    /// An HTTP endpoint.
    Http(SmolStr),
    /// One that is part of the interpreter: `command`, `file` …
    Builtin(SmolStr),
}

/// One operation of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// SHA-256 over the node's contract, adapter, inputs, settings and the ids of what it depends on.
    pub id: NodeId,
    /// Its name for people, unique in the plan: names of stages and sub-plans, then its own, joined by `/`, with
    /// loop keys in brackets (`rollout/deploy[eu-west-1]`). Not part of the id.
    pub address: SmolStr,
    /// A step or a gate.
    pub kind: NodeKind,
    /// The contract, a key of [`PlanGraph::contracts`].
    pub contract: SmolStr,
    /// The capability's name, as in the contract.
    pub capability: SmolStr,
    /// The environment it runs in, a key of [`PlanGraph::environments`]: the one passed to the innermost (sub-)plan.
    pub environment: Option<SmolStr>,
    /// The adapter that environment binds the capability to, a key of [`PlanGraph::adapters`]; `None` where there is
    /// no environment.
    pub adapter: Option<SmolStr>,
    /// The inputs, a record with defaults filled in; may hold residuals and secrets.
    pub inputs: Value,
    /// What identifies the resource it governs, where the capability declares a key.
    pub key: Option<Value>,
    /// What must run before, sorted by id.
    pub depends_on: Vec<Dependency>,
    /// The stage it belongs to: the longest element of [`PlanGraph::stages`] whose path begins the address.
    pub stage: Option<SmolStr>,
    /// What it does to the world.
    pub effect: Effect,
    /// How much can go wrong.
    pub risk: Risk,
    /// How it may be retried.
    pub retry: Option<Retry>,
    /// How long one try may take, in milliseconds.
    pub timeout: Option<u64>,
    /// What happens when it fails, where it says so itself.
    pub on_failure: Option<OnFailure>,
    /// How it is undone; its inputs may refer to the node's own outputs.
    pub undo: Option<Undo>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// It has an effect.
    Step,
    /// It observes, and what it observes must satisfy a condition over its own outputs.
    Gate {
        /// The condition.
        expect: Value,
    },
}

impl NodeKind {
    /// Its name in artifacts.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Gate { .. } => "gate",
        }
    }
}

/// An edge of the graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// The node that must run before.
    pub on: NodeId,
    /// Why.
    pub why: Why,
}

/// Why one node waits for another; the strongest reason where there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// An output is an input here.
    Data,
    /// `after`, on the step or on what holds it.
    After,
}

/// Retries after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many further tries.
    pub times: u32,
    /// The first pause, in milliseconds.
    pub min: u64,
    /// The longest pause, in milliseconds.
    pub max: u64,
}

/// How a node is undone.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// The capability that undoes it.
    pub capability: SmolStr,
    /// Its contract.
    pub contract: SmolStr,
    /// The adapter bound to it.
    pub adapter: Option<SmolStr>,
    /// Its inputs; [`crate::NodeRef::Id`] of the node itself stands for the node's outputs (while the id is computed,
    /// the reference is left out of the digest as `{"$self": path}`).
    pub inputs: Value,
}

/// What a capability does to the world; ordered from harmless to grave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Only looks.
    #[default]
    Read,
    /// Creates or changes.
    Write,
    /// Removes.
    Destroy,
}

/// How much can go wrong; ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// Little.
    #[default]
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// Everything.
    Critical,
}

/// What happens when a step fails for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnFailure {
    /// No further step starts; what runs is awaited.
    #[default]
    Stop,
    /// As `Stop`, then what was done is undone in reverse order.
    Undo,
    /// Steps that do not depend on it go on.
    Continue,
}

names!(Effect { Read = "read", Write = "write", Destroy = "destroy" });
names!(Risk { Low = "low", Medium = "medium", High = "high", Critical = "critical" });
names!(OnFailure { Stop = "stop", Undo = "undo", Continue = "continue" });
names!(Why { Data = "data", After = "after" });
