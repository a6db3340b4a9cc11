//! Why a condition holds or does not: the parts of it that decided, with their values.

use ordain_graph::Value;

use crate::eval::{Context, Evaluator};
use crate::hir::{BinaryOp, ExprId, ExprKind, UnaryOp};
use crate::types::{Anchor, Resolution};

/// How many parts are told of one condition.
const MAX_PARTS: usize = 12;

/// A part of a condition, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionPart<'db> {
    /// Where it stands.
    pub at: Anchor<'db>,
    /// What it gave.
    pub value: Value,
}

/// The parts that made a condition what it is: of an `and` that does not hold, the side that does not; of a comparison,
/// both sides, without those that are written out.
pub(super) fn reasons<'db>(
    evaluator: &Evaluator<'_, 'db>,
    cx: &mut Context<'db>,
    condition: ExprId,
) -> Vec<ConditionPart<'db>> {
    let mut reasons = Reasons { evaluator, found: Vec::new() };
    reasons.of(cx, condition, true);
    reasons.found.truncate(MAX_PARTS);
    reasons.found
}

struct Reasons<'a, 'db> {
    evaluator: &'a Evaluator<'a, 'db>,
    found: Vec<ConditionPart<'db>>,
}

impl<'db> Reasons<'_, 'db> {
    /// `told` is where the value follows from what is told already, as that of the condition itself.
    fn of(&mut self, cx: &mut Context<'db>, expr: ExprId, told: bool) {
        if self.found.len() >= MAX_PARTS {
            return;
        }
        let tree = cx.tree;
        match &tree[expr].kind {
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                // What one side decides alone is told of that side.
                let alone = Value::Bool(*op == BinaryOp::Or);
                let sides = [*left, *right];
                match sides.into_iter().find(|&side| self.value(cx, side).as_ref() == Some(&alone)) {
                    Some(side) => self.of(cx, side, false),
                    // Both are what the whole is.
                    None => sides.into_iter().for_each(|side| self.of(cx, side, true)),
                }
            }
            ExprKind::Unary { op: UnaryOp::Not, operand } => self.of(cx, *operand, false),
            ExprKind::Binary { left, right, .. } => {
                if !told {
                    self.tell(cx, expr);
                }
                self.operand(cx, *left);
                self.operand(cx, *right);
            }
            ExprKind::Call { args, .. } => {
                if !told {
                    self.tell(cx, expr);
                }
                args.iter().for_each(|arg| self.operand(cx, arg.value));
            }
            _ if !told => self.tell(cx, expr),
            _ => {}
        }
    }

    fn operand(&mut self, cx: &mut Context<'db>, expr: ExprId) {
        if !written_out(cx, expr) {
            self.tell(cx, expr);
        }
    }

    fn tell(&mut self, cx: &mut Context<'db>, expr: ExprId) {
        let at = cx.expr_at(expr);
        if self.found.iter().any(|part| part.at == at) {
            return;
        }
        if let Some(value) = self.value(cx, expr) {
            self.found.push(ConditionPart { at, value });
        }
    }

    /// The value of a part; what has none decided nothing.
    fn value(&self, cx: &mut Context<'db>, expr: ExprId) -> Option<Value> {
        self.evaluator.eval(cx, expr).ok()
    }
}

/// Whether a part says itself what it is.
fn written_out(cx: &Context<'_>, expr: ExprId) -> bool {
    match &cx.tree[expr].kind {
        ExprKind::Missing
        | ExprKind::None
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Decimal(_)
        | ExprKind::Bytes(_)
        | ExprKind::Duration(_)
        | ExprKind::SemVer(_)
        | ExprKind::Date(_)
        | ExprKind::Str(_) => true,
        ExprKind::List(elements) => elements.iter().all(|&each| written_out(cx, each)),
        ExprKind::Name(_) | ExprKind::Field { .. } => {
            matches!(cx.facts.resolutions.get(&expr), Some(Resolution::Variant(..)))
        }
        _ => false,
    }
}
