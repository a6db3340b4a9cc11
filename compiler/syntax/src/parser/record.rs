//! Records, maps and the inputs of steps: whatever stands between braces as names and values.

use ordain_diagnostics::codes;

use super::expr::{comprehension, name_expr, take_expr};
use super::primitive::{Separator, Tokens, ident, members, take_name};
use super::slip;
use super::state::{In, Outcome};
use super::want::Want;
use crate::ast::{Expr, ExprKind, Field};
use crate::error::SyntaxError;
use crate::token::TokenKind;

/// `{ a: 1, "b": 2, ..rest }` or `{ k: v for k, v in m }`
pub(super) fn record(inp: &mut In<'_, '_>) -> Outcome<ExprKind> {
    let start = inp.at();
    inp.take(TokenKind::LBrace)?;
    let mut head = None;
    let mut fields = members(
        inp,
        TokenKind::RBrace,
        Separator::CommaOrLine,
        |inp| {
            let (entry, free_key) = entry(inp)?;
            if inp.kind() == TokenKind::For && head.is_none() && !matches!(entry, Field::Spread { .. }) {
                head = Some(comprehension(inp)?);
            } else if free_key {
                report_free_key(inp, &entry);
            }
            Ok(entry)
        },
        |range| Some(Field::Spread { value: Expr { kind: ExprKind::Error, range }, range }),
    )?;
    let Some(head) = head else { return Ok(ExprKind::Record(fields)) };
    if fields.len() > 1 {
        let range = inp.range_from(start);
        let error =
            SyntaxError::new(codes::UNEXPECTED_TOKEN, range, "a comprehension makes one map and has no other entries");
        inp.state().report_as(start, error);
        return Ok(ExprKind::Record(fields));
    }
    Ok(match fields.pop() {
        Some(Field::Named { name, value, .. }) => {
            ExprKind::MapFor { key: Box::new(name_expr(&name)), value: Box::new(value), head: Box::new(head) }
        }
        Some(Field::Keyed { key, value }) => {
            ExprKind::MapFor { key: Box::new(key), value: Box::new(value), head: Box::new(head) }
        }
        _ => ExprKind::Record(Vec::new()),
    })
}

/// `{ name: value, … }`, where only names stand before the colons.
pub(super) fn fields(inp: &mut In<'_, '_>) -> Outcome<Vec<Field>> {
    inp.take(TokenKind::LBrace)?;
    members(inp, TokenKind::RBrace, Separator::CommaOrLine, field, |_| None)
}

/// One entry without a comprehension.
pub(super) fn field(inp: &mut In<'_, '_>) -> Outcome<Field> {
    let (entry, free_key) = entry(inp)?;
    if free_key {
        report_free_key(inp, &entry);
    }
    Ok(entry)
}

/// One entry, and whether its key is an expression that only a comprehension may have.
fn entry(inp: &mut In<'_, '_>) -> Outcome<(Field, bool)> {
    let start = inp.at();
    match inp.kind() {
        TokenKind::DotDot => {
            inp.skip();
            let value = take_expr(inp)?;
            Ok((Field::Spread { value, range: inp.range_from(start) }, false))
        }
        kind if kind.is_word() && inp.kind_at(1) == TokenKind::Colon => {
            let text = inp.state().text;
            let Some(token) = inp.next_ref() else { return inp.fail(Want::Field) };
            inp.skip();
            let value = value(inp)?;
            Ok((Field::Named { name: ident(text, token), value, shorthand: false }, false))
        }
        kind if kind.is_name() && !continues_key(inp) => {
            let name = take_name(inp)?;
            let shorthand = !lacks_colon(inp);
            let value = if shorthand {
                name_expr(&name)
            } else {
                inp.take(TokenKind::Colon)?;
                take_expr(inp)?
            };
            Ok((Field::Named { name, value, shorthand }, false))
        }
        kind => {
            let free = !matches!(kind, TokenKind::Str | TokenKind::RawStr | TokenKind::StrHead | TokenKind::LParen);
            if free && !kind.is_name() {
                return inp.fail(Want::Field);
            }
            let key = take_expr(inp)?;
            inp.take(TokenKind::Colon)?;
            let value = value(inp)?;
            Ok((Field::Keyed { key, value }, free))
        }
    }
}

/// The value of an entry, which the next entry's name is not.
pub(super) fn value(inp: &mut In<'_, '_>) -> Outcome<Expr> {
    if inp.next_member_begins() { inp.fail(Want::Expression) } else { take_expr(inp) }
}

/// Whether a value stands right after a name, where only a colon can be missing.
fn lacks_colon(inp: &mut In<'_, '_>) -> bool {
    if !inp.same_line(0) {
        return false;
    }
    let kind = inp.kind();
    let path = kind.is_name() && matches!(inp.kind_at(1), TokenKind::Dot | TokenKind::LParen | TokenKind::LBracket);
    path || kind == TokenKind::Eq || (slip::starts_member(kind) && !kind.is_name() && kind != TokenKind::LBrace)
}

/// Whether the name that comes next is the start of a longer key, such as `x.id: x`.
fn continues_key(inp: &mut In<'_, '_>) -> bool {
    inp.same_line(1)
        && matches!(
            inp.kind_at(1),
            TokenKind::Dot | TokenKind::QuestionDot | TokenKind::LParen | TokenKind::LBracket | TokenKind::Plus
        )
}

fn report_free_key(inp: &mut In<'_, '_>, entry: &Field) {
    let Field::Keyed { key, .. } = entry else { return };
    let range = key.range;
    // Where the entry has another mistake, it may be no entry at all.
    let at = inp.at().saturating_sub(1);
    let state = inp.state();
    let text = state.text.get(range.start as usize..range.end as usize).unwrap_or_default();
    let error = SyntaxError::new(codes::UNEXPECTED_TOKEN, range, format!("the key `{text}` needs parentheses"))
        .help("a key is a name, a string, or an expression in parentheses")
        .fix("put parentheses round it", range, format!("({text})"), true);
    state.report_as(at, error);
}
