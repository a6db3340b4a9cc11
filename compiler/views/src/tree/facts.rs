//! What is said of a step below its row.

use std::collections::BTreeSet;

use ordain_graph::{PlanGraph, Why};

use crate::addresses::Addresses;
use crate::names::{number, shortened};
use crate::outline::{Likeness, Outline};

/// How many things a step is said to wait for by name.
const MAX_NAMED: usize = 4;

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
            let named = if families.len() > MAX_NAMED { MAX_NAMED - 1 } else { families.len() };
            let mut names: Vec<String> =
                families.iter().take(named).map(|&family| relative(graph, outline, group, family)).collect();
            if named < families.len() {
                names.push(format!("{} more", number(families.len() - named)));
            }
            sentences.push(format!("{verb} {}", names.join(", ")));
        }
        if self.own {
            sentences.push("one after the other".into());
        }
        sentences
    }
}

/// The name of a family as seen from a group: without the groups around both.
fn relative(graph: &PlanGraph, outline: &Outline<'_>, group: usize, family: usize) -> String {
    let here = outline.path(group);
    let there = outline.path(outline.families[family].parent);
    let common = here.iter().zip(&there).take_while(|(here, there)| here == there).count();
    let mut parts: Vec<String> = there[common..].iter().map(|&group| outline.group_name(group)).collect();
    parts.push(outline.family_name(graph, family));
    let own = &outline.families[family];
    let count = match own.likeness {
        Likeness::Single => String::new(),
        _ if own.nodes.len() == 1 => String::new(),
        _ => format!(" ×{}", number(own.nodes.len())),
    };
    format!("{}{count}", shortened(&parts.join("/"), 60))
}
