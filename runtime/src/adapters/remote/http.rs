//! The way to an adapter that is a service: each message a POST of its own, what is said to it the body of the answer.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::json;

use super::limits::AdapterLimits;
use super::link::{Ear, Link, Request, Said};
use super::protocol::{self, Incoming, PROTOCOLS};
use crate::adapters::StepError;
use crate::adapters::trust::{is_http, reaching};
use crate::event::Stream;
use crate::reason::Reason;

/// A body that is one message.
const ONE: &str = "application/json";

/// A body of messages, one a line, the answer last.
const LINES: &str = "application/x-ndjson";

/// The way to a service.
pub(super) struct Http {
    endpoint: Endpoint,
    last: AtomicU64,
}

impl Http {
    pub(super) fn new(url: &str, limits: AdapterLimits) -> Self {
        Self { endpoint: Endpoint::new(url, limits), last: AtomicU64::new(0) }
    }
}

impl Link for Http {
    fn send(&self, request: &Request<'_>) -> Result<(u64, Receiver<Said>), StepError> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let body = protocol::request(id, request.method, request.params);
        let (to, said) = channel();
        let ear = Ear::new(to, self.endpoint.limits.log);
        let (endpoint, key, within) = (self.endpoint.clone(), request.key.map(str::to_owned), request.within);
        // Whoever gives up on the answer leaves the thread to its own time limits.
        let thread = std::thread::Builder::new().name("adapter".into());
        let spawned = thread.spawn(move || endpoint.ask(&body, id, key.as_deref(), within, ear));
        match spawned {
            Ok(_) => Ok((id, said)),
            Err(error) => {
                Err(StepError::new(Reason::AdapterNotStarted, format!("no thread could be started: {error}")))
            }
        }
    }

    fn cancel(&self, id: u64, key: &str) {
        let endpoint = self.endpoint.clone();
        let body = protocol::notification("cancel", &json!({ "call": id, "key": key }));
        // Where it does not arrive, the time of grace ends all the same.
        let _ = std::thread::Builder::new().name("adapter".into()).spawn(move || {
            let _ = endpoint.post(&body, None, Some(endpoint.limits.start));
        });
    }

    fn abandon(&self, _: u64) {}

    fn is_alive(&self) -> bool {
        true
    }

    fn close(&self) {}
}

/// Where a service is.
#[derive(Clone)]
pub(crate) struct Endpoint {
    url: String,
    agent: ureq::Agent,
    limits: AdapterLimits,
}

impl Endpoint {
    pub(crate) fn new(url: &str, limits: AdapterLimits) -> Self {
        let agent = reaching()
            .timeout_connect(Some(limits.start))
            .timeout_per_read(Some(limits.silence))
            .timeout_per_write(Some(limits.silence))
            .build()
            .into();
        Self { url: url.to_owned(), agent, limits }
    }

    /// Sends a message.
    pub(crate) fn post(
        &self,
        body: &[u8],
        key: Option<&str>,
        within: Option<Duration>,
    ) -> Result<ureq::http::Response<ureq::Body>, StepError> {
        if !is_http(&self.url) {
            let message = format!("`{}` is neither an `http` nor an `https` URL", self.url);
            return Err(StepError::new(Reason::Unsupported, message));
        }
        let mut request = self
            .agent
            .post(&self.url)
            .config()
            .timeout_global(within)
            .build()
            .header("Content-Type", ONE)
            .header("Accept", format!("{ONE}, {LINES}"))
            .header("Ordain-Adapter-Protocol", PROTOCOLS[0].to_string());
        if let Some(key) = key {
            // draft-ietf-httpapi-idempotency-key-header: a string of structured fields (RFC 8941).
            request = request.header("Idempotency-Key", format!("\"{key}\""));
        }
        request.send(body).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &ureq::Error) -> StepError {
        let reason = match error {
            ureq::Error::Timeout(_) => Reason::Timeout,
            ureq::Error::BadUri(_) => Reason::InputMismatch,
            _ => Reason::Unreachable,
        };
        StepError::new(reason, format!("`{}`: {error}", self.url))
    }

    fn ask(&self, body: &[u8], id: u64, key: Option<&str>, within: Option<Duration>, mut ear: Ear) {
        let said = self.hear(body, id, key, within, &mut ear).unwrap_or_else(Said::Broken);
        ear.end(said);
    }

    fn hear(
        &self,
        body: &[u8],
        id: u64,
        key: Option<&str>,
        within: Option<Duration>,
        ear: &mut Ear,
    ) -> Result<Said, StepError> {
        let violated = |what: &str| StepError::new(Reason::ProtocolViolated, format!("the adapter sent {what}"));
        let mut response = self.post(body, key, within)?;
        let status = response.status().as_u16();
        match status {
            200 => {}
            // What stands before a service says that the service is not there.
            429 | 502..=504 => {
                let message = format!("`{}` answered with status {status}", self.url);
                return Err(StepError::new(Reason::Unreachable, message));
            }
            _ => return Err(violated(&format!("status {status}"))),
        }
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let most = self.limits.message as u64;
        let mut reader = BufReader::new(response.body_mut().as_reader());
        let unreadable = |error: std::io::Error| self.failed(&ureq::Error::from(error));
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = match kind.as_str() {
                ONE => reader.by_ref().take(most + 1).read_to_end(&mut line),
                LINES => reader.by_ref().take(most + 1).read_until(b'\n', &mut line),
                _ => return Err(violated(&format!("`{kind}`, which is no kind of message"))),
            };
            if read.map_err(unreadable)? == 0 {
                let message = "the adapter ended its answer too early";
                return Err(StepError::new(Reason::AdapterEnded, message));
            }
            if line.len() as u64 > most {
                return Err(violated("a message that is too long"));
            }
            if kind == LINES && line.trim_ascii().is_empty() {
                continue;
            }
            match protocol::read(&line).map_err(|violation| violated(&violation.to_string()))? {
                Incoming::Answer { id: of, result } if of == id => return Ok(Said::Answer(result)),
                Incoming::Answer { .. } => return Err(violated("an answer to another request")),
                Incoming::Progress { call, percent, message } if call == id => ear.progress(percent, message),
                Incoming::Log { call, trouble, message } if call.is_none_or(|call| call == id) => {
                    ear.log(if trouble { Stream::Stderr } else { Stream::Stdout }, message);
                }
                _ => {}
            }
        }
    }
}
