//! References to entities, and what they refer to.
//!
//! A reference is a record of the entity's type, by its qualified name, and its id. It is followed only where entities are
//! at hand, as policies have them: what declares entities may name them, but does not look into them.

use ordain_diagnostics::codes;
use ordain_graph::Value;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::{Context, Eval, Evaluator, Fault};
use crate::db::{Db, Package};
use crate::hir::{Arg, ExprId};
use crate::items::Item;

/// The field that names the entities an entity belongs to.
pub(crate) const PARENTS: &str = "parents";

/// A reference to an entity of a type, by the type's qualified name.
pub(crate) fn reference(ty: SmolStr, id: SmolStr) -> Value {
    Value::record([("id".into(), Value::String(id)), ("type".into(), Value::String(ty))])
}

/// A reference to an entity of a declared type.
pub(crate) fn reference_to(db: &dyn Db, ty: Item<'_>, id: SmolStr) -> Value {
    reference(crate::qualified_name(db, crate::types::own_type(db, ty)), id)
}

/// The type and the id that a reference is made of.
pub(crate) fn parts(reference: &Value) -> Option<(&SmolStr, &SmolStr)> {
    let Value::Record(fields) = reference else { return None };
    match (fields.get("type")?, fields.get("id")?) {
        (Value::String(ty), Value::String(id)) => Some((ty, id)),
        _ => None,
    }
}

/// Entities with their attributes, by type and id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entities {
    of_type: FxHashMap<SmolStr, FxHashMap<SmolStr, Value>>,
}

impl Entities {
    /// Adds an entity; gives back the attributes of one that was there under the same name.
    pub(crate) fn insert(&mut self, ty: SmolStr, id: SmolStr, attributes: Value) -> Option<Value> {
        self.of_type.entry(ty).or_default().insert(id, attributes)
    }

    /// The entities by the qualified names of their types, in no order.
    pub(crate) fn by_type(&self) -> impl Iterator<Item = (&SmolStr, &FxHashMap<SmolStr, Value>)> {
        self.of_type.iter()
    }

    /// The attributes of what a reference refers to.
    pub(crate) fn get(&self, reference: &Value) -> Option<&Value> {
        let (ty, id) = parts(reference)?;
        self.of_type.get(ty)?.get(id)
    }

    /// Whether one entity is another or belongs to it, over any number of others. An entity that is not there belongs
    /// to nothing but itself.
    pub(crate) fn within(&self, inner: &Value, outer: &Value) -> bool {
        let mut open = vec![inner];
        let mut seen = FxHashSet::default();
        while let Some(at) = open.pop() {
            if at == outer {
                return true;
            }
            if seen.insert(at) {
                open.extend(self.parents(at));
            }
        }
        false
    }

    fn parents(&self, reference: &Value) -> &[Value] {
        match self.get(reference) {
            Some(Value::Record(attributes)) => match attributes.get(PARENTS) {
                Some(Value::List(parents)) => parents,
                _ => &[],
            },
            _ => &[],
        }
    }
}

/// Whether references are followed, and where to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Following<'a> {
    /// They are not.
    #[default]
    Nowhere,
    /// To the entities that a package and those it depends on declare.
    Declared(Package),
    /// To these.
    Given(&'a Entities),
}

impl<'a, 'db> Evaluator<'a, 'db> {
    /// Lets references be followed. INVARIANT: not where entities are evaluated, for they could need themselves.
    pub(crate) fn following(self, following: Following<'a>) -> Self {
        Self { following, ..self }
    }

    fn entities(&self) -> Option<&Entities> {
        match self.following {
            Following::Nowhere => None,
            Following::Declared(package) => Some(crate::policy::declared_entities(self.db, package)),
            Following::Given(entities) => Some(entities),
        }
    }

    /// `User("ana")`
    pub(super) fn eval_reference(&self, cx: &mut Context<'db>, ty: Item<'db>, args: &[Arg]) -> Eval<'db> {
        let [Arg { value, .. }] = args else { return Err(Box::new(Fault::Silent)) };
        match self.eval(cx, *value)? {
            Value::String(id) => Ok(reference_to(self.db, ty, id)),
            _ => Err(super::not_known(cx.expr_at(*value))),
        }
    }

    /// A field of the entity that a reference refers to.
    pub(super) fn entity_field(&self, cx: &Context<'db>, expr: ExprId, base: &Value, name: &SmolStr) -> Eval<'db> {
        if let Value::None = base {
            return Ok(Value::None);
        }
        let Some((ty, id)) = parts(base) else { return Err(super::not_known(cx.expr_at(expr))) };
        // That is told by the reference, whether the entity is there or not.
        if name == "id" {
            return Ok(Value::String(id.clone()));
        }
        let Some(entities) = self.entities() else {
            return Err(Fault::helped(
                codes::NO_SUCH_ENTITY,
                cx.expr_at(expr),
                "references are followed only by policies",
                "pass the reference on, or look at its `id`",
            ));
        };
        match entities.get(base) {
            Some(Value::Record(attributes)) => Ok(attributes.get(name).cloned().unwrap_or(Value::None)),
            _ => {
                let kind = ty.rsplit('.').next().unwrap_or(ty);
                let message = format!("there is no `{kind}` with the id `{id}`");
                Err(Fault::new(codes::NO_SUCH_ENTITY, cx.expr_at(expr), message))
            }
        }
    }

    /// Whether one entity is another, or one of several, or belongs to it.
    pub(super) fn is_within(&self, cx: &Context<'db>, expr: ExprId, inner: &Value, outer: &Value) -> Eval<'db, bool> {
        let Some(entities) = self.entities() else {
            return Err(Fault::helped(
                codes::NO_SUCH_ENTITY,
                cx.expr_at(expr),
                "references are followed only by policies",
                "compare references with `==`",
            ));
        };
        Ok(match outer {
            Value::List(several) => several.iter().any(|outer| entities.within(inner, outer)),
            Value::Set(several) => several.iter().any(|outer| entities.within(inner, outer)),
            outer => entities.within(inner, outer),
        })
    }
}
