//! The `ordain` command: arguments in, presentation out. All work is done by the crates below.

mod args;
mod commands;
mod output;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;
use ordain_graph::PlanError;
use ordain_runtime::{DecideError, ExecuteError, JournalError, Refusal};

/// The exit code for findings: something is wrong with what was looked at.
const FINDINGS: u8 = 1;

/// The exit code for usage and I/O: the command could not do what it was asked.
const FAILURE: u8 = 2;

/// The exit code where an execution goes on only once people have agreed to it.
const WAITING: u8 = 3;

/// How a command ended.
pub(crate) enum Outcome {
    /// As asked, nothing found.
    Fine,
    /// As asked, with findings.
    Findings,
    /// As asked, and people have to agree before the rest.
    Waiting,
}

/// Why a command could not do what it was asked.
pub(crate) struct Failure(pub(crate) String);

impl<E: std::fmt::Display + 'static> From<E> for Failure {
    /// What has a stable code shows it.
    fn from(error: E) -> Self {
        Self(match code(&error) {
            Some(code) => format!("{error} [{code}]"),
            None => error.to_string(),
        })
    }
}

fn code(error: &dyn std::any::Any) -> Option<&'static str> {
    let journal = error.downcast_ref().map(JournalError::code);
    let execute = || error.downcast_ref().map(ExecuteError::code);
    let decide = || match error.downcast_ref() {
        Some(DecideError::Journal(error)) => Some(error.code()),
        _ => None,
    };
    let plan = || error.downcast_ref::<PlanError>().map(|error| Refusal::from(error).code());
    journal.or_else(execute).or_else(decide).or_else(plan)
}

/// Stack for the threads that compile: deep but legal sources go deep in queries, too.
const STACK_BYTES: usize = 512 << 20;

fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    let threads = arguments.threads.unwrap_or(0);
    // Virtual memory only; pages are taken as they are touched.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK_BYTES).build_global();
    if let Err(error) = pool {
        return fail(&Failure::from(error));
    }
    let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || commands::run(arguments));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(Outcome::Fine))) => ExitCode::SUCCESS,
        Ok(Ok(Ok(Outcome::Findings))) => ExitCode::from(FINDINGS),
        Ok(Ok(Ok(Outcome::Waiting))) => ExitCode::from(WAITING),
        Ok(Ok(Err(failure))) => fail(&failure),
        Ok(Err(_)) => fail(&Failure("internal error; the message above says where".into())),
        Err(error) => fail(&Failure::from(error)),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    anstream::eprintln!("ordain: {}", failure.0);
    ExitCode::from(FAILURE)
}
