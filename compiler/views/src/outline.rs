//! The steps of a plan as people think of them: groups within groups, and loops as one thing.
//!
//! Addresses give the groups. Loop keys are taken off, so that the same step of every round is one family, and the same
//! group of every round is one group.

use std::collections::BTreeSet;

use ordain_graph::{Node, PlanGraph};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::names::{bare_keys, beginning, keyed, without_middle};

/// How deep groups nest; what is deeper belongs to the name of the step.
const MAX_DEPTH: usize = 8;

/// How many single steps a group may have before those of one capability are shown as one.
const MANY: usize = 40;

/// The groups and families of a plan.
pub(crate) struct Outline<'g> {
    /// The root first.
    pub(crate) groups: Vec<Group<'g>>,
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
    /// What the keys of all members begin with, or their names where they have no keys; may be empty.
    pub(crate) beginning: &'g str,
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
                outline.families.push(Family { name, parent, likeness, beginning: "", nodes: Vec::new() });
                outline.groups[parent].children.push(Child::Family(own));
                own
            });
            outline.families[family].nodes.push(at);
            outline.family_of[at] = family;
        }
        outline.merge(graph);
        outline.split(graph);
        for family in outline.families.iter_mut().filter(|family| family.nodes.len() > 1) {
            family.nodes.sort_unstable();
            let (first, loops) = (family.nodes[0], family.likeness == Likeness::Loop);
            let names = family.nodes.iter().map(|&at| told_apart(&graph.nodes[at], loops));
            family.beginning =
                if family.likeness == Likeness::Single { last(&graph.nodes[first]) } else { beginning(names) };
        }
        outline
    }

    /// Makes several families of a large one, where its members have names of a few kinds: `fit_001`, `plot_001` ….
    fn split(&mut self, graph: &'g PlanGraph) {
        for own in 0..self.families.len() {
            let (count, loops) = (self.families[own].nodes.len(), self.families[own].likeness == Likeness::Loop);
            if count <= MANY || self.families[own].likeness == Likeness::Single {
                continue;
            }
            for kind in [without_digits, before_digits] {
                let mut kinds: FxHashMap<String, usize> = FxHashMap::default();
                let of: Vec<usize> = self.families[own]
                    .nodes
                    .iter()
                    .map(|&at| {
                        let next = kinds.len();
                        *kinds.entry(kind(told_apart(&graph.nodes[at], loops))).or_insert(next)
                    })
                    .collect();
                if (2..=MANY).contains(&kinds.len()) && kinds.len() * 2 <= count {
                    self.part(own, &of, kinds.len());
                    break;
                }
            }
        }
    }

    /// Parts a family: the first kind stays, the others become families behind it.
    fn part(&mut self, own: usize, of: &[usize], kinds: usize) {
        let Family { name, parent, likeness, .. } = self.families[own];
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); kinds];
        for (&at, &kind) in std::mem::take(&mut self.families[own].nodes).iter().zip(of) {
            parts[kind].push(at);
        }
        let children = &mut self.groups[parent].children;
        let mut place = children.iter().position(|child| *child == Child::Family(own)).unwrap_or(children.len());
        for (kind, nodes) in parts.into_iter().enumerate() {
            if kind == 0 {
                self.families[own].nodes = nodes;
                continue;
            }
            place += 1;
            let next = self.families.len();
            children.insert(place.min(children.len()), Child::Family(next));
            nodes.iter().for_each(|&at| self.family_of[at] = next);
            self.families.push(Family { name, parent, likeness, beginning: "", nodes });
        }
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
        let Family { name, likeness, beginning, nodes, .. } = &self.families[family];
        match (likeness, nodes.as_slice()) {
            (Likeness::Single, _) => (*name).to_owned(),
            (_, [only]) => last(&graph.nodes[*only]).to_owned(),
            (Likeness::Loop, _) => format!("{name}[{beginning}…]"),
            (Likeness::Capability, _) if beginning.is_empty() => format!("{name} …"),
            (Likeness::Capability, _) => format!("{beginning}…"),
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
            if *likeness == Likeness::Single {
                continue;
            }
            let name = told_apart(&graph.nodes[at], *likeness == Likeness::Loop);
            if seen.insert(name) && first.len() < limit {
                first.push(without_middle(&bare_keys(name), 40));
            }
        }
        (first, seen.len())
    }
}

/// What a member of a family is told apart by: its loop keys without the outer brackets and without the number behind
/// equal ones, or its name.
fn told_apart(node: &Node, loops: bool) -> &str {
    let own = last(node);
    if !loops {
        return own;
    }
    let keys = keyed(own).1.unwrap_or_default();
    let keys = keys.rfind(']').map_or(keys, |end| &keys[..end]);
    keys.strip_prefix('[').unwrap_or(keys)
}

/// A name in which numbers are alike.
fn without_digits(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}

/// A name up to its first number.
fn before_digits(name: &str) -> String {
    name.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default().to_owned()
}

/// The last part of a node's address, as the outline has it.
pub(crate) fn last(node: &Node) -> &str {
    node.address.splitn(MAX_DEPTH + 1, '/').last().unwrap_or_default()
}
