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
    let before = &actions.file.text[..range.start as usize];
    let name = actions.file.slice(range).split('.').next().unwrap_or_default().to_owned();
    if name.is_empty() || before.ends_with('.') {
        return;
    }
    let uses = ordain_syntax::parse(&actions.file.text).file.uses;
    let mut offered = 0;
    for (path, module) in known(db, actions.file.source) {
        let declared = editor::declared(db, module);
        if offered == MOST || !(declared.get(&name).is_some() || declared.has_prefix(&name)) {
            continue;
        }
        offered += 1;
        let (at, text) = bringing(&uses, &actions.file.text, &path, &name);
        let edits = actions.here(at, text);
        actions.put(format!("Use `{name}` of `{path}`"), CodeActionKind::QUICKFIX, edits, Some(finding), offered == 1);
    }
}
