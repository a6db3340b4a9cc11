//! Binding a capability in an environment.

use ordain_compiler::editor::{self, Meaning};
use ordain_compiler::{Item, Kind, items_of};
use ordain_diagnostics::{Diagnostic as Finding, TextRange};
use tower_lsp::ls_types::CodeActionKind;

use super::{Actions, Closing, Edits};
use crate::features::completion::imports::{bringing, known};
use crate::features::names;
use crate::features::navigation::provides;
use crate::world::{File, Snapshot};

/// Binds the capability that a finding is about, to each adapter that provides it.
pub(super) fn bind(actions: &mut Actions<'_>, finding: &Finding) {
    let snapshot = actions.snapshot;
    let db = &snapshot.db;
    let Some(at) = names::at(snapshot, actions.file, finding.primary.range.end) else { return };
    let Meaning::Item(capability) = at.meaning else { return };
    let Some(place) = finding.related.first() else { return };
    let Some(file) = snapshot.file_at(&place.path) else { return };
    let Some(environment) = editor::item_at(db, file.source, place.range.start) else { return };
    let packages = snapshot.packages.iter().chain([&snapshot.std]);
    let adapters = packages.flat_map(|&package| items_of(db, package, Kind::Adapter)).copied();
    for adapter in adapters.filter(|adapter| provides(snapshot, *adapter).contains(&capability)) {
        let mut edits: Vec<(TextRange, String)> = Vec::new();
        let names = [named(snapshot, &file, capability, &mut edits), named(snapshot, &file, adapter, &mut edits)];
        let [Some(what), Some(to)] = names else { continue };
        let Some(closing) = Closing::of(&file.text, environment.places(db).range) else { continue };
        edits.push((TextRange::new(closing.at, closing.at), closing.clause(&format!("bind {what} to {to}"))));
        let edits: Edits = [(file.path.clone(), edits)].into();
        let title = format!("Bind `{what}` to `{to}` in `{}`", environment.name(db));
        actions.put(title, CodeActionKind::QUICKFIX, edits, Some(finding), false);
    }
}

/// What a declaration is called in a file; brought in where it has no name there.
pub(super) fn named(
    snapshot: &Snapshot,
    file: &File,
    item: Item<'_>,
    edits: &mut Vec<(TextRange, String)>,
) -> Option<String> {
    let db = &snapshot.db;
    if let Some((name, _)) = editor::visible(db, file.source).into_iter().find(|(_, known)| *known == item) {
        return Some(name.to_string());
    }
    let (path, _) = known(db, file.source).into_iter().find(|(_, module)| *module == item.file(db))?;
    let uses = ordain_syntax::parse(&file.text).file.uses;
    let first = item.name(db).split('.').next()?;
    edits.push(bringing(&uses, &file.text, &path, first));
    Some(item.name(db).to_string())
}
