//! Plans with what the policies say of them, in the ways they can be compiled.

use std::sync::Arc;

use ordain_compiler::{Anchor, Item, PlanInstance, bind_arguments, instantiate, judge};
use ordain_graph::PlanGraph;
use smol_str::SmolStr;

use super::plans::arguments;
use crate::world::Snapshot;

/// A plan in one way to compile it.
pub(crate) struct Way<'db> {
    /// What stands for the arguments: the environments, by name.
    pub(crate) name: String,
    /// The graph with its verdicts.
    pub(crate) graph: Arc<PlanGraph>,
    /// Where the graph's nodes are called, in their order.
    pub(crate) places: &'db [Anchor<'db>],
}

/// A plan in every way it can be compiled without being given more.
pub(crate) fn ways<'db>(snapshot: &'db Snapshot, plan: Item<'db>) -> Vec<Way<'db>> {
    arguments(snapshot, plan).into_iter().filter_map(|given| way(snapshot, plan, &given).ok()).collect()
}

/// A plan with these arguments, or what is found in it where it has no graph.
pub(crate) fn way<'db>(
    snapshot: &'db Snapshot,
    plan: Item<'db>,
    given: &[(SmolStr, String)],
) -> Result<Way<'db>, Vec<ordain_diagnostics::Diagnostic>> {
    let db = &snapshot.db;
    let values = bind_arguments(db, plan, given)
        .map_err(|errors| errors.into_iter().map(|error| *error.diagnostic).collect::<Vec<_>>())?;
    let instance = PlanInstance::new(db, plan, values);
    let judged = judge(db, instance, snapshot.today());
    let Some(graph) = judged.graph.clone() else {
        return Err(judged.faults.iter().filter_map(|fault| fault.locate(db)).collect());
    };
    let places = &instantiate(db, instance).places;
    let name = given.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
    Ok(Way { name, graph, places })
}
