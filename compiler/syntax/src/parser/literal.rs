//! The values of literals.

use ordain_diagnostics::{TextRange, codes};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::primitive::Tokens;
use super::state::In;
use crate::ast::{ExprKind, Literal};
use crate::error::SyntaxError;
use crate::lexer::{DURATION_UNITS, SIZE_UNITS, duration_parts};
use crate::token::TokenKind;

/// Takes the literal that comes next, if one does. One without a value is reported and gives [`ExprKind::Error`].
pub(super) fn literal(inp: &mut In<'_, '_>) -> Option<ExprKind> {
    let token = *inp.peek_ref()?;
    let at = inp.at();
    let state = inp.state();
    let text = token.text(state.text);
    let value = match token.kind {
        TokenKind::None => Ok(Literal::None),
        TokenKind::True => Ok(Literal::Bool(true)),
        TokenKind::False => Ok(Literal::Bool(false)),
        TokenKind::Int => int(text),
        TokenKind::Decimal => decimal(text).map(Literal::Decimal),
        TokenKind::Bytes => bytes(text),
        TokenKind::Duration => duration(text),
        TokenKind::SemVer => version(text),
        TokenKind::Date => date(text),
        TokenKind::BadLiteral => {
            inp.skip();
            return Some(ExprKind::Error);
        }
        _ => return None,
    };
    inp.skip();
    Some(match value {
        Ok(value) => ExprKind::Literal(value),
        Err(problem) => {
            inp.state().report_as(at, invalid(token.range, text, problem));
            ExprKind::Error
        }
    })
}

/// Takes the smallest whole number where it comes next: it has no positive counterpart, so the minus that touches its
/// digits is part of it.
pub(super) fn smallest_int(inp: &mut In<'_, '_>) -> Option<Literal> {
    let at = inp.at();
    let state = inp.state();
    let [sign, digits] = state.tokens.get(at..at + 2)? else { return None };
    let touching = sign.kind == TokenKind::Minus && sign.range.end == digits.range.start;
    if !touching || digits.kind != TokenKind::Int {
        return None;
    }
    let magnitude: u64 = plain(digits.text(state.text)).parse().ok()?;
    if magnitude != i64::MIN.unsigned_abs() {
        return None;
    }
    inp.skip();
    inp.skip();
    Some(Literal::Int(i64::MIN))
}

/// Why a literal has no value, and what would have one.
type Problem = (&'static str, &'static str);

fn invalid(range: TextRange, text: &str, (problem, help): Problem) -> SyntaxError {
    SyntaxError::new(codes::INVALID_LITERAL, range, format!("`{text}` {problem}")).help(help)
}

const TOO_LARGE: Problem = ("is too large", "whole numbers go up to 9_223_372_036_854_775_807");

const ONE_TOO_LARGE: Problem = (
    "is too large",
    "whole numbers go up to 9_223_372_036_854_775_807; with a `-` that touches it, it is the smallest one",
);

/// Whether the kind is a number that a minus may precede in a pattern.
pub(super) const fn is_number(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Int | TokenKind::Decimal)
}

/// The number with its sign turned round; other literals stay. INVARIANT: a number without its sign is never the
/// smallest one, which has no counterpart.
pub(super) fn negative(value: Literal) -> Literal {
    match value {
        Literal::Int(value) => Literal::Int(-value),
        Literal::Decimal(value) => Literal::Decimal(-value),
        other => other,
    }
}

/// Digits without the underscores between them.
fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('_') { text.replace('_', "").into() } else { text.into() }
}

fn int(text: &str) -> Result<Literal, Problem> {
    let magnitude: u64 = plain(text).parse().map_err(|_| TOO_LARGE)?;
    let negated = magnitude == i64::MIN.unsigned_abs();
    i64::try_from(magnitude).map(Literal::Int).map_err(|_| if negated { ONE_TOO_LARGE } else { TOO_LARGE })
}

fn decimal(text: &str) -> Result<Decimal, Problem> {
    Decimal::from_str_exact(&plain(text))
        .map_err(|_| ("has more digits than a decimal can hold", "decimals have at most 28 digits"))
}

fn bytes(text: &str) -> Result<Literal, Problem> {
    const RANGE: Problem = ("is too large", "sizes go up to 18_446_744_073_709_551_615 bytes");
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = SIZE_UNITS.iter().find(|(known, _)| *known == unit).map_or(1, |(_, scale)| *scale);
    if !number.contains('.') {
        let number: u64 = plain(number).parse().map_err(|_| RANGE)?;
        return number.checked_mul(scale).map(Literal::Bytes).ok_or(RANGE);
    }
    let value = decimal(number)?.checked_mul(Decimal::from(scale)).ok_or(RANGE)?;
    if !value.fract().is_zero() {
        return Err(("is no whole number of bytes", "write it in a smaller unit"));
    }
    u64::try_from(value).map(Literal::Bytes).map_err(|_| RANGE)
}

fn duration(text: &str) -> Result<Literal, Problem> {
    const RANGE: Problem = ("is too long", "durations go up to 18_446_744_073_709_551_615 milliseconds");
    let mut total = 0_u64;
    for (number, unit) in duration_parts(text) {
        let scale = DURATION_UNITS.iter().find(|(known, _)| *known == unit).map_or(1, |(_, scale)| *scale);
        let number: u64 = plain(number).parse().map_err(|_| RANGE)?;
        total = number.checked_mul(scale).and_then(|part| total.checked_add(part)).ok_or(RANGE)?;
    }
    Ok(Literal::Duration(total))
}

fn version(text: &str) -> Result<Literal, Problem> {
    match semver::Version::parse(text) {
        Ok(_) => Ok(Literal::SemVer(SmolStr::new(text))),
        Err(_) => Err(("is not a semantic version", "its numbers have no leading zeros and no underscores")),
    }
}

fn date(text: &str) -> Result<Literal, Problem> {
    let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(0);
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    if (1..=days).contains(&day) {
        Ok(Literal::Date(SmolStr::new(text)))
    } else {
        Err(("is not a day of the calendar", "days are written year-month-day: `2027-03-01`"))
    }
}
