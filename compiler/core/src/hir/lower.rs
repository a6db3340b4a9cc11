//! Syntax tree to item tree: positions move into side tables, shorthand is written out, clauses find their slots.

use ordain_diagnostics::TextRange;
use ordain_syntax::ast;
use smol_str::SmolStr;

use super::{
    Allowed, Arg, Arm, Binder, Body, Expr, ExprId, ExprKind, Field, ForClause, Kind, Let, Loc, Name, PathRef, Pattern,
    PatternKind, PlanCall, Signature, Spans, StepCall, Tree, TypeId, TypeRef, TypeRefKind,
};
use crate::hir::Retry;

mod clauses;
mod stmts;
mod types;

pub(crate) use clauses::Misuse;

/// One lowered declaration.
pub(crate) struct Lowered {
    pub name: SmolStr,
    pub kind: Kind,
    pub signature: Signature,
    pub sig_tree: Tree,
    pub sig_spans: Spans,
    pub body: Body,
    pub body_tree: Tree,
    pub body_spans: Spans,
    pub allows: Box<[Allowed]>,
    /// Start of the item in its file; all spans are relative to it.
    pub start: u32,
    pub range: TextRange,
    /// The name's place, in the file.
    pub name_range: TextRange,
}

/// Lowers a declaration. Clauses that repeat, lack or do not belong are told to `misuses`.
pub(crate) fn item(item: ast::Item, misuses: &mut Vec<Misuse>) -> Lowered {
    let start = item.range.start;
    let mut sig = Lowering::new(start);
    let mut body = Lowering::new(start);
    // Place 0 of each part is the declaration's name, so that there is always something to point at.
    sig.loc(item.name.range);
    body.loc(item.name.range);
    let allows = item.allows.iter().map(|allow| sig.allowed(allow)).collect();
    let name: SmolStr = match item.name.parts.as_slice() {
        [one] => one.name.clone(),
        parts => parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(".").into(),
    };
    let (kind, signature, item_body) = declaration(item.kind, item.name.range, &mut sig, &mut body, misuses);
    let (sig_tree, sig_spans) = sig.finish();
    let (body_tree, body_spans) = body.finish();
    Lowered {
        name,
        kind,
        signature,
        sig_tree,
        sig_spans,
        body: item_body,
        body_tree,
        body_spans,
        allows,
        start,
        range: item.range,
        name_range: item.name.range,
    }
}

fn declaration(
    kind: ast::ItemKind,
    name: TextRange,
    sig: &mut Lowering,
    body: &mut Lowering,
    misuses: &mut Vec<Misuse>,
) -> (Kind, Signature, Body) {
    match kind {
        ast::ItemKind::Type(decl) => (Kind::Type, Signature::Type(sig.ty(decl.ty)), Body::None),
        ast::ItemKind::Enum(decl) => {
            let variants = decl.variants.into_iter().map(|variant| sig.name(variant.name)).collect();
            (Kind::Enum, Signature::Enum(variants), Body::None)
        }
        ast::ItemKind::Fn(decl) => {
            let signature = Signature::Fn { params: sig.params(decl.params), result: sig.ty(decl.result) };
            (Kind::Fn, signature, Body::Expr(body.block(decl.body)))
        }
        ast::ItemKind::Const(decl) => {
            let ty = decl.ty.map(|ty| sig.ty(ty));
            (Kind::Const, Signature::Const { ty }, Body::Expr(body.expr(decl.value)))
        }
        ast::ItemKind::Capability(decl) => {
            let capability = clauses::capability(sig, decl, name, misuses);
            (Kind::Capability, Signature::Capability(Box::new(capability)), Body::None)
        }
        ast::ItemKind::Adapter(decl) => {
            let adapter = clauses::adapter(sig, decl, name, misuses);
            (Kind::Adapter, Signature::Adapter(Box::new(adapter)), Body::None)
        }
        ast::ItemKind::Environment(decl) => {
            let (signature, fields) = clauses::environment(sig, body, decl);
            (Kind::Environment, signature, Body::Fields(fields))
        }
        ast::ItemKind::Entity(decl) => {
            let ty = sig.ty(decl.ty);
            let fields = body.fields(decl.fields);
            (Kind::Entity, Signature::Entity { ty }, Body::Fields(fields))
        }
        ast::ItemKind::Policy(decl) => {
            let (signature, policy) = clauses::policy(sig, body, decl, name, misuses);
            (Kind::Policy, signature, Body::Policy(Box::new(policy)))
        }
        ast::ItemKind::Gate(decl) => {
            (Kind::Gate, Signature::Gate, Body::Gate(Box::new(clauses::gate(body, decl, misuses))))
        }
        ast::ItemKind::Test(decl) => (Kind::Test, Signature::Test, Body::Test(body.test_stmts(decl.body))),
        ast::ItemKind::Plan(decl) => {
            let params = sig.params(decl.params);
            let result = decl.result.map(|ty| sig.ty(ty));
            (Kind::Plan, Signature::Plan { params, result }, Body::Plan(body.plan(decl.body, misuses)))
        }
    }
}

/// Builds one tree and its spans.
pub(crate) struct Lowering {
    start: u32,
    exprs: Vec<Expr>,
    types: Vec<TypeRef>,
    ranges: Vec<TextRange>,
}

impl Lowering {
    pub(crate) fn new(start: u32) -> Self {
        Self { start, exprs: Vec::new(), types: Vec::new(), ranges: Vec::new() }
    }

    pub(crate) fn finish(self) -> (Tree, Spans) {
        let tree = Tree { exprs: self.exprs.into_boxed_slice(), types: self.types.into_boxed_slice() };
        (tree, Spans::from(self.ranges))
    }

    fn loc(&mut self, range: TextRange) -> Loc {
        let loc = Loc(self.ranges.len() as u32);
        // An item's docs come first in its range, so nothing of it starts before `start`.
        let relative = TextRange::new(range.start.saturating_sub(self.start), range.end.saturating_sub(self.start));
        self.ranges.push(relative);
        loc
    }

    fn name(&mut self, ident: ast::Ident) -> Name {
        Name { text: ident.name, loc: self.loc(ident.range) }
    }

    /// A string literal that may not have interpolations, as a name.
    fn text(&mut self, literal: &ast::StringLit) -> Name {
        Name { text: literal.as_text().unwrap_or_default().into(), loc: self.loc(literal.range) }
    }

    fn path(&mut self, path: ast::Path) -> PathRef {
        PathRef { parts: path.parts.into_iter().map(|part| self.name(part)).collect() }
    }

    fn allowed(&mut self, allow: &ast::Allow) -> Allowed {
        let code = Name { text: allow.code.name.clone(), loc: self.loc(allow.code.range) };
        Allowed { code, reason: allow.reason.as_text().unwrap_or_default().into() }
    }

    fn push(&mut self, kind: ExprKind, range: TextRange) -> ExprId {
        let loc = self.loc(range);
        self.push_at(kind, loc)
    }

    fn push_at(&mut self, kind: ExprKind, loc: Loc) -> ExprId {
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(Expr { kind, loc });
        id
    }

    fn push_type(&mut self, kind: TypeRefKind, range: TextRange) -> TypeId {
        let loc = self.loc(range);
        let id = TypeId(self.types.len() as u32);
        self.types.push(TypeRef { kind, loc });
        id
    }

    fn literal(&mut self, literal: ast::Literal) -> ExprKind {
        match literal {
            ast::Literal::None => ExprKind::None,
            ast::Literal::Bool(value) => ExprKind::Bool(value),
            ast::Literal::Int(value) => ExprKind::Int(value),
            ast::Literal::Decimal(value) => ExprKind::Decimal(Box::new(value)),
            ast::Literal::Bytes(value) => ExprKind::Bytes(value),
            ast::Literal::Duration(value) => ExprKind::Duration(value),
            ast::Literal::SemVer(text) => ExprKind::SemVer(text),
            ast::Literal::Date(text) => ExprKind::Date(text),
        }
    }

    fn string(&mut self, literal: ast::StringLit) -> ExprKind {
        if let Some(text) = literal.as_text() {
            return ExprKind::Str(text.into());
        }
        let range = literal.range;
        let parts = literal
            .parts
            .into_iter()
            .map(|part| match part {
                ast::StringPart::Text(text) => self.push(ExprKind::Str(text), range),
                ast::StringPart::Expr(expr) => self.expr(expr),
            })
            .collect();
        ExprKind::Interp(parts)
    }

    pub(crate) fn expr(&mut self, expr: ast::Expr) -> ExprId {
        let kind = match expr.kind {
            ast::ExprKind::Error => ExprKind::Missing,
            ast::ExprKind::Literal(literal) => self.literal(literal),
            ast::ExprKind::String(literal) => self.string(literal),
            ast::ExprKind::Name(name) => ExprKind::Name(name),
            ast::ExprKind::Field { base, name, optional } => {
                let base = self.expr(*base);
                ExprKind::Field { base, name: Box::new(self.name(name)), optional }
            }
            ast::ExprKind::Index { base, index } => {
                ExprKind::Index { base: self.expr(*base), index: self.expr(*index) }
            }
            ast::ExprKind::Call { callee, args } => {
                ExprKind::Call { callee: self.expr(*callee), args: self.args(args) }
            }
            ast::ExprKind::Plan { path, args } => {
                let call = self.plan_call(ast::PlanCall { path, args, range: expr.range });
                ExprKind::Plan(Box::new(call))
            }
            ast::ExprKind::Unary { op, operand } => ExprKind::Unary { op, operand: self.expr(*operand) },
            ast::ExprKind::Binary { op, left, right, .. } => {
                ExprKind::Binary { op, left: self.expr(*left), right: self.expr(*right) }
            }
            ast::ExprKind::List(elements) => {
                ExprKind::List(elements.into_iter().map(|element| self.expr(element)).collect())
            }
            ast::ExprKind::Record(fields) => ExprKind::Record(self.fields(fields)),
            ast::ExprKind::ListFor(body, head) => {
                let clauses = self.for_clauses(*head);
                ExprKind::ListFor { body: self.expr(*body), clauses }
            }
            ast::ExprKind::MapFor { key, value, head } => {
                let clauses = self.for_clauses(*head);
                ExprKind::MapFor { key: self.expr(*key), value: self.expr(*value), clauses }
            }
            ast::ExprKind::If { condition, then, otherwise } => ExprKind::If {
                condition: self.expr(*condition),
                then: self.block(*then),
                otherwise: self.block(*otherwise),
            },
            ast::ExprKind::Match { subject, arms } => {
                let subject = self.expr(*subject);
                ExprKind::Match { subject, arms: arms.into_iter().map(|arm| self.arm(arm)).collect() }
            }
            ast::ExprKind::Block(block) => return self.block(*block),
        };
        self.push(kind, expr.range)
    }

    fn block(&mut self, block: ast::Block) -> ExprId {
        if block.lets.is_empty() {
            return self.expr(block.result);
        }
        let lets = block.lets.into_iter().map(|binding| self.binding(binding)).collect();
        let result = self.expr(block.result);
        self.push(ExprKind::Block { lets, result }, block.range)
    }

    fn binding(&mut self, binding: ast::Let) -> Let {
        Let { name: self.name(binding.name), ty: binding.ty.map(|ty| self.ty(ty)), value: self.expr(binding.value) }
    }

    fn args(&mut self, args: Vec<ast::Arg>) -> Box<[Arg]> {
        args.into_iter()
            .map(|arg| Arg { name: arg.name.map(|name| self.name(name)), value: self.expr(arg.value) })
            .collect()
    }

    fn fields(&mut self, fields: Vec<ast::Field>) -> Box<[Field]> {
        fields
            .into_iter()
            .map(|field| match field {
                ast::Field::Named { name, value, .. } => {
                    Field::Named { name: self.name(name), value: self.expr(value) }
                }
                ast::Field::Keyed { key, value } => Field::Keyed { key: self.expr(key), value: self.expr(value) },
                ast::Field::Spread { value, .. } => Field::Spread { value: self.expr(value) },
            })
            .collect()
    }

    fn binder(&mut self, binder: ast::Binder) -> Binder {
        Binder { first: self.name(binder.first), second: binder.second.map(|second| self.name(second)) }
    }

    fn for_clauses(&mut self, head: ast::Comprehension) -> Box<[ForClause]> {
        head.clauses
            .into_iter()
            .map(|clause| match clause {
                ast::ForClause::For { binder, iter } => {
                    let iter = self.expr(iter);
                    ForClause::For { binder: self.binder(binder), iter }
                }
                ast::ForClause::If(condition) => ForClause::If(self.expr(condition)),
            })
            .collect()
    }

    fn arm(&mut self, arm: ast::Arm) -> Arm {
        Arm {
            patterns: arm.patterns.into_iter().map(|pattern| self.pattern(pattern)).collect(),
            guard: arm.guard.map(|guard| self.expr(guard)),
            body: self.expr(arm.body),
            loc: self.loc(arm.range),
        }
    }

    fn pattern(&mut self, pattern: ast::Pattern) -> Pattern {
        let loc = self.loc(pattern.range);
        let kind = match pattern.kind {
            ast::PatternKind::Wildcard => PatternKind::Wildcard,
            ast::PatternKind::Name(name) => PatternKind::Name(name),
            ast::PatternKind::Variant(path) => PatternKind::Variant(self.path(path)),
            ast::PatternKind::Literal(literal) => {
                let kind = self.literal(literal);
                PatternKind::Literal(self.push_at(kind, loc))
            }
            ast::PatternKind::String(text) => PatternKind::Literal(self.push_at(ExprKind::Str(text), loc)),
            ast::PatternKind::Range { low, high, inclusive } => {
                let low = self.literal(low);
                let high = self.literal(high);
                PatternKind::Range { low: self.push_at(low, loc), high: self.push_at(high, loc), inclusive }
            }
        };
        Pattern { kind, loc }
    }

    fn retry(&mut self, retry: ast::Retry) -> Retry {
        Retry { times: self.expr(retry.times), backoff: retry.backoff.map(|backoff| self.expr(backoff)) }
    }

    fn step_call(&mut self, call: ast::StepCall) -> StepCall {
        let path = self.path(call.path);
        let fields = self.fields(call.fields);
        let inputs = self.push(ExprKind::Record(fields), call.range);
        StepCall { path, inputs, loc: self.loc(call.range) }
    }

    fn plan_call(&mut self, call: ast::PlanCall) -> PlanCall {
        PlanCall { path: self.path(call.path), args: self.args(call.args), loc: self.loc(call.range) }
    }
}
