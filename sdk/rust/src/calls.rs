//! The calls that are under way, and whether they are to be given up.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A flag that asks a call to be given up.
#[derive(Debug, Default)]
pub(crate) struct Flag {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Flag {
    pub(crate) fn set(&self) {
        // What is behind the lock is whole at any time, here and below.
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for a time, or until it is set; says whether it is.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            set = self.changed.wait_timeout(set, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *set
    }
}

/// What names a call: the id of its request, and the key of its step. Over HTTP, several interpreters count from one.
pub(crate) type CallName = (String, String);

/// The name of a call, from its request.
pub(crate) fn name(id: &Value, key: &Value) -> CallName {
    (id.to_string(), key.as_str().unwrap_or_default().to_owned())
}

/// The calls that are under way.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<BTreeMap<CallName, Arc<Flag>>>);

impl Calls {
    /// Begins a call, if there are fewer than some under way.
    pub(crate) fn begin(&self, name: CallName, most: usize) -> Option<Arc<Flag>> {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= most {
            return None;
        }
        let flag = Arc::new(Flag::default());
        calls.insert(name, flag.clone());
        Some(flag)
    }

    pub(crate) fn end(&self, name: &CallName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Asks for a call to be given up; one that is not under way is none.
    pub(crate) fn cancel(&self, name: &CallName) {
        if let Some(flag) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            flag.set();
        }
    }

    /// Asks for all to be given up.
    pub(crate) fn cancel_all(&self) {
        for flag in self.0.lock().unwrap_or_else(PoisonError::into_inner).values() {
            flag.set();
        }
    }
}
