//! `ordain resume`

use ordain_runtime::{Journal, State, resume};

use super::apply::{conduct, journal, workspace};
use super::executions::choose;
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
    let undoing = journal.execution(&chosen.id)?.is_some_and(|record| record.undoing);
    let aim = if undoing { State::Undone } else { State::Succeeded };
    conduct(&arguments.package, &arguments.running, aim, |options| resume(&chosen.id, options))
}
