//! Policies, gates and tests.

use super::doc::Doc;
use super::layout::{BLOCK, LIST, Printer, Slot};
use super::parentheses::begins_with_word;
use crate::ast::{
    GateClause, GateDecl, Outcome, PolicyClause, PolicyClauseKind, PolicyDecl, PolicyRef, Subject, TestDecl, TestStmt,
    TestStmtKind,
};

impl<'a> Printer<'a> {
    pub(super) fn policy(&mut self, decl: &'a PolicyDecl, end: u32) -> Doc {
        let mut parts = Vec::new();
        let mut end = end;
        if let Some(source) = &decl.from {
            parts.push(self.text(" from "));
            parts.push(self.verbatim(source.language.range));
            parts.push(self.text(" "));
            match (source.list, source.files.as_slice()) {
                (Some(list), files) => {
                    let open = self.source.find(list.start, "[");
                    parts.push(self.delimited(LIST, open, false, |printer, first| {
                        printer.slots(first, files, |file| file.range.end, |printer, file| printer.verbatim(file.range))
                    }));
                    end = list.end;
                }
                (None, files) => {
                    for file in files {
                        parts.push(self.verbatim(file.range));
                        end = file.range.end;
                    }
                }
            }
        }
        parts.push(self.body(self.source.find(end, "{"), |printer, first| {
            let lines = printer.clause_lines(&decl.clauses);
            printer.slots(
                first,
                lines,
                |line| line[line.len() - 1].range.end,
                |printer, line| {
                    let mut parts = Vec::new();
                    for (index, clause) in line.iter().enumerate() {
                        if index > 0 {
                            parts.push(printer.text(" "));
                        }
                        parts.push(printer.policy_clause(clause));
                    }
                    printer.join(&parts)
                },
            )
        }));
        self.join(&parts)
    }

    /// The clauses by line: `code` and `severity` share one where the author wrote them so.
    fn clause_lines(&self, clauses: &'a [PolicyClause]) -> Vec<&'a [PolicyClause]> {
        let mut lines = Vec::new();
        let mut rest = clauses;
        while !rest.is_empty() {
            let pair = matches!(rest, [
                PolicyClause { kind: PolicyClauseKind::Code(code), .. },
                PolicyClause { kind: PolicyClauseKind::Severity(_), .. },
                ..
            ] if !self.source.line_ends_after(self.source.before(code.range.end)));
            let (line, others) = rest.split_at(if pair { 2 } else { 1 });
            lines.push(line);
            rest = others;
        }
        lines
    }

    fn policy_clause(&mut self, clause: &'a PolicyClause) -> Doc {
        match &clause.kind {
            PolicyClauseKind::Code(code) => {
                let code = self.verbatim(code.range);
                self.clause("code ", code)
            }
            PolicyClauseKind::Severity(severity) => {
                let severity = self.verbatim(severity.range);
                self.clause("severity ", severity)
            }
            PolicyClauseKind::On(subject) => self.subject(subject),
            PolicyClauseKind::For { binder, iter } => self.for_head(binder, iter),
            PolicyClauseKind::Let(binding) => self.binding(binding),
            PolicyClauseKind::When(condition) => {
                let condition = self.expr(condition);
                self.clause("when ", condition)
            }
            PolicyClauseKind::Unless(condition) => {
                let condition = self.expr(condition);
                self.clause("unless ", condition)
            }
            PolicyClauseKind::Outcome(outcome) => self.outcome(outcome),
            PolicyClauseKind::Because(reason) => {
                let reason = self.verbatim(reason.range);
                self.clause("because ", reason)
            }
            PolicyClauseKind::With(data) => {
                let data = self.expr(data);
                self.clause("with ", data)
            }
            PolicyClauseKind::Exempt { condition, until, see } => {
                let mut parts = vec![self.text("exempt "), self.before_word(condition)];
                if let Some(until) = until {
                    parts.push(self.text(" until "));
                    parts.push(self.before_word(until));
                }
                if let Some(see) = see {
                    parts.push(self.text(" see "));
                    parts.push(self.path(see));
                }
                self.join(&parts)
            }
        }
    }

    fn subject(&mut self, subject: &'a Subject) -> Doc {
        let mut parts = vec![self.text("on "), self.verbatim(subject.kind.range)];
        if let Some((name, ty)) = &subject.binding {
            // In `on input: T` the kind is the name.
            if name.range != subject.kind.range {
                parts.push(self.text(" "));
                parts.push(self.verbatim(name.range));
            }
            parts.push(self.text(": "));
            parts.push(self.ty(ty));
        }
        if let Some(globs) = &subject.globs {
            parts.push(self.text(" "));
            parts.push(self.expr(globs));
        }
        if let Some((name, ty)) = &subject.environment {
            parts.push(self.text(" in "));
            parts.push(self.verbatim(name.range));
            parts.push(self.text(": "));
            parts.push(self.ty(ty));
        }
        self.join(&parts)
    }

    fn outcome(&mut self, outcome: &'a Outcome) -> Doc {
        let (word, value) = match outcome {
            Outcome::Deny(message) => ("deny", message.as_ref()),
            Outcome::Warn(message) => ("warn", message.as_ref()),
            Outcome::Forbid(message) => ("forbid", message.as_ref()),
            Outcome::Permit => ("permit", None),
            Outcome::RequireApproval { group, count } => {
                let mut parts = vec![self.text("require approval from "), self.verbatim(group.range)];
                if let Some(count) = count {
                    parts.push(self.text(" count "));
                    parts.push(self.expr(count));
                }
                return self.join(&parts);
            }
            Outcome::RequireGate(gate) => {
                let gate = self.verbatim(gate.range);
                return self.clause("require gate ", gate);
            }
            Outcome::Escalate(to) => {
                let to = self.verbatim(to.range);
                return self.clause("escalate to ", to);
            }
        };
        let mut parts = vec![self.text(word)];
        if let Some(value) = value {
            parts.push(self.text(" "));
            // `because` would begin the next clause.
            parts.push(self.operand(value, begins_with_word(value, "because")));
        }
        self.join(&parts)
    }

    pub(super) fn gate(&mut self, decl: &'a GateDecl, end: u32) -> Doc {
        self.body(self.source.find(end, "{"), |printer, first| {
            let end = |clause: &&GateClause| match clause {
                GateClause::OnChange { range, .. }
                | GateClause::Input { range, .. }
                | GateClause::Check { range, .. } => range.end,
            };
            printer.slots(first, &decl.clauses, end, Self::gate_clause)
        })
    }

    fn gate_clause(&mut self, clause: &'a GateClause) -> Doc {
        match clause {
            GateClause::OnChange { globs, .. } => {
                let globs = self.expr(globs);
                self.clause("on change ", globs)
            }
            GateClause::Input { name, ty, value, .. } => {
                let parts = [
                    self.text("input "),
                    self.verbatim(name.range),
                    self.text(": "),
                    self.ty(ty),
                    self.text(" ="),
                    self.assigned(value),
                ];
                self.join(&parts)
            }
            GateClause::Check { policies, range } => {
                let open = self.source.find(range.start, "[");
                let refs = self.delimited(LIST, open, false, |printer, first| printer.policy_refs(first, policies));
                self.clause("check ", refs)
            }
        }
    }

    fn policy_refs(&mut self, first: usize, policies: &'a [PolicyRef]) -> Vec<Slot<'a>> {
        let source = self.source;
        let mut next = first;
        let mut slots = Vec::with_capacity(policies.len());
        for policy in policies {
            // The `.*` is not part of the path's range.
            let end =
                if policy.all { source.end_of(source.at(policy.path.range.end) + 1) } else { policy.path.range.end };
            let slot = self.slot(next, end, |printer| {
                let parts = [
                    printer.text(if policy.not { "not " } else { "" }),
                    printer.path(&policy.path),
                    printer.text(if policy.all { ".*" } else { "" }),
                ];
                printer.join(&parts)
            });
            next = slot.next;
            slots.push(slot);
        }
        slots
    }

    pub(super) fn test(&mut self, decl: &'a TestDecl, end: u32) -> Doc {
        self.body(self.source.find(end, "{"), |printer, first| printer.test_statements(first, &decl.body))
    }

    fn test_statements(&mut self, first: usize, body: &'a [TestStmt]) -> Vec<Slot<'a>> {
        self.slots(first, body, |statement| statement.range.end, Self::test_statement)
    }

    fn test_statement(&mut self, statement: &'a TestStmt) -> Doc {
        match &statement.kind {
            TestStmtKind::Let(binding) => self.binding(binding),
            TestStmtKind::For { binder, iter, body } => {
                let parts = [self.for_block_head(binder, iter), self.text(" "), self.test_block(iter.range.end, body)];
                self.join(&parts)
            }
            TestStmtKind::ForAny { name, ty, body } => {
                let parts = [
                    self.text("for any "),
                    self.verbatim(name.range),
                    self.text(": "),
                    self.ty(ty),
                    self.text(" "),
                    self.test_block(ty.range.end, body),
                ];
                self.join(&parts)
            }
            TestStmtKind::Expect(condition) => {
                let condition = self.expr(condition);
                self.clause("expect ", condition)
            }
            TestStmtKind::ExpectPlan { subject, verdict, code } => {
                let mut parts =
                    vec![self.text("expect "), self.before_word(subject), self.text(" "), self.verbatim(verdict.range)];
                if let Some(code) = code {
                    parts.push(self.text(" "));
                    parts.push(self.verbatim(code.range));
                }
                self.join(&parts)
            }
            TestStmtKind::ExpectPolicy { verdict, code, policy, input } => {
                let mut parts = vec![self.text("expect "), self.verbatim(verdict.range)];
                if let Some(code) = code {
                    parts.push(self.text(" "));
                    parts.push(self.verbatim(code.range));
                }
                parts.push(self.text(" from "));
                parts.push(self.path(policy));
                parts.push(self.text(" on "));
                parts.push(self.braced_fields(self.source.find(policy.range.end, "{"), input));
                self.join(&parts)
            }
        }
    }

    fn test_block(&mut self, end: u32, body: &'a [TestStmt]) -> Doc {
        let open = self.source.find(end, "{");
        self.braced(BLOCK, open, |printer, first| printer.test_statements(first, body))
    }
}
