//! What an adapter finds when it looks.

use serde_json::Value as Json;

/// What is there of the thing that a step governs: the one that its capability's key names.
///
/// Whether that is as it should be is for others to say: after `file.remove`, for one, the file should be absent.
#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    /// It is not there.
    Absent,
    /// It is there.
    Present {
        /// A JSON object with the inputs that would make what is there, under their names in the contract: those that can
        /// be told from it and that the step fixes. Those that are left out were not looked at.
        inputs: Json,
        /// A JSON object with the outputs that applying would give now, in the same way. Contents of secrets stand in
        /// clear, as those that [`Adapter::apply`](super::Adapter::apply) gives.
        outputs: Json,
    },
    /// It was looked for, and nothing can be said.
    Unknown,
}
