//! The workspace: the one directory that relative paths of adapters resolve in, and cannot leave.
//!
//! Paths are resolved by `cap-std` relative to an open directory, so that neither `..` nor a symbolic link leads out, not
//! even one that is put there in between.

use std::io::{self, Read, Write as _};
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions, Permissions, PermissionsExt as _};
use sha2::{Digest as _, Sha256};

use crate::adapters::StepError;
use crate::reason::Reason;

/// An open workspace.
pub(crate) struct Workspace {
    root: PathBuf,
    dir: Dir,
    /// Files of the interpreter that lie in the workspace, relative to it.
    reserved: Vec<PathBuf>,
}

/// A path that does not lead out by its own text.
#[derive(Debug)]
pub(crate) struct Inside(PathBuf);

impl Inside {
    pub(crate) fn text(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

/// What a name in the workspace stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, a device …
    Other,
}

/// What was written.
pub(crate) struct Written {
    pub(crate) digest: String,
    pub(crate) bytes: u64,
}

impl Workspace {
    pub(crate) fn open(root: &Path, journal: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        let dir = Dir::open_ambient_dir(&root, ambient_authority())?;
        let parent = journal.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut reserved = Vec::new();
        // A journal whose directory does not exist yet is opened, and refused or made, before any step runs.
        if let (Ok(parent), Some(name)) = (parent.canonicalize(), journal.file_name())
            && let Ok(inside) = parent.strip_prefix(&root)
        {
            for suffix in ["", "-wal", "-shm", ".lock"] {
                let mut name = name.to_owned();
                name.push(suffix);
                reserved.push(inside.join(name));
            }
        }
        Ok(Self { root, dir, reserved })
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path from an input.
    pub(crate) fn path(&self, text: &str) -> Result<Inside, StepError> {
        let refuse = |why: &str| Err(StepError::new(Reason::PathRefused, format!("the path `{text}` {why}")));
        if text.is_empty() || text.contains('\0') {
            return refuse("is empty or holds a NUL character");
        }
        let mut inside = PathBuf::new();
        for component in Path::new(text).components() {
            match component {
                Component::Normal(name) => inside.push(name),
                Component::CurDir => {}
                Component::ParentDir => return refuse("holds `..`"),
                Component::RootDir | Component::Prefix(_) => return refuse("is absolute"),
            }
        }
        if inside.as_os_str().is_empty() {
            inside.push(".");
        }
        Ok(Inside(inside))
    }

    /// A directory that a program is to run in, as an absolute path.
    pub(crate) fn directory(&self, text: &str) -> Result<PathBuf, StepError> {
        let path = self.path(text)?;
        let found = self.dir.canonicalize(&path.0).map_err(|error| failed(&path, &error))?;
        let directory = self.root.join(found);
        if !directory.is_dir() {
            return Err(StepError::new(Reason::FileFailed, format!("`{}` is not a directory", path.text())));
        }
        Ok(directory)
    }

    /// Where a program is to read or write a file, as an absolute path; the directories above it are made. What is there
    /// already must be a regular file.
    pub(crate) fn target(&self, path: &Inside) -> Result<PathBuf, StepError> {
        let (_, name) = self.place(path, true)?;
        let parent = path.0.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let found = self.dir.canonicalize(parent).map_err(|error| failed(path, &error))?;
        match self.kind(path)? {
            None | Some((Kind::File, _)) => Ok(self.root.join(found).join(name)),
            Some(_) => Err(StepError::new(Reason::FileFailed, format!("`{}` is there, and not a file", path.text()))),
        }
    }

    pub(crate) fn exists(&self, path: &Inside) -> Result<bool, StepError> {
        self.dir.try_exists(&path.0).map_err(|error| failed(path, &error))
    }

    /// What of that name is there, and its permission bits. A symbolic link is itself, wherever it leads.
    pub(crate) fn kind(&self, path: &Inside) -> Result<Option<(Kind, u32)>, StepError> {
        match self.dir.symlink_metadata(&path.0) {
            Ok(metadata) => {
                let kind = match metadata.file_type() {
                    kind if kind.is_file() => Kind::File,
                    kind if kind.is_dir() => Kind::Directory,
                    _ => Kind::Other,
                };
                Ok(Some((kind, metadata.permissions().mode() & 0o7777)))
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(failed(path, &error)),
        }
    }

    /// Opens a regular file. Others (devices, pipes) could block or never end.
    pub(crate) fn read(&self, path: &Inside) -> Result<(File, u32), StepError> {
        let metadata = self.dir.metadata(&path.0).map_err(|error| failed(path, &error))?;
        if !metadata.is_file() {
            return Err(StepError::new(Reason::FileFailed, format!("`{}` is not a file", path.text())));
        }
        let file = self.dir.open(&path.0).map_err(|error| failed(path, &error))?;
        Ok((file, metadata.permissions().mode() & 0o7777))
    }

    /// Opens a file to append to, with the directories above it.
    pub(crate) fn append(&self, path: &Inside) -> Result<File, StepError> {
        let (parent, name) = self.place(path, true)?;
        let mut options = OpenOptions::new();
        parent.open_with(name, options.create(true).append(true)).map_err(|error| failed(path, &error))
    }

    /// Writes a file as a whole: into another beside it, then onto its name, each on disk before the next.
    pub(crate) fn write(
        &self,
        path: &Inside,
        mode: Option<u32>,
        content: &mut dyn Read,
        tag: &str,
    ) -> Result<Written, StepError> {
        let (parent, name) = self.place(path, true)?;
        let temporary = format!(".ordain-{tag}.tmp");
        let result = write_then_rename(&parent, &temporary, &name, mode, content);
        if result.is_err() {
            // The error that led here says more than one of this.
            let _ = parent.remove_file(&temporary);
        }
        result.map_err(|error| failed(path, &error))
    }

    /// Removes a file; says whether there was one.
    pub(crate) fn remove(&self, path: &Inside) -> Result<bool, StepError> {
        let (parent, name) = match self.place(path, false) {
            Ok(place) => place,
            Err(Absent::Yes) => return Ok(false),
            Err(Absent::No(error)) => return Err(error),
        };
        match parent.remove_file(name) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(path, &error)),
        }
    }

    /// Makes a directory; says whether there was none.
    pub(crate) fn ensure_directory(&self, path: &Inside) -> Result<bool, StepError> {
        match self.dir.metadata(&path.0) {
            Ok(metadata) if metadata.is_dir() => Ok(false),
            Ok(_) => {
                let message = format!("`{}` is there, and not a directory", path.text());
                Err(StepError::new(Reason::FileFailed, message))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.dir.create_dir_all(&path.0).map_err(|error| failed(path, &error))?;
                Ok(true)
            }
            Err(error) => Err(failed(path, &error)),
        }
    }

    /// Removes a directory; says whether it was removed. One that is not empty stays unless `recursive` is set.
    pub(crate) fn remove_directory(&self, path: &Inside, recursive: bool) -> Result<bool, StepError> {
        let (parent, name) = match self.place(path, false) {
            Ok(place) => place,
            Err(Absent::Yes) => return Ok(false),
            Err(Absent::No(error)) => return Err(error),
        };
        let removed = if recursive { parent.remove_dir_all(name) } else { parent.remove_dir(name) };
        match removed {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
            Err(error) => Err(failed(path, &error)),
        }
    }
}

/// Why a place to change is not given.
enum Absent {
    /// The directory it would be in is not there.
    Yes,
    /// Another reason.
    No(StepError),
}

impl From<Absent> for StepError {
    fn from(absent: Absent) -> Self {
        match absent {
            Absent::Yes => Self::new(Reason::FileFailed, "the directory is not there"),
            Absent::No(error) => error,
        }
    }
}

impl Workspace {
    /// The directory of what is to be changed, and its name in there.
    fn place(&self, path: &Inside, make: bool) -> Result<(Dir, PathBuf), Absent> {
        let outside =
            |why: &str| Absent::No(StepError::new(Reason::PathRefused, format!("the path `{}` {why}", path.text())));
        let Some(name) = path.0.file_name() else { return Err(outside("is the workspace itself")) };
        let parent = match path.0.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let broken = |error: io::Error| {
            if !make && error.kind() == io::ErrorKind::NotFound {
                Absent::Yes
            } else {
                Absent::No(failed(path, &error))
            }
        };
        // Only what is not there is made: making what leads out would be refused with a less telling error.
        if make && matches!(self.dir.canonicalize(parent), Err(error) if error.kind() == io::ErrorKind::NotFound) {
            self.dir.create_dir_all(parent).map_err(broken)?;
        }
        let resolved: PathBuf = self
            .dir
            .canonicalize(parent)
            .map_err(broken)?
            .join(name)
            .components()
            .filter(|component| *component != Component::CurDir)
            .collect();
        if self.reserved.iter().any(|file| file.starts_with(&resolved)) {
            return Err(outside("belongs to the journal of this execution"));
        }
        Ok((self.dir.open_dir(parent).map_err(broken)?, name.into()))
    }
}

fn write_then_rename(
    parent: &Dir,
    temporary: &str,
    name: &Path,
    mode: Option<u32>,
    content: &mut dyn Read,
) -> io::Result<Written> {
    match parent.remove_file(temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // One that an interrupted try left behind.
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = parent.open_with(temporary, options.write(true).create_new(true))?;
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = content.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        file.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
    if let Some(mode) = mode {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    file.sync_all()?;
    drop(file);
    parent.rename(temporary, parent, name)?;
    parent.open(".")?.sync_all()?;
    Ok(Written { digest: digest_text(hash), bytes })
}

/// The SHA-256 of some bytes, as the language writes it.
pub(crate) fn digest(bytes: &[u8]) -> String {
    digest_text(Sha256::new_with_prefix(bytes))
}

/// A digest as the language writes it.
pub(crate) fn digest_text(hash: Sha256) -> String {
    use std::fmt::Write as _;
    hash.finalize().iter().fold(String::from("sha256:"), |mut text, byte| {
        // INVARIANT: writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An error of the operating system, or of `cap-std` where a path leads out (that one has no number).
fn failed(path: &Inside, error: &io::Error) -> StepError {
    if error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none() {
        let message = format!("the path `{}` leads out of the workspace", path.text());
        return StepError::new(Reason::PathRefused, message);
    }
    StepError::new(Reason::FileFailed, format!("`{}`: {error}", path.text()))
}
