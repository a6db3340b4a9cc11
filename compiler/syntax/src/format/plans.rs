//! Plans: their statements and what follows a step.

use super::doc::Doc;
use super::layout::{BLOCK, Printer, Slot};
use super::parentheses::begins_with_plan;
use crate::ast::{Expr, Ident, Modifier, PlanCall, PlanDecl, Stmt, StmtKind};

impl<'a> Printer<'a> {
    pub(super) fn plan(&mut self, decl: &'a PlanDecl, end: u32) -> Doc {
        let source = self.source;
        let open = source.find(end, "(");
        let mut parts = vec![self.params(open, &decl.params)];
        let mut next = source.partner(open) + 1;
        if let Some(result) = &decl.result {
            parts.push(self.text(" -> "));
            parts.push(self.ty(result));
            next = source.at(result.range.end);
        }
        parts.push(self.body(source.find_from(next, "{"), |printer, first| printer.statements(first, &decl.body)));
        self.join(&parts)
    }

    fn statements(&mut self, first: usize, body: &'a [Stmt]) -> Vec<Slot<'a>> {
        self.slots(first, body, |statement| statement.range.end, Self::statement)
    }

    fn statement(&mut self, statement: &'a Stmt) -> Doc {
        match &statement.kind {
            StmtKind::Step { name, index, call, modifiers } => {
                let mut parts = self.step_name(name.as_ref(), index.as_ref());
                parts.push(self.step_call(call));
                parts.push(self.modifiers(modifiers));
                self.join(&parts)
            }
            StmtKind::SubPlan { name, index, call, modifiers } => {
                let mut parts = self.step_name(name.as_ref(), index.as_ref());
                parts.push(self.plan_call(call));
                parts.push(self.modifiers(modifiers));
                self.join(&parts)
            }
            StmtKind::Let { name, ty, value } => {
                let mut parts = vec![self.text("let "), self.verbatim(name.range)];
                if let Some(ty) = ty {
                    parts.push(self.text(": "));
                    parts.push(self.ty(ty));
                }
                parts.push(self.text(" ="));
                if ty.is_none() && begins_with_plan(value) {
                    // Bare, it would be a sub-plan.
                    parts.push(self.text(" "));
                    parts.push(self.parenthesized(value));
                } else {
                    parts.push(self.assigned(value));
                }
                self.join(&parts)
            }
            StmtKind::Stage { name, modifiers, body } => {
                let end = modifiers.last().map_or(name.range.end, |modifier| modifier_range(modifier).end);
                let outer = std::mem::replace(&mut self.head, true);
                let modifiers = self.modifiers(modifiers);
                self.head = outer;
                let parts = [
                    self.text("stage "),
                    self.verbatim(name.range),
                    modifiers,
                    self.text(" "),
                    self.block_of(end, body),
                ];
                self.join(&parts)
            }
            StmtKind::For { binder, iter, condition, body } => {
                let mut parts = vec![self.for_block_head(binder, iter)];
                let mut end = iter.range.end;
                if let Some(condition) = condition {
                    parts.push(self.text(" if "));
                    parts.push(self.head(condition));
                    end = condition.range.end;
                }
                parts.push(self.text(" "));
                parts.push(self.block_of(end, body));
                self.join(&parts)
            }
            StmtKind::If { condition, then, otherwise } => self.if_statement(condition, then, otherwise.as_deref()),
            StmtKind::Gate { name, call, expect, modifiers } => {
                let parts = [
                    self.text("gate "),
                    self.verbatim(name.range),
                    self.text(" = "),
                    self.step_call(call),
                    self.clauses(Some(expect), modifiers),
                ];
                self.join(&parts)
            }
            StmtKind::OnFailure(action) => {
                let action = self.verbatim(action.range);
                self.clause("on failure ", action)
            }
            StmtKind::Limit { what, value } => {
                let parts =
                    [self.text("limit "), self.verbatim(what.range), self.text(" "), self.verbatim(value.range)];
                self.join(&parts)
            }
            StmtKind::Return(value) => {
                let value = self.expr(value);
                self.clause("return ", value)
            }
            StmtKind::Error => self.verbatim(statement.range),
        }
    }

    /// `let name[index] = `; nothing for a step without a name.
    fn step_name(&mut self, name: Option<&'a Ident>, index: Option<&'a Expr>) -> Vec<Doc> {
        let Some(name) = name else { return Vec::new() };
        let mut parts = vec![self.text("let "), self.verbatim(name.range)];
        if let Some(index) = index {
            parts.push(self.text("["));
            parts.push(self.inside(|printer| printer.expr(index)));
            parts.push(self.text("]"));
        }
        parts.push(self.text(" = "));
        parts
    }

    /// `plan release(version: 1.4.0)`
    pub(super) fn plan_call(&mut self, call: &'a PlanCall) -> Doc {
        let (word, path) = (self.text("plan "), self.path(&call.path));
        let args = self.arguments(self.source.find(call.path.range.end, "("), &call.args);
        self.join(&[word, path, args])
    }

    /// ` after x timeout 5m`, on one line where they fit.
    fn modifiers(&mut self, modifiers: &'a [Modifier]) -> Doc {
        self.clauses(None, modifiers)
    }

    /// As [`Self::modifiers`], with the condition of a gate before them.
    fn clauses(&mut self, expect: Option<&'a Expr>, modifiers: &'a [Modifier]) -> Doc {
        let mut parts = Vec::with_capacity(2 * modifiers.len() + 3);
        if let Some(condition) = expect {
            parts.push(self.docs.line(" ", false));
            parts.push(self.text("expect "));
            parts.push(self.before_word(condition));
        }
        for modifier in modifiers {
            parts.push(match modifier {
                // On a new line it would be a statement of the plan.
                Modifier::OnFailure { .. } => self.text(" "),
                _ => self.docs.line(" ", false),
            });
            parts.push(self.modifier(modifier));
        }
        let all = self.join(&parts);
        let all = self.docs.indent(all);
        self.docs.group(all)
    }

    fn modifier(&mut self, modifier: &'a Modifier) -> Doc {
        match modifier {
            Modifier::After { on, .. } => {
                let mut parts = vec![self.text("after ")];
                for (index, step) in on.iter().enumerate() {
                    if index > 0 {
                        parts.push(self.text(", "));
                    }
                    parts.push(self.before_word(step));
                }
                self.join(&parts)
            }
            // Before a brace, the word would be the name of a capability.
            Modifier::Timeout { value, .. } => {
                let value = self.before_brace(|printer| printer.before_word(value));
                self.clause("timeout ", value)
            }
            Modifier::Retry { retry, .. } => {
                let retry = self.before_brace(|printer| printer.retry(retry));
                self.clause("retry ", retry)
            }
            Modifier::OnFailure { value, .. } => {
                let value = self.verbatim(value.range);
                self.clause("on failure ", value)
            }
        }
    }

    /// `{ … }` after the offset `end`
    fn block_of(&mut self, end: u32, body: &'a [Stmt]) -> Doc {
        let open = self.source.find(end, "{");
        self.braced(BLOCK, open, |printer, first| printer.statements(first, body))
    }

    /// `if c { … } else if d { … } else { … }`, all branches on one line or all broken.
    fn if_statement(&mut self, condition: &'a Expr, then: &'a [Stmt], otherwise: Option<&'a [Stmt]>) -> Doc {
        let source = self.source;
        let expanded = source.line_ends_after(source.find(condition.range.end, "{"));
        let mut parts = Vec::new();
        let mut carried = 0..0;
        let (mut condition, mut then, mut otherwise) = (condition, then, otherwise);
        loop {
            let open = source.find(condition.range.end, "{");
            parts.extend([self.text("if "), self.head(condition), self.text(" ")]);
            self.hoist(open);
            let statements = |printer: &mut Self, first| printer.statements(first, then);
            let Some(other) = otherwise else {
                parts.push(self.ungrouped(BLOCK, open, expanded, carried, statements));
                break;
            };
            parts.push(self.branch(open, expanded, carried, statements));
            parts.push(self.text(" else "));
            let start = source.partner(open) + 2;
            // What stands between the branches belongs to the next one.
            carried = self.take(start);
            if let [Stmt { kind: StmtKind::If { condition: next, then: next_then, otherwise: next_otherwise }, .. }] =
                other
                && source.token(start) == "if"
            {
                (condition, then, otherwise) = (next, next_then, next_otherwise.as_deref());
                continue;
            }
            let statements = |printer: &mut Self, first| printer.statements(first, other);
            parts.push(self.ungrouped(BLOCK, start, expanded, carried, statements));
            break;
        }
        let whole = self.join(&parts);
        self.docs.group(whole)
    }
}

fn modifier_range(modifier: &Modifier) -> ordain_diagnostics::TextRange {
    match modifier {
        Modifier::After { range, .. }
        | Modifier::Timeout { range, .. }
        | Modifier::Retry { range, .. }
        | Modifier::OnFailure { range, .. } => *range,
    }
}
