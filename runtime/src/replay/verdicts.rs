//! Policies that waited for outputs, decided again.

use ordain_graph::{NodeRef, Outcome, Residual, Value, Verdict, evaluate};
use serde_json::{Value as Json, json};

use super::Replayer;
use crate::reason::Reason;

/// What a verdict comes to: whether its condition holds, where that can be said, and whether it keeps the step from
/// running.
struct Verified {
    holds: Option<bool>,
    denies: Option<Reason>,
}

fn asks(verdict: &Verdict) -> bool {
    matches!(verdict.outcome, Outcome::Approval { .. } | Outcome::Escalate { .. })
}

impl<'p> Replayer<'p> {
    /// The verdicts about a node that wait for outputs, in the plan's order.
    pub(super) fn waiting(&self, at: usize) -> Vec<&'p Verdict> {
        self.pending.get(self.plan.nodes[at].id.0.as_str()).cloned().unwrap_or_default()
    }

    fn verified(&self, verdict: &Verdict) -> Verified {
        let holds = match verdict.when.as_ref().map(|when| evaluate(when, &|id| self.known(id))) {
            Some(Ok(Value::Bool(holds))) => Some(holds),
            None => Some(true),
            Some(_) => None,
        };
        let harmless = matches!(verdict.outcome, Outcome::Warn { .. } | Outcome::Gate { present: true, .. });
        // Whether people have agreed is another question.
        let harmless = harmless || asks(verdict);
        let denies = match holds {
            Some(false) => None,
            Some(true) if harmless => None,
            Some(true) => Some(Reason::PolicyDenied),
            // Even a warning that cannot be decided keeps the step from running.
            None => Some(Reason::PolicyUndecided),
        };
        Verified { holds, denies }
    }

    /// Whether the condition of a verdict holds, where that can be said.
    pub(super) fn holds(&self, verdict: &Verdict) -> Option<bool> {
        self.verified(verdict).holds
    }

    /// Whether the policies let a node run; the reason and the first code that does not.
    pub(super) fn verdict(&self, at: usize) -> Result<(), (Reason, String)> {
        let denial = |verdict: &Verdict| Some((self.verified(verdict).denies?, verdict.code.to_string()));
        self.waiting(at).into_iter().find_map(denial).map_or(Ok(()), Err)
    }

    pub(super) fn denied_by(&self, at: usize) -> Option<String> {
        self.verdict(at).err().map(|(_, code)| code)
    }

    /// A decision was written down: it must be the one whose turn it was, and come out as it did.
    pub(super) fn decided(&mut self, at: usize, data: &Json) {
        if self.nodes[at].decided == 0 {
            self.may_begin(at);
        }
        let verdict = self.waiting(at).get(self.nodes[at].decided).copied();
        self.nodes[at].decided += 1;
        let code = data["code"].as_str().unwrap_or_default();
        let Some(verdict) = verdict.filter(|verdict| verdict.code == code) else {
            return self.diverges(Some(at), format!("`{code}` was decided, which the plan does not ask for here"));
        };
        let Verified { holds, denies } = self.verified(verdict);
        let decision = match denies {
            Some(_) => "deny",
            None if holds == Some(true) && asks(verdict) => "ask",
            None => "allow",
        };
        if data["holds"] != json!(holds) || data["decision"] != decision {
            let found = data["decision"].as_str().unwrap_or("nothing");
            self.diverges(Some(at), format!("`{code}` was decided as `{found}`, where the rules give `{decision}`"));
        }
        for seen in data["values"].as_array().into_iter().flatten() {
            if self.saw(seen) == Some(false) {
                self.diverges(Some(at), format!("`{code}` was decided with another value than a step gave"));
            }
        }
    }

    /// Whether a value that a decision saw is what a step gave; `None` where that cannot be said.
    fn saw(&self, seen: &Json) -> Option<bool> {
        let node = NodeRef::Id(ordain_graph::NodeId(seen["node"].as_str()?.into()));
        let path = seen["path"].as_array()?.iter().map(|each| each.as_str().map(Into::into)).collect::<Option<_>>()?;
        let output = Value::Residual(Residual::Output { node, path }.into());
        let value = evaluate(&output, &|id| self.known(id)).ok()?.to_json();
        Some(match seen.get("digest") {
            Some(digest) => *digest == crate::workspace::digest(value.to_string().as_bytes()),
            None => seen["value"] == value,
        })
    }

    /// Every policy that had to be decided was: up to the first that denies.
    pub(super) fn all_decided(&mut self, at: usize) {
        if self.migrated {
            return;
        }
        let all = self.waiting(at);
        let last = all.iter().position(|verdict| self.verified(verdict).denies.is_some());
        let needed = last.map_or(all.len(), |last| last + 1);
        if let Some(missing) = all.get(self.nodes[at].decided).filter(|_| self.nodes[at].decided < needed) {
            self.diverges(Some(at), format!("no decision of `{}` was written down", missing.code));
        }
    }
}
