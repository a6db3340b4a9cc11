//! What the grammar carries along: the text, how deep it is, where it failed last, and what it has reported.

mod docs;
mod doubt;

use chumsky::error::{Error, LabelError};
use chumsky::extra;
use chumsky::input::{Checkpoint, Cursor, Input, InputRef};
use chumsky::inspector::Inspector;
use chumsky::util::MaybeRef;
use ordain_diagnostics::{TextRange, codes};

use super::want::{Expected, Want};
use crate::error::{Findings, SyntaxError};
use crate::lexer::DocRun;
use crate::structure::Stray;
use crate::token::{Token, TokenFlags, TokenKind};

pub(super) use docs::doc_text;

/// How many constructs may stand inside each other.
pub const MAX_NESTING: u16 = 128;

/// How high a tree may be. Chains such as `a + b + …` and `a.b.c…` make a tree as high as they are long, and every
/// later pass walks trees by recursion.
pub const MAX_HEIGHT: u16 = 256;

/// The parser's error. It says nothing: what went wrong is in the [`State`], where keeping it costs nothing as long
/// as all goes well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Miss;

impl<'s, I: Input<'s>> Error<'s, I> for Miss {}

impl<'s, I: Input<'s>, L> LabelError<'s, I, L> for Miss {
    fn expected_found<E: IntoIterator<Item = L>>(_: E, _: Option<MaybeRef<'s, I::Token>>, _: I::Span) -> Self {
        Self
    }
}

/// A part of the grammar that worked, or failed with the reason in the state.
pub(super) type Outcome<T> = Result<T, Miss>;

/// The tokens of one item, as chumsky hands them out.
pub(super) type In<'s, 'p> = InputRef<'s, 'p, &'s [Token], Extra<'s>>;

/// The types that chumsky's parsers of this grammar share.
pub(super) type Extra<'s> = extra::Full<Miss, State<'s>, ()>;

/// See the module.
pub(super) struct State<'s> {
    pub text: &'s str,
    /// The tokens of the current item.
    pub tokens: &'s [Token],
    pub docs: &'s [DocRun],
    /// For each run of doc comments, whether something has taken it.
    pub docs_taken: Vec<bool>,
    pub errors: Findings,
    /// The furthest token at which the grammar failed since the last report.
    pub failed_at: usize,
    expected: Expected,
    /// The failure has been reported in words of its own.
    pub reported: bool,
    /// The first token of the innermost member that has begun.
    pub member: usize,
    /// Where the lexer has found something, in order.
    lexical: Vec<u32>,
    /// Where the last mistake was. What follows on its line, up to a comma, is not reported: whether it is wrong, too,
    /// depends on what was meant there.
    pub doubt: Option<u32>,
    /// Constructs open around the current token.
    pub depth: u16,
    /// Height of the highest tree built since the innermost open construct began.
    pub height: u16,
    /// The item is nested too deeply and is given up.
    pub abandoned: bool,
    /// The rest of the item was skipped because a part of it failed.
    pub given_up: bool,
    /// The expression is the head of a block, so a `{` ends it.
    pub head: bool,
    /// The expression is part of a type argument, so a `>` ends it.
    pub angle: bool,
    /// What would close the openers that were missing in this item.
    missing_openers: Vec<(TokenKind, u32)>,
}

impl<'s> State<'s> {
    pub(super) fn new(text: &'s str, docs: &'s [DocRun], errors: Findings) -> Self {
        let mut lexical: Vec<u32> =
            errors.iter().filter(|error| error.is_error()).map(|error| error.range.start).collect();
        lexical.sort_unstable();
        Self {
            text,
            tokens: &[],
            docs,
            docs_taken: vec![false; docs.len()],
            errors,
            failed_at: 0,
            expected: Expected::default(),
            reported: false,
            member: 0,
            lexical,
            doubt: None,
            depth: 0,
            height: 0,
            abandoned: false,
            given_up: false,
            head: false,
            angle: false,
            missing_openers: Vec::new(),
        }
    }

    /// Makes ready for the tokens of another item.
    pub(super) fn begin(&mut self, tokens: &'s [Token]) {
        self.tokens = tokens;
        self.failed_at = 0;
        self.expected = Expected::default();
        self.reported = false;
        self.member = 0;
        self.doubt = None;
        self.depth = 0;
        self.height = 0;
        self.abandoned = false;
        self.given_up = false;
        self.head = false;
        self.angle = false;
        self.missing_openers.clear();
    }

    /// Notes that `expected` was not there at token `at`.
    pub(super) fn note(&mut self, at: usize, expected: Expected) {
        if at > self.failed_at || self.expected.is_empty() {
            self.failed_at = at;
            self.expected = expected;
        } else if at == self.failed_at {
            self.expected = self.expected.union(expected);
        }
    }

    /// Reports the failure that made the grammar return [`Miss`], unless it has been.
    pub(super) fn report(&mut self) {
        let expected = std::mem::take(&mut self.expected);
        let at = self.failed_at;
        let place = self.tokens.get(at).or(self.tokens.last()).map_or(0, |token| token.range.start);
        for opener in [TokenKind::LBrace, TokenKind::LBracket, TokenKind::LParen] {
            if expected.contains(opener) {
                self.missing_openers.push((opener.closer(), place));
            }
        }
        if std::mem::take(&mut self.reported) || self.abandoned {
            return;
        }
        // A text that could not be parsed has at least one error, whatever else was said about it.
        if self.is_moot(at) && self.errors.iter().any(SyntaxError::is_error) {
            return;
        }
        let error = self.failure(at, expected);
        self.doubt = Some(error.range.start);
        self.errors.push(error);
    }

    /// Says that the grammar failed at token `at`, where `expected` should stand.
    pub(super) fn failure(&self, at: usize, expected: Expected) -> SyntaxError {
        let before = at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let first = at == self.member;
        let after = match before {
            Some(token) if !first => format!(" after {}", self.describe_before(token)),
            _ => String::new(),
        };
        let (place, found) = match (self.tokens.get(at), before) {
            (Some(token), Some(before))
                if (token.on_new_line() && !expected.is_empty() && !first) || token.flags.has(TokenFlags::VIRTUAL) =>
            {
                (before.range, "the end of the line".to_owned())
            }
            (Some(token), _) => (token.range, self.describe(token)),
            (None, Some(before)) => (before.range, "the end of the declaration".to_owned()),
            (None, None) => (TextRange::default(), "nothing".to_owned()),
        };
        if expected.is_empty() {
            return self.unexpected(at, place, &format!("unexpected {}{after}", without_article(&found)));
        }
        let message = format!("expected {}{after}, found {found}", expected.describe());
        let error = SyntaxError::new(codes::UNEXPECTED_TOKEN, place, message);
        match self.tokens.get(at) {
            Some(token) if token.kind.is_reserved() && expected.is_only(Want::Name) => {
                error.help(format!("`{}` is a reserved word; choose another name", token.text(self.text)))
            }
            _ => error,
        }
    }

    /// What to say of a token that nothing allows, where only the grammar around it knows what might stand there.
    fn unexpected(&self, at: usize, place: TextRange, message: &str) -> SyntaxError {
        let error = SyntaxError::new(codes::UNEXPECTED_TOKEN, place, message);
        let instead = |sign: &str, help: &str| {
            error.clone().help(help.to_owned()).fix(format!("write `{sign}`"), place, sign, false)
        };
        match self.tokens.get(at).map(|token| token.kind) {
            Some(TokenKind::Eq) => instead("==", "two values are compared with `==`"),
            Some(TokenKind::Pipe) => instead("||", "the operator for \"or\" is `||`"),
            _ => error,
        }
    }

    /// Reports in words of its own, unless what stands at token `at` means nothing.
    pub(super) fn report_as(&mut self, at: usize, error: SyntaxError) {
        self.expected = Expected::default();
        if !self.is_moot(at) {
            self.errors.push(error);
        }
    }

    /// Reports that something else than the token `at` was assumed to stand there.
    pub(super) fn guess(&mut self, at: usize, error: SyntaxError) {
        let place = self.tokens.get(at).map_or(0, |token| token.range.start);
        self.report_as(at, error);
        self.doubt = Some(place);
    }

    /// Reports the failure at token `at`, which the grammar is about to return, in words of its own.
    pub(super) fn report_in_place(&mut self, at: usize, error: SyntaxError) {
        self.guess(at, error);
        self.failed_at = at;
        self.reported = true;
    }

    /// Notes that the item ended before the token `at`. If a brace ended it, the one that really does will close nothing.
    pub(super) fn note_early_end(&mut self, at: usize) {
        let before = at.checked_sub(1).and_then(|at| self.tokens.get(at));
        if let Some(brace) = before.filter(|token| token.kind == TokenKind::RBrace) {
            self.missing_openers.push((TokenKind::RBrace, brace.range.start));
        }
    }

    /// Reports the closers that close nothing, as far as they are mistakes of their own: not if their opener has been
    /// reported as missing, and not if something else on their line has been reported.
    pub(super) fn report_strays(&mut self, strays: &[Stray], first_error: usize) {
        if strays.is_empty() || self.abandoned {
            return;
        }
        self.errors[first_error..].sort_by_key(|error| error.range.start);
        let reported = self.errors.len();
        for Stray { kind, error } in strays {
            let start = error.range.start;
            let opener = self.missing_openers.iter().position(|(closer, place)| closer == kind && *place <= start);
            if let Some(opener) = opener {
                self.missing_openers.swap_remove(opener);
                continue;
            }
            let before =
                first_error + self.errors[first_error..reported].partition_point(|other| other.range.start <= start);
            let near = if before > first_error && self.on_one_line(self.errors[before - 1].range.start, start) {
                Some(before - 1)
            } else {
                Some(before).filter(|at| *at < reported && self.on_one_line(start, self.errors[*at].range.start))
            };
            match near {
                Some(at) => self.errors[at].related.push((error.range, error.message.clone())),
                None => self.errors.push(error.clone()),
            }
        }
    }

    /// How far token `at` is from the start of its line, if nothing but space is between.
    pub(super) fn indentation(&self, at: usize) -> Option<usize> {
        let token = self.tokens.get(at)?;
        if !token.on_new_line() {
            return None;
        }
        let before = &self.text.as_bytes()[..token.range.start as usize];
        Some(before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count())
    }

    /// A token in words that something else should follow.
    fn describe_before(&self, token: &Token) -> String {
        match token.kind {
            TokenKind::StrHead | TokenKind::StrMid => "`{`".into(),
            TokenKind::StrTail => "a string".into(),
            _ => self.describe(token),
        }
    }

    /// A token in words.
    pub(super) fn describe(&self, token: &Token) -> String {
        match token.kind {
            TokenKind::Str | TokenKind::RawStr | TokenKind::Regex => "a string".into(),
            TokenKind::StrHead => "a string with an interpolation".into(),
            TokenKind::StrMid | TokenKind::StrTail => "`}`".into(),
            TokenKind::Comment | TokenKind::DocComment | TokenKind::FileDoc => "a comment".into(),
            TokenKind::End => "the end of the declaration".into(),
            _ if token.range.start == token.range.end => {
                token.kind.text().map_or_else(String::new, |text| format!("`{text}`"))
            }
            _ => format!("`{}`", token.text(self.text)),
        }
    }

    /// Gives the item up because of its depth.
    pub(super) fn abandon(&mut self, at: usize) -> Miss {
        if !self.abandoned {
            self.abandoned = true;
            let token = self.tokens.get(at).or(self.tokens.last());
            let range = token.map(|token| token.range).unwrap_or_default();
            self.errors.push(
                SyntaxError::new(codes::NESTING_TOO_DEEP, range, "this is nested too deeply")
                    .help("name the inner parts with `let` or `const`, or move them into functions"),
            );
        }
        Miss
    }
}

impl<'s> Inspector<'s, &'s [Token]> for State<'s> {
    type Checkpoint = ();

    fn on_token(&mut self, _: &Token) {}

    fn on_save<'p>(&self, _: &Cursor<'s, 'p, &'s [Token]>) {}

    fn on_rewind<'p>(&mut self, _: &Checkpoint<'s, 'p, &'s [Token], ()>) {}
}

/// A token in words, as it stands after an adjective.
fn without_article(found: &str) -> &str {
    found.strip_prefix("a ").or(found.strip_prefix("the ")).unwrap_or(found)
}
