//! `ordain cancel`

use ordain_runtime::{Journal, RecordedState, cancel};

use super::apply::{journal, workspace};
use super::executions::choose;
use crate::args::CancelArguments;
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &CancelArguments) -> Result<Outcome, Failure> {
    let path = journal(&workspace(&arguments.package)?, arguments.journal.as_deref());
    let executions = Journal::open_existing(&path)?.executions()?;
    let chosen = match &arguments.execution {
        Some(id) => choose(&executions, id)?,
        None => {
            let mut running = executions.iter().filter(|each| each.state == RecordedState::Running);
            match (running.next(), running.next()) {
                (Some(one), None) => one,
                (None, _) => return Err(Failure("no execution runs; name the one that is to end".into())),
                (Some(_), Some(_)) => {
                    return Err(Failure("several executions run; name the one that is to end".into()));
                }
            }
        }
    };
    let id = &chosen.id;
    match cancel(id, &path) {
        Ok(true) => {
            anstream::eprintln!("asked `{id}` to end: steps that run are asked to and awaited, no other starts")
        }
        Ok(false) => anstream::eprintln!("`{id}` is cancelled; nobody carried it out"),
        Err(error) => return Err(Failure(format!("{error} [{}]", error.code()))),
    }
    Ok(Outcome::Fine)
}
