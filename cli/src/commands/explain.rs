//! `ordain explain`

use ordain_diagnostics::{Code, Severity, catalogue};
use serde_json::json;

use crate::{Failure, Outcome, output};

pub(crate) fn run(code: Option<&str>, as_json: bool) -> Result<Outcome, Failure> {
    let entries: Vec<_> = match code {
        None => catalogue().iter().collect(),
        Some(text) => match Code::parse(text) {
            Some(code) => vec![code.entry()],
            None => {
                let message = format!("there is no code `{text}`\n  `ordain explain` lists all of them");
                return Err(Failure(message));
            }
        },
    };
    let text = if as_json {
        let list: Vec<_> = entries
            .iter()
            .map(|entry| {
                json!({
                    "code": entry.code,
                    "title": entry.title,
                    "severity": entry.severity,
                    "page": entry.page,
                })
            })
            .collect();
        format!("{}\n", serde_json::to_string_pretty(&list)?)
    } else if code.is_some() {
        entries.iter().map(|entry| entry.page).collect()
    } else {
        entries
            .iter()
            .map(|entry| {
                let severity = if entry.severity == Severity::Error { "error  " } else { "warning" };
                format!("{}  {severity}  {}\n", entry.code, entry.title)
            })
            .collect()
    };
    output::write(None, text.as_bytes())?;
    Ok(Outcome::Fine)
}
