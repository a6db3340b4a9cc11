//! `ordain executions`

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use ordain_runtime::{
    Approvers, ExecutionRecord, ExecutionSummary, Inquiry, Journal, RecordedState, Refusal, State, Statement,
    StepRecord, Word, inquire,
};
use serde_json::json;
use smol_str::SmolStr;

use super::apply::{journal, workspace};
use crate::args::ExecutionsArguments;
use crate::output::approvals::Commands;
use crate::{Failure, Outcome, output};

pub(crate) fn run(arguments: &ExecutionsArguments) -> Result<Outcome, Failure> {
    let path = journal(&workspace(&arguments.package)?, arguments.journal.as_deref());
    let journal = Journal::open_existing(&path)?;
    let executions = journal.executions()?;
    let Some(id) = &arguments.execution else {
        let places = places(&journal, &executions)?;
        if arguments.json {
            let with_place = |(execution, place): (&ExecutionSummary, &Vec<SmolStr>)| {
                let mut shown = json!(execution);
                shown["environments"] = json!(place);
                shown
            };
            let shown: Vec<_> = executions.iter().zip(&places).map(with_place).collect();
            output::json(&json!({ "executions": shown }))?;
        } else {
            output::write(None, listed(&executions, &places).as_bytes())?;
        }
        return Ok(Outcome::Fine);
    };
    let id = &choose(&executions, id)?.id;
    let record =
        journal.execution(id)?.ok_or_else(|| Failure(format!("the journal has no execution `{id}` any more")))?;
    let inquiry = inquire(&journal, id, Timestamp::now().as_millisecond())?.unwrap_or_default();
    let place = journal.environments(&record.summary.plan_hash)?;
    if arguments.json {
        let mut shown = json!(record);
        shown["environments"] = json!(place);
        shown["approvals"] = json!(inquiry.standings);
        shown["said"] = json!(inquiry.said);
        output::json(&shown)?;
    } else {
        let commands = Commands { execution: id, package: &arguments.package, journal: arguments.journal.as_deref() };
        let mut text = told(&record, &place);
        if !inquiry.standings.is_empty() {
            text += &format!("\n{}", said(&inquiry));
            let ended = matches!(record.summary.state, RecordedState::Finished(state) if state != State::Cancelled);
            let shown = output::approvals::told(&inquiry.standings, &commands);
            // Once it has ended, nothing is left to be said.
            text += if ended { "" } else { &shown };
        }
        output::write(None, text.as_bytes())?;
    }
    Ok(Outcome::Fine)
}

/// The one execution whose id begins so, or the latest of all.
pub(super) fn choose<'a>(executions: &'a [ExecutionSummary], id: &str) -> Result<&'a ExecutionSummary, Failure> {
    // Every id begins with nothing, which is what a variable holds that a script did not set.
    if id.is_empty() {
        return Err(Failure("no execution is named: give its id, how that begins, or `latest`".into()));
    }
    if id == "latest" {
        return executions.first().ok_or_else(|| Failure("the journal has no executions".into()));
    }
    let mut fitting = executions.iter().filter(|each| each.id.starts_with(id));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Failure(format!("the ids of several executions begin with `{id}`"))),
        (None, _) => Err(Failure(format!(
            "the journal has no execution `{id}`; `ordain executions` lists them [{}]",
            Refusal::ExecutionUnknown.code()
        ))),
    }
}

/// The environments of each execution. A plan that was executed often is read once.
fn places(journal: &Journal, executions: &[ExecutionSummary]) -> Result<Vec<Vec<SmolStr>>, Failure> {
    let mut known: HashMap<&str, Vec<SmolStr>> = HashMap::new();
    for ExecutionSummary { plan_hash, .. } in executions {
        if !known.contains_key(plan_hash.as_str()) {
            known.insert(plan_hash, journal.environments(plan_hash)?);
        }
    }
    Ok(executions.iter().map(|execution| known[execution.plan_hash.as_str()].clone()).collect())
}

/// A plan's name with the environments that it is about.
pub(super) fn placed(plan: &str, environments: &[SmolStr]) -> String {
    if environments.is_empty() { plan.to_owned() } else { format!("{plan} in {}", environments.join(", ")) }
}

/// Tells of another execution that has succeeded since one began, with what that means.
pub(super) fn warn_of_newer(journal: &Journal, chosen: &ExecutionSummary, what: &str) -> Result<(), Failure> {
    if let Some((newer, environment)) = journal.succeeded_since(&chosen.id)? {
        let place = if environment.is_empty() { String::new() } else { format!(" in `{environment}`") };
        anstream::eprintln!("`{newer}` has succeeded{place} since `{}` began, {what}", chosen.id);
    }
    Ok(())
}

fn listed(executions: &[ExecutionSummary], places: &[Vec<SmolStr>]) -> String {
    let mut text = String::new();
    let plans: Vec<String> = executions.iter().zip(places).map(|(each, place)| placed(&each.plan, place)).collect();
    let longest = plans.iter().map(String::len).max().unwrap_or(0);
    for (ExecutionSummary { id, started_at, finished_at, state, .. }, plan) in executions.iter().zip(plans) {
        let took = match finished_at {
            Some(finished) => format!("  {} ms", finished - started_at),
            None => String::new(),
        };
        let hint = match state {
            RecordedState::Interrupted => "  `ordain resume` goes on with it",
            RecordedState::Waiting => "  `ordain executions` and its id tell for whom",
            _ => "",
        };
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(text, "{id}  {}  {plan:longest$}  {}{took}{hint}", day_and_time(*started_at), state.name());
    }
    text
}

fn told(record: &ExecutionRecord, place: &[SmolStr]) -> String {
    let ExecutionSummary { plan, plan_hash, package, version, state, started_at, .. } = &record.summary;
    let plan = placed(plan, place);
    let mut text = format!("{plan} of {package} {version}: {}\n{plan_hash}\n\n", state.name());
    for StepRecord { at, address, event, attempt, data, .. } in &record.steps {
        let attempt = if *attempt > 1 { format!(", try {attempt}") } else { String::new() };
        let imported = if data["imported"] == true { ", imported" } else { "" };
        let why = ["reason", "message"].map(|name| data[name].as_str());
        let why = match why {
            [Some(reason), Some(message)] => format!("  {reason}: {message}"),
            _ => String::new(),
        };
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(text, "{:>8} ms  {:<11} {address}{attempt}{imported}{why}", at - started_at, event.name());
    }
    text
}

/// What people have said, one line for each.
fn said(inquiry: &Inquiry) -> String {
    let mut text = String::new();
    for said in &inquiry.said {
        // INVARIANT: writing to a string never fails.
        let _ = match said {
            Word::Counts(Statement { at, decision, identity, policy, reason, until, .. }) => {
                let until = until.map(|until| format!("  until {}", day_and_time(until))).unwrap_or_default();
                let reason = reason.as_ref().map(|reason| format!("  {}", output::line(reason))).unwrap_or_default();
                let (identity, policy) = (output::line(identity), output::line(policy));
                writeln!(text, "{}  {identity}  {} {policy}{until}{reason}", day_and_time(*at), decision.name())
            }
            Word::Not { because } => writeln!(text, "a record that does not count: {}", output::line(because)),
        };
    }
    text
}

/// An execution goes by the approvers that it began with. Whoever looks at the package's file should know.
pub(super) fn warn_of_other_approvers(execution: &ExecutionRecord, package: &Path) {
    let Some(began) = execution.approvers.as_ref().map(Approvers::digest) else { return };
    // One that cannot be read is another, too.
    let now = super::apply::approvers(package).ok().flatten();
    if now.is_none_or(|now| now.digest() != began) {
        anstream::eprintln!(
            "the package's approvers are not those that the execution began with; it goes by those of then ({began})"
        );
    }
}

/// Milliseconds since 1970 as people write a time.
fn day_and_time(at: i64) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}
