//! The smallest parsers: one token, a name, a path, and the loops over members that go on after a mistake.

use chumsky::prelude::*;
use ordain_diagnostics::{TextRange, codes};
use smol_str::SmolStr;

use super::slip;
use super::state::{Extra, In, MAX_HEIGHT, MAX_NESTING, Miss, Outcome};
use super::want::{Expected, Want};
use crate::ast::{Ident, Path};
use crate::error::SyntaxError;
use crate::lexer;
use crate::token::{Token, TokenFlags, TokenKind};

/// A parser of this grammar.
pub(super) trait Parses<'s, T>: Parser<'s, &'s [Token], T, Extra<'s>> + Copy {}

impl<'s, T, P: Parser<'s, &'s [Token], T, Extra<'s>> + Copy> Parses<'s, T> for P {}

/// A function of the grammar as a parser.
pub(super) fn rule<'s, T>(f: impl Fn(&mut In<'s, '_>) -> Outcome<T> + Copy) -> impl Parses<'s, T> {
    custom(f)
}

/// Looking at and moving over tokens.
pub(super) trait Tokens<'s> {
    /// The index of the next token in the item.
    fn at(&self) -> usize;
    /// The kind of the next token.
    fn kind(&mut self) -> TokenKind;
    /// The kind of the token `ahead` of the next one.
    fn kind_at(&mut self, ahead: usize) -> TokenKind;
    /// Whether the token `ahead` of the next one is on the line of the token before it.
    fn same_line(&mut self, ahead: usize) -> bool;
    /// The next token's spelling.
    fn word(&mut self) -> &'s str;
    /// Takes the next token if it is of this kind.
    fn eat(&mut self, kind: TokenKind) -> bool;
    /// Takes the next token, which must be of this kind.
    fn take(&mut self, kind: TokenKind) -> Outcome<Token>;
    /// Fails because something else was expected here.
    fn fail<T>(&mut self, want: Want) -> Outcome<T>;
    /// From token `start` to the last token taken.
    fn range_from(&mut self, start: usize) -> TextRange;
    /// The last token taken.
    fn previous(&mut self) -> Option<Token>;
    /// Whether a new line begins with what can only be another member of the body, so that what should stand here is
    /// missing.
    fn next_member_begins(&mut self) -> bool;
}

impl<'s> Tokens<'s> for In<'s, '_> {
    #[inline]
    fn at(&self) -> usize {
        *self.cursor().inner()
    }

    #[inline]
    fn kind(&mut self) -> TokenKind {
        self.peek_ref().map_or(TokenKind::End, |token| token.kind)
    }

    #[inline]
    fn kind_at(&mut self, ahead: usize) -> TokenKind {
        let at = self.at() + ahead;
        self.state().tokens.get(at).map_or(TokenKind::End, |token| token.kind)
    }

    #[inline]
    fn same_line(&mut self, ahead: usize) -> bool {
        let at = self.at() + ahead;
        self.state().tokens.get(at).is_some_and(|token| !token.on_new_line())
    }

    fn word(&mut self) -> &'s str {
        let text = self.state().text;
        self.peek_ref().map_or("", |token| token.text(text))
    }

    #[inline]
    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.skip();
        }
        found
    }

    #[inline]
    fn take(&mut self, kind: TokenKind) -> Outcome<Token> {
        match self.peek_ref() {
            Some(token) if token.kind == kind => {
                self.skip();
                Ok(*token)
            }
            _ => slip::instead_of(self, kind),
        }
    }

    #[cold]
    fn fail<T>(&mut self, want: Want) -> Outcome<T> {
        let at = self.at();
        self.state().note(at, Expected::of(want));
        Err(Miss)
    }

    #[inline]
    fn range_from(&mut self, start: usize) -> TextRange {
        let end = self.at();
        range_of(self.state().tokens, start, end)
    }

    #[inline]
    fn previous(&mut self) -> Option<Token> {
        let at = self.at().checked_sub(1)?;
        self.state().tokens.get(at).copied()
    }

    fn next_member_begins(&mut self) -> bool {
        if self.same_line(0) || !self.same_line(1) {
            return false;
        }
        let (word, next) = (self.kind(), self.kind_at(1));
        ((word.is_word() || word == TokenKind::Str) && next == TokenKind::Colon)
            || (word.is_name() && next.is_name() && !slip::may_follow_operand(next))
    }
}

/// The text between the tokens `start..end`.
#[inline]
pub(super) fn range_of(tokens: &[Token], start: usize, end: usize) -> TextRange {
    match (tokens.get(start), end.checked_sub(1).and_then(|last| tokens.get(last))) {
        (Some(first), Some(last)) if start < end => TextRange::new(first.range.start, last.range.end),
        (_, Some(last)) => TextRange::new(last.range.end, last.range.end),
        (Some(first), None) => TextRange::new(first.range.start, first.range.start),
        (None, None) => TextRange::default(),
    }
}

/// One token of this kind.
pub(super) fn tok<'s>(kind: TokenKind) -> impl Parses<'s, Token> {
    rule(move |inp| inp.take(kind))
}

/// A name: any word that is not reserved.
pub(super) fn name<'s>() -> impl Parses<'s, Ident> {
    rule(take_name)
}

/// Names joined by dots.
pub(super) fn path<'s>() -> impl Parses<'s, Path> {
    rule(take_path)
}

#[inline]
pub(super) fn take_name(inp: &mut In<'_, '_>) -> Outcome<Ident> {
    match inp.peek_ref() {
        Some(token) if token.kind.is_name() => {
            let text = inp.state().text;
            inp.skip();
            Ok(ident(text, token))
        }
        _ => inp.fail(Want::Name),
    }
}

/// Any word, reserved or not: after a dot, before a colon.
pub(super) fn take_word(inp: &mut In<'_, '_>) -> Outcome<Ident> {
    match inp.peek_ref() {
        Some(token) if token.kind.is_word() => {
            let text = inp.state().text;
            inp.skip();
            Ok(ident(text, token))
        }
        _ => inp.fail(Want::Name),
    }
}

/// The word after a dot.
pub(super) fn take_part(inp: &mut In<'_, '_>) -> Outcome<Ident> {
    if inp.next_member_begins() { inp.fail(Want::Name) } else { take_word(inp) }
}

pub(super) fn take_path(inp: &mut In<'_, '_>) -> Outcome<Path> {
    let first = take_name(inp)?;
    let mut range = first.range;
    let mut parts = Vec::with_capacity(2);
    parts.push(first);
    while inp.kind() == TokenKind::Dot && !matches!(inp.kind_at(1), TokenKind::LBrace | TokenKind::Star) {
        inp.skip();
        let part = take_part(inp)?;
        range.end = part.range.end;
        parts.push(part);
    }
    Ok(Path { parts, range })
}

#[inline]
pub(super) fn ident(text: &str, token: &Token) -> Ident {
    let written = token.text(text);
    // Of a word with invisible characters in it, which the lexer has reported, what is seen was meant.
    let reported = token.flags.has(TokenFlags::REPORTED);
    let name = if reported { lexer::visible(written).into() } else { SmolStr::new(written) };
    Ident { name, range: token.range }
}

/// Runs `f` inside one more construct, and gives the item up where there are too many or the tree gets too high.
pub(super) fn nested<'s, 'p, T>(inp: &mut In<'s, 'p>, f: impl FnOnce(&mut In<'s, 'p>) -> Outcome<T>) -> Outcome<T> {
    let at = inp.at();
    let state = inp.state();
    if state.depth >= MAX_NESTING {
        return Err(state.abandon(at));
    }
    state.depth += 1;
    let around = std::mem::replace(&mut state.height, 0);
    let result = f(inp);
    let state = inp.state();
    state.depth -= 1;
    state.height += 1;
    if state.height > MAX_HEIGHT {
        return Err(state.abandon(at));
    }
    state.height = state.height.max(around);
    result
}

/// Notes that the tree being built got one level higher.
#[inline]
pub(super) fn higher(inp: &mut In<'_, '_>) -> Outcome<()> {
    let state = inp.state();
    state.height += 1;
    if state.height > MAX_HEIGHT {
        let at = inp.at();
        return Err(inp.state().abandon(at));
    }
    Ok(())
}

/// Skips the next token, and if it opens something, everything up to what closes it.
pub(super) fn skip_tree(inp: &mut In<'_, '_>) {
    let mut depth = 0_usize;
    while let Some(token) = inp.next() {
        if token.kind.is_opener() {
            depth += 1;
        } else if token.kind.is_closer() {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            return;
        }
    }
}

/// How the members of a body are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// A comma, always.
    Comma,
    /// A comma or a line break.
    CommaOrLine,
    /// Nothing: every member starts with a word of its own.
    Nothing,
}

/// Parses members up to `closer`, which it takes. A member that fails is reported and skipped; `broken` says what
/// stands in its place.
pub(super) fn members<'s, 'p, T>(
    inp: &mut In<'s, 'p>,
    closer: TokenKind,
    separator: Separator,
    mut member: impl FnMut(&mut In<'s, 'p>) -> Outcome<T>,
    broken: impl Fn(TextRange) -> Option<T>,
) -> Outcome<Vec<T>> {
    let mut all = Vec::new();
    let state = inp.state();
    let around = (std::mem::take(&mut state.head), std::mem::take(&mut state.angle));
    loop {
        let kind = inp.kind();
        if kind == closer {
            inp.skip();
            break;
        }
        // A closer of another kind belongs to what is around this.
        if kind == TokenKind::End || kind.is_closer() {
            break;
        }
        let (before, depth, start) = (inp.save(), inp.state().depth, inp.at());
        inp.state().member = start;
        let found = member(inp);
        let (failed, anchor) = match found {
            Ok(found) => {
                all.push(found);
                if separate(inp, closer, separator).is_ok() {
                    continue;
                }
                (false, inp.save())
            }
            Err(Miss) => (true, before),
        };
        let state = inp.state();
        if state.abandoned {
            return Err(Miss);
        }
        state.report();
        state.depth = depth;
        (state.head, state.angle) = (false, false);
        let failed_at = state.failed_at;
        inp.rewind(anchor);
        resynchronise(inp, start, failed_at, separator);
        if failed && let Some(place) = broken(inp.range_from(start)) {
            all.push(place);
        }
        if separator != Separator::Nothing {
            inp.eat(TokenKind::Comma);
        }
    }
    let state = inp.state();
    (state.head, state.angle) = around;
    Ok(all)
}

/// Takes what stands between two members.
fn separate(inp: &mut In<'_, '_>, closer: TokenKind, separator: Separator) -> Outcome<()> {
    if separator == Separator::Nothing {
        return Ok(());
    }
    if inp.eat(TokenKind::Comma) {
        inp.state().doubt = None;
        return Ok(());
    }
    let kind = inp.kind();
    if kind == closer || kind == TokenKind::End || (separator == Separator::CommaOrLine && !inp.same_line(0)) {
        return Ok(());
    }
    if slip::starts_member(kind) {
        let at = inp.at();
        let place = inp.previous().map(|token| TextRange::new(token.range.end, token.range.end)).unwrap_or_default();
        let found = inp.peek_ref().map(|token| inp.state().describe(token)).unwrap_or_default();
        let or_line = if separator == Separator::Comma { "" } else { " or a line break" };
        let error = SyntaxError::new(codes::UNEXPECTED_TOKEN, place, format!("expected `,`{or_line} before {found}"))
            .fix("insert a comma", place, ",", true);
        inp.state().guess(at, error);
        return Ok(());
    }
    let at = inp.at();
    let expected = Expected::of_kind(TokenKind::Comma).union(Expected::of_kind(closer));
    inp.state().note(at, expected);
    Err(Miss)
}

/// Skips from where a broken member is left to where the next one can start. `first` is the member's first token and
/// `failed` the one it failed at.
fn resynchronise(inp: &mut In<'_, '_>, first: usize, failed: usize, separator: Separator) {
    let start = inp.at();
    let indent = inp.state().indentation(first);
    loop {
        let Some(token) = inp.peek_ref() else { return };
        if token.kind.is_closer() {
            return;
        }
        let at = inp.at();
        if at > start && at >= failed {
            let comma = separator != Separator::Nothing && token.kind == TokenKind::Comma;
            if comma || (separator != Separator::Comma && starts_line_of_member(inp, token, indent)) {
                return;
            }
        }
        skip_tree(inp);
    }
}

/// Whether a member of a body can start with this token: the first of its line, and not further in than `indent`.
fn starts_line_of_member(inp: &mut In<'_, '_>, token: &Token, indent: Option<usize>) -> bool {
    let kind = token.kind;
    let begins = token.on_new_line()
        && (kind.is_word()
            || matches!(kind, TokenKind::Str | TokenKind::StrHead | TokenKind::LParen | TokenKind::DotDot));
    if !begins {
        return false;
    }
    let at = inp.at();
    indent.is_none_or(|indent| inp.state().indentation(at).is_none_or(|own| own <= indent))
}

/// Takes the brace that opens a body. A missing one is reported and taken as written, so that the body is parsed.
pub(super) fn open_body(inp: &mut In<'_, '_>) -> Outcome<()> {
    if inp.take(TokenKind::LBrace).is_ok() {
        return Ok(());
    }
    let missing = inp.peek_ref().is_none_or(|token| token.on_new_line());
    if !missing {
        return Err(Miss);
    }
    inp.state().report();
    Ok(())
}
