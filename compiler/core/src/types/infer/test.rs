//! Tests: types only; `testing` runs them.

use ordain_diagnostics::codes;

use super::super::subject_types;
use super::super::ty::Ty;
use super::marking::Meaning;
use super::{Anchor, Infer};
use crate::hir::{Body, ExprId, ExprKind, Field, Kind, Signature, TestStmt};
use crate::items::Item;

/// What a test can expect of a policy.
const VERDICTS: [&str; 6] = ["deny", "warn", "require", "allow", "permit", "forbid"];

impl<'db> Infer<'db> {
    pub(super) fn test(&mut self, stmts: &[TestStmt]) {
        let mark = self.locals.len();
        for stmt in stmts {
            match stmt {
                TestStmt::Let(binding) => self.binding(binding),
                TestStmt::For { binder, iter, body } => {
                    let mark = self.locals.len();
                    self.bind_loop(binder, *iter);
                    self.test(body);
                    self.leave(mark);
                }
                TestStmt::ForAny { name, ty, body } => {
                    let mark = self.locals.len();
                    let ty = self.ty(*ty);
                    self.bind(name, ty);
                    self.test(body);
                    self.leave(mark);
                }
                TestStmt::Expect(condition) => {
                    self.check(*condition, &Ty::Bool);
                }
                TestStmt::ExpectPlan { subject, .. } => {
                    let ty = self.infer(*subject, None);
                    if !matches!(ty, Ty::Plan(_) | Ty::Error) {
                        let message = format!("verdicts are about plans, this is `{}`", self.show(&ty));
                        let finding = self
                            .finding(codes::TYPE_MISMATCH, self.loc(*subject), message)
                            .help("bind one first: `let p = plan release(…)`");
                        self.report(finding);
                    }
                }
                TestStmt::ExpectPolicy { policy, code, input, verdict } => {
                    if !VERDICTS.contains(&verdict.text.as_str()) {
                        let message = format!("a policy does not `{}`", verdict.text);
                        let mut finding = self
                            .finding(codes::UNKNOWN_NAME, verdict.loc, message)
                            .did_you_mean(crate::similar::best(&verdict.text, VERDICTS.iter().copied()));
                        if finding.help.is_none() {
                            let help = "write `deny`, `warn`, `require` or `allow`, for a request `permit` or `forbid`";
                            finding = finding.help(help);
                        }
                        self.report(finding);
                    }
                    let item = self.target(policy, Kind::Policy);
                    if let Some(item) = item
                        && let Signature::Policy { code: Some(declared), .. } = &item.signature(self.db).signature
                        && let Some(code) = code
                        && code.text != declared.text
                    {
                        let message = format!("`{}` has code `{}`, not `{}`", policy.text(), declared.text, code.text);
                        let finding = self
                            .finding(codes::UNKNOWN_NAME, code.loc, message)
                            .note(Anchor::name_of(item), "declared here");
                        self.report(finding);
                    }
                    match item {
                        Some(item) => self.policy_input(item, *input),
                        None => {
                            self.infer(*input, Some(&Ty::Error));
                        }
                    }
                }
            }
        }
        self.leave(mark);
    }

    /// What a policy is tested on: the document or the fields of the subject, and the environment under the name that
    /// the policy gives it.
    fn policy_input(&mut self, policy: Item<'db>, input: ExprId) {
        let types = subject_types(self.db, policy);
        let Body::Policy(declared) = &policy.body(self.db).body else { return };
        let Some(subject) = &declared.subject else { return };
        let ty = types.binding.clone().unwrap_or_else(|| self.subject_type(&subject.kind.text));
        let environment = subject.environment.as_ref().map(|(name, _)| &name.text).zip(types.environment.as_ref());
        let ExprKind::Record(fields) = &self.tree[input].kind else {
            self.part_of(input, &ty);
            return;
        };
        for field in fields.iter() {
            if let (Field::Named { name, value }, Some((bound, ty))) = (field, environment)
                && name.text == *bound
            {
                self.mark(name.loc, || Meaning::Param(policy, bound.clone(), ty.clone()));
                self.check(*value, ty);
            } else {
                self.part_of_field(field, &ty);
            }
        }
        self.types[input.0 as usize] = ty;
    }

    /// A test gives only the part of a document that its policy looks at, so fields may lack.
    fn part_of(&mut self, expr: ExprId, ty: &Ty<'db>) {
        let tree = self.tree;
        match (&tree[expr].kind, ty.peel_optional(self.db)) {
            (ExprKind::Record(fields), Ty::Record(_)) => fields.iter().for_each(|field| self.part_of_field(field, ty)),
            (ExprKind::List(elements), Ty::List(element)) => {
                elements.iter().for_each(|each| self.part_of(*each, &element));
            }
            _ => {
                self.check(expr, ty);
                return;
            }
        }
        self.types[expr.0 as usize] = ty.clone();
    }

    fn part_of_field(&mut self, field: &Field, ty: &Ty<'db>) {
        let Ty::Record(record) = ty.peel_optional(self.db) else {
            let (Field::Named { value, .. } | Field::Keyed { value, .. } | Field::Spread { value }) = field;
            self.infer(*value, None);
            return;
        };
        match self.field_name(field) {
            Some((name, value)) => match record.get(&name.text) {
                Some(field) => {
                    let before = self.enter_field(ty, &name, &field.ty);
                    self.part_of(value, &field.ty);
                    self.leave_field(before);
                }
                None => {
                    self.unknown_field(&name, &record, ty);
                    self.infer(value, Some(&Ty::Error));
                }
            },
            None => {
                let (Field::Named { value, .. } | Field::Keyed { value, .. } | Field::Spread { value }) = field;
                self.infer(*value, Some(ty));
            }
        }
    }
}
