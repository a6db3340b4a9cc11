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
mod state;
mod string;
mod test;
mod types;
mod want;

pub use state::{MAX_HEIGHT, MAX_NESTING};

use chumsky::prelude::*;
use ordain_diagnostics::codes;

use crate::ast::{Docs, Expr, ExprKind, File};
use crate::error::SyntaxError;
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

/// Parses a file. This never fails and never panics; the time it takes grows with the length of the text.
pub fn parse(text: &str) -> Parsed {
    let Stream { tokens, docs, file_docs, errors } = lexer::stream(text);
    let slices = structure::split(text, &tokens);
    let mut state = State::new(text, &docs, errors);
    let mut file = File {
        docs: file_docs.map(|range| Docs { text: state::doc_text(text, range, "//!"), range }),
        ..File::default()
    };
    for slice in &slices {
        let reported = state.errors.len();
        match declaration(slice, &mut state) {
            Some(TopLevel::Item(item)) => file.items.push(*item),
            Some(TopLevel::Use(import)) => file.uses.push(import),
            None => {}
        }
        if state.errors.len() > reported {
            state.forgive_docs(&slice.span);
        }
    }
    state.report_dangling_docs();
    let mut errors = state.errors;
    errors.sort_by_key(|error| error.range.start);
    Parsed { file, errors }
}

/// Parses a lone expression.
pub fn parse_expr(text: &str) -> (Expr, Vec<SyntaxError>) {
    let Stream { tokens, docs, errors, .. } = lexer::stream(text);
    let slice = structure::whole(text, &tokens);
    let mut state = State::new(text, &docs, errors);
    state.errors.extend(slice.unclosed.iter().chain(&slice.strays).cloned());
    state.begin(&slice.tokens);
    let found = run(expr::expr(), &slice.tokens, &mut state);
    let mut errors = state.errors;
    errors.sort_by_key(|error| error.range.start);
    let range = lexer::range(0, text.len());
    (found.unwrap_or(Expr { kind: ExprKind::Error, range }), errors)
}

/// Parses the tokens of one declaration and reports what is wrong with them.
fn declaration<'s>(slice: &'s Slice<'s>, state: &mut State<'s>) -> Option<TopLevel> {
    let tokens = &*slice.tokens;
    state.errors.extend(slice.unclosed.iter().cloned());
    state.begin(tokens);
    let found = match tokens.first() {
        Some(first) if !first.kind.is_item_word() && first.kind != TokenKind::At => {
            unknown_declaration(first, state);
            None
        }
        _ => run(top_level(), tokens, state),
    };
    // A brace that opens nothing because its partner was never opened is one mistake.
    let strays = slice.strays.iter().skip(state.missing_openers).cloned();
    state.errors.extend(strays);
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
    let word = first.text(state.text);
    if !first.kind.is_word() {
        let found = state.describe(first);
        let error =
            SyntaxError::new(codes::UNEXPECTED_TOKEN, first.range, format!("expected a declaration, found {found}"));
        return state.report_as(0, error);
    }
    let words: Vec<&str> = ITEM_WORDS.iter().map(|(word, _)| *word).collect();
    let error = SyntaxError::new(
        codes::UNKNOWN_DECLARATION,
        first.range,
        match closest(word, &words) {
            Some(meant) => format!("`{word}` starts no declaration; did you mean `{meant}`?"),
            None => format!("`{word}` starts no declaration"),
        },
    );
    let list = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let error = error.help(format!("declarations start with {list}"));
    let error = match closest(word, &words) {
        Some(meant) => error.fix(format!("write `{meant}`"), first.range, meant, false),
        None => error,
    };
    state.report_as(0, error);
}
