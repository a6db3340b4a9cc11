//! One request and what answers it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value as Json, json};
use ureq::http::{self, header};

use super::{SecretTag, StepContext, StepError};
use crate::adapters::trust::{is_http, reaching};
use crate::reason::Reason;

/// The longest text that is kept as an output, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// The longest document that is compared with another, in bytes.
const MAX_DOCUMENT: u64 = 16 << 20;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Put,
    Post,
    Delete,
}

impl Method {
    fn name(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Put => http::Method::PUT,
            Self::Post => http::Method::POST,
            Self::Delete => http::Method::DELETE,
        }
    }
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

    /// Sends the request and waits for the status of its answer.
    ///
    /// # Errors
    /// The request is none, or no answer came. Any status is an answer.
    pub(super) fn send(&self, step: &StepContext<'_>, method: Method) -> Result<Answer, StepError> {
        if !is_http(&self.url) {
            let message = format!("`{}` is neither an `http` nor an `https` URL", self.url);
            return Err(StepError::new(Reason::Unsupported, message));
        }
        let mut within = Duration::from_millis(self.within);
        if let Some(deadline) = step.deadline() {
            within = within.min(deadline.saturating_duration_since(Instant::now()));
        }
        let agent: ureq::Agent = reaching().timeout_global(Some(within)).build().into();
        let request = self.request(step, method)?;
        let answered = match method {
            Method::Put | Method::Post => request.body(self.content.as_str()).map(|request| agent.run(request)),
            Method::Get | Method::Delete => request.body(()).map(|request| agent.run(request)),
        };
        // The words of this error hold no values.
        match answered.map_err(|error| self.refused(&error.to_string()))? {
            Ok(response) => Ok(Answer { url: self.url.clone(), response }),
            Err(error) => Err(failed(&self.url, &error)),
        }
    }

    fn request(&self, step: &StepContext<'_>, method: Method) -> Result<http::request::Builder, StepError> {
        let mut own = vec![header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
        let mut request = http::Request::builder().method(method.name()).uri(&self.url);
        if matches!(method, Method::Put | Method::Post) {
            request = request.header(header::CONTENT_TYPE, &self.content_type);
            own.push(header::CONTENT_TYPE);
        }
        if method != Method::Get {
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
                return Err(self.refused(&format!("the header `{known}` is not set by `headers` or `secrets`")));
            }
            if given.contains(&known) {
                return Err(self.refused(&format!("the header `{known}` is given twice")));
            }
            given.push(known);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for (name, tag) in &self.secrets {
            let Ok(mut value) = header::HeaderValue::from_str(step.secret(tag)?.expose()) else {
                return Err(self.refused(&format!("the secret `{}` cannot be the value of a header", tag.name)));
            };
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        Ok(request)
    }

    fn refused(&self, why: &str) -> StepError {
        StepError::new(Reason::InputMismatch, format!("`{}`: {why}", self.url))
    }
}

/// What answered.
pub(super) struct Answer {
    url: String,
    response: http::Response<ureq::Body>,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Whether there is nothing at the URL.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self.response.status(), http::StatusCode::NOT_FOUND | http::StatusCode::GONE)
    }

    /// Accepts the statuses of success.
    ///
    /// # Errors
    /// The server did not do it; whether another try may help is told by its status.
    pub(super) fn succeeded(&self, step: &StepContext<'_>) -> Result<(), StepError> {
        let status = self.response.status();
        if status.is_success() {
            return Ok(());
        }
        // RFC 9110, 15.5.9 (timeout), RFC 8470 (too early), RFC 6585 (too many requests)
        let reason = match status.as_u16() {
            408 | 425 | 429 | 500..=599 => Reason::AdapterFailed,
            _ => Reason::AdapterRefused,
        };
        let mut message = format!("`{}` answered with status {status}", self.url);
        if status.is_redirection()
            && let Some(location) = self.header(step, "location")
        {
            message.push_str(&format!("; it leads to `{location}`, and redirects are not followed"));
        }
        Err(StepError::new(reason, message))
    }

    /// A header, where it is text. Secrets in it are blotted out.
    pub(super) fn header(&self, step: &StepContext<'_>, name: &str) -> Option<String> {
        let value = self.response.headers().get(name)?.to_str().ok()?;
        Some(step.vault().redact(value).into_owned())
    }

    /// The beginning of the body as text. Secrets in it are blotted out.
    pub(super) fn text(&mut self, step: &StepContext<'_>) -> Result<String, StepError> {
        // Enough to find a secret that begins before the limit and ends behind it.
        let body = self.read(MAX_TEXT as u64 + step.vault().longest() as u64)?;
        let body = String::from_utf8_lossy(&body);
        Ok(step.vault().redact_up_to(&body, MAX_TEXT.min(body.len())).into_owned())
    }

    /// The whole body; nothing where it is longer than is looked at.
    pub(super) fn bytes(&mut self) -> Result<Option<Vec<u8>>, StepError> {
        let body = self.read(MAX_DOCUMENT + 1)?;
        Ok(Some(body).filter(|body| body.len() as u64 <= MAX_DOCUMENT))
    }

    fn read(&mut self, limit: u64) -> Result<Vec<u8>, StepError> {
        let mut body = Vec::new();
        let read = self.response.body_mut().as_reader().take(limit).read_to_end(&mut body);
        read.map_err(|error| failed(&self.url, &ureq::Error::from(error)))?;
        Ok(body)
    }
}

fn failed(url: &str, error: &ureq::Error) -> StepError {
    let reason = match error {
        ureq::Error::Timeout(_) => Reason::Timeout,
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => Reason::InputMismatch,
        _ => Reason::Unreachable,
    };
    StepError::new(reason, format!("`{url}`: {error}"))
}
