//! What the commands of keys and approvals understand.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a new key and print its public half. Never overwrites one.
    New(KeyArguments),
    /// Print the public half of a key.
    Show(KeyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// The key's file; `ordain/key.pem` in the user's configuration directory where it is not given.
    #[arg(env = "ORDAIN_KEY_FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DecideArguments {
    #[command(flatten)]
    pub(crate) say: SayArguments,
    /// How long it counts: up to the end of a day (UTC), up to a moment such as 2027-03-01T12:00:00Z, or for a duration
    /// such as 8h. For ever where it is not given.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// Sign without asking. Nobody is asked where no terminal is there.
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SayArguments {
    /// The execution, or how its id begins.
    pub(crate) execution: String,
    /// The code of the policy that asks; may be given several times.
    #[arg(long = "policy", value_name = "CODE", required = true)]
    pub(crate) policies: Vec<String>,
    /// Why. It is kept with what you say, for everybody to see.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The key to sign with; `ordain/key.pem` in the user's configuration directory where it is not given.
    #[arg(long, value_name = "FILE", env = "ORDAIN_KEY_FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Who you are; an error where the key belongs to somebody else.
    #[arg(long = "as", value_name = "IDENTITY")]
    pub(crate) identity: Option<String>,
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
