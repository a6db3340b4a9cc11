//! Fields and arms that are left out.
//!
//! What stands for their values is no value: which one it is has to be decided, and until then the file does not compile.

use ordain_compiler::editor::{self, Gap};
use ordain_compiler::{Item, Ty};
use ordain_diagnostics::TextRange;
use smol_str::SmolStr;
use tower_lsp::ls_types::CodeActionKind;

use super::{Actions, Closing, Edits};
use crate::features::formatting::{as_in, changes};
use crate::features::names;
use crate::world::{File, Snapshot};

/// Fills what is left out in the declaration at a place.
pub(super) fn fill(actions: &mut Actions<'_>, range: TextRange) {
    let snapshot = actions.snapshot;
    let db = &snapshot.db;
    let Some(item) = editor::item_at(db, actions.file.source, range.start) else { return };
    for gap in &editor::marks(db, item).gaps {
        let (Gap::Fields { part, loc, .. } | Gap::Arms { part, loc, .. }) = gap;
        let at = editor::range(db, item, *part, *loc);
        if at.start > range.end || range.start > at.end {
            continue;
        }
        let places = item.places(db);
        // The fields of an environment or entity stand between the braces of its declaration.
        let whole = if at == places.name { places.range } else { at };
        let Some(closing) = Closing::of(&actions.file.text, whole) else { continue };
        let expected: Vec<Ty<'_>> = match gap {
            Gap::Fields { fields, .. } => fields.iter().map(|field| field.ty.clone()).collect(),
            Gap::Arms { .. } => editor::type_at(db, item, at).into_iter().collect(),
        };
        let hole = unknown(snapshot, actions.file, item, &expected);
        let (title, entries): (&str, Vec<(SmolStr, String)>) = match gap {
            Gap::Fields { fields, .. } => {
                let entry =
                    |field: &editor::Named<'_>| (field.name.clone(), format!("{}: {hole}", field_name(&field.name)));
                ("Add missing", fields.iter().map(entry).collect())
            }
            Gap::Arms { patterns, .. } => {
                let entry = |pattern: &SmolStr| (pattern.clone(), format!("{pattern} => {hole}"));
                ("Add arms for", patterns.iter().map(entry).collect())
            }
        };
        let names = entries.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let entries: Vec<String> = entries.into_iter().map(|(_, entry)| entry).collect();
        let edits = tidy(actions, places.range, closing.at, &closing.adding(&entries));
        actions.put(format!("{title} {names}"), CodeActionKind::QUICKFIX, edits, None, false);
    }
}

/// A name that means nothing there, to stand where a value has to be decided on: neither a declaration nor a variant of what is
/// expected has it, nor anything that is named in the declaration.
fn unknown<'db>(snapshot: &'db Snapshot, file: &File, item: Item<'db>, expected: &[Ty<'db>]) -> String {
    let db = &snapshot.db;
    let names = editor::visible(db, file.source);
    let known = |wanted: &str| {
        names.iter().any(|(name, _)| name == wanted)
            || expected.iter().any(|ty| ty.variants(db).is_some_and(|(_, all)| all.iter().any(|name| name == wanted)))
            || names::of_item(snapshot, item).any(|(_, range, _)| file.slice(range) == wanted)
    };
    let numbered = (2..).map(|number| format!("todo_{number}"));
    // INVARIANT: what is known is finite, so that one of the names is not.
    std::iter::once("todo".to_owned()).chain(numbered).find(|name| !known(name)).unwrap_or_default()
}

/// A field's name as it is written: in quotes where it is no word.
pub(super) fn field_name(name: &str) -> String {
    let tokens = ordain_syntax::lex(name).tokens;
    let is_word = tokens.first().is_some_and(|token| token.kind.is_word() && token.range.end as usize == name.len());
    if is_word { name.to_owned() } else { format!("{name:?}") }
}

/// The edits that put a text into a declaration. One that is formatted stays so.
fn tidy(actions: &Actions<'_>, item: TextRange, at: u32, added: &str) -> Edits {
    let file = actions.file;
    let old = file.slice(item);
    let mut new = old.to_owned();
    new.insert_str((at - item.start) as usize, added);
    let format = |text: &str| {
        let formatted = ordain_syntax::format(text).ok()?;
        Some(as_in(&file.text, formatted.trim_end_matches(['\r', '\n'])))
    };
    match (format(old), format(&new)) {
        (Some(before), Some(after)) if before == old => {
            let shifted = changes(old, &after).into_iter().map(|(range, text)| (range.shift(item.start), text));
            [(file.path.clone(), shifted.collect())].into()
        }
        _ => actions.here(TextRange::new(at, at), added),
    }
}
