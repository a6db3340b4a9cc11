//! What tells the things that steps govern from each other.

use ordain_graph::{Node, Value};
use smol_str::SmolStr;

/// A thing that steps govern: two steps with the same are about the same thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    adapter: Option<SmolStr>,
    /// The capability without what is done: `file` of `file.write` and `file.remove`.
    kind: SmolStr,
    key: Value,
}

impl Identity {
    /// The thing that a node governs, where its key says it.
    pub(super) fn of(node: &Node, key: Option<&Value>) -> Option<Self> {
        let kind = node.capability.rsplit_once('.').map_or(node.capability.as_str(), |(kind, _)| kind);
        Some(Self { adapter: node.adapter.clone(), kind: kind.into(), key: key?.clone() })
    }
}
