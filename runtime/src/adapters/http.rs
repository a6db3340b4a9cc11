//! The built-in adapter for HTTP: looks only.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::trust::{is_http, trusted};
use super::{Adapter, Description, Observed, StepContext, StepError};
use crate::reason::Reason;

/// The longest body that is kept, in bytes.
const MAX_BODY: usize = 1 << 20;

/// `http.*`
pub(super) struct Http;

impl Adapter for Http {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["http.probe"]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        match step.capability() {
            "http.probe" => probe(step),
            other => Err(StepError::new(Reason::Unsupported, format!("`{other}` is not a capability of HTTP"))),
        }
    }

    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        Ok(Observed::Present { inputs: json!({}), outputs: self.apply(step)? })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    url: String,
    headers: BTreeMap<String, String>,
    /// Milliseconds.
    within: u64,
}

fn probe(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Probe = step.inputs()?;
    if !is_http(&inputs.url) {
        let message = format!("`{}` is neither an `http` nor an `https` URL", inputs.url);
        return Err(StepError::new(Reason::Unsupported, message));
    }
    let mut within = Duration::from_millis(inputs.within);
    if let Some(deadline) = step.deadline() {
        within = within.min(deadline.saturating_duration_since(Instant::now()));
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(within))
        .http_status_as_error(false)
        .max_redirects(0)
        // What a probe sees must not depend on the environment it is sent from.
        .proxy(None)
        .tls_config(trusted())
        .user_agent(concat!("ordain/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut request = agent.get(&inputs.url);
    for (name, value) in &inputs.headers {
        request = request.header(name, value);
    }
    let fail = |error: ureq::Error| {
        let reason = match error {
            ureq::Error::Timeout(_) => Reason::Timeout,
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => Reason::InputMismatch,
            _ => Reason::Unreachable,
        };
        StepError::new(reason, format!("`{}`: {error}", inputs.url))
    };
    let mut response = request.call().map_err(fail)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    // Enough to find a secret that begins before the limit and ends behind it.
    let limit = MAX_BODY + step.vault().longest();
    let read = response.body_mut().as_reader().take(limit as u64).read_to_end(&mut body);
    read.map_err(|error| fail(ureq::Error::from(error)))?;
    let body = String::from_utf8_lossy(&body);
    Ok(json!({ "status": status, "body": step.vault().redact_up_to(&body, MAX_BODY.min(body.len())) }))
}
