//! Tools that adapters drive: programs of others, such as Git and Terraform, run to their end with a small environment.
//!
//! What a tool prints goes into files and not into pipes, so that one whose interpreter is killed comes to its own end: a
//! tool that changes the world must not die of a pipe that nobody reads.

mod lines;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, Signal};

use self::lines::Lines;
use super::command::{KEY, Process, Watch, signal, wait_for};
use super::{StepContext, StepError};
use crate::event::Stream;
use crate::reason::Reason;

/// How often to look whether the execution was cancelled, and what was printed.
const TICK: Duration = Duration::from_millis(50);

/// How much of the end of what a tool printed goes into an error, in bytes.
const TAIL: usize = 2_000;

/// How long a tool that changes the world may take to come to an orderly end.
pub(super) const ORDERLY: Duration = Duration::from_secs(60);

/// How long the system may take to end processes that are forced to.
const FORCED: Duration = Duration::from_secs(5);

/// How a tool is made to end before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It only looks, or can be begun again: it is asked, and forced after the time of grace.
    Swift,
    /// It is in the middle of a change that it has to write down: interrupted as from a terminal, and forced after a minute.
    Orderly,
}

/// One run of a tool.
pub(super) struct Job<'a> {
    /// The tool's name, for people.
    pub(super) name: &'a str,
    /// What to run; made by [`tool`].
    pub(super) command: Command,
    /// Where its standard output goes to; a file without a name where there is none.
    pub(super) log: Option<File>,
    /// The most that it may print to one stream, in bytes.
    pub(super) limit: u64,
    /// How it is made to end.
    pub(super) manner: Manner,
    /// What of a line of its standard output is told: all of it, a part, or nothing.
    pub(super) tell: &'a dyn Fn(&str) -> Option<String>,
}

/// What came of a run.
pub(super) struct Ran {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Why a run is made to end.
#[derive(Clone, Copy, PartialEq)]
enum Because {
    Cancelled,
    Timeout,
    Babble,
}

/// A command for a tool in a process group of its own, with nothing of the interpreter's environment but where programs
/// and temporary files are.
pub(super) fn tool(step: &StepContext<'_>, program: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).process_group(0).env_clear().env(KEY, step.key());
    for name in ["PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Waits for, or ends, what an interpreter that ended has left running for the same step.
pub(super) fn settle(step: &StepContext<'_>, manner: Manner) -> Result<(), StepError> {
    let Some(left) = step.is_in_doubt().then(|| Process::of_step(step.key())).flatten() else { return Ok(()) };
    let Some(group) = left.group() else { return Ok(()) };
    if manner == Manner::Orderly {
        // It may well come to its end, which is better than any end that it could be put to.
        while left.runs() {
            if step.deadline().is_some_and(|deadline| Instant::now() >= deadline) {
                let message = "what an earlier try has left running took too long";
                return Err(StepError::new(Reason::Timeout, message));
            }
            if step.cancellation().wait(TICK) {
                let message = "the execution was cancelled while an earlier try still ran";
                return Err(StepError::new(Reason::Cancelled, message));
            }
        }
        return Ok(());
    }
    signal(group, Signal::TERM);
    let force_at = Instant::now() + step.grace();
    let give_up_at = force_at + FORCED;
    let mut forced = false;
    while left.runs() {
        let now = Instant::now();
        if now >= give_up_at {
            return Err(StepError::new(Reason::NotStopped, "what an earlier try has left running cannot be ended"));
        }
        if now >= force_at && !forced {
            signal(group, Signal::KILL);
            forced = true;
        }
        std::thread::sleep(TICK);
    }
    Ok(())
}

/// Runs a tool to its end: its own, or the one that a deadline, a cancellation or too much output makes.
pub(super) fn run(step: &StepContext<'_>, job: Job<'_>) -> Result<Ran, StepError> {
    let Job { name, mut command, log, limit, manner, tell } = job;
    let broken =
        |error: io::Error| StepError::new(Reason::CommandNotStarted, format!("`{name}` could not be started: {error}"));
    let stdout = log.map_or_else(tempfile::tempfile, Ok).map_err(broken)?;
    let stderr = tempfile::tempfile().map_err(broken)?;
    command
        .stdin(Stdio::null())
        .stdout(stdout.try_clone().map_err(broken)?)
        .stderr(stderr.try_clone().map_err(broken)?);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let message = format!("there is no `{name}` in `PATH` on this machine: install it there");
            StepError::new(Reason::CommandNotStarted, message)
        }
        _ => broken(error),
    })?;
    // Its copy of the environment, and of the secrets in there, is no longer needed.
    drop(command);
    let group = Pid::from_child(&child);
    let watch = Watch::of(group);
    let mut streams = [
        Lines::new(&stdout, Stream::Stdout, tell),
        // What tools print to their standard error is meant for people.
        Lines::new(&stderr, Stream::Stderr, &|line| Some(line.to_owned())),
    ];
    let because = match &watch {
        Ok(watch) => attend(step, group, watch, manner, limit, &mut streams),
        Err(error) => Err(broken(io::Error::new(error.kind(), error.to_string()))),
    };
    // What it left behind in its group ends with it. The group's number is not given away before the child is.
    signal(group, Signal::KILL);
    let status = child.wait().map_err(broken)?;
    if let Ok(watch) = watch {
        watch.finish();
    }
    let because = because?;
    streams.iter_mut().for_each(|stream| stream.finish(step));
    let ran = Ran { status, stdout: content(&stdout, limit), stderr: content(&stderr, limit) };
    match because {
        None if length(&stdout).max(length(&stderr)) > limit => Err(babble(name, limit)),
        // It was done before it heard that it should end.
        None | Some(Because::Cancelled | Because::Timeout) if ran.status.success() => Ok(ran),
        None => Ok(ran),
        Some(Because::Cancelled) => Err(StepError::new(Reason::Cancelled, "ended because the execution was cancelled")),
        Some(Because::Timeout) => {
            let message = format!("`{name}` was ended because it took too long{}", ran.tail());
            Err(StepError::new(Reason::Timeout, message))
        }
        Some(Because::Babble) => Err(babble(name, limit)),
    }
}

fn babble(name: &str, limit: u64) -> StepError {
    StepError::new(Reason::CommandFailed, format!("`{name}` was ended because it printed more than {limit} bytes"))
}

fn attend(
    step: &StepContext<'_>,
    group: Pid,
    watch: &Watch,
    manner: Manner,
    limit: u64,
    streams: &mut [Lines<'_>],
) -> Result<Option<Because>, StepError> {
    let (ask, patience) = match manner {
        Manner::Swift => (Signal::TERM, step.grace()),
        Manner::Orderly => (Signal::INT, step.grace().max(ORDERLY)),
    };
    let mut because = None;
    let mut force_at = None;
    loop {
        let now = Instant::now();
        if because.is_none() {
            because = if streams.iter().any(|stream| stream.length() > limit) {
                Some(Because::Babble)
            } else if step.cancellation().is_cancelled() {
                Some(Because::Cancelled)
            } else {
                step.deadline().is_some_and(|deadline| now >= deadline).then_some(Because::Timeout)
            };
            if because.is_some() {
                signal(group, ask);
                force_at = Some(now + patience);
            }
        }
        // What still prints although it was asked to end would fill the disk.
        let floods = streams.iter().any(|stream| stream.length() > limit.saturating_mul(2));
        if force_at.is_some_and(|at| now >= at || floods || step.cancellation().is_forced()) {
            signal(group, Signal::KILL);
            force_at = None;
        }
        let mut fds = [PollFd::new(watch.ended(), PollFlags::IN)];
        wait_for(&mut fds, TICK).map_err(|error| {
            StepError::new(Reason::CommandNotStarted, format!("the program cannot be attended to: {error}"))
        })?;
        let gone = !fds[0].revents().is_empty();
        streams.iter_mut().for_each(|stream| stream.tell(step));
        if gone {
            return Ok(because);
        }
    }
}

/// The length of a file; 0 where the system does not tell.
fn length(file: &File) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}

/// What a file holds, up to a limit.
fn content(file: &File, limit: u64) -> Vec<u8> {
    let wanted = usize::try_from(length(file).min(limit)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; wanted];
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    bytes.truncate(read);
    bytes
}

impl Ran {
    /// What it printed, where it ended well; an error that says how it ended where it did not.
    pub(super) fn succeeded(self, what: &str) -> Result<Self, StepError> {
        if self.status.success() { Ok(self) } else { Err(self.failed(what)) }
    }

    /// The error of a run that did not end well.
    pub(super) fn failed(&self, what: &str) -> StepError {
        let ending = match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("ended with status {code}"),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => "ended in an unknown way".into(),
        };
        StepError::new(Reason::CommandFailed, format!("`{what}` {ending}{}", self.tail()))
    }

    /// The end of what it printed, from standard error where there is something.
    fn tail(&self) -> String {
        let text = [&self.stderr, &self.stdout].map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
        let Some(text) = text.iter().find(|text| !text.is_empty()) else { return String::new() };
        let start = text.ceil_char_boundary(text.len().saturating_sub(TAIL));
        format!(": {}", text[start..].trim_start())
    }

    /// Its standard output as a line of text.
    pub(super) fn line(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}
