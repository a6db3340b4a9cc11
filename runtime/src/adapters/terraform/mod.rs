//! The built-in adapter for Terraform: makes plans that policies can look at, applies exactly what they have seen, and
//! takes back what it made.

mod apply;
mod changes;
mod destroy;
mod observe;
mod place;
mod planned;
mod redact;
mod speech;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use self::changes::Changes;
use self::place::{Place, Root};
use super::{Adapter, Description, Observed, StepContext, StepError};
use crate::reason::Reason;

/// `terraform.*`
pub(super) struct Terraform;

impl Adapter for Terraform {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&[
            "terraform.plan",
            "terraform.discard",
            "terraform.apply",
            "terraform.destroy",
            "terraform.show",
        ]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        match step.capability() {
            "terraform.plan" => planned::plan(step),
            "terraform.discard" => planned::discard(step),
            "terraform.apply" => apply::apply(step),
            "terraform.destroy" => destroy::destroy(step),
            "terraform.show" => show(step),
            other => Err(StepError::new(Reason::Unsupported, format!("`{other}` is not a capability of Terraform"))),
        }
    }

    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        observe::observe(step)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    root: Root,
    state: String,
    out: String,
    report: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Discard {
    out: String,
    report: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Apply {
    root: Root,
    state: String,
    path: String,
    digest: String,
    changes: Changes,
    deletions: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Destroy {
    root: Root,
    state: String,
    only: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Show {
    root: Root,
    state: String,
}

fn show(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Show = step.inputs()?;
    let place = Place::open(step, &inputs.root, &inputs.state)?;
    let state = place.state(step)?;
    Ok(json!({ "resources": state.resources, "outputs": state.outputs, "serial": state.serial }))
}

/// An error that another try does not mend.
fn refuse<T>(message: impl Into<String>) -> Result<T, StepError> {
    Err(StepError::new(Reason::AdapterRefused, message))
}
