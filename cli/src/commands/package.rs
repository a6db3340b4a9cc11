//! Finding and loading the package a command is about.

use std::path::Path;
use std::sync::Arc;

use ordain_compiler::{Content, Database, MAX_SOURCE_BYTES};
use ordain_loader::{DiskTree, LoadError, Workspace, find_root};
use ordain_rego::RegoRules;

use crate::Failure;

/// A database whose policies may take their rules from Rego.
pub(crate) fn database() -> Database {
    Database::running(Arc::new(RegoRules::default()))
}

/// Loads the package at or around a path; a lone `.ord` file without one is a package of its own.
pub(crate) fn load(path: &Path) -> Result<Workspace, Failure> {
    match find_root(path) {
        Ok(root) => {
            let shown = shown(&root);
            Ok(Workspace::load_into(database(), &DiskTree::new(root), "", &shown))
        }
        Err(LoadError::NoManifest(_)) if path.is_file() => {
            let content = match std::fs::read(path) {
                Ok(bytes) => Content::from_bytes(bytes, MAX_SOURCE_BYTES),
                Err(error) => Content::Unreadable(error.to_string()),
            };
            Ok(Workspace::single_into(database(), &path.to_string_lossy(), content))
        }
        Err(error @ LoadError::NoManifest(_)) => {
            Err(Failure(format!("{error}\n  make one with `ordain init`, or name a package")))
        }
        Err(error) => Err(error.into()),
    }
}

/// As [`load`]; without a package there is an empty one.
pub(crate) fn load_or_empty(path: &Path) -> Result<Workspace, Failure> {
    match find_root(path) {
        Err(LoadError::NoManifest(_)) if path.is_dir() => {
            Ok(Workspace::single_into(database(), "scratch.ord", Content::Text("".into())))
        }
        _ => load(path),
    }
}

/// A package's folder as it stands in front of paths: relative to the current folder where it lies below that.
fn shown(root: &Path) -> String {
    let below = std::env::current_dir()
        .ok()
        .and_then(|current| current.canonicalize().ok())
        .and_then(|current| root.strip_prefix(current).ok().map(Path::to_path_buf));
    match below {
        Some(relative) => relative.to_string_lossy().replace('\\', "/"),
        None => root.to_string_lossy().into_owned(),
    }
}
