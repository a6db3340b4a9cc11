//! What the commands understand that look at what happened.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ordain_runtime::PublicKey;

/// A journal.
#[derive(Debug, Args)]
pub(crate) struct JournalArguments {
    /// The package.
    #[arg(long, short = 'p', default_value = ".", value_name = "PATH")]
    pub(crate) package: PathBuf,
    /// The journal; `.ordain/journal.db` in the package where it is not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TraceArguments {
    /// The execution, or how its id begins; the latest where it is not given.
    pub(crate) execution: Option<String>,
    #[command(flatten)]
    pub(crate) journal: JournalArguments,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t = TraceFormat::Text)]
    pub(crate) format: TraceFormat,
    /// Print JSON; the same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Write what would be printed to a file.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// How a trace is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceFormat {
    /// A timeline for terminals.
    Text,
    /// A timeline as one page for a browser.
    Html,
    /// JSON.
    Json,
    /// One CloudEvent 1.0 a line.
    Cloudevents,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The execution, or how its id begins; the latest where it is not given.
    pub(crate) execution: Option<String>,
    #[command(flatten)]
    pub(crate) journal: JournalArguments,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Look whether the log holds what was written to it, all of it, in its order.
    Verify(VerifyArguments),
    /// Sign the end of the log. Kept elsewhere, it tells later whether the log was cut off.
    Checkpoint(CheckpointArguments),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) journal: JournalArguments,
    /// A checkpoint that was kept elsewhere; may be given several times.
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub(crate) checkpoints: Vec<PathBuf>,
    /// Whose checkpoints count: the public half of a key; may be given several times. Those of everybody where none is
    /// given.
    #[arg(long = "key", value_name = "PUBLIC")]
    pub(crate) keys: Vec<PublicKey>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckpointArguments {
    #[command(flatten)]
    pub(crate) journal: JournalArguments,
    /// The file to write to; the standard output where it is not given.
    #[arg(long, short = 'o', alias = "out", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The key to sign with; `ordain/key.pem` in the user's configuration directory where it is not given.
    #[arg(long, value_name = "FILE", env = "ORDAIN_KEY_FILE")]
    pub(crate) key: Option<PathBuf>,
}
