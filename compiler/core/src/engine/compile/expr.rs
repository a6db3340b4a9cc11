//! Expressions.

use ordain_graph::{Function as F, Op, Value};
use smol_str::SmolStr;

use super::fold::NO_HINT;
use super::{Compiler, INLINED, Scope};
use crate::engine::expr::{Expr, Function, Id, MatchArm, MatchTest, Step, as_text};
use crate::eval::{Context, Evaluator, const_value, declared_value, parts};
use crate::hir::{Arg, Arm, BinaryOp, Body, ExprId, ExprKind, Field, ForClause, Kind, Let, PatternKind};
use crate::items::{Item, Part};
use crate::types::{Resolution, Sig, Ty, binary_op, inference, signature, unary_op};

/// The largest function that is taken into what calls it, in expressions.
const SMALL: usize = 40;

impl<'db> Compiler<'db> {
    pub(super) fn expr(&mut self, scope: &mut Scope<'db>, expr: ExprId) -> Option<Id> {
        let id = self.kind(scope, expr)?;
        match scope.facts.adjustments.get(&expr) {
            Some(ty) => self.form(scope, expr, id, ty),
            None => Some(id),
        }
    }

    /// A value in the form of a type.
    fn form(&mut self, scope: &Scope<'db>, expr: ExprId, id: Id, ty: &Ty<'db>) -> Option<Id> {
        if let Some(value) = self.value(id).cloned() {
            let at = crate::types::Anchor { item: scope.item, part: scope.part, loc: scope.tree[expr].loc };
            let value = Evaluator::new(self.db).normalise(value, ty, at).ok()?;
            return self.constant(value);
        }
        // What is plain already is so as `Json`, too.
        let plain = matches!(ty, Ty::Json) || matches!(ty, Ty::Optional(inner) if **inner == Ty::Json);
        if plain && matches!(scope.ty(expr).peel_optional(self.db), Ty::Bool | Ty::Int | Ty::String | Ty::Decimal) {
            return Some(id);
        }
        if self.is_settled(ty) {
            return Some(id);
        }
        let shape = self.shape(ty)?;
        Some(self.put(Expr::Form { value: id, shape }))
    }

    fn kind(&mut self, scope: &mut Scope<'db>, expr: ExprId) -> Option<Id> {
        let tree = scope.tree;
        Some(match &tree[expr].kind {
            ExprKind::Missing | ExprKind::Plan(_) => return None,
            ExprKind::None => self.constant(Value::None)?,
            ExprKind::Bool(value) => self.constant(Value::Bool(*value))?,
            ExprKind::Int(value) => self.constant(Value::Int(*value))?,
            ExprKind::Decimal(value) => self.constant(Value::Decimal(**value))?,
            ExprKind::Bytes(value) => self.constant(Value::Bytes(*value))?,
            ExprKind::Duration(value) => self.constant(Value::Duration(*value))?,
            ExprKind::SemVer(text) => self.constant(Value::parse_semver(text)?)?,
            ExprKind::Date(text) => self.constant(Value::parse_date(text)?)?,
            ExprKind::Str(text) => self.constant(Value::String(text.clone()))?,
            ExprKind::Interp(parts) => {
                let parts = self.all(scope, parts)?;
                self.apply(Op::Interpolate, parts)?
            }
            ExprKind::Name(name) => self.name(scope, expr, name)?,
            ExprKind::Field { base, name, optional } => match scope.facts.resolutions.get(&expr) {
                Some(Resolution::Local) | None => {
                    let id = self.expr(scope, *base)?;
                    let optional = *optional || self.is_untyped(scope, *base);
                    self.field(scope, *base, id, &name.text, optional)?
                }
                Some(Resolution::Entity) => {
                    let id = self.expr(scope, *base)?;
                    self.entity_field(scope, *base, id, &name.text)
                }
                Some(_) => self.name(scope, expr, &name.text)?,
            },
            ExprKind::Index { base, index } => {
                let args = vec![self.expr(scope, *base)?, self.expr(scope, *index)?];
                self.apply(if self.is_untyped(scope, *base) { Op::OptionalIndex } else { Op::Index }, args)?
            }
            ExprKind::Call { callee, args } => match scope.facts.resolutions.get(callee) {
                Some(Resolution::Typed) => self.members(scope, expr, args)?,
                _ => self.call(scope, *callee, args)?,
            },
            ExprKind::Unary { op, operand } => {
                let operand = self.expr(scope, *operand)?;
                self.apply(unary_op(*op), vec![operand])?
            }
            ExprKind::Binary { op, left, right } => {
                let entities = scope.facts.resolutions.get(&expr) == Some(&Resolution::Entity);
                match entities {
                    true => self.within(scope, *op, *left, *right)?,
                    false => self.binary(scope, *op, *left, *right)?,
                }
            }
            ExprKind::List(elements) => {
                let elements = self.all(scope, elements)?;
                match self.values(&elements) {
                    Some(values) => self.constant(Value::list(values))?,
                    None => self.put(Expr::List(elements.into())),
                }
            }
            ExprKind::Record(fields) => self.record(scope, expr, fields)?,
            ExprKind::ListFor { body, clauses } => {
                let mark = scope.mark();
                let clauses = self.steps(scope, clauses)?;
                let body = self.expr(scope, *body)?;
                scope.back(mark);
                self.put(Expr::Each { clauses, body })
            }
            ExprKind::MapFor { key, value, clauses } => {
                let mark = scope.mark();
                let clauses = self.steps(scope, clauses)?;
                let (key, value) = (self.expr(scope, *key)?, self.expr(scope, *value)?);
                scope.back(mark);
                self.put(Expr::EachEntry { clauses, key, value })
            }
            ExprKind::If { condition, then, otherwise } => {
                let condition = self.expr(scope, *condition)?;
                let (then, otherwise) = (self.expr(scope, *then)?, self.expr(scope, *otherwise)?);
                self.choose(condition, then, otherwise)
            }
            ExprKind::Match { subject, arms } => self.choice(scope, *subject, arms)?,
            ExprKind::Block { lets, result } => {
                let mark = scope.mark();
                let block = self.block(scope, lets, *result)?;
                scope.back(mark);
                block
            }
        })
    }

    /// Whether an expression is data without a declared type, in which what is not there is `none`.
    fn is_untyped(&self, scope: &Scope<'db>, expr: ExprId) -> bool {
        matches!(scope.ty(expr).peel(self.db), Ty::Json)
    }

    fn all(&mut self, scope: &mut Scope<'db>, exprs: &[ExprId]) -> Option<Vec<Id>> {
        exprs.iter().map(|&each| self.expr(scope, each)).collect()
    }

    fn name(&mut self, scope: &Scope<'db>, expr: ExprId, name: &SmolStr) -> Option<Id> {
        match scope.facts.resolutions.get(&expr)? {
            Resolution::Local => scope.locals.iter().rev().find(|(known, _)| known == name).map(|(_, bound)| *bound),
            Resolution::Variant(index, name) => self.constant(Value::Variant(*index, name.clone())),
            Resolution::Item(item) => {
                let evaluated = match item.kind(self.db) {
                    Kind::Const => const_value(self.db, *item),
                    Kind::Environment | Kind::Entity => declared_value(self.db, *item),
                    _ => return None,
                };
                self.declared(evaluated.value.as_ref()?, scope.ty(expr))
            }
            _ => None,
        }
    }

    /// A value that is known already, of a type: references in it have a form of their own here.
    fn declared(&mut self, value: &Value, ty: &Ty<'db>) -> Option<Id> {
        if let (Ty::Ref(_), Some((ty, id))) = (ty.peel_optional(self.db), parts(value)) {
            return Some(self.written(ty.clone(), id.clone()));
        }
        if ty.holds_reference(self.db) { None } else { self.constant(value.clone()) }
    }

    fn entity_field(&mut self, scope: &Scope<'db>, base: ExprId, id: Id, name: &SmolStr) -> Id {
        let hint = match scope.ty(base).peel_optional(self.db) {
            Ty::Ref(target) => match target.peel(self.db) {
                Ty::Record(record) => record.fields.iter().filter(|field| field.name < *name).count() as u32,
                _ => NO_HINT,
            },
            _ => NO_HINT,
        };
        self.put(Expr::EntityField { base: id, name: name.clone(), hint })
    }

    /// `a in b` of references.
    fn within(&mut self, scope: &mut Scope<'db>, op: BinaryOp, left: ExprId, right: ExprId) -> Option<Id> {
        let (inner, outer) = (self.expr(scope, left)?, self.expr(scope, right)?);
        let within = self.put(Expr::Within { inner, outer });
        if op == BinaryOp::NotIn { self.apply(Op::Not, vec![within]) } else { Some(within) }
    }

    fn field(&mut self, scope: &Scope<'db>, base: ExprId, id: Id, name: &SmolStr, optional: bool) -> Option<Id> {
        if let Expr::Record(members) = self.get(id)
            && let Some((_, member)) = members.iter().find(|(known, _)| known == name)
        {
            return Some(*member);
        }
        if let Some(Value::Record(fields)) = self.value(id) {
            let value = fields.get(name).cloned().unwrap_or(Value::None);
            return self.constant(value);
        }
        let hint = match scope.ty(base).peel(self.db) {
            Ty::Record(record) => record.fields.iter().filter(|field| field.name < *name).count() as u32,
            _ => NO_HINT,
        };
        Some(self.put(Expr::Field { base: id, name: name.clone(), hint, optional }))
    }

    fn binary(&mut self, scope: &mut Scope<'db>, op: BinaryOp, left: ExprId, right: ExprId) -> Option<Id> {
        // A reference and what it is as data have one form for the tree walker, and two here.
        let mixed = |a: ExprId, b: ExprId| {
            let (a, b) = (scope.ty(a), scope.ty(b).peel_optional(self.db));
            a.holds_reference(self.db) && !b.holds_reference(self.db) && b != Ty::None
        };
        if mixed(left, right) || mixed(right, left) {
            return None;
        }
        let (left, right) = (self.expr(scope, left)?, self.expr(scope, right)?);
        Some(match op {
            BinaryOp::And => self.and(left, right),
            BinaryOp::Or => self.or(left, right),
            BinaryOp::Coalesce => self.coalesce(left, right),
            BinaryOp::NotIn => {
                let inside = self.apply(Op::In, vec![left, right])?;
                self.apply(Op::Not, vec![inside])?
            }
            op => self.apply(binary_op(op), vec![left, right])?,
        })
    }

    fn record(&mut self, scope: &mut Scope<'db>, expr: ExprId, fields: &[Field]) -> Option<Id> {
        match scope.ty(expr).peel_optional(self.db) {
            Ty::Map(entry) => {
                let mut entries = Vec::with_capacity(fields.len());
                for field in fields {
                    entries.push(match field {
                        Field::Named { name, value } => {
                            let at = crate::types::Anchor { item: scope.item, part: scope.part, loc: name.loc };
                            let key = Value::String(name.text.clone());
                            let key = Evaluator::new(self.db).normalise(key, &entry.0, at).ok()?;
                            (self.constant(key)?, self.expr(scope, *value)?)
                        }
                        Field::Keyed { key, value } => (self.expr(scope, *key)?, self.expr(scope, *value)?),
                        Field::Spread { .. } => return None,
                    });
                }
                let known: Option<std::collections::BTreeMap<Value, Value>> = entries
                    .iter()
                    .map(|&(key, value)| Some((self.value(key)?.clone(), self.value(value)?.clone())))
                    .collect();
                match known {
                    Some(map) => self.constant(Value::Map(map.into())),
                    None => Some(self.put(Expr::Map(entries.into()))),
                }
            }
            _ => {
                let mut members = Vec::with_capacity(fields.len());
                for field in fields {
                    let Field::Named { name, value } = field else { return None };
                    members.push((name.text.clone(), self.expr(scope, *value)?));
                }
                members.sort_by(|(a, _), (b, _)| a.cmp(b));
                if !members.is_sorted_by(|(a, _), (b, _)| a < b) {
                    return None;
                }
                let known: Option<Vec<(SmolStr, Value)>> =
                    members.iter().map(|(name, id)| Some((name.clone(), self.value(*id)?.clone()))).collect();
                match known {
                    Some(members) => self.constant(Value::record(members)),
                    None => Some(self.put(Expr::Record(members.into()))),
                }
            }
        }
    }

    pub(super) fn steps(&mut self, scope: &mut Scope<'db>, clauses: &[ForClause]) -> Option<Box<[Step]>> {
        clauses
            .iter()
            .map(|clause| match clause {
                ForClause::If(condition) => Some(Step::If(self.expr(scope, *condition)?)),
                ForClause::For { binder, iter } => {
                    let iter = self.expr(scope, *iter)?;
                    let first = scope.slot();
                    let bound = self.put(Expr::Slot(first));
                    scope.bind(&binder.first.text, bound);
                    let second = match &binder.second {
                        Some(name) => {
                            let slot = scope.slot();
                            let bound = self.put(Expr::Slot(slot));
                            scope.bind(&name.text, bound);
                            Some(slot)
                        }
                        None => None,
                    };
                    Some(Step::For { first, second, iter })
                }
            })
            .collect()
    }

    fn choice(&mut self, scope: &mut Scope<'db>, subject: ExprId, arms: &[Arm]) -> Option<Id> {
        let subject = self.expr(scope, subject)?;
        let outer = scope.mark();
        let slot = match *self.get(subject) {
            Expr::Slot(slot) => slot,
            _ => scope.slot(),
        };
        let bound = self.put(Expr::Slot(slot));
        let mut compiled = Vec::with_capacity(arms.len());
        for arm in arms {
            let mark = scope.mark();
            let mut tests = Vec::with_capacity(arm.patterns.len());
            for pattern in &arm.patterns {
                tests.push(match &pattern.kind {
                    PatternKind::Wildcard => MatchTest::Any,
                    PatternKind::Name(_) | PatternKind::Variant(_) => match scope.facts.targets.get(&pattern.loc) {
                        Some(Resolution::Variant(index, _)) => MatchTest::Variant(*index),
                        _ => match &pattern.kind {
                            PatternKind::Name(name) => {
                                scope.bind(name, bound);
                                MatchTest::Any
                            }
                            _ => MatchTest::Never,
                        },
                    },
                    PatternKind::Literal(literal) => MatchTest::Equal(self.expr(scope, *literal)?),
                    PatternKind::Range { low, high, inclusive } => MatchTest::Range {
                        low: self.expr(scope, *low)?,
                        high: self.expr(scope, *high)?,
                        inclusive: *inclusive,
                    },
                });
            }
            let guard = match arm.guard {
                Some(guard) => Some(self.expr(scope, guard)?),
                None => None,
            };
            let body = self.expr(scope, arm.body)?;
            scope.back(mark);
            compiled.push(MatchArm { tests: tests.into(), guard, body });
        }
        scope.back(outer);
        Some(self.put(Expr::Match { subject, slot, arms: compiled.into() }))
    }

    fn block(&mut self, scope: &mut Scope<'db>, lets: &[Let], result: ExprId) -> Option<Id> {
        let Some((first, rest)) = lets.split_first() else { return self.expr(scope, result) };
        let value = self.expr(scope, first.value)?;
        if self.is_atom(value) {
            scope.bind(&first.name.text, value);
            return self.block(scope, rest, result);
        }
        let slot = scope.slot();
        let bound = self.put(Expr::Slot(slot));
        scope.bind(&first.name.text, bound);
        let body = self.block(scope, rest, result)?;
        Some(self.put(Expr::Let { slot, value, body }))
    }

    /// `typed(data)` where a `Map<String, Json>` is declared; other types are for the tree walker to read data against.
    fn members(&mut self, scope: &mut Scope<'db>, expr: ExprId, args: &[Arg]) -> Option<Id> {
        let [Arg { value, .. }] = args else { return None };
        let Ty::Map(entry) = scope.ty(expr).peel_optional(self.db) else { return None };
        if entry.0 != Ty::String || entry.1.peel_optional(self.db) != Ty::Json {
            return None;
        }
        let record = self.expr(scope, *value)?;
        Some(self.put(Expr::Members(record)))
    }

    fn call(&mut self, scope: &mut Scope<'db>, callee: ExprId, args: &[Arg]) -> Option<Id> {
        match scope.facts.resolutions.get(&callee)? {
            Resolution::Item(ty) if ty.kind(self.db) == Kind::Type => {
                let [Arg { value, .. }] = args else { return None };
                let id = self.expr(scope, *value)?;
                let id = as_text(self.value(id)?)?.clone();
                Some(self.written(crate::qualified_name(self.db, crate::types::own_type(self.db, *ty)), id))
            }
            Resolution::Item(function) => {
                let args = self.arguments(scope, *function, args)?;
                self.call_declared(scope, *function, args)
            }
            Resolution::Builtin(function) => {
                let function: F = *function;
                let args: Vec<Id> = args.iter().map(|arg| self.expr(scope, arg.value)).collect::<Option<_>>()?;
                self.apply(Op::Call(function), args)
            }
            _ => None,
        }
    }

    /// The arguments of a call, in the order of the parameters.
    pub(super) fn arguments(&mut self, scope: &mut Scope<'db>, function: Item<'db>, args: &[Arg]) -> Option<Vec<Id>> {
        let Sig::Fn { params, .. } = &signature(self.db, function).sig else { return None };
        let mut given: Vec<Option<Id>> = vec![None; params.len()];
        for (position, arg) in args.iter().enumerate() {
            let index = match &arg.name {
                Some(name) => params.iter().position(|param| param.name == name.text)?,
                None => position,
            };
            *given.get_mut(index)? = Some(self.expr(scope, arg.value)?);
        }
        let mut all = Vec::with_capacity(params.len());
        for (param, given) in params.iter().zip(given) {
            all.push(match (given, param.default) {
                (Some(given), _) => given,
                (None, Some(default)) => {
                    let mut cx = Context::signature(self.db, function);
                    let value = Evaluator::new(self.db).eval(&mut cx, default).ok()?;
                    self.declared(&value, &param.ty)?
                }
                (None, None) => self.constant(Value::None)?,
            });
        }
        Some(all)
    }

    fn call_declared(&mut self, scope: &mut Scope<'db>, function: Item<'db>, args: Vec<Id>) -> Option<Id> {
        let size = function.body(self.db).tree.exprs.len();
        if size <= SMALL && self.room >= size as u32 {
            self.room -= size as u32;
            return self.inlined(scope, function, &args);
        }
        let function = self.function(function)?;
        Some(self.put(Expr::Call { function, args: args.into() }))
    }

    /// The body of a function in the place of its call.
    fn inlined(&mut self, scope: &mut Scope<'db>, function: Item<'db>, args: &[Id]) -> Option<Id> {
        let Body::Expr(body) = function.body(self.db).body else { return None };
        let next = scope.next;
        let mut atoms = args.to_vec();
        let mut values = Vec::new();
        for arg in &mut atoms {
            if !self.is_atom(*arg) {
                // No argument has used a slot from here on, so that none is lost while another one is evaluated.
                let slot = scope.most;
                scope.most += 1;
                scope.next = scope.most;
                let bound = self.put(Expr::Slot(slot));
                values.push((slot, std::mem::replace(arg, bound)));
            }
        }
        let mut inner = self.entered(scope, function, &atoms)?;
        let mut id = self.expr(&mut inner, body)?;
        scope.most = scope.most.max(inner.most);
        scope.next = next;
        for (slot, value) in values.into_iter().rev() {
            id = self.put(Expr::Let { slot, value, body: id });
        }
        Some(id)
    }

    /// The scope of a function's body inside of another, with its parameters bound to what they stand for.
    pub(super) fn entered(&self, scope: &Scope<'db>, function: Item<'db>, args: &[Id]) -> Option<Scope<'db>> {
        let Sig::Fn { params, .. } = &signature(self.db, function).sig else { return None };
        let mut inner = Scope::body(self.db, function);
        (inner.next, inner.most) = (scope.next, scope.most);
        for (param, arg) in params.iter().zip(args) {
            inner.bind(&param.name, *arg);
        }
        Some(inner)
    }

    fn function(&mut self, item: Item<'db>) -> Option<u32> {
        if let Some(known) = self.functions.get(&item) {
            return *known;
        }
        // A function that needs itself has no value; it is found here while it is open.
        self.functions.insert(item, None);
        let Body::Expr(body) = item.body(self.db).body else { return None };
        let Sig::Fn { params, .. } = &signature(self.db, item).sig else { return None };
        let (part, facts) = (item.body(self.db), &inference(self.db, item).body);
        let mut scope = Scope { item, part: Part::Body, tree: &part.tree, facts, locals: Vec::new(), next: 0, most: 0 };
        for param in params {
            let slot = scope.slot();
            let bound = self.put(Expr::Slot(slot));
            scope.bind(&param.name, bound);
        }
        let room = std::mem::replace(&mut self.room, INLINED);
        let body = self.expr(&mut scope, body);
        self.room = room;
        let at = self.programs.functions.len() as u32;
        self.programs.functions.push(Function { slots: scope.most, body: body? });
        self.functions.insert(item, Some(at));
        Some(at)
    }
}
