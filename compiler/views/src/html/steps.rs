//! Every step of the page, to be opened.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ordain_graph::{Contract, Node, NodeId, NodeKind, PlanGraph, Shape, Value};
use rustc_hash::FxHashMap;

use super::markup::{code, short, table};
use super::{MAX_ROWS, MAX_VALUE};
use crate::addresses::Addresses;
use crate::expression::expression;
use crate::names::{counted, number};
use crate::sketch::{Cell, Sketch};
use crate::summary::{retry, span};

/// How many steps one box lists.
const MAX_MEMBERS: usize = 40;

/// How many links to other steps stand in one place.
const MAX_LINKS: usize = 24;

/// How large the page may become before the inputs of further steps are left out, in bytes.
const MAX_PAGE: usize = 12 << 20;

/// Writes the list of steps by stage.
pub(super) fn steps(graph: &PlanGraph, sketch: &Sketch, addresses: &Addresses<'_>, page: &mut String) {
    page.push_str("<section class=\"pane\">\n<div class=\"bar js\">");
    page.push_str("<input id=\"find\" type=\"search\" placeholder=\"Find a step\" aria-label=\"Find a step\"></div>\n");
    page.push_str("<div class=\"scroll steps\">\n");
    let mut view =
        Steps { graph, sketch, addresses, before: vec![BTreeSet::new(); sketch.boxes.len()], after: Vec::new(), page };
    view.after.clone_from(&view.before);
    for line in &sketch.lines {
        view.before[line.to].insert((line.from, line.data));
        view.after[line.from].insert((line.to, line.data));
    }
    let mut in_stage: FxHashMap<Option<&str>, Vec<usize>> = FxHashMap::default();
    for (at, cell) in sketch.boxes.iter().enumerate() {
        in_stage.entry(cell.stage.as_deref()).or_default().push(at);
    }
    for stage in std::iter::once(None).chain(graph.stages.iter().map(|stage| Some(stage.as_str()))) {
        let Some(members) = in_stage.get(&stage) else { continue };
        view.page.push_str("<div class=\"stage\">");
        match stage {
            Some(stage) => view.page.extend(["<h2>Stage ", &code(stage), "</h2>\n"]),
            None if graph.stages.is_empty() => view.page.push_str("<h2>Steps</h2>\n"),
            None => view.page.push_str("<h2>Outside of stages</h2>\n"),
        }
        for &at in members {
            view.cell(at);
        }
        view.page.push_str("</div>\n");
    }
    page.push_str("</div>\n</section>\n");
}

struct Steps<'v, 'g> {
    graph: &'g PlanGraph,
    sketch: &'v Sketch,
    addresses: &'v Addresses<'g>,
    /// For each box, the boxes it waits for, and whether it uses what they give.
    before: Vec<BTreeSet<(usize, bool)>>,
    /// For each box, the boxes that wait for it.
    after: Vec<BTreeSet<(usize, bool)>>,
    page: &'v mut String,
}

impl Steps<'_, '_> {
    fn cell(&mut self, at: usize) {
        let (graph, sketch) = (self.graph, self.sketch);
        let cell = &sketch.boxes[at];
        // The id is inside of what opens, so that a browser without scripts opens it for a link to it.
        // INVARIANT: writing to a string never fails, here and below.
        let _ = write!(self.page, "<details data-at=\"{at}\"><summary><code>{}</code><small>", short(&cell.title, 120));
        let (effect, risk) = (cell.effect.name(), cell.risk.name());
        let _ = write!(
            self.page,
            "{} · <span class=\"{effect}\">{effect}</span> · <span class=\"{risk}\">{risk} risk</span>{}",
            short(&cell.subtitle, 120),
            if cell.gate { " · gate" } else { "" }
        );
        let _ = writeln!(self.page, "</small></summary><div class=\"facts\" id=\"s{at}\">\n<dl>");
        match cell.nodes.as_slice() {
            [only] => self.node(&graph.nodes[*only], at),
            _ => self.folded(cell, at),
        }
        self.page.push_str("</div></details>\n");
    }

    fn fact(&mut self, name: &str, value: &str) {
        self.page.extend(["<dt>", name, "</dt><dd>", value, "</dd>\n"]);
    }

    fn waits(&mut self, at: usize) {
        for (name, links) in [("waits for", self.links(&self.before[at])), ("then", self.links(&self.after[at]))] {
            if !links.is_empty() {
                self.fact(name, &links);
            }
        }
    }

    fn links(&self, boxes: &BTreeSet<(usize, bool)>) -> String {
        let mut links: Vec<String> = boxes
            .iter()
            .take(MAX_LINKS)
            .map(|(at, data)| {
                let name = short(&self.sketch.boxes[*at].title, 80);
                format!("<a href=\"#s{at}\"><code>{name}</code></a>{}", if *data { " (data)" } else { "" })
            })
            .collect();
        if boxes.len() > MAX_LINKS {
            links.push(format!("and {} more", number(boxes.len() - MAX_LINKS)));
        }
        links.join("<br>")
    }

    fn folded(&mut self, cell: &Cell, at: usize) {
        self.fact("steps", &number(cell.nodes.len()));
        self.waits(at);
        self.page.push_str("</dl>\n");
        let graph = self.graph;
        let members = cell.nodes.iter().map(|&at| (code(&graph.nodes[at].address), code(&graph.nodes[at].id.0)));
        table("The first steps of it, with their ids", members.take(MAX_MEMBERS), MAX_MEMBERS, self.page);
        if cell.nodes.len() > MAX_MEMBERS {
            let _ = writeln!(self.page, "<p>{} more</p>", counted(cell.nodes.len() - MAX_MEMBERS, "step"));
        }
    }

    fn node(&mut self, node: &Node, at: usize) {
        self.fact("address", &code(&node.address));
        self.fact("id", &code(&node.id.0));
        let contract = self.graph.contracts.get(&node.contract);
        let version = contract.map(|contract| short(&contract.version, 60)).unwrap_or_default();
        self.fact("contract", &format!("{} {version}<br>{}", code(&node.capability), code(&node.contract)));
        if let NodeKind::Gate { expect } = &node.kind {
            let text = self.expression(expect, None, node);
            self.fact("expects", &text);
        }
        self.bound("adapter", node.adapter.as_deref());
        if let Some(environment) = &node.environment {
            self.fact("environment", &code(environment));
        }
        self.waits(at);
        if let Some(key) = &node.key {
            let text = self.expression(key, None, node);
            self.fact("key", &text);
        }
        if let Some(own) = node.retry {
            self.fact("retry", &retry(own));
        }
        if let Some(timeout) = node.timeout {
            self.fact("timeout", &span(timeout));
        }
        if let Some(on_failure) = node.on_failure {
            self.fact("on failure", on_failure.name());
        }
        self.page.push_str("</dl>\n");
        self.inputs("Inputs", &node.inputs, contract, node);
        self.outputs(contract);
        if let Some(undo) = &node.undo {
            self.page.push_str("<dl>\n");
            self.fact("undone by", &code(&undo.capability));
            self.bound("adapter", undo.adapter.as_deref());
            self.page.push_str("</dl>\n");
            self.inputs("Inputs of the undo", &undo.inputs, self.graph.contracts.get(&undo.contract), node);
        }
    }

    fn bound(&mut self, title: &str, adapter: Option<&str>) {
        let Some(name) = adapter else { return };
        let version = self.graph.adapters.get(name).map(|adapter| short(&adapter.version, 60)).unwrap_or_default();
        self.fact(title, &format!("{} {version}", code(name)));
    }

    fn expression(&self, value: &Value, shape: Option<&Shape>, node: &Node) -> String {
        let naming = |id: &NodeId| (*id != node.id).then(|| self.addresses.address(id));
        code(&expression(value, shape, &naming, MAX_VALUE))
    }

    fn inputs(&mut self, title: &str, inputs: &Value, contract: Option<&Contract>, node: &Node) {
        if self.page.len() > MAX_PAGE {
            self.page.push_str("<p>The page is full; the plan file has the inputs.</p>\n");
            return;
        }
        let Value::Record(fields) = inputs else { return };
        let shape = |name: &str| match contract.map(|contract| &contract.input) {
            Some(Shape::Record(shapes)) => shapes.get(name),
            _ => None,
        };
        let rows: Vec<(String, String)> = fields
            .iter()
            .take(MAX_ROWS)
            .map(|(name, value)| {
                let shape = shape(name);
                let kind = shape.map(|shape| format!("<br><small>{}</small>", short(&shape.name(), 60)));
                (format!("{}{}", code(name), kind.unwrap_or_default()), self.expression(value, shape, node))
            })
            .collect();
        table(title, rows.into_iter(), MAX_ROWS, self.page);
    }

    fn outputs(&mut self, contract: Option<&Contract>) {
        let Some(Shape::Record(shapes)) = contract.map(|contract| &contract.output) else { return };
        let rows = shapes.iter().map(|(name, shape)| (code(name), short(&shape.name(), 120)));
        if self.page.len() <= MAX_PAGE {
            table("Outputs", rows, MAX_ROWS, self.page);
        }
    }
}
