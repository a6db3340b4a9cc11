//! An adapter that is a program: its process, its pipes, and its end.
//!
//! One thread attends to a program. It never blocks on a pipe, so that no program can make it wait; it ends with the
//! program, and the program's process group ends with it.

use std::io::{ErrorKind, Read, Write as _};
use std::ops::ControlFlow;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, Signal};

use crate::adapters::StepError;
use crate::adapters::command::{Watch, bare, signal, wait_for};
use crate::reason::Reason;

/// How long to read on after a program ended, where something that left its group still holds its pipes.
const LINGER: Duration = Duration::from_millis(200);

/// The longest line of standard error that is passed on as one, in bytes.
const MAX_PRINTED: usize = 8 << 10;

/// The variable that holds the execution a program was started for.
pub(in crate::adapters) const EXECUTION: &str = "ORDAIN_EXECUTION";

/// What a program does.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// It wrote a line to its standard output.
    Line(Vec<u8>),
    /// It wrote a line to its standard error.
    Printed(String),
    /// It wrote a line that is longer than allowed, and was ended.
    TooLong,
    /// It has ended, by itself or by force; nothing follows.
    Ended(String),
}

/// How to start a program.
#[derive(Clone, Debug)]
pub(crate) struct Start<'a> {
    /// The program and its arguments.
    pub(crate) argv: &'a [String],
    /// Where it runs.
    pub(crate) directory: &'a Path,
    /// The execution it is started for; empty for none.
    pub(crate) execution: &'a str,
    /// The longest line, in bytes.
    pub(crate) longest: usize,
    /// How long it may take to end when it is asked to.
    pub(crate) grace: Duration,
}

/// A running program. It ends when this is dropped.
pub(crate) struct Program {
    shared: Arc<Mutex<Outbox>>,
    wake: UnixStream,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Outbox {
    bytes: Vec<u8>,
    /// Nothing more is sent; the program is to end.
    close: bool,
    /// It is to end at once.
    kill: bool,
}

impl Program {
    /// Starts it. `hear` is called from another thread, must not block, and ends the program with
    /// [`ControlFlow::Break`].
    pub(crate) fn start(
        start: &Start<'_>,
        hear: impl FnMut(Heard) -> ControlFlow<()> + Send + 'static,
    ) -> Result<Self, StepError> {
        let name = start.argv.first().map_or("", String::as_str);
        let failed = |error: &dyn std::fmt::Display| {
            StepError::new(Reason::AdapterNotStarted, format!("`{name}` could not be started: {error}"))
        };
        let Some((program, arguments)) = start.argv.split_first() else { return Err(failed(&"it has no name")) };
        let mut command = bare(program, arguments, start.directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env(EXECUTION, start.execution);
        let (wake, woken) = UnixStream::pair().map_err(|error| failed(&error))?;
        for end in [&wake, &woken] {
            end.set_nonblocking(true).map_err(|error| failed(&error))?;
        }
        let shared = Arc::new(Mutex::new(Outbox::default()));
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        let group = Pid::from_child(&child);
        let (outbox, longest, grace) = (shared.clone(), start.longest, start.grace);
        let attended = Attended::to(&mut child, woken, outbox, longest, grace).and_then(|attended| {
            let watch = Watch::of(group)?;
            let builder = std::thread::Builder::new().name("adapter".into());
            Ok((attended, watch, builder))
        });
        let started = attended.and_then(|(attended, watch, builder)| {
            let (given, taken) = std::sync::mpsc::sync_channel(1);
            let thread = builder.spawn(move || {
                // INVARIANT: it is given just below.
                if let Ok(child) = taken.recv() {
                    attended.attend(child, &watch, group, hear);
                    watch.finish();
                }
            });
            thread.map(|thread| (thread, given))
        });
        match started {
            Ok((thread, given)) => {
                // The thread waits for it.
                let _ = given.send(child);
                Ok(Self { shared, wake, thread: Some(thread) })
            }
            Err(error) => {
                signal(group, Signal::KILL);
                // The error at hand says more than one of this.
                let _ = child.wait();
                Err(failed(&error))
            }
        }
    }

    /// Sends a line. One to a program that has ended goes nowhere.
    pub(crate) fn send(&self, line: &[u8]) {
        self.tell(|outbox| outbox.bytes.extend_from_slice(line));
    }

    /// Closes its standard input, which asks it to end; it is forced to when its time of grace is over.
    pub(crate) fn close(&self) {
        self.tell(|outbox| outbox.close = true);
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        self.tell(|outbox| outbox.kill = true);
    }

    fn tell(&self, what: impl FnOnce(&mut Outbox)) {
        what(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner));
        // Where the pipe is full or has no reader, the thread wakes up anyway, or is gone.
        let _ = (&self.wake).write(&[0]);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.close();
        if let Some(thread) = self.thread.take() {
            // Where it panicked, there is nothing left to do.
            let _ = thread.join();
        }
    }
}

/// What the thread of a program holds.
struct Attended {
    woken: UnixStream,
    outbox: Arc<Mutex<Outbox>>,
    stdin: Option<ChildStdin>,
    unsent: Vec<u8>,
    stdout: Lines<ChildStdout>,
    stderr: Lines<ChildStderr>,
    longest: usize,
    grace: Duration,
}

impl Attended {
    fn to(
        child: &mut Child,
        woken: UnixStream,
        outbox: Arc<Mutex<Outbox>>,
        longest: usize,
        grace: Duration,
    ) -> std::io::Result<Self> {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let pipes = [
            stdin.as_ref().map(|pipe| pipe.as_fd()),
            stdout.as_ref().map(|pipe| pipe.as_fd()),
            stderr.as_ref().map(|pipe| pipe.as_fd()),
        ];
        for pipe in pipes.into_iter().flatten() {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        let (stdout, stderr) = (Lines::of(stdout), Lines::of(stderr));
        Ok(Self { woken, outbox, stdin, unsent: Vec::new(), stdout, stderr, longest, grace })
    }

    fn attend(mut self, mut child: Child, watch: &Watch, group: Pid, mut hear: impl FnMut(Heard) -> ControlFlow<()>) {
        let mut force_at = None;
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue() && force_at.is_none_or(|at| Instant::now() < at) {
            match self.wait(watch, force_at) {
                Ok(Seen::Ended) => break,
                Ok(Seen::Something) => {}
                Err(_) => break,
            }
            flow = self.listen(&mut hear);
            // A program that cannot be heard any more is of no use.
            if self.stdout.source.is_none() {
                break;
            }
            let (close, kill) = self.collect();
            if kill {
                break;
            }
            self.feed();
            if close && self.unsent.is_empty() {
                self.stdin = None;
            }
            if close && force_at.is_none() {
                force_at = Some(Instant::now() + self.grace);
            }
        }
        // What it left behind in its group ends with it. The group's number is not given away before the child is.
        signal(group, Signal::KILL);
        let until = Instant::now() + LINGER;
        while flow.is_continue() {
            flow = self.listen(&mut hear);
            let left = until.saturating_duration_since(Instant::now());
            let mut fds = self.outputs();
            if fds.is_empty() || left.is_zero() || wait_for(&mut fds, left).is_err() {
                break;
            }
        }
        let ended = match child.wait() {
            Ok(status) => format!("it ended with {status}"),
            Err(error) => format!("it ended, and how is not known: {error}"),
        };
        let _ = hear(Heard::Ended(ended));
    }

    fn outputs(&self) -> Vec<PollFd<'_>> {
        let stdout = self.stdout.source.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN));
        let stderr = self.stderr.source.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN));
        stdout.into_iter().chain(stderr).collect()
    }

    fn wait(&mut self, watch: &Watch, force_at: Option<Instant>) -> Result<Seen, rustix::io::Errno> {
        /// Long enough to cost nothing.
        const LONG: Duration = Duration::from_secs(3600);
        let wait = force_at.map_or(LONG, |at| at.saturating_duration_since(Instant::now()));
        let (ended, woken) = {
            let mut fds = vec![PollFd::new(watch.ended(), PollFlags::IN), PollFd::new(&self.woken, PollFlags::IN)];
            fds.extend(self.outputs());
            if let Some(stdin) = self.stdin.as_ref().filter(|_| !self.unsent.is_empty()) {
                fds.push(PollFd::new(stdin, PollFlags::OUT));
            }
            wait_for(&mut fds, wait)?;
            (!fds[0].revents().is_empty(), !fds[1].revents().is_empty())
        };
        if woken {
            let mut buffer = [0; 64];
            while matches!(self.woken.read(&mut buffer), Ok(read) if read > 0) {}
        }
        Ok(if ended { Seen::Ended } else { Seen::Something })
    }

    /// Takes what is to be sent, and says whether the program is to end: when it likes, or at once.
    fn collect(&mut self) -> (bool, bool) {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        self.unsent.append(&mut outbox.bytes);
        (outbox.close, outbox.kill)
    }

    /// Sends as much as the program takes.
    fn feed(&mut self) {
        let Some(stdin) = &mut self.stdin else { return self.unsent.clear() };
        let mut sent = 0;
        while sent < self.unsent.len() {
            match stdin.write(&self.unsent[sent..]) {
                Ok(written) => sent += written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // It does not listen. What waits for its answer has its time limit, or sees its end.
                Err(_) => {
                    self.stdin = None;
                    return self.unsent.clear();
                }
            }
        }
        self.unsent.drain(..sent);
    }

    /// Takes what the program has written.
    fn listen(&mut self, hear: &mut impl FnMut(Heard) -> ControlFlow<()>) -> ControlFlow<()> {
        let longest = self.longest;
        self.stderr.take(MAX_PRINTED, &mut |line| {
            // Parts of one that is too long are lines as well: people read them.
            let (Line::Whole(line) | Line::TooLong(line)) = line;
            hear(Heard::Printed(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()))
        })?;
        if self.stderr.source.is_none() && !self.stderr.begun.is_empty() {
            let last = std::mem::take(&mut self.stderr.begun);
            hear(Heard::Printed(String::from_utf8_lossy(&last).into_owned()))?;
        }
        self.stdout.take(longest, &mut |line| match line {
            Line::Whole(line) => hear(Heard::Line(line)),
            Line::TooLong(_) => {
                let _ = hear(Heard::TooLong);
                ControlFlow::Break(())
            }
        })
    }
}

enum Seen {
    Ended,
    Something,
}

enum Line {
    Whole(Vec<u8>),
    /// The beginning of one.
    TooLong(Vec<u8>),
}

/// A stream, cut into lines.
struct Lines<R> {
    source: Option<R>,
    begun: Vec<u8>,
}

impl<R: Read> Lines<R> {
    fn of(source: Option<R>) -> Self {
        Self { source, begun: Vec::new() }
    }

    /// Takes what is there now.
    fn take(&mut self, longest: usize, each: &mut dyn FnMut(Line) -> ControlFlow<()>) -> ControlFlow<()> {
        /// After so many reads, others have their turn.
        const TURN: usize = 16;
        let mut buffer = [0; 64 << 10];
        for _ in 0..TURN {
            let Some(source) = &mut self.source else { break };
            let mut rest = match source.read(&mut buffer) {
                Ok(0) => {
                    self.source = None;
                    break;
                }
                Ok(read) => &buffer[..read],
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The other end is gone in an unusual way.
                Err(_) => {
                    self.source = None;
                    break;
                }
            };
            while let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
                self.begun.extend_from_slice(&rest[..length]);
                rest = &rest[length + 1..];
                let line = std::mem::take(&mut self.begun);
                each(if line.len() <= longest { Line::Whole(line) } else { Line::TooLong(line) })?;
            }
            self.begun.extend_from_slice(rest);
            if self.begun.len() > longest {
                each(Line::TooLong(std::mem::take(&mut self.begun)))?;
            }
        }
        ControlFlow::Continue(())
    }
}
