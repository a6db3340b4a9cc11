//! The real world: threads that call adapters, the journal on disk, the clocks of the machine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use super::outputs::accept;
use super::preflight::ask;
use super::world::{Job, Moment, Returned, World};
use crate::adapters::{StepContext, StepError, Surroundings, Told, Try};
use crate::approval::Record;
use crate::cancel::Subscription;
use crate::clock;
use crate::event::Event;
use crate::journal::{Entry, JournalError, Recorder};
use crate::reason::Reason;
use crate::report::State;
use crate::secret::{SecretError, SecretSource};

/// More threads than this do not help.
const MOST_THREADS: usize = 1024;

/// How often it is looked for what others write to the journal, while steps run.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What all calls of an execution use.
#[derive(Clone, Copy)]
pub(super) struct Engine<'a> {
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) observer: &'a (dyn Fn(Event) + Sync),
    /// Where the secrets come from that are asked for when they are needed.
    pub(super) secrets: &'a dyn SecretSource,
    /// When the process began with the execution.
    pub(super) began: Instant,
}

/// What wakes up whoever waits.
enum Signal {
    /// A worker has a result.
    Returned(usize, Returned),
    /// The execution is asked to end.
    Cancelled,
}

/// Threads, each of which calls one adapter at a time.
pub(super) struct Threads<'a, 'p> {
    engine: Engine<'a>,
    recorder: &'a mut Recorder,
    workers: Vec<Sender<Job<'p>>>,
    idle: Vec<usize>,
    signals: Receiver<Signal>,
    /// Whether the journal was told that the execution is asked to end.
    noted: bool,
    _cancelled: Subscription,
}

impl<'a, 'p> Threads<'a, 'p> {
    /// Starts as many threads as are wanted, or as there can be.
    pub(super) fn start<'s>(
        scope: &'s Scope<'s, '_>,
        engine: Engine<'a>,
        recorder: &'a mut Recorder,
        wanted: usize,
    ) -> Result<Self, String>
    where
        'a: 's,
        'p: 's,
    {
        let (results, signals) = channel();
        let cancelled = results.clone();
        let subscription = engine.surroundings.cancel.subscribe(move || {
            // Whoever stopped waiting does not need to know.
            let _ = cancelled.send(Signal::Cancelled);
        });
        let mut workers = Vec::new();
        for number in 0..wanted.clamp(1, MOST_THREADS) {
            let (jobs, todo) = channel();
            let results = results.clone();
            let builder = thread::Builder::new().name(format!("step-{number}"));
            match builder.spawn_scoped(scope, move || work(engine, number, &todo, &results)) {
                Ok(_) => workers.push(jobs),
                // Fewer threads do as well; none do not.
                Err(error) if workers.is_empty() => return Err(error.to_string()),
                Err(_) => break,
            }
        }
        let idle = (0..workers.len()).rev().collect();
        Ok(Self { engine, recorder, workers, idle, signals, noted: false, _cancelled: subscription })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.workers.len()
    }

    /// Ends the execution if somebody has asked for that in the journal. One that cannot be read now is read again later,
    /// and is in the way of the next commit if it cannot be read at all.
    fn heed(&mut self) {
        let cancel = self.engine.surroundings.cancel;
        if !cancel.is_cancelled() && self.recorder.is_cancel_requested().unwrap_or(false) {
            cancel.cancel();
        }
    }

    fn take(&mut self, signal: Signal, returned: &mut Vec<Returned>) {
        if let Signal::Returned(worker, result) = signal {
            self.idle.push(worker);
            returned.push(result);
        }
    }
}

/// A worker: one call after the other, until there are no more.
fn work<'p>(engine: Engine<'_>, number: usize, todo: &Receiver<Job<'p>>, results: &Sender<Signal>) {
    while let Ok(job) = todo.recv() {
        let returned = Returned { number: job.number, at: job.at, result: engine.call(&job) };
        if results.send(Signal::Returned(number, returned)).is_err() {
            return;
        }
    }
}

impl Engine<'_> {
    /// Calls an adapter. The error holds no secrets.
    fn call(&self, job: &Job<'_>) -> Result<ordain_graph::Value, StepError> {
        let attempt = Try { key: &job.key, number: job.attempt, in_doubt: job.in_doubt, undoes: job.undoes.as_deref() };
        let context = StepContext {
            contract: job.call.contract,
            attempt,
            inputs: &job.inputs,
            deadline: job.deadline.and_then(|deadline| self.began.checked_add(deadline)),
            surroundings: self.surroundings,
            tell: &|told| {
                let address = job.node.address.clone();
                (self.observer)(match told {
                    Told::Line(stream, line) => Event::Log { address, stream, line: line.to_owned() },
                    Told::Progress { percent, message } => {
                        Event::StepProgress { address, percent, message: message.to_owned() }
                    }
                });
            },
        };
        let vault = self.surroundings.vault;
        self.unlock(job, context.deadline)
            .and_then(|()| job.call.adapter.call(&context, |adapter, step| adapter.apply(step)))
            .and_then(|given| accept(&job.node.id, &job.call.contract.output, given, vault))
            .map_err(|error| StepError::new(error.reason, vault.redact(&error.message)))
    }

    /// Asks for the secrets of a call that nobody has asked for yet.
    fn unlock(&self, job: &Job<'_>, deadline: Option<Instant>) -> Result<(), StepError> {
        self.surroundings.vault.fetch(&job.secrets, |name| {
            if self.surroundings.cancel.is_cancelled() {
                return Err(StepError::new(Reason::Cancelled, format!("cancelled before `{name}` was asked for")));
            }
            // A thread that goes down with its source would never be heard of again.
            let asked = catch_unwind(AssertUnwindSafe(|| ask(self.secrets, name)));
            asked.unwrap_or_else(|_| Err(SecretError::Unavailable("its source broke down".into()))).map_err(|error| {
                let message = format!("the secret `{name}` cannot be had: {error}");
                StepError::new(Reason::SecretUnavailable, message)
            })
        })?;
        let late = deadline.is_some_and(|deadline| deadline <= clock::instant());
        if late && !job.secrets.is_empty() {
            return Err(StepError::new(Reason::Timeout, "it took longer than allowed until its secrets were there"));
        }
        Ok(())
    }
}

impl<'p> World<'p> for Threads<'_, 'p> {
    fn now(&mut self) -> Moment {
        Moment { since: clock::instant().saturating_duration_since(self.engine.began), at: clock::now() }
    }

    fn records(&mut self) -> Result<Vec<Record>, JournalError> {
        self.recorder.records().map(<[Record]>::to_vec)
    }

    fn is_cancelled(&mut self) -> bool {
        let cancelled = self.engine.surroundings.cancel.is_cancelled();
        if cancelled && !self.noted {
            self.noted = true;
            // A journal that cannot be written now is in the way of the next commit.
            let _ = self.recorder.note_cancel(clock::now());
        }
        cancelled
    }

    fn commit(&mut self, entries: Vec<Entry>, end: Option<(Moment, State)>) -> Result<(), JournalError> {
        self.recorder.commit(&entries, end.map(|(now, state)| (now.at, state)))?;
        self.heed();
        Ok(())
    }

    fn tell(&mut self, event: Event) {
        (self.engine.observer)(event);
    }

    fn call(&mut self, job: Job<'p>) {
        // INVARIANT: no more calls are under way than there are threads, and a thread ends only when its sender is gone.
        if let Some(worker) = self.idle.pop() {
            let _ = self.workers[worker].send(job);
        }
    }

    fn wait(&mut self, until: Option<Duration>) -> Vec<Returned> {
        let mut returned = Vec::new();
        let until = until.and_then(|until| self.engine.began.checked_add(until));
        loop {
            let left = until.map(|until| until.saturating_duration_since(clock::instant()));
            match self.signals.recv_timeout(left.map_or(LOOK_EVERY, |left| left.min(LOOK_EVERY))) {
                Ok(first) => {
                    self.take(first, &mut returned);
                    break;
                }
                Err(_) if left.is_some_and(|left| left <= LOOK_EVERY) => break,
                Err(_) => self.heed(),
            }
        }
        // Whoever came meanwhile shares the next commit.
        while let Ok(signal) = self.signals.try_recv() {
            self.take(signal, &mut returned);
        }
        returned
    }
}
