//! Findings as SARIF 2.1.0 (OASIS).

use std::collections::BTreeMap;

use ordain_diagnostics::{Label, Severity};
use ordain_graph::Severity as Gravity;
use serde_json::{Value, json};

use super::findings::{Said, Texts};
use super::places::Places;

/// One SARIF log with one run.
pub(crate) fn log(findings: &[Said<'_>], texts: &Texts) -> Value {
    let places = Places::new(texts);
    // A policy's rule is an error where it ever denies.
    let mut first: BTreeMap<String, &Said<'_>> = BTreeMap::new();
    for said in findings {
        let slot = first.entry(rule_id(said)).or_insert(said);
        if said.diagnostic.severity > slot.diagnostic.severity {
            *slot = said;
        }
    }
    let index: BTreeMap<&str, usize> = first.keys().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let rules: Vec<Value> = first.iter().map(|(id, said)| rule(id, said)).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|said| {
            let (finding, id) = (said.diagnostic, rule_id(said));
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
            let mut result = json!({
                "ruleId": id,
                "ruleIndex": index.get(id.as_str()),
                "level": level(finding.severity),
                "message": { "text": text },
                "locations": [location(&finding.primary, &places, false)],
                "relatedLocations": related,
                "fixes": fixes,
            });
            if let Some(policy) = said.policy {
                result["properties"] = json!({
                    "code": finding.code.to_string(), "policy": policy.policy, "severity": policy.severity.name(),
                });
            }
            result
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

/// What a finding is filtered by: the policy's code where a policy speaks, else that of the finding.
fn rule_id(said: &Said<'_>) -> String {
    match said.ruling() {
        Some(policy) if !policy.policy.is_empty() => policy.policy.to_string(),
        _ => said.diagnostic.code.to_string(),
    }
}

fn rule(id: &str, said: &Said<'_>) -> Value {
    let Some(policy) = said.ruling() else {
        let entry = said.diagnostic.code.entry();
        return json!({
            "id": id,
            "name": entry.name,
            "shortDescription": { "text": entry.title },
            "fullDescription": { "text": entry.title },
            "help": { "text": entry.page, "markdown": entry.page },
            "defaultConfiguration": { "level": level(entry.severity) },
        });
    };
    let docs = if policy.docs.is_empty() { &policy.name } else { &policy.docs };
    let title = docs.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    json!({
        "id": id,
        "name": policy.name,
        "shortDescription": { "text": title },
        "fullDescription": { "text": docs },
        "help": { "text": docs, "markdown": docs },
        "defaultConfiguration": { "level": level(said.diagnostic.severity) },
        // GitHub reads the number, which is a text, of rules with the tag `security` only.
        "properties": {
            "security-severity": security_severity(policy.severity),
            "tags": ["policy", "security"],
        },
    })
}

/// A score as in CVSS, in the middle of what GitHub calls by that name.
fn security_severity(severity: Gravity) -> &'static str {
    match severity {
        Gravity::Critical => "9.5",
        Gravity::High => "8.0",
        Gravity::Medium => "5.5",
        Gravity::Low => "3.0",
    }
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
