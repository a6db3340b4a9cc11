//! Findings as SARIF 2.1.0 (OASIS).

use std::collections::BTreeSet;

use ordain_diagnostics::{Code, Diagnostic, Label, Severity};
use serde_json::{Value, json};

use super::findings::Texts;
use super::places::Places;

/// One SARIF log with one run.
pub(crate) fn log(findings: &[Diagnostic], texts: &Texts) -> Value {
    let places = Places::new(texts);
    let codes: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    let index = |code: Code| codes.iter().position(|known| *known == code);
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| {
            let entry = code.entry();
            json!({
                "id": code.to_string(),
                "name": entry.name,
                "shortDescription": { "text": entry.title },
                "fullDescription": { "text": entry.title },
                "help": { "text": entry.page, "markdown": entry.page },
                "defaultConfiguration": { "level": level(entry.severity) },
            })
        })
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let text = match &finding.help {
                Some(help) => format!("{}\n{help}", finding.message),
                None => finding.message.clone(),
            };
            let fixes: Vec<Value> = finding
                .fixes
                .iter()
                .map(|fix| {
                    let changes: Vec<Value> = fix
                        .edits
                        .iter()
                        .map(|edit| {
                            let label = Label { path: edit.path.clone(), range: edit.range, message: String::new() };
                            json!({
                                "artifactLocation": { "uri": uri(&edit.path) },
                                "replacements": [{
                                    "deletedRegion": region(&label, &places),
                                    "insertedContent": { "text": edit.text },
                                }],
                            })
                        })
                        .collect();
                    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
                })
                .collect();
            let related: Vec<Value> = finding.related.iter().map(|label| location(label, &places, true)).collect();
            json!({
                "ruleId": finding.code.to_string(),
                "ruleIndex": index(finding.code),
                "level": level(finding.severity),
                "message": { "text": text },
                "locations": [location(&finding.primary, &places, false)],
                "relatedLocations": related,
                "fixes": fixes,
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ordain",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn location(label: &Label, places: &Places<'_>, related: bool) -> Value {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&label.path) },
            "region": region(label, places),
        },
    });
    if related || !label.message.is_empty() {
        location["message"] = json!({ "text": label.message });
    }
    location
}

fn region(label: &Label, places: &Places<'_>) -> Value {
    let (line, column) = places.position(&label.path, label.range.start);
    let (end_line, end_column) = places.position(&label.path, label.range.end);
    json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
}

/// A path as a URI reference (RFC 3986): what is not plain is percent-encoded.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => (byte as char).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
