//! Clauses that a declaration lacks, and names that nothing uses.

use ordain_compiler::editor::{self, Meaning};
use ordain_diagnostics::{Diagnostic as Finding, TextRange};
use tower_lsp::ls_types::CodeActionKind;

use super::{Actions, Closing};
use crate::features::names;
use crate::features::nodes::walk;

/// The clauses that can be added, with each value that they can have: which one holds is for the author to say.
const CLAUSES: &[(&str, &[&str])] = &[
    ("effect", &["read", "write", "destroy"]),
    ("risk", &["low", "medium", "high", "critical"]),
    ("version", &["\"0.1.0\""]),
];

/// Adds the clause that a finding asks for.
pub(super) fn clause(actions: &mut Actions<'_>, finding: &Finding) {
    let db = &actions.snapshot.db;
    // The finding names the clause.
    let named = finding.message.strip_suffix("` clause").and_then(|start| start.rsplit('`').next());
    let Some((clause, values)) = CLAUSES.iter().find(|(clause, _)| Some(*clause) == named) else { return };
    let Some(item) = editor::item_at(db, actions.file.source, finding.primary.range.start) else { return };
    let Some(closing) = Closing::of(&actions.file.text, item.places(db).range) else { return };
    for value in *values {
        let edits = actions.here(TextRange::new(closing.at, closing.at), closing.clause(&format!("{clause} {value}")));
        actions.put(format!("Add `{clause} {value}`"), CodeActionKind::QUICKFIX, edits, Some(finding), false);
    }
}

/// Removes a `let` that nothing uses, or keeps it under a name that says so.
pub(super) fn unused(actions: &mut Actions<'_>, finding: &Finding) {
    let (snapshot, file) = (actions.snapshot, actions.file);
    let range = finding.primary.range;
    let name = file.slice(range).to_owned();
    let parsed = ordain_syntax::parse(&file.text);
    let mut binding: Option<TextRange> = None;
    walk(&parsed.file, &mut |at, _| {
        let holds = at.start <= range.start && range.end <= at.end && file.slice(at).starts_with("let ");
        if holds && binding.is_none_or(|known| at.end - at.start < known.end - known.start) {
            binding = Some(at);
        }
    });
    // A step is done whether it has a name or not.
    let is_value = names::at(snapshot, file, range.start)
        .is_some_and(|at| matches!(&at.meaning, Meaning::Local(_, ty) if !ty.holds_handle(&snapshot.db)));
    if let Some(binding) = binding.filter(|_| is_value) {
        let edits = actions.here(with_line(&file.text, binding), "");
        actions.put(format!("Remove `{name}`"), CodeActionKind::QUICKFIX, edits, Some(finding), false);
    }
    let edits = actions.here(range, format!("_{name}"));
    actions.put(format!("Keep it as `_{name}`"), CodeActionKind::QUICKFIX, edits, Some(finding), false);
}

/// A range with the whole line, where it has one for itself.
fn with_line(text: &str, range: TextRange) -> TextRange {
    let (before, after) = (&text[..range.start as usize], &text[range.end as usize..]);
    let indent = before.len() - before.trim_end_matches([' ', '\t']).len();
    let line = after.find('\n').map_or(after.len(), |at| at + 1);
    let begins = before.len() == indent || before[..before.len() - indent].ends_with('\n');
    if begins && after[..line].trim().is_empty() {
        TextRange::new(range.start - indent as u32, range.end + line as u32)
    } else {
        range
    }
}
