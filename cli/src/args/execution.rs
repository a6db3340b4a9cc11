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

/// How an execution runs, and what is shown of it.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// How many steps may run at the same time.
    #[arg(long, default_value = "4", value_name = "N")]
    pub(crate) parallel: NonZeroUsize,
    /// The journal; `.ordain/journal.db` in the package where it is not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Print what happens as JSON, one event a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show the lines that steps print, not only those of steps that fail.
    #[arg(long, conflicts_with = "json")]
    pub(crate) logs: bool,
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
