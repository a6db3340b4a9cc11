//! Expressions.

use std::sync::Arc;

use ordain_diagnostics::codes;
use smol_str::SmolStr;

use super::super::coerce;
use super::super::ty::{FieldTy, RecordTy, Ty};
use super::access::is_value;
use super::marking::Meaning;
use super::{Infer, Resolution};
use crate::hir::{ExprId, ExprKind, ForClause, Let};
use crate::items::Item;

impl<'db> Infer<'db> {
    /// The type of an expression. `expected` guides names and literals; whether the result fits is for the caller.
    pub(super) fn infer(&mut self, expr: ExprId, expected: Option<&Ty<'db>>) -> Ty<'db> {
        let ty = self.infer_kind(expr, expected);
        self.types[expr.0 as usize] = ty.clone();
        ty
    }

    fn infer_kind(&mut self, expr: ExprId, expected: Option<&Ty<'db>>) -> Ty<'db> {
        let tree = self.tree;
        match &tree[expr].kind {
            ExprKind::Missing => Ty::Error,
            ExprKind::None => Ty::None,
            ExprKind::Bool(_) => Ty::Bool,
            ExprKind::Int(_) => Ty::Int,
            ExprKind::Decimal(_) => Ty::Decimal,
            ExprKind::Bytes(_) => Ty::Bytes,
            ExprKind::Duration(_) => Ty::Duration,
            ExprKind::SemVer(_) => Ty::SemVer,
            ExprKind::Date(_) => Ty::Date,
            ExprKind::Str(_) => Ty::String,
            ExprKind::Interp(parts) => {
                for &part in parts {
                    self.interpolated(part);
                }
                Ty::String
            }
            ExprKind::Name(name) => self.name(expr, name, expected),
            ExprKind::Field { base, name, optional } => self.field(expr, *base, name, *optional),
            ExprKind::Index { base, index } => self.index(*base, *index),
            ExprKind::Call { callee, args } => self.call(expr, *callee, args, expected),
            ExprKind::Plan(call) => {
                let ty = self.plan_call(call);
                match self.item.kind(self.db) {
                    crate::hir::Kind::Test => ty,
                    _ if ty == Ty::Error => ty,
                    _ => {
                        let finding = self
                            .finding(codes::TYPE_MISMATCH, self.loc(expr), "a plan is not a value")
                            .help("a plan runs as a statement of a plan, such as `let p = plan …`, or in a test");
                        self.report(finding);
                        Ty::Error
                    }
                }
            }
            ExprKind::Unary { op, operand } => self.unary(expr, *op, *operand),
            ExprKind::Binary { op, left, right } => self.binary(expr, *op, *left, *right, expected),
            ExprKind::List(elements) => self.list_literal(expr, elements, expected),
            ExprKind::Record(fields) => self.record(expr, fields, expected),
            ExprKind::ListFor { body, clauses } => {
                let mark = self.locals.len();
                self.for_clauses(clauses);
                let wanted = expected.map(|ty| ty.peel_optional(self.db));
                let element = match &wanted {
                    Some(Ty::List(element) | Ty::Set(element)) => self.check(*body, element),
                    Some(known @ (Ty::Json | Ty::Error)) => self.check(*body, known),
                    _ => self.infer(*body, None),
                };
                self.leave(mark);
                match wanted {
                    Some(set @ Ty::Set(_)) => {
                        self.adjust(expr, &set);
                        set
                    }
                    _ => Self::list(element),
                }
            }
            ExprKind::MapFor { key, value, clauses } => {
                let mark = self.locals.len();
                self.for_clauses(clauses);
                let entry = match expected.map(|ty| ty.peel_optional(self.db)) {
                    Some(Ty::Map(entry)) => (self.check(*key, &entry.0), self.check(*value, &entry.1)),
                    Some(Ty::Json) => (self.check(*key, &Ty::String), self.check(*value, &Ty::Json)),
                    Some(Ty::Error) => (self.check(*key, &Ty::Error), self.check(*value, &Ty::Error)),
                    _ => (self.infer(*key, None), self.infer(*value, None)),
                };
                self.leave(mark);
                self.map_key(*key, &entry.0);
                Ty::Map(Arc::new(entry))
            }
            ExprKind::If { condition, then, otherwise } => {
                self.check(*condition, &Ty::Bool);
                let then_ty = self.branch(*then, expected);
                let else_ty = self.branch(*otherwise, expected);
                match coerce::join(self.db, &then_ty, &else_ty) {
                    _ if expected.is_some() && then_ty != Ty::Error && else_ty != Ty::Error => {
                        expected.cloned().unwrap_or(Ty::Error)
                    }
                    Some(joined) => joined,
                    None => {
                        let message =
                            format!("the branches differ: `{}` and `{}`", self.show(&then_ty), self.show(&else_ty));
                        let finding = self
                            .finding(codes::TYPE_MISMATCH, self.loc(*otherwise), message)
                            .note(self.at(self.loc(*then)), format!("this is `{}`", self.show(&then_ty)));
                        self.report(finding);
                        Ty::Error
                    }
                }
            }
            ExprKind::Match { subject, arms } => self.match_expr(expr, *subject, arms, expected),
            ExprKind::Block { lets, result } => {
                let mark = self.locals.len();
                for binding in lets {
                    self.binding(binding);
                }
                let ty = self.branch(*result, expected);
                self.leave(mark);
                ty
            }
        }
    }

    /// A branch takes the expected type where there is one, so that its mistakes show in the branch.
    pub(super) fn branch(&mut self, expr: ExprId, expected: Option<&Ty<'db>>) -> Ty<'db> {
        match expected {
            Some(expected) => self.check(expr, expected),
            None => self.infer(expr, None),
        }
    }

    pub(super) fn binding(&mut self, binding: &Let) {
        let ty = match binding.ty {
            Some(ty) => {
                let ty = self.ty(ty);
                self.check(binding.value, &ty)
            }
            None => self.infer(binding.value, None),
        };
        self.bind_let(&binding.name, ty);
        self.comes_from(self.field_behind(binding.value));
    }

    pub(super) fn for_clauses(&mut self, clauses: &[ForClause]) {
        for clause in clauses {
            match clause {
                ForClause::For { binder, iter } => self.bind_loop(binder, *iter),
                ForClause::If(condition) => {
                    self.check(*condition, &Ty::Bool);
                }
            }
        }
    }

    fn interpolated(&mut self, part: ExprId) {
        if matches!(self.tree[part].kind, ExprKind::Str(_)) {
            return;
        }
        let ty = self.infer(part, None);
        let peeled = ty.peel(self.db);
        if ty.holds_secret(self.db) {
            let finding = self
                .finding(codes::SECRET_OPERATION, self.loc(part), "a secret cannot become part of a text")
                .label(format!("of type `{}`", self.show(&ty)))
                .help("pass the secret itself to a capability whose input is declared `Secret`");
            self.report(finding);
        } else if matches!(peeled, Ty::Optional(_) | Ty::None) {
            let finding = self
                .finding(codes::OPTIONAL_NOT_UNWRAPPED, self.loc(part), "this may be `none`, which has no text")
                .label(format!("of type `{}`", self.show(&ty)))
                .help("give a value for that case with `??`");
            self.report(finding);
        } else if matches!(peeled, Ty::Record(_)) || ty.holds_handle(self.db) {
            let message = format!("`{}` has no text", self.show(&ty));
            let finding = self.finding(codes::TYPE_MISMATCH, self.loc(part), message);
            self.report(finding);
        }
    }

    /// A bare name: a local, a variant of the expected enum, a declaration, a built-in — in this order.
    pub(super) fn name(&mut self, expr: ExprId, name: &SmolStr, expected: Option<&Ty<'db>>) -> Ty<'db> {
        if let Some(ty) = self.local(name) {
            self.mark_local(name, self.loc(expr));
            self.facts.resolutions.insert(expr, Resolution::Local);
            return ty;
        }
        let expected_enum = expected.and_then(|ty| ty.variants(self.db));
        if let Some((item, variants)) = expected_enum
            && let Some(index) = variants.iter().position(|variant| variant == name)
        {
            self.mark(self.loc(expr), || Meaning::Variant(item, index as u32));
            self.facts.resolutions.insert(expr, Resolution::Variant(index as u32, name.clone()));
            return Ty::Enum(item);
        }
        self.spot_expr(name, expected);
        self.mark_path(&[(name.clone(), self.loc(expr))]);
        match self.resolve(std::slice::from_ref(name)) {
            Ok(found) => self.item_value(expr, found.item),
            Err(error) if error.reported => Ty::Error,
            // A name that only the expected type could explain, which is not known because of another mistake.
            Err(_) if !self.open_lists && expected.is_some_and(|ty| ty.peel_optional(self.db) == Ty::Error) => {
                Ty::Error
            }
            Err(_) => {
                let loc = self.loc(expr);
                let finding = match expected_enum {
                    Some((item, variants)) => {
                        let similar = crate::similar::best(name, variants.iter().map(SmolStr::as_str));
                        let list = variants.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                        let message = format!("`{}` has no variant `{name}`", item.name(self.db));
                        let finding = self
                            .finding(codes::UNKNOWN_VARIANT, loc, message)
                            .note(super::Anchor::name_of(item), format!("its variants are {list}"));
                        finding.did_you_mean(similar)
                    }
                    None => {
                        let finding = self.finding(codes::UNKNOWN_NAME, loc, format!("`{name}` is not declared"));
                        let locals = self.locals.iter().map(|local| local.name.as_str());
                        match (self.variant_named(name), crate::similar::best(name, locals)) {
                            (Some(variant), _) => finding.help(format!("write `{variant}`")),
                            (None, Some(local)) => finding.did_you_mean(Some(local)),
                            (None, None) => finding.meant(self.db, &[(name.clone(), loc)], true, is_value),
                        }
                    }
                };
                self.report(finding);
                Ty::Error
            }
        }
    }

    /// The path of a variant of that name, of an enum in sight: a bare name means one only where its enum is expected.
    fn variant_named(&self, name: &SmolStr) -> Option<String> {
        use super::super::sig::Sig;
        crate::resolve::visible(self.db, self.file).into_iter().find_map(|(path, item)| {
            if item.kind(self.db) != crate::hir::Kind::Enum {
                return None;
            }
            match &super::super::signature(self.db, item).sig {
                Sig::Enum(variants) if variants.contains(name) => Some(format!("{path}.{name}")),
                _ => None,
            }
        })
    }

    /// The value a declaration stands for in an expression.
    pub(super) fn item_value(&mut self, expr: ExprId, item: Item<'db>) -> Ty<'db> {
        use super::super::sig::Sig;
        let ty = match &super::super::signature(self.db, item).sig {
            Sig::Const(Some(ty)) => ty.clone(),
            Sig::Const(None) => super::super::const_type(self.db, item),
            Sig::Environment(ty) | Sig::Entity(ty) => ty.clone(),
            _ => {
                let kind = item.kind(self.db);
                let message = format!("`{}` is {}, not a value", item.name(self.db), kind.phrase());
                let mut finding = self
                    .finding(codes::WRONG_KIND, self.loc(expr), message)
                    .note(super::Anchor::name_of(item), "declared here");
                if kind == crate::hir::Kind::Fn {
                    finding = finding.help(format!("call it: `{}(…)`", item.name(self.db)));
                }
                self.report(finding);
                return Ty::Error;
            }
        };
        self.facts.resolutions.insert(expr, Resolution::Item(item));
        ty
    }

    fn list_literal(&mut self, expr: ExprId, elements: &[ExprId], expected: Option<&Ty<'db>>) -> Ty<'db> {
        match expected.map(|ty| ty.peel_optional(self.db)) {
            Some(Ty::List(element)) => {
                for &each in elements {
                    self.check(each, &element);
                }
                return Self::list((*element).clone());
            }
            Some(set @ Ty::Set(_)) => {
                let Ty::Set(element) = &set else { unreachable!("matched as a set") };
                for &each in elements {
                    self.check(each, element);
                }
                self.adjust(expr, &set);
                return set;
            }
            Some(known @ (Ty::Json | Ty::Error)) => {
                for &each in elements {
                    self.check(each, &known);
                }
                return Self::list(known);
            }
            _ => {}
        }
        self.open_lists |= elements.is_empty();
        let mut joined: Option<Ty<'db>> = None;
        for &each in elements {
            let ty = self.infer(each, joined.as_ref());
            joined = Some(match joined {
                None => ty,
                Some(before) => match coerce::join(self.db, &before, &ty) {
                    Some(ty) => ty,
                    None => {
                        let message = format!("the elements differ: `{}` and `{}`", self.show(&before), self.show(&ty));
                        let finding = self.finding(codes::TYPE_MISMATCH, self.loc(each), message);
                        self.report(finding);
                        Ty::Error
                    }
                },
            });
        }
        Self::list(joined.unwrap_or(Ty::Error))
    }

    pub(super) fn record_ty(fields: Vec<(SmolStr, Ty<'db>)>) -> Ty<'db> {
        let fields = fields.into_iter().map(|(name, ty)| FieldTy { name, ty, default: None }).collect();
        Ty::Record(Arc::new(RecordTy { fields }))
    }
}
