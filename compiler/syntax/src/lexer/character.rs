//! Characters that no token starts with, and what was probably meant by them.

use ordain_diagnostics::codes;

use super::{Lexer, range, scan};
use crate::error::SyntaxError;
use crate::token::{TokenFlags, TokenKind};

/// Characters that look like a sign of the language.
const LOOKALIKES: &[(char, TokenKind)] = &[
    ('，', TokenKind::Comma),
    ('、', TokenKind::Comma),
    ('：', TokenKind::Colon),
    ('（', TokenKind::LParen),
    ('）', TokenKind::RParen),
    ('［', TokenKind::LBracket),
    ('］', TokenKind::RBracket),
    ('｛', TokenKind::LBrace),
    ('｝', TokenKind::RBrace),
    ('＝', TokenKind::Eq),
    ('＜', TokenKind::Lt),
    ('＞', TokenKind::Gt),
    ('！', TokenKind::Bang),
    ('＋', TokenKind::Plus),
    ('–', TokenKind::Minus),
    ('—', TokenKind::Minus),
    ('−', TokenKind::Minus),
    ('×', TokenKind::Star),
    ('÷', TokenKind::Slash),
    ('≤', TokenKind::Le),
    ('≥', TokenKind::Ge),
    ('≠', TokenKind::BangEq),
    ('→', TokenKind::Arrow),
    ('⇒', TokenKind::FatArrow),
    ('…', TokenKind::DotDot),
    ('∧', TokenKind::AndAnd),
    ('∨', TokenKind::OrOr),
    ('&', TokenKind::AndAnd),
];

/// Quotes of other languages and of word processors, each with the one that closes it.
const QUOTES: &[(char, &[char])] = &[
    ('\'', &['\'']),
    ('`', &['`']),
    ('“', &['”', '“', '"']),
    ('”', &['”', '"']),
    ('„', &['“', '”', '"']),
    ('‘', &['’']),
    ('’', &['’']),
    ('«', &['»']),
    ('»', &['«']),
];

/// How many characters a string in such quotes may have to be taken for one.
const LONGEST: usize = 200;

impl Lexer<'_> {
    /// Reports the character at `start` and gives the offset where lexing goes on.
    pub(super) fn odd_character(&mut self, start: usize) -> usize {
        let Some(char) = self.text[start..].chars().next() else { return start + 1 };
        let end = start + char.len_utf8();
        if char.is_control() || scan::is_bidirectional(char) {
            return end;
        }
        if self.out.errors.is_full() {
            return end;
        }
        if let Some((_, closers)) = QUOTES.iter().find(|(quote, _)| *quote == char) {
            return self.foreign_string(start, end, closers);
        }
        if let Some((_, kind)) = LOOKALIKES.iter().find(|(sign, _)| *sign == char) {
            let meant = kind.text().unwrap_or_default();
            let message = format!("`{char}` is not a sign of the language");
            self.report_odd(
                SyntaxError::new(codes::INVALID_CHARACTER, range(start, end), message)
                    .help(format!("write `{meant}`"))
                    .fix(format!("write `{meant}`"), range(start, end), meant, false),
            );
            self.pending = self.pending.with(TokenFlags::REPORTED);
            self.push(*kind, start, end);
            return end;
        }
        let error = |message: String| SyntaxError::new(codes::INVALID_CHARACTER, range(start, end), message);
        match char {
            ';' | '\u{37e}' | '；' => {
                self.report_odd(
                    error(format!("`{char}` is not a sign of the language"))
                        .help("remove it; a line break is enough")
                        .fix(format!("remove the `{char}`"), range(start, end), "", true),
                )
            }
            '#' => {
                let line = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
                self.report_odd(error("`#` does not start a comment".into()).help("comments start with `//`").fix(
                    "write `//`",
                    range(start, end),
                    "//",
                    false,
                ));
                return line;
            }
            _ if char.is_whitespace() || ('\u{200b}'..='\u{200f}').contains(&char) || char == '\u{feff}' => {
                let message = format!("U+{:04X} looks like a space and is none", char as u32);
                self.report_odd(error(message).help("write a plain space").fix(
                    "write a plain space",
                    range(start, end),
                    " ",
                    true,
                ));
            }
            _ => self.report_odd(
                error(format!("`{char}` cannot stand in a source")).help("remove it, or put it inside a string"),
            ),
        }
        end
    }

    /// A string in quotes that are not the language's.
    fn foreign_string(&mut self, start: usize, open: usize, closers: &[char]) -> usize {
        let char = &self.text[start..open];
        let line = self.text[open..].char_indices().take(LONGEST).take_while(|(_, char)| *char != '\n');
        let place = |end| range(start, end);
        let Some((offset, closer)) = line.into_iter().find(|(_, char)| closers.contains(char)) else {
            let error = SyntaxError::new(codes::INVALID_CHARACTER, place(open), format!("`{char}` opens no string"));
            self.report_odd(error.help("strings stand in double quotes: `\"…\"`"));
            return open;
        };
        let end = open + offset + closer.len_utf8();
        let content = &self.text[open..open + offset];
        let error = SyntaxError::new(codes::INVALID_CHARACTER, place(end), format!("`{char}` opens no string"))
            .help("strings stand in double quotes: `\"…\"`");
        let simple = !content.contains(['"', '\\', '{']);
        self.report_odd(if simple {
            error.fix("use double quotes", place(end), format!("\"{content}\""), false)
        } else {
            error
        });
        self.pending = self.pending.with(TokenFlags::REPORTED);
        self.push(TokenKind::BadLiteral, start, end);
        end
    }

    /// Reports an odd character; those that stand side by side are one finding.
    fn report_odd(&mut self, error: SyntaxError) {
        match self.out.errors.last_mut() {
            Some(last) if last.code == error.code && last.range.end == error.range.start => {
                last.range.end = error.range.end;
                last.fix = None;
            }
            _ => self.out.errors.push(error),
        }
    }
}
