//! Adopting what exists: the journal is told that steps have been done, so that drift and undo know of them.

use std::time::Duration;

use ordain_graph::{Because, Effect, LeftOut, NodeId, PlanGraph, Value};
use serde_json::json;
use smol_str::SmolStr;
use thiserror::Error;

use super::history::History;
use super::reduce::known_addresses;
use super::survey::{Look, survey};
use super::{DriftState, DriftStep};
use crate::clock;
use crate::execute::{ExecuteError, ExecuteOptions, step_key};
use crate::journal::{Claimed, Entry, Journal, NewExecution, StepEvent};
use crate::report::State;

/// What was adopted.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopted {
    /// The execution that tells of it in the journal; none where nothing was written.
    pub execution: Option<SmolStr>,
    /// What was found, of each step that was asked for.
    pub steps: Vec<DriftStep>,
    /// What stands against it. Nothing was written where something does.
    pub problems: Vec<ImportProblem>,
}

/// Why a step is not adopted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportProblem {
    /// The plan has no such step.
    #[error("the plan has no step `{address}`")]
    NoStep {
        /// What was asked for.
        address: SmolStr,
    },
    /// It makes nothing that could be there.
    #[error("`{address}` makes nothing: only what a step writes can be imported")]
    MakesNothing {
        /// The step.
        address: SmolStr,
    },
    /// The journal has it already.
    #[error("`{address}` is in the journal already: the execution `{execution}` did it")]
    Known {
        /// The step.
        address: SmolStr,
        /// The execution.
        execution: SmolStr,
    },
    /// It is not there.
    #[error("`{address}` is not there")]
    Missing {
        /// The step.
        address: SmolStr,
    },
    /// It is there, and otherwise than the plan wants it, or nobody can say how. May be accepted.
    #[error("`{address}` is there, and {why}")]
    Different {
        /// The step.
        address: SmolStr,
        /// How.
        why: String,
    },
    /// Nothing can be said of it.
    #[error("`{address}` cannot be looked at: {why}")]
    Unknown {
        /// The step.
        address: SmolStr,
        /// Why.
        why: String,
    },
    /// Its adapter does not tell all outputs, so that later steps could not use them.
    #[error("`{address}` cannot be written down: its adapter does not tell the output `{}`", .outputs.join("`, `"))]
    Untold {
        /// The step.
        address: SmolStr,
        /// The outputs.
        outputs: Vec<SmolStr>,
    },
    /// The part of the plan cannot be told from the rest.
    #[error("{0}")]
    Plan(String),
}

/// Writes down that steps of a plan have been done, as if an execution had found them so. Nothing is done to what is there.
///
/// `accept` adopts also what is otherwise than the plan wants it; `write` writes, or else it is only looked.
///
/// # Errors
/// The workspace or the journal cannot be used. What stands against single steps is told in [`Adopted::problems`].
pub fn import(
    plan: &PlanGraph,
    addresses: &[SmolStr],
    (accept, write): (bool, bool),
    within: Duration,
    options: &ExecuteOptions<'_>,
) -> Result<Adopted, ExecuteError> {
    let history = History::of_plan(&options.journal, plan)?;
    let looks = survey(plan, &history, false, within, options)?.looks;
    let known = known_addresses(plan);
    let mut adopted = Adopted { execution: None, steps: Vec::new(), problems: Vec::new() };
    let mut chosen: Vec<(usize, &Look)> = Vec::new();
    for address in addresses {
        let Some(&at) = known.get(address) else {
            adopted.problems.push(ImportProblem::NoStep { address: address.clone() });
            continue;
        };
        match looks[at].as_ref().filter(|_| plan.nodes[at].effect == Effect::Write) {
            None => adopted.problems.push(ImportProblem::MakesNothing { address: address.clone() }),
            Some(look) => {
                adopted.steps.push(look.step.clone());
                let made = history.made.get(address).filter(|made| !made.undone).map(|made| made.execution.clone());
                adopted.problems.extend(problem(plan, at, look, made, accept));
                chosen.push((at, look));
            }
        }
    }
    chosen.sort_by_key(|(at, _)| *at);
    chosen.dedup_by_key(|(at, _)| *at);
    if !adopted.problems.is_empty() {
        return Ok(adopted);
    }
    let part = match part(plan, &looks, &chosen) {
        Ok(part) => part,
        Err(problem) => {
            adopted.problems.push(problem);
            return Ok(adopted);
        }
    };
    if write {
        adopted.execution = Some(written(&part, plan, &chosen, options)?);
    }
    Ok(adopted)
}

fn problem(plan: &PlanGraph, at: usize, look: &Look, made: Option<SmolStr>, accept: bool) -> Option<ImportProblem> {
    let address = look.step.address.clone();
    let why = || look.step.message.clone().unwrap_or_default();
    match look.step.state {
        DriftState::Missing => return Some(ImportProblem::Missing { address }),
        DriftState::NotAsked => return Some(ImportProblem::Unknown { address, why: why() }),
        _ if !look.is_present => return Some(ImportProblem::Unknown { address, why: why() }),
        DriftState::AsPlanned => {}
        // An adapter that lies is not believed.
        DriftState::Unknown if look.digest.is_none() => return Some(ImportProblem::Unknown { address, why: why() }),
        _ if accept => {}
        DriftState::Unknown => {
            return Some(ImportProblem::Different { address, why: why() });
        }
        _ => {
            let fields: Vec<&str> = look.step.fields.iter().map(|field| field.field.as_str()).collect();
            let why = format!("otherwise than the plan wants it: `{}`", fields.join("`, `"));
            return Some(ImportProblem::Different { address, why });
        }
    }
    if let (Some(execution), DriftState::AsPlanned) = (made, look.step.state) {
        return Some(ImportProblem::Known { address, execution });
    }
    let shape = plan.contracts.get(&plan.nodes[at].contract).map(|contract| &contract.output);
    let fields = match shape {
        Some(ordain_graph::Shape::Record(fields)) => fields.iter(),
        _ => return None,
    };
    let outputs: Vec<SmolStr> = fields
        .filter(|(name, shape)| !look.outputs.contains_key(*name) && !matches!(shape, ordain_graph::Shape::Optional(_)))
        .map(|(name, _)| name.clone())
        .collect();
    (!outputs.is_empty()).then_some(ImportProblem::Untold { address, outputs })
}

/// The part of the plan that was done, with nothing that has to be decided: nothing is done.
fn part(plan: &PlanGraph, looks: &[Option<Look>], chosen: &[(usize, &Look)]) -> Result<PlanGraph, ImportProblem> {
    let others = plan.nodes.iter().enumerate().filter(|(at, _)| !chosen.iter().any(|(own, _)| own == at));
    let left_out = others.map(|(at, node)| LeftOut {
        address: node.address.clone(),
        node: node.id.clone(),
        because: Because::NotImported,
        observed: looks[at].as_ref().and_then(|look| look.digest.clone()),
    });
    let known = |id: &NodeId| {
        let at = plan.nodes.iter().position(|node| node.id == *id)?;
        let look = looks[at].as_ref()?;
        Some(Value::record(look.outputs.iter().map(|(name, value)| (name.clone(), value.clone()))))
    };
    let whole = PlanGraph { returns: None, verdicts: Vec::new(), ..plan.clone() };
    let denied = plan.requirements().denied_by;
    if !denied.is_empty() {
        let denied: Vec<&str> = denied.iter().map(SmolStr::as_str).collect();
        return Err(ImportProblem::Plan(format!("policies deny the plan: {}", denied.join(", "))));
    }
    let mut part = whole.without(left_out.collect(), &known).map_err(|error| ImportProblem::Plan(error.to_string()))?;
    if let Some(refresh) = &mut part.refresh {
        refresh.of = plan.hash();
    }
    Ok(part)
}

fn written(
    part: &PlanGraph,
    whole: &PlanGraph,
    chosen: &[(usize, &Look)],
    options: &ExecuteOptions<'_>,
) -> Result<SmolStr, ExecuteError> {
    let (id, at) = (clock::execution_id(), clock::now());
    let execution = NewExecution {
        id: id.clone(),
        plan: part.plan.clone(),
        plan_hash: part.hash(),
        package: part.package.name.clone(),
        version: part.package.version.clone(),
        graph: part.to_json(),
        parallelism: 1,
        approvers: None,
        imported: true,
        at,
    };
    let mut entries = Vec::new();
    for node in &part.nodes {
        let found = chosen.iter().find(|(at, _)| whole.nodes[*at].address == node.address);
        let Some(((_, look), contract)) = found.zip(part.contracts.get(&node.contract)) else { continue };
        let Some(inputs) = &look.inputs else { continue };
        let outputs = Value::record(look.outputs.iter().map(|(name, value)| (name.clone(), value.clone())));
        let outputs = contract.output.check(&outputs).map_err(|error| ExecuteError::Misfit(error.to_string()))?;
        let mut entry = |event, data| {
            let (node, address) = (node.id.0.clone(), node.address.clone());
            entries.push(Entry { at, node, address, event, attempt: 1, data });
        };
        let key = step_key(&id, node);
        entry(StepEvent::Intent, json!({ "inputs": contract.input.encode(inputs), "key": key, "imported": true }));
        entry(
            StepEvent::Succeeded,
            json!({ "outputs": contract.output.encode(&outputs), "duration_ms": 0, "imported": true }),
        );
    }
    let claimed = Claimed { environments: part.environments.keys().cloned().collect(), concurrent: false };
    let mut recorder = Journal::open(&options.journal)?.begin(&execution, &claimed)?;
    recorder.commit(&entries, Some((at, State::Succeeded)))?;
    Ok(id)
}
