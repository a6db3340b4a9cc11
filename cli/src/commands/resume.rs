//! `ordain resume`

use ordain_runtime::{Journal, RecordedState, State, resume};

use super::apply::{conduct, journal, workspace};
use super::executions::{choose, warn_of_other_approvers};
use crate::args::ResumeArguments;
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &ResumeArguments) -> Result<Outcome, Failure> {
    let path = journal(&workspace(&arguments.package)?, arguments.running.journal.as_deref());
    let journal = Journal::open_existing(&path)?;
    let executions = journal.executions()?;
    let chosen = match &arguments.execution {
        Some(id) => choose(&executions, id)?,
        None => executions.first().ok_or_else(|| Failure("the journal has no executions".into()))?,
    };
    let record = journal.execution(&chosen.id)?;
    let undoing = record.as_ref().is_some_and(|record| record.undoing);
    if let Some(record) = record.filter(|record| record.summary.state == RecordedState::Waiting) {
        warn_of_other_approvers(&record, &arguments.package);
    }
    let aim = if undoing { State::Undone } else { State::Succeeded };
    let today = super::plan::day(None)?;
    conduct(&arguments.package, &arguments.running, aim, |options| {
        options.as_of = Some(today);
        resume(&chosen.id, options)
    })
}
