//! The way to an adapter that is a program: one message a line, over its standard input and output.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use super::limits::AdapterLimits;
use super::link::{Ear, Link, Request, Said};
use super::program::{Heard, Program, Start};
use super::protocol::{self, Incoming};
use crate::adapters::StepError;
use crate::event::Stream;
use crate::reason::Reason;

/// How many of the last lines of standard error are told when the program ends.
const LAST_LINES: usize = 20;

/// The way to a running program.
pub(super) struct Stdio {
    program: Program,
    calls: Arc<Mutex<Calls>>,
    log: usize,
}

#[derive(Default)]
struct Calls {
    /// The id of the last request.
    last: u64,
    /// Those without an answer.
    open: BTreeMap<u64, Ear>,
    /// Why nothing more can be sent.
    broken: Option<StepError>,
    /// The last lines of its standard error.
    printed: VecDeque<String>,
}

impl Stdio {
    pub(super) fn start(start: &Start<'_>, limits: &AdapterLimits) -> Result<Self, StepError> {
        let calls = Arc::new(Mutex::new(Calls::default()));
        let shared = calls.clone();
        let program = Program::start(start, move |heard| lock(&shared).hear(heard))?;
        Ok(Self { program, calls, log: limits.log })
    }
}

impl Link for Stdio {
    fn send(&self, request: &Request<'_>) -> Result<(u64, Receiver<Said>), StepError> {
        let (to, said) = channel();
        let mut calls = lock(&self.calls);
        if let Some(error) = &calls.broken {
            return Err(error.clone());
        }
        calls.last += 1;
        let id = calls.last;
        calls.open.insert(id, Ear::new(to, self.log));
        self.program.send(&protocol::request(id, request.method, request.params));
        Ok((id, said))
    }

    fn cancel(&self, id: u64, key: &str) {
        self.program.send(&protocol::notification("cancel", &json!({ "call": id, "key": key })));
    }

    fn abandon(&self, _: u64) {
        // It did not answer when it was asked to give up, so that nobody knows what it does.
        lock(&self.calls).fail(&StepError::new(
            Reason::AdapterEnded,
            "its program was ended, because it did not give up another call when it was asked to",
        ));
        self.program.kill();
    }

    fn is_alive(&self) -> bool {
        lock(&self.calls).broken.is_none()
    }

    fn close(&self) {
        self.program.close();
    }
}

fn lock(calls: &Mutex<Calls>) -> MutexGuard<'_, Calls> {
    // What is behind it is whole at any time.
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Calls {
    fn hear(&mut self, heard: Heard) -> ControlFlow<()> {
        match heard {
            Heard::Line(line) if line.trim_ascii().is_empty() => ControlFlow::Continue(()),
            Heard::Line(line) => match protocol::read(&line) {
                Ok(incoming) => self.take(incoming),
                Err(violation) => self.violated(&violation.to_string()),
            },
            Heard::TooLong => self.violated("a message that is too long"),
            Heard::Printed(line) => {
                // Which call it is about nobody knows; the one that has run longest is as good a guess as any.
                if let Some(mut first) = self.open.first_entry() {
                    first.get_mut().log(Stream::Stderr, line.clone());
                }
                if self.printed.len() == LAST_LINES {
                    self.printed.pop_front();
                }
                self.printed.push_back(line);
                ControlFlow::Continue(())
            }
            Heard::Ended(how) => {
                let printed: Vec<&str> = self.printed.iter().map(String::as_str).collect();
                let printed = if printed.is_empty() { String::new() } else { format!(": {}", printed.join("\n")) };
                self.fail(&StepError::new(Reason::AdapterEnded, format!("{how} while it was needed{printed}")));
                ControlFlow::Continue(())
            }
        }
    }

    fn take(&mut self, incoming: Incoming) -> ControlFlow<()> {
        match incoming {
            Incoming::Answer { id, result } => match self.open.remove(&id) {
                Some(ear) => ear.end(Said::Answer(result)),
                None if id <= self.last => return self.violated("a second answer to one request"),
                None => return self.violated("an answer with an id that no request has"),
            },
            // Those for calls that have ended are late, and say nothing any more.
            Incoming::Progress { call, percent, message } => {
                if let Some(ear) = self.open.get_mut(&call) {
                    ear.progress(percent, message);
                }
            }
            Incoming::Log { call, trouble, message } => {
                let stream = if trouble { Stream::Stderr } else { Stream::Stdout };
                let ear = match call {
                    Some(call) => self.open.get_mut(&call),
                    None => self.open.first_entry().map(std::collections::btree_map::OccupiedEntry::into_mut),
                };
                if let Some(ear) = ear {
                    ear.log(stream, message);
                }
            }
            Incoming::Other => {}
        }
        ControlFlow::Continue(())
    }

    fn violated(&mut self, what: &str) -> ControlFlow<()> {
        self.fail(&StepError::new(Reason::ProtocolViolated, format!("the adapter sent {what}")));
        ControlFlow::Break(())
    }

    /// Nothing more comes, and why.
    fn fail(&mut self, error: &StepError) {
        for (_, ear) in std::mem::take(&mut self.open) {
            ear.end(Said::Broken(error.clone()));
        }
        // The first reason led to the others.
        self.broken.get_or_insert_with(|| error.clone());
    }
}
