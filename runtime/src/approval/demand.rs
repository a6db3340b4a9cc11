//! Demands: whose word the verdicts of a plan ask for.

use std::collections::{BTreeMap, BTreeSet};

use ordain_graph::{Node, NodeId, Outcome, PlanGraph, Value, Verdict, display, evaluate};
use serde::Serialize;
use smol_str::SmolStr;

/// What one policy asks of one group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Demand {
    /// The policy's code: what people agree to.
    pub policy: SmolStr,
    /// The group.
    pub group: SmolStr,
    /// How many of its people have to agree, at least 1.
    pub count: u32,
    /// Its people.
    pub members: BTreeSet<SmolStr>,
    /// Everybody whose rejection stops the policy: the people of every group that it asks anywhere in the plan.
    #[serde(skip)]
    pub voices: BTreeSet<SmolStr>,
    /// Why the policy asks.
    pub because: Option<SmolStr>,
    /// Whether it is not known yet that it asks, since that depends on outputs of steps.
    pub pending: bool,
    /// The addresses of the steps that wait for it; none where it is the whole plan.
    pub about: Vec<SmolStr>,
}

/// Whose word the policies of a plan ask for.
pub(super) struct Demands<'p> {
    plan: &'p PlanGraph,
    /// What asks, whether it waits for outputs or not.
    asking: BTreeMap<Option<&'p NodeId>, Vec<&'p Verdict>>,
    /// Who may reject, by code.
    voices: BTreeMap<&'p SmolStr, BTreeSet<SmolStr>>,
}

fn asks(verdict: &Verdict) -> Option<(&SmolStr, u32)> {
    match &verdict.outcome {
        _ if verdict.exempt.is_some() => None,
        Outcome::Approval { group, count } => Some((group, *count)),
        Outcome::Escalate { group } => Some((group, 1)),
        _ => None,
    }
}

impl<'p> Demands<'p> {
    pub(super) fn new(plan: &'p PlanGraph) -> Self {
        let mut asking: BTreeMap<Option<&NodeId>, Vec<&Verdict>> = BTreeMap::new();
        for verdict in plan.verdicts.iter().filter(|verdict| asks(verdict).is_some()) {
            asking.entry(verdict.node.as_ref()).or_default().push(verdict);
        }
        let mut demands = Self { plan, asking, voices: BTreeMap::new() };
        if demands.asking.is_empty() {
            return demands;
        }
        let nodes: BTreeMap<&NodeId, &Node> = plan.nodes.iter().map(|node| (&node.id, node)).collect();
        let mut voices: BTreeMap<&SmolStr, BTreeSet<SmolStr>> = BTreeMap::new();
        for (node, verdicts) in &demands.asking {
            // Where approvals are handed over, those who take them have a voice, too.
            let groups: Vec<&SmolStr> = verdicts.iter().filter_map(|verdict| Some(asks(verdict)?.0)).collect();
            let node = node.and_then(|id| nodes.get(id).copied());
            for verdict in verdicts {
                let own = asks(verdict).map(|(group, _)| group);
                let escalated = |group: &&&SmolStr| {
                    verdicts
                        .iter()
                        .any(|other| matches!(&other.outcome, Outcome::Escalate { group: to } if to == **group))
                };
                for group in groups.iter().filter(escalated).copied().chain(own) {
                    voices.entry(&verdict.code).or_default().extend(demands.members(node, group).into_iter().flatten());
                }
            }
        }
        demands.voices = voices;
        demands
    }

    /// Whether nobody is ever asked.
    pub(super) fn is_empty(&self) -> bool {
        self.asking.is_empty()
    }

    /// The people of a group where it is asked: one set for each environment that means others by it. None where no
    /// environment has the group, so that nobody can agree.
    fn members(&self, node: Option<&Node>, group: &str) -> BTreeSet<BTreeSet<SmolStr>> {
        let own = node.and_then(|node| node.environment.as_ref());
        let meant = self.plan.environments.iter().filter(|(name, _)| own.is_none_or(|own| own == *name));
        let mut sets: BTreeSet<BTreeSet<SmolStr>> = meant
            .filter_map(|(_, environment)| Some(environment.groups.get(group)?.iter().cloned().collect()))
            .collect();
        if sets.is_empty() {
            sets.insert(BTreeSet::new());
        }
        sets
    }

    /// What stands before a step, or before every step where there is none: what asks in any case, and of what waited for
    /// outputs that for which `now` says so (`None` where it is not known yet).
    fn about(&self, node: Option<&Node>, now: &dyn Fn(&Verdict) -> Option<bool>) -> Vec<Demand> {
        let Some(verdicts) = self.asking.get(&node.map(|node| &node.id)) else { return Vec::new() };
        let holds = |verdict: &Verdict| if verdict.when.is_some() { now(verdict) } else { Some(true) };
        let escalated: BTreeSet<&SmolStr> = verdicts
            .iter()
            .filter(|verdict| holds(verdict) == Some(true))
            .filter_map(|verdict| match &verdict.outcome {
                Outcome::Escalate { group } => Some(group),
                _ => None,
            })
            .collect();
        let mut demands = Vec::new();
        for verdict in verdicts {
            let (Some((group, count)), pending) = (asks(verdict), holds(verdict)) else { continue };
            if pending == Some(false) {
                continue;
            }
            let handed_over = matches!(verdict.outcome, Outcome::Approval { .. }) && !escalated.is_empty();
            let groups = if handed_over { escalated.iter().copied().collect() } else { vec![group] };
            let because = verdict.because.as_ref().and_then(|because| display(because).ok());
            for group in groups {
                for members in self.members(node, group) {
                    demands.push(Demand {
                        policy: verdict.code.clone(),
                        group: group.clone(),
                        count,
                        members,
                        voices: self.voices.get(&verdict.code).cloned().unwrap_or_default(),
                        because: because.as_deref().map(SmolStr::from),
                        pending: pending.is_none(),
                        about: node.map(|node| node.address.clone()).into_iter().collect(),
                    });
                }
            }
        }
        demands
    }

    /// What stands before a step: what is asked for the whole plan, and for the step. `asking` are the verdicts about it
    /// that had waited for outputs and ask.
    pub(super) fn before(&self, node: &Node, asking: &[&Verdict]) -> Vec<Demand> {
        let now = |verdict: &Verdict| Some(asking.iter().any(|asks| std::ptr::eq(*asks, verdict)));
        let mut demands = self.about(None, &|_| Some(false));
        demands.extend(self.about(Some(node), &now));
        demands
    }

    /// All that is asked in a plan, as far as outputs tell. What several steps ask alike is asked once.
    pub(super) fn all(&self, outputs: &dyn Fn(&NodeId) -> Option<Value>) -> Vec<Demand> {
        let now = |verdict: &Verdict| match verdict.when.as_ref().map(|when| evaluate(when, outputs)) {
            Some(Ok(Value::Bool(holds))) => Some(holds),
            _ => None,
        };
        let nodes = self.plan.nodes.iter().filter(|node| self.asking.contains_key(&Some(&node.id)));
        let mut gathered: BTreeMap<Demand, Vec<SmolStr>> = BTreeMap::new();
        for node in [None].into_iter().chain(nodes.map(Some)) {
            for mut demand in self.about(node, &now) {
                let about = std::mem::take(&mut demand.about);
                let known = gathered.entry(demand).or_default();
                // Two policies of one code may ask alike.
                known.extend(about.into_iter().filter(|address| known.last() != Some(address)).collect::<Vec<_>>());
            }
        }
        gathered.into_iter().map(|(demand, about)| Demand { about, ..demand }).collect()
    }
}
