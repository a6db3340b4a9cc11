//! Verdicts: what policies say about a plan, and what all of them together demand.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::names::names;
use crate::plan::{PlanGraph, Risk};
use crate::value::{Date, NodeId, Value};

/// What one policy says about a plan or one of its nodes. A policy that says nothing has no verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// The policy's code, which stays the same for ever.
    pub code: SmolStr,
    /// What it is about; the plan as a whole where there is none.
    pub node: Option<NodeId>,
    /// The policy's qualified name.
    pub policy: SmolStr,
    /// How grave it is when the policy is not met.
    pub severity: Severity,
    /// What it demands.
    pub outcome: Outcome,
    /// A condition over outputs of steps, where the policy could not be decided before execution: the verdict holds
    /// if the condition does, or if it cannot be decided then either.
    pub when: Option<Value>,
    /// Why the policy says so.
    pub because: Option<Value>,
    /// The exemption that lifts it.
    pub exempt: Option<Exemption>,
}

/// What a verdict demands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It must not run.
    Deny {
        /// What is wrong, a string or a residual of one.
        message: Option<Value>,
    },
    /// It may run, but somebody should look.
    Warn {
        /// What is odd, a string or a residual of one.
        message: Option<Value>,
    },
    /// People of a group must agree first.
    Approval {
        /// A group of the environment.
        group: SmolStr,
        /// How many of them, at least 1.
        count: u32,
    },
    /// Whatever approval is asked for must come from this group instead, and at least one.
    Escalate {
        /// A group of the environment.
        group: SmolStr,
    },
    /// A gate must stand before the step, or the plan must have it.
    Gate {
        /// Its name.
        name: SmolStr,
        /// Whether it does.
        present: bool,
    },
}

/// Why a verdict does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exemption {
    /// The last day on which it is lifted.
    pub until: Option<Date>,
    /// The qualified name of the decision record.
    pub see: Option<SmolStr>,
}

/// How grave it is when a policy is not met; ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Little.
    Low,
    /// Some.
    #[default]
    Medium,
    /// Much.
    High,
    /// Everything.
    Critical,
}

names!(Severity { Low = "low", Medium = "medium", High = "high", Critical = "critical" });

/// Who carries a plan out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// The interpreter may go ahead alone.
    #[default]
    Autonomous,
    /// Somebody stands by: there is something to approve or decide, or too much can go wrong.
    Assist,
}

names!(Mode { Autonomous = "autonomous", Assist = "assist" });

/// What verdicts demand together. It does not depend on their order: a denial wins over everything, of two demands for
/// approval by one group the greater counts, and different groups must each agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Codes of the policies that deny.
    pub denied_by: BTreeSet<SmolStr>,
    /// How many people of which groups must agree.
    pub approvals: BTreeMap<SmolStr, u32>,
    /// Codes of the policies that are decided during execution.
    pub pending: BTreeSet<SmolStr>,
    /// Codes of the policies that warn.
    pub warned_by: BTreeSet<SmolStr>,
}

impl Requirements {
    /// What some verdicts about the same thing demand. Those that are exempt demand nothing.
    pub fn of<'v>(verdicts: impl IntoIterator<Item = &'v Verdict>) -> Self {
        let mut asked = Self::default();
        let mut escalated: BTreeSet<&SmolStr> = BTreeSet::new();
        for verdict in verdicts.into_iter().filter(|verdict| verdict.exempt.is_none()) {
            let code = || verdict.code.clone();
            if verdict.when.is_some() {
                // A warning stands in nobody's way, now or later.
                if !matches!(verdict.outcome, Outcome::Warn { .. }) {
                    asked.pending.insert(code());
                }
                continue;
            }
            match &verdict.outcome {
                Outcome::Deny { .. } | Outcome::Gate { present: false, .. } => {
                    asked.denied_by.insert(code());
                }
                Outcome::Gate { present: true, .. } => {}
                Outcome::Warn { .. } => {
                    asked.warned_by.insert(code());
                }
                Outcome::Approval { group, count } => {
                    let known = asked.approvals.entry(group.clone()).or_default();
                    *known = (*known).max(*count);
                }
                Outcome::Escalate { group } => {
                    escalated.insert(group);
                }
            }
        }
        if !escalated.is_empty() {
            let count = asked.approvals.values().copied().max().unwrap_or(1);
            asked.approvals = escalated.into_iter().map(|group| (group.clone(), count)).collect();
        }
        asked
    }

    /// What two things ask for together.
    pub fn and(mut self, other: Self) -> Self {
        self.denied_by.extend(other.denied_by);
        self.pending.extend(other.pending);
        self.warned_by.extend(other.warned_by);
        for (group, count) in other.approvals {
            let asked = self.approvals.entry(group).or_default();
            *asked = (*asked).max(count);
        }
        self
    }

    /// Whether nothing stands in the way of going ahead.
    pub fn is_free(&self) -> bool {
        self.denied_by.is_empty() && self.approvals.is_empty() && self.pending.is_empty()
    }
}

impl PlanGraph {
    /// What the policies demand of the plan: of the whole, and of each of its nodes.
    pub fn requirements(&self) -> Requirements {
        let mut by_node: BTreeMap<Option<&NodeId>, Vec<&Verdict>> = BTreeMap::new();
        for verdict in &self.verdicts {
            by_node.entry(verdict.node.as_ref()).or_default().push(verdict);
        }
        by_node.into_values().map(Requirements::of).fold(Requirements::default(), Requirements::and)
    }

    /// Who carries it out. High and critical risk is never carried out without somebody standing by, whatever the
    /// policies say.
    pub fn mode(&self) -> Mode {
        if self.risk >= Risk::High || !self.requirements().is_free() { Mode::Assist } else { Mode::Autonomous }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verdict() -> impl Strategy<Value = Verdict> {
        let group = "[abc]".prop_map(SmolStr::from);
        let outcome = prop_oneof![
            Just(Outcome::Deny { message: None }),
            Just(Outcome::Warn { message: None }),
            (group.clone(), 1u32..4).prop_map(|(group, count)| Outcome::Approval { group, count }),
            group.prop_map(|group| Outcome::Escalate { group }),
            any::<bool>().prop_map(|present| Outcome::Gate { name: "g".into(), present }),
        ];
        (outcome, 0..4usize, any::<bool>(), any::<bool>()).prop_map(|(outcome, code, pending, exempt)| Verdict {
            code: format!("P-{code}").into(),
            node: None,
            policy: "p".into(),
            severity: Severity::Low,
            outcome,
            when: (pending && exempt).then_some(Value::None),
            because: None,
            exempt: (!pending && exempt).then_some(Exemption { until: None, see: None }),
        })
    }

    proptest! {
        #[test]
        fn verdicts_combine_in_any_order(
            (given, shuffled) in prop::collection::vec(verdict(), 0..8)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle())),
        ) {
            let asked = Requirements::of(&given);
            prop_assert_eq!(&asked, &Requirements::of(&shuffled));
            // Saying it twice demands no more.
            prop_assert_eq!(&asked, &Requirements::of(given.iter().chain(&shuffled)));
        }

        #[test]
        fn a_further_verdict_never_frees(given in prop::collection::vec(verdict(), 0..8), more in verdict()) {
            let before = Requirements::of(&given);
            let after = Requirements::of(given.iter().chain([&more]));
            prop_assert!(before.is_free() || !after.is_free());
            prop_assert!(before.denied_by.is_subset(&after.denied_by));
            let most = |asked: &Requirements| asked.approvals.values().copied().max().unwrap_or(0);
            prop_assert!(most(&before) <= most(&after));
        }
    }
}
