//! What editors need beyond checking: what names mean, where they stand, what could stand somewhere. Read with care of
//! positions: everything here gives places that hold for the text as it is now.

use ordain_diagnostics::TextRange;
use smol_str::SmolStr;

use crate::db::{Db, Package, SourceFile};
use crate::items::{Item, Part};

pub use crate::hir;
pub use crate::items::{ImportPlaces, Places};
pub use crate::resolve::{Declared, Def, beginning_with, declared, imports, resolve_module};
pub use crate::types::{
    Binding, COMPLETION_NAME, DefaultRef, FieldOf, FieldTy, Gap, Mark, Marks, Meaning, Named, ParamTy, Reach, RecordTy,
    Slot, Spot, const_type, field_place, marks, reach,
};

/// A place in an item, as a range of its file.
pub fn range(db: &dyn Db, item: Item<'_>, part: Part, loc: hir::Loc) -> TextRange {
    item.places(db).range(part, loc)
}

/// The item that a place of a file lies in.
pub fn item_at<'db>(db: &'db dyn Db, file: SourceFile, offset: u32) -> Option<Item<'db>> {
    let items = crate::items::file_items(db, file).items(db);
    let after = items.partition_point(|item| item.places(db).range.start <= offset);
    let item = *items.get(after.checked_sub(1)?)?;
    (item.places(db).range.end >= offset).then_some(item)
}

/// Every declaration that a path in a file can name, as it is written there.
pub fn visible<'db>(db: &'db dyn Db, file: SourceFile) -> Vec<(SmolStr, Item<'db>)> {
    crate::resolve::visible(db, file)
}

/// What a path in a file names, by how many of its parts; also a declaration with syntax errors in it.
pub fn meant<'db>(db: &'db dyn Db, file: SourceFile, parts: &[SmolStr]) -> Option<(Item<'db>, usize)> {
    crate::resolve::meant(db, file, parts)
}

/// The module of a package, or of one it depends on, that a path names in the package's sources.
pub fn module_meant(db: &dyn Db, file: SourceFile, parts: &[SmolStr]) -> Option<SourceFile> {
    crate::resolve::module_meant(db, file, parts)
}

/// The fields that values of a type have, built-in ones among them, and their types.
pub fn members<'db>(db: &'db dyn Db, ty: &crate::types::Ty<'db>) -> Vec<(SmolStr, crate::types::Ty<'db>)> {
    crate::types::members(db, ty)
}

/// The type of the expression that takes up a range of its file, where one does.
pub fn type_at<'db>(db: &'db dyn Db, item: Item<'db>, wanted: TextRange) -> Option<crate::types::Ty<'db>> {
    let inference = crate::types::inference(db, item);
    let signature = (Part::Signature, &item.signature(db).tree, &inference.signature);
    let body = (Part::Body, &item.body(db).tree, &inference.body);
    [signature, body].into_iter().find_map(|(part, tree, facts)| {
        let found = tree.exprs.iter().position(|expr| range(db, item, part, expr.loc) == wanted)?;
        facts.types.get(found).cloned()
    })
}

/// The value of a constant, environment or entity, where it has one.
pub fn value<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<ordain_graph::Value> {
    let evaluated = match item.kind(db) {
        hir::Kind::Const => crate::eval::const_value(db, item),
        hir::Kind::Environment | hir::Kind::Entity => crate::eval::declared_value(db, item),
        _ => return None,
    };
    evaluated.value.clone()
}

/// What an environment binds.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Bound<'db> {
    /// A capability.
    pub capability: Item<'db>,
    /// The adapter as it is written there.
    pub adapter: SmolStr,
}

/// What an environment binds, in the order that it stands in.
#[salsa::tracked]
pub fn bound<'db>(db: &'db dyn Db, environment: Item<'db>) -> Box<[Bound<'db>]> {
    let hir::Signature::Environment { binds, .. } = &environment.signature(db).signature else { return Box::default() };
    let named = binds.iter().filter_map(|bind| {
        let parts: Vec<SmolStr> = bind.capability.parts.iter().map(|part| part.text.clone()).collect();
        let (capability, _) = meant(db, environment.file(db), &parts)?;
        Some(Bound { capability, adapter: bind.adapter.text() })
    });
    named.collect()
}

/// The names of the built-in types.
pub fn type_names() -> &'static [&'static str] {
    crate::types::TYPE_NAMES
}

/// The built-in functions that are none of values: those that read data, name secrets and give types.
pub fn function_words() -> impl Iterator<Item = &'static str> {
    crate::types::DataFormat::names().chain([crate::types::SECRET, crate::types::TYPED])
}

/// The packages that a package's sources can name, by the name they use.
pub fn dependencies(db: &dyn Db, package: Package) -> impl Iterator<Item = (&SmolStr, Package)> {
    package.dependencies(db).iter().map(|(name, &package)| (name, package))
}

/// Where the default of a field is written: the file and the place in it. None for a type that stands in no source.
pub fn default_place<'db>(db: &'db dyn Db, default: &DefaultRef<'db>) -> Option<(SourceFile, TextRange)> {
    let crate::types::DefaultTree::Part(part) = default.tree else { return None };
    let tree = match part {
        Part::Signature => &default.item.signature(db).tree,
        Part::Body => &default.item.body(db).tree,
    };
    Some((default.item.file(db), range(db, default.item, part, tree[default.expr].loc)))
}
