//! The plan graph as an artifact: its values, nodes, canonical JSON, hashes, views and differences.
//!
//! Pure data and pure functions: no source, no I/O. The compiler makes plan graphs, everyone else reads them.

mod plan;
mod value;

pub use plan::{
    Adapter, Contract, Dependency, Effect, Environment, FORMAT, Node, NodeKind, OnFailure, PackageRef, PlanGraph, Retry,
    Risk, Transport, Undo, Why,
};
pub use value::{Date, Demand, Function, NodeId, NodeRef, Op, Residual, SecretRef, Shape, Value};
