//! The plan as a Mermaid flowchart.

use std::fmt::Write as _;

use ordain_graph::{Effect, PlanGraph};
use smol_str::SmolStr;

use crate::names::without_middle;
use crate::sketch::{Cell, Room, Sketch};

/// What Mermaid draws as it comes: it refuses more than 500 lines, and texts of more than 50,000 characters.
pub(crate) const ROOM: Room = Room { boxes: 150, folded: 100, lines: 480 };

/// The longest name in a picture, in columns.
const MAX_NAME: usize = 60;

/// The plan as a [Mermaid](https://mermaid.js.org) flowchart, with stages as frames: data flow as solid lines, `after`
/// as dotted ones, gates as hexagons.
///
/// It is always small enough for Mermaid's own limits; a larger plan has steps folded together, and a comment says so.
pub fn mermaid(graph: &PlanGraph) -> String {
    draw(graph, &Sketch::of(graph, ROOM))
}

/// Draws a sketch.
pub(crate) fn draw(graph: &PlanGraph, sketch: &Sketch) -> String {
    let mut out = String::from("flowchart TD\n");
    if let Some(note) = sketch.note() {
        line(&mut out, format_args!("  %% {note}"));
    }
    // Boxes outside of stages first, then each stage where the plan has it.
    for (at, cell) in sketch.boxes.iter().enumerate().filter(|(_, cell)| cell.stage.is_none()) {
        line(&mut out, format_args!("  {}", shape(at, cell)));
    }
    for (number, stage) in graph.stages.iter().enumerate() {
        let mut members =
            sketch.boxes.iter().enumerate().filter(|(_, cell)| cell.stage.as_ref() == Some(stage)).peekable();
        if members.peek().is_some() {
            line(&mut out, format_args!("  subgraph s{number}[\"{}\"]", text(stage)));
            for (at, cell) in members {
                line(&mut out, format_args!("    {}", shape(at, cell)));
            }
            line(&mut out, format_args!("  end"));
        }
    }
    for edge in &sketch.lines {
        let arrow = if edge.data { "-->" } else { "-.->" };
        line(&mut out, format_args!("  n{} {arrow} n{}", edge.from, edge.to));
    }
    for (effect, style) in [
        (Effect::Read, "fill:#e8f3ec,stroke:#2f7d4f,color:#14301f"),
        (Effect::Write, "fill:#fdf3d8,stroke:#b7801b,color:#3b2a06"),
        (Effect::Destroy, "fill:#fde4e1,stroke:#c23b2e,color:#46120c"),
    ] {
        let members: Vec<SmolStr> = (0..sketch.boxes.len())
            .filter(|&at| sketch.boxes[at].effect == effect)
            .map(|at| SmolStr::from(format!("n{at}")))
            .collect();
        if !members.is_empty() {
            line(&mut out, format_args!("  classDef {} {style}", effect.name()));
            line(&mut out, format_args!("  class {} {}", members.join(","), effect.name()));
        }
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // INVARIANT: writing to a string never fails.
    let _ = writeln!(out, "{text}");
}

fn shape(at: usize, cell: &Cell) -> String {
    let label = format!("{}<br/>{}", text(&cell.title), text(&cell.subtitle));
    if cell.gate { format!("n{at}{{{{\"{label}\"}}}}") } else { format!("n{at}[\"{label}\"]") }
}

/// A name in a quoted label. Whatever could mean something to Mermaid, to Markdown or to HTML becomes an entity code.
fn text(name: &str) -> String {
    let mut out = String::new();
    for c in without_middle(name, MAX_NAME).chars() {
        let plain = !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ':' | ',');
        if plain {
            out.push(c);
        } else {
            // INVARIANT: writing to a string never fails.
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}
