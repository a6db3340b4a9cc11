//! Characters that no token starts with, and what was probably meant by them.

use logos::Logos;
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

/// Whether a character is never seen and means nothing in the language: Unicode's Default_Ignorable_Code_Point, without
/// those that stand for a space or change the reading direction.
const fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200c}'..='\u{200f}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What can be seen of a word; all of it where nothing can.
pub(crate) fn visible(word: &str) -> String {
    let seen: String = word.chars().filter(|char| !is_invisible(*char)).collect();
    if seen.is_empty() { word.to_owned() } else { seen }
}

/// The end of a word that was cut at `end`, where only invisible characters stand between its parts.
fn word_end(text: &str, mut end: usize) -> usize {
    loop {
        let seen = text[end..].trim_start_matches(is_invisible);
        let rest = seen.trim_start_matches(|char: char| char.is_alphanumeric() || char == '_');
        if seen.len() == text.len() - end || rest.len() == seen.len() {
            return end;
        }
        end = text.len() - rest.len();
    }
}

impl Lexer<'_> {
    /// Takes a word that logos found at `start..end`, and gives the offset where it really ends.
    pub(super) fn word(&mut self, kind: TokenKind, start: usize, end: usize) -> usize {
        let goes_on = self.text.as_bytes().get(end).is_some_and(|byte| !byte.is_ascii());
        let end = if goes_on { word_end(self.text, end) } else { end };
        let word = &self.text[start..end];
        if word.is_ascii() {
            self.push(kind, start, end);
            return end;
        }
        let Some(char) = word.chars().find(|char| is_invisible(*char)) else {
            self.push(kind, start, end);
            return end;
        };
        let message = format!("the invisible character U+{:04X} is no character of a name", char as u32);
        let error = SyntaxError::new(codes::INVALID_CHARACTER, range(start, end), message);
        let meant = visible(word);
        let kind = if meant == word { None } else { TokenKind::lexer(&meant).next().and_then(Result::ok) };
        let kind = kind.filter(|kind| kind.is_word());
        self.out.errors.push(match kind {
            Some(_) => {
                let title = format!("write `{meant}`");
                error.help(title.clone()).fix(title, range(start, end), meant, false)
            }
            None => error.help("choose a name that can be seen"),
        });
        self.pending = self.pending.with(TokenFlags::REPORTED);
        self.push(kind.unwrap_or(TokenKind::Ident), start, end);
        end
    }

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
            _ if is_invisible(char) => {
                let message = format!("the invisible character U+{:04X} cannot stand in a source", char as u32);
                self.report_odd(error(message).help("remove it").fix(
                    "remove the character",
                    range(start, end),
                    "",
                    false,
                ));
            }
            _ if char.is_whitespace() || matches!(char, '\u{200b}' | '\u{feff}') => {
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
