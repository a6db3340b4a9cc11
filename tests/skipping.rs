//! Saying aloud what a machine lacks for a test.

use std::fmt::Display;
use std::io::Write as _;

/// Says that the test on this thread proves nothing here, or less. The harness keeps what passing tests print to itself; this
/// goes around it.
pub fn skipped(why: impl Display) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Nobody reads it where there is no standard error.
    let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: {test}: {why} ***");
}
