//! Slips of the pen that leave no doubt about what was meant: a sign left out or taken for another. They are reported,
//! and the parser goes on as if the right sign stood there, so that nothing else is lost.

use ordain_diagnostics::TextRange;

use super::primitive::Tokens;
use super::state::{In, Miss, Outcome};
use super::want::Expected;
use crate::token::{Token, TokenFlags, TokenKind};

/// Takes what stands in the place of `kind`, or nothing where it was left out.
#[cold]
pub(super) fn instead_of(inp: &mut In<'_, '_>, kind: TokenKind) -> Outcome<Token> {
    let at = inp.at();
    let expected = Expected::of_kind(kind);
    inp.state().note(at, expected);
    let Some(token) = inp.peek_ref().copied().filter(|_| inp.same_line(0)) else { return Err(Miss) };
    let sign = sign(kind);
    if sign.is_empty() || inp.state().is_moot(at) {
        return Err(Miss);
    }
    let next = inp.kind_at(1);
    let junk = !token.kind.is_opener() && !token.kind.is_closer();
    if junk && next == kind && inp.same_line(1) {
        let state = inp.state();
        let word = state.describe(&token);
        let error = state.failure(at, expected).fix(format!("remove {word}"), token.range, "", false);
        state.guess(at, error);
        inp.skip();
        return inp.take(kind);
    }
    let wrong_word = kind.is_word()
        && (token.kind.is_name() && (!may_follow_operand(token.kind) || connects(token.kind)))
        && (starts_member(next) && !may_follow_operand(next))
        && inp.same_line(1);
    if wrong_word || is_taken_for(token.kind, kind) {
        let state = inp.state();
        let error = state.failure(at, expected).fix(format!("write `{sign}`"), token.range, sign, true);
        state.guess(at, error);
        inp.skip();
        return Ok(token);
    }
    if !starts_member(token.kind) || token.kind == TokenKind::LBrace {
        return Err(Miss);
    }
    let place = inp.previous().map_or(token.range.start, |before| before.range.end);
    let place = TextRange::new(place, place);
    let text = if kind == TokenKind::Colon { sign.to_owned() } else { format!(" {sign}") };
    let state = inp.state();
    let error = state.failure(at, expected).fix(format!("insert `{sign}`"), place, text, true);
    state.guess(at, error);
    Ok(Token { kind, flags: TokenFlags::VIRTUAL, range: place })
}

/// Whether the word stands between two names wherever it stands.
const fn connects(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::From | TokenKind::To | TokenKind::As | TokenKind::On)
}

/// The spelling of the signs and words that can be left out without a doubt; nothing for the others.
const fn sign(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Colon => ":",
        TokenKind::Eq => "=",
        TokenKind::Arrow => "->",
        TokenKind::FatArrow => "=>",
        TokenKind::In => "in",
        TokenKind::To => "to",
        TokenKind::From => "from",
        TokenKind::On => "on",
        TokenKind::Times => "times",
        _ => "",
    }
}

/// Whether people who mean one sign write the other.
const fn is_taken_for(found: TokenKind, meant: TokenKind) -> bool {
    matches!(
        (found, meant),
        (TokenKind::Eq | TokenKind::FatArrow, TokenKind::Colon)
            | (TokenKind::Colon | TokenKind::EqEq | TokenKind::FatArrow, TokenKind::Eq)
            | (TokenKind::Colon | TokenKind::FatArrow, TokenKind::Arrow)
            | (TokenKind::Colon | TokenKind::Arrow | TokenKind::Eq, TokenKind::FatArrow)
            | (TokenKind::Colon | TokenKind::Eq, TokenKind::In)
            | (TokenKind::Arrow | TokenKind::FatArrow | TokenKind::Eq | TokenKind::Colon, TokenKind::To)
    )
}

/// Whether a member of a list or record can start with this kind, so that a sign is what is missing before it.
pub(super) const fn starts_member(kind: TokenKind) -> bool {
    kind.is_name()
        || kind.is_literal()
        || matches!(kind, TokenKind::StrHead | TokenKind::LBrace | TokenKind::LBracket | TokenKind::LParen)
}

/// Whether the word can follow an operand on its line.
pub(super) const fn may_follow_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Not
            | TokenKind::After
            | TokenKind::Timeout
            | TokenKind::Retry
            | TokenKind::On
            | TokenKind::Times
            | TokenKind::Backoff
            | TokenKind::Count
            | TokenKind::Until
            | TokenKind::See
            | TokenKind::Expect
            | TokenKind::Because
            | TokenKind::As
            | TokenKind::To
            | TokenKind::From
            | TokenKind::Where
            | TokenKind::Matching
    )
}
