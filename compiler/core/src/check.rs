//! Everything that is wrong with a file or package, with positions.

use ordain_diagnostics::{Code, Diagnostic, Severity, TextRange, codes};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::db::{Database, Db, Package, SourceFile};
use crate::eval::{const_value, declared_value};
use crate::hir::Kind;
use crate::items::{Item, file_items};
use crate::package_manifest::manifest;
use crate::resolve::{ImportErrorKind, ImportPlace, declared, import_cycles, imports};
use crate::types::{Anchor, Finding, check, recursion};

/// The findings in one file, sorted by place.
///
/// Not a query: it reads positions, which change with every edit, and what it collects is memoized item by item.
pub fn file_findings(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let parsed = file_items(db, file);
    let mut findings: Vec<Diagnostic> = parsed.findings(db).to_vec();
    let mut used: FxHashSet<ImportPlace> = FxHashSet::default();
    for &item in parsed.items(db) {
        item_findings(db, item, &mut findings, &mut used);
    }
    scope_findings(db, file, &mut findings);
    import_findings(db, file, &used, &mut findings);
    findings.sort_by(|a, b| {
        (a.primary.range.start, a.primary.range.end, a.code, &a.message).cmp(&(
            b.primary.range.start,
            b.primary.range.end,
            b.code,
            &b.message,
        ))
    });
    findings.dedup();
    findings
}

fn item_findings(db: &dyn Db, item: Item<'_>, findings: &mut Vec<Diagnostic>, used: &mut FxHashSet<ImportPlace>) {
    let checked = check(db, item);
    used.extend(checked.imports.iter().copied());
    let mut own: Vec<Diagnostic> = checked.findings.iter().map(|finding| finding.locate(db)).collect();
    let evaluated = match item.kind(db) {
        Kind::Const => Some(const_value(db, item)),
        Kind::Environment | Kind::Entity => Some(declared_value(db, item)),
        _ => None,
    };
    // What was reported about types would only be said again by evaluation.
    if !own.iter().any(|finding| finding.severity == Severity::Error)
        && let Some(fault) = evaluated.and_then(|evaluated| evaluated.fault.as_ref())
    {
        own.extend(fault.locate(db));
    }
    if let Some(cycle) = recursion(db, item) {
        let names: Vec<String> = cycle.iter().map(|item| format!("`{}`", item.name(db))).collect();
        let message = format!("`{}` needs itself: {}", item.name(db), names.join(" → "));
        let mut finding = Finding::new(codes::RECURSION, Anchor::name_of(item), message)
            .help("there is no recursion; go over a list or a range instead");
        for other in cycle.iter().skip(1).filter(|other| **other != item).take(8) {
            finding = finding.note(Anchor::name_of(*other), "through this");
        }
        own.push(finding.locate(db));
    }
    allowances(db, item, &mut own);
    findings.append(&mut own);
}

/// Takes out the warnings an item allows, and reports allowances that allow nothing.
fn allowances(db: &dyn Db, item: Item<'_>, findings: &mut Vec<Diagnostic>) {
    for allowed in item.allows(db) {
        let at = Anchor { item, part: crate::items::Part::Signature, loc: allowed.code.loc };
        let code = Code::parse(&allowed.code.text);
        let before = findings.len();
        if let Some(code) = code {
            findings.retain(|finding| finding.code != code || finding.severity == Severity::Error);
        }
        if findings.len() == before {
            let message = match code {
                None => format!("there is no code `{}`", allowed.code.text),
                Some(code) if code.entry().severity == Severity::Error => {
                    format!("`{code}` is an error and cannot be allowed")
                }
                Some(code) => format!("nothing here gives `{code}`"),
            };
            findings.push(Finding::new(codes::UNUSED_ALLOW, at, message).help("remove the allowance").locate(db));
        }
    }
}

fn scope_findings(db: &dyn Db, file: SourceFile, findings: &mut Vec<Diagnostic>) {
    let scope = declared(db, file);
    for &(again, first) in &scope.duplicates {
        let message = format!("`{}` is declared twice", again.name(db));
        let finding = Finding::new(codes::DUPLICATE_DECLARATION, Anchor::name_of(again), message)
            .note(Anchor::name_of(first), "first declared here")
            .help("rename or remove one of the two");
        findings.push(finding.locate(db));
    }
    for &(again, first) in &scope.case_clashes {
        let message = format!("`{}` and `{}` differ only in case", again.name(db), first.name(db));
        let finding = Finding::new(codes::CASE_CLASH, Anchor::name_of(again), message)
            .note(Anchor::name_of(first), "the other one");
        let mut located = vec![finding.locate(db)];
        allowances_of(db, again, &mut located);
        findings.append(&mut located);
    }
}

fn allowances_of(db: &dyn Db, item: Item<'_>, findings: &mut Vec<Diagnostic>) {
    for allowed in item.allows(db) {
        if let Some(code) = Code::parse(&allowed.code.text) {
            findings.retain(|finding| finding.code != code);
        }
    }
}

fn import_findings(db: &dyn Db, file: SourceFile, used: &FxHashSet<ImportPlace>, findings: &mut Vec<Diagnostic>) {
    let places = file_items(db, file).import_places(db);
    let path = file.path(db);
    let range = |place: ImportPlace| -> TextRange {
        let import = &places[place.import as usize];
        place.name.map_or(import.path, |name| import.names[name as usize])
    };
    let imported = imports(db, file);
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
        findings.push(finding);
    }
    for (name, import) in imported.names.iter() {
        if used.contains(&import.place) {
            continue;
        }
        let at = range(import.place);
        let message = format!("`{name}` is imported but never used");
        let mut finding = Diagnostic::new(codes::UNUSED_IMPORT, path.clone(), at, message).help("remove it");
        let whole = &places[import.place.import as usize];
        if import.place.name.is_none() || whole.names.len() == 1 {
            finding = finding.fix("remove the import", line_of(file.content(db).text(), whole.range), "", true);
        } else {
            let text = file.content(db).text();
            finding = finding.fix("remove the name", with_comma(text, at), "", true);
        }
        findings.push(finding);
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

/// The findings of a package that belong to no single file, or to several: manifest, loading, import cycles, policy
/// codes used twice.
pub fn package_findings(db: &dyn Db, package: Package) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = package.load_findings(db).to_vec();
    findings.extend(manifest(db, package).findings.iter().cloned());
    for cycle in import_cycles(db, package) {
        let name = |file: SourceFile| format!("`{}`", file.module(db));
        let Some(&(first, import)) = cycle.first() else { continue };
        let path: Vec<String> = cycle.iter().map(|(file, _)| name(*file)).chain([name(first)]).collect();
        let place = |file: SourceFile, import: u32| file_items(db, file).import_places(db)[import as usize].range;
        let message = format!("modules import each other: {}", path.join(" → "));
        let mut finding = Diagnostic::new(codes::IMPORT_CYCLE, first.path(db).clone(), place(first, import), message)
            .help("move what both need into a module of its own");
        for &(file, import) in &cycle[1..] {
            finding = finding.related(file.path(db).clone(), place(file, import), format!("{} imports it", name(file)));
        }
        findings.push(finding);
    }
    findings.extend(policy_codes(db, package).iter().map(|finding| finding.locate(db)));
    findings
}

#[salsa::tracked]
fn policy_codes<'db>(db: &'db dyn Db, package: Package) -> Vec<Finding<'db>> {
    let mut seen: rustc_hash::FxHashMap<smol_str::SmolStr, Anchor<'db>> = Default::default();
    let mut findings = Vec::new();
    for item in crate::resolve::package_items(db, package).filter(|item| item.kind(db) == Kind::Policy) {
        let crate::hir::Signature::Policy { code: Some(code), .. } = &item.signature(db).signature else { continue };
        let at = Anchor { item, part: crate::items::Part::Signature, loc: code.loc };
        match seen.get(&code.text) {
            Some(&first) => {
                let message = format!("policy code `{}` is used twice", code.text);
                findings.push(
                    Finding::new(codes::DUPLICATE_POLICY_CODE, at, message)
                        .note(first, "first used here")
                        .help("a code names one policy for ever; choose another"),
                );
            }
            None => {
                seen.insert(code.text.clone(), at);
            }
        }
    }
    findings
}

/// All findings of a package, file by file, checked in parallel on the threads of the current pool.
pub fn check_package(db: &Database, package: Package) -> Vec<Diagnostic> {
    let files: Vec<SourceFile> = package.files(db).values().copied().collect();
    crate::items::parse_package(db, package);
    let snapshots = files.iter().map(|&file| (db.clone(), file)).collect::<Vec<_>>();
    let by_file: Vec<Vec<Diagnostic>> = snapshots.into_par_iter().map(|(db, file)| file_findings(&db, file)).collect();
    let mut findings = package_findings(db, package);
    findings.extend(by_file.into_iter().flatten());
    findings
}
