//! Expressions to values.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordain_diagnostics::codes;
use ordain_graph::{Function, NodeRef, Op, OpError, Residual, Value};
use smol_str::SmolStr;

use super::{Context, Eval, Evaluator, Fault};
use crate::hir::{Arm, BinaryOp, Binder, ExprId, ExprKind, ForClause, Kind, Pattern, PatternKind};
use crate::types::{Anchor, Resolution, Ty};

impl<'db> Evaluator<'_, 'db> {
    /// The value of an expression.
    pub(crate) fn eval(&self, cx: &mut Context<'db>, expr: ExprId) -> Eval<'db> {
        self.spend(cx, expr, 1)?;
        let value = self.eval_kind(cx, expr)?;
        match cx.facts.adjustments.get(&expr) {
            Some(ty) => self.normalise(value, ty, cx.expr_at(expr)),
            None => Ok(value),
        }
    }

    fn eval_kind(&self, cx: &mut Context<'db>, expr: ExprId) -> Eval<'db> {
        let tree = cx.tree;
        Ok(match &tree[expr].kind {
            ExprKind::Missing => return Err(Box::new(Fault::Silent)),
            ExprKind::None => Value::None,
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Int(value) => Value::Int(*value),
            ExprKind::Decimal(value) => Value::Decimal(**value),
            ExprKind::Bytes(value) => Value::Bytes(*value),
            ExprKind::Duration(value) => Value::Duration(*value),
            ExprKind::SemVer(text) => Value::parse_semver(text).ok_or_else(|| Box::new(Fault::Silent))?,
            ExprKind::Date(text) => Value::parse_date(text).ok_or_else(|| Box::new(Fault::Silent))?,
            ExprKind::Str(text) => Value::String(text.clone()),
            ExprKind::Interp(parts) => {
                let parts = parts.iter().map(|&part| self.eval(cx, part)).collect::<Eval<'db, Vec<_>>>()?;
                self.apply(cx, expr, Op::Interpolate, parts)?
            }
            ExprKind::Name(name) => self.eval_name(cx, expr, name)?,
            ExprKind::Field { base, name, optional } => match cx.facts.resolutions.get(&expr) {
                Some(Resolution::Local) | None => {
                    let optional = *optional || self.is_untyped(cx, *base);
                    let base = self.eval(cx, *base)?;
                    self.eval_field(cx, expr, base, &name.text, optional)?
                }
                Some(Resolution::Entity) => {
                    let base = self.eval(cx, *base)?;
                    self.entity_field(cx, expr, &base, &name.text)?
                }
                Some(_) => self.eval_name(cx, expr, &name.text)?,
            },
            ExprKind::Index { base, index } => self.eval_index(cx, expr, *base, *index)?,
            ExprKind::Call { callee, args } => self.eval_call(cx, expr, *callee, args)?,
            // Plans as values belong to tests, which are run elsewhere.
            ExprKind::Plan(_) => return Err(Box::new(Fault::Silent)),
            ExprKind::Unary { op, operand } => {
                let operand = self.eval(cx, *operand)?;
                self.apply(cx, expr, crate::types::unary_op(*op), vec![operand])?
            }
            ExprKind::Binary { op, left, right } => self.eval_binary(cx, expr, *op, *left, *right)?,
            ExprKind::List(elements) => {
                Value::list(elements.iter().map(|&each| self.eval(cx, each)).collect::<Eval<'db, Vec<_>>>()?)
            }
            ExprKind::Record(fields) => {
                let ty = &cx.facts.types[expr.0 as usize];
                self.record_of(cx, fields, ty)?
            }
            ExprKind::ListFor { body, clauses } => {
                let mut elements = Vec::new();
                self.comprehend(cx, clauses, &mut |this, cx| {
                    elements.push(this.eval(cx, *body)?);
                    Ok(())
                })?;
                Value::list(elements)
            }
            ExprKind::MapFor { key, value, clauses } => {
                let mut entries = BTreeMap::new();
                self.comprehend(cx, clauses, &mut |this, cx| {
                    let at = this.eval(cx, *key)?;
                    this.known(cx, *key, &at)?;
                    entries.insert(at, this.eval(cx, *value)?);
                    Ok(())
                })?;
                Value::Map(Arc::new(entries))
            }
            ExprKind::If { condition, then, otherwise } => match self.eval_condition(cx, *condition)? {
                Value::Bool(true) => self.eval(cx, *then)?,
                Value::Bool(false) => self.eval(cx, *otherwise)?,
                condition => {
                    let branches = vec![condition, self.eval(cx, *then)?, self.eval(cx, *otherwise)?];
                    self.apply(cx, expr, Op::If, branches)?
                }
            },
            ExprKind::Match { subject, arms } => self.eval_match(cx, expr, *subject, arms)?,
            ExprKind::Block { lets, result } => {
                let mark = cx.locals.len();
                for binding in lets {
                    let value = self.eval(cx, binding.value)?;
                    cx.locals.push((binding.name.text.clone(), value));
                }
                let value = self.eval(cx, *result);
                cx.locals.truncate(mark);
                value?
            }
        })
    }

    /// Applies an operation; what is wrong with it is told at the expression.
    pub(super) fn apply(&self, cx: &Context<'db>, expr: ExprId, op: Op, args: Vec<Value>) -> Eval<'db> {
        let value = ordain_graph::apply_with(op, &args, self.db.patterns()).map_err(|error| {
            let code = match error {
                OpError::NoSuchElement { .. } => codes::NO_SUCH_ELEMENT,
                OpError::NoSuchField { .. } => codes::UNKNOWN_FIELD,
                OpError::NotDefined { .. } => codes::BAD_OPERANDS,
                OpError::Pattern(_) => codes::INVALID_PATTERN,
                OpError::TooLong(_) | OpError::TooMuchText(_) => codes::EVALUATION_TOO_LARGE,
                OpError::Secret => codes::SECRET_OPERATION,
                OpError::NotKnown => codes::NOT_KNOWN_YET,
                OpError::Overflow | OpError::DivisionByZero | OpError::Places(_) => codes::ARITHMETIC,
            };
            Fault::new(code, cx.expr_at(expr), error.to_string())
        })?;
        match &value {
            // What is read costs as much as what is written.
            _ if op == Op::Call(Function::ParseJson) => {
                let read = args.iter().map(|arg| if let Value::String(text) = arg { text.len() } else { 0 });
                self.spend(cx, expr, read.sum::<usize>() as u64 / 16)?;
            }
            Value::String(text) => self.spend(cx, expr, text.len() as u64 / 16)?,
            Value::List(elements) => self.spend(cx, expr, elements.len() as u64)?,
            _ => {}
        }
        Ok(value)
    }

    fn eval_name(&self, cx: &mut Context<'db>, expr: ExprId, name: &SmolStr) -> Eval<'db> {
        match cx.facts.resolutions.get(&expr) {
            Some(Resolution::Local) => {
                let local = cx.locals.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
                local.or_else(|| cx.scope.as_ref()?.get(name)).ok_or_else(|| {
                    Fault::helped(
                        codes::UNKNOWN_STEP,
                        cx.expr_at(expr),
                        format!("`{name}` has no value yet"),
                        "move what uses it below what gives it a value",
                    )
                })
            }
            Some(Resolution::Variant(index, name)) => Ok(Value::Variant(*index, name.clone())),
            Some(Resolution::Item(item)) => {
                let evaluated = match item.kind(self.db) {
                    Kind::Const => {
                        self.reach_constant(*item);
                        super::const_value(self.db, *item)
                    }
                    Kind::Environment | Kind::Entity => super::declared_value(self.db, *item),
                    _ => return Err(Box::new(Fault::Silent)),
                };
                self.memory.data.borrow_mut().extend(evaluated.data.iter().copied());
                evaluated.value.clone().ok_or_else(|| Box::new(Fault::Silent))
            }
            _ => Err(Box::new(Fault::Silent)),
        }
    }

    pub(super) fn eval_field(
        &self,
        cx: &Context<'db>,
        expr: ExprId,
        base: Value,
        name: &SmolStr,
        optional: bool,
    ) -> Eval<'db> {
        if let Value::Residual(residual) = &base
            && let Residual::Output { node, path } = residual.as_ref()
        {
            if let NodeRef::Index(index) = node
                && path.is_empty()
                && let Some(returned) = self.handles.and_then(|handles| handles.returned(*index))
            {
                return match returned {
                    Some(value) => self.eval_field(cx, expr, value, name, optional),
                    None => Err(Fault::helped(
                        codes::UNKNOWN_STEP,
                        cx.expr_at(expr),
                        "the sub-plan has returned nothing yet",
                        "move what uses its result below it",
                    )),
                };
            }
            let path = path.iter().cloned().chain([name.clone()]).collect();
            return Ok(Value::Residual(Arc::new(Residual::Output { node: node.clone(), path })));
        }
        if let Value::Record(fields) = &base {
            return Ok(fields.get(name).cloned().unwrap_or(Value::None));
        }
        let op = if optional { Op::OptionalField } else { Op::Field };
        self.apply(cx, expr, op, vec![base, Value::String(name.clone())])
    }

    fn eval_index(&self, cx: &mut Context<'db>, expr: ExprId, base: ExprId, index: ExprId) -> Eval<'db> {
        if let (ExprKind::Name(name), Some(handles)) = (&cx.tree[base].kind, self.handles)
            && !cx.locals.iter().any(|(known, _)| known == name)
        {
            let key = self.eval(cx, index)?;
            match handles.member(name, &key) {
                Some(Some(value)) => return Ok(value),
                Some(None) => {
                    let shown = ordain_graph::display(&key).unwrap_or_default();
                    let message = format!("no step `{name}[{shown}]`");
                    return Err(Fault::new(codes::UNKNOWN_STEP, cx.expr_at(index), message));
                }
                None => {
                    let base = self.eval(cx, base)?;
                    return self.apply(cx, expr, Op::Index, vec![base, key]);
                }
            }
        }
        let op = if self.is_untyped(cx, base) { Op::OptionalIndex } else { Op::Index };
        let args = vec![self.eval(cx, base)?, self.eval(cx, index)?];
        self.apply(cx, expr, op, args)
    }

    /// Whether an expression is data without a declared type, in which what is not there is `none`.
    fn is_untyped(&self, cx: &Context<'db>, expr: ExprId) -> bool {
        matches!(cx.facts.types[expr.0 as usize].peel(self.db), Ty::Json)
    }

    fn eval_binary(&self, cx: &mut Context<'db>, expr: ExprId, op: BinaryOp, left: ExprId, right: ExprId) -> Eval<'db> {
        let first = self.eval(cx, left)?;
        // What the left side decides alone is decided, also where the right side has no value.
        match (op, &first) {
            (BinaryOp::And, Value::Bool(false)) | (BinaryOp::Or, Value::Bool(true)) => return Ok(first),
            (BinaryOp::Coalesce, value) if !matches!(value, Value::None | Value::Residual(_)) => return Ok(first),
            _ => {}
        }
        let second = self.eval(cx, right)?;
        if let (BinaryOp::Range | BinaryOp::RangeInclusive, Value::Int(low), Value::Int(high)) = (op, &first, &second) {
            self.spend(cx, expr, high.saturating_sub(*low).max(0).unsigned_abs())?;
        }
        let is_membership = matches!(op, BinaryOp::In | BinaryOp::NotIn);
        if is_membership && cx.facts.resolutions.get(&expr) == Some(&Resolution::Entity) {
            let within = first != Value::None && self.is_within(cx, expr, &first, &second)?;
            return Ok(Value::Bool(within == (op == BinaryOp::In)));
        }
        let value = self.apply(cx, expr, crate::types::binary_op(op), vec![first, second])?;
        if op == BinaryOp::NotIn { self.apply(cx, expr, Op::Not, vec![value]) } else { Ok(value) }
    }

    /// Demands that a value is known before execution.
    pub(crate) fn known(&self, cx: &Context<'db>, expr: ExprId, value: &Value) -> Eval<'db, ()> {
        if value.is_known() { Ok(()) } else { Err(not_known(cx.expr_at(expr))) }
    }

    fn comprehend(
        &self,
        cx: &mut Context<'db>,
        clauses: &[ForClause],
        body: &mut dyn FnMut(&Self, &mut Context<'db>) -> Eval<'db, ()>,
    ) -> Eval<'db, ()> {
        match clauses.split_first() {
            None => body(self, cx),
            Some((ForClause::If(condition), rest)) => match self.eval_condition(cx, *condition)? {
                Value::Bool(true) => self.comprehend(cx, rest, body),
                Value::Bool(false) => Ok(()),
                _ => Err(not_known(cx.expr_at(*condition))),
            },
            Some((ForClause::For { binder, iter }, rest)) => {
                for (first, second) in self.iterate(cx, *iter, binder)? {
                    self.spend(cx, *iter, 1)?;
                    let mark = cx.locals.len();
                    cx.locals.push((binder.first.text.clone(), first));
                    if let (Some(name), Some(second)) = (&binder.second, second) {
                        cx.locals.push((name.text.clone(), second));
                    }
                    let done = self.comprehend(cx, rest, body);
                    cx.locals.truncate(mark);
                    done?;
                }
                Ok(())
            }
        }
    }

    /// What a loop binds, iteration by iteration.
    pub(crate) fn iterate(
        &self,
        cx: &mut Context<'db>,
        iter: ExprId,
        binder: &Binder,
    ) -> Eval<'db, Vec<(Value, Option<Value>)>> {
        let value = self.eval(cx, iter)?;
        let pairs = binder.second.is_some();
        Ok(match value {
            Value::List(elements) if pairs => {
                elements.iter().enumerate().map(|(at, each)| (Value::Int(at as i64), Some(each.clone()))).collect()
            }
            Value::List(elements) => elements.iter().map(|each| (each.clone(), None)).collect(),
            Value::Set(elements) => elements.iter().map(|each| (each.clone(), None)).collect(),
            Value::Map(entries) => {
                entries.iter().map(|(key, value)| (key.clone(), pairs.then(|| value.clone()))).collect()
            }
            Value::Record(fields) => {
                fields.iter().map(|(name, value)| (Value::String(name.clone()), pairs.then(|| value.clone()))).collect()
            }
            Value::Residual(_) => return Err(not_known(cx.expr_at(iter))),
            other => {
                let shown = ordain_graph::display(&other).unwrap_or_default();
                let message = format!("cannot go over {shown}");
                return Err(Fault::new(codes::TYPE_MISMATCH, cx.expr_at(iter), message));
            }
        })
    }

    fn eval_match(&self, cx: &mut Context<'db>, expr: ExprId, subject: ExprId, arms: &[Arm]) -> Eval<'db> {
        let value = self.eval(cx, subject)?;
        if let Value::Residual(_) = &value {
            return self.residual_match(cx, expr, value, arms);
        }
        for arm in arms {
            for pattern in &arm.patterns {
                if !self.matches(cx, pattern, &value)? {
                    continue;
                }
                let mark = cx.locals.len();
                if let PatternKind::Name(name) = &pattern.kind {
                    cx.locals.push((name.clone(), value.clone()));
                }
                let allowed = match arm.guard {
                    Some(guard) => match self.eval(cx, guard)? {
                        Value::Bool(allowed) => allowed,
                        _ => return Err(not_known(cx.expr_at(guard))),
                    },
                    None => true,
                };
                let result = allowed.then(|| {
                    self.reach(|| cx.at(arm.loc));
                    self.eval(cx, arm.body)
                });
                cx.locals.truncate(mark);
                if let Some(result) = result {
                    return result;
                }
            }
        }
        Err(Fault::new(codes::MATCH_NOT_EXHAUSTIVE, cx.expr_at(expr), "no arm matches this value"))
    }

    fn matches(&self, cx: &mut Context<'db>, pattern: &Pattern, value: &Value) -> Eval<'db, bool> {
        Ok(match &pattern.kind {
            PatternKind::Wildcard => true,
            PatternKind::Name(_) | PatternKind::Variant(_) => match cx.facts.targets.get(&pattern.loc) {
                Some(Resolution::Variant(index, _)) => matches!(value, Value::Variant(at, _) if at == index),
                _ => matches!(pattern.kind, PatternKind::Name(_)),
            },
            PatternKind::Literal(literal) => {
                let literal = self.eval(cx, *literal)?;
                let equal = ordain_graph::apply(Op::Eq, &[value.clone(), literal]);
                matches!(equal, Ok(Value::Bool(true)))
            }
            PatternKind::Range { low, high, inclusive } => {
                let (low, high) = (self.eval(cx, *low)?, self.eval(cx, *high)?);
                let holds = |op, a: &Value, b: &Value| {
                    matches!(ordain_graph::apply(op, &[a.clone(), b.clone()]), Ok(Value::Bool(true)))
                };
                holds(Op::Le, &low, value) && holds(if *inclusive { Op::Le } else { Op::Lt }, value, &high)
            }
        })
    }

    /// A `match` on what is not known yet becomes nested conditions.
    fn residual_match(&self, cx: &mut Context<'db>, expr: ExprId, subject: Value, arms: &[Arm]) -> Eval<'db> {
        let mut result: Option<Value> = None;
        for arm in arms.iter().rev() {
            if arm.guard.is_some() {
                return Err(not_known(cx.expr_at(expr)));
            }
            let mut condition = Value::Bool(false);
            let mark = cx.locals.len();
            for pattern in &arm.patterns {
                let holds = match &pattern.kind {
                    PatternKind::Wildcard => Value::Bool(true),
                    PatternKind::Name(name) => match cx.facts.targets.get(&pattern.loc) {
                        Some(Resolution::Variant(index, name)) => {
                            Value::apply(Op::Eq, vec![subject.clone(), Value::Variant(*index, name.clone())])
                        }
                        _ => {
                            cx.locals.push((name.clone(), subject.clone()));
                            Value::Bool(true)
                        }
                    },
                    PatternKind::Variant(_) => match cx.facts.targets.get(&pattern.loc) {
                        Some(Resolution::Variant(index, name)) => {
                            Value::apply(Op::Eq, vec![subject.clone(), Value::Variant(*index, name.clone())])
                        }
                        _ => return Err(Box::new(Fault::Silent)),
                    },
                    PatternKind::Literal(literal) => {
                        let literal = self.eval(cx, *literal)?;
                        Value::apply(Op::Eq, vec![subject.clone(), literal])
                    }
                    PatternKind::Range { low, high, inclusive } => {
                        let (low, high) = (self.eval(cx, *low)?, self.eval(cx, *high)?);
                        let upper = if *inclusive { Op::Le } else { Op::Lt };
                        Value::apply(
                            Op::And,
                            vec![
                                Value::apply(Op::Le, vec![low, subject.clone()]),
                                Value::apply(upper, vec![subject.clone(), high]),
                            ],
                        )
                    }
                };
                condition = self.apply(cx, expr, Op::Or, vec![condition, holds])?;
            }
            self.reach(|| cx.at(arm.loc));
            let body = self.eval(cx, arm.body);
            cx.locals.truncate(mark);
            let body = body?;
            result = Some(match (condition, result) {
                (Value::Bool(true), _) | (_, None) => body,
                (condition, Some(otherwise)) => self.apply(cx, expr, Op::If, vec![condition, body, otherwise])?,
            });
        }
        result.ok_or_else(|| Box::new(Fault::Silent))
    }
}

/// The fault of a value that must be known when the plan is compiled.
pub(crate) fn not_known(at: Anchor<'_>) -> Box<Fault<'_>> {
    Fault::helped(
        codes::NOT_KNOWN_YET,
        at,
        "this is known only when the plan is executed",
        "what shapes a plan (conditions, loops, names) can depend on arguments, facts and data, not on outputs of steps",
    )
}
