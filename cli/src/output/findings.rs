//! Findings as text, JSON, or annotations.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use ariadne::{Color, Config, IndexType, Label, Report, ReportKind, Source};
use ordain_diagnostics::{Diagnostic, Severity, TextRange, codes};
use serde_json::json;

use super::places::Places;
use crate::args::{FindingsFormat, Format};

/// The texts that findings point into, by path.
pub(crate) type Texts = BTreeMap<String, Arc<str>>;

/// Shows findings: text on the standard error, everything else on the standard output.
pub(crate) fn show(findings: &[Diagnostic], texts: &Texts, format: &FindingsFormat) -> io::Result<()> {
    let format = if format.json { Format::Json } else { format.format };
    match format {
        Format::Text => {
            let mut sources = Sources { texts, parsed: BTreeMap::new() };
            let mut out = Vec::new();
            let places = Places::new(texts);
            for finding in findings {
                if places.on_long_line(finding) {
                    out.extend_from_slice(plain(finding, &places).as_bytes());
                } else {
                    report(finding, &places).write(&mut sources, &mut out)?;
                }
            }
            out.extend_from_slice(summary(findings).as_bytes());
            io::Write::write_all(&mut anstream::stderr().lock(), &out)
        }
        Format::Short => {
            let (mut out, places) = (String::new(), Places::new(texts));
            for finding in findings {
                let (line, column) = places.position(&finding.primary.path, finding.primary.range.start);
                let severity = severity(finding.severity);
                let path = &finding.primary.path;
                // INVARIANT: writing to a string never fails.
                let _ = writeln!(out, "{path}:{line}:{column}: {severity}[{}] {}", finding.code, finding.message);
            }
            super::write(None, out.as_bytes())
        }
        Format::Json => {
            let places = Places::new(texts);
            let list = list(findings, &places);
            let text = serde_json::to_string_pretty(&json!({ "findings": list })).map_err(io::Error::other)?;
            super::write(None, format!("{text}\n").as_bytes())
        }
        Format::Sarif => super::write(None, sarif(findings, texts)?.as_bytes()),
        Format::Github => {
            let (mut out, places) = (String::new(), Places::new(texts));
            for finding in findings {
                let (line, column) = places.position(&finding.primary.path, finding.primary.range.start);
                let (end_line, end_column) = places.position(&finding.primary.path, finding.primary.range.end);
                let kind = match finding.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "notice",
                };
                let file = property(&finding.primary.path);
                let title = property(&format!("{}: {}", finding.code, finding.code.entry().title));
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
pub(crate) fn sarif(findings: &[Diagnostic], texts: &Texts) -> io::Result<String> {
    let log = super::sarif::log(findings, texts);
    Ok(serde_json::to_string_pretty(&log).map_err(io::Error::other)? + "\n")
}

fn summary(findings: &[Diagnostic]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => String::new(),
        (errors, 0) => format!("{}\n", plural(errors, "error")),
        (0, warnings) => format!("{}\n", plural(warnings, "warning")),
        (errors, warnings) => format!("{}, {}\n", plural(errors, "error"), plural(warnings, "warning")),
    }
}

fn severity(severity: Severity) -> &'static str {
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

fn report<'f>(finding: &'f Diagnostic, places: &Places<'_>) -> Report<'f, Span> {
    let (kind, color) = match finding.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
        Severity::Note => (ReportKind::Advice, Color::Blue),
    };
    let primary = span(&finding.primary.path, finding.primary.range);
    // A label without words would not be drawn.
    let words = match finding.primary.message.as_str() {
        "" => finding.code.entry().title,
        message => message,
    };
    let label = Label::new(primary.clone()).with_color(color).with_message(words);
    let mut report = Report::build(kind, primary)
        .with_config(Config::default().with_index_type(IndexType::Byte))
        .with_code(finding.code)
        .with_message(&finding.message)
        .with_label(label);
    // Of what a policy speaks against, more than its first brace is shown.
    if matches!(finding.code, codes::DENIED_BY_POLICY | codes::POLICY_WARNING) {
        for start in places.first_lines(&finding.primary.path, finding.primary.range) {
            // They end before the label of the whole, and labels of one frame are given in the order of their ends.
            let label = Label::new((finding.primary.path.to_string(), start..start)).with_order(-1);
            report.add_label(label.with_color(color));
        }
    }
    for related in &finding.related {
        let label = Label::new(span(&related.path, related.range)).with_color(Color::Blue);
        report.add_label(label.with_message(&related.message));
    }
    if let Some(help) = &finding.help {
        report.set_help(help);
    }
    report.finish()
}

/// A finding without its line, which is too long to be shown: what stands around the place instead.
fn plain(finding: &Diagnostic, places: &Places<'_>) -> String {
    let (path, range) = (&finding.primary.path, finding.primary.range);
    let (line, column) = places.position(path, range.start);
    let severity = match finding.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Note => "Advice",
    };
    let around = places.around(path, range.start);
    let mut text =
        format!("[{}] {severity}: {}\n  at {path}:{line}:{column}, in `{around}`\n", finding.code, finding.message);
    if let Some(help) = &finding.help {
        // INVARIANT: writing to a string never fails.
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
            let text = self.texts.get(path).map_or_else(String::new, |text| text.to_string());
            self.parsed.insert(path.clone(), Source::from(text));
        }
        self.parsed.get(path).ok_or("just inserted")
    }

    fn display<'b>(&self, path: &'b String) -> Option<impl std::fmt::Display + 'b> {
        Some(path)
    }
}

/// Findings as a part of other JSON.
pub(crate) fn to_json(findings: &[Diagnostic], texts: &Texts) -> serde_json::Value {
    list(findings, &Places::new(texts)).into()
}

fn list(findings: &[Diagnostic], places: &Places<'_>) -> Vec<serde_json::Value> {
    findings.iter().map(|finding| as_json(finding, places)).collect()
}

fn as_json(finding: &Diagnostic, places: &Places<'_>) -> serde_json::Value {
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
    json!({
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "primary": place(&finding.primary.path, finding.primary.range, &finding.primary.message),
        "related": finding.related.iter()
            .map(|label| place(&label.path, label.range, &label.message))
            .collect::<Vec<_>>(),
        "help": finding.help,
        "fixes": finding.fixes,
    })
}

/// The value of a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
