//! The plan graph as an artifact: its values, nodes, canonical JSON and hashes; and the lock that plans are held to.
//!
//! Pure data and pure functions: no source, no I/O. The compiler makes plan graphs, everyone else reads them.

mod artifact;
mod build;
mod canonical;
mod draft;
mod fields;
mod json;
mod lock;
mod names;
mod ops;
mod plan;
mod refresh;
mod scalar;
mod shape;
mod untyped;
mod value;
mod verdict;

pub use artifact::{PLAN_SCHEMA, PlanError};
pub use build::finish;
pub use draft::{DraftNode, DraftPlan, DraftUndo, Finished, GraphError};
pub use fields::Fields;
pub use lock::{
    LOCK_FORMAT, LOCK_SCHEMA, Lock, LockDifference, LockError, LockedBinding, LockedPackage, MAX_LOCK_BYTES,
};
pub use ops::{OpError, Pattern, Patterns, apply, apply_with, evaluate};
pub use plan::{
    Adapter, Contract, Dependency, Effect, Environment, FORMAT, Node, NodeKind, OnFailure, PackageRef, PlanGraph,
    Retry, Risk, Transport, Undo, Why,
};
pub use refresh::{Because, LeftOut, Refresh, RefreshError};
pub use scalar::{display, written};
pub use shape::ShapeError;
pub use untyped::untyped;
pub use value::{Date, Demand, Function, NodeId, NodeRef, Op, Residual, SecretRef, Shape, Value};
pub use verdict::{Exemption, Mode, Outcome, Requirements, Severity, Verdict};
