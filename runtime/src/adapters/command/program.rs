//! What to run: arguments, directory and environment.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::{SecretTag, StepContext, StepError};
use crate::reason::Reason;

/// The variable that holds what tells a step from all others, the same for every try of it.
pub(in crate::adapters) const KEY: &str = "ORDAIN_KEY";

/// What is passed on of the interpreter's own environment.
const INHERITED: [&str; 7] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/// What to run.
pub(super) struct Program<'a> {
    pub(super) argv: &'a [String],
    pub(super) directory: &'a str,
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) secrets: &'a BTreeMap<String, SecretTag>,
}

impl Program<'_> {
    /// A command in a process group of its own, with its environment and directory set.
    pub(super) fn command(&self, step: &StepContext<'_>) -> Result<Command, StepError> {
        let refuse = |message: String| Err(StepError::new(Reason::InputMismatch, message));
        let Some((program, arguments)) = self.argv.split_first() else {
            return refuse("`argv` is empty".into());
        };
        if let Some(name) = self.env.keys().find(|name| self.secrets.contains_key(*name)) {
            return refuse(format!("`{name}` stands in both `env` and `secrets`"));
        }
        if let Some(name) = self.env.keys().chain(self.secrets.keys()).find(|name| !is_variable(name)) {
            return refuse(format!("`{name}` is not the name of an environment variable"));
        }
        let directory = step.workspace().directory(self.directory)?;
        let mut command = bare(program, arguments, &directory);
        command.env(KEY, step.key()).envs(self.env);
        for (name, tag) in self.secrets {
            command.env(name, step.secret(tag)?.expose());
        }
        Ok(command)
    }
}

/// A command in a process group of its own, with little of the interpreter's environment. A program with a `/` is looked up
/// in its directory.
pub(in crate::adapters) fn bare(program: &str, arguments: &[String], directory: &Path) -> Command {
    // Which directory a relative program is looked up in differs between systems, an absolute path does not.
    let mut command = match Path::new(program) {
        path if program.contains('/') && path.is_relative() => Command::new(directory.join(path)),
        path => Command::new(path),
    };
    command.args(arguments).current_dir(directory).process_group(0).env_clear();
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// The error of a program that did not start.
pub(super) fn not_started(argv: &[String], error: &std::io::Error) -> StepError {
    let program = argv.first().map_or("", String::as_str);
    StepError::new(Reason::CommandNotStarted, format!("`{program}` could not be started: {error}"))
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('$') && !name.contains(['=', '\0'])
}
