//! Declarations that need themselves, and types that contain themselves: each circle once.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Sig, Ty, check, signature};
use crate::db::{Db, Package};
use crate::hir::Kind;
use crate::items::Item;
use crate::resolve::{items_of, package_items};

/// Circles, by their first member in the order of modules and declarations.
type Circles<'db> = FxHashMap<Item<'db>, Box<[Item<'db>]>>;

/// The members of the circle of declarations that is told at an item, in order from it.
pub fn recursion<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<&'db [Item<'db>]> {
    let found = needs_circle(db, item).then(|| circles(db, item.file(db).package(db)).get(&item));
    found.flatten().map(|circle| &**circle)
}

/// Whether an item needs itself, or something that needs itself.
#[salsa::tracked(returns(copy), cycle_result = is_circle)]
pub fn needs_circle<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    check(db, item).needs.iter().any(|&next| needs_circle(db, next))
}

fn is_circle<'db>(_db: &'db dyn Db, _id: salsa::Id, _item: Item<'db>) -> bool {
    true
}

/// All of a package's circles at once: asked only where there is one, so that long ones cost no more than their length.
#[salsa::tracked]
fn circles<'db>(db: &'db dyn Db, package: Package) -> Circles<'db> {
    let nodes = package_items(db, package).filter(|&item| needs_circle(db, item)).collect();
    find(nodes, |item| check(db, item).needs.to_vec())
}

/// The members of the circle of types that is told at an item, in order from it.
pub fn endless<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<&'db [Item<'db>]> {
    if item.kind(db) != Kind::Type || !contains_circle(db, item) {
        return None;
    }
    endless_types(db, item.file(db).package(db)).get(&item).map(|circle| &**circle)
}

/// Whether every value of a type would contain itself, or a part would.
#[salsa::tracked(returns(copy), cycle_result = is_circle)]
fn contains_circle<'db>(db: &'db dyn Db, item: Item<'db>) -> bool {
    contained(db, item).into_iter().any(|next| contains_circle(db, next))
}

#[salsa::tracked]
fn endless_types<'db>(db: &'db dyn Db, package: Package) -> Circles<'db> {
    let types = items_of(db, package, Kind::Type).iter().copied();
    find(types.filter(|&item| contains_circle(db, item)).collect(), |item| contained(db, item))
}

/// The declared types that a value of a type always contains.
fn contained<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Item<'db>> {
    fn walk<'db>(ty: &Ty<'db>, found: &mut Vec<Item<'db>>) {
        match ty {
            Ty::Alias(item) => found.push(*item),
            Ty::Record(record) => record.fields.iter().for_each(|field| walk(&field.ty, found)),
            Ty::Refined(base, _) | Ty::Secret(base) => walk(base, found),
            _ => {}
        }
    }
    let mut found = Vec::new();
    if let Sig::Type(ty) = &signature(db, item).sig {
        // A type that is nothing but itself, or not there, has no end either.
        walk(ty.bare(), &mut found);
    }
    found
}

/// The circles among `nodes`, which stand in their order. Of those that share members, one is told.
fn find<'db>(nodes: Vec<Item<'db>>, next: impl Fn(Item<'db>) -> Vec<Item<'db>>) -> Circles<'db> {
    let place: FxHashMap<Item<'db>, usize> = nodes.iter().enumerate().map(|(at, &item)| (item, at)).collect();
    let edges: Vec<Vec<usize>> =
        nodes.iter().map(|&item| next(item).iter().filter_map(|item| place.get(item).copied()).collect()).collect();
    let mut told: FxHashSet<usize> = FxHashSet::default();
    let mut found = Circles::default();
    for mut circle in crate::cycle::find(nodes.len(), |node| edges[node].iter().copied()) {
        if circle.iter().any(|node| told.contains(node)) {
            continue;
        }
        told.extend(circle.iter().copied());
        let first = (0..circle.len()).min_by_key(|&at| circle[at]).unwrap_or_default();
        circle.rotate_left(first);
        found.insert(nodes[circle[0]], circle.into_iter().map(|node| nodes[node]).collect());
    }
    found
}
