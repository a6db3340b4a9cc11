//! How much adapters that are programs or services of their own may take.

use std::time::Duration;

/// How much time and room an adapter that is a program or a service of its own may take.
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
}

impl Default for AdapterLimits {
    /// 10 seconds to start, 10 minutes of silence, 16 MiB a message, 1 MiB of log a call.
    fn default() -> Self {
        Self { start: Duration::from_secs(10), silence: Duration::from_secs(600), message: 16 << 20, log: 1 << 20 }
    }
}
