//! Policies.

use ordain_graph::{Op, Value};
use smol_str::SmolStr;

use super::{Compiler, INLINED, Scope};
use crate::engine::expr::{
    Before, Clause, ExemptionCode, Expr, FirstLoop, Id, Origin, OutcomeCode, PolicyCode, as_text,
};
use crate::hir::{BinaryOp, Binder, Body, ExprId, ExprKind, ForClause, Outcome, Policy, PolicyClause};
use crate::items::Item;
use crate::policy::{Picked, fallen, picked};
use crate::types::{Resolution, Ty};

/// A policy while it is compiled.
struct Open<'db> {
    scope: Scope<'db>,
    /// The names that come from the subject, with their origins.
    origins: Vec<(SmolStr, u32)>,
    found: Vec<Origin>,
}

/// What the first loop of a policy goes over.
struct Source {
    id: Id,
    /// What each element must satisfy, in order.
    guards: Vec<Id>,
}

impl<'db> Compiler<'db> {
    /// A policy about a subject that binds some names, the first of which is the subject itself.
    pub(crate) fn policy(&mut self, item: Item<'db>, names: &[SmolStr]) -> Option<PolicyCode> {
        self.policy_with(item, names, |_| Some(Vec::new()))
    }

    /// As [`Self::policy`], with further names that stand for what is made of those.
    pub(crate) fn policy_with(
        &mut self,
        item: Item<'db>,
        names: &[SmolStr],
        further: impl FnOnce(&mut Self) -> Option<Vec<(SmolStr, Id)>>,
    ) -> Option<PolicyCode> {
        let Body::Policy(policy) = &item.body(self.db).body else { return None };
        if policy.from.is_some() || names.len() != self.programs.subjects as usize {
            return None;
        }
        self.room = INLINED;
        let mut open = Open { scope: Scope::body(self.db, item), origins: Vec::new(), found: Vec::new() };
        for (at, name) in names.iter().enumerate() {
            let bound = self.put(Expr::Shared(at as u32));
            open.scope.bind(name, bound);
        }
        for (name, id) in further(self)? {
            open.scope.bind(&name, id);
        }
        if let Some(name) = names.first() {
            open.origins.push((name.clone(), 0));
        }
        open.found.push(Origin { from: None, fields: Box::default(), list: false });
        let first = policy.clauses.iter().position(|clause| matches!(clause, PolicyClause::For { .. }));
        let (before, rest) = policy.clauses.split_at(first.unwrap_or(policy.clauses.len()));
        let mut compiled_before = self.before(&mut open, before)?;
        let (first, guards, clauses) = match rest.split_first() {
            Some((PolicyClause::For { binder, iter }, rest)) => {
                self.looped(&mut open, &mut compiled_before, binder, *iter, rest)?
            }
            _ => (None, Vec::new(), Vec::new()),
        };
        self.concluded(open, policy, compiled_before, first, guards, clauses)
    }

    fn before(&mut self, open: &mut Open<'db>, clauses: &[PolicyClause]) -> Option<Vec<Before>> {
        let mut before = Vec::with_capacity(clauses.len());
        for clause in clauses {
            match clause {
                PolicyClause::Let(binding) => {
                    let value = self.whole(open, binding.value)?;
                    let (bound, at) = self.share(value);
                    before.extend(at.map(Before::Let));
                    open.scope.bind(&binding.name.text, bound);
                }
                PolicyClause::When(test) => before.push(Before::Test(self.whole(open, *test)?, false)),
                PolicyClause::Unless(test) => before.push(Before::Test(self.whole(open, *test)?, true)),
                PolicyClause::For { .. } => return None,
            }
        }
        Some(before)
    }

    /// An expression that has one value for the whole subject.
    fn whole(&mut self, open: &mut Open<'db>, expr: ExprId) -> Option<Id> {
        self.expr(&mut open.scope, expr)
    }

    fn looped(
        &mut self,
        open: &mut Open<'db>,
        before: &mut Vec<Before>,
        binder: &Binder,
        iter: ExprId,
        rest: &[PolicyClause],
    ) -> Option<(Option<FirstLoop>, Vec<Id>, Vec<Clause>)> {
        let pairs = binder.second.is_some();
        let element = self.put(Expr::Slot(0));
        let seen = if pairs { None } else { picked(self.db, open.scope.tree, open.scope.facts, iter) };
        let taken = if pairs { None } else { self.picked(&mut open.scope, before, iter, element) };
        let mut source = match taken {
            Some(source) => source,
            // The tree walker tells where the elements stand that are picked.
            None if seen.is_some() => return None,
            None => Source { id: self.expr(&mut open.scope, iter)?, guards: Vec::new() },
        };
        let origin = match &seen {
            Some(Picked { from, fields }) => Self::origin_behind(open, *from, fields, true),
            None => self.origin(open, iter),
        };
        // The element stands in the first slot, whichever policy it is.
        let first = open.scope.slot();
        let second = pairs.then(|| open.scope.slot());
        debug_assert_eq!(first, 0, "nothing before the first loop keeps a slot");
        self.bind(open, binder, first, second, origin);
        let mut guards = std::mem::take(&mut source.guards);
        let tests = rest.iter().take_while(|clause| matches!(clause, PolicyClause::When(_))).count();
        for clause in &rest[..tests] {
            if let PolicyClause::When(test) = clause {
                let test = self.expr(&mut open.scope, *test)?;
                self.conjuncts(test, &mut guards);
            }
        }
        let clauses = self.clauses(open, &rest[tests..])?;
        let index = if pairs { None } else { self.index(&guards) };
        Some((Some(FirstLoop { source: source.id, pairs, origin, index }), guards, clauses))
    }

    /// What a loop goes over: of a list that a function picks from another, that other one, with what is picked.
    fn source(
        &mut self,
        scope: &mut Scope<'db>,
        before: &mut Vec<Before>,
        iter: ExprId,
        element: Id,
    ) -> Option<Source> {
        if let Some(picked) = self.picked(scope, before, iter, element) {
            return Some(picked);
        }
        let id = self.expr(scope, iter)?;
        Some(Source { id, guards: Vec::new() })
    }

    /// A call of a function that is `[x for x in xs if …]`.
    fn picked(
        &mut self,
        scope: &mut Scope<'db>,
        before: &mut Vec<Before>,
        iter: ExprId,
        element: Id,
    ) -> Option<Source> {
        let ExprKind::Call { callee, args } = &scope.tree[iter].kind else { return None };
        let Some(Resolution::Item(function)) = scope.facts.resolutions.get(callee) else { return None };
        if scope.facts.adjustments.contains_key(&iter) {
            return None;
        }
        let function = *function;
        let part = function.body(self.db);
        let Body::Expr(body) = part.body else { return None };
        let ExprKind::ListFor { body: yielded, clauses } = &part.tree[body].kind else { return None };
        let Some((ForClause::For { binder, iter }, conditions)) = clauses.split_first() else { return None };
        let ExprKind::Name(name) = &part.tree[*yielded].kind else { return None };
        let conditions: Option<Vec<ExprId>> = conditions
            .iter()
            .map(|clause| match clause {
                ForClause::If(condition) => Some(*condition),
                ForClause::For { .. } => None,
            })
            .collect();
        let conditions = conditions?;
        if binder.second.is_some() || binder.first.text != *name {
            return None;
        }
        let mut atoms = Vec::new();
        for arg in self.arguments(scope, function, args)? {
            let (atom, at) = self.share(arg);
            before.extend(at.map(Before::Let));
            atoms.push(atom);
        }
        let mut inner = self.entered(scope, function, &atoms)?;
        if [body, *yielded].iter().any(|expr| inner.facts.adjustments.contains_key(expr)) {
            return None;
        }
        let mut source = self.source(&mut inner, before, *iter, element)?;
        // The element stands in the first slot.
        (inner.next, inner.most) = (inner.next.max(1), inner.most.max(1));
        inner.bind(name, element);
        for condition in conditions {
            let condition = self.expr(&mut inner, condition)?;
            self.conjuncts(condition, &mut source.guards);
        }
        scope.most = scope.most.max(inner.most);
        Some(source)
    }

    /// The first guard that asks for one of some texts, where those before it always decide.
    fn index(&self, guards: &[Id]) -> Option<(usize, Id, Box<[SmolStr]>)> {
        for (at, &guard) in guards.iter().enumerate() {
            if let Expr::Apply { op: op @ (Op::Eq | Op::In), args } = self.get(guard)
                && let [key, among] = **args
                && self.is_part_of_element(key)
            {
                let texts: Option<Vec<SmolStr>> = match (op, self.value(among)) {
                    (Op::Eq, Some(value)) => as_text(value).map(|text| vec![text.clone()]),
                    (Op::In, Some(Value::List(values))) => values.iter().map(|value| as_text(value).cloned()).collect(),
                    _ => None,
                };
                if let Some(texts) = texts {
                    return Some((at, key, texts.into()));
                }
            }
            if !self.always_decides(guard) {
                return None;
            }
        }
        None
    }

    /// Whether an expression is a field of the element, and always has a value.
    fn is_part_of_element(&self, id: Id) -> bool {
        match self.get(id) {
            Expr::Slot(slot) => *slot == 0,
            Expr::Field { base, .. } => self.always_has_value(id) && self.is_part_of_element(*base),
            _ => false,
        }
    }

    fn clauses(&mut self, open: &mut Open<'db>, clauses: &[PolicyClause]) -> Option<Vec<Clause>> {
        let mut compiled = Vec::with_capacity(clauses.len());
        for clause in clauses {
            compiled.push(match clause {
                PolicyClause::Let(binding) => {
                    let value = self.expr(&mut open.scope, binding.value)?;
                    if self.is_atom(value) {
                        open.scope.bind(&binding.name.text, value);
                        continue;
                    }
                    let slot = open.scope.slot();
                    let bound = self.put(Expr::Slot(slot));
                    open.scope.bind(&binding.name.text, bound);
                    Clause::Let { slot, value }
                }
                PolicyClause::For { binder, iter } => {
                    let origin = self.origin(open, *iter);
                    let iter = self.expr(&mut open.scope, *iter)?;
                    let first = open.scope.slot();
                    let second = binder.second.is_some().then(|| open.scope.slot());
                    self.bind(open, binder, first, second, origin);
                    Clause::For { first, second, iter, origin }
                }
                PolicyClause::When(test) => Clause::Test(self.expr(&mut open.scope, *test)?, false),
                PolicyClause::Unless(test) => Clause::Test(self.expr(&mut open.scope, *test)?, true),
            });
        }
        Some(compiled)
    }

    fn bind(&mut self, open: &mut Open<'db>, binder: &Binder, first: u32, second: Option<u32>, origin: Option<u32>) {
        let element = binder.second.as_ref().unwrap_or(&binder.first);
        if let Some(origin) = origin {
            open.origins.push((element.text.clone(), origin));
        }
        let bound = self.put(Expr::Slot(first));
        open.scope.bind(&binder.first.text, bound);
        if let (Some(name), Some(second)) = (&binder.second, second) {
            let bound = self.put(Expr::Slot(second));
            open.scope.bind(&name.text, bound);
        }
    }

    /// The origin of what a loop over an expression binds, where it is a way into the subject.
    fn origin(&self, open: &mut Open<'db>, iter: ExprId) -> Option<u32> {
        let list = matches!(open.scope.ty(iter).peel_optional(self.db), Ty::List(_) | Ty::Json);
        Self::origin_behind(open, iter, &[], list)
    }

    /// The origin behind some fields of an expression.
    fn origin_behind(open: &mut Open<'db>, expr: ExprId, more: &[SmolStr], list: bool) -> Option<u32> {
        let mut fields = Vec::new();
        let from = way(&open.scope, &open.origins, expr, &mut fields)?;
        fields.extend(more.iter().cloned());
        open.found.push(Origin { from: Some(from), fields: fields.into(), list });
        Some(open.found.len() as u32 - 1)
    }

    fn concluded(
        &mut self,
        mut open: Open<'db>,
        policy: &Policy,
        before: Vec<Before>,
        first: Option<FirstLoop>,
        guards: Vec<Id>,
        clauses: Vec<Clause>,
    ) -> Option<PolicyCode> {
        let mut exemptions = Vec::with_capacity(policy.exemptions.len());
        for (at, exemption) in policy.exemptions.iter().enumerate() {
            if fallen(self.db, open.scope.item, exemption).is_some() {
                continue;
            }
            let see = exemption.see.as_ref().and_then(|path| {
                let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
                let found = crate::resolve::resolve(self.db, open.scope.item.file(self.db), &parts).ok()?;
                Some(crate::qualified_name(self.db, found.item))
            });
            let condition = self.expr(&mut open.scope, exemption.condition)?;
            let until = self.perhaps(&mut open.scope, exemption.until)?;
            exemptions.push(ExemptionCode { at, condition, until, see });
        }
        let because = self.perhaps(&mut open.scope, policy.because)?;
        let (mut outcomes, mut permits) = (Vec::with_capacity(policy.outcomes.len()), false);
        for outcome in &policy.outcomes {
            outcomes.push(match outcome {
                Outcome::Deny(message) | Outcome::Forbid(message) => {
                    OutcomeCode::Deny(self.perhaps(&mut open.scope, *message)?)
                }
                Outcome::Permit => {
                    permits = true;
                    continue;
                }
                Outcome::Warn(message) => OutcomeCode::Warn(self.perhaps(&mut open.scope, *message)?),
                Outcome::RequireApproval { group, count } => {
                    OutcomeCode::Approval { group: group.text.clone(), count: self.perhaps(&mut open.scope, *count)? }
                }
                Outcome::RequireGate(name) => OutcomeCode::Gate(name.text.clone()),
                Outcome::Escalate(group) => OutcomeCode::Escalate(group.text.clone()),
            });
        }
        self.programs.most = self.programs.most.max(open.scope.most);
        let pointer = open.origins.last().map_or(0, |(_, origin)| *origin);
        Some(PolicyCode {
            before: before.into(),
            first,
            guards: guards.into(),
            clauses: clauses.into(),
            slots: open.scope.most,
            exemptions: exemptions.into(),
            because,
            permits,
            outcomes: outcomes.into(),
            pointer,
            origins: open.found.into(),
        })
    }

    /// What may be written or not: nothing inside is none that is written.
    #[expect(clippy::option_option, reason = "one says whether it is written, the other whether it can be compiled")]
    fn perhaps(&mut self, scope: &mut Scope<'db>, expr: Option<ExprId>) -> Option<Option<Id>> {
        match expr {
            Some(expr) => self.expr(scope, expr).map(Some),
            None => Some(None),
        }
    }
}

/// The origin that an expression leads on from, and the fields on the way; as the tree walker finds it.
fn way(scope: &Scope<'_>, origins: &[(SmolStr, u32)], expr: ExprId, fields: &mut Vec<SmolStr>) -> Option<u32> {
    match &scope.tree[expr].kind {
        ExprKind::Name(name) => origins.iter().rev().find(|(known, _)| known == name).map(|(_, origin)| *origin),
        ExprKind::Field { base, name, .. } => {
            let origin = way(scope, origins, *base, fields)?;
            fields.push(name.text.clone());
            Some(origin)
        }
        ExprKind::Binary { op: BinaryOp::Coalesce, left, .. } => way(scope, origins, *left, fields),
        _ => None,
    }
}
