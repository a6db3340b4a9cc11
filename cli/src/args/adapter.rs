//! What the commands of adapters understand.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum AdapterCommand {
    /// Talk to an adapter, and say whether it keeps to the protocol.
    ///
    /// Applies the examples that the adapter gives of its capabilities, and undoes them where it says how. Exits with 1
    /// where a check fails.
    Test(AdapterTestArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AdapterTestArguments {
    /// A program and its arguments, or a URL. Options stand before it.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM|URL")]
    pub(crate) target: Vec<String>,
    /// The folder a program runs in. An empty one that is removed at the end where it is not given; arguments that name
    /// files or folders here are found all the same.
    #[arg(long = "in", value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// How many seconds one answer may take.
    #[arg(long, default_value = "5", value_name = "SECONDS")]
    pub(crate) patience: NonZeroU64,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a report in the format of JUnit, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}
