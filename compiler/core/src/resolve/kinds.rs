//! Declarations by their kind, so that nobody goes over a whole package for the few that it looks for.

use crate::db::{Db, Package, SourceFile};
use crate::hir::Kind;
use crate::items::{Item, file_items};

/// The declarations of a file: those of a kind together, in the order they stand in.
#[salsa::tracked]
fn file_kinds<'db>(db: &'db dyn Db, file: SourceFile) -> Box<[(Kind, Item<'db>)]> {
    let items = file_items(db, file).items(db);
    let mut sorted: Box<[(Kind, Item<'db>)]> = items.iter().map(|&item| (item.kind(db), item)).collect();
    sorted.sort_by_key(|(kind, _)| *kind);
    sorted
}

#[salsa::tracked]
fn package_kind<'db>(db: &'db dyn Db, package: Package, kind: Kind) -> Box<[Item<'db>]> {
    let mut found = Vec::new();
    for &file in package.files(db).values() {
        let sorted = file_kinds(db, file);
        let start = sorted.partition_point(|(other, _)| *other < kind);
        found.extend(sorted[start..].iter().take_while(|(other, _)| *other == kind).map(|(_, item)| *item));
    }
    found.into()
}

/// The declarations of a kind in a package, in the order of modules and declarations.
pub fn items_of<'db>(db: &'db dyn Db, package: Package, kind: Kind) -> &'db [Item<'db>] {
    package_kind(db, package, kind)
}
