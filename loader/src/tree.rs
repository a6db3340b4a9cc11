//! Where files come from: a trait, and the disk.

use std::io;
use std::path::{Path, PathBuf};

use crate::MANIFEST;

/// A tree of files. Paths are relative to its root, with `/` between parts, and may contain `..`.
pub trait Tree: Sync {
    /// The bytes of a file, at most so many. Of one that has more, the error is [`io::ErrorKind::FileTooLarge`], and its
    /// text how many.
    fn read(&self, path: &str, most: usize) -> io::Result<Vec<u8>>;

    /// The `.ord` files of the package at a folder, sorted; nested packages are left out, and folders outside of it that links lead
    /// to.
    fn sources(&self, folder: &str) -> Listing;

    /// The files of the package at `folder` that lie below one of its folders, hidden ones among them, but none that git
    /// ignores. Paths are relative to the package.
    fn files(&self, folder: &str, below: &str) -> Vec<String>;

    /// Whether a file of the package at `folder` really lies in it, symbolic links followed.
    fn is_inside(&self, folder: &str, path: &str) -> bool;

    /// A path in the form that is the same for all ways to write it, to tell packages apart.
    fn identity(&self, folder: &str) -> String;
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Listing {
    /// Paths relative to the folder.
    pub files: Vec<String>,
    /// Paths that could not be looked at, and why.
    pub errors: Vec<(String, String)>,
}

/// The files below a folder of the disk.
#[derive(Clone, Debug)]
pub struct DiskTree {
    root: PathBuf,
}

impl DiskTree {
    /// The files below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn path(&self, relative: &str) -> PathBuf {
        if relative.is_empty() { self.root.clone() } else { self.root.join(relative) }
    }
}

impl Tree for DiskTree {
    fn read(&self, path: &str, most: usize) -> io::Result<Vec<u8>> {
        let path = self.path(path);
        let metadata = std::fs::metadata(&path)?;
        // Opening a pipe or a device could wait for ever.
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let size = metadata.len();
        // A text that is too large is not worth reading: its size is all that is told of it.
        if size > most as u64 {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, size.to_string()));
        }
        std::fs::read(path)
    }

    fn sources(&self, folder: &str) -> Listing {
        let root = self.path(folder);
        let mut listing = Listing::default();
        let walk = ignore::WalkBuilder::new(&root)
            .follow_links(true)
            .require_git(false)
            .filter_entry({
                let root = root.clone();
                let real = root.canonicalize().unwrap_or_else(|_| root.clone());
                move |entry| entry.path() == root || !entry.path().join(MANIFEST).is_file() && !leads_out(entry, &real)
            })
            .build();
        for entry in walk {
            match entry {
                Ok(entry) if is_source(entry.path()) => {
                    let (Some(path), Some(kind)) = (relative(&root, entry.path()), entry.file_type()) else { continue };
                    if kind.is_file() {
                        listing.files.push(path);
                    } else if !kind.is_dir() {
                        listing.errors.push((path, "it is not a file".into()));
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let path = error_path(&error);
                    let missing = error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound);
                    // A link that leads nowhere, or a file that has gone since: no source is missing.
                    if missing && path.as_deref().is_some_and(|path| path != root && !is_source(path)) {
                        continue;
                    }
                    let path = path.and_then(|path| relative(&root, &path)).unwrap_or_default();
                    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    listing.errors.push((path, reason));
                }
            }
        }
        listing.files.sort();
        listing.errors.sort();
        listing
    }

    fn files(&self, folder: &str, below: &str) -> Vec<String> {
        let root = self.path(folder);
        let walk = ignore::WalkBuilder::new(root.join(below))
            .hidden(false)
            .require_git(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        // What cannot be looked at is not there.
        let files = walk.filter_map(Result::ok).filter(|entry| entry.path().is_file());
        files.filter_map(|entry| relative(&root, entry.path())).collect()
    }

    fn is_inside(&self, folder: &str, path: &str) -> bool {
        match (self.path(folder).canonicalize(), self.path(folder).join(path).canonicalize()) {
            (Ok(folder), Ok(path)) => path.starts_with(folder),
            _ => true,
        }
    }

    fn identity(&self, folder: &str) -> String {
        let path = self.path(folder);
        path.canonicalize().unwrap_or(path).to_string_lossy().into_owned()
    }
}

/// Whether a link leads to a folder that is not in the package: what lies there is another's, and there may be no end to it.
fn leads_out(entry: &ignore::DirEntry, root: &Path) -> bool {
    entry.path_is_symlink()
        && entry.path().is_dir()
        && entry.path().canonicalize().is_ok_and(|target| !target.starts_with(root))
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts: Vec<_> = path.strip_prefix(root).ok()?.iter().map(|part| part.to_string_lossy()).collect();
    Some(parts.join("/"))
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "ord")
}

fn error_path(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        _ => None,
    }
}
