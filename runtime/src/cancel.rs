//! Cancellation: one flag for a whole execution, that waiting threads wake up on.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A flag that asks an execution to end. Clones share it.
///
/// Once set, no further step starts, and running ones are asked to end: first politely, then by force.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<(Mutex<bool>, Condvar)>);

impl Cancellation {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag. It stays set.
    pub fn cancel(&self) {
        // A poisoned flag is still a flag.
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether the flag is set.
    pub fn is_cancelled(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the given time, or until the flag is set; says whether it is.
    pub fn wait(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        let mut set = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            set = self.0.1.wait_timeout(set, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_thread_wakes_up() {
        let flag = Cancellation::new();
        assert!(!flag.wait(Duration::from_millis(1)));
        let other = flag.clone();
        let waiting = std::thread::spawn(move || other.wait(Duration::from_secs(60)));
        flag.cancel();
        assert!(waiting.join().unwrap());
        assert!(flag.is_cancelled());
    }
}
