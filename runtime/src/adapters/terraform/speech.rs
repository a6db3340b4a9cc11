//! What Terraform says with `-json`: a line of JSON for each event.

use serde_json::Value as Json;

use super::super::StepError;
use super::super::tool::Ran;
use crate::reason::Reason;

/// The longest error that is passed on, in bytes.
const MOST: usize = 2_000;

/// What is told to people of a line.
pub(super) fn message(line: &str) -> Option<String> {
    let event: Json = serde_json::from_str(line).ok()?;
    let shown = match event["type"].as_str()? {
        // What a plan would do stands in the step's outputs, and that the place of a state is given by a flag is known.
        "version" | "planned_change" | "outputs" | "resource_drift" => false,
        "diagnostic" => event["diagnostic"]["severity"] == "error",
        _ => true,
    };
    shown.then(|| event["@message"].as_str().map(str::to_owned)).flatten()
}

/// Whether an apply came to its end, by what it said.
pub(super) fn is_complete(stdout: &[u8]) -> bool {
    events(stdout).any(|event| event["type"] == "change_summary" && event["changes"]["operation"] == "apply")
}

/// The error of a run: what Terraform says, or how the program ended.
pub(super) fn error(ran: &Ran, what: &str) -> StepError {
    let mut text = String::new();
    let mut stale = false;
    for event in events(&ran.stdout) {
        let diagnostic = &event["diagnostic"];
        if diagnostic["severity"] == "error" {
            let [summary, detail] = ["summary", "detail"].map(|part| diagnostic[part].as_str().unwrap_or_default());
            stale |= summary.starts_with("Saved plan");
            let place = match (diagnostic["range"]["filename"].as_str(), &diagnostic["range"]["start"]["line"]) {
                (Some(file), line) => format!(" ({file}:{line})"),
                _ => String::new(),
            };
            let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
            text.push_str(&format!("; {summary}{detail}{place}"));
        }
    }
    if text.is_empty() {
        return ran.failed(what);
    }
    text.truncate(text.floor_char_boundary(MOST));
    let text = text.trim_start_matches("; ");
    if stale {
        let message = format!("the plan is out of date, and a new one has to be made and decided upon: {text}");
        return StepError::new(Reason::AdapterRefused, message);
    }
    StepError::new(Reason::CommandFailed, format!("`{what}` failed: {text}"))
}

fn events(stdout: &[u8]) -> impl Iterator<Item = Json> {
    stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

/// Lets nothing through: what is printed is a document.
pub(super) fn silent(_: &str) -> Option<String> {
    None
}
