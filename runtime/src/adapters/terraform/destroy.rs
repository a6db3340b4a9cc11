//! `terraform.destroy`: delete what is there, or only what a step has made.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::super::tool::{Manner, settle};
use super::super::{StepContext, StepError};
use super::changes::Changes;
use super::place::{Place, Scratch};
use super::{Destroy, refuse};

pub(super) fn destroy(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Destroy = step.inputs()?;
    settle(step, Manner::Orderly)?;
    let place = Place::open(step, &inputs.root, &inputs.state)?;
    let done = |destroyed: &BTreeSet<String>| Ok(json!({ "destroyed": destroyed }));
    let there = place.state(step)?.resources;
    let wanted: BTreeSet<String> = match &inputs.only {
        None => there.clone(),
        Some(only) => only.iter().filter(|address| there.contains(*address)).cloned().collect(),
    };
    if wanted.is_empty() && !there.is_empty() {
        return done(&wanted);
    }
    if !there.is_empty() {
        let plan = Scratch(place.scratch(step, "tfplan"));
        let mut more = vec!["-destroy".to_owned()];
        if wanted != there {
            more.extend(wanted.iter().map(|address| format!("-target={address}")));
        }
        place.init(step)?;
        place.plan(step, &plan.0, &more)?;
        let changes = Changes::of(&place.document(step, &plan.0)?);
        let lost: BTreeSet<String> = changes.losses().cloned().collect();
        if let Some(other) = lost.difference(&wanted).next() {
            return refuse(format!("`{other}` would be deleted, too, since it depends on what is to be deleted"));
        }
        let log = Scratch(place.scratch(step, "log"));
        place.apply(step, &plan.0, &log.0)?;
    }
    if wanted == there {
        place.clear()?;
    }
    done(&wanted)
}
