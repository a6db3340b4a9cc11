//! Where a string ends: quotes, escapes, interpolations.

use crate::token::TokenKind;

/// Why the text of a string stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The closing quote, which the offset includes.
    Quote,
    /// The brace of an interpolation, which the offset includes.
    Interpolation,
    /// The end of the line (of the text for a `"""` string).
    Unterminated,
}

/// Finds where the text of a string that goes on at `from` stops.
pub(super) fn scan_string(bytes: &[u8], from: usize, triple: bool) -> (Stop, usize) {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' if !triple => return (Stop::Quote, at + 1),
            b'"' if bytes[at..].starts_with(b"\"\"\"") => return (Stop::Quote, at + 3),
            b'{' => return (Stop::Interpolation, at + 1),
            b'\n' if !triple => return (Stop::Unterminated, line_end(bytes, from, at)),
            b'\\' if bytes[at..].starts_with(b"\\u{") => at = skip_unicode_escape(bytes, at),
            b'\\' if bytes.get(at + 1).is_some_and(|next| triple || *next != b'\n') => at += 2,
            _ => at += 1,
        }
    }
    (Stop::Unterminated, line_end(bytes, from, bytes.len()))
}

/// The end of the escape `\u{…}` at `at`, whose braces are no interpolation.
fn skip_unicode_escape(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 3;
    while bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        end += 1;
    }
    end + usize::from(bytes.get(end) == Some(&b'}'))
}

/// Finds the end of a regular expression that starts at `from`, and whether a quote closes it. Backslashes keep the
/// quote after them from closing it and are part of the expression.
pub(super) fn scan_regex(bytes: &[u8], from: usize) -> (usize, bool) {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return (at + 1, true),
            b'\n' => return (line_end(bytes, from, at), false),
            b'\\' if bytes.get(at + 1).is_some_and(|next| *next != b'\n') => at += 2,
            _ => at += 1,
        }
    }
    (line_end(bytes, from, bytes.len()), false)
}

/// Finds the end of a raw string that starts at `from` and closes with a quote and `hashes` hash signs. Without
/// hashes it ends at the end of its line at the latest. Further lines are only looked at if `search` is set.
pub(super) fn scan_raw(bytes: &[u8], from: usize, hashes: usize, search: bool) -> (usize, bool) {
    let mut at = from;
    let mut first_line = None;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' if bytes[at + 1..].iter().take(hashes).take_while(|byte| **byte == b'#').count() == hashes => {
                return (at + 1 + hashes, true);
            }
            b'\n' if hashes == 0 || !search => return (line_end(bytes, from, at), false),
            b'\n' if first_line.is_none() => first_line = Some(at),
            _ => {}
        }
        at += 1;
    }
    (line_end(bytes, from, first_line.unwrap_or(bytes.len())), false)
}

/// `at` without the carriage return before it.
fn line_end(bytes: &[u8], from: usize, at: usize) -> usize {
    if at > from && bytes[at - 1] == b'\r' { at - 1 } else { at }
}

/// Where a `"""` string that is never closed is taken to end: before the first line that looks like a declaration or
/// like the end of one, so that the rest of the file is not lost.
pub(super) fn retreat(text: &str, from: usize) -> usize {
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        if at > from && starts_declaration(line) {
            return text[..at].trim_end_matches(['\n', '\r']).len().max(from);
        }
        at += line.len();
    }
    text.len()
}

fn starts_declaration(line: &str) -> bool {
    use logos::Logos;
    if line.starts_with('}') || line.starts_with("///") {
        return true;
    }
    let word = line.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
    line[word.len()..].starts_with(' ')
        && matches!(TokenKind::lexer(word).next(), Some(Ok(kind)) if kind.is_item_word())
}
