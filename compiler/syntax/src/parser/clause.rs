//! What the bodies made of clauses share: ranges, unknown words, and clauses that several declarations know.

use chumsky::prelude::*;
use ordain_diagnostics::{TextRange, codes};

use super::expr::expr;
use super::primitive::{Parses, Separator, Tokens, members, open_body, rule, tok};
use super::record::fields;
use super::state::{In, Miss, Outcome};
use super::want::{Expected, Want};
use crate::ast::{Expr, Retry, StepCall};
use crate::error::SyntaxError;
use crate::similar::closest;
use crate::token::TokenKind;

/// Parses the clauses of a body, braces included.
pub(super) fn clauses<'s, T>(inp: &mut In<'s, '_>, clause: impl Fn(&mut In<'s, '_>) -> Outcome<T>) -> Outcome<Vec<T>> {
    open_body(inp)?;
    members(inp, TokenKind::RBrace, Separator::Nothing, clause, |_| None)
}

/// A clause of what `body` parses after its first word, with the range of the whole.
pub(super) fn ranged<'s, T, C>(
    inp: &mut In<'s, '_>,
    body: impl Parses<'s, T>,
    make: impl FnOnce(T, TextRange) -> C,
) -> Outcome<C> {
    let start = inp.at();
    inp.skip();
    let value = inp.parse(body)?;
    Ok(make(value, inp.range_from(start)))
}

/// The word that introduces clauses of one kind of declaration.
pub(super) struct Clauses {
    /// "a capability"
    pub of: &'static str,
    /// The words its clauses start with.
    pub words: &'static [&'static str],
}

/// The words of clauses of all declarations.
const EVERYWHERE: &[&Clauses] =
    &[&super::capability::CAPABILITY, &super::capability::ADAPTER, &super::policy::POLICY, &super::policy::GATE];

/// Reports that no clause starts with the next token.
pub(super) fn unknown_clause<T>(inp: &mut In<'_, '_>, clauses: &Clauses) -> Outcome<T> {
    let at = inp.at();
    let word = inp.word();
    let Some(token) = inp.peek_ref() else { return Err(Miss) };
    let state = inp.state();
    state.note(at, Default::default());
    if !token.kind.is_word() || (at > 0 && !token.on_new_line() && !follows_opener(state.tokens, at)) {
        return Err(Miss);
    }
    let list = clauses.words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let help = format!("its clauses are {list}");
    let other = EVERYWHERE.iter().find(|other| other.of != clauses.of && other.words.contains(&word));
    let error = match (closest(word, clauses.words), other) {
        (_, Some(other)) => SyntaxError::new(
            codes::MISPLACED_CLAUSE,
            token.range,
            format!("`{word}` belongs in {}, not in {}", other.of, clauses.of),
        )
        .help(help),
        (Some(meant), None) => SyntaxError::new(
            codes::UNEXPECTED_TOKEN,
            token.range,
            format!("`{word}` is no clause of {}; did you mean `{meant}`?", clauses.of),
        )
        .help(help)
        .fix(format!("write `{meant}`"), token.range, meant, false),
        (None, None) => {
            SyntaxError::new(codes::UNEXPECTED_TOKEN, token.range, format!("`{word}` is no clause of {}", clauses.of))
                .help(help)
        }
    };
    state.report_in_place(at, error);
    Err(Miss)
}

/// Reports that no statement starts with the next token, which may be a slip in one of the `words`.
#[cold]
pub(super) fn unknown_statement<T>(inp: &mut In<'_, '_>, want: Want, words: &[&'static str]) -> Outcome<T> {
    let at = inp.at();
    let word = inp.word();
    let Some(token) = inp.peek_ref().copied() else { return inp.fail(want) };
    let state = inp.state();
    let error = state.failure(at, Expected::of(want));
    let error = match closest(word, words).filter(|_| token.kind.is_word()) {
        Some(meant) => SyntaxError { message: format!("{}; did you mean `{meant}`?", error.message), ..error }.fix(
            format!("write `{meant}`"),
            token.range,
            meant,
            false,
        ),
        None => error,
    };
    state.report_in_place(at, error);
    Err(Miss)
}

fn follows_opener(tokens: &[crate::token::Token], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|token| token.kind == TokenKind::LBrace)
}

/// `3 times backoff 1s..30s`
pub(super) fn retry<'s>() -> impl Parses<'s, Retry> {
    expr()
        .then_ignore(tok(TokenKind::Times))
        .then(optional(TokenKind::Backoff))
        .map(|(times, backoff)| Retry { times, backoff })
}

/// The word and an expression, or nothing.
pub(super) fn optional<'s>(word: TokenKind) -> impl Parses<'s, Option<Expr>> {
    rule(move |inp| if inp.eat(word) { inp.parse(expr()).map(Some) } else { Ok(None) })
}

/// `a.b { name: value }`
pub(super) fn step_call<'s>() -> impl Parses<'s, StepCall> {
    rule(|inp| {
        let start = inp.at();
        let path = super::primitive::take_path(inp)?;
        let fields = fields(inp)?;
        Ok(StepCall { path, fields, range: inp.range_from(start) })
    })
}
