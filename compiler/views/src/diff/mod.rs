//! What changed between two plans, by meaning: steps are matched by address, and each says because of what it changed.

mod compare;
mod entries;
mod markdown;
mod step;
mod text;
mod verdicts;
mod whole;

use ordain_graph::{Node, NodeId, PlanGraph};
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::names::visible;
pub use verdicts::VerdictChange;

/// The name and version of the JSON that a difference serialises to.
const FORMAT: &str = "ordain.plan-diff/1";

/// The JSON Schema (2020-12) of what [`PlanDiff::json`] gives.
pub const PLAN_DIFF_SCHEMA: &str = include_str!("../../../../docs/schemas/plan-diff-1.schema.json");

/// How many causes are told of a step that only follows.
const MAX_ROOTS: usize = 5;

/// The difference of two plans. Everything in it is in a fixed order: plan-wide changes by kind and name, steps in the
/// order of the plan they are in.
///
/// Texts in it are for people: values as the language writes them, cut where they are long, secrets by reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanDiff {
    /// The format's name and version.
    pub format: &'static str,
    /// The plan before.
    pub old: Side,
    /// The plan after.
    pub new: Side,
    /// How many steps fared how.
    pub counts: Counts,
    /// What changed in what all steps share.
    pub plan: Vec<Change>,
    /// What the policies demand together, where that changed: denials, approvals, who carries it out.
    pub demands: Vec<Change>,
    /// What single policies say otherwise.
    pub verdicts: Vec<VerdictChange>,
    /// Steps that are new.
    pub added: Vec<StepRef>,
    /// Steps that are gone.
    pub removed: Vec<StepRef>,
    /// Steps that are the same to the last byte under another address.
    pub renamed: Vec<Renamed>,
    /// Steps that changed themselves.
    pub changed: Vec<StepChange>,
    /// Steps that have another id only because a step they wait for has.
    pub followed: Vec<Followed>,
}

/// One of the two plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The plan's name.
    pub plan: String,
    /// Its package and that one's version.
    pub package: String,
    /// Its hash.
    pub hash: String,
}

/// How many steps fared how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New ones.
    pub added: usize,
    /// Those that are gone.
    pub removed: usize,
    /// Those under another address.
    pub renamed: usize,
    /// Those that changed themselves.
    pub changed: usize,
    /// Those that changed only with a step they wait for.
    pub followed: usize,
    /// Those with the same id and address.
    pub unchanged: usize,
}

/// A step of one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepRef {
    /// Its address.
    pub address: String,
    /// Its id.
    pub id: String,
    /// `step` or `gate`.
    pub kind: &'static str,
    /// Its capability.
    pub capability: String,
    /// Its effect.
    pub effect: &'static str,
    /// Its risk.
    pub risk: &'static str,
}

/// A step with another address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// The address before.
    pub old: String,
    /// The address after.
    pub new: String,
    /// Its id.
    pub id: String,
}

/// A step that changed itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepChange {
    /// Its address.
    pub address: String,
    /// Its id before.
    pub old_id: String,
    /// Its id after.
    pub new_id: String,
    /// What changed.
    pub changes: Vec<Change>,
    /// Steps it waits for that have another id too.
    pub because: Vec<String>,
}

/// A step that changed only because others did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Followed {
    /// Its address.
    pub address: String,
    /// Its id before.
    pub old_id: String,
    /// Its id after.
    pub new_id: String,
    /// Steps it waits for that have another id.
    pub because: Vec<String>,
    /// The first five steps, in the plan's order, with whose change that began.
    pub roots: Vec<String>,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// What.
    pub what: What,
    /// Which one, where there are several: an input's path, a step's address, an argument's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it was, if it was there.
    pub old: Option<String>,
    /// How it is, if it is there.
    pub new: Option<String>,
}

macro_rules! whats {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal;)*) => {
        /// What can change, in a step or in a plan.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum What { $($(#[doc = $doc])* $variant,)* }

        impl What {
            /// Everything that can change, in the order in which it is told.
            pub const ALL: &[What] = &[$(What::$variant),*];

            /// Its name for people.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

whats! {
    /// The plan's name.
    Plan = "plan";
    /// The package or its version.
    Package = "package";
    /// An argument of the plan.
    Argument = "argument";
    /// A data file, by the digest of what was read.
    Data = "data";
    /// A fact of an environment.
    Fact = "fact";
    /// A group of people of an environment.
    Group = "group";
    /// What the plan returns.
    Returns = "returns";
    /// A step or a gate.
    Kind = "kind";
    /// The capability.
    Capability = "capability";
    /// The version of the capability's contract.
    Version = "contract version";
    /// The effect: of the contract, or the greatest of the plan.
    Effect = "effect";
    /// The risk: of the contract, or the greatest of the plan.
    Risk = "risk";
    /// The type of an input, by the contract.
    InputType = "type of input";
    /// The type of an output, by the contract.
    OutputType = "type of output";
    /// The adapter.
    Adapter = "adapter";
    /// The adapter's version.
    AdapterVersion = "adapter version";
    /// How the adapter is reached, such as its command.
    AdapterTransport = "adapter transport";
    /// The digest of the adapter's declaration, where nothing else of it changed.
    AdapterDigest = "adapter digest";
    /// The environment.
    Environment = "environment";
    /// An input.
    Input = "input";
    /// What identifies the resource.
    Key = "key";
    /// A gate's condition.
    Expect = "expects";
    /// Retries.
    Retry = "retry";
    /// The time one try may take.
    Timeout = "timeout";
    /// What happens on failure.
    OnFailure = "on failure";
    /// The capability that undoes it.
    Undo = "undo";
    /// The contract of the capability that undoes it, where its name is the same.
    UndoContract = "undo contract";
    /// The adapter that undoes it.
    UndoAdapter = "undo adapter";
    /// An input of the undo.
    UndoInput = "undo input";
    /// A step it waits for, with why.
    Dependency = "waits for";
    /// The stage.
    Stage = "stage";
    /// The policies that deny the plan.
    DeniedBy = "denied by";
    /// How many people of a group have to approve.
    Approvals = "approvals of";
    /// The policies that are decided during execution.
    DecidedLater = "decided during execution";
    /// Who carries the plan out.
    Mode = "mode";
}

impl Change {
    fn new(what: What, old: Option<String>, new: Option<String>) -> Self {
        Self { what, name: None, old, new }
    }

    fn named(what: What, name: impl Into<String>, old: Option<String>, new: Option<String>) -> Self {
        Self { what, name: Some(name.into()), old, new }
    }
}

impl PlanDiff {
    /// Whether the plans are the same.
    pub fn is_empty(&self) -> bool {
        self.old == self.new
            && self.plan.is_empty()
            && self.demands.is_empty()
            && self.verdicts.is_empty()
            && self.counts == Counts { unchanged: self.counts.unchanged, ..Counts::default() }
    }

    /// The difference as JSON, on one line.
    pub fn json(&self) -> String {
        // INVARIANT: it holds texts and numbers only, which JSON has.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What changed from one plan to another.
///
/// Steps are matched by their addresses. One that has another id changed itself, or follows a step it waits for, which
/// the difference keeps apart: an id covers the ids of all that a step waits for.
pub fn diff(old: &PlanGraph, new: &PlanGraph) -> PlanDiff {
    let sides = Sides { old: Named::of(old), new: Named::of(new) };
    let mut diff = PlanDiff {
        format: FORMAT,
        old: side(old),
        new: side(new),
        counts: Counts::default(),
        plan: whole::changes(&sides),
        demands: verdicts::demands(&sides),
        verdicts: verdicts::changes(&sides),
        added: Vec::new(),
        removed: Vec::new(),
        renamed: Vec::new(),
        changed: Vec::new(),
        followed: Vec::new(),
    };
    // For each node of the new plan, the nodes with whose change its own began; empty where it is as it was.
    let mut roots: Vec<Vec<usize>> = vec![Vec::new(); new.nodes.len()];
    for (at, node) in new.nodes.iter().enumerate() {
        let Some(before) = sides.old.by_address(&node.address) else {
            match sides.old.by_id(&node.id).filter(|before| sides.new.by_address(&before.address).is_none()) {
                Some(before) => diff.renamed.push(Renamed {
                    old: visible(&before.address).into_owned(),
                    new: visible(&node.address).into_owned(),
                    id: node.id.0.to_string(),
                }),
                None => {
                    diff.added.push(step_ref(node));
                    roots[at].push(at);
                }
            }
            continue;
        };
        let (changes, because) = step::changes(&sides, before, node);
        if node.id == before.id && changes.is_empty() {
            diff.counts.unchanged += 1;
            continue;
        }
        let (address, old_id, new_id) =
            (visible(&node.address).into_owned(), before.id.0.to_string(), node.id.0.to_string());
        let names = because.iter().map(|&on| visible(&new.nodes[on].address).into_owned()).collect();
        if changes.is_empty() {
            let mut from: Vec<usize> = because.iter().flat_map(|&on| roots[on].iter().copied()).collect();
            from.sort_unstable();
            from.dedup();
            from.truncate(MAX_ROOTS);
            let root_names = from.iter().map(|&root| visible(&new.nodes[root].address).into_owned()).collect();
            diff.followed.push(Followed { address, old_id, new_id, because: names, roots: root_names });
            roots[at] = from;
        } else {
            diff.changed.push(StepChange { address, old_id, new_id, changes, because: names });
            roots[at].push(at);
        }
    }
    for node in &old.nodes {
        let moved = || sides.new.by_id(&node.id).is_some_and(|after| sides.old.by_address(&after.address).is_none());
        if sides.new.by_address(&node.address).is_none() && !moved() {
            diff.removed.push(step_ref(node));
        }
    }
    diff.counts = Counts {
        added: diff.added.len(),
        removed: diff.removed.len(),
        renamed: diff.renamed.len(),
        changed: diff.changed.len(),
        followed: diff.followed.len(),
        unchanged: diff.counts.unchanged,
    };
    diff
}

fn side(graph: &PlanGraph) -> Side {
    Side {
        plan: visible(&graph.plan).into_owned(),
        package: visible(&format!("{} {}", graph.package.name, graph.package.version)).into_owned(),
        hash: graph.hash().to_string(),
    }
}

fn step_ref(node: &Node) -> StepRef {
    StepRef {
        address: visible(&node.address).into_owned(),
        id: node.id.0.to_string(),
        kind: node.kind.name(),
        capability: visible(&node.capability).into_owned(),
        effect: node.effect.name(),
        risk: node.risk.name(),
    }
}

/// The two plans, with their nodes by name.
struct Sides<'g> {
    old: Named<'g>,
    new: Named<'g>,
}

/// A plan with its nodes by id and by address.
struct Named<'g> {
    graph: &'g PlanGraph,
    ids: FxHashMap<&'g NodeId, usize>,
    addresses: FxHashMap<&'g str, usize>,
}

impl<'g> Named<'g> {
    fn of(graph: &'g PlanGraph) -> Self {
        let nodes = || graph.nodes.iter().enumerate();
        Self {
            graph,
            ids: nodes().map(|(at, node)| (&node.id, at)).collect(),
            addresses: nodes().map(|(at, node)| (node.address.as_str(), at)).collect(),
        }
    }

    fn by_id(&self, id: &NodeId) -> Option<&'g Node> {
        self.ids.get(id).map(|&at| &self.graph.nodes[at])
    }

    fn by_address(&self, address: &str) -> Option<&'g Node> {
        self.addresses.get(address).map(|&at| &self.graph.nodes[at])
    }
}

impl Sides<'_> {
    /// The name under which both plans know a node of the old one: one that was only renamed has its new address.
    fn old_name(&self, id: &NodeId) -> String {
        let node = self.new.by_id(id).or_else(|| self.old.by_id(id));
        node.map_or_else(|| id.0.to_string(), |node| node.address.to_string())
    }

    /// The name of a node of the new plan.
    fn new_name(&self, id: &NodeId) -> String {
        self.new.by_id(id).map_or_else(|| id.0.to_string(), |node| node.address.to_string())
    }
}
