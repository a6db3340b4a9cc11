//! Drift: what is there, held against what a plan and the journal say should be.
//!
//! Adapters are asked to look, and nothing is changed: no file, no journal. Whether a step's effect is there can be said
//! from what its adapter tells of the inputs that would make it, and from what the journal has of the execution that made
//! it. Where neither says enough, that is said, and not guessed.

mod adopt;
mod compare;
mod history;
mod identity;
mod observe;
mod reduce;
mod survey;

pub use adopt::{Adopted, ImportProblem, import};
pub use reduce::{Refreshed, refresh};

use serde::Serialize;
use serde_json::Value as Json;
use smol_str::SmolStr;
use std::time::Duration;

use ordain_graph::PlanGraph;

use crate::execute::{ExecuteError, ExecuteOptions};
use crate::reason::Reason;

/// How long an adapter may look at one step, where nothing else is asked for.
pub const LOOK_WITHIN: Duration = Duration::from_secs(30);

/// What adapters found of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriftReport {
    /// The plan's name.
    pub plan: SmolStr,
    /// The plan's hash.
    pub plan_hash: SmolStr,
    /// The last execution of the plan that the journal has; none where there is none.
    pub last_execution: Option<SmolStr>,
    /// How many steps are how.
    pub counts: DriftCounts,
    /// Every step that writes, in the plan's order; then what is there and in no plan any more.
    pub steps: Vec<DriftStep>,
}

/// How many steps are how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DriftCounts {
    /// As they should be.
    pub as_planned: usize,
    /// Not there.
    pub missing: usize,
    /// There, and should not be.
    pub unexpected: usize,
    /// Otherwise than they should be.
    pub mismatched: usize,
    /// Of which nothing can be said.
    pub unknown: usize,
    /// Not asked about.
    pub not_asked: usize,
}

/// What was found of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriftStep {
    /// Its address.
    pub address: SmolStr,
    /// What it does.
    pub capability: SmolStr,
    /// What identifies the thing that it governs, where its capability says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Json>,
    /// How it is.
    pub state: DriftState,
    /// Where it is otherwise than it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<DriftField>,
    /// Why nothing can be said, as a code that never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// More about it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The execution that did it last, by the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<SmolStr>,
}

/// How what a step governs is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftState {
    /// As the step makes it.
    AsPlanned,
    /// It should be there, and is not.
    Missing,
    /// It should not be there, and is.
    Unexpected,
    /// It is there, and otherwise than it should be.
    Mismatched,
    /// Nothing can be said.
    Unknown,
    /// It was not asked for, because a later step decides how it is.
    NotAsked,
}

impl DriftState {
    /// Whether it is otherwise than it should be.
    pub const fn is_drift(self) -> bool {
        matches!(self, Self::Missing | Self::Unexpected | Self::Mismatched)
    }
}

/// A field that is otherwise than it should be. No content of a secret is in it; long texts are told by their digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriftField {
    /// The path: `inputs` or `outputs`, and the names from there inwards, joined by `.`.
    pub field: String,
    /// What it should be.
    pub expected: Json,
    /// What was found; null also where something else is there that has no such field.
    pub found: Json,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub enum DriftOf<'a> {
    /// What a plan says.
    Plan(&'a PlanGraph),
    /// What an execution did, by its id.
    Execution(&'a str),
}

impl DriftReport {
    /// Whether something is otherwise than it should be. What nothing can be said of is not.
    pub fn has_drift(&self) -> bool {
        self.steps.iter().any(|step| step.state.is_drift())
    }

    fn new(plan: &PlanGraph, last: Option<SmolStr>, steps: Vec<DriftStep>) -> Self {
        let mut counts = DriftCounts::default();
        for step in &steps {
            *match step.state {
                DriftState::AsPlanned => &mut counts.as_planned,
                DriftState::Missing => &mut counts.missing,
                DriftState::Unexpected => &mut counts.unexpected,
                DriftState::Mismatched => &mut counts.mismatched,
                DriftState::Unknown => &mut counts.unknown,
                DriftState::NotAsked => &mut counts.not_asked,
            } += 1;
        }
        Self { plan: plan.plan.clone(), plan_hash: plan.hash(), last_execution: last, counts, steps }
    }
}

/// Looks whether what a plan makes is there as it makes it; asks as many adapters at the same time as `options` allow, and
/// gives each so much time for a step, or as much as the step has where that is less.
///
/// That adapters cannot look, or fail, is no error of this function: the report says it, step by step.
///
/// # Errors
/// There is no such execution; or the journal or the workspace cannot be read.
pub fn drift(of: DriftOf<'_>, within: Duration, options: &ExecuteOptions<'_>) -> Result<DriftReport, ExecuteError> {
    let executed;
    let (plan, history) = match of {
        DriftOf::Plan(plan) => (plan, history::History::of_plan(&options.journal, plan)?),
        DriftOf::Execution(id) => {
            let (plan, history) = history::History::of_execution(&options.journal, id)?;
            executed = plan;
            (executed.as_ref(), history)
        }
    };
    let only_done = matches!(of, DriftOf::Execution(_));
    let survey = survey::survey(plan, &history, only_done, within, options)?;
    let mut steps: Vec<DriftStep> = survey.looks.into_iter().flatten().map(|look| look.step).collect();
    steps.extend(survey.unexpected);
    Ok(DriftReport::new(plan, history.last.clone(), steps))
}

/// Something that cannot be said, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unsaid {
    reason: &'static str,
    message: String,
}

impl Unsaid {
    fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    fn of(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason: reason.code(), message: message.into() }
    }
}
