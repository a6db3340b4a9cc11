//! Names as people can safely see them, and the parts of addresses.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Text in which no character hides, moves the cursor or changes the direction of its neighbours.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // INVARIANT: writing to a string never fails.
            c if is_hidden(c) => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Control characters, and those of Unicode that are not seen themselves but change how others are.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The columns a text takes in a terminal.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// Visible text of at most so many columns; what was cut off is an ellipsis.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    // A character shows as ten at most, so what is far beyond the limit need not be looked at.
    let cut = text.char_indices().nth(limit.saturating_mul(2) + 16).map_or(text.len(), |(at, _)| at);
    let shown = visible(&text[..cut]);
    if cut == text.len() && columns(&shown) <= limit {
        return shown.into_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in shown.chars() {
        used += c.width().unwrap_or(0);
        if used > limit {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// A segment of an address: its name, and the loop keys behind it with their brackets.
pub(crate) fn keyed(segment: &str) -> (&str, Option<&str>) {
    match segment.find('[') {
        Some(at) if at > 0 && segment.ends_with(']') => (&segment[..at], Some(&segment[at..])),
        _ => (segment, None),
    }
}

/// Loop keys without the outer brackets: `[a][b]` becomes `a, b`.
pub(crate) fn bare_keys(keys: &str) -> String {
    keys.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(keys).replace("][", ", ")
}

/// A number with thin groups of three digits, as people read it.
pub(crate) fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 step`, `2 steps`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

/// An address with every loop key as `[…]`.
pub(crate) fn bare_address(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for (index, segment) in address.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        let (name, keys) = keyed(segment);
        out.push_str(name);
        if keys.is_some() {
            out.push_str("[…]");
        }
    }
    out
}

/// The loop keys in an address, each where it differs from the one before; empty where it has none.
pub(crate) fn address_keys(address: &str) -> String {
    let mut keys: Vec<String> = address.split('/').filter_map(|segment| keyed(segment).1).map(bare_keys).collect();
    keys.dedup();
    keys.join("/")
}
