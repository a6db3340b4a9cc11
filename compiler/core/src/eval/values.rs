//! The values of declarations.

use ordain_diagnostics::codes;
use ordain_graph::Value;

use super::{Context, DECLARATION, Evaluator, Fault};
use crate::db::{DataFile, Db};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, Signature, Tree, TypeRefKind};
use crate::items::{Item, Part, SignaturePart};
use crate::resolve::resolve;
use crate::types::{Anchor, DefaultRef, DefaultTree, Sig, literal, signature};

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
        .record_of(&mut cx, fields, ty)
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
    let data = evaluator.memory.data.take().into_iter().collect();
    match value {
        Ok(value) => Evaluated { value: Some(value), fault: None, data },
        Err(fault) => Evaluated { value: None, fault: Some(*fault), data },
    }
}

/// A value that needs itself, directly or through a default. Where declarations name each other, that is reported
/// with the way round; this is left for what only evaluation can see.
fn in_cycle<'db>(db: &'db dyn Db, _id: salsa::Id, item: Item<'db>) -> Evaluated<'db> {
    let message = format!("`{}` needs itself before it has a value", item.name(db));
    let fault = Fault::helped(codes::RECURSION, Anchor::name_of(item), message, "give a value that ends");
    Evaluated { value: None, fault: Some(*fault), data: Box::default() }
}

/// What is wrong with the expressions that depend on nothing around them: defaults, and in a signature timeouts and groups.
pub(crate) fn signature_faults<'db>(db: &'db dyn Db, item: Item<'db>) -> &'db [Fault<'db>] {
    let open = closed_expressions(db, item);
    // Most signatures have literals only, and nothing is kept for those.
    if open.is_empty() { &[] } else { faults(db, item) }
}

#[salsa::tracked]
fn faults<'db>(db: &'db dyn Db, item: Item<'db>) -> Box<[Fault<'db>]> {
    let evaluator = Evaluator::new(db);
    let mut cx = Context::signature(db, item);
    let mut evaluate = |(expr, default): (ExprId, Option<Part>)| {
        let value = match default {
            Some(part) => evaluator.default(DefaultRef { item, tree: DefaultTree::Part(part), expr }),
            None => evaluator.eval(&mut cx, expr),
        };
        value.err().map(|fault| *fault)
    };
    closed_expressions(db, item).into_iter().filter_map(&mut evaluate).collect()
}

/// Those expressions, without literals and names of variants, which always have a value; and of what is the
/// default of a field, the part that has it.
fn closed_expressions<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<(ExprId, Option<Part>)> {
    let SignaturePart { signature, tree } = item.signature(db);
    let mut found = Vec::new();
    let mut look_in = |tree: &Tree, expr: ExprId, default: Option<Part>| {
        let plain = match &tree[expr].kind {
            ExprKind::List(elements) => elements.iter().all(|&each| literal(tree, each).is_some()),
            ExprKind::Name(name) => resolve(db, item.file(db), std::slice::from_ref(name)).is_err(),
            _ => literal(tree, expr).is_some(),
        };
        if !plain {
            found.push((expr, default));
        }
    };
    for (part, tree) in [(Part::Signature, tree), (Part::Body, &item.body(db).tree)] {
        for reference in &tree.types {
            if let TypeRefKind::Record(fields) = &reference.kind {
                let defaults = fields.iter().filter_map(|field| field.default);
                defaults.for_each(|default| look_in(tree, default, Some(part)));
            }
        }
    }
    let mut look = |expr: ExprId| look_in(tree, expr, None);
    match signature {
        Signature::Fn { params, .. } | Signature::Plan { params, .. } => {
            params.iter().filter_map(|param| param.default).for_each(&mut look);
        }
        Signature::Adapter(adapter) => {
            adapter.run.iter().for_each(|(_, target)| look(*target));
        }
        Signature::Environment { groups, .. } => groups.iter().for_each(|group| look(group.members)),
        Signature::Capability(capability) => {
            capability.timeout.iter().for_each(|timeout| look(*timeout));
            if let Some(retry) = &capability.retry {
                look(retry.times);
                match retry.backoff.map(|backoff| &tree[backoff].kind) {
                    Some(ExprKind::Binary { op: BinaryOp::Range | BinaryOp::RangeInclusive, left, right }) => {
                        look(*left);
                        look(*right);
                    }
                    Some(_) => retry.backoff.iter().for_each(|backoff| look(*backoff)),
                    None => {}
                }
            }
        }
        _ => {}
    }
    found
}

/// A value without the marks of declarations, as it is shown and hashed.
pub(crate) fn without_declaration(value: Value) -> Value {
    match value {
        // Few values come from declarations.
        value if !has_declaration(&value) => value,
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

fn has_declaration(value: &Value) -> bool {
    match value {
        Value::Record(fields) => fields.contains_key(DECLARATION) || fields.values().any(has_declaration),
        Value::List(elements) => elements.iter().any(has_declaration),
        Value::Map(entries) => entries.values().any(has_declaration),
        _ => false,
    }
}
