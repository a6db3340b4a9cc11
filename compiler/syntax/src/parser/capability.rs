//! What can be done and who does it: `capability` and `adapter`.

use chumsky::prelude::*;
use smol_str::SmolStr;

use super::clause::{Clauses, clauses, ranged, retry, step_call, unknown_clause};
use super::expr::{expr, take_expr};
use super::item::kept;
use super::primitive::{Parses, Separator, Tokens, members, name, path, rule};
use super::state::{In, Outcome};
use super::string::plain_string;
use super::types::record_type;
use super::want::Want;
use crate::ast::{AdapterClause, AdapterDecl, CapabilityClause, CapabilityDecl, Expr, ExprKind, Requirement};
use crate::token::TokenKind;

/// The clauses of a capability.
pub(super) const CAPABILITY: Clauses = Clauses {
    of: "a capability",
    words: &["version", "input", "output", "effect", "risk", "key", "undo", "retry", "timeout"],
};

/// The clauses of an adapter.
pub(super) const ADAPTER: Clauses = Clauses { of: "an adapter", words: &["version", "provides", "run"] };

/// The body of a capability.
pub(super) fn capability(inp: &mut In<'_, '_>) -> CapabilityDecl {
    CapabilityDecl { clauses: kept(inp, |inp| clauses(inp, capability_clause)).unwrap_or_default() }
}

fn capability_clause(inp: &mut In<'_, '_>) -> Outcome<CapabilityClause> {
    match inp.kind() {
        TokenKind::Version => ranged(inp, plain_string(), |value, range| CapabilityClause::Version { value, range }),
        TokenKind::Input => ranged(inp, record_type(), |ty, range| CapabilityClause::Input { ty, range }),
        TokenKind::Output => ranged(inp, record_type(), |ty, range| CapabilityClause::Output { ty, range }),
        TokenKind::Effect => ranged(inp, name(), |value, range| CapabilityClause::Effect { value, range }),
        TokenKind::Risk => ranged(inp, name(), |value, range| CapabilityClause::Risk { value, range }),
        TokenKind::Key => ranged(inp, rule(key), |parts, range| CapabilityClause::Key { parts, range }),
        TokenKind::Undo => ranged(inp, step_call(), |call, range| CapabilityClause::Undo { call, range }),
        TokenKind::Retry => ranged(inp, retry(), |retry, range| CapabilityClause::Retry { retry, range }),
        TokenKind::Timeout => ranged(inp, expr(), |value, range| CapabilityClause::Timeout { value, range }),
        _ => unknown_clause(inp, &CAPABILITY),
    }
}

/// `(name, region)` or `name`
fn key(inp: &mut In<'_, '_>) -> Outcome<Vec<Expr>> {
    if !inp.eat(TokenKind::LParen) {
        return Ok(vec![take_expr(inp)?]);
    }
    members(inp, TokenKind::RParen, Separator::Comma, take_expr, |range| Some(Expr { kind: ExprKind::Error, range }))
}

/// The body of an adapter.
pub(super) fn adapter(inp: &mut In<'_, '_>) -> AdapterDecl {
    AdapterDecl { clauses: kept(inp, |inp| clauses(inp, adapter_clause)).unwrap_or_default() }
}

fn adapter_clause(inp: &mut In<'_, '_>) -> Outcome<AdapterClause> {
    match inp.kind() {
        TokenKind::Version => ranged(inp, plain_string(), |value, range| AdapterClause::Version { value, range }),
        TokenKind::Provides => ranged(inp, path().then(requirement()), |(path, requirement), range| {
            AdapterClause::Provides { path, requirement, range }
        }),
        TokenKind::Run => ranged(inp, name().then(expr()), |(transport, target), range| AdapterClause::Run {
            transport,
            target,
            range,
        }),
        _ => unknown_clause(inp, &ADAPTER),
    }
}

/// `^1.2`, `>=1.0, <2.0`, `1.*`, on the line of the capability; or nothing
fn requirement<'s>() -> impl Parses<'s, Option<Requirement>> {
    rule(|inp| {
        let start = inp.at();
        while inp.same_line(0) {
            while inp.same_line(0)
                && matches!(
                    inp.kind(),
                    TokenKind::Caret
                        | TokenKind::Tilde
                        | TokenKind::Eq
                        | TokenKind::Lt
                        | TokenKind::Le
                        | TokenKind::Gt
                        | TokenKind::Ge
                )
            {
                inp.skip();
            }
            if !version_part(inp.kind()) || !inp.same_line(0) {
                if inp.at() == start {
                    return Ok(None);
                }
                return inp.fail(Want::Number);
            }
            while inp.same_line(0) && (version_part(inp.kind()) || inp.kind() == TokenKind::Dot) {
                inp.skip();
            }
            if !inp.eat(TokenKind::Comma) {
                break;
            }
        }
        if inp.at() == start {
            return Ok(None);
        }
        let range = inp.range_from(start);
        let text = inp.state().text.get(range.start as usize..range.end as usize).unwrap_or_default();
        let text: String = text.chars().filter(|char| !char.is_whitespace()).collect();
        Ok(Some(Requirement { text: SmolStr::from(text), range }))
    })
}

fn version_part(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Int | TokenKind::Decimal | TokenKind::SemVer | TokenKind::BadLiteral | TokenKind::Star)
}
