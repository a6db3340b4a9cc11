//! One module for each command.

mod adapter;
mod apply;
mod audit;
mod authorize;
mod cancel;
mod check;
mod decide;
mod diff;
mod doc;
mod document;
mod drift;
mod eval;
mod executions;
mod explain;
mod file;
mod fix;
mod fmt;
mod gate;
mod import;
mod init;
mod key;
mod lock;
mod lsp;
mod package;
mod plan;
mod policy;
mod replay;
mod resume;
mod test;
mod trace;
mod undo;
mod watch;

use clap::CommandFactory as _;

use crate::args::{AdapterCommand, Arguments, Command, PolicyCommand, When};
use crate::{Failure, Outcome};

/// Runs a command.
pub(crate) fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    match arguments.color {
        When::Auto => {}
        When::Always => anstream::ColorChoice::Always.write_global(),
        When::Never => anstream::ColorChoice::Never.write_global(),
    }
    match arguments.command {
        Command::Init { path, name, json } => init::run(&path, name, json),
        Command::Check { path, findings, deny_warnings, watch } => {
            let check = check::Check { path: &path, format: &findings, deny_warnings };
            if watch { check.watch() } else { check.once() }
        }
        Command::Lock(arguments) => lock::run(&arguments),
        Command::Plan(plan) => plan::run(&plan),
        Command::Apply(arguments) => apply::run(&arguments),
        Command::Resume(arguments) => resume::run(&arguments),
        Command::Undo(arguments) => undo::run(&arguments),
        Command::Cancel(arguments) => cancel::run(&arguments),
        Command::Executions(arguments) => executions::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Audit(command) => audit::run(&command),
        Command::Approve(arguments) => decide::approve(&arguments),
        Command::Reject(arguments) => decide::reject(&arguments),
        Command::Revoke(arguments) => decide::revoke(&arguments),
        Command::Drift(arguments) => drift::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Key(command) => key::run(&command),
        Command::Fix { path, all, dry_run, json } => fix::run(&path, all, dry_run, json),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Fmt { paths, check, json } => fmt::run(&paths, check, json),
        Command::Policy(PolicyCommand::Explain(arguments)) => policy::explained(&arguments),
        Command::Authorize(arguments) => authorize::run(&arguments),
        Command::Gate(arguments) => gate::run(&arguments),
        Command::Adapter(AdapterCommand::Test(arguments)) => adapter::test(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Doc { path, format, output, json } => doc::run(&path, format, output, json),
        Command::Explain { code, json } => explain::run(code.as_deref(), json),
        Command::Lsp { stdio: _ } => lsp::run(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "ordain", &mut script);
            crate::output::write(None, &script)?;
            Ok(Outcome::Fine)
        }
    }
}
