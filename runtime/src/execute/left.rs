//! Giving an execution up whose process ended without a word: nothing that it began may go on by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordain_graph::{PlanGraph, Transport};

use super::error::ExecuteError;
use super::machine;
use crate::adapters::{Left, end_left};
use crate::journal::{StepEvent, StepRecord};

/// How long a program has to end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// Ends the programs of steps that were under way, or being undone, and those of adapters.
pub(super) fn end(id: &str, plan: Option<&PlanGraph>, steps: &[StepRecord]) -> Result<(), ExecuteError> {
    let mut under_way: BTreeSet<(&str, &str)> = BTreeSet::new();
    for step in steps {
        let node = step.node.as_str();
        match step.event {
            StepEvent::Intent | StepEvent::Retry | StepEvent::Resumed => {
                under_way.insert((node, "apply"));
            }
            StepEvent::Succeeded | StepEvent::Failed => {
                under_way.remove(&(node, "apply"));
            }
            StepEvent::UndoIntent => {
                under_way.insert((node, "undo"));
            }
            StepEvent::Undone | StepEvent::NotUndone => {
                under_way.remove(&(node, "undo"));
            }
            StepEvent::Skipped | StepEvent::Decided => {}
        }
    }
    let Some(plan) = plan.filter(|_| !steps.is_empty()) else { return Ok(()) };
    // Of the adapters at hand, only that one changes what it has to write down itself.
    let orderly: BTreeMap<_, bool> = plan
        .adapters
        .iter()
        .map(|(name, bound)| (name, matches!(&bound.transport, Transport::Builtin(name) if name == "terraform")))
        .collect();
    let mut calls = Vec::new();
    for node in &plan.nodes {
        for what in ["apply", "undo"] {
            if under_way.contains(&(node.id.0.as_str(), what)) {
                let orderly = node.adapter.as_ref().and_then(|name| orderly.get(name)).copied().unwrap_or_default();
                calls.push(Left { key: machine::key(id, node, what), orderly });
            }
        }
    }
    end_left(id, &calls, GRACE).map_err(|pid| ExecuteError::NotStopped { id: id.into(), pid })
}
