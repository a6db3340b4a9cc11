//! Whether an expression fits the type that is expected of it.

use ordain_diagnostics::codes;
use ordain_graph::Value;

use super::Infer;
use crate::hir::{ExprId, ExprKind};
use crate::types::coerce::{self, Fit, Misfit};
use crate::types::{Ty, alias_target, refine};

impl<'db> Infer<'db> {
    /// Infers an expression and demands that it fits a type. Gives the declared type.
    pub(super) fn check(&mut self, expr: ExprId, expected: &Ty<'db>) -> Ty<'db> {
        let actual = self.infer(expr, Some(expected));
        self.demand(expr, &actual, expected);
        expected.clone()
    }

    /// Reports where a value of type `actual` does not fit.
    pub(super) fn demand(&mut self, expr: ExprId, actual: &Ty<'db>, expected: &Ty<'db>) {
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

    pub(super) fn adjust(&mut self, expr: ExprId, ty: &Ty<'db>) {
        self.facts.adjustments.insert(expr, ty.clone());
    }

    /// A string literal stands for a value of a scalar type with a textual form.
    pub(super) fn text_as(&mut self, expr: ExprId, actual: &Ty<'db>, expected: &Ty<'db>) -> bool {
        let target = expected.peel_optional(self.db);
        if !matches!(target, Ty::Url | Ty::Digest | Ty::SemVer | Ty::Date) || *actual != Ty::String {
            return false;
        }
        match &self.tree[expr].kind {
            ExprKind::Str(text) => {
                let valid = match target {
                    Ty::Url => Value::parse_url(text).is_some(),
                    Ty::Digest => Value::parse_digest(text).is_some(),
                    Ty::SemVer => Value::parse_semver(text).is_some(),
                    _ => Value::parse_date(text).is_some(),
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
                Ty::Alias(item) => alias_target(self.db, item),
                Ty::Optional(inner) => (*inner).clone(),
                Ty::Refined(base, demand) => {
                    if let Some(value) = refine::literal(self.tree, expr) {
                        let value = match (base.peel(self.db), value) {
                            (Ty::Decimal, Value::Int(value)) => Value::Decimal(value.into()),
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

    pub(super) fn misfit(&mut self, expr: ExprId, actual: &Ty<'db>, expected: &Ty<'db>, misfit: Misfit) {
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
}
