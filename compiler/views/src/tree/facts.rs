//! What is said of a step below its row.

use std::collections::{BTreeMap, BTreeSet};

use ordain_graph::{PlanGraph, Why};

use crate::addresses::Addresses;
use crate::names::{number, without_middle};
use crate::outline::{Likeness, Outline};

/// How many things a step is said to wait for by name.
const MAX_NAMED: usize = 4;

/// How many things of one other group are named rather than the group.
const MAX_OF_GROUP: usize = 2;

/// The families that the members of one family wait for.
#[derive(Clone, Default)]
pub(super) struct Uses {
    data: BTreeSet<usize>,
    after: BTreeSet<usize>,
    /// Members wait for earlier ones of their own family.
    own: bool,
}

/// What each family waits for.
pub(super) fn uses(graph: &PlanGraph, outline: &Outline<'_>, addresses: &Addresses<'_>) -> Vec<Uses> {
    let mut uses = vec![Uses::default(); outline.families.len()];
    for (at, node) in graph.nodes.iter().enumerate() {
        let family = outline.family_of[at];
        for dependency in &node.depends_on {
            let Some(on) = addresses.position(&dependency.on) else { continue };
            let on = outline.family_of[on];
            if on == family {
                uses[family].own = true;
                continue;
            }
            match dependency.why {
                Why::Data => uses[family].data.insert(on),
                Why::After => uses[family].after.insert(on),
            };
        }
    }
    for own in &mut uses {
        own.after.retain(|family| !own.data.contains(family));
    }
    uses
}

impl Uses {
    /// What it says in a group, as sentences: `uses database`, `after migrate`.
    pub(super) fn sentences(&self, graph: &PlanGraph, outline: &Outline<'_>, group: usize) -> Vec<String> {
        let mut sentences = Vec::new();
        for (verb, families) in [("uses", &self.data), ("after", &self.after)] {
            if families.is_empty() {
                continue;
            }
            let mut names = names(graph, outline, group, families);
            if names.len() > MAX_NAMED {
                let more = format!("{} more", number(names.len() - MAX_NAMED + 1));
                names.truncate(MAX_NAMED - 1);
                names.push(more);
            }
            sentences.push(format!("{verb} {}", names.join(", ")));
        }
        if self.own {
            sentences.push("one after the other".into());
        }
        sentences
    }
}

/// The names of families as seen from a group: without the groups around both, and where several are in one other group,
/// that one's name.
fn names(graph: &PlanGraph, outline: &Outline<'_>, group: usize, families: &BTreeSet<usize>) -> Vec<String> {
    let here = outline.path(group);
    let path = |family: usize| -> Vec<usize> {
        let there = outline.path(outline.families[family].parent);
        let common = here.iter().zip(&there).take_while(|(here, there)| here == there).count();
        there[common..].to_vec()
    };
    let named = |path: &[usize]| -> Vec<String> { path.iter().map(|&group| outline.group_name(group)).collect() };
    // By the outermost group that is not around both; families beside the group stand for themselves.
    let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut own = Vec::new();
    for &family in families {
        match path(family).first() {
            Some(&outermost) => parts.entry(outermost).or_default().push(family),
            None => own.push(family),
        }
    }
    let mut names = Vec::new();
    for families in own.into_iter().map(|family| vec![family]).chain(parts.into_values()) {
        if families.len() > MAX_OF_GROUP {
            let common = families.iter().map(|&family| path(family)).reduce(|common, other| {
                common
                    .into_iter()
                    .zip(other)
                    .take_while(|(common, other)| common == other)
                    .map(|(group, _)| group)
                    .collect()
            });
            names.push(format!("{}/…", without_middle(&named(&common.unwrap_or_default()).join("/"), 44)));
            continue;
        }
        for family in families {
            let mut parts = named(&path(family));
            parts.push(outline.family_name(graph, family));
            let own = &outline.families[family];
            let count = match own.likeness {
                Likeness::Single => String::new(),
                _ if own.nodes.len() == 1 => String::new(),
                _ => format!(" ×{}", number(own.nodes.len())),
            };
            names.push(format!("{}{count}", without_middle(&parts.join("/"), 44)));
        }
    }
    names
}
