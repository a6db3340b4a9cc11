//! The lock file: who carries out what in which environment, and which packages that leans on, as somebody reviewed it.

mod compare;
mod read;
mod write;

pub use compare::LockDifference;

use std::collections::BTreeMap;

use smol_str::SmolStr;
use thiserror::Error;

use crate::plan::Adapter;

/// The format's name and version, which stands in every lock file.
pub const LOCK_FORMAT: &str = "ordain.lock/1";

/// The JSON Schema (2020-12) of lock files.
pub const LOCK_SCHEMA: &str = include_str!("../../../../docs/schemas/lock-1.schema.json");

/// The largest lock file that is read: 16 MiB, which is more than ten thousand adapters take.
pub const MAX_LOCK_BYTES: usize = 16 << 20;

/// What a lock file says.
///
/// Everything in it follows from the package and what it depends on. It says nothing of the package's own sources, which
/// are reviewed as such, and holds no path of a machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// The adapters that environments bind, by qualified name.
    pub adapters: BTreeMap<SmolStr, Adapter>,
    /// What each environment binds, by its qualified name and that of the capability.
    pub bindings: BTreeMap<SmolStr, BTreeMap<SmolStr, LockedBinding>>,
    /// The packages that the package depends on, directly or through others, by name; `std` among them.
    pub packages: BTreeMap<SmolStr, LockedPackage>,
}

/// What an environment binds to a capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedBinding {
    /// The adapter, a key of [`Lock::adapters`].
    pub adapter: SmolStr,
    /// The digest of the capability's contract, as in plans.
    pub contract: SmolStr,
    /// The version of the contract (SemVer).
    pub version: SmolStr,
}

/// A package that another one depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPackage {
    /// Its version (SemVer).
    pub version: SmolStr,
    /// The digest of its manifest, its sources, the data they read and the programs of its adapters.
    pub digest: SmolStr,
}

/// Why bytes are no lock file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LockError {
    /// Not JSON, or not the structure of a lock file.
    #[error("{message}")]
    Malformed {
        /// What is wrong.
        message: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in bytes.
        column: usize,
    },
    /// Another format, or another version of this one.
    #[error("the format is `{0}`, this version of Ordain reads `{LOCK_FORMAT}`")]
    Format(String),
    /// The same lock, but written in another way than canonical JSON is: members twice, in another order or otherwise
    /// escaped. Only white space may differ.
    #[error("it is not canonical JSON (RFC 8785), so that readers could take it for different locks")]
    NotCanonical,
}
