//! `ordain lock`, and holding plans to what it wrote.

use std::path::Path;

use ordain_compiler::{Content, check_package, lock_findings, lock_of, read_lock};
use ordain_diagnostics::{Diagnostic, Severity, TextRange, codes};
use ordain_graph::{Lock, LockDifference, LockError, MAX_LOCK_BYTES};
use ordain_loader::{DiskTree, LOCK, LoadError, Tree as _, Workspace, find_root};
use serde_json::json;

use super::package;
use crate::args::{FindingsFormat, Format, LockArguments};
use crate::output::{self, findings};
use crate::{Failure, Outcome};

const TEXT: FindingsFormat = FindingsFormat { format: Format::Text, json: false };

pub(crate) fn run(arguments: &LockArguments) -> Result<Outcome, Failure> {
    let root = find_root(&arguments.path).map_err(|error| match error {
        LoadError::NoManifest(_) => Failure(format!("{error}; only packages have locks")),
        other => other.into(),
    })?;
    let workspace = package::load(&root)?;
    let db = &workspace.db;
    let mut found: Vec<Diagnostic> =
        workspace.packages.iter().flat_map(|&package| check_package(db, package)).collect();
    found.retain(|finding| finding.severity == Severity::Error);
    if !found.is_empty() {
        findings::show(&found, &workspace.texts(), &TEXT)?;
        return Ok(Outcome::Findings);
    }
    if arguments.check { check(&workspace, &arguments.findings) } else { write(&workspace, &root, arguments) }
}

/// Says what the lock would say otherwise.
fn check(workspace: &Workspace, format: &FindingsFormat) -> Result<Outcome, Failure> {
    let found = match &workspace.lock {
        Some(lock) => lock_findings(&workspace.db, workspace.root, &lock.path, &lock.content),
        None => {
            let manifest = workspace.root.manifest_path(&workspace.db).clone();
            let missing = format!("the package has no `{LOCK}`");
            let finding = Diagnostic::new(codes::LOCK_DIFFERS, manifest, TextRange::default(), missing);
            vec![finding.help("make one with `ordain lock`")]
        }
    };
    let is_fine = found.is_empty();
    if !is_fine || format.json || format.format != Format::Text {
        findings::show(&found, &workspace.texts(), format)?;
    }
    Ok(if is_fine { Outcome::Fine } else { Outcome::Findings })
}

/// Writes the lock, and says what it says otherwise than before.
fn write(workspace: &Workspace, root: &Path, arguments: &LockArguments) -> Result<Outcome, Failure> {
    let lock = lock_of(&workspace.db, workspace.root);
    let (path, new) = (root.join(LOCK), lock.to_json());
    let shown = output::line(&path.display().to_string()).into_owned();
    let (differences, written) = match workspace.lock.as_ref().map(|file| &file.content) {
        None => (None, true),
        // A directory or a pipe is nothing to write a lock to.
        Some(Content::Unreadable(reason)) => return Err(Failure(format!("`{shown}` cannot be read: {reason}"))),
        Some(content) => match Lock::from_json(content.text().as_bytes()) {
            Ok(before) => (Some(before.differences(&lock)), content.text().as_bytes() != new.as_slice()),
            // Whoever wrote it may have said more than this version can.
            Err(error @ LockError::Format(_)) => {
                return Err(Failure(format!("`{shown}`: {error}; remove it to have one of this version")));
            }
            Err(_) => (None, true),
        },
    };
    if written {
        output::write(Some(&path), &new).map_err(|error| Failure(format!("`{shown}`: {error}")))?;
    }
    let differences: Vec<String> = differences.iter().flatten().map(LockDifference::to_string).collect();
    if arguments.findings.json {
        output::json(&json!({
            "file": path.display().to_string(),
            "hash": lock.hash(),
            "written": written,
            "differences": differences,
        }))?;
        return Ok(Outcome::Fine);
    }
    for difference in &differences {
        anstream::eprintln!("{}", output::line(difference));
    }
    let bindings: usize = lock.bindings.values().map(|bindings| bindings.len()).sum();
    let done = if written { "wrote" } else { "nothing to change in" };
    anstream::eprintln!(
        "{done} `{shown}`: {}, {}, {}",
        counted(lock.adapters.len(), "adapter"),
        counted(bindings, "binding"),
        counted(lock.packages.len(), "package"),
    );
    Ok(Outcome::Fine)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Whether a package is as its lock says, where it has one. What is otherwise is shown.
pub(super) fn holds(workspace: &Workspace) -> Result<bool, Failure> {
    let Some(lock) = &workspace.lock else { return Ok(true) };
    let found = lock_findings(&workspace.db, workspace.root, &lock.path, &lock.content);
    if !found.is_empty() {
        findings::show(&found, &workspace.texts(), &TEXT)?;
    }
    Ok(found.is_empty())
}

/// The lock of the package at a path, where it has one, for plans that were made before. The outcome where it cannot be read,
/// which is shown then.
pub(super) fn agreed(package: &Path) -> Result<Result<Option<Lock>, Outcome>, Failure> {
    let root = match find_root(package) {
        Ok(root) => root,
        Err(LoadError::NoManifest(_)) => return Ok(Ok(None)),
        Err(error) => return Err(error.into()),
    };
    let content = match DiskTree::new(&root).read(LOCK, MAX_LOCK_BYTES) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Ok(None)),
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            let bytes = error.to_string().parse().unwrap_or(MAX_LOCK_BYTES as u64 + 1);
            Content::TooLarge { bytes, most: MAX_LOCK_BYTES as u64 }
        }
        Err(error) => Content::Unreadable(error.to_string()),
        Ok(bytes) => Content::from_bytes(bytes, MAX_LOCK_BYTES),
    };
    let path = root.join(LOCK).display().to_string().into();
    match read_lock(&path, &content) {
        Ok(lock) => Ok(Ok(Some(lock))),
        Err(finding) => {
            let texts = match content {
                Content::Text(text) => [(path.to_string(), text)].into(),
                _ => findings::Texts::new(),
            };
            findings::show(&[*finding], &texts, &TEXT)?;
            Ok(Err(Outcome::Findings))
        }
    }
}
