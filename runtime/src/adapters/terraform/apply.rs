//! `terraform.apply`: apply exactly the plan that was decided upon.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::super::tool::{Manner, settle};
use super::super::{StepContext, StepError};
use super::changes::Changes;
use super::place::{Place, Scratch, broken, write_private};
use super::{Apply, refuse, speech};
use crate::reason::Reason;
use crate::workspace::digest;

/// The largest file of a plan, in bytes.
const MAX_PLAN: u64 = 256 << 20;

pub(super) fn apply(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Apply = step.inputs()?;
    // It would write its state in the end, and nobody could say where an end put to it leaves the world.
    settle(step, Manner::Orderly)?;
    let place = Place::open(step, &inputs.root, &inputs.state)?;
    let log = place.scratch(step, "log");
    if step.is_in_doubt() && std::fs::read(&log).is_ok_and(|said| speech::is_complete(&said)) {
        return outputs(step, &place, &inputs);
    }
    // What is applied is a copy that nobody changes between being looked at and being applied.
    let copy = Scratch(place.scratch(step, "tfplan"));
    let content = content(step, &inputs.path)?;
    if digest(&content) != inputs.digest {
        return refuse(format!("`{}` is not the plan that was decided upon: its digest is another", inputs.path));
    }
    write_private(&copy.0, &content).map_err(|error| broken(&copy.0, &error))?;
    place.init(step)?;
    let changes = Changes::of(&place.document(step, &copy.0)?);
    if changes != inputs.changes {
        return refuse("what the plan would do is not what `changes` says, which policies were decided with");
    }
    let losses: Vec<&str> = changes.losses().map(String::as_str).collect();
    if !inputs.deletions && !losses.is_empty() {
        let message = format!("the plan deletes or replaces {}, and `deletions` is not set", losses.join(", "));
        return refuse(message);
    }
    place.apply(step, &copy.0, &log).map_err(|error| match error.reason {
        // Undoing starts with what is done, and this step is not.
        Reason::CommandFailed | Reason::Cancelled | Reason::Timeout => {
            let message = format!("{}; what was made before that stands in `{}`", error.message, inputs.state);
            StepError::new(error.reason, message)
        }
        _ => error,
    })?;
    outputs(step, &place, &inputs)
}

/// What the step gives once the plan is applied.
fn outputs(step: &StepContext<'_>, place: &Place<'_>, inputs: &Apply) -> Result<Json, StepError> {
    let state = place.state(step)?;
    let remaining: [&str; 0] = [];
    Ok(json!({
        "created": inputs.changes.created,
        "remaining": remaining,
        "outputs": state.outputs,
        "serial": state.serial,
    }))
}

/// What the file of a plan holds.
fn content(step: &StepContext<'_>, path: &str) -> Result<Vec<u8>, StepError> {
    let (file, _) = step.workspace().read(&step.workspace().path(path)?)?;
    let mut content = Vec::new();
    file.take(MAX_PLAN + 1).read_to_end(&mut content).map_err(|error| broken(Path::new(path), &error))?;
    if content.len() as u64 > MAX_PLAN {
        let message = format!("the plan `{path}` is larger than {MAX_PLAN} bytes");
        return Err(StepError::new(Reason::FileFailed, message));
    }
    Ok(content)
}
