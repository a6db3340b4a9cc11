//! The adapters of one execution: those that are part of the interpreter, and those that are programs or services.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ordain_graph::{PlanGraph, Transport};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use super::remote::{Reached, Remote, Terms};
use super::{AdapterLimits, Adapters, Party};
use crate::workspace::digest_text;

/// The adapters of one execution. Programs among them end when this is dropped.
pub(crate) struct Reach<'a> {
    builtin: &'a Adapters,
    remote: BTreeMap<&'a SmolStr, Away<'a>>,
}

/// An adapter that is a program or a service of its own.
struct Away<'a> {
    adapter: Remote,
    /// Where the files of its program lie; `None` where its package is not at hand.
    root: Option<PathBuf>,
    /// Those files, with the digests that they have to have.
    files: &'a BTreeMap<SmolStr, SmolStr>,
}

/// Why there is no such adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The interpreter has none of that name.
    Builtin(SmolStr),
    /// The package that its program lies in is not at hand.
    Package(SmolStr),
    /// A file of its program is not the one that the plan was made with.
    Changed(SmolStr),
}

/// How adapters of an execution that are programs or services are reached.
pub(crate) struct Terrain<'a> {
    /// The execution's id.
    pub(crate) execution: &'a str,
    /// Whether an interpreter that ended may have left programs behind.
    pub(crate) resumed: bool,
    /// The directory that programs run in, and that those of the plan's own package are found in.
    pub(crate) root: &'a Path,
    /// Where other packages are.
    pub(crate) packages: &'a dyn Fn(&str) -> Option<PathBuf>,
    /// How much they may take.
    pub(crate) limits: AdapterLimits,
    /// How long they may take to give up.
    pub(crate) grace: Duration,
}

impl<'a> Reach<'a> {
    /// Those of a plan. None is started yet.
    pub(crate) fn of(plan: &'a PlanGraph, builtin: &'a Adapters, terrain: &Terrain<'_>) -> Self {
        let terms = Terms {
            execution: terrain.execution.into(),
            resumed: terrain.resumed,
            limits: terrain.limits,
            grace: terrain.grace,
        };
        let mut remote = BTreeMap::new();
        for (name, adapter) in &plan.adapters {
            let package = package(name).filter(|package| *package != plan.package.name);
            let root = match package {
                None => Some(terrain.root.to_owned()),
                Some(_) if adapter.files.is_empty() => Some(terrain.root.to_owned()),
                Some(package) => (terrain.packages)(package),
            };
            let reached = match &adapter.transport {
                Transport::Builtin(_) => continue,
                Transport::Process(argv) => {
                    let part = |part: &SmolStr| match (package, &root, adapter.files.contains_key(part)) {
                        // Programs run in the package of the plan, and are found in that of their declaration.
                        (Some(_), Some(root), true) => root.join(part).to_string_lossy().into_owned(),
                        _ => part.to_string(),
                    };
                    Reached::Program(argv.iter().map(part).collect(), terrain.root.to_owned())
                }
                Transport::Http(url) => Reached::Url(url.to_string()),
            };
            let adapter =
                Away { adapter: Remote::new(name.clone(), reached, terms.clone()), root, files: &adapter.files };
            remote.insert(name, adapter);
        }
        Self { builtin, remote }
    }

    /// Those of the interpreter only.
    #[cfg(test)]
    pub(crate) fn builtin(builtin: &'a Adapters) -> Self {
        Self { builtin, remote: BTreeMap::new() }
    }

    /// The adapter of a name in the plan, if it is the one that the plan was made with.
    pub(crate) fn find(&self, name: &SmolStr, transport: &Transport) -> Result<Party<'_>, Missing> {
        if let Transport::Builtin(builtin) = transport {
            return self.builtin.get(builtin).map(Party::Own).ok_or_else(|| Missing::Builtin(builtin.clone()));
        }
        let unknown = || Missing::Package(package(name).unwrap_or(name).into());
        let away = self.remote.get(name).ok_or_else(unknown)?;
        let root = away.root.as_ref().ok_or_else(unknown)?;
        for (file, digest) in away.files {
            if digest_of(&root.join(file)).as_ref() != Some(digest) {
                return Err(Missing::Changed(file.clone()));
            }
        }
        Ok(Party::Away(&away.adapter))
    }
}

impl Drop for Reach<'_> {
    fn drop(&mut self) {
        // All are asked to end before any of them is waited for.
        for away in self.remote.values() {
            away.adapter.close();
        }
    }
}

/// The package that an adapter is declared in: the first part of its name.
fn package(name: &SmolStr) -> Option<&str> {
    name.split_once('.').map(|(package, _)| package)
}

/// The digest of a file, if there is one.
fn digest_of(path: &Path) -> Option<SmolStr> {
    // Opening a pipe or a device could wait for ever.
    let mut file = path.metadata().ok().filter(Metadata::is_file).and_then(|_| File::open(path).ok())?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(digest_text(hash).into()),
            read => hash.update(&buffer[..read]),
        }
    }
}
