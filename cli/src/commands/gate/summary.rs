//! What became of gates, for terminals and for the summary of a job.

use std::fmt::Write as _;

use ordain_diagnostics::Severity;

use super::{Ran, State, diagnostics};
use crate::output::findings::Texts;
use crate::output::places::Places;

/// How many findings the summary of a job lists.
const MAX_ROWS: usize = 200;

/// A line for each gate.
pub(super) fn text(ran: &[Ran]) -> String {
    let mut out = String::new();
    for gate in ran {
        // INVARIANT: writing to a string never fails.
        let _ = match &gate.state {
            State::Skipped(why) => writeln!(out, "skipped {}: {why}", gate.name),
            state => writeln!(out, "{:7} {}: {}", state.name(), gate.name, counts(gate)),
        };
    }
    out
}

/// What a gate looked at and found.
fn counts(gate: &Ran) -> String {
    let found = diagnostics(gate);
    let of = |severity: Severity| found.iter().filter(|finding| finding.severity == severity).count();
    let exempt = gate.run.findings.iter().filter(|finding| finding.exempt.is_some()).count();
    let mut parts = vec![counted(gate.run.checked.len(), "policy", "policies")];
    for (count, one, many) in [
        (of(Severity::Error), "error", "errors"),
        (of(Severity::Warning), "warning", "warnings"),
        (exempt, "exempt", "exempt"),
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
pub(super) fn markdown(ran: &[Ran], texts: &Texts) -> String {
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
    for gate in ran {
        let found = diagnostics(gate);
        if found.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n### {}\n\n| Where | What |\n| --- | --- |", cell(&gate.name));
        for finding in found.iter().take(MAX_ROWS) {
            let (line, column) = places.position(&finding.primary.path, finding.primary.range.start);
            let place = format!("{}:{line}:{column}", finding.primary.path);
            let _ = writeln!(out, "| {} | {} |", cell(&place), cell(&finding.message));
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
