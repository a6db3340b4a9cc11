//! What changed in one step.

use std::collections::BTreeMap;

use ordain_graph::{Adapter, Contract, Node, NodeId, NodeKind, Shape, Undo, Value, Why};
use smol_str::SmolStr;

use super::compare::{renamed, values};
use super::{Change, Named, Sides, What};
use crate::names::{shortened, visible};
use crate::summary::{retry, span, transport};

/// What changed in a step, and the positions of the steps it waits for that have another id under the same name.
pub(super) fn changes(sides: &Sides<'_>, old: &Node, new: &Node) -> (Vec<Change>, Vec<usize>) {
    let mut found = Vec::new();
    let both = |what: What, old: Option<String>, new: Option<String>, found: &mut Vec<Change>| {
        if old != new {
            found.push(Change::new(what, old, new));
        }
    };
    both(What::Stage, shown(old.stage.as_ref()), shown(new.stage.as_ref()), &mut found);
    if old.id == new.id {
        return (found, Vec::new());
    }
    both(What::Kind, Some(old.kind.name().into()), Some(new.kind.name().into()), &mut found);
    contracts(sides.old.contract(&old.contract), sides.new.contract(&new.contract), &mut found);
    adapters(
        What::Adapter,
        sides.old.adapter(old.adapter.as_ref()),
        sides.new.adapter(new.adapter.as_ref()),
        &mut found,
    );
    both(What::Environment, shown(old.environment.as_ref()), shown(new.environment.as_ref()), &mut found);

    let before = |value: &Value| renamed(value, Some(&old.id), &|id| sides.old_name(id));
    let after = |value: &Value| renamed(value, Some(&new.id), &|id| sides.new_name(id));
    let shapes = (sides.old.input(&old.contract), sides.new.input(&new.contract));
    let inputs = (before(&old.inputs), after(&new.inputs));
    values(What::Input, "", (Some(&inputs.0), shapes.0), (Some(&inputs.1), shapes.1), &mut found);
    let keys = (old.key.as_ref().map(before), new.key.as_ref().map(after));
    values(What::Key, "", (keys.0.as_ref(), None), (keys.1.as_ref(), None), &mut found);
    let gates = (expected(&old.kind).map(before), expected(&new.kind).map(after));
    values(What::Expect, "", (gates.0.as_ref(), None), (gates.1.as_ref(), None), &mut found);

    both(What::Retry, old.retry.map(retry), new.retry.map(retry), &mut found);
    both(What::Timeout, old.timeout.map(span), new.timeout.map(span), &mut found);
    let on_failure = |node: &Node| node.on_failure.map(|on_failure| on_failure.name().to_owned());
    both(What::OnFailure, on_failure(old), on_failure(new), &mut found);
    undo(sides, (old.undo.as_ref(), &before), (new.undo.as_ref(), &after), &mut found);
    let because = dependencies(sides, old, new, &mut found);
    (found, because)
}

fn shown(name: Option<&SmolStr>) -> Option<String> {
    name.map(|name| shortened(name, 120))
}

fn expected(kind: &NodeKind) -> Option<&Value> {
    match kind {
        NodeKind::Step => None,
        NodeKind::Gate { expect } => Some(expect),
    }
}

fn contracts(old: Option<&Contract>, new: Option<&Contract>, found: &mut Vec<Change>) {
    let (Some(old), Some(new)) = (old, new) else { return };
    let mut both = |what: What, old: &str, new: &str| {
        if old != new {
            found.push(Change::new(what, Some(shortened(old, 120)), Some(shortened(new, 120))));
        }
    };
    both(What::Capability, &old.capability, &new.capability);
    both(What::Version, &old.version, &new.version);
    both(What::Effect, old.effect.name(), new.effect.name());
    both(What::Risk, old.risk.name(), new.risk.name());
    for (what, old, new) in [(What::InputType, &old.input, &new.input), (What::OutputType, &old.output, &new.output)] {
        fields(what, old, new, found);
    }
}

/// The fields of two record shapes that differ.
fn fields(what: What, old: &Shape, new: &Shape, found: &mut Vec<Change>) {
    let (Shape::Record(before), Shape::Record(after)) = (old, new) else {
        if old != new {
            found.push(Change::new(what, Some(old.name()), Some(new.name())));
        }
        return;
    };
    for name in before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))) {
        let (old, new) = (before.get(name), after.get(name));
        if old != new {
            let text = |shape: Option<&Shape>, other: Option<&Shape>| {
                let name = shape?.name();
                // Two shapes of one name differ in what they demand.
                let same = other.is_some_and(|other| other.name() == name);
                Some(if same { format!("{name} (other demands)") } else { name })
            };
            found.push(Change::named(
                what,
                shortened(name, 60),
                shape_text(old, None, text),
                shape_text(new, old, text),
            ));
        }
    }
}

fn shape_text(
    shape: Option<&Shape>,
    other: Option<&Shape>,
    text: impl Fn(Option<&Shape>, Option<&Shape>) -> Option<String>,
) -> Option<String> {
    text(shape, other).map(|text| shortened(&text, 120))
}

type Bound<'a> = Option<(&'a SmolStr, Option<&'a Adapter>)>;

fn adapters(what: What, old: Bound<'_>, new: Bound<'_>, found: &mut Vec<Change>) {
    let name = |bound: Bound<'_>| bound.map(|(name, _)| shortened(name, 120));
    if name(old) != name(new) {
        found.push(Change::new(what, name(old), name(new)));
        return;
    }
    let (Some((name, Some(old))), Some((_, Some(new)))) = (old, new) else { return };
    if old.digest == new.digest {
        return;
    }
    let name = shortened(name, 120);
    let count = found.len();
    for (what, old, new) in [
        (What::AdapterVersion, old.version.to_string(), new.version.to_string()),
        (What::AdapterTransport, transport(&old.transport), transport(&new.transport)),
    ] {
        if old != new {
            found.push(Change::named(what, name.clone(), Some(shortened(&old, 120)), Some(shortened(&new, 120))));
        }
    }
    if found.len() == count {
        let digest = |digest: &str| Some(shortened(digest, 120));
        found.push(Change::named(What::AdapterDigest, name, digest(&old.digest), digest(&new.digest)));
    }
}

type Undone<'a> = (Option<&'a Undo>, &'a dyn Fn(&Value) -> Value);

fn undo(sides: &Sides<'_>, (old, before): Undone<'_>, (new, after): Undone<'_>, found: &mut Vec<Change>) {
    let capability = |undo: Option<&Undo>| undo.map(|undo| shortened(&undo.capability, 120));
    if capability(old) != capability(new) {
        found.push(Change::new(What::Undo, capability(old), capability(new)));
        return;
    }
    let (Some(old), Some(new)) = (old, new) else { return };
    if old.contract != new.contract {
        let version = |contract: Option<&Contract>| contract.map(|contract| shortened(&contract.version, 60));
        let versions = (version(sides.old.contract(&old.contract)), version(sides.new.contract(&new.contract)));
        found.push(Change::new(What::UndoContract, versions.0, versions.1));
    }
    let bound = (sides.old.adapter(old.adapter.as_ref()), sides.new.adapter(new.adapter.as_ref()));
    adapters(What::UndoAdapter, bound.0, bound.1, found);
    let inputs = (before(&old.inputs), after(&new.inputs));
    let shapes = (sides.old.input(&old.contract), sides.new.input(&new.contract));
    values(What::UndoInput, "", (Some(&inputs.0), shapes.0), (Some(&inputs.1), shapes.1), found);
}

/// Notes what it no longer waits for or waits for now; gives the positions of those that are there still with another
/// id.
fn dependencies(sides: &Sides<'_>, old: &Node, new: &Node, found: &mut Vec<Change>) -> Vec<usize> {
    let mut names: BTreeMap<String, [Option<(&NodeId, Why)>; 2]> = BTreeMap::new();
    for dependency in &old.depends_on {
        names.entry(sides.old_name(&dependency.on)).or_default()[0] = Some((&dependency.on, dependency.why));
    }
    for dependency in &new.depends_on {
        names.entry(sides.new_name(&dependency.on)).or_default()[1] = Some((&dependency.on, dependency.why));
    }
    let mut because = Vec::new();
    for (name, [before, after]) in names {
        let why = |side: Option<(&NodeId, Why)>| side.map(|(_, why)| why.name().to_owned());
        if why(before) != why(after) {
            found.push(Change::named(What::Dependency, visible(&name), why(before), why(after)));
        }
        if let (Some((before, _)), Some((after, _))) = (before, after)
            && before != after
        {
            because.extend(sides.new.ids.get(after));
        }
    }
    because.sort_unstable();
    because
}

impl<'g> Named<'g> {
    fn contract(&self, digest: &SmolStr) -> Option<&'g Contract> {
        self.graph.contracts.get(digest)
    }

    fn input(&self, digest: &SmolStr) -> Option<&'g Shape> {
        self.contract(digest).map(|contract| &contract.input)
    }

    fn adapter<'a>(&self, name: Option<&'a SmolStr>) -> Bound<'a>
    where
        'g: 'a,
    {
        name.map(|name| (name, self.graph.adapters.get(name)))
    }
}
