//! How much one evaluation may use.

use std::time::Duration;

/// The bounds of one call that evaluates policies.
///
/// Steps and bytes are counted, not measured, so whether a policy stays within them is the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of the interpreter: about one for each expression it looks at and each turn of a loop.
    pub steps: u64,
    /// Bytes of text and elements of lists that built-in functions may produce, all of them together.
    pub bytes: u64,
    /// How long the caller waits in the end. It only matters where one step alone takes very long.
    pub patience: Duration,
}

impl Default for Limits {
    /// Five million steps, 64 MiB, and ten seconds.
    fn default() -> Self {
        Self { steps: 5_000_000, bytes: 64 << 20, patience: Duration::from_secs(10) }
    }
}
