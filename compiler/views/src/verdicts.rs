//! What policies say of a plan, in words that all views share.

use std::collections::BTreeMap;

use ordain_graph::{NodeId, Outcome, PlanGraph, Value, Verdict};

use crate::addresses::Addresses;
use crate::expression::expression;
use crate::names::{number, shortened};

/// How many steps one line names.
const MAX_NAMED: usize = 3;

/// How long a message or condition may be.
const MAX_TEXT: usize = 160;

/// What one policy says, of all the steps of which it says the same.
pub(crate) struct Said {
    /// The policy's code.
    pub(crate) code: String,
    /// What it says: `needs the approval of 2 of sre`.
    pub(crate) what: String,
    /// Of what: the plan, or steps by their addresses.
    pub(crate) about: String,
    /// Whether it keeps the plan from being executed.
    pub(crate) denies: bool,
}

/// What the policies say, by code; the same thing said of several steps once.
pub(crate) fn said(graph: &PlanGraph, addresses: &Addresses<'_>) -> Vec<Said> {
    let mut lines: BTreeMap<(&str, String, bool), Vec<Option<&NodeId>>> = BTreeMap::new();
    for verdict in &graph.verdicts {
        let said = (verdict.code.as_str(), phrase(verdict, addresses), denies(verdict));
        lines.entry(said).or_default().push(verdict.node.as_ref());
    }
    lines
        .into_iter()
        .map(|((code, what, denies), nodes)| Said {
            code: shortened(code, 40),
            what,
            about: about(&nodes, addresses),
            denies,
        })
        .collect()
}

/// What the policies say and why, by code.
pub(crate) fn rationale(graph: &PlanGraph) -> Vec<String> {
    let addresses = Addresses::of(graph);
    let naming = |id: &NodeId| Some(addresses.address(id));
    let mut lines: BTreeMap<(&str, String), Vec<Option<&NodeId>>> = BTreeMap::new();
    for verdict in &graph.verdicts {
        let mut what = phrase(verdict, &addresses);
        // Where there is no message, what denies or warns tells it already.
        let told = matches!(verdict.outcome, Outcome::Deny { message: None } | Outcome::Warn { message: None });
        if let Some(because) = verdict.because.as_ref().filter(|_| !told) {
            let because = match because {
                Value::String(text) => shortened(text, MAX_TEXT),
                other => expression(other, None, &naming, MAX_TEXT),
            };
            what += &format!(", because {because}");
        }
        lines.entry((&verdict.code, what)).or_default().push(verdict.node.as_ref());
    }
    let line = |((code, what), nodes): ((&str, String), Vec<Option<&NodeId>>)| {
        format!("{} {what} ({})", shortened(code, 40), about(&nodes, &addresses))
    };
    lines.into_iter().map(line).collect()
}

/// Whether a verdict keeps the plan from being executed.
pub(crate) fn denies(verdict: &Verdict) -> bool {
    verdict.exempt.is_none()
        && verdict.when.is_none()
        && matches!(verdict.outcome, Outcome::Deny { .. } | Outcome::Gate { present: false, .. })
}

/// What stands between the plan and its execution: `denied by GOV-103`, `approval of 2 of sre`.
pub(crate) fn open(graph: &PlanGraph) -> Vec<String> {
    let asked = graph.requirements();
    let codes = |codes: &std::collections::BTreeSet<smol_str::SmolStr>| {
        codes.iter().map(|code| shortened(code, 40)).collect::<Vec<_>>().join(", ")
    };
    let mut open = Vec::new();
    if !asked.denied_by.is_empty() {
        open.push(format!("denied by {}", codes(&asked.denied_by)));
    }
    open.extend(
        asked.approvals.iter().map(|(group, count)| format!("approval of {count} of {}", shortened(group, 40))),
    );
    if !asked.pending.is_empty() {
        open.push(format!("decided during execution: {}", codes(&asked.pending)));
    }
    open
}

fn about(nodes: &[Option<&NodeId>], addresses: &Addresses<'_>) -> String {
    let name = |node: &Option<&NodeId>| match node {
        Some(id) => shortened(&addresses.address(id), 60),
        None => "the plan".into(),
    };
    let mut names: Vec<String> = nodes.iter().take(MAX_NAMED).map(name).collect();
    if nodes.len() > MAX_NAMED {
        names.push(format!("{} more", number(nodes.len() - MAX_NAMED)));
    }
    names.join(", ")
}

/// What a verdict says.
pub(crate) fn phrase(verdict: &Verdict, addresses: &Addresses<'_>) -> String {
    let naming = |id: &NodeId| Some(addresses.address(id));
    let shown = |value: &Value| match value {
        Value::String(text) => shortened(text, MAX_TEXT),
        other => expression(other, None, &naming, MAX_TEXT),
    };
    let with = |verb: &str, message: &Option<Value>| match message.as_ref().or(verdict.because.as_ref()) {
        Some(message) => format!("{verb}: {}", shown(message)),
        None => verb.to_owned(),
    };
    let mut phrase = match &verdict.outcome {
        Outcome::Deny { message } => with("denies", message),
        Outcome::Warn { message } => with("warns", message),
        Outcome::Approval { group, count } => format!("needs the approval of {count} of {}", shortened(group, 40)),
        Outcome::Escalate { group } => format!("hands approvals over to {}", shortened(group, 40)),
        Outcome::Gate { name, present: true } => format!("needs the gate {}, which is there", shortened(name, 40)),
        Outcome::Gate { name, present: false } => {
            let lacks = if verdict.node.is_some() { "does not stand before it" } else { "is not there" };
            format!("needs the gate {}, which {lacks}", shortened(name, 40))
        }
    };
    if let Some(when) = &verdict.when {
        phrase = format!("{phrase}, if {}", shown(when));
    }
    if let Some(exempt) = &verdict.exempt {
        phrase += "; exempt";
        if let Some(until) = exempt.until {
            phrase += &format!(" until {until}");
        }
        if let Some(see) = &exempt.see {
            phrase += &format!(" by {}", shortened(see, 60));
        }
    }
    phrase
}
