//! How: plans and their statements.

use chumsky::prelude::*;

use super::block::optional_type;
use super::clause::{retry, step_call, unknown_statement};
use super::expr::{arguments, expr, for_in, head_expr, take_expr, take_head_expr};
use super::item::{kept, parameters};
use super::primitive::{Parses, Separator, Tokens, members, name, nested, open_body, rule, take_name, take_path, tok};
use super::record::fields;
use super::state::{In, Outcome};
use super::types::take_type;
use super::want::Want;
use crate::ast::{Expr, Ident, Modifier, PlanCall, PlanDecl, StepCall, Stmt, StmtKind};
use crate::token::TokenKind;

/// `(x: T) -> U { … }`
pub(super) fn plan(inp: &mut In<'_, '_>) -> PlanDecl {
    let params = kept(inp, parameters).unwrap_or_default();
    let result = if inp.eat(TokenKind::Arrow) { kept(inp, take_type) } else { None };
    PlanDecl { params, result, body: kept(inp, body).unwrap_or_default() }
}

/// Statements between braces.
fn body(inp: &mut In<'_, '_>) -> Outcome<Vec<Stmt>> {
    open_body(inp)?;
    members(inp, TokenKind::RBrace, Separator::Nothing, statement, |range| Some(Stmt { kind: StmtKind::Error, range }))
}

fn statement(inp: &mut In<'_, '_>) -> Outcome<Stmt> {
    nested(inp, |inp| {
        let start = inp.at();
        let kind = statement_kind(inp)?;
        Ok(Stmt { kind, range: inp.range_from(start) })
    })
}

/// The first tokens decide what a statement is. A keyword before a dot or a brace is the name of a capability.
fn statement_kind(inp: &mut In<'_, '_>) -> Outcome<StmtKind> {
    let calls = starts_call(inp);
    match inp.kind() {
        TokenKind::Let => binding(inp),
        TokenKind::For => for_loop(inp),
        TokenKind::If => condition(inp),
        TokenKind::Return => inp.parse(tok(TokenKind::Return).ignore_then(expr()).map(StmtKind::Return)),
        _ if calls => step(inp, None, None),
        TokenKind::Plan => sub_plan(inp, None, None),
        TokenKind::Stage => {
            let (name, modifiers) = inp.parse(tok(TokenKind::Stage).ignore_then(name()).then(modifiers(true)))?;
            Ok(StmtKind::Stage { name, modifiers, body: body(inp)? })
        }
        TokenKind::Gate => gate(inp),
        TokenKind::On => {
            inp.skip();
            on_failure(inp).map(StmtKind::OnFailure)
        }
        TokenKind::Limit => {
            let what = rule(|inp| match inp.kind() {
                TokenKind::Effect | TokenKind::Risk => take_name(inp),
                _ => inp.fail(Want::Limit),
            });
            inp.parse(tok(TokenKind::Limit).ignore_then(what).then(name()))
                .map(|(what, value)| StmtKind::Limit { what, value })
        }
        _ => unknown_statement(inp, Want::Statement, STATEMENTS),
    }
}

/// The words that statements start with.
const STATEMENTS: &[&str] = &["let", "for", "if", "return", "plan", "stage", "gate", "on", "limit"];

/// Whether a path and a brace come next, the brace on the line of the path's end.
fn starts_call(inp: &mut In<'_, '_>) -> bool {
    brace_after_path(inp).is_some_and(|brace| inp.same_line(brace))
}

/// How far ahead the brace is, if a path and a brace come next.
fn brace_after_path(inp: &mut In<'_, '_>) -> Option<usize> {
    if !inp.kind().is_name() {
        return None;
    }
    let mut next = 1;
    while inp.kind_at(next) == TokenKind::Dot && inp.kind_at(next + 1).is_word() {
        next += 2;
    }
    (inp.kind_at(next) == TokenKind::LBrace).then_some(next)
}

/// `let name[index] = …`
fn binding(inp: &mut In<'_, '_>) -> Outcome<StmtKind> {
    inp.take(TokenKind::Let)?;
    let name = take_name(inp)?;
    let index = if inp.eat(TokenKind::LBracket) {
        Some(inp.parse(expr().then_ignore(tok(TokenKind::RBracket)))?)
    } else {
        None
    };
    let ty = if index.is_some() { None } else { inp.parse(optional_type())? };
    inp.take(TokenKind::Eq)?;
    if ty.is_none() && starts_call(inp) {
        return step(inp, Some(name), index);
    }
    if ty.is_none() && inp.kind() == TokenKind::Plan && inp.kind_at(1).is_name() {
        return sub_plan(inp, Some(name), index);
    }
    if index.is_some() {
        return inp.fail(Want::Step);
    }
    Ok(StmtKind::Let { name, ty, value: take_expr(inp)? })
}

fn step(inp: &mut In<'_, '_>, name: Option<Ident>, index: Option<Expr>) -> Outcome<StmtKind> {
    let (call, modifiers) = inp.parse(step_call().then(modifiers(false)))?;
    Ok(StmtKind::Step { name, index, call, modifiers })
}

fn sub_plan(inp: &mut In<'_, '_>, name: Option<Ident>, index: Option<Expr>) -> Outcome<StmtKind> {
    let start = inp.at();
    inp.take(TokenKind::Plan)?;
    let path = take_path(inp)?;
    let args = arguments(inp)?;
    let call = PlanCall { path, args, range: inp.range_from(start) };
    let modifiers = inp.parse(modifiers(false))?;
    Ok(StmtKind::SubPlan { name, index, call, modifiers })
}

/// `for x in xs if cond { … }`
fn for_loop(inp: &mut In<'_, '_>) -> Outcome<StmtKind> {
    let (binder, iter) = inp.parse(for_in(head_expr()))?;
    let condition = if inp.eat(TokenKind::If) { Some(take_head_expr(inp)?) } else { None };
    Ok(StmtKind::For { binder, iter, condition, body: body(inp)? })
}

/// `if cond { … } else { … }`
fn condition(inp: &mut In<'_, '_>) -> Outcome<StmtKind> {
    let condition = inp.parse(tok(TokenKind::If).ignore_then(head_expr()))?;
    let then = body(inp)?;
    let otherwise = if !inp.eat(TokenKind::Else) {
        None
    } else if inp.kind() == TokenKind::If {
        Some(vec![statement(inp)?])
    } else {
        Some(body(inp)?)
    };
    Ok(StmtKind::If { condition, then, otherwise })
}

/// `gate name = a.b { … } expect cond after x`
fn gate(inp: &mut In<'_, '_>) -> Outcome<StmtKind> {
    let name = inp.parse(tok(TokenKind::Gate).ignore_then(name()).then_ignore(tok(TokenKind::Eq)))?;
    let start = inp.at();
    let path = take_path(inp)?;
    let fields = fields(inp)?;
    let call = StepCall { path, fields, range: inp.range_from(start) };
    let mut before = inp.parse(modifiers(false))?;
    let expect = inp.parse(tok(TokenKind::Expect).ignore_then(expr()))?;
    before.extend(inp.parse(modifiers(false))?);
    Ok(StmtKind::Gate { name, call, expect, modifiers: before })
}

/// `failure undo`, after `on`
fn on_failure(inp: &mut In<'_, '_>) -> Outcome<Ident> {
    if inp.word() != "failure" {
        return inp.fail(Want::Failure);
    }
    inp.skip();
    take_name(inp)
}

/// What may follow a step; before the body of a stage (`head`) a brace ends it. A word before a brace is a capability's
/// name on whatever line the brace stands, so that the formatter may move it.
fn modifiers<'s>(head: bool) -> impl Parses<'s, Vec<Modifier>> {
    let value = rule(move |inp| if head { take_head_expr(inp) } else { take_expr(inp) });
    rule(move |inp| {
        let mut all = Vec::new();
        loop {
            let start = inp.at();
            match inp.kind() {
                TokenKind::After => {
                    inp.skip();
                    let mut on = vec![inp.parse(value)?];
                    while inp.eat(TokenKind::Comma) {
                        on.push(inp.parse(value)?);
                    }
                    all.push(Modifier::After { on, range: inp.range_from(start) });
                }
                TokenKind::Timeout if brace_after_path(inp).is_none() => {
                    inp.skip();
                    let value = inp.parse(value)?;
                    all.push(Modifier::Timeout { value, range: inp.range_from(start) });
                }
                TokenKind::Retry if brace_after_path(inp).is_none() => {
                    inp.skip();
                    let retry = inp.parse(retry())?;
                    all.push(Modifier::Retry { retry, range: inp.range_from(start) });
                }
                // On a new line it is a statement of its own.
                TokenKind::On if inp.same_line(0) => {
                    inp.skip();
                    let value = on_failure(inp)?;
                    all.push(Modifier::OnFailure { value, range: inp.range_from(start) });
                }
                _ => return Ok(all),
            }
        }
    })
}
