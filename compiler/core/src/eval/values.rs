//! The values of declarations.

use ordain_graph::Value;

use super::{Context, DECLARATION, Evaluator, Fault};
use crate::db::{DataFile, Db};
use crate::hir::Body;
use crate::items::Item;
use crate::types::{Anchor, Sig, signature};

/// What evaluating a declaration gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub struct Evaluated<'db> {
    /// Its value, where it has one.
    pub value: Option<Value>,
    /// Why it has none.
    pub fault: Option<Fault<'db>>,
    /// The data files it was read from.
    pub data: Box<[DataFile]>,
}

/// The value of a `const`.
#[salsa::tracked(cycle_result = in_cycle)]
pub fn const_value<'db>(db: &'db dyn Db, item: Item<'db>) -> Evaluated<'db> {
    let Body::Expr(value) = item.body(db).body else { return Evaluated::default() };
    let evaluator = Evaluator::new(db);
    let value = evaluator.eval(&mut Context::body(db, item), value);
    finish(evaluator, value)
}

/// The value of an environment or entity: a record that knows its declaration.
#[salsa::tracked(cycle_result = in_cycle)]
pub fn declared_value<'db>(db: &'db dyn Db, item: Item<'db>) -> Evaluated<'db> {
    let Body::Fields(fields) = &item.body(db).body else { return Evaluated::default() };
    let (Sig::Environment(ty) | Sig::Entity(ty)) = &signature(db, item).sig else { return Evaluated::default() };
    let evaluator = Evaluator::new(db);
    let mut cx = Context::body(db, item);
    let value = evaluator
        .record_of(&mut cx, fields)
        .and_then(|value| evaluator.normalise(value, ty, Anchor::name_of(item)))
        .map(|value| match value {
            Value::Record(fields) => {
                let mut fields = fields.as_ref().clone();
                fields.insert(DECLARATION.into(), Value::String(crate::qualified_name(db, item)));
                Value::Record(fields.into())
            }
            other => other,
        });
    finish(evaluator, value)
}

fn finish<'db>(evaluator: Evaluator<'_, 'db>, value: super::Eval<'db>) -> Evaluated<'db> {
    let data = evaluator.data.into_inner().into_iter().collect();
    match value {
        Ok(value) => Evaluated { value: Some(value), fault: None, data },
        Err(fault) => Evaluated { value: None, fault: Some(*fault), data },
    }
}

fn in_cycle<'db>(_db: &'db dyn Db, _id: salsa::Id, _item: Item<'db>) -> Evaluated<'db> {
    Evaluated { value: None, fault: Some(Fault::Silent), data: Box::default() }
}

/// A value without the marks of declarations, as it is shown and hashed.
pub(crate) fn without_declaration(value: Value) -> Value {
    match value {
        Value::Record(fields) => Value::record(
            fields
                .iter()
                .filter(|(name, _)| *name != DECLARATION)
                .map(|(name, value)| (name.clone(), without_declaration(value.clone()))),
        ),
        Value::List(elements) => Value::list(elements.iter().cloned().map(without_declaration)),
        Value::Map(entries) => Value::Map(std::sync::Arc::new(
            entries.iter().map(|(key, value)| (key.clone(), without_declaration(value.clone()))).collect(),
        )),
        other => other,
    }
}
