//! `command.start`: start what stays.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::process::signal;
use super::program::{Program, not_started};
use super::stop::{self, Process};
use super::{Observed, SecretTag, StepContext, StepError};
use crate::reason::Reason;
use crate::workspace::Inside;

/// How often to look whether a program is ready.
const TICK: Duration = Duration::from_millis(10);

/// How long one try to connect may take.
const CONNECT: Duration = Duration::from_millis(200);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    argv: Vec<String>,
    directory: String,
    env: BTreeMap<String, String>,
    secrets: BTreeMap<String, SecretTag>,
    log: Option<String>,
    ready_port: Option<u16>,
    ready_file: Option<String>,
    /// Milliseconds.
    ready_within: u64,
}

pub(super) fn start(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Start = step.inputs()?;
    stop::supported()?;
    let ready = Ready {
        port: inputs.ready_port,
        file: inputs.ready_file.as_deref().map(|file| step.workspace().path(file)).transpose()?,
    };
    let until = Instant::now() + Duration::from_millis(inputs.ready_within);
    let until = step.deadline().map_or(until, |deadline| until.min(deadline));
    // An interpreter that ended may have started it, and had no time to write that down.
    if let Some(process) = step.is_in_doubt().then(|| Process::of_step(step.key())).flatten() {
        let ended = || !process.runs();
        let result = wait_until_ready(step, &ended, &ready, until);
        if let (Err(_), Some(group)) = (&result, process.group()) {
            end(step, group, &ended);
        }
        return result.map(|()| process.outputs());
    }
    if let Some(what) = ready.already(step)? {
        return Err(StepError::new(Reason::NotReady, format!("{what} before the program was started")));
    }
    let program =
        Program { argv: &inputs.argv, directory: &inputs.directory, env: &inputs.env, secrets: &inputs.secrets };
    let mut command = program.command(step)?;
    command.stdin(Stdio::null());
    match &inputs.log {
        None => command.stdout(Stdio::null()).stderr(Stdio::null()),
        Some(log) => {
            let log = step.workspace().append(&step.workspace().path(log)?)?.into_std();
            let copy = log.try_clone().map_err(|error| not_started(&inputs.argv, &error))?;
            command.stdout(log).stderr(copy)
        }
    };
    let mut child = command.spawn().map_err(|error| not_started(&inputs.argv, &error))?;
    drop(command);
    let group = Pid::from_child(&child);
    // Nobody waits for the child yet, so that its number stays its own whatever happens to it.
    let result = wait_until_ready(step, &|| has_ended(group), &ready, until).and_then(|()| {
        Process::find(group.as_raw_pid().into())
            .ok_or_else(|| StepError::new(Reason::NotReady, "the process is not to be found"))
    });
    match result {
        Ok(process) => {
            // Takes the process away when it ends, for as long as the interpreter runs; afterwards the system does.
            // Without the thread it would only stay in the list of processes until then.
            let _ = std::thread::Builder::new().name("reap".into()).spawn(move || child.wait());
            Ok(process.outputs())
        }
        Err(error) => {
            end(step, group, &|| has_ended(group));
            // The error at hand says more than one of this.
            let _ = child.wait();
            Err(error)
        }
    }
}

/// Whether the program that the step started runs still.
pub(super) fn observe(step: &StepContext<'_>) -> Result<Observed, StepError> {
    stop::supported()?;
    Ok(match Process::of_step(step.key()) {
        Some(process) => Observed::Present { inputs: json!({}), outputs: process.outputs() },
        None => Observed::Absent,
    })
}

/// Ends a program: asked first, then forced.
pub(super) fn end(step: &StepContext<'_>, group: Pid, ended: &dyn Fn() -> bool) {
    signal(group, Signal::TERM);
    let force_at = Instant::now() + step.grace();
    while Instant::now() < force_at && !ended() && !step.cancellation().is_forced() {
        std::thread::sleep(TICK);
    }
    signal(group, Signal::KILL);
}

/// When a program is ready.
struct Ready {
    port: Option<u16>,
    file: Option<Inside>,
}

impl Ready {
    /// What is as if the program were ready although it was not started: something else makes it so.
    fn already(&self, step: &StepContext<'_>) -> Result<Option<String>, StepError> {
        if let Some(port) = self.port.filter(|port| accepts(*port)) {
            return Ok(Some(format!("port {port} accepted connections")));
        }
        match &self.file {
            Some(file) if step.workspace().exists(file)? => Ok(Some(format!("the file `{}` existed", file.text()))),
            _ => Ok(None),
        }
    }

    fn is_met(&self, step: &StepContext<'_>) -> Result<bool, StepError> {
        let file = self.file.as_ref().map_or(Ok(true), |file| step.workspace().exists(file))?;
        Ok(file && self.port.is_none_or(accepts))
    }
}

fn accepts(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), CONNECT).is_ok()
}

/// Whether a child has ended, without taking it away.
fn has_ended(child: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    matches!(waitid(WaitId::Pid(child), options), Ok(Some(_)))
}

impl Process {
    fn outputs(&self) -> Json {
        json!({ "pid": self.pid, "started": self.started })
    }
}

fn wait_until_ready(
    step: &StepContext<'_>,
    ended: &dyn Fn() -> bool,
    ready: &Ready,
    until: Instant,
) -> Result<(), StepError> {
    loop {
        if ended() {
            return Err(StepError::new(Reason::NotReady, "the program ended before it was ready"));
        }
        if ready.is_met(step)? {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(StepError::new(Reason::NotReady, "the program was not ready in time"));
        }
        if step.cancellation().wait(TICK) {
            return Err(StepError::new(Reason::Cancelled, "ended because the execution was cancelled"));
        }
    }
}
