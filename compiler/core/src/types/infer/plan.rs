//! Plans: steps, what they wait for, and what they may do.

use std::sync::Arc;

use ordain_diagnostics::codes;
use ordain_graph::{Effect, Risk};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::super::sig::{Sig, effect, risk};
use super::super::ty::Ty;
use super::marking::Slot;
use super::{Anchor, Infer};
use crate::hir::{ExprId, Kind, Loc, Modifiers, Name, PathRef, Stmt, StmtKind};
use crate::items::Item;

impl<'db> Infer<'db> {
    pub(super) fn plan(&mut self, stmts: &[Stmt], result: Option<&Ty<'db>>) {
        let mark = self.locals.len();
        self.families(stmts);
        self.block(stmts, result);
        self.leave(mark);
        self.limits(stmts);
        if let Some(result) = result
            && !returns(stmts)
        {
            let message = format!("the plan declares `{}` but returns nothing", self.show(result));
            let finding = self.finding(codes::MISSING_CLAUSE, Loc(0), message).help("add `return …` at its end");
            self.report(finding);
        }
    }

    /// Binds the families of the whole plan: steps of loops that others refer to by key.
    fn families(&mut self, stmts: &[Stmt]) {
        let mut known: FxHashMap<SmolStr, Loc> = FxHashMap::default();
        self.families_in(stmts, &mut known);
    }

    fn families_in(&mut self, stmts: &[Stmt], known: &mut FxHashMap<SmolStr, Loc>) {
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Step { name: Some(name), index: Some(_), call, .. } => {
                    let handle = self.handle(&call.path, Kind::Capability);
                    self.family(name, handle, known);
                }
                StmtKind::SubPlan { name: Some(name), index: Some(_), call, .. } => {
                    let handle = self.handle(&call.path, Kind::Plan);
                    self.family(name, handle, known);
                }
                StmtKind::Stage { body, .. } | StmtKind::For { body, .. } => self.families_in(body, known),
                StmtKind::If { then, otherwise, .. } => {
                    self.families_in(then, known);
                    self.families_in(otherwise, known);
                }
                _ => {}
            }
        }
    }

    fn family(&mut self, name: &Name, handle: Ty<'db>, known: &mut FxHashMap<SmolStr, Loc>) {
        if known.insert(name.text.clone(), name.loc).is_none() {
            // The key's type is that of the first index, which is inferred where it stands.
            self.bind(name, Ty::Family(Arc::new((Ty::Error, handle))));
        }
    }

    /// What a name bound to a call is, without reporting anything: the call itself does that.
    fn handle(&self, path: &PathRef, kind: Kind) -> Ty<'db> {
        let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
        match crate::resolve::resolve(self.db, self.file, &parts) {
            Ok(found) if found.consumed == parts.len() && found.item.kind(self.db) == kind => match kind {
                Kind::Plan => Ty::Plan(found.item),
                _ => Ty::Step(found.item),
            },
            _ => Ty::Error,
        }
    }

    /// Steps of a block see each other whatever their order; values are bound in order.
    fn block(&mut self, stmts: &[Stmt], result: Option<&Ty<'db>>) {
        let mark = self.locals.len();
        let mut names: FxHashMap<SmolStr, Loc> = FxHashMap::default();
        self.announce(stmts, &mut names);
        for stmt in stmts {
            self.stmt(stmt, result);
        }
        self.leave(mark);
    }

    /// Binds the steps, gates, stages and sub-plans of a block; a stage is no scope of its own.
    fn announce(&mut self, stmts: &[Stmt], names: &mut FxHashMap<SmolStr, Loc>) {
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Step { name: Some(name), index: None, call, .. } => {
                    let handle = self.handle(&call.path, Kind::Capability);
                    self.announce_one(name, handle, names);
                }
                StmtKind::SubPlan { name: Some(name), index: None, call, .. } => {
                    let handle = self.handle(&call.path, Kind::Plan);
                    self.announce_one(name, handle, names);
                }
                StmtKind::Gate { name, call, .. } => {
                    let handle = self.handle(&call.path, Kind::Capability);
                    self.announce_one(name, handle, names);
                }
                StmtKind::Stage { name, body, .. } => {
                    self.announce_one(name, Ty::Stage, names);
                    self.announce(body, names);
                }
                _ => {}
            }
        }
    }

    fn announce_one(&mut self, name: &Name, handle: Ty<'db>, names: &mut FxHashMap<SmolStr, Loc>) {
        match names.get(&name.text) {
            Some(&first) => {
                let finding = self
                    .finding(codes::DUPLICATE_STEP, name.loc, format!("`{}` names a step already", name.text))
                    .note(self.at(first), "first given here")
                    .help("give each step a name of its own; steps of a loop can share one: `let name[key] = …`");
                self.report(finding);
            }
            None => {
                names.insert(name.text.clone(), name.loc);
                self.bind(name, handle);
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt, result: Option<&Ty<'db>>) {
        match &stmt.kind {
            StmtKind::Step { name, index, call, modifiers } => {
                if let Some(index) = index {
                    self.family_key(name.as_ref(), *index);
                }
                self.step_call(call);
                self.modifiers(modifiers);
            }
            StmtKind::SubPlan { name, index, call, modifiers } => {
                if let Some(index) = index {
                    self.family_key(name.as_ref(), *index);
                }
                self.plan_call(call);
                self.modifiers(modifiers);
            }
            StmtKind::Let(binding) => self.binding(binding),
            StmtKind::Stage { modifiers, body, .. } => {
                self.modifiers(modifiers);
                for stmt in body {
                    self.stmt(stmt, result);
                }
            }
            StmtKind::For { binder, iter, condition, body } => {
                let mark = self.locals.len();
                self.bind_loop(binder, *iter);
                if let Some(condition) = condition {
                    self.check(*condition, &Ty::Bool);
                }
                self.block(body, result);
                self.leave(mark);
            }
            StmtKind::If { condition, then, otherwise } => {
                self.check(*condition, &Ty::Bool);
                self.block(then, result);
                self.block(otherwise, result);
            }
            StmtKind::Gate { call, expect, modifiers, .. } => {
                self.step_call(call);
                self.check(*expect, &Ty::Bool);
                self.modifiers(modifiers);
            }
            StmtKind::OnFailure(value) => self.on_failure(value),
            StmtKind::Limit { .. } => {}
            StmtKind::Return(value) => match result {
                Some(result) => {
                    let before = self.enter_slot(self.item, Slot::Result);
                    self.check(*value, result);
                    self.leave_field(before);
                }
                None => {
                    let ty = self.infer(*value, None);
                    let finding = self
                        .finding(codes::TYPE_MISMATCH, self.loc(*value), "the plan declares no result")
                        .help(format!("write `-> {}` after its parameters", self.show(&ty)));
                    self.report(finding);
                }
            },
        }
    }

    fn family_key(&mut self, name: Option<&Name>, index: ExprId) {
        let ty = self.infer(index, None);
        self.map_key(index, &ty);
        let known = name.and_then(|name| self.locals.iter_mut().rev().find(|local| local.name == name.text));
        if let Some(local) = known
            && let Ty::Family(entry) = &local.ty
            && entry.0 == Ty::Error
        {
            local.ty = Ty::Family(Arc::new((ty, entry.1.clone())));
            let (site, ty) = (local.site, local.ty.clone());
            self.mark_again(site, &ty);
        }
    }

    fn modifiers(&mut self, modifiers: &Modifiers) {
        for &after in &modifiers.after {
            let ty = self.infer(after, None);
            self.waitable(after, &ty);
        }
        if let Some(timeout) = modifiers.timeout {
            self.check(timeout, &Ty::Duration);
        }
        self.retry(modifiers.retry.as_ref());
        if let Some(value) = &modifiers.on_failure {
            self.on_failure(value);
        }
    }

    fn waitable(&mut self, expr: ExprId, ty: &Ty<'db>) {
        match ty.peel(self.db) {
            Ty::Step(_) | Ty::Plan(_) | Ty::Stage | Ty::Family(_) | Ty::Error => {}
            Ty::List(element) => self.waitable(expr, &element),
            other => {
                let message = format!("only steps can be waited for, this is `{}`", self.show(&other));
                let finding = self
                    .finding(codes::UNKNOWN_STEP, self.loc(expr), message)
                    .help("name a step, a stage, a gate, a sub-plan or a list of them");
                self.report(finding);
            }
        }
    }

    fn on_failure(&mut self, value: &Name) {
        const KNOWN: [&str; 3] = ["undo", "stop", "continue"];
        if !KNOWN.contains(&value.text.as_str()) {
            let similar = crate::similar::best(&value.text, KNOWN);
            let message = format!("`{}` is no reaction to a failure", value.text);
            let mut finding = self.finding(codes::UNKNOWN_NAME, value.loc, message).did_you_mean(similar);
            finding.help.get_or_insert_with(|| "write `undo`, `stop` or `continue`".into());
            self.report(finding);
        }
    }

    /// Holds the plan to its declared ceilings.
    fn limits(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            let StmtKind::Limit { what, value } = &stmt.kind else { continue };
            match what.text.as_str() {
                "effect" => match effect(&value.text) {
                    Some(limit) => self.hold(stmts, value, |reach| reach.effect > limit, codes::EFFECT_ABOVE_LIMIT),
                    None => self.unknown_level(value, &["read", "write", "destroy"]),
                },
                "risk" => match risk(&value.text) {
                    Some(limit) => self.hold(stmts, value, |reach| reach.risk > limit, codes::RISK_ABOVE_LIMIT),
                    None => self.unknown_level(value, &["low", "medium", "high", "critical"]),
                },
                other => {
                    let finding = self
                        .finding(codes::UNKNOWN_NAME, what.loc, format!("`{other}` cannot be limited"))
                        .help("limit `effect` or `risk`");
                    self.report(finding);
                }
            }
        }
    }

    fn unknown_level(&mut self, value: &Name, known: &[&str]) {
        let list = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let finding = self
            .finding(codes::UNKNOWN_NAME, value.loc, format!("no level named `{}`", value.text))
            .did_you_mean(crate::similar::best(&value.text, known.iter().copied()));
        let finding = if finding.help.is_none() { finding.help(format!("it is one of {list}")) } else { finding };
        self.report(finding);
    }

    fn hold(&mut self, stmts: &[Stmt], limit: &Name, above: impl Fn(&Reach) -> bool, code: ordain_diagnostics::Code) {
        let mut calls = Vec::new();
        collect_calls(stmts, &mut calls);
        for (path, kind) in calls {
            let (Ty::Step(item) | Ty::Plan(item)) = self.handle(path, kind) else { continue };
            let reach = reach(self.db, item);
            if above(reach) {
                let shown = if code == codes::EFFECT_ABOVE_LIMIT {
                    format!("{:?}", reach.effect).to_lowercase()
                } else {
                    format!("{:?}", reach.risk).to_lowercase()
                };
                let what = if code == codes::EFFECT_ABOVE_LIMIT { "effect" } else { "risk" };
                let message =
                    format!("`{}` has {what} `{shown}`, above the plan's limit `{}`", path.text(), limit.text);
                let finding = self
                    .finding(code, path.loc(), message)
                    .note(self.at(limit.loc), "the limit")
                    .note(Anchor::name_of(item), "declared here");
                self.report(finding);
            }
        }
    }
}

fn returns(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(_) => true,
        StmtKind::If { then, otherwise, .. } => returns(then) && returns(otherwise),
        StmtKind::Stage { body, .. } => returns(body),
        _ => false,
    })
}

/// The most a capability or plan can do, over all its branches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The gravest effect.
    pub effect: Effect,
    /// The highest risk.
    pub risk: Risk,
}

/// The join of the effects and risks of a capability, or of all steps a plan may take.
#[salsa::tracked(cycle_result = reach_in_cycle)]
pub fn reach<'db>(db: &'db dyn crate::db::Db, item: Item<'db>) -> Reach {
    if let Sig::Capability(contract) = &super::super::signature(db, item).sig {
        return Reach { effect: contract.effect, risk: contract.risk };
    }
    let crate::hir::Body::Plan(stmts) = &item.body(db).body else { return Reach::default() };
    let mut calls = Vec::new();
    collect_calls(stmts, &mut calls);
    let mut reached = Reach::default();
    for (path, _) in calls {
        let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
        if let Ok(found) = crate::resolve::resolve(db, item.file(db), &parts)
            && found.consumed == parts.len()
        {
            let further = reach(db, found.item);
            reached.effect = reached.effect.max(further.effect);
            reached.risk = reached.risk.max(further.risk);
        }
    }
    reached
}

fn reach_in_cycle<'db>(_db: &'db dyn crate::db::Db, _id: salsa::Id, _item: Item<'db>) -> Reach {
    Reach::default()
}

/// The calls of a plan, in source order.
pub(crate) fn collect_calls<'a>(stmts: &'a [Stmt], calls: &mut Vec<(&'a PathRef, Kind)>) {
    for stmt in stmts {
        match &stmt.kind {
            StmtKind::Step { call, .. } | StmtKind::Gate { call, .. } => calls.push((&call.path, Kind::Capability)),
            StmtKind::SubPlan { call, .. } => calls.push((&call.path, Kind::Plan)),
            StmtKind::Stage { body, .. } | StmtKind::For { body, .. } => collect_calls(body, calls),
            StmtKind::If { then, otherwise, .. } => {
                collect_calls(then, calls);
                collect_calls(otherwise, calls);
            }
            _ => {}
        }
    }
}
