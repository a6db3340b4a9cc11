//! `http.post`: send a message.

use serde_json::{Value as Json, json};

use super::exchange::{Asked, Method, most_text};
use super::{StepContext, StepError};

pub(super) fn post(step: &StepContext<'_>) -> Result<Json, StepError> {
    let asked: Asked = step.inputs()?;
    let answer = asked.send(step, Method::POST, most_text(step))?;
    answer.succeeded(step)?;
    let location = answer.header(step, "location");
    Ok(json!({ "status": answer.status(), "location": location, "body": answer.text(step) }))
}
