//! Where declarations begin and which delimiters belong together, before any grammar.
//!
//! Every declaration becomes a slice of tokens of its own whose delimiters are balanced, so that a mistake in one
//! never reaches the next. A slice with unbalanced delimiters is mended here, by indentation, and reported.

mod mend;

use std::borrow::Cow;

use crate::error::SyntaxError;
use crate::token::{Token, TokenFlags, TokenKind};

/// The tokens of one declaration.
pub(crate) struct Slice<'s> {
    /// Its tokens, with balanced delimiters.
    pub tokens: Cow<'s, [Token]>,
    /// Where its tokens stand in the file's.
    pub span: std::ops::Range<usize>,
    /// Delimiters that were opened and not closed.
    pub unclosed: Vec<SyntaxError>,
    /// Delimiters that close nothing.
    pub strays: Vec<Stray>,
}

/// A delimiter that closes nothing and is left out of the tokens.
#[derive(Clone, Debug)]
pub(crate) struct Stray {
    /// What it would close.
    pub kind: TokenKind,
    /// What to say of it.
    pub error: SyntaxError,
}

/// How many open delimiters are searched for the one that a closer belongs to. More than the parser lets stand inside
/// each other, and few enough that a text of nothing but delimiters takes no longer than another.
const REACH: usize = 256;

/// How many delimiters of each kind are open, so that a closer without an opener is known at once.
#[derive(Default)]
struct Counts([u32; 4]);

impl Counts {
    const fn place(closer: TokenKind) -> usize {
        match closer {
            TokenKind::RParen => 0,
            TokenKind::RBrace => 1,
            TokenKind::RBracket => 2,
            _ => 3,
        }
    }

    fn add(&mut self, closer: TokenKind) {
        self.0[Self::place(closer)] += 1;
    }

    fn remove(&mut self, closer: TokenKind) {
        self.0[Self::place(closer)] -= 1;
    }

    const fn has(&self, closer: TokenKind) -> bool {
        self.0[Self::place(closer)] > 0
    }
}

/// Splits the tokens of a file into its declarations.
pub(crate) fn split<'s>(text: &str, tokens: &'s [Token]) -> Vec<Slice<'s>> {
    let mut slices = Vec::new();
    let mut open: Vec<TokenKind> = Vec::new();
    let mut counts = Counts::default();
    let mut start = 0;
    let mut broken = false;
    let mut annotated = false;
    for (at, token) in tokens.iter().enumerate() {
        let kind = token.kind;
        if kind.is_opener() {
            open.push(kind.closer());
            counts.add(kind.closer());
        } else if kind.is_closer() {
            if open.last() == Some(&kind) {
                open.pop();
                counts.remove(kind);
            } else {
                broken = true;
                let far = open.len().saturating_sub(REACH);
                let nearest = || open[far..].iter().rposition(|closer| *closer == kind);
                if let Some(depth) = if counts.has(kind) { nearest() } else { None } {
                    open.drain(far + depth..).for_each(|closer| counts.remove(closer));
                }
            }
        } else if kind == TokenKind::StrMid {
            broken |= open.last() != Some(&TokenKind::StrTail);
        } else if (kind.is_word() || kind == TokenKind::At) && starts_declaration(tokens, at, open.is_empty()) {
            if std::mem::replace(&mut annotated, kind == TokenKind::At) && at > start {
                continue;
            }
            if at > start {
                slices.push(slice(text, tokens, start..at, broken || !open.is_empty()));
            }
            start = at;
            broken = false;
            open.clear();
            counts = Counts::default();
        }
    }
    if start < tokens.len() {
        slices.push(slice(text, tokens, start..tokens.len(), broken || !open.is_empty()));
    }
    slices
}

/// The tokens of a text that is no file, such as a lone expression.
pub(crate) fn whole<'s>(text: &str, tokens: &'s [Token]) -> Slice<'s> {
    slice(text, tokens, 0..tokens.len(), true)
}

fn slice<'s>(text: &str, tokens: &'s [Token], span: std::ops::Range<usize>, broken: bool) -> Slice<'s> {
    let tokens = &tokens[span.clone()];
    if !broken {
        return Slice { tokens: Cow::Borrowed(tokens), span, unclosed: Vec::new(), strays: Vec::new() };
    }
    let mended = mend::mend(text, tokens);
    Slice { tokens: Cow::Owned(mended.tokens), span, unclosed: mended.unclosed, strays: mended.strays }
}

/// Whether a declaration starts at token `at`. Where delimiters are open (`top` is false), only a word in the first
/// column that is followed by all that makes such a declaration does, so that one missing brace costs one declaration.
fn starts_declaration(tokens: &[Token], at: usize, top: bool) -> bool {
    let token = &tokens[at];
    let first = token.flags.has(TokenFlags::COLUMN_0);
    if token.kind == TokenKind::At {
        return first || (top && token.on_new_line());
    }
    if !token.kind.is_item_word() {
        return top && first && looks_like_declaration(tokens, at);
    }
    let Some(next) = tokens.get(at + 1).filter(|next| !next.on_new_line()) else { return first && top };
    if top && first {
        return next.kind.is_word()
            || matches!(
                next.kind,
                TokenKind::Str
                    | TokenKind::StrHead
                    | TokenKind::RawStr
                    | TokenKind::LBrace
                    | TokenKind::Eq
                    | TokenKind::Colon
                    | TokenKind::LParen
                    | TokenKind::Int
            );
    }
    let top = top && (token.on_new_line() || (at > 0 && ends_operand(tokens[at - 1].kind)));
    (first || top) && has_shape(tokens, at, top)
}

/// Whether a word in the first column, where all delimiters are closed, cannot go on with what stands before it: then it
/// stands where a declaration should (`polcy x {`).
fn looks_like_declaration(tokens: &[Token], at: usize) -> bool {
    let continues = matches!(
        tokens[at].kind,
        TokenKind::Where
            | TokenKind::Matching
            | TokenKind::As
            | TokenKind::Not
            | TokenKind::From
            | TokenKind::Because
            | TokenKind::Allow
            | TokenKind::In
            | TokenKind::Else
    );
    !continues && (at == 0 || ends_operand(tokens[at - 1].kind))
}

/// Whether an operand can end with this kind.
fn ends_operand(kind: TokenKind) -> bool {
    kind.is_closer()
        || kind.is_name()
        || kind.is_literal()
        || matches!(
            kind,
            TokenKind::Regex | TokenKind::Question | TokenKind::QuestionQuestion | TokenKind::Gt | TokenKind::Star
        )
}

/// Whether the word at `at` is followed by a name and what comes after the name in a declaration of its kind.
fn has_shape(tokens: &[Token], at: usize, top: bool) -> bool {
    let kind = |ahead: usize| tokens.get(at + ahead).map_or(TokenKind::End, |token| token.kind);
    let word = tokens[at].kind;
    if word == TokenKind::Test {
        return matches!(kind(1), TokenKind::Str | TokenKind::RawStr) && kind(2) == TokenKind::LBrace;
    }
    if !kind(1).is_name() {
        return false;
    }
    match word {
        TokenKind::Type => kind(2) == TokenKind::Eq,
        TokenKind::Enum | TokenKind::Gate => kind(2) == TokenKind::LBrace,
        TokenKind::Fn => kind(2) == TokenKind::LParen,
        TokenKind::Const => matches!(kind(2), TokenKind::Eq | TokenKind::Colon),
        TokenKind::Environment | TokenKind::Entity => kind(2) == TokenKind::Colon,
        TokenKind::Policy => matches!(kind(2), TokenKind::LBrace | TokenKind::From),
        TokenKind::Use => tokens
            .get(at + 2)
            .is_none_or(|next| matches!(next.kind, TokenKind::Dot | TokenKind::As) || next.on_new_line()),
        TokenKind::Capability | TokenKind::Adapter => {
            let mut next = 2;
            while kind(next) == TokenKind::Dot && kind(next + 1).is_word() {
                next += 2;
            }
            kind(next) == TokenKind::LBrace
        }
        TokenKind::Plan => kind(2) == TokenKind::LParen && plan_has_body(&tokens[at + 2..], top),
        _ => false,
    }
}

/// Whether parameters in parentheses and then a result or a body follow, which tells a plan from a call of one. Where
/// all delimiters are closed (`top`), every parameter list is looked through just once; elsewhere not far.
fn plan_has_body(tokens: &[Token], top: bool) -> bool {
    const REACH: usize = 512;
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().take(if top { usize::MAX } else { REACH }) {
        if at > 0 && token.flags.has(TokenFlags::COLUMN_0) && token.kind.is_item_word() {
            return false;
        }
        if token.kind.is_opener() {
            depth += 1;
        } else if token.kind.is_closer() {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return matches!(
                    tokens.get(at + 1).map(|token| token.kind),
                    Some(TokenKind::LBrace | TokenKind::Arrow)
                );
            }
        }
    }
    false
}
