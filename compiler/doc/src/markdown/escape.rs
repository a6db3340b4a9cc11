//! Text, code and links that mean themselves in GitHub-flavoured Markdown.

use std::fmt::Write as _;

/// Text at the start of a line or a block, where it could be taken for a list, a heading and the like.
pub(super) fn first(text: &str) -> String {
    let text = text.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    // The sign that would make a mark of what is before it.
    let mark = match text.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => Some(digits),
        Some(b'#' | b'+' | b'-' | b'=' | b':') if digits == 0 => Some(0),
        _ => None,
    };
    match mark {
        Some(at) => format!("{}\\{}{}", &text[..at], &text[at..=at], escaped(&text[at + 1..])),
        None => escaped(text),
    }
}

/// Text within a line.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => true,
            '_' => !(in_word(before) && in_word(chars.peek().copied())),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
        before = Some(c);
    }
    out
}

/// Code on one line.
pub(super) fn code_span(code: &str, in_table: bool) -> String {
    if code.trim().is_empty() {
        return String::new();
    }
    if in_table && code.contains("\\|") {
        // Which of the two a row's bars heed is read differently by different programs.
        return format!("<code>{}</code>", references(code));
    }
    let mark = "`".repeat(longest_run(code) + 1);
    let edge = code.starts_with(['`', ' ']) || code.ends_with(['`', ' ']);
    let pad = if edge { " " } else { "" };
    let code = if in_table { code.replace('|', "\\|") } else { code.to_owned() };
    // A span of one mark next to a mark in it would need padding, which `edge` sees to.
    format!("{mark}{pad}{code}{pad}{mark}")
}

/// Text in which every sign is a character reference, so that it means itself inside of HTML elements, too.
fn references(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            // INVARIANT: writing to a string never fails.
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Text as the value of a quoted attribute.
pub(super) fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The line before and after a block of code.
pub(super) fn fence(code: &str) -> String {
    "`".repeat((longest_run(code) + 1).max(3))
}

fn longest_run(code: &str) -> usize {
    code.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// A link whose text is Markdown already.
pub(super) fn link(text: &str, address: &str) -> String {
    format!("[{text}]({})", address_of(address))
}

/// An address between the parentheses of a link.
pub(super) fn address_of(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for c in address.chars() {
        if c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | '(' | ')' | '\\' | '|' | '"' | '`' | '*' | '[' | ']')
        {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // INVARIANT: writing to a string never fails.
                let _ = write!(out, "%{byte:02X}");
            }
        } else if c == '&' {
            out.push_str("&amp;");
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{code_span, escaped, fence, first};

    #[test]
    fn text_means_itself() {
        assert_eq!(first("1. a"), "1\\. a");
        assert_eq!(first("  # a"), "\\# a");
        assert_eq!(first("- a-b"), "\\- a-b");
        assert_eq!(first("1.4.0"), "1\\.4.0");
        assert_eq!(first("12 a"), "12 a");
        assert_eq!(first("*"), "\\*");
        assert_eq!(escaped("1. a | b_c _d_ <e>"), "1. a \\| b_c \\_d\\_ \\<e\\>");
    }

    #[test]
    fn code_means_itself() {
        assert_eq!(code_span("a", false), "`a`");
        assert_eq!(code_span("a`b", false), "``a`b``");
        assert_eq!(code_span("`", false), "`` ` ``");
        assert_eq!(code_span("a|b", false), "`a|b`");
        assert_eq!(code_span("a|b", true), "`a\\|b`");
        assert_eq!(code_span("a\\|b", true), "<code>a&#92;&#124;b</code>");
        assert_eq!(fence("a"), "```");
        assert_eq!(fence("````"), "`````");
    }
}
