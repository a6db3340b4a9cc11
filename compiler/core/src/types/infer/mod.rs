//! Inference: what the expressions of one item mean and whether they fit.
//!
//! One pass over an item's trees. It reads other items' signatures only, never their bodies.

mod access;
mod call;
mod decl;
mod expr;
mod operator;
mod pattern;
mod plan;
mod policy;
mod record;
mod test;
mod written;

use std::sync::Arc;

use ordain_diagnostics::{Code, codes};
use ordain_graph::Function;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::builtin::DataFormat;
use super::coerce::{self, Fit, Misfit};
use super::lower::TypeLowering;
use super::{Anchor, Finding, Ty, refine};
use crate::db::{Db, SourceFile};
use crate::hir::{Body, ExprId, ExprKind, Loc, Name, Tree, TypeId};
use crate::items::{Item, Part};
use crate::resolve::{self, Found, ImportPlace};

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
) -> (Facts<'db>, Ty<'db>, Vec<Finding<'db>>) {
    let mut infer = Infer::new(db, item, Part::Body, tree);
    let ty = match expected {
        Some(expected) => infer.check(expr, expected),
        None => infer.infer(expr, None),
    };
    infer.facts.types = infer.types.into();
    (infer.facts, ty, infer.findings)
}

/// A name in scope.
struct Local<'db> {
    name: SmolStr,
    ty: Ty<'db>,
    loc: Loc,
    used: bool,
    /// Whether to warn where it is never used.
    warn: bool,
}

struct Infer<'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    file: SourceFile,
    part: Part,
    tree: &'db Tree,
    locals: Vec<Local<'db>>,
    facts: Facts<'db>,
    types: Vec<Ty<'db>>,
    findings: Vec<Finding<'db>>,
    imports: Vec<ImportPlace>,
    /// Whether an empty list was met whose elements nothing declares: [`Ty::Error`] may stand for those, too.
    open_lists: bool,
}

impl<'db> Infer<'db> {
    fn new(db: &'db dyn Db, item: Item<'db>, part: Part, tree: &'db Tree) -> Self {
        Self {
            db,
            item,
            file: item.file(db),
            part,
            tree,
            locals: Vec::new(),
            facts: Facts::default(),
            types: vec![Ty::Error; tree.exprs.len()],
            findings: Vec::new(),
            imports: Vec::new(),
            open_lists: false,
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
        let mut lowering = TypeLowering::new(self.db, self.item, self.part, self.tree);
        let ty = lowering.ty(id);
        let (findings, imports) = lowering.finish();
        self.findings.extend(findings);
        self.imports.extend(imports.iter().copied());
        ty
    }

    // Scopes ---------------------------------------------------------------------------------------------------

    fn bind(&mut self, name: &Name, ty: Ty<'db>) {
        self.locals.push(Local { name: name.text.clone(), ty, loc: name.loc, used: false, warn: false });
    }

    fn bind_let(&mut self, name: &Name, ty: Ty<'db>) {
        let warn = !name.text.starts_with('_');
        self.locals.push(Local { name: name.text.clone(), ty, loc: name.loc, used: false, warn });
    }

    /// Leaves the scope that began when there were `mark` locals.
    fn leave(&mut self, mark: usize) {
        for local in self.locals.split_off(mark) {
            if local.warn && !local.used {
                let message = format!("`{}` is never used", local.name);
                let at = self.at(local.loc);
                let finding = Finding::new(codes::UNUSED_BINDING, at, message)
                    .help(format!("remove it, or name it `_{}` to keep it", local.name));
                self.report(finding);
            }
        }
    }

    fn local(&mut self, name: &str) -> Option<Ty<'db>> {
        let local = self.locals.iter_mut().rev().find(|local| local.name == name)?;
        local.used = true;
        Some(local.ty.clone())
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|local| local.name == name)
    }

    fn resolve(&mut self, parts: &[SmolStr]) -> Result<Found<'db>, resolve::PathError> {
        let found = resolve::resolve(self.db, self.file, parts);
        self.imports.extend(found.as_ref().map_or_else(|error| error.import, |found| found.import));
        found
    }

    // Checking -------------------------------------------------------------------------------------------------

    /// Infers an expression and demands that it fits a type. Gives the declared type.
    fn check(&mut self, expr: ExprId, expected: &Ty<'db>) -> Ty<'db> {
        let actual = self.infer(expr, Some(expected));
        self.demand(expr, &actual, expected);
        expected.clone()
    }

    /// Reports where a value of type `actual` does not fit.
    fn demand(&mut self, expr: ExprId, actual: &Ty<'db>, expected: &Ty<'db>) {
        if self.text_as(expr, actual, expected) {
            return;
        }
        match coerce::fit(self.db, actual, expected) {
            Ok(Fit::Same) => {}
            Ok(Fit::Adjusted) => {
                self.check_literal(expr, expected);
                self.adjust(expr, expected);
            }
            Err(misfit) => self.misfit(expr, actual, expected, misfit),
        }
    }

    fn adjust(&mut self, expr: ExprId, ty: &Ty<'db>) {
        self.facts.adjustments.insert(expr, ty.clone());
    }

    /// A string literal stands for a value of a scalar type with a textual form.
    fn text_as(&mut self, expr: ExprId, actual: &Ty<'db>, expected: &Ty<'db>) -> bool {
        let target = expected.peel_optional(self.db);
        if !matches!(target, Ty::Url | Ty::Digest | Ty::SemVer | Ty::Date) || *actual != Ty::String {
            return false;
        }
        match &self.tree[expr].kind {
            ExprKind::Str(text) => {
                let valid = match target {
                    Ty::Url => ordain_graph::Value::parse_url(text).is_some(),
                    Ty::Digest => ordain_graph::Value::parse_digest(text).is_some(),
                    Ty::SemVer => ordain_graph::Value::parse_semver(text).is_some(),
                    _ => ordain_graph::Value::parse_date(text).is_some(),
                };
                if !valid {
                    let message = format!("`{text}` is not a `{}`", self.show(&target));
                    let finding = self.finding(codes::REFINEMENT_VIOLATED, self.loc(expr), message);
                    let finding = match target {
                        Ty::Url => finding.help("write an absolute URL, such as \"https://example.com/\""),
                        Ty::Digest => finding.help("write `algorithm:hex`, such as \"sha256:9f86…\""),
                        Ty::SemVer => finding.help("write a version, such as 1.4.0"),
                        _ => finding.help("write a day, such as 2027-03-01"),
                    };
                    self.report(finding);
                }
            }
            ExprKind::Interp(_) => {}
            _ => return false,
        }
        self.adjust(expr, expected);
        true
    }

    /// Checks a literal against the refinements of its type, so that the mistake shows without evaluation.
    fn check_literal(&mut self, expr: ExprId, expected: &Ty<'db>) {
        let mut ty = expected.clone();
        loop {
            ty = match ty {
                Ty::Alias(item) => super::alias_target(self.db, item),
                Ty::Optional(inner) => (*inner).clone(),
                Ty::Refined(base, demand) => {
                    if let Some(value) = refine::literal(self.tree, expr) {
                        let value = match (base.peel(self.db), value) {
                            (Ty::Decimal, ordain_graph::Value::Int(value)) => {
                                ordain_graph::Value::Decimal(value.into())
                            }
                            (_, value) => value,
                        };
                        if let Err(error) = demand.check_with(&value, self.db.patterns()) {
                            let message = format!("{error}");
                            let finding = self
                                .finding(codes::REFINEMENT_VIOLATED, self.loc(expr), message)
                                .label(format!("declared as `{}`", self.show(expected)));
                            self.report(finding);
                            return;
                        }
                    }
                    (*base).clone()
                }
                _ => return,
            };
        }
    }

    fn misfit(&mut self, expr: ExprId, actual: &Ty<'db>, expected: &Ty<'db>, misfit: Misfit) {
        let loc = self.loc(expr);
        let (actual_text, expected_text) = (self.show(actual), self.show(expected));
        let finding = match misfit {
            Misfit::Type => {
                let message = format!("expected `{expected_text}`, found `{actual_text}`");
                let finding = self.finding(codes::TYPE_MISMATCH, loc, message);
                match expected.variants(self.db) {
                    Some((_, variants)) if *actual == Ty::String => {
                        let list = variants.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                        finding.help(format!("write one of {list}, without quotes"))
                    }
                    _ => finding,
                }
            }
            Misfit::Optional => {
                let message = format!("expected `{expected_text}`, but this may be `none`");
                self.finding(codes::OPTIONAL_NOT_UNWRAPPED, loc, message)
                    .label(format!("of type `{actual_text}`"))
                    .help("give a value for that case with `??`, or test it with `match`")
            }
            Misfit::Secret => {
                let message = format!("a secret cannot become `{expected_text}`");
                self.finding(codes::SECRET_LEAK, loc, message)
                    .label(format!("of type `{actual_text}`"))
                    .help("a secret reaches only what is declared `Secret`, such as a capability's secret input")
            }
            Misfit::NotSecret => {
                let message = format!("expected `{expected_text}`, but this is written in the open");
                self.finding(codes::TYPE_MISMATCH, loc, message)
                    .label(format!("of type `{actual_text}`"))
                    .help("name a secret with `secret(\"…\")`; its content is looked up when the plan is executed")
            }
            Misfit::MissingField(field) => {
                let message = format!("expected `{expected_text}`, but field `{field}` is missing");
                self.finding(codes::MISSING_FIELD, loc, message).label(format!("of type `{actual_text}`"))
            }
            Misfit::Field(field, inner) => {
                let what = match *inner {
                    Misfit::Secret => "is secret",
                    Misfit::Optional => "may be `none`",
                    Misfit::NotSecret => "is not secret",
                    _ => "has another type",
                };
                let code = if *inner == Misfit::Secret { codes::SECRET_LEAK } else { codes::TYPE_MISMATCH };
                let message = format!("expected `{expected_text}`, but field `{field}` {what}");
                self.finding(code, loc, message).label(format!("of type `{actual_text}`"))
            }
        };
        self.report(finding);
    }

    /// Runs `body` with the names a loop binds over a value of type `iter`.
    fn bind_loop(&mut self, binder: &crate::hir::Binder, iter: ExprId) {
        let ty = self.infer(iter, None);
        let (first, second) = match (ty.peel(self.db), &binder.second) {
            (Ty::Error, _) => (Ty::Error, Ty::Error),
            (Ty::List(element) | Ty::Set(element), None) => ((*element).clone(), Ty::Error),
            (Ty::List(element), Some(_)) => (Ty::Int, (*element).clone()),
            (Ty::Map(entry), Some(_)) => entry.as_ref().clone(),
            (Ty::Map(entry), None) => (entry.0.clone(), Ty::Error),
            (Ty::Json, None) => (Ty::Json, Ty::Error),
            (Ty::Json, Some(_)) => (Ty::String, Ty::Json),
            (Ty::Optional(inner), _) if matches!(inner.peel(self.db), Ty::List(_) | Ty::Map(_) | Ty::Set(_)) => {
                self.misfit(iter, &ty, &inner, Misfit::Optional);
                (Ty::Error, Ty::Error)
            }
            (other, _) => {
                let message = format!("cannot go over `{}`", self.show(&other));
                let finding = self
                    .finding(codes::TYPE_MISMATCH, self.loc(iter), message)
                    .help("`for` goes over lists, sets, maps and ranges such as `1..=3`");
                self.report(finding);
                (Ty::Error, Ty::Error)
            }
        };
        self.bind(&binder.first, first);
        if let Some(name) = &binder.second {
            self.bind(name, second);
        }
    }

    fn list(ty: Ty<'db>) -> Ty<'db> {
        Ty::List(Arc::new(ty))
    }
}
