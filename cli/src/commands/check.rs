//! `ordain check`

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use ordain_compiler::check_package;
use ordain_diagnostics::{Diagnostic, Severity};
use ordain_loader::{DiskTree, Workspace};

use super::package;
use crate::args::FindingsFormat;
use crate::output::findings;
use crate::{Failure, Outcome};

/// How long nothing may happen before a change counts as done: editors write in several steps.
const QUIET: Duration = Duration::from_millis(30);

/// What to check, and how to show what is found.
pub(crate) struct Check<'a> {
    pub(crate) path: &'a Path,
    pub(crate) format: &'a FindingsFormat,
    pub(crate) deny_warnings: bool,
}

impl Check<'_> {
    /// Checks once.
    pub(crate) fn once(&self) -> Result<Outcome, Failure> {
        let found = self.show(&package::load(self.path)?)?;
        let failed = found.iter().any(|finding| finding.severity == Severity::Error);
        Ok(if failed { Outcome::Findings } else { Outcome::Fine })
    }

    /// Checks, and again after every change, until it is interrupted.
    pub(crate) fn watch(&self) -> Result<Outcome, Failure> {
        let root = ordain_loader::find_root(self.path)?;
        let tree = DiskTree::new(&root);
        let (send, changes) = mpsc::channel();
        let watched = root.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| matters(&event, &watched)) {
                // The other side is gone only when the command ends.
                let _ = send.send(());
            }
        })?;
        watcher.watch(&root, RecursiveMode::Recursive)?;
        let mut workspace = package::load(&root)?;
        loop {
            let found = self.show(&workspace)?;
            if found.is_empty() {
                let count = workspace.packages.iter().map(|package| package.files(&workspace.db).len()).sum::<usize>();
                anstream::eprintln!("no findings in {count} file{}", if count == 1 { "" } else { "s" });
            }
            anstream::eprintln!("watching {} for changes", root.display());
            if changes.recv().is_err() {
                return Ok(Outcome::Fine);
            }
            while changes.recv_timeout(QUIET) != Err(RecvTimeoutError::Timeout) {}
            workspace.refresh(&tree, "");
        }
    }

    /// Shows what is found, and gives it back.
    fn show(&self, workspace: &Workspace) -> Result<Vec<Diagnostic>, Failure> {
        let mut found: Vec<Diagnostic> =
            workspace.packages.iter().flat_map(|&package| check_package(&workspace.db, package)).collect();
        if self.deny_warnings {
            for finding in &mut found {
                if finding.severity == Severity::Warning {
                    finding.severity = Severity::Error;
                }
            }
        }
        findings::show(&found, &workspace.texts(), self.format)?;
        Ok(found)
    }
}

/// Whether a change could concern the package: looking at files is none, nor is what happens in its hidden folders.
fn matters(event: &notify::Event, root: &Path) -> bool {
    let hidden = |path: &PathBuf| {
        path.strip_prefix(root).unwrap_or(path).iter().any(|part| part.to_string_lossy().starts_with('.'))
    };
    !event.kind.is_access() && event.paths.iter().any(|path| !hidden(path))
}
