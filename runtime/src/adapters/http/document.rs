//! `http.put` and `http.delete`: a document at a URL.

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::exchange::{Answer, Asked, Method, most_text};
use super::{Observed, StepContext, StepError};
use crate::workspace::digest_text;

/// The longest document that is compared with another, in bytes.
const MAX_DOCUMENT: u64 = 16 << 20;

pub(super) fn put(step: &StepContext<'_>) -> Result<Json, StepError> {
    let asked: Asked = step.inputs()?;
    asked.send(step, Method::PUT, most_text(step))?.succeeded(step)?;
    Ok(told(asked.content().as_bytes()))
}

pub(super) fn delete(step: &StepContext<'_>) -> Result<Json, StepError> {
    let asked: Asked = step.inputs()?;
    let answer = asked.send(step, Method::DELETE, most_text(step))?;
    if !answer.is_absent() {
        answer.succeeded(step)?;
    }
    Ok(json!({ "removed": !answer.is_absent() }))
}

/// What is there, compared with what is to be there; what else it holds is not told.
pub(super) fn observe_put(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let asked: Asked = step.inputs()?;
    let Some(answer) = look(step, &asked)? else { return Ok(Observed::Absent) };
    let is_wanted = answer.body() == asked.content().as_bytes();
    let mut inputs = asked.again(step)?;
    inputs["content"] = is_wanted.then_some(asked.content()).into();
    // Many servers have an opinion of their own on that, and no other document for it.
    if answer.header(step, "content-type").is_some_and(|found| found.eq_ignore_ascii_case(asked.content_type())) {
        inputs["content_type"] = asked.content_type().into();
    }
    let outputs = match answer.body() {
        found if found.len() as u64 <= MAX_DOCUMENT => told(found),
        // It is longer than what a plan can hold, too.
        _ => json!({ "digest": null, "bytes": null }),
    };
    Ok(Observed::Present { inputs, outputs })
}

pub(super) fn observe_delete(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let asked: Asked = step.inputs()?;
    Ok(match look(step, &asked)? {
        Some(_) => Observed::Present { inputs: asked.again(step)?, outputs: json!({}) },
        None => Observed::Absent,
    })
}

/// What answers at a URL; nothing where there is none.
fn look(step: &StepContext<'_>, asked: &Asked) -> Result<Option<Answer>, StepError> {
    let answer = asked.send(step, Method::GET, MAX_DOCUMENT + 1)?;
    if answer.is_absent() {
        return Ok(None);
    }
    answer.succeeded(step)?;
    Ok(Some(answer))
}

/// The outputs of a document that was put.
fn told(document: &[u8]) -> Json {
    json!({ "digest": digest_text(Sha256::new_with_prefix(document)), "bytes": document.len() })
}
