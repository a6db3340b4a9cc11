//! A working tree, and Git at work in it: without the user's configuration, without hooks, and without questions.

use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::super::tool::{self, Job, Manner, Ran};
use super::super::{StepContext, StepError};
use super::{Login, Person, refuse};
use crate::reason::Reason;

/// The most that Git may print, in bytes.
const MAX_SAID: u64 = 16 << 20;

/// What holds whatever the configuration of a repository says: nothing of it may run programs.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.sshCommand=ssh -oBatchMode=yes",
    "core.askPass=",
    "core.editor=false",
    "core.attributesFile=/dev/null",
    "credential.helper=",
    "http.followRedirects=false",
    "protocol.allow=never",
    "protocol.file.allow=always",
    "protocol.http.allow=always",
    "protocol.https.allow=always",
    "protocol.ssh.allow=always",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "push.gpgSign=false",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
    "uploadpack.packObjectsHook=",
];

/// A working tree with its repository.
pub(super) struct Repository {
    /// The folder of the working tree.
    pub(super) folder: PathBuf,
}

/// What a call of Git needs besides its arguments.
#[derive(Default)]
pub(super) struct Besides<'a> {
    pub(super) person: Option<&'a Person>,
    pub(super) login: Option<(&'a str, &'a Login)>,
}

impl Repository {
    /// The one whose working tree is a folder of the workspace.
    pub(super) fn open(step: &StepContext<'_>, path: &str) -> Result<Self, StepError> {
        let folder = step.workspace().directory(path)?;
        let repository = Self { folder };
        if !repository.exists() {
            return refuse(format!("`{path}` is not the folder of a working tree: it has no folder `.git`"));
        }
        Ok(repository)
    }

    /// Whether there is one. A `.git` that is a link, or a file that names another place, leads elsewhere.
    pub(super) fn exists(&self) -> bool {
        self.inner().symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
    }

    /// Whether a `.git` is there that leads elsewhere.
    pub(super) fn leads_elsewhere(&self) -> bool {
        self.inner().symlink_metadata().is_ok_and(|metadata| !metadata.is_dir())
    }

    fn inner(&self) -> PathBuf {
        self.folder.join(".git")
    }

    /// Ends what an earlier try has left at work, and clears the lock that one which was killed leaves.
    pub(super) fn settle(&self, step: &StepContext<'_>) -> Result<(), StepError> {
        tool::settle(step, Manner::Swift)?;
        if step.is_in_doubt() || step.attempt() > 1 {
            for lock in ["index.lock", "HEAD.lock", "config.lock", "shallow.lock"] {
                // One that is not there need not be removed; Git complains about one that stays.
                let _ = std::fs::remove_file(self.inner().join(lock));
            }
        }
        Ok(())
    }

    /// Runs Git to its end.
    pub(super) fn run(
        &self,
        step: &StepContext<'_>,
        arguments: &[&str],
        besides: &Besides<'_>,
    ) -> Result<Ran, StepError> {
        let mut command = tool::tool(step, "git", &self.folder);
        command
            .env("GIT_DIR", self.inner())
            .env("GIT_WORK_TREE", &self.folder)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("LC_ALL", "C");
        if let Some(person) = besides.person {
            for role in ["AUTHOR", "COMMITTER"] {
                command.env(format!("GIT_{role}_NAME"), &person.name).env(format!("GIT_{role}_EMAIL"), &person.email);
            }
        }
        if let Some((url, login)) = besides.login {
            // In the environment and not among the arguments, which everybody on the machine can read.
            let token = step.secret(&login.token)?;
            let pair = zeroize::Zeroizing::new(format!("{}:{}", login.user, token.expose()));
            let header = zeroize::Zeroizing::new(format!("Authorization: Basic {}", BASE64_STANDARD.encode(&*pair)));
            command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", format!("http.{url}.extraHeader"));
            command.env("GIT_CONFIG_VALUE_0", header.as_str());
        }
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.args(arguments);
        tool::run(
            step,
            Job {
                name: "git",
                command,
                log: None,
                limit: MAX_SAID,
                manner: Manner::Swift,
                tell: &|line| Some(line.to_owned()),
            },
        )
    }

    /// What Git prints, where it ends well.
    pub(super) fn ask(&self, step: &StepContext<'_>, arguments: &[&str]) -> Result<String, StepError> {
        self.with(step, arguments, &Besides::default())
    }

    /// As [`Self::ask`], with more.
    pub(super) fn with(
        &self,
        step: &StepContext<'_>,
        arguments: &[&str],
        besides: &Besides<'_>,
    ) -> Result<String, StepError> {
        let ran = self.run(step, arguments, besides)?;
        Ok(ran.succeeded(&format!("git {}", arguments.first().unwrap_or(&"")))?.line())
    }

    /// Whether something holds: Git ends with 0, or with 1.
    pub(super) fn holds(&self, step: &StepContext<'_>, arguments: &[&str]) -> Result<bool, StepError> {
        let ran = self.run(step, arguments, &Besides::default())?;
        match ran.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(ran.failed(&format!("git {}", arguments.first().unwrap_or(&"")))),
        }
    }

    /// The commit of a revision, where there is one.
    pub(super) fn commit(&self, step: &StepContext<'_>, revision: &str) -> Result<Option<String>, StepError> {
        let wanted = format!("{revision}^{{commit}}");
        let ran =
            self.run(step, &["rev-parse", "--quiet", "--verify", "--end-of-options", &wanted], &Besides::default())?;
        match ran.status.code() {
            Some(0) => Ok(Some(ran.line())),
            Some(1 | 128) => Ok(None),
            _ => Err(ran.failed("git rev-parse")),
        }
    }

    /// The commit of a revision.
    pub(super) fn known(&self, step: &StepContext<'_>, revision: &str) -> Result<String, StepError> {
        match self.commit(step, revision)? {
            Some(commit) => Ok(commit),
            None => refuse(format!("the repository has no revision `{revision}`")),
        }
    }

    /// What a step keeps between its tries, in the folder of the repository: what was noted first.
    pub(super) fn note(&self, step: &StepContext<'_>, text: &str) -> Result<String, StepError> {
        let name = format!("ordain-{}", step.key().get(..16).unwrap_or_default());
        note(&self.inner(), &name, text).map_err(|error| {
            StepError::new(Reason::FileFailed, format!("what was there before cannot be noted: {error}"))
        })
    }
}

/// Writes a note into a folder as a whole or not at all, unless there is one; gives what it says.
fn note(folder: &Path, name: &str, text: &str) -> std::io::Result<String> {
    let path = folder.join(name);
    // An empty one was begun by a process that ended then.
    if let Ok(noted) = std::fs::read_to_string(&path)
        && !noted.is_empty()
    {
        return Ok(noted);
    }
    let temporary = folder.join(format!("{name}.tmp"));
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, &path)?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(text.to_owned())
}

/// Whether a folder is empty but for a repository.
pub(super) fn is_empty(folder: &Path) -> std::io::Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        if entry?.file_name().as_bytes() != b".git" {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::note;

    #[test]
    fn the_first_note_counts_and_half_of_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        // A process ended while it wrote, by whichever way it went about it.
        std::fs::write(folder.path().join("step"), "").unwrap();
        std::fs::write(folder.path().join("step.tmp"), "fir").unwrap();
        for text in ["first", "second"] {
            assert_eq!(note(folder.path(), "step", text).unwrap(), "first");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
