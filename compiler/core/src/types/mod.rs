//! Expressions to types.
//!
//! Declared signatures are facts that other items may read ([`signature`]); what is inside a body is inferred for that
//! body alone ([`check`]), so that an edit inside one body never touches another.

mod builtin;
mod circles;
mod coerce;
mod extent;
mod finding;
mod infer;
mod lone;
mod lower;
mod refine;
mod sig;
mod subject;
mod ty;

use lower::TypeLowering;

pub use builtin::DataFormat;
pub(crate) use builtin::{SECRET, TYPE_NAMES, TYPED};
pub(crate) use circles::{endless, needs_circle, recursion};
pub(crate) use extent::{MAX_PARTS, contract_parts};
pub use finding::{Anchor, Finding, Note};
pub(crate) use infer::members;
pub(crate) use infer::named;
pub use infer::{
    Binding, COMPLETION_NAME, Facts, FieldOf, Gap, Mark, Marks, Meaning, Named, Reach, Resolution, Slot, Spot, check,
    const_type, field_place, infer_expression, inference, marks, reach,
};
pub(crate) use lone::{LoneText, lone_facts, lone_tree, lone_type};
pub(crate) use refine::{binary_op, literal, unary_op};
pub use sig::{ParamTy, Sig, alias_target, signature};
pub(crate) use subject::{
    SubjectTypes, entity_type, fits, fits_as_it_is, own_type, refers_to, subject_types, written_type,
};
pub(crate) use ty::DefaultTree;
pub use ty::{DefaultRef, FieldTy, RecordTy, Ty};
