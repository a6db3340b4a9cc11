//! Steps of a difference that say the same, told once: the rounds of a loop usually change together.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::{Change, Followed, Renamed, StepChange, StepRef, What};
use crate::names::{address_keys, bare_address, number};

/// How many keys of one entry are kept; the others are counted.
const MAX_KEYS: usize = 24;

/// Steps that say the same.
pub(super) struct Entry<'d, T> {
    /// The address of a single one, or what the addresses have in common with the count.
    pub(super) name: String,
    /// What the steps are told apart by, the first ones.
    pub(super) keys: Vec<String>,
    /// How many steps.
    pub(super) count: usize,
    /// The first of them.
    pub(super) first: &'d T,
}

/// A step of a difference.
pub(super) trait Told {
    /// Its address.
    fn address(&self) -> &str;
    /// All that is said of it besides, with loop keys taken off.
    fn said(&self) -> Vec<String>;
}

/// The steps, with those together that differ in their loop keys alone; in order of the first of each.
pub(super) fn entries<T: Told>(steps: &[T]) -> Vec<Entry<'_, T>> {
    let mut known: FxHashMap<(String, Vec<String>), usize> = FxHashMap::default();
    let mut entries: Vec<Entry<'_, T>> = Vec::new();
    for step in steps {
        let bare = bare_address(step.address());
        let at = *known.entry((bare, step.said())).or_insert_with(|| {
            entries.push(Entry { name: step.address().to_owned(), keys: Vec::new(), count: 0, first: step });
            entries.len() - 1
        });
        let entry = &mut entries[at];
        entry.count += 1;
        if entry.keys.len() < MAX_KEYS {
            entry.keys.push(address_keys(step.address()));
        }
    }
    for entry in &mut entries {
        if entry.count > 1 {
            entry.name = format!("{} ×{}", bare_address(&entry.name), number(entry.count));
        } else {
            entry.keys.clear();
        }
    }
    entries
}

/// Changes of what a step waits for: how it changed, and the addresses.
pub(super) type Waits = Vec<(&'static str, Vec<String>)>;

/// The changes of a step without those of what it waits for, and those by themselves, for there may be many.
pub(super) fn waits_apart(changes: &[Change]) -> (Vec<&Change>, Waits) {
    let mut others = Vec::new();
    let mut waits: Waits =
        vec![("no longer waits for", vec![]), ("now waits for", vec![]), ("waits otherwise for", vec![])];
    for change in changes {
        let way = match (&change.old, &change.new) {
            _ if change.what != What::Dependency => {
                others.push(change);
                continue;
            }
            (_, None) => 0,
            (None, _) => 1,
            _ => 2,
        };
        waits[way].1.extend(change.name.clone());
    }
    waits.retain(|(_, steps)| !steps.is_empty());
    (others, waits)
}

/// Addresses with loop keys taken off, each once.
pub(super) fn bare_names(addresses: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    addresses.iter().map(|address| bare_address(address)).filter(|name| seen.insert(name.clone())).collect()
}

fn change_said(change: &Change) -> Vec<String> {
    let name = change.name.as_deref().map(bare_address);
    let side = |side: &Option<String>| side.clone().unwrap_or_default();
    vec![change.what.name().into(), name.unwrap_or_default(), side(&change.old), side(&change.new)]
}

impl Told for StepRef {
    fn address(&self) -> &str {
        &self.address
    }

    fn said(&self) -> Vec<String> {
        vec![self.kind.into(), self.capability.clone(), self.effect.into(), self.risk.into()]
    }
}

impl Told for Renamed {
    fn address(&self) -> &str {
        &self.new
    }

    fn said(&self) -> Vec<String> {
        vec![bare_address(&self.old)]
    }
}

impl Told for StepChange {
    fn address(&self) -> &str {
        &self.address
    }

    fn said(&self) -> Vec<String> {
        self.changes.iter().flat_map(change_said).chain(bare_names(&self.because)).collect()
    }
}

impl Told for Followed {
    fn address(&self) -> &str {
        &self.address
    }

    fn said(&self) -> Vec<String> {
        bare_names(&self.roots)
    }
}
