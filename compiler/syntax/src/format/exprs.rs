//! Expressions. It decides where parentheses are needed, for the tree does not hold them.

use super::doc::Doc;
use super::layout::{ARGUMENTS, BARE_COMPREHENSION, COMPREHENSION, LIST, MAP_COMPREHENSION, Printer, RECORD, Slot};
use super::parentheses::{Leading, is_bare_key, leading, needs_parentheses_as_base, rightmost};
use crate::ast::{Arg, BinaryOp, Binder, Comprehension, Expr, ExprKind, Field, ForClause, Path, UnaryOp};

/// The words that declarations begin with, but the reserved ones.
const DECLARING_WORDS: &[&str] = &[
    "adapter",
    "capability",
    "const",
    "entity",
    "enum",
    "environment",
    "fn",
    "gate",
    "plan",
    "policy",
    "test",
    "type",
];

impl<'a> Printer<'a> {
    /// An expression whose further lines are indented.
    pub(super) fn expr(&mut self, expr: &'a Expr) -> Doc {
        self.expr_at(expr, true)
    }

    /// An expression that a word follows on its line. `plan` at its end would take that word for a plan's name.
    pub(super) fn before_word(&mut self, expr: &'a Expr) -> Doc {
        let plan = matches!(&rightmost(expr).kind, ExprKind::Name(name) if name == "plan");
        self.operand(expr, plan)
    }

    /// An expression right before the brace of a block.
    pub(super) fn head(&mut self, expr: &'a Expr) -> Doc {
        self.before_brace(|printer| printer.expr(expr))
    }

    /// Lays out what must not begin with a brace.
    pub(super) fn before_brace(&mut self, content: impl FnOnce(&mut Self) -> Doc) -> Doc {
        let outer = std::mem::replace(&mut self.head, true);
        let doc = content(self);
        self.head = outer;
        doc
    }

    /// An expression; `indent` says whether the further lines of an operator chain are one level deeper.
    fn expr_at(&mut self, expr: &'a Expr, indent: bool) -> Doc {
        if self.head && matches!(expr.kind, ExprKind::Record(_) | ExprKind::MapFor { .. } | ExprKind::Block(_)) {
            return self.operand(expr, true);
        }
        if self.angle && matches!(expr.kind, ExprKind::Binary { op: BinaryOp::Gt | BinaryOp::Ge, .. }) {
            return self.operand(expr, true);
        }
        match &expr.kind {
            // Text and numbers stay as the author wrote them.
            ExprKind::Literal(_) | ExprKind::String(_) | ExprKind::Name(_) | ExprKind::Error => {
                self.verbatim(expr.range)
            }
            ExprKind::Field { .. } | ExprKind::Index { .. } | ExprKind::Call { .. } => self.postfix(expr),
            ExprKind::Plan { path, args } => {
                let (word, path_doc) = (self.text("plan "), self.path(path));
                let args = self.arguments(self.source.find(path.range.end, "("), args);
                self.join(&[word, path_doc, args])
            }
            ExprKind::Unary { op, operand } => {
                let sign = match op {
                    UnaryOp::Neg => self.text("-"),
                    UnaryOp::Not => self.text("!"),
                };
                let parentheses = matches!(operand.kind, ExprKind::Binary { .. });
                let operand = self.operand(operand, parentheses);
                self.join(&[sign, operand])
            }
            ExprKind::Binary { op: BinaryOp::Range | BinaryOp::RangeInclusive, .. } => self.range(expr),
            ExprKind::Binary { .. } => self.chain(expr, indent),
            ExprKind::List(elements) => self.list(self.source.at(expr.range.start), elements),
            ExprKind::Record(fields) => self.braced_fields(self.source.at(expr.range.start), fields),
            ExprKind::ListFor(body, head) => {
                let open = self.source.at(expr.range.start);
                self.delimited(COMPREHENSION, open, false, |printer, first| {
                    printer.comprehension(first, body.range.end, |printer| printer.expr(body), head)
                })
            }
            ExprKind::MapFor { key, value, head } => {
                let open = self.source.at(expr.range.start);
                self.braced(MAP_COMPREHENSION, open, |printer, first| {
                    printer.comprehension(first, value.range.end, |printer| printer.keyed(key, true, value), head)
                })
            }
            ExprKind::If { condition, then, otherwise } => self.if_expr(condition, then, otherwise),
            ExprKind::Match { subject, arms } => {
                let (word, subject_doc) = (self.text("match "), self.head(subject));
                let open = self.source.find(subject.range.end, "{");
                let arms = self
                    .braced(RECORD, open, |printer, first| printer.slots(first, arms, |arm| arm.range.end, Self::arm));
                let space = self.text(" ");
                self.join(&[word, subject_doc, space, arms])
            }
            ExprKind::Block(block) => self.block(block),
        }
    }

    /// The value after `=`: on a line of its own where it does not fit and has no delimiters to break.
    pub(super) fn assigned(&mut self, expr: &'a Expr) -> Doc {
        // On a new line, a word that declares would begin a declaration.
        let declares = match leading(expr) {
            Leading::Plan => true,
            Leading::Name(name) => DECLARING_WORDS.contains(&name),
            _ => false,
        };
        if declares || hugs(expr) {
            let (space, value) = (self.text(" "), self.expr(expr));
            return self.join(&[space, value]);
        }
        let (line, value) = (self.docs.line(" ", false), self.expr_at(expr, false));
        let value = self.join(&[line, value]);
        let value = self.docs.indent(value);
        self.docs.group(value)
    }

    /// `expr`, perhaps in parentheses.
    pub(super) fn operand(&mut self, expr: &'a Expr, parentheses: bool) -> Doc {
        if parentheses { self.parenthesized(expr) } else { self.expr(expr) }
    }

    pub(super) fn parenthesized(&mut self, expr: &'a Expr) -> Doc {
        let first = self.first_token(expr);
        // Comments before the parenthesis are not about what is in it.
        let opened = first.checked_sub(1).filter(|before| self.source.token(*before) == "(");
        self.hoist(opened.unwrap_or(first));
        let slot = self.inside(|printer| printer.slot(first, expr.range.end, |printer| printer.expr_at(expr, false)));
        let mut inner = vec![self.docs.line("", false), slot.leading, slot.doc];
        inner.extend(self.comment_after(slot.trailing));
        let inner = self.join(&inner);
        let inner = self.docs.indent(inner);
        let (open, end, close) = (self.text("("), self.docs.line("", false), self.text(")"));
        let whole = self.join(&[open, inner, end, close]);
        self.docs.group(whole)
    }

    /// The first token of an expression, which its range leaves out where a left operand is in parentheses.
    fn first_token(&self, expr: &Expr) -> usize {
        let mut operands = vec![expr];
        while let Some(Expr { kind: ExprKind::Binary { left, .. }, .. }) = operands.last() {
            operands.push(left);
        }
        let mut first = self.source.at(operands[operands.len() - 1].range.start);
        for operand in operands.iter().skip(1).rev() {
            let mut last = self.source.with_parentheses(first, self.source.before(operand.range.end));
            while first > 0 && self.source.token(first - 1) == "(" && self.source.partner(first - 1) == last + 1 {
                first -= 1;
                last += 1;
            }
        }
        first
    }

    /// Fields, indices and calls after each other, innermost first, without recursion into the base.
    fn postfix(&mut self, expr: &'a Expr) -> Doc {
        let mut links = Vec::new();
        let mut base = expr;
        while let ExprKind::Field { base: inner, .. }
        | ExprKind::Index { base: inner, .. }
        | ExprKind::Call { callee: inner, .. } = &base.kind
        {
            links.push(base);
            base = inner;
        }
        let mut parts = vec![self.operand(base, needs_parentheses_as_base(base))];
        for link in links.into_iter().rev() {
            match &link.kind {
                ExprKind::Field { name, optional, .. } => {
                    parts.push(self.text(if *optional { "?." } else { "." }));
                    parts.push(self.verbatim(name.range));
                }
                ExprKind::Index { index, .. } => {
                    parts.push(self.text("["));
                    parts.push(self.inside(|printer| printer.expr(index)));
                    parts.push(self.text("]"));
                }
                ExprKind::Call { callee, args } => {
                    parts.push(self.arguments(self.source.find(callee.range.end, "("), args));
                }
                _ => {}
            }
        }
        self.join(&parts)
    }

    /// The arguments of a call whose opening parenthesis is the token `open`.
    pub(super) fn arguments(&mut self, open: usize, args: &'a [Arg]) -> Doc {
        self.hoist(open);
        if let [Arg { name, value }] = args {
            if let (None, ExprKind::ListFor(body, head)) = (name, &value.kind)
                && !self.is_bracketed(value)
            {
                return self.delimited(BARE_COMPREHENSION, open, false, |printer, first| {
                    printer.comprehension(first, body.range.end, |printer| printer.expr(body), head)
                });
            }
            if self.can_hug(open, value) {
                let (open, arg, close) =
                    (self.text("("), self.inside(|printer| printer.argument(&args[0])), self.text(")"));
                return self.join(&[open, arg, close]);
            }
        }
        self.delimited(ARGUMENTS, open, false, |printer, first| {
            printer.slots(first, args, |arg| arg.value.range.end, Self::argument)
        })
    }

    fn argument(&mut self, arg: &'a Arg) -> Doc {
        let Some(name) = &arg.name else { return self.expr(&arg.value) };
        let (name, colon, value) = (self.verbatim(name.range), self.text(": "), self.expr(&arg.value));
        self.join(&[name, colon, value])
    }

    /// `[a, b]`
    fn list(&mut self, open: usize, elements: &'a [Expr]) -> Doc {
        self.hoist(open);
        if let [element] = elements
            && self.can_hug(open, element)
        {
            let (open, element, close) = (self.text("["), self.inside(|printer| printer.expr(element)), self.text("]"));
            return self.join(&[open, element, close]);
        }
        self.delimited(LIST, open, false, |printer, first| {
            printer.slots(first, elements, |element| element.range.end, Self::expr)
        })
    }

    /// Whether the only thing between two delimiters can share its lines with them: it has delimiters of its own, and
    /// no comment needs the place between.
    fn can_hug(&self, open: usize, value: &Expr) -> bool {
        let delimited = match &value.kind {
            ExprKind::List(_) | ExprKind::Record(_) | ExprKind::MapFor { .. } => true,
            ExprKind::ListFor(..) => self.is_bracketed(value),
            _ => false,
        };
        delimited && {
            let (first, last) = (self.source.at(value.range.start), self.source.before(value.range.end));
            !self.source.comment_between(open, first) && !self.source.comment_between(last, self.source.partner(open))
        }
    }

    /// Whether a comprehension has brackets of its own, which it may lack as an argument.
    fn is_bracketed(&self, expr: &Expr) -> bool {
        let first = self.source.at(expr.range.start);
        self.source.token(first) == "[" && self.source.partner(first) == self.source.before(expr.range.end)
    }

    /// The slots of `body for x in xs if cond`.
    fn comprehension(
        &mut self,
        first: usize,
        end: u32,
        body: impl FnOnce(&mut Self) -> Doc,
        head: &'a Comprehension,
    ) -> Vec<Slot<'a>> {
        let body = self.slot(first, end, body);
        let next = body.next;
        let end = |clause: &&'a ForClause| match clause {
            ForClause::For { iter, .. } => iter.range.end,
            ForClause::If(condition) => condition.range.end,
        };
        let mut slots = vec![body];
        slots.extend(self.slots(next, &head.clauses, end, |printer, clause| match clause {
            ForClause::For { binder, iter } => printer.for_head(binder, iter),
            ForClause::If(condition) => {
                let (word, condition) = (printer.text("if "), printer.expr(condition));
                printer.join(&[word, condition])
            }
        }));
        slots
    }

    /// `for x in xs`
    pub(super) fn for_head(&mut self, binder: &'a Binder, iter: &'a Expr) -> Doc {
        let mut parts = self.for_binder(binder);
        parts.push(self.expr(iter));
        self.join(&parts)
    }

    /// `for x in xs` right before the brace of a block
    pub(super) fn for_block_head(&mut self, binder: &'a Binder, iter: &'a Expr) -> Doc {
        let mut parts = self.for_binder(binder);
        parts.push(self.head(iter));
        self.join(&parts)
    }

    fn for_binder(&mut self, binder: &'a Binder) -> Vec<Doc> {
        let mut parts = vec![self.text("for "), self.verbatim(binder.first.range)];
        if let Some(second) = &binder.second {
            parts.push(self.text(", "));
            parts.push(self.verbatim(second.range));
        }
        parts.push(self.text(" in "));
        parts
    }

    /// `{ a: 1, b }` where it may be on one line
    pub(super) fn braced_fields(&mut self, open: usize, fields: &'a [Field]) -> Doc {
        self.braced(RECORD, open, |printer, first| printer.slots(first, fields, |field| field_end(field), Self::field))
    }

    /// `name: value`
    pub(super) fn field(&mut self, field: &'a Field) -> Doc {
        match field {
            Field::Named { name, shorthand: true, .. } => self.verbatim(name.range),
            Field::Named { name, value, shorthand: false } => {
                let (name, colon, value) = (self.verbatim(name.range), self.text(": "), self.expr(value));
                self.join(&[name, colon, value])
            }
            Field::Keyed { key, value } => self.keyed(key, false, value),
            Field::Spread { value, .. } => {
                let (dots, value) = (self.text(".."), self.expr(value));
                self.join(&[dots, value])
            }
        }
    }

    /// `"key": value` or `(expr): value`
    fn keyed(&mut self, key: &'a Expr, comprehension: bool, value: &'a Expr) -> Doc {
        let key = self.operand(key, !is_bare_key(key, comprehension));
        let (colon, value) = (self.text(": "), self.expr(value));
        self.join(&[key, colon, value])
    }

    /// `a.b`
    pub(super) fn path(&mut self, path: &'a Path) -> Doc {
        self.compact(path.range)
    }
}

/// Where a field ends, without closing parentheses.
pub(super) fn field_end(field: &Field) -> u32 {
    match field {
        Field::Named { name, shorthand: true, .. } => name.range.end,
        Field::Named { value, .. } | Field::Keyed { value, .. } | Field::Spread { value, .. } => value.range.end,
    }
}

/// Whether an expression has delimiters that can break, so that it can start on the line of its `=`.
fn hugs(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { .. }
        | ExprKind::Plan { .. }
        | ExprKind::List(_)
        | ExprKind::Record(_)
        | ExprKind::ListFor(..)
        | ExprKind::MapFor { .. }
        | ExprKind::If { .. }
        | ExprKind::Match { .. }
        | ExprKind::Block(_) => true,
        ExprKind::Unary { operand, .. } => hugs(operand),
        _ => false,
    }
}
