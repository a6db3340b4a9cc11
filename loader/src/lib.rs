//! Packages from disk or from a git revision into the compiler's inputs.
//!
//! The only place where the compiler's world meets a file system. What cannot be read becomes a finding, never a crash
//! or a silence.

mod git;
mod package;
mod programs;
mod tree;
mod workspace;

pub use git::{ChangedFile, FileStatus, GitTree, changed_files};
pub use tree::{DiskTree, Listing, Tree};
pub use workspace::{LOCK, LoadError, LockFile, MANIFEST, Workspace, find_root};
