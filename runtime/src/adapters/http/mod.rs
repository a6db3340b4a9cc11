//! The built-in adapter for HTTP (RFC 9110): looks at what answers, brings documents to where they belong, sends messages.

mod document;
mod exchange;
mod message;
mod probe;

use serde_json::{Value as Json, json};

use super::{Adapter, Description, Observed, SecretTag, StepContext, StepError};
use crate::reason::Reason;

/// `http.*`
pub(super) struct Http;

impl Adapter for Http {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["http.probe", "http.put", "http.delete", "http.post"]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        match step.capability() {
            "http.probe" => probe::probe(step),
            "http.put" => document::put(step),
            "http.delete" => document::delete(step),
            "http.post" => message::post(step),
            other => Err(StepError::new(Reason::Unsupported, format!("`{other}` is not a capability of HTTP"))),
        }
    }

    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        match step.capability() {
            "http.probe" => Ok(Observed::Present { inputs: json!({}), outputs: self.apply(step)? }),
            "http.put" => document::observe_put(step),
            "http.delete" => document::observe_delete(step),
            _ => {
                let message = "what a message has brought about cannot be looked at";
                Err(StepError::new(Reason::Unsupported, message))
            }
        }
    }
}
