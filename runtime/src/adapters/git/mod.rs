//! The built-in adapter for Git: checkouts, commits, tags and pushes, each once under its key.
//!
//! The key of a step stands in what it makes, as the trailer `Ordain-Key` of commits and tags. So a later try finds what an
//! earlier one has made, and what is undone is what the step has made and nothing else.

mod checkout;
mod history;
mod names;
mod push;
mod repository;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Adapter, Description, Observed, SecretTag, StepContext, StepError};
use crate::reason::Reason;

/// `git.*`
pub(super) struct Git;

impl Adapter for Git {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&[
            "git.checkout",
            "git.discard",
            "git.commit",
            "git.uncommit",
            "git.tag",
            "git.untag",
            "git.push",
            "git.reset",
        ]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        match step.capability() {
            "git.checkout" => checkout::checkout(step),
            "git.discard" => checkout::discard(step),
            "git.commit" => history::commit(step),
            "git.uncommit" => history::uncommit(step),
            "git.tag" => history::tag(step),
            "git.untag" => history::untag(step),
            "git.push" => push::push(step),
            "git.reset" => push::reset(step),
            other => unsupported(other),
        }
    }

    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        match step.capability() {
            "git.checkout" => checkout::observe(step),
            "git.discard" => checkout::observe_discarded(step),
            "git.commit" => history::observe_commit(step),
            "git.uncommit" => history::observe_uncommitted(step),
            "git.tag" => history::observe_tag(step),
            "git.untag" => history::observe_untagged(step),
            "git.push" => push::observe(step),
            "git.reset" => push::observe_reset(step),
            other => unsupported(other),
        }
    }
}

fn unsupported<T>(capability: &str) -> Result<T, StepError> {
    Err(StepError::new(Reason::Unsupported, format!("`{capability}` is not a capability of Git")))
}

/// An error that another try does not mend.
fn refuse<T>(message: impl Into<String>) -> Result<T, StepError> {
    Err(StepError::new(Reason::AdapterRefused, message))
}

/// Who makes commits and tags.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    name: String,
    email: String,
}

/// Who somebody is for a server.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    user: String,
    token: SecretTag,
}
