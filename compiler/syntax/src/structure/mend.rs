//! Makes the delimiters of one declaration balanced, guessing by indentation what was meant.

use ordain_diagnostics::{TextRange, codes};

use crate::error::SyntaxError;
use crate::token::{Token, TokenFlags, TokenKind};

/// Tokens with balanced delimiters and what was wrong with them.
pub(super) struct Mended {
    pub tokens: Vec<Token>,
    pub unclosed: Vec<SyntaxError>,
    pub strays: Vec<SyntaxError>,
}

/// An opener that waits for its closer.
struct Open {
    token: Token,
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
    out: Mended,
    /// Lines with a string that the lexer has reported: what is unclosed there was in the string.
    reported_lines: Vec<usize>,
}

pub(super) fn mend(text: &str, tokens: &[Token]) -> Mended {
    let out = Mended { tokens: Vec::with_capacity(tokens.len() + 4), unclosed: Vec::new(), strays: Vec::new() };
    let mut mender = Mender { text, stack: Vec::new(), out, reported_lines: Vec::new() };
    let (mut indent, mut line) = (0, 0);
    for (at, token) in tokens.iter().enumerate() {
        if token.on_new_line() || at == 0 {
            indent = mender.column(token);
            line += 1;
            if !token.kind.is_closer() {
                mender.close_by_indentation(indent);
            }
        }
        if token.flags.has(TokenFlags::REPORTED) && mender.reported_lines.last() != Some(&line) {
            mender.reported_lines.push(line);
        }
        if token.kind.is_opener() {
            let ends_line = tokens.get(at + 1).is_none_or(Token::on_new_line);
            mender.stack.push(Open { token: *token, indent, line, ends_line, indented: None });
        } else if token.kind.is_closer() {
            let column = token.on_new_line().then_some(indent);
            if !mender.close(token, column) {
                continue;
            }
        } else if token.kind == TokenKind::StrMid && !mender.close_down_to_string(token) {
            continue;
        }
        mender.out.tokens.push(*token);
    }
    while let Some(open) = mender.stack.pop() {
        mender.insert_closer(open);
    }
    mender.out
}

impl Mender<'_> {
    fn column(&self, token: &Token) -> usize {
        let start = token.range.start as usize;
        self.text.as_bytes()[..start].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    /// Closes what should have been closed before a line with this indentation begins.
    fn close_by_indentation(&mut self, indent: usize) {
        while let Some(open) = self.stack.last_mut() {
            if open.token.kind == TokenKind::StrHead {
                return;
            }
            let indented = *open.indented.get_or_insert(indent > open.indent);
            // A body that was never indented says nothing.
            let styled = indented || !open.ends_line;
            if indent > open.indent || !styled {
                return;
            }
            if let Some(open) = self.stack.pop() {
                self.insert_closer(open);
            }
        }
    }

    /// Handles a closer, with its column if it starts a line. Says whether it stays.
    fn close(&mut self, token: &Token, column: Option<usize>) -> bool {
        if token.kind == TokenKind::StrTail {
            let found = self.close_down_to_string(token);
            if found {
                self.stack.pop();
            }
            return found;
        }
        if let Some(column) = column
            && token.kind == TokenKind::RBrace
            && self.stack.last().is_some_and(|open| open.token.kind == TokenKind::LBrace && open.indent > column)
            && self.within_string().iter().any(|open| open.token.kind == TokenKind::LBrace && open.indent == column)
        {
            while let Some(open) = self.stack.pop_if(|open| open.indent > column) {
                self.insert_closer(open);
            }
        }
        let scope = self.within_string();
        let Some(above) = scope.iter().rev().position(|open| open.token.kind.closer() == token.kind) else {
            let sign = token.text(self.text);
            self.out.strays.push(
                SyntaxError::new(codes::UNEXPECTED_TOKEN, token.range, format!("this `{sign}` closes nothing")).fix(
                    format!("remove the `{sign}`"),
                    token.range,
                    "",
                    false,
                ),
            );
            return false;
        };
        for _ in 0..above {
            if let Some(open) = self.stack.pop() {
                self.insert_closer(open);
            }
        }
        self.stack.pop();
        true
    }

    /// The openers inside the innermost interpolation.
    fn within_string(&self) -> &[Open] {
        let from = self.stack.iter().rposition(|open| open.token.kind == TokenKind::StrHead).map_or(0, |at| at + 1);
        &self.stack[from..]
    }

    /// Closes what is open inside the interpolation that `token` ends. Says whether there is one.
    fn close_down_to_string(&mut self, token: &Token) -> bool {
        if !self.stack.iter().any(|open| open.token.kind == TokenKind::StrHead) {
            return false;
        }
        while let Some(open) = self.stack.pop_if(|open| open.token.kind != TokenKind::StrHead) {
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
        if self.reported_lines.binary_search(&open.line).is_ok() || open.token.kind == TokenKind::StrHead {
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
        self.out.tokens.push(Token { kind, flags: TokenFlags::VIRTUAL, range });
        range
    }
}
