//! Tokens to tree.
//!
//! The grammar is built from chumsky's parsers. It is predictive: the next token or two decide what is parsed, so
//! nothing is ever tried twice and the time grows with the length of the text. What may be broken on its own (a
//! clause, a statement, a field, an element) is reported, skipped and left behind; see [`primitive::members`].

mod block;
mod capability;
mod clause;
mod environment;
mod expr;
mod item;
mod literal;
mod plan;
mod policy;
mod primitive;
mod record;
mod slip;
mod state;
mod string;
mod test;
mod types;
mod want;

pub use state::{MAX_HEIGHT, MAX_NESTING};

use chumsky::prelude::*;
use ordain_diagnostics::codes;

use crate::ast::{Docs, Expr, ExprKind, File, Type, TypeKind};
use crate::error::{MAX_FINDINGS, SyntaxError};
use crate::lexer::{self, Stream};
use crate::similar::closest;
use crate::structure::{self, Slice};
use crate::token::{Token, TokenKind};
use item::{TopLevel, top_level};
use primitive::{Parses, Tokens, rule};
use state::State;

/// A parsed file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// What could be made of the text; broken parts are left out or stand as `Error` nodes.
    pub file: File,
    /// What is wrong with it, in the order of the text.
    pub errors: Vec<SyntaxError>,
}

/// The words that start declarations.
const ITEM_WORDS: &[(&str, TokenKind)] = &[
    ("adapter", TokenKind::Adapter),
    ("capability", TokenKind::Capability),
    ("const", TokenKind::Const),
    ("entity", TokenKind::Entity),
    ("enum", TokenKind::Enum),
    ("environment", TokenKind::Environment),
    ("fn", TokenKind::Fn),
    ("gate", TokenKind::Gate),
    ("plan", TokenKind::Plan),
    ("policy", TokenKind::Policy),
    ("test", TokenKind::Test),
    ("type", TokenKind::Type),
    ("use", TokenKind::Use),
];

/// What other languages call such declarations.
const FOREIGN_WORDS: &[(&str, &str)] = &[
    ("def", "fn"),
    ("env", "environment"),
    ("fun", "fn"),
    ("func", "fn"),
    ("function", "fn"),
    ("import", "use"),
    ("include", "use"),
    ("interface", "type"),
    ("let", "const"),
    ("pipeline", "plan"),
    ("record", "type"),
    ("rule", "policy"),
    ("struct", "type"),
    ("val", "const"),
    ("var", "const"),
    ("workflow", "plan"),
];

/// Whether a mistake may keep parts of a declaration from its tree. One inside a literal does not (it has a node all the
/// same), nor does a clause that does not belong there.
fn leaves_a_gap(error: &SyntaxError) -> bool {
    error.is_error() && !matches!(error.code, codes::INVALID_LITERAL | codes::INVALID_ESCAPE | codes::MISPLACED_CLAUSE)
}

/// Parses a file. This never fails and never panics; the time it takes grows with the length of the text.
pub fn parse(text: &str) -> Parsed {
    let Stream { tokens, docs, file_docs, errors } = lexer::stream(text);
    let mut slices = structure::split(text, &tokens);
    let slips = correct_first_words(text, &mut slices);
    let broken_tokens: Vec<u32> =
        errors.iter().filter(|error| leaves_a_gap(error)).map(|error| error.range.start).collect();
    let mut state = State::new(text, &docs, errors);
    let mut file = File {
        docs: file_docs.map(|range| Docs { text: state::doc_text(text, range, "//!"), range }),
        ..File::default()
    };
    let mut slips = slips.into_iter().peekable();
    for slice in &slices {
        let reported = state.errors.len();
        state.errors.extend(slips.next_if(|(start, _)| *start == slice.span.start).map(|(_, slip)| slip));
        match declaration(slice, &mut state) {
            Some(TopLevel::Item(mut item)) => {
                let tokens = broken_tokens.partition_point(|start| *start < item.range.start)
                    ..broken_tokens.partition_point(|start| *start < item.range.end);
                // What stands after a whole declaration is no part of it.
                let mut own = state.errors[reported..].iter().filter(|error| error.range.start < item.range.end);
                item.broken = !tokens.is_empty() || own.any(leaves_a_gap);
                file.items.push(*item);
            }
            Some(TopLevel::Use(import)) => file.uses.push(import),
            None => {}
        }
        if state.errors.len() > reported {
            state.forgive_docs(&slice.span);
        }
    }
    state.report_dangling_docs();
    Parsed { file, errors: state.errors.in_order() }
}

/// Parses a lone expression.
pub fn parse_expr(text: &str) -> (Expr, Vec<SyntaxError>) {
    let Stream { tokens, docs, errors, .. } = lexer::stream(text);
    let slice = structure::whole(text, &tokens);
    let mut state = State::new(text, &docs, errors);
    let first_error = state.errors.len();
    state.errors.extend(slice.unclosed.iter().cloned());
    state.begin(&slice.tokens);
    let found = run(expr::expr(), &slice.tokens, &mut state);
    state.report_strays(&slice.strays, first_error);
    let errors = state.errors.in_order();
    let range = lexer::range(0, text.len());
    (found.unwrap_or(Expr { kind: ExprKind::Error, range }), errors)
}

/// Parses a lone type.
pub fn parse_type(text: &str) -> (Type, Vec<SyntaxError>) {
    let Stream { tokens, docs, errors, .. } = lexer::stream(text);
    let slice = structure::whole(text, &tokens);
    let mut state = State::new(text, &docs, errors);
    let first_error = state.errors.len();
    state.errors.extend(slice.unclosed.iter().cloned());
    state.begin(&slice.tokens);
    let found = run(types::ty(), &slice.tokens, &mut state);
    state.report_strays(&slice.strays, first_error);
    let errors = state.errors.in_order();
    let range = lexer::range(0, text.len());
    (found.unwrap_or(Type { kind: TypeKind::Error, range }), errors)
}

/// Parses the tokens of one declaration and reports what is wrong with them.
fn declaration<'s>(slice: &'s Slice<'s>, state: &mut State<'s>) -> Option<TopLevel> {
    let tokens = &*slice.tokens;
    let first_error = state.errors.len();
    state.errors.extend(slice.unclosed.iter().cloned());
    state.begin(tokens);
    let found = match tokens.first() {
        Some(first) if !first.kind.is_item_word() && first.kind != TokenKind::At => {
            unknown_declaration(first, state);
            None
        }
        Some(_) => run(top_level(), tokens, state),
        None => None,
    };
    state.report_strays(&slice.strays, first_error);
    found
}

/// Runs a parser over all of `tokens`.
fn run<'s, T>(parser: impl Parses<'s, T>, tokens: &'s [Token], state: &mut State<'s>) -> Option<T> {
    let all = rule(move |inp| {
        let found = inp.parse(parser);
        if found.is_err() || inp.kind() != TokenKind::End {
            let at = inp.at();
            let state = inp.state();
            if found.is_ok() {
                state.note(at, Default::default());
                state.note_early_end(at);
            }
            state.report();
        }
        while inp.next().is_some() {}
        found
    });
    all.lazy().parse_with_state(tokens, state).into_output()
}

/// Reports what stands where a declaration should.
fn unknown_declaration(first: &Token, state: &mut State<'_>) {
    if state.errors.is_full() {
        return;
    }
    let word = first.text(state.text);
    if !first.kind.is_word() {
        let found = state.describe(first);
        let error =
            SyntaxError::new(codes::UNEXPECTED_TOKEN, first.range, format!("expected a declaration, found {found}"));
        return state.report_as(0, error);
    }
    let error = SyntaxError::new(codes::UNKNOWN_DECLARATION, first.range, format!("`{word}` starts no declaration"));
    state.report_as(0, error.help(known_declarations()));
}

/// Corrects the first words of declarations that are nearly right. Gives the findings, each with the first token of its
/// declaration.
fn correct_first_words(text: &str, slices: &mut [Slice<'_>]) -> Vec<(usize, SyntaxError)> {
    let slips = slices
        .iter_mut()
        .filter(|slice| slice.tokens.first().is_some_and(|first| first.kind.is_word() && !first.kind.is_item_word()));
    // After so many findings nobody reads them.
    slips.take(MAX_FINDINGS).filter_map(|slice| Some((slice.span.start, correct_first_word(text, slice)?))).collect()
}

/// Puts the word that was meant where a declaration starts with one that is nearly right, and says so.
fn correct_first_word(text: &str, slice: &mut Slice<'_>) -> Option<SyntaxError> {
    let first = slice.tokens.first()?;
    let range = first.range;
    let word = first.text(text);
    let words: Vec<&str> = ITEM_WORDS.iter().map(|(word, _)| *word).collect();
    let named = slice.tokens.get(1).is_some_and(|next| next.kind.is_name() || next.kind == TokenKind::Str);
    let foreign = FOREIGN_WORDS.iter().find(|(foreign, _)| named && *foreign == word).map(|(_, meant)| *meant);
    let meant = foreign.or(closest(word, &words))?;
    let (_, kind) = ITEM_WORDS.iter().find(|(word, _)| *word == meant)?;
    slice.tokens.to_mut()[0].kind = *kind;
    let message = format!("`{word}` starts no declaration; did you mean `{meant}`?");
    let error = SyntaxError::new(codes::UNKNOWN_DECLARATION, range, message);
    Some(error.help(known_declarations()).fix(format!("write `{meant}`"), range, meant, false))
}

fn known_declarations() -> String {
    let list = ITEM_WORDS.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    format!("declarations start with {list}")
}
