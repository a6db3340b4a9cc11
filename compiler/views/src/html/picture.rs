//! The graph as SVG inside the page.

use std::fmt::Write as _;

use ordain_graph::PlanGraph;

use super::frames::frames;
use super::markup::{short, text};
use crate::layout::{HEIGHT, WIDTH, layout};
use crate::names::{shortened, without_middle};
use crate::sketch::{Cell, Sketch};

/// The columns of text that a box has room for, in the two sizes of text.
const TITLE: usize = 26;
const SUBTITLE: usize = 29;

/// How far the ends of a gate's box are drawn in.
const NOTCH: i32 = 12;

/// Writes the picture with its controls.
pub(super) fn picture(graph: &PlanGraph, sketch: &Sketch, page: &mut String) {
    page.push_str("<section class=\"pane\">\n<div class=\"bar\">");
    for effect in ["read", "write", "destroy"] {
        page.extend(["<span><i class=\"", effect, "\"></i>", effect, "</span>"]);
    }
    page.push_str("<span>pointed: gate</span><span>dashed: order alone</span><span class=\"gap\"></span>");
    page.push_str("<button class=\"js\" id=\"out\" title=\"Smaller\">−</button>");
    page.push_str("<button class=\"js\" id=\"in\" title=\"Larger\">+</button>");
    page.push_str("<button class=\"js\" id=\"fit\">Fit</button></div>\n<div class=\"scroll picture\">\n");
    svg(graph, sketch, page);
    page.push_str("</div>\n</section>\n");
}

fn svg(graph: &PlanGraph, sketch: &Sketch, page: &mut String) {
    svg_with(graph, sketch, &|_| String::new(), page);
}

/// Writes the graph alone; `classes` gives further classes for a box.
pub(super) fn svg_with(graph: &PlanGraph, sketch: &Sketch, classes: &dyn Fn(&Cell) -> String, page: &mut String) {
    let layout = layout(sketch.boxes.len(), &sketch.lines);
    let (width, height) = (layout.width, layout.height);
    // INVARIANT: writing to a string never fails, here and below.
    let _ = writeln!(
        page,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"group\" aria-label=\"Graph of the plan\">\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8Z\"/></marker></defs>"
    );
    for (stage, frame) in frames(graph, sketch, &layout) {
        let (x, y) = (frame.left, frame.top);
        let _ = writeln!(
            page,
            "<rect class=\"f\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"12\"/><text class=\"l\" x=\"{}\" \
             y=\"{}\">{}</text>",
            frame.right - x,
            frame.bottom - y,
            x + 10,
            y + 13,
            text(&shortened(stage, (frame.right - x) as usize / 7 - 2))
        );
    }
    for (line, points) in sketch.lines.iter().zip(&layout.lines) {
        let _ = writeln!(
            page,
            "<path class=\"e{}\" data-from=\"{}\" data-to=\"{}\" marker-end=\"url(#tip)\" d=\"{}\"/>",
            if line.data { "" } else { " after" },
            line.from,
            line.to,
            curve(points)
        );
    }
    for (at, (cell, &(x, y))) in sketch.boxes.iter().zip(&layout.boxes).enumerate() {
        boxed(at, cell, &classes(cell), (x, y), page);
    }
    page.push_str("</svg>\n");
}

/// A line through points: level at each of them, as every second piece crosses a column.
fn curve(points: &[(i32, i32)]) -> String {
    let mut path = String::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        let _ = match index.checked_sub(1).map(|before| points[before]) {
            None => write!(path, "M{x} {y}"),
            Some((_, from)) if from == y => write!(path, "H{x}"),
            Some((start, from)) => {
                let reach = ((x - start).abs() / 2).max(30);
                write!(path, "C{} {from} {} {y} {x} {y}", start + reach, x - reach)
            }
        };
    }
    path
}

fn boxed(at: usize, cell: &Cell, more: &str, (x, y): (i32, i32), page: &mut String) {
    let space = if more.is_empty() { "" } else { " " };
    let _ = write!(page, "<a href=\"#s{at}\" data-at=\"{at}\" class=\"{}{space}{more}\"><title>", cell.effect.name());
    page.extend([&short(&cell.title, 200), "\n", &short(&cell.subtitle, 120)]);
    if let Some(stage) = &cell.stage {
        page.extend(["\nstage ", &short(stage, 120)]);
    }
    let _ = write!(page, "\n{}, {} risk</title>", cell.effect.name(), cell.risk.name());
    if cell.nodes.len() > 1 {
        let (x, y) = (x + 5, y + 5);
        let _ = write!(
            page,
            "<rect class=\"k stack\" x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/>"
        );
    }
    let _ = if cell.gate {
        let (right, bottom, middle) = (x + WIDTH, y + HEIGHT, y + HEIGHT / 2);
        write!(
            page,
            "<path class=\"k\" d=\"M{} {y}H{}L{right} {middle}L{} {bottom}H{}L{x} {middle}Z\"/>",
            x + NOTCH,
            right - NOTCH,
            right - NOTCH,
            x + NOTCH
        )
    } else {
        write!(page, "<rect class=\"k\" x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/>")
    };
    let left = x + 14;
    let _ = writeln!(
        page,
        "<text class=\"t\" x=\"{left}\" y=\"{}\">{}</text><text class=\"c\" x=\"{left}\" y=\"{}\">{}</text></a>",
        y + 19,
        text(&without_middle(&cell.title, TITLE)),
        y + 35,
        text(&shortened(&cell.subtitle, SUBTITLE))
    );
}
