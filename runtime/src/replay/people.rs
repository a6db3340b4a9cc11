//! What people were asked and what they had said, decided again.

use ordain_graph::{Outcome, Verdict};

use super::{Phase, Progress, Replayer};
use crate::approval::{Docket, Record};
use crate::journal::LogRow;
use crate::report::State;

impl Replayer<'_> {
    /// Somebody has said something. Whether it counts is told by its signature.
    pub(super) fn said(&mut self, row: &LogRow) {
        let record = Record::from_json(&row.data);
        let signed_for = self.docket.as_ref().and_then(|docket| docket.signed_for(&record));
        if signed_for.is_some_and(|signed_for| signed_for != row.seq) {
            self.diverges(None, "what somebody said was signed for another row");
        }
        self.records.push(record);
    }

    /// A process writes a row. Those of one turn have one time; what people said before the turn it had heard, and what they
    /// said between that and the row it may have.
    pub(super) fn writes(&mut self, at: i64) {
        if self.turn != Some(at) {
            (self.turn, self.heard) = (Some(at), self.told);
        }
        self.told = self.records.len();
        self.now = at;
    }

    /// The verdicts about a node that had waited for outputs and ask people.
    fn asking(&self, at: usize) -> Vec<&Verdict> {
        let asks = |verdict: &&Verdict| matches!(verdict.outcome, Outcome::Approval { .. } | Outcome::Escalate { .. });
        self.waiting(at).into_iter().filter(asks).filter(|verdict| self.holds(verdict) == Some(true)).collect()
    }

    /// Whether too few people can sign for what is asked before a node.
    pub(super) fn hopeless(&self, at: usize) -> bool {
        let node = &self.plan.nodes[at];
        self.docket.as_ref().is_some_and(|docket| docket.hopeless(node, &self.asking(at)).is_some())
    }

    /// Whether something holds of the people's words as the process may have heard them.
    fn may_have_heard(&mut self, holds: impl Fn(&Self, &Docket<'_>) -> bool) -> bool {
        let Some(mut docket) = self.docket.take() else { return true };
        let all = self.records.len();
        let found = (self.heard.min(all)..=all).rev().any(|count| {
            docket.hear(&self.records[..count]);
            holds(self, &docket)
        });
        self.docket = Some(docket);
        found
    }

    /// A step begins for the first time: people must have agreed.
    pub(super) fn must_be_agreed(&mut self, at: usize) {
        if !self.docket.as_ref().is_some_and(Docket::asks) {
            return;
        }
        let node = &self.plan.nodes[at];
        if !self.may_have_heard(|replayer, docket| !docket.holds(node, &replayer.asking(at), replayer.now)) {
            self.diverges(Some(at), "it began although people had not agreed to what policies ask");
        }
    }

    /// What is left waits for people.
    pub(super) fn waits(&mut self) {
        if !matches!(self.phase, Phase::Applying | Phase::Settling) {
            self.diverges(None, "it waits although it was not under way");
        }
        self.settles(None);
        if self.cancelled || self.stopped_by.is_some() {
            self.diverges(None, "it waits although it was cancelled, or a failure stops it");
        }
        let ready = |at: &usize| {
            let before = |on: &ordain_graph::Dependency| {
                let on = self.position.get(on.on.0.as_str());
                on.is_some_and(|on| self.nodes[*on].progress == Progress::Succeeded)
            };
            self.nodes[*at].progress == Progress::Waiting && self.plan.nodes[*at].depends_on.iter().all(before)
        };
        let ready: Vec<usize> = (0..self.nodes.len()).filter(ready).collect();
        let plan = self.plan;
        let held = self.may_have_heard(|replayer, docket| {
            ready.iter().all(|at| {
                let asking = replayer.asking(*at);
                docket.holds(&plan.nodes[*at], &asking, replayer.now)
            })
        });
        if ready.is_empty() || !held {
            self.diverges(None, "it waits although nobody has to agree before the next step");
        }
        let mut waits = vec![false; self.nodes.len()];
        ready.iter().for_each(|at| waits[*at] = true);
        for at in 0..self.nodes.len() {
            let on = plan.nodes[at].depends_on.iter().filter_map(|on| self.position.get(on.on.0.as_str()));
            waits[at] |= on.into_iter().any(|on| waits[*on]);
            let node = &self.nodes[at];
            let ended = matches!(node.progress, Progress::Succeeded | Progress::Failed(_)) || node.skipped;
            if !ended && !waits[at] {
                self.diverges(Some(at), "the execution waits although it neither ended nor was skipped");
            }
        }
        self.phase = Phase::Ended(State::Waiting);
    }
}
