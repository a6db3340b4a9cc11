//! The compiler's inputs and its database.
//!
//! The compiler reads nothing by itself: its user sets texts, and asks queries. INVARIANT: no query looks at a disk, a
//! clock or an environment variable.
#![allow(missing_docs, reason = "constructors and setters are generated without")]

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use ordain_diagnostics::Diagnostic;
use ordain_graph::Patterns;
use smol_str::SmolStr;

use crate::rules::ForeignRules;

/// A text that is shared and not copied: that of a document is held once, from the file to the finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Arc<String>);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Text {
    /// Takes the text over as it is.
    fn from(text: String) -> Self {
        Self(Arc::new(text))
    }
}

/// A file's content, as its loader found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(Text),
    /// Bytes that are not UTF-8, from this offset on.
    NotUtf8(u32),
    /// More bytes than the compiler reads ([`MAX_SOURCE_BYTES`], [`MAX_DOCUMENT_BYTES`]).
    TooLarge {
        /// How many there are.
        bytes: u64,
        /// How many there may be.
        most: u64,
    },
    /// It could not be read; the reason as the system gave it.
    Unreadable(String),
}

impl Content {
    /// The text, or nothing where there is none.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// Takes bytes as a text of at most so many.
    pub fn from_bytes(bytes: Vec<u8>, most: usize) -> Self {
        if bytes.len() > most {
            return Self::TooLarge { bytes: bytes.len() as u64, most: most as u64 };
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text.into()),
            Err(error) => Self::NotUtf8(error.utf8_error().valid_up_to() as u32),
        }
    }

    /// The finding for a file without a text, or the text.
    ///
    /// # Errors
    /// There is no text: it is in another encoding, too large, or could not be read.
    pub fn readable(&self, path: &SmolStr) -> Result<&Text, Box<Diagnostic>> {
        match self {
            Self::Text(text) => Ok(text),
            unreadable => Err(Box::new(crate::items::unreadable_finding(path, unreadable))),
        }
    }
}

/// The largest source the compiler reads: 64 MiB.
pub const MAX_SOURCE_BYTES: usize = 64 << 20;

/// The largest data file that is held as a whole: 256 MiB. What other tools write is larger than what people do, and a tree
/// of it takes about ten times its memory.
pub const MAX_DATA_BYTES: usize = 256 << 20;

/// The largest data file that is read at all: 1 GiB. Of one that is larger than [`MAX_DATA_BYTES`], no more is known than
/// what policies say that judge it in parts.
pub const MAX_DOCUMENT_BYTES: usize = 1 << 30;

/// An `.ord` file.
#[salsa::input(debug)]
pub struct SourceFile {
    /// Its path for people, `/` between parts; unique in the database.
    pub path: SmolStr,
    /// Its module's path in the package, such as `deploy.web`.
    pub module: SmolStr,
    /// Its package.
    #[returns(copy)]
    pub package: Package,
    /// What it holds.
    pub content: Content,
}

/// A file of data that sources may read.
#[salsa::input(debug)]
#[derive(PartialOrd, Ord)]
pub struct DataFile {
    /// Its path for people.
    pub path: SmolStr,
    /// Its name in plans: its package's name, a colon, and its path in the package.
    pub name: SmolStr,
    /// What it holds.
    pub content: Content,
}

/// A package: a folder with an `ordain.toml`.
#[salsa::input(debug)]
pub struct Package {
    /// The path of its manifest for people; empty for a package without one.
    pub manifest_path: SmolStr,
    /// Its manifest's text.
    pub manifest: Content,
    /// Its sources by module path.
    pub files: Arc<BTreeMap<SmolStr, SourceFile>>,
    /// The data files its sources name, by path in the package; a missing file is not there.
    pub data: Arc<BTreeMap<SmolStr, DataFile>>,
    /// The files that its adapters' programs consist of, by path in the package, with the digests of their bytes; a missing
    /// file is not there.
    #[default]
    pub programs: Arc<BTreeMap<SmolStr, SmolStr>>,
    /// The packages it depends on, by the name its sources use; `std` is one of them.
    pub dependencies: Arc<BTreeMap<SmolStr, Package>>,
    /// What its loader could not do for it: missing dependencies, clashing paths. Already in the user's words.
    pub load_findings: Arc<Vec<ordain_diagnostics::Diagnostic>>,
}

/// What queries ask of the database.
#[salsa::db]
pub trait Db: salsa::Database {
    /// Regular expressions that were compiled before: a cache of what never changes.
    fn patterns(&self) -> &Patterns;
    /// What runs rules of other languages, where anything does. It is the same as long as the database lives.
    fn rules(&self) -> Option<&dyn ForeignRules>;
}

/// The compiler's own database. Clones share their contents; one of them writes while no other lives.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
    patterns: Patterns,
    rules: Option<Arc<dyn ForeignRules>>,
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {
    fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    fn rules(&self) -> Option<&dyn ForeignRules> {
        self.rules.as_deref()
    }
}

/// Runs a computation over a clone of a database; `None` where it was ended early because another clone is about to
/// change an input. What was computed until then is kept where it is still true.
pub fn unless_cancelled<T>(compute: impl FnOnce() -> T) -> Option<T> {
    // The engine's tables are made for being unwound through; the caller's own data is dropped with the closure.
    salsa::Cancelled::catch(std::panic::AssertUnwindSafe(compute)).ok()
}

impl Database {
    /// A database that tells `observer` every event of the query engine.
    pub fn observed(observer: impl Fn(salsa::Event) + Send + Sync + 'static) -> Self {
        Self { storage: salsa::Storage::new(Some(Box::new(observer))), ..Self::default() }
    }

    /// A database whose policies may take their rules from other languages.
    pub fn running(rules: Arc<dyn ForeignRules>) -> Self {
        Self { rules: Some(rules), ..Self::default() }
    }

    /// A database with nothing in it that runs the same rules.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self { rules: self.rules.clone(), ..Self::default() }
    }
}
