//! The steps of a plan as people think of them: groups within groups, and loops as one thing.
//!
//! Addresses give the groups. Loop keys are taken off, so that the same step of every round is one family, and the same
//! group of every round is one group.

use std::collections::BTreeSet;

use ordain_graph::{Node, PlanGraph};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::names::{bare_keys, keyed, shortened};

/// How deep groups nest; what is deeper belongs to the name of the step.
const MAX_DEPTH: usize = 8;

/// How many single steps a group may have before those of one capability are shown as one.
const MANY: usize = 40;

/// The groups and families of a plan.
pub(crate) struct Outline<'g> {
    /// The root first.
    pub(crate) groups: Vec<Group<'g>>,
    /// In order of their first node.
    pub(crate) families: Vec<Family<'g>>,
    /// The family of each node, by the node's position.
    pub(crate) family_of: Vec<usize>,
}

/// A stage or a sub-plan, of all rounds of its loop.
pub(crate) struct Group<'g> {
    pub(crate) name: &'g str,
    pub(crate) parent: usize,
    /// The loop keys it is there for, with brackets.
    pub(crate) keys: BTreeSet<&'g str>,
    pub(crate) children: Vec<Child>,
    /// How many nodes are in it, also in groups inside.
    pub(crate) nodes: usize,
}

/// What a group holds, in order of first appearance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Child {
    Group(usize),
    Family(usize),
}

/// One step, or the rounds of one.
pub(crate) struct Family<'g> {
    pub(crate) name: &'g str,
    pub(crate) parent: usize,
    pub(crate) likeness: Likeness,
    /// Positions in the graph, ascending.
    pub(crate) nodes: Vec<usize>,
}

/// What makes nodes a family.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// It is a single one that no loop made.
    Single,
    /// The loop they come from.
    Loop,
    /// Their capability alone, for there are too many to show.
    Capability,
}

impl<'g> Outline<'g> {
    pub(crate) fn of(graph: &'g PlanGraph) -> Self {
        let root = Group { name: "", parent: 0, keys: BTreeSet::new(), children: Vec::new(), nodes: graph.nodes.len() };
        let mut outline = Self { groups: vec![root], families: Vec::new(), family_of: vec![0; graph.nodes.len()] };
        let mut group_at: FxHashMap<(usize, &str, bool), usize> = FxHashMap::default();
        let mut family_at: FxHashMap<(usize, &str, bool, &SmolStr), usize> = FxHashMap::default();
        for (at, node) in graph.nodes.iter().enumerate() {
            let mut parent = 0;
            let mut rest = node.address.as_str();
            for _ in 0..MAX_DEPTH {
                let Some((segment, inner)) = rest.split_once('/') else { break };
                let (name, keys) = keyed(segment);
                parent = *group_at.entry((parent, name, keys.is_some())).or_insert_with(|| {
                    let own = outline.groups.len();
                    outline.groups.push(Group { name, parent, keys: BTreeSet::new(), children: Vec::new(), nodes: 0 });
                    outline.groups[parent].children.push(Child::Group(own));
                    own
                });
                let group = &mut outline.groups[parent];
                group.keys.extend(keys);
                group.nodes += 1;
                rest = inner;
            }
            let (name, keys) = keyed(rest);
            let likeness = if keys.is_some() { Likeness::Loop } else { Likeness::Single };
            let family = *family_at.entry((parent, name, keys.is_some(), &node.contract)).or_insert_with(|| {
                let own = outline.families.len();
                outline.families.push(Family { name, parent, likeness, nodes: Vec::new() });
                outline.groups[parent].children.push(Child::Family(own));
                own
            });
            outline.families[family].nodes.push(at);
            outline.family_of[at] = family;
        }
        outline.merge(graph);
        outline
    }

    /// In groups with too many families, makes one of those that follow the same contract.
    fn merge(&mut self, graph: &PlanGraph) {
        for own in 0..self.groups.len() {
            let families = self.groups[own].children.iter().filter(|child| matches!(child, Child::Family(_))).count();
            if families <= MANY {
                continue;
            }
            let mut first: FxHashMap<&SmolStr, usize> = FxHashMap::default();
            let mut kept = Vec::new();
            for child in std::mem::take(&mut self.groups[own].children) {
                if let Child::Family(at) = child {
                    let contract = &graph.nodes[self.families[at].nodes[0]].contract;
                    if let Some(&into) = first.get(contract) {
                        let nodes = std::mem::take(&mut self.families[at].nodes);
                        nodes.iter().for_each(|&node| self.family_of[node] = into);
                        self.families[into].nodes.extend(nodes);
                        self.families[into].likeness = Likeness::Capability;
                        continue;
                    }
                    first.insert(contract, at);
                }
                kept.push(child);
            }
            self.groups[own].children = kept;
        }
        self.families.iter_mut().for_each(|family| family.nodes.sort_unstable());
    }

    /// The name of a group, such as `items[…]`, or with its key where it has a single one.
    pub(crate) fn group_name(&self, group: usize) -> String {
        let Group { name, keys, .. } = &self.groups[group];
        match (keys.first(), keys.len()) {
            (None, _) => (*name).to_owned(),
            (Some(key), 1) => format!("{name}{key}"),
            _ => format!("{name}[…]"),
        }
    }

    /// The name of a family inside its group.
    pub(crate) fn family_name(&self, graph: &PlanGraph, family: usize) -> String {
        let Family { name, likeness, nodes, .. } = &self.families[family];
        match (likeness, nodes.as_slice()) {
            (Likeness::Single, _) => (*name).to_owned(),
            (Likeness::Loop, [only]) => last(&graph.nodes[*only]).to_owned(),
            (Likeness::Loop, _) => format!("{name}[…]"),
            (Likeness::Capability, _) => format!("{name} …"),
        }
    }

    /// The groups around a group and itself, outermost first, without the root.
    pub(crate) fn path(&self, mut group: usize) -> Vec<usize> {
        let mut path = Vec::new();
        while group != 0 {
            path.push(group);
            group = self.groups[group].parent;
        }
        path.reverse();
        path
    }

    /// What the members of a family are told apart by inside of their groups, each once: the first few, and how many.
    pub(crate) fn members(&self, graph: &'g PlanGraph, family: usize, limit: usize) -> (Vec<String>, usize) {
        let Family { likeness, nodes, .. } = &self.families[family];
        let mut seen = BTreeSet::new();
        let mut first = Vec::new();
        for &at in nodes {
            let own = last(&graph.nodes[at]);
            let name = match likeness {
                Likeness::Single => continue,
                Likeness::Loop => keyed(own).1.unwrap_or_default(),
                Likeness::Capability => own,
            };
            if seen.insert(name) && first.len() < limit {
                first.push(shortened(&if *likeness == Likeness::Loop { bare_keys(name) } else { name.to_owned() }, 40));
            }
        }
        (first, seen.len())
    }
}

/// The last part of a node's address, as the outline has it.
pub(crate) fn last(node: &Node) -> &str {
    node.address.splitn(MAX_DEPTH + 1, '/').last().unwrap_or_default()
}
