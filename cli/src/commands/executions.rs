//! `ordain executions`

use std::fmt::Write as _;

use jiff::Timestamp;
use ordain_runtime::{ExecutionRecord, ExecutionSummary, Journal, RecordedState, StepRecord};
use serde_json::json;

use super::apply::{journal, workspace};
use crate::args::ExecutionsArguments;
use crate::{Failure, Outcome, output};

pub(crate) fn run(arguments: &ExecutionsArguments) -> Result<Outcome, Failure> {
    let path = journal(&workspace(&arguments.package)?, arguments.journal.as_deref());
    let journal = Journal::open_existing(&path)?;
    let executions = journal.executions()?;
    let Some(id) = &arguments.execution else {
        if arguments.json {
            output::json(&json!({ "executions": executions }))?;
        } else {
            output::write(None, listed(&executions).as_bytes())?;
        }
        return Ok(Outcome::Fine);
    };
    let id = &choose(&executions, id)?.id;
    let record =
        journal.execution(id)?.ok_or_else(|| Failure(format!("the journal has no execution `{id}` any more")))?;
    if arguments.json {
        output::json(&json!(record))?;
    } else {
        output::write(None, told(&record).as_bytes())?;
    }
    Ok(Outcome::Fine)
}

/// The one execution whose id begins so, or the latest of all.
pub(super) fn choose<'a>(executions: &'a [ExecutionSummary], id: &str) -> Result<&'a ExecutionSummary, Failure> {
    if id == "latest" {
        return executions.first().ok_or_else(|| Failure("the journal has no executions".into()));
    }
    let mut fitting = executions.iter().filter(|each| each.id.starts_with(id));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Failure(format!("the ids of several executions begin with `{id}`"))),
        (None, _) => Err(Failure(format!("the journal has no execution `{id}`; `ordain executions` lists them"))),
    }
}

fn listed(executions: &[ExecutionSummary]) -> String {
    let mut text = String::new();
    let longest = executions.iter().map(|each| each.plan.len()).max().unwrap_or(0);
    for ExecutionSummary { id, plan, started_at, finished_at, state, .. } in executions {
        let took = match finished_at {
            Some(finished) => format!("  {} ms", finished - started_at),
            None => String::new(),
        };
        let hint = if *state == RecordedState::Interrupted { "  `ordain resume` goes on with it" } else { "" };
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(text, "{id}  {}  {plan:longest$}  {}{took}{hint}", day_and_time(*started_at), state.name());
    }
    text
}

fn told(record: &ExecutionRecord) -> String {
    let ExecutionSummary { plan, plan_hash, package, version, state, started_at, .. } = &record.summary;
    let mut text = format!("{plan} of {package} {version}: {}\n{plan_hash}\n\n", state.name());
    for StepRecord { at, address, event, attempt, data, .. } in &record.steps {
        let attempt = if *attempt > 1 { format!(", try {attempt}") } else { String::new() };
        let why = ["reason", "message"].map(|name| data[name].as_str());
        let why = match why {
            [Some(reason), Some(message)] => format!("  {reason}: {message}"),
            _ => String::new(),
        };
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(text, "{:>8} ms  {:<11} {address}{attempt}{why}", at - started_at, event.name());
    }
    text
}

/// Milliseconds since 1970 as people write a time.
fn day_and_time(at: i64) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}
