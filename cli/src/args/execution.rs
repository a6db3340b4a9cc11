//! What the commands of executions understand.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::PlanSelection;

#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    #[command(flatten)]
    pub(crate) selection: PlanSelection,
    /// Execute without asking.
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArguments {
    /// The execution, or how its id begins; the latest where it is not given.
    pub(crate) execution: Option<String>,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// The execution, or how its id begins.
    pub(crate) execution: String,
    /// Undo without asking.
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct CancelArguments {
    /// The execution, or how its id begins; the one that runs where it is not given.
    pub(crate) execution: Option<String>,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// The journal; `.ordain/journal.db` in the package where it is not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
}

/// How an execution runs, and what is shown of it.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// How many steps may run at the same time.
    #[arg(long, default_value = "4", value_name = "N")]
    pub(crate) parallel: NonZeroUsize,
    /// How many steps of a capability, or in an environment, may run at the same time.
    #[arg(long = "limit", value_name = "NAME=N", value_parser = limit)]
    pub(crate) limits: Vec<(String, NonZeroUsize)>,
    /// Run beside other executions in the same environments that say so, too.
    #[arg(long)]
    pub(crate) concurrent: bool,
    /// The journal; `.ordain/journal.db` in the package where it is not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Sign the end of the log with this key when the execution has ended, in the log itself.
    #[arg(long, value_name = "FILE", env = "ORDAIN_CHECKPOINT_KEY")]
    pub(crate) checkpoint_key: Option<PathBuf>,
    /// Print what happens as JSON, one event a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show the lines that steps print, not only those of steps that fail.
    #[arg(long, conflicts_with = "json")]
    pub(crate) logs: bool,
}

/// A name and a number, as of `--limit`.
fn limit(text: &str) -> Result<(String, NonZeroUsize), String> {
    let parsed = text.split_once('=').and_then(|(name, number)| Some((name.trim(), number.trim().parse().ok()?)));
    match parsed {
        Some((name, number)) if !name.is_empty() => Ok((name.to_owned(), number)),
        _ => {
            Err("expected a capability or an environment, `=` and a number from 1, such as `database.ensure=2`".into())
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExecutionsArguments {
    /// The execution, or how its id begins, to see what happened in it; all are listed where it is not given.
    pub(crate) execution: Option<String>,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// The journal; `.ordain/journal.db` in the package where it is not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
