//! What may begin and with what, what may be tried again, and what its outcome may be.

use ordain_graph::{NodeKind, Retry, Shape, Value, evaluate};
use serde_json::Value as Json;

use super::{Phase, Progress, Replayer};
use crate::reason::Reason;

impl Replayer<'_> {
    /// Whether a node may begin now, whatever its policies say.
    pub(super) fn may_begin(&mut self, at: usize) {
        if self.phase == Phase::Settling {
            self.diverges(Some(at), "it began after others were skipped or undone because nothing began any more");
        }
        // What was begun before comes to its end.
        let anew = self.nodes[at].progress == Progress::Waiting && !self.migrated;
        if let Some(by) = self.stopped_by.filter(|_| anew) {
            let by = self.plan.nodes[by].address.clone();
            self.diverges(Some(at), format!("it began after the failure of `{by}`, which stops the execution"));
        }
        if self.cancelled && !self.migrated {
            self.diverges(Some(at), "it began after the execution was cancelled");
        }
        let plan = self.plan;
        for on in &plan.nodes[at].depends_on {
            let Some(&on) = self.position.get(on.on.0.as_str()) else { continue };
            if self.nodes[on].progress != Progress::Succeeded {
                let address = &plan.nodes[on].address;
                self.diverges(Some(at), format!("it began before `{address}`, which it waits for, had succeeded"));
            }
        }
        match self.nodes[at].progress {
            Progress::Succeeded | Progress::Failed(_) => self.diverges(Some(at), "it began again after its end"),
            Progress::Running(_) => self.diverges(Some(at), "it began while it was under way"),
            Progress::Waiting | Progress::Doubt(_) => {}
        }
    }

    pub(super) fn begun(&mut self, at: usize, attempt: u32, data: &Json, resumed: bool) {
        self.may_begin(at);
        match (self.nodes[at].progress, resumed) {
            (Progress::Waiting, false) if attempt == 1 => {}
            (Progress::Doubt(before), true) if attempt == before => {}
            (Progress::Waiting, true) => self.diverges(Some(at), "it went on although it had not begun"),
            (Progress::Doubt(_), false) => self.diverges(Some(at), "it began anew although it may have been under way"),
            (Progress::Waiting | Progress::Doubt(_), _) => {
                self.diverges(Some(at), format!("try {attempt} is not the one whose turn it was"));
            }
            // Told above.
            _ => {}
        }
        if let Some(code) = self.denied_by(at) {
            self.diverges(Some(at), format!("it ran though `{code}` denies it"));
        }
        if self.hopeless(at) {
            self.diverges(Some(at), "it ran though too few people can agree to what policies ask");
        }
        // What was begun before needs no further word.
        if !resumed {
            self.must_be_agreed(at);
        }
        self.all_decided(at);
        self.key(at, false, data);
        let (plan, node) = (self.plan, &self.plan.nodes[at]);
        let expected = plan.contracts.get(&node.contract).map(|contract| self.inputs(&node.inputs, &contract.input));
        match expected {
            Some(Ok(expected)) if expected == data["inputs"] => {}
            Some(Ok(_)) => {
                self.diverges(Some(at), "its inputs are not what the plan and the outputs before it give");
            }
            _ => self.diverges(Some(at), "it ran although its inputs cannot be computed"),
        }
        let node = &mut self.nodes[at];
        (node.progress, node.attempts, node.decided) = (Progress::Running(attempt), attempt, 0);
    }

    /// What a node is to be given, as JSON.
    pub(super) fn inputs(&self, inputs: &Value, shape: &Shape) -> Result<Json, Reason> {
        let value = evaluate(inputs, &|id| self.known(id)).map_err(|_| Reason::InputUnresolved)?;
        if !value.is_known() {
            return Err(Reason::InputUnresolved);
        }
        shape.check(&value).map(|value| shape.encode(&value)).map_err(|_| Reason::InputMismatch)
    }

    pub(super) fn retried(&mut self, at: usize, attempt: u32, data: &Json) {
        let reason = data["reason"].as_str().and_then(Reason::from_code);
        let failed = attempt.saturating_sub(1);
        if self.nodes[at].progress != Progress::Running(failed) {
            self.diverges(Some(at), format!("try {attempt} is not the one whose turn it was"));
        }
        match (self.plan.nodes[at].retry, reason) {
            (_, None) => self.diverges(Some(at), "a try failed for no reason that is known"),
            (_, Some(reason)) if reason.is_permanent() => {
                self.diverges(Some(at), format!("it was tried again although it had failed with `{reason}`"));
            }
            (Some(retry), _) if failed <= retry.times => {
                let pause = data["pause_ms"].as_u64().unwrap_or(0);
                if !self.migrated && !pauses(retry, failed).contains(&pause) {
                    self.diverges(Some(at), format!("the pause before try {attempt} is not as its contract has it"));
                }
            }
            _ => self.diverges(Some(at), "it was tried more often than its contract allows"),
        }
        let node = &mut self.nodes[at];
        (node.progress, node.attempts) = (Progress::Running(attempt), attempt);
    }

    pub(super) fn succeeded(&mut self, at: usize, attempt: u32, data: &Json) {
        if self.nodes[at].progress != Progress::Running(attempt) {
            self.diverges(Some(at), "it succeeded although this try was not under way");
        }
        let node = &self.plan.nodes[at];
        let shape = self.plan.contracts.get(&node.contract).map(|contract| &contract.output);
        let outputs = shape.and_then(|shape| shape.decode(&data["outputs"]).ok());
        if outputs.is_none() {
            self.diverges(Some(at), "its outputs are not as its contract promises");
        }
        self.nodes[at].progress = Progress::Succeeded;
        self.nodes[at].outputs = outputs;
        if let NodeKind::Gate { expect } = &node.kind
            && self.nodes[at].outputs.is_some()
            && evaluate(expect, &|id| self.known(id)) != Ok(Value::Bool(true))
        {
            self.diverges(Some(at), "the gate opened although its condition does not hold of its outputs");
        }
    }

    pub(super) fn gave_up(&mut self, at: usize, attempt: u32, data: &Json) {
        let reason = data["reason"].as_str().and_then(Reason::from_code);
        let Some(reason) = reason else {
            self.diverges(Some(at), "it failed for no reason that is known");
            // So that what hangs on it is not told to be wrong, too.
            return self.ended(at, attempt, Reason::AdapterCrashed);
        };
        if attempt == 0 {
            self.untried(at, reason);
        } else if self.nodes[at].progress != Progress::Running(attempt) {
            self.diverges(Some(at), "it failed although this try was not under way");
        } else if let Some(retry) = self.plan.nodes[at].retry
            && !reason.is_permanent()
            && attempt <= retry.times
        {
            self.diverges(Some(at), "it was given up although its contract allows another try");
        }
        self.ended(at, attempt, reason);
    }

    fn ended(&mut self, at: usize, attempt: u32, reason: Reason) {
        let node = &mut self.nodes[at];
        (node.progress, node.attempts) = (Progress::Failed(reason), node.attempts.max(attempt));
        self.failed(at, reason);
    }

    /// It failed before it was tried: that can be decided again, but for secrets that are gone.
    fn untried(&mut self, at: usize, reason: Reason) {
        self.may_begin(at);
        let node = &self.plan.nodes[at];
        let shape = self.plan.contracts.get(&node.contract).map(|contract| &contract.input);
        let expected = match self.verdict(at) {
            Err((reason, _)) => Some(reason),
            Ok(()) if self.hopeless(at) => Some(Reason::PolicyDenied),
            Ok(()) => shape.and_then(|shape| self.inputs(&node.inputs, shape).err()),
        };
        match expected {
            Some(expected) if expected == reason => {}
            None if reason == Reason::SecretLost => {}
            Some(expected) => {
                self.diverges(Some(at), format!("it failed with `{reason}`, where the rules give `{expected}`"));
            }
            None => self.diverges(Some(at), format!("it failed with `{reason}` although nothing stands against it")),
        }
        if matches!(reason, Reason::PolicyDenied | Reason::PolicyUndecided) {
            self.all_decided(at);
        }
        self.nodes[at].decided = 0;
    }
}

/// The pauses that may follow a failed try: the least doubled each time, up to the longest, and a quarter more.
fn pauses(retry: Retry, failed: u32) -> std::ops::RangeInclusive<u64> {
    let longest = retry.max.max(retry.min);
    let factor = 1u64.checked_shl(failed.saturating_sub(1)).unwrap_or(u64::MAX);
    let pause = retry.min.saturating_mul(factor).min(longest);
    pause..=pause.saturating_add(pause / 4).min(longest)
}
