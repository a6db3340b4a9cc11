//! Literals that start with a digit: numbers, sizes, durations, versions and days.
//!
//! Only their shape is judged here; the parser computes their values.

use ordain_diagnostics::codes;

use super::range;
use crate::error::SyntaxError;
use crate::token::TokenKind;

/// The units of size, with the number of bytes each stands for.
pub(crate) const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("EB", 1_000_000_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("PiB", 1 << 50),
    ("EiB", 1 << 60),
];

/// The units of duration, longest first, with the number of milliseconds each stands for.
pub(crate) const DURATION_UNITS: &[(&str, u64)] =
    &[("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

pub(super) struct Number {
    pub kind: TokenKind,
    pub end: usize,
    pub error: Option<SyntaxError>,
}

/// Scans the literal whose first digit is at `start`.
pub(super) fn scan(text: &str, start: usize) -> Number {
    let bytes = text.as_bytes();
    let whole = digits(bytes, start);
    if whole - start == 4 && is_date(bytes, start) {
        return good(TokenKind::Date, start + 10);
    }
    if !dot_digit(bytes, whole) {
        return with_suffix(text, start, whole, TokenKind::Int);
    }
    let second = digits(bytes, whole + 1);
    if !dot_digit(bytes, second) {
        return with_suffix(text, start, second, TokenKind::Decimal);
    }
    let third = digits(bytes, second + 1);
    let end = version_end(bytes, third);
    if dot_digit(bytes, end) || word(text, end) > end {
        let mut end = end;
        while dot_digit(bytes, end) || word(text, end) > end {
            end = word(text, end + usize::from(bytes[end] == b'.'));
        }
        return bad(
            text,
            start,
            end,
            "a version has three numbers, then perhaps `-` and a pre-release, `+` and a build",
        );
    }
    good(TokenKind::SemVer, end)
}

fn good(kind: TokenKind, end: usize) -> Number {
    Number { kind, end, error: None }
}

fn bad(text: &str, start: usize, end: usize, help: &str) -> Number {
    let message = format!("`{}` is not a literal", &text[start..end]);
    let error = SyntaxError::new(codes::INVALID_LITERAL, range(start, end), message).help(help);
    Number { kind: TokenKind::BadLiteral, end, error: Some(error) }
}

fn digits(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b'0'..=b'9' | b'_')) {
        at += 1;
    }
    at
}

fn dot_digit(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
}

/// The end of the word characters from `at` on.
fn word(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            at += 1;
        } else if byte >= 0x80 {
            match text[at..].chars().next() {
                Some(char) if char.is_alphanumeric() => at += char.len_utf8(),
                _ => break,
            }
        } else {
            break;
        }
    }
    at
}

fn is_date(bytes: &[u8], start: usize) -> bool {
    let Some(rest) = bytes.get(start..start + 10) else { return false };
    let shape = rest.iter().enumerate().all(|(i, byte)| match i {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    shape && !matches!(bytes.get(start + 10), Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_'))
}

/// The end of `-pre.release+build` after the three numbers of a version.
fn version_end(bytes: &[u8], mut at: usize) -> usize {
    for sign in [b'-', b'+'] {
        if bytes.get(at) == Some(&sign) && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
            at = identifiers(bytes, at + 1);
        }
    }
    at
}

fn identifiers(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'-' => at += 1,
            Some(b'.') if bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) => at += 1,
            _ => return at,
        }
    }
}

/// Judges the letters that follow a number.
fn with_suffix(text: &str, start: usize, end: usize, plain: TokenKind) -> Number {
    let bytes = text.as_bytes();
    match bytes.get(end) {
        Some(byte) if byte.is_ascii_alphabetic() || *byte >= 0x80 => {}
        _ => return good(plain, end),
    }
    let stop = word(text, end);
    let suffix = &text[end..stop];
    if suffix.is_empty() {
        return good(plain, end);
    }
    if SIZE_UNITS.iter().any(|(unit, _)| *unit == suffix) {
        return good(TokenKind::Bytes, stop);
    }
    if plain == TokenKind::Int && is_duration(&text[start..stop]) {
        return good(TokenKind::Duration, stop);
    }
    let sizes = "units of size are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB; units of duration are ms, s, m, h, d, w";
    let units = SIZE_UNITS.iter().chain(DURATION_UNITS);
    let Number { kind, end, error } = bad(text, start, stop, sizes);
    let meant = units.map(|(unit, _)| *unit).find(|unit| unit.eq_ignore_ascii_case(suffix));
    let error = error.map(|error| match meant {
        Some(unit) if unit == suffix => SyntaxError { help: Some(WHOLE_NUMBERS.into()), ..error },
        Some(unit) => error.fix(format!("write `{unit}`"), range(stop - suffix.len(), stop), unit, false),
        None => error,
    });
    Number { kind, end, error }
}

const WHOLE_NUMBERS: &str = "durations are whole numbers with units, the longest first: `1h30m`";

/// Whether the text is numbers with units of duration, each unit once and the longest first.
fn is_duration(text: &str) -> bool {
    let mut units = DURATION_UNITS.iter();
    duration_parts(text).all(|(number, unit)| {
        !number.is_empty() && number.starts_with(|c: char| c.is_ascii_digit()) && units.any(|(known, _)| *known == unit)
    })
}

/// Splits `1h30m` into (`1`, `h`) and (`30`, `m`).
pub(crate) fn duration_parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let unit = rest.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(unit);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '_').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        rest = tail;
        Some((number, unit))
    })
}
