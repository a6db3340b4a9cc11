//! `ordain resume`

use ordain_runtime::{ExecutionSummary, Journal, RecordedState, State, resume};

use super::apply::{conduct, journal, workspace};
use super::executions::{choose, warn_of_newer, warn_of_other_approvers};
use crate::args::ResumeArguments;
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &ResumeArguments) -> Result<Outcome, Failure> {
    let path = journal(&workspace(&arguments.package)?, arguments.running.journal.as_deref());
    let journal = Journal::open_existing(&path)?;
    let executions = journal.executions()?;
    let chosen = match &arguments.execution {
        Some(id) => choose(&executions, id)?,
        None => latest(&executions)?,
    };
    let goes_on = !matches!(chosen.state, RecordedState::Finished(state) if state != State::Cancelled);
    if goes_on {
        warn_of_newer(&journal, chosen, "which may do over what that did")?;
    }
    let record = journal.execution(&chosen.id)?;
    let undoing = record.as_ref().is_some_and(|record| record.undoing);
    if let Some(record) = record.filter(|record| record.summary.state == RecordedState::Waiting) {
        warn_of_other_approvers(&record, &arguments.package);
    }
    // Who closes a journal last merges its files into one, and a reader cannot.
    drop(journal);
    let aim = if undoing { State::Undone } else { State::Succeeded };
    let today = super::plan::day(None)?;
    conduct(&arguments.package, &arguments.running, aim, |options| {
        options.as_of = Some(today);
        resume(&chosen.id, options)
    })
}

/// The latest of all, which is meant where none is named. Where that has ended, one before it may not have.
fn latest(executions: &[ExecutionSummary]) -> Result<&ExecutionSummary, Failure> {
    let latest = executions.first().ok_or_else(|| Failure("the journal has no executions".into()))?;
    let left = executions.iter().find(|each| each.state == RecordedState::Interrupted);
    match (latest.state, left) {
        (RecordedState::Finished(state), Some(left)) => Err(Failure(format!(
            "the latest execution, `{}`, has ended ({}); `{}` of `{}` was interrupted: `ordain resume {}` goes on with it",
            latest.id,
            state.name(),
            left.id,
            left.plan,
            left.id
        ))),
        _ => Ok(latest),
    }
}
