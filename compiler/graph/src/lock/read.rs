//! Reading lock files: every member is known and has its kind, or the file is refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use smol_str::SmolStr;

use super::{LOCK_FORMAT, Lock, LockError, LockedBinding, LockedPackage};
use crate::artifact::same_but_for_space;
use crate::json::node_id;
use crate::plan::{Adapter, Transport};

impl Lock {
    /// Reads a lock file. White space is the only freedom it has.
    ///
    /// # Errors
    /// The bytes are no lock file of this version.
    pub fn from_json(bytes: &[u8]) -> Result<Self, LockError> {
        // Another version may have other members, so that it is told before they are looked at.
        let Probe { format } = parse(bytes)?;
        if format != LOCK_FORMAT {
            return Err(LockError::Format(format));
        }
        let file: File = parse(bytes)?;
        let lock = Self::from(file);
        if !same_but_for_space(bytes, &lock.to_canonical()) {
            return Err(LockError::NotCanonical);
        }
        Ok(lock)
    }
}

fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, LockError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        // The place is told apart from the message.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        LockError::Malformed { message, line: error.line(), column: error.column() }
    })
}

#[derive(Deserialize)]
struct Probe {
    format: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    adapters: BTreeMap<SmolStr, LockedAdapter>,
    bindings: BTreeMap<SmolStr, BTreeMap<SmolStr, Binding>>,
    #[serde(rename = "format")]
    _format: String,
    packages: BTreeMap<SmolStr, Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockedAdapter {
    digest: Digest,
    #[serde(default)]
    files: BTreeMap<SmolStr, Digest>,
    transport: Reached,
    version: SmolStr,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reached {
    Process(Vec<SmolStr>),
    Http(SmolStr),
    Builtin(SmolStr),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Binding {
    adapter: SmolStr,
    contract: Digest,
    version: SmolStr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    digest: Digest,
    version: SmolStr,
}

/// `sha256:` and 64 hexadecimal digits.
struct Digest(SmolStr);

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digest = node_id(&text)
            .ok_or_else(|| D::Error::custom("expected a digest: `sha256:` and 64 hexadecimal digits in lower case"))?;
        Ok(Self(digest.0))
    }
}

impl From<File> for Lock {
    fn from(file: File) -> Self {
        let adapter = |adapter: LockedAdapter| Adapter {
            version: adapter.version,
            transport: match adapter.transport {
                Reached::Process(argv) => Transport::Process(argv),
                Reached::Http(url) => Transport::Http(url),
                Reached::Builtin(name) => Transport::Builtin(name),
            },
            digest: adapter.digest.0,
            files: adapter.files.into_iter().map(|(path, digest)| (path, digest.0)).collect(),
        };
        let binding = |binding: Binding| LockedBinding {
            adapter: binding.adapter,
            contract: binding.contract.0,
            version: binding.version,
        };
        let package = |package: Package| LockedPackage { version: package.version, digest: package.digest.0 };
        Self {
            adapters: file.adapters.into_iter().map(|(name, each)| (name, adapter(each))).collect(),
            bindings: file
                .bindings
                .into_iter()
                .map(|(name, each)| (name, each.into_iter().map(|(name, each)| (name, binding(each))).collect()))
                .collect(),
            packages: file.packages.into_iter().map(|(name, each)| (name, package(each))).collect(),
        }
    }
}
