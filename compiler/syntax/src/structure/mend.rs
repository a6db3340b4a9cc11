//! Makes the delimiters of one declaration balanced, guessing by indentation what was meant.

use ordain_diagnostics::{TextRange, codes};

use super::{Counts, REACH, Stray};
use crate::error::SyntaxError;
use crate::token::{Token, TokenFlags, TokenKind};

/// Tokens with balanced delimiters and what was wrong with them.
pub(super) struct Mended {
    pub tokens: Vec<Token>,
    pub unclosed: Vec<SyntaxError>,
    pub strays: Vec<Stray>,
}

/// How many findings of one sort a declaration gets at most. A text that has more is no text that somebody wrote.
const MOST: usize = 256;

/// An opener that waits for its closer.
struct Open {
    token: Token,
    /// Its index in the mended tokens.
    at: usize,
    /// White space before the first token of its line.
    indent: usize,
    line: usize,
    /// Nothing follows it on its line.
    ends_line: bool,
    /// Whether the first line after it is indented more than its own.
    indented: Option<bool>,
}

struct Mender<'s> {
    text: &'s str,
    stack: Vec<Open>,
    /// How many openers of the stack have an indented body.
    indented: usize,
    /// What is on the stack.
    counts: Counts,
    out: Mended,
    /// The line of the token under way; lines without tokens do not count.
    line: usize,
    /// Lines with a string that the lexer has reported: what is unclosed there was in the string.
    reported_lines: Vec<usize>,
    /// Openers without a closer, in the mended tokens.
    unclosed: Vec<usize>,
    /// The indentation of each line so far and its first token in the mended tokens.
    lines: Vec<(usize, usize)>,
}

pub(super) fn mend(text: &str, tokens: &[Token]) -> Mended {
    let out = Mended { tokens: Vec::with_capacity(tokens.len() + 4), unclosed: Vec::new(), strays: Vec::new() };
    let mut mender = Mender {
        text,
        stack: Vec::new(),
        indented: 0,
        counts: Counts::default(),
        out,
        line: 0,
        reported_lines: Vec::new(),
        unclosed: Vec::new(),
        lines: Vec::new(),
    };
    let next_lines = next_lines(tokens);
    let mut indent = 0;
    for (at, token) in tokens.iter().enumerate() {
        if token.on_new_line() || at == 0 {
            indent = mender.column(token);
            mender.line += 1;
            if !token.kind.is_closer() {
                mender.close_by_indentation(indent);
            }
            mender.lines.push((indent, mender.out.tokens.len()));
        }
        if token.flags.has(TokenFlags::REPORTED) && mender.reported_lines.last() != Some(&mender.line) {
            mender.reported_lines.push(mender.line);
        }
        if token.kind.is_opener() {
            let ends_line = tokens.get(at + 1).is_none_or(Token::on_new_line);
            let (line, out_at) = (mender.line, mender.out.tokens.len());
            mender.counts.add(token.kind.closer());
            mender.stack.push(Open { token: *token, at: out_at, indent, line, ends_line, indented: None });
        } else if token.kind.is_closer() {
            let column = token.on_new_line().then_some(indent);
            let next = next_lines[at] as usize;
            if !mender.close(token, column, &tokens[at..next], tokens.get(next)) {
                continue;
            }
        } else if token.kind == TokenKind::StrMid && !mender.close_down_to_string(token) {
            continue;
        }
        mender.out.tokens.push(*token);
    }
    while let Some(open) = mender.pop() {
        mender.insert_closer(open);
    }
    mender.mark_unclosed();
    mender.out
}

/// For each token the index of the first token of the next line.
fn next_lines(tokens: &[Token]) -> Vec<u32> {
    let mut next = tokens.len() as u32;
    let mut all = vec![next; tokens.len()];
    for (at, token) in tokens.iter().enumerate().rev() {
        all[at] = next;
        if token.on_new_line() {
            next = at as u32;
        }
    }
    all
}

impl Mender<'_> {
    /// White space before the token, in bytes.
    fn column(&self, token: &Token) -> usize {
        let start = token.range.start as usize;
        self.text.as_bytes()[..start].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    fn pop(&mut self) -> Option<Open> {
        let open = self.stack.pop()?;
        self.indented -= usize::from(open.indented == Some(true));
        self.counts.remove(open.token.kind.closer());
        Some(open)
    }

    fn pop_if(&mut self, condition: impl FnOnce(&Open) -> bool) -> Option<Open> {
        if self.stack.last().is_some_and(condition) { self.pop() } else { None }
    }

    /// Closes what should have been closed before a line with this indentation begins.
    fn close_by_indentation(&mut self, indent: usize) {
        while let Some(open) = self.stack.last_mut() {
            if open.token.kind == TokenKind::StrHead {
                return;
            }
            let deeper = indent > open.indent;
            let indented = *open.indented.get_or_insert_with(|| {
                self.indented += usize::from(deeper);
                deeper
            });
            // A body that was never indented says nothing, unless those around it are.
            let styled = indented || !open.ends_line || self.indented > 0;
            if deeper || !styled {
                return;
            }
            if let Some(open) = self.pop() {
                self.insert_closer(open);
            }
        }
    }

    /// Handles a closer, with its column if it starts a line, what stands on its line from it on, and what begins the
    /// next line. Says whether it stays.
    fn close(&mut self, token: &Token, column: Option<usize>, line: &[Token], next_line: Option<&Token>) -> bool {
        if token.kind == TokenKind::StrTail {
            let found = self.close_down_to_string(token);
            if found {
                self.pop();
            }
            return found;
        }
        if let Some(column) = column
            && token.kind == TokenKind::RBrace
            && self.stack.last().is_some_and(|open| open.token.kind == TokenKind::LBrace && open.indent > column)
            && self.within_string().iter().any(|open| open.token.kind == TokenKind::LBrace && open.indent == column)
        {
            while let Some(open) = self.pop_if(|open| open.indent > column) {
                self.insert_closer(open);
            }
        }
        if !self.counts.has(token.kind) {
            return column.is_some_and(|column| self.open_by_indentation(token, column)) || self.stray(token, line);
        }
        let scope = self.within_string();
        let above = scope.iter().rev().position(|open| open.token.kind.closer() == token.kind);
        let Some(above) =
            above.filter(|above| !self.goes_on(&scope[scope.len() - 1 - above], token, column, next_line))
        else {
            return column.is_some_and(|column| self.open_by_indentation(token, column)) || self.stray(token, line);
        };
        for _ in 0..above {
            if let Some(open) = self.pop() {
                self.insert_closer(open);
            }
        }
        self.pop();
        true
    }

    /// Whether the body of `open` goes on in the next line, so that this closer cannot be its own.
    fn goes_on(&self, open: &Open, closer: &Token, column: Option<usize>, next_line: Option<&Token>) -> bool {
        if !open.ends_line || open.indented != Some(true) || column == Some(open.indent) {
            return false;
        }
        next_line.is_some_and(|next| {
            let column = self.column(next);
            column > open.indent || (column == open.indent && next.kind == closer.kind)
        })
    }

    /// Opens what a closer at the start of its line shows to have been meant: a body under the last line that is
    /// indented as the closer is. Says whether there is one.
    fn open_by_indentation(&mut self, closer: &Token, column: usize) -> bool {
        if closer.kind != TokenKind::RBrace || self.out.unclosed.len() >= MOST {
            return false;
        }
        // The line of the closer itself is the last one.
        let before = self.lines.len().saturating_sub(1);
        let Some(header) = self.lines[..before].iter().rposition(|(indent, _)| *indent <= column) else { return false };
        let Some((_, body)) = self.lines[..before].get(header + 1).copied() else { return false };
        // Lines of which nothing was kept, such as a stray closer, leave no token to stand after.
        let Some(&last) = body.checked_sub(1).and_then(|at| self.out.tokens.get(at)) else { return false };
        // What was opened since then would be closed outside of the new body.
        if self.stack.last().is_some_and(|open| open.at >= body)
            || self.lines[header].0 != column
            || last.kind.is_opener()
            || matches!(last.kind, TokenKind::Comma | TokenKind::RBrace)
        {
            return false;
        }
        let place = TextRange::new(last.range.end, last.range.end);
        let flags = TokenFlags::VIRTUAL.with(TokenFlags::UNCLOSED);
        self.out.tokens.insert(body, Token { kind: TokenKind::LBrace, flags, range: place });
        let moved = self.stack.iter_mut().map(|open| &mut open.at).chain(&mut self.unclosed);
        for at in moved.chain(self.lines.iter_mut().map(|(_, first)| first)).filter(|at| **at >= body) {
            *at += 1;
        }
        self.out.unclosed.push(
            SyntaxError::new(codes::UNEXPECTED_TOKEN, last.range, "expected `{` at the end of this line")
                .related(closer.range, "this `}` would close it")
                .fix("add `{`", place, " {", false),
        );
        true
    }

    /// Notes a closer that closes nothing, unless its line has a broken string that it may belong to. Says that it does
    /// not stay.
    fn stray(&mut self, token: &Token, line: &[Token]) -> bool {
        if self.out.strays.len() >= MOST
            || self.reported_lines.last() == Some(&self.line)
            || line.iter().take(REACH).any(|token| token.flags.has(TokenFlags::REPORTED))
        {
            return false;
        }
        let sign = token.text(self.text);
        let error = SyntaxError::new(codes::UNEXPECTED_TOKEN, token.range, format!("this `{sign}` closes nothing"))
            .fix(format!("remove the `{sign}`"), token.range, "", false);
        self.out.strays.push(Stray { kind: token.kind, error });
        false
    }

    /// The openers inside the innermost interpolation, the last [`REACH`] of them.
    fn within_string(&self) -> &[Open] {
        let near = &self.stack[self.stack.len().saturating_sub(REACH)..];
        if !self.counts.has(TokenKind::StrTail) {
            return near;
        }
        let from = near.iter().rposition(|open| open.token.kind == TokenKind::StrHead).map_or(0, |at| at + 1);
        &near[from..]
    }

    /// Closes what is open inside the interpolation that `token` ends. Says whether there is one.
    fn close_down_to_string(&mut self, token: &Token) -> bool {
        if !self.counts.has(TokenKind::StrTail) {
            return false;
        }
        while let Some(open) = self.pop_if(|open| open.token.kind != TokenKind::StrHead) {
            if token.flags.has(TokenFlags::REPORTED) {
                self.push_virtual(open.token.kind.closer());
            } else {
                self.insert_closer(open);
            }
        }
        true
    }

    /// Puts in the closer of `open` and reports that it was missing.
    fn insert_closer(&mut self, open: Open) {
        let place = self.push_virtual(open.token.kind.closer());
        self.unclosed.push(open.at);
        if self.reported_lines.binary_search(&open.line).is_ok()
            || open.token.kind == TokenKind::StrHead
            || self.out.unclosed.len() >= MOST
        {
            return;
        }
        let sign = open.token.kind.text().unwrap_or_default();
        let closer = open.token.kind.closer().text().unwrap_or_default();
        let error =
            SyntaxError::new(codes::UNCLOSED_DELIMITER, open.token.range, format!("this `{sign}` is never closed"))
                .related(place, format!("`{closer}` is missing here"))
                .fix(format!("add `{closer}`"), place, closer, false);
        self.out.unclosed.push(error);
    }

    fn push_virtual(&mut self, kind: TokenKind) -> TextRange {
        let end = self.out.tokens.last().map_or(0, |token| token.range.end);
        let range = TextRange::new(end, end);
        let flags = TokenFlags::VIRTUAL.with(TokenFlags::UNCLOSED);
        self.out.tokens.push(Token { kind, flags, range });
        range
    }

    /// Marks the openers without a closer and what stands after them on their lines.
    fn mark_unclosed(&mut self) {
        self.unclosed.sort_unstable();
        let mut done = 0;
        for open in std::mem::take(&mut self.unclosed) {
            self.out.tokens[open].flags = self.out.tokens[open].flags.with(TokenFlags::UNCLOSED);
            done = done.max(open + 1);
            let rest = self.out.tokens.iter_mut().enumerate().skip(done);
            for (at, token) in rest.take_while(|(_, token)| !token.on_new_line()) {
                token.flags = token.flags.with(TokenFlags::UNCLOSED);
                done = at + 1;
            }
        }
    }
}
