//! `ordain undo`

use std::io::{self, IsTerminal as _};

use ordain_runtime::{Journal, State, undo};

use super::apply::{conduct, confirmed, journal, workspace};
use super::executions::choose;
use crate::args::UndoArguments;
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &UndoArguments) -> Result<Outcome, Failure> {
    if arguments.running.json && !arguments.yes {
        return Err(Failure("--json needs --yes: it does not ask".into()));
    }
    let path = journal(&workspace(&arguments.package)?, arguments.running.journal.as_deref());
    let executions = Journal::open_existing(&path)?.executions()?;
    let chosen = choose(&executions, &arguments.execution)?;
    if !arguments.yes {
        if !io::stdin().is_terminal() {
            return Err(Failure("nobody is here to be asked; give --yes to undo without asking".into()));
        }
        anstream::eprintln!("{} of {} {}: {}", chosen.plan, chosen.package, chosen.version, chosen.state.name());
        if !confirmed("Undo what it did?")? {
            return Err(Failure("not undone".into()));
        }
    }
    conduct(&arguments.package, &arguments.running, State::Undone, |options| undo(&chosen.id, options))
}
