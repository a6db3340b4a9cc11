//! What is to be done when nothing else is: the later, the more it costs.

use std::time::{Duration, Instant};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Loading every package anew.
    Reload,
    /// Reading the data that sources name.
    Data,
    /// Looking at every open file and its plans.
    Open,
    /// Looking at every file.
    Everything,
}

impl Due {
    /// How long nothing else may have happened before.
    fn patience(self) -> Duration {
        Duration::from_millis(match self {
            Self::Data => 20,
            Self::Open => 60,
            Self::Reload => 150,
            Self::Everything => 400,
        })
    }
}

/// What is due, and when.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    due: Vec<(Instant, Due)>,
}

impl Agenda {
    /// Puts something off until nothing else has happened for a while.
    pub(super) fn soon(&mut self, due: Due) {
        self.due.retain(|(_, known)| *known != due);
        self.due.push((Instant::now() + due.patience(), due));
    }

    /// Puts looks off: something has happened that would break them off.
    pub(super) fn later(&mut self) {
        let now = Instant::now();
        for (at, due) in self.due.iter_mut().filter(|(_, due)| matches!(due, Due::Open | Due::Everything)) {
            *at = now + due.patience();
        }
    }

    /// Takes what is due by now.
    pub(super) fn next(&mut self) -> Option<Due> {
        let now = Instant::now();
        let at = self.due.iter().enumerate().filter(|(_, (at, _))| *at <= now).min_by_key(|(_, (at, _))| *at)?.0;
        Some(self.due.swap_remove(at).1)
    }

    /// When the next is due.
    pub(super) fn at(&self) -> Option<Instant> {
        self.due.iter().map(|(at, _)| *at).min()
    }
}
