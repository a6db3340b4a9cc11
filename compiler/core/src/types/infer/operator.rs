//! Operators.

use std::sync::Arc;

use ordain_diagnostics::codes;

use super::super::coerce;
use super::super::ty::Ty;
use super::{Infer, Resolution};
use crate::db::Db;
use crate::hir::{BinaryOp, ExprId, ExprKind, UnaryOp};

impl<'db> Infer<'db> {
    pub(super) fn unary(&mut self, expr: ExprId, op: UnaryOp, operand: ExprId) -> Ty<'db> {
        let ty = self.infer(operand, None);
        match (op, ty.peel(self.db)) {
            (_, Ty::Error) => Ty::Error,
            (UnaryOp::Not, Ty::Bool) => Ty::Bool,
            (UnaryOp::Neg, number @ (Ty::Int | Ty::Decimal)) => number,
            (UnaryOp::Not, Ty::Optional(inner)) if inner.peel(self.db) == Ty::Bool => {
                self.misfit(operand, &ty, &Ty::Bool, coerce::Misfit::Optional);
                Ty::Bool
            }
            (UnaryOp::Neg, Ty::Optional(inner)) if matches!(inner.peel(self.db), Ty::Int | Ty::Decimal) => {
                self.misfit(operand, &ty, &inner, coerce::Misfit::Optional);
                inner.peel(self.db)
            }
            _ if self.refuse_secret(operand, &ty) => Ty::Error,
            _ => {
                let symbol = if op == UnaryOp::Not { "!" } else { "-" };
                let message = format!("`{symbol}` is not defined for `{}`", self.show(&ty));
                let finding = self.finding(codes::BAD_OPERANDS, self.loc(expr), message);
                self.report(finding);
                Ty::Error
            }
        }
    }

    /// Reports an operand that is or holds a secret.
    fn refuse_secret(&mut self, operand: ExprId, ty: &Ty<'db>) -> bool {
        if !ty.holds_secret(self.db) {
            return false;
        }
        let finding = self
            .finding(codes::SECRET_OPERATION, self.loc(operand), "no operation is allowed on a secret")
            .label(format!("of type `{}`", self.show(ty)))
            .help("what is computed from a secret would tell something of it; pass it on as it is");
        self.report(finding);
        true
    }

    pub(super) fn binary(
        &mut self,
        expr: ExprId,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
        expected: Option<&Ty<'db>>,
    ) -> Ty<'db> {
        use BinaryOp as B;
        match op {
            B::And | B::Or => {
                self.check(left, &Ty::Bool);
                self.check(right, &Ty::Bool);
                Ty::Bool
            }
            B::Coalesce => self.coalesce(left, right, expected),
            B::Eq | B::Ne | B::Lt | B::Le | B::Gt | B::Ge => {
                self.compare(expr, op, left, right);
                Ty::Bool
            }
            B::In | B::NotIn => {
                self.membership(expr, left, right);
                Ty::Bool
            }
            B::Range | B::RangeInclusive => {
                self.check(left, &Ty::Int);
                self.check(right, &Ty::Int);
                Self::list(Ty::Int)
            }
            B::Add | B::Sub | B::Mul | B::Div | B::Rem => self.arithmetic(expr, op, left, right, expected),
        }
    }

    fn coalesce(&mut self, left: ExprId, right: ExprId, expected: Option<&Ty<'db>>) -> Ty<'db> {
        let ty = self.infer(left, expected);
        match ty.peel(self.db) {
            Ty::Optional(inner) => {
                let other = self.infer(right, Some(&inner));
                match coerce::join(self.db, &inner, &other) {
                    Some(joined) => {
                        self.demand(right, &other, &joined);
                        joined
                    }
                    None => {
                        self.demand(right, &other, &inner);
                        (*inner).clone()
                    }
                }
            }
            Ty::None => self.branch(right, expected),
            _ => {
                self.infer(right, Some(&ty));
                ty
            }
        }
    }

    /// The types of two operands that should be of one kind. A bare name takes its enum from the other side.
    fn pair(&mut self, left: ExprId, right: ExprId) -> (Ty<'db>, Ty<'db>) {
        if self.is_open_name(left) && !self.is_open_name(right) {
            let right_ty = self.infer(right, None);
            return (self.infer(left, Some(&right_ty)), right_ty);
        }
        let left_ty = self.infer(left, None);
        // The elements of two lists may be of different kinds of number, as two numbers may.
        let open = match left_ty.peel_optional(self.db) {
            Ty::List(element) | Ty::Set(element) => {
                let empty = matches!(&self.tree[right].kind, ExprKind::List(elements) if elements.is_empty());
                !empty && element.variants(self.db).is_none()
            }
            _ => false,
        };
        let right_ty = self.infer(right, Some(&left_ty).filter(|_| !open));
        (left_ty, right_ty)
    }

    /// Whether an expression is a name that only an expected enum could explain.
    fn is_open_name(&self, expr: ExprId) -> bool {
        match &self.tree[expr].kind {
            ExprKind::Name(name) => {
                !self.is_local(name) && crate::resolve::resolve(self.db, self.file, std::slice::from_ref(name)).is_err()
            }
            _ => false,
        }
    }

    fn compare(&mut self, expr: ExprId, op: BinaryOp, left: ExprId, right: ExprId) {
        let (left_ty, right_ty) = self.pair(left, right);
        let (a, b) = (left_ty.peel_optional(self.db), right_ty.peel_optional(self.db));
        if a == Ty::Error || b == Ty::Error {
            return;
        }
        if self.refuse_secret(left, &left_ty) || self.refuse_secret(right, &right_ty) {
            return;
        }
        if left_ty.holds_handle(self.db) || right_ty.holds_handle(self.db) {
            self.bad_operands(expr, op, &left_ty, &right_ty);
            return;
        }
        let ordered = !matches!(op, BinaryOp::Eq | BinaryOp::Ne);
        if ordered {
            for (operand, ty) in [(left, &left_ty), (right, &right_ty)] {
                if let Ty::Optional(inner) = ty.peel(self.db) {
                    return self.misfit(operand, ty, &inner, coerce::Misfit::Optional);
                }
            }
        }
        let comparable = if ordered {
            a.is_ordered(self.db) && self.alike(left, right, &a, &b)
        } else {
            self.alike(left, right, &a, &b)
        };
        if !comparable {
            self.bad_operands(expr, op, &left_ty, &right_ty);
        }
    }

    /// Whether values of two peeled types can be compared; a string literal takes the other's textual type.
    fn alike(&mut self, left: ExprId, right: ExprId, a: &Ty<'db>, b: &Ty<'db>) -> bool {
        if self.text_as(right, b, a) || self.text_as(left, a, b) {
            return true;
        }
        let none = |ty: &Ty<'db>| *ty == Ty::None;
        none(a) || none(b) || *a == Ty::Json || *b == Ty::Json || coerce::join(self.db, a, b).is_some()
    }

    fn membership(&mut self, expr: ExprId, left: ExprId, right: ExprId) {
        let literal = matches!(self.tree[right].kind, ExprKind::List(_));
        let (left_ty, right_ty) = if literal && !self.is_open_name(left) {
            let left_ty = self.infer(left, None);
            let list = left_ty.variants(self.db).map(|_| Self::list(left_ty.peel_optional(self.db)));
            let right_ty = self.infer(right, list.as_ref());
            (left_ty, right_ty)
        } else {
            let right_ty = self.infer(right, None);
            let element = match right_ty.peel_optional(self.db) {
                Ty::List(element) | Ty::Set(element) => Some((*element).clone()),
                Ty::Map(entry) => Some(entry.0.clone()),
                _ => None,
            };
            (self.infer(left, element.as_ref()), right_ty)
        };
        let (element, container) = (left_ty.peel_optional(self.db), right_ty.peel(self.db));
        if self.refuse_secret(left, &left_ty) || self.refuse_secret(right, &right_ty) {
            return;
        }
        if left_ty.holds_handle(self.db) || right_ty.holds_handle(self.db) {
            self.bad_operands(expr, BinaryOp::In, &left_ty, &right_ty);
            return;
        }
        if let Ty::Ref(_) = element
            && refers(self.db, &container)
        {
            self.facts.resolutions.insert(expr, Resolution::Entity);
            return;
        }
        let fits = match &container {
            Ty::Error | Ty::Json => true,
            Ty::List(inner) | Ty::Set(inner) => {
                element == Ty::Error || coerce::join(self.db, &element, &inner.peel_optional(self.db)).is_some()
            }
            Ty::Map(entry) => element == Ty::Error || coerce::join(self.db, &element, &entry.0).is_some(),
            Ty::String => matches!(element, Ty::String | Ty::Error),
            Ty::Optional(inner) => return self.misfit(right, &right_ty, inner, coerce::Misfit::Optional),
            _ => false,
        };
        if !fits {
            self.bad_operands(expr, BinaryOp::In, &left_ty, &right_ty);
        }
    }

    fn arithmetic(
        &mut self,
        expr: ExprId,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
        expected: Option<&Ty<'db>>,
    ) -> Ty<'db> {
        use BinaryOp as B;
        let left_ty = self.infer(left, if op == B::Add { expected } else { None });
        let right_ty = self.infer(right, Some(&left_ty));
        let (a, b) = (left_ty.peel(self.db), right_ty.peel(self.db));
        let secret = |ty: &Ty<'db>| matches!(ty, Ty::Secret(_));
        if secret(&a) && self.refuse_secret(left, &left_ty) || secret(&b) && self.refuse_secret(right, &right_ty) {
            return Ty::Error;
        }
        for (operand, ty, peeled) in [(left, &left_ty, &a), (right, &right_ty, &b)] {
            if let Ty::Optional(inner) = peeled {
                self.misfit(operand, ty, inner, coerce::Misfit::Optional);
                return Ty::Error;
            }
        }
        match (op, &a, &b) {
            (_, Ty::Error, _) | (_, _, Ty::Error) => Ty::Error,
            (_, Ty::Int, Ty::Int) => Ty::Int,
            (_, Ty::Int | Ty::Decimal, Ty::Int | Ty::Decimal) => Ty::Decimal,
            (B::Add | B::Sub, Ty::Bytes, Ty::Bytes) => Ty::Bytes,
            (B::Add | B::Sub, Ty::Duration, Ty::Duration) => Ty::Duration,
            (B::Mul | B::Div, Ty::Bytes, Ty::Int) | (B::Mul, Ty::Int, Ty::Bytes) => Ty::Bytes,
            (B::Mul | B::Div, Ty::Duration, Ty::Int) | (B::Mul, Ty::Int, Ty::Duration) => Ty::Duration,
            (B::Div, Ty::Bytes, Ty::Bytes) | (B::Div, Ty::Duration, Ty::Duration) => Ty::Int,
            (B::Add, Ty::String, Ty::String) => Ty::String,
            (B::Add, Ty::List(x), Ty::List(y)) => match coerce::join(self.db, x, y) {
                Some(joined) => Ty::List(Arc::new(joined)),
                None => self.bad_operands(expr, op, &left_ty, &right_ty),
            },
            (B::Add | B::Sub, Ty::Set(x), Ty::Set(y)) if coerce::join(self.db, x, y).is_some() => a.clone(),
            _ => self.bad_operands(expr, op, &left_ty, &right_ty),
        }
    }

    fn bad_operands(&mut self, expr: ExprId, op: BinaryOp, left: &Ty<'db>, right: &Ty<'db>) -> Ty<'db> {
        let message = format!("`{}` is not defined for `{}` and `{}`", op.symbol(), self.show(left), self.show(right));
        let mut finding = self.finding(codes::BAD_OPERANDS, self.loc(expr), message);
        if op == BinaryOp::Add && (*left == Ty::String || *right == Ty::String) {
            finding = finding.help("put the value into the string: \"… {value}\"");
        }
        self.report(finding);
        Ty::Error
    }
}

/// Whether a type is a reference, or several.
fn refers<'db>(db: &'db dyn Db, ty: &Ty<'db>) -> bool {
    match ty {
        Ty::Ref(_) => true,
        Ty::List(element) | Ty::Set(element) => matches!(element.peel(db), Ty::Ref(_)),
        _ => false,
    }
}
