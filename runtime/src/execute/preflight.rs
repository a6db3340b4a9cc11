//! What is checked before anything runs.

use std::collections::{BTreeMap, HashMap};

use ordain_graph::{Contract, Date, Lock, Node, NodeId, OnFailure, PlanGraph, Residual, Value, Verdict};
use semver::Version;
use smol_str::SmolStr;

use super::Goal;
use super::error::{AdapterProblem, ExecuteError, InputProblem, NoAdapter, PolicyProblem, SecretProblem};
use crate::adapters::{Missing, Party, Reach, StepError};
use crate::approval::{Approvers, Docket};
use crate::journal::{StepEvent, StepRecord};
use crate::reason::Reason;
use crate::secret::{SecretError, SecretSource, SecretText};
use crate::vault::Vault;

/// A plan with everything its execution needs.
pub(super) struct Prepared<'a> {
    pub(super) plan: &'a PlanGraph,
    /// Positions by id.
    pub(super) position: HashMap<&'a NodeId, usize>,
    /// How each node is executed, by position.
    pub(super) calls: Vec<Call<'a>>,
    /// How each node is undone, where it can be.
    pub(super) undo: Vec<Option<Call<'a>>>,
    /// The verdicts that are decided just before a node runs.
    pub(super) pending: HashMap<&'a NodeId, Vec<&'a Verdict>>,
}

/// A contract and who fulfils it.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) adapter: Party<'a>,
}

/// Looks at the whole plan: adapters, inputs. Every problem of the first kind found is reported at once.
pub(super) fn prepare<'a>(
    plan: &'a PlanGraph,
    adapters: &'a Reach<'a>,
    goal: Goal,
    as_of: Option<Date>,
    approvers: Option<&Approvers>,
) -> Result<Prepared<'a>, ExecuteError> {
    let pending = policies(plan, as_of, approvers)?;
    let position = positions(plan)?;
    let asks = |how: Option<OnFailure>| how == Some(OnFailure::Undo);
    let undoes =
        goal == Goal::Undo || asks(Some(plan.on_failure)) || plan.nodes.iter().any(|node| asks(node.on_failure));
    let mut problems = Vec::new();
    let mut calls = Vec::with_capacity(plan.nodes.len());
    let mut undo = Vec::with_capacity(plan.nodes.len());
    // Many nodes share few contracts and adapters, and asking an adapter what it is costs something.
    let mut known: HashMap<(&SmolStr, Option<&SmolStr>), Result<Call<'a>, NoAdapter>> = HashMap::new();
    let mut find = |node: &Node, contract: &'a SmolStr, adapter: Option<&'a SmolStr>| {
        let Some(found) = plan.contracts.get(contract) else {
            return Err(ExecuteError::Malformed(format!("`{}` follows a contract that is not there", node.address)));
        };
        let call = known.entry((contract, adapter)).or_insert_with(|| bind(plan, adapters, found, adapter));
        if let Err(why) = call {
            let (address, capability) = (node.address.clone(), found.capability.clone());
            problems.push(AdapterProblem { address, capability, why: why.clone() });
        }
        Ok(call.clone().ok())
    };
    for node in &plan.nodes {
        calls.push(find(node, &node.contract, node.adapter.as_ref())?);
        undo.push(match &node.undo {
            Some(how) if undoes => find(node, &how.contract, how.adapter.as_ref())?,
            _ => None,
        });
    }
    if !problems.is_empty() {
        return Err(ExecuteError::Adapters(problems));
    }
    // INVARIANT: a call that was not found is a problem.
    let calls: Vec<Call<'a>> = calls.into_iter().flatten().collect();
    check_inputs(plan, &calls)?;
    Ok(Prepared { plan, position, calls, undo, pending })
}

/// Holds a plan to the lock, where there is one. This comes before any adapter is asked anything.
pub(super) fn locked(plan: &PlanGraph, lock: Option<&Lock>) -> Result<(), ExecuteError> {
    let differences = lock.map(|lock| lock.differences_of_plan(plan)).unwrap_or_default();
    if differences.is_empty() { Ok(()) } else { Err(ExecuteError::Locked(differences)) }
}

/// What the policies say. Gives the verdicts that wait for outputs.
fn policies<'a>(
    plan: &'a PlanGraph,
    as_of: Option<Date>,
    approvers: Option<&Approvers>,
) -> Result<HashMap<&'a NodeId, Vec<&'a Verdict>>, ExecuteError> {
    let mut problems: Vec<PolicyProblem> =
        plan.requirements().denied_by.into_iter().map(|code| PolicyProblem::Denied { code }).collect();
    // A plan is made on one day, and may be executed on another.
    problems.extend(plan.verdicts.iter().filter_map(|verdict| {
        let until = verdict.exempt.as_ref()?.until.filter(|until| as_of.is_some_and(|day| day > *until))?;
        Some(PolicyProblem::ExemptionOver { code: verdict.code.clone(), until: until.to_string() })
    }));
    problems.extend(Docket::impossible(plan, approvers).into_iter().map(|(asked, able)| PolicyProblem::Unapprovable {
        code: asked.policy,
        group: asked.group,
        count: asked.count,
        able,
    }));
    let mut pending: HashMap<&NodeId, Vec<&Verdict>> = HashMap::new();
    for verdict in plan.verdicts.iter().filter(|verdict| verdict.when.is_some() && verdict.exempt.is_none()) {
        match &verdict.node {
            Some(node) => pending.entry(node).or_default().push(verdict),
            None => problems.push(PolicyProblem::Undecided { code: verdict.code.clone() }),
        }
    }
    if problems.is_empty() { Ok(pending) } else { Err(ExecuteError::Policies(problems)) }
}

/// Positions by id. Also holds what the scheduler relies on: dependencies stand before their dependents.
fn positions(plan: &PlanGraph) -> Result<HashMap<&NodeId, usize>, ExecuteError> {
    let mut position = HashMap::with_capacity(plan.nodes.len());
    for (at, node) in plan.nodes.iter().enumerate() {
        let known = node.depends_on.iter().all(|dependency| position.contains_key(&dependency.on));
        if !known {
            let message = format!("`{}` waits for a step that does not stand before it", node.address);
            return Err(ExecuteError::Malformed(message));
        }
        if position.insert(&node.id, at).is_some() {
            return Err(ExecuteError::Malformed(format!("`{}` has the id of another step", node.address)));
        }
    }
    Ok(position)
}

/// Who fulfils a contract, once it has said what it is.
pub(crate) fn bind<'a>(
    plan: &'a PlanGraph,
    adapters: &'a Reach<'a>,
    contract: &'a Contract,
    adapter: Option<&'a SmolStr>,
) -> Result<Call<'a>, NoAdapter> {
    let (qualified, bound) =
        adapter.and_then(|name| Some((name, plan.adapters.get(name)?))).ok_or(NoAdapter::Unbound)?;
    let adapter = adapters.find(qualified, &bound.transport).map_err(|missing| match missing {
        Missing::Builtin(name) => NoAdapter::Unknown { name },
        Missing::Package(package) => NoAdapter::Package { adapter: qualified.clone(), package },
        Missing::Changed(file) => NoAdapter::Changed { adapter: qualified.clone(), file },
    })?;
    let description = adapter.adapter().describe().map_err(|StepError { reason, message }| NoAdapter::Silent {
        adapter: qualified.clone(),
        reason,
        message,
    })?;
    fits("the adapter", &bound.version, &description.version)?;
    let provided = description
        .provides
        .get(&contract.capability)
        .ok_or_else(|| NoAdapter::NotProvided { name: qualified.clone() })?;
    fits("the contract", &contract.version, provided)?;
    Ok(Call { contract, adapter })
}

/// Whether something made for one version works with another: as Cargo's `^` has it (SemVer 2.0.0).
fn fits(what: &'static str, wanted: &SmolStr, found: &Version) -> Result<(), NoAdapter> {
    let matches = semver::VersionReq::parse(&format!("^{wanted}")).is_ok_and(|wanted| wanted.matches(found));
    if matches {
        Ok(())
    } else {
        Err(NoAdapter::Version { what, wanted: wanted.clone(), found: found.to_string().into() })
    }
}

fn check_inputs(plan: &PlanGraph, calls: &[Call<'_>]) -> Result<(), ExecuteError> {
    let check = |node: &Node, call: &Call<'_>| {
        let error = call.contract.input.check(&node.inputs).err()?;
        Some(InputProblem { address: node.address.clone(), error })
    };
    let problems: Vec<InputProblem> =
        plan.nodes.iter().zip(calls).filter_map(|(node, call)| check(node, call)).collect();
    if problems.is_empty() { Ok(()) } else { Err(ExecuteError::Inputs(problems)) }
}

/// The least characters a secret has. Shorter ones stand in texts by chance, and blotting them out there would change
/// what steps see.
const LEAST_SECRET: usize = 4;

/// Every secret that inputs refer to: with its content, or promised where its source is asked only when it is needed. What an
/// execution that goes on had needed before is needed at once: what is left of it may print it.
pub(super) fn unlock(
    prepared: &Prepared<'_>,
    source: &dyn SecretSource,
    before: &[StepRecord],
) -> Result<Vault, ExecuteError> {
    let mut names = BTreeMap::new();
    for (node, undo) in prepared.plan.nodes.iter().zip(&prepared.undo) {
        secrets(&node.inputs, &mut names);
        if let (Some(how), Some(_)) = (&node.undo, undo) {
            secrets(&how.inputs, &mut names);
        }
    }
    let used = used(prepared, before);
    let vault = Vault::default();
    let mut problems = Vec::new();
    for name in names.into_keys() {
        if source.is_deferred(&name) && !used.contains_key(&name) {
            vault.promise(name);
            continue;
        }
        match ask(source, &name) {
            Ok(content) => vault.insert(name, content),
            Err(error) => problems.push(SecretProblem { name, error }),
        }
    }
    if problems.is_empty() { Ok(vault) } else { Err(ExecuteError::Secrets(problems)) }
}

/// The secrets that were handed out before.
fn used(prepared: &Prepared<'_>, before: &[StepRecord]) -> BTreeMap<SmolStr, ()> {
    // What steps, and what undoes them, was called with.
    let (mut done, mut undone) = (BTreeMap::new(), BTreeMap::new());
    for step in before {
        let at = prepared.position.get(&NodeId(step.node.clone()));
        let Some(node) = at.and_then(|at| prepared.plan.nodes.get(*at)) else { continue };
        let unavailable = step.data["reason"] == Reason::SecretUnavailable.code();
        match step.event {
            StepEvent::Intent | StepEvent::Retry | StepEvent::Resumed => {
                done.insert(&node.id, &node.inputs);
            }
            StepEvent::UndoIntent => {
                undone.extend(node.undo.as_ref().map(|how| (&node.id, &how.inputs)));
            }
            // It got none of them, and need not have them now.
            StepEvent::Failed if unavailable => {
                done.remove(&node.id);
            }
            StepEvent::NotUndone if unavailable => {
                undone.remove(&node.id);
            }
            _ => {}
        }
    }
    let mut names = BTreeMap::new();
    done.into_values().chain(undone.into_values()).for_each(|inputs| secrets(inputs, &mut names));
    names
}

/// The content of a secret, if it can be kept out of texts.
pub(super) fn ask(source: &dyn SecretSource, name: &str) -> Result<SecretText, SecretError> {
    let content = source.resolve(name)?;
    if content.expose().trim().chars().count() < LEAST_SECRET {
        return Err(SecretError::TooShort { least: LEAST_SECRET });
    }
    Ok(content)
}

/// The names of the secrets that a value refers to.
pub(crate) fn secrets(value: &Value, names: &mut BTreeMap<SmolStr, ()>) {
    match value {
        Value::Secret(secret) => {
            names.insert(secret.name.clone(), ());
        }
        Value::List(elements) => elements.iter().for_each(|each| secrets(each, names)),
        Value::Set(elements) => elements.iter().for_each(|each| secrets(each, names)),
        Value::Map(entries) => entries.values().for_each(|each| secrets(each, names)),
        Value::Record(fields) => fields.values().for_each(|each| secrets(each, names)),
        Value::Residual(residual) => {
            if let Residual::Apply { args, .. } = residual.as_ref() {
                args.iter().for_each(|each| secrets(each, names));
            }
        }
        _ => {}
    }
}
