//! Steps to nodes: inputs, keys, undo, retries, bindings.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordain_graph::{DraftNode, DraftUndo, Environment, NodeKind, NodeRef, Residual, Value};
use smol_str::SmolStr;

use super::bound::{Bound, duration, retry};
use super::contract::adapter;
use super::draft::Pending;
use super::expand::Expansion;
use crate::eval::{Context, Eval, declared_value, without_declaration};
use crate::hir::Signature;
use crate::items::{Item, Part};

impl<'db> Expansion<'db> {
    /// Evaluates one step, now that all names are bound.
    pub(super) fn draft(&mut self, index: u32) -> Eval<'db, DraftNode> {
        let pending = &self.pending[index as usize];
        let Pending { capability, call, expect, modifiers, on_failure, .. } = *pending;
        let (environment, at) = (pending.site.frame.environment, self.context(&pending.site).at(call.path.loc()));
        let bound = self.bound(capability, environment, at)?;
        let Pending { site, address, .. } = &self.pending[index as usize];
        let inputs = self.eval(site, call.inputs)?;
        let (key, undo) = self.of_inputs(index, capability, &bound, &inputs)?;
        let handles = self.handles(site);
        let evaluator = self.evaluator(Some(&handles));
        let cx = &mut self.context(site);
        let own = modifiers.retry.as_ref().map(|own| retry(&evaluator, cx, own)).transpose()?;
        let retry = own.or(bound.retry);
        let own = modifiers.timeout.map(|own| duration(&evaluator, cx, own)).transpose()?;
        let timeout = own.or(bound.timeout);
        let kind = match expect {
            Some(expect) => NodeKind::Gate { expect: self.eval(site, expect)? },
            None => NodeKind::Step,
        };
        Ok(DraftNode {
            address: address.clone(),
            kind,
            contract: bound.contract.clone(),
            environment: bound.environment.clone(),
            adapter: bound.adapter.clone(),
            inputs: without_declaration(inputs),
            key,
            depends_on: Vec::new(),
            stage: site.stage.clone(),
            retry,
            timeout,
            on_failure,
            undo,
        })
    }

    /// The key and the undo of a step, which its capability declares over the inputs.
    fn of_inputs(
        &self,
        index: u32,
        capability: Item<'db>,
        bound: &Bound<'db>,
        inputs: &Value,
    ) -> Eval<'db, (Option<Value>, Option<DraftUndo>)> {
        if bound.declared.key.is_empty() && bound.undo.is_none() {
            return Ok((None, None));
        }
        let evaluator = self.evaluator(None);
        let cx = &mut Context::new(capability, Part::Signature, bound.tree, bound.facts);
        if let Value::Record(fields) = inputs {
            cx.locals.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let mut parts =
            bound.declared.key.iter().map(|&part| evaluator.eval(cx, part)).collect::<Eval<'db, Vec<_>>>()?;
        let key = match parts.len() {
            0 => None,
            1 => parts.pop(),
            _ => Some(Value::list(parts)),
        };
        let undo = match &bound.undo {
            Some(undo) => {
                for name in &undo.outputs {
                    let output = Residual::Output { node: NodeRef::Index(index), path: vec![name.clone()] };
                    cx.locals.push((name.clone(), Value::Residual(Arc::new(output))));
                }
                Some(DraftUndo {
                    contract: undo.contract.clone(),
                    adapter: undo.adapter.clone(),
                    inputs: without_declaration(evaluator.eval(cx, undo.call.inputs)?),
                })
            }
            None => None,
        };
        Ok((key.map(without_declaration), undo))
    }

    /// An environment as it stands in a graph.
    pub(super) fn environment(&mut self, item: Item<'db>) -> Option<Environment> {
        let declared = declared_value(self.db, item);
        self.memory.data.borrow_mut().extend(declared.data.iter().copied());
        let facts = without_declaration(declared.value.clone()?);
        let Signature::Environment { groups, .. } = &item.signature(self.db).signature else { return None };
        let evaluator = self.evaluator(None);
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
        Some(Environment { facts, groups: named })
    }

    pub(super) fn adapter(&mut self, item: Item<'db>) -> Option<ordain_graph::Adapter> {
        // Why there is none is a finding of the adapter's own.
        self.faults.extend(crate::eval::signature_faults(self.db, item).iter().cloned());
        adapter(self.db, item).map(|adapter| adapter.as_ref().clone())
    }
}
