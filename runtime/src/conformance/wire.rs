//! Lines to an adapter and back, whatever stands in them.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::Target;
use crate::adapters::AdapterLimits;
use crate::adapters::StepError;
use crate::adapters::remote::http::Endpoint;
use crate::adapters::remote::program::{Heard, Program, Start};

/// How many of the last lines of standard error are told when a program ends.
const LAST_LINES: usize = 10;

/// What comes from an adapter.
#[derive(Debug, PartialEq)]
pub(super) enum Came {
    /// A line.
    Line(Vec<u8>),
    /// Nothing, for as long as was waited.
    Nothing,
    /// The program ended, or the service cannot be reached.
    Ended(String),
    /// Something that is no line.
    Wrong(String),
}

/// Lines to an adapter and back.
pub(super) struct Wire {
    way: Way,
    came: Receiver<Came>,
    sender: Sender<Came>,
}

enum Way {
    Program(Program),
    Service(Endpoint),
}

impl Wire {
    /// Reaches an adapter.
    pub(super) fn to(target: &Target, directory: &Path, patience: Duration) -> Result<Self, StepError> {
        let limits = AdapterLimits { start: patience, silence: patience.saturating_mul(6), ..AdapterLimits::default() };
        let (sender, came) = channel();
        let way = match target {
            Target::Program(argv) => {
                let start = Start { argv, directory, execution: "", longest: limits.message, grace: patience };
                let said = sender.clone();
                let mut printed = VecDeque::new();
                let program = Program::start(&start, move |heard| {
                    // Whoever does not listen any more has seen enough.
                    let _ = said.send(match heard {
                        Heard::Printed(line) => {
                            if printed.len() == LAST_LINES {
                                printed.pop_front();
                            }
                            printed.push_back(line);
                            return ControlFlow::Continue(());
                        }
                        Heard::Line(line) => Came::Line(line),
                        Heard::TooLong => Came::Wrong("it sent a line that is too long".into()),
                        Heard::Ended(how) => {
                            Came::Ended(printed.iter().fold(how, |text, line| format!("{text}\n{line}")))
                        }
                    });
                    ControlFlow::Continue(())
                })?;
                Way::Program(program)
            }
            Target::Url(url) => Way::Service(Endpoint::new(url, limits)),
        };
        Ok(Self { way, came, sender })
    }

    /// Sends a line; its end is added.
    pub(super) fn send(&self, line: &[u8]) {
        match &self.way {
            Way::Program(program) => program.send(&[line, b"\n"].concat()),
            Way::Service(endpoint) => {
                let (endpoint, said, line) = (endpoint.clone(), self.sender.clone(), line.to_vec());
                // Where no thread can be started, nothing comes back, and that is what will be told.
                let _ =
                    std::thread::Builder::new().name("conformance".into()).spawn(move || post(&endpoint, &line, &said));
            }
        }
    }

    /// What comes next, up to an instant.
    pub(super) fn next(&self, until: Instant) -> Came {
        match self.came.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(came) => came,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Came::Nothing,
        }
    }

    /// Closes the standard input of a program.
    pub(super) fn close(&self) {
        if let Way::Program(program) = &self.way {
            program.close();
        }
    }

    pub(super) fn is_program(&self) -> bool {
        matches!(self.way, Way::Program(_))
    }
}

fn post(endpoint: &Endpoint, line: &[u8], said: &Sender<Came>) {
    let came = |came: Came| {
        // Whoever does not listen any more has seen enough.
        let _ = said.send(came);
    };
    let mut response = match endpoint.post(line, None, None) {
        Ok(response) => response,
        Err(error) => return came(Came::Ended(error.message)),
    };
    let status = response.status().as_u16();
    if status == 202 || status == 204 {
        return;
    }
    if status != 200 {
        return came(Came::Wrong(format!("it answered with status {status}")));
    }
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let lines = kind.starts_with("application/x-ndjson");
    if !lines && !kind.starts_with("application/json") {
        return came(Came::Wrong(format!("it answered with `{kind}`")));
    }
    let mut reader = BufReader::new(response.body_mut().as_reader().take(64 << 20));
    loop {
        let mut line = Vec::new();
        let read = if lines { reader.read_until(b'\n', &mut line) } else { reader.read_to_end(&mut line) };
        match read {
            Ok(0) => return,
            Ok(_) => came(Came::Line(line.trim_ascii_end().to_vec())),
            Err(error) => return came(Came::Wrong(format!("its answer cannot be read: {error}"))),
        }
    }
}
