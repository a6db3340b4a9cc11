//! The plan in the language of Graphviz.

use std::fmt::Write as _;

use ordain_graph::{Effect, PlanGraph};

use crate::names::without_middle;
use crate::sketch::{Cell, Room, Sketch};

/// What Graphviz lays out in seconds.
const ROOM: Room = Room { boxes: 1_500, folded: 600, lines: 6_000 };

/// The longest name in a picture, in columns.
const MAX_NAME: usize = 60;

/// The plan in [DOT](https://graphviz.org/doc/info/lang.html), with stages as clusters: data flow as solid lines,
/// `after` as dashed ones, gates as hexagons.
///
/// A plan of more than 1,500 steps has steps folded together, for Graphviz takes minutes beyond that; see
/// [`dot_whole`].
pub fn dot(graph: &PlanGraph) -> String {
    draw(graph, &Sketch::of(graph, ROOM))
}

/// As [`dot`], with every step and every dependency, whatever the size: for programs that read DOT.
pub fn dot_whole(graph: &PlanGraph) -> String {
    draw(graph, &Sketch::whole(graph))
}

fn draw(graph: &PlanGraph, sketch: &Sketch) -> String {
    let mut out = String::new();
    line(&mut out, format_args!("digraph {} {{", quoted(&graph.plan)));
    if let Some(note) = sketch.note() {
        line(&mut out, format_args!("  // {note}"));
    }
    line(&mut out, format_args!("  rankdir=LR; fontname=\"sans-serif\"; compound=true;"));
    line(&mut out, format_args!("  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];"));
    line(&mut out, format_args!("  edge [color=\"#667085\", arrowsize=0.7];"));
    let mut in_stage: rustc_hash::FxHashMap<&str, Vec<usize>> = rustc_hash::FxHashMap::default();
    for (at, cell) in sketch.boxes.iter().enumerate() {
        match &cell.stage {
            Some(stage) => in_stage.entry(stage).or_default().push(at),
            None => line(&mut out, format_args!("  {}", shape(at, cell))),
        }
    }
    for (number, stage) in graph.stages.iter().enumerate() {
        let Some(members) = in_stage.get(stage.as_str()) else { continue };
        line(&mut out, format_args!("  subgraph cluster_{number} {{"));
        line(&mut out, format_args!("    label={}; color=\"#98a2b3\"; style=rounded;", quoted(stage)));
        for &at in members {
            line(&mut out, format_args!("    {}", shape(at, &sketch.boxes[at])));
        }
        line(&mut out, format_args!("  }}"));
    }
    for edge in &sketch.lines {
        let style = if edge.data { "" } else { " [style=dashed]" };
        line(&mut out, format_args!("  n{} -> n{}{style};", edge.from, edge.to));
    }
    out.push_str("}\n");
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // INVARIANT: writing to a string never fails.
    let _ = writeln!(out, "{text}");
}

fn shape(at: usize, cell: &Cell) -> String {
    let (fill, stroke) = match cell.effect {
        Effect::Read => ("#e8f3ec", "#2f7d4f"),
        Effect::Write => ("#fdf3d8", "#b7801b"),
        Effect::Destroy => ("#fde4e1", "#c23b2e"),
    };
    let gate = if cell.gate { ", shape=hexagon, style=filled" } else { "" };
    // `\n` is DOT's own line break, between two texts that are escaped.
    format!(
        "n{at} [label=\"{}\\n{}\", fillcolor=\"{fill}\", color=\"{stroke}\"{gate}];",
        escaped(&cell.title),
        escaped(&cell.subtitle)
    )
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", escaped(name))
}

/// A name inside quotes. Graphviz reads backslashes and HTML entities in labels.
fn escaped(name: &str) -> String {
    let mut out = String::new();
    for c in without_middle(name, MAX_NAME).chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}
