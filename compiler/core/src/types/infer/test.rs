//! Tests: types only; they are run elsewhere.

use ordain_diagnostics::codes;

use super::super::ty::Ty;
use super::{Anchor, Infer};
use crate::hir::{Kind, Signature, TestStmt};

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
                TestStmt::ExpectPolicy { policy, code, input, .. } => {
                    if let Some(item) = self.target(policy, Kind::Policy)
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
                    // A test gives only the part of a document that its policy looks at, so fields may lack.
                    let known = self.findings.len();
                    self.infer(*input, None);
                    self.findings.truncate(known);
                }
            }
        }
        self.leave(mark);
    }
}
