//! The text of strings: escapes, interpolations, indentation.

use ordain_diagnostics::{TextRange, codes};
use smol_str::SmolStr;

use super::expr::take_expr;
use super::expr::within_head;
use super::primitive::{Parses, Tokens, rule};
use super::state::{In, Miss, Outcome};
use super::want::Want;
use crate::ast::{StringLit, StringPart};
use crate::error::{Findings, SyntaxError};
use crate::token::{Token, TokenFlags, TokenKind};

/// A string, perhaps with interpolations.
pub(super) fn string<'s>() -> impl Parses<'s, StringLit> {
    rule(string_literal)
}

/// A string without interpolations.
pub(super) fn plain_string<'s>() -> impl Parses<'s, StringLit> {
    rule(|inp| {
        if inp.kind() == TokenKind::StrHead {
            return inp.fail(Want::PlainString);
        }
        string_literal(inp)
    })
}

pub(super) fn string_literal(inp: &mut In<'_, '_>) -> Outcome<StringLit> {
    let start = inp.at();
    let text = inp.state().text;
    let Some(token) = inp.peek_ref().copied() else { return inp.fail(Want::String) };
    let raw = |inp: &mut In<'_, '_>, content: &str| {
        inp.skip();
        let parts = if content.is_empty() { Vec::new() } else { vec![StringPart::Text(SmolStr::new(content))] };
        Ok(StringLit { parts, range: token.range })
    };
    match token.kind {
        TokenKind::Str => {
            let source = token.text(text);
            if !source.starts_with("\"\"\"") && !source.contains('\\') {
                return raw(inp, unquoted(&token, source));
            }
            inp.skip();
            let pieces = vec![Piece::Text(content_range(&token, source))];
            Ok(assemble(inp, pieces, source.starts_with("\"\"\""), token.range))
        }
        TokenKind::RawStr => raw(inp, raw_content(&token, token.text(text))),
        TokenKind::Regex => raw(inp, unquoted(&token, token.text(text))),
        TokenKind::StrHead => {
            let triple = token.text(text).starts_with("\"\"\"");
            let mut pieces = Vec::with_capacity(3);
            let mut part = token;
            loop {
                inp.skip();
                pieces.push(Piece::Text(content_range(&part, part.text(text))));
                if part.kind == TokenKind::StrTail {
                    break;
                }
                if matches!(inp.kind(), TokenKind::StrMid | TokenKind::StrTail) {
                    return empty_interpolation(inp);
                }
                pieces.push(Piece::Expr(within_head(inp, false, take_expr)?));
                match inp.peek_ref() {
                    Some(next) if matches!(next.kind, TokenKind::StrMid | TokenKind::StrTail) => part = *next,
                    _ => {
                        inp.take(TokenKind::RBrace)?;
                        break;
                    }
                }
            }
            let range = inp.range_from(start);
            Ok(assemble(inp, pieces, triple, range))
        }
        _ => inp.fail(Want::String),
    }
}

#[cold]
fn empty_interpolation(inp: &mut In<'_, '_>) -> Outcome<StringLit> {
    let at = inp.at();
    let start = inp.previous().map(|token| token.range.end).unwrap_or_default();
    let range = TextRange::new(start.saturating_sub(1), start + 1);
    let error = SyntaxError::new(codes::UNEXPECTED_TOKEN, range, "expected an expression between `{` and `}`")
        .help("write `\\{` for a brace that is text");
    inp.state().report_in_place(at, error);
    Err(Miss)
}

/// What a string token holds between its quotes.
fn unquoted<'s>(token: &Token, source: &'s str) -> &'s str {
    let content = source.strip_prefix('"').unwrap_or(source);
    if token.flags.has(TokenFlags::REPORTED) { content } else { content.strip_suffix('"').unwrap_or(content) }
}

fn raw_content<'s>(token: &Token, source: &'s str) -> &'s str {
    let hashes = source[1..].bytes().take_while(|byte| *byte == b'#').count();
    let content = &source[hashes + 2..];
    if token.flags.has(TokenFlags::REPORTED) { content } else { &content[..content.len() - hashes - 1] }
}

/// A part of a string before its text is decoded.
enum Piece {
    Text(TextRange),
    Expr(crate::ast::Expr),
}

/// The place of what a part of a string holds, without quotes and braces.
fn content_range(token: &Token, source: &str) -> TextRange {
    if token.flags.has(TokenFlags::VIRTUAL) {
        return token.range;
    }
    let closed = !token.flags.has(TokenFlags::REPORTED);
    let quotes = |text: &str| if text.ends_with("\"\"\"") && text.len() >= 3 { 3 } else { 1 };
    let (open, close) = match token.kind {
        TokenKind::Str if source.starts_with("\"\"\"") => (3, if closed { 3 } else { 0 }),
        TokenKind::Str => (1, usize::from(closed)),
        TokenKind::StrHead if source.starts_with("\"\"\"") => (3, 1),
        TokenKind::StrTail if closed => (1, quotes(source)),
        TokenKind::StrTail => (1, 0),
        _ => (1, 1),
    };
    TextRange::new(token.range.start + open as u32, token.range.end - close as u32)
}

/// Decodes the text parts and joins the whole.
fn assemble(inp: &mut In<'_, '_>, pieces: Vec<Piece>, triple: bool, range: TextRange) -> StringLit {
    let state = inp.state();
    let indent = if triple { common_indent(state.text, &pieces) } else { 0 };
    let mut parts = Vec::with_capacity(pieces.len());
    let mut line_start = triple;
    for piece in pieces {
        match piece {
            Piece::Text(place) => {
                let mut source = &state.text[place.start as usize..place.end as usize];
                let mut offset = place.start;
                if triple && parts.is_empty() && line_start {
                    let first = source.strip_prefix("\r\n").or(source.strip_prefix('\n'));
                    match first {
                        Some(rest) => {
                            offset += (source.len() - rest.len()) as u32;
                            source = rest;
                        }
                        None => line_start = false,
                    }
                }
                let cut = Cut { indent, line_start };
                let decoded = decode(source, offset, triple.then_some(cut), &mut state.errors);
                line_start = false;
                if !decoded.is_empty() {
                    parts.push(StringPart::Text(decoded.into()));
                }
            }
            Piece::Expr(expr) => {
                line_start = false;
                parts.push(StringPart::Expr(expr));
            }
        }
    }
    StringLit { parts, range }
}

/// How the indentation of a `"""` string is removed.
#[derive(Clone, Copy)]
struct Cut {
    indent: usize,
    /// Whether the text starts at the start of a line.
    line_start: bool,
}

/// The white space that all lines of a `"""` string have in common. Lines with nothing else do not count, but the one
/// with the closing quotes does.
fn common_indent(text: &str, pieces: &[Piece]) -> usize {
    let mut least = usize::MAX;
    let last = pieces.len().saturating_sub(1);
    for (index, piece) in pieces.iter().enumerate() {
        let Piece::Text(place) = piece else { continue };
        let source = &text[place.start as usize..place.end as usize];
        let mut lines = source.split('\n').skip(1).peekable();
        while let Some(line) = lines.next() {
            let indent = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let blank = line[indent..].trim_end_matches('\r').is_empty();
            // A blank rest of a part is followed by an interpolation or the closing quotes on the same line.
            let followed = lines.peek().is_none() && (index <= last);
            if !blank || followed {
                least = least.min(indent);
            }
        }
    }
    if least == usize::MAX { 0 } else { least }
}

/// Resolves escapes and removes indentation. `offset` is where `source` starts in the text.
fn decode(source: &str, offset: u32, cut: Option<Cut>, errors: &mut Findings) -> String {
    let mut out = String::with_capacity(source.len());
    let bytes = source.as_bytes();
    let mut at = 0;
    let mut line_start = cut.is_some_and(|cut| cut.line_start);
    while at < bytes.len() {
        if line_start && let Some(cut) = cut {
            let white = bytes[at..].iter().take(cut.indent).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            at += white;
            line_start = false;
            continue;
        }
        match bytes[at] {
            b'\\' => at += escape(source, at, offset, &mut out, errors),
            b'\r' if cut.is_some() && bytes.get(at + 1) == Some(&b'\n') => at += 1,
            b'\n' => {
                out.push('\n');
                at += 1;
                line_start = true;
            }
            _ => {
                let rest = &source[at..];
                let length = rest.find(['\\', '\n', '\r']).unwrap_or(rest.len()).max(1);
                out.push_str(&rest[..length]);
                at += length;
            }
        }
    }
    out
}

/// Resolves the escape at `at` and gives its length.
fn escape(source: &str, at: usize, offset: u32, out: &mut String, errors: &mut Findings) -> usize {
    let mut chars = source[at + 1..].chars();
    let char = chars.next();
    let resolved = match char {
        Some('n') => '\n',
        Some('t') => '\t',
        Some('r') => '\r',
        Some(char @ ('\\' | '"' | '{' | '}')) => char,
        Some('u') => return unicode(source, at, offset, out, errors),
        _ => {
            let length = 1 + char.map_or(0, char::len_utf8);
            let place = TextRange::new(offset + at as u32, offset + (at + length) as u32);
            let shown: String = char.into_iter().filter(|char| !char.is_control()).collect();
            errors.push(
                SyntaxError::new(codes::INVALID_ESCAPE, place, format!("`\\{shown}` is no escape"))
                    .help("escapes are \\n \\t \\r \\\\ \\\" \\{ \\} \\u{…}; a raw string `r\"…\"` has none")
                    .fix(
                        "double the backslash",
                        place,
                        format!("\\\\{}", char.map_or_else(String::new, String::from)),
                        false,
                    ),
            );
            out.extend(char);
            return length;
        }
    };
    out.push(resolved);
    2
}

/// Resolves `\u{1F600}`.
fn unicode(source: &str, at: usize, offset: u32, out: &mut String, errors: &mut Findings) -> usize {
    let rest = &source[at + 2..];
    let digits = rest.strip_prefix('{').map(|rest| rest.bytes().take_while(u8::is_ascii_hexdigit).count());
    let closed = digits.is_some_and(|digits| rest[1 + digits..].starts_with('}'));
    let length = 2 + digits.map_or(0, |digits| 1 + digits) + usize::from(closed);
    let value = digits
        .filter(|digits| closed && (1..=6).contains(digits))
        .and_then(|digits| u32::from_str_radix(&rest[1..=digits], 16).ok())
        .and_then(char::from_u32);
    match value {
        Some(char) => out.push(char),
        None => {
            let place = TextRange::new(offset + at as u32, offset + (at + length) as u32);
            let shown = &source[at..at + length];
            errors.push(
                SyntaxError::new(codes::INVALID_ESCAPE, place, format!("`{shown}` is no character"))
                    .help("write one to six hexadecimal digits between braces: `\\u{1F600}`"),
            );
        }
    }
    length
}
