//! What changed in what all steps of a plan share.

use std::collections::BTreeMap;

use ordain_graph::{PlanGraph, Value};
use smol_str::SmolStr;

use super::compare::{renamed, values};
use super::{Change, Sides, What};
use crate::names::shortened;
use crate::summary::environment_of;

/// The plan-wide changes.
pub(super) fn changes(sides: &Sides<'_>) -> Vec<Change> {
    let (old, new) = (sides.old.graph, sides.new.graph);
    let mut found = Vec::new();
    let mut both = |what: What, old: String, new: String| {
        if old != new {
            found.push(Change::new(what, Some(old), Some(new)));
        }
    };
    let package = |graph: &PlanGraph| shortened(&format!("{} {}", graph.package.name, graph.package.version), 120);
    both(What::Plan, shortened(&old.plan, 120), shortened(&new.plan, 120));
    both(What::Package, package(old), package(new));
    both(What::Effect, old.effect.name().into(), new.effect.name().into());
    both(What::Risk, old.risk.name().into(), new.risk.name().into());
    both(What::OnFailure, old.on_failure.name().into(), new.on_failure.name().into());
    arguments(sides, &mut found);
    for (name, before, after) in pairs(&old.data, &new.data) {
        if before != after {
            let digest = |digest: Option<&SmolStr>| digest.map(|digest| shortened(digest, 120));
            found.push(Change::named(What::Data, shortened(name, 120), digest(before), digest(after)));
        }
    }
    for (name, before, after) in pairs(&old.environments, &new.environments) {
        let (Some(before), Some(after)) = (before, after) else {
            let there = |there: bool| there.then(|| shortened(name, 120));
            found.push(Change::new(What::Environment, there(before.is_some()), there(after.is_some())));
            continue;
        };
        let short = shortened(name.rsplit('.').next().unwrap_or(name), 60);
        values(What::Fact, &short, (Some(&before.facts), None), (Some(&after.facts), None), &mut found);
        for (group, before, after) in pairs(&before.groups, &after.groups) {
            if before != after {
                let people = |people: Option<&Vec<SmolStr>>| people.map(|people| shortened(&people.join(", "), 120));
                let name = format!("{short}.{}", shortened(group, 60));
                found.push(Change::named(What::Group, name, people(before), people(after)));
            }
        }
    }
    let before = old.returns.as_ref().map(|value| renamed(value, None, &|id| sides.old_name(id)));
    let after = new.returns.as_ref().map(|value| renamed(value, None, &|id| sides.new_name(id)));
    values(What::Returns, "", (before.as_ref(), None), (after.as_ref(), None), &mut found);
    found
}

/// Arguments that are an environment's facts are known by its name; what changed in it is said of the environment.
fn arguments(sides: &Sides<'_>, found: &mut Vec<Change>) {
    let (old, new) = (sides.old.graph, sides.new.graph);
    for (name, before, after) in pairs(&old.arguments, &new.arguments) {
        let environment = |graph, value: Option<&Value>| value.and_then(|value| environment_of(graph, value));
        let name = shortened(name, 60);
        match (environment(old, before), environment(new, after)) {
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) => {
                let (before, after) = (shortened(before, 120), shortened(after, 120));
                found.push(Change::named(What::Argument, name, Some(before), Some(after)));
            }
            _ => values(What::Argument, &name, (before, None), (after, None), found),
        }
    }
}

/// The members of two maps by key, in order.
fn pairs<'a, T: 'a>(
    old: impl IntoIterator<Item = (&'a SmolStr, &'a T)>,
    new: impl IntoIterator<Item = (&'a SmolStr, &'a T)>,
) -> impl Iterator<Item = (&'a SmolStr, Option<&'a T>, Option<&'a T>)> {
    let mut both: BTreeMap<&SmolStr, (Option<&T>, Option<&T>)> = BTreeMap::new();
    old.into_iter().for_each(|(name, value)| both.entry(name).or_default().0 = Some(value));
    new.into_iter().for_each(|(name, value)| both.entry(name).or_default().1 = Some(value));
    both.into_iter().map(|(name, (old, new))| (name, old, new))
}
