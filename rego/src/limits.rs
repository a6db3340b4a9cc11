//! How much one evaluation may use.

use std::time::Duration;

use serde_json::Value as Json;

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

/// What each value of a document allows besides: steps and bytes.
const BY_VALUE: (u64, u64) = (200, 256);

/// How many values make a caller wait a second longer.
const VALUES_IN_A_SECOND: u64 = 20_000;

/// The longest that a caller waits.
const LONGEST: Duration = Duration::from_secs(120);

impl Limits {
    /// The bounds for judging a document, all its parts together: what one evaluation may use, and something for each
    /// value in it, so that long documents can be gone over.
    pub(crate) fn for_document(document: &Json) -> Self {
        let values = count(document);
        let one = Self::default();
        Self {
            steps: one.steps + BY_VALUE.0 * values,
            bytes: one.bytes + BY_VALUE.1 * values,
            patience: (one.patience + Duration::from_secs(values / VALUES_IN_A_SECOND)).min(LONGEST),
        }
    }
}

/// How many values a document has, itself counted.
fn count(document: &Json) -> u64 {
    match document {
        Json::Array(items) => 1 + items.iter().map(count).sum::<u64>(),
        Json::Object(members) => 1 + members.values().map(count).sum::<u64>(),
        _ => 1,
    }
}

impl Default for Limits {
    /// Five million steps, 64 MiB, and thirty seconds.
    fn default() -> Self {
        Self { steps: 5_000_000, bytes: 64 << 20, patience: Duration::from_secs(30) }
    }
}
