//! Large plans: every view ends soon and stays small; and no line is wider than the terminal.

use ordain_graph::{DraftPlan, Effect, PlanGraph, Shape, Value, Why};
use ordain_views::{Terminal, diff, dot, dot_whole, html, markdown, mermaid, tree};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use crate::hostile::hostile;
use crate::samples::{contract, draft, made, many, shop, step, sweep, tiny};

const COUNT: u32 = 100_000;
const SOME: u32 = 5_000;

fn bounded(graph: &PlanGraph) {
    let plain = Terminal { width: 80, colour: false };
    let drawn = mermaid(graph);
    assert!(drawn.lines().filter(|line| line.contains(" --> ") || line.contains(" -.-> ")).count() < 500);
    for (name, view, most) in [
        ("tree", tree(graph, &plain), 200_000),
        ("mermaid", drawn, 50_000),
        ("dot", dot(graph), 1_000_000),
        ("markdown", markdown(graph), 150_000),
        ("html", html(graph), 16_000_000),
    ] {
        assert!(view.len() <= most, "{name}: {} bytes", view.len());
    }
}

#[test]
fn a_hundred_thousand_rounds_of_loops() {
    let graph = made(many(COUNT));
    bounded(&graph);
    assert_eq!(dot_whole(&graph).lines().filter(|line| line.contains("work[")).count(), COUNT as usize);
    let found = diff(&graph, &made(many(COUNT - 1)));
    assert_eq!(found.counts.removed, 1);
}

#[test]
fn many_names_without_keys() {
    let kinds: Vec<_> =
        (0..500).map(|at| contract(&format!("work.kind{at}"), &[("x", Shape::Int)], &[], Effect::Write)).collect();
    let nodes = (0..SOME).map(|at| {
        let mut node = step(&format!("step{at}"), &kinds[at as usize % kinds.len()], &[("x", Value::Int(at.into()))]);
        if at > 0 {
            node.depends_on.push((at / 2, Why::After));
        }
        node
    });
    bounded(&made(draft("names.names", nodes.collect())));
}

#[test]
fn a_long_chain() {
    let mut plan = many(SOME);
    for at in 1..plan.nodes.len() {
        plan.nodes[at].depends_on.push((at as u32 - 1, Why::After));
    }
    bounded(&made(plan));
}

/// As many lines as a plan of two layers can have.
#[test]
fn everything_waits_for_everything() {
    let work = contract("work.do", &[("x", Shape::Int)], &[], Effect::Write);
    let nodes = (0..600u32).map(|at| {
        let mut node = step(&format!("step{at}"), &work, &[("x", Value::Int(at.into()))]);
        if at >= 300 {
            node.depends_on = (0..300).map(|on| (on, Why::After)).collect();
        }
        node
    });
    bounded(&made(draft("dense.dense", nodes.collect())));
}

#[test]
fn deep_addresses_and_long_names() {
    let work = contract("work.do", &[("x", Shape::Int)], &[], Effect::Write);
    let deep = "a/".repeat(5_000);
    let long = "b".repeat(10_000);
    let nodes = (0..200).map(|at| step(&format!("{deep}{long}{at}"), &work, &[("x", Value::Int(at))]));
    bounded(&made(draft(&long, nodes.collect())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_line_is_wider_than_the_terminal(
        width in 40usize..160,
        sample in prop::sample::select(vec![tiny as fn() -> DraftPlan, shop, sweep, hostile]),
        other in prop::sample::select(vec![tiny as fn() -> DraftPlan, shop, sweep, hostile]),
    ) {
        let terminal = Terminal { width, colour: false };
        let graph = made(sample());
        let found = diff(&made(other()), &graph);
        for view in [tree(&graph, &terminal), found.text(&terminal)] {
            for line in view.lines() {
                prop_assert!(line.width() <= width, "{} > {width}: {line}", line.width());
            }
        }
    }

    #[test]
    fn colour_changes_nothing_else(
        sample in prop::sample::select(vec![tiny as fn() -> DraftPlan, shop, sweep, hostile]),
    ) {
        let graph = made(sample());
        let found = diff(&made(shop()), &graph);
        let strip = |text: String| {
            let mut parts = text.split('\u{1b}');
            let first = parts.next().unwrap_or_default().to_owned();
            parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
        };
        let (with, without) = (Terminal { width: 80, colour: true }, Terminal { width: 80, colour: false });
        prop_assert_eq!(strip(tree(&graph, &with)), tree(&graph, &without));
        prop_assert_eq!(strip(found.text(&with)), found.text(&without));
    }
}
