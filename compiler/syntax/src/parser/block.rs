//! Blocks and the expressions made of them: `if` and `match`.

use chumsky::prelude::*;

use super::expr::{expr, head_expr, take_expr, take_head_expr, within_head};
use super::literal::{is_number, literal, negative, smallest_int};
use super::primitive::{Parses, Separator, Tokens, members, name, nested, rule, take_path, tok};
use super::state::{In, Outcome};
use super::string::string_literal;
use super::types::ty;
use super::want::Want;
use crate::ast::{Arm, Block, Expr, ExprKind, Let, Literal, Pattern, PatternKind};
use crate::token::TokenKind;

/// `{ let …  result }`
pub(super) fn block(inp: &mut In<'_, '_>) -> Outcome<Block> {
    let start = inp.at();
    inp.take(TokenKind::LBrace)?;
    within_head(inp, false, |inp| {
        let mut lets = Vec::new();
        while inp.kind() == TokenKind::Let {
            lets.push(binding(inp)?);
        }
        let result = take_expr(inp)?;
        inp.take(TokenKind::RBrace)?;
        Ok(Block { lets, result, range: inp.range_from(start) })
    })
}

/// `let name: T = value`
pub(super) fn binding(inp: &mut In<'_, '_>) -> Outcome<Let> {
    let start = inp.at();
    let (name, ty) = inp.parse(tok(TokenKind::Let).ignore_then(name()).then(optional_type()))?;
    let value = inp.parse(tok(TokenKind::Eq).ignore_then(expr()))?;
    Ok(Let { name, ty, value, range: inp.range_from(start) })
}

/// `: T`, or nothing
pub(super) fn optional_type<'s>() -> impl Parses<'s, Option<crate::ast::Type>> {
    rule(|inp| {
        let named = inp.kind().is_name() && inp.same_line(0);
        if !named && inp.kind() != TokenKind::Colon {
            return Ok(None);
        }
        inp.parse(tok(TokenKind::Colon).ignore_then(ty())).map(Some)
    })
}

/// `if c { a } else { b }`
pub(super) fn if_expr(inp: &mut In<'_, '_>) -> Outcome<ExprKind> {
    inp.take(TokenKind::If)?;
    let condition = Box::new(take_head_expr(inp)?);
    let then = Box::new(block(inp)?);
    inp.take(TokenKind::Else)?;
    let otherwise = if inp.kind() == TokenKind::If {
        let start = inp.at();
        let kind = nested(inp, if_expr)?;
        let range = inp.range_from(start);
        Block { lets: Vec::new(), result: Expr { kind, range }, range }
    } else {
        block(inp)?
    };
    Ok(ExprKind::If { condition, then, otherwise: Box::new(otherwise) })
}

/// `match x { A => 1, B | C => 2, _ => 3 }`
pub(super) fn match_expr(inp: &mut In<'_, '_>) -> Outcome<ExprKind> {
    let subject = inp.parse(tok(TokenKind::Match).ignore_then(head_expr()))?;
    inp.take(TokenKind::LBrace)?;
    let arms = members(inp, TokenKind::RBrace, Separator::CommaOrLine, arm, |_| None)?;
    Ok(ExprKind::Match { subject: Box::new(subject), arms })
}

fn arm(inp: &mut In<'_, '_>) -> Outcome<Arm> {
    let start = inp.at();
    let mut patterns = vec![pattern(inp)?];
    while inp.eat(TokenKind::Pipe) {
        patterns.push(pattern(inp)?);
    }
    let guard = if inp.eat(TokenKind::If) { Some(take_expr(inp)?) } else { None };
    let body = inp.parse(tok(TokenKind::FatArrow).ignore_then(expr()))?;
    Ok(Arm { patterns, guard, body, range: inp.range_from(start) })
}

fn pattern(inp: &mut In<'_, '_>) -> Outcome<Pattern> {
    let start = inp.at();
    let kind = match inp.kind() {
        kind if kind.is_name() => {
            let mut path = take_path(inp)?;
            match path.parts.as_slice() {
                [one] if one.name == "_" => PatternKind::Wildcard,
                [_] => PatternKind::Name(path.parts.swap_remove(0).name),
                _ => PatternKind::Variant(path),
            }
        }
        TokenKind::Str | TokenKind::RawStr => match string_literal(inp)?.as_text() {
            Some(text) => PatternKind::String(text.into()),
            None => return inp.fail(Want::PlainString),
        },
        _ => {
            let low = pattern_literal(inp)?;
            let inclusive = match inp.kind() {
                TokenKind::DotDotEq => true,
                TokenKind::DotDot => false,
                _ => return Ok(Pattern { kind: PatternKind::Literal(low), range: inp.range_from(start) }),
            };
            inp.skip();
            PatternKind::Range { low, high: pattern_literal(inp)?, inclusive }
        }
    };
    Ok(Pattern { kind, range: inp.range_from(start) })
}

fn pattern_literal(inp: &mut In<'_, '_>) -> Outcome<Literal> {
    if let Some(smallest) = smallest_int(inp) {
        return Ok(smallest);
    }
    let minus = is_number(inp.kind_at(1)) && inp.eat(TokenKind::Minus);
    match literal(inp) {
        Some(ExprKind::Literal(value)) => Ok(if minus { negative(value) } else { value }),
        // A literal that is none has been reported.
        Some(_) => Ok(Literal::None),
        None => inp.fail(Want::Pattern),
    }
}
