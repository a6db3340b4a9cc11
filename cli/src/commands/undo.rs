//! `ordain undo`

use std::io::{self, IsTerminal as _};

use ordain_runtime::{Journal, State, undo};

use super::apply::{conduct, confirmed, journal, workspace};
use super::executions::{choose, placed, warn_of_newer};
use crate::args::UndoArguments;
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &UndoArguments) -> Result<Outcome, Failure> {
    if arguments.running.json && !arguments.yes {
        return Err(Failure("--json needs --yes: it does not ask".into()));
    }
    let path = journal(&workspace(&arguments.package)?, arguments.running.journal.as_deref());
    let journal = Journal::open_existing(&path)?;
    let executions = journal.executions()?;
    let chosen = choose(&executions, &arguments.execution)?;
    warn_of_newer(&journal, chosen, "and what both have done is taken back from that as well")?;
    if !arguments.yes {
        if !io::stdin().is_terminal() {
            return Err(Failure("nobody is here to be asked; give --yes to undo without asking".into()));
        }
        let plan = placed(&chosen.plan, &journal.environments(&chosen.plan_hash)?);
        anstream::eprintln!("{plan} of {} {}: {}", chosen.package, chosen.version, chosen.state.name());
        if !confirmed("Undo what it did?")? {
            return Err(Failure("not undone".into()));
        }
    }
    // Who closes a journal last merges its files into one, and a reader cannot.
    drop(journal);
    conduct(&arguments.package, &arguments.running, State::Undone, |options| undo(&chosen.id, options))
}
