//! One run of the command, and what came of it.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// What takes longer than this hangs. Generous: test machines are slow, and busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// The command.
const BINARY: &str = env!("CARGO_BIN_EXE_ordain");

/// A run in the making.
pub struct Ordain {
    command: Command,
}

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
    shown: String,
}

/// `ordain` in a folder, with a plain environment.
pub fn ordain(folder: impl AsRef<Path>) -> Ordain {
    plain(Command::new(BINARY), folder)
}

/// A line for the shell in a folder, which finds `ordain` by its name.
pub fn shell(folder: impl AsRef<Path>, line: &str) -> Ordain {
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    let Ordain { mut command } = plain(command, folder);
    let others = std::env::var_os("PATH").unwrap_or_default();
    let folders = Path::new(BINARY).parent().map(Path::to_owned).into_iter().chain(std::env::split_paths(&others));
    command.env("PATH", std::env::join_paths(folders).unwrap());
    Ordain { command }
}

fn plain(mut command: Command, folder: impl AsRef<Path>) -> Ordain {
    command.current_dir(folder).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for kept in ["PATH", "HOME", "TMPDIR", "RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command.env("COLUMNS", "100");
    Ordain { command }
}

impl Ordain {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts it, and leaves it to itself.
    pub fn spawned<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> std::process::Child {
        self.command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Starts it, and leaves what it says to whoever reads that.
    pub fn heard<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> std::process::Child {
        self.command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs it until a moment and ends it then, as the system ends a process (SIGKILL); what came of it where it had ended
    /// before.
    pub fn killed_after<S: AsRef<OsStr>>(
        mut self,
        moment: Duration,
        arguments: impl IntoIterator<Item = S>,
    ) -> Option<std::process::ExitStatus> {
        self.command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = self.command.spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let (done, ended) = channel();
        let waiting = std::thread::spawn(move || {
            let status = child.wait().unwrap();
            // The other side waits no longer where it has killed.
            let _ = done.send(());
            status
        });
        let in_time = ended.recv_timeout(moment).is_ok();
        if !in_time {
            // One that ends at this very moment cannot be killed any more.
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
        }
        let status = waiting.join().unwrap();
        status.code().map(|_| status)
    }

    /// Runs it, and demands what holds of every run: it ends by itself, and does not panic.
    pub fn run<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> Run {
        self.watched(arguments, |_| ()).0
    }

    /// As [`Self::run`], and the most memory it ever held until it printed, in bytes. What it prints must be more than a
    /// pipe holds, so that it still waits while the system is asked.
    #[cfg(target_os = "linux")]
    pub fn measured<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> (Run, u64) {
        self.watched(arguments, |pid| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
            peak.expect("it still runs").parse::<u64>().unwrap() << 10
        })
    }

    /// Runs it, and looks at the process once it prints something, or ends.
    fn watched<S: AsRef<OsStr>, T: Send + 'static>(
        mut self,
        arguments: impl IntoIterator<Item = S>,
        look: impl FnOnce(u32) -> T + Send + 'static,
    ) -> (Run, T) {
        self.command.args(arguments);
        let shown = format!("{:?}", self.command);
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        let (done, wait) = channel();
        let pid = child.id();
        let stdout = read(child.stdout.take().unwrap(), done.clone(), move || look(pid));
        let stderr = read(child.stderr.take().unwrap(), done, || ());
        for _ in 0..2 {
            if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                end(&mut child);
                panic!("{shown} hangs");
            }
        }
        let status = child.wait().unwrap();
        let (stdout, seen) = stdout.join().unwrap();
        let stderr = String::from_utf8(stderr.join().unwrap().0).unwrap();
        let run = Run { code: status.code(), stdout, stderr, shown };
        assert!(run.code.is_some(), "ended by a signal: {status}\n{run}");
        assert!(!run.stderr.contains("panicked") && !run.stderr.contains("internal error"), "{run}");
        (run, seen)
    }
}

/// Reads all there is, and looks at something once there is a first byte, or none.
fn read<T: Send + 'static>(
    mut from: impl Read + Send + 'static,
    done: std::sync::mpsc::Sender<()>,
    look: impl FnOnce() -> T + Send + 'static,
) -> std::thread::JoinHandle<(Vec<u8>, T)> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let first = from.by_ref().take(1).read_to_end(&mut bytes);
        let seen = look();
        let read = first.and_then(|_| from.read_to_end(&mut bytes));
        // The other side waits no longer where it has given up.
        let _ = done.send(());
        read.unwrap();
        (bytes, seen)
    })
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

impl Run {
    /// Demands an exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Demands a text in the standard error.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in:\n{self}");
        self
    }

    /// Demands that a text is nowhere in what it printed.
    #[track_caller]
    pub fn keeps_quiet_about(self, text: &str) -> Self {
        assert!(!self.stderr.contains(text) && !self.text().contains(text), "`{text}` in:\n{self}");
        self
    }

    /// The standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap_or_else(|_| panic!("not UTF-8: {self}"))
    }

    /// The standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let stdout = String::from_utf8_lossy(&self.stdout);
        write!(f, "$ {}\nexit {code}\n--- stdout\n{}\n--- stderr\n{}", self.shown, cut(&stdout), cut(&self.stderr))
    }
}

/// The beginning of a long text.
fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(4000).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
