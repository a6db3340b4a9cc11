//! What is wrong with the imports of a file. It resolves nothing itself.

use ordain_diagnostics::{Diagnostic, Severity, TextRange, codes};
use rustc_hash::FxHashSet;

use super::allowance;
use crate::db::{Db, SourceFile};
use crate::items::file_items;
use crate::resolve::{ImportErrorKind, ImportPlace, imports};

/// Adds what is wrong with the imports of a file, of which the items use `used`. `findings` are those of the parser and
/// of the items.
pub(super) fn findings(db: &dyn Db, file: SourceFile, used: &FxHashSet<ImportPlace>, findings: &mut Vec<Diagnostic>) {
    let places = file_items(db, file).import_places(db);
    let path = file.path(db);
    let range = |place: ImportPlace| -> TextRange {
        let import = &places[place.import as usize];
        place.name.map_or(import.path, |name| import.names[name as usize])
    };
    let imported = imports(db, file);
    let mut by_import: Vec<Vec<Diagnostic>> = vec![Vec::new(); places.len()];
    for error in &imported.errors {
        let at = range(error.place);
        let (code, message, similar) = match &error.kind {
            ImportErrorKind::UnknownModule { path, similar } => {
                (codes::UNKNOWN_MODULE, format!("no module `{path}`"), similar.clone())
            }
            ImportErrorKind::UnknownName { module, name, similar } => {
                (codes::UNKNOWN_IMPORT, format!("module `{module}` has no `{name}`"), similar.clone())
            }
            ImportErrorKind::Duplicate { name } => {
                (codes::DUPLICATE_DECLARATION, format!("`{name}` is imported or declared already"), None)
            }
        };
        let mut finding = Diagnostic::new(code, path.clone(), at, message);
        if let Some(similar) = similar {
            finding = finding.help(format!("did you mean `{similar}`?"));
            if error.place.name.is_some() {
                finding = finding.fix(format!("replace with `{similar}`"), at, similar.as_str(), false);
            }
        }
        by_import[error.place.import as usize].push(finding);
    }
    // A name that is not known may be a slip of one that is imported: removing that would not be safe.
    let safe = !findings.iter().any(|finding| finding.code == codes::UNKNOWN_NAME);
    // What is broken may use any of them.
    let broken = !file_items(db, file).broken(db).is_empty();
    for (name, import) in imported.names.iter() {
        if broken || used.contains(&import.place) {
            continue;
        }
        let at = range(import.place);
        let message = format!("`{name}` is imported but never used");
        let mut finding = Diagnostic::new(codes::UNUSED_IMPORT, path.clone(), at, message).help("remove it");
        let whole = &places[import.place.import as usize];
        if import.place.name.is_none() || whole.names.len() == 1 {
            finding = finding.fix("remove the import", line_of(file.content(db).text(), whole.whole), "", safe);
        } else {
            let text = file.content(db).text();
            finding = finding.fix("remove the name", with_comma(text, at), "", safe);
        }
        by_import[import.place.import as usize].push(finding);
    }
    for (place, mut own) in places.iter().zip(by_import) {
        let uncertain = broken || own.iter().any(|finding| finding.severity == Severity::Error);
        allowance::in_import(path, place, uncertain, &mut own, findings);
        findings.append(&mut own);
    }
}

/// A range with the line break after it, so that removing it leaves no empty line.
fn line_of(text: &str, mut range: TextRange) -> TextRange {
    let rest = text.get(range.end as usize..).unwrap_or_default();
    if rest.starts_with("\r\n") {
        range.end += 2;
    } else if rest.starts_with('\n') {
        range.end += 1;
    }
    range
}

/// A name in braces with the comma that separates it from its neighbour.
fn with_comma(text: &str, mut range: TextRange) -> TextRange {
    let rest = text.get(range.end as usize..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start().len();
    if rest[blank..].starts_with(',') {
        let after = &rest[blank + 1..];
        range.end += (blank + 1 + after.len() - after.trim_start_matches([' ', '\t']).len()) as u32;
        return range;
    }
    let before = text.get(..range.start as usize).unwrap_or_default();
    let trimmed = before.trim_end();
    if let Some(cut) = trimmed.strip_suffix(',') {
        range.start = cut.len() as u32;
    }
    range
}
