//! Inline values: what constants stand for, where they are declared and named.

use ordain_compiler::editor::{self, Meaning};
use ordain_compiler::{Item, Kind, file_items};
use ordain_diagnostics::TextRange;
use tower_lsp::ls_types::{InlineValue, InlineValueText};

use super::names;
use crate::world::{File, Snapshot};

/// How long a value may be, in characters.
const MOST: usize = 80;

/// The values of the constants in a range, in order.
pub(crate) fn values(snapshot: &Snapshot, file: &File, within: TextRange) -> Vec<InlineValue> {
    let db = &snapshot.db;
    let touches = |range: TextRange| range.start <= within.end && within.start <= range.end;
    let mut found: Vec<(TextRange, Item<'_>)> = Vec::new();
    for &item in file_items(db, file.source).items(db).iter().filter(|item| touches(item.places(db).range)) {
        if item.kind(db) == Kind::Const {
            found.push((item.places(db).name, item));
        }
        found.extend(names::of_item(snapshot, item).filter_map(|(_, range, mark)| match mark.meaning {
            Meaning::Item(named) if named.kind(db) == Kind::Const => Some((range, named)),
            _ => None,
        }));
    }
    found.retain(|(range, _)| touches(*range));
    found.sort_by_key(|(range, _)| *range);
    found.dedup();
    let shown = |(range, item): (TextRange, Item<'_>)| {
        let value = ordain_views::value(&editor::value(db, item)?, MOST);
        let text = format!("{} = {value}", item.name(db));
        Some(InlineValueText { range: file.range(range), text }.into())
    };
    found.into_iter().filter_map(shown).collect()
}
