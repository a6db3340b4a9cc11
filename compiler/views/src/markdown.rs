//! The plan in Markdown, for a pull request.

use std::fmt::Write as _;

use ordain_graph::{NodeKind, PlanGraph};

use crate::addresses::Addresses;
use crate::expression::expression;
use crate::names::{counted, number, shortened};
use crate::outline::Outline;
use crate::summary::{Summary, environment_of};
use crate::verdicts;

/// The largest plan that comes with a picture, in boxes.
const MAX_PICTURE: usize = 60;

/// How many rows the tables have in all.
const MAX_ROWS: usize = 200;

/// The longest name, in columns.
const MAX_NAME: usize = 200;

/// How many names stand in one cell.
const MAX_NAMES: usize = 8;

/// The plan in Markdown (GitHub's flavour): a table of what it amounts to, a table for each stage, and a Mermaid picture
/// for plans of at most 60 boxes.
///
/// Names stand as code, so that nothing in them is markup, a link or a mention.
pub fn markdown(graph: &PlanGraph) -> String {
    let outline = Outline::of(graph);
    let addresses = Addresses::of(graph);
    let mut out = String::new();
    // INVARIANT: writing to a string never fails.
    let _ = writeln!(out, "### Plan {}\n", code(&graph.plan));
    summary(graph, &addresses, &mut out);
    policies(graph, &addresses, &mut out);
    stages(graph, &outline, &addresses, &mut out);
    picture(graph, &mut out);
    out
}

fn summary(graph: &PlanGraph, addresses: &Addresses<'_>, out: &mut String) {
    let summary = Summary::of(graph);
    let mut row = |name: &str, value: String| {
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(out, "| {name} | {value} |");
    };
    row("", String::new());
    row("---", "---".into());
    row("Package", format!("{} {}", code(&graph.package.name), code(&graph.package.version)));
    row("Hash", code(&graph.hash()));
    if let Some(left_out) = Summary::left_out(graph) {
        row("Part", code(&left_out));
    }
    row("Steps", number(summary.steps));
    row("Gates", number(summary.gates));
    row("Dependencies", number(summary.dependencies));
    if !graph.nodes.is_empty() {
        row("Effect", format!("**{}** ({})", graph.effect.name(), summary.effects()));
        row("Risk", format!("**{}** ({})", graph.risk.name(), summary.risks()));
    }
    row("On failure", format!("{}; {} can be undone", graph.on_failure.name(), counted(summary.undoable, "step")));
    if !graph.arguments.is_empty() {
        let arguments = graph.arguments.iter().map(|(name, value)| {
            let naming = |id: &ordain_graph::NodeId| Some(addresses.address(id));
            let value = match environment_of(graph, value) {
                Some(name) => name.to_owned(),
                None => expression(value, None, &naming, 60),
            };
            code(&format!("{name} = {value}"))
        });
        row("Arguments", listed(arguments, graph.arguments.len()));
    }
    if !graph.environments.is_empty() {
        row("Environments", listed(graph.environments.keys().map(|name| code(name)), graph.environments.len()));
    }
    if !summary.secrets.is_empty() {
        row("Secrets", listed(summary.secrets.iter().map(|name| code(name)), summary.secrets.len()));
    }
    if !graph.data.is_empty() {
        row("Data files", listed(graph.data.keys().map(|name| code(name)), graph.data.len()));
    }
    out.push('\n');
}

/// What the policies say, and what is still to be settled before the plan runs.
fn policies(graph: &PlanGraph, addresses: &Addresses<'_>, out: &mut String) {
    let said = verdicts::said(graph, addresses);
    if said.is_empty() {
        return;
    }
    let mut open: Vec<String> = verdicts::open(graph).iter().map(|open| code(open)).collect();
    open.insert(0, format!("**{}**", graph.mode().name()));
    // INVARIANT: writing to a string never fails.
    let _ = writeln!(out, "#### Policies\n\n{}\n\n| Policy | About | Says |\n| --- | --- | --- |", open.join(" · "));
    for line in said.iter().take(MAX_ROWS) {
        let what = if line.denies { format!("**{}**", code(&line.what)) } else { code(&line.what) };
        let _ = writeln!(out, "| {} | {} | {what} |", code(&line.code), code(&line.about));
    }
    out.push('\n');
    if said.len() > MAX_ROWS {
        let _ = writeln!(out, "{} more.\n", number(said.len() - MAX_ROWS));
    }
}

/// The first of some names with commas; the others are counted.
fn listed(names: impl Iterator<Item = String>, of: usize) -> String {
    let mut text = names.take(MAX_NAMES).collect::<Vec<_>>().join(", ");
    if of > MAX_NAMES {
        text.push_str(&format!(" and {} more", number(of - MAX_NAMES)));
    }
    text
}

/// A table for the steps of each stage, those of none first.
fn stages(graph: &PlanGraph, outline: &Outline<'_>, addresses: &Addresses<'_>, out: &mut String) {
    let mut rows = 0;
    let mut told = 0;
    let mut in_stage: Vec<Vec<usize>> = vec![Vec::new(); graph.stages.len() + 1];
    let places: rustc_hash::FxHashMap<&str, usize> =
        graph.stages.iter().enumerate().map(|(at, stage)| (stage.as_str(), at + 1)).collect();
    for (own, family) in outline.families.iter().enumerate() {
        let Some(&first) = family.nodes.first() else { continue };
        let stage = graph.nodes[first].stage.as_ref().and_then(|stage| places.get(stage.as_str()));
        in_stage[stage.copied().unwrap_or(0)].push(own);
    }
    for (at, families) in in_stage.iter().enumerate() {
        if families.is_empty() || rows >= MAX_ROWS {
            continue;
        }
        // INVARIANT: writing to a string never fails.
        let _ = match at.checked_sub(1) {
            Some(stage) => writeln!(out, "#### Stage {}\n", code(&graph.stages[stage])),
            None if graph.stages.is_empty() => writeln!(out, "#### Steps\n"),
            None => writeln!(out, "#### Steps outside of stages\n"),
        };
        out.push_str("| Step | Does | Effect | Risk | Waits for | Undo |\n| --- | --- | --- | --- | --- | --- |\n");
        for &own in families.iter().take(MAX_ROWS - rows) {
            out.push_str(&row(graph, outline, addresses, own));
            told += outline.families[own].nodes.len();
            rows += 1;
        }
        out.push('\n');
    }
    if told < graph.nodes.len() {
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(out, "{} not shown.\n", counted(graph.nodes.len() - told, "step"));
    }
}

fn row(graph: &PlanGraph, outline: &Outline<'_>, addresses: &Addresses<'_>, own: usize) -> String {
    let family = &outline.families[own];
    // INVARIANT: only families with nodes have a row.
    let node = &graph.nodes[family.nodes[0]];
    let count = family.nodes.len();
    let mut name = code(&family_address(graph, outline, own));
    if count > 1 {
        name.push_str(&format!(" ×{}", number(count)));
    }
    if let NodeKind::Gate { expect } = &node.kind {
        let naming = |id: &ordain_graph::NodeId| (*id != node.id).then(|| addresses.address(id));
        name.push_str(&format!("<br>gate: {}", code(&expression(expect, None, &naming, 80))));
    }
    let mut waits: Vec<usize> = Vec::new();
    for &at in &family.nodes {
        for dependency in &graph.nodes[at].depends_on {
            waits.extend(addresses.position(&dependency.on).map(|on| outline.family_of[on]));
        }
        waits.sort_unstable();
        waits.dedup();
    }
    let names = waits.iter().map(|&on| code(&family_address(graph, outline, on)));
    let undo = node.undo.as_ref().map(|undo| code(&undo.capability)).unwrap_or_default();
    format!(
        "| {name} | {} | {} | {} | {} | {undo} |\n",
        code(&node.capability),
        node.effect.name(),
        node.risk.name(),
        listed(names, waits.len()),
    )
}

/// The address of a single step, or what the addresses of a family have in common.
fn family_address(graph: &PlanGraph, outline: &Outline<'_>, own: usize) -> String {
    let family = &outline.families[own];
    if let [only] = family.nodes.as_slice() {
        return graph.nodes[*only].address.to_string();
    }
    let mut parts: Vec<String> =
        outline.path(family.parent).into_iter().map(|group| outline.group_name(group)).collect();
    parts.push(outline.family_name(graph, own));
    parts.join("/")
}

fn picture(graph: &PlanGraph, out: &mut String) {
    let sketch = crate::sketch::Sketch::of(graph, crate::mermaid::ROOM);
    if sketch.boxes.len() <= MAX_PICTURE && !sketch.boxes.is_empty() {
        out.push_str("<details><summary>Picture</summary>\n\n```mermaid\n");
        out.push_str(&crate::mermaid::draw(graph, &sketch));
        out.push_str("```\n\n</details>\n");
    }
}

/// A name as code, in or outside of a table. Names that could end a code span or a cell are written with entities.
pub(crate) fn code(name: &str) -> String {
    let name = shortened(name, MAX_NAME);
    let harmless = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || " -_./:[]{}=+,\"'()@#?!*%^~;$".contains(c);
    if name.chars().all(harmless) && !name.starts_with(' ') && !name.ends_with(' ') && !name.is_empty() {
        return format!("`{name}`");
    }
    let mut out = String::from("<code>");
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || !c.is_ascii() || c == ' ' {
            out.push(c);
        } else {
            // INVARIANT: writing to a string never fails.
            let _ = write!(out, "&#{};", u32::from(c));
        }
    }
    out.push_str("</code>");
    out
}
