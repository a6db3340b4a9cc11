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

/// Visible text of at most so many columns, with what was cut out of the middle as an ellipsis: what tells steps apart
/// usually stands at the end.
pub(crate) fn without_middle(text: &str, limit: usize) -> String {
    let whole = shortened(text, limit);
    if limit < 12 || !whole.ends_with('…') || text.ends_with('…') && columns(text) <= limit {
        return whole;
    }
    let from = text.char_indices().rev().nth(limit).map_or(0, |(at, _)| at);
    let shown = visible(&text[from..]);
    let mut tail = shown.as_ref();
    while columns(tail) > limit / 2 {
        let mut rest = tail.chars();
        rest.next();
        tail = rest.as_str();
    }
    format!("{}{tail}", shortened(text, limit - columns(tail)))
}

/// A segment of an address: its name, and the loop keys behind it with their brackets (`[a][b]`), or with the number
/// that tells equal ones apart (`[a]#2`).
pub(crate) fn keyed(segment: &str) -> (&str, Option<&str>) {
    let numbered = segment.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix('#');
    let ends = segment.ends_with(']') || numbered.is_some_and(|rest| rest.ends_with(']'));
    match segment.find('[') {
        Some(at) if at > 0 && ends => (&segment[..at], Some(&segment[at..])),
        _ => (segment, None),
    }
}

/// Loop keys without the outer brackets: `[a][b]` becomes `a, b`.
pub(crate) fn bare_keys(keys: &str) -> String {
    keys.strip_prefix('[').unwrap_or(keys).replace("][", ", ").replace(']', "")
}

/// What names begin with, all of them, without digits at its end; empty where that is less than two characters.
pub(crate) fn beginning<'a>(mut names: impl Iterator<Item = &'a str>) -> &'a str {
    let Some(mut common) = names.next() else { return "" };
    for name in names {
        let same = common.char_indices().zip(name.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
        common = &common[..same.unwrap_or(common.len().min(name.len()))];
    }
    let common = common.trim_end_matches(|c: char| c.is_ascii_digit());
    if common.chars().nth(1).is_some() { common } else { "" }
}

/// A number with its digits in groups of three, as people read it.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_have_keys() {
        assert_eq!(keyed("deploy[eu][a/b]"), ("deploy", Some("[eu][a/b]")));
        assert_eq!(keyed("deploy[eu]#12"), ("deploy", Some("[eu]#12")));
        assert_eq!(keyed("deploy"), ("deploy", None));
        assert_eq!(keyed("[x]"), ("[x]", None));
        assert_eq!(keyed("a[b]c"), ("a[b]c", None));
        assert_eq!(bare_keys("[eu][x]#2"), "eu, x#2");
        assert_eq!(bare_address("up[eu]/page[a.html]"), "up[…]/page[…]");
        assert_eq!(address_keys("up[eu]/page[eu]/x/y[z]"), "eu/z");
    }

    #[test]
    fn names_have_a_common_beginning() {
        assert_eq!(beginning(["fit_012", "fit_013", "fit_2"].into_iter()), "fit_");
        assert_eq!(beginning(["a1", "a2"].into_iter()), "");
        assert_eq!(beginning(["été", "étage"].into_iter()), "ét");
        assert_eq!(beginning(std::iter::empty()), "");
    }

    #[test]
    fn numbers_are_read_in_threes() {
        assert_eq!(["7", "100", "1,000", "123,456"], [7, 100, 1_000, 123_456].map(number)[..]);
    }

    #[test]
    fn the_middle_is_cut_out() {
        assert_eq!(without_middle("process[sequence_0000001]", 20), "process[s…e_0000001]");
        assert_eq!(without_middle("short", 20), "short");
        assert_eq!(without_middle("process[sequence_0000001]", 8), "process…");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked_for(text in any::<String>(), limit in 1usize..80) {
            for shown in [shortened(&text, limit), without_middle(&text, limit)] {
                prop_assert!(columns(&shown) <= limit, "{:?}", shown);
                prop_assert!(!shown.chars().any(is_hidden));
            }
            prop_assert!(columns(&visible(&text)) > limit || shortened(&text, limit) == visible(&text));
        }
    }
}
