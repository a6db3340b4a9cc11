//! Baselines: findings that were there when a gate was introduced. They are listed, and count no more; new ones do.

use std::collections::BTreeSet;
use std::path::Path;

use ordain_compiler::GateFinding;
use serde_json::{Value as Json, json};

use super::Ran;
use crate::{Failure, output};

/// The format's name and version.
const FORMAT: &str = "ordain.baseline/1";

/// What a finding is known by: its gate, its policy, its place in the document and what it says. Lines are not part of
/// it, for they move when something is written above.
pub(super) fn key(gate: &str, finding: &GateFinding) -> String {
    let diagnostic = &finding.diagnostic;
    [gate, &finding.policy, &diagnostic.primary.path, &finding.pointer, &diagnostic.message].join("\u{1f}")
}

/// The keys in a baseline file.
pub(super) fn read(file: &Path) -> Result<BTreeSet<String>, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| Failure(format!("`{shown}`: {error}")))?;
    let json: Json = serde_json::from_str(&text).map_err(|error| Failure(format!("`{shown}`: {error}")))?;
    if json["format"] != FORMAT {
        return Err(Failure(format!("`{shown}` is no baseline: its format is not `{FORMAT}`")));
    }
    let malformed = || Failure(format!("`{shown}`: `findings` is missing or malformed"));
    let mut keys = BTreeSet::new();
    for finding in json["findings"].as_array().ok_or_else(malformed)? {
        let part = |name: &str| finding[name].as_str().ok_or_else(malformed);
        let parts = [part("gate")?, part("policy")?, part("path")?, part("pointer")?, part("message")?];
        keys.insert(parts.join("\u{1f}"));
    }
    Ok(keys)
}

/// Writes what the gates found as a baseline.
pub(super) fn write(file: &Path, ran: &[Ran]) -> Result<(), Failure> {
    let mut found: Vec<Json> = Vec::new();
    for gate in ran {
        for finding in gate.run.findings.iter().filter(|finding| finding.exempt.is_none()) {
            let diagnostic = &finding.diagnostic;
            found.push(json!({
                "gate": gate.name,
                "policy": finding.policy,
                "path": diagnostic.primary.path,
                "pointer": finding.pointer,
                "message": diagnostic.message,
            }));
        }
    }
    found.sort_by_key(ToString::to_string);
    let text = serde_json::to_string_pretty(&json!({ "format": FORMAT, "findings": found }))?;
    output::write(Some(file), format!("{text}\n").as_bytes())?;
    Ok(())
}
