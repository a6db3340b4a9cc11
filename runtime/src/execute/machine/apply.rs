//! Applying: each node once what it waits for has succeeded, again where that may help, until nothing can start.

use std::sync::Arc;
use std::time::Duration;

use ordain_graph::{NodeKind, Value, Verdict, evaluate};
use serde_json::{Value as Json, json};

use super::entry::{entry, key, millis, outcome};
use super::pause::pause;
use super::{Done, Machine, Moment, Task, Turn};
use crate::adapters::StepError;
use crate::approval::Demand;
use crate::event::Event;
use crate::execute::decide::decide;
use crate::execute::world::Job;
use crate::execute::{kept, resolve};
use crate::journal::StepEvent;
use crate::reason::Reason;

impl<'p> Machine<'p> {
    /// Pauses that are over, or that a cancellation cuts short.
    pub(super) fn wake(&mut self, now: Moment, cancelled: bool, turn: &mut Turn<'p>) {
        while let Some(&(until, at)) = self.pauses.first() {
            if !cancelled && self.broken.is_none() && until > now.since {
                break;
            }
            self.pauses.pop_first();
            if cancelled || self.broken.is_some() {
                self.give_up(at, now, turn);
            } else {
                self.again.push_back(at);
            }
        }
        if (cancelled || self.broken.is_some()) && !self.gave_up {
            self.gave_up = true;
            // Those whose pause is over, wherever they wait for their turn.
            self.again.clear();
            for at in 0..self.nodes.len() {
                self.give_up(at, now, turn);
            }
        }
    }

    /// No further try is made of a node that would have had one. One that is under way comes to its own end.
    fn give_up(&mut self, at: usize, now: Moment, turn: &mut Turn<'p>) {
        if self.nodes[at].calling.is_some() {
            return;
        }
        // INVARIANT: a pause follows a try that failed.
        let Some((error, _)) = self.nodes[at].failed.take() else { return };
        let error = match self.broken {
            Some(_) => error,
            None => {
                let message = format!("cancelled before another try; the last one failed: {}", error.message);
                StepError::new(Reason::Cancelled, message)
            }
        };
        self.conclude(at, Err(error), now, turn);
    }

    /// Starts what may start: further tries first, since they are under way.
    pub(super) fn start(&mut self, now: Moment, cancelled: bool, turn: &mut Turn<'p>) {
        while !self.admission.is_full() {
            if let Some(at) = self.again.pop_front() {
                match self.admission.admit(at, true) {
                    Ok(()) => self.retry(at, now, turn),
                    Err(others) => self.put_back(others),
                }
                continue;
            }
            if cancelled || self.cancelled || self.broken.is_some() {
                break;
            }
            let Some(at) = self.begun.pop_front().or_else(|| self.next_new(now)) else { break };
            match self.admission.admit(at, self.nodes[at].doubt > 0) {
                Ok(()) => self.begin(at, now, turn),
                Err(others) => self.put_back(others),
            }
        }
    }

    /// The node that may start next, unless a failure stops what has not begun. Those that people have to agree to first are
    /// put aside.
    fn next_new(&mut self, now: Moment) -> Option<usize> {
        if self.stopped_by.is_some() {
            return None;
        }
        loop {
            let at = self.next()?;
            if !self.is_held(at, now) {
                return Some(at);
            }
            self.held.push(at);
            let others = self.admission.pass_on(at);
            self.put_back(others);
        }
    }

    /// Whether people have to agree first to what a node does. A denial is told when it begins, and that nobody can agree.
    fn is_held(&self, at: usize, now: Moment) -> bool {
        if !self.docket.asks() {
            return false;
        }
        let node = &self.prepared.plan.nodes[at];
        let asking = self.decide(at).1.unwrap_or_default();
        self.docket.holds(node, &asking, now.at) && self.docket.hopeless(node, &asking).is_none()
    }

    /// What people said may have run out while others ran, a rejection, too.
    pub(super) fn ask_again(&mut self, now: Moment, cancelled: bool, turn: &mut Turn<'p>) {
        let (held, free): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.held).into_iter().partition(|at| self.is_held(*at, now));
        self.held = held;
        if !free.is_empty() {
            free.into_iter().for_each(|at| self.schedule.put_back(at));
            self.start(now, cancelled, turn);
        }
    }

    /// The node that could start next, of those that were not begun.
    pub(super) fn next(&mut self) -> Option<usize> {
        std::iter::from_fn(|| self.schedule.next()).find(|at| {
            let node = &self.nodes[*at];
            node.done.is_none() && node.doubt == 0
        })
    }

    fn put_back(&mut self, nodes: Vec<usize>) {
        for at in nodes {
            if self.nodes[at].failed.is_some() {
                self.again.push_back(at);
            } else if self.nodes[at].doubt > 0 {
                self.begun.push_back(at);
            } else {
                self.schedule.put_back(at);
            }
        }
    }

    fn release(&mut self, at: usize) {
        let freed = self.admission.release(at);
        self.put_back(freed);
    }

    fn begin(&mut self, at: usize, now: Moment, turn: &mut Turn<'p>) {
        self.nodes[at].since = now.since;
        let (decisions, allowed) = self.decide(at);
        let plan = &self.prepared.plan.nodes;
        turn.entries.extend(decisions.into_iter().map(|data| entry(&plan[at], StepEvent::Decided, 0, data, now)));
        match allowed.and_then(|asking| self.can_be_given(at, &asking)).and_then(|()| self.task(at)) {
            Ok(task) => self.nodes[at].task = Some(task),
            Err(error) => {
                self.release(at);
                turn.untried.push(at);
                return self.conclude(at, Err(error), now, turn);
            }
        }
        let node = &self.prepared.plan.nodes[at];
        let progress = &self.nodes[at];
        let event = if progress.doubt == 0 { StepEvent::Intent } else { StepEvent::Resumed };
        // An interruption is no try that failed.
        let attempt = progress.doubt.max(1);
        if let Some(task) = &progress.task {
            let data = json!({ "inputs": *task.inputs, "key": task.key });
            turn.entries.push(entry(node, event, attempt, data, now));
        }
        turn.events.push(Event::StepStarted {
            node: node.id.clone(),
            address: node.address.clone(),
            capability: node.capability.clone(),
            stage: node.stage.clone(),
        });
        self.call(at, attempt, now, turn);
    }

    /// What the verdicts come to that waited for outputs: whether the node may run, and which of them ask people.
    fn decide(&self, at: usize) -> (Vec<Json>, Result<Vec<&'p Verdict>, StepError>) {
        let pending = self.prepared.pending.get(&self.prepared.plan.nodes[at].id);
        decide(pending.map_or(&[], Vec::as_slice), &|id| self.known(id))
    }

    /// Whether what verdicts ask of people can be given at all.
    fn can_be_given(&self, at: usize, asking: &[&Verdict]) -> Result<(), StepError> {
        match self.docket.hopeless(&self.prepared.plan.nodes[at], asking) {
            None => Ok(()),
            Some(Demand { policy, group, .. }) => {
                let message = format!("{policy} asks for the approval of `{group}`, too few of whom can sign");
                Err(StepError::new(Reason::PolicyDenied, message))
            }
        }
    }

    /// What a node is tried with, or why it cannot be.
    fn task(&self, at: usize) -> Result<Task, StepError> {
        let node = &self.prepared.plan.nodes[at];
        let input = &self.prepared.calls[at].contract.input;
        let known = |id: &ordain_graph::NodeId| self.known(id);
        let inputs = resolve(&node.inputs, input, &known)?;
        let secrets = kept(&inputs, self.vault)?;
        let expect = match &node.kind {
            NodeKind::Step => None,
            // What cannot be computed here cannot be computed later either, and is told then.
            NodeKind::Gate { expect } => evaluate(expect, &known).ok(),
        };
        let inputs = Arc::new(input.encode(&inputs));
        Ok(Task { inputs, secrets, key: key(&self.execution, node, "apply"), expect })
    }

    fn retry(&mut self, at: usize, now: Moment, turn: &mut Turn<'p>) {
        let attempt = self.nodes[at].attempts + 1;
        if let Some((error, pause_ms)) = &self.nodes[at].failed {
            let data = json!({ "reason": error.reason, "message": error.message, "pause_ms": pause_ms });
            turn.entries.push(entry(&self.prepared.plan.nodes[at], StepEvent::Retry, attempt, data, now));
        }
        self.call(at, attempt, now, turn);
    }

    fn call(&mut self, at: usize, attempt: u32, now: Moment, turn: &mut Turn<'p>) {
        let node = &self.prepared.plan.nodes[at];
        self.nodes[at].attempts = attempt;
        // INVARIANT: a node has its task before it is called.
        let Some(task) = &self.nodes[at].task else { return };
        let (inputs, secrets, key) = (task.inputs.clone(), task.secrets.clone(), task.key.clone());
        let number = self.begin_call(at);
        turn.jobs.push(Job {
            number,
            at,
            node,
            call: self.prepared.calls[at],
            key,
            attempt,
            in_doubt: attempt == self.nodes[at].doubt,
            undoes: None,
            inputs,
            secrets,
            deadline: node.timeout.map(|timeout| now.since + Duration::from_millis(timeout)),
        });
    }

    /// A try has come to its end.
    pub(super) fn returned(&mut self, at: usize, result: Result<Value, StepError>, now: Moment, turn: &mut Turn<'p>) {
        self.release(at);
        let result = result.and_then(|outputs| self.hold(at, &outputs).map(|()| outputs));
        let error = match result {
            Err(error) if self.broken.is_none() => error,
            result => return self.conclude(at, result, now, turn),
        };
        let node = &self.prepared.plan.nodes[at];
        let progress = &mut self.nodes[at];
        let attempt = progress.attempts;
        let pause = match (node.retry, &progress.task) {
            (Some(retry), Some(task)) if !error.reason.is_permanent() && attempt <= retry.times => {
                pause(retry, attempt, &task.key)
            }
            _ => return self.conclude(at, Err(error), now, turn),
        };
        turn.events.push(Event::StepRetried {
            address: node.address.clone(),
            attempt,
            pause_ms: millis(pause),
            reason: error.reason,
            message: error.message.clone(),
        });
        progress.failed = Some((error, millis(pause)));
        self.pauses.insert((now.since + pause, at));
    }

    /// Whether a gate's condition holds of its outputs.
    fn hold(&self, at: usize, outputs: &Value) -> Result<(), StepError> {
        let node = &self.prepared.plan.nodes[at];
        let NodeKind::Gate { expect } = &node.kind else { return Ok(()) };
        let expect = self.nodes[at].task.as_ref().and_then(|task| task.expect.as_ref()).unwrap_or(expect);
        let own = |id: &ordain_graph::NodeId| (*id == node.id).then(|| outputs.clone());
        match evaluate(expect, &own) {
            Ok(Value::Bool(true)) => Ok(()),
            Ok(Value::Bool(false)) => {
                let shown = shorten(&self.prepared.calls[at].contract.output.encode(outputs).to_string());
                Err(StepError::new(Reason::GateFailed, format!("its condition does not hold for {shown}")))
            }
            Ok(_) => Err(StepError::new(Reason::GateUndecided, "its condition depends on what is not known")),
            Err(error) => {
                Err(StepError::new(Reason::GateUndecided, format!("its condition cannot be decided: {error}")))
            }
        }
    }

    fn conclude(&mut self, at: usize, result: Result<Value, StepError>, now: Moment, turn: &mut Turn<'p>) {
        let node = &self.prepared.plan.nodes[at];
        let progress = &mut self.nodes[at];
        (progress.task, progress.failed) = (None, None);
        let duration = now.since.saturating_sub(progress.since);
        let (attempts, duration_ms) = (progress.attempts, millis(duration));
        let (event, data) = match &result {
            Ok(outputs) => {
                let outputs = self.prepared.calls[at].contract.output.encode(outputs);
                (StepEvent::Succeeded, json!({ "outputs": outputs, "duration_ms": duration_ms }))
            }
            Err(error) => (
                StepEvent::Failed,
                json!({ "reason": error.reason, "message": error.message, "duration_ms": duration_ms }),
            ),
        };
        turn.entries.push(entry(node, event, attempts, data, now));
        turn.events.push(Event::StepFinished {
            node: node.id.clone(),
            address: node.address.clone(),
            outcome: outcome(&result),
            attempts,
            duration_ms,
        });
        self.take(at, Done { result, attempts, duration });
    }
}

fn shorten(text: &str) -> String {
    const MOST: usize = 500;
    if text.len() <= MOST { text.to_owned() } else { format!("{}…", &text[..text.floor_char_boundary(MOST)]) }
}
