//! A thread for each piece of work on a policy, so that neither a panic nor a wait reaches the caller.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;

use crate::error::{RegoError, RegoErrorKind};
use crate::limits::Limits;
use crate::meter;

/// The stack of the thread. Only what is used of it becomes memory.
const STACK: usize = 4 * meter::MAX_STACK;

/// Does `work` in a thread with room for deep recursion, and waits for it as long as `limits` say.
///
/// Work that is not back by then is left to itself: a thread cannot be stopped from outside. It ends at its next step.
///
/// # Errors
/// What `work` gives, that it took too long, or that it panicked.
pub(crate) fn run<T, F>(limits: Limits, work: F) -> Result<T, RegoError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, RegoError> + Send + 'static,
{
    let internal = |message: &str| Err(RegoError::new(RegoErrorKind::Internal, None, message));
    let (sender, receiver) = sync_channel(1);
    let abandoned = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&abandoned);
    let counted = move || {
        meter::start(limits, watched);
        let result = catch_unwind(AssertUnwindSafe(work));
        // Nobody receives when the caller has stopped waiting.
        drop(sender.send(result));
    };
    if thread::Builder::new().name("rego".to_owned()).stack_size(STACK).spawn(counted).is_err() {
        return internal("no thread could be started for the policy");
    }
    match receiver.recv_timeout(limits.patience) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => internal("the interpreter broke off"),
        Err(RecvTimeoutError::Timeout) => {
            abandoned.store(true, Ordering::Relaxed);
            let message = format!("the policy gave no answer in {} seconds", limits.patience.as_secs_f64());
            Err(RegoError::new(RegoErrorKind::Limit, None, message))
        }
    }
}

/// Lets go of a value in a thread with room for deep recursion.
pub(crate) fn discard<T: Send + 'static>(value: T) {
    // Without a thread the closure, and the value in it, is dropped here; that is no worse than without this function.
    drop(thread::Builder::new().name("rego".to_owned()).stack_size(STACK).spawn(move || drop(value)));
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use regorus::utils::limits::monotonic_now;

    use super::run;
    use crate::error::RegoErrorKind;
    use crate::limits::Limits;
    use crate::meter::{self, Exhausted};

    #[test]
    fn work_that_nobody_waits_for_ends() {
        let limits = Limits { steps: u64::MAX, bytes: 0, patience: Duration::from_millis(1) };
        let (sender, receiver) = channel();
        let result = run(limits, move || {
            while meter::exhausted().is_none() {
                monotonic_now();
            }
            sender.send(meter::exhausted()).expect("the test waits");
            Ok(())
        });
        assert_eq!(result.expect_err("is late").kind, RegoErrorKind::Limit);
        assert_eq!(receiver.recv(), Ok(Some(Exhausted::Patience)));
    }

    #[test]
    fn a_panic_is_an_error() {
        let result = run::<(), _>(Limits::default(), || panic!("on purpose"));
        assert_eq!(result.expect_err("panicked").kind, RegoErrorKind::Internal);
    }
}
