//! Policies over plan graphs: every step, and the plan as a whole.

use std::rc::Rc;
use std::sync::Arc;

use ordain_diagnostics::codes;
use ordain_graph::{Date, NodeId, NodeKind, Outcome, PlanGraph, Value, Verdict};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::decide::{Decided, Decider};
use super::explain::{About, Explained};
use super::{about, code_and_severity, subject};
use crate::db::Db;
use crate::eval::{Evaluator, Fault, Following, Memory, Trace};
use crate::hir::{Name, Policy};
use crate::items::{Item, Part};
use crate::plan::{Instantiated, PlanInstance, instantiate, instantiate_in, is_allowed};
use crate::types::{Anchor, Finding, Sig, SubjectTypes, fits, signature, subject_types};

/// A plan graph with the verdicts of all policies that hold for it.
#[derive(Clone, Debug, Default, PartialEq, salsa::SalsaValue)]
pub struct Judged<'db> {
    /// The graph; none where there are errors in the plan. A plan that is denied has one.
    pub graph: Option<Arc<PlanGraph>>,
    /// What was found in the plan and by the policies.
    pub faults: Vec<Fault<'db>>,
}

/// Instantiates a plan and decides every policy about it, as far as that can be done before execution.
///
/// `as_of` is the day on which exemptions are judged. The graph keeps it where it made a difference.
#[salsa::tracked(lru = 64)]
pub fn judge<'db>(db: &'db dyn Db, instance: PlanInstance<'db>, as_of: Option<Date>) -> Judged<'db> {
    judge_in(db, instance.plan(db), instantiate(db, instance), as_of, Rc::default())
}

/// Instantiates and judges a plan anew, and notes what is reached.
pub(crate) fn judge_traced<'db>(
    db: &'db dyn Db,
    instance: PlanInstance<'db>,
    as_of: Option<Date>,
    trace: &Rc<Trace<'db>>,
) -> Judged<'db> {
    let instantiated = instantiate_in(db, instance, Memory::tracing(trace.clone()));
    judge_in(db, instance.plan(db), &instantiated, as_of, Memory::tracing(trace.clone()))
}

fn judge_in<'db>(
    db: &'db dyn Db,
    plan: Item<'db>,
    instantiated: &Instantiated<'db>,
    as_of: Option<Date>,
    memory: Rc<Memory<'db>>,
) -> Judged<'db> {
    let Instantiated { graph, faults, places } = instantiated;
    let Some(graph) = graph else { return Judged { graph: None, faults: faults.clone() } };
    let mut judge = Judge { memory, ..Judge::new(db, plan, graph, places, as_of) };
    judge.faults.clone_from(faults);
    if judge.all() { judge.finish() } else { Judged { graph: Some(graph.clone()), faults: faults.clone() } }
}

/// How one policy came to say what it says about a plan, or why it says nothing: for the plan, or for each step.
pub fn explain<'db>(
    db: &'db dyn Db,
    instance: PlanInstance<'db>,
    as_of: Option<Date>,
    code: &str,
) -> Vec<Explained<'db>> {
    let Instantiated { graph: Some(graph), places, .. } = instantiate(db, instance) else { return Vec::new() };
    let mut judge = Judge::new(db, instance.plan(db), graph, places, as_of);
    judge.only = Some(code.into());
    judge.all();
    judge.explained
}

struct Judge<'a, 'db> {
    db: &'db dyn Db,
    plan: Item<'db>,
    graph: &'a Arc<PlanGraph>,
    places: &'a [Anchor<'db>],
    as_of: Option<Date>,
    memory: Rc<Memory<'db>>,
    verdicts: Vec<Verdict>,
    faults: Vec<Fault<'db>>,
    dated: bool,
    /// The code of the one policy that is to be explained.
    only: Option<SmolStr>,
    explained: Vec<Explained<'db>>,
    /// By the name of a gate, which nodes it guards.
    guarded: FxHashMap<SmolStr, Box<[bool]>>,
}

impl<'a, 'db> Judge<'a, 'db> {
    fn new(
        db: &'db dyn Db,
        plan: Item<'db>,
        graph: &'a Arc<PlanGraph>,
        places: &'a [Anchor<'db>],
        as_of: Option<Date>,
    ) -> Self {
        Self {
            db,
            plan,
            graph,
            places,
            as_of,
            memory: Rc::default(),
            verdicts: Vec::new(),
            faults: Vec::new(),
            dated: false,
            only: None,
            explained: Vec::new(),
            guarded: FxHashMap::default(),
        }
    }

    /// Decides all policies that hold; says whether there are any.
    fn all(&mut self) -> bool {
        let package = self.plan.file(self.db).package(self.db);
        let (steps, plans) = (about(self.db, package, "step"), about(self.db, package, "plan"));
        if steps.is_empty() && plans.is_empty() {
            return false;
        }
        self.steps(&steps, !plans.is_empty());
        true
    }

    /// Every step that some policy is about, and then the plan as a whole, which needs the values of all steps.
    fn steps(&mut self, policies: &[(Item<'db>, &'db Policy)], plans: bool) {
        let by_policy: Vec<(Item<'db>, &'db Policy, &'db SubjectTypes<'db>)> =
            policies.iter().map(|&(item, policy)| (item, policy, subject_types(self.db, item))).collect();
        let mut values = Vec::new();
        for (at, node) in self.graph.nodes.iter().enumerate() {
            let value = subject::step(self.graph, node);
            for &(item, policy, types) in &by_policy {
                let Some(environment) = self.environment(policy, types, node.environment.as_ref()) else { continue };
                let locals = locals(policy, &value, environment);
                self.decide(item, locals, Some(at));
            }
            if plans {
                values.push(value);
            }
        }
        if !plans {
            return;
        }
        let value = subject::plan(self.graph, values);
        let package = self.plan.file(self.db).package(self.db);
        for (item, policy) in about(self.db, package, "plan") {
            let types = subject_types(self.db, item);
            if types.environment.is_none() {
                self.decide(item, locals(policy, &value, None), None);
                continue;
            }
            for name in self.graph.environments.keys() {
                if let Some(environment) = self.environment(policy, types, Some(name)) {
                    self.decide(item, locals(policy, &value, environment), None);
                }
            }
        }
    }

    /// What `in env: T` binds for a step of an environment; `None` where the policy is not about such steps.
    fn environment(
        &self,
        policy: &Policy,
        types: &SubjectTypes<'db>,
        name: Option<&SmolStr>,
    ) -> Option<Option<(SmolStr, Value)>> {
        let Some((bound, _)) = policy.subject.as_ref().and_then(|subject| subject.environment.as_ref()) else {
            return Some(None);
        };
        let name = name?;
        let item = crate::item_by_name(self.db, self.plan.file(self.db).package(self.db), name)?;
        let Sig::Environment(actual) = &signature(self.db, item).sig else { return None };
        if !fits(self.db, actual, types.environment.as_ref()?) {
            return None;
        }
        let facts = self.graph.environments.get(name)?.facts.clone();
        Some(Some((bound.text.clone(), facts)))
    }

    fn decide(&mut self, item: Item<'db>, locals: Vec<(SmolStr, Value)>, node: Option<usize>) {
        let (code, severity) = code_and_severity(self.db, item);
        if self.only.as_ref().is_some_and(|only| *only != code) {
            return;
        }
        let package = self.plan.file(self.db).package(self.db);
        let evaluator =
            Evaluator::remembering(self.db, self.memory.clone(), None).following(Following::Declared(package));
        let Some(decider) = Decider::new(self.db, &evaluator, item, locals, self.as_of) else { return };
        if self.only.is_some() {
            let about = node.map_or(About::Plan, |at| About::Step(self.graph.nodes[at].address.clone()));
            self.explained.push(Explained::new(item, about, decider.explained().run()));
            return;
        }
        let Decided { rulings, faults, used, dated, .. } = decider.run();
        self.dated |= dated;
        self.faults.extend(faults);
        for (position, over) in used {
            if over {
                self.expired(item, position);
            }
        }
        for ruling in rulings {
            let outcome = match ruling.outcome {
                Outcome::Gate { name, .. } => {
                    let present = self.has_gate(&name, node);
                    Outcome::Gate { name, present }
                }
                other => other,
            };
            let verdict = Verdict {
                code: code.clone(),
                node: node.map(|at| self.graph.nodes[at].id.clone()),
                policy: crate::qualified_name(self.db, item),
                severity,
                outcome,
                when: ruling.when,
                because: ruling.because,
                exempt: ruling.exempt,
            };
            self.tell(item, node, &verdict);
            self.verdicts.push(verdict);
        }
    }

    /// Whether a gate of that name, in whatever stage or sub-plan, stands before a step; for the plan, whether it has one.
    fn has_gate(&mut self, name: &SmolStr, node: Option<usize>) -> bool {
        let guarded = self.guarded.entry(name.clone()).or_insert_with(|| guarded(self.graph, name));
        node.map_or_else(|| guarded.contains(&true), |at| guarded[at])
    }

    /// What is said of a verdict before execution: what denies is an error, what warns a warning.
    fn tell(&mut self, item: Item<'db>, node: Option<usize>, verdict: &Verdict) {
        if verdict.exempt.is_some() || verdict.when.is_some() {
            return;
        }
        let (code, what, message) = match &verdict.outcome {
            Outcome::Deny { message } => (codes::DENIED_BY_POLICY, "denies", message),
            Outcome::Warn { message } => (codes::POLICY_WARNING, "warns of", message),
            Outcome::Gate { name, present: false } => {
                let message = Value::string(match self.has_gate(name, None) {
                    true => format!("the gate `{name}` is there, but the step does not wait for it"),
                    false => format!("there is no gate `{name}`"),
                });
                (codes::DENIED_BY_POLICY, "denies", &Some(message))
            }
            Outcome::Approval { group, .. } | Outcome::Escalate { group } => return self.group(item, node, group),
            Outcome::Gate { present: true, .. } => return,
        };
        let subject = match node {
            Some(at) => format!("`{}`", self.graph.nodes[at].address),
            None => "the plan".into(),
        };
        let text = |value: &Value| ordain_graph::display(value).unwrap_or_default();
        let message = match message.as_ref().or(verdict.because.as_ref()) {
            Some(message) => format!("{} {what} {subject}: {}", verdict.code, text(message)),
            None => format!("{} {what} {subject}", verdict.code),
        };
        let mut finding = Finding::new(code, self.place(node), message).note(Anchor::name_of(item), "by this policy");
        if let Some(because) = &verdict.because {
            finding = finding.help(text(because));
        }
        self.faults.push(Fault::Source(finding));
    }

    /// A group that no environment of the plan has can never agree.
    fn group(&mut self, item: Item<'db>, node: Option<usize>, group: &SmolStr) {
        let environment = node.and_then(|at| self.graph.nodes[at].environment.as_ref());
        let mut candidates =
            self.graph.environments.iter().filter(|(name, _)| environment.is_none_or(|own| own == *name));
        if candidates.any(|(_, environment)| environment.groups.contains_key(group)) {
            return;
        }
        let message = format!(
            "{} asks for `{group}`, a group that the environment does not have",
            code_and_severity(self.db, item).0
        );
        let finding = Finding::new(codes::UNKNOWN_GROUP, self.place(node), message)
            .note(Anchor::name_of(item), "asked for by this policy")
            .help(format!("add `group {group} = [\"…\"]` to the environment"));
        self.faults.push(Fault::Source(finding));
    }

    fn expired(&mut self, item: Item<'db>, position: usize) {
        let crate::hir::Body::Policy(policy) = &item.body(self.db).body else { return };
        let exemption = &policy.exemptions[position];
        let loc = item.body(self.db).tree[exemption.until.unwrap_or(exemption.condition)].loc;
        let message = match self.as_of {
            Some(as_of) => format!("this exemption has run out by {as_of}"),
            None => "without a day, an exemption that ends does not count".into(),
        };
        let finding = Finding::new(codes::EXEMPTION_OVER, Anchor { item, part: Part::Body, loc }, message)
            .help("settle what it is about, or decide anew and give it another day");
        let fault = Fault::Source(finding);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn place(&self, node: Option<usize>) -> Anchor<'db> {
        node.and_then(|at| self.places.get(at)).copied().unwrap_or_else(|| Anchor::name_of(self.plan))
    }

    fn finish(mut self) -> Judged<'db> {
        self.faults.retain(|fault| !is_allowed(self.db, fault));
        self.verdicts.sort_unstable();
        self.verdicts.dedup();
        let mut graph = self.graph.as_ref().clone();
        graph.as_of = self.as_of.filter(|_| self.dated);
        graph.verdicts = self.verdicts;
        // What is wrong with the policies themselves leaves open what they say.
        let broken = |fault: &Fault<'db>| match fault {
            Fault::Source(finding) => !finding.is_warning() && finding.code != codes::DENIED_BY_POLICY,
            Fault::Data(_) | Fault::Silent => true,
        };
        let whole = !self.faults.iter().any(broken);
        Judged { graph: whole.then(|| Arc::new(graph)), faults: self.faults }
    }
}

/// Which nodes of a graph run only once a gate of that name holds: those that wait for one, directly or through others,
/// and the gates themselves.
fn guarded(graph: &PlanGraph, name: &str) -> Box<[bool]> {
    let mut known: FxHashMap<&NodeId, bool> = FxHashMap::default();
    // What a node waits for stands before it.
    let guarded = graph.nodes.iter().map(|node| {
        let own = node.address.rsplit('/').next().unwrap_or_default();
        let is_gate = matches!(node.kind, NodeKind::Gate { .. }) && own.split('[').next() == Some(name);
        let guarded = is_gate || node.depends_on.iter().any(|before| known.get(&before.on) == Some(&true));
        known.insert(&node.id, guarded);
        guarded
    });
    guarded.collect()
}

/// The names that a policy's subject binds.
fn locals(policy: &Policy, value: &Value, environment: Option<(SmolStr, Value)>) -> Vec<(SmolStr, Value)> {
    let subject = policy.subject.as_ref();
    let name = |name: &Name| (name.text.clone(), value.clone());
    let own = subject.map(|subject| match &subject.binding {
        Some((bound, _)) => name(bound),
        None => name(&subject.kind),
    });
    own.into_iter().chain(environment).collect()
}
