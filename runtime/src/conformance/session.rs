//! A conversation with an adapter: requests and what comes back to each.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::wire::{Came, Wire};
use super::{Said, Target, Transcript};
use crate::adapters::remote::protocol::{self, Failure, Incoming, PROTOCOLS};

/// Why a check failed, in words.
pub(super) type Fault = String;

/// An answer: a result, or an error.
pub(super) type Answer = Result<Json, Failure>;

/// A conversation with an adapter.
pub(super) struct Session<'a> {
    wire: Wire,
    transcript: &'a Transcript,
    pub(super) patience: Duration,
    last: u64,
    /// Answers that nobody has asked for yet, by id; `None` for those without one.
    answers: BTreeMap<Option<u64>, Answer>,
}

impl<'a> Session<'a> {
    /// Reaches an adapter and says nothing yet.
    pub(super) fn open(
        target: &Target,
        directory: &Path,
        patience: Duration,
        transcript: &'a Transcript,
    ) -> Result<Self, Fault> {
        let wire = Wire::to(target, directory, patience).map_err(|error| error.message)?;
        Ok(Self { wire, transcript, patience, last: 0, answers: BTreeMap::new() })
    }

    /// Introduces itself.
    pub(super) fn introduced(mut self) -> Result<Self, Fault> {
        let result = self.ask("initialize", &protocol::introduction(16 << 20))?;
        let result = result.map_err(|failure| format!("`initialize` fails: {}", told(&failure)))?;
        match result.get("protocol").and_then(Json::as_u64) {
            Some(protocol) if PROTOCOLS.contains(&protocol) => Ok(self),
            _ => Err("`initialize` does not choose a version of the protocol that was offered".into()),
        }
    }

    /// Sends a request; gives its id.
    pub(super) fn begin(&mut self, method: &str, params: &Json) -> u64 {
        self.last += 1;
        let line = protocol::request(self.last, method, params);
        self.send(line.trim_ascii_end());
        self.last
    }

    /// Sends a line as it is.
    pub(super) fn send(&mut self, line: &[u8]) {
        self.transcript.keep(Said::ByInterpreter, line);
        self.wire.send(line);
    }

    /// Sends a notification.
    pub(super) fn notify(&mut self, method: &str, params: &Json) {
        let line = protocol::notification(method, params);
        self.send(line.trim_ascii_end());
    }

    /// Sends a request and waits for its answer.
    pub(super) fn ask(&mut self, method: &str, params: &Json) -> Result<Answer, Fault> {
        let id = self.begin(method, params);
        self.answer(id, self.patience)
    }

    /// The answer to a request.
    pub(super) fn answer(&mut self, id: u64, within: Duration) -> Result<Answer, Fault> {
        self.find(Some(id), within)?.ok_or_else(|| format!("no answer came within {} ms", within.as_millis()))
    }

    /// The answer to a request, if it comes in time.
    pub(super) fn answer_if(&mut self, id: u64, within: Duration) -> Result<Option<Answer>, Fault> {
        self.find(Some(id), within)
    }

    /// The error of what could not be read: it has the id of nothing, or of what was sent.
    pub(super) fn complaint(&mut self, id: Option<u64>) -> Result<Failure, Fault> {
        let until = Instant::now() + self.patience;
        loop {
            for id in [None, id] {
                if let Some(answer) = self.answers.remove(&id) {
                    return answer.map_or_else(Ok, |_| Err("it is answered as if it were fine".into()));
                }
            }
            if !self.hear(until)? {
                return Err(format!("no answer came within {} ms", self.patience.as_millis()));
            }
        }
    }

    /// Whether it still answers.
    pub(super) fn is_well(&mut self) -> Result<(), Fault> {
        let described = self.ask("describe", &json!({})).map_err(|fault| format!("afterwards: {fault}"))?;
        described.map(|_| ()).map_err(|failure| format!("afterwards, `describe` fails: {}", told(&failure)))
    }

    /// Whether it ends when its standard input does.
    pub(super) fn ends(&mut self) -> Result<(), Fault> {
        self.wire.close();
        let until = Instant::now() + self.patience;
        // It is made to end when it does not by itself, so that waiting half of the time tells one from the other.
        let by_itself = Instant::now() + self.patience / 2;
        loop {
            match self.wire.next(until) {
                Came::Ended(_) if Instant::now() < by_itself => return Ok(()),
                Came::Ended(_) | Came::Nothing => return Err("it does not end when its standard input does".into()),
                Came::Line(_) | Came::Wrong(_) => {}
            }
        }
    }

    pub(super) fn is_program(&self) -> bool {
        self.wire.is_program()
    }

    fn find(&mut self, id: Option<u64>, within: Duration) -> Result<Option<Answer>, Fault> {
        let until = Instant::now() + within;
        loop {
            if let Some(answer) = self.answers.remove(&id) {
                return Ok(Some(answer));
            }
            if !self.hear(until)? {
                return Ok(None);
            }
        }
    }

    /// Takes what comes next; says whether something did.
    fn hear(&mut self, until: Instant) -> Result<bool, Fault> {
        let line = match self.wire.next(until) {
            Came::Line(line) if line.trim_ascii().is_empty() => return Ok(true),
            Came::Line(line) => line,
            Came::Nothing => return Ok(false),
            Came::Ended(how) => return Err(how),
            Came::Wrong(what) => return Err(what),
        };
        self.transcript.keep(Said::ByAdapter, &line);
        if let Some(failure) = complaint(&line) {
            return self.keep(None, Err(failure));
        }
        match protocol::read(&line) {
            Ok(Incoming::Answer { id, result }) if (1..=self.last).contains(&id) => self.keep(Some(id), result),
            Ok(Incoming::Answer { id, .. }) => Err(format!("it answers with the id {id}, which no request has")),
            Ok(_) => Ok(true),
            Err(violation) => Err(format!("it sent {violation}: {}", shown(&line))),
        }
    }

    fn keep(&mut self, id: Option<u64>, answer: Answer) -> Result<bool, Fault> {
        match self.answers.insert(id, answer) {
            None => Ok(true),
            Some(_) => Err("it answers a request twice".into()),
        }
    }

    /// Nothing is left that nobody asked for.
    pub(super) fn is_settled(&mut self) -> Result<(), Fault> {
        // What it has to say by mistake it has said before it answers once more.
        self.is_well()?;
        match self.answers.keys().next() {
            None => Ok(()),
            Some(Some(id)) => Err(format!("it answers request {id} twice, or although it is none")),
            Some(None) => Err("it complains about what was right".into()),
        }
    }
}

/// An error with the id of nothing.
fn complaint(line: &[u8]) -> Option<Failure> {
    let message: Json = serde_json::from_slice(line).ok()?;
    let error = message.get("error").filter(|_| message.get("id") == Some(&Json::Null))?;
    Some(Failure {
        code: error.get("code")?.as_i64()?,
        message: error.get("message")?.as_str()?.to_owned(),
        data: Json::Null,
    })
}

/// An error as people read it.
pub(super) fn told(failure: &Failure) -> String {
    format!("{} ({})", failure.message, failure.code)
}

/// The beginning of a line.
fn shown(line: &[u8]) -> String {
    const MOST: usize = 200;
    let text = String::from_utf8_lossy(line);
    if text.len() <= MOST { text.into_owned() } else { format!("{}…", &text[..text.floor_char_boundary(MOST)]) }
}
