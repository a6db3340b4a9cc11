//! Refinements: what `where` and `matching` demand, as data.

use std::sync::Arc;

use ordain_graph::{Demand, Function, Op, Patterns, Residual, Value};
use smol_str::SmolStr;

use crate::hir::{BinaryOp, ExprId, ExprKind, Tree, UnaryOp};

/// The value of a literal, perhaps with a sign. Everything else has none here.
pub(crate) fn literal(tree: &Tree, expr: ExprId) -> Option<Value> {
    Some(match &tree[expr].kind {
        ExprKind::None => Value::None,
        ExprKind::Bool(value) => Value::Bool(*value),
        ExprKind::Int(value) => Value::Int(*value),
        ExprKind::Decimal(value) => Value::Decimal(**value),
        ExprKind::Bytes(value) => Value::Bytes(*value),
        ExprKind::Duration(value) => Value::Duration(*value),
        ExprKind::SemVer(text) => Value::SemVer(Arc::new(semver::Version::parse(text).ok()?)),
        ExprKind::Date(text) => crate::eval::date(text)?,
        ExprKind::Str(text) => Value::String(text.clone()),
        ExprKind::Unary { op: UnaryOp::Neg, operand } => match literal(tree, *operand)? {
            Value::Int(value) => Value::Int(value.checked_neg()?),
            Value::Decimal(value) => Value::Decimal(-value),
            _ => return None,
        },
        _ => return None,
    })
}

/// The bounds of a range of literals: least, greatest, whether the greatest is included.
pub(crate) fn bounds(tree: &Tree, expr: ExprId) -> Option<(Value, Value, bool)> {
    match &tree[expr].kind {
        ExprKind::Binary { op: op @ (BinaryOp::Range | BinaryOp::RangeInclusive), left, right } => {
            Some((literal(tree, *left)?, literal(tree, *right)?, *op == BinaryOp::RangeInclusive))
        }
        _ => None,
    }
}

/// A condition over `it`, as a residual. Only literals, `it`, operators and built-in functions can stand in one.
pub(crate) fn predicate(tree: &Tree, expr: ExprId) -> Option<Value> {
    if let Some(value) = literal(tree, expr) {
        return Some(value);
    }
    let args = |ids: &[ExprId]| ids.iter().map(|&id| predicate(tree, id)).collect::<Option<Vec<Value>>>();
    Some(match &tree[expr].kind {
        ExprKind::Name(name) if name == "it" => Value::Residual(Arc::new(Residual::It)),
        ExprKind::Unary { op, operand } => Value::apply(unary_op(*op), args(&[*operand])?),
        ExprKind::Binary { op: BinaryOp::NotIn, left, right } => {
            Value::apply(Op::Not, vec![Value::apply(Op::In, args(&[*left, *right])?)])
        }
        ExprKind::Binary { op, left, right } => Value::apply(binary_op(*op), args(&[*left, *right])?),
        ExprKind::Field { base, name, optional } => {
            let op = if *optional { Op::OptionalField } else { Op::Field };
            Value::apply(op, vec![predicate(tree, *base)?, Value::String(name.text.clone())])
        }
        ExprKind::Index { base, index } => Value::apply(Op::Index, args(&[*base, *index])?),
        ExprKind::List(elements) => Value::list(args(elements)?),
        ExprKind::Call { callee, args: given } => {
            let ExprKind::Name(name) = &tree[*callee].kind else { return None };
            let function = *Function::ALL.iter().find(|function| function.name() == name)?;
            let ids: Vec<ExprId> = given.iter().map(|arg| arg.value).collect();
            Value::apply(Op::Call(function), args(&ids)?)
        }
        _ => return None,
    })
}

/// The operation behind a prefix operator.
pub(crate) const fn unary_op(op: UnaryOp) -> Op {
    match op {
        UnaryOp::Neg => Op::Neg,
        UnaryOp::Not => Op::Not,
    }
}

/// The operation behind an infix operator; `not in` is `Not(In)` and has none of its own.
pub(crate) const fn binary_op(op: BinaryOp) -> Op {
    match op {
        BinaryOp::Coalesce => Op::Coalesce,
        BinaryOp::Or => Op::Or,
        BinaryOp::And => Op::And,
        BinaryOp::Eq => Op::Eq,
        BinaryOp::Ne => Op::Ne,
        BinaryOp::Lt => Op::Lt,
        BinaryOp::Le => Op::Le,
        BinaryOp::Gt => Op::Gt,
        BinaryOp::Ge => Op::Ge,
        BinaryOp::In | BinaryOp::NotIn => Op::In,
        BinaryOp::Range => Op::Range,
        BinaryOp::RangeInclusive => Op::RangeInclusive,
        BinaryOp::Add => Op::Add,
        BinaryOp::Sub => Op::Sub,
        BinaryOp::Mul => Op::Mul,
        BinaryOp::Div => Op::Div,
        BinaryOp::Rem => Op::Rem,
    }
}

/// A demand in the words of the language.
pub(crate) fn describe(demand: &Demand) -> String {
    let show = |value: &Value| ordain_graph::display(value).unwrap_or_else(|_| "…".into());
    match demand {
        Demand::Range { min, max, inclusive } => {
            format!("where {}..{}{}", show(min), if *inclusive { "=" } else { "" }, show(max))
        }
        Demand::Length(min, max) => format!("where len {min}..={max}"),
        Demand::Matching(pattern) => format!("matching {:?}", pattern.as_str()),
        Demand::Predicate(_) => "where …".into(),
    }
}

/// Whether a regular expression is one, and small enough to match in time linear in the text.
pub(crate) fn pattern_error(patterns: &Patterns, pattern: &SmolStr) -> Option<String> {
    if patterns.compiles(pattern) {
        return None;
    }
    Some(match regex::Regex::new(pattern) {
        Err(regex::Error::Syntax(message)) => {
            message.lines().last().unwrap_or_default().trim_start_matches("error: ").into()
        }
        Ok(_) | Err(regex::Error::CompiledTooBig(_)) => "it compiles to more than 1 MiB".into(),
        Err(other) => other.to_string(),
    })
}
