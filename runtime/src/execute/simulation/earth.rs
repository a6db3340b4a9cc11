//! The world of a simulation: time that passes when somebody waits, a disk, adapters, and processes that end.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;
use std::time::Duration;

use ordain_graph::PlanGraph;
use serde_json::{Value as Json, json};

use super::check::Checker;
use super::people::People;
use super::plan::Drawn;
use super::told::Told;
use crate::adapters::StepError;
use crate::approval::Record;
use crate::event::Event;
use crate::execute::outputs::accept;
use crate::execute::preflight::Prepared;
use crate::execute::world::{Job, Moment, Returned, World};
use crate::journal::{Entry, JournalError, StepRecord};
use crate::reason::Reason;
use crate::report::State;
use crate::vault::Vault;

/// The end of a process, in the midst of something.
pub(super) struct Crash;

/// What goes wrong, as it is counted.
pub(super) const FAULTS: [&str; 18] = [
    "crash before a commit",
    "crash after a commit",
    "crash before a call",
    "crash between calls",
    "disk full",
    "commit reported lost and written",
    "commit reported lost and lost",
    "failed without effect",
    "failed with effect",
    "adapter crashed",
    "lied",
    "timed out",
    "effect after the answer",
    "abandoned",
    "late answer",
    "answered twice",
    "taken over",
    "undone by an operator",
];

/// How long a call may take beyond its deadline before it is left to itself: longer than any takes that heeds its time.
const LEEWAY: Duration = Duration::from_millis(100);

/// How likely faults are.
#[derive(Clone, Copy)]
pub(super) struct Faults {
    adapters: f64,
    crashes: f64,
    disk: f64,
    operators: f64,
}

impl Faults {
    pub(super) fn all() -> Self {
        Self { adapters: 0.25, crashes: 0.04, disk: 0.02, operators: 0.3 }
    }

    pub(super) fn of_adapters() -> Self {
        Self { crashes: 0.0, disk: 0.0, operators: 0.0, ..Self::all() }
    }

    pub(super) fn without_operators() -> Self {
        Self { operators: 0.0, ..Self::all() }
    }
}

/// Something that will happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Effect {
        key: String,
        what: String,
    },
    Return {
        call: u64,
        process: usize,
        at: usize,
        answer: Answer,
    },
    /// An answer comes again, and says something else.
    Repeat {
        call: u64,
        process: usize,
        at: usize,
    },
    GiveUp {
        call: u64,
        process: usize,
        at: usize,
    },
    Cancel {
        process: usize,
    },
    Say,
}

/// What an adapter answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Sum(i64),
    Lie,
    Fail(Reason),
}

/// An answer that comes to a process.
struct Came {
    number: u64,
    at: usize,
    answer: Answer,
    /// Whether it is waited for: neither late nor there already.
    awaited: bool,
}

/// What outlives processes.
pub(super) struct Earth {
    seed: u64,
    rng: fastrand::Rng,
    faults: Faults,
    now: Duration,
    next: u64,
    coming: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    pub(super) journal: Vec<StepRecord>,
    pub(super) end: Option<State>,
    /// Whether somebody asked for it to be undone.
    pub(super) undoing: bool,
    /// The process that may write.
    fence: usize,
    processes: usize,
    cancelled: BTreeSet<usize>,
    /// What comes back to each process.
    inbox: BTreeMap<usize, Vec<Came>>,
    /// The calls whose answers somebody waits for.
    awaited: BTreeSet<(usize, u64)>,
    /// What took effect, by key.
    pub(super) effects: BTreeMap<String, String>,
    pub(super) seen: BTreeMap<&'static str, u64>,
    /// Whether a failure concerns more than what hangs on it.
    pub(super) stops: bool,
    checker: Checker,
    people: People,
    waits: u32,
    plan: PlanGraph,
    pub(super) told: Told,
    outputs: Vec<ordain_graph::Shape>,
}

impl Earth {
    pub(super) fn new(seed: u64, faults: Faults, drawn: &Drawn, prepared: &Prepared<'_>) -> Self {
        Self {
            seed,
            // Not the plan's: the same plan meets other worlds as well.
            rng: fastrand::Rng::with_seed(seed ^ 0x5EED),
            faults,
            now: Duration::ZERO,
            next: 0,
            coming: BinaryHeap::new(),
            journal: Vec::new(),
            end: None,
            undoing: false,
            fence: 0,
            processes: 0,
            cancelled: BTreeSet::new(),
            inbox: BTreeMap::new(),
            awaited: BTreeSet::new(),
            effects: BTreeMap::new(),
            seen: BTreeMap::new(),
            stops: drawn.stops,
            checker: Checker::new(&drawn.plan, &drawn.limits),
            people: People::new(&drawn.plan, "simulated"),
            waits: 0,
            plan: drawn.plan.clone(),
            told: Told::default(),
            outputs: prepared.calls.iter().map(|call| call.contract.output.clone()).collect(),
        }
    }

    pub(super) fn draw(&mut self, likely: f64) -> bool {
        likely > 0.0 && self.rng.f64() < likely
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        self.rng.usize(0..most)
    }

    fn count(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// Whether a fault happens, which gets rarer the longer it takes, so that everything ends.
    fn fault(&mut self, likely: f64, what: &'static str) -> bool {
        let likely = if self.processes > 20 { 0.0 } else { likely };
        let happens = self.draw(likely);
        if happens {
            self.count(what);
        }
        happens
    }

    /// Whether somebody goes on with the execution although its process still lives.
    pub(super) fn takes_over(&mut self) -> bool {
        let likely = self.faults.operators * 0.02;
        self.end.is_none() && self.fault(likely, "taken over")
    }

    /// Whether somebody asks for it to be undone, now that it has ended.
    pub(super) fn is_to_be_undone(&mut self) -> bool {
        let likely = self.faults.operators * 0.3;
        let asked = self.fault(likely, "undone by an operator");
        if asked {
            self.undoing = true;
            self.checker.undo();
        }
        asked
    }

    /// People say something before the execution goes on; after a while, all of them agree.
    pub(super) fn talk(&mut self) {
        self.waits += 1;
        self.count("waited");
        if self.waits > 6 {
            return self.people.agree(&mut self.told);
        }
        for _ in 0..self.rng.usize(0..3) {
            self.say();
        }
    }

    fn say(&mut self) {
        self.people.say(&mut self.rng, self.now.as_millis() as i64, &mut self.told);
    }

    fn later(&mut self, after: Duration, happening: Happening) {
        self.next += 1;
        self.coming.push(Reverse((self.now + after, self.next, happening)));
    }

    /// The journal, line by line, and how it ended.
    pub(super) fn story(&self) -> String {
        let line = |step: &StepRecord| {
            format!("{:>6} {:<4} {:<11} {} {}\n", step.at, step.address, step.event.name(), step.attempt, step.data)
        };
        let lines: String = self.journal.iter().map(line).collect();
        format!("{lines}{:?} {:?}", self.end, self.effects)
    }

    /// What an adapter does when it is called: the same for the same try, whoever makes it.
    fn answer(&mut self, process: usize, born: Duration, job: &Job<'_>) {
        let undoes = job.call.contract.capability == "test.undo";
        let mut hasher = DefaultHasher::new();
        (self.seed, &job.node.address, undoes, job.attempt).hash(&mut hasher);
        let mut rng = fastrand::Rng::with_seed(hasher.finish());
        let sum = job.inputs["sum"].as_i64().unwrap_or_default();
        let wrong = rng.f64() < self.faults.adapters;
        let kind = if wrong { rng.u32(0..7) } else { 9 };
        // Whoever has no time limit is waited for.
        let kind = if kind == 6 && job.deadline.is_none() { 4 } else { kind };
        let mut effect = Some(Duration::from_millis(rng.u64(0..40)));
        let mut takes = Some(Duration::from_millis(rng.u64(40..80)));
        let left = job.deadline.map(|deadline| born + deadline + LEEWAY - self.now);
        let (answer, what) = match kind {
            0 => (Answer::Fail(Reason::CommandFailed), "failed without effect"),
            1 => (Answer::Fail(Reason::CommandFailed), "failed with effect"),
            2 => (Answer::Fail(Reason::AdapterCrashed), "adapter crashed"),
            3 => (Answer::Lie, "lied"),
            4 => (Answer::Fail(Reason::Timeout), "timed out"),
            5 => (Answer::Fail(Reason::Unreachable), "effect after the answer"),
            6 => (Answer::Sum(sum + 1), "ignored its time"),
            _ => (Answer::Sum(sum + 1), "went well"),
        };
        match kind {
            0 => effect = None,
            2 if rng.bool() => effect = None,
            4 => takes = Some(Duration::from_millis(job.node.timeout.unwrap_or(100))),
            5 => effect = takes.map(|takes| takes + Duration::from_millis(rng.u64(1..500))),
            6 => {
                // Its effect comes in time, late or never, and so does its answer, but for the first.
                let late = |rng: &mut fastrand::Rng| left.map(|left| left + Duration::from_millis(rng.u64(1..500)));
                takes = late(&mut rng).filter(|_| rng.bool());
                effect = if rng.bool() { effect } else { late(&mut rng).filter(|_| rng.bool()) };
            }
            _ => {}
        }
        self.count(what);
        if let Some(effect) = effect {
            let what = format!("{}{}", if undoes { "undo " } else { "" }, job.node.address);
            self.later(effect, Happening::Effect { key: job.key.clone(), what });
        }
        let (call, at) = (job.number, job.at);
        self.awaited.insert((process, call));
        if let Some(takes) = takes {
            self.later(takes, Happening::Return { call, process, at, answer });
        }
        if let Some(left) = left.filter(|left| takes.is_none_or(|takes| takes > *left)) {
            self.later(left, Happening::GiveUp { call, process, at });
        }
    }

    /// Lets time pass up to what comes next, or a moment.
    fn pass(&mut self, until: Option<Duration>) -> bool {
        match (self.coming.peek(), until) {
            (Some(Reverse((at, ..))), Some(until)) if *at > until => self.now = self.now.max(until),
            (None, Some(until)) => self.now = self.now.max(until),
            (None, None) => return false,
            (Some(_), _) => {
                // INVARIANT: there is one.
                let Some(Reverse((at, _, happening))) = self.coming.pop() else { return false };
                self.now = self.now.max(at);
                match happening {
                    Happening::Effect { key, what } => {
                        if let Some(known) = self.effects.insert(key, what.clone()) {
                            assert_eq!(known, what, "a key is that of one step");
                        }
                    }
                    Happening::Return { call, process, at, answer } => {
                        // Whoever does not wait for it any more gets it all the same.
                        let awaited = self.awaited.remove(&(process, call));
                        self.inbox.entry(process).or_default().push(Came { number: call, at, answer, awaited });
                        if !awaited {
                            self.count("late answer");
                        } else if self.fault(self.faults.adapters * 0.2, "answered twice") {
                            let after = Duration::from_millis(self.rng.u64(0..300));
                            self.later(after, Happening::Repeat { call, process, at });
                        }
                    }
                    Happening::GiveUp { call, process, at } => {
                        self.awaited.remove(&(process, call));
                        self.checker.gave_up(process, at);
                        self.count("abandoned");
                        let answer = Answer::Fail(Reason::Abandoned);
                        self.inbox.entry(process).or_default().push(Came { number: call, at, answer, awaited: true });
                    }
                    Happening::Repeat { call, process, at } => {
                        let answer = Answer::Sum(99);
                        self.inbox.entry(process).or_default().push(Came { number: call, at, answer, awaited: false });
                    }
                    Happening::Cancel { process } => {
                        self.cancelled.insert(process);
                    }
                    Happening::Say => self.say(),
                }
            }
        }
        true
    }
}

impl Drop for Earth {
    /// Shows what led to a failure, where one seed is looked at.
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var("ORDAIN_SEED").is_ok() {
            eprintln!("{}", self.story());
        }
    }
}

/// A process that executes.
pub(super) struct Process {
    earth: Rc<RefCell<Earth>>,
    number: usize,
    born: Duration,
    told_of_cancel: bool,
    /// Whether the log says that it was asked to end.
    noted: bool,
    vault: Vault,
}

impl Process {
    /// A process that may write from now on, in place of all others.
    pub(super) fn new(earth: Rc<RefCell<Earth>>) -> Self {
        let mut own = earth.borrow_mut();
        own.processes += 1;
        own.fence = own.processes;
        let (number, born) = (own.processes, own.now);
        let operators = own.faults.operators;
        if own.processes < 20 && own.draw(operators) {
            let after = Duration::from_millis(own.rng.u64(0..400));
            own.later(after, Happening::Cancel { process: number });
        }
        // Once all have agreed, nobody changes their mind.
        if own.people.asked && own.waits <= 6 {
            for _ in 0..own.rng.usize(0..4) {
                let after = Duration::from_millis(own.rng.u64(0..400));
                own.later(after, Happening::Say);
            }
        }
        own.checker.begin(number);
        let Earth { told, plan, undoing, .. } = &mut *own;
        told.begin(plan, *undoing);
        drop(own);
        Self { earth, number, born, told_of_cancel: false, noted: false, vault: Vault::default() }
    }

    fn crash(&self, likely: f64, what: &'static str) {
        let mut earth = self.earth.borrow_mut();
        let likely = likely * earth.faults.crashes;
        if earth.fault(likely, what) {
            drop(earth);
            std::panic::resume_unwind(Box::new(Crash));
        }
    }
}

impl<'p> World<'p> for Process {
    fn now(&mut self) -> Moment {
        let now = self.earth.borrow().now;
        Moment { since: now - self.born, at: now.as_millis() as i64 }
    }

    fn records(&mut self) -> Result<Vec<Record>, JournalError> {
        Ok(self.earth.borrow().people.records.clone())
    }

    fn is_cancelled(&mut self) -> bool {
        let mut earth = self.earth.borrow_mut();
        let cancelled = earth.cancelled.contains(&self.number);
        if cancelled && !self.noted && earth.fence == self.number {
            self.noted = true;
            earth.told.asked_to_end();
        }
        cancelled
    }

    fn commit(&mut self, entries: Vec<Entry>, end: Option<(Moment, State)>) -> Result<(), JournalError> {
        self.crash(1.0, "crash before a commit");
        let mut earth = self.earth.borrow_mut();
        let disk = earth.faults.disk;
        let error = |detail: &str| Err(JournalError::Unavailable { path: "simulated".into(), detail: detail.into() });
        if earth.fence != self.number {
            return Err(JournalError::Taken { path: "simulated".into() });
        }
        if earth.fault(disk, "disk full") {
            return error("the disk is full");
        }
        if earth.fault(disk, "commit reported lost and lost") {
            return error("I/O error");
        }
        let lost = earth.fault(disk, "commit reported lost and written");
        for entry in entries {
            earth.checker.entry(self.number, &entry);
            earth.told.entry(&entry);
            let seq = earth.journal.len() as i64;
            earth.journal.push(StepRecord {
                seq,
                at: entry.at,
                node: entry.node,
                address: entry.address,
                event: entry.event,
                attempt: entry.attempt,
                // As it comes back from a disk.
                data: serde_json::from_str(&entry.data.to_string()).expect("it is JSON"),
            });
        }
        if let Some((_, state)) = end {
            let Earth { checker, people, now, told, .. } = &mut *earth;
            checker.end(state, people, *now);
            told.end(state, now.as_millis() as i64);
            earth.end = Some(state);
        }
        drop(earth);
        self.crash(1.0, "crash after a commit");
        if lost { error("I/O error") } else { Ok(()) }
    }

    fn tell(&mut self, _: Event) {
        self.crash(0.3, "crash before a call");
    }

    fn call(&mut self, job: Job<'p>) {
        let mut earth = self.earth.borrow_mut();
        let Earth { checker, people, now, .. } = &mut *earth;
        checker.call(self.number, *now, &job, people);
        earth.answer(self.number, self.born, &job);
        drop(earth);
        self.crash(0.3, "crash between calls");
    }

    fn wait(&mut self, until: Option<Duration>) -> Vec<Returned> {
        let until = until.map(|until| until + self.born);
        let mut earth = self.earth.borrow_mut();
        loop {
            let came = earth.inbox.remove(&self.number).unwrap_or_default();
            let cancelled = !self.told_of_cancel && earth.cancelled.contains(&self.number);
            self.told_of_cancel |= cancelled;
            if cancelled || !came.is_empty() || until.is_some_and(|until| earth.now >= until) {
                return came.into_iter().map(|came| self.returned(&mut earth, came)).collect();
            }
            assert!(earth.pass(until), "it waits for what never comes");
        }
    }
}

impl Process {
    fn returned(&self, earth: &mut Earth, Came { number, at, answer, awaited }: Came) -> Returned {
        if awaited {
            earth.checker.returned(self.number, at);
        }
        let given: Json = match answer {
            Answer::Sum(sum) => json!({ "sum": sum }),
            Answer::Lie => json!({ "sum": "many" }),
            Answer::Fail(reason) => return Returned { number, at, result: Err(StepError::new(reason, "it failed")) },
        };
        let node = earth.checker.node(at);
        let result = accept(&node, &earth.outputs[at], given, &self.vault);
        Returned { number, at, result }
    }
}
