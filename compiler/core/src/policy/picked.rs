//! Lists that a function picks from others: `[x for x in xs if …]`. What a loop over such a list is at is an element of
//! the other, so that findings about it have a place in the subject.

use smol_str::SmolStr;

use crate::db::Db;
use crate::hir::{Arg, BinaryOp, Body, ExprId, ExprKind, ForClause, Signature, Tree};
use crate::types::{Facts, Resolution, Ty};

/// What a list is picked from: the list behind some fields of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Picked {
    /// The expression, in the tree that the picked list stands in.
    pub(crate) from: ExprId,
    /// The fields on the way to the list.
    pub(crate) fields: Vec<SmolStr>,
}

/// What the elements of a list are picked from, in their order, where that can be seen.
pub(crate) fn picked<'db>(db: &'db dyn Db, tree: &Tree, facts: &Facts<'db>, list: ExprId) -> Option<Picked> {
    if facts.adjustments.contains_key(&list) {
        return None;
    }
    let ExprKind::Call { callee, args } = &tree[list].kind else { return None };
    let Some(Resolution::Item(function)) = facts.resolutions.get(callee) else { return None };
    let part = function.body(db);
    let Body::Expr(body) = part.body else { return None };
    let inner = &crate::types::inference(db, *function).body;
    let Picked { from: source, fields } = from(db, &part.tree, inner, body)?;
    let ExprKind::Name(parameter) = &part.tree[source].kind else { return None };
    let Signature::Fn { params, .. } = &function.signature(db).signature else { return None };
    let at = params.iter().position(|param| param.name.text == *parameter)?;
    let given = |(position, arg): (usize, &Arg)| match &arg.name {
        Some(name) => (name.text == *parameter).then_some(arg.value),
        None => (position == at).then_some(arg.value),
    };
    let argument = args.iter().enumerate().find_map(given)?;
    Some(Picked { from: argument, fields })
}

/// What `[x for x in xs if …]` picks from, with the name at the start of the way to it.
fn from<'db>(db: &'db dyn Db, tree: &Tree, facts: &Facts<'db>, body: ExprId) -> Option<Picked> {
    let ExprKind::ListFor { body: yielded, clauses } = &tree[body].kind else { return None };
    let Some((ForClause::For { binder, iter }, conditions)) = clauses.split_first() else { return None };
    let ExprKind::Name(name) = &tree[*yielded].kind else { return None };
    let plain = conditions.iter().all(|clause| matches!(clause, ForClause::If(_)));
    let same = binder.second.is_none() && binder.first.text == *name;
    let adjusted = [body, *yielded].iter().any(|expr| facts.adjustments.contains_key(expr));
    let list = matches!(facts.types[iter.0 as usize].peel_optional(db), Ty::List(_));
    if !plain || !same || adjusted || !list {
        return None;
    }
    let mut fields = Vec::new();
    let from = way(tree, *iter, &mut fields)?;
    Some(Picked { from, fields })
}

/// The name at the start of a way through fields.
fn way(tree: &Tree, expr: ExprId, fields: &mut Vec<SmolStr>) -> Option<ExprId> {
    match &tree[expr].kind {
        ExprKind::Name(_) => Some(expr),
        ExprKind::Field { base, name, .. } => {
            let from = way(tree, *base, fields)?;
            fields.push(name.text.clone());
            Some(from)
        }
        // What is put in place of a list that is not there is empty.
        ExprKind::Binary { op: BinaryOp::Coalesce, left, .. } => way(tree, *left, fields),
        _ => None,
    }
}
