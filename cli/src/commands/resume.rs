//! `ordain resume`

use ordain_runtime::{Journal, resume};

use super::apply::{conduct, journal, workspace};
use super::executions::choose;
use crate::args::ResumeArguments;
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &ResumeArguments) -> Result<Outcome, Failure> {
    let path = journal(&workspace(&arguments.package)?, arguments.running.journal.as_deref());
    let executions = Journal::open_existing(&path)?.executions()?;
    let chosen = match &arguments.execution {
        Some(id) => choose(&executions, id)?,
        None => executions.first().ok_or_else(|| Failure("the journal has no executions".into()))?,
    };
    conduct(&arguments.package, &arguments.running, |options| resume(&chosen.id, options))
}
