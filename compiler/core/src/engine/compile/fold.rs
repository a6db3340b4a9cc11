//! Expressions of what is compiled already: what is known is computed at once, and some forms have a quicker one.

use ordain_graph::{Function as F, Op, Value};
use smol_str::SmolStr;

use super::Compiler;
use crate::engine::expr::{Expr, Id, as_text};

/// The longest beginning of a text that is asked for without the text.
const PREFIX: usize = 8;

impl Compiler<'_> {
    /// An operation that needs all of its arguments.
    pub(super) fn apply(&mut self, op: Op, args: Vec<Id>) -> Option<Id> {
        // Versions are not made by the engine: nobody would free them.
        if op == Op::Call(F::SemVerOf) && self.values(&args).is_none() {
            return None;
        }
        if let Some(values) = self.values(&args)
            && let Ok(value) = ordain_graph::apply_with(op, &values, self.db.patterns())
        {
            return self.constant(value);
        }
        if let Some(quick) = self.quick(op, &args) {
            return Some(quick);
        }
        Some(self.put(Expr::Apply { op, args: args.into() }))
    }

    /// The values of expressions that are all constants.
    pub(super) fn values(&self, ids: &[Id]) -> Option<Vec<Value>> {
        ids.iter().map(|&id| self.value(id).cloned()).collect()
    }

    fn quick(&mut self, op: Op, args: &[Id]) -> Option<Id> {
        match (op, args) {
            (Op::Call(F::Matches), &[text, pattern]) => {
                let pattern = as_text(self.value(pattern)?)?.clone();
                let pattern = self.pattern(&pattern)?;
                Some(self.put(Expr::Matches { text, pattern }))
            }
            (Op::Call(F::StartsWith), &[text, prefix]) => {
                let prefix: SmolStr = as_text(self.value(prefix)?)?.clone();
                let value = self.text_of(text)?;
                (1..=PREFIX).contains(&prefix.len()).then(|| self.put(Expr::Begins { value, prefix }))
            }
            (Op::Eq | Op::Ne, &[value, text]) => {
                let of = self.text_of(text).filter(|of| self.is_atom(*of))?;
                let is = self.put(Expr::IsItsText { value, of });
                Some(if op == Op::Eq { is } else { self.put(Expr::Apply { op: Op::Not, args: [is].into() }) })
            }
            _ => None,
        }
    }

    /// The argument of a call of `string`.
    fn text_of(&self, id: Id) -> Option<Id> {
        match self.get(id) {
            Expr::Apply { op: Op::Call(F::StringOf), args } => args.first().copied(),
            _ => None,
        }
    }

    pub(super) fn and(&mut self, left: Id, right: Id) -> Id {
        match (self.value(left), self.value(right)) {
            (Some(Value::Bool(false)), _) => left,
            (Some(Value::Bool(true)), _) => right,
            _ => self.put(Expr::And(left, right)),
        }
    }

    pub(super) fn or(&mut self, left: Id, right: Id) -> Id {
        match self.value(left) {
            Some(Value::Bool(true)) => left,
            Some(Value::Bool(false)) => right,
            _ => self.put(Expr::Or(left, right)),
        }
    }

    pub(super) fn coalesce(&mut self, left: Id, right: Id) -> Id {
        match self.value(left) {
            Some(Value::None) => right,
            Some(_) => left,
            None => self.put(Expr::Coalesce(left, right)),
        }
    }

    pub(super) fn choose(&mut self, condition: Id, then: Id, otherwise: Id) -> Id {
        match self.value(condition) {
            Some(Value::Bool(true)) => then,
            Some(Value::Bool(false)) => otherwise,
            _ => self.put(Expr::If(condition, then, otherwise)),
        }
    }

    /// The parts that are joined by `&&`, in order.
    pub(super) fn conjuncts(&self, id: Id, into: &mut Vec<Id>) {
        match *self.get(id) {
            Expr::And(left, right) => {
                self.conjuncts(left, into);
                self.conjuncts(right, into);
            }
            _ => into.push(id),
        }
    }

    /// Whether an expression always has a value, and a truth value.
    pub(super) fn always_decides(&self, id: Id) -> bool {
        match self.get(id) {
            Expr::Const(_) => matches!(self.value(id), Some(Value::Bool(_))),
            Expr::Apply { op: Op::Eq | Op::Ne, args } => args.iter().all(|&arg| self.always_has_value(arg)),
            Expr::Apply { op: Op::In, args } => {
                self.always_has_value(args[0]) && matches!(self.value(args[1]), Some(Value::List(_)))
            }
            Expr::Apply { op: Op::Not, args } => self.always_decides(args[0]),
            Expr::And(left, right) | Expr::Or(left, right) => self.always_decides(*left) && self.always_decides(*right),
            _ => false,
        }
    }

    pub(super) fn always_has_value(&self, id: Id) -> bool {
        match self.get(id) {
            Expr::Const(_) | Expr::Slot(_) | Expr::Shared(_) => true,
            // Only fields of records have a hint.
            Expr::Field { base, hint, optional: false, .. } => *hint != NO_HINT && self.always_has_value(*base),
            _ => false,
        }
    }
}

/// The hint of a field of something that is not surely a record.
pub(super) const NO_HINT: u32 = u32::MAX;
