//! Inference: what the expressions of one item mean and whether they fit.
//!
//! One pass over an item's trees. It reads other items' signatures only, never their bodies.

mod access;
mod call;
mod decl;
mod expr;
mod fit;
mod marking;
mod operator;
mod pattern;
mod plan;
mod policy;
mod record;
mod scope;
mod test;
mod written;

use std::sync::Arc;

use ordain_diagnostics::Code;
use ordain_graph::Function;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::builtin::DataFormat;
use super::lower::TypeLowering;
use super::{Anchor, DefaultTree, Finding, LoneText, Ty};
use crate::db::{Db, SourceFile};
use crate::hir::{Body, ExprId, Loc, Name, Tree, TypeId};
use crate::items::{Item, Part};
use crate::resolve::{self, Found, ImportPlace};
pub(crate) use access::members;
use marking::Marking;
pub use marking::{
    Binding, COMPLETION_NAME, FieldOf, Gap, Mark, Marks, Meaning, Named, Slot, Spot, field_place, marks,
};
pub use plan::{Reach, reach};
use scope::Local;

/// What a name in an expression means.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub enum Resolution<'db> {
    /// A parameter, a `let`, a loop variable, a step.
    Local,
    /// A declaration.
    Item(Item<'db>),
    /// A variant of an enum: its index and name.
    Variant(u32, SmolStr),
    /// A built-in function.
    Builtin(Function),
    /// A function that reads data.
    Data(DataFormat),
    /// The function that names a secret.
    Secret,
    /// A field of the entity that the base refers to, or whether one entity is below another.
    Entity,
    /// The function that gives untyped data a type.
    Typed,
}

/// What is known of the expressions of one part of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub struct Facts<'db> {
    /// What names mean.
    pub resolutions: FxHashMap<ExprId, Resolution<'db>>,
    /// What calls of capabilities and plans, and patterns, mean; by the place of the path.
    pub targets: FxHashMap<Loc, Resolution<'db>>,
    /// Expressions whose values must be normalised to a type when evaluated.
    pub adjustments: FxHashMap<ExprId, Ty<'db>>,
    /// The type of every expression, by id; [`Ty::Error`] where it was not looked at.
    pub types: Box<[Ty<'db>]>,
}

/// What is known of an item's expressions.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub struct Inference<'db> {
    /// In its signature.
    pub signature: Facts<'db>,
    /// In its body.
    pub body: Facts<'db>,
    /// The type of a `const`'s value or of an expression.
    pub result: Option<Ty<'db>>,
}

/// What checking an item found.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub struct Checked<'db> {
    /// The findings.
    pub findings: Box<[Finding<'db>]>,
    /// The imports it uses.
    pub imports: Box<[ImportPlace]>,
    /// The declarations whose values or bodies it needs: functions, constants, plans, environments, entities.
    pub needs: Box<[Item<'db>]>,
}

/// Checks an item. Keeps the findings only: facts about expressions are computed again for the few items that are
/// evaluated or looked at ([`inference`]), since keeping them for all would cost more memory than time is worth.
#[salsa::tracked]
pub fn check<'db>(db: &'db dyn Db, item: Item<'db>) -> Checked<'db> {
    let (inference, mut findings, mut imports) = infer_item(db, item);
    let resolved = [&inference.signature, &inference.body].into_iter().flat_map(|facts| {
        facts.resolutions.values().chain(facts.targets.values()).filter_map(|resolution| match resolution {
            Resolution::Item(item) => Some(*item),
            _ => None,
        })
    });
    let mut needs: Vec<Item<'db>> = resolved
        .filter(|item| {
            use crate::hir::Kind;
            matches!(item.kind(db), Kind::Fn | Kind::Const | Kind::Plan | Kind::Environment | Kind::Entity)
        })
        .collect();
    needs.sort_unstable();
    needs.dedup();
    let signature = super::signature(db, item);
    findings.extend(signature.findings.iter().cloned());
    imports.extend(signature.imports.iter().copied());
    imports.sort_unstable();
    imports.dedup();
    Checked { findings: findings.into(), imports: imports.into(), needs: needs.into() }
}

/// The declarations that an item names, of every kind, and those that the types of its expressions stand for.
pub(crate) fn named<'db>(db: &'db dyn Db, item: Item<'db>) -> Vec<Item<'db>> {
    let inference = inference(db, item);
    let mut found = Vec::new();
    for facts in [&inference.signature, &inference.body] {
        found.extend(facts.resolutions.values().chain(facts.targets.values()).filter_map(|known| match known {
            Resolution::Item(item) => Some(*item),
            _ => None,
        }));
        facts.types.iter().chain(facts.adjustments.values()).for_each(|ty| ty.items(&mut found));
    }
    match &super::signature(db, item).sig {
        super::Sig::Type(ty) | super::Sig::Const(Some(ty)) | super::Sig::Environment(ty) | super::Sig::Entity(ty) => {
            ty.items(&mut found);
        }
        super::Sig::Fn { params, result } => {
            params.iter().map(|param| &param.ty).chain([result]).for_each(|ty| ty.items(&mut found));
        }
        super::Sig::Plan { params, result } => {
            params.iter().map(|param| &param.ty).chain(result).for_each(|ty| ty.items(&mut found));
        }
        super::Sig::Capability(contract) => {
            [&contract.input, &contract.output].into_iter().for_each(|ty| ty.items(&mut found));
        }
        _ => {}
    }
    // The facts are kept without an order.
    found.sort_unstable_by_key(|item| (item.file(db).path(db), item.name(db), item.kind(db)));
    found.dedup();
    found
}

/// The facts about an item's expressions.
#[salsa::tracked(lru = 4096)]
pub fn inference<'db>(db: &'db dyn Db, item: Item<'db>) -> Inference<'db> {
    infer_item(db, item).0
}

type Outcome<'db> = (Inference<'db>, Vec<Finding<'db>>, Vec<ImportPlace>);

fn infer_item<'db>(db: &'db dyn Db, item: Item<'db>) -> Outcome<'db> {
    let mut signature = Infer::new(db, item, Part::Signature, &item.signature(db).tree);
    signature.written_types();
    signature.signature(&item.signature(db).signature);
    let part = item.body(db);
    let mut body = Infer::new(db, item, Part::Body, &part.tree);
    body.written_types();
    body.field_defaults();
    body.body(&part.body);
    let mut findings = signature.findings;
    findings.append(&mut body.findings);
    let mut imports = signature.imports;
    imports.append(&mut body.imports);
    let result = match &part.body {
        Body::Expr(expr) => body.types.get(expr.0 as usize).cloned(),
        _ => None,
    };
    let facts = |infer_types: Vec<Ty<'db>>, mut facts: Facts<'db>| {
        facts.types = infer_types.into();
        facts
    };
    let inference =
        Inference { signature: facts(signature.types, signature.facts), body: facts(body.types, body.facts), result };
    (inference, findings, imports)
}

/// The type of a `const`, declared or inferred from its value.
#[salsa::tracked(returns(clone), cycle_result = const_in_cycle)]
pub fn const_type<'db>(db: &'db dyn Db, item: Item<'db>) -> Ty<'db> {
    match &super::signature(db, item).sig {
        super::Sig::Const(Some(ty)) => ty.clone(),
        super::Sig::Const(None) => infer_item(db, item).0.result.unwrap_or(Ty::Error),
        _ => Ty::Error,
    }
}

fn const_in_cycle<'db>(_db: &'db dyn Db, _id: salsa::Id, _item: Item<'db>) -> Ty<'db> {
    Ty::Error
}

/// Infers a lone expression in the scope of a file (`ordain eval`); `item` lends it its place.
pub fn infer_expression<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    tree: &'db Tree,
    expr: ExprId,
    expected: Option<&Ty<'db>>,
    locals: &[(SmolStr, Ty<'db>)],
) -> (Facts<'db>, Ty<'db>, Vec<Finding<'db>>) {
    let mut infer = Infer { home: None, ..Infer::new(db, item, Part::Body, tree) };
    for (name, ty) in locals {
        infer.bind(&Name { text: name.clone(), loc: Loc(0) }, ty.clone());
    }
    let ty = match expected {
        Some(expected) => infer.check(expr, expected),
        None => infer.infer(expr, None),
    };
    infer.facts.types = infer.types.into();
    (infer.facts, ty, infer.findings)
}

/// Infers the defaults of a lone type; `item` lends it its place.
pub(super) fn infer_defaults<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    text: LoneText<'db>,
    tree: &'db Tree,
) -> (Facts<'db>, Box<[Finding<'db>]>) {
    let mut infer = Infer { home: Some(DefaultTree::Lone(text)), ..Infer::new(db, item, Part::Body, tree) };
    infer.field_defaults();
    infer.facts.types = infer.types.into();
    (infer.facts, infer.findings.into())
}

struct Infer<'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    file: SourceFile,
    part: Part,
    tree: &'db Tree,
    /// Where the defaults of fields are found again.
    home: Option<DefaultTree<'db>>,
    locals: Vec<Local<'db>>,
    facts: Facts<'db>,
    types: Vec<Ty<'db>>,
    findings: Vec<Finding<'db>>,
    imports: Vec<ImportPlace>,
    /// Whether an empty list was met whose elements nothing declares: [`Ty::Error`] may stand for those, too.
    open_lists: bool,
    /// What is noted for editors; nothing while checking.
    marking: Option<Box<Marking<'db>>>,
}

impl<'db> Infer<'db> {
    fn new(db: &'db dyn Db, item: Item<'db>, part: Part, tree: &'db Tree) -> Self {
        Self {
            db,
            item,
            file: item.file(db),
            part,
            tree,
            home: Some(DefaultTree::Part(part)),
            locals: Vec::new(),
            facts: Facts::default(),
            types: vec![Ty::Error; tree.exprs.len()],
            findings: Vec::new(),
            imports: Vec::new(),
            open_lists: false,
            marking: None,
        }
    }

    fn at(&self, loc: Loc) -> Anchor<'db> {
        Anchor { item: self.item, part: self.part, loc }
    }

    fn loc(&self, expr: ExprId) -> Loc {
        self.tree[expr].loc
    }

    fn report(&mut self, finding: Finding<'db>) {
        self.findings.push(finding);
    }

    fn finding(&self, code: Code, loc: Loc, message: impl Into<String>) -> Finding<'db> {
        Finding::new(code, self.at(loc), message)
    }

    fn show(&self, ty: &Ty<'db>) -> String {
        ty.display(self.db)
    }

    /// A type written in this part.
    fn ty(&mut self, id: TypeId) -> Ty<'db> {
        let mut lowering = TypeLowering::new(self.db, self.item, self.part, self.tree).at_home(self.home);
        let ty = lowering.ty(id);
        let (findings, imports) = lowering.finish();
        self.findings.extend(findings);
        self.imports.extend(imports.iter().copied());
        ty
    }

    fn resolve(&mut self, parts: &[SmolStr]) -> Result<Found<'db>, resolve::PathError> {
        let found = resolve::resolve(self.db, self.file, parts);
        self.imports.extend(found.as_ref().map_or_else(|error| error.import, |found| found.import));
        found
    }

    /// As [`resolve`](Self::resolve), for a policy, whose module needs no import.
    fn resolve_policy(&mut self, parts: &[SmolStr]) -> Result<Found<'db>, resolve::PathError> {
        let found = resolve::resolve_policy(self.db, self.file, parts);
        self.imports.extend(found.as_ref().map_or_else(|error| error.import, |found| found.import));
        found
    }

    fn list(ty: Ty<'db>) -> Ty<'db> {
        Ty::List(Arc::new(ty))
    }
}
