//! `ordain policy explain`

use std::fmt::Write as _;

use ordain_compiler::{Clause, Explained, Kind, PlanInstance, Ruling, Way, explain, package_items, qualified_name};
use ordain_graph::{Outcome as Said, Value};
use ordain_loader::Workspace;
use serde_json::{Value as Json, json};

use super::{package, plan};
use crate::args::ExplainPolicyArguments;
use crate::output;
use crate::{Failure, Outcome};

pub(crate) fn explained(arguments: &ExplainPolicyArguments) -> Result<Outcome, Failure> {
    let workspace = package::load(&arguments.selection.package)?;
    let selection = &arguments.selection;
    let as_of = plan::day(selection.as_of.as_deref())?;
    let Some((item, values)) = plan::instance(&workspace, selection.plan.as_deref(), &selection.arguments)? else {
        return Ok(Outcome::Findings);
    };
    let db = &workspace.db;
    let found = explain(db, PlanInstance::new(db, item, values), Some(as_of), &arguments.code);
    if found.is_empty() {
        return Err(Failure(unknown(&workspace, &arguments.code)));
    }
    if arguments.json {
        let list: Vec<Json> = found.iter().map(|explained| as_json(&workspace, explained)).collect();
        output::json(&json!({ "code": arguments.code, "plan": qualified_name(db, item), "about": list }))?;
    } else {
        let text: String = found.iter().map(|explained| as_text(&workspace, explained)).collect();
        output::write(None, text.as_bytes())?;
    }
    Ok(Outcome::Fine)
}

/// Why a code has nothing to explain.
fn unknown(workspace: &Workspace, code: &str) -> String {
    let db = &workspace.db;
    let known = workspace.packages.iter().flat_map(|&package| package_items(db, package));
    let known = known.filter(|item| item.kind(db) == Kind::Policy);
    let codes: Vec<String> =
        known.filter_map(|item| ordain_compiler::policy_code(db, item)).map(String::from).collect();
    if codes.iter().any(|known| known == code) {
        format!("{code} is not about this plan or its steps")
    } else if codes.is_empty() {
        "no policies hold here".into()
    } else {
        format!("no policy has the code {code}; there are {}", codes.join(", "))
    }
}

fn as_text(workspace: &Workspace, explained: &Explained<'_>) -> String {
    let db = &workspace.db;
    let subject = explained.step.as_deref().unwrap_or("the plan");
    let mut out = String::new();
    // INVARIANT: writing to a string never fails.
    if explained.decided.rulings.is_empty() {
        let _ = writeln!(out, "{subject}: `{}` says nothing", explained.policy.name(db));
    }
    for ruling in &explained.decided.rulings {
        let _ = writeln!(out, "{subject}: `{}` {}", explained.policy.name(db), said(ruling));
    }
    for line in explained.decided.ways.iter().flat_map(|each| way(workspace, each)) {
        let _ = writeln!(out, "    {line}");
    }
    out
}

/// A way through a policy, a line for each clause, and where it led.
pub(super) fn way(workspace: &Workspace, way: &Way<'_>) -> Vec<String> {
    let mut lines: Vec<String> = way.clauses.iter().map(|clause| line(workspace, clause)).collect();
    lines.push(if way.met { "so it speaks" } else { "so it does not speak" }.into());
    lines
}

/// A clause with what it gave: `when env.tier == production: true`.
fn line(workspace: &Workspace, clause: &Clause<'_>) -> String {
    let source = source(workspace, clause);
    let value = shown(&clause.value);
    match (&clause.name, clause.negated) {
        (Some(name), _) => format!("{name} = {value}, of `{source}`"),
        (None, true) => format!("unless {source}: {value}"),
        (None, false) => format!("when {source}: {value}"),
    }
}

/// The source of a clause's expression, on one line.
fn source(workspace: &Workspace, clause: &Clause<'_>) -> String {
    let (path, range) = clause.at.locate(&workspace.db);
    let texts = workspace.texts();
    let text = texts.get(path.as_str()).and_then(|text| text.get(range.start as usize..range.end as usize));
    text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value in JSON, where all of it is known.
fn shown(value: &Value) -> String {
    if value.is_known() { value.to_json().to_string() } else { "not known before execution".into() }
}

fn said(ruling: &Ruling) -> String {
    let text = |message: &Option<Value>| {
        let shown = message
            .as_ref()
            .map(|message| ordain_graph::display(message).unwrap_or_else(|_| message.to_json().to_string()));
        shown.map(|shown| format!(": {shown}")).unwrap_or_default()
    };
    let mut said = match &ruling.outcome {
        Said::Deny { message } => format!("denies{}", text(message)),
        Said::Warn { message } => format!("warns{}", text(message)),
        Said::Approval { group, count } => format!("asks for the approval of {count} of `{group}`"),
        Said::Escalate { group } => format!("hands approvals over to `{group}`"),
        Said::Gate { name, .. } => format!("asks for the gate `{name}`"),
    };
    if ruling.when.is_some() {
        said += ", if what is not known yet turns out so";
    }
    if let Some(exempt) = &ruling.exempt {
        said += ", but it is exempt";
        if let Some(until) = exempt.until {
            said += &format!(" until {until}");
        }
    }
    said + &ruling
        .because
        .as_ref()
        .map(|because| text(&Some(because.clone())).replacen(": ", ", because ", 1))
        .unwrap_or_default()
}

/// A way through a policy, for programs.
pub(super) fn way_as_json(workspace: &Workspace, way: &Way<'_>) -> Json {
    let clauses: Vec<Json> = way
        .clauses
        .iter()
        .map(|clause| {
            let (path, range) = clause.at.locate(&workspace.db);
            json!({
                "clause": if clause.name.is_some() { "bind" } else if clause.negated { "unless" } else { "when" },
                "name": clause.name,
                "source": source(workspace, clause),
                "path": path,
                "range": { "start": range.start, "end": range.end },
                "value": clause.value.to_json(),
            })
        })
        .collect();
    json!({ "met": way.met, "clauses": clauses })
}

fn as_json(workspace: &Workspace, explained: &Explained<'_>) -> Json {
    let rulings = explained.decided.rulings.iter().map(|ruling| {
        json!({
            "says": said(ruling),
            "when": ruling.when.as_ref().map(Value::to_json),
            "exempt": ruling.exempt.is_some(),
        })
    });
    json!({
        "step": explained.step,
        "policy": qualified_name(&workspace.db, explained.policy),
        "says": rulings.collect::<Vec<_>>(),
        "ways": explained.decided.ways.iter().map(|way| way_as_json(workspace, way)).collect::<Vec<_>>(),
    })
}
