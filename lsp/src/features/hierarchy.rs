//! Call hierarchy: what uses a declaration, and what it uses.

use std::collections::BTreeMap;

use ordain_compiler::editor::{Meaning, item_at};
use ordain_compiler::{Item, SourceFile, file_items};
use ordain_diagnostics::TextRange;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use tower_lsp::ls_types::{CallHierarchyIncomingCall, CallHierarchyItem, CallHierarchyOutgoingCall};

use super::names;
use super::references::references;
use super::symbols::kind;
use crate::world::{File, Snapshot};

/// How a declaration is found again that a client gives back.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Key {
    path: SmolStr,
    kind: String,
    name: SmolStr,
}

impl Key {
    pub(super) fn of<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> Self {
        let db = &snapshot.db;
        Self { path: item.file(db).path(db).clone(), kind: item.kind(db).keyword().into(), name: item.name(db).clone() }
    }

    /// The declaration, where it is still there.
    pub(super) fn find<'db>(&self, snapshot: &'db Snapshot) -> Option<Item<'db>> {
        let db = &snapshot.db;
        let items = file_items(db, *snapshot.files.get(&self.path)?).items(db);
        items.iter().copied().find(|item| *item.name(db) == self.name && item.kind(db).keyword() == self.kind)
    }

    pub(super) fn parse(data: Option<&serde_json::Value>) -> Option<Self> {
        Self::deserialize(data?).ok()
    }
}

/// The declaration that is named at an offset, or that it lies in.
pub(crate) fn prepare(snapshot: &Snapshot, file: &File, offset: u32) -> Option<Vec<CallHierarchyItem>> {
    let named = names::at(snapshot, file, offset).and_then(|at| match at.meaning {
        Meaning::Item(item) => Some(item),
        // A variant is used as its enum is.
        Meaning::Variant(item, _) => Some(item),
        _ => None,
    });
    let item = named.or_else(|| item_at(&snapshot.db, file.source, offset))?;
    Some(vec![shown(snapshot, item)?])
}

fn shown<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> Option<CallHierarchyItem> {
    let db = &snapshot.db;
    let file = snapshot.file_of(item.file(db));
    let places = item.places(db);
    let path = names::path(snapshot, item);
    let module = path.strip_suffix(item.name(db).as_str()).map(|module| module.trim_end_matches('.'));
    let detail = match module {
        Some(module) if !module.is_empty() => format!("{} · {module}", item.kind(db).keyword()),
        _ => item.kind(db).keyword().to_owned(),
    };
    Some(CallHierarchyItem {
        name: item.name(db).to_string(),
        kind: kind(item.kind(db)),
        tags: None,
        detail: Some(detail),
        uri: snapshot.uri(&file.path)?,
        range: file.range(places.range.cover(places.name)),
        selection_range: file.range(places.name),
        data: serde_json::to_value(Key::of(snapshot, item)).ok(),
    })
}

/// The declarations that use one, and where in them.
pub(crate) fn incoming(snapshot: &Snapshot, asked: &CallHierarchyItem) -> Option<Vec<CallHierarchyIncomingCall>> {
    let db = &snapshot.db;
    let item = Key::parse(asked.data.as_ref())?.find(snapshot)?;
    let mut users: BTreeMap<(SmolStr, u32), (Item<'_>, Vec<TextRange>)> = BTreeMap::new();
    for (file, range) in references(snapshot, Some(item), &Meaning::Item(item), false) {
        // Imports and documentation use nothing.
        let Some(user) = item_at(db, file, range.start) else { continue };
        if names::of_item(snapshot, user).any(|(_, place, _)| place == range) {
            let key = (file.path(db).clone(), user.places(db).start);
            users.entry(key).or_insert_with(|| (user, Vec::new())).1.push(range);
        }
    }
    let call = |(user, ranges): (Item<'_>, Vec<TextRange>)| {
        let file = snapshot.file_of(user.file(db));
        let from_ranges = ranges.into_iter().map(|range| file.range(range)).collect();
        Some(CallHierarchyIncomingCall { from: shown(snapshot, user)?, from_ranges })
    };
    Some(users.into_values().filter_map(call).collect())
}

/// The declarations that one uses, and where in it.
pub(crate) fn outgoing(snapshot: &Snapshot, asked: &CallHierarchyItem) -> Option<Vec<CallHierarchyOutgoingCall>> {
    let db = &snapshot.db;
    let item = Key::parse(asked.data.as_ref())?.find(snapshot)?;
    let mut used: Vec<(TextRange, Item<'_>)> = names::of_item(snapshot, item)
        .filter_map(|(_, range, mark)| match mark.meaning {
            Meaning::Item(used) => Some((range, used)),
            _ => None,
        })
        .collect();
    used.sort_by_key(|(range, _)| *range);
    used.dedup();
    // In the order in which they are first named.
    let mut calls: Vec<(Item<'_>, Vec<TextRange>)> = Vec::new();
    for (range, to) in used {
        match calls.iter_mut().find(|(known, _)| *known == to) {
            Some((_, ranges)) => ranges.push(range),
            None => calls.push((to, vec![range])),
        }
    }
    let file: SourceFile = item.file(db);
    let file = snapshot.file_of(file);
    let call = |(to, ranges): (Item<'_>, Vec<TextRange>)| {
        let from_ranges = ranges.into_iter().map(|range| file.range(range)).collect();
        Some(CallHierarchyOutgoingCall { to: shown(snapshot, to)?, from_ranges })
    };
    Some(calls.into_iter().filter_map(call).collect())
}
