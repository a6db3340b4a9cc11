//! Running one test.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use ordain_diagnostics::{Diagnostic, codes};
use ordain_graph::{Date, Outcome, PlanGraph, Value, Verdict};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::any::{Random, make, smaller};
use crate::db::Db;
use crate::eval::{Context, Eval, Evaluator, Fault, Following, Memory, Trace, without_declaration};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, Name, PathRef, PlanCall, TestStmt, TypeId};
use crate::items::Item;
use crate::plan::PlanInstance;
use crate::policy::{Decided, decide_on, judge, judge_traced};
use crate::types::{Anchor, Finding, Resolution, Sig, Ty, signature, written_type};

/// How many values `for any` goes over.
const CASES: usize = 100;

/// How many smaller values are tried when one of them fails.
const MAX_SHRINKS: usize = 500;

/// How many characters are shown of what a loop is at.
const MAX_ROW: usize = 300;

/// How a test went.
#[derive(Clone, Debug, PartialEq)]
pub struct TestRun<'db> {
    /// The test.
    pub item: Item<'db>,
    /// How many expectations were looked at.
    pub expectations: usize,
    /// What was not as expected; a test without failures has passed.
    pub failures: Vec<Failure<'db>>,
}

/// An expectation that was not met, or could not be looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure<'db> {
    /// Where it stands.
    pub at: Anchor<'db>,
    /// What is wrong.
    pub message: String,
    /// The values of names and parts that show why, in the order of the source.
    pub values: Vec<(String, String)>,
}

impl Failure<'_> {
    /// As a diagnostic.
    pub fn locate(&self, db: &dyn Db) -> Diagnostic {
        let mut finding = Finding::new(codes::EXPECTATION_FAILED, self.at, self.message.clone());
        let said: Vec<String> = self.values.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        if !said.is_empty() {
            finding = finding.label(said.join("; "));
        }
        finding.locate(db)
    }
}

/// Runs a test. Exemptions are judged as of a day.
pub fn run_test<'db>(db: &'db dyn Db, item: Item<'db>, as_of: Option<Date>) -> TestRun<'db> {
    run_with(db, item, as_of, None)
}

/// Runs a test, and notes what it goes through where that is asked for.
pub(super) fn run_with<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    as_of: Option<Date>,
    trace: Option<&Rc<Trace<'db>>>,
) -> TestRun<'db> {
    let memory = trace.map_or_else(Rc::default, |trace| Memory::tracing(trace.clone()));
    let evaluator = Evaluator::remembering(db, memory, None).following(Following::Declared(item.file(db).package(db)));
    let cx = Context::body(db, item);
    let mut runner =
        Runner { db, item, evaluator, cx, as_of, plans: FxHashMap::default(), expectations: 0, failures: Vec::new() };
    if let Body::Test(stmts) = &item.body(db).body {
        runner.stmts(stmts);
    }
    TestRun { item, expectations: runner.expectations, failures: runner.failures }
}

struct Runner<'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    evaluator: Evaluator<'db, 'db>,
    cx: Context<'db>,
    as_of: Option<Date>,
    plans: FxHashMap<SmolStr, Arc<PlanGraph>>,
    expectations: usize,
    failures: Vec<Failure<'db>>,
}

impl<'db> Runner<'db> {
    fn stmts(&mut self, stmts: &'db [TestStmt]) {
        let (mark, plans) = (self.cx.locals.len(), self.plans.clone());
        for stmt in stmts {
            if let Err(fault) = self.stmt(stmt) {
                // What follows may need what could not be had.
                self.fault(*fault);
                break;
            }
        }
        self.cx.locals.truncate(mark);
        self.plans = plans;
    }

    fn stmt(&mut self, stmt: &'db TestStmt) -> Eval<'db, ()> {
        match stmt {
            TestStmt::Let(binding) => {
                if let ExprKind::Plan(call) = &self.cx.tree[binding.value].kind {
                    if let Some(graph) = self.plan(call)? {
                        self.plans.insert(binding.name.text.clone(), graph);
                    }
                } else {
                    let value = self.evaluator.eval(&mut self.cx, binding.value)?;
                    self.cx.locals.push((binding.name.text.clone(), value));
                }
            }
            TestStmt::For { binder, iter, body } => {
                for (first, second) in self.evaluator.iterate(&mut self.cx, *iter, binder)? {
                    let (mark, before) = (self.cx.locals.len(), self.failures.len());
                    self.cx.locals.push((binder.first.text.clone(), first));
                    if let (Some(name), Some(second)) = (&binder.second, second) {
                        self.cx.locals.push((name.text.clone(), second));
                    }
                    self.stmts(body);
                    if self.failures.len() > before {
                        let bound = self.cx.locals[mark..].iter();
                        let bound: Vec<_> = bound.map(|(name, value)| (name.to_string(), shown_row(value))).collect();
                        for failure in &mut self.failures[before..] {
                            failure.values.splice(0..0, bound.iter().cloned());
                        }
                    }
                    self.cx.locals.truncate(mark);
                }
            }
            TestStmt::ForAny { name, ty, body } => self.for_any(name, *ty, body),
            TestStmt::Expect(condition) => self.expect(*condition)?,
            TestStmt::ExpectPlan { subject, verdict, code } => self.expect_plan(*subject, verdict, code.as_ref())?,
            TestStmt::ExpectPolicy { verdict, code: _, policy, input } => {
                self.expect_policy(verdict, policy, *input)?
            }
        }
        Ok(())
    }

    fn expect(&mut self, condition: ExprId) -> Eval<'db, ()> {
        self.expectations += 1;
        match self.evaluator.eval(&mut self.cx, condition)? {
            Value::Bool(true) => {}
            _ => {
                let values = self.parts(condition);
                self.fail(self.cx.expr_at(condition), "this is not so", values);
            }
        }
        Ok(())
    }

    /// The values that show why a condition does not hold: both sides of a comparison, and the names in scope.
    fn parts(&mut self, condition: ExprId) -> Vec<(String, String)> {
        let mut values = Vec::new();
        if let ExprKind::Binary { op, left, right } = self.cx.tree[condition].kind {
            if matches!(op, BinaryOp::And) {
                for side in [left, right] {
                    if self.evaluator.eval(&mut self.cx, side) == Ok(Value::Bool(false)) {
                        return self.parts(side);
                    }
                }
            }
            for (name, side) in [("left side", left), ("right side", right)] {
                if let Ok(value) = self.evaluator.eval(&mut self.cx, side) {
                    values.push((name.to_owned(), shown(&value)));
                }
            }
        }
        values
    }

    fn expect_plan(&mut self, subject: ExprId, verdict: &Name, code: Option<&Name>) -> Eval<'db, ()> {
        self.expectations += 1;
        let graph = match &self.cx.tree[subject].kind {
            ExprKind::Name(name) => self.plans.get(name).cloned(),
            ExprKind::Plan(call) => self.plan(call)?,
            _ => None,
        };
        // Where there is no plan, that was told when it was made.
        let Some(graph) = graph else { return Ok(()) };
        let in_force = |verdict: &&Verdict| verdict.exempt.is_none();
        let about: Vec<&Verdict> = graph
            .verdicts
            .iter()
            .filter(in_force)
            .filter(|verdict| code.is_none_or(|code| code.text == verdict.code))
            .collect();
        let verb = verb(&verdict.text);
        let met = match verb {
            "allow" => about.iter().all(|verdict| matches!(verdict.outcome, Outcome::Warn { .. })),
            _ => about.iter().any(|verdict| verdict.when.is_none() && is(verb, &verdict.outcome)),
        };
        if !met {
            let said: BTreeSet<(String, String)> =
                graph.verdicts.iter().map(|verdict| (verdict.code.to_string(), phrase(verdict))).collect();
            let values = said.into_iter().collect();
            let message = match code {
                Some(code) => format!("{} does not {verb} `{}`", code.text, graph.plan),
                None if verb == "allow" => format!("policies stand against `{}`", graph.plan),
                None => format!("no policy does {verb} `{}`", graph.plan),
            };
            self.fail(self.at(verdict), message, values);
        }
        Ok(())
    }

    fn expect_policy(&mut self, verdict: &Name, policy: &PathRef, input: ExprId) -> Eval<'db, ()> {
        self.expectations += 1;
        let Some(&Resolution::Item(item)) = self.cx.facts.targets.get(&policy.loc()) else {
            return Err(Box::new(Fault::Silent));
        };
        let value = self.evaluator.eval(&mut self.cx, input)?;
        let decided = decide_on(self.db, &self.evaluator, item, value, self.as_of);
        if !decided.faults.is_empty() {
            // It is denied then, but not for what the test is about.
            let why = decided.faults.into_iter().map(|fault| ("because".to_owned(), self.told(fault).1)).collect();
            self.fail(self.at(verdict), format!("`{}` cannot be decided here", policy.text()), why);
            return Ok(());
        }
        let in_force: Vec<&Outcome> =
            decided.rulings.iter().filter(|ruling| ruling.exempt.is_none()).map(|ruling| &ruling.outcome).collect();
        let verb = verb(&verdict.text);
        let met = match verb {
            // One policy that only warns says something, too: otherwise no test could tell when it is quiet.
            "allow" => in_force.is_empty() && !decided.permitted,
            "permit" => decided.permitted,
            _ => in_force.iter().any(|outcome| is(verb, outcome)),
        };
        if !met {
            let values = said(&decided);
            let message = format!("`{}` does not {verb} here", policy.text());
            self.fail(self.at(verdict), message, values);
        }
        Ok(())
    }

    /// The values made from a type, and the smallest that fails.
    fn for_any(&mut self, name: &Name, ty: TypeId, body: &'db [TestStmt]) {
        let ty = written_type(self.db, self.item, ty);
        let mut random = Random::of(self.item.name(self.db));
        for case in 0..CASES {
            let Some(value) = make(self.db, &ty, &mut random, case) else {
                let message = format!("no values can be made of `{}`", ty.display(self.db));
                self.fail(self.at(name), message, Vec::new());
                return;
            };
            if self.passes(name, &value, body) {
                continue;
            }
            let least = self.least(name, &ty, value, body);
            let before = self.failures.len();
            self.with(name, least.clone(), body);
            for failure in &mut self.failures[before..] {
                failure.values.insert(0, (name.text.to_string(), shown(&least)));
            }
            return;
        }
    }

    /// A value that fails, as small as can be found.
    fn least(&mut self, name: &Name, ty: &Ty<'db>, mut value: Value, body: &'db [TestStmt]) -> Value {
        let mut left = MAX_SHRINKS;
        'smaller: loop {
            for candidate in smaller(self.db, ty, &value) {
                if left == 0 {
                    return value;
                }
                left -= 1;
                if !self.passes(name, &candidate, body) {
                    value = candidate;
                    continue 'smaller;
                }
            }
            return value;
        }
    }

    fn passes(&mut self, name: &Name, value: &Value, body: &'db [TestStmt]) -> bool {
        let before = self.failures.len();
        self.with(name, value.clone(), body);
        let passes = self.failures.len() == before;
        self.failures.truncate(before);
        passes
    }

    fn with(&mut self, name: &Name, value: Value, body: &'db [TestStmt]) {
        self.cx.locals.push((name.text.clone(), value));
        self.stmts(body);
        self.cx.locals.pop();
    }

    /// Compiles and judges a plan; what is wrong with it is a failure.
    fn plan(&mut self, call: &PlanCall) -> Eval<'db, Option<Arc<PlanGraph>>> {
        let Some(&Resolution::Item(plan)) = self.cx.facts.targets.get(&call.path.loc()) else {
            return Err(Box::new(Fault::Silent));
        };
        let Sig::Plan { params, .. } = &signature(self.db, plan).sig else { return Err(Box::new(Fault::Silent)) };
        let arguments = self.evaluator.bind_arguments(&mut self.cx, plan, params, &call.args)?;
        let instance = PlanInstance::new(self.db, plan, Value::record(arguments));
        let judged = match self.evaluator.trace() {
            None => judge(self.db, instance, self.as_of),
            Some(trace) => &judge_traced(self.db, instance, self.as_of, trace),
        };
        if judged.graph.is_none() {
            let at = self.cx.at(call.path.loc());
            let first = judged.faults.iter().find_map(|fault| fault.locate(self.db));
            let values = first.map(|first| vec![("because".to_owned(), first.message)]).unwrap_or_default();
            self.fail(at, format!("`{}` cannot be planned", call.path.text()), values);
        }
        Ok(judged.graph.clone())
    }

    fn at(&self, name: &Name) -> Anchor<'db> {
        self.cx.at(name.loc)
    }

    fn fail(&mut self, at: Anchor<'db>, message: impl Into<String>, values: Vec<(String, String)>) {
        self.failures.push(Failure { at, message: message.into(), values });
    }

    fn fault(&mut self, fault: Fault<'db>) {
        let (at, message) = self.told(fault);
        self.fail(at, message, Vec::new());
    }

    /// Where a fault is, and what it says.
    fn told(&self, fault: Fault<'db>) -> (Anchor<'db>, String) {
        match fault {
            Fault::Source(finding) => (finding.at, finding.message),
            Fault::Data(diagnostic) => (Anchor::name_of(self.item), diagnostic.message),
            Fault::Silent => (Anchor::name_of(self.item), "the test has errors".into()),
        }
    }
}

/// A verdict's verb: plans have `denies`, policies `deny`.
fn verb(verdict: &str) -> &str {
    match verdict {
        "denies" => "deny",
        other => other.strip_suffix('s').unwrap_or(other),
    }
}

/// Whether an outcome is what a verb of a test means.
fn is(verb: &str, outcome: &Outcome) -> bool {
    match verb {
        "deny" | "forbid" => matches!(outcome, Outcome::Deny { .. } | Outcome::Gate { present: false, .. }),
        "warn" => matches!(outcome, Outcome::Warn { .. }),
        "require" => {
            matches!(outcome, Outcome::Approval { .. } | Outcome::Escalate { .. } | Outcome::Gate { .. })
        }
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    ordain_graph::written(&without_declaration(value.clone()))
}

/// What a loop is at, cut where it is long: a row of a table is told from others by its beginning.
fn shown_row(value: &Value) -> String {
    let text = shown(value);
    match text.char_indices().nth(MAX_ROW) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn said(decided: &Decided<'_>) -> Vec<(String, String)> {
    if decided.permitted {
        return vec![("it says".into(), "permitted".into())];
    }
    if decided.rulings.is_empty() {
        return vec![("it says".into(), "nothing".into())];
    }
    let phrase = |outcome: &Outcome, exempt: bool| {
        let said = outcome_phrase(outcome);
        if exempt { format!("{said}, but it is exempt") } else { said }
    };
    decided.rulings.iter().map(|ruling| ("it says".into(), phrase(&ruling.outcome, ruling.exempt.is_some()))).collect()
}

fn phrase(verdict: &Verdict) -> String {
    let mut said = outcome_phrase(&verdict.outcome);
    if verdict.when.is_some() {
        said += ", if outputs of steps turn out so";
    }
    if verdict.exempt.is_some() {
        said += ", but it is exempt";
    }
    said
}

fn outcome_phrase(outcome: &Outcome) -> String {
    let text = |message: &Option<Value>| {
        let message = message.as_ref().and_then(|message| ordain_graph::display(message).ok());
        message.map(|message| format!(": {message}")).unwrap_or_default()
    };
    match outcome {
        Outcome::Deny { message } => format!("denied{}", text(message)),
        Outcome::Warn { message } => format!("warned of{}", text(message)),
        Outcome::Approval { group, count } => format!("needs the approval of {count} of `{group}`"),
        Outcome::Escalate { group } => format!("handed over to `{group}`"),
        Outcome::Gate { name, present: true } => format!("needs the gate `{name}`, which stands before it"),
        Outcome::Gate { name, present: false } => format!("needs the gate `{name}`, which does not stand before it"),
    }
}
