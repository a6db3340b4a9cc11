//! The plan file: writing it, and reading it with every claim it makes about itself checked.

mod content;
mod read;
mod split;
mod verify;
mod write;

pub(crate) use content::{Content, UndoContent, contract_digest};
pub(crate) use write::{adapter, object};

use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;
use thiserror::Error;

use crate::canonical::finished;
use crate::plan::{FORMAT, PlanGraph};

/// The JSON Schema (2020-12) of plan files.
pub const PLAN_SCHEMA: &str = include_str!("../../../../docs/schemas/plan-1.schema.json");

/// Why bytes are not a plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// Another format, or another version of this one; none where it names none.
    #[error("{}, this version reads `{FORMAT}`", format(.0.as_deref()))]
    Format(Option<String>),
    /// JSON, but no object.
    #[error("a plan file is a JSON object, and this is none")]
    NoObject,
    /// Not the structure of a plan; the text names the member.
    #[error("`{0}` is missing or malformed")]
    Malformed(String),
    /// A member that this version does not know.
    #[error("the member `{0}` is not known to `{FORMAT}`")]
    Unknown(String),
    /// The plan does not have the hash it claims.
    #[error("the plan's hash is {actual}, it claims {claimed}: the file was changed or damaged")]
    Hash {
        /// What the file says.
        claimed: String,
        /// What its content gives.
        actual: String,
    },
    /// A node or contract does not have the id it claims.
    #[error("`{0}` does not have the id it claims: the file was changed or damaged")]
    Id(String),
    /// The plan says one thing here and another there.
    #[error("`{at}`: {problem}")]
    Inconsistent {
        /// A node's address, or the name of a member.
        at: String,
        /// What is wrong.
        problem: String,
    },
    /// The same plan, but written in another way than canonical JSON is: members twice, in another order or
    /// otherwise escaped. Only white space may differ.
    #[error("the file is not canonical JSON (RFC 8785), so that readers could take it for different plans")]
    NotCanonical,
}

fn format(found: Option<&str>) -> String {
    found.map_or_else(|| "it names no format".to_owned(), |found| format!("the format is `{found}`"))
}

impl PlanGraph {
    /// The plan's hash: SHA-256 over its canonical JSON without the member `hash`.
    pub fn hash(&self) -> SmolStr {
        let mut digest = Sha256::new_with_prefix(self.head(None));
        self.body(&mut |part| digest.update(part));
        finished(digest)
    }

    /// The plan file: canonical JSON with the member `hash`.
    pub fn to_json(&self) -> Vec<u8> {
        self.to_json_and_hash().0
    }

    fn to_json_and_hash(&self) -> (Vec<u8>, SmolStr) {
        let mut digest = Sha256::new_with_prefix(self.head(None));
        let mut parts = Vec::new();
        self.body(&mut |part| {
            digest.update(&part);
            parts.push(part);
        });
        let hash = finished(digest);
        parts.insert(0, self.head(Some(&hash)));
        (parts.concat(), hash)
    }

    /// Reads a plan file and checks what it claims: its format, its hash, the id of every contract and node, and
    /// that its parts agree with each other. White space is the only freedom a file has.
    ///
    /// # Errors
    /// The bytes are not a plan, or not the plan they claim to be.
    pub fn from_json(bytes: &[u8]) -> Result<Self, PlanError> {
        Self::from_json_with_hash(bytes).map(|(graph, _)| graph)
    }

    /// Reads a plan file as [`PlanGraph::from_json`] does, and gives its hash, too, which was worked out for that.
    ///
    /// # Errors
    /// As there.
    pub fn from_json_with_hash(bytes: &[u8]) -> Result<(Self, SmolStr), PlanError> {
        let (graph, claimed) = read::plan(bytes)?;
        let (canonical, actual) = graph.to_json_and_hash();
        if actual != claimed {
            return Err(PlanError::Hash { claimed, actual: actual.to_string() });
        }
        if !same_but_for_space(bytes, &canonical) {
            return Err(PlanError::NotCanonical);
        }
        verify::plan(&graph)?;
        Ok((graph, actual))
    }
}

/// Whether JSON is some canonical JSON with white space between its tokens.
pub(crate) fn same_but_for_space(given: &[u8], canonical: &[u8]) -> bool {
    if given == canonical {
        return true;
    }
    let mut expected = canonical.iter();
    let (mut in_text, mut escaped) = (false, false);
    for byte in given {
        if !in_text && matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            continue;
        }
        if expected.next() != Some(byte) {
            return false;
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ => {}
        }
    }
    expected.next().is_none()
}
