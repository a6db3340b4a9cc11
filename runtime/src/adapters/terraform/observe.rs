//! What is there of what Terraform governs, by a new plan that is thrown away.

use serde_json::{Value as Json, json};

use super::super::{Observed, StepContext, StepError};
use super::changes::Changes;
use super::place::{Place, Root, Scratch};
use super::planned::digest_of;
use super::{Apply, Destroy, Discard, Plan, show};
use crate::reason::Reason;

pub(super) fn observe(step: &StepContext<'_>) -> Result<Observed, StepError> {
    match step.capability() {
        "terraform.plan" => {
            let inputs: Plan = step.inputs()?;
            planned(step, &inputs)
        }
        "terraform.discard" => {
            let inputs: Discard = step.inputs()?;
            let path = step.workspace().path(&inputs.out)?;
            let there = step.workspace().kind(&path)?.is_some();
            Ok(if there { present(json!({ "out": inputs.out }), json!({})) } else { Observed::Absent })
        }
        "terraform.apply" => {
            let inputs: Apply = step.inputs()?;
            applied(step, &inputs)
        }
        "terraform.destroy" => {
            let inputs: Destroy = step.inputs()?;
            destroyed(step, &inputs)
        }
        "terraform.show" => Ok(present(json!({}), show(step)?)),
        other => Err(StepError::new(Reason::Unsupported, format!("`{other}` is not a capability of Terraform"))),
    }
}

fn present(inputs: Json, outputs: Json) -> Observed {
    Observed::Present { inputs, outputs }
}

/// What would have to be done for the world to be as the module says; `None` where nothing is there.
fn to_do(step: &StepContext<'_>, root: &Root, state: &str) -> Result<Option<(Changes, Json, u64)>, StepError> {
    let path = step.workspace().path(state)?;
    if step.workspace().kind(&path)?.is_none() {
        return Ok(None);
    }
    let place = Place::open(step, root, state)?;
    let now = place.state(step)?;
    let plan = Scratch(place.scratch(step, "look.tfplan"));
    place.plan(step, &plan.0, &[])?;
    let changes = Changes::of(&place.document(step, &plan.0)?);
    if now.resources.is_empty() && !changes.created.is_empty() {
        return Ok(None);
    }
    Ok(Some((changes, now.outputs, now.serial)))
}

/// A plan is there as long as nothing is left to do; what it was is for the journal to say.
fn planned(step: &StepContext<'_>, inputs: &Plan) -> Result<Observed, StepError> {
    let inputs_told = json!({ "state": inputs.state, "out": inputs.out });
    if let Some((changes, ..)) = to_do(step, &inputs.root, &inputs.state)? {
        let lines = changes.lines();
        return Ok(if lines.is_empty() {
            present(inputs_told, json!({}))
        } else {
            // What another plan would be made of is not what was planned, even where it does the same.
            present(inputs_told, json!({ "changes": changes, "digest": null }))
        });
    }
    let out = step.workspace().path(&inputs.out)?;
    Ok(match step.workspace().kind(&out)? {
        None => Observed::Absent,
        Some(_) => present(inputs_told, json!({ "path": out.text(), "digest": digest_of(step, &out)? })),
    })
}

fn applied(step: &StepContext<'_>, inputs: &Apply) -> Result<Observed, StepError> {
    let Some((changes, outputs, serial)) = to_do(step, &inputs.root, &inputs.state)? else {
        return Ok(Observed::Absent);
    };
    let told = json!({ "state": inputs.state });
    Ok(present(told, json!({ "remaining": changes.lines(), "outputs": outputs, "serial": serial })))
}

fn destroyed(step: &StepContext<'_>, inputs: &Destroy) -> Result<Observed, StepError> {
    let path = step.workspace().path(&inputs.state)?;
    if step.workspace().kind(&path)?.is_none() {
        return Ok(Observed::Absent);
    }
    let there = Place::open(step, &inputs.root, &inputs.state)?.state(step)?.resources;
    let left = match &inputs.only {
        None => !there.is_empty(),
        Some(only) => only.iter().any(|address| there.contains(address)),
    };
    Ok(if left { present(json!({ "state": inputs.state }), json!({})) } else { Observed::Absent })
}
