//! Where an expression needs parentheses: how tightly its operators bind, and what it begins and ends with.

use crate::ast::{BinaryOp, Expr, ExprKind, Literal};

/// Whether an operand of an operator needs parentheses, the left one of an operator that associates excepted.
pub(super) fn binds_at_most(expr: &Expr, precedence: u8) -> bool {
    matches!(&expr.kind, ExprKind::Binary { op, .. } if op.precedence() <= precedence)
}

/// Whether `a op b op c` is a tree that leans to the left. Comparisons and ranges do not chain at all.
pub(super) fn associates(op: BinaryOp) -> bool {
    op.precedence() != BinaryOp::Eq.precedence() && op.precedence() != BinaryOp::Range.precedence()
}

/// Whether the left operand of an operator needs parentheses.
fn binds_less(left: &Expr, op: BinaryOp) -> bool {
    let precedence = op.precedence();
    binds_at_most(left, if associates(op) { precedence - 1 } else { precedence })
}

/// What an expression begins with.
pub(super) enum Leading<'e> {
    Name(&'e str),
    /// `plan name(…)`
    Plan,
    String,
    Parenthesis,
    Other,
}

pub(super) fn leading(expr: &Expr) -> Leading<'_> {
    let mut at = expr;
    loop {
        at = match &at.kind {
            ExprKind::Binary { op, left, .. } => {
                if binds_less(left, *op) {
                    return Leading::Parenthesis;
                }
                left
            }
            ExprKind::Field { base, .. } | ExprKind::Index { base, .. } | ExprKind::Call { callee: base, .. } => {
                if needs_parentheses_as_base(base) {
                    return Leading::Parenthesis;
                }
                base
            }
            ExprKind::Name(name) => return Leading::Name(name),
            ExprKind::Plan { .. } => return Leading::Plan,
            ExprKind::String(_) => return Leading::String,
            _ => return Leading::Other,
        };
    }
}

pub(super) fn begins_with_plan(expr: &Expr) -> bool {
    matches!(leading(expr), Leading::Plan)
}

pub(super) fn begins_with_word(expr: &Expr, word: &str) -> bool {
    matches!(leading(expr), Leading::Name(name) if name == word)
}

pub(super) fn begins_with_parenthesis(expr: &Expr) -> bool {
    matches!(leading(expr), Leading::Parenthesis)
}

/// The last operand of an expression, the expression itself where it ends in a delimiter.
pub(super) fn rightmost(expr: &Expr) -> &Expr {
    let mut at = expr;
    loop {
        at = match &at.kind {
            ExprKind::Binary { op, right, .. } if !binds_at_most(right, op.precedence()) => right,
            ExprKind::Unary { operand, .. } if !matches!(operand.kind, ExprKind::Binary { .. }) => operand,
            _ => return at,
        };
    }
}

/// Whether an expression needs no parentheses as the key of an entry: it begins with a string or a parenthesis, or in
/// a comprehension with a name that goes on, if at all, as no entry does.
pub(super) fn is_bare_key(key: &Expr, comprehension: bool) -> bool {
    match leading(key) {
        Leading::String | Leading::Parenthesis => true,
        Leading::Name(_) => comprehension && !matches!(key.kind, ExprKind::Binary { .. }),
        Leading::Plan | Leading::Other => false,
    }
}

/// Whether the base of a field, an index or a call needs parentheses.
pub(super) fn needs_parentheses_as_base(base: &Expr) -> bool {
    match &base.kind {
        ExprKind::Binary { .. } | ExprKind::Unary { .. } => true,
        // `.x` would go on with the pre-release.
        ExprKind::Literal(Literal::SemVer(version)) => version.contains(['-', '+']),
        _ => false,
    }
}
