//! What an interpreter left running that was killed: programs of steps, and of adapters.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::command::{KEY, Process, signal};
use super::remote::program::EXECUTION;
use super::tool::ORDERLY;

/// How often to look whether the processes have ended.
const TICK: Duration = Duration::from_millis(10);

/// How long the system may take to end processes that are forced to.
const FORCED: Duration = Duration::from_secs(5);

/// A call whose outcome nobody wrote down.
pub(crate) struct Left {
    /// The key of the call.
    pub(crate) key: String,
    /// Whether its program has to write down what it changed, for which it has more time.
    pub(crate) orderly: bool,
}

/// Ends the programs of such calls, and those of the execution's adapters: asked first, then forced.
///
/// # Errors
/// The number of a process that does not end.
pub(crate) fn end_left(execution: &str, calls: &[Left], grace: Duration) -> Result<(), i64> {
    let orderly: BTreeMap<String, bool> =
        calls.iter().map(|left| (format!("{KEY}={}", left.key), left.orderly)).collect();
    let adapters = format!("{EXECUTION}={execution}/");
    let told = |variable: &[u8]| std::str::from_utf8(variable).ok().and_then(|variable| orderly.get(variable));
    let is_it = |variable: &[u8]| variable.starts_with(adapters.as_bytes()) || told(variable).is_some();
    let found: Vec<Process> = Process::all_with(&is_it).collect();
    let groups = || found.iter().filter_map(Process::group);
    groups().for_each(|group| signal(group, Signal::TERM));
    // They are few, and mostly none: one that has more time gives it to all.
    let patience = if calls.iter().any(|left| left.orderly) { grace.max(ORDERLY) } else { grace };
    let _ = running(&found, patience);
    // What they left behind in their groups ends with them.
    groups().for_each(|group| signal(group, Signal::KILL));
    running(&found, FORCED).map_or(Ok(()), Err)
}

/// Waits until processes have ended; the number of one that has not.
fn running(processes: &[Process], patience: Duration) -> Option<i64> {
    let until = Instant::now() + patience;
    loop {
        let one = processes.iter().find(|process| process.runs())?;
        if Instant::now() >= until {
            return Some(one.pid());
        }
        std::thread::sleep(TICK);
    }
}
