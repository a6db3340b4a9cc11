//! Blocks and what branches: `if`, the arms of `match`, `let`.

use super::doc::Doc;
use super::layout::{BLOCK, Printer, Slot};
use crate::ast::{Arm, Block, Expr, ExprKind, Let, Pattern};

impl<'a> Printer<'a> {
    /// `if c { a } else if d { b } else { c }`, all branches on one line or all broken.
    pub(super) fn if_expr(&mut self, condition: &'a Expr, then: &'a Block, otherwise: &'a Block) -> Doc {
        let source = self.source;
        let expanded = source.line_ends_after(source.at(then.range.start));
        let mut parts = Vec::new();
        let mut carried = 0..0;
        let (mut condition, mut then, mut otherwise) = (condition, then, otherwise);
        loop {
            let (word, condition_doc) = (self.text("if "), self.head(condition));
            let open = source.at(then.range.start);
            self.hoist(open);
            let body = self.branch(open, expanded, carried, |printer, first| printer.block_slots(then, first));
            let other = self.text(" else ");
            let space = self.text(" ");
            parts.extend([word, condition_doc, space, body, other]);
            let start = source.at(otherwise.range.start);
            // What stands between the branches belongs to the next one.
            carried = self.take(start);
            match &otherwise.result.kind {
                ExprKind::If { condition: next, then: next_then, otherwise: next_otherwise }
                    if otherwise.lets.is_empty() && source.token(start) != "{" =>
                {
                    (condition, then, otherwise) = (next, next_then, next_otherwise);
                }
                _ => break,
            }
        }
        parts.push(self.block_at(otherwise, expanded, carried));
        let whole = self.join(&parts);
        self.docs.group(whole)
    }

    /// `{ let … result }` as a group of its own.
    pub(super) fn block(&mut self, block: &'a Block) -> Doc {
        let open = self.source.at(block.range.start);
        self.hoist(open);
        let doc = self.block_at(block, self.source.line_ends_after(open), 0..0);
        self.docs.group(doc)
    }

    fn block_at(&mut self, block: &'a Block, expanded: bool, carried: std::ops::Range<usize>) -> Doc {
        let open = self.source.at(block.range.start);
        self.ungrouped(BLOCK, open, expanded, carried, |printer, first| printer.block_slots(block, first))
    }

    fn block_slots(&mut self, block: &'a Block, first: usize) -> Vec<Slot<'a>> {
        let mut slots = self.slots(first, &block.lets, |binding| binding.range.end, Self::binding);
        let first = slots.last().map_or(first, |slot| slot.next);
        slots.push(self.slot(first, block.result.range.end, |printer| printer.expr(&block.result)));
        slots
    }

    /// `let name: T = value`
    pub(super) fn binding(&mut self, binding: &'a Let) -> Doc {
        let mut parts = vec![self.text("let "), self.verbatim(binding.name.range)];
        if let Some(ty) = &binding.ty {
            parts.push(self.text(": "));
            parts.push(self.ty(ty));
        }
        parts.push(self.text(" ="));
        parts.push(self.assigned(&binding.value));
        self.join(&parts)
    }

    /// `A | B if cond => value`
    pub(super) fn arm(&mut self, arm: &'a Arm) -> Doc {
        let mut parts = Vec::new();
        for (index, pattern) in arm.patterns.iter().enumerate() {
            if index > 0 {
                parts.push(self.docs.line(" ", false));
                parts.push(self.text("| "));
            }
            parts.push(self.pattern(pattern));
        }
        let patterns = self.join(&parts);
        let mut parts = vec![self.docs.group(patterns)];
        if let Some(guard) = &arm.guard {
            parts.push(self.text(" if "));
            parts.push(self.expr(guard));
        }
        parts.push(self.text(" => "));
        parts.push(self.expr(&arm.body));
        self.join(&parts)
    }

    fn pattern(&mut self, pattern: &'a Pattern) -> Doc {
        self.compact(pattern.range)
    }
}
