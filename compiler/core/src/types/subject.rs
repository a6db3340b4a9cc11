//! The types that a policy names for its subject.

use super::coerce::{self, Fit};
use super::{Sig, Ty, TypeLowering, alias_target, signature};
use crate::db::Db;
use crate::hir::{Body, TypeId};
use crate::items::{Item, Part};

/// The types that a policy names for its subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub(crate) struct SubjectTypes<'db> {
    /// `name: T`
    pub(crate) binding: Option<Ty<'db>>,
    /// `in name: T`
    pub(crate) environment: Option<Ty<'db>>,
}

/// The types that a policy names for its subject; none for what is no policy.
#[salsa::tracked]
pub(crate) fn subject_types<'db>(db: &'db dyn Db, item: Item<'db>) -> SubjectTypes<'db> {
    let part = item.body(db);
    let Body::Policy(policy) = &part.body else { return SubjectTypes::default() };
    let Some(subject) = &policy.subject else { return SubjectTypes::default() };
    let mut lowering = TypeLowering::new(db, item, Part::Body, &part.tree);
    SubjectTypes {
        binding: subject.binding.as_ref().map(|(_, ty)| lowering.ty(*ty)),
        environment: subject.environment.as_ref().map(|(_, ty)| lowering.ty(*ty)),
    }
}

/// A type as it is written in an item's body.
pub(crate) fn written_type<'db>(db: &'db dyn Db, item: Item<'db>, ty: TypeId) -> Ty<'db> {
    TypeLowering::new(db, item, Part::Body, &item.body(db).tree).ty(ty)
}

/// The declared type that an entity is known by: what an alias of a named type leads to, else the type itself.
pub(crate) fn own_type<'db>(db: &'db dyn Db, item: Item<'db>) -> Item<'db> {
    let mut own = item;
    // Aliases that lead back to themselves stand for nothing.
    if alias_target(db, item) != Ty::Error {
        while let Sig::Type(Ty::Alias(next)) = &signature(db, own).sig {
            own = *next;
        }
    }
    own
}

/// A type of entities under the name that they are known by.
pub(crate) fn entity_type<'db>(db: &'db dyn Db, ty: &Ty<'db>) -> Ty<'db> {
    match ty {
        Ty::Alias(item) => Ty::Alias(own_type(db, *item)),
        other => other.clone(),
    }
}

/// Whether every entity of a declared type is one that a reference to another type can name.
pub(crate) fn refers_to<'db>(db: &'db dyn Db, item: Item<'db>, target: &Ty<'db>) -> bool {
    use std::sync::Arc;
    fits(db, &Ty::Ref(Arc::new(Ty::Alias(item))), &Ty::Ref(Arc::new(target.clone())))
}

/// Whether a value of one type can stand where another is declared.
pub(crate) fn fits<'db>(db: &'db dyn Db, actual: &Ty<'db>, expected: &Ty<'db>) -> bool {
    coerce::fit(db, actual, expected).is_ok()
}

/// As [`fits`], where the value has the form that is declared already: no default is to be filled in, nothing left out.
pub(crate) fn fits_as_it_is<'db>(db: &'db dyn Db, actual: &Ty<'db>, expected: &Ty<'db>) -> bool {
    coerce::fit(db, actual, expected) == Ok(Fit::Same)
}
