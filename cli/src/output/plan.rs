//! A plan as text.

use std::fmt::Write as _;

use ordain_graph::{Effect, PlanGraph};

/// The steps of a plan in order, one a line.
pub(crate) fn text(graph: &PlanGraph) -> String {
    let width = graph.nodes.iter().map(|node| node.address.chars().count()).max().unwrap_or(0).min(60);
    let mut out = String::new();
    for node in &graph.nodes {
        let sign = match node.effect {
            Effect::Read => "○",
            Effect::Write => "+",
            Effect::Destroy => "-",
        };
        let version = graph.contracts.get(&node.contract).map_or("", |contract| contract.version.as_str());
        let adapter = node.adapter.as_deref().unwrap_or("not bound");
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(out, "{sign} {:width$}  {}@{version}  {adapter}", node.address, node.capability);
    }
    let _ = writeln!(
        out,
        "{} step{}, effect {}, risk {}, {}",
        graph.nodes.len(),
        if graph.nodes.len() == 1 { "" } else { "s" },
        graph.effect.name(),
        graph.risk.name(),
        graph.hash()
    );
    out
}
