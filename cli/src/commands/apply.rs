//! `ordain apply`, and what `ordain resume` shares with it.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use ordain_loader::{LoadError, find_root};
use ordain_runtime::{
    APPROVERS, Approvers, Cancellation, EnvironmentSecrets, Event, ExecuteError, ExecuteOptions, ExecutionReport,
    Journal, Limits, State, execute,
};
use serde_json::json;

use crate::args::{ApplyArguments, Running};
use crate::output;
use crate::output::approvals::Commands;
use crate::output::progress::Progress;
use crate::{Failure, Outcome, signals};

pub(crate) fn run(arguments: &ApplyArguments) -> Result<Outcome, Failure> {
    if arguments.running.json && !arguments.yes {
        return Err(Failure("--json needs --yes: it does not ask".into()));
    }
    let Some(graph) = super::plan::graph(&arguments.selection)? else { return Ok(Outcome::Findings) };
    if !arguments.yes {
        if !io::stdin().is_terminal() {
            return Err(Failure("nobody is here to be asked; give --yes to execute without asking".into()));
        }
        anstream::eprint!("{}", ordain_views::tree(&graph, &output::terminal(true)));
        if !confirmed("Execute this plan?")? {
            return Err(Failure("not executed".into()));
        }
    }
    let as_of = super::plan::day(arguments.selection.as_of.as_deref())?;
    let approvers = approvers(&arguments.selection.package)?;
    let lock = match super::lock::agreed(&arguments.selection.package)? {
        Ok(lock) => lock,
        Err(outcome) => return Ok(outcome),
    };
    conduct(&arguments.selection.package, &arguments.running, State::Succeeded, |options| {
        options.as_of = Some(as_of);
        options.approvers = approvers;
        options.lock = lock;
        execute(&graph, options)
    })
}

/// Executes something in the workspace of a package, shows how it goes, and says how it ended: fine if as aimed at.
pub(super) fn conduct(
    package: &Path,
    running: &Running,
    aim: State,
    execute: impl FnOnce(&mut ExecuteOptions<'_>) -> Result<ExecutionReport, ExecuteError>,
) -> Result<Outcome, Failure> {
    let workspace = workspace(package)?;
    let journal = journal(&workspace, running.journal.as_deref());
    // Whoever wants the end signed learns before the beginning that it cannot be.
    let key = running.checkpoint_key.as_deref().map(super::key::load).transpose()?;
    let cancel = Cancellation::new();
    signals::heed(cancel.clone())?;

    let secrets = EnvironmentSecrets;
    let progress = if running.json { None } else { Some(Progress::new(running.logs)) };
    let observer = |event: Event| match &progress {
        Some(progress) => progress.show(&event),
        None => print_event(&event),
    };
    let packages = |name: &str| {
        let root = find_root(package).ok()?;
        Some(root.join(super::package::load(package).ok()?.folder(name)?))
    };
    let mut options = ExecuteOptions::new(workspace, &journal, &secrets);
    options.limits = Limits {
        all: running.parallel,
        each: running.limits.iter().map(|(name, limit)| (name.into(), *limit)).collect(),
    };
    options.concurrent = running.concurrent;
    options.observer = &observer;
    options.cancel = cancel;
    options.packages = &packages;
    let executed = execute(&mut options);
    if let Some(progress) = &progress {
        progress.finish();
    }
    let report = match executed {
        Ok(report) => report,
        Err(ExecuteError::Broken { error, report }) => {
            finish(&report, &journal, package, running)?;
            return Err(Failure(format!("the execution ended early: {error} [{}]", error.code())));
        }
        Err(error) => {
            if running.json {
                let refused = json!({ "event": "refused", "reason": error.code(), "message": error.to_string() });
                output::write(None, format!("{refused}\n").as_bytes())?;
            }
            return Err(error.into());
        }
    };
    finish(&report, &journal, package, running)?;
    if let Some(key) = key {
        Journal::write_checkpoint(&journal, &report.execution, &key)?;
    }
    Ok(match report.state {
        state if state == aim => Outcome::Fine,
        State::Waiting => Outcome::Waiting,
        _ => Outcome::Findings,
    })
}

/// Who can approve what, as the package says now.
pub(super) fn approvers(package: &Path) -> Result<Option<Approvers>, Failure> {
    Ok(Approvers::load(&workspace(package)?.join(APPROVERS))?)
}

/// The journal of a workspace, or the one that is given.
pub(super) fn journal(workspace: &Path, given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| workspace.join(".ordain").join("journal.db"), Path::to_owned)
}

/// Asks the person at the terminal.
pub(super) fn confirmed(question: &str) -> io::Result<bool> {
    anstream::eprint!("{question} Type yes: ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "yes" | "y"))
}

/// The folder that relative paths of steps resolve in: the package's, or for a plan file without one, the path itself.
pub(super) fn workspace(package: &Path) -> Result<PathBuf, Failure> {
    match find_root(package) {
        Ok(root) => Ok(root),
        Err(LoadError::NoManifest(_)) if package.is_dir() => Ok(package.canonicalize()?),
        Err(LoadError::NoManifest(_)) => {
            let folder = package.parent().filter(|folder| !folder.as_os_str().is_empty());
            Ok(folder.unwrap_or(Path::new(".")).canonicalize()?)
        }
        Err(error) => Err(error.into()),
    }
}

/// One line of JSON. A reader that goes away does not end what was begun.
fn print_event(event: &Event) {
    if let Ok(line) = serde_json::to_string(event) {
        let _ = writeln!(io::stdout().lock(), "{line}");
    }
}

/// Says how the execution ended and what it gave.
fn finish(report: &ExecutionReport, journal: &Path, package: &Path, running: &Running) -> io::Result<()> {
    if running.json {
        let returns = report.returns.as_ref().map(ordain_graph::Value::to_json);
        let last = json!({
            "event": "result",
            "execution": report.execution,
            "plan": report.plan,
            "plan_hash": report.plan_hash,
            "state": report.state.name(),
            "approvals": report.approvals,
            "returns": returns,
            "returns_error": report.returns_error,
            "journal": journal.display().to_string(),
        });
        return output::write(None, format!("{last}\n").as_bytes());
    }
    let text = output::progress::summary(report, journal);
    output::tell(&text);
    if report.state == State::Waiting {
        let commands = Commands { execution: &report.execution, package, journal: running.journal.as_deref() };
        output::tell(&output::approvals::told(&report.approvals, &commands));
    }
    match (&report.returns, &report.returns_error) {
        (Some(returns), _) => output::write(None, format!("{}\n", output::value(returns)).as_bytes()),
        (None, Some(error)) => {
            output::tell(&format!("no result: {error}\n"));
            Ok(())
        }
        (None, None) => Ok(()),
    }
}
