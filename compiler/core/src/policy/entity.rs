//! Policies over the registry: the entities a package declares.

use ordain_graph::{Date, Value};
use smol_str::SmolStr;

use super::decide::{Decided, Decider};
use crate::db::{Db, Package};
use crate::eval::{Evaluator, Following, declared_value, plain, without_declaration};
use crate::hir::{Kind, Subject};
use crate::items::Item;
use crate::resolve::items_of;
use crate::types::{Sig, Ty, entity_type, signature, subject_types};

/// The entities of a package that a policy is about: all, or those of the type it names, whatever else is of its form.
pub(super) fn entities_of<'db>(db: &'db dyn Db, package: Package, policy: Item<'db>) -> Vec<(Item<'db>, Ty<'db>)> {
    let expected = subject_types(db, policy).binding.as_ref().map(|expected| entity_type(db, expected));
    let known = items_of(db, package, Kind::Entity).iter().copied();
    known
        .filter_map(|entity| {
            let Sig::Entity(declared) = &signature(db, entity).sig else { return None };
            let actual = entity_type(db, declared);
            expected.as_ref().is_none_or(|expected| *expected == actual).then_some((entity, actual))
        })
        .collect()
}

/// What a policy says about each entity of a package that it is about. Entities without a value are left out, for their
/// mistakes are reported where they stand.
pub(super) fn decide_entities<'db>(
    db: &'db dyn Db,
    package: Package,
    policy: Item<'db>,
    subject: &Subject,
    as_of: Option<Date>,
    explained: bool,
) -> Vec<(Item<'db>, Decided<'db>)> {
    let evaluator = Evaluator::new(db).following(Following::Declared(package));
    entities_of(db, package, policy)
        .into_iter()
        .filter_map(|(entity, actual)| {
            let value = declared_value(db, entity).value.clone().map(without_declaration)?;
            let local = local(db, subject, entity, &actual, value);
            let decider = Decider::new(db, &evaluator, policy, vec![local], as_of)?;
            Some((entity, if explained { decider.explained() } else { decider }.run()))
        })
        .collect()
}

/// What the policy's subject binds.
fn local<'db>(
    db: &'db dyn Db,
    subject: &Subject,
    entity: Item<'db>,
    actual: &Ty<'db>,
    value: Value,
) -> (SmolStr, Value) {
    match &subject.binding {
        Some((name, _)) => (name.text.clone(), value),
        None => {
            let record = Value::record([
                ("fields".into(), plain(value)),
                ("kind".into(), Value::string(actual.display(db))),
                ("name".into(), Value::String(crate::qualified_name(db, entity))),
            ]);
            (subject.kind.text.clone(), record)
        }
    }
}
