//! The files of a git revision, read through the `git` command.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::{Listing, MANIFEST, Tree};

/// The files of one revision below a folder.
#[derive(Clone, Debug)]
pub struct GitTree {
    folder: PathBuf,
    commit: String,
    /// Paths relative to `folder`.
    files: BTreeSet<String>,
}

impl GitTree {
    /// The files below `folder` as they were at `revision`.
    ///
    /// # Errors
    /// There is no `git`, no repository at the folder, or no such revision.
    pub fn open(folder: impl Into<PathBuf>, revision: &str) -> io::Result<Self> {
        let folder = folder.into();
        let rev = format!("{revision}^{{commit}}");
        let commit = git(&folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &rev])
            .map_err(|_| io::Error::new(io::ErrorKind::NotFound, format!("no git revision `{revision}`")))?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let listed = git(&folder, &["ls-tree", "-r", "-z", "--name-only", &commit])?;
        let files = listed
            .split(|byte| *byte == 0)
            .filter(|path| !path.is_empty())
            .map(|path| String::from_utf8_lossy(path).into_owned())
            .collect();
        Ok(Self { folder, commit, files })
    }

    /// The full id of the commit.
    pub fn commit(&self) -> &str {
        &self.commit
    }
}

fn git(folder: &std::path::Path, args: &[&str]) -> io::Result<Vec<u8>> {
    let output = Command::new("git").arg("-C").arg(folder).args(args).output()?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

/// A path without `.` and `..`; `None` where it leads above the root.
fn clean(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

impl Tree for GitTree {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = clean(path).filter(|path| self.files.contains(path)).ok_or(io::ErrorKind::NotFound)?;
        git(&self.folder, &["show", &format!("{}:./{path}", self.commit)])
    }

    fn sources(&self, folder: &str) -> Listing {
        let prefix = match clean(folder).as_deref() {
            None => return Listing::default(),
            Some("") => String::new(),
            Some(folder) => format!("{folder}/"),
        };
        let nested: Vec<&str> = self
            .files
            .iter()
            .filter_map(|path| path.strip_prefix(&prefix)?.strip_suffix(MANIFEST)?.strip_suffix('/'))
            .collect();
        let files = self
            .files
            .iter()
            .filter_map(|path| path.strip_prefix(&prefix))
            .filter(|path| path.ends_with(".ord"))
            .filter(|path| !nested.iter().any(|folder| path.starts_with(&format!("{folder}/"))))
            .map(str::to_owned)
            .collect();
        Listing { files, errors: Vec::new() }
    }

    fn is_inside(&self, _folder: &str, _path: &str) -> bool {
        // A revision is read by name; git never follows a link.
        true
    }

    fn identity(&self, folder: &str) -> String {
        clean(folder).unwrap_or_else(|| folder.to_owned())
    }
}
