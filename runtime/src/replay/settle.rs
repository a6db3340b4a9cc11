//! After the last step: what was not started and why, and how the execution ended.

use serde_json::{Value as Json, json};

use super::{Phase, Progress, Replayer, Undoing};
use crate::reason::Reason;
use crate::report::{Skip, State};

impl Replayer<'_> {
    /// Nothing may be under way any more.
    pub(super) fn settles(&mut self, at: Option<usize>) {
        if self.phase == Phase::Settling {
            return;
        }
        let running = self.nodes.iter().position(|node| matches!(node.progress, Progress::Running(_)));
        if let Some(running) = running {
            let address = self.plan.nodes[running].address.clone();
            self.diverges(at, format!("the execution settled while `{address}` was under way"));
        }
    }

    pub(super) fn skipped(&mut self, at: usize, data: &Json) {
        self.settles(Some(at));
        self.phase = Phase::Settling;
        if self.causes.is_none() {
            self.causes = Some(self.causes());
        }
        let expected = self.skip(at);
        match &expected {
            None => self.diverges(Some(at), "it was skipped although it had ended"),
            Some(skip) if json!(skip) == *data => {}
            Some(skip) => {
                let expected = match skip {
                    Skip::DependencyFailed { address } => format!("`{address}`, which it hangs on, failed"),
                    Skip::Stopped { address } => format!("the failure of `{address}` stopped the execution"),
                    Skip::Cancelled | Skip::NotApproved | Skip::JournalFailed => {
                        "the execution was cancelled".to_owned()
                    }
                };
                self.diverges(Some(at), format!("it was skipped for another reason than that {expected}"));
            }
        }
        self.cancelled |= expected == Some(Skip::Cancelled);
        self.nodes[at].skipped = true;
    }

    /// Why a node that has not ended is skipped.
    fn skip(&self, at: usize) -> Option<Skip> {
        let ended = |at: usize| matches!(self.nodes[at].progress, Progress::Succeeded | Progress::Failed(_));
        if ended(at) {
            return None;
        }
        let address = |at: usize| self.plan.nodes[at].address.clone();
        let cause = self.causes.as_ref().and_then(|causes| causes[at]);
        Some(match (cause, self.stopped_by) {
            (Some(on), _) if self.nodes[on].progress != Progress::Failed(Reason::Cancelled) => {
                Skip::DependencyFailed { address: address(on) }
            }
            (_, Some(by)) => Skip::Stopped { address: address(by) },
            _ => Skip::Cancelled,
        })
    }

    /// The failed node that each hangs on, perhaps through others that were skipped: that with the least address, seen from
    /// each of those between.
    fn causes(&self) -> Vec<Option<usize>> {
        let mut causes: Vec<Option<usize>> = vec![None; self.nodes.len()];
        // Dependencies stand before their dependents, so that one pass does it.
        for at in 0..self.nodes.len() {
            causes[at] = match self.nodes[at].progress {
                Progress::Failed(_) => Some(at),
                Progress::Succeeded => None,
                _ => {
                    let on = self.plan.nodes[at].depends_on.iter();
                    let on = on.filter_map(|on| self.position.get(on.on.0.as_str()));
                    on.filter_map(|on| causes[*on]).min_by_key(|on| &self.plan.nodes[*on].address)
                }
            };
        }
        causes
    }

    pub(super) fn finished(&mut self, data: &Json) {
        let told = data["state"].as_str().and_then(State::named);
        let idle = matches!(self.phase, Phase::Gone | Phase::Ended(State::Waiting));
        if idle && self.cancel_requested && told == Some(State::Cancelled) {
            // Nobody carried it out, and nobody will.
            self.phase = Phase::Ended(State::Cancelled);
            return;
        }
        if !matches!(self.phase, Phase::Applying | Phase::Settling) {
            self.diverges(None, "it ended although it was not under way");
        }
        self.settles(None);
        let unended = |node: &super::Node| !matches!(node.progress, Progress::Succeeded | Progress::Failed(_));
        let missing = self.nodes.iter().position(|node| unended(node) && !node.skipped && !self.taken_back);
        if let Some(missing) = missing {
            self.diverges(Some(missing), "the execution ended although it neither ended nor was skipped");
        }
        let state = self.state(told);
        let doubt = self.nodes.iter().position(|node| matches!(node.progress, Progress::Doubt(_)));
        if let Some(doubt) = doubt.filter(|_| state != State::Cancelled && !self.taken_back && !self.migrated) {
            self.diverges(Some(doubt), "the execution ended although it was under way and never came to its end");
        }
        if state != State::Cancelled && self.undo {
            let open = |at: &usize| self.nodes[*at].progress == Progress::Succeeded && self.is_to_be_undone(*at);
            if let Some(open) = (0..self.nodes.len()).find(open) {
                self.diverges(Some(open), "the execution ended although it was still to be undone");
            }
        }
        if told != Some(state) {
            let told = told.map_or("nothing", State::name);
            self.diverges(None, format!("it ended as `{told}`, where the rules give `{}`", state.name()));
        }
        self.phase = Phase::Ended(state);
    }

    fn state(&self, told: Option<State>) -> State {
        // Whoever cancels may do so when nothing more begins anyway, while something could: no step tells of it then.
        let could_begin = |at: usize| {
            if matches!(self.nodes[at].progress, Progress::Doubt(_)) {
                return true;
            }
            let waits = self.nodes[at].progress == Progress::Waiting;
            let ready = |on: &ordain_graph::Dependency| {
                let on = self.position.get(on.on.0.as_str());
                on.is_some_and(|on| self.nodes[*on].progress == Progress::Succeeded)
            };
            waits && self.plan.nodes[at].depends_on.iter().all(ready)
        };
        let cancelled =
            told == Some(State::Cancelled) && self.cancel_requested && (0..self.nodes.len()).any(could_begin);
        let undone = || self.nodes.iter().filter(|node| node.undo != Undoing::Open);
        if self.cancelled || cancelled || undone().any(|node| node.undo == Undoing::Cancelled) {
            State::Cancelled
        } else if !self.taken_back && self.nodes.iter().all(|node| node.progress == Progress::Succeeded) {
            State::Succeeded
        } else if !self.undo {
            State::Failed
        } else if undone().all(|node| node.undo == Undoing::Undone) {
            State::Undone
        } else {
            State::PartlyUndone
        }
    }
}
