//! What the commands about drift understand.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::PlanSelection;

#[derive(Debug, Args)]
pub(crate) struct DriftArguments {
    #[command(flatten)]
    pub(crate) selection: PlanSelection,
    /// Look at what an execution did, by its id or how that begins, in place of what a plan says.
    #[arg(long, short = 'e', value_name = "ID", conflicts_with_all = ["plan", "arguments", "as_of"])]
    pub(crate) execution: Option<String>,
    #[command(flatten)]
    pub(crate) looking: Looking,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t = DriftView::Text)]
    pub(crate) view: DriftView,
    /// Print JSON; the same as `--view json`.
    #[arg(long, conflicts_with = "view")]
    pub(crate) json: bool,
    /// Write what would be printed to a file.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Exit with 1 where something is missing, unexpected or mismatched.
    #[arg(long)]
    pub(crate) strict: bool,
}

/// How drift is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DriftView {
    /// For terminals.
    Text,
    /// JSON.
    Json,
    /// Markdown for a pull request.
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The addresses of the steps, as `ordain plan` shows them.
    #[arg(required = true, value_name = "ADDRESS")]
    pub(crate) addresses: Vec<String>,
    /// A plan's name, or a plan file (`.json`). May be left out where the package has one plan only.
    #[arg(long, value_name = "NAME")]
    pub(crate) plan: Option<String>,
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// An argument of the plan: `name=value`.
    #[arg(long = "arg", short = 'a', value_name = "NAME=VALUE")]
    pub(crate) arguments: Vec<String>,
    /// The day on which exemptions of policies are judged; today (UTC) where it is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<String>,
    #[command(flatten)]
    pub(crate) looking: Looking,
    /// Import also what is otherwise than the plan wants it.
    #[arg(long)]
    pub(crate) accept: bool,
    /// Import without asking.
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How adapters are asked to look.
#[derive(Debug, Args)]
pub(crate) struct Looking {
    /// How many steps may be looked at at the same time.
    #[arg(long, default_value = "8", value_name = "N")]
    pub(crate) parallel: NonZeroUsize,
    /// How long looking at one step may take, in seconds.
    #[arg(long, default_value = "30", value_name = "SECONDS")]
    pub(crate) within: NonZeroU64,
    /// The journal; `.ordain/journal.db` in the package where it is not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
}

/// How adapters are asked to look, where `--refresh` asks them.
#[derive(Debug, Args)]
pub(crate) struct RefreshLooking {
    /// How many steps may be looked at at the same time; 8 where it is not given.
    #[arg(long, value_name = "N", requires = "refresh")]
    parallel: Option<NonZeroUsize>,
    /// How long looking at one step may take, in seconds; 30 where it is not given.
    #[arg(long, value_name = "SECONDS", requires = "refresh")]
    within: Option<NonZeroU64>,
    /// The journal; `.ordain/journal.db` in the package where it is not given.
    #[arg(long, value_name = "FILE", requires = "refresh")]
    journal: Option<PathBuf>,
}

impl RefreshLooking {
    /// The same, with what is not given filled in.
    pub(crate) fn looking(&self) -> Looking {
        // INVARIANT: neither is zero.
        let (parallel, within) = (NonZeroUsize::new(8), NonZeroU64::new(30));
        Looking {
            parallel: self.parallel.or(parallel).unwrap_or(NonZeroUsize::MIN),
            within: self.within.or(within).unwrap_or(NonZeroU64::MIN),
            journal: self.journal.clone(),
        }
    }
}
