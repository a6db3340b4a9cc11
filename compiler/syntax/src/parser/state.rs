//! What the grammar carries along: the text, how deep it is, where it failed last, and what it has reported.

use chumsky::error::{Error, LabelError};
use chumsky::extra;
use chumsky::input::{Checkpoint, Cursor, Input, InputRef};
use chumsky::inspector::Inspector;
use chumsky::util::MaybeRef;
use ordain_diagnostics::{TextRange, codes};
use smol_str::SmolStr;

use super::want::{Expected, Want};
use crate::ast::Docs;
use crate::error::SyntaxError;
use crate::lexer::DocRun;
use crate::token::{Token, TokenFlags, TokenKind};

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
    pub errors: Vec<SyntaxError>,
    /// The furthest token at which the grammar failed since the last report.
    pub failed_at: usize,
    expected: Expected,
    /// The failure has been reported in words of its own.
    pub reported: bool,
    /// Constructs open around the current token.
    pub depth: u16,
    /// Height of the highest tree built since the innermost open construct began.
    pub height: u16,
    /// The item is nested too deeply and is given up.
    pub abandoned: bool,
    /// The expression is the head of a block, so a `{` ends it.
    pub head: bool,
    /// Opening braces that were missing in this item.
    pub missing_openers: usize,
}

impl<'s> State<'s> {
    pub(super) fn new(text: &'s str, docs: &'s [DocRun], errors: Vec<SyntaxError>) -> Self {
        Self {
            text,
            tokens: &[],
            docs,
            docs_taken: vec![false; docs.len()],
            errors,
            failed_at: 0,
            expected: Expected::default(),
            reported: false,
            depth: 0,
            height: 0,
            abandoned: false,
            head: false,
            missing_openers: 0,
        }
    }

    /// Makes ready for the tokens of another item.
    pub(super) fn begin(&mut self, tokens: &'s [Token]) {
        self.tokens = tokens;
        self.failed_at = 0;
        self.expected = Expected::default();
        self.reported = false;
        self.depth = 0;
        self.height = 0;
        self.abandoned = false;
        self.head = false;
        self.missing_openers = 0;
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

    /// The documentation right before the token, if any.
    pub(super) fn docs_before(&mut self, token: &Token) -> Option<Docs> {
        if !token.flags.has(TokenFlags::DOCUMENTED) {
            return None;
        }
        let index = self.docs.partition_point(|run| run.range.end <= token.range.start).checked_sub(1)?;
        let run = self.docs[index];
        if run.trailing {
            return None;
        }
        self.docs_taken[index] = true;
        Some(Docs { text: doc_text(self.text, run.range, "///"), range: run.range })
    }

    /// Reports the failure that made the grammar return [`Miss`], unless it has been.
    pub(super) fn report(&mut self) {
        let expected = std::mem::take(&mut self.expected);
        if std::mem::take(&mut self.reported) || self.abandoned {
            return;
        }
        let at = self.failed_at;
        if self.on_reported_line(at) {
            return;
        }
        let found = self.tokens.get(at);
        let before = at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let after = before.map_or_else(String::new, |token| format!(" after {}", self.describe(token)));
        let (place, found) = match (found, before) {
            (Some(token), Some(before)) if token.on_new_line() || token.flags.has(TokenFlags::VIRTUAL) => {
                (before.range, "the end of the line".to_owned())
            }
            (Some(token), _) => (token.range, self.describe(token)),
            (None, Some(before)) => (before.range, "the end of the declaration".to_owned()),
            (None, None) => (TextRange::default(), "nothing".to_owned()),
        };
        let message = if expected.is_empty() {
            format!("unexpected {found}{after}")
        } else {
            format!("expected {}{after}, found {found}", expected.describe())
        };
        let mut error = SyntaxError::new(codes::UNEXPECTED_TOKEN, place, message);
        if let Some(token) = self.tokens.get(at)
            && token.kind.is_reserved()
            && expected.is_only_name()
        {
            error = error.help(format!("`{}` is a reserved word; choose another name", token.text(self.text)));
        }
        self.errors.push(error);
    }

    /// Reports in words of its own, unless the lexer has reported the line already.
    pub(super) fn report_as(&mut self, at: usize, error: SyntaxError) {
        self.expected = Expected::default();
        if !self.on_reported_line(at) {
            self.errors.push(error);
        }
    }

    /// Reports the failure at token `at`, which the grammar is about to return, in words of its own.
    pub(super) fn report_in_place(&mut self, at: usize, error: SyntaxError) {
        self.report_as(at, error);
        self.failed_at = at;
        self.reported = true;
    }

    /// Whether the lexer found a broken string on the line of token `at`, so that what stands there means nothing.
    fn on_reported_line(&self, at: usize) -> bool {
        const REACH: usize = 64;
        let broken = |token: &Token| {
            token.flags.has(TokenFlags::REPORTED)
                && matches!(
                    token.kind,
                    TokenKind::Str | TokenKind::StrTail | TokenKind::BadLiteral | TokenKind::RawStr | TokenKind::Regex
                )
        };
        let at = at.min(self.tokens.len());
        for token in self.tokens[..at].iter().rev().take(REACH) {
            if broken(token) {
                return true;
            }
            if token.on_new_line() {
                break;
            }
        }
        self.tokens[at..]
            .iter()
            .take(REACH)
            .enumerate()
            .take_while(|(i, t)| *i == 0 || !t.on_new_line())
            .any(|(i, t)| broken(t) && (i > 0 || !t.on_new_line()))
    }

    /// A token in words.
    pub(super) fn describe(&self, token: &Token) -> String {
        match token.kind {
            TokenKind::Str | TokenKind::RawStr | TokenKind::Regex | TokenKind::StrHead | TokenKind::StrTail => {
                "a string".into()
            }
            TokenKind::StrMid => "the end of the interpolation".into(),
            TokenKind::Comment | TokenKind::DocComment | TokenKind::FileDoc => "a comment".into(),
            TokenKind::End => "the end of the declaration".into(),
            _ if token.range.start == token.range.end => {
                token.kind.text().map_or_else(String::new, |text| format!("`{text}`"))
            }
            _ => format!("`{}`", token.text(self.text)),
        }
    }

    /// Takes the doc comments of a broken declaration as used; what they document may just not have been reached.
    pub(super) fn forgive_docs(&mut self, span: &std::ops::Range<usize>) {
        let from = self.docs.partition_point(|run| (run.token as usize) < span.start);
        let to = self.docs.partition_point(|run| (run.token as usize) < span.end);
        self.docs_taken[from..to].fill(true);
    }

    /// Warns of every doc comment that nothing took.
    pub(super) fn report_dangling_docs(&mut self) {
        for (run, taken) in self.docs.iter().zip(&self.docs_taken) {
            if *taken {
                continue;
            }
            let help = if run.trailing {
                "a doc comment stands on the lines before what it documents"
            } else {
                "write `//` for a plain comment, or move it before a declaration, a field or a variant"
            };
            self.errors.push(
                SyntaxError::new(codes::DANGLING_DOC_COMMENT, run.range, "this doc comment documents nothing")
                    .help(help),
            );
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

/// The lines of a run of doc comments without their markers.
pub(super) fn doc_text(text: &str, range: TextRange, marker: &str) -> SmolStr {
    let source = &text[range.start as usize..range.end as usize];
    let mut lines = source.lines().filter_map(|line| {
        let line = line.trim_start().strip_prefix(marker)?;
        Some(line.strip_prefix(' ').unwrap_or(line).trim_end())
    });
    let first = lines.next().unwrap_or_default();
    let mut all = String::from(first);
    for line in lines {
        all.push('\n');
        all.push_str(line);
    }
    all.into()
}

impl Expected {
    fn is_only_name(self) -> bool {
        self.describe() == Self::of(Want::Name).describe()
    }
}

impl<'s> Inspector<'s, &'s [Token]> for State<'s> {
    type Checkpoint = ();

    fn on_token(&mut self, _: &Token) {}

    fn on_save<'p>(&self, _: &Cursor<'s, 'p, &'s [Token]>) {}

    fn on_rewind<'p>(&mut self, _: &Checkpoint<'s, 'p, &'s [Token], ()>) {}
}
