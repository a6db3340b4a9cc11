//! What policies say of the new plan and did not say of the old one, and what they demand together.

use std::collections::BTreeMap;

use ordain_graph::{NodeId, PlanGraph, Verdict};
use serde::Serialize;

use super::{Change, Sides, What};
use crate::addresses::Addresses;
use crate::names::shortened;
use crate::verdicts::{denies, phrase};

/// What a policy says otherwise of some steps, or of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerdictChange {
    /// The policy's code.
    pub code: String,
    /// Addresses of the steps it is said of; empty for the plan as a whole.
    pub about: Vec<String>,
    /// What it said; `None` where it said nothing.
    pub old: Option<String>,
    /// What it says; `None` where it says nothing any more.
    pub new: Option<String>,
    /// Whether the plan is denied by what it says now.
    pub denies: bool,
}

/// By the policy's code and the step's address, what is said and whether that denies.
type Told = BTreeMap<(String, Option<String>), Vec<(String, bool)>>;

/// By what is the same of changes (the code, what was and is said, whether that denies): the steps they are about.
type Changes = BTreeMap<(String, Option<String>, Option<String>, bool), Vec<Option<String>>>;

fn told(graph: &PlanGraph) -> Told {
    let addresses = Addresses::of(graph);
    let mut told = Told::new();
    let address = |id: &NodeId| shortened(&addresses.address(id), 120);
    for verdict in &graph.verdicts {
        let Verdict { code, node, .. } = verdict;
        let key = (shortened(code, 40), node.as_ref().map(address));
        told.entry(key).or_default().push((phrase(verdict, &addresses), denies(verdict)));
    }
    told
}

/// The verdicts that changed, by code; the same change of several steps once.
pub(super) fn changes(sides: &Sides<'_>) -> Vec<VerdictChange> {
    let mut old = told(sides.old.graph);
    let new = told(sides.new.graph);
    let mut found = Changes::new();
    let mut both =
        |(code, about): (String, Option<String>), before: Vec<(String, bool)>, after: Vec<(String, bool)>| {
            let (gone, come) = (without(&before, &after), without(&after, &before));
            for at in 0..gone.len().max(come.len()) {
                let was = gone.get(at).map(|(said, _)| said.clone());
                let (is, denies) = come.get(at).cloned().map_or((None, false), |(said, denies)| (Some(said), denies));
                found.entry((code.clone(), was, is, denies)).or_default().push(about.clone());
            }
        };
    for (key, after) in new {
        let before = old.remove(&key).unwrap_or_default();
        both(key, before, after);
    }
    for (key, before) in old {
        both(key, before, Vec::new());
    }
    let change = |((code, old, new, denies), about): ((String, _, _, bool), Vec<Option<String>>)| {
        let about = about.into_iter().flatten().collect();
        VerdictChange { code, about, old, new, denies }
    };
    found.into_iter().map(change).collect()
}

/// What of one list is not in another.
fn without(list: &[(String, bool)], other: &[(String, bool)]) -> Vec<(String, bool)> {
    list.iter().filter(|said| !other.contains(said)).cloned().collect()
}

/// What all verdicts together demand: who denies, who has to approve, what is left to execution, and who carries it out.
pub(super) fn demands(sides: &Sides<'_>) -> Vec<Change> {
    let (old, new) = (sides.old.graph, sides.new.graph);
    let (before, after) = (old.requirements(), new.requirements());
    let mut found = Vec::new();
    let codes = |codes: &std::collections::BTreeSet<smol_str::SmolStr>| {
        let all = codes.iter().map(|code| shortened(code, 40)).collect::<Vec<_>>().join(", ");
        (!all.is_empty()).then(|| shortened(&all, 160))
    };
    let mut both = |what: What, old: Option<String>, new: Option<String>| {
        if old != new {
            found.push(Change::new(what, old, new));
        }
    };
    both(What::DeniedBy, codes(&before.denied_by), codes(&after.denied_by));
    both(What::DecidedLater, codes(&before.pending), codes(&after.pending));
    both(What::Mode, Some(old.mode().name().into()), Some(new.mode().name().into()));
    let groups: std::collections::BTreeSet<_> = before.approvals.keys().chain(after.approvals.keys()).collect();
    for group in groups {
        let count = |approvals: &BTreeMap<smol_str::SmolStr, u32>| approvals.get(group).map(ToString::to_string);
        let (was, is) = (count(&before.approvals), count(&after.approvals));
        if was != is {
            found.push(Change::named(What::Approvals, shortened(group, 60), was, is));
        }
    }
    found
}
