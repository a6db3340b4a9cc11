//! Text and the values of attributes: references resolved, line ends made one.

use std::borrow::Cow;

use xmlparser::StrSpan;

use super::Source;
use crate::error::{Fault, fault, quoted};

/// The characters that XML calls space.
pub(super) const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// What a text says; in an attribute, line breaks and tabs become spaces (XML 1.0, section 3.3.3).
pub(super) fn resolved<'t>(source: &Source<'_>, span: StrSpan<'t>, attribute: bool) -> Result<Cow<'t, str>, Fault> {
    let raw = span.as_str();
    let special: &[char] = if attribute { &['&', '\r', '\n', '\t'] } else { &['&', '\r'] };
    if !raw.contains(special) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let at = span.start() + raw.len() - rest.len();
        let mut length = c.len_utf8();
        match c {
            '&' => {
                let (c, taken) = reference(source, at, rest)?;
                text.push(c);
                length = taken;
            }
            '\r' => {
                length += usize::from(rest.as_bytes().get(1) == Some(&b'\n'));
                text.push(if attribute { ' ' } else { '\n' });
            }
            '\n' | '\t' if attribute => text.push(' '),
            c => text.push(c),
        }
        rest = &rest[length..];
    }
    Ok(Cow::Owned(text))
}

/// The character of the reference that `rest` starts with, and the length of it.
fn reference(source: &Source<'_>, at: usize, rest: &str) -> Result<(char, usize), Fault> {
    /// No reference that stands for a character is longer.
    const LONGEST: usize = 32;
    let Some(end) = rest.bytes().take(LONGEST).position(|byte| byte == b';') else {
        return Err(fault(source.range(at..at + 1), "`&` starts a reference: write `&amp;` for the character"));
    };
    let name = &rest[1..end];
    let c = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => name
            .strip_prefix('#')
            .and_then(|number| match number.strip_prefix('x') {
                Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok(),
                None if number.bytes().all(|byte| byte.is_ascii_digit()) => number.parse().ok(),
                _ => None,
            })
            .and_then(char::from_u32)
            .filter(|&c| allowed(c)),
    };
    match c {
        Some(c) => Ok((c, end + 1)),
        None => {
            let written = quoted(&rest[..=end]);
            let message = match name.starts_with('#') {
                true => format!("{written} stands for no character"),
                false => format!("the entity {written} is not declared"),
            };
            Err(fault(source.range(at..at + end + 1), message))
        }
    }
}

/// Whether XML can hold a character (XML 1.0, section 2.2).
fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
