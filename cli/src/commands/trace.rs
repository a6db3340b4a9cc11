//! `ordain trace`, and finding an execution to look at.

use jiff::Timestamp;
use ordain_graph::{PlanGraph, Value};
use ordain_runtime::{
    CloudEvent, Decision, ExecutionSummary, Journal, LogRow, Process, Statement, Trace, TracedStep, TracedWord, Try,
    Word,
};
use ordain_views::{Span, SpanKind, Timeline, TimelineRow};
use serde_json::{Value as Json, json};

use super::apply::{journal, workspace};
use super::executions::choose;
use crate::args::{JournalArguments, TraceArguments, TraceFormat};
use crate::{Failure, Outcome, output};

/// How long the text of a condition or a value may be.
const MAX_TEXT: usize = 300;

/// An execution with everything that its journal tells.
pub(super) struct Told {
    pub(super) journal: Journal,
    pub(super) summary: ExecutionSummary,
    /// Its plan, where it is kept.
    pub(super) plan: Option<PlanGraph>,
    pub(super) rows: Vec<LogRow>,
}

/// The journal to look at.
pub(super) fn open(arguments: &JournalArguments) -> Result<Journal, Failure> {
    Ok(Journal::open_existing(&journal(&workspace(&arguments.package)?, arguments.journal.as_deref()))?)
}

/// The execution whose id begins so, or the latest.
pub(super) fn told(arguments: &JournalArguments, execution: Option<&str>) -> Result<Told, Failure> {
    let journal = open(arguments)?;
    let executions = journal.executions()?;
    let summary = match execution {
        Some(id) => choose(&executions, id)?.clone(),
        None => executions.into_iter().next().ok_or_else(|| Failure("the journal has no executions".into()))?,
    };
    let (plan, rows) = (journal.plan(&summary.plan_hash)?, journal.log(&summary.id)?);
    Ok(Told { journal, summary, plan, rows })
}

pub(crate) fn run(arguments: &TraceArguments) -> Result<Outcome, Failure> {
    let told = told(&arguments.journal, arguments.execution.as_deref())?;
    let format = if arguments.json { TraceFormat::Json } else { arguments.format };
    let text = match format {
        TraceFormat::Cloudevents => {
            let id = told.journal.id()?;
            let lines = told.rows.iter().map(|row| serde_json::to_string(&CloudEvent::of(&id, row)));
            lines.map(|line| line.map(|line| line + "\n")).collect::<Result<String, _>>()?
        }
        TraceFormat::Json => {
            let trace = Trace::of(told.plan.as_ref(), &told.rows);
            let verdicts = match &told.plan {
                Some(plan) => serde_json::from_slice::<Json>(&plan.to_json())?["verdicts"].take(),
                None => Json::Null,
            };
            format!("{:#}\n", json!({ "execution": told.summary, "trace": trace, "verdicts": verdicts }))
        }
        TraceFormat::Text => ordain_views::timeline(&timeline(&told), &output::terminal(arguments.output.is_none())),
        TraceFormat::Html => ordain_views::timeline_html(&timeline(&told)),
    };
    output::write(arguments.output.as_deref(), text.as_bytes())?;
    Ok(Outcome::Fine)
}

fn timeline(told: &Told) -> Timeline {
    let Told { summary, plan, rows, .. } = told;
    let trace = Trace::of(plan.as_ref(), rows);
    let started = Timestamp::from_millisecond(summary.started_at).map(|at| at.to_string()).unwrap_or_default();
    let facts = [
        ("execution", summary.id.to_string()),
        ("package", format!("{} {}", summary.package, summary.version)),
        ("plan", summary.plan_hash.to_string()),
        ("began", started),
    ];
    let processes = if trace.processes.len() > 1 { trace.processes.iter().map(process).collect() } else { Vec::new() };
    Timeline {
        title: summary.plan.to_string(),
        state: summary.state.name().to_owned(),
        facts: facts.map(|(name, value)| (name.to_owned(), value)).into(),
        from: trace.started_at,
        to: trace.ended_at,
        processes,
        policies: plan.as_ref().map(ordain_views::rationale).unwrap_or_default(),
        words: trace.said.iter().map(|said| (said.at, word(said))).collect(),
        rows: trace.steps.iter().map(|step| row(step, plan.as_ref(), trace.ended_at)).collect(),
    }
}

/// What somebody said to which policy, and why.
fn word(said: &TracedWord) -> String {
    match &said.word {
        Word::Counts(Statement { decision, identity, policy, reason, until, .. }) => {
            let said = match decision {
                Decision::Approve => "approves",
                Decision::Reject => "rejects",
                Decision::Revoke => "takes back what was said to",
            };
            let until = until.and_then(|until| Timestamp::from_millisecond(until).ok());
            let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{identity} {said} {policy}{until}{reason}")
        }
        Word::Not { because } => format!("a record that does not count: {because}"),
    }
}

fn process(process: &Process) -> Span {
    let ended = process.ended.as_deref();
    let kind = match (ended, process.undo) {
        (Some("interrupted"), _) => SpanKind::Interrupted,
        (_, true) => SpanKind::Undoing,
        _ => SpanKind::Running,
    };
    Span { from: process.from, to: process.to, kind, label: ended.unwrap_or_default().to_owned() }
}

fn row(step: &TracedStep, plan: Option<&PlanGraph>, end: i64) -> TimelineRow {
    let mut spans = Vec::new();
    if let (Some(ready), Some(first)) = (step.ready_at, step.tries.first())
        && ready < first.from
    {
        spans.push(Span { from: ready, to: first.from, kind: SpanKind::Waiting, label: String::new() });
    }
    for (at, Try { number, from, to, ended }) in step.tries.iter().enumerate() {
        let kind = match ended.as_deref() {
            None | Some("succeeded") => SpanKind::Running,
            Some("interrupted") => SpanKind::Interrupted,
            Some(_) => SpanKind::Failing,
        };
        let label = [Some(format!("try {number}")).filter(|_| *number > 1), ended.as_ref().map(ToString::to_string)];
        let label = label.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let to = to.unwrap_or(end);
        spans.push(Span { from: *from, to, kind, label });
        if let Some(next) = step.tries.get(at + 1).filter(|next| next.from > to) {
            spans.push(Span { from: to, to: next.from, kind: SpanKind::Pausing, label: String::new() });
        }
    }
    if let Some(undo) = &step.undo
        && let Some(from) = undo.from
    {
        let label = undo.ended.as_deref().unwrap_or_default().to_owned();
        spans.push(Span { from, to: undo.to.unwrap_or(end), kind: SpanKind::Undoing, label });
    }
    let undone = step.undo.as_ref().and_then(|undo| undo.ended.as_deref());
    let outcome = match (undone, step.outcome) {
        (Some("undone"), _) => "undone",
        (Some(_), _) => "not undone",
        (None, Some(outcome)) => outcome,
        (None, None) if step.tries.is_empty() => "",
        (None, None) => "under way",
    };
    TimelineRow {
        name: step.address.to_string(),
        about: step.capability.as_deref().unwrap_or_default().to_owned(),
        spans,
        outcome: outcome.to_owned(),
        tries: step.tries.last().map_or(0, |last| last.number as usize),
        notes: notes(step, plan, undone),
    }
}

/// Why a step ended as it did, and what policies decided.
fn notes(step: &TracedStep, plan: Option<&PlanGraph>, undone: Option<&str>) -> Vec<String> {
    let mut notes: Vec<String> = step.decisions.iter().map(|decision| rationale(step, plan, decision)).collect();
    let failed = |reason: &str| format!("{reason}: {}", step.message.as_deref().unwrap_or_default());
    match (&step.reason, &step.message) {
        (Some(reason), Some(_)) => notes.push(failed(reason)),
        (Some(reason), None) => notes.push(reason.to_string()),
        (None, Some(message)) => notes.push(message.clone()),
        (None, None) => {}
    }
    if let Some(undone) = undone.filter(|undone| *undone != "undone") {
        notes.push(format!("undo: {undone}"));
    }
    notes
}

/// A decision of a policy with its condition and what that saw.
fn rationale(step: &TracedStep, plan: Option<&PlanGraph>, decision: &Json) -> String {
    let text = |name: &str| decision[name].as_str().unwrap_or_default();
    let said = match (text("decision"), &decision["holds"]) {
        ("allow", Json::Bool(true)) => "warns",
        ("allow", _) => "allows it",
        (_, Json::Null) => "cannot be decided",
        _ => "denies it",
    };
    let verdict = plan.and_then(|plan| {
        let is = |verdict: &&ordain_graph::Verdict| {
            verdict.code == text("code")
                && verdict.policy == text("policy")
                && verdict.node.as_ref().is_some_and(|node| node.0 == step.node)
        };
        Some((plan, plan.verdicts.iter().find(is)?))
    });
    let written = |plan, value: &Value| match value {
        Value::String(text) => text.to_string(),
        other => ordain_views::written(plan, other, MAX_TEXT),
    };
    let condition = verdict.and_then(|(plan, verdict)| Some(written(plan, verdict.when.as_ref()?)));
    let because = verdict.and_then(|(plan, verdict)| Some(written(plan, verdict.because.as_ref()?)));
    let because = because.map(|because| format!(", because {because}")).unwrap_or_default();
    let seen = decision["values"].as_array().into_iter().flatten().map(|seen| {
        let node = seen["node"].as_str().unwrap_or_default();
        let address = plan.and_then(|plan| plan.nodes.iter().find(|each| each.id.0 == node));
        let mut name = address.map_or_else(|| node.to_owned(), |node| node.address.to_string());
        for part in seen["path"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            name.extend([".", part]);
        }
        let value = seen.get("value").map_or_else(|| text_of(&seen["digest"]), text_of);
        format!("{name} = {value}")
    });
    let seen = seen.collect::<Vec<_>>().join(", ");
    let verb = if decision["holds"] == false { "does not hold" } else { "holds" };
    let condition = condition.map_or_else(String::new, |condition| format!(": `{condition}` {verb}"));
    let with = if seen.is_empty() { String::new() } else { format!(" with {seen}") };
    format!("{} {said}{condition}{with}{because}", text("code"))
}

fn text_of(value: &Json) -> String {
    let text = value.to_string();
    if text.len() <= MAX_TEXT { text } else { format!("{}…", &text[..text.floor_char_boundary(MAX_TEXT)]) }
}
