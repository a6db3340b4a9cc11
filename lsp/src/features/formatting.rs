//! Formatting: the formatter's text as the few edits that lead to it, so that cursors and marks stay where they are.

use std::time::{Duration, Instant};

use ordain_diagnostics::TextRange;
use ordain_syntax::{Token, TokenFlags, TokenKind};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use tower_lsp::ls_types::{Position, Range, TextEdit};

use crate::world::File;

/// How far a block's lines are indented.
const INDENT: usize = 2;

/// The edits that format a file; an error says why it cannot be.
pub(crate) fn document(file: &File) -> Result<Vec<TextEdit>, String> {
    let whole = TextRange::new(0, file.text.len() as u32);
    let formatted = formatted(file, whole)?;
    Ok(edits(file, whole, &formatted))
}

/// The edits that format what lies in a range: declarations that it touches, as a whole. An error says why none of them can be.
pub(crate) fn range(file: &File, range: Range) -> Result<Vec<TextEdit>, String> {
    let asked = file.offsets(range);
    let parsed = ordain_syntax::parse(&file.text).file;
    let uses = parsed
        .uses
        .iter()
        .map(|import| import.allows.first().map_or(import.range, |allow| allow.range.cover(import.range)));
    let mut touched: Vec<TextRange> = uses.chain(parsed.items.iter().map(|item| item.range)).collect();
    touched.retain(|range| range.start <= asked.end && asked.start <= range.end);
    touched.sort_unstable();
    let (mut found, mut failed) = (Vec::new(), None);
    let mut any = false;
    for own in touched {
        // A declaration that is a line's first is brought to the line's start.
        let line = file.lines.line_of(own.start);
        let start = file.lines.line(&file.text, line).map_or(own.start, |(start, _)| start);
        let blank = file.slice(TextRange::new(start, own.start)).trim().is_empty();
        let own = TextRange::new(if blank { start } else { own.start }, own.end);
        match formatted(file, own) {
            Ok(formatted) => {
                any = true;
                found.extend(edits(file, own, formatted.trim_end_matches(['\r', '\n'])));
            }
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    match failed {
        Some(error) if !any => Err(error),
        _ => Ok(found),
    }
}

/// What stands in a range as the formatter writes it.
fn formatted(file: &File, range: TextRange) -> Result<String, String> {
    let text = file.slice(range);
    let told = |error: ordain_syntax::FormatError| {
        let place = |error: &ordain_syntax::SyntaxError| {
            let line = file.lines.line_of(range.start + error.range.start.min(text.len() as u32)) + 1;
            format!(": line {line}: {}", error.message)
        };
        format!("not formatted: {error}{}", error.errors.first().map(place).unwrap_or_default())
    };
    let formatted = ordain_syntax::format(text).map_err(told)?;
    Ok(as_in(&file.text, &formatted))
}

/// A formatted text whose lines end as those of a file do.
pub(super) fn as_in(file: &str, formatted: &str) -> String {
    let formatted = formatted.replace("\r\n", "\n");
    if ordain_syntax::has_crlf(file) { formatted.replace('\n', "\r\n") } else { formatted }
}

/// The edits that make what stands in a range another text.
fn edits(file: &File, range: TextRange, formatted: &str) -> Vec<TextEdit> {
    let changes = changes(file.slice(range), formatted).into_iter();
    changes.map(|(at, new_text)| TextEdit { range: file.range(at.shift(range.start)), new_text }).collect()
}

/// The changes that make a text another one: of words and blanks, which is nearly all that formatting changes, and of whole lines
/// where there are very many.
pub(super) fn changes(old: &str, new: &str) -> Vec<(TextRange, String)> {
    /// How long a text may be, in bytes, whose words are compared.
    const MOST: usize = 256 << 10;
    /// How long is looked for the fewest changes; later, more may be given.
    const PATIENCE: Duration = Duration::from_millis(200);
    let cut = |text| if old.len().max(new.len()) <= MOST { words(text) } else { text.split_inclusive('\n').collect() };
    let (old_parts, new_parts): (Vec<&str>, Vec<&str>) = (cut(old), cut(new));
    let starts = starts(&old_parts);
    let end = Instant::now().checked_add(PATIENCE);
    let changed = capture_diff_slices_deadline(Algorithm::Patience, &old_parts, &new_parts, end);
    let changed = changed.into_iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    changed
        .map(|op| {
            let (from, to) = (op.old_range(), op.new_range());
            narrowed(old, TextRange::new(starts[from.start], starts[from.end]), &new_parts[to].concat())
        })
        .collect()
}

/// A text cut into words, blanks, ends of lines and single signs.
fn words(text: &str) -> Vec<&str> {
    #[derive(PartialEq)]
    enum Class {
        Word,
        Blank,
        End,
        Sign,
    }
    let class = |character: char| match character {
        '\r' | '\n' => Class::End,
        blank if blank.is_whitespace() => Class::Blank,
        word if word.is_alphanumeric() || word == '_' => Class::Word,
        _ => Class::Sign,
    };
    let mut parts = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, character) in text.char_indices() {
        let together = before.is_none_or(|before| match class(character) {
            Class::End => before == '\r' && character == '\n',
            Class::Sign => false,
            same => class(before) == same,
        });
        if !together {
            parts.push(&text[start..at]);
            start = at;
        }
        before = Some(character);
    }
    if start < text.len() {
        parts.push(&text[start..]);
    }
    parts
}

fn starts(parts: &[&str]) -> Vec<u32> {
    let mut at = 0;
    let mut starts = vec![0];
    for part in parts {
        at += part.len() as u32;
        starts.push(at);
    }
    starts
}

/// A replacement without what is the same at both of its ends.
fn narrowed(text: &str, mut range: TextRange, new: &str) -> (TextRange, String) {
    let old = &text[range.start as usize..range.end as usize];
    let mut head: usize = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    // The two characters that end a line stay together.
    if old[..head].ends_with('\r') {
        head -= 1;
    }
    let (old, new) = (&old[head..], &new[head..]);
    let same = old.chars().rev().zip(new.chars().rev()).take_while(|(a, b)| a == b);
    let mut tail: usize = same.map(|(a, _)| a.len_utf8()).sum();
    let splits = |text: &str, tail: usize| {
        text[..text.len() - tail].ends_with('\r') && text[text.len() - tail..].starts_with('\n')
    };
    if splits(old, tail) || splits(new, tail) {
        tail -= 1;
    }
    range.start += head as u32;
    range.end -= tail as u32;
    (range, new[..new.len() - tail].to_owned())
}

/// The edits after a closing bracket or a line break was typed before a position: the indentation of its line.
pub(crate) fn on_type(file: &File, position: Position, typed: &str) -> Vec<TextEdit> {
    let Some((start, line)) = file.lines.line(&file.text, position.line) else { return Vec::new() };
    let tokens = ordain_syntax::lex(&file.text).tokens;
    let blank = line.len() - line.trim_start().len();
    let content = start + blank as u32;
    if typed != "\n" && file.offset(position) != content + typed.len() as u32 {
        // The bracket stands behind something else.
        return Vec::new();
    }
    let Some(depth) = depth(file, &tokens, content) else { return Vec::new() };
    let wanted = " ".repeat(depth * INDENT);
    if line[..blank] == *wanted {
        return Vec::new();
    }
    let range = file.range(TextRange::new(start, content));
    vec![TextEdit { range, new_text: wanted }]
}

/// How deep the line is whose first character that is not blank stands at an offset; none inside of a text.
fn depth(file: &File, tokens: &[Token], content: u32) -> Option<usize> {
    let mut open: Vec<&Token> = Vec::new();
    let mut before: Option<&Token> = None;
    for token in tokens.iter().filter(|token| !token.flags.has(TokenFlags::VIRTUAL)) {
        if token.range.start >= content {
            let closes = token.kind.is_closer() && token.range.start == content;
            if closes && let Some(at) = open.iter().rposition(|opener| opener.kind.closer() == token.kind) {
                open.truncate(at);
            }
            break;
        }
        if token.range.end > content {
            return None;
        }
        if token.kind.is_closer()
            && let Some(at) = open.iter().rposition(|opener| opener.kind.closer() == token.kind)
        {
            open.truncate(at);
        }
        if token.kind.is_opener() {
            open.push(token);
        }
        if !token.kind.is_comment() {
            before = Some(token);
        }
    }
    if open.iter().any(|opener| opener.kind == TokenKind::StrHead) {
        return None;
    }
    // Brackets that are opened on one line indent once.
    let mut lines: Vec<u32> = open.iter().map(|opener| file.lines.line_of(opener.range.start)).collect();
    lines.dedup();
    let goes_on = before.is_some_and(|token| matches!(token.kind, TokenKind::Eq | TokenKind::FatArrow));
    Some(lines.len() + usize::from(goes_on))
}

#[cfg(test)]
mod tests {
    use super::changes;
    use proptest::prelude::*;

    fn applied(old: &str, changes: &[(ordain_diagnostics::TextRange, String)]) -> String {
        let mut text = old.to_owned();
        for (range, new) in changes.iter().rev() {
            text.replace_range(range.start as usize..range.end as usize, new);
        }
        text
    }

    #[test]
    fn only_what_differs_is_changed() {
        let found = changes("a\n  b\nc\n", "a\n    b\nc\n");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.start, found[0].0.end, found[0].1.as_str()), (4, 4, "  "));
    }

    proptest! {
        #[test]
        fn changes_make_the_new_text_of_the_old(old in "[ab\u{e9}\u{1d11e} \r\n]{0,40}", new in "[ab\u{e9}\u{1d11e} \r\n]{0,40}") {
            prop_assert_eq!(applied(&old, &changes(&old, &new)), new);
        }
    }
}
