//! Approvers: which key is whose.
//!
//! The file stands beside the package's manifest and is reviewed like a source. What counts of it for an execution is
//! copied into the journal when the execution begins.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;
use thiserror::Error;

use crate::keys::{PublicKey, canonical};

/// The file's name, beside the manifest.
pub const APPROVERS: &str = "approvers.toml";

/// A larger file is refused.
const MOST_BYTES: u64 = 4 << 20;

/// The people who can approve, with their keys. No key is that of two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvers {
    people: BTreeMap<SmolStr, Person>,
    holders: BTreeMap<PublicKey, SmolStr>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    #[serde(default)]
    keys: BTreeSet<PublicKey>,
    #[serde(default)]
    retired: BTreeSet<PublicKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    people: BTreeMap<SmolStr, Person>,
}

/// Why a file of approvers cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApproversError {
    /// It cannot be read.
    #[error("`{path}` cannot be read: {detail}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// It is not what it should be.
    #[error("{detail}")]
    Malformed {
        /// What is wrong, with its place.
        detail: String,
    },
    /// One key is listed twice.
    #[error(
        "the key `{key}` is listed for `{one}` and again for `{other}`; a key is that of one person, in use or retired"
    )]
    Shared {
        /// The key.
        key: Box<PublicKey>,
        /// Whose it is.
        one: SmolStr,
        /// Whose it is, too.
        other: SmolStr,
    },
}

impl Approvers {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// It is no TOML, holds something that is not known or no key, or lists a key twice.
    pub fn parse(text: &str) -> Result<Self, ApproversError> {
        let content: Content =
            toml::from_str(text).map_err(|error| ApproversError::Malformed { detail: error.to_string() })?;
        Self::of(content)
    }

    /// Reads a file; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read, or as for [`Approvers::parse`].
    pub fn load(path: &Path) -> Result<Option<Self>, ApproversError> {
        let unreadable = |detail: String| ApproversError::Unreadable { path: path.into(), detail };
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            // Opening a pipe could wait for ever.
            Ok(_) => return Err(unreadable("it is not a file".into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error.to_string())),
        }
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
        file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
        if text.len() as u64 > MOST_BYTES {
            return Err(unreadable(format!("it has more than {MOST_BYTES} bytes")));
        }
        let placed = |error: ApproversError| match error {
            ApproversError::Malformed { detail } => {
                ApproversError::Malformed { detail: format!("`{}`: {detail}", path.display()) }
            }
            other => other,
        };
        Self::parse(&text).map_err(placed).map(Some)
    }

    fn of(content: Content) -> Result<Self, ApproversError> {
        let mut holders: BTreeMap<PublicKey, SmolStr> = BTreeMap::new();
        for (name, person) in &content.people {
            for key in person.keys.iter().chain(&person.retired) {
                if let Some(one) = holders.insert(*key, name.clone()) {
                    return Err(ApproversError::Shared { key: Box::new(*key), one, other: name.clone() });
                }
            }
        }
        Ok(Self { people: content.people, holders })
    }

    /// What counts of them: neither the file's comments nor the order of its lines.
    pub(crate) fn to_json(&self) -> Json {
        json!(Content { people: self.people.clone() })
    }

    /// Reads what [`Approvers::to_json`] gave; `None` where it is something else.
    pub(crate) fn from_json(json: &Json) -> Option<Self> {
        Self::of(Content::deserialize(json).ok()?).ok()
    }

    /// The digest of what counts of them as canonical JSON: `sha256:` and hex digits.
    pub fn digest(&self) -> SmolStr {
        // INVARIANT: names and keys are texts, which canonical JSON has.
        crate::workspace::digest(&canonical(&self.to_json()).unwrap_or_default()).into()
    }

    /// Whose key it is, and whether it is still in use.
    pub fn holder(&self, key: &PublicKey) -> Option<(&SmolStr, bool)> {
        let name = self.holders.get(key)?;
        Some((name, self.people.get(name)?.keys.contains(key)))
    }

    /// Whether somebody has a key in use.
    pub fn can_sign(&self, identity: &str) -> bool {
        self.people.get(identity).is_some_and(|person| !person.keys.is_empty())
    }
}
