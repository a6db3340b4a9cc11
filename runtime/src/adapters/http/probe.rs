//! `http.probe`: ask, and tell what came back.

use serde_json::{Value as Json, json};

use super::exchange::{Asked, Method, most_text};
use super::{StepContext, StepError};

pub(super) fn probe(step: &StepContext<'_>) -> Result<Json, StepError> {
    let asked: Asked = step.inputs()?;
    let answer = asked.send(step, Method::GET, most_text(step))?;
    Ok(json!({ "status": answer.status(), "body": answer.text(step) }))
}
