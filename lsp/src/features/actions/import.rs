//! Bringing in what a name may mean.

use ordain_compiler::editor;
use ordain_diagnostics::Diagnostic as Finding;
use tower_lsp::ls_types::CodeActionKind;

use super::Actions;
use crate::features::completion::imports::{bringing, known};

/// How many modules are offered.
const MOST: usize = 6;

/// Brings in what the name of a finding may mean.
pub(super) fn import(actions: &mut Actions<'_>, finding: &Finding) {
    let snapshot = actions.snapshot;
    let db = &snapshot.db;
    let range = finding.primary.range;
    // All of a dotted name, of which the finding is about the part that leads nowhere.
    let text = &actions.file.text;
    let part = |character: char| character == '.' || character == '_' || character.is_alphanumeric();
    let before = &text[..range.start as usize];
    let start = before
        .rfind(|character: char| !part(character))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let dotted = &text[start..range.end as usize];
    let name = dotted.split('.').next().unwrap_or_default().to_owned();
    if name.is_empty() {
        return;
    }
    let uses = ordain_syntax::parse(text).file.uses;
    let starts_it = start == range.start as usize;
    let modules = known(db, actions.file.source).into_iter().filter(|(_, module)| {
        let declared = editor::declared(db, *module);
        declared.get(dotted).is_some() || starts_it && (declared.get(&name).is_some() || declared.has_prefix(&name))
    });
    let modules: Vec<_> = modules.take(MOST).collect();
    for (path, _) in &modules {
        let (at, text) = bringing(&uses, &actions.file.text, path, &name);
        let edits = actions.here(at, text);
        // Which one is meant of several, nobody knows.
        let only = modules.len() == 1;
        actions.put(format!("Use `{name}` of `{path}`"), CodeActionKind::QUICKFIX, edits, Some(finding), only);
    }
}
