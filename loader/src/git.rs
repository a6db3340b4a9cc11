//! The files of a git revision, read through the `git` command.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::{Listing, MANIFEST, Tree};

/// The files of one revision of a repository. Paths are relative to the repository's top folder, so that packages
/// beside each other find each other.
#[derive(Debug)]
pub struct GitTree {
    commit: String,
    files: BTreeSet<String>,
    objects: Mutex<Objects>,
}

/// A `git cat-file` that answers as long as it is asked: one process for all files.
#[derive(Debug)]
struct Objects {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl GitTree {
    /// The files of the repository around `folder` as they were at `revision`, and the path of `folder` in it.
    ///
    /// # Errors
    /// There is no `git`, no repository at the folder, or no such revision.
    pub fn open(folder: &Path, revision: &str) -> io::Result<(Self, String)> {
        let commit = commit(folder, revision)?;
        let top = git(folder, &["rev-parse", "--show-toplevel"])?;
        let top = Path::new(String::from_utf8_lossy(&top).trim_end_matches('\n')).to_path_buf();
        let inside = git(folder, &["rev-parse", "--show-prefix"])?;
        let inside = String::from_utf8_lossy(&inside).trim_end_matches(['\n', '/']).to_owned();
        let listed = git(&top, &["ls-tree", "-r", "-z", &commit])?;
        let files =
            listed.split(|byte| *byte == 0).filter_map(|line| regular_file(&String::from_utf8_lossy(line))).collect();
        let mut child = Command::new("git")
            .arg("-C")
            .arg(&top)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("git cannot be talked to"));
        };
        let objects = Mutex::new(Objects { child, requests, answers: BufReader::new(answers) });
        Ok((Self { commit, files, objects }, inside))
    }

    /// The full id of the commit.
    pub fn commit(&self) -> &str {
        &self.commit
    }
}

impl Objects {
    /// The bytes of an object, by a name that holds no line break.
    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        writeln!(self.requests, "{name}")?;
        self.requests.flush()?;
        let mut header = String::new();
        self.answers.read_line(&mut header)?;
        let size: u64 = match header.trim_end().rsplit(' ').next().map(str::parse) {
            Some(Ok(size)) => size,
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        let mut bytes = Vec::new();
        // A line break follows the object.
        (&mut self.answers).take(size + 1).read_to_end(&mut bytes)?;
        bytes.pop();
        if bytes.len() as u64 == size { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It would end by itself when its input closes; waiting for that here could wait for an answer nobody reads.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path in a line of `ls-tree`, where it is a regular file: links and submodules are left out.
fn regular_file(line: &str) -> Option<String> {
    let (object, path) = line.split_once('\t')?;
    (object.starts_with("100") && !path.contains('\n')).then(|| path.to_owned())
}

/// The full id of the commit that a revision names. An error says what is missing: git, a repository, any commit, or
/// this one.
fn commit(folder: &Path, revision: &str) -> io::Result<String> {
    let missing = |message: String| io::Error::new(io::ErrorKind::NotFound, message);
    git(folder, &["rev-parse", "--git-dir"]).map_err(|error| {
        // Other reasons, such as a repository of somebody else's, git tells best itself.
        if error.to_string().contains("not a git repository") {
            missing(format!("there is no git revision `{revision}`: `{}` is in no git repository", folder.display()))
        } else {
            error
        }
    })?;
    let name = format!("{revision}^{{commit}}");
    if let Ok(commit) = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name]) {
        return Ok(String::from_utf8_lossy(&commit).trim().to_owned());
    }
    if git(folder, &["rev-list", "--all", "--max-count=1"])?.is_empty() {
        return Err(missing(format!("there is no git revision `{revision}`: the git repository has no commits yet")));
    }
    Err(missing(format!("no git revision `{revision}`")))
}

fn git(folder: &Path, args: &[&str]) -> io::Result<Vec<u8>> {
    let mut command = Command::new("git");
    // What git says is looked into above, so it is said in one language.
    command.arg("-C").arg(folder).args(args).env("LC_ALL", "C");
    // A hook of a linked work tree is told its repository, and stands at the top of the tree. With `-C` git would take
    // the folder for the top.
    if let (Some(repository), None) = (std::env::var_os("GIT_DIR"), std::env::var_os("GIT_WORK_TREE")) {
        let top = std::env::current_dir()?;
        command.env("GIT_DIR", top.join(repository)).env("GIT_WORK_TREE", top);
    }
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(error.kind(), "there is no `git` on the PATH"),
        _ => error,
    })?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

/// A file that differs between two states of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedFile {
    /// Its path from the top of the repository, `/` between parts.
    pub path: String,
    /// What happened to it.
    pub status: FileStatus,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileStatus {
    /// It was not there before.
    Added,
    /// It has another content or mode.
    Changed,
    /// It is no longer there.
    Removed,
}

impl FileStatus {
    /// Its name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// The files that differ between where `base` and the present work parted and the working folder: committed or not, new
/// ones included, as long as git does not ignore them. A renamed file is one removed and one added.
///
/// # Errors
/// There is no `git`, no repository at the folder, or no such revision.
pub fn changed_files(folder: &Path, base: &str) -> io::Result<Vec<ChangedFile>> {
    let base = commit(folder, base)?;
    // Histories without a common beginning are compared as they are.
    let parted = git(folder, &["merge-base", &base, "HEAD"])
        .map_or(base, |commit| String::from_utf8_lossy(&commit).trim().to_owned());
    let top = git(folder, &["rev-parse", "--show-toplevel"])?;
    let top = Path::new(String::from_utf8_lossy(&top).trim_end_matches('\n')).to_path_buf();
    let listed = git(&top, &["diff", "--name-status", "--no-renames", "-z", &parted])?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let mut parts = listed.split('\0');
    let mut changed = Vec::new();
    while let (Some(status), Some(path)) = (parts.next(), parts.next()) {
        let status = match status {
            "A" => FileStatus::Added,
            "D" => FileStatus::Removed,
            _ => FileStatus::Changed,
        };
        changed.push(ChangedFile { path: path.to_owned(), status });
    }
    let new = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let new = String::from_utf8_lossy(&new).into_owned();
    let new = new.split('\0').filter(|path| !path.is_empty());
    changed.extend(new.map(|path| ChangedFile { path: path.to_owned(), status: FileStatus::Added }));
    changed.sort();
    Ok(changed)
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
    fn read(&self, path: &str, most: usize) -> io::Result<Vec<u8>> {
        let path = clean(path).filter(|path| self.files.contains(path)).ok_or(io::ErrorKind::NotFound)?;
        let name = format!("{}:{path}", self.commit);
        let bytes = self.objects.lock().unwrap_or_else(PoisonError::into_inner).read(&name)?;
        if bytes.len() > most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, bytes.len().to_string()));
        }
        Ok(bytes)
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

    fn files(&self, folder: &str, below: &str) -> Vec<String> {
        let Some(folder) = clean(folder) else { return Vec::new() };
        let folder = if folder.is_empty() { folder } else { format!("{folder}/") };
        let below = if below.is_empty() { String::new() } else { format!("{below}/") };
        let files = self.files.iter().filter_map(|path| path.strip_prefix(&folder));
        files.filter(|path| path.starts_with(&below)).map(str::to_owned).collect()
    }

    fn is_inside(&self, _folder: &str, _path: &str) -> bool {
        // A revision is read by name; links are left out.
        true
    }

    fn identity(&self, folder: &str) -> String {
        clean(folder).unwrap_or_else(|| folder.to_owned())
    }
}
