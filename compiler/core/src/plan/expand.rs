//! Expansion: walks a plan's statements with known values and collects its steps.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ordain_diagnostics::codes;
use ordain_graph::{Fields, NodeRef, OnFailure, Residual, Value};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::Instantiated;
use super::bound::Bound;
use super::draft::{FIRST_GROUP, Frame, Group, Pending, Site, key_text, step_name};
use crate::db::Db;
use crate::eval::{Context, DECLARATION, Eval, Evaluator, Fault, Handles, Memory, Scope};
use crate::hir::{Body, ExprId, Kind, Loc, Modifiers, Name, PlanCall, Stmt, StmtKind};
use crate::items::{Item, Part};
use crate::types::{Anchor, Finding, Resolution, Sig, inference, signature};

/// How many nodes one graph may have.
const MAX_NODES: usize = 2_000_000;

/// How deep sub-plans may nest. Recursion is an error of its own.
const MAX_PLAN_DEPTH: usize = 100;

/// A graph in the making.
pub(super) struct Expansion<'db> {
    pub(super) db: &'db dyn Db,
    pub(super) pending: Vec<Pending<'db>>,
    pub(super) groups: RefCell<Vec<Group<'db>>>,
    pub(super) faults: Vec<Fault<'db>>,
    /// What was read and worked out so far.
    pub(super) memory: Rc<Memory<'db>>,
    pub(super) addresses: FxHashMap<SmolStr, u32>,
    pub(super) stages: Vec<SmolStr>,
    pub(super) on_failure: OnFailure,
    /// The environments and adapters that steps name.
    pub(super) named: FxHashMap<SmolStr, Item<'db>>,
    /// What the steps of a capability in an environment have in common; `None` where that has been refused.
    pub(super) bound: FxHashMap<(Item<'db>, Option<Item<'db>>), Option<Rc<Bound<'db>>>>,
}

/// The handles an expression of a frame can use.
pub(super) struct FrameHandles<'a, 'db> {
    pub(super) frame: &'a Frame<'db>,
    pub(super) groups: &'a RefCell<Vec<Group<'db>>>,
}

impl Handles for FrameHandles<'_, '_> {
    fn member(&self, family: &str, key: &Value) -> Option<Option<Value>> {
        self.frame.families.borrow().get(family).map(|members| members.get(key).cloned())
    }

    fn returned(&self, index: u32) -> Option<Option<Value>> {
        let at = index.checked_sub(FIRST_GROUP)?;
        self.groups.borrow().get(at as usize)?.returned.clone()
    }
}

/// A handle of a node or group.
pub(super) fn handle(index: u32) -> Value {
    Value::Residual(Arc::new(Residual::Output { node: NodeRef::Index(index), path: Vec::new() }))
}

impl<'db> Expansion<'db> {
    pub(super) fn new(db: &'db dyn Db, memory: Rc<Memory<'db>>) -> Self {
        Self {
            db,
            pending: Vec::new(),
            groups: RefCell::default(),
            faults: Vec::new(),
            memory,
            addresses: FxHashMap::default(),
            stages: Vec::new(),
            on_failure: OnFailure::default(),
            named: FxHashMap::default(),
            bound: FxHashMap::default(),
        }
    }

    pub(super) fn run(mut self, plan: Item<'db>, arguments: &Value) -> Instantiated<'db> {
        let values = match arguments {
            Value::Record(fields) => fields.as_ref().clone(),
            _ => Fields::default(),
        };
        let returned = self.plan(plan, values, None, String::new(), Rc::default(), None, 0);
        let db = self.db;
        let done = if self.faults.iter().any(is_error) {
            Instantiated::without_graph(self.faults)
        } else {
            self.finish(plan, arguments, returned)
        };
        told(db, plan, done)
    }

    /// Runs one plan; gives what it returns.
    #[expect(clippy::too_many_arguments, reason = "the parts of a call's site, named once")]
    fn plan(
        &mut self,
        plan: Item<'db>,
        arguments: Fields,
        environment: Option<Item<'db>>,
        prefix: String,
        groups: Rc<Vec<u32>>,
        stage: Option<SmolStr>,
        depth: usize,
    ) -> Option<Value> {
        let Body::Plan(stmts) = &plan.body(self.db).body else { return None };
        let mut given: Vec<Item<'db>> =
            arguments.values().filter_map(|value| self.declared_environment(plan, value)).collect();
        given.dedup();
        if let [one, other, ..] = given.as_slice()
            && has_steps(stmts)
        {
            let (one, other) = (one.name(self.db), other.name(self.db));
            let name = plan.name(self.db);
            let message =
                format!("the steps of `{name}` run in one environment, but it is given `{one}` and `{other}`");
            let finding = Finding::new(codes::INVALID_ARGUMENT, Anchor::name_of(plan), message)
                .help("move the steps to sub-plans that take one environment each");
            self.fault(Fault::Source(finding));
        }
        let given = given.first().copied();
        let scope = Rc::new(Scope::default());
        for (name, value) in &arguments {
            scope.set(name, value.clone());
        }
        let frame = Frame {
            plan,
            tree: &plan.body(self.db).tree,
            facts: &inference(self.db, plan).body,
            environment: given.or(environment),
            families: RefCell::default(),
        };
        let frame = Rc::new(frame);
        let site = Site { frame, scope, groups, stage, prefix: prefix.into(), keys: Rc::default() };
        let mut returned = None;
        for stmt in stmts.iter() {
            if let StmtKind::OnFailure(value) = &stmt.kind
                && depth == 0
            {
                self.on_failure = on_failure(value).unwrap_or_default();
            }
        }
        self.block(stmts, &site, &mut returned, depth);
        returned
    }

    /// The environment a value was declared as.
    fn declared_environment(&self, plan: Item<'db>, value: &Value) -> Option<Item<'db>> {
        let Value::Record(fields) = value else { return None };
        let Value::String(name) = fields.get(DECLARATION)? else { return None };
        let item = crate::item_by_name(self.db, plan.file(self.db).package(self.db), name)?;
        (item.kind(self.db) == Kind::Environment).then_some(item)
    }

    fn block(&mut self, stmts: &'db [Stmt], outer: &Site<'db>, returned: &mut Option<Value>, depth: usize) {
        let site = Site { scope: Scope::within(outer.scope.clone()), ..outer.clone() };
        let mut announced = FxHashMap::default();
        self.announce(stmts, &site, &mut announced);
        self.stmts(stmts, &site, &announced, returned, depth);
    }

    /// Gives every named step and stage of a block its handle before anything is evaluated.
    fn announce(&mut self, stmts: &'db [Stmt], site: &Site<'db>, announced: &mut FxHashMap<Loc, u32>) {
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Step { name, index: None, call, modifiers } => {
                    self.announce_step(stmt.loc, name.as_ref(), site, call, None, modifiers, announced);
                }
                StmtKind::Gate { name, call, expect, modifiers } => {
                    self.announce_step(stmt.loc, Some(name), site, call, Some(*expect), modifiers, announced);
                }
                StmtKind::SubPlan { name, index: None, .. } => {
                    let group = self.group(site, true);
                    announced.insert(stmt.loc, group);
                    if let Some(name) = name {
                        site.scope.set(&name.text, handle(group));
                    }
                }
                StmtKind::Stage { name, body, .. } => {
                    let group = self.group(site, false);
                    announced.insert(stmt.loc, group);
                    site.scope.set(&name.text, handle(group));
                    let inner = self.inside_stage(site, name, group);
                    self.announce(body, &inner, announced);
                }
                _ => {}
            }
        }
    }

    fn inside_stage(&mut self, site: &Site<'db>, name: &Name, group: u32) -> Site<'db> {
        let own = format!("{}{}{}", site.prefix, name.text, suffix(&site.keys));
        let stage: SmolStr = own.as_str().into();
        if !self.stages.contains(&stage) {
            self.stages.push(stage.clone());
        }
        let mut groups = site.groups.as_ref().clone();
        groups.push(group);
        // The keys are in the prefix from here on.
        let prefix = format!("{own}/").into();
        Site { groups: groups.into(), stage: Some(stage), prefix, keys: Rc::default(), ..site.clone() }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a statement, named once")]
    fn announce_step(
        &mut self,
        loc: Loc,
        name: Option<&Name>,
        site: &Site<'db>,
        call: &'db crate::hir::StepCall,
        expect: Option<ExprId>,
        modifiers: &'db Modifiers,
        announced: &mut FxHashMap<Loc, u32>,
    ) {
        let address = format!("{}{}{}", site.prefix, step_name(name, call), suffix(&site.keys));
        if let Some(index) = self.node(site, address, call, expect, modifiers) {
            announced.insert(loc, index);
            if let Some(name) = name {
                site.scope.set(&name.text, handle(index));
            }
        }
    }

    /// Adds a node to be evaluated later.
    fn node(
        &mut self,
        site: &Site<'db>,
        address: String,
        call: &'db crate::hir::StepCall,
        expect: Option<ExprId>,
        modifiers: &'db Modifiers,
    ) -> Option<u32> {
        let Some(Resolution::Item(capability)) = site.frame.facts.targets.get(&call.path.loc()) else {
            self.faults.push(Fault::Silent);
            return None;
        };
        if self.pending.len() >= MAX_NODES {
            if self.pending.len() == MAX_NODES {
                self.fault(*Fault::too_large(self.context(site).at(call.loc)));
            }
            return None;
        }
        let index = self.pending.len() as u32;
        let mut address: SmolStr = address.into();
        let times = self.addresses.entry(address.clone()).or_insert(0);
        *times += 1;
        if *times > 1 {
            address = format!("{address}#{times}").into();
        }
        let on_failure = modifiers.on_failure.as_ref().and_then(on_failure);
        self.pending.push(Pending {
            site: site.clone(),
            address,
            capability: *capability,
            call,
            expect,
            modifiers,
            on_failure,
        });
        for &group in site.groups.iter() {
            self.groups.borrow_mut()[(group - FIRST_GROUP) as usize].nodes.push(index);
        }
        Some(index)
    }

    fn group(&self, site: &Site<'db>, plan: bool) -> u32 {
        let mut groups = self.groups.borrow_mut();
        groups.push(Group { nodes: Vec::new(), after: None, depth: site.groups.len(), returned: plan.then_some(None) });
        FIRST_GROUP + (groups.len() - 1) as u32
    }

    fn stmts(
        &mut self,
        stmts: &'db [Stmt],
        site: &Site<'db>,
        announced: &FxHashMap<Loc, u32>,
        returned: &mut Option<Value>,
        depth: usize,
    ) {
        for stmt in stmts {
            if let Err(fault) = self.stmt(stmt, site, announced, returned, depth) {
                self.fault(*fault);
            }
        }
    }

    fn stmt(
        &mut self,
        stmt: &'db Stmt,
        site: &Site<'db>,
        announced: &FxHashMap<Loc, u32>,
        returned: &mut Option<Value>,
        depth: usize,
    ) -> Eval<'db, ()> {
        match &stmt.kind {
            StmtKind::Step { name: Some(name), index: Some(index), call, modifiers } => {
                let key = self.member_key(site, name, *index)?;
                let address = format!("{}{}[{}]", site.prefix, name.text, key_text(&key));
                if let Some(node) = self.node(site, address, call, None, modifiers) {
                    self.member(site, name, key, handle(node));
                }
            }
            StmtKind::SubPlan { name: Some(name), index: Some(index), call, modifiers } => {
                let key = self.member_key(site, name, *index)?;
                let group = self.group(site, true);
                let label = format!("{}[{}]", name.text, key_text(&key));
                self.member(site, name, key, handle(group));
                self.sub_plan(site, group, &label, call, modifiers, depth)?;
            }
            StmtKind::SubPlan { name, call, modifiers, .. } => {
                let Some(&group) = announced.get(&stmt.loc) else { return Ok(()) };
                let label = name.as_ref().map_or_else(|| call.path.text(), |name| name.text.clone());
                let label = format!("{label}{}", suffix(&site.keys));
                self.sub_plan(site, group, &label, call, modifiers, depth)?;
            }
            StmtKind::Let(binding) => {
                let value = self.eval(site, binding.value)?;
                site.scope.set(&binding.name.text, value);
            }
            StmtKind::Stage { name, modifiers, body } => {
                let Some(&group) = announced.get(&stmt.loc) else { return Ok(()) };
                self.wait(group, site, modifiers);
                let inner = self.inside_stage(site, name, group);
                self.stmts(body, &inner, announced, returned, depth);
            }
            StmtKind::For { binder, iter, condition, body } => {
                let handles = self.handles(site);
                let rounds = self.evaluator(Some(&handles)).iterate(&mut self.context(site), *iter, binder)?;
                for (first, second) in rounds {
                    let scope = Scope::within(site.scope.clone());
                    let mut keys = site.keys.as_ref().clone();
                    keys.push(key_text(&first));
                    scope.set(&binder.first.text, first);
                    if let (Some(name), Some(second)) = (&binder.second, second) {
                        scope.set(&name.text, second);
                    }
                    let round = Site { scope, keys: keys.into(), ..site.clone() };
                    if let Some(condition) = condition
                        && !self.holds(&round, *condition)?
                    {
                        continue;
                    }
                    self.block(body, &round, returned, depth);
                }
            }
            StmtKind::If { condition, then, otherwise } => {
                let branch = if self.holds(site, *condition)? { then } else { otherwise };
                self.block(branch, site, returned, depth);
            }
            StmtKind::Return(value) => *returned = Some(self.eval(site, *value)?),
            StmtKind::Step { .. } | StmtKind::Gate { .. } | StmtKind::OnFailure(_) | StmtKind::Limit { .. } => {}
        }
        Ok(())
    }

    fn member_key(&self, site: &Site<'db>, name: &Name, index: ExprId) -> Eval<'db> {
        let key = self.eval(site, index)?;
        let cx = self.context(site);
        if !key.is_known() {
            return Err(crate::eval::not_known(cx.expr_at(index)));
        }
        if site.frame.families.borrow().get(&name.text).is_some_and(|members| members.contains_key(&key)) {
            let message = format!("`{}[{}]` names a step already", name.text, key_text(&key));
            return Err(Fault::new(codes::DUPLICATE_STEP, cx.expr_at(index), message));
        }
        Ok(key)
    }

    fn member(&self, site: &Site<'db>, name: &Name, key: Value, handle: Value) {
        site.frame.families.borrow_mut().entry(name.text.clone()).or_default().insert(key, handle);
    }

    fn sub_plan(
        &mut self,
        site: &Site<'db>,
        group: u32,
        label: &str,
        call: &'db PlanCall,
        modifiers: &'db Modifiers,
        depth: usize,
    ) -> Eval<'db, ()> {
        let Some(Resolution::Item(plan)) = site.frame.facts.targets.get(&call.path.loc()) else {
            return Err(Box::new(Fault::Silent));
        };
        let Sig::Plan { params, .. } = &signature(self.db, *plan).sig else { return Err(Box::new(Fault::Silent)) };
        if depth >= MAX_PLAN_DEPTH {
            let at = self.context(site).at(call.path.loc());
            let message = format!("sub-plans nest more than {MAX_PLAN_DEPTH} deep");
            return Err(Fault::new(codes::EVALUATION_TOO_LARGE, at, message));
        }
        self.wait(group, site, modifiers);
        let handles = self.handles(site);
        let evaluator = self.evaluator(Some(&handles));
        let arguments = evaluator.bind_arguments(&mut self.context(site), *plan, params, &call.args)?;
        let prefix = format!("{}{label}/", site.prefix);
        let mut groups = site.groups.as_ref().clone();
        groups.push(group);
        let returned = self.plan(
            *plan,
            arguments.into_iter().collect(),
            site.frame.environment,
            prefix,
            groups.into(),
            site.stage.clone(),
            depth + 1,
        );
        self.groups.borrow_mut()[(group - FIRST_GROUP) as usize].returned = Some(returned);
        Ok(())
    }

    fn wait(&self, group: u32, site: &Site<'db>, modifiers: &'db Modifiers) {
        if !modifiers.after.is_empty() {
            let after = Some((site.clone(), &*modifiers.after));
            self.groups.borrow_mut()[(group - FIRST_GROUP) as usize].after = after;
        }
    }

    // Evaluation -----------------------------------------------------------------------------------------------

    pub(super) fn context(&self, site: &Site<'db>) -> Context<'db> {
        let Frame { plan, tree, facts, .. } = *site.frame;
        let mut cx = Context::new(plan, Part::Body, tree, facts);
        cx.scope = Some(site.scope.clone());
        cx
    }

    pub(super) fn handles<'a>(&'a self, site: &'a Site<'db>) -> FrameHandles<'a, 'db> {
        FrameHandles { frame: &site.frame, groups: &self.groups }
    }

    pub(super) fn evaluator<'a>(&self, handles: Option<&'a dyn Handles>) -> Evaluator<'a, 'db> {
        Evaluator::remembering(self.db, self.memory.clone(), handles)
    }

    pub(super) fn eval(&self, site: &Site<'db>, expr: ExprId) -> Eval<'db> {
        let handles = self.handles(site);
        self.evaluator(Some(&handles)).eval(&mut self.context(site), expr)
    }

    fn holds(&self, site: &Site<'db>, condition: ExprId) -> Eval<'db, bool> {
        match self.eval(site, condition)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(crate::eval::not_known(self.context(site).expr_at(condition))),
        }
    }

    pub(super) fn fault(&mut self, fault: Fault<'db>) {
        self.faults.push(fault);
    }
}

/// What was found, without the warnings that the plans allow, and never without a word where there is no graph.
fn told<'db>(db: &'db dyn Db, plan: Item<'db>, mut done: Instantiated<'db>) -> Instantiated<'db> {
    done.faults.retain(|fault| !is_allowed(db, fault));
    if done.graph.is_none() && done.faults.iter().all(|fault| matches!(fault, Fault::Silent)) {
        let message = format!("`{}` has no graph, because something it needs has errors", plan.name(db));
        let mut finding = Finding::new(codes::NOT_KNOWN_YET, Anchor::name_of(plan), message)
            .help("run `ordain check`, here and in the packages this one depends on");
        if let Some(cause) = crate::check::cause(db, plan) {
            finding = finding.note(Anchor::name_of(cause), "this has errors");
        }
        done.faults.push(Fault::Source(finding));
    }
    done
}

/// Whether a fault is a warning that the declaration it stands in allows.
pub(crate) fn is_allowed<'db>(db: &'db dyn Db, fault: &Fault<'db>) -> bool {
    let Fault::Source(finding) = fault else { return false };
    let code = finding.code.to_string();
    finding.is_warning()
        && finding.at.item.allows(db).iter().any(|allowed| allowed.code.text.eq_ignore_ascii_case(&code))
}

/// Whether a fault keeps a plan from having a graph.
pub(super) fn is_error(fault: &Fault<'_>) -> bool {
    !matches!(fault, Fault::Source(finding) if finding.is_warning())
}

/// Whether a plan takes steps itself, and not only through sub-plans.
fn has_steps(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Step { .. } | StmtKind::Gate { .. } => true,
        StmtKind::Stage { body, .. } | StmtKind::For { body, .. } => has_steps(body),
        StmtKind::If { then, otherwise, .. } => has_steps(then) || has_steps(otherwise),
        _ => false,
    })
}

/// The keys of loops in an address: `[eu-west-1,blue]`.
fn suffix(keys: &[String]) -> String {
    if keys.is_empty() { String::new() } else { format!("[{}]", keys.join(",")) }
}

fn on_failure(name: &Name) -> Option<OnFailure> {
    Some(match name.text.as_str() {
        "stop" => OnFailure::Stop,
        "undo" => OnFailure::Undo,
        "continue" => OnFailure::Continue,
        _ => return None,
    })
}
