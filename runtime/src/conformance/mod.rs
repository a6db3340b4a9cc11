//! Conformance: whether an adapter keeps to the protocol, found out by talking to it.

mod calls;
mod checks;
mod described;
mod session;
mod wire;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// What is tested.
#[derive(Clone, Debug)]
pub enum Target {
    /// A program and its arguments; one with a `/` is looked up in [`ConformanceOptions::directory`].
    Program(Vec<String>),
    /// A service.
    Url(String),
}

/// How to test an adapter.
#[derive(Clone, Debug)]
pub struct ConformanceOptions {
    /// Where a program runs. What its examples do is done there.
    pub directory: PathBuf,
    /// How long one answer may take.
    pub patience: Duration,
}

/// What came of testing an adapter.
#[derive(Clone, Debug, Serialize)]
pub struct Conformance {
    /// What it calls itself, where it says so.
    pub name: Option<String>,
    /// Its version, where it says so.
    pub version: Option<String>,
    /// The checks, in the order they were made.
    pub checks: Vec<CheckReport>,
    /// What was said, line by line.
    #[serde(skip)]
    pub transcript: Vec<Exchange>,
}

impl Conformance {
    /// Whether no check failed.
    pub fn is_passed(&self) -> bool {
        !self.checks.iter().any(|check| matches!(check.verdict, Verdict::Failed { .. }))
    }
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// Its stable name.
    pub check: &'static str,
    /// The capability it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
    /// What is checked, in words.
    pub what: &'static str,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The adapter does as it should.
    Passed,
    /// It does not.
    Failed {
        /// What it does instead.
        why: String,
    },
    /// There was no way to see.
    Skipped {
        /// Why not.
        why: String,
    },
}

/// A line of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Who said it.
    pub said: Said,
    /// The line, without its end.
    pub line: Vec<u8>,
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The one who tests, in place of the interpreter.
    ByInterpreter,
    /// The adapter.
    ByAdapter,
}

/// What was said so far.
#[derive(Default)]
struct Transcript(Mutex<Vec<Exchange>>);

impl Transcript {
    fn keep(&self, said: Said, line: &[u8]) {
        // What is behind it is whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Exchange { said, line: line.to_owned() });
    }
}

/// Talks to an adapter and says how it does. Applies the examples that the adapter gives for its capabilities, and undoes
/// them where they say how.
pub fn conformance(target: &Target, options: &ConformanceOptions) -> Conformance {
    let transcript = Transcript::default();
    let mut run = Run { target, options, transcript: &transcript, checks: Vec::new() };
    let described = checks::introduction(&mut run);
    if let Some(described) = &described {
        checks::messages(&mut run);
        calls::all(&mut run, described);
        checks::end(&mut run);
    }
    let checks = run.checks;
    let (name, version) = described.map(|described| (described.name, described.version)).unzip();
    let transcript = transcript.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    Conformance { name: name.flatten(), version, checks, transcript }
}

/// A test under way.
struct Run<'a> {
    target: &'a Target,
    options: &'a ConformanceOptions,
    transcript: &'a Transcript,
    checks: Vec<CheckReport>,
}

/// What a check comes to where it does not fail.
enum Fine<T> {
    Passed(T),
    Skipped(String),
}

impl<'a> Run<'a> {
    /// Makes a check. Gives what it found out, where it passed.
    fn check<T>(
        &mut self,
        check: &'static str,
        capability: Option<&str>,
        what: &'static str,
        body: impl FnOnce(&Self) -> Result<Fine<T>, session::Fault>,
    ) -> Option<T> {
        let since = Instant::now();
        let (verdict, found) = match body(self) {
            Ok(Fine::Passed(found)) => (Verdict::Passed, Some(found)),
            Ok(Fine::Skipped(why)) => (Verdict::Skipped { why }, None),
            Err(why) => (Verdict::Failed { why }, None),
        };
        let duration_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let capability = capability.map(str::to_owned);
        self.checks.push(CheckReport { check, capability, what, verdict, duration_ms });
        found
    }

    /// As [`Run::check`], for one that is about what is said in a conversation of its own, after which the adapter is well.
    fn talk(
        &mut self,
        check: &'static str,
        what: &'static str,
        body: impl FnOnce(&mut session::Session<'a>) -> Result<(), session::Fault>,
    ) {
        self.check(check, None, what, |run| {
            let mut session = run.session()?;
            body(&mut session)?;
            session.is_settled()?;
            Ok(Fine::Passed(()))
        });
    }

    /// A conversation in which nothing was said yet.
    fn silence(&self) -> Result<session::Session<'a>, session::Fault> {
        session::Session::open(self.target, &self.options.directory, self.options.patience, self.transcript)
    }

    /// A conversation in which both have introduced themselves.
    fn session(&self) -> Result<session::Session<'a>, session::Fault> {
        self.silence()?.introduced()
    }
}
