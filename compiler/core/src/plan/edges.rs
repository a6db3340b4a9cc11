//! From the collected steps to the finished graph: what waits for what, and what the graph itself finds wrong.

use std::collections::{BTreeMap, BTreeSet};

use ordain_diagnostics::codes;
use ordain_graph::{DraftNode, DraftPlan, Fields, GraphError, NodeRef, PackageRef, PlanGraph, Residual, Value, Why};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use std::sync::Arc;

use super::Instantiated;
use super::draft::{FIRST_GROUP, Pending, Site};
use super::expand::{Expansion, is_error};
use crate::eval::{Eval, Fault, without_declaration};
use crate::hir::{ExprId, ExprKind};
use crate::items::Item;
use crate::types::{Anchor, Finding, Ty};

/// Something that waits, and what for: handles of nodes and groups.
struct Wait {
    subject: u32,
    depth: usize,
    targets: Vec<u32>,
}

impl<'db> Expansion<'db> {
    pub(super) fn finish(mut self, plan: Item<'db>, arguments: &Value, returned: Option<Value>) -> Instantiated<'db> {
        let mut nodes = Vec::with_capacity(self.pending.len());
        let mut waits = Vec::new();
        for index in 0..self.pending.len() as u32 {
            match self.draft(index) {
                Ok(node) => nodes.push(node),
                Err(fault) => self.fault(*fault),
            }
            let Pending { site, modifiers, .. } = &self.pending[index as usize];
            if !modifiers.after.is_empty() {
                let (site, modifiers) = (site.clone(), *modifiers);
                self.collect_wait(index, &site, &modifiers.after, site.groups.len(), &mut waits);
            }
        }
        let groups = self.groups.borrow().len();
        for at in 0..groups {
            let (after, depth) = {
                let groups = self.groups.borrow();
                (groups[at].after.clone(), groups[at].depth)
            };
            if let Some((site, after)) = after {
                self.collect_wait(FIRST_GROUP + at as u32, &site, after, depth, &mut waits);
            }
        }
        if self.faults.iter().any(is_error) {
            return Instantiated::without_graph(self.faults);
        }
        self.connect(&mut nodes, waits);
        self.conflicts(&nodes);
        if self.faults.iter().any(is_error) {
            return Instantiated::without_graph(self.faults);
        }
        self.assemble(plan, arguments, returned, nodes)
    }

    fn collect_wait(&mut self, subject: u32, site: &Site<'db>, after: &[ExprId], depth: usize, waits: &mut Vec<Wait>) {
        let mut targets = Vec::new();
        for &expr in after {
            if let Some(family) = self.family(site, expr) {
                targets.extend(family);
                continue;
            }
            match self.eval(site, expr) {
                Ok(value) => {
                    if let Err(fault) = self.targets(site, expr, &value, &mut targets) {
                        self.fault(*fault);
                    }
                }
                Err(fault) => self.fault(*fault),
            }
        }
        if !targets.is_empty() {
            waits.push(Wait { subject, depth, targets });
        }
    }

    /// All members of the family an expression names: waiting for `jobs` is waiting for every `jobs[…]`.
    fn family(&self, site: &Site<'db>, expr: ExprId) -> Option<Vec<u32>> {
        if !matches!(site.frame.facts.types.get(expr.0 as usize)?, Ty::Family(_)) {
            return None;
        }
        let ExprKind::Name(name) = &site.frame.tree[expr].kind else { return None };
        let families = site.frame.families.borrow();
        let mut members = Vec::new();
        for member in families.get(name)?.values() {
            if let Value::Residual(residual) = member
                && let Residual::Output { node: NodeRef::Index(index), .. } = residual.as_ref()
            {
                members.push(*index);
            }
        }
        Some(members)
    }

    fn targets(&self, site: &Site<'db>, expr: ExprId, value: &Value, targets: &mut Vec<u32>) -> Eval<'db, ()> {
        match value {
            Value::List(elements) => elements.iter().try_for_each(|each| self.targets(site, expr, each, targets)),
            Value::Residual(residual) => match residual.as_ref() {
                Residual::Output { node: NodeRef::Index(index), path } if path.is_empty() => {
                    targets.push(*index);
                    Ok(())
                }
                _ => Err(self.not_a_step(site, expr)),
            },
            _ => Err(self.not_a_step(site, expr)),
        }
    }

    fn not_a_step(&self, site: &Site<'db>, expr: ExprId) -> Box<Fault<'db>> {
        Fault::new(codes::UNKNOWN_STEP, self.context(site).expr_at(expr), "this is not a step")
    }

    /// Adds the edges of `after`. Steps come first, then groups from the innermost outwards, so that the ends of a group
    /// are known when something waits for it.
    fn connect(&self, nodes: &mut [DraftNode], mut waits: Vec<Wait>) {
        if waits.is_empty() {
            return;
        }
        let groups = self.groups.borrow();
        let mut edges: Vec<FxHashSet<u32>> = nodes.iter().map(data_edges).collect();
        let mut has_dependent = Dependents::new(&edges);
        waits.sort_by_key(|wait| {
            let to_groups = wait.targets.iter().any(|target| *target >= FIRST_GROUP);
            (std::cmp::Reverse(wait.depth), wait.subject >= FIRST_GROUP, to_groups)
        });
        for wait in &waits {
            let mut targets: BTreeSet<u32> = BTreeSet::new();
            let mut open: Vec<u32> = wait.targets.clone();
            let mut seen: FxHashSet<u32> = FxHashSet::default();
            while let Some(target) = open.pop() {
                if !seen.insert(target) {
                    continue;
                }
                if target < FIRST_GROUP {
                    targets.insert(target);
                    continue;
                }
                let members = &groups[(target - FIRST_GROUP) as usize].nodes;
                if members.is_empty() {
                    // A group without steps passes on what it waits for itself.
                    open.extend(
                        waits
                            .iter()
                            .filter(|wait| wait.subject == target)
                            .flat_map(|wait| wait.targets.iter().copied()),
                    );
                    continue;
                }
                let inside: FxHashSet<u32> = members.iter().copied().collect();
                targets.extend(members.iter().filter(|node| !has_dependent.within(**node, &inside)));
            }
            let subjects: Vec<u32> = match wait.subject.checked_sub(FIRST_GROUP) {
                None => vec![wait.subject],
                Some(group) => {
                    let members = &groups[group as usize].nodes;
                    let inside: FxHashSet<u32> = members.iter().copied().collect();
                    let heads = members.iter().filter(|node| edges[**node as usize].is_disjoint(&inside));
                    heads.copied().collect()
                }
            };
            for &subject in &subjects {
                for &target in &targets {
                    nodes[subject as usize].depends_on.push((target, Why::After));
                    edges[subject as usize].insert(target);
                    has_dependent.add(target, subject);
                }
            }
        }
    }

    /// Two steps that claim the same resource in different ways.
    fn conflicts(&mut self, nodes: &[DraftNode]) {
        let mut claimed: FxHashMap<(&SmolStr, &Option<SmolStr>, &Value), usize> = FxHashMap::default();
        let mut found = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let Some(key) = node.key.as_ref().filter(|key| key.is_known()) else { continue };
            match claimed.entry((&node.contract.capability, &node.environment, key)) {
                std::collections::hash_map::Entry::Vacant(slot) => {
                    slot.insert(at);
                }
                std::collections::hash_map::Entry::Occupied(first) if nodes[*first.get()].inputs != node.inputs => {
                    found.push((*first.get(), at));
                }
                std::collections::hash_map::Entry::Occupied(_) => {}
            }
        }
        for (first, again) in found {
            let key = nodes[again].key.as_ref().and_then(|key| ordain_graph::display(key).ok()).unwrap_or_default();
            let (one, other) = (&self.pending[first], &self.pending[again]);
            let message = format!(
                "`{}` and `{}` claim the same `{}` ({key}) with different inputs",
                one.address, other.address, nodes[again].contract.capability
            );
            let at = |index: usize| self.context(&self.pending[index].site).at(self.pending[index].call.path.loc());
            let finding = Finding::new(codes::CONFLICTING_STEPS, at(again), message)
                .note(at(first), "first claimed here")
                .help("give them different keys, or make one step of them");
            self.faults.push(Fault::Source(finding));
        }
    }

    fn assemble(
        mut self,
        plan: Item<'db>,
        arguments: &Value,
        returned: Option<Value>,
        nodes: Vec<DraftNode>,
    ) -> Instantiated<'db> {
        let mut environments = BTreeMap::new();
        let mut adapters = BTreeMap::new();
        let package = plan.file(self.db).package(self.db);
        for name in nodes.iter().filter_map(|node| node.environment.as_ref()) {
            if !environments.contains_key(name)
                && let Some(&item) = self.named.get(name)
                && let Some(environment) = self.environment(item)
            {
                environments.insert(name.clone(), environment);
            }
        }
        let undo = nodes.iter().filter_map(|node| node.undo.as_ref()?.adapter.as_ref());
        for name in nodes.iter().filter_map(|node| node.adapter.as_ref()).chain(undo) {
            if !adapters.contains_key(name)
                && let Some(&item) = self.named.get(name)
                && let Some(adapter) = self.adapter(item)
            {
                adapters.insert(name.clone(), adapter);
            }
        }
        // An environment or adapter that is mistaken would be left out of the graph.
        if self.faults.iter().any(is_error) {
            return Instantiated::without_graph(self.faults);
        }
        let arguments = match without_declaration(arguments.clone()) {
            Value::Record(fields) => fields.as_ref().clone(),
            _ => Fields::default(),
        };
        let draft = DraftPlan {
            plan: crate::qualified_name(self.db, plan),
            package: self.package_ref(package),
            arguments,
            environments,
            adapters,
            data: self.memory.data.borrow().iter().map(|&file| crate::eval::data_digest(self.db, file)).collect(),
            stages: std::mem::take(&mut self.stages),
            on_failure: self.on_failure,
            nodes,
            returns: returned.map(without_declaration),
        };
        match ordain_graph::finish(draft) {
            Ok(finished) => {
                for identical in &finished.identical {
                    self.identical(identical);
                }
                let places = self.places(&finished.graph);
                Instantiated { graph: Some(Arc::new(finished.graph)), faults: self.faults, places }
            }
            Err(errors) => {
                for error in errors {
                    self.graph_error(error);
                }
                Instantiated::without_graph(self.faults)
            }
        }
    }

    fn package_ref(&self, package: crate::db::Package) -> PackageRef {
        let manifest = &crate::manifest(self.db, package).manifest;
        PackageRef { name: manifest.name.clone(), version: manifest.version.clone() }
    }

    /// Where the nodes of the finished graph are called.
    fn places(&self, graph: &PlanGraph) -> Vec<Anchor<'db>> {
        let by_address: FxHashMap<&SmolStr, u32> =
            self.pending.iter().zip(0..).map(|(pending, index)| (&pending.address, index)).collect();
        // INVARIANT: a node has the address of the step it was made of.
        graph.nodes.iter().filter_map(|node| by_address.get(&node.address)).map(|&index| self.step_at(index)).collect()
    }

    fn step_at(&self, index: u32) -> Anchor<'db> {
        let pending = &self.pending[index as usize];
        self.context(&pending.site).at(pending.call.path.loc())
    }

    fn identical(&mut self, indices: &[u32]) {
        let [first, rest @ ..] = indices else { return };
        for again in rest {
            // A sub-plan asked for twice with equal arguments is shared on purpose; the same line twice is a slip.
            let (one, other) = (&self.pending[*first as usize], &self.pending[*again as usize]);
            let message = format!("`{}` is the same operation as `{}` and runs once", other.address, one.address);
            let finding = Finding::new(codes::IDENTICAL_STEP, self.step_at(*again), message)
                .note(self.step_at(*first), "the same operation")
                .help("make their inputs differ, or let one run `after` the other, if both are meant");
            self.faults.push(Fault::Source(finding));
        }
    }

    fn graph_error(&mut self, error: GraphError) {
        match error {
            GraphError::Cycle { indices } => {
                let Some(&first) = indices.first() else { return };
                let path: Vec<String> = indices
                    .iter()
                    .chain(&[first])
                    .map(|&index| format!("`{}`", self.pending[index as usize].address))
                    .collect();
                let message = format!("steps wait for each other: {}", path.join(" → "));
                let mut finding = Finding::new(codes::STEP_CYCLE, self.step_at(first), message)
                    .help("remove one of the dependencies; each step waits for the next one named");
                for &index in indices.iter().skip(1).take(8) {
                    let message = format!("`{}`", self.pending[index as usize].address);
                    finding = finding.note(self.step_at(index), message);
                }
                self.faults.push(Fault::Source(finding));
            }
        }
    }
}

/// The nodes whose outputs a node uses.
fn data_edges(node: &DraftNode) -> FxHashSet<u32> {
    let mut found = FxHashSet::default();
    residuals(&node.inputs, &mut found);
    if let Some(key) = &node.key {
        residuals(key, &mut found);
    }
    found
}

fn residuals(value: &Value, found: &mut FxHashSet<u32>) {
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { node: NodeRef::Index(index), .. } => {
                found.insert(*index);
            }
            Residual::Apply { args, .. } => args.iter().for_each(|arg| residuals(arg, found)),
            _ => {}
        },
        Value::List(elements) => elements.iter().for_each(|each| residuals(each, found)),
        Value::Map(entries) => entries.values().for_each(|each| residuals(each, found)),
        Value::Record(fields) => fields.values().for_each(|each| residuals(each, found)),
        _ => {}
    }
}

/// Who depends on a node.
struct Dependents {
    of: Vec<Vec<u32>>,
}

impl Dependents {
    fn new(edges: &[FxHashSet<u32>]) -> Self {
        let mut of = vec![Vec::new(); edges.len()];
        for (from, targets) in edges.iter().enumerate() {
            for &to in targets {
                if let Some(dependents) = of.get_mut(to as usize) {
                    dependents.push(from as u32);
                }
            }
        }
        Self { of }
    }

    fn add(&mut self, node: u32, dependent: u32) {
        self.of[node as usize].push(dependent);
    }

    /// Whether one of a group's nodes depends on this one.
    fn within(&self, node: u32, group: &FxHashSet<u32>) -> bool {
        self.of[node as usize].iter().any(|dependent| group.contains(dependent))
    }
}
