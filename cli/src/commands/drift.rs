//! `ordain drift`, and the looking that `ordain plan --refresh` and `ordain import` share with it.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use ordain_runtime::{
    DriftOf, DriftReport, DriftState, DriftStep, EnvironmentSecrets, ExecuteError, ExecuteOptions, Journal, Limits,
    drift,
};
use serde_json::Value as Json;

use super::apply::{journal, workspace};
use super::executions::choose;
use crate::args::{DriftArguments, DriftView, Looking};
use crate::output::{self, line};
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &DriftArguments) -> Result<Outcome, Failure> {
    let package = &arguments.selection.package;
    let report = match &arguments.execution {
        Some(id) => {
            let path = journal(&workspace(package)?, arguments.looking.journal.as_deref());
            let executions = Journal::open_existing(&path)?.executions()?;
            let id = &choose(&executions, id)?.id;
            look(package, &arguments.looking, |within, options| drift(DriftOf::Execution(id), within, options))?
        }
        None => {
            let Some(graph) = super::plan::graph(&arguments.selection)? else { return Ok(Outcome::Findings) };
            look(package, &arguments.looking, |within, options| drift(DriftOf::Plan(&graph), within, options))?
        }
    };
    let text = match if arguments.json { DriftView::Json } else { arguments.view } {
        DriftView::Text => text(&report),
        DriftView::Json => serde_json::to_string_pretty(&json(&report)?)? + "\n",
        DriftView::Markdown => markdown(&report),
    };
    output::write(arguments.output.as_deref(), text.as_bytes())?;
    Ok(if arguments.strict && report.has_drift() { Outcome::Findings } else { Outcome::Fine })
}

/// Looks, in the workspace of a package.
pub(super) fn look<T>(
    package: &Path,
    looking: &Looking,
    look: impl FnOnce(Duration, &ExecuteOptions<'_>) -> Result<T, ExecuteError>,
) -> Result<T, Failure> {
    let workspace = workspace(package)?;
    let journal = journal(&workspace, looking.journal.as_deref());
    let secrets = EnvironmentSecrets;
    let mut options = ExecuteOptions::new(workspace, &journal, &secrets);
    options.limits = Limits::of_all(looking.parallel);
    let within = Duration::from_secs(looking.within.get());
    // An adapter that does not even start is not waited for longer.
    options.adapter_limits.start = options.adapter_limits.start.min(within);
    look(within, &options).map_err(|error| Failure(format!("{error} [{}]", error.code())))
}

fn json(report: &DriftReport) -> Result<Json, Failure> {
    let mut json = serde_json::to_value(report)?;
    json["format"] = "ordain.drift/1".into();
    json["drifted"] = report.has_drift().into();
    Ok(json)
}

/// What is otherwise than it should be, and what nothing can be said of.
pub(super) fn text(report: &DriftReport) -> String {
    let mut text = String::new();
    let told: Vec<&DriftStep> = report.steps.iter().filter(|step| is_told(step.state)).collect();
    let longest = told.iter().map(|step| step.address.chars().count()).max().unwrap_or(0);
    for step in told {
        // INVARIANT: writing to a string never fails.
        let _ = write!(text, "{:<10}  {:<longest$}  {}", word(step.state), line(&step.address), step.capability);
        if let Some(key) = &step.key {
            let _ = write!(text, " {}", line(&shown(key)));
        }
        text.push('\n');
        if let Some(message) = &step.message {
            let _ = writeln!(text, "            {}", line(message));
        }
        for field in &step.fields {
            let (expected, found) = (shown(&field.expected), shown(&field.found));
            let _ = writeln!(text, "            {}", line(&field.field));
            let _ = writeln!(text, "              expected  {}", line(&expected));
            let _ = writeln!(text, "              found     {}", line(&found));
        }
    }
    text + &summary(report)
}

fn summary(report: &DriftReport) -> String {
    let counts = &report.counts;
    let parts = [
        (counts.missing, "missing"),
        (counts.unexpected, "unexpected"),
        (counts.mismatched, "mismatched"),
        (counts.unknown, "unknown"),
        (counts.as_planned, "as planned"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let counts = if parts.is_empty() { "nothing to look at".to_owned() } else { parts.join(", ") };
    format!("{}: {counts}\n", report.plan)
}

fn markdown(report: &DriftReport) -> String {
    let mut text = format!("### Drift of `{}`\n\n{}", report.plan, summary(report));
    let told: Vec<&DriftStep> = report.steps.iter().filter(|step| is_told(step.state)).collect();
    if told.is_empty() {
        return text;
    }
    text.push_str("\n| | step | what |\n| --- | --- | --- |\n");
    for step in told {
        let fields = step.fields.iter().map(|field| {
            let (expected, found) = (shown(&field.expected), shown(&field.found));
            format!("{}: expected {}, found {}", code(&field.field), code(&expected), code(&found))
        });
        let message = step.message.iter().map(|message| code(message));
        let what: Vec<String> = message.chain(fields).collect();
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(text, "| {} | {} | {} |", word(step.state), code(&step.address), what.join("<br>"));
    }
    text
}

/// Text of others in a cell of a table, where nothing of it is markup.
fn code(text: &str) -> String {
    let text = line(text).replace('|', "\\|");
    let ticks = if text.contains('`') { "``" } else { "`" };
    let text = text.replace("``", "` `");
    if ticks == "``" { format!("`` {text} ``") } else { format!("`{text}`") }
}

const fn is_told(state: DriftState) -> bool {
    state.is_drift() || matches!(state, DriftState::Unknown)
}

const fn word(state: DriftState) -> &'static str {
    match state {
        DriftState::AsPlanned => "as planned",
        DriftState::Missing => "missing",
        DriftState::Unexpected => "unexpected",
        DriftState::Mismatched => "mismatched",
        DriftState::Unknown => "unknown",
        DriftState::NotAsked => "not asked",
    }
}

/// A value in a line: a text as it is, a long one by its digest.
pub(super) fn shown(json: &Json) -> String {
    match (json, json["digest"].as_str(), json["bytes"].as_u64()) {
        (Json::String(text), ..) => text.clone(),
        (Json::Null, ..) => "something else".to_owned(),
        (Json::Object(members), Some(digest), Some(bytes)) if members.len() == 2 => format!("{digest} ({bytes} bytes)"),
        _ => tagged(json).map_or_else(|| json.to_string(), str::to_owned),
    }
}

/// The text in a value whose type the canonical form has to tell, such as `{"$url": …}`. Names of fields that begin so have
/// another `$` there.
fn tagged(json: &Json) -> Option<&str> {
    let members = json.as_object().filter(|members| members.len() == 1)?;
    let (name, value) = members.iter().next()?;
    value.as_str().filter(|_| name.starts_with('$') && !name.starts_with("$$"))
}
