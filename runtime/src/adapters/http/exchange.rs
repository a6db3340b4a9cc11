//! One request and what answers it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value as Json, json};
pub(super) use ureq::http::Method;
use ureq::http::{self, header};

use super::{SecretTag, StepContext, StepError};
use crate::adapters::trust::{is_http, reaching};
use crate::reason::Reason;

/// The longest text that is kept as an output, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// How much is told of what a server says to a failure, in characters.
const MAX_EXCERPT: usize = 200;

/// How often to look whether the execution was cancelled.
const TICK: Duration = Duration::from_millis(50);

/// How much of a body has to be read for its text: enough to find a secret that begins before the limit and ends behind it.
pub(super) fn most_text(step: &StepContext<'_>) -> u64 {
    MAX_TEXT as u64 + step.vault().longest() as u64
}

/// The inputs of a step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    url: String,
    headers: BTreeMap<String, String>,
    /// Headers whose values are secrets.
    secrets: BTreeMap<String, SecretTag>,
    /// Milliseconds.
    within: u64,
    /// What is sent along, by the capabilities that send something.
    #[serde(default)]
    content: String,
    #[serde(default)]
    content_type: String,
}

impl Asked {
    pub(super) fn content(&self) -> &str {
        &self.content
    }

    pub(super) fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The inputs that say how to ask, with the contents of secrets in clear: what answers is there under them.
    ///
    /// # Errors
    /// A secret has no content.
    pub(super) fn again(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        let mut secrets = serde_json::Map::new();
        for (name, tag) in &self.secrets {
            secrets.insert(name.clone(), step.secret(tag)?.expose().into());
        }
        Ok(json!({ "url": self.url, "headers": self.headers, "secrets": secrets, "within": self.within }))
    }

    /// Sends the request and waits for its answer, with a body of up to so many bytes.
    ///
    /// # Errors
    /// The request is none, no answer came, or nobody waits for one any more. Any status is an answer.
    pub(super) fn send(&self, step: &StepContext<'_>, method: Method, most: u64) -> Result<Answer, StepError> {
        let refused = |reason, message: String| Err(StepError::new(reason, message));
        if !is_http(&self.url) {
            return refused(Reason::Unsupported, format!("`{}` is neither an `http` nor an `https` URL", self.url));
        }
        if has_user(&self.url) {
            let message =
                "a URL with a user or a password in it is shown to everybody: give `Authorization` in `secrets`";
            return refused(Reason::InputMismatch, message.into());
        }
        let own = Duration::from_millis(self.within);
        let left = step.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let (within, limit) = match left.filter(|left| *left < own) {
            Some(left) => (left, "before the time of the step was over".to_owned()),
            None => (own, format!("within {own:?}")),
        };
        let agent: ureq::Agent = reaching().timeout_global(Some(within)).build().into();
        let request = self.request(step, method)?;
        let (answer, answered) = channel();
        let url = self.url.clone();
        // Whoever gives up on the answer leaves the thread to its own time limit.
        let exchange = move || {
            let _ = answer.send(exchange(&agent, url, request, most));
        };
        if let Err(error) = std::thread::Builder::new().name("http".into()).spawn(exchange) {
            return refused(Reason::Unreachable, format!("no thread could be started: {error}"));
        }
        self.wait(step, &answered)?.map_err(|error| self.failed(&error, &limit))
    }

    /// Waits for an answer, and for no longer than the time of grace once the execution is asked to end.
    fn wait(&self, step: &StepContext<'_>, answered: &Receiver<Exchanged>) -> Result<Exchanged, StepError> {
        let cancelled = || {
            let message = format!(
                "`{}`: not waited for any longer because the execution was cancelled; what was asked for may take place still",
                self.url
            );
            Err(StepError::new(Reason::Cancelled, message))
        };
        let mut until = None;
        loop {
            match answered.recv_timeout(TICK) {
                // What broke off while everything was to end is asked for again by whoever goes on with it.
                Ok(Err(_)) if step.cancellation().is_cancelled() => return cancelled(),
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(StepError::new(Reason::AdapterCrashed, "the adapter broke down"));
                }
                Err(RecvTimeoutError::Timeout) if step.cancellation().is_cancelled() => {
                    let until = *until.get_or_insert_with(|| Instant::now() + step.grace());
                    if step.cancellation().is_forced() || Instant::now() >= until {
                        return cancelled();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn request(&self, step: &StepContext<'_>, method: Method) -> Result<http::Request<Option<String>>, StepError> {
        let mut own = vec![header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
        let mut request = http::Request::builder().method(&method).uri(&self.url);
        let sends = method == Method::PUT || method == Method::POST;
        if sends {
            request = request.header(header::CONTENT_TYPE, self.value("`content_type`", &self.content_type)?);
            own.push(header::CONTENT_TYPE);
        }
        if method != Method::GET {
            // draft-ietf-httpapi-idempotency-key-header: a string of structured fields (RFC 8941).
            let key = header::HeaderName::from_static("idempotency-key");
            request = request.header(&key, format!("\"{}\"", step.key()));
            own.push(key);
        }
        let mut given: Vec<header::HeaderName> = Vec::new();
        for name in self.headers.keys().chain(self.secrets.keys()) {
            let Ok(known) = header::HeaderName::from_bytes(name.as_bytes()) else {
                return Err(self.refused(&format!("`{}` is not the name of a header", name.escape_debug())));
            };
            if own.contains(&known) {
                return Err(self.refused(&format!("the adapter sets the header `{known}`, and no step can")));
            }
            if given.contains(&known) {
                return Err(self.refused(&format!("the header `{known}` is given twice")));
            }
            given.push(known);
        }
        for (name, value) in &self.headers {
            request = request.header(name, self.value(&format!("the header `{name}`"), value)?);
        }
        for (name, tag) in &self.secrets {
            let mut value = self.value(&format!("the secret `{}`", tag.name), step.secret(tag)?.expose())?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        // The words of this error hold no values.
        request.body(sends.then(|| self.content.clone())).map_err(|error| self.refused(&error.to_string()))
    }

    fn value(&self, what: &str, text: &str) -> Result<header::HeaderValue, StepError> {
        let unfit =
            |_| self.refused(&format!("{what} has a line break in it, or another character that no header can have"));
        header::HeaderValue::from_str(text).map_err(unfit)
    }

    fn refused(&self, why: &str) -> StepError {
        StepError::new(Reason::InputMismatch, format!("`{}`: {why}", self.url))
    }

    fn failed(&self, error: &ureq::Error, limit: &str) -> StepError {
        let (reason, why) = match error {
            ureq::Error::Timeout(_) => (Reason::Timeout, format!("no whole answer {limit}")),
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => (Reason::InputMismatch, error.to_string()),
            ureq::Error::Io(error) => (Reason::Unreachable, error.to_string()),
            _ => (Reason::Unreachable, error.to_string()),
        };
        StepError::new(reason, format!("`{}`: {why}", self.url))
    }
}

/// What came of a request.
type Exchanged = Result<Answer, ureq::Error>;

fn exchange(agent: &ureq::Agent, url: String, request: http::Request<Option<String>>, most: u64) -> Exchanged {
    let (parts, content) = request.into_parts();
    let response = match content {
        Some(content) => agent.run(http::Request::from_parts(parts, content)),
        None => agent.run(http::Request::from_parts(parts, ())),
    };
    let (parts, body) = response?.into_parts();
    let mut found = Vec::new();
    body.into_reader().take(most).read_to_end(&mut found)?;
    Ok(Answer { url, status: parts.status, headers: parts.headers, body: found })
}

/// Whether a URL says who asks.
fn has_user(url: &str) -> bool {
    let authority =
        url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    authority.contains('@')
}

/// What answered.
pub(super) struct Answer {
    url: String,
    status: http::StatusCode,
    headers: header::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// As much of the body as was asked for.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether there is nothing at the URL.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self.status, http::StatusCode::NOT_FOUND | http::StatusCode::GONE)
    }

    /// Accepts the statuses of success.
    ///
    /// # Errors
    /// The server did not do it; whether another try may help is told by its status.
    pub(super) fn succeeded(&self, step: &StepContext<'_>) -> Result<(), StepError> {
        if self.status.is_success() {
            return Ok(());
        }
        // RFC 9110, 15.5.9 (timeout), RFC 8470 (too early), RFC 6585 (too many requests)
        let reason = match self.status() {
            408 | 425 | 429 | 500..=599 => Reason::AdapterFailed,
            _ => Reason::AdapterRefused,
        };
        let mut message = format!("`{}` answered with status {}", self.url, self.status);
        let location = self.header(step, "location").filter(|_| self.status.is_redirection());
        if let Some(location) = location {
            message.push_str(&format!("; it leads to `{location}`, and redirects are not followed"));
        }
        let said = self.text(step);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        if !said.is_empty() {
            let end = said.char_indices().nth(MAX_EXCERPT).map_or(said.len(), |(at, _)| at);
            let more = if end < said.len() { " …" } else { "" };
            message.push_str(&format!(": {}{more}", &said[..end]));
        }
        Err(StepError::new(reason, message))
    }

    /// A header, where it is text. Secrets in it are blotted out.
    pub(super) fn header(&self, step: &StepContext<'_>, name: &str) -> Option<String> {
        let value = self.headers.get(name)?.to_str().ok()?;
        Some(step.vault().redact(value).into_owned())
    }

    /// The beginning of the body as text. Secrets in it are blotted out.
    pub(super) fn text(&self, step: &StepContext<'_>) -> String {
        let body = String::from_utf8_lossy(&self.body);
        step.vault().redact_up_to(&body, MAX_TEXT.min(body.len())).into_owned()
    }
}
