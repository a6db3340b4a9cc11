//! Doing something again whenever a file of a package changes.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use ordain_loader::{DiskTree, Workspace};

use super::package;
use crate::{Failure, Outcome};

/// How long nothing may happen before a change counts as done: editors write in several steps.
const QUIET: Duration = Duration::from_millis(30);

/// Looks at the package at or around a path, and again after every change, until it is interrupted. Changes of what the
/// command itself writes are none.
pub(crate) fn watch(
    path: &Path,
    written: &[&Path],
    mut look: impl FnMut(&Workspace) -> Result<(), Failure>,
) -> Result<Outcome, Failure> {
    let root = ordain_loader::find_root(path)?;
    let tree = DiskTree::new(&root);
    let (send, changes) = mpsc::channel();
    let watched = root.clone();
    let written: Vec<PathBuf> = written.iter().map(|path| whole(path)).collect();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| matters(&event, &watched, &written)) {
            // The other side is gone only when the command ends.
            let _ = send.send(());
        }
    })?;
    watcher.watch(&root, RecursiveMode::Recursive)?;
    let mut workspace = package::load(&root)?;
    loop {
        look(&workspace)?;
        anstream::eprintln!("watching {} for changes", root.display());
        if changes.recv().is_err() {
            return Ok(Outcome::Fine);
        }
        while changes.recv_timeout(QUIET) != Err(RecvTimeoutError::Timeout) {}
        workspace.refresh(&tree);
    }
}

/// Whether a change could concern the package: looking at files is none, nor is what happens in its hidden folders.
fn matters(event: &notify::Event, root: &Path, written: &[PathBuf]) -> bool {
    let hidden = |path: &PathBuf| {
        path.strip_prefix(root).unwrap_or(path).iter().any(|part| part.to_string_lossy().starts_with('.'))
    };
    let own = |path: &PathBuf| written.iter().any(|written| path.starts_with(written));
    !event.kind.is_access() && event.paths.iter().any(|path| !hidden(path) && !own(path))
}

/// A path as the watcher names it, whether there is a file yet or not.
fn whole(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = path.ancestors().skip(1).find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    match folder {
        Some((folder, real)) => path.strip_prefix(folder).map_or_else(|_| path.clone(), |rest| real.join(rest)),
        None => path,
    }
}
