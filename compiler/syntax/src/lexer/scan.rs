//! Characters that hide in a text: control characters and those that turn the reading direction round.
//!
//! They are looked for everywhere, strings and comments included, in one fast pass over the bytes.

use ordain_diagnostics::codes;

use super::range;
use crate::error::{Findings, SyntaxError};

/// Reports every hidden character of `text`.
pub(super) fn report_hidden_characters(text: &str, errors: &mut Findings) {
    let bytes = text.as_bytes();
    for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
        if chunk.iter().fold(false, |found, byte| found | suspicious(*byte)) {
            inspect(text, index * CHUNK, (index * CHUNK + chunk.len()).min(bytes.len()), errors);
        }
    }
}

const CHUNK: usize = 256;

/// Whether a byte can be, or can start, a hidden character.
const fn suspicious(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\n' && byte != b'\t') | (byte == 0x7f) | (byte == 0xe2) | (byte == 0xc2)
}

/// Looks at the characters that start in `start..end`.
fn inspect(text: &str, start: usize, end: usize, errors: &mut Findings) {
    let first = (start..=end).find(|at| text.is_char_boundary(*at)).unwrap_or(end);
    for (offset, char) in text[first..].char_indices() {
        let at = first + offset;
        if at >= end {
            return;
        }
        let place = range(at, at + char.len_utf8());
        let code = char as u32;
        if is_bidirectional(char) {
            let message = format!("the invisible character U+{code:04X} changes the order in which text is shown");
            errors.push(
                SyntaxError::new(codes::BIDIRECTIONAL_TEXT, place, message)
                    .help(format!("remove it, or write it as `\\u{{{code:X}}}` in a string"))
                    .fix("remove the character", place, "", false),
            );
        } else if char.is_control() && !matches!(char, '\n' | '\t') && !carriage_return(text, at) {
            if let Some(last) = errors.last_mut()
                && last.code == codes::INVALID_CHARACTER
                && last.range.end == place.start
                && last.message.starts_with("control")
            {
                last.range.end = place.end;
                continue;
            }
            let message = format!("control character U+{code:04X} cannot stand in a source");
            errors.push(
                SyntaxError::new(codes::INVALID_CHARACTER, place, message)
                    .help(format!("remove it; in a string, write `\\u{{{code:X}}}`")),
            );
        }
    }
}

/// Whether the byte at `at` is the first of a line end `\r\n`.
fn carriage_return(text: &str, at: usize) -> bool {
    text.as_bytes()[at..].starts_with(b"\r\n")
}

/// Whether the character reorders the display of what surrounds it.
pub(super) const fn is_bidirectional(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
