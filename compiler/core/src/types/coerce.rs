//! Which types fit where, and what has to happen to a value on the way.

use super::Ty;
use crate::db::Db;
use crate::items::Item;

/// How a value of one type becomes one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// As it is.
    Same,
    /// It must be normalised to the target when it is evaluated: refinements are checked, defaults filled in,
    /// whole numbers become decimals, record literals become maps.
    Adjusted,
}

/// Why a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The types differ.
    Type,
    /// It may be `none`.
    Optional,
    /// It is secret, the place is not.
    Secret,
    /// The place is secret, the value is not.
    NotSecret,
    /// A field lacks.
    MissingField(String),
    /// A field's type differs.
    Field(String, Box<Misfit>),
}

/// Whether a value of type `actual` can stand where `expected` is declared.
pub(super) fn fit<'db>(db: &'db dyn Db, actual: &Ty<'db>, expected: &Ty<'db>) -> Result<Fit, Misfit> {
    fit_within(db, actual, expected, &mut Vec::new())
}

/// `seen` are the pairs of declared types that were opened on the way. They may be taken as fitting where they are met
/// again: if they do not fit, the first comparison says so, and one misfit ends it all.
fn fit_within<'db>(
    db: &'db dyn Db,
    actual: &Ty<'db>,
    expected: &Ty<'db>,
    seen: &mut Vec<(Item<'db>, Item<'db>)>,
) -> Result<Fit, Misfit> {
    let mut inner = |a: &Ty<'db>, e: &Ty<'db>| fit_within(db, a, e, seen);
    if actual == expected {
        return Ok(Fit::Same);
    }
    match (actual, expected) {
        (Ty::Error, _) | (_, Ty::Error) => return Ok(Fit::Same),
        (Ty::Alias(a), Ty::Alias(e)) => {
            if seen.contains(&(*a, *e)) {
                return Ok(Fit::Same);
            }
            seen.push((*a, *e));
            return fit_within(db, &super::alias_target(db, *a), &super::alias_target(db, *e), seen);
        }
        (_, Ty::Alias(item)) => return inner(actual, &super::alias_target(db, *item)),
        (_, Ty::Refined(base, _)) => {
            inner(actual, base)?;
            return Ok(Fit::Adjusted);
        }
        (Ty::Alias(item), _) => return inner(&super::alias_target(db, *item), expected),
        (Ty::Refined(base, _), _) => return inner(base, expected),
        _ => {}
    }
    match (actual, expected) {
        (Ty::Secret(a), Ty::Secret(e)) => inner(a, e),
        (_, Ty::Secret(_)) => match actual {
            Ty::Optional(a) if matches!(a.peel(db), Ty::Secret(_)) => Err(Misfit::Optional),
            _ => Err(Misfit::NotSecret),
        },
        (Ty::None, Ty::Optional(_)) => Ok(Fit::Same),
        (Ty::Optional(a), Ty::Optional(e)) => inner(a, e),
        (_, Ty::Optional(e)) => inner(actual, e),
        (_, Ty::Json) if actual.holds_secret(db) => Err(Misfit::Secret),
        (_, Ty::Json) if actual.holds_handle(db) => Err(Misfit::Type),
        (_, Ty::Json) => Ok(Fit::Adjusted),
        (Ty::Secret(_), _) => Err(Misfit::Secret),
        (Ty::Optional(a), e) => match inner(a, e) {
            Ok(_) => Err(Misfit::Optional),
            Err(misfit) => Err(misfit),
        },
        (Ty::None, _) => Err(Misfit::Optional),
        (Ty::Int, Ty::Decimal) => Ok(Fit::Adjusted),
        (Ty::List(a), Ty::List(e)) | (Ty::Set(a), Ty::Set(e)) => inner(a, e),
        (Ty::Ref(a), Ty::Ref(e)) => match refers(db, a, e, &mut Vec::new()) {
            true => Ok(Fit::Same),
            false => Err(Misfit::Type),
        },
        (Ty::Map(a), Ty::Map(e)) => Ok(inner(&a.0, &e.0)?.max(inner(&a.1, &e.1)?)),
        (Ty::Record(a), Ty::Record(e)) => {
            let mut fit = if a.fields.len() == e.fields.len() { Fit::Same } else { Fit::Adjusted };
            for field in &e.fields {
                match a.get(&field.name) {
                    Some(given) => {
                        let field_fit = inner(&given.ty, &field.ty)
                            .map_err(|misfit| Misfit::Field(field.name.to_string(), Box::new(misfit)))?;
                        fit = fit.max(field_fit);
                    }
                    None if field.default.is_some() || matches!(field.ty.peel(db), Ty::Optional(_)) => {
                        fit = Fit::Adjusted;
                    }
                    None => return Err(Misfit::MissingField(field.name.to_string())),
                }
            }
            Ok(fit)
        }
        _ => Err(Misfit::Type),
    }
}

/// Whether every entity of one type is one of another. Entities are told apart by the names of their types; a type that is
/// written out takes all that have its fields, as they are: nothing is filled in or checked again behind a reference.
fn refers<'db>(db: &'db dyn Db, actual: &Ty<'db>, expected: &Ty<'db>, seen: &mut Vec<(Item<'db>, Ty<'db>)>) -> bool {
    let (actual, expected) = (last_name(db, actual), last_name(db, expected));
    match (&actual, &expected) {
        _ if actual == expected => true,
        (Ty::Error, _) | (_, Ty::Error) => true,
        (Ty::Alias(item), Ty::Record(_)) => {
            let pair = (*item, expected.clone());
            if seen.contains(&pair) {
                return true;
            }
            seen.push(pair);
            refers(db, &super::alias_target(db, *item), &expected, seen)
        }
        (Ty::Record(a), Ty::Record(e)) => e.fields.iter().all(|field| match a.get(&field.name) {
            Some(given) => serves(db, &given.ty, &field.ty, seen),
            None => matches!(field.ty.peel(db), Ty::Optional(_)),
        }),
        _ => false,
    }
}

/// Whether every value of one type is one of another as it is.
fn serves<'db>(db: &'db dyn Db, actual: &Ty<'db>, expected: &Ty<'db>, seen: &mut Vec<(Item<'db>, Ty<'db>)>) -> bool {
    let expected = last_name(db, expected);
    match (&last_name(db, actual), &expected) {
        (actual, expected) if actual == expected => true,
        (Ty::Error, _) | (_, Ty::Error) | (Ty::None, Ty::Optional(_)) => true,
        (Ty::Ref(a), Ty::Ref(e)) => refers(db, a, e, seen),
        (Ty::Optional(a), Ty::Optional(e)) => serves(db, a, e, seen),
        (actual, Ty::Optional(e)) => serves(db, actual, e, seen),
        (Ty::List(a), Ty::List(e)) | (Ty::Set(a), Ty::Set(e)) => serves(db, a, e, seen),
        (Ty::Map(a), Ty::Map(e)) => serves(db, &a.0, &e.0, seen) && serves(db, &a.1, &e.1, seen),
        (Ty::Refined(base, _), expected) => serves(db, base, expected, seen),
        (Ty::Alias(item), expected) => serves(db, &super::alias_target(db, *item), expected, seen),
        _ => false,
    }
}

/// The last of the names that a type has.
fn last_name<'db>(db: &'db dyn Db, ty: &Ty<'db>) -> Ty<'db> {
    let Ty::Alias(item) = ty else { return ty.clone() };
    match super::alias_target(db, *item) {
        Ty::Record(_) => Ty::Alias(super::own_type(db, *item)),
        // Only what is told apart by a name keeps it.
        other => other,
    }
}

/// The type both fit into, for the branches of an `if` or the elements of a list.
pub(super) fn join<'db>(db: &'db dyn Db, a: &Ty<'db>, b: &Ty<'db>) -> Option<Ty<'db>> {
    use std::sync::Arc;
    if fit(db, a, b).is_ok() {
        return Some(b.clone());
    }
    if fit(db, b, a).is_ok() {
        return Some(a.clone());
    }
    match (a, b) {
        (Ty::None, other) | (other, Ty::None) => Some(Ty::Optional(Arc::new(other.clone()))),
        (Ty::Optional(inner), other) | (other, Ty::Optional(inner)) => match join(db, inner, other)? {
            already @ Ty::Optional(_) => Some(already),
            joined => Some(Ty::Optional(Arc::new(joined))),
        },
        (Ty::Refined(base, _), other) | (other, Ty::Refined(base, _)) => join(db, base, other),
        _ => None,
    }
}
