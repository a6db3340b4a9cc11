//! Findings as text, JSON, or annotations.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use ariadne::{Color, Config, IndexType, Label, Report, ReportKind, Source};
use ordain_compiler::{GateFinding, Text};
use ordain_diagnostics::{Diagnostic, Severity, TextRange, codes};
use serde_json::json;

use super::places::Places;
use crate::args::{FindingsFormat, Format};

/// The texts that findings point into, by path.
pub(crate) type Texts = BTreeMap<String, Text>;

/// A finding, and what is known of the policy that it is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'f> {
    pub(crate) diagnostic: &'f Diagnostic,
    /// Set where a gate found it by a policy.
    pub(crate) policy: Option<&'f GateFinding>,
}

impl<'f> From<&'f Diagnostic> for Said<'f> {
    fn from(diagnostic: &'f Diagnostic) -> Self {
        Self { diagnostic, policy: None }
    }
}

impl<'f> Said<'f> {
    /// The policy, where the finding is what it says, and not about its exemptions.
    pub(crate) fn ruling(&self) -> Option<&'f GateFinding> {
        self.policy.filter(|_| is_ruling(self.diagnostic))
    }
}

/// Whether a policy speaks.
fn is_ruling(finding: &Diagnostic) -> bool {
    matches!(finding.code, codes::DENIED_BY_POLICY | codes::POLICY_WARNING)
}

/// Shows findings: text on the standard error, everything else on the standard output.
pub(crate) fn show(findings: &[Diagnostic], texts: &Texts, format: &FindingsFormat) -> io::Result<()> {
    show_said(&findings.iter().map(Said::from).collect::<Vec<_>>(), texts, format)
}

/// As [`show`], of findings that policies may speak in.
pub(crate) fn show_said(findings: &[Said<'_>], texts: &Texts, format: &FindingsFormat) -> io::Result<()> {
    let format = if format.json { Format::Json } else { format.format };
    match format {
        Format::Text => {
            let mut sources = Sources { texts, parsed: BTreeMap::new() };
            let mut out = Vec::new();
            let places = Places::new(texts);
            for said in findings {
                if places.is_too_long(said.diagnostic) {
                    out.extend_from_slice(plain(said, &places).as_bytes());
                } else {
                    report(said, &places).write(&mut sources, &mut out)?;
                }
            }
            out.extend_from_slice(summary(findings).as_bytes());
            io::Write::write_all(&mut anstream::stderr().lock(), &out)
        }
        Format::Short => {
            let (mut out, places) = (String::new(), Places::new(texts));
            for Said { diagnostic: finding, policy } in findings {
                let (line, column) = places.position(&finding.primary.path, finding.primary.range.start);
                let severity = severity(finding.severity);
                let path = &finding.primary.path;
                let of = policy.map_or_else(String::new, |policy| format!(" ({})", policy.severity.name()));
                // INVARIANT: writing to a string never fails.
                let message = super::line(&finding.message);
                let _ = writeln!(out, "{path}:{line}:{column}: {severity}[{}] {message}{of}", finding.code);
            }
            super::write(None, out.as_bytes())
        }
        Format::Json => {
            let places = Places::new(texts);
            let list = list(findings.iter().copied(), &places);
            let text = serde_json::to_string_pretty(&json!({ "findings": list })).map_err(io::Error::other)?;
            super::write(None, format!("{text}\n").as_bytes())
        }
        Format::Sarif => super::write(None, sarif(findings, texts)?.as_bytes()),
        Format::Github => {
            let (mut out, places) = (String::new(), Places::new(texts));
            for Said { diagnostic: finding, policy } in findings {
                let (line, column) = places.position(&finding.primary.path, finding.primary.range.start);
                let (end_line, end_column) = places.position(&finding.primary.path, finding.primary.range.end);
                let kind = match finding.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "notice",
                };
                let file = property(&finding.primary.path);
                let title = match policy {
                    Some(policy) => format!("{} ({})", policy.policy, policy.severity.name()),
                    None => finding.code.to_string(),
                };
                let title = property(&format!("{title}: {}", finding.code.entry().title));
                let help = finding.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
                let message = data(&format!("{}{help}", finding.message));
                let _ = writeln!(
                    out,
                    "::{kind} file={file},line={line},col={column},endLine={end_line},endColumn={end_column},\
                     title={title}::{message}"
                );
            }
            super::write(None, out.as_bytes())
        }
    }
}

/// Findings as SARIF 2.1.0.
pub(crate) fn sarif(findings: &[Said<'_>], texts: &Texts) -> io::Result<String> {
    let log = super::sarif::log(findings, texts);
    Ok(serde_json::to_string_pretty(&log).map_err(io::Error::other)? + "\n")
}

fn summary(findings: &[Said<'_>]) -> String {
    let count = |severity| findings.iter().filter(|said| said.diagnostic.severity == severity).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => String::new(),
        (errors, 0) => format!("{}\n", plural(errors, "error")),
        (0, warnings) => format!("{}\n", plural(warnings, "warning")),
        (errors, warnings) => format!("{}, {}\n", plural(errors, "error"), plural(warnings, "warning")),
    }
}

/// The name of a severity.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

type Span = (String, std::ops::Range<usize>);

fn span(path: &str, range: TextRange) -> Span {
    (path.to_owned(), range.start as usize..range.end as usize)
}

fn report<'f>(said: &Said<'f>, places: &Places<'_>) -> Report<'f, Span> {
    let finding = said.diagnostic;
    let (kind, color) = match finding.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
        Severity::Note => (ReportKind::Advice, Color::Blue),
    };
    let primary = span(&finding.primary.path, finding.primary.range);
    // A label without words would not be drawn.
    let words = match finding.primary.message.as_str() {
        "" => finding.code.entry().title,
        message => &super::line(message),
    };
    let words = match said.policy {
        Some(policy) if is_ruling(finding) => format!("{words}, severity {}", policy.severity.name()),
        Some(policy) => format!("{words} ({}, severity {})", policy.policy, policy.severity.name()),
        None => words.to_owned(),
    };
    let label = Label::new(primary.clone()).with_color(color).with_message(words);
    let mut report = Report::build(kind, primary)
        .with_config(Config::default().with_index_type(IndexType::Byte))
        .with_code(finding.code)
        .with_message(super::line(&finding.message))
        .with_label(label);
    // Of what a policy speaks against, more than its first brace is shown.
    if is_ruling(finding) {
        for start in places.first_lines(&finding.primary.path, finding.primary.range) {
            // They end before the label of the whole, and labels of one frame are given in the order of their ends.
            let label = Label::new((finding.primary.path.to_string(), start..start)).with_order(-1);
            report.add_label(label.with_color(color));
        }
    }
    for related in &finding.related {
        let label = Label::new(span(&related.path, related.range)).with_color(Color::Blue);
        report.add_label(label.with_message(super::line(&related.message)));
    }
    if let Some(help) = &finding.help {
        report.set_help(help);
    }
    report.finish()
}

/// A finding without its line, where that or its text is too long to be shown: what stands around the place instead.
fn plain(said: &Said<'_>, places: &Places<'_>) -> String {
    let finding = said.diagnostic;
    let (path, range) = (&finding.primary.path, finding.primary.range);
    let (line, column) = places.position(path, range.start);
    let severity = match finding.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Note => "Advice",
    };
    let around = places.around(path, range.start);
    let message = super::line(&finding.message);
    let mut text = format!("[{}] {severity}: {message}\n  at {path}:{line}:{column}, in `{around}`\n", finding.code);
    // INVARIANT: writing to a string never fails.
    if let Some(policy) = said.policy {
        let _ = writeln!(text, "  Policy: {}, severity {}", policy.policy, policy.severity.name());
    }
    if let Some(help) = &finding.help {
        let _ = writeln!(text, "  Help: {help}");
    }
    text
}

/// Sources as the renderer wants them; a path without a text is empty.
struct Sources<'a> {
    texts: &'a Texts,
    parsed: BTreeMap<String, Source<String>>,
}

impl ariadne::Cache<String> for &mut Sources<'_> {
    type Storage = String;

    fn fetch(&mut self, path: &String) -> Result<&Source<String>, impl std::fmt::Debug> {
        if !self.parsed.contains_key(path) {
            let text = self.texts.get(path).map_or_else(String::new, |text| drawable(text));
            self.parsed.insert(path.clone(), Source::from(text));
        }
        self.parsed.get(path).ok_or("just inserted")
    }

    fn display<'b>(&self, path: &'b String) -> Option<impl std::fmt::Display + 'b> {
        Some(path)
    }
}

/// A source without what steers a terminal, or is the end of a line to the renderer and to nobody else. Bytes stay where they
/// are.
fn drawable(text: &str) -> String {
    let stands = |c: char| match c {
        '\t' | '\n' | '\r' => c,
        '\u{2028}' | '\u{2029}' => '␤',
        c if c.is_control() && c.len_utf8() == 1 => '?',
        c if c.is_control() => '·',
        c => c,
    };
    text.chars().map(stands).collect()
}

/// Findings as a part of other JSON.
pub(crate) fn to_json<'f, S: Into<Said<'f>>>(
    findings: impl IntoIterator<Item = S>,
    texts: &Texts,
) -> serde_json::Value {
    list(findings, &Places::new(texts)).into()
}

fn list<'f, S: Into<Said<'f>>>(findings: impl IntoIterator<Item = S>, places: &Places<'_>) -> Vec<serde_json::Value> {
    findings.into_iter().map(|said| as_json(&said.into(), places)).collect()
}

fn as_json(said: &Said<'_>, places: &Places<'_>) -> serde_json::Value {
    let finding = said.diagnostic;
    let place = |path: &str, range: TextRange, message: &str| {
        let (line, column) = places.position(path, range.start);
        let (end_line, end_column) = places.position(path, range.end);
        json!({
            "path": path,
            "range": { "start": range.start, "end": range.end },
            "line": line, "column": column, "end_line": end_line, "end_column": end_column,
            "message": message,
        })
    };
    let mut json = json!({
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "primary": place(&finding.primary.path, finding.primary.range, &finding.primary.message),
        "related": finding.related.iter()
            .map(|label| place(&label.path, label.range, &label.message))
            .collect::<Vec<_>>(),
        "help": finding.help,
        "fixes": finding.fixes,
    });
    if let Some(policy) = said.policy {
        json["policy"] = json!({ "code": policy.policy, "name": policy.name, "severity": policy.severity.name() });
    }
    json
}

/// The value of a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
