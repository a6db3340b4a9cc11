//! Names to definitions: what a file declares, what it imports, and what a path in it means.

mod beginnings;
mod cycles;
mod import;
mod kinds;
mod path;
mod scope;
mod suggest;

pub use beginnings::beginning_with;
pub use cycles::import_cycles;
pub use import::{ImportErrorKind, ImportPlace, imports};
pub use kinds::items_of;
pub use path::{Found, PathError, resolve, resolve_module};
pub(crate) use path::{meant, module_meant, resolve_policy};
pub use scope::{Declared, declared, package_items};
pub(crate) use suggest::{elsewhere, similar, visible};

use crate::db::{Db, SourceFile};
use crate::items::Item;

/// What a name can mean.
#[derive(Clone, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub enum Def<'db> {
    /// A declaration.
    Item(Item<'db>),
    /// A module.
    Module(SourceFile),
    /// The declarations of a module whose dotted names start so: `database` for `database.ensure`.
    Prefix(SourceFile, smol_str::SmolStr),
}

/// The names of a package's dependencies, `std` included, that `use` may start with.
pub(crate) fn dependency(db: &dyn Db, file: SourceFile, name: &str) -> Option<crate::db::Package> {
    file.package(db).dependencies(db).get(name).copied()
}
