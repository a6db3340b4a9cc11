//! What can be done about what is wrong, and with what is selected.

mod bind;
mod exempt;
mod extract;
mod gaps;
mod import;
mod lacking;
mod source;

use std::collections::BTreeMap;

use ordain_compiler::editor;
use ordain_diagnostics::{Diagnostic as Finding, Severity, TextRange, codes};
use smol_str::SmolStr;
use tower_lsp::ls_types::{CodeAction, CodeActionKind, CodeActionOrCommand};

use super::diagnostics::{diagnostic, findings_of_plans};
use super::rename::workspace_edit;
use crate::world::{File, Snapshot};

/// Edits by file.
type Edits = BTreeMap<SmolStr, Vec<(TextRange, String)>>;

/// The actions in the making.
struct Actions<'a> {
    snapshot: &'a Snapshot,
    file: &'a File,
    wanted: Option<Vec<CodeActionKind>>,
    found: Vec<CodeActionOrCommand>,
}

impl Actions<'_> {
    /// Whether the client asks for actions of a kind.
    fn wants(&self, kind: &CodeActionKind) -> bool {
        let below = |wanted: &CodeActionKind| {
            let (wanted, kind) = (wanted.as_str(), kind.as_str());
            kind == wanted || kind.strip_prefix(wanted).is_some_and(|rest| wanted.is_empty() || rest.starts_with('.'))
        };
        self.wanted.as_ref().is_none_or(|wanted| wanted.iter().any(below))
    }

    fn put(
        &mut self,
        title: impl Into<String>,
        kind: CodeActionKind,
        edits: Edits,
        about: Option<&Finding>,
        preferred: bool,
    ) {
        if edits.is_empty() || !self.wants(&kind) {
            return;
        }
        self.found.push(CodeActionOrCommand::CodeAction(CodeAction {
            title: title.into(),
            kind: Some(kind),
            diagnostics: about.and_then(|finding| diagnostic(self.snapshot, finding)).map(|found| vec![found]),
            edit: Some(workspace_edit(self.snapshot, edits)),
            is_preferred: preferred.then_some(true),
            ..CodeAction::default()
        }));
    }

    /// One edit of the file.
    fn here(&self, range: TextRange, text: impl Into<String>) -> Edits {
        [(self.file.path.clone(), vec![(range, text.into())])].into()
    }
}

/// The actions for a range of a file.
pub(crate) fn actions(
    snapshot: &Snapshot,
    file: &File,
    range: TextRange,
    wanted: Option<Vec<CodeActionKind>>,
) -> Vec<CodeActionOrCommand> {
    let mut actions = Actions { snapshot, file, wanted, found: Vec::new() };
    if actions.wants(&CodeActionKind::QUICKFIX) {
        for finding in findings(snapshot, file, range) {
            quick_fixes(&mut actions, &finding);
        }
        gaps::fill(&mut actions, range);
    }
    if actions.wants(&CodeActionKind::REFACTOR_EXTRACT) && range.start < range.end {
        extract::extract(&mut actions, range);
    }
    source::organise(&mut actions);
    source::fix_all(&mut actions);
    actions.found
}

/// What is wrong in a range of a file.
fn findings(snapshot: &Snapshot, file: &File, range: TextRange) -> Vec<Finding> {
    let own = ordain_compiler::file_findings(&snapshot.db, file.source);
    let all = own.into_iter().chain(findings_of_plans(snapshot, file.source));
    let touches = |finding: &Finding| {
        let at = finding.primary.range;
        finding.primary.path == file.path && at.start <= range.end && range.start <= at.end
    };
    all.filter(touches).collect()
}

fn quick_fixes(actions: &mut Actions<'_>, finding: &Finding) {
    for fix in &finding.fixes {
        let mut edits = Edits::new();
        for edit in &fix.edits {
            edits.entry(edit.path.clone()).or_default().push((edit.range, edit.text.clone()));
        }
        let mut title = fix.title.clone();
        title[..1].make_ascii_uppercase();
        actions.put(title, CodeActionKind::QUICKFIX, edits, Some(finding), fix.safe);
    }
    if [codes::UNKNOWN_NAME, codes::UNKNOWN_MODULE, codes::UNKNOWN_VARIANT].contains(&finding.code) {
        import::import(actions, finding);
    }
    if finding.code == codes::MISSING_CLAUSE {
        lacking::clause(actions, finding);
    }
    if finding.code == codes::UNUSED_BINDING {
        lacking::unused(actions, finding);
    }
    if finding.code == codes::CAPABILITY_NOT_BOUND {
        bind::bind(actions, finding);
    }
    if [codes::DENIED_BY_POLICY, codes::POLICY_WARNING].contains(&finding.code) {
        exempt::exempt(actions, finding);
    }
    if finding.severity == Severity::Warning {
        allow(actions, finding);
    }
}

/// Allows a warning in its declaration.
fn allow(actions: &mut Actions<'_>, finding: &Finding) {
    let db = &actions.snapshot.db;
    let Some(item) = editor::item_at(db, actions.file.source, finding.primary.range.start) else { return };
    let name = item.places(db).name.start as usize;
    let line = actions.file.text[..name].rfind('\n').map_or(0, |at| at + 1) as u32;
    let text = format!("@allow {} because \"say why\"\n", finding.code);
    let edits = actions.here(TextRange::new(line, line), text);
    let title = format!("Allow {} in `{}`, with a reason", finding.code, item.name(db));
    actions.put(title, CodeActionKind::QUICKFIX, edits, Some(finding), false);
}

/// The place before the brace that a range ends in, and whether what stands between the braces is on several lines, or nothing.
struct Closing {
    at: u32,
    several_lines: bool,
    empty: bool,
    /// Whether a comma is the last thing that stands there.
    comma: bool,
    indent: String,
}

impl Closing {
    fn of(text: &str, range: TextRange) -> Option<Self> {
        let inside = text.get(range.start as usize..range.end as usize)?;
        let tokens = ordain_syntax::lex(inside).tokens;
        let mut open = Vec::new();
        let mut pair = None;
        for (at, token) in tokens.iter().enumerate() {
            if token.kind.is_opener() {
                open.push(at);
            } else if token.kind.is_closer() {
                pair = open.pop().map(|from| (from, at));
            }
        }
        let (from, to) = pair.filter(|(_, to)| tokens[*to].text(inside) == "}")?;
        let body = inside.get(tokens[from].range.end as usize..tokens[to].range.start as usize)?;
        let at = range.start + tokens[from].range.end + body.trim_end().len() as u32;
        let line = text[..range.start as usize + tokens[to].range.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let indent: String = text[line..].chars().take_while(|character| *character == ' ').collect();
        Some(Self {
            at,
            several_lines: body.contains('\n'),
            empty: body.trim().is_empty(),
            comma: body.trim_end().ends_with(','),
            indent,
        })
    }

    /// The text that adds entries before the brace. Between lines no commas are needed.
    fn adding(&self, entries: &[String]) -> String {
        if self.several_lines {
            entries.iter().map(|entry| format!("\n{}  {entry}", self.indent)).collect()
        } else {
            let before = if self.empty || self.comma { " " } else { ", " };
            let after = if self.empty { " " } else { "" };
            format!("{before}{}{after}", entries.join(", "))
        }
    }

    /// As [`adding`](Self::adding), for clauses, which have lines of their own.
    fn clause(&self, clause: &str) -> String {
        format!("\n{}  {clause}{}", self.indent, if self.several_lines { "" } else { "\n" })
    }
}
