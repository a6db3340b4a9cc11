//! Calls.

use ordain_diagnostics::codes;
use ordain_graph::{Op, SecretRef, Value};

use super::{CALL_DEPTH, Context, Eval, Evaluator, Fault, REMEMBERED};
use crate::hir::{Arg, Body, ExprId, ExprKind, Kind};
use crate::items::Item;
use crate::types::{Anchor, Resolution, Sig, signature};

impl<'db> Evaluator<'_, 'db> {
    pub(super) fn eval_call(&self, cx: &mut Context<'db>, expr: ExprId, callee: ExprId, args: &[Arg]) -> Eval<'db> {
        match cx.facts.resolutions.get(&callee) {
            Some(Resolution::Item(ty)) if ty.kind(self.db) == Kind::Type => self.eval_reference(cx, *ty, args),
            Some(Resolution::Item(function)) => self.call_declared(cx, expr, *function, args),
            Some(Resolution::Builtin(function)) => {
                let values = args.iter().map(|arg| self.eval(cx, arg.value)).collect::<Eval<'db, Vec<_>>>()?;
                self.apply(cx, expr, Op::Call(*function), values)
            }
            Some(Resolution::Data(format)) => {
                let format = *format;
                self.read_data(cx, expr, format, args)
            }
            Some(Resolution::Secret) => match args {
                [arg] => match self.eval(cx, arg.value)? {
                    Value::String(name) => Ok(Value::Secret(SecretRef { name })),
                    _ => Err(super::expr::not_known(cx.expr_at(arg.value))),
                },
                _ => Err(Box::new(Fault::Silent)),
            },
            Some(Resolution::Typed) => match args {
                [arg] => {
                    let value = self.eval(cx, arg.value)?;
                    self.typed(cx, expr, arg.value, &value)
                }
                _ => Err(Box::new(Fault::Silent)),
            },
            _ => Err(Box::new(Fault::Silent)),
        }
    }

    fn call_declared(&self, cx: &mut Context<'db>, expr: ExprId, function: Item<'db>, args: &[Arg]) -> Eval<'db> {
        let Sig::Fn { params, .. } = &signature(self.db, function).sig else {
            return Err(Box::new(Fault::Silent));
        };
        let Body::Expr(body) = function.body(self.db).body else {
            return Err(Box::new(Fault::Silent));
        };
        if self.depth.get() >= CALL_DEPTH {
            let message = format!("functions call each other more than {CALL_DEPTH} deep");
            return Err(Fault::new(codes::EVALUATION_TOO_LARGE, cx.expr_at(expr), message));
        }
        self.reach(|| Anchor::name_of(function));
        self.depth.set(self.depth.get() + 1);
        let value = self.bind_arguments(cx, function, params, args).and_then(|locals| {
            let small = locals.iter().all(|(_, value)| is_small(value));
            let call = small.then(|| (function, locals.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>()));
            if let Some(known) = call.as_ref().and_then(|call| self.memory.calls.borrow().get(call).cloned()) {
                return Ok(known);
            }
            let mut inner = Context::body(self.db, function);
            inner.locals = locals;
            let value = self.eval(&mut inner, body)?;
            if let Some(call) = call.filter(|_| self.memory.calls.borrow().len() < REMEMBERED) {
                self.memory.calls.borrow_mut().insert(call, value.clone());
            }
            Ok(value)
        });
        self.depth.set(self.depth.get() - 1);
        value
    }

    /// The values of a function's or plan's parameters.
    pub(crate) fn bind_arguments(
        &self,
        cx: &mut Context<'db>,
        callee: Item<'db>,
        params: &[crate::types::ParamTy<'db>],
        args: &[Arg],
    ) -> Eval<'db, Vec<(smol_str::SmolStr, Value)>> {
        let mut values: Vec<Option<Value>> = vec![None; params.len()];
        for (position, arg) in args.iter().enumerate() {
            let index = match &arg.name {
                Some(name) => params.iter().position(|param| param.name == name.text),
                None => Some(position),
            };
            match index.and_then(|index| values.get_mut(index)) {
                Some(slot) => *slot = Some(self.eval(cx, arg.value)?),
                None => return Err(Box::new(Fault::Silent)),
            }
        }
        params
            .iter()
            .zip(values)
            .map(|(param, value)| {
                let value = match (value, param.default) {
                    (Some(value), _) => value,
                    (None, Some(default)) => self.eval(&mut Context::signature(self.db, callee), default)?,
                    (None, None) => Value::None,
                };
                Ok((param.name.clone(), value))
            })
            .collect()
    }

    /// Whether an expression is the literal path of a data file.
    pub(super) fn literal_path(cx: &Context<'db>, args: &[Arg]) -> Option<smol_str::SmolStr> {
        match args {
            [Arg { value, .. }] => match &cx.tree[*value].kind {
                ExprKind::Str(path) => Some(path.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether a value is quickly compared with others.
fn is_small(value: &Value) -> bool {
    match value {
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::Bytes(_) | Value::Duration(_) => true,
        Value::SemVer(_) | Value::Date(_) | Value::Variant(..) => true,
        Value::String(text) | Value::Url(text) | Value::Digest(text) => text.len() <= 100,
        _ => false,
    }
}
