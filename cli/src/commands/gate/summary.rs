//! What became of gates, for terminals and for the summary of a job.

use std::fmt::Write as _;

use ordain_diagnostics::Severity;

use super::{Ran, State};
use crate::output::findings::{Texts, severity};
use crate::output::places::Places;

/// How many findings the summary of a job lists.
const MAX_ROWS: usize = 200;

/// A line for each gate, and one where the baseline holds what is not found any more.
pub(super) fn text(ran: &[Ran], stale: usize) -> String {
    let mut out = String::new();
    for gate in ran {
        // INVARIANT: writing to a string never fails.
        let _ = match &gate.state {
            State::Skipped(why) => writeln!(out, "skipped {}: {why}", gate.name),
            state => writeln!(out, "{:7} {}: {}", state.name(), gate.name, counts(gate)),
        };
    }
    if stale > 0 {
        let _ = writeln!(out, "{}", outdated(stale));
    }
    out
}

/// What is to be said where the baseline holds what is not found any more.
fn outdated(stale: usize) -> String {
    let found = counted(stale, "finding of the baseline is", "findings of the baseline are");
    format!("{found} not found any more; `--update-baseline` brings it up to date")
}

/// What a gate looked at and found.
fn counts(gate: &Ran) -> String {
    let found = gate.said();
    let of = |severity: Severity| found.iter().filter(|said| said.diagnostic.severity == severity).count();
    let mut parts = vec![counted(gate.run.checked.len(), "policy", "policies")];
    for (count, one, many) in [
        (of(Severity::Error), "error", "errors"),
        (of(Severity::Warning), "warning", "warnings"),
        (gate.exempt(), "exempt", "exempt"),
        (gate.known, "known from the baseline", "known from the baseline"),
        (gate.run.unasked.len(), "not asked without --base", "not asked without --base"),
    ] {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    parts.join(", ")
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The summary of a job in Markdown (GitHub's flavour).
pub(super) fn markdown(ran: &[Ran], stale: usize, texts: &Texts) -> String {
    let places = Places::new(texts);
    let mut out = String::from("## Gates\n\n| Gate | State | |\n| --- | --- | --- |\n");
    for gate in ran {
        let note = match &gate.state {
            State::Skipped(why) => why.clone(),
            _ => counts(gate),
        };
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(out, "| {} | **{}** | {} |", cell(&gate.name), gate.state.name(), cell(&note));
    }
    if stale > 0 {
        let _ = writeln!(out, "\n{}.", outdated(stale));
    }
    for gate in ran {
        let found = gate.said();
        if found.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n### {}\n\n| | Policy | Where | What |\n| --- | --- | --- | --- |", cell(&gate.name));
        for said in found.iter().take(MAX_ROWS) {
            let place = &said.diagnostic.primary;
            let (line, column) = places.position(&place.path, place.range.start);
            let of = match said.policy {
                Some(policy) => format!("{}, {}", cell(&policy.policy), policy.severity.name()),
                None => cell(&said.diagnostic.code.to_string()),
            };
            let _ = writeln!(
                out,
                "| **{}** | {of} | {} | {} |",
                severity(said.diagnostic.severity),
                cell(&format!("{}:{line}:{column}", place.path)),
                cell(&said.diagnostic.message)
            );
        }
        if found.len() > MAX_ROWS {
            let _ = writeln!(out, "\n{} more.", found.len() - MAX_ROWS);
        }
    }
    out
}

/// A text as code in a cell, so that nothing in it is markup.
fn cell(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            c if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | ';' | '/') => {
                format!("&#{};", u32::from(c))
            }
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!("<code>{escaped}</code>")
}
