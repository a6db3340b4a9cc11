//! Findings as the protocol has them: of files, of packages as a whole, and of the plans in a file.

use std::collections::BTreeMap;

use ordain_compiler::{
    Kind, PlanInstance, SourceFile, bind_arguments, file_findings, file_items, judge, package_findings,
};
use ordain_diagnostics::{Diagnostic as Finding, Phase, Severity, TextRange};
use ordain_graph::Value;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tower_lsp::ls_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    FullDocumentDiagnosticReport, NumberOrString, Range, Uri, WorkspaceDocumentDiagnosticReport,
    WorkspaceFullDocumentDiagnosticReport,
};

use super::plans::arguments;
use crate::text::{path_of, uri_of};
use crate::world::{Found, Snapshot, page};

/// What checking a file finds in it.
pub(crate) fn of_file(snapshot: &Snapshot, file: SourceFile) -> Vec<Diagnostic> {
    let path = file.path(&snapshot.db);
    let own = file_findings(&snapshot.db, file).into_iter().filter(|finding| finding.primary.path == *path);
    own.filter_map(|finding| diagnostic(snapshot, &finding)).collect()
}

/// What checking files finds in others: in the data that they read.
pub(crate) fn of_data(snapshot: &Snapshot, files: &[SourceFile]) -> FxHashMap<SmolStr, Found> {
    let db = &snapshot.db;
    let foreign = files.iter().flat_map(|&file| {
        file_findings(db, file).into_iter().filter(move |finding| finding.primary.path != *file.path(db))
    });
    let mut found = by_file(snapshot, foreign);
    // Several sources may read one file, and find the same in it.
    for found in found.values_mut() {
        let mut known: Vec<Diagnostic> = Vec::new();
        for diagnostic in found.diagnostics.drain(..) {
            if !known.contains(&diagnostic) {
                known.push(diagnostic);
            }
        }
        found.diagnostics = known;
    }
    found
}

/// What is wrong with packages as a whole, by file.
pub(crate) fn of_packages(snapshot: &Snapshot) -> FxHashMap<SmolStr, Found> {
    let findings = snapshot.packages.iter().flat_map(|&package| package_findings(&snapshot.db, package));
    by_file(snapshot, findings)
}

/// Findings as diagnostics, by file.
fn by_file(snapshot: &Snapshot, findings: impl Iterator<Item = Finding>) -> FxHashMap<SmolStr, Found> {
    let mut files: FxHashMap<SmolStr, Found> = FxHashMap::default();
    for finding in findings {
        let path = finding.primary.path.clone();
        let (Some(found), Some(uri)) = (diagnostic(snapshot, &finding), snapshot.uri(&path)) else { continue };
        let version = snapshot.documents.get(&path).map(|document| document.version);
        let slot = files.entry(path.clone()).or_insert_with(|| Found { path, uri, version, diagnostics: Vec::new() });
        slot.diagnostics.push(found);
    }
    files
}

/// What policies and evaluation say of the plans in a file that can be compiled without being given more: those without parameters
/// but such as have defaults, and in every environment that fits.
pub(crate) fn of_plans(snapshot: &Snapshot, file: SourceFile) -> Vec<Diagnostic> {
    findings_of_plans(snapshot, file).iter().filter_map(|finding| diagnostic(snapshot, finding)).collect()
}

/// As [`of_plans`], as findings.
pub(crate) fn findings_of_plans(snapshot: &Snapshot, file: SourceFile) -> Vec<Finding> {
    let db = &snapshot.db;
    let path = file.path(db);
    let mut said: BTreeMap<(u32, u32, String), (Finding, Vec<String>)> = BTreeMap::new();
    for &plan in file_items(db, file).items(db).iter().filter(|item| item.kind(db) == Kind::Plan) {
        for given in arguments(snapshot, plan) {
            let shown: Vec<String> = given.iter().map(|(_, value)| value.clone()).collect();
            let Ok(values) = bind_arguments(db, plan, &given) else { continue };
            for finding in verdicts(snapshot, plan, values) {
                if finding.primary.path != *path {
                    continue;
                }
                let range = finding.primary.range;
                let slot = said.entry((range.start, range.end, finding.message.clone()));
                slot.or_insert_with(|| (finding, Vec::new())).1.extend(shown.clone());
            }
        }
    }
    let named = said.into_values().map(|(mut finding, mut environments)| {
        environments.dedup();
        if !environments.is_empty() {
            finding.message = format!("{} (in {})", finding.message, environments.join(", "));
        }
        finding
    });
    named.collect()
}

/// What is found in a plan with these arguments.
fn verdicts<'db>(snapshot: &'db Snapshot, plan: ordain_compiler::Item<'db>, values: Value) -> Vec<Finding> {
    let db = &snapshot.db;
    let judged = judge(db, PlanInstance::new(db, plan, values), snapshot.today());
    judged.faults.iter().filter_map(|fault| fault.locate(db)).collect()
}

/// Everything that is wrong with a document: a source, a manifest or data.
pub(crate) fn of_document(snapshot: &Snapshot, uri: &Uri) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(file) = snapshot.file(uri) {
        found.extend(of_file(snapshot, file.source));
        found.extend(of_plans(snapshot, file.source));
    }
    found.extend(snapshot.publisher.of_others(&path_of(uri)));
    found
}

/// Everything that is known to be wrong with any file.
pub(crate) fn of_workspace(snapshot: &Snapshot) -> Vec<WorkspaceDocumentDiagnosticReport> {
    let report = |(path, items): (SmolStr, Vec<Diagnostic>)| {
        let version = snapshot.documents.get(&path).map(|document| i64::from(document.version));
        Some(WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
            uri: snapshot.uri(&path)?,
            version,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: None, items },
        }))
    };
    snapshot.publisher.everything().into_iter().filter_map(report).collect()
}

/// A finding as the protocol has it.
pub(crate) fn diagnostic(snapshot: &Snapshot, finding: &Finding) -> Option<Diagnostic> {
    // A file that cannot be read has no text, and its findings no place but its start.
    let unread = (finding.primary.range == TextRange::default()).then(Range::default);
    let range = snapshot.range_in(&finding.primary.path, finding.primary.range).or(unread)?;
    let entry = finding.code.entry();
    let mut message = finding.message.clone();
    for more in
        [Some(&finding.primary.message), finding.help.as_ref()].into_iter().flatten().filter(|more| !more.is_empty())
    {
        message.push('\n');
        message.push_str(more);
    }
    let related: Vec<DiagnosticRelatedInformation> = finding
        .related
        .iter()
        .filter_map(|label| {
            let location = snapshot.location(&label.path, label.range)?;
            Some(DiagnosticRelatedInformation { location, message: label.message.clone() })
        })
        .collect();
    let page = snapshot.client.links.then(|| page(finding.code)).flatten();
    let unneeded = entry.title.contains("unused") || entry.title.contains("never used");
    Some(Diagnostic {
        range,
        severity: Some(match finding.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Note => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(finding.code.to_string())),
        code_description: page.and_then(|path| uri_of(&path)).map(|href| CodeDescription { href }),
        source: Some(if entry.phase == Phase::Policies { "ordain policy" } else { "ordain" }.into()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: unneeded.then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: None,
    })
}
