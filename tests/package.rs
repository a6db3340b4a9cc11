//! Packages in folders of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

use crate::ordain::{Ordain, Run, ordain};

/// A package in a temporary folder.
pub struct Package {
    folder: TempDir,
}

impl Package {
    /// A package with a manifest and nothing else.
    pub fn empty() -> Self {
        let package = Self { folder: TempDir::new().unwrap() };
        package.write("ordain.toml", "[package]\nname = \"test\"\nversion = \"0.1.0\"\n");
        package
    }

    /// A package with one source, `main.ord`.
    pub fn of(source: impl AsRef<[u8]>) -> Self {
        let package = Self::empty();
        package.write("main.ord", source);
        package
    }

    /// A copy of an example.
    pub fn example(name: &str) -> Self {
        let package = Self { folder: TempDir::new().unwrap() };
        copy(&example(name), package.path());
        package
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.file(path)).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap()
    }

    /// Runs git in it; tells whether there is one.
    pub fn git(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new("git");
        command.current_dir(self.path()).args(["-c", "user.name=Ana", "-c", "user.email=ana@example.com"]);
        command.args(["-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]).args(arguments);
        match command.output() {
            Ok(output) => {
                assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
                true
            }
            Err(_) => false,
        }
    }

    /// Commits all of it.
    pub fn commit(&self) {
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", "a revision"]);
    }

    pub fn ordain(&self) -> Ordain {
        ordain(self.path())
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.ordain().run(arguments)
    }

    /// The codes of what `check` finds, sorted, each once.
    pub fn codes(&self) -> Vec<String> {
        let run = self.run(&["check", "--json"]);
        let json = run.json();
        let findings = json["findings"].as_array().unwrap_or_else(|| panic!("no list of findings: {run}"));
        let mut codes: Vec<String> =
            findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
        let failed = findings.iter().any(|finding| finding["severity"] == "error");
        assert_eq!(run.code, Some(i32::from(failed)), "{run}");
        codes.sort();
        codes.dedup();
        // For people it must work, too: the renderer sees what the JSON does not.
        self.run(&["check"]).exits(i32::from(failed));
        codes
    }
}

/// Two pipes by which a program that a package runs says that it has begun, and waits until it may go on: `begun` and `go`.
pub struct Pipes {
    folder: PathBuf,
    begun: Receiver<String>,
}

impl Pipes {
    pub fn of(package: &Package) -> Self {
        for pipe in ["begun", "go"] {
            assert!(Command::new("mkfifo").arg(package.file(pipe)).status().unwrap().success());
        }
        let (tell, begun) = channel();
        let pipe = package.file("begun");
        // Opening a pipe waits for the other side, for ever where there is none.
        std::thread::spawn(move || {
            let text = fs::read_to_string(pipe).unwrap();
            // The test may have given up.
            let _ = tell.send(text);
        });
        Self { folder: package.path().to_owned(), begun }
    }

    /// Waits until it has begun.
    pub fn wait(&self) {
        assert_eq!(self.begun.recv_timeout(Duration::from_secs(120)).expect("it never began"), "begun\n");
    }

    /// Lets it go on. One that has ended is not waited for.
    pub fn release(&self) {
        let pipe = self.folder.join("go");
        std::thread::spawn(move || fs::write(pipe, "go"));
    }
}

/// The folder of an example.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)
}

/// Copies a package, without what runs of it left.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == "run" || name == ".ordain" {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
