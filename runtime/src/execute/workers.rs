//! The threads that execute nodes, and the loop that feeds them.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use ordain_graph::{NodeKind, OnFailure, Value, evaluate};

use super::past::{Past, Undoing};
use super::preflight::Prepared;
use super::schedule::Schedule;
use super::step::{Done, Engine, Task};
use super::{allowed, kept, resolve};
use crate::journal::JournalError;
use crate::reason::Reason;

/// More threads than this do not help.
const MOST_THREADS: usize = 1024;

/// How far an execution came.
pub(super) struct Progress {
    /// How each node ended, by position; `None` where it was not started.
    pub(super) done: Vec<Option<Done>>,
    /// The outputs of nodes that succeeded, by position.
    pub(super) outputs: Vec<Option<Value>>,
    /// The failed node with the least address whose failure stopped the execution.
    pub(super) stopped_by: Option<usize>,
    /// The try that was under way when an earlier process ended, by position; 0 where none was.
    doubt: Vec<u32>,
    /// How far earlier processes came with undoing, by position.
    pub(super) undone: Vec<Undoing>,
    /// Whether a failure asks for what was done to be undone.
    pub(super) undo: bool,
    /// Whether the execution was cancelled before its end.
    pub(super) cancelled: bool,
    /// Why the journal could not be written.
    pub(super) broken: Option<JournalError>,
    /// Why there are no threads.
    pub(super) threads: Option<String>,
}

/// Executes nodes until none can start any more. What has ended before does not start again.
pub(super) fn run(engine: &Engine<'_>, prepared: &Prepared<'_>, parallelism: NonZeroUsize, past: Past) -> Progress {
    let count = prepared.plan.nodes.len();
    let mut progress = Progress {
        done: (0..count).map(|_| None).collect(),
        outputs: vec![None; count],
        stopped_by: None,
        doubt: past.doubt,
        undone: past.undone,
        undo: false,
        cancelled: false,
        broken: None,
        threads: None,
    };
    let mut schedule = Schedule::new(prepared);
    for (at, done) in past.done.into_iter().enumerate() {
        if let Some(done) = done {
            progress.take(prepared, &mut schedule, at, done);
        }
    }
    let threads = parallelism.get().min(count).min(MOST_THREADS);
    thread::scope(|scope| {
        let (results, finished) = channel();
        let mut idle: Vec<Sender<(usize, Task<'_>)>> = Vec::with_capacity(threads);
        let mut workers: Vec<Sender<(usize, Task<'_>)>> = Vec::with_capacity(threads);
        for number in 0..threads {
            let (tasks, todo) = channel();
            let results = results.clone();
            let builder = thread::Builder::new().name(format!("step-{number}"));
            match builder.spawn_scoped(scope, move || work(engine, number, &todo, &results)) {
                Ok(_) => {
                    idle.push(tasks.clone());
                    workers.push(tasks);
                }
                // Fewer threads do as well; none do not.
                Err(error) if idle.is_empty() => progress.threads = Some(error.to_string()),
                Err(_) => break,
            }
        }
        drop(results);
        progress.feed(engine, prepared, &mut schedule, idle, &workers, &finished);
    });
    progress
}

/// A worker: one task after the other, until there are no more.
fn work<'a>(
    engine: &Engine<'_>,
    number: usize,
    todo: &Receiver<(usize, Task<'a>)>,
    results: &Sender<(usize, usize, Done)>,
) {
    while let Ok((at, task)) = todo.recv() {
        if results.send((number, at, engine.execute(&task))).is_err() {
            return;
        }
    }
}

impl Progress {
    fn feed<'a>(
        &mut self,
        engine: &Engine<'_>,
        prepared: &'a Prepared<'_>,
        schedule: &mut Schedule,
        mut idle: Vec<Sender<(usize, Task<'a>)>>,
        workers: &[Sender<(usize, Task<'a>)>],
        finished: &Receiver<(usize, usize, Done)>,
    ) {
        let mut running = 0;
        loop {
            while !idle.is_empty() && self.may_start(engine) {
                let Some(at) = self.next(schedule) else { break };
                let task = self.task(engine, prepared, at);
                // INVARIANT: the list was not empty, and a worker ends only when its sender is gone.
                let sent = idle.pop().is_some_and(|worker| worker.send((at, task)).is_ok());
                running += usize::from(sent);
            }
            if running == 0 {
                break;
            }
            let Ok((worker, at, done)) = finished.recv() else { break };
            running -= 1;
            idle.push(workers[worker].clone());
            self.take(prepared, schedule, at, done);
        }
        // What was ready and did not start tells that it was cancelled; what had ended before does not.
        self.cancelled |= engine.surroundings.cancel.is_cancelled() && self.next(schedule).is_some();
    }

    /// The node that may start next, of those that have not ended.
    fn next(&self, schedule: &mut Schedule) -> Option<usize> {
        std::iter::from_fn(|| schedule.next()).find(|at| self.done[*at].is_none())
    }

    fn may_start(&self, engine: &Engine<'_>) -> bool {
        !engine.surroundings.cancel.is_cancelled()
            && self.stopped_by.is_none()
            && !self.cancelled
            && self.broken.is_none()
    }

    fn task<'a>(&self, engine: &Engine<'_>, prepared: &'a Prepared<'_>, at: usize) -> Task<'a> {
        let node = &prepared.plan.nodes[at];
        let call = prepared.calls[at];
        let known = |id: &ordain_graph::NodeId| self.outputs[*prepared.position.get(id)?].clone();
        let expect = match &node.kind {
            NodeKind::Step => None,
            // What cannot be computed here cannot be computed later either, and is told then.
            NodeKind::Gate { expect } => evaluate(expect, &known).ok(),
        };
        let verdicts = prepared.pending.get(&node.id).map_or(&[][..], Vec::as_slice);
        let inputs = allowed(verdicts, &known)
            .and_then(|()| resolve(&node.inputs, &call.contract.input, &known))
            .and_then(|inputs| kept(&inputs, engine.surroundings.vault).map(|()| inputs));
        Task { node, call, inputs, expect, doubt: self.doubt[at] }
    }

    fn take(&mut self, prepared: &Prepared<'_>, schedule: &mut Schedule, at: usize, done: Done) {
        let node = &prepared.plan.nodes[at];
        match &done.result {
            Ok(outputs) => {
                self.outputs[at] = Some(outputs.clone());
                schedule.succeeded(at);
            }
            Err(error) if error.reason == Reason::Cancelled => self.cancelled = true,
            Err(_) => match node.on_failure.unwrap_or(prepared.plan.on_failure) {
                OnFailure::Continue => {}
                how => {
                    self.undo |= how == OnFailure::Undo;
                    let least = self.stopped_by.is_none_or(|other| schedule.rank(at) < schedule.rank(other));
                    self.stopped_by = if least { Some(at) } else { self.stopped_by };
                }
            },
        }
        if let Err(error) = &done.journal {
            self.broken.get_or_insert_with(|| error.clone());
        }
        self.done[at] = Some(done);
    }
}
