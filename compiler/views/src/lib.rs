//! Views of a plan: what people look at before they say yes.
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
mod tree;
mod verdicts;
mod wrap;

pub use diff::{
    Change, Counts, Followed, PLAN_DIFF_SCHEMA, PlanDiff, Renamed, Side, StepChange, StepRef, VerdictChange, What, diff,
};
pub use dot::{dot, dot_whole};
pub use html::html;
pub use markdown::markdown;
pub use mermaid::mermaid;
pub use paint::Terminal;
pub use tree::tree;
