//! What ids and digests are taken over.

use smol_str::SmolStr;

use super::write;
use crate::canonical::{Bytes, Sink as _};
use crate::json::encode;
use crate::plan::{Contract, Dependency, OnFailure, Retry};
use crate::value::{NodeId, Shape, Value};

/// What a node's id is the digest of: all that decides what it does, nothing that only names it.
pub(crate) struct Content<'a> {
    pub(crate) contract: &'a str,
    pub(crate) adapter: Option<&'a str>,
    pub(crate) environment: Option<&'a str>,
    pub(crate) inputs: &'a Value,
    pub(crate) shape: &'a Shape,
    pub(crate) key: Option<&'a Value>,
    pub(crate) gate: Option<&'a Value>,
    pub(crate) retry: Option<Retry>,
    pub(crate) timeout: Option<u64>,
    pub(crate) on_failure: Option<OnFailure>,
    pub(crate) undo: Option<UndoContent<'a>>,
    /// Sorted by id.
    pub(crate) depends_on: &'a [Dependency],
}

/// The part of it that tells how the node is undone.
pub(crate) struct UndoContent<'a> {
    pub(crate) contract: &'a str,
    pub(crate) adapter: Option<&'a str>,
    pub(crate) inputs: &'a Value,
    pub(crate) shape: &'a Shape,
}

impl Content<'_> {
    /// The id. References of the node to itself are by position, all others by id; `bytes` is memory to write in.
    pub(crate) fn id(&self, bytes: &mut Bytes) -> NodeId {
        let value = |value: Option<&Value>, bytes: &mut Bytes| match value {
            Some(value) => encode(value, None, bytes),
            None => bytes.null(),
        };
        bytes.open_object();
        bytes.key("adapter");
        bytes.optional(self.adapter);
        bytes.member("contract", self.contract);
        bytes.key("depends_on");
        bytes.texts(self.depends_on.iter().map(|dependency| &dependency.on.0));
        bytes.key("environment");
        bytes.optional(self.environment);
        bytes.key("gate");
        value(self.gate, bytes);
        bytes.key("inputs");
        encode(self.inputs, Some(self.shape), bytes);
        bytes.key("key");
        value(self.key, bytes);
        bytes.key("on_failure");
        bytes.optional(self.on_failure.map(OnFailure::name));
        bytes.key("retry");
        match self.retry {
            Some(retry) => write::retry(retry, bytes),
            None => bytes.null(),
        }
        bytes.key("timeout");
        match self.timeout {
            Some(timeout) => bytes.amount(timeout),
            None => bytes.null(),
        }
        bytes.key("undo");
        match &self.undo {
            Some(undo) => {
                bytes.open_object();
                bytes.key("adapter");
                bytes.optional(undo.adapter);
                bytes.member("contract", undo.contract);
                bytes.key("inputs");
                encode(undo.inputs, Some(undo.shape), bytes);
                bytes.close_object();
            }
            None => bytes.null(),
        }
        bytes.close_object();
        NodeId(bytes.digest())
    }
}

impl Contract {
    /// The digest of its canonical JSON, by which plans and locks name it.
    pub fn digest(&self) -> SmolStr {
        contract_digest(self)
    }
}

/// The digest of a contract's canonical JSON.
pub(crate) fn contract_digest(contract: &Contract) -> SmolStr {
    let mut bytes = Bytes::default();
    write::contract(contract, &mut bytes);
    bytes.digest()
}
