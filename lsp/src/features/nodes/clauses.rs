//! The clauses and statements that declarations consist of.

use ordain_syntax::ast::*;

use super::{Node, Role, Walk};

impl<'t> Walk<'_, 't> {
    pub(super) fn capability(&mut self, clause: &'t CapabilityClause) {
        use CapabilityClause::*;
        let (Version { range, .. }
        | Input { range, .. }
        | Output { range, .. }
        | Effect { range, .. }
        | Risk { range, .. }
        | Key { range, .. }
        | Undo { range, .. }
        | Retry { range, .. }
        | Timeout { range, .. }) = clause;
        self.node(*range, Node::Clause);
        match clause {
            Version { value, .. } => self.string(value),
            Input { ty, .. } | Output { ty, .. } => {
                self.node(ty.range, Node::Type);
                self.record_type(ty);
            }
            Effect { value, .. } | Risk { value, .. } => self.name(value, Role::Word),
            Key { parts, .. } => parts.iter().for_each(|part| self.expr(part)),
            Undo { call, .. } => self.call(call),
            Retry { retry, .. } => self.retry(retry),
            Timeout { value, .. } => self.expr(value),
        }
    }

    fn retry(&mut self, retry: &'t Retry) {
        self.expr(&retry.times);
        retry.backoff.iter().for_each(|backoff| self.expr(backoff));
    }

    pub(super) fn adapter(&mut self, clause: &'t AdapterClause) {
        let (AdapterClause::Version { range, .. }
        | AdapterClause::Provides { range, .. }
        | AdapterClause::Run { range, .. }) = clause;
        self.node(*range, Node::Clause);
        match clause {
            AdapterClause::Version { value, .. } => self.string(value),
            AdapterClause::Provides { path, .. } => self.path(path, Role::Path),
            AdapterClause::Run { transport, target, .. } => {
                self.name(transport, Role::Word);
                self.expr(target);
            }
        }
    }

    pub(super) fn member(&mut self, member: &'t EnvironmentMember) {
        match member {
            EnvironmentMember::Fact(field) => self.field(field),
            EnvironmentMember::Bind { capability, adapter, range } => {
                self.node(*range, Node::Clause);
                self.path(capability, Role::Path);
                self.path(adapter, Role::Path);
            }
            EnvironmentMember::Group { name, members, range } => {
                self.node(*range, Node::Clause);
                self.name(name, Role::Group);
                self.expr(members);
            }
        }
    }

    pub(super) fn policy(&mut self, clause: &'t PolicyClause) {
        self.node(clause.range, Node::Clause);
        match &clause.kind {
            PolicyClauseKind::Code(text) => self.code(text),
            PolicyClauseKind::Because(text) => self.string(text),
            PolicyClauseKind::Severity(word) => self.name(word, Role::Word),
            PolicyClauseKind::On(subject) => {
                for (name, ty) in subject.binding.iter().chain(&subject.environment) {
                    self.name(name, Role::Bound);
                    self.ty(ty);
                }
                subject.globs.iter().for_each(|globs| self.expr(globs));
            }
            PolicyClauseKind::For { binder, iter } => {
                self.binder(binder);
                self.expr(iter);
            }
            PolicyClauseKind::Let(tree) => self.binding(tree),
            PolicyClauseKind::When(expr) | PolicyClauseKind::Unless(expr) | PolicyClauseKind::With(expr) => {
                self.expr(expr)
            }
            PolicyClauseKind::Outcome(outcome) => match outcome {
                Outcome::Deny(message) | Outcome::Warn(message) | Outcome::Forbid(message) => {
                    message.iter().for_each(|message| self.expr(message));
                }
                Outcome::Permit => {}
                Outcome::RequireApproval { group, count } => {
                    self.name(group, Role::Group);
                    count.iter().for_each(|count| self.expr(count));
                }
                Outcome::RequireGate(name) => self.name(name, Role::Step),
                Outcome::Escalate(group) => self.name(group, Role::Group),
            },
            PolicyClauseKind::Exempt { condition, until, see } => {
                self.expr(condition);
                until.iter().for_each(|until| self.expr(until));
                see.iter().for_each(|see| self.path(see, Role::Word));
            }
        }
    }

    pub(super) fn gate(&mut self, clause: &'t GateClause) {
        let (GateClause::OnChange { range, .. } | GateClause::Input { range, .. } | GateClause::Check { range, .. }) =
            clause;
        self.node(*range, Node::Clause);
        match clause {
            GateClause::OnChange { globs, .. } => self.expr(globs),
            GateClause::Input { name, ty, value, .. } => {
                self.name(name, Role::Bound);
                self.ty(ty);
                self.expr(value);
            }
            GateClause::Check { policies, .. } => {
                policies.iter().for_each(|policy| self.path(&policy.path, Role::Path))
            }
        }
    }

    pub(super) fn tests(&mut self, body: &'t [TestStmt]) {
        for stmt in body {
            self.node(stmt.range, Node::TestStmt);
            match &stmt.kind {
                TestStmtKind::Let(tree) => self.binding(tree),
                TestStmtKind::For { binder, iter, body } => {
                    self.binder(binder);
                    self.expr(iter);
                    self.tests(body);
                }
                TestStmtKind::ForAny { name, ty, body } => {
                    self.name(name, Role::Bound);
                    self.ty(ty);
                    self.tests(body);
                }
                TestStmtKind::Expect(expr) => self.expr(expr),
                TestStmtKind::ExpectPlan { subject, verdict, code } => {
                    self.expr(subject);
                    self.name(verdict, Role::Keyword);
                    code.iter().for_each(|code| self.code(code));
                }
                TestStmtKind::ExpectPolicy { verdict, code, policy, input } => {
                    self.name(verdict, Role::Keyword);
                    code.iter().for_each(|code| self.code(code));
                    self.path(policy, Role::Path);
                    self.fields(input);
                }
            }
        }
    }

    pub(super) fn stmts(&mut self, body: &'t [Stmt]) {
        for stmt in body {
            self.node(stmt.range, Node::Stmt);
            match &stmt.kind {
                StmtKind::Step { name, index, call, modifiers } => {
                    name.iter().for_each(|name| self.name(name, Role::Step));
                    index.iter().for_each(|index| self.expr(index));
                    self.call(call);
                    self.modifiers(modifiers);
                }
                StmtKind::SubPlan { name, index, call, modifiers } => {
                    name.iter().for_each(|name| self.name(name, Role::Step));
                    index.iter().for_each(|index| self.expr(index));
                    self.node(call.range, Node::PlanCall(call));
                    self.path(&call.path, Role::Path);
                    self.args(&call.args);
                    self.modifiers(modifiers);
                }
                StmtKind::Let { name, ty, value } => {
                    self.name(name, Role::Bound);
                    ty.iter().for_each(|ty| self.ty(ty));
                    self.expr(value);
                }
                StmtKind::Stage { name, modifiers, body } => {
                    self.name(name, Role::Stage);
                    self.modifiers(modifiers);
                    self.stmts(body);
                }
                StmtKind::For { binder, iter, condition, body } => {
                    self.binder(binder);
                    self.expr(iter);
                    condition.iter().for_each(|condition| self.expr(condition));
                    self.stmts(body);
                }
                StmtKind::If { condition, then, otherwise } => {
                    self.expr(condition);
                    self.stmts(then);
                    otherwise.iter().for_each(|otherwise| self.stmts(otherwise));
                }
                StmtKind::Gate { name, call, expect, modifiers } => {
                    self.name(name, Role::Step);
                    self.call(call);
                    self.expr(expect);
                    self.modifiers(modifiers);
                }
                StmtKind::OnFailure(word) => self.name(word, Role::Word),
                StmtKind::Limit { what, value } => {
                    self.name(what, Role::Keyword);
                    self.name(value, Role::Word);
                }
                StmtKind::Return(expr) => self.expr(expr),
                StmtKind::Error => {}
            }
        }
    }

    fn modifiers(&mut self, modifiers: &'t [Modifier]) {
        for modifier in modifiers {
            let (Modifier::After { range, .. }
            | Modifier::Timeout { range, .. }
            | Modifier::Retry { range, .. }
            | Modifier::OnFailure { range, .. }) = modifier;
            self.node(*range, Node::Clause);
            match modifier {
                Modifier::After { on, .. } => on.iter().for_each(|on| self.expr(on)),
                Modifier::Timeout { value, .. } => self.expr(value),
                Modifier::Retry { retry, .. } => self.retry(retry),
                Modifier::OnFailure { value, .. } => self.name(value, Role::Word),
            }
        }
    }
}
