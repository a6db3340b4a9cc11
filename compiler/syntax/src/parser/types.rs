//! Types and what refines them.

use super::expr::{take_expr, within_head};
use super::primitive::{Parses, Separator, Tokens, higher, ident, members, nested, rule, take_path, take_word};
use super::state::{In, Outcome};
use super::string::string;
use super::want::Want;
use crate::ast::{BinaryOp, ExprKind, FieldType, Ident, RecordType, Refinement, Type, TypeKind};
use crate::token::{Token, TokenKind};

/// Any type.
pub(super) fn ty<'s>() -> impl Parses<'s, Type> {
    rule(take_type)
}

/// The fields of a record type, braces included.
pub(super) fn record_type<'s>() -> impl Parses<'s, RecordType> {
    rule(take_record_type)
}

pub(super) fn take_type(inp: &mut In<'_, '_>) -> Outcome<Type> {
    nested(inp, refined)
}

/// A type and the `?`, `where` and `matching` after it.
fn refined(inp: &mut In<'_, '_>) -> Outcome<Type> {
    let start = inp.at();
    let mut base = simple(inp)?;
    loop {
        let kind = match inp.kind() {
            TokenKind::Question => {
                inp.skip();
                TypeKind::Optional(Box::new(base))
            }
            TokenKind::QuestionQuestion => {
                higher(inp)?;
                inp.skip();
                let inner = Type { kind: TypeKind::Optional(Box::new(base)), range: inp.range_from(start) };
                TypeKind::Optional(Box::new(inner))
            }
            TokenKind::Where if inp.kind_at(1) != TokenKind::Colon => {
                inp.skip();
                TypeKind::Refined { base: Box::new(base), refinement: Box::new(condition(inp)?) }
            }
            TokenKind::Matching if inp.kind_at(1) != TokenKind::Colon => {
                inp.skip();
                if !matches!(inp.kind(), TokenKind::Regex | TokenKind::RawStr) {
                    return inp.fail(Want::Regex);
                }
                let pattern = inp.parse(string())?;
                TypeKind::Refined { base: Box::new(base), refinement: Box::new(Refinement::Matching(pattern)) }
            }
            _ => return Ok(base),
        };
        higher(inp)?;
        base = Type { kind, range: inp.range_from(start) };
    }
}

/// What follows `where`.
fn condition(inp: &mut In<'_, '_>) -> Outcome<Refinement> {
    within_head(inp, true, |inp| {
        if inp.word() == "len" && starts_bound(inp.kind_at(1)) && inp.same_line(1) {
            inp.skip();
            return take_expr(inp).map(Refinement::Length);
        }
        let expr = take_expr(inp)?;
        Ok(match expr.kind {
            ExprKind::Binary { op: BinaryOp::Range | BinaryOp::RangeInclusive, .. } => Refinement::Range(expr),
            _ => Refinement::Predicate(expr),
        })
    })
}

/// Whether the bounds of a length can start with this kind.
fn starts_bound(kind: TokenKind) -> bool {
    kind.is_name() || matches!(kind, TokenKind::Int | TokenKind::BadLiteral)
}

fn simple(inp: &mut In<'_, '_>) -> Outcome<Type> {
    let start = inp.at();
    let kind = match inp.kind() {
        TokenKind::LBracket => {
            inp.skip();
            let element = within_head(inp, false, take_type)?;
            inp.take(TokenKind::RBracket)?;
            TypeKind::List(Box::new(element))
        }
        TokenKind::LBrace => TypeKind::Record(take_record_type(inp)?),
        kind if kind.is_name() => {
            let path = take_path(inp)?;
            let args = if inp.kind() == TokenKind::Lt && inp.same_line(0) { type_arguments(inp)? } else { Vec::new() };
            TypeKind::Path { path, args }
        }
        _ => return inp.fail(Want::Type),
    };
    Ok(Type { kind, range: inp.range_from(start) })
}

/// `<T, U>`
fn type_arguments(inp: &mut In<'_, '_>) -> Outcome<Vec<Type>> {
    inp.take(TokenKind::Lt)?;
    let mut args = Vec::with_capacity(1);
    loop {
        args.push(within_head(inp, false, |inp| {
            inp.state().angle = true;
            take_type(inp)
        })?);
        if !inp.eat(TokenKind::Comma) || inp.kind() == TokenKind::Gt {
            break;
        }
    }
    inp.take(TokenKind::Gt)?;
    Ok(args)
}

pub(super) fn take_record_type(inp: &mut In<'_, '_>) -> Outcome<RecordType> {
    let start = inp.at();
    inp.take(TokenKind::LBrace)?;
    let fields = members(inp, TokenKind::RBrace, Separator::CommaOrLine, field_type, |_| None)?;
    Ok(RecordType { fields, range: inp.range_from(start) })
}

/// `name: T = default`
fn field_type(inp: &mut In<'_, '_>) -> Outcome<FieldType> {
    let start = inp.at();
    let docs = inp.peek_ref().and_then(|token| inp.state().docs_before(token));
    let name = member_name(inp)?;
    inp.take(TokenKind::Colon)?;
    let ty = take_type(inp)?;
    let default = if inp.eat(TokenKind::Eq) { Some(take_expr(inp)?) } else { None };
    Ok(FieldType { docs, name, ty, default, range: inp.range_from(start) })
}

/// A name of a field or variant: a word, or a string where it is not an identifier.
pub(super) fn member_name(inp: &mut In<'_, '_>) -> Outcome<Ident> {
    match inp.peek_ref() {
        Some(token) if matches!(token.kind, TokenKind::Str | TokenKind::RawStr) => quoted_name(inp, *token),
        Some(_) => take_word(inp),
        None => inp.fail(Want::Name),
    }
}

fn quoted_name(inp: &mut In<'_, '_>, token: Token) -> Outcome<Ident> {
    let literal = inp.parse(string())?;
    let text = inp.state().text;
    match literal.as_text() {
        Some(name) if !name.is_empty() => Ok(Ident { name: name.into(), range: token.range }),
        _ => Ok(ident(text, &token)),
    }
}
