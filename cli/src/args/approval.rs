//! What the commands of keys understand.

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
