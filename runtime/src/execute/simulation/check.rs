//! What holds of every execution, whatever happens to it: seen by somebody who knows the plan, what is written down and what
//! is called, and nothing of how it is decided.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ordain_graph::{Effect, NodeId, OnFailure, Outcome, PlanGraph, Value, evaluate};

use super::people::People;
use crate::execute::limits::Limits;
use crate::execute::world::Job;
use crate::journal::{Entry, StepEvent};
use crate::report::State;

/// What the journal tells of a node.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The last event of applying it, with the process that wrote it and the try.
    last: Option<(StepEvent, usize, u32)>,
    /// How it ended for good.
    ended: Option<bool>,
    outputs: Option<Value>,
    /// The last event of undoing it.
    undo: Option<(StepEvent, usize)>,
    unavailable: bool,
    in_doubt: bool,
    /// Whether it failed because it was left to itself: what it does may take place still.
    abandoned: bool,
    /// Whether undoing it was begun before, and nobody knows how far it came.
    undo_in_doubt: bool,
    skipped: bool,
    keys: BTreeSet<(bool, String)>,
}

/// Looks on.
pub(super) struct Checker {
    plan: PlanGraph,
    limits: Limits,
    known: Vec<Known>,
    running: BTreeMap<usize, BTreeSet<usize>>,
    /// Calls that were left to themselves, and may be at work as long as their process lives.
    left: BTreeSet<(usize, usize)>,
    ended: Option<State>,
}

impl Checker {
    pub(super) fn new(plan: &PlanGraph, limits: &Limits) -> Self {
        let known = vec![Known::default(); plan.nodes.len()];
        Self {
            plan: plan.clone(),
            limits: limits.clone(),
            known,
            running: BTreeMap::new(),
            left: BTreeSet::new(),
            ended: None,
        }
    }

    pub(super) fn node(&self, at: usize) -> NodeId {
        self.plan.nodes[at].id.clone()
    }

    /// Somebody asks for it to be undone.
    pub(super) fn undo(&mut self) {
        self.ended = None;
    }

    pub(super) fn begin(&mut self, process: usize) {
        assert!(self.ended.is_none_or(|state| matches!(state, State::Cancelled | State::Waiting)), "it had ended");
        self.ended = None;
        self.running.insert(process, BTreeSet::new());
    }

    /// A line is written.
    pub(super) fn entry(&mut self, process: usize, entry: &Entry) {
        let at = self.plan.nodes.iter().position(|node| node.id.0 == entry.node).expect("it is a node of the plan");
        let node = &self.plan.nodes[at];
        let stops = |(node, known): (&ordain_graph::Node, &Known)| {
            known.ended == Some(false) && node.on_failure.unwrap_or(self.plan.on_failure) != OnFailure::Continue
        };
        let stopped = self.plan.nodes.iter().zip(&self.known).any(stops);
        let known = &mut self.known[at];
        let who = format!("`{}`, {:?} {:?}", node.address, entry.event, known);
        let mine = known.last.filter(|(_, by, _)| *by == process).map(|(event, _, attempt)| (event, attempt));
        let under_way = matches!(mine, Some((StepEvent::Intent | StepEvent::Retry | StepEvent::Resumed, _)));
        assert!(self.ended.is_none(), "written after the end: {who}");
        match entry.event {
            StepEvent::Intent | StepEvent::Resumed | StepEvent::Retry => {
                assert!(known.ended.is_none(), "a step that ended begins again: {who}");
                match entry.event {
                    StepEvent::Intent => {
                        assert!(known.last.is_none() && entry.attempt == 1, "{who}");
                        assert!(!stopped, "begun after a failure that stops: {who}");
                    }
                    StepEvent::Retry => {
                        assert!(under_way && mine.is_some_and(|(_, last)| entry.attempt == last + 1), "{who}");
                        assert!(node.retry.is_some_and(|retry| entry.attempt <= retry.times + 1), "{who}");
                    }
                    _ => {
                        assert!(known.last.is_some_and(|(_, by, last)| by != process && entry.attempt == last), "{who}")
                    }
                }
                if let Some(key) = entry.data["key"].as_str() {
                    known.keys.insert((false, key.to_owned()));
                }
                known.last = Some((entry.event, process, entry.attempt));
            }
            StepEvent::Succeeded => {
                assert!(known.ended.is_none() && under_way, "{who}");
                known.ended = Some(true);
                let contract = &self.plan.contracts[&node.contract];
                known.outputs = Some(contract.output.decode(&entry.data["outputs"]).expect("they are as promised"));
            }
            StepEvent::Failed => {
                assert!(known.ended.is_none() && (under_way || entry.attempt == 0), "{who}");
                known.ended = (entry.data["reason"] != "cancelled").then_some(false);
                known.abandoned = entry.data["reason"] == "abandoned";
            }
            StepEvent::Decided => {
                assert!(known.ended.is_none() && (!stopped || known.last.is_some()), "{who}");
            }
            StepEvent::Skipped => {
                assert!(known.ended.is_none(), "{who}");
                known.skipped = true;
            }
            StepEvent::UndoIntent => {
                assert!(known.ended == Some(true), "{who}");
                assert!(!matches!(known.undo, Some((StepEvent::Undone, _))), "undone twice: {who}");
                known.keys.insert((true, entry.data["key"].as_str().expect("it has a key").to_owned()));
                known.undo_in_doubt |= matches!(known.undo, Some((StepEvent::UndoIntent, _)));
                known.undo = Some((entry.event, process));
            }
            StepEvent::Undone => {
                assert_eq!(known.undo, Some((StepEvent::UndoIntent, process)), "{who}");
                known.undo = Some((entry.event, process));
            }
            StepEvent::NotUndone => {
                assert!(!matches!(known.undo, Some((StepEvent::Undone, _))), "{who}");
                known.unavailable = entry.data["undo"] == "unavailable";
                known.in_doubt = entry.data["undo"] == "in_doubt";
                if entry.data["undo"] == "failed" {
                    known.undo_in_doubt = entry.data["reason"] == "cancelled" || entry.data["reason"] == "abandoned";
                } else {
                    // It was not tried now, and perhaps was by one before.
                    known.undo_in_doubt |= matches!(known.undo, Some((StepEvent::UndoIntent, _)));
                }
                known.undo = Some((entry.event, process));
            }
        }
        for undoes in [false, true] {
            let keys = known.keys.iter().filter(|(undo, _)| *undo == undoes).count();
            assert!(keys <= 1, "a step has one key for ever: {who}");
        }
    }

    /// An adapter is called.
    pub(super) fn call(&mut self, process: usize, now: Duration, job: &Job<'_>, people: &People) {
        let (node, known) = (job.node, &self.known[job.at]);
        let who = format!("`{}` at {now:?}: {known:?}", node.address);
        let undoes = job.call.contract.capability == "test.undo";
        assert!(known.keys.contains(&(undoes, job.key.clone())), "its key is not written down: {who}");
        if undoes {
            assert_eq!(known.undo, Some((StepEvent::UndoIntent, process)), "its intent is not written down: {who}");
            assert_eq!(job.in_doubt, known.undo_in_doubt, "it is not told what nobody knows: {who}");
            for (at, other) in self.plan.nodes.iter().enumerate() {
                let built_upon = other.depends_on.iter().any(|on| on.on == node.id);
                assert!(!(built_upon && self.known[at].abandoned), "`{}` may be at work upon it: {who}", other.address);
                if built_upon && self.known[at].ended == Some(true) {
                    let gone = matches!(self.known[at].undo, Some((StepEvent::Undone, _)));
                    let stays = self.known[at].unavailable || (other.undo.is_none() && other.effect == Effect::Read);
                    assert!(gone || stays, "undone before `{}`: {who}", other.address);
                }
            }
        } else {
            let written = matches!(
                known.last,
                Some((StepEvent::Intent | StepEvent::Retry | StepEvent::Resumed, by, attempt)) if by == process && attempt == job.attempt
            );
            assert!(written && known.ended.is_none(), "its intent is not written down: {who}");
            for on in &node.depends_on {
                let at = self.plan.nodes.iter().position(|node| node.id == on.on).expect("it is there");
                assert_eq!(self.known[at].ended, Some(true), "begun before what it waits for: {who}");
            }
            self.allowed(&node.id, &who);
            // What was begun with the word of people comes to its end without asking again.
            let begins = known.last.is_some_and(|(event, ..)| event == StepEvent::Intent);
            assert!(!begins || self.agreed(node, people, now), "begun although people have to agree first: {who}");
        }
        assert!(!self.left.contains(&(process, job.at)), "called beside a call that was left to itself: {who}");
        let running = self.running.entry(process).or_default();
        assert!(running.insert(job.at), "called twice at once: {who}");
        if !undoes {
            self.within_limits(process, &who);
        }
    }

    fn outputs(&self, id: &NodeId) -> Option<Value> {
        let at = self.plan.nodes.iter().position(|node| node.id == *id)?;
        self.known[at].outputs.clone()
    }

    fn agreed(&self, node: &ordain_graph::Node, people: &People, now: Duration) -> bool {
        people.allow(&self.plan, node, &|id| self.outputs(id), now.as_millis() as i64)
    }

    /// What policies deny is not called.
    fn allowed(&self, id: &NodeId, who: &str) {
        let denies = |verdict: &&ordain_graph::Verdict| matches!(verdict.outcome, Outcome::Deny { .. });
        for verdict in self.plan.verdicts.iter().filter(denies).filter(|verdict| verdict.node.as_ref() == Some(id)) {
            let when = verdict.when.as_ref().map(|when| evaluate(when, &|id| self.outputs(id)));
            assert!(matches!(when, Some(Ok(Value::Bool(false)))), "a policy denies it: {who}");
        }
    }

    fn within_limits(&self, process: usize, who: &str) {
        let running = &self.running[&process];
        assert!(running.len() <= self.limits.all.get(), "{who}");
        let of = |counts: &dyn Fn(&ordain_graph::Node) -> bool| {
            running.iter().filter(|at| counts(&self.plan.nodes[**at])).count()
        };
        for (name, limit) in &self.limits.each {
            let counts = of(&|node| node.capability == *name || node.environment.as_ref() == Some(name));
            assert!(counts <= limit.get(), "more than {limit} of `{name}`: {who}");
        }
    }

    /// A call is left to itself.
    pub(super) fn gave_up(&mut self, process: usize, at: usize) {
        self.left.insert((process, at));
    }

    pub(super) fn returned(&mut self, process: usize, at: usize) {
        let was = self.running.entry(process).or_default().remove(&at);
        assert!(was, "it came back twice");
    }

    /// The end is written.
    pub(super) fn end(&mut self, state: State, people: &People, now: Duration) {
        self.ended = Some(state);
        if state == State::Waiting {
            let ready = self.plan.nodes.iter().zip(&self.known).filter(|(node, known)| {
                let before = |on: &ordain_graph::Dependency| self.outputs(&on.on).is_some();
                known.ended.is_none() && node.depends_on.iter().all(before)
            });
            let mut waits = ready.map(|(node, _)| self.agreed(node, people, now));
            assert!(waits.any(|agreed| !agreed), "it waits for nobody");
        }
        for (node, known) in self.plan.nodes.iter().zip(&self.known) {
            let who = format!("{state:?}, `{}`: {known:?}", node.address);
            let told = known.skipped && known.last.is_none();
            let lost = known.ended.is_none()
                && !told
                && !known.in_doubt
                && !matches!(state, State::Cancelled | State::Waiting);
            assert!(!lost, "nobody says what became of it: {who}");
            match state {
                State::Succeeded => assert_eq!(known.ended, Some(true), "{who}"),
                State::Undone if known.abandoned => panic!("nobody knows what it did: {who}"),
                State::Undone if known.ended == Some(true) => {
                    let gone = matches!(known.undo, Some((StepEvent::Undone, _)));
                    assert!(gone || node.effect == Effect::Read, "{who}");
                }
                _ => {}
            }
        }
    }
}
