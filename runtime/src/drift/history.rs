//! What the journal has of the steps of a plan: what each did last, with which inputs, and what it gave.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ordain_graph::{Contract, Node, NodeId, PlanGraph, Value, evaluate};
use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::execute::ExecuteError;
use crate::journal::{ExecutionRecord, ExecutionSummary, Journal, JournalError, RecordedState, StepEvent};
use crate::report::State;

/// What the journal has of a plan.
#[derive(Default)]
pub(super) struct History {
    /// The last execution.
    pub(super) last: Option<SmolStr>,
    /// What was done last, by address.
    pub(super) made: BTreeMap<SmolStr, Made>,
}

/// A step that succeeded.
pub(super) struct Made {
    /// The plan that was executed.
    pub(super) plan: Arc<PlanGraph>,
    /// The step's position there.
    at: usize,
    pub(super) execution: SmolStr,
    /// The key that its adapter was called with.
    pub(super) step_key: String,
    /// What it was given.
    pub(super) inputs: Json,
    /// What it gave.
    pub(super) outputs: Value,
    /// What identifies the thing that it governs.
    pub(super) key: Option<Value>,
    /// Whether it was taken back since.
    pub(super) undone: bool,
}

impl Made {
    pub(super) fn node(&self) -> &Node {
        &self.plan.nodes[self.at]
    }

    pub(super) fn contract(&self) -> Option<&Contract> {
        self.plan.contracts.get(&self.node().contract)
    }
}

impl History {
    /// What the last execution of a plan in its environments did that came to its end, and those since, which did a part of it.
    pub(super) fn of_plan(journal: &Path, plan: &PlanGraph) -> Result<Self, ExecuteError> {
        let journal = match Journal::open_existing(journal) {
            Ok(journal) => journal,
            Err(JournalError::Missing { .. }) => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let mut history = Self::default();
        for ExecutionSummary { id, state, plan_hash, .. } in journal
            .executions()?
            .into_iter()
            .filter(|execution| execution.plan == plan.plan && execution.package == plan.package.name)
        {
            // One of a journal of the first version, which did not keep it.
            let Some(executed) = journal.plan(&plan_hash)? else { continue };
            if !is_same_place(plan, &executed) {
                continue;
            }
            history.last.get_or_insert_with(|| id.clone());
            let Some(record) = journal.execution(&id)? else { continue };
            let whole = executed.refresh.is_none();
            history.take(&record, Arc::new(executed))?;
            if whole && state == RecordedState::Finished(State::Succeeded) {
                break;
            }
        }
        Ok(history)
    }

    /// What one execution did, and its plan.
    pub(super) fn of_execution(journal: &Path, id: &str) -> Result<(Arc<PlanGraph>, Self), ExecuteError> {
        let journal = Journal::open_existing(journal)?;
        let unknown = || ExecuteError::Unknown { id: id.into() };
        let record = journal.execution(id)?.ok_or_else(unknown)?;
        let plan = journal.plan(&record.summary.plan_hash)?.ok_or_else(|| ExecuteError::NoPlan { id: id.into() })?;
        let plan = Arc::new(plan);
        let mut history = Self { last: Some(id.into()), ..Self::default() };
        history.take(&record, plan.clone())?;
        Ok((plan, history))
    }

    /// Takes up what an execution did, where no later one did it again.
    fn take(&mut self, record: &ExecutionRecord, plan: Arc<PlanGraph>) -> Result<(), ExecuteError> {
        let positions: BTreeMap<&str, usize> =
            plan.nodes.iter().enumerate().map(|(at, node)| (node.id.0.as_str(), at)).collect();
        let mut begun: BTreeMap<usize, (&Json, &str)> = BTreeMap::new();
        let mut made: BTreeMap<usize, Made> = BTreeMap::new();
        for step in &record.steps {
            let misfit = |why: &str| ExecuteError::Misfit(format!("`{}` {why}", step.address));
            let at = *positions.get(step.node.as_str()).ok_or_else(|| misfit("is no step of it"))?;
            match step.event {
                StepEvent::Intent | StepEvent::Resumed => {
                    begun.insert(at, (&step.data["inputs"], step.data["key"].as_str().unwrap_or_default()));
                }
                StepEvent::Succeeded => {
                    let (inputs, key) = begun.get(&at).ok_or_else(|| misfit("succeeded without having begun"))?;
                    let contract = plan.contracts.get(&plan.nodes[at].contract);
                    let outputs = contract.and_then(|contract| contract.output.decode(&step.data["outputs"]).ok());
                    let step = Made {
                        plan: plan.clone(),
                        at,
                        execution: record.summary.id.clone(),
                        step_key: (*key).to_owned(),
                        inputs: (*inputs).clone(),
                        outputs: outputs.ok_or_else(|| misfit("gave what it cannot"))?,
                        key: None,
                        undone: false,
                    };
                    made.insert(at, step);
                }
                StepEvent::Undone => {
                    if let Some(made) = made.get_mut(&at) {
                        made.undone = true;
                    }
                }
                _ => {}
            }
        }
        let outputs: BTreeMap<&NodeId, Value> =
            made.iter().map(|(at, made)| (&plan.nodes[*at].id, made.outputs.clone())).collect();
        let keys: Vec<(usize, Option<Value>)> = made
            .keys()
            .map(|at| {
                let key = plan.nodes[*at].key.as_ref();
                (*at, key.and_then(|key| evaluate(key, &|id| outputs.get(id).cloned()).ok()).filter(Value::is_known))
            })
            .collect();
        for (at, key) in keys {
            if let Some(mut step) = made.remove(&at) {
                step.key = key;
                self.made.entry(plan.nodes[at].address.clone()).or_insert(step);
            }
        }
        Ok(())
    }
}

/// Whether two plans of the same name are for the same environments. One may have come to have more of them; what was done in
/// staging says nothing of production.
fn is_same_place(one: &PlanGraph, other: &PlanGraph) -> bool {
    let within =
        |one: &PlanGraph, other: &PlanGraph| one.environments.keys().all(|name| other.environments.contains_key(name));
    within(one, other) || within(other, one)
}
