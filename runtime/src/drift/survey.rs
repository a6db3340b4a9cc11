//! A survey: every step of a plan with what should be there of it, and what is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ordain_graph::{Contract, Effect, Node, NodeId, PlanGraph, Value, evaluate};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::compare::{Expected, shown};
use super::history::{History, Made};
use super::identity::Identity;
use super::observe::{Asking, Question};
use super::{DriftState, DriftStep, Unsaid};
use crate::adapters::{Observed, Reach, Surroundings, Terrain};
use crate::clock;
use crate::execute::{ExecuteError, ExecuteOptions, secret_names, workspace};
use crate::vault::Vault;

/// What was found of the steps of a plan.
pub(super) struct Survey {
    /// Of each node, by position; nothing of those that only look, and those that were not looked for.
    pub(super) looks: Vec<Option<Look>>,
    /// What the last execution made, and the plan does not have any more.
    pub(super) unexpected: Vec<DriftStep>,
}

/// What was found of one step.
pub(super) struct Look {
    pub(super) step: DriftStep,
    /// What it is given, where that is known.
    pub(super) inputs: Option<Value>,
    /// What is known of its outputs.
    pub(super) outputs: BTreeMap<SmolStr, Value>,
    /// The digest of what was found.
    pub(super) digest: Option<SmolStr>,
    /// Whether there was anything to compare.
    pub(super) proven: bool,
    /// The position of the step that decides how it is.
    pub(super) superseded_by: Option<usize>,
    /// Whether it is there, however it is.
    pub(super) is_present: bool,
}

/// A step that is to be there, or gone.
struct Wanted<'a> {
    at: usize,
    node: &'a Node,
    contract: &'a Contract,
    made: Option<&'a Made>,
    same: bool,
    key: Option<Value>,
    inputs: Result<Value, Unsaid>,
    superseded_by: Option<usize>,
}

/// Looks at all steps of a plan that write; at those only that the journal has, where `only_done` says so.
pub(super) fn survey(
    plan: &PlanGraph,
    history: &History,
    only_done: bool,
    within: Duration,
    options: &ExecuteOptions<'_>,
) -> Result<Survey, ExecuteError> {
    let mut wanted = expected(plan, history)?;
    if only_done {
        wanted.retain(|step| step.made.is_some_and(|made| !made.undone));
    }
    let surplus: Vec<&Made> = if only_done { Vec::new() } else { surplus(plan, history, &wanted) };
    let vault = Arc::new(unlock(plan, &surplus, options));
    let workspace = Arc::new(workspace(options)?);
    let (cancel, grace, leeway) = (&options.cancel, options.grace, options.adapter_limits.leeway);
    let surroundings = Surroundings { workspace: &workspace, vault: &vault, cancel, grace, leeway };
    let asking = Asking { surroundings: &surroundings, parallel: options.limits.all };
    let mut asked = Vec::new();
    let mut questions = Vec::new();
    for (index, step) in wanted.iter().enumerate() {
        if let (Ok(inputs), None) = (&step.inputs, step.superseded_by) {
            asked.push(index);
            questions.push(Question {
                plan,
                contract: step.contract,
                adapter: step.node.adapter.as_ref(),
                key: step.made.map_or_else(|| "0".repeat(64), |made| made.step_key.clone()),
                inputs: Arc::new(step.contract.input.encode(inputs)),
                within: patience(step.node, within),
            });
        }
    }
    let execution = clock::execution_id();
    let answers = ask(plan, &asking, &questions, &execution, options);
    let mut answered: HashMap<usize, Result<Observed, Unsaid>> = asked.into_iter().zip(answers).collect();
    let mut looks: Vec<Option<Look>> = plan.nodes.iter().map(|_| None).collect();
    for (index, step) in wanted.iter().enumerate() {
        looks[step.at] = Some(step.look(plan, answered.remove(&index), &vault));
    }
    let unexpected = unexpected(&surplus, &asking, within, &execution, options, &vault);
    Ok(Survey { looks, unexpected })
}

fn patience(node: &Node, within: Duration) -> Duration {
    node.timeout.map_or(within, |own| Duration::from_millis(own).min(within))
}

fn ask(
    plan: &PlanGraph,
    asking: &Asking<'_>,
    questions: &[Question<'_>],
    execution: &str,
    options: &ExecuteOptions<'_>,
) -> Vec<Result<Observed, Unsaid>> {
    let (root, limits, grace) = (&options.workspace, options.adapter_limits, options.grace);
    let packages = options.packages;
    let terrain = Terrain { execution, resumed: false, root, packages, limits, grace };
    let reach = Reach::of(plan, &options.adapters, &terrain);
    asking.all(questions, &reach)
}

/// The contents of all secrets that are at hand: what is told must not show them. One that is missing is missed by the
/// adapter that needs it.
fn unlock(plan: &PlanGraph, surplus: &[&Made], options: &ExecuteOptions<'_>) -> Vault {
    let mut names = BTreeMap::new();
    plan.nodes.iter().for_each(|node| secret_names(&node.inputs, &mut names));
    surplus.iter().for_each(|made| secret_names(&made.node().inputs, &mut names));
    let vault = Vault::default();
    for name in names.into_keys() {
        if let Ok(content) = options.secrets.resolve(&name) {
            vault.insert(name, content);
        }
    }
    vault
}

/// Every step that writes or removes, with what it is given.
fn expected<'a>(plan: &'a PlanGraph, history: &'a History) -> Result<Vec<Wanted<'a>>, ExecuteError> {
    let mut outputs: HashMap<&NodeId, Value> = HashMap::new();
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    for (at, node) in plan.nodes.iter().enumerate() {
        let contract = plan.contracts.get(&node.contract).ok_or_else(|| {
            ExecuteError::Malformed(format!("`{}` follows a contract that is not there", node.address))
        })?;
        let known = |id: &NodeId| outputs.get(id).cloned();
        let inputs = resolved(plan, node, contract, &known);
        let made = history.made.get(&node.address).filter(|made| is_same_kind(made.node(), node));
        let same = match (&inputs, made) {
            (Ok(inputs), Some(made)) => !made.undone && contract.input.encode(inputs) == made.inputs,
            _ => false,
        };
        let key = node.key.as_ref().and_then(|key| evaluate(key, &known).ok()).filter(Value::is_known);
        if let Some(made) = made.filter(|_| same) {
            outputs.insert(&node.id, made.outputs.clone());
        }
        if node.effect != Effect::Read {
            wanted.push(Wanted { at, node, contract, made, same, key, inputs, superseded_by: None });
        }
    }
    supersede(&mut wanted, &|id| outputs.get(id).cloned());
    Ok(wanted)
}

fn is_same_kind(one: &Node, other: &Node) -> bool {
    (&one.capability, &one.adapter) == (&other.capability, &other.adapter)
}

fn resolved(
    plan: &PlanGraph,
    node: &Node,
    contract: &Contract,
    outputs: &dyn Fn(&NodeId) -> Option<Value>,
) -> Result<Value, Unsaid> {
    let unresolved = |message: String| Unsaid::new("input_unresolved", message);
    let inputs = evaluate(&node.inputs, outputs)
        .map_err(|error| unresolved(format!("its inputs cannot be computed: {error}")))?;
    if !inputs.is_known() {
        let mut waits = plan.nodes.iter().filter(|other| {
            node.depends_on.iter().any(|on| on.on == other.id && on.why == ordain_graph::Why::Data)
                && outputs(&other.id).is_none()
        });
        let on = waits.next().map_or("another step", |other| other.address.as_str());
        return Err(unresolved(format!("its inputs wait for `{on}`, and no execution tells what that gives")));
    }
    contract.input.check(&inputs).map_err(|error| unresolved(format!("its inputs are not as demanded: {error}")))
}

/// Finds the steps whose effect a later one changes or takes back: how things are is for the last one to say.
fn supersede(wanted: &mut [Wanted<'_>], outputs: &dyn Fn(&NodeId) -> Option<Value>) {
    let mut last: BTreeMap<Identity, usize> = BTreeMap::new();
    let mut taken_back: HashMap<(&SmolStr, Option<&SmolStr>, Value), usize> = HashMap::new();
    for step in wanted.iter_mut().rev() {
        let identity = Identity::of(step.node, step.key.as_ref());
        step.superseded_by = identity.as_ref().and_then(|identity| last.get(identity).copied());
        if let (None, Some(undo)) = (step.superseded_by, &step.node.undo)
            && let Ok(inputs) = evaluate(&undo.inputs, outputs)
        {
            step.superseded_by = taken_back.get(&(&undo.capability, undo.adapter.as_ref(), inputs)).copied();
        }
        if let Some(identity) = identity {
            last.entry(identity).or_insert(step.at);
        }
        if step.node.effect == Effect::Destroy
            && let Ok(inputs) = evaluate(&step.node.inputs, outputs)
        {
            taken_back.entry((&step.node.capability, step.node.adapter.as_ref(), inputs)).or_insert(step.at);
        }
    }
}

impl Wanted<'_> {
    fn look(&self, plan: &PlanGraph, answer: Option<Result<Observed, Unsaid>>, vault: &Vault) -> Look {
        let mut look = Look {
            step: DriftStep {
                address: self.node.address.clone(),
                capability: self.node.capability.clone(),
                key: self.key.as_ref().map(|key| shown(&key.to_json(), vault)),
                state: DriftState::Unknown,
                fields: Vec::new(),
                reason: None,
                message: None,
                execution: self.made.filter(|made| !made.undone).map(|made| made.execution.clone()),
            },
            inputs: self.inputs.as_ref().ok().cloned(),
            outputs: self.recorded(),
            digest: None,
            proven: false,
            superseded_by: self.superseded_by,
            is_present: false,
        };
        if let Some(by) = self.superseded_by {
            look.step.state = DriftState::NotAsked;
            look.step.message = Some(format!("`{}` decides how it is", plan.nodes[by].address));
            return look;
        }
        let answer = self
            .inputs
            .clone()
            .and_then(|_| answer.unwrap_or_else(|| Err(Unsaid::new("not_asked", "it was not asked for"))));
        let unsaid = match answer {
            Ok(observed) => self.judge(observed, vault, &mut look).err(),
            Err(unsaid) => Some(unsaid),
        };
        if let Some(Unsaid { reason, message }) = unsaid {
            look.step.state = DriftState::Unknown;
            (look.step.reason, look.step.message) = (Some(reason), Some(message));
        }
        look
    }

    /// What the journal has of its outputs, without secrets: their contents are gone.
    fn recorded(&self) -> BTreeMap<SmolStr, Value> {
        let Some(made) = self.made.filter(|_| self.same) else { return BTreeMap::new() };
        let Value::Record(fields) = &made.outputs else { return BTreeMap::new() };
        let open = |value: &Value| {
            let mut names = BTreeMap::new();
            secret_names(value, &mut names);
            names.is_empty()
        };
        fields.iter().filter(|(_, value)| open(value)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn judge(&self, observed: Observed, vault: &Vault, look: &mut Look) -> Result<(), Unsaid> {
        let destroys = self.node.effect == Effect::Destroy;
        let (inputs, outputs) = match observed {
            Observed::Unknown => {
                return Err(Unsaid::new("unknown", "its adapter looked for it, and nothing can be said"));
            }
            Observed::Absent => {
                look.step.state = if destroys { DriftState::AsPlanned } else { DriftState::Missing };
                look.proven = destroys;
                return Ok(());
            }
            Observed::Present { inputs, outputs } => (inputs, outputs),
        };
        look.is_present = true;
        if destroys {
            look.step.state = DriftState::Unexpected;
            look.step.message = Some("it should be gone".into());
            return Ok(());
        }
        let Ok(wanted) = &self.inputs else { return Ok(()) };
        let expected = Expected {
            node: &self.node.id,
            contract: self.contract,
            inputs: wanted,
            made: self.made.filter(|made| !made.undone),
            same: self.same,
        };
        let compared = expected.compare(&inputs, &outputs, vault)?;
        look.digest = Some(compared.digest);
        look.outputs.extend(compared.outputs);
        look.proven = compared.looked_at > 0;
        look.step.state = DriftState::AsPlanned;
        if !compared.fields.is_empty() {
            look.step.state = DriftState::Mismatched;
            look.step.fields = compared.fields;
        } else if !compared.untold.is_empty() {
            let untold = compared.untold.join("`, `");
            let message = format!("its adapter does not tell `{untold}` of what is there, and no execution made it so");
            return Err(Unsaid::new("not_comparable", message));
        }
        Ok(())
    }
}

/// What was made, was not taken back, and is nothing that the plan is about.
fn surplus<'a>(plan: &PlanGraph, history: &'a History, wanted: &[Wanted<'_>]) -> Vec<&'a Made> {
    let things: BTreeSet<Identity> =
        wanted.iter().filter_map(|step| Identity::of(step.node, step.key.as_ref())).collect();
    let addresses: BTreeMap<&SmolStr, &Node> = plan.nodes.iter().map(|node| (&node.address, node)).collect();
    let of_plan = |made: &Made| {
        let node = made.node();
        let there = addresses.get(&node.address).is_some_and(|known| is_same_kind(known, node));
        match Identity::of(node, made.key.as_ref()) {
            // Where the plan's own key is not known, the address has to do.
            Some(thing) => {
                things.contains(&thing)
                    || (there && wanted.iter().any(|step| step.node.address == node.address && step.key.is_none()))
            }
            None => {
                there
                    || wanted.iter().any(|step| {
                        let inputs = step.inputs.as_ref().map(|inputs| step.contract.input.encode(inputs));
                        is_same_kind(step.node, node) && inputs.is_ok_and(|inputs| inputs == made.inputs)
                    })
            }
        }
    };
    history.made.values().filter(|made| made.node().effect == Effect::Write && !made.undone && !of_plan(made)).collect()
}

/// What is surplus, and there still.
fn unexpected(
    surplus: &[&Made],
    asking: &Asking<'_>,
    within: Duration,
    execution: &str,
    options: &ExecuteOptions<'_>,
    vault: &Vault,
) -> Vec<DriftStep> {
    let mut found = Vec::new();
    let mut plans: BTreeMap<&str, Vec<&Made>> = BTreeMap::new();
    for made in surplus {
        plans.entry(&made.execution).or_default().push(made);
    }
    for made in plans.into_values() {
        let known = made.iter().filter_map(|made| Some((*made, made.contract()?)));
        let (made, questions): (Vec<&Made>, Vec<Question<'_>>) = known
            .map(|(made, contract)| {
                let question = Question {
                    plan: &made.plan,
                    contract,
                    adapter: made.node().adapter.as_ref(),
                    key: made.step_key.clone(),
                    inputs: Arc::new(made.inputs.clone()),
                    within: patience(made.node(), within),
                };
                (made, question)
            })
            .unzip();
        let Some(first) = made.first() else { continue };
        let answers = ask(&first.plan, asking, &questions, execution, options);
        found.extend(made.into_iter().zip(answers).filter_map(|(made, answer)| leftover(made, answer, vault)));
    }
    found.sort_by(|a, b| a.address.cmp(&b.address));
    found
}

fn leftover(made: &Made, answer: Result<Observed, Unsaid>, vault: &Vault) -> Option<DriftStep> {
    let (state, reason, message) = match answer {
        Ok(Observed::Absent) => return None,
        Ok(Observed::Present { .. }) => {
            (DriftState::Unexpected, None, "an execution made it, and the plan does not have it any more".to_owned())
        }
        Ok(Observed::Unknown) => (
            DriftState::Unknown,
            Some("unknown"),
            "an execution made it; whether it is there cannot be said".to_owned(),
        ),
        Err(Unsaid { reason, message }) => (DriftState::Unknown, Some(reason), message),
    };
    let node = made.node();
    let key: Option<Json> = made.key.as_ref().map(|key| shown(&key.to_json(), vault));
    Some(DriftStep {
        address: node.address.clone(),
        capability: node.capability.clone(),
        key,
        state,
        fields: Vec::new(),
        reason,
        message: Some(message),
        execution: Some(made.execution.clone()),
    })
}
