//! The plan as a tree in a terminal.

mod facts;

use ordain_graph::{Effect, Node, NodeId, NodeKind, PlanGraph, Risk};

use crate::addresses::Addresses;
use crate::expression::expression;
use crate::names::{columns, counted, number, shortened, visible, without_middle};
use crate::outline::{Child, Family, Likeness, Outline};
use crate::paint::{Look, Painter, Terminal};
use crate::summary::{Summary, environment_of};
use crate::verdicts;
use crate::wrap::{MANY, listed, wrapped};

/// How many children of one group are shown.
const MAX_CHILDREN: usize = 60;

/// How many rows are shown in all.
const MAX_ROWS: usize = 600;

/// The plan as a tree of its stages, sub-plans and steps, in the order in which they can run, with what each waits
/// for. Rounds of a loop are one row with a count.
///
/// Lines are at most as wide as the terminal. A plan of any size gives a bounded number of lines, which say what they
/// leave out.
pub fn tree(graph: &PlanGraph, terminal: &Terminal) -> String {
    let outline = Outline::of(graph);
    let addresses = Addresses::of(graph);
    let mut view = View {
        graph,
        outline: &outline,
        width: terminal.columns(),
        rows: Vec::new(),
        shown: 0,
        uses: facts::uses(graph, &outline, &addresses),
        addresses: &addresses,
    };
    view.children(0, String::new());
    let left_out = graph.nodes.len() - view.shown;
    let mut painter = Painter::new(terminal.colour);
    view.head(&mut painter);
    view.table(&mut painter);
    if left_out > 0 {
        painter.put(Look::Faint, &format!("{} not shown", counted(left_out, "step")));
        painter.line();
    }
    painter.finish()
}

/// What a plan amounts to and what policies say of it, without its steps: the lines above those of [`tree`].
pub fn tree_head(graph: &PlanGraph, terminal: &Terminal) -> String {
    let outline = Outline::of(graph);
    let addresses = Addresses::of(graph);
    let view = View {
        graph,
        outline: &outline,
        width: terminal.columns(),
        rows: Vec::new(),
        shown: 0,
        uses: Vec::new(),
        addresses: &addresses,
    };
    let mut painter = Painter::new(terminal.colour);
    view.head(&mut painter);
    painter.finish()
}

struct View<'v, 'g> {
    graph: &'g PlanGraph,
    outline: &'v Outline<'g>,
    width: usize,
    rows: Vec<Row>,
    /// How many nodes the rows stand for.
    shown: usize,
    /// What each family waits for.
    uses: Vec<facts::Uses>,
    addresses: &'v Addresses<'g>,
}

/// One row of the tree, before columns have their widths.
struct Row {
    /// Guides and branch.
    lead: String,
    /// Guides under the branch.
    under: String,
    name: String,
    look: Look,
    /// Capability, effect, risk; groups have none.
    cells: Option<(String, Effect, Risk)>,
    /// Said of a group behind its name.
    note: String,
    /// Said of it in lines below.
    facts: Vec<String>,
}

impl<'g> View<'_, 'g> {
    fn children(&mut self, group: usize, guides: String) {
        let children = &self.outline.groups[group].children;
        let shown = if children.len() > MAX_CHILDREN { MAX_CHILDREN - 1 } else { children.len() };
        for (index, &child) in children.iter().take(shown).enumerate() {
            if self.rows.len() >= MAX_ROWS {
                return;
            }
            let last = index + 1 == children.len();
            let lead = format!("{guides}{}", if last { "└─ " } else { "├─ " });
            let under = format!("{guides}{}", if last { "   " } else { "│  " });
            match child {
                Child::Group(outer) => {
                    let inner = self.only_child(outer);
                    self.group(outer, inner, lead, &under);
                    self.children(inner, under);
                }
                Child::Family(family) => self.family(family, lead, under),
            }
        }
        if shown < children.len() && self.rows.len() < MAX_ROWS {
            let hidden: usize = children[shown..]
                .iter()
                .map(|child| match child {
                    Child::Group(inner) => self.outline.groups[*inner].nodes,
                    Child::Family(family) => self.outline.families[*family].nodes.len(),
                })
                .sum();
            self.shown += hidden;
            self.rows.push(Row {
                lead: format!("{guides}└─ "),
                under: String::new(),
                name: format!("… {} more", number(children.len() - shown)),
                look: Look::Faint,
                cells: None,
                note: counted(hidden, "step"),
                facts: Vec::new(),
            });
        }
    }

    /// The group itself, or the innermost of groups that hold nothing but the next.
    fn only_child(&self, mut group: usize) -> usize {
        while let [Child::Group(inner)] = self.outline.groups[group].children.as_slice()
            && self.outline.groups[group].keys.len() < 2
        {
            group = *inner;
        }
        group
    }

    /// A row for a group, or for groups that hold nothing but the next.
    fn group(&mut self, outer: usize, inner: usize, lead: String, under: &str) {
        let own = &self.outline.groups[inner];
        let around = self.outline.path(self.outline.groups[outer].parent).len();
        let names = self.outline.path(inner).into_iter().skip(around).map(|group| self.outline.group_name(group));
        let name = names.collect::<Vec<_>>().join("/");
        let rounds = own.keys.len();
        let note = match rounds {
            0 | 1 => counted(own.nodes, "step"),
            _ => format!("×{}, {}", number(rounds), counted(own.nodes, "step")),
        };
        let under = format!("{under}│  ");
        let facts = if rounds > 1 {
            let keys = own.keys.iter().take(MANY).map(|keys| shortened(&crate::names::bare_keys(keys), 40));
            listed(keys.collect(), rounds, self.room(&under))
        } else {
            Vec::new()
        };
        self.rows.push(Row {
            lead,
            under,
            name: visible(&name).into_owned(),
            look: Look::Strong,
            cells: None,
            note,
            facts,
        });
    }

    fn family(&mut self, family: usize, lead: String, under: String) {
        let own = &self.outline.families[family];
        let Some(node) = own.nodes.first().map(|&at| &self.graph.nodes[at]) else { return };
        self.shown += own.nodes.len();
        let mut name = self.outline.family_name(self.graph, family);
        if own.nodes.len() > 1 {
            name = format!("{name} ×{}", number(own.nodes.len()));
        }
        let gate = matches!(node.kind, NodeKind::Gate { .. });
        let facts = self.facts(family, own, self.room(&under));
        self.rows.push(Row {
            lead,
            under,
            name: format!("{}{}", if gate { "◆ " } else { "" }, visible(&name)),
            look: if gate { Look::Notice } else { Look::Plain },
            cells: Some((visible(&node.capability).into_owned(), node.effect, node.risk)),
            note: String::new(),
            facts,
        });
    }

    /// The columns there are for facts.
    fn room(&self, under: &str) -> usize {
        self.width.saturating_sub(columns(under) + 2).max(8)
    }

    fn facts(&self, family: usize, own: &Family<'g>, room: usize) -> Vec<String> {
        let mut facts = Vec::new();
        if own.likeness != Likeness::Single && own.nodes.len() > 1 {
            let (members, count) = self.outline.members(self.graph, family, MANY);
            facts.extend(listed(members, count, room));
        }
        let mut parts = self.uses[family].sentences(self.graph, self.outline, own.parent);
        let members = || own.nodes.iter().map(|&at| &self.graph.nodes[at]);
        // What only some members have, or each in its own way, is said to be so.
        let mut say = |what: &str, of: &dyn Fn(&'g Node) -> Option<String>| {
            let mut said = members().map(of);
            let Some(first) = members().find_map(of) else { return };
            let common = said.all(|own| own.as_ref() == Some(&first));
            parts.push(format!("{what} {first}{}", if common { "" } else { ", others otherwise" }));
        };
        say("expects", &|node| match &node.kind {
            NodeKind::Gate { expect } => {
                let naming = |id: &NodeId| (*id != node.id).then(|| self.addresses.address(id));
                Some(expression(expect, None, &naming, 120))
            }
            NodeKind::Step => None,
        });
        say("undo", &|node| node.undo.as_ref().map(|undo| visible(&undo.capability).into_owned()));
        say("on failure", &|node| node.on_failure.map(|on_failure| on_failure.name().to_owned()));
        facts.extend(wrapped(&parts, " · ", room));
        facts
    }

    fn head(&self, painter: &mut Painter) {
        let graph = self.graph;
        let summary = Summary::of(graph);
        let name = shortened(&graph.plan, self.width);
        painter.put(Look::Strong, &name);
        let package = format!("  {} {}", visible(&graph.package.name), visible(&graph.package.version));
        if columns(&name) + columns(&package) <= self.width {
            painter.put(Look::Faint, &package);
        }
        painter.line();
        painter.put(Look::Faint, &shortened(&graph.hash(), self.width));
        painter.line();
        if let Some(left_out) = Summary::left_out(self.graph) {
            painter.put(Look::Faint, &shortened(&left_out, self.width));
            painter.line();
        }
        let mut facts = vec![summary.sizes()];
        if !graph.nodes.is_empty() {
            facts.push(format!("effect {}", graph.effect.name()));
            facts.push(format!("risk {}", graph.risk.name()));
        }
        if summary.undoable > 0 {
            facts.push(format!("{} can be undone", number(summary.undoable)));
        }
        facts.push(format!("on failure {}", graph.on_failure.name()));
        for line in wrapped(&facts, " · ", self.width) {
            painter.put(Look::Plain, &line);
            painter.line();
        }
        let mut named = |title: &str, names: Vec<String>, of: usize| {
            let room = self.width.saturating_sub(columns(title) + 1).max(20);
            for (index, line) in listed(names, of, room).into_iter().enumerate() {
                painter.cell(Look::Faint, if index == 0 { title } else { "" }, columns(title) + 1);
                painter.put(Look::Plain, &line);
                painter.line();
            }
        };
        let naming = |id: &NodeId| Some(self.addresses.address(id));
        let arguments = graph.arguments.iter().take(MANY);
        let arguments = arguments.map(|(name, value)| {
            let value = match environment_of(graph, value) {
                Some(name) => shortened(name, 60),
                None => expression(value, None, &naming, 40),
            };
            format!("{} = {value}", shortened(name, 30))
        });
        named("with", arguments.collect(), graph.arguments.len());
        let environments = graph.environments.keys().take(MANY).map(|name| shortened(name, 60));
        named("in", environments.collect(), graph.environments.len());
        let secrets = summary.secrets.iter().take(MANY).map(|name| shortened(name, 60));
        named("secrets", secrets.collect(), summary.secrets.len());
        self.verdicts(painter);
    }

    /// What the policies say, and what is still to be settled before the plan runs.
    fn verdicts(&self, painter: &mut Painter) {
        let said = verdicts::said(self.graph, self.addresses);
        if said.is_empty() {
            return;
        }
        let mut open = verdicts::open(self.graph);
        open.insert(0, self.graph.mode().name().to_owned());
        for line in wrapped(&open, " · ", self.width) {
            painter.put(Look::Strong, &line);
            painter.line();
        }
        for line in said.iter().take(MANY) {
            let code = columns(&line.code) + 2;
            let room = self.width.saturating_sub(code).max(20);
            let parts = [line.about.clone(), line.what.clone()];
            for (index, text) in wrapped(&parts, ": ", room).into_iter().enumerate() {
                let look = if line.denies { Look::Danger } else { Look::Notice };
                painter.cell(look, if index == 0 { &line.code } else { "" }, code);
                painter.put(Look::Plain, &text);
                painter.line();
            }
        }
        if said.len() > MANY {
            painter.put(Look::Faint, &format!("and {} more", number(said.len() - MANY)));
            painter.line();
        }
    }

    fn table(&self, painter: &mut Painter) {
        if !self.rows.is_empty() {
            painter.line();
        }
        let width = |of: &dyn Fn(&Row) -> usize, limit: usize| self.rows.iter().map(of).max().unwrap_or(0).min(limit);
        let effects = width(&|row| row.cells.as_ref().map_or(0, |(_, effect, _)| effect.name().len()), 7);
        let risks = width(&|row| row.cells.as_ref().map_or(0, |(.., risk)| risk.name().len()), 8);
        // What effect and risk leave free is shared by names and capabilities, names first.
        let free = self.width.saturating_sub(effects + risks + 6).max(20);
        let capabilities =
            width(&|row| row.cells.as_ref().map_or(0, |(capability, ..)| columns(capability)), free * 2 / 5);
        let names = width(
            &|row| if row.cells.is_some() { columns(&row.lead) + columns(&row.name) } else { 0 },
            free - capabilities,
        );
        for row in &self.rows {
            painter.put(Look::Faint, &row.lead);
            let left = self.width.saturating_sub(columns(&row.lead));
            match &row.cells {
                Some((capability, effect, risk)) => {
                    // Deep rows take what they need for a name from the capability.
                    let name = names.saturating_sub(columns(&row.lead)).max(8);
                    let rest = left.saturating_sub(name + effects + risks + 6).min(capabilities);
                    painter.cell(row.look, &without_middle(&row.name, name), name + 2);
                    if rest > 1 {
                        painter.cell(Look::Plain, &shortened(capability, rest), rest + 2);
                    }
                    if name + 2 + effects + 2 + risks <= left {
                        painter.cell(effect_look(*effect), effect.name(), effects + 2);
                        painter.put(risk_look(*risk), risk.name());
                    }
                }
                None => {
                    let room = self.width.saturating_sub(columns(&row.lead) + columns(&row.note) + 2).max(8);
                    painter.put(row.look, &without_middle(&row.name, room));
                    painter.put(Look::Faint, &format!("  {}", row.note));
                }
            }
            painter.line();
            for fact in &row.facts {
                painter.put(Look::Faint, &format!("{}  {fact}", row.under));
                painter.line();
            }
        }
    }
}

const fn effect_look(effect: Effect) -> Look {
    match effect {
        Effect::Read => Look::Good,
        Effect::Write => Look::Warning,
        Effect::Destroy => Look::Danger,
    }
}

const fn risk_look(risk: Risk) -> Look {
    match risk {
        Risk::Low => Look::Faint,
        Risk::Medium => Look::Plain,
        Risk::High => Look::Warning,
        Risk::Critical => Look::Danger,
    }
}
