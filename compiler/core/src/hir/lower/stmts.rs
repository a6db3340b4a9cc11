//! Statements of plans and tests.

use ordain_syntax::ast;

use super::Lowering;
use super::clauses::{Misuse, Slot};
use crate::hir::{Modifiers, Stmt, StmtKind, TestStmt};

impl Lowering {
    /// The statements of a plan. What holds for the whole plan is said once.
    pub(super) fn plan(&mut self, stmts: Vec<ast::Stmt>, misuses: &mut Vec<Misuse>) -> Box<[Stmt]> {
        let (mut effect, mut risk, mut on_failure) =
            (Slot::new("limit effect"), Slot::new("limit risk"), Slot::new("on failure"));
        for stmt in &stmts {
            match &stmt.kind {
                ast::StmtKind::Limit { what, .. } if what.name == "effect" => effect.fill((), stmt.range, misuses),
                ast::StmtKind::Limit { what, .. } if what.name == "risk" => risk.fill((), stmt.range, misuses),
                ast::StmtKind::OnFailure(_) => on_failure.fill((), stmt.range, misuses),
                _ => {}
            }
        }
        self.stmts(stmts, misuses)
    }

    fn stmts(&mut self, stmts: Vec<ast::Stmt>, misuses: &mut Vec<Misuse>) -> Box<[Stmt]> {
        let mut returned = Slot::new("return");
        for stmt in &stmts {
            if matches!(stmt.kind, ast::StmtKind::Return(_)) {
                returned.fill((), stmt.range, misuses);
            }
        }
        stmts.into_iter().filter_map(|stmt| self.stmt(stmt, misuses)).collect()
    }

    /// The statements of a block in a plan, without those that have no meaning there.
    fn block_of(&mut self, mut stmts: Vec<ast::Stmt>, block: &'static str, misuses: &mut Vec<Misuse>) -> Box<[Stmt]> {
        stmts.retain(|stmt| {
            let clause = match stmt.kind {
                ast::StmtKind::Limit { .. } => "limit",
                ast::StmtKind::OnFailure(_) => "on failure",
                _ => return true,
            };
            misuses.push(Misuse::NotAtTop { clause, block, range: stmt.range });
            false
        });
        self.stmts(stmts, misuses)
    }

    fn stmt(&mut self, stmt: ast::Stmt, misuses: &mut Vec<Misuse>) -> Option<Stmt> {
        let loc = self.loc(stmt.range);
        let kind = match stmt.kind {
            ast::StmtKind::Error => return None,
            ast::StmtKind::Step { name, index, call, modifiers } => StmtKind::Step {
                name: name.map(|name| self.name(name)),
                index: index.map(|index| self.expr(index)),
                call: self.step_call(call),
                modifiers: self.modifiers(modifiers, &[], misuses),
            },
            ast::StmtKind::SubPlan { name, index, call, modifiers } => StmtKind::SubPlan {
                name: name.map(|name| self.name(name)),
                index: index.map(|index| self.expr(index)),
                call: self.plan_call(call),
                modifiers: self.modifiers(modifiers, &["timeout", "retry", "on failure"], misuses),
            },
            ast::StmtKind::Let { name, ty, value } => {
                StmtKind::Let(self.binding(ast::Let { name, ty, value, range: stmt.range }))
            }
            ast::StmtKind::Stage { name, modifiers, body } => StmtKind::Stage {
                name: self.name(name),
                modifiers: self.modifiers(modifiers, &["timeout", "retry", "on failure"], misuses),
                body: self.block_of(body, "a stage", misuses),
            },
            ast::StmtKind::For { binder, iter, condition, body } => StmtKind::For {
                iter: self.expr(iter),
                binder: self.binder(binder),
                condition: condition.map(|condition| self.expr(condition)),
                body: self.block_of(body, "a loop", misuses),
            },
            ast::StmtKind::If { condition, then, otherwise } => StmtKind::If {
                condition: self.expr(condition),
                then: self.block_of(then, "a branch", misuses),
                otherwise: otherwise.map(|stmts| self.block_of(stmts, "a branch", misuses)).unwrap_or_default(),
            },
            ast::StmtKind::Gate { name, call, expect, modifiers } => StmtKind::Gate {
                name: self.name(name),
                call: self.step_call(call),
                expect: self.expr(expect),
                modifiers: self.modifiers(modifiers, &[], misuses),
            },
            ast::StmtKind::OnFailure(value) => StmtKind::OnFailure(self.name(value)),
            ast::StmtKind::Limit { what, value } => StmtKind::Limit { what: self.name(what), value: self.name(value) },
            ast::StmtKind::Return(value) => StmtKind::Return(self.expr(value)),
        };
        Some(Stmt { kind, loc })
    }

    /// `foreign` names the modifiers that have no meaning after this statement.
    fn modifiers(
        &mut self,
        modifiers: Vec<ast::Modifier>,
        foreign: &[&'static str],
        misuses: &mut Vec<Misuse>,
    ) -> Modifiers {
        let mut after = Vec::new();
        let (mut timeout, mut retry, mut on_failure) =
            (Slot::new("timeout"), Slot::new("retry"), Slot::new("on failure"));
        for modifier in modifiers {
            let (word, range) = match &modifier {
                ast::Modifier::After { range, .. } => ("after", *range),
                ast::Modifier::Timeout { range, .. } => ("timeout", *range),
                ast::Modifier::Retry { range, .. } => ("retry", *range),
                ast::Modifier::OnFailure { range, .. } => ("on failure", *range),
            };
            if foreign.contains(&word) {
                misuses.push(Misuse::Misplaced { clause: word, range, of: "a stage or sub-plan" });
                continue;
            }
            match modifier {
                ast::Modifier::After { on, .. } => after.extend(on.into_iter().map(|on| self.expr(on))),
                ast::Modifier::Timeout { value, .. } => {
                    let value = self.expr(value);
                    timeout.fill(value, range, misuses);
                }
                ast::Modifier::Retry { retry: value, .. } => {
                    let value = self.retry(value);
                    retry.fill(value, range, misuses);
                }
                ast::Modifier::OnFailure { value, .. } => {
                    let value = self.name(value);
                    on_failure.fill(value, range, misuses);
                }
            }
        }
        Modifiers {
            after: after.into_boxed_slice(),
            timeout: timeout.take(),
            retry: retry.take(),
            on_failure: on_failure.take(),
        }
    }

    pub(super) fn test_stmts(&mut self, stmts: Vec<ast::TestStmt>) -> Box<[TestStmt]> {
        stmts.into_iter().map(|stmt| self.test_stmt(stmt)).collect()
    }

    fn test_stmt(&mut self, stmt: ast::TestStmt) -> TestStmt {
        match stmt.kind {
            ast::TestStmtKind::Let(binding) => TestStmt::Let(self.binding(binding)),
            ast::TestStmtKind::For { binder, iter, body } => {
                TestStmt::For { iter: self.expr(iter), binder: self.binder(binder), body: self.test_stmts(body) }
            }
            ast::TestStmtKind::ForAny { name, ty, body } => {
                TestStmt::ForAny { name: self.name(name), ty: self.ty(ty), body: self.test_stmts(body) }
            }
            ast::TestStmtKind::Expect(condition) => TestStmt::Expect(self.expr(condition)),
            ast::TestStmtKind::ExpectPlan { subject, verdict, code } => TestStmt::ExpectPlan {
                subject: self.expr(subject),
                verdict: self.name(verdict),
                code: code.map(|code| self.text(&code)),
            },
            ast::TestStmtKind::ExpectPolicy { verdict, code, policy, input } => {
                let fields = self.fields(input);
                TestStmt::ExpectPolicy {
                    verdict: self.name(verdict),
                    code: code.map(|code| self.text(&code)),
                    policy: self.path(policy),
                    input: self.push(crate::hir::ExprKind::Record(fields), stmt.range),
                }
            }
        }
    }
}
