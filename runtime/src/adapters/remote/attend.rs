//! Waiting for an answer: as long as allowed, and with an eye on the cancellation.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::link::{Link, Said};
use crate::adapters::StepError;
use crate::cancel::Cancellation;
use crate::event::Stream;
use crate::reason::Reason;

/// How often to look whether the execution was cancelled.
const TICK: Duration = Duration::from_millis(50);

/// How long to wait, and who is told what.
pub(super) struct Patience<'a> {
    /// What tells the step from all others, where it is about one.
    pub(super) key: Option<&'a str>,
    /// When the answer has to be there.
    pub(super) deadline: Option<Instant>,
    /// How long nothing may come.
    pub(super) silence: Duration,
    /// How long it may take to give up.
    pub(super) grace: Duration,
    /// Asks to give up.
    pub(super) cancel: Option<&'a Cancellation>,
    /// Is told lines of the log.
    pub(super) log: &'a dyn Fn(Stream, &str),
    /// Is told how far it is.
    pub(super) progress: &'a dyn Fn(Option<u8>, &str),
}

/// Why an answer is waited for no longer.
#[derive(Clone, Copy, PartialEq)]
enum Because {
    Cancelled,
    Late,
    Silent,
}

impl Because {
    fn error(self) -> StepError {
        match self {
            Self::Cancelled => StepError::new(Reason::Cancelled, "given up because the execution was cancelled"),
            Self::Late => StepError::new(Reason::Timeout, "given up because it took too long"),
            Self::Silent => StepError::new(Reason::Timeout, "given up because the adapter said nothing for too long"),
        }
    }
}

/// Waits for the answer to a request. Always comes back: at the latest with the time of grace after the deadline, or after
/// too long a silence.
pub(super) fn attend(
    link: &dyn Link,
    (id, said): (u64, &Receiver<Said>),
    patience: &Patience<'_>,
) -> Result<Json, StepError> {
    let mut heard_at = Instant::now();
    let mut because: Option<(Because, Instant)> = None;
    loop {
        let now = Instant::now();
        if because.is_none() {
            let cancelled = patience.cancel.is_some_and(Cancellation::is_cancelled);
            let late = patience.deadline.is_some_and(|deadline| now >= deadline);
            let silent = patience.deadline.is_none() && now >= heard_at + patience.silence;
            let why = [(cancelled, Because::Cancelled), (late, Because::Late), (silent, Because::Silent)];
            if let Some((_, why)) = why.into_iter().find(|(is, _)| *is) {
                if let Some(key) = patience.key {
                    link.cancel(id, key);
                }
                because = Some((why, now + patience.grace));
            }
        }
        if let Some((why, until)) = because
            && (now >= until || patience.cancel.is_some_and(Cancellation::is_forced))
        {
            link.abandon(id);
            return Err(why.error());
        }
        let until = match (because, patience.deadline) {
            (Some((_, until)), _) => until,
            (None, Some(deadline)) => deadline,
            (None, None) => heard_at + patience.silence,
        };
        let wait = until.saturating_duration_since(now);
        let wait = if patience.cancel.is_some() { wait.min(TICK) } else { wait };
        match said.recv_timeout(wait) {
            Ok(Said::Line(stream, line)) => (patience.log)(stream, &line),
            Ok(Said::Progress(percent, message)) => (patience.progress)(percent, &message),
            Ok(Said::Answer(result)) => {
                return match (result, because) {
                    // It was quicker than the cancellation, and what is done is done.
                    (Ok(result), None | Some((Because::Cancelled, _))) => Ok(result),
                    (_, Some((why, _))) => Err(why.error()),
                    (Err(failure), None) => Err(failure.into()),
                };
            }
            Ok(Said::Broken(error)) => return Err(because.map_or(error, |(why, _)| why.error())),
            Err(RecvTimeoutError::Timeout) => continue,
            // INVARIANT: whoever holds the other end says something last; this is here so that a fault hangs nothing.
            Err(RecvTimeoutError::Disconnected) => {
                return Err(StepError::new(Reason::AdapterCrashed, "the adapter was lost"));
            }
        }
        heard_at = Instant::now();
    }
}
