//! How many calls an adapter takes at a time.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::cancel::Cancellation;

/// How often to look whether the execution was cancelled.
const TICK: Duration = Duration::from_millis(50);

/// Places for calls.
pub(super) struct Slots {
    free: Mutex<usize>,
    changed: Condvar,
}

/// A place for a call. It is free again when this is dropped.
pub(super) struct Slot(Arc<Slots>);

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Mutex::new(count.max(1)), changed: Condvar::new() }
    }

    /// Waits for a place; gives none where the execution is cancelled.
    pub(super) fn take(slots: &Arc<Self>, cancel: &Cancellation) -> Option<Slot> {
        // What is behind the lock is whole at any time.
        let mut free = slots.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            if cancel.is_cancelled() {
                return None;
            }
            free = slots.changed.wait_timeout(free, TICK).unwrap_or_else(PoisonError::into_inner).0;
        }
        *free -= 1;
        Some(Slot(slots.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.changed.notify_one();
    }
}
