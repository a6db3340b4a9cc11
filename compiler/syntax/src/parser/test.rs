//! Tests of a package's policies and plans.

use chumsky::prelude::*;

use super::block::binding;
use super::clause::unknown_statement;
use super::expr::{expr, for_in, head_expr};
use super::item::kept;
use super::primitive::{Separator, Tokens, members, name, nested, open_body, path, take_name, tok};
use super::record::fields;
use super::state::{In, Outcome};
use super::string::plain_string;
use super::types::ty;
use super::want::Want;
use crate::ast::{StringLit, TestDecl, TestStmt, TestStmtKind};
use crate::token::TokenKind;

/// The body of a test.
pub(super) fn test(inp: &mut In<'_, '_>) -> TestDecl {
    TestDecl { body: kept(inp, body).unwrap_or_default() }
}

fn body(inp: &mut In<'_, '_>) -> Outcome<Vec<TestStmt>> {
    open_body(inp)?;
    members(inp, TokenKind::RBrace, Separator::Nothing, statement, |_| None)
}

fn statement(inp: &mut In<'_, '_>) -> Outcome<TestStmt> {
    nested(inp, |inp| {
        let start = inp.at();
        let kind = match inp.kind() {
            TokenKind::Let => TestStmtKind::Let(binding(inp)?),
            TokenKind::For if inp.kind_at(1) == TokenKind::Any && inp.kind_at(2).is_name() => {
                inp.skip();
                inp.skip();
                let (name, ty) = inp.parse(name().then_ignore(tok(TokenKind::Colon)).then(ty()))?;
                TestStmtKind::ForAny { name, ty, body: body(inp)? }
            }
            TokenKind::For => {
                let (binder, iter) = inp.parse(for_in(head_expr()))?;
                TestStmtKind::For { binder, iter, body: body(inp)? }
            }
            TokenKind::Expect => {
                inp.skip();
                expectation(inp)?
            }
            _ => return unknown_statement(inp, Want::TestStatement, &["let", "for", "expect"]),
        };
        Ok(TestStmt { kind, range: inp.range_from(start) })
    })
}

/// What follows `expect`: a verdict of a policy, a verdict on a plan, or a condition.
fn expectation(inp: &mut In<'_, '_>) -> Outcome<TestStmtKind> {
    if inp.kind().is_name()
        && inp.same_line(1)
        && matches!(inp.kind_at(1), TokenKind::Str | TokenKind::RawStr | TokenKind::From)
    {
        let verdict = take_name(inp)?;
        let code = code(inp)?;
        let head = tok(TokenKind::From).ignore_then(path());
        let policy = inp.parse(head.then_ignore(tok(TokenKind::On)))?;
        return Ok(TestStmtKind::ExpectPolicy { verdict, code, policy, input: fields(inp)? });
    }
    let subject = inp.parse(expr())?;
    if !inp.same_line(0) || !inp.kind().is_name() {
        return Ok(TestStmtKind::Expect(subject));
    }
    if !VERDICTS.contains(&inp.word()) {
        return unknown_statement(inp, Want::Verdict, VERDICTS);
    }
    let verdict = take_name(inp)?;
    Ok(TestStmtKind::ExpectPlan { subject, verdict, code: code(inp)? })
}

/// The verdicts that a test can expect of a plan.
const VERDICTS: &[&str] = &["requires", "denies", "warns", "allows"];

/// The code of a policy, on the same line, or nothing.
fn code(inp: &mut In<'_, '_>) -> Outcome<Option<StringLit>> {
    let quoted = inp.same_line(0) && matches!(inp.kind(), TokenKind::Str | TokenKind::StrHead | TokenKind::RawStr);
    if quoted { inp.parse(plain_string()).map(Some) } else { Ok(None) }
}
