//! `command.run` and `command.probe`: run to the end.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::process::{Ended, supervise};
use super::program::Program;
use super::{SecretTag, StepContext, StepError};
use crate::reason::Reason;

/// How much of the end of what a program printed goes into an error, in bytes.
const TAIL: usize = 2_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    argv: Vec<String>,
    directory: String,
    env: BTreeMap<String, String>,
    secrets: BTreeMap<String, SecretTag>,
    stdin: Option<String>,
    expect_status: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    argv: Vec<String>,
    directory: String,
    env: BTreeMap<String, String>,
    secrets: BTreeMap<String, SecretTag>,
    stdin: Option<String>,
}

pub(super) fn run(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Run = step.inputs()?;
    let program =
        Program { argv: &inputs.argv, directory: &inputs.directory, env: &inputs.env, secrets: &inputs.secrets };
    let ended = supervise(step, &program, inputs.stdin.as_deref())?;
    if ended.status.code() != Some(inputs.expect_status) {
        let message = format!(
            "`{}` {}, expected status {}{}",
            inputs.argv.first().map_or("", String::as_str),
            ending(ended.status),
            inputs.expect_status,
            tail(&ended),
        );
        return Err(StepError::new(Reason::CommandFailed, message));
    }
    Ok(outputs(ended))
}

pub(super) fn probe(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Probe = step.inputs()?;
    let program =
        Program { argv: &inputs.argv, directory: &inputs.directory, env: &inputs.env, secrets: &inputs.secrets };
    Ok(outputs(supervise(step, &program, inputs.stdin.as_deref())?))
}

fn outputs(ended: Ended) -> Json {
    // As shells have it: a program that a signal ended has 128 and the signal's number.
    let status = ended.status.code().unwrap_or_else(|| 128 + ended.status.signal().unwrap_or(0));
    json!({ "status": status, "stdout": ended.stdout, "stderr": ended.stderr })
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".into(),
    }
}

/// The end of what was printed, from standard error where there is something.
pub(super) fn tail(ended: &Ended) -> String {
    let text = if ended.stderr.trim().is_empty() { ended.stdout.trim_end() } else { ended.stderr.trim_end() };
    let start = text.ceil_char_boundary(text.len().saturating_sub(TAIL));
    if text.is_empty() { String::new() } else { format!(": {}", text[start..].trim_start()) }
}
