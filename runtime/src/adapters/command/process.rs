//! A running program: what it reads and prints, how long it may take, and its end.

use std::io::{ErrorKind, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::output::Output;
use super::program::{Program, not_started};
use super::start::end;
use super::stop::Process;
use super::{StepContext, StepError};
use crate::event::Stream;
use crate::reason::Reason;

/// How often to look whether the execution was cancelled.
const TICK: Duration = Duration::from_millis(50);

/// How long to read on after a program ended, where something that left its group still holds its pipes.
const LINGER: Duration = Duration::from_millis(200);

/// A program that ended by itself.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Why a program is made to end.
#[derive(Clone, Copy, PartialEq)]
enum Because {
    Cancelled,
    Timeout,
}

/// Runs a program to its end: its own, or the one that a deadline or a cancellation makes.
pub(super) fn supervise(
    step: &StepContext<'_>,
    program: &Program<'_>,
    stdin: Option<&str>,
) -> Result<Ended, StepError> {
    // What an interpreter that ended has left running would get in the way of what is about to do the same.
    if let Some(left) = step.is_in_doubt().then(|| Process::of_step(step.key())).flatten()
        && let Some(group) = left.group()
    {
        end(step, group, &|| !left.runs());
    }
    let mut command = program.command(step)?;
    command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let fail = |error: std::io::Error| not_started(program.argv, &error);
    let mut child = command.spawn().map_err(fail)?;
    // Its copy of the environment, and of the secrets in there, is no longer needed.
    drop(command);
    let group = Pid::from_child(&child);
    let watch = Watch::of(group);
    let result = match &watch {
        Ok(watch) => attend(step, &mut child, group, watch, stdin.unwrap_or_default()),
        Err(error) => Err(StepError::new(Reason::CommandNotStarted, format!("it cannot be watched: {error}"))),
    };
    // What it left behind in its group ends with it. The group's number is not given away before the child is.
    signal(group, Signal::KILL);
    let (because, mut stdout, mut stderr) = match result {
        Ok(attended) => attended,
        Err(error) => {
            // The error at hand says more than one of this.
            let _ = child.wait();
            return Err(error);
        }
    };
    linger(step, &mut stdout, &mut stderr);
    let status = child.wait().map_err(fail)?;
    if let Ok(watch) = watch {
        watch.finish();
    }
    let ended = Ended { status, stdout: stdout.finish(step), stderr: stderr.finish(step) };
    match because {
        None => Ok(ended),
        Some(Because::Cancelled) => Err(StepError::new(Reason::Cancelled, "ended because the execution was cancelled")),
        Some(Because::Timeout) => {
            let message = format!("ended because it took too long{}", super::run::tail(&ended));
            Err(StepError::new(Reason::Timeout, message))
        }
    }
}

type Attended = (Option<Because>, Output<std::process::ChildStdout>, Output<std::process::ChildStderr>);

/// Feeds and reads the program until it ended.
fn attend(
    step: &StepContext<'_>,
    child: &mut Child,
    group: Pid,
    watch: &Watch,
    stdin: &str,
) -> Result<Attended, StepError> {
    let system = |error: rustix::io::Errno| {
        StepError::new(Reason::CommandNotStarted, format!("the program cannot be attended to: {error}"))
    };
    let mut input = child.stdin.take().map(|pipe| Input { pipe, rest: stdin.as_bytes() });
    if let Some(input) = &input {
        rustix::io::ioctl_fionbio(&input.pipe, true).map_err(system)?;
    }
    let pipes = [child.stdout.as_ref().map(|pipe| pipe.as_fd()), child.stderr.as_ref().map(|pipe| pipe.as_fd())];
    for pipe in pipes.into_iter().flatten() {
        rustix::io::ioctl_fionbio(pipe, true).map_err(system)?;
    }
    let mut stdout = Output::new(child.stdout.take(), Stream::Stdout, step);
    let mut stderr = Output::new(child.stderr.take(), Stream::Stderr, step);
    let mut because = None;
    let mut force_at = None;
    loop {
        let now = Instant::now();
        if because.is_none() {
            let late = step.deadline().is_some_and(|deadline| now >= deadline);
            because = if step.cancellation().is_cancelled() {
                Some(Because::Cancelled)
            } else {
                late.then_some(Because::Timeout)
            };
            if because.is_some() {
                signal(group, Signal::TERM);
                force_at = Some(now + step.grace());
            }
        }
        if force_at.is_some_and(|at| now >= at || step.cancellation().is_forced()) {
            signal(group, Signal::KILL);
            force_at = None;
        }
        let mut wait = TICK;
        for at in [step.deadline().filter(|_| because.is_none()), force_at].into_iter().flatten() {
            wait = wait.min(at.saturating_duration_since(now));
        }
        let gone = {
            let mut fds = vec![PollFd::new(watch.ended(), PollFlags::IN)];
            fds.extend(stdout.source().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            fds.extend(stderr.source().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            fds.extend(input.as_ref().map(|input| PollFd::new(&input.pipe, PollFlags::OUT)));
            wait_for(&mut fds, wait).map_err(system)?;
            !fds[0].revents().is_empty()
        };
        stdout.take(step);
        stderr.take(step);
        if input.as_mut().is_some_and(|input| !input.give()) {
            input = None;
        }
        if gone {
            return Ok((because, stdout, stderr));
        }
    }
}

/// Reads on until the pipes are at their end, but not for long.
fn linger(
    step: &StepContext<'_>,
    stdout: &mut Output<std::process::ChildStdout>,
    stderr: &mut Output<std::process::ChildStderr>,
) {
    let until = Instant::now() + LINGER;
    loop {
        stdout.take(step);
        stderr.take(step);
        let left = until.saturating_duration_since(Instant::now());
        let mut fds: Vec<PollFd<'_>> = Vec::new();
        fds.extend(stdout.source().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(stderr.source().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        if fds.is_empty() || left.is_zero() || wait_for(&mut fds, left).is_err() {
            return;
        }
    }
}

/// What a program reads from its standard input.
struct Input<'a> {
    pipe: ChildStdin,
    rest: &'a [u8],
}

impl Input<'_> {
    /// Gives as much as fits; says whether there is more to give.
    fn give(&mut self) -> bool {
        while !self.rest.is_empty() {
            match self.pipe.write(self.rest) {
                Ok(written) => self.rest = &self.rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // A program need not read what it is given.
                Err(_) => return false,
            }
        }
        false
    }
}

/// Waits until one of them has something, or for a time.
pub(in crate::adapters) fn wait_for(fds: &mut [PollFd<'_>], wait: Duration) -> Result<(), rustix::io::Errno> {
    // Rounded up: a wait of nothing would spin until the clock moves on.
    let wait = wait.max(Duration::from_millis(1));
    let timeout = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
    match poll(fds, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Notices the end of a child without taking it away, so that its number stays its own until all signals are sent.
pub(in crate::adapters) struct Watch {
    ended: UnixStream,
    thread: JoinHandle<()>,
}

impl Watch {
    pub(in crate::adapters) fn of(child: Pid) -> std::io::Result<Self> {
        let (ended, end) = UnixStream::pair()?;
        let thread = std::thread::Builder::new().name("wait".into()).spawn(move || {
            while waitid(WaitId::Pid(child), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
                .is_err_and(|error| error == rustix::io::Errno::INTR)
            {}
            drop(end);
        })?;
        Ok(Self { ended, thread })
    }

    /// Becomes readable when the child has ended.
    pub(in crate::adapters) fn ended(&self) -> &UnixStream {
        &self.ended
    }

    /// After the child was taken away.
    pub(in crate::adapters) fn finish(self) {
        // The thread does nothing that could panic.
        let _ = self.thread.join();
    }
}

/// Sends a signal to a group; one that has ended already is fine.
pub(in crate::adapters) fn signal(group: Pid, signal: Signal) {
    let _ = kill_process_group(group, signal);
}
