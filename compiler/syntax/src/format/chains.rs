//! Infix operators and their operands.

use super::doc::{Doc, Docs};
use super::layout::{Extent, Printer};
use super::parentheses::{associates, binds_at_most, rightmost};
use crate::ast::{BinaryOp, Expr, ExprKind};

impl<'a> Printer<'a> {
    /// Operators of one precedence, or a comparison; further operands on lines that begin with their operators.
    pub(super) fn chain(&mut self, expr: &'a Expr, indent: bool) -> Doc {
        let source = self.source;
        let mut links = Vec::new();
        let mut head = expr;
        let mut precedence = 0;
        while let ExprKind::Binary { op, op_range, left, right } = &head.kind
            && (links.is_empty() || (op.precedence() == precedence && associates(*op)))
        {
            precedence = op.precedence();
            links.push((*op, *op_range, &**right));
            head = left;
        }
        links.reverse();

        // `plan not in xs` would be a plan named `not`, `len not in xs` the length of one.
        let word = matches!(&rightmost(head).kind, ExprKind::Name(name) if name == "plan" || name == "len");
        let negated = matches!(links.first(), Some((BinaryOp::NotIn, ..)));
        let parentheses = binds_at_most(head, precedence) || (negated && word);
        let mut parts = vec![self.operand(head, parentheses)];
        let mut content_end = source.before(head.range.end);
        let mut tail = Vec::with_capacity(3 * links.len());
        for index in 0..links.len() {
            let (op, op_range, right) = links[index];
            let line = source.at(op_range.start);
            if index == 0 {
                let extent = Extent { line, first: line, content_end, last: line - 1, limit: Some(line + 1) };
                let comment = self.end_of_line(&extent);
                tail.extend(self.comment_after(comment));
            }
            content_end = source.before(right.range.end);
            let next = links.get(index + 1).map(|(_, op_range, _)| source.at(op_range.start));
            let extent = Extent {
                line,
                first: source.at(op_range.end),
                content_end,
                last: next.map_or(content_end, |next| next - 1),
                limit: next.map(|next| next + 1),
            };
            let slot = self.slot_within(extent, |printer| {
                let (symbol, space) = (printer.text(op.symbol()), printer.text(" "));
                let operand = printer.operand(right, binds_at_most(right, precedence));
                printer.join(&[symbol, space, operand])
            });
            tail.push(self.docs.line(" ", false));
            tail.push(slot.leading);
            tail.push(slot.doc);
            tail.extend(self.comment_after(slot.trailing));
        }
        let tail = self.join(&tail);
        parts.push(if indent { self.docs.indent(tail) } else { tail });
        let whole = self.join(&parts);
        self.docs.group(whole)
    }

    /// `a..b`, which is never broken.
    pub(super) fn range(&mut self, expr: &'a Expr) -> Doc {
        let ExprKind::Binary { op, left, right, .. } = &expr.kind else { return Docs::NIL };
        let precedence = op.precedence();
        let low = self.operand(left, binds_at_most(left, precedence));
        let symbol = self.text(op.symbol());
        let high = self.operand(right, binds_at_most(right, precedence));
        self.join(&[low, symbol, high])
    }
}
