//! What all steps of one capability in one environment have in common: worked out once, however many steps there are.

use std::rc::Rc;
use std::sync::Arc;

use ordain_diagnostics::codes;
use ordain_graph::{Contract, Retry as GraphRetry, Shape, Value};
use smol_str::SmolStr;

use super::contract::contract;
use super::expand::Expansion;
use crate::eval::{Context, Eval, Evaluator, Fault};
use crate::hir::{BinaryOp, Capability, ExprId, ExprKind, PathRef, Retry, Signature, StepCall, Tree};
use crate::items::{Item, Part};
use crate::resolve::resolve;
use crate::types::{Anchor, Facts, Finding, Resolution, inference};

/// A capability as the steps of one environment use it.
pub(super) struct Bound<'db> {
    pub(super) contract: Arc<Contract>,
    pub(super) declared: &'db Capability,
    /// The expressions of its declaration, and what is known of them.
    pub(super) tree: &'db Tree,
    pub(super) facts: &'db Facts<'db>,
    /// The names under which the graph lists the environment and the adapter.
    pub(super) environment: Option<SmolStr>,
    pub(super) adapter: Option<SmolStr>,
    /// What is declared for steps that say nothing themselves.
    pub(super) retry: Option<GraphRetry>,
    pub(super) timeout: Option<u64>,
    pub(super) undo: Option<BoundUndo<'db>>,
}

/// How the steps are undone.
pub(super) struct BoundUndo<'db> {
    pub(super) call: &'db StepCall,
    pub(super) contract: Arc<Contract>,
    pub(super) adapter: Option<SmolStr>,
    /// The names of a step's outputs, which the inputs of its undo may use.
    pub(super) outputs: Vec<SmolStr>,
}

impl<'db> Expansion<'db> {
    /// What the steps of a capability have in common; `at` is the step that asks. What is wrong is told to the first
    /// step alone, for it would be the same for all.
    pub(super) fn bound(
        &mut self,
        capability: Item<'db>,
        environment: Option<Item<'db>>,
        at: Anchor<'db>,
    ) -> Eval<'db, Rc<Bound<'db>>> {
        if let Some(known) = self.bound.get(&(capability, environment)) {
            return known.clone().ok_or_else(|| Box::new(Fault::Silent));
        }
        let bound = self.bind(capability, environment, at).map(Rc::new);
        self.bound.insert((capability, environment), bound.as_ref().ok().cloned());
        bound
    }

    fn bind(
        &mut self,
        capability: Item<'db>,
        environment: Option<Item<'db>>,
        at: Anchor<'db>,
    ) -> Eval<'db, Bound<'db>> {
        let silent = || Box::new(Fault::Silent);
        let Signature::Capability(declared) = &capability.signature(self.db).signature else { return Err(silent()) };
        let contract = contract(self.db, capability).ok_or_else(silent)?;
        let adapter = self.adapter_of(environment, capability, at)?;
        let evaluator = self.evaluator(None);
        let mut cx = Context::signature(self.db, capability);
        let undo = match &declared.undo {
            Some(call) => Some(self.undo(call, capability, &contract, environment, at)?),
            None => None,
        };
        let retry = declared.retry.as_ref().map(|declared| retry(&evaluator, &mut cx, declared)).transpose()?;
        let timeout = declared.timeout.map(|timeout| duration(&evaluator, &mut cx, timeout)).transpose()?;
        let (environment, adapter) = (environment.map(|item| self.name(item)), adapter.map(|item| self.name(item)));
        let Context { tree, facts, .. } = cx;
        Ok(Bound { contract, declared, tree, facts, environment, adapter, retry, timeout, undo })
    }

    fn undo(
        &mut self,
        call: &'db StepCall,
        capability: Item<'db>,
        own: &Contract,
        environment: Option<Item<'db>>,
        at: Anchor<'db>,
    ) -> Eval<'db, BoundUndo<'db>> {
        let silent = || Box::new(Fault::Silent);
        let facts = &inference(self.db, capability).signature;
        let Some(&Resolution::Item(undoes)) = facts.targets.get(&call.path.loc()) else { return Err(silent()) };
        let contract = contract(self.db, undoes).ok_or_else(silent)?;
        let adapter = self.adapter_of(environment, undoes, at).map_err(|fault| match *fault {
            Fault::Source(finding) => {
                let clause = Anchor { item: capability, part: Part::Signature, loc: call.path.loc() };
                Box::new(Fault::Source(finding.note(clause, "needed to undo the step")))
            }
            other => Box::new(other),
        })?;
        let outputs = match &own.output {
            Shape::Record(outputs) => outputs.keys().cloned().collect(),
            _ => Vec::new(),
        };
        Ok(BoundUndo { call, contract, adapter: adapter.map(|item| self.name(item)), outputs })
    }

    /// The full name of an environment or adapter, by which the graph lists it.
    fn name(&mut self, item: Item<'db>) -> SmolStr {
        let name = crate::qualified_name(self.db, item);
        self.named.insert(name.clone(), item);
        name
    }

    /// The adapter an environment binds a capability to.
    fn adapter_of(
        &self,
        environment: Option<Item<'db>>,
        capability: Item<'db>,
        at: Anchor<'db>,
    ) -> Eval<'db, Option<Item<'db>>> {
        let Some(environment) = environment else { return Ok(None) };
        let Signature::Environment { binds, .. } = &environment.signature(self.db).signature else {
            return Ok(None);
        };
        let file = environment.file(self.db);
        let names = |path: &PathRef| path.parts.iter().map(|part| part.text.clone()).collect::<Vec<_>>();
        for bind in binds {
            let bound = resolve(self.db, file, &names(&bind.capability)).ok();
            if bound.is_some_and(|found| found.item == capability) {
                return Ok(resolve(self.db, file, &names(&bind.adapter)).ok().map(|found| found.item));
            }
        }
        let message =
            format!("`{}` is not bound in environment `{}`", capability.name(self.db), environment.name(self.db));
        let finding = Finding::new(codes::CAPABILITY_NOT_BOUND, at, message)
            .note(Anchor::name_of(environment), "the environment is declared here")
            .help(format!("add `bind {} to …` to it", capability.name(self.db)));
        Err(Box::new(Fault::Source(finding)))
    }
}

/// How often and after what pauses to try again.
pub(super) fn retry<'db>(
    evaluator: &Evaluator<'_, 'db>,
    cx: &mut Context<'db>,
    retry: &Retry,
) -> Eval<'db, GraphRetry> {
    let times = match evaluator.eval(cx, retry.times)? {
        Value::Int(times) => u32::try_from(times).map_err(|_| {
            let message = format!("a step cannot be retried {times} times");
            Fault::new(codes::REFINEMENT_VIOLATED, cx.expr_at(retry.times), message)
        })?,
        _ => return Err(crate::eval::not_known(cx.expr_at(retry.times))),
    };
    let (min, max) = match retry.backoff {
        None => (1_000, 30_000),
        Some(backoff) => match cx.tree[backoff].kind {
            ExprKind::Binary { op: BinaryOp::Range | BinaryOp::RangeInclusive, left, right } => {
                (duration(evaluator, cx, left)?, duration(evaluator, cx, right)?)
            }
            _ => {
                let pause = duration(evaluator, cx, backoff)?;
                (pause, pause)
            }
        },
    };
    Ok(GraphRetry { times, min, max: max.max(min) })
}

/// A duration that has to be known, in milliseconds.
pub(super) fn duration<'db>(evaluator: &Evaluator<'_, 'db>, cx: &mut Context<'db>, expr: ExprId) -> Eval<'db, u64> {
    match evaluator.eval(cx, expr)? {
        Value::Duration(milliseconds) => Ok(milliseconds),
        _ => Err(crate::eval::not_known(cx.expr_at(expr))),
    }
}
