//! What a file declares.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::db::{Db, Package, SourceFile};
use crate::hir::Kind;
use crate::items::{Item, file_items};
use crate::names::NameMap;

/// The declarations of a file by name. Tests have no name that others can use and are not here.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub struct Declared<'db> {
    names: NameMap<Item<'db>>,
    /// Declarations with syntax errors in them, sorted.
    broken: Box<[Item<'db>]>,
    /// First parts of dotted names, sorted.
    prefixes: Box<[SmolStr]>,
    /// Declarations whose name was taken already, with the one that has it.
    pub duplicates: Box<[(Item<'db>, Item<'db>)]>,
    /// Declarations of one sort whose names differ only in case.
    pub case_clashes: Box<[(Item<'db>, Item<'db>)]>,
}

impl<'db> Declared<'db> {
    /// The declaration of that (dotted) name.
    pub fn get(&self, name: &str) -> Option<Item<'db>> {
        self.names.get(name).copied()
    }

    /// Whether a declaration has syntax errors in it, so that nothing follows from what it lacks.
    pub fn is_broken(&self, item: Item<'db>) -> bool {
        self.broken.binary_search(&item).is_ok()
    }

    /// Whether a dotted name starts with this part.
    pub fn has_prefix(&self, part: &str) -> bool {
        self.prefixes.binary_search_by(|prefix| prefix.as_str().cmp(part)).is_ok()
    }

    /// The declarations with their names, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, Item<'db>)> {
        self.names.iter().map(|(name, &item)| (name, item))
    }

    /// The declaration that comes at a place in that order, with its name.
    ///
    /// # Panics
    /// There are fewer.
    pub(super) fn at(&self, index: usize) -> (&SmolStr, Item<'db>) {
        let (name, item) = self.names.at(index);
        (name, *item)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.names()
    }
}

/// The declarations of a file by name.
#[salsa::tracked]
pub fn declared<'db>(db: &'db dyn Db, file: SourceFile) -> Declared<'db> {
    let mut names: FxHashMap<SmolStr, Item<'db>> = FxHashMap::default();
    let mut prefixes: Vec<SmolStr> = Vec::new();
    let (mut duplicates, mut clashes) = (Vec::new(), Vec::new());
    let mut tests: FxHashMap<&SmolStr, Item<'db>> = FxHashMap::default();
    let mut folded: FxHashMap<(bool, String), Item<'db>> = FxHashMap::default();
    for &item in file_items(db, file).items(db) {
        let kind = item.kind(db);
        let name = item.name(db);
        if kind == Kind::Test {
            match tests.get(name) {
                Some(&first) => duplicates.push((item, first)),
                None => drop(tests.insert(name, item)),
            }
            continue;
        }
        if let Some(&first) = names.get(name) {
            duplicates.push((item, first));
            continue;
        }
        // A type and a value may share a spelling but for the case: `environment target: Target`.
        let sort = matches!(kind, Kind::Type | Kind::Enum);
        match folded.entry((sort, name.to_lowercase())) {
            std::collections::hash_map::Entry::Occupied(other) => clashes.push((item, *other.get())),
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(item);
            }
        }
        if let Some((first, _)) = name.split_once('.') {
            prefixes.push(first.into());
        }
        names.insert(name.clone(), item);
    }
    prefixes.sort_unstable();
    prefixes.dedup();
    Declared {
        broken: file_items(db, file).broken(db).clone(),
        names: names.into_iter().collect(),
        prefixes: prefixes.into(),
        duplicates: duplicates.into(),
        case_clashes: clashes.into(),
    }
}

/// Every item of a package in the order of modules and declarations.
pub fn package_items<'db>(db: &'db dyn Db, package: Package) -> impl Iterator<Item = Item<'db>> {
    package.files(db).values().flat_map(move |&file| file_items(db, file).items(db).iter().copied())
}
