//! What differs between a lock and what is there, or what a plan was made with.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use thiserror::Error;

use super::{Lock, LockedBinding};
use crate::plan::{Adapter, PlanGraph};

/// Something that is not as a lock says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum LockDifference {
    /// An adapter is bound that the lock does not have.
    #[error("the adapter `{name}` is not in the lock")]
    AdapterAdded {
        /// Its qualified name.
        name: SmolStr,
    },
    /// The lock has an adapter that is not bound any more.
    #[error("the adapter `{name}` is in the lock, and no environment binds it")]
    AdapterRemoved {
        /// Its qualified name.
        name: SmolStr,
    },
    /// An adapter has another version.
    #[error("the adapter `{name}` has version {found}, the lock says {locked}")]
    AdapterVersion {
        /// Its qualified name.
        name: SmolStr,
        /// What the lock says.
        locked: SmolStr,
        /// What is there.
        found: SmolStr,
    },
    /// A file of an adapter's program is another one, new or gone.
    #[error("`{file}` of the adapter `{name}` is not the file of the lock")]
    AdapterFile {
        /// The adapter's qualified name.
        name: SmolStr,
        /// The file, relative to its package.
        file: SmolStr,
    },
    /// An adapter is declared otherwise: it is reached in another way or provides something else.
    #[error("the adapter `{name}` is declared otherwise than the lock says")]
    AdapterDigest {
        /// Its qualified name.
        name: SmolStr,
    },
    /// An environment binds what the lock does not have.
    #[error("`{environment}` binds `{capability}` to `{adapter}`, of which the lock says nothing")]
    BindingAdded {
        /// The environment's qualified name.
        environment: SmolStr,
        /// The capability.
        capability: SmolStr,
        /// The adapter's qualified name.
        adapter: SmolStr,
    },
    /// The lock has a binding that is not there any more.
    #[error("the lock binds `{capability}` in `{environment}`, which does not")]
    BindingRemoved {
        /// The environment's qualified name.
        environment: SmolStr,
        /// The capability's qualified name.
        capability: SmolStr,
    },
    /// An environment binds a capability to another adapter.
    #[error("`{environment}` binds `{capability}` to `{found}`, the lock says `{locked}`")]
    BindingAdapter {
        /// The environment's qualified name.
        environment: SmolStr,
        /// The capability.
        capability: SmolStr,
        /// What the lock says.
        locked: SmolStr,
        /// What is there.
        found: SmolStr,
    },
    /// A capability that an environment binds has another contract.
    #[error("`{capability}` in `{environment}` has another contract ({found}) than the lock says ({locked})")]
    BindingContract {
        /// The environment's qualified name.
        environment: SmolStr,
        /// The capability.
        capability: SmolStr,
        /// The version that the lock says.
        locked: SmolStr,
        /// The version that is there.
        found: SmolStr,
    },
    /// A package is depended on that the lock does not have.
    #[error("the package `{name}` is not in the lock")]
    PackageAdded {
        /// Its name.
        name: SmolStr,
    },
    /// The lock has a package that nothing depends on any more.
    #[error("the package `{name}` is in the lock, and nothing depends on it")]
    PackageRemoved {
        /// Its name.
        name: SmolStr,
    },
    /// A package has another version.
    #[error("the package `{name}` has version {found}, the lock says {locked}")]
    PackageVersion {
        /// Its name.
        name: SmolStr,
        /// What the lock says.
        locked: SmolStr,
        /// What is there.
        found: SmolStr,
    },
    /// A package has the version of the lock and other content.
    #[error("the package `{name}` was changed since it was locked")]
    PackageDigest {
        /// Its name.
        name: SmolStr,
    },
}

impl LockDifference {
    /// Names of members that lead to where the lock says otherwise, or to where it would say it: the last ones of them
    /// may be missing.
    pub fn path(&self) -> Vec<&str> {
        match self {
            Self::AdapterAdded { name } | Self::AdapterRemoved { name } => vec!["adapters", name],
            Self::AdapterVersion { name, .. } => vec!["adapters", name, "version"],
            Self::AdapterFile { name, file } => vec!["adapters", name, "files", file],
            Self::AdapterDigest { name } => vec!["adapters", name, "digest"],
            Self::BindingAdded { environment, capability, .. } | Self::BindingRemoved { environment, capability } => {
                vec!["bindings", environment, capability]
            }
            Self::BindingAdapter { environment, capability, .. } => {
                vec!["bindings", environment, capability, "adapter"]
            }
            Self::BindingContract { environment, capability, .. } => {
                vec!["bindings", environment, capability, "contract"]
            }
            Self::PackageAdded { name } | Self::PackageRemoved { name } => vec!["packages", name],
            Self::PackageVersion { name, .. } => vec!["packages", name, "version"],
            Self::PackageDigest { name } => vec!["packages", name, "digest"],
        }
    }
}

impl Lock {
    /// What is not as this lock says, given the lock that would be written now; in order.
    pub fn differences(&self, found: &Self) -> Vec<LockDifference> {
        let mut all = Vec::new();
        for (name, locked, found) in pairs(&self.adapters, &found.adapters) {
            let name = name.clone();
            match (locked, found) {
                (None, _) => all.push(LockDifference::AdapterAdded { name }),
                (_, None) => all.push(LockDifference::AdapterRemoved { name }),
                (Some(locked), Some(found)) => adapter(&name, locked, found, &mut all),
            }
        }
        let none = BTreeMap::new();
        for (environment, locked, found) in pairs(&self.bindings, &found.bindings) {
            for (capability, locked, found) in pairs(locked.unwrap_or(&none), found.unwrap_or(&none)) {
                let (environment, capability) = (environment.clone(), capability.clone());
                match (locked, found) {
                    (None, Some(found)) => {
                        let adapter = found.adapter.clone();
                        all.push(LockDifference::BindingAdded { environment, capability, adapter });
                    }
                    (Some(locked), Some(found)) => binding(&environment, &capability, locked, found, &mut all),
                    (_, None) => all.push(LockDifference::BindingRemoved { environment, capability }),
                }
            }
        }
        for (name, locked, found) in pairs(&self.packages, &found.packages) {
            let name = name.clone();
            match (locked, found) {
                (None, _) => all.push(LockDifference::PackageAdded { name }),
                (_, None) => all.push(LockDifference::PackageRemoved { name }),
                (Some(locked), Some(found)) if locked.version != found.version => {
                    let (locked, found) = (locked.version.clone(), found.version.clone());
                    all.push(LockDifference::PackageVersion { name, locked, found });
                }
                (Some(locked), Some(found)) if locked.digest != found.digest => {
                    all.push(LockDifference::PackageDigest { name });
                }
                _ => {}
            }
        }
        all
    }

    /// What a plan was made with that is not as this lock says: the adapters its steps use, and what its environments bind;
    /// in order, each once. What the plan does not use is not looked at.
    pub fn differences_of_plan(&self, plan: &PlanGraph) -> Vec<LockDifference> {
        let mut used: BTreeSet<(&SmolStr, &SmolStr, &SmolStr)> = BTreeSet::new();
        for node in &plan.nodes {
            let Some(environment) = &node.environment else { continue };
            used.extend(node.adapter.iter().map(|adapter| (environment, &node.contract, adapter)));
            let undo = node.undo.iter();
            used.extend(undo.filter_map(|undo| Some((environment, &undo.contract, undo.adapter.as_ref()?))));
        }
        let mut all = Vec::new();
        let adapters: BTreeSet<&SmolStr> = used.iter().map(|(_, _, adapter)| *adapter).collect();
        for name in adapters {
            match (self.adapters.get(name), plan.adapters.get(name)) {
                (None, _) => all.push(LockDifference::AdapterAdded { name: name.clone() }),
                (Some(locked), Some(found)) => adapter(name, locked, found, &mut all),
                // A plan without an adapter that its steps name is refused elsewhere.
                (Some(_), None) => {}
            }
        }
        for (environment, contract, adapter) in used {
            let Some(found) = plan.contracts.get(contract) else { continue };
            all.extend(self.difference_of_step(environment, contract, (&found.capability, &found.version), adapter));
        }
        all.sort();
        all.dedup();
        all
    }

    /// What the lock says otherwise of a capability in an environment. A plan names capabilities by their contracts.
    fn difference_of_step(
        &self,
        environment: &SmolStr,
        contract: &SmolStr,
        (capability, version): (&SmolStr, &SmolStr),
        adapter: &SmolStr,
    ) -> Option<LockDifference> {
        let named = |name: &SmolStr| name.strip_suffix(capability.as_str()).is_some_and(|rest| rest.ends_with('.'));
        let bindings = self.bindings.get(environment).into_iter().flatten().filter(|(name, _)| named(name));
        let mut other = None;
        for (name, binding) in bindings {
            match (binding.contract == *contract, binding.adapter == *adapter) {
                (true, true) => return None,
                // The same contract tells more than the same name.
                (true, false) => {
                    other = Some(LockDifference::BindingAdapter {
                        environment: environment.clone(),
                        capability: name.clone(),
                        locked: binding.adapter.clone(),
                        found: adapter.clone(),
                    });
                }
                (false, _) if other.is_none() => {
                    other = Some(LockDifference::BindingContract {
                        environment: environment.clone(),
                        capability: name.clone(),
                        locked: binding.version.clone(),
                        found: version.clone(),
                    });
                }
                (false, _) => {}
            }
        }
        Some(other.unwrap_or_else(|| LockDifference::BindingAdded {
            environment: environment.clone(),
            capability: capability.clone(),
            adapter: adapter.clone(),
        }))
    }
}

/// The entries of two maps by key; at least one of each pair is there.
fn pairs<'m, V>(
    a: &'m BTreeMap<SmolStr, V>,
    b: &'m BTreeMap<SmolStr, V>,
) -> impl Iterator<Item = (&'m SmolStr, Option<&'m V>, Option<&'m V>)> {
    let keys: BTreeSet<&SmolStr> = a.keys().chain(b.keys()).collect();
    keys.into_iter().map(|key| (key, a.get(key), b.get(key)))
}

/// The most telling of what differs between two adapters of one name.
fn adapter(name: &SmolStr, locked: &Adapter, found: &Adapter, all: &mut Vec<LockDifference>) {
    let name = name.clone();
    if locked.version != found.version {
        let (locked, found) = (locked.version.clone(), found.version.clone());
        all.push(LockDifference::AdapterVersion { name, locked, found });
    } else if locked.files != found.files {
        let files = pairs(&locked.files, &found.files).filter(|(_, locked, found)| locked != found);
        all.extend(files.map(|(file, ..)| LockDifference::AdapterFile { name: name.clone(), file: file.clone() }));
    } else if locked != found {
        all.push(LockDifference::AdapterDigest { name });
    }
}

fn binding(
    environment: &SmolStr,
    capability: &SmolStr,
    locked: &LockedBinding,
    found: &LockedBinding,
    all: &mut Vec<LockDifference>,
) {
    let (environment, capability) = (environment.clone(), capability.clone());
    if locked.adapter != found.adapter {
        let (locked, found) = (locked.adapter.clone(), found.adapter.clone());
        all.push(LockDifference::BindingAdapter { environment, capability, locked, found });
    } else if locked != found {
        let (locked, found) = (locked.version.clone(), found.version.clone());
        all.push(LockDifference::BindingContract { environment, capability, locked, found });
    }
}
