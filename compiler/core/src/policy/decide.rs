//! One policy over one subject.

mod foreign;

use ordain_data::Pointer;
use ordain_diagnostics::{TextRange, codes};
use ordain_graph::{Date, Exemption, Op, Outcome, Value};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::picked::{Picked, picked};
use super::reasons::{ConditionPart, reasons};
use super::standing::fallen;
use crate::db::Db;
use crate::eval::{Context, Eval, Evaluator, Fault};
use crate::hir::{self, BinaryOp, Body, ExprId, ExprKind, Policy, PolicyClause};
use crate::items::Item;
use crate::types::{Anchor, Ty};

pub(super) use foreign::Shown;
pub(crate) use foreign::rules_fault;
use foreign::{Asked, Element};

/// What a policy says about a subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decided<'db> {
    /// What it demands, for each way through its loops that it speaks about.
    pub rulings: Vec<Ruling>,
    /// Whether it permits: only requests need that.
    pub permitted: bool,
    /// Why it could not be decided; what could not be decided is denied among the rulings.
    pub faults: Vec<Fault<'db>>,
    /// The exemptions that lifted something or would have, by position, and whether one had run out by then.
    pub used: Vec<(usize, bool)>,
    /// Whether the day mattered.
    pub dated: bool,
    /// How it came to that, where that was asked for.
    pub ways: Vec<Way<'db>>,
}

/// What a policy demands for one way through its loops.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// What it demands.
    pub outcome: Outcome,
    /// A condition over outputs of steps, where it is decided during execution.
    pub when: Option<Value>,
    /// Why.
    pub because: Option<Value>,
    /// What lifts it.
    pub exempt: Option<Exemption>,
    /// Where in the subject: a JSON pointer (RFC 6901) to what the innermost loop was at; empty for the whole.
    pub pointer: Pointer,
    /// The rule of another language that says so: its file, and where it stands there.
    pub rule: Option<(SmolStr, TextRange)>,
}

/// One way through a policy's loops, as far as it went.
#[derive(Clone, Debug, PartialEq)]
pub struct Way<'db> {
    /// The clauses in order; the last one ended it where it was not met.
    pub clauses: Vec<Clause<'db>>,
    /// How it ended.
    pub end: WayEnd,
    /// What the policy says on it, among its rulings.
    pub rulings: std::ops::Range<usize>,
    /// Where in the subject, as of a ruling.
    pub pointer: Pointer,
    /// How many further ways ended at the same clause and are not kept, since there were many already.
    pub alike: usize,
}

/// How many ways are kept that ended at the same clause.
const MAX_ALIKE: usize = 100;

/// How a way through a policy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayEnd {
    /// All clauses were met, or might be.
    Met,
    /// The last clause was not met.
    NotMet,
    /// What comes after the last clause cannot be decided.
    Undecided,
}

/// A clause that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause<'db> {
    /// Where it stands.
    pub at: Anchor<'db>,
    /// What it is.
    pub kind: ClauseKind,
    /// What it binds, or nothing for a condition.
    pub name: Option<SmolStr>,
    /// What it gave; for a loop an element, and an empty list where it has none.
    pub value: Value,
    /// The parts of a condition that decided.
    pub parts: Vec<ConditionPart<'db>>,
}

/// What a clause that was looked at is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClauseKind {
    /// `for`
    For,
    /// `let`
    Let,
    /// `when`
    When,
    /// `unless`
    Unless,
    /// The condition of an exemption.
    Exempt,
}

impl ClauseKind {
    /// The word it starts with.
    pub const fn word(self) -> &'static str {
        match self {
            Self::For => "for",
            Self::Let => "let",
            Self::When => "when",
            Self::Unless => "unless",
            Self::Exempt => "exempt",
        }
    }
}

/// Decides one policy about one subject.
pub(super) struct Decider<'a, 'db> {
    db: &'db dyn Db,
    evaluator: &'a Evaluator<'a, 'db>,
    policy: &'db Policy,
    cx: Context<'db>,
    as_of: Option<Date>,
    /// Where in the subject the names come from that loops bind, and the subject itself.
    /// A name that comes from elsewhere hides others from rules of another language, and has no place.
    origins: Vec<(SmolStr, Option<Pointer>)>,
    /// What the loops are at, where rules of another language are asked about it.
    at: Vec<Element>,
    /// The clauses that ways ended at: the first such way, and how many there were.
    unmet: FxHashMap<Anchor<'db>, (usize, usize)>,
    /// The clauses passed so far, where the way is asked for.
    passed: Option<Vec<Clause<'db>>>,
    /// What rules of another language see as the subject, where that is not its value.
    shown: Option<Shown<'db>>,
    /// The parts of the subject that such rules are asked about.
    asked: Vec<Asked<'db>>,
    decided: Decided<'db>,
}

impl<'a, 'db> Decider<'a, 'db> {
    /// `locals` are the names that the policy's subject binds; `None` where the item is no policy.
    pub(super) fn new(
        db: &'db dyn Db,
        evaluator: &'a Evaluator<'a, 'db>,
        item: Item<'db>,
        locals: Vec<(SmolStr, Value)>,
        as_of: Option<Date>,
    ) -> Option<Self> {
        let Body::Policy(policy) = &item.body(db).body else { return None };
        let mut cx = Context::body(db, item);
        // The environment may stand before the subject.
        let environment = policy.subject.as_ref().and_then(|subject| subject.environment.as_ref());
        let subject = locals.iter().find(|(name, _)| environment.is_none_or(|(known, _)| known.text != *name));
        let origins = subject.map(|(name, _)| (name.clone(), Some(Pointer::root()))).into_iter().collect();
        cx.locals = locals;
        let (shown, asked, decided) = (None, Vec::new(), Decided::default());
        Some(Self {
            db,
            evaluator,
            policy,
            cx,
            as_of,
            origins,
            at: Vec::new(),
            unmet: FxHashMap::default(),
            passed: None,
            shown,
            asked,
            decided,
        })
    }

    /// Keeps how it comes to its decision, too.
    pub(super) fn explained(mut self) -> Self {
        self.passed = Some(Vec::new());
        self
    }

    pub(super) fn run(mut self) -> Decided<'db> {
        self.evaluator.reach(|| Anchor::name_of(self.cx.item));
        if let Err(fault) = self.clause(0, None) {
            self.undecided(*fault);
        }
        if let Some(source) = &self.policy.from {
            self.judge(source);
        }
        self.decided
    }

    fn clause(&mut self, at: usize, condition: Option<Value>) -> Eval<'db, ()> {
        let policy = self.policy;
        match policy.clauses.get(at) {
            None => self.conclude(condition),
            Some(PolicyClause::Let(binding)) => {
                self.evaluator.reach(|| self.cx.expr_at(binding.value));
                let value = self.evaluator.eval(&mut self.cx, binding.value)?;
                self.pass(binding.value, ClauseKind::Let, Some(&binding.name.text), &value);
                self.cx.locals.push((binding.name.text.clone(), value));
                let mark = self.origins.len();
                self.hide(&binding.name.text);
                let result = self.clause(at + 1, condition);
                self.origins.truncate(mark);
                self.cx.locals.pop();
                self.back();
                result
            }
            Some(PolicyClause::For { binder, iter }) => {
                let gone_over = self.cx.facts.types[iter.0 as usize].peel_optional(self.db);
                let list = matches!(gone_over, Ty::List(_) | Ty::Json);
                // The elements of a set have no order, and so no places.
                let placed = !matches!(gone_over, Ty::Set(_));
                // Of one name, as the engine goes over such a list.
                let first = !policy.clauses[..at].iter().any(|clause| matches!(clause, PolicyClause::For { .. }));
                let source = match binder.second {
                    None if first => picked(self.db, self.cx.tree, self.cx.facts, *iter),
                    _ => None,
                };
                let origin = match &source {
                    Some(Picked { from, fields }) => self.origin(*from).map(|mut origin| {
                        fields.iter().for_each(|field| origin.push_key(field));
                        origin
                    }),
                    None => self.origin(*iter),
                };
                self.evaluator.reach(|| self.cx.expr_at(*iter));
                let rounds = self.evaluator.iterate(&mut self.cx, *iter, binder)?;
                let places = match &source {
                    Some(source) if origin.is_some() => self.places(source, &rounds)?,
                    _ => (0..rounds.len()).collect(),
                };
                self.evaluator.reach_elements(self.cx.expr_at(*iter), rounds.len());
                // Of a pair the second is the element, and the first its position or key.
                let element_name = &binder.second.as_ref().unwrap_or(&binder.first).text;
                if rounds.is_empty() {
                    self.pass(*iter, ClauseKind::For, Some(element_name), &Value::list([]));
                    self.end(WayEnd::NotMet, None);
                    self.back();
                }
                for (position, (first, second)) in rounds.into_iter().enumerate() {
                    let mark = (self.cx.locals.len(), self.origins.len());
                    if origin.is_none() || binder.second.is_some() {
                        self.hide(&binder.first.text);
                        binder.second.iter().for_each(|second| self.hide(&second.text));
                    }
                    if let Some(mut at) = origin.clone() {
                        // Of an object of `Json` the pairs have names, of a list numbers.
                        let named = !list || matches!((&first, &second), (Value::String(_), Some(_)));
                        match (named, ordain_graph::display(&first)) {
                            (true, Ok(key)) => at.push_key(&key),
                            _ => at.push_index(places[position]),
                        }
                        self.origins.push((element_name.clone(), Some(at)));
                    }
                    let element = second.as_ref().unwrap_or(&first);
                    self.pass(*iter, ClauseKind::For, Some(element_name), element);
                    if policy.from.is_some() {
                        let part = origin.clone().filter(|_| !placed).unwrap_or_else(|| self.pointer());
                        let placed = placed && origin.is_some();
                        self.at.push(Element { value: element.clone(), part, placed });
                    }
                    self.cx.locals.push((binder.first.text.clone(), first));
                    if let (Some(name), Some(second)) = (&binder.second, second) {
                        self.cx.locals.push((name.text.clone(), second));
                    }
                    // One element that cannot be decided is denied, and says nothing about the others.
                    if let Err(fault) = self.clause(at + 1, condition.clone()) {
                        self.undecided(*fault);
                    }
                    self.cx.locals.truncate(mark.0);
                    self.origins.truncate(mark.1);
                    self.at.pop();
                    self.back();
                }
                Ok(())
            }
            Some(PolicyClause::When(test)) => self.condition(at, *test, false, condition),
            Some(PolicyClause::Unless(test)) => self.condition(at, *test, true, condition),
        }
    }

    fn condition(&mut self, at: usize, test: ExprId, negated: bool, so_far: Option<Value>) -> Eval<'db, ()> {
        let value = self.evaluator.eval_condition(&mut self.cx, test)?;
        self.pass(test, if negated { ClauseKind::Unless } else { ClauseKind::When }, None, &value);
        let result = match value {
            Value::Bool(holds) if holds == negated => {
                self.end(WayEnd::NotMet, None);
                Ok(())
            }
            Value::Bool(_) => self.clause(at + 1, so_far),
            open @ Value::Residual(_) => {
                let open = if negated { Value::apply(Op::Not, vec![open]) } else { open };
                let both = match so_far {
                    Some(before) => Value::apply(Op::And, vec![before, open]),
                    None => open,
                };
                self.clause(at + 1, Some(both))
            }
            other => {
                let shown = ordain_graph::display(&other).unwrap_or_default();
                let message = format!("a condition is true or false, this is `{shown}`");
                Err(Fault::new(codes::TYPE_MISMATCH, self.cx.expr_at(test), message))
            }
        };
        self.back();
        result
    }

    /// All clauses are met: what the policy demands now.
    fn conclude(&mut self, when: Option<Value>) -> Eval<'db, ()> {
        let (passed, rulings) = (self.passed.as_ref().map_or(0, Vec::len), self.decided.rulings.len());
        let said = if self.policy.from.is_some() { self.ask(when) } else { self.rulings(when) };
        if said.is_ok() {
            self.end(WayEnd::Met, Some(rulings));
        }
        if let Some(clauses) = &mut self.passed {
            clauses.truncate(passed);
        }
        said
    }

    fn rulings(&mut self, when: Option<Value>) -> Eval<'db, ()> {
        let exempt = self.exemption()?;
        let because = self.policy.because.map(|because| self.evaluator.eval(&mut self.cx, because)).transpose()?;
        for (outcome, &loc) in self.policy.outcomes.iter().zip(&self.policy.outcome_locs) {
            self.evaluator.reach(|| self.cx.at(loc));
            let Some(outcome) = self.outcome(outcome)? else {
                self.decided.permitted |= exempt.is_none();
                continue;
            };
            let (when, because, exempt) = (when.clone(), because.clone(), exempt.clone());
            let pointer = self.pointer();
            self.decided.rulings.push(Ruling { outcome, when, because, exempt, pointer, rule: None });
        }
        Ok(())
    }

    fn outcome(&mut self, outcome: &hir::Outcome) -> Eval<'db, Option<Outcome>> {
        let mut message =
            |message: &Option<ExprId>| message.map(|message| self.evaluator.eval(&mut self.cx, message)).transpose();
        Ok(Some(match outcome {
            hir::Outcome::Deny(text) | hir::Outcome::Forbid(text) => Outcome::Deny { message: message(text)? },
            hir::Outcome::Permit => return Ok(None),
            hir::Outcome::Warn(text) => Outcome::Warn { message: message(text)? },
            hir::Outcome::RequireApproval { group, count } => {
                let count = match count {
                    Some(count) => self.count(*count)?,
                    None => 1,
                };
                Outcome::Approval { group: group.text.clone(), count }
            }
            hir::Outcome::RequireGate(name) => Outcome::Gate { name: name.text.clone(), present: false },
            hir::Outcome::Escalate(group) => Outcome::Escalate { group: group.text.clone() },
        }))
    }

    /// How many must agree: one at least, for nobody cannot.
    fn count(&mut self, count: ExprId) -> Eval<'db, u32> {
        let value = self.evaluator.eval(&mut self.cx, count)?;
        let Value::Int(number) = value else { return Err(crate::eval::not_known(self.cx.expr_at(count))) };
        u32::try_from(number).ok().filter(|number| *number > 0).ok_or_else(|| {
            let message = format!("{number} people cannot approve");
            Fault::helped(codes::REFINEMENT_VIOLATED, self.cx.expr_at(count), message, "ask for one or more")
        })
    }

    /// The exemption that lifts what is demanded. One that has run out, or of which it is not known whether it applies,
    /// lifts nothing.
    fn exemption(&mut self) -> Eval<'db, Option<Exemption>> {
        let policy = self.policy;
        for (at, exemption) in policy.exemptions.iter().enumerate() {
            if fallen(self.db, self.cx.item, exemption).is_some() {
                continue;
            }
            let applies = self.evaluator.eval_condition(&mut self.cx, exemption.condition)?;
            self.pass(exemption.condition, ClauseKind::Exempt, None, &applies);
            if applies != Value::Bool(true) {
                continue;
            }
            let until = match exemption.until {
                Some(until) => match self.evaluator.eval(&mut self.cx, until)? {
                    Value::Date(date) => Some(date),
                    _ => return Err(crate::eval::not_known(self.cx.expr_at(until))),
                },
                None => None,
            };
            self.decided.dated |= until.is_some();
            // Without a day nobody knows whether it still holds.
            let over = until.is_some_and(|until| self.as_of.is_none_or(|as_of| as_of > until));
            if !self.decided.used.contains(&(at, over)) {
                self.decided.used.push((at, over));
            }
            if over {
                continue;
            }
            let see = exemption.see.as_ref().and_then(|path| {
                let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
                let found = crate::resolve::resolve(self.db, self.cx.item.file(self.db), &parts).ok()?;
                Some(crate::qualified_name(self.db, found.item))
            });
            return Ok(Some(Exemption { until, see }));
        }
        Ok(None)
    }

    /// What cannot be decided is denied. A policy that can only permit does so by saying nothing.
    fn undecided(&mut self, fault: Fault<'db>) {
        self.undecided_at(fault, self.pointer());
    }

    /// As [`Self::undecided`], about a part of the subject that the loops have left behind.
    fn undecided_at(&mut self, fault: Fault<'db>, pointer: Pointer) {
        let permits = |outcome: &hir::Outcome| matches!(outcome, hir::Outcome::Permit);
        if self.policy.from.is_none() && self.policy.outcomes.iter().all(permits) {
            self.decided.faults.push(fault);
            return self.end(WayEnd::Undecided, None);
        }
        let message = match &fault {
            Fault::Source(finding) => format!("it cannot be decided: {}", finding.message),
            Fault::Data(diagnostic) => format!("it cannot be decided: {}", diagnostic.message),
            Fault::Silent => "it cannot be decided".into(),
        };
        let message = Some(Value::string(message));
        self.decided.rulings.push(Ruling {
            outcome: Outcome::Deny { message },
            when: None,
            because: None,
            exempt: None,
            pointer: pointer.clone(),
            rule: None,
        });
        self.decided.faults.push(fault);
        self.end(WayEnd::Undecided, Some(self.decided.rulings.len() - 1));
        if let (Some(_), Some(way)) = (&self.passed, self.decided.ways.last_mut()) {
            way.pointer = pointer;
        }
    }

    /// Rules of another language judge what a name stands for now, not what it stood for outside.
    fn hide(&mut self, name: &SmolStr) {
        if self.policy.from.is_some() {
            self.origins.push((name.clone(), None));
        }
    }

    /// Where in the subject an expression comes from, where it is a way into it: names of loops, fields, elements.
    fn origin(&self, expr: ExprId) -> Option<Pointer> {
        match &self.cx.tree[expr].kind {
            ExprKind::Name(name) => {
                let known = self.origins.iter().rev().find(|(known, _)| known == name);
                known.and_then(|(_, origin)| origin.clone())
            }
            ExprKind::Field { base, name, .. } => {
                let mut origin = self.origin(*base)?;
                origin.push_key(&name.text);
                Some(origin)
            }
            // What is put in place of a list that is not there is empty.
            ExprKind::Binary { op: BinaryOp::Coalesce, left, .. } => self.origin(*left),
            _ => None,
        }
    }

    /// Where the elements of a picked list stand in the list that they were picked from, in whose order they are.
    fn places(&mut self, source: &Picked, picked: &[(Value, Option<Value>)]) -> Eval<'db, Vec<usize>> {
        let mut list = self.evaluator.eval(&mut self.cx, source.from)?;
        for field in &source.fields {
            list = match list {
                Value::Record(fields) => fields.get(field).cloned().unwrap_or(Value::None),
                _ => Value::None,
            };
        }
        let all: &[Value] = match &list {
            Value::List(elements) => elements,
            _ => &[],
        };
        let mut next = 0;
        let place = |(element, _): &(Value, Option<Value>)| {
            let found = all[next.min(all.len())..].iter().position(|other| other == element);
            let at = next + found.unwrap_or(0);
            next = at + 1;
            at
        };
        Ok(picked.iter().map(place).collect())
    }

    /// What the innermost loop over a part of the subject is at.
    fn pointer(&self) -> Pointer {
        self.origins.iter().rev().find_map(|(_, origin)| origin.clone()).unwrap_or_default()
    }

    fn pass(&mut self, expr: ExprId, kind: ClauseKind, name: Option<&SmolStr>, value: &Value) {
        let at = self.cx.expr_at(expr);
        if let Some(passed) = &mut self.passed {
            let parts = match name {
                None => reasons(self.evaluator, &mut self.cx, expr),
                Some(_) => Vec::new(),
            };
            passed.push(Clause { at, kind, name: name.cloned(), value: value.clone(), parts });
        }
    }

    fn back(&mut self) {
        if let Some(passed) = &mut self.passed {
            passed.pop();
        }
    }

    /// A way has ended, with what was said on it from a ruling on.
    fn end(&mut self, end: WayEnd, rulings: Option<usize>) {
        let Some(passed) = &self.passed else { return };
        // Large documents have many elements, of which little is to be said.
        if let (WayEnd::NotMet, Some(last)) = (end, passed.last()) {
            let at = self.decided.ways.len();
            let (first, count) = self.unmet.entry(last.at).or_insert((at, 0));
            *count += 1;
            if *count > MAX_ALIKE {
                self.decided.ways[*first].alike += 1;
                return;
            }
        }
        let said = self.decided.rulings.len();
        let (rulings, pointer) = (rulings.unwrap_or(said)..said, self.pointer());
        self.decided.ways.push(Way { clauses: passed.clone(), end, rulings, pointer, alike: 0 });
    }
}
