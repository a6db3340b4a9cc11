//! Lines of the journal, and what tells one call from all others.

use std::time::Duration;

use ordain_graph::{Node, Value};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::Moment;
use crate::adapters::StepError;
use crate::journal::{Entry, StepEvent};
use crate::report::Outcome;

pub(super) fn entry(node: &Node, event: StepEvent, attempt: u32, data: Json, now: Moment) -> Entry {
    Entry { at: now.at, node: node.id.0.clone(), address: node.address.clone(), event, attempt, data }
}

/// What tells this step of this execution from all others: the adapter's means to do nothing twice.
pub(in crate::execute) fn key(execution: &str, node: &Node, what: &str) -> String {
    let text = format!("{execution}\n{}\n{what}", node.id.0);
    let digest = crate::workspace::digest_text(Sha256::new_with_prefix(text));
    digest.trim_start_matches("sha256:").to_owned()
}

/// What a result is in a report.
pub(super) fn outcome(result: &Result<Value, StepError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Succeeded,
        Err(error) => Outcome::Failed { reason: error.reason, message: error.message.clone() },
    }
}

pub(in crate::execute) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
