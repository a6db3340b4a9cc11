//! `ordain replay`

use std::fmt::Write as _;

use ordain_runtime::{Divergence, RecordedState, replay};
use serde_json::json;

use super::trace::{Told, told};
use crate::args::ReplayArguments;
use crate::{Failure, Outcome, output};

pub(crate) fn run(arguments: &ReplayArguments) -> Result<Outcome, Failure> {
    let Told { summary, plan, rows, .. } = told(&arguments.journal, arguments.execution.as_deref())?;
    let plan = plan.ok_or_else(|| {
        let id = &summary.id;
        Failure(format!("the journal does not hold the plan of `{id}`: an earlier version of Ordain began it"))
    })?;
    let mut replayed = replay(&plan, &rows);
    let state = replayed.state.map(RecordedState::Finished);
    if let RecordedState::Finished(told) = summary.state
        && state != Some(summary.state)
    {
        let reached = state.map_or("no end", RecordedState::name);
        let what = format!("it is listed as `{}`, where the rules give {reached}", told.name());
        let row = rows.last().map_or(0, |row| row.seq);
        replayed.divergences.push(Divergence { row, address: None, what });
    }
    let same = replayed.divergences.is_empty();
    if arguments.json {
        output::json(&json!({ "execution": summary.id, "same": same, "replay": replayed }))?;
    } else {
        let mut text = String::new();
        for Divergence { row, address, what } in &replayed.divergences {
            let address = address.as_ref().map_or_else(String::new, |address| format!("`{}`: ", output::line(address)));
            // INVARIANT: writing to a string never fails.
            let _ = writeln!(text, "row {row}: {address}{}", output::line(what));
        }
        let state = state.unwrap_or(summary.state).name();
        let ending = if same { format!("come to the same: {state}") } else { "part from the rules".to_owned() };
        let _ = writeln!(text, "{} rows of `{}` {ending}", rows.len(), summary.id);
        output::write(None, text.as_bytes())?;
    }
    Ok(if same { Outcome::Fine } else { Outcome::Findings })
}
