//! How much adapters may take, most of all those that are programs or services of their own.

use std::time::Duration;

/// How much time and room an adapter may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdapterLimits {
    /// How long it may take to start, and to say what it is.
    pub start: Duration,
    /// How long a call may be silent, neither progress nor log nor answer, where its step has no time limit of its own.
    pub silence: Duration,
    /// The longest message, in bytes.
    pub message: usize,
    /// How much one call may log, in bytes; what exceeds that is dropped.
    pub log: usize,
    /// How long past its step's time limit, and twice the time of grace, a call is waited for that an adapter of the
    /// interpreter itself does not give up. Programs are ended without it.
    pub leeway: Duration,
}

impl Default for AdapterLimits {
    /// 10 seconds to start, 10 minutes of silence, 16 MiB a message, 1 MiB of log a call, 5 seconds past a time limit.
    fn default() -> Self {
        Self {
            start: Duration::from_secs(10),
            silence: Duration::from_secs(600),
            message: 16 << 20,
            log: 1 << 20,
            leeway: Duration::from_secs(5),
        }
    }
}
