//! The world: time, disk and adapters, as the interpreter meets them. Nothing else that executes a plan reads a clock,
//! draws at random, writes a file or calls an adapter, so that whoever implements this can have all of them otherwise.

use std::sync::Arc;
use std::time::Duration;

use ordain_graph::{Node, Value};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::machine::{Machine, Turn};
use super::preflight::Call;
use crate::adapters::StepError;
use crate::approval::Record;
use crate::event::Event;
use crate::journal::{Entry, JournalError};
use crate::report::State;

/// A moment, by two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// How long after the process began with the execution. Never goes back.
    pub(super) since: Duration,
    /// By the clock on the wall: milliseconds since 1970-01-01 UTC. May go back.
    pub(super) at: i64,
}

/// A call of an adapter.
pub(super) struct Job<'p> {
    /// Which call it is of the process: no two have the same.
    pub(super) number: u64,
    /// The node's position.
    pub(super) at: usize,
    pub(super) node: &'p Node,
    /// What is called: the node's capability, or the one that undoes it.
    pub(super) call: Call<'p>,
    pub(super) key: String,
    /// Which try it is, from 1.
    pub(super) attempt: u32,
    /// Whether an earlier process may have begun this very try.
    pub(super) in_doubt: bool,
    /// The key of the step that it undoes, where it does.
    pub(super) undoes: Option<String>,
    pub(super) inputs: Arc<Json>,
    /// The secrets that the inputs refer to.
    pub(super) secrets: Arc<[SmolStr]>,
    /// When it must have ended, by the first clock.
    pub(super) deadline: Option<Duration>,
}

/// A call that has come back.
#[derive(Debug)]
pub(super) struct Returned {
    /// Which call it was. One that is not waited for any more, or came back before, is not heeded.
    pub(super) number: u64,
    /// The node's position.
    pub(super) at: usize,
    /// Its outputs, as the contract demands them. The error holds no secrets.
    pub(super) result: Result<Value, StepError>,
}

/// Where an execution takes place.
pub(super) trait World<'p> {
    fn now(&mut self) -> Moment;

    /// All that people have said in the execution. Asked for only where policies ask them something.
    fn records(&mut self) -> Result<Vec<Record>, JournalError>;

    /// Whether the execution is asked to end. It stays so.
    fn is_cancelled(&mut self) -> bool;

    /// Writes lines and, last, how the execution ended. All of it is on disk when this returns, or an error.
    fn commit(&mut self, entries: Vec<Entry>, end: Option<(Moment, State)>) -> Result<(), JournalError>;

    /// Tells what happened.
    fn tell(&mut self, event: Event);

    /// Begins a call, which comes back from [`World::wait`].
    fn call(&mut self, job: Job<'p>);

    /// Waits until calls have come back, until the moment has come, or until the execution is asked to end, of which it
    /// tells once.
    fn wait(&mut self, until: Option<Duration>) -> Vec<Returned>;
}

/// Carries an execution out to its end.
pub(super) fn conduct<'p>(machine: &mut Machine<'p>, world: &mut impl World<'p>) {
    let mut returned = Vec::new();
    while advance(machine, world, &mut returned) {}
}

/// Does what is next, and waits for what comes of it; whether there is more. What belongs together is written in one go:
/// outcomes with the intents that they make possible, and whatever came in meanwhile.
pub(super) fn advance<'p>(machine: &mut Machine<'p>, world: &mut impl World<'p>, returned: &mut Vec<Returned>) -> bool {
    if machine.asks() {
        match world.records() {
            Ok(records) => machine.hear(&records),
            Err(error) => machine.break_off(error, &Turn::default()),
        }
    }
    let (now, cancelled) = (world.now(), world.is_cancelled());
    let mut turn = machine.turn(now, cancelled, std::mem::take(returned));
    let entries = std::mem::take(&mut turn.entries);
    if (!entries.is_empty() || turn.end.is_some())
        && let Err(error) = world.commit(entries, turn.end.map(|state| (now, state)))
    {
        machine.break_off(error, &turn);
        return true;
    }
    for event in turn.events {
        world.tell(event);
    }
    for job in turn.jobs {
        world.call(job);
    }
    if machine.is_over() {
        return false;
    }
    *returned = world.wait(machine.wakes_at());
    true
}
