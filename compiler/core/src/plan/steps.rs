//! Steps to nodes: inputs, keys, undo, retries, bindings.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordain_diagnostics::codes;
use ordain_graph::{DraftNode, DraftUndo, Environment, NodeKind, NodeRef, Residual, Retry as GraphRetry, Value};
use smol_str::SmolStr;

use super::contract::{adapter, contract};
use super::draft::Pending;
use super::expand::Expansion;
use crate::eval::{Context, Eval, Evaluator, Fault, declared_value, without_declaration};
use crate::hir::{BinaryOp, Capability, ExprId, ExprKind, Retry, Signature};
use crate::items::Item;
use crate::resolve::resolve;
use crate::types::{Anchor, Resolution, inference};

impl<'db> Expansion<'db> {
    /// Evaluates one step, now that all names are bound.
    pub(super) fn draft(&mut self, index: u32) -> Eval<'db, DraftNode> {
        let pending = &self.pending[index as usize];
        let Pending { site, address, capability, call, expect, modifiers, on_failure } = pending;
        let (site, address, capability, call) = (site.clone(), address.clone(), *capability, *call);
        let (expect, modifiers, on_failure) = (*expect, *modifiers, *on_failure);
        let at = self.context(&site).at(call.path.loc());
        let contract = contract(self.db, capability).ok_or_else(|| Box::new(Fault::Silent))?;
        let inputs = self.eval(&site, call.inputs)?;
        let declared = declared_capability(self.db, capability)?;
        let environment = site.frame.environment;
        let bound = self.binding(environment, capability, at)?;
        let mut cx = Context::signature(self.db, capability);
        bind_record(&mut cx, &inputs);
        let evaluator = Evaluator::new(self.db);
        let key = match &*declared.key {
            [] => None,
            [one] => Some(evaluator.eval(&mut cx, *one)?),
            parts => {
                let parts = parts.iter().map(|&part| evaluator.eval(&mut cx, part)).collect::<Eval<'db, Vec<_>>>()?;
                Some(Value::list(parts))
            }
        };
        let undo = self.undo(&mut cx, &evaluator, index, capability, declared, environment)?;
        let retry = match &modifiers.retry {
            Some(retry) => Some(self.retry(&mut self.context(&site), retry)?),
            None => match &declared.retry {
                Some(retry) => Some(self.retry(&mut Context::signature(self.db, capability), retry)?),
                None => None,
            },
        };
        let timeout = match (modifiers.timeout, declared.timeout) {
            (Some(timeout), _) => {
                let value = self.eval(&site, timeout)?;
                Some(duration(&value, &self.context(&site), timeout)?)
            }
            (None, Some(timeout)) => {
                let mut cx = Context::signature(self.db, capability);
                Some(duration(&evaluator.eval(&mut cx, timeout)?, &cx, timeout)?)
            }
            (None, None) => None,
        };
        self.data.append(&mut evaluator.data.take());
        let kind = match expect {
            Some(expect) => NodeKind::Gate { expect: self.eval(&site, expect)? },
            None => NodeKind::Step,
        };
        Ok(DraftNode {
            address,
            kind,
            contract: contract.as_ref().clone(),
            environment: environment.map(|item| self.name(item)),
            adapter: bound.map(|item| self.name(item)),
            inputs: without_declaration(inputs),
            key: key.map(without_declaration),
            depends_on: Vec::new(),
            stage: site.stage.clone(),
            retry,
            timeout,
            on_failure,
            undo,
        })
    }

    /// The full name of an environment or adapter, by which the graph lists it.
    fn name(&mut self, item: Item<'db>) -> SmolStr {
        let name = crate::qualified_name(self.db, item);
        self.named.insert(name.clone(), item);
        name
    }

    fn undo(
        &mut self,
        cx: &mut Context<'db>,
        evaluator: &Evaluator<'_, 'db>,
        index: u32,
        capability: Item<'db>,
        declared: &'db Capability,
        environment: Option<Item<'db>>,
    ) -> Eval<'db, Option<DraftUndo>> {
        let Some(call) = &declared.undo else { return Ok(None) };
        let facts = &inference(self.db, capability).signature;
        let Some(Resolution::Item(undoes)) = facts.targets.get(&call.path.loc()) else {
            return Err(Box::new(Fault::Silent));
        };
        let contract = contract(self.db, *undoes).ok_or_else(|| Box::new(Fault::Silent))?;
        let mark = cx.locals.len();
        if let ordain_graph::Shape::Record(outputs) =
            &super::contract::contract(self.db, capability).ok_or_else(|| Box::new(Fault::Silent))?.output
        {
            for name in outputs.keys() {
                let output = Residual::Output { node: NodeRef::Index(index), path: vec![name.clone()] };
                cx.locals.push((name.clone(), Value::Residual(Arc::new(output))));
            }
        }
        let inputs = evaluator.eval(cx, call.inputs)?;
        cx.locals.truncate(mark);
        let bound = self.binding(environment, *undoes, cx.at(call.path.loc()))?;
        Ok(Some(DraftUndo {
            contract: contract.as_ref().clone(),
            adapter: bound.map(|item| self.name(item)),
            inputs: without_declaration(inputs),
        }))
    }

    fn retry(&mut self, cx: &mut Context<'db>, retry: &Retry) -> Eval<'db, GraphRetry> {
        let evaluator = Evaluator::new(self.db);
        let times = match evaluator.eval(cx, retry.times)? {
            Value::Int(times) => u32::try_from(times).map_err(|_| {
                let message = format!("a step cannot be retried {times} times");
                Fault::new(codes::REFINEMENT_VIOLATED, cx.expr_at(retry.times), message)
            })?,
            _ => return Err(crate::eval::not_known(cx.expr_at(retry.times))),
        };
        let duration = |cx: &mut Context<'db>, expr: ExprId| duration(&evaluator.eval(cx, expr)?, cx, expr);
        let (min, max) = match retry.backoff {
            None => (1_000, 30_000),
            Some(backoff) => match &cx.tree[backoff].kind {
                ExprKind::Binary { op: BinaryOp::Range | BinaryOp::RangeInclusive, left, right } => {
                    let (left, right) = (*left, *right);
                    (duration(cx, left)?, duration(cx, right)?)
                }
                _ => {
                    let pause = duration(cx, backoff)?;
                    (pause, pause)
                }
            },
        };
        self.data.append(&mut evaluator.data.take());
        Ok(GraphRetry { times, min, max: max.max(min) })
    }

    /// The adapter an environment binds a capability to.
    fn binding(
        &mut self,
        environment: Option<Item<'db>>,
        capability: Item<'db>,
        at: Anchor<'db>,
    ) -> Eval<'db, Option<Item<'db>>> {
        let Some(environment) = environment else { return Ok(None) };
        let Signature::Environment { binds, .. } = &environment.signature(self.db).signature else {
            return Ok(None);
        };
        let file = environment.file(self.db);
        let names = |path: &crate::hir::PathRef| path.parts.iter().map(|part| part.text.clone()).collect::<Vec<_>>();
        for bind in binds {
            let bound = resolve(self.db, file, &names(&bind.capability)).ok();
            if bound.is_some_and(|found| found.item == capability) {
                return Ok(resolve(self.db, file, &names(&bind.adapter)).ok().map(|found| found.item));
            }
        }
        let message =
            format!("`{}` is not bound in environment `{}`", capability.name(self.db), environment.name(self.db));
        let finding = crate::types::Finding::new(codes::CAPABILITY_NOT_BOUND, at, message)
            .note(Anchor::name_of(environment), "the environment is declared here")
            .help(format!("add `bind {} to …` to it", capability.name(self.db)));
        Err(Box::new(Fault::Source(finding)))
    }

    /// An environment as it stands in a graph.
    pub(super) fn environment(&mut self, item: Item<'db>) -> Option<Environment> {
        let declared = declared_value(self.db, item);
        self.data.extend(declared.data.iter().copied());
        let facts = without_declaration(declared.value.clone()?);
        let Signature::Environment { groups, .. } = &item.signature(self.db).signature else { return None };
        let evaluator = Evaluator::new(self.db);
        let mut named: BTreeMap<SmolStr, Vec<SmolStr>> = BTreeMap::new();
        for group in groups {
            match evaluator.eval(&mut Context::signature(self.db, item), group.members) {
                Ok(Value::List(members)) => {
                    let names = members.iter().filter_map(|member| match member {
                        Value::String(name) => Some(name.clone()),
                        _ => None,
                    });
                    named.insert(group.name.text.clone(), names.collect());
                }
                Ok(_) => {}
                Err(fault) => self.fault(*fault),
            }
        }
        self.data.append(&mut evaluator.data.take());
        Some(Environment { facts, groups: named })
    }

    pub(super) fn adapter(&mut self, item: Item<'db>) -> Option<ordain_graph::Adapter> {
        // Why there is none is a finding of the adapter's own.
        self.faults.extend(crate::eval::signature_faults(self.db, item).iter().cloned());
        adapter(self.db, item).map(|adapter| adapter.as_ref().clone())
    }
}

/// A duration that has to be known, in milliseconds.
fn duration<'db>(value: &Value, cx: &Context<'db>, expr: ExprId) -> Eval<'db, u64> {
    match value {
        Value::Duration(milliseconds) => Ok(*milliseconds),
        _ => Err(crate::eval::not_known(cx.expr_at(expr))),
    }
}

fn declared_capability<'db>(db: &'db dyn crate::db::Db, item: Item<'db>) -> Eval<'db, &'db Capability> {
    match &item.signature(db).signature {
        Signature::Capability(capability) => Ok(capability),
        _ => Err(Box::new(Fault::Silent)),
    }
}

fn bind_record(cx: &mut Context<'_>, record: &Value) {
    if let Value::Record(fields) = record {
        cx.locals.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
}
