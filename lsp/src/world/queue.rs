//! The line of work in front of the writer, and how requests get their answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use ordain_compiler::unless_cancelled;
use rayon::ThreadPool;
use tokio::sync::oneshot;

use super::{Snapshot, World};

/// Stack for the threads that compile: deep but legal sources go deep in queries, too. Pages are taken as they are touched.
pub(crate) const STACK_BYTES: usize = 512 << 20;

/// Something for the writer to do.
pub(crate) type Job = Box<dyn FnOnce(&mut World) + Send>;

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stale {
    /// The text was changed since it was asked.
    Modified,
    /// Answering it failed.
    Failed,
}

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As long as a request.
    Quick,
    /// Longer than anybody waits for.
    Slow,
}

/// The line of work.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    jobs: Sender<Job>,
    /// For what somebody waits for.
    pool: Arc<ThreadPool>,
    /// For what takes long, so that nobody waits behind it.
    slow: Arc<ThreadPool>,
    epoch: Arc<AtomicU64>,
}

impl Queue {
    /// The line, its other end, and the count of the changes that the client makes.
    pub(crate) fn new() -> (Self, Receiver<Job>) {
        let (jobs, line) = channel();
        let (pool, slow) = (Arc::new(threads("reader")), Arc::new(threads("looker")));
        (Self { jobs, pool, slow, epoch: Arc::default() }, line)
    }

    pub(crate) fn epoch(&self) -> Arc<AtomicU64> {
        self.epoch.clone()
    }

    /// Has the writer do something, after all that was put in line before.
    pub(crate) fn put(&self, job: impl FnOnce(&mut World) + Send + 'static) {
        // The writer is gone only when the server ends.
        let _ = self.jobs.send(Box::new(job));
    }

    /// Answers a request from a snapshot that `prepare` takes, with all changes in it that came before the request. Where a change
    /// by the client comes before the answer there is none; other changes have it asked again.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        prepare: impl Fn(&mut World) -> Option<Snapshot> + Send + Clone + 'static,
        answer: impl Fn(&Snapshot) -> T + Send + Clone + 'static,
    ) -> oneshot::Receiver<Result<Option<T>, Stale>> {
        let (send, receive) = oneshot::channel();
        let at = None;
        self.ask_again(at, prepare, answer, send);
        receive
    }

    fn ask_again<T: Send + 'static>(
        &self,
        asked: Option<u64>,
        prepare: impl Fn(&mut World) -> Option<Snapshot> + Send + Clone + 'static,
        answer: impl Fn(&Snapshot) -> T + Send + Clone + 'static,
        send: oneshot::Sender<Result<Option<T>, Stale>>,
    ) {
        let queue = self.clone();
        self.put(move |world| {
            let epoch = queue.epoch.load(Ordering::SeqCst);
            if asked.is_some_and(|asked| asked != epoch) {
                let _ = send.send(Err(Stale::Modified));
                return;
            }
            world.settle();
            let Some(snapshot) = prepare(world) else {
                let _ = send.send(Ok(None));
                return;
            };
            let pool = queue.pool.clone();
            pool.spawn(move || {
                // Whoever asked may not want to know any more.
                if send.is_closed() {
                    return;
                }
                let found = catch_unwind(AssertUnwindSafe(|| unless_cancelled(|| answer(&snapshot))));
                drop(snapshot);
                match found {
                    Ok(Some(found)) => drop(send.send(Ok(Some(found)))),
                    Ok(None) => queue.ask_again(Some(epoch), prepare, answer, send),
                    Err(_) => drop(send.send(Err(Stale::Failed))),
                }
            });
        });
    }

    /// Has something done with a snapshot in the background, unless a change comes before its end, with what is done `again` then.
    pub(crate) fn background(
        &self,
        pace: Pace,
        snapshot: Snapshot,
        work: impl FnOnce(&Snapshot) + Send + 'static,
        again: impl FnOnce(&mut World) + Send + 'static,
    ) {
        let queue = self.clone();
        let pool = match pace {
            Pace::Quick => &self.pool,
            Pace::Slow => &self.slow,
        };
        pool.spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(|| unless_cancelled(|| work(&snapshot))));
            drop(snapshot);
            if matches!(done, Ok(None)) {
                queue.put(again);
            }
        });
    }

    /// The writer's life: it ends when nobody can ask any more.
    pub(crate) fn run(line: &Receiver<Job>, world: &mut World) {
        let mut next = None;
        loop {
            let job = match next {
                None => line.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => line.recv_timeout(Instant::saturating_duration_since(&at, Instant::now())),
            };
            match job {
                Ok(job) => job(world),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // What waits in line comes before what can wait.
            while let Ok(job) = line.try_recv() {
                job(world);
            }
            next = world.attend();
        }
    }
}

/// As many threads as there are processors, at least two.
fn threads(name: &'static str) -> ThreadPool {
    let count = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    rayon::ThreadPoolBuilder::new()
        .num_threads(count)
        .stack_size(STACK_BYTES)
        .thread_name(move |at| format!("{name} {at}"))
        .build()
        // INVARIANT: threads can be started, or there is no server.
        .expect("threads can be started")
}
