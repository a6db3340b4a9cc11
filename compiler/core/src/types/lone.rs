//! Lone types: what a text outside of any source means as a type.
#![allow(missing_docs, reason = "constructors and setters are generated without")]

use ordain_diagnostics::Code;
use smol_str::SmolStr;

use super::infer::infer_defaults;
use super::{DefaultTree, Facts, Finding, Ty, TypeLowering};
use crate::db::{Db, SourceFile};
use crate::hir::lower::Lowering;
use crate::hir::{Kind, Tree, TypeId};
use crate::items::{Item, Part};
use crate::resolve::{declared, resolve, resolve_module};
use crate::types::Anchor;

/// A text that may be a type.
#[salsa::interned(debug)]
pub(crate) struct LoneText<'db> {
    text: SmolStr,
}

/// The tree of a lone type.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lone {
    tree: Tree,
    ty: TypeId,
    /// What is wrong with the text, and what to do.
    error: Option<(Code, String, Option<String>)>,
}

#[salsa::tracked]
fn parsed<'db>(db: &'db dyn Db, text: LoneText<'db>) -> Lone {
    let (ty, errors) = ordain_syntax::parse_type(text.text(db));
    let mut low = Lowering::new(0);
    let ty = low.ty(ty);
    let (tree, _) = low.finish();
    let error = errors.into_iter().next().map(|error| (error.code, error.message, error.help));
    Lone { tree, ty, error }
}

/// The type that a text means in an item's file. Beside the names in scope it may be the whole name of a declaration,
/// which needs no import: `std.terraform.Plan`, or `terraform.Plan`, since modules of the standard library are known to
/// everybody.
///
/// # Errors
/// It is no type.
pub(crate) fn lone_type<'db>(db: &'db dyn Db, item: Item<'db>, text: &str) -> Result<Ty<'db>, Box<Finding<'db>>> {
    let parts: Vec<SmolStr> = text.trim().split('.').map(SmolStr::from).collect();
    let file = item.file(db);
    if parts.len() > 1
        && resolve(db, file, &parts).is_err()
        && let Some(ty) = qualified(db, file, &parts)
    {
        return Ok(ty);
    }
    let text = LoneText::new(db, SmolStr::from(text));
    let lone = parsed(db, text);
    if let Some((code, message, help)) = &lone.error {
        let mut finding = Finding::new(*code, Anchor::name_of(item), message.clone());
        finding.help.clone_from(help);
        return Err(Box::new(finding));
    }
    let mut lowering = TypeLowering::new(db, item, Part::Body, &lone.tree).at_home(Some(DefaultTree::Lone(text)));
    let ty = lowering.ty(lone.ty);
    let findings = lowering.finish().0.into_iter().chain(defaults(db, item, text).1.iter().cloned());
    match findings.into_iter().find(|finding| !finding.is_warning()) {
        Some(finding) => Err(Box::new(finding)),
        None => Ok(ty),
    }
}

/// The tree of a lone type.
pub(crate) fn lone_tree<'db>(db: &'db dyn Db, text: LoneText<'db>) -> &'db Tree {
    &parsed(db, text).tree
}

/// What is known of the defaults in a lone type, read in an item's file.
pub(crate) fn lone_facts<'db>(db: &'db dyn Db, item: Item<'db>, text: LoneText<'db>) -> &'db Facts<'db> {
    &defaults(db, item, text).0
}

#[salsa::tracked]
fn defaults<'db>(db: &'db dyn Db, item: Item<'db>, text: LoneText<'db>) -> (Facts<'db>, Box<[Finding<'db>]>) {
    infer_defaults(db, item, text, lone_tree(db, text))
}

fn qualified<'db>(db: &'db dyn Db, file: SourceFile, parts: &[SmolStr]) -> Option<Ty<'db>> {
    let (name, module) = parts.split_last()?;
    let standard: Vec<SmolStr> = std::iter::once("std".into()).chain(module.iter().cloned()).collect();
    let module = resolve_module(db, file, module).or_else(|| resolve_module(db, file, &standard))?.0;
    let item = declared(db, module).get(name)?;
    match item.kind(db) {
        Kind::Type => Some(Ty::Alias(item)),
        Kind::Enum => Some(Ty::Enum(item)),
        _ => None,
    }
}
