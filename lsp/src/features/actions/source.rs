//! Actions for a whole file: its imports in order, and everything that may be mended unasked.

use ordain_diagnostics::{Severity, TextRange, codes};
use tower_lsp::ls_types::CodeActionKind;

use super::{Actions, Edits};

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
    // The formatter knows the order; a file that it does not take has mistakes to mend first.
    let Ok(formatted) = ordain_syntax::format(&text) else { return };
    let block = |text: &str| {
        let uses = ordain_syntax::parse(text).file.uses;
        let range = TextRange::new(uses.first()?.range.start, uses.last()?.range.end);
        text.get(range.start as usize..range.end as usize).map(str::to_owned)
    };
    let wanted = block(&formatted).unwrap_or_default();
    let uses = ordain_syntax::parse(&file.text).file.uses;
    if uses.is_empty()
        || uses.iter().any(|known| !known.allows.is_empty())
        || block(&file.text).as_ref() == Some(&wanted)
    {
        return;
    }
    let mut changes: Vec<(TextRange, String)> = Vec::new();
    for (at, known) in uses.iter().enumerate() {
        if at == 0 {
            changes.push((known.range, wanted.clone()));
        } else {
            // With the line break before it.
            let before = file.text[..known.range.start as usize].trim_end_matches([' ', '\n', '\r']).len() as u32;
            changes.push((TextRange::new(before, known.range.end), String::new()));
        }
    }
    let edits: Edits = [(file.path.clone(), changes)].into();
    actions.put("Organise imports", CodeActionKind::SOURCE_ORGANIZE_IMPORTS, edits, None, false);
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
