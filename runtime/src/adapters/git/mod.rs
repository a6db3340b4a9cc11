//! The built-in adapter for Git.

use serde_json::Value as Json;

use super::{Adapter, Description, StepContext, StepError};
use crate::reason::Reason;

/// `git.*`
pub(super) struct Git;

impl Adapter for Git {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&[]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        Err(StepError::new(Reason::Unsupported, format!("`{}` is not a capability of Git", step.capability())))
    }
}
