//! Expressions: operators by precedence, then what binds tighter, then the smallest parts.

use chumsky::prelude::*;
use ordain_diagnostics::codes;
use smol_str::SmolStr;

use super::block::{block, if_expr, match_expr};
use super::literal::{literal, smallest_int};
use super::primitive::{
    Parses, Separator, Tokens, higher, ident, members, nested, range_of, rule, take_name, take_part, take_path, tok,
};
use super::record::record;
use super::slip;
use super::state::{In, Miss, Outcome};
use super::string::string_literal;
use super::want::Want;
use crate::ast::{Arg, BinaryOp, Binder, Comprehension, Expr, ExprKind, ForClause, UnaryOp};
use crate::error::SyntaxError;
use crate::token::TokenKind;

/// Any expression.
pub(super) fn expr<'s>() -> impl Parses<'s, Expr> {
    rule(take_expr)
}

/// An expression before a `{` that belongs to something else.
pub(super) fn head_expr<'s>() -> impl Parses<'s, Expr> {
    rule(take_head_expr)
}

pub(super) fn take_expr(inp: &mut In<'_, '_>) -> Outcome<Expr> {
    nested(inp, |inp| binary(inp, 0))
}

pub(super) fn take_head_expr(inp: &mut In<'_, '_>) -> Outcome<Expr> {
    within_head(inp, true, take_expr)
}

/// Runs `f` with braces meaning a body (`head`), or inside delimiters, where they mean a record.
pub(super) fn within_head<'s, 'p, T>(
    inp: &mut In<'s, 'p>,
    head: bool,
    f: impl FnOnce(&mut In<'s, 'p>) -> Outcome<T>,
) -> Outcome<T> {
    let state = inp.state();
    let around = (std::mem::replace(&mut state.head, head), state.angle);
    state.angle &= head;
    let result = f(inp);
    let state = inp.state();
    (state.head, state.angle) = around;
    result
}

/// An operand and the operators after it that bind at least as tightly as `least`.
fn binary(inp: &mut In<'_, '_>, least: u8) -> Outcome<Expr> {
    let mut left = unary(inp)?;
    // Comparisons and ranges do not chain; this is the precedence of the last one parsed here.
    let mut closed = u8::MAX;
    while let Some(op) = infix(inp) {
        let precedence = op.precedence();
        if precedence < least {
            break;
        }
        let start = inp.at();
        inp.skip();
        if op == BinaryOp::NotIn {
            inp.skip();
        }
        let op_range = inp.range_from(start);
        if precedence == closed {
            return no_chain(inp, start, op);
        }
        let height = std::mem::replace(&mut inp.state().height, 0);
        let right = binary(inp, precedence + 1)?;
        let state = inp.state();
        state.height = state.height.max(height);
        higher(inp)?;
        if matches!(precedence, 4 | 5) {
            closed = precedence;
        }
        let range = left.range.cover(right.range);
        let kind = ExprKind::Binary { op, op_range, left: Box::new(left), right: Box::new(right) };
        left = Expr { kind, range };
    }
    Ok(left)
}

#[cold]
fn no_chain(inp: &mut In<'_, '_>, at: usize, op: BinaryOp) -> Outcome<Expr> {
    let range = inp.range_from(at);
    let (what, help) = if op.precedence() == BinaryOp::Eq.precedence() {
        ("comparisons", "join two comparisons with `&&`, or put one in parentheses")
    } else {
        ("ranges", "put one of them in parentheses")
    };
    let message = format!("`{}` follows another of its kind; {what} do not chain", op.symbol());
    inp.state().report_in_place(at, SyntaxError::new(codes::UNEXPECTED_TOKEN, range, message).help(help));
    Err(Miss)
}

/// The infix operator that comes next, if one does.
#[inline]
fn infix(inp: &mut In<'_, '_>) -> Option<BinaryOp> {
    let token = inp.peek_ref()?;
    Some(match token.kind {
        TokenKind::QuestionQuestion => BinaryOp::Coalesce,
        TokenKind::OrOr => BinaryOp::Or,
        TokenKind::AndAnd => BinaryOp::And,
        TokenKind::EqEq => BinaryOp::Eq,
        TokenKind::BangEq => BinaryOp::Ne,
        TokenKind::Lt => BinaryOp::Lt,
        TokenKind::Le => BinaryOp::Le,
        TokenKind::Gt | TokenKind::Ge if inp.state().angle => return None,
        TokenKind::Gt => BinaryOp::Gt,
        TokenKind::Ge => BinaryOp::Ge,
        TokenKind::In => BinaryOp::In,
        TokenKind::Not if inp.kind_at(1) == TokenKind::In => BinaryOp::NotIn,
        TokenKind::Plus => BinaryOp::Add,
        TokenKind::Star => BinaryOp::Mul,
        TokenKind::Slash => BinaryOp::Div,
        TokenKind::Percent => BinaryOp::Rem,
        // On a new line `..` spreads and a `-` that touches what follows negates.
        TokenKind::DotDot if !token.on_new_line() => BinaryOp::Range,
        TokenKind::DotDotEq if !token.on_new_line() => BinaryOp::RangeInclusive,
        TokenKind::Minus if !token.on_new_line() || !touches_next(inp) => BinaryOp::Sub,
        _ => return None,
    })
}

fn touches_next(inp: &mut In<'_, '_>) -> bool {
    let at = inp.at();
    match inp.state().tokens.get(at..at + 2) {
        Some([sign, next]) => sign.range.end == next.range.start,
        _ => false,
    }
}

/// Prefix operators and their operand.
fn unary(inp: &mut In<'_, '_>) -> Outcome<Expr> {
    let start = inp.at();
    let mut smallest = None;
    while matches!(inp.kind(), TokenKind::Minus | TokenKind::Bang) && smallest.is_none() {
        let start = inp.at();
        smallest = smallest_int(inp).map(|value| (start, ExprKind::Literal(value)));
        if smallest.is_none() {
            inp.skip();
        }
    }
    let (end, mut operand) = match smallest {
        Some((start, kind)) => {
            let range = inp.range_from(start);
            (start, postfix_of(inp, start, Expr { kind, range })?)
        }
        None => {
            let end = inp.at();
            let base = part(inp)?;
            (end, postfix_of(inp, end, base)?)
        }
    };
    for at in (start..end).rev() {
        higher(inp)?;
        let sign = inp.state().tokens[at];
        let op = if sign.kind == TokenKind::Minus { UnaryOp::Neg } else { UnaryOp::Not };
        let range = sign.range.cover(operand.range);
        operand = Expr { kind: ExprKind::Unary { op, operand: Box::new(operand) }, range };
    }
    Ok(operand)
}

/// Fields, indices and calls after a part that begins at the token `start`.
fn postfix_of(inp: &mut In<'_, '_>, start: usize, mut base: Expr) -> Outcome<Expr> {
    loop {
        let kind = match inp.kind() {
            kind @ (TokenKind::Dot | TokenKind::QuestionDot) => {
                inp.skip();
                let name = take_part(inp)?;
                ExprKind::Field { base: Box::new(base), name, optional: kind == TokenKind::QuestionDot }
            }
            TokenKind::LBracket if inp.same_line(0) => {
                let index = inp.parse(expr_in(TokenKind::LBracket, TokenKind::RBracket))?;
                ExprKind::Index { base: Box::new(base), index: Box::new(index) }
            }
            TokenKind::LParen if inp.same_line(0) => {
                let args = arguments(inp)?;
                ExprKind::Call { callee: Box::new(base), args }
            }
            _ => return Ok(base),
        };
        higher(inp)?;
        base = Expr { kind, range: inp.range_from(start) };
    }
}

/// An expression between two signs, where braces are records again.
fn expr_in<'s>(open: TokenKind, close: TokenKind) -> impl Parses<'s, Expr> {
    let inner = rule(|inp| within_head(inp, false, take_expr));
    inner.delimited_by(tok(open), tok(close))
}

/// Whether the word `plan` begins a plan as a value, and is no name itself: `plan where …` and `plan timeout 5m` have the
/// words that follow a name, `plan release(…)` and also `plan release` alone do not.
fn names_plan(inp: &mut In<'_, '_>) -> bool {
    if !inp.same_line(1) {
        return false;
    }
    let mut at = 1;
    while inp.kind_at(at).is_name() && inp.kind_at(at + 1) == TokenKind::Dot {
        at += 2;
    }
    inp.kind_at(1) == TokenKind::Ident || (inp.kind_at(at).is_name() && inp.kind_at(at + 1) == TokenKind::LParen)
}

/// The smallest parts of expressions; their first token decides.
fn part(inp: &mut In<'_, '_>) -> Outcome<Expr> {
    let start = inp.at();
    let kind = match inp.kind() {
        TokenKind::Plan if names_plan(inp) => {
            inp.skip();
            let path = take_path(inp)?;
            let args = arguments(inp)?;
            ExprKind::Plan { path, args }
        }
        kind if kind.is_name() => {
            if kind != TokenKind::Ident && begins_clause(inp) {
                return inp.fail(Want::Expression);
            }
            let name = take_name(inp)?;
            return Ok(Expr { kind: ExprKind::Name(name.name), range: name.range });
        }
        TokenKind::Str | TokenKind::RawStr | TokenKind::StrHead | TokenKind::Regex => {
            ExprKind::String(string_literal(inp)?)
        }
        TokenKind::LParen => return inp.parse(expr_in(TokenKind::LParen, TokenKind::RParen)),
        TokenKind::LBracket => list(inp)?,
        TokenKind::LBrace if inp.state().head => return record_in_head(inp),
        TokenKind::LBrace if inp.kind_at(1) == TokenKind::Let => ExprKind::Block(Box::new(block(inp)?)),
        TokenKind::LBrace => record(inp)?,
        TokenKind::If => if_expr(inp)?,
        TokenKind::Match => match_expr(inp)?,
        _ => match literal(inp) {
            Some(kind) => kind,
            None => return inp.fail(Want::Expression),
        },
    };
    Ok(Expr { kind, range: inp.range_from(start) })
}

/// Whether the word that comes next starts a line and a clause there (`deny "…"`), so that no expression stands before
/// it.
fn begins_clause(inp: &mut In<'_, '_>) -> bool {
    let next = inp.kind_at(1);
    !inp.same_line(0)
        && inp.same_line(1)
        && (matches!(next, TokenKind::Str | TokenKind::StrHead) || (next.is_name() && !slip::may_follow_operand(next)))
}

/// A brace where the head of a body ends: either its expression is missing, or a record lacks its parentheses.
#[cold]
fn record_in_head(inp: &mut In<'_, '_>) -> Outcome<Expr> {
    let entry = inp.kind_at(1).is_word() || inp.kind_at(1) == TokenKind::Str;
    if !(entry && inp.kind_at(2) == TokenKind::Colon) {
        return inp.fail(Want::Expression);
    }
    let at = inp.at();
    let range = inp.peek_ref().map(|token| token.range).unwrap_or_default();
    let error = SyntaxError::new(codes::UNEXPECTED_TOKEN, range, "a record before a body needs parentheses")
        .help("without them the brace would start the body");
    inp.state().report_in_place(at, error);
    Err(Miss)
}

/// A list and nothing that may follow it in a longer expression.
pub(super) fn take_list(inp: &mut In<'_, '_>) -> Outcome<Expr> {
    let start = inp.at();
    let kind = nested(inp, list)?;
    Ok(Expr { kind, range: inp.range_from(start) })
}

/// `[a, b]` or `[body for x in xs]`
fn list(inp: &mut In<'_, '_>) -> Outcome<ExprKind> {
    let start = inp.at();
    inp.take(TokenKind::LBracket)?;
    let mut head = None;
    let mut elements = members(
        inp,
        TokenKind::RBracket,
        Separator::Comma,
        |inp| {
            let element = take_expr(inp)?;
            if inp.kind() == TokenKind::For && inp.at() > start + 1 && head.is_none() {
                head = Some(comprehension(inp)?);
            }
            Ok(element)
        },
        |range| Some(Expr { kind: ExprKind::Error, range }),
    )?;
    Ok(match (head, elements.len()) {
        (Some(head), 1) => ExprKind::ListFor(Box::new(elements.remove(0)), Box::new(head)),
        (Some(_), _) => {
            let range = inp.range_from(start);
            let error = SyntaxError::new(
                codes::UNEXPECTED_TOKEN,
                range,
                "a comprehension makes one list and has no other elements",
            );
            inp.state().report_as(start, error.help("join lists with `+`"));
            ExprKind::List(elements)
        }
        (None, _) => ExprKind::List(elements),
    })
}

/// `for x in xs if cond`, several times
pub(super) fn comprehension(inp: &mut In<'_, '_>) -> Outcome<Comprehension> {
    within_head(inp, false, |inp| {
        let mut clauses = Vec::with_capacity(1);
        loop {
            match inp.kind() {
                TokenKind::For => {
                    let (binder, iter) = inp.parse(for_in(expr()))?;
                    clauses.push(ForClause::For { binder, iter });
                }
                TokenKind::If if !clauses.is_empty() => {
                    clauses.push(ForClause::If(inp.parse(tok(TokenKind::If).ignore_then(expr()))?));
                }
                _ => return Ok(Comprehension { clauses }),
            }
        }
    })
}

/// `for x in xs` or `for k, v in m`
pub(super) fn for_in<'s>(iter: impl Parses<'s, Expr>) -> impl Parses<'s, (Binder, Expr)> {
    tok(TokenKind::For).ignore_then(rule(binder)).then_ignore(tok(TokenKind::In)).then(iter)
}

fn binder(inp: &mut In<'_, '_>) -> Outcome<Binder> {
    let first = take_name(inp)?;
    let second = if inp.eat(TokenKind::Comma) { Some(take_name(inp)?) } else { None };
    Ok(Binder { first, second })
}

/// `(a, name: b)`
pub(super) fn arguments(inp: &mut In<'_, '_>) -> Outcome<Vec<Arg>> {
    inp.take(TokenKind::LParen)?;
    members(inp, TokenKind::RParen, Separator::Comma, argument, |range| {
        Some(Arg { name: None, value: Expr { kind: ExprKind::Error, range } })
    })
}

fn argument(inp: &mut In<'_, '_>) -> Outcome<Arg> {
    let name = match inp.peek_ref() {
        Some(token) if token.kind.is_word() && inp.kind_at(1) == TokenKind::Colon => {
            let text = inp.state().text;
            let name = ident(text, token);
            inp.skip();
            inp.skip();
            Some(name)
        }
        _ => None,
    };
    let start = inp.at();
    let value = take_expr(inp)?;
    if inp.kind() != TokenKind::For {
        return Ok(Arg { name, value });
    }
    let head = comprehension(inp)?;
    let range = range_of(inp.state().tokens, start, inp.at());
    Ok(Arg { name, value: Expr { kind: ExprKind::ListFor(Box::new(value), Box::new(head)), range } })
}

/// The name as an expression.
pub(super) fn name_expr(name: &crate::ast::Ident) -> Expr {
    Expr { kind: ExprKind::Name(SmolStr::clone(&name.name)), range: name.range }
}
