//! `command.stop`: stop what was started, and nothing else.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::process::signal;
use super::program::KEY;
use super::{Observed, StepContext, StepError};
use crate::reason::Reason;

/// How often to look whether the processes have ended.
const TICK: Duration = Duration::from_millis(10);

/// How long the system may take to end processes that are forced to.
const FORCED: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stop {
    pid: i64,
    started: u64,
    /// Milliseconds.
    within: u64,
}

/// A process as the system lists it.
pub(in crate::adapters) struct Process {
    pub(super) pid: i64,
    /// When it started, in clock ticks since the machine did.
    pub(super) started: u64,
    group: i64,
    /// It has ended, and stays in the list until its parent asks how.
    ended: bool,
}

impl Process {
    /// The process of a number, from `/proc/<pid>/stat` (proc_pid_stat(5)).
    pub(super) fn find(pid: i64) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold anything, also parentheses and spaces.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let state = fields.first()?;
        Some(Self {
            pid,
            started: fields.get(19)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            ended: matches!(*state, "Z" | "X" | "x"),
        })
    }

    /// The process that a step with this key started, if it runs still.
    pub(in crate::adapters) fn of_step(key: &str) -> Option<Self> {
        Self::with(&format!("{KEY}={key}"))
    }

    /// The process that was started with an environment variable and leads its group, if it runs still.
    pub(in crate::adapters) fn with(variable: &str) -> Option<Self> {
        Self::all_with(&|each| each == variable.as_bytes()).next()
    }

    /// The processes that were started with such an environment variable, told as `NAME=value`, and lead their groups, if they
    /// run still.
    pub(in crate::adapters) fn all_with(is_it: &dyn Fn(&[u8]) -> bool) -> impl Iterator<Item = Self> {
        let has_it = move |process: &Self| {
            // proc_pid_environ(5): what the process was started with; nobody else's can be read.
            let variables = std::fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
            variables.split(|byte| *byte == 0).any(is_it)
        };
        // What it starts itself inherits the variable, and is in its group.
        Self::all().filter(move |process| process.group == process.pid && !process.ended && has_it(process))
    }

    /// Its number.
    pub(in crate::adapters) fn pid(&self) -> i64 {
        self.pid
    }

    /// The group that it leads.
    pub(in crate::adapters) fn group(&self) -> Option<Pid> {
        i32::try_from(self.pid).ok().and_then(Pid::from_raw)
    }

    /// Whether it runs still.
    pub(in crate::adapters) fn runs(&self) -> bool {
        Self::find(self.pid).is_some_and(|now| now.started == self.started && !now.ended)
    }

    /// Whether a process of a group has not ended.
    fn any_in(group: i64) -> bool {
        Self::all().any(|process| process.group == group && !process.ended)
    }

    fn all() -> impl Iterator<Item = Self> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten();
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i64>().ok()).filter_map(Self::find)
    }
}

/// Whether processes can be told apart for good on this system.
pub(super) fn supported() -> Result<(), StepError> {
    match Process::find(std::process::id().into()) {
        Some(_) => Ok(()),
        None => Err(StepError::new(Reason::Unsupported, "programs that stay need the `/proc` of Linux")),
    }
}

pub(super) fn stop(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Stop = step.inputs()?;
    supported()?;
    let group = i32::try_from(inputs.pid).ok().filter(|pid| *pid > 1).and_then(Pid::from_raw).ok_or_else(|| {
        StepError::new(Reason::InputMismatch, format!("{} is not the id of a process that was started", inputs.pid))
    })?;
    let process = match Process::find(inputs.pid) {
        Some(process) if process.started == inputs.started => process,
        // It has ended, and perhaps another has its number now.
        _ => return Ok(json!({ "stopped": false })),
    };
    if process.group != inputs.pid {
        let message = format!("process {} does not lead a process group, so it was not started here", inputs.pid);
        return Err(StepError::new(Reason::NotStopped, message));
    }
    signal(group, Signal::TERM);
    let polite = Duration::from_millis(inputs.within);
    let polite = step.deadline().map_or(polite, |at| polite.min(at.saturating_duration_since(Instant::now())));
    let cancelled = || step.cancellation().is_cancelled();
    if !gone(inputs.pid, Instant::now() + polite, &cancelled) {
        signal(group, Signal::KILL);
        if !gone(inputs.pid, Instant::now() + FORCED, &|| false) {
            let message = format!("process {} is still there after it was forced to end", inputs.pid);
            return Err(StepError::new(Reason::NotStopped, message));
        }
    }
    Ok(json!({ "stopped": !process.ended }))
}

/// Whether the process that is to be stopped runs still.
pub(super) fn observe(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let inputs: Stop = step.inputs()?;
    supported()?;
    let runs = Process::find(inputs.pid).is_some_and(|found| found.started == inputs.started && !found.ended);
    let inputs = json!({ "pid": inputs.pid, "started": inputs.started });
    Ok(if runs { Observed::Present { inputs, outputs: json!({}) } } else { Observed::Absent })
}

/// Waits until no process of the group is left, up to an instant or until there is no patience any more.
fn gone(group: i64, until: Instant, impatient: &dyn Fn() -> bool) -> bool {
    while Process::any_in(group) {
        if Instant::now() >= until || impatient() {
            return false;
        }
        std::thread::sleep(TICK);
    }
    true
}
