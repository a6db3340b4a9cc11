//! The adapters of one execution: those that are part of the interpreter, and those that are programs or services.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use ordain_graph::{PlanGraph, Transport};
use smol_str::SmolStr;

use super::remote::{Reached, Remote, Terms};
use super::{Adapter, AdapterLimits, Adapters};

/// The adapters of one execution. Programs among them end when this is dropped.
pub(crate) struct Reach<'a> {
    builtin: &'a Adapters,
    remote: BTreeMap<&'a SmolStr, Remote>,
}

/// How adapters of an execution that are programs or services are reached.
pub(crate) struct Terrain<'a> {
    /// The execution's id.
    pub(crate) execution: &'a str,
    /// Whether an interpreter that ended may have left programs behind.
    pub(crate) resumed: bool,
    /// The directory that programs are found and run in.
    pub(crate) root: &'a Path,
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
        let remote = plan.adapters.iter().filter_map(|(name, adapter)| {
            let reached = match &adapter.transport {
                Transport::Builtin(_) => return None,
                Transport::Process(argv) => {
                    Reached::Program(argv.iter().map(SmolStr::to_string).collect(), terrain.root.to_owned())
                }
                Transport::Http(url) => Reached::Url(url.to_string()),
            };
            Some((name, Remote::new(name.clone(), reached, terms.clone())))
        });
        Self { builtin, remote: remote.collect() }
    }

    /// Those of the interpreter only.
    #[cfg(test)]
    pub(crate) fn builtin(builtin: &'a Adapters) -> Self {
        Self { builtin, remote: BTreeMap::new() }
    }

    /// The adapter of a name in the plan.
    pub(crate) fn find(&self, name: &SmolStr, transport: &Transport) -> Option<&dyn Adapter> {
        match transport {
            Transport::Builtin(builtin) => self.builtin.get(builtin),
            _ => self.remote.get(name).map(|remote| -> &dyn Adapter { remote }),
        }
    }
}

impl Drop for Reach<'_> {
    fn drop(&mut self) {
        // All are asked to end before any of them is waited for.
        for remote in self.remote.values() {
            remote.close();
        }
    }
}
