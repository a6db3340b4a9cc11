//! What is undone, with what, and in which order: what was built upon something before that.

use ordain_graph::Effect;
use serde_json::Value as Json;

use super::{Phase, Progress, Replayer, Undoing};
use crate::reason::Reason;

impl Replayer<'_> {
    fn may_undo(&mut self, at: usize) {
        self.settles(Some(at));
        self.phase = Phase::Settling;
        if !self.undo {
            self.diverges(Some(at), "it was to be undone although no failure asks for that");
        }
        if self.nodes[at].progress != Progress::Succeeded {
            self.diverges(Some(at), "it was to be undone although it had not succeeded");
        }
        if self.nodes[at].undo == Undoing::Undone {
            self.diverges(Some(at), "it was to be undone twice");
        }
        let open =
            |other: &&usize| self.nodes[**other].progress == Progress::Succeeded && self.is_to_be_undone(**other);
        let first = self.dependents[at].iter().find(open).copied();
        if let Some(first) = first {
            let first = self.plan.nodes[first].address.clone();
            self.diverges(Some(at), format!("its turn came before that of `{first}`, which was built upon it"));
        }
    }

    /// Whether it is still to be undone.
    pub(super) fn is_to_be_undone(&self, at: usize) -> bool {
        let node = &self.plan.nodes[at];
        let harmless = node.undo.is_none() && node.effect == Effect::Read;
        matches!(self.nodes[at].undo, Undoing::Open | Undoing::Begun) && !harmless
    }

    pub(super) fn undo_begun(&mut self, at: usize, data: &Json) {
        self.may_undo(at);
        if self.nodes[at].undo == Undoing::Begun {
            self.diverges(Some(at), "undoing it began while that was under way");
        }
        if let Some(by) = self.nodes[at].blocked.clone() {
            self.diverges(Some(at), format!("it was undone although `{by}`, which was built upon it, was not"));
        }
        self.key(at, true, data);
        let plan = self.plan;
        match &plan.nodes[at].undo {
            None => self.diverges(Some(at), "it was undone although its capability has no way to"),
            Some(how) => {
                if data["capability"].as_str() != Some(how.capability.as_str()) {
                    self.diverges(Some(at), "it was undone by another capability than the plan has");
                }
                let contract = plan.contracts.get(&how.contract);
                let inputs = contract.and_then(|contract| self.inputs(&how.inputs, &contract.input).ok());
                if inputs.as_ref() != Some(&data["inputs"]) {
                    self.diverges(Some(at), "it was undone with other inputs than the plan and its outputs give");
                }
            }
        }
        self.nodes[at].undo = Undoing::Begun;
    }

    pub(super) fn undone(&mut self, at: usize) {
        if self.nodes[at].undo != Undoing::Begun {
            self.diverges(Some(at), "it was undone although that had not begun");
        }
        self.nodes[at].undo = Undoing::Undone;
    }

    pub(super) fn not_undone(&mut self, at: usize, data: &Json) {
        let begun = self.nodes[at].undo == Undoing::Begun;
        if data["undo"] == "in_doubt" {
            let cut_short = self.taken_back && matches!(self.nodes[at].progress, Progress::Doubt(_));
            let abandoned = self.nodes[at].progress == Progress::Failed(Reason::Abandoned);
            if !cut_short && !abandoned {
                self.diverges(Some(at), "it is said to be in doubt although it was not cut short");
            }
        } else if !begun {
            self.may_undo(at);
        }
        let plan = self.plan;
        let way = &plan.nodes[at].undo;
        let outcome = match data["undo"].as_str() {
            Some("failed") => {
                // Where it was not begun, its inputs could not be computed, or a secret among them is gone.
                let computed = way.as_ref().and_then(|how| {
                    let contract = plan.contracts.get(&how.contract)?;
                    self.inputs(&how.inputs, &contract.input).ok()
                });
                if !begun && computed.is_some() && data["reason"] != "secret_lost" {
                    self.diverges(Some(at), "undoing it failed although that had not begun");
                }
                Undoing::Failed
            }
            Some("unavailable") => {
                if way.is_some() {
                    self.diverges(Some(at), "it was not undone although its capability has a way to");
                }
                Undoing::Unavailable
            }
            Some("blocked") => {
                if self.nodes[at].blocked.as_deref() != data["address"].as_str() {
                    self.diverges(Some(at), "it was left as it is because of a step that did not stand in the way");
                }
                Undoing::Blocked
            }
            Some("in_doubt") => Undoing::InDoubt,
            Some("cancelled") => {
                self.cancelled = true;
                Undoing::Cancelled
            }
            _ => {
                self.diverges(Some(at), "it was not undone for no reason that is known");
                Undoing::Failed
            }
        };
        self.nodes[at].undo = outcome;
        let node = &self.plan.nodes[at];
        let holds = match outcome {
            Undoing::Failed | Undoing::Blocked => true,
            Undoing::InDoubt => node.undo.is_some() || self.nodes[at].progress == Progress::Failed(Reason::Abandoned),
            _ => false,
        };
        if holds {
            let by = self.nodes[at].blocked.clone().unwrap_or_else(|| node.address.clone());
            for on in &node.depends_on {
                if let Some(&on) = self.position.get(on.on.0.as_str()) {
                    self.nodes[on].blocked.get_or_insert_with(|| by.clone());
                }
            }
        }
    }
}
