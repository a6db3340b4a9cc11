//! Plans to graphs: loops unrolled, branches taken, sub-plans inlined, every step a node.
#![allow(missing_docs, reason = "constructors and setters are generated without")]

mod arguments;
mod bound;
pub(crate) mod contract;
mod draft;
mod edges;
mod expand;
mod steps;

use std::rc::Rc;
use std::sync::Arc;

use ordain_graph::{PlanGraph, Value};

pub use arguments::{ArgumentError, bind_arguments};
pub use contract::program_references;
pub(crate) use expand::is_allowed;

use crate::db::Db;
use crate::eval::{Fault, Memory};
use crate::items::Item;
use crate::types::Anchor;

/// A plan and the values of its parameters.
#[salsa::interned(debug)]
pub struct PlanInstance<'db> {
    /// The plan.
    #[returns(copy)]
    pub plan: Item<'db>,
    /// A record with a value for every parameter.
    pub arguments: Value,
}

/// What instantiating a plan gave.
#[derive(Clone, Debug, Default, PartialEq, salsa::SalsaValue)]
pub struct Instantiated<'db> {
    /// The graph; none where there are errors.
    pub graph: Option<Arc<PlanGraph>>,
    /// What was found, warnings among it.
    pub faults: Vec<Fault<'db>>,
    /// Where the graph's nodes are called, in their order.
    pub places: Vec<Anchor<'db>>,
}

impl<'db> Instantiated<'db> {
    fn without_graph(faults: Vec<Fault<'db>>) -> Self {
        Self { graph: None, faults, places: Vec::new() }
    }
}

/// Instantiates a plan: its graph, or why there is none.
#[salsa::tracked(lru = 64)]
pub fn instantiate<'db>(db: &'db dyn Db, instance: PlanInstance<'db>) -> Instantiated<'db> {
    instantiate_in(db, instance, Rc::default())
}

/// Instantiates a plan anew, with a memory that tells what it went through.
pub(crate) fn instantiate_in<'db>(
    db: &'db dyn Db,
    instance: PlanInstance<'db>,
    memory: Rc<Memory<'db>>,
) -> Instantiated<'db> {
    expand::Expansion::new(db, memory).run(instance.plan(db), instance.arguments(db))
}
