//! Cancellation: one flag for a whole execution, that waiting threads wake up on.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A flag that asks an execution to end. Clones share it.
///
/// Once set, no further step starts, and running ones are asked to end: first politely, then by force.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<(Mutex<Flag>, Condvar)>);

#[derive(Default)]
struct Flag {
    set: bool,
    /// Whether nobody waits any longer.
    forced: bool,
    /// Who is told when it is set, by a number of their own.
    listeners: Vec<(u64, Box<dyn Fn() + Send>)>,
    next: u64,
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flag").field("set", &self.set).field("forced", &self.forced).finish_non_exhaustive()
    }
}

/// Listening ends when this is dropped.
pub(crate) struct Subscription(Cancellation, u64);

impl Drop for Subscription {
    fn drop(&mut self) {
        self.0.lock().listeners.retain(|(number, _)| *number != self.1);
    }
}

impl Cancellation {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Flag> {
        // A poisoned flag is still a flag.
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the flag. It stays set.
    pub fn cancel(&self) {
        let mut flag = self.lock();
        if !flag.set {
            flag.set = true;
            flag.listeners.iter().for_each(|(_, listener)| listener());
        }
        drop(flag);
        self.0.1.notify_all();
    }

    /// Sets the flag, and takes the time of grace from what was asked to end: programs that run still are forced to.
    pub fn force(&self) {
        self.lock().forced = true;
        self.cancel();
    }

    /// Whether what is asked to end has no more time for it.
    pub fn is_forced(&self) -> bool {
        self.lock().forced
    }

    /// Whether the flag is set.
    pub fn is_cancelled(&self) -> bool {
        self.lock().set
    }

    /// Tells when the flag is set, from the thread that sets it. The listener must not block or use the flag.
    pub(crate) fn subscribe(&self, listener: impl Fn() + Send + 'static) -> Subscription {
        let mut flag = self.lock();
        let number = flag.next;
        flag.next += 1;
        flag.listeners.push((number, Box::new(listener)));
        drop(flag);
        Subscription(self.clone(), number)
    }

    /// Waits for the given time, or until the flag is set; says whether it is.
    pub fn wait(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        let mut flag = self.lock();
        while !flag.set {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            flag = self.0.1.wait_timeout(flag, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        flag.set
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
        assert!(flag.is_cancelled() && !flag.is_forced());
        flag.force();
        assert!(flag.is_forced());
    }

    #[test]
    fn those_who_listen_are_told_once() {
        let flag = Cancellation::new();
        let (told, heard) = std::sync::mpsc::channel();
        let listening = flag.subscribe({
            let told = told.clone();
            move || told.send(1).unwrap()
        });
        drop(flag.subscribe(move || told.send(2).unwrap()));
        flag.cancel();
        flag.cancel();
        drop(listening);
        assert_eq!(heard.iter().collect::<Vec<_>>(), [1]);
    }
}
