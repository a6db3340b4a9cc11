//! The inputs of gates.

use std::cell::OnceCell;

use ordain_graph::Value;
use smol_str::SmolStr;

use crate::db::Db;
use crate::eval::{Eval, Evaluator, Origin};
use crate::hir::ExprId;
use crate::items::Item;
use crate::types::{Anchor, Ty, fits};

/// A document that a gate reads.
pub(super) struct Document<'db> {
    /// Its position among the gate's inputs.
    pub(super) input: usize,
    pub(super) name: SmolStr,
    pub(super) ty: Ty<'db>,
    /// What gives its value, which is evaluated once it is needed.
    pub(super) expr: ExprId,
    pub(super) value: OnceCell<Value>,
    /// The files it comes from.
    pub(super) origin: Origin<'db>,
    /// Where the gate names it.
    pub(super) at: Anchor<'db>,
}

impl<'db> Document<'db> {
    /// What it holds, where that was read.
    pub(super) fn known(&self) -> Option<&Value> {
        self.value.get()
    }

    /// The type of its elements, where it is a list or a map of what a policy expects.
    pub(super) fn element(&self, db: &'db dyn Db, expected: &Ty<'db>) -> Option<Ty<'db>> {
        let element = match self.ty.peel(db) {
            Ty::List(element) => (*element).clone(),
            Ty::Map(entry) => entry.1.clone(),
            _ => return None,
        };
        fits(db, &element, expected).then_some(element)
    }
}

/// The elements of a list or a map, with the step of a pointer that leads to each.
pub(super) fn elements(value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::List(elements) => elements.iter().enumerate().map(|(at, each)| (at.to_string(), each.clone())).collect(),
        Value::Map(entries) => {
            entries.iter().map(|(key, each)| (ordain_graph::display(key).unwrap_or_default(), each.clone())).collect()
        }
        _ => Vec::new(),
    }
}

/// A value of a type as a policy expects it: with the defaults of fields that the type does not have.
pub(super) fn as_declared<'db>(
    db: &'db dyn Db,
    value: Value,
    (ty, expected): (&Ty<'db>, &Ty<'db>),
    policy: Item<'db>,
) -> Eval<'db> {
    if ty == expected {
        return Ok(value);
    }
    Evaluator::new(db).normalise(value, expected, Anchor::name_of(policy))
}
