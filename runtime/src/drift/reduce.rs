//! The part of a plan that is still to be done: the whole without the steps whose effect is there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use ordain_graph::{Because, Effect, LeftOut, NodeId, NodeRef, PlanGraph, RefreshError, Residual, Value};
use smol_str::SmolStr;

use super::history::History;
use super::survey::{Look, Survey, survey};
use super::{DriftReport, DriftState};
use crate::execute::{ExecuteError, ExecuteOptions};

/// A plan that was held against what is there.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// What was found.
    pub report: DriftReport,
    /// The part that is still to be done; or why there is none.
    pub plan: Result<PlanGraph, RefreshError>,
}

/// Leaves out of a plan what is there as the plan wants it.
///
/// A step that writes is left out if its adapter finds its effect as it would make it, or where it removes, gone; if all that
/// its inputs wait for is left out, too; and if what others need of its outputs is known. A step that looks is left out if
/// no step that is left writes before or after it. All others stay, whatever is wrong with looking at them.
///
/// # Errors
/// As for [`drift`](super::drift).
pub fn refresh(plan: &PlanGraph, within: Duration, options: &ExecuteOptions<'_>) -> Result<Refreshed, ExecuteError> {
    let history = History::of_plan(&options.journal, plan)?;
    let Survey { looks, unexpected } = survey(plan, &history, false, within, options)?;
    let reduced = Reducer::new(plan, &history, &looks).reduce();
    let steps = looks.into_iter().flatten().map(|look| look.step).chain(unexpected).collect();
    Ok(Refreshed { report: DriftReport::new(plan, history.last.clone(), steps), plan: reduced })
}

struct Reducer<'a> {
    plan: &'a PlanGraph,
    history: &'a History,
    looks: &'a [Option<Look>],
    position: HashMap<&'a NodeId, usize>,
    /// Those that have to stay, whatever was found.
    pinned: BTreeSet<usize>,
}

impl<'a> Reducer<'a> {
    fn new(plan: &'a PlanGraph, history: &'a History, looks: &'a [Option<Look>]) -> Self {
        let position = plan.nodes.iter().enumerate().map(|(at, node)| (&node.id, at)).collect();
        Self { plan, history, looks, position, pinned: BTreeSet::new() }
    }

    /// Leaves out as much as can be. Every round keeps at least one step more than the one before.
    fn reduce(mut self) -> Result<PlanGraph, RefreshError> {
        loop {
            let left_out = self.left_out();
            let outputs = |id: &NodeId| {
                let look = self.looks[*self.position.get(id)?].as_ref()?;
                Some(Value::record(look.outputs.iter().map(|(name, value)| (name.clone(), value.clone()))))
            };
            let reduced =
                self.plan.without(left_out.iter().map(|(at, because)| self.entry(*at, *because)).collect(), &outputs);
            let before = self.pinned.len();
            match &reduced {
                Err(RefreshError::Needed { on, .. }) => {
                    self.pinned.extend(self.position.get(on).copied());
                }
                Err(RefreshError::Merged { nodes }) => {
                    let waits = nodes.iter().filter_map(|id| self.position.get(id)).flat_map(|at| self.waits(*at));
                    let kept: Vec<usize> = waits.filter(|at| left_out.contains_key(at)).collect();
                    self.pinned.extend(kept);
                }
                _ => {}
            }
            if self.pinned.len() == before {
                return reduced;
            }
        }
    }

    fn entry(&self, at: usize, because: Because) -> LeftOut {
        let node = &self.plan.nodes[at];
        let observed = self.looks[at].as_ref().and_then(|look| look.digest.clone());
        LeftOut { address: node.address.clone(), node: node.id.clone(), because, observed }
    }

    fn waits(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        self.plan.nodes[at].depends_on.iter().filter_map(|on| self.position.get(&on.on).copied())
    }

    /// What may be left out, by position, and why.
    fn left_out(&mut self) -> BTreeMap<usize, Because> {
        loop {
            let mut left_out = BTreeMap::new();
            // What decides how a thing is stands after what it supersedes, but data flows the other way.
            for _ in 0..2 {
                for (at, look) in self.looks.iter().enumerate() {
                    if let Some(because) = look.as_ref().and_then(|look| self.found(at, look, &left_out)) {
                        left_out.insert(at, because);
                    }
                }
            }
            self.drop_dependents(&mut left_out);
            let (before, after) = self.related(&left_out);
            let mut keep = Vec::new();
            for (at, node) in self.plan.nodes.iter().enumerate().filter(|(_, node)| node.effect == Effect::Read) {
                if self.pinned.contains(&at) {
                    continue;
                }
                if !before[at] && !after[at] {
                    left_out.insert(at, Because::NotNeeded);
                } else if let Some(on) = self.waits(at).find(|on| matches!(left_out.get(on), Some(Because::TakenBack)))
                {
                    // It looked at what is taken back, and could not see it any more.
                    if self.history.made.contains_key(&node.address) {
                        left_out.insert(at, Because::TakenBack);
                    } else {
                        keep.push(on);
                        keep.extend(self.looks[on].as_ref().and_then(|look| look.superseded_by));
                    }
                }
            }
            if keep.is_empty() {
                return left_out;
            }
            self.pinned.extend(keep);
        }
    }

    /// Why a step that writes may be left out, as far as what was found of it goes.
    fn found(&self, at: usize, look: &Look, left_out: &BTreeMap<usize, Because>) -> Option<Because> {
        if self.pinned.contains(&at) {
            return None;
        }
        let destroys = self.plan.nodes[at].effect == Effect::Destroy;
        match (look.step.state, look.superseded_by) {
            (DriftState::AsPlanned, _) if look.proven => {
                Some(if destroys { Because::Gone } else { Because::AsPlanned })
            }
            (DriftState::NotAsked, Some(by)) => left_out.contains_key(&by).then_some(Because::TakenBack),
            _ => None,
        }
    }

    /// Whatever uses outputs of a step that stays could be given something else than what was looked for.
    fn drop_dependents(&self, left_out: &mut BTreeMap<usize, Because>) {
        loop {
            let uses = |at: &usize| {
                let mut found = Vec::new();
                inputs(&self.plan.nodes[*at].inputs, &mut found);
                found.into_iter().any(|id| self.position.get(id).is_some_and(|on| !left_out.contains_key(on)))
            };
            let orphaned = |at: &usize| {
                let by = self.looks[*at].as_ref().and_then(|look| look.superseded_by);
                by.is_some_and(|by| !left_out.contains_key(&by))
            };
            let dropped: Vec<usize> = left_out.keys().copied().filter(|at| uses(at) || orphaned(at)).collect();
            if dropped.is_empty() {
                return;
            }
            dropped.iter().for_each(|at| {
                left_out.remove(at);
            });
        }
    }

    /// Whether a step that is left writes before each node, and after.
    fn related(&self, left_out: &BTreeMap<usize, Because>) -> (Vec<bool>, Vec<bool>) {
        let count = self.plan.nodes.len();
        let (mut before, mut after) = (vec![false; count], vec![false; count]);
        let writes = |at: usize| self.plan.nodes[at].effect != Effect::Read && !left_out.contains_key(&at);
        for at in 0..count {
            before[at] = self.waits(at).any(|on| before[on] || writes(on));
        }
        for at in (0..count).rev() {
            if after[at] || writes(at) {
                for on in self.waits(at).collect::<Vec<_>>() {
                    after[on] = true;
                }
            }
        }
        (before, after)
    }
}

/// The nodes whose outputs a value is made of.
fn inputs<'v>(value: &'v Value, found: &mut Vec<&'v NodeId>) {
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { node: NodeRef::Id(id), .. } => found.push(id),
            Residual::Apply { args, .. } => args.iter().for_each(|each| inputs(each, found)),
            Residual::Output { .. } | Residual::It => {}
        },
        Value::List(elements) => elements.iter().for_each(|each| inputs(each, found)),
        Value::Set(elements) => elements.iter().for_each(|each| inputs(each, found)),
        Value::Map(entries) => entries.iter().for_each(|(key, each)| {
            inputs(key, found);
            inputs(each, found);
        }),
        Value::Record(fields) => fields.values().for_each(|each| inputs(each, found)),
        _ => {}
    }
}

/// The names of what is looked at, for errors.
pub(super) fn known_addresses(plan: &PlanGraph) -> BTreeMap<&SmolStr, usize> {
    plan.nodes.iter().enumerate().map(|(at, node)| (&node.address, at)).collect()
}
