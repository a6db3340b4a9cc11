//! Names that an import gives in place of those in the declarations: `use shop.{Shop as Store}`.

use ordain_compiler::editor::{self, Def, Meaning};
use ordain_compiler::file_items;
use ordain_diagnostics::TextRange;
use smol_str::SmolStr;

use super::names::{self, At};
use super::references::references_in;
use crate::world::{File, Snapshot};

/// A name that means something in one file only.
pub(super) struct Alias {
    /// The name.
    pub(super) name: SmolStr,
    /// Where the import gives it.
    pub(super) place: TextRange,
}

/// The alias that stands at a place.
pub(super) fn alias(snapshot: &Snapshot, file: &File, at: &At<'_>) -> Option<Alias> {
    let written = file.slice(at.range);
    let imported = editor::imports(&snapshot.db, file.source).names.get(written)?;
    let meant = match (&imported.def, &at.meaning) {
        (Def::Item(item), Meaning::Item(meant)) => item == meant,
        (Def::Module(module) | Def::Prefix(module, _), Meaning::Module(meant)) => module == meant,
        _ => false,
    };
    if !meant {
        return None;
    }
    let uses = ordain_syntax::parse(&file.text).file.uses;
    let import = uses.get(imported.place.import as usize)?;
    let given = match imported.place.name {
        None => &import.alias,
        Some(name) => &import.names.as_ref()?.get(name as usize)?.alias,
    };
    let given = given.as_ref()?;
    Some(Alias { name: written.into(), place: given.range })
}

/// Every place of an alias in its file, sorted.
pub(super) fn places(snapshot: &Snapshot, file: &File, at: &At<'_>, alias: &Alias) -> Vec<TextRange> {
    let db = &snapshot.db;
    let named = |range: &TextRange| file.slice(*range) == alias.name;
    let in_comments = references_in(snapshot, Some(file.source), at.item, &at.meaning, false);
    let mut all: Vec<TextRange> = in_comments.into_iter().map(|(_, range)| range).filter(named).collect();
    for &item in file_items(db, file.source).items(db) {
        let meant = names::of_item(snapshot, item).filter(|(_, _, mark)| mark.meaning == at.meaning);
        all.extend(meant.map(|(_, range, _)| range).filter(named));
    }
    all.push(alias.place);
    all.sort_unstable();
    all.dedup();
    all
}
