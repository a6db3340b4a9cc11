//! Adapters that are programs or services of their own, reached by the protocol of `docs/reference/adapters.md`.

mod attend;
pub(crate) mod description;
pub(crate) mod http;
mod limits;
mod link;
pub(crate) mod program;
pub(crate) mod protocol;
pub(crate) mod shape;
mod slots;
mod stdio;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::command::{Process, signal};
use super::{Adapter, Description, Observed, StepContext, StepError};
use crate::reason::Reason;
use attend::{Patience, attend};
pub use limits::AdapterLimits;
use link::{Link, Request};
use slots::Slots;

/// How an adapter is reached.
#[derive(Clone, Debug)]
pub(super) enum Reached {
    /// A program and its arguments, and the directory it runs in.
    Program(Vec<String>, PathBuf),
    /// A URL.
    Url(String),
}

/// What all adapters of an execution have in common.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// The execution's id.
    pub(super) execution: SmolStr,
    /// Whether an interpreter that ended may have left programs behind.
    pub(super) resumed: bool,
    /// How much they may take.
    pub(super) limits: AdapterLimits,
    /// How long they may take to give up.
    pub(super) grace: Duration,
}

/// An adapter that is a program or a service of its own. It is reached when it is first needed, and again when it was lost.
pub(super) struct Remote {
    name: SmolStr,
    reached: Reached,
    terms: Terms,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    live: Option<Arc<Live>>,
    /// What it said it is, at first.
    description: Option<Description>,
}

/// An adapter that was reached.
struct Live {
    link: Box<dyn Link>,
    slots: Arc<Slots>,
}

impl Remote {
    pub(super) fn new(name: SmolStr, reached: Reached, terms: Terms) -> Self {
        Self { name, reached, terms, state: Mutex::default() }
    }

    /// Asks it to end.
    pub(super) fn close(&self) {
        if let Some(live) = &self.state().live {
            live.link.close();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is behind it is whole at any time.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The adapter, which is reached where it is not yet, or no longer.
    fn live(&self) -> Result<(Arc<Live>, Description), StepError> {
        let mut state = self.state();
        if let (Some(live), Some(description)) = (&state.live, &state.description)
            && live.link.is_alive()
        {
            return Ok((live.clone(), description.clone()));
        }
        state.live = None;
        let link = self.reach(state.description.is_none())?;
        let ask = |method: &'static str, params: &Json| {
            let within = self.terms.limits.start;
            let said = link.send(&Request { method, params, key: None, within: Some(within) })?;
            let patience = Patience {
                key: None,
                deadline: Some(Instant::now() + within),
                silence: within,
                grace: Duration::ZERO,
                cancel: None,
                log: &|_, _| {},
                progress: &|_, _| {},
            };
            attend(link.as_ref(), (said.0, &said.1), &patience)
        };
        let introduced = ask("initialize", &protocol::introduction(self.terms.limits.message))?;
        description::agreed(&introduced)?;
        let described = description::read(&ask("describe", &json!({}))?)?;
        let (description, concurrency) = (described.description, described.concurrency);
        if let Some(before) = &state.description
            && *before != description
        {
            let message = format!("`{}` is another than when the execution began", self.name);
            return Err(StepError::new(Reason::AdapterVersion, message));
        }
        let live = Arc::new(Live { link, slots: Arc::new(Slots::new(concurrency)) });
        state.description = Some(description.clone());
        state.live = Some(live.clone());
        Ok((live, description))
    }

    fn reach(&self, first: bool) -> Result<Box<dyn Link>, StepError> {
        let limits = &self.terms.limits;
        match &self.reached {
            Reached::Url(url) => Ok(Box::new(http::Http::new(url, *limits))),
            Reached::Program(argv, directory) => {
                let mark = format!("{}/{}", self.terms.execution, self.name);
                if first && self.terms.resumed {
                    end_what_was_left(&mark);
                }
                let start = program::Start {
                    argv,
                    directory,
                    execution: &mark,
                    longest: limits.message,
                    grace: self.terms.grace,
                };
                Ok(Box::new(stdio::Stdio::start(&start, limits)?))
            }
        }
    }

    fn call(&self, method: &'static str, step: &StepContext<'_>) -> Result<Json, StepError> {
        let since = Instant::now();
        let mut live = self.live()?.0;
        let _slot = loop {
            let Some(slot) = Slots::take(&live.slots, step.cancellation()) else {
                return Err(StepError::new(Reason::Cancelled, "given up because the execution was cancelled"));
            };
            // Whoever had the place before may have been the end of the program.
            if live.link.is_alive() {
                break slot;
            }
            live = self.live()?.0;
        };
        // The time in which others were served is none of its own.
        let deadline = step.deadline().map(|deadline| deadline + since.elapsed());
        let within = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let params = shape::params(step, within)?;
        if let (Reached::Url(url), false) = (&self.reached, params["secrets"].as_array().is_none_or(Vec::is_empty)) {
            shape::may_see_secrets(url)?;
        }
        let within = within.map(|within| within + self.terms.grace);
        let request = Request { method, params: &params, key: Some(step.key()), within };
        let (id, said) = live.link.send(&request)?;
        let patience = Patience {
            key: Some(step.key()),
            deadline,
            silence: self.terms.limits.silence,
            grace: self.terms.grace,
            cancel: Some(step.cancellation()),
            log: &|stream, line| step.log(stream, line),
            progress: &|percent, message| step.progress(percent, message),
        };
        attend(live.link.as_ref(), (id, &said), &patience)
    }
}

impl Adapter for Remote {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(self.live()?.1)
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        let method = if step.undoes().is_some() { "undo" } else { "apply" };
        shape::outputs(step.contract(), self.call(method, step)?)
    }

    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        shape::observed(step.contract(), self.call("observe", step)?)
    }
}

/// An interpreter that was killed could not end its adapters, and what they still do would get in the way.
fn end_what_was_left(mark: &str) {
    /// How long the system may take to end them.
    const PATIENCE: Duration = Duration::from_secs(5);
    let variable = format!("{}={mark}", program::EXECUTION);
    let until = Instant::now() + PATIENCE;
    while let Some(group) = Process::with(&variable).as_ref().and_then(Process::group)
        && Instant::now() < until
    {
        signal(group, rustix::process::Signal::KILL);
        std::thread::sleep(Duration::from_millis(5));
    }
}
