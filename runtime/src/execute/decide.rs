//! Deciding verdicts that had waited for outputs, with what tells later why they were decided so.

use ordain_graph::{NodeRef, Outcome, Residual, Value, Verdict, evaluate};
use serde_json::{Value as Json, json};

use crate::adapters::StepError;
use crate::reason::Reason;

/// The outputs of the node of an id, where it succeeded.
pub(crate) type Outputs<'a> = &'a dyn Fn(&ordain_graph::NodeId) -> Option<Value>;

/// What is longer than this as JSON is written down as its digest.
const LONGEST: usize = 4096;

/// Decides verdicts in order, up to the first that denies. What cannot be decided even now is denied. Gives what the log
/// tells of each decision, and those that ask people.
pub(crate) fn decide<'p>(
    verdicts: &[&'p Verdict],
    outputs: Outputs<'_>,
) -> (Vec<Json>, Result<Vec<&'p Verdict>, StepError>) {
    let mut decisions = Vec::with_capacity(verdicts.len());
    let mut asking = Vec::new();
    for verdict in verdicts {
        let (holds, result) = decide_one(verdict, outputs);
        decisions.push(told(verdict, holds, &result, outputs));
        if let Err(error) = result {
            return (decisions, Err(error));
        }
        if holds == Some(true) && asks(&verdict.outcome) {
            asking.push(*verdict);
        }
    }
    (decisions, Ok(asking))
}

fn asks(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Approval { .. } | Outcome::Escalate { .. })
}

/// Whether the condition holds, where that can be said, and whether the step may run.
fn decide_one(verdict: &Verdict, outputs: Outputs<'_>) -> (Option<bool>, Result<(), StepError>) {
    let code = &verdict.code;
    match verdict.when.as_ref().map(|when| evaluate(when, outputs)) {
        Some(Ok(Value::Bool(false))) => return (Some(false), Ok(())),
        Some(Ok(Value::Bool(true))) | None => {}
        Some(Ok(_)) => {
            return (None, Err(StepError::new(Reason::PolicyUndecided, format!("{code} cannot be decided"))));
        }
        Some(Err(error)) => {
            let message = format!("{code} cannot be decided: {error}");
            return (None, Err(StepError::new(Reason::PolicyUndecided, message)));
        }
    }
    let text = |message: &Option<Value>| {
        let known = message.as_ref().and_then(|message| evaluate(message, outputs).ok());
        known.and_then(|message| ordain_graph::display(&message).ok())
    };
    let message = match &verdict.outcome {
        // Whether people have agreed is another question.
        Outcome::Approval { .. } | Outcome::Escalate { .. } => return (Some(true), Ok(())),
        Outcome::Warn { .. } | Outcome::Gate { present: true, .. } => return (Some(true), Ok(())),
        Outcome::Deny { message } => match text(message).or_else(|| text(&verdict.because)) {
            Some(message) => format!("{code} denies it: {message}"),
            None => format!("{code} denies it"),
        },
        Outcome::Gate { name, .. } => format!("{code} denies it: there is no gate `{name}`"),
    };
    (Some(true), Err(StepError::new(Reason::PolicyDenied, message)))
}

/// A decision as the log tells it: what was demanded under which condition, what the condition saw, and what came of it.
/// Outputs hold references to secrets, and no content of one.
fn told(verdict: &Verdict, holds: Option<bool>, result: &Result<(), StepError>, outputs: Outputs<'_>) -> Json {
    let mut seen = Vec::new();
    if let Some(when) = &verdict.when {
        reads(when, &mut seen);
    }
    seen.sort();
    seen.dedup();
    let values = seen.into_iter().filter_map(|read| {
        let Residual::Output { node: NodeRef::Id(node), path } = read else { return None };
        let value = evaluate(&Value::Residual(read.clone().into()), outputs).ok()?;
        let (member, value) = bounded(value.to_json());
        Some(json!({ "node": node, "path": path, member: value }))
    });
    let (member, condition) = bounded(verdict.when.as_ref().map_or(Json::Bool(true), Value::to_json));
    let member = if member == "digest" { "condition_digest" } else { "condition" };
    let mut told = json!({
        "code": verdict.code,
        "policy": verdict.policy,
        "severity": verdict.severity.name(),
        "demands": demand(&verdict.outcome),
        "values": values.collect::<Vec<_>>(),
        "holds": holds,
        "decision": match result {
            Ok(()) if holds == Some(true) && asks(&verdict.outcome) => "ask",
            Ok(()) => "allow",
            Err(_) => "deny",
        },
    });
    told[member] = condition;
    if let Err(error) = result {
        told["reason"] = json!(error.reason);
        told["message"] = json!(error.message);
    }
    told
}

fn demand(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Deny { .. } => "deny",
        Outcome::Warn { .. } => "warn",
        Outcome::Approval { .. } => "approval",
        Outcome::Escalate { .. } => "escalate",
        Outcome::Gate { .. } => "gate",
    }
}

fn reads<'v>(value: &'v Value, seen: &mut Vec<&'v Residual>) {
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { .. } => seen.push(residual),
            Residual::Apply { args, .. } => args.iter().for_each(|each| reads(each, seen)),
            Residual::It => {}
        },
        Value::List(elements) => elements.iter().for_each(|each| reads(each, seen)),
        Value::Set(elements) => elements.iter().for_each(|each| reads(each, seen)),
        Value::Map(entries) => entries.values().for_each(|each| reads(each, seen)),
        Value::Record(fields) => fields.values().for_each(|each| reads(each, seen)),
        _ => {}
    }
}

/// JSON under `value`, or where it is long, its digest under `digest`.
fn bounded(value: Json) -> (&'static str, Json) {
    let text = value.to_string();
    if text.len() <= LONGEST { ("value", value) } else { ("digest", json!(crate::workspace::digest(text.as_bytes()))) }
}
