//! Actions for a whole file: its imports in order, and everything that may be mended unasked.

use ordain_diagnostics::{Severity, TextRange, codes};
use tower_lsp::ls_types::CodeActionKind;

use super::{Actions, Edits};
use crate::features::formatting::{as_in, changes};

/// Leaves out imports that are never used, and puts the others in order.
pub(super) fn organise(actions: &mut Actions<'_>) {
    if !actions.wants(&CodeActionKind::SOURCE_ORGANIZE_IMPORTS) || actions.wanted.is_none() {
        return;
    }
    let (snapshot, file) = (actions.snapshot, actions.file);
    let mut text = file.text.to_string();
    let mut edits: Vec<(TextRange, String)> = ordain_compiler::file_findings(&snapshot.db, file.source)
        .into_iter()
        .filter(|finding| finding.code == codes::UNUSED_IMPORT)
        .filter_map(|finding| finding.fixes.into_iter().next())
        .flat_map(|fix| fix.edits.into_iter().map(|edit| (edit.range, edit.text)))
        .collect();
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    for (range, new) in edits {
        text.replace_range(range.start as usize..range.end as usize, &new);
    }
    // The formatter knows the order, and which comment belongs to which import; a file that it does not take has mistakes to mend
    // first.
    let Ok(formatted) = ordain_syntax::format(&text) else { return };
    let (Some(old), Some(new)) = (head(&file.text), head(&formatted)) else { return };
    let wanted = as_in(&file.text, &formatted[..new]);
    let changes = changes(&file.text[..old], &wanted);
    if changes.is_empty() {
        return;
    }
    let edits: Edits = [(file.path.clone(), changes)].into();
    actions.put("Organise imports", CodeActionKind::SOURCE_ORGANIZE_IMPORTS, edits, None, false);
}

/// Where the first declaration begins that no import follows; what stands before it are the imports and their comments. None
/// without imports, and where declarations stand between them.
fn head(text: &str) -> Option<usize> {
    let file = ordain_syntax::parse(text).file;
    let last = file.uses.last()?.range.end;
    match file.items.first() {
        Some(first) if first.range.start < last => None,
        Some(first) => Some(first.range.start as usize),
        None => Some(text.len()),
    }
}

/// Makes every change that surely means what was meant.
pub(super) fn fix_all(actions: &mut Actions<'_>) {
    if !actions.wants(&CodeActionKind::SOURCE_FIX_ALL) || actions.wanted.is_none() {
        return;
    }
    let (snapshot, file) = (actions.snapshot, actions.file);
    let mut changes: Vec<(TextRange, String)> = Vec::new();
    let findings = ordain_compiler::file_findings(&snapshot.db, file.source);
    for finding in findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
        let Some(fix) = finding.fixes.iter().find(|fix| fix.safe) else { continue };
        let overlaps = fix.edits.iter().any(|edit| {
            changes
                .iter()
                .any(|(range, _)| range.start < edit.range.end && edit.range.start < range.end || *range == edit.range)
        });
        if !overlaps && fix.edits.iter().all(|edit| edit.path == file.path) {
            changes.extend(fix.edits.iter().map(|edit| (edit.range, edit.text.clone())));
        }
    }
    if !changes.is_empty() {
        let edits: Edits = [(file.path.clone(), changes)].into();
        actions.put("Fix everything that is safe to fix", CodeActionKind::SOURCE_FIX_ALL, edits, None, false);
    }
}
