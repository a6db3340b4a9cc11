//! A way to an adapter: requests go out, and what it says to each comes back to whoever waits for it.

use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use serde_json::Value as Json;

use super::protocol::Failure;
use crate::adapters::StepError;
use crate::event::Stream;

/// What an adapter says to one request.
#[derive(Debug)]
pub(crate) enum Said {
    /// A line for the log.
    Line(Stream, String),
    /// How far it is.
    Progress(Option<u8>, String),
    /// The answer; nothing follows.
    Answer(Result<Json, Failure>),
    /// There will be no answer; nothing follows.
    Broken(StepError),
}

/// A request on its way.
pub(crate) struct Request<'a> {
    /// The method.
    pub(crate) method: &'static str,
    /// Its parameters.
    pub(crate) params: &'a Json,
    /// What tells the step from all others, where there is one.
    pub(crate) key: Option<&'a str>,
    /// How long the answer may take, where there is a limit.
    pub(crate) within: Option<Duration>,
}

/// A way to an adapter.
pub(crate) trait Link: Send + Sync {
    /// Sends a request. Gives its id, and what the adapter says to it as it comes.
    fn send(&self, request: &Request<'_>) -> Result<(u64, Receiver<Said>), StepError>;

    /// Asks the adapter to give up the request for a step.
    fn cancel(&self, id: u64, key: &str);

    /// Nobody waits for the answer to a request any more, although there was none.
    fn abandon(&self, id: u64);

    /// Whether further requests may be sent.
    fn is_alive(&self) -> bool;

    /// Nothing more is sent; the adapter may end.
    fn close(&self);
}

/// Where what an adapter says to one request goes, up to a limit for what it logs.
pub(crate) struct Ear {
    to: Sender<Said>,
    /// How much it may log still, in bytes.
    left: usize,
}

impl Ear {
    pub(crate) fn new(to: Sender<Said>, limit: usize) -> Self {
        Self { to, left: limit }
    }

    /// Passes on a line, if there is room for it.
    pub(crate) fn log(&mut self, stream: Stream, line: String) {
        if self.room(line.len()) {
            self.say(Said::Line(stream, line));
        }
    }

    /// Passes on how far a call is, if there is room for it.
    pub(crate) fn progress(&mut self, percent: Option<u8>, message: String) {
        if self.room(message.len()) {
            self.say(Said::Progress(percent, message));
        }
    }

    /// Passes on the last that is said.
    pub(crate) fn end(self, said: Said) {
        self.say(said);
    }

    fn say(&self, said: Said) {
        // Who does not listen any more has given up.
        let _ = self.to.send(said);
    }

    fn room(&mut self, bytes: usize) -> bool {
        /// What a line costs besides its text.
        const EACH: usize = 32;
        if self.left == 0 {
            return false;
        }
        match self.left.checked_sub(bytes + EACH) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.left = 0;
                self.say(Said::Line(Stream::Stderr, "[it logs too much; the rest is left out]".into()));
                false
            }
        }
    }
}
