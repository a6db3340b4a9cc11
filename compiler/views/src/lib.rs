//! Views of a plan: what people look at before they say yes; and of what came of it.
//!
//! Pure functions from a [`PlanGraph`](ordain_graph::PlanGraph) to text. Equal plans give equal text. Names and values
//! come from whoever wrote the plan, so every view escapes them for its own format, and shows control and
//! direction-changing characters instead of obeying them. Every view but [`dot_whole`] stays bounded: where a plan is
//! larger than a person can read, steps are folded together and counted. No view reads or writes anything.

mod addresses;
mod diff;
mod dot;
mod expression;
mod html;
mod layout;
mod markdown;
mod mermaid;
mod names;
mod outline;
mod paint;
mod sketch;
mod summary;
mod timeline;
mod tree;
mod verdicts;
mod wrap;

pub use diff::{
    Change, Counts, Followed, PLAN_DIFF_SCHEMA, PlanDiff, Renamed, Side, StepChange, StepRef, VerdictChange, What, diff,
};
pub use dot::{dot, dot_whole};
pub use html::{Picture, html, picture};
pub use markdown::markdown;
pub use mermaid::mermaid;
pub use paint::Terminal;
pub use timeline::{Span, SpanKind, Timeline, TimelineRow, timeline, timeline_html};
pub use tree::{tree, tree_head};

use ordain_graph::{NodeId, PlanGraph, Value, Verdict};

/// A value or a condition of a plan in one line of at most about `limit` characters, as one writes it in the language, with
/// the addresses of the steps whose outputs it reads.
pub fn written(graph: &PlanGraph, value: &Value, limit: usize) -> String {
    let naming = |id: &NodeId| graph.nodes.iter().find(|node| node.id == *id).map(|node| node.address.to_string());
    expression::expression(value, None, &naming, limit)
}

/// A value that no plan is needed for, in one line of at most about `limit` characters, as one writes it in the language.
pub fn value(value: &Value, limit: usize) -> String {
    expression::expression(value, None, &|_| None, limit)
}

/// What a verdict of a plan says, for people: `needs the approval of 2 of sre`.
pub fn said(graph: &PlanGraph, verdict: &Verdict) -> String {
    verdicts::phrase(verdict, &addresses::Addresses::of(graph))
}

/// What policies say of a plan and why, for people, a line for whatever is said of the same steps for the same reason:
/// `GOV-101 needs the approval of 2 of sre, because production is shared (rollout)`.
pub fn rationale(graph: &PlanGraph) -> Vec<String> {
    verdicts::rationale(graph)
}

/// What stands between a plan and its execution, for people: `denied by GOV-103`, `approval of 2 of sre`.
pub fn open(graph: &PlanGraph) -> Vec<String> {
    verdicts::open(graph)
}
