//! Everything that is wrong with a file or package, with positions.

mod allowance;
mod import;

use ordain_diagnostics::{Code, Diagnostic, Severity, codes};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::db::{Database, Db, Package, SourceFile};
use crate::eval::{Fault, const_value, declared_value, signature_faults};
use crate::hir::Kind;
use crate::items::{Item, Part, file_items};
use crate::package_manifest::manifest;
use crate::policy::{fallen_decisions, rules_fault};
use crate::resolve::{ImportPlace, declared, import_cycles, imports};
use crate::types::{Anchor, Finding, check, contract_parts, endless, named, needs_circle, recursion};

/// The findings in one file, sorted by place.
///
/// Not a query: it reads positions, which change with every edit, and what it collects is memoized item by item.
pub fn file_findings(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let parsed = file_items(db, file);
    let mut findings: Vec<Diagnostic> = parsed.findings(db).to_vec();
    let mut used: FxHashSet<ImportPlace> = FxHashSet::default();
    let scope = declared(db, file);
    // In the order of the items, as those are.
    let mut clashes = scope.case_clashes.iter().peekable();
    for &item in parsed.items(db) {
        let mut own = item_findings(db, item, &findings, &mut used);
        if let Some((_, first)) = clashes.next_if(|(again, _)| *again == item) {
            own.extend(case_clash(db, item, *first));
        }
        allowance::in_item(db, item, scope, &mut own, &mut findings);
        // What is wrong with its syntax is reported; the rest would only follow from that.
        if scope.is_broken(item) {
            own.retain(|finding| finding.code == codes::CASE_CLASH);
        }
        findings.append(&mut own);
    }
    for &(again, first) in &scope.duplicates {
        let message = format!("`{}` is declared twice", again.name(db));
        let finding = Finding::new(codes::DUPLICATE_DECLARATION, Anchor::name_of(again), message)
            .note(Anchor::name_of(first), "first declared here")
            .help("rename or remove one of the two");
        findings.push(finding.locate(db));
    }
    import::findings(db, file, &used, &mut findings);
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

/// What is wrong with an item, allowed or not. `parsed` are the findings of its file's parser.
fn item_findings(
    db: &dyn Db,
    item: Item<'_>,
    parsed: &[Diagnostic],
    used: &mut FxHashSet<ImportPlace>,
) -> Vec<Diagnostic> {
    let checked = check(db, item);
    used.extend(checked.imports.iter().copied());
    let mut own: Vec<Diagnostic> = checked.findings.iter().map(|finding| finding.locate(db)).collect();
    if let Some(circle) = endless(db, item) {
        let message = format!("the type contains itself: {}", around(db, circle));
        let finding = Finding::new(codes::ENDLESS_TYPE, Anchor::name_of(item), message)
            .help("make the field optional, or put it into a list or map, so that a value can end");
        own.push(finding.locate(db));
    }
    // What was reported about types, or about a circle, would only be said again by evaluation.
    if !needs_circle(db, item) && !own.iter().any(|finding| finding.severity == Severity::Error) {
        let faults = signature_faults(db, item);
        own.extend(faults.iter().filter(|fault| is_own(db, item, fault)).filter_map(|fault| fault.locate(db)));
        let value = match item.kind(db) {
            Kind::Const => const_value(db, item).fault.as_ref(),
            Kind::Environment | Kind::Entity => declared_value(db, item).fault.as_ref(),
            _ => None,
        };
        if let Some(part) = contract_parts(db, item) {
            let finding = Finding::new(codes::EVALUATION_TOO_LARGE, Anchor::name_of(item), part)
                .help("use `Json` for parts that need no type of their own");
            own.push(finding.locate(db));
        }
        let silent = value.is_some_and(|fault| matches!(fault, Fault::Silent));
        if silent && faults.is_empty() && !is_in_error(db, item, parsed) && cause(db, item).is_none() {
            let message = format!("`{}` has no value, because its type does not show", item.name(db));
            let finding = Finding::new(codes::TYPE_NOT_KNOWN, Anchor::name_of(item), message)
                .help("declare the types of what it is made of");
            own.push(finding.locate(db));
        }
        own.extend(value.filter(|fault| is_own(db, item, fault)).and_then(|fault| fault.locate(db)));
        if item.kind(db) == Kind::Policy {
            own.extend(fallen_decisions(db, item).iter().map(|finding| finding.locate(db)));
            own.extend(rules_fault(db, item).as_ref().and_then(|fault| fault.locate(db)));
        }
    }
    if let Some(circle) = recursion(db, item) {
        let message = format!("`{}` needs itself: {}", item.name(db), around(db, circle));
        let mut finding = Finding::new(codes::RECURSION, Anchor::name_of(item), message)
            .help("there is no recursion; go over a list or a range instead");
        for other in circle.iter().skip(1).take(8) {
            finding = finding.note(Anchor::name_of(*other), "through this");
        }
        own.push(finding.locate(db));
    }
    own
}

/// The way round a circle; without its middle where that is long.
fn around(db: &dyn Db, circle: &[Item<'_>]) -> String {
    const SHOWN: usize = 12;
    let name = |item: &Item<'_>| format!("`{}`", item.name(db));
    let mut path: Vec<String> = if circle.len() <= SHOWN {
        circle.iter().map(name).collect()
    } else {
        let left_out = std::iter::once(format!("… {} more …", circle.len() - SHOWN));
        let (head, tail) = (&circle[..SHOWN - 2], &circle[circle.len() - 2..]);
        head.iter().map(name).chain(left_out).chain(tail.iter().map(name)).collect()
    };
    path.extend(circle.first().map(name));
    path.join(" → ")
}

/// Whether a fault is told where it was found, and not at the declaration of this package whose signature it is in.
fn is_own(db: &dyn Db, item: Item<'_>, fault: &Fault<'_>) -> bool {
    match fault {
        Fault::Source(finding) => {
            let elsewhere = finding.at.item != item && finding.at.part == Part::Signature;
            !elsewhere || finding.at.item.file(db).package(db) != item.file(db).package(db)
        }
        _ => true,
    }
}

/// Whether the parser found a mistake in an item.
fn is_in_error(db: &dyn Db, item: Item<'_>, parsed: &[Diagnostic]) -> bool {
    let range = item.places(db).range;
    parsed.iter().any(|finding| {
        finding.severity == Severity::Error
            && finding.primary.range.start >= range.start
            && finding.primary.range.end <= range.end
    })
}

/// The first declaration with errors among those an item needs, also by way of others.
pub(crate) fn cause<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Item<'db>> {
    let mut seen: FxHashSet<Item<'db>> = FxHashSet::from_iter([item]);
    let mut open = std::collections::VecDeque::from([item]);
    while let Some(at) = open.pop_front() {
        let mistaken = at != item && {
            let value = match at.kind(db) {
                Kind::Const => const_value(db, at).fault.as_ref(),
                Kind::Environment | Kind::Entity => declared_value(db, at).fault.as_ref(),
                _ => None,
            };
            check(db, at).findings.iter().any(|finding| !finding.is_warning())
                || value.is_some_and(|fault| !matches!(fault, Fault::Silent))
                || is_in_error(db, at, file_items(db, at.file(db)).findings(db))
        };
        if mistaken || !imports(db, at.file(db)).errors.is_empty() {
            return Some(at);
        }
        open.extend(named(db, at).into_iter().filter(|next| seen.insert(*next)));
    }
    None
}

/// The finding that two names differ only in case, where the first does not allow it.
fn case_clash<'db>(db: &'db dyn Db, again: Item<'db>, first: Item<'db>) -> Option<Diagnostic> {
    if first.allows(db).iter().any(|allowed| Code::parse(&allowed.code.text) == Some(codes::CASE_CLASH)) {
        return None;
    }
    let message = format!("`{}` and `{}` differ only in case", again.name(db), first.name(db));
    let finding =
        Finding::new(codes::CASE_CLASH, Anchor::name_of(again), message).note(Anchor::name_of(first), "the other one");
    Some(finding.locate(db))
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
    findings.extend(full_names(db, package));
    findings.extend(policy_codes(db, package).iter().map(|finding| finding.locate(db)));
    findings
}

/// Declarations whose names are the same in plans: `b.c` in module `a`, and `c` in module `a.b`.
fn full_names(db: &dyn Db, package: Package) -> Vec<Diagnostic> {
    let files = package.files(db);
    let mut findings = Vec::new();
    for (module, &file) in files.iter() {
        for (at, _) in module.match_indices('.') {
            let Some(&above) = files.get(&module[..at]) else { continue };
            let rest = &module[at + 1..];
            for (name, item) in declared(db, above).iter() {
                let below = name.strip_prefix(rest).and_then(|name| name.strip_prefix('.'));
                let Some(other) = below.and_then(|name| declared(db, file).get(name)) else { continue };
                let full = crate::qualified_name(db, item);
                let message = format!("`{name}` and `{}` of module `{module}` are both `{full}`", other.name(db));
                let finding = Finding::new(codes::DUPLICATE_DECLARATION, Anchor::name_of(item), message)
                    .note(Anchor::name_of(other), "the other one")
                    .help("rename one of the two; plans name declarations by their full names");
                findings.push(finding.locate(db));
            }
        }
    }
    findings
}

#[salsa::tracked]
fn policy_codes<'db>(db: &'db dyn Db, package: Package) -> Vec<Finding<'db>> {
    let mut seen: rustc_hash::FxHashMap<smol_str::SmolStr, Anchor<'db>> = Default::default();
    let mut findings = Vec::new();
    for &item in crate::resolve::items_of(db, package, Kind::Policy) {
        let crate::hir::Signature::Policy { code: Some(code), .. } = &item.signature(db).signature else { continue };
        let at = Anchor { item, part: Part::Signature, loc: code.loc };
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
    let by_file: Vec<Vec<Diagnostic>> =
        files.into_par_iter().map_with(db.clone(), |db, file| file_findings(db, file)).collect();
    let mut findings = package_findings(db, package);
    findings.extend(by_file.into_iter().flatten());
    findings
}
