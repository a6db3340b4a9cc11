//! A plan as boxes and lines, with as many boxes as a picture can hold.
//!
//! Where a plan has more nodes than that, nodes are folded: first the rounds of loops; then steps of
//! one stage and capability; then steps of one capability.

use std::collections::{BTreeMap, BTreeSet};

use ordain_graph::{Effect, Node, NodeKind, PlanGraph, Risk, Why};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::addresses::Addresses;
use crate::names::{bare_address, beginning, number};
use crate::outline::Outline;

/// How much a picture can hold.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    /// The most boxes.
    pub(crate) boxes: usize,
    /// The most boxes of a plan that has more nodes: what has to be folded is folded until it is easy to see.
    pub(crate) folded: usize,
    /// The most lines.
    pub(crate) lines: usize,
}

/// How many rounds of a loop stay apart in a picture in which anything is folded.
const FEW: usize = 12;

/// The boxes and lines of a picture.
pub(crate) struct Sketch {
    pub(crate) boxes: Vec<Cell>,
    /// By positions of boxes: from what runs before to what waits, without a box waiting for itself; sorted.
    pub(crate) lines: Vec<Line>,
    /// How many lines had no room.
    pub(crate) hidden_lines: usize,
}

/// One box: a node, or many.
pub(crate) struct Cell {
    /// The address without its stage.
    pub(crate) title: String,
    /// The capability, or how many there are.
    pub(crate) subtitle: String,
    pub(crate) stage: Option<SmolStr>,
    pub(crate) effect: Effect,
    pub(crate) risk: Risk,
    /// Whether every node of it is a gate.
    pub(crate) gate: bool,
    /// Positions in the graph, ascending.
    pub(crate) nodes: Vec<usize>,
}

/// One line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Whether an output is used; otherwise it is order alone.
    pub(crate) data: bool,
}

impl Sketch {
    /// The picture of a plan in a room.
    pub(crate) fn of(graph: &PlanGraph, room: Room) -> Self {
        let addresses = Addresses::of(graph);
        let every = |own: Vec<usize>| drawn(graph, &addresses, own, room);
        let count = graph.nodes.len();
        let mut sketch = None;
        if count <= room.boxes {
            sketch = every((0..count).collect());
        }
        if sketch.is_none() {
            let outline = Outline::of(graph);
            sketch = loops(&outline, room.folded).and_then(every);
        }
        sketch
            .or_else(|| every(folded(graph, |node| (node.stage.clone(), node.capability.clone()), usize::MAX)))
            .or_else(|| every(folded(graph, |node| node.capability.clone(), usize::MAX)))
            .unwrap_or_else(|| {
                let own = folded(graph, |node| node.capability.clone(), room.boxes.clamp(1, 60));
                whatever(graph, &addresses, own, room)
            })
    }

    /// The picture with a box for every node and all lines.
    pub(crate) fn whole(graph: &PlanGraph) -> Self {
        let room = Room { boxes: usize::MAX, folded: usize::MAX, lines: usize::MAX };
        whatever(graph, &Addresses::of(graph), (0..graph.nodes.len()).collect(), room)
    }

    /// How many nodes are folded into boxes with others.
    pub(crate) fn folded(&self) -> usize {
        self.boxes.iter().filter(|cell| cell.nodes.len() > 1).map(|cell| cell.nodes.len()).sum()
    }

    /// What the picture leaves out, in a sentence.
    pub(crate) fn note(&self) -> Option<String> {
        let folded = self.folded();
        if folded == 0 {
            return None;
        }
        let boxes = self.boxes.iter().filter(|cell| cell.nodes.len() > 1).count();
        let into = if boxes == 1 { "one box".to_owned() } else { format!("{} boxes", number(boxes)) };
        let mut note = format!("{} steps are folded into {into}", number(folded));
        if self.hidden_lines > 0 {
            note.push_str(&format!("; {} dependencies between them are not drawn", number(self.hidden_lines)));
        }
        Some(note)
    }
}

/// A box for each node, where the rounds of large loops share one, and of smaller ones until there is room.
fn loops(outline: &Outline<'_>, room: usize) -> Option<Vec<usize>> {
    let count = outline.family_of.len();
    let mut families: Vec<usize> = (0..outline.families.len()).collect();
    families.sort_by_key(|&family| (usize::MAX - outline.families[family].nodes.len(), family));
    let mut boxes = count;
    let mut shared = vec![false; outline.families.len()];
    for family in families {
        let nodes = outline.families[family].nodes.len();
        if boxes <= room && nodes <= FEW {
            break;
        }
        if nodes > 1 {
            shared[family] = true;
            boxes -= nodes - 1;
        }
    }
    (boxes <= room).then(|| {
        let mut next = 0;
        let mut own = vec![usize::MAX; outline.families.len()];
        outline
            .family_of
            .iter()
            .map(|&family| {
                if shared[family] && own[family] != usize::MAX {
                    return own[family];
                }
                own[family] = next;
                next += 1;
                own[family]
            })
            .collect()
    })
}

/// A box for each node by what it has in common with others; beyond a number of boxes one for all others.
fn folded<K: Ord>(graph: &PlanGraph, key: impl Fn(&Node) -> K, limit: usize) -> Vec<usize> {
    let mut known: BTreeMap<K, usize> = BTreeMap::new();
    graph
        .nodes
        .iter()
        .map(|node| {
            let next = known.len();
            *known.entry(key(node)).or_insert(next)
        })
        .map(|at| at.min(limit - 1))
        .collect()
}

/// The sketch, if it has room.
fn drawn(graph: &PlanGraph, addresses: &Addresses<'_>, own: Vec<usize>, room: Room) -> Option<Sketch> {
    let boxes = own.iter().max().map_or(0, |last| last + 1);
    if boxes > room.boxes {
        return None;
    }
    let sketch = whatever(graph, addresses, own, room);
    (sketch.hidden_lines == 0).then_some(sketch)
}

/// The sketch, with the first lines that have room.
fn whatever(graph: &PlanGraph, addresses: &Addresses<'_>, own: Vec<usize>, room: Room) -> Sketch {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); own.iter().max().map_or(0, |last| last + 1)];
    let mut lines: FxHashMap<(usize, usize), bool> = FxHashMap::default();
    for (at, node) in graph.nodes.iter().enumerate() {
        members[own[at]].push(at);
        for dependency in &node.depends_on {
            let Some(from) = addresses.position(&dependency.on) else { continue };
            if own[from] != own[at] {
                *lines.entry((own[from], own[at])).or_default() |= dependency.why == Why::Data;
            }
        }
    }
    let mut lines: Vec<Line> = lines.into_iter().map(|((from, to), data)| Line { from, to, data }).collect();
    lines.sort_unstable();
    let hidden_lines = lines.len().saturating_sub(room.lines);
    lines.truncate(room.lines);
    Sketch { boxes: members.into_iter().map(|nodes| cell(graph, nodes)).collect(), lines, hidden_lines }
}

fn cell(graph: &PlanGraph, nodes: Vec<usize>) -> Cell {
    let of = |at: &usize| &graph.nodes[*at];
    let capabilities: BTreeSet<&SmolStr> = nodes.iter().map(|at| &of(at).capability).collect();
    let subtitle = match capabilities.first() {
        Some(only) if capabilities.len() == 1 => only.to_string(),
        _ => format!("{} capabilities", number(capabilities.len())),
    };
    // INVARIANT: a box is made for nodes, so it has a first.
    let first = of(&nodes[0]);
    let common = |stage: &Option<SmolStr>| nodes.iter().all(|at| of(at).stage == *stage);
    Cell {
        title: title(graph, &nodes),
        subtitle,
        stage: first.stage.clone().filter(|_| common(&first.stage)),
        effect: nodes.iter().map(|at| of(at).effect).max().unwrap_or_default(),
        risk: nodes.iter().map(|at| of(at).risk).max().unwrap_or_default(),
        gate: nodes.iter().all(|at| matches!(of(at).kind, NodeKind::Gate { .. })),
        nodes,
    }
}

/// The address without its stage; for many nodes what their addresses have in common.
fn title(graph: &PlanGraph, nodes: &[usize]) -> String {
    let first = &graph.nodes[nodes[0]];
    let inside = |node: &Node| {
        let stage = node.stage.as_ref().map_or(0, |stage| stage.len() + 1);
        node.address.get(stage..).unwrap_or(&node.address).to_owned()
    };
    let count = nodes.len();
    if count == 1 {
        return inside(first);
    }
    let whole: Vec<String> = nodes.iter().map(|&at| inside(&graph.nodes[at])).collect();
    let own = bare_address(&whole[0]);
    let begin = beginning(whole.iter().map(String::as_str));
    let alike = whole.iter().all(|address| bare_address(address) == own);
    let depth = |address: &str| address.matches('/').count();
    // What the last keys begin with, where addresses differ there or in the number behind them alone.
    let keys = begin.rfind('[').map(|open| begin[open..].find(']').map_or(begin, |close| &begin[..open + close]));
    let keys = keys.filter(|keys| !keys.ends_with('[') && depth(begin) == depth(&own));
    let stage =
        first.stage.as_ref().filter(|name| nodes.iter().all(|&at| graph.nodes[at].stage.as_ref() == Some(name)));
    let name = match stage {
        _ if alike => keys.map_or(own, |keys| format!("{keys}…]")),
        _ if !begin.is_empty() => format!("{begin}…"),
        Some(stage) => stage.rsplit('/').next().unwrap_or_default().to_owned(),
        None => first.capability.rsplit('.').next().unwrap_or_default().to_owned(),
    };
    format!("{name} ×{}", number(count))
}
