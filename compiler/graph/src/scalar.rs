//! Scalars from text and to text.

use std::fmt::Write as _;
use std::sync::Arc;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::ops::OpError;
use crate::value::{Date, Value};

impl Value {
    /// A semantic version (SemVer 2.0.0).
    pub fn parse_semver(text: &str) -> Option<Self> {
        Some(Self::SemVer(Arc::new(semver::Version::parse(text).ok()?)))
    }

    /// An absolute URL (WHATWG), brought into its normal form.
    pub fn parse_url(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        Some(Self::Url(url.as_str().into()))
    }

    /// `algorithm:hex`, with the hex digits in either case.
    pub fn parse_digest(text: &str) -> Option<Self> {
        let (algorithm, hex) = text.split_once(':')?;
        let length = match algorithm {
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => return None,
        };
        let valid = hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        valid.then(|| Self::Digest(text.to_ascii_lowercase().into()))
    }

    /// A day written `YYYY-MM-DD` (RFC 3339 full-date).
    pub fn parse_date(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            let digits = text.get(range)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u16>().ok())?
        };
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Self::Date(Date { year, month: month as u8, day: day as u8 }))
    }

    /// A span of time such as `1h30m`: whole numbers with units of `DURATION_UNITS`, the longest first, each once, as
    /// the language writes it.
    pub fn parse_duration(text: &str) -> Option<Self> {
        let mut units = DURATION_UNITS.iter();
        let mut rest = text;
        let mut total: u64 = 0;
        loop {
            let (number, unit, tail) = quantity(rest)?;
            let (_, factor) = units.by_ref().find(|(known, _)| *known == unit)?;
            total = total.checked_add(number.checked_mul(*factor)?)?;
            rest = tail;
            if rest.is_empty() {
                return Some(Self::Duration(total));
            }
        }
    }

    /// An amount of data such as `20GiB` or `1.5GiB`: a number with a unit of `SIZE_UNITS`, as the language writes it.
    pub fn parse_bytes(text: &str) -> Option<Self> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '.')).len();
        let (number, unit) = text.split_at(digits);
        let (_, factor) = SIZE_UNITS.iter().find(|(known, _)| *known == unit)?;
        let (whole, fraction) = number.split_once('.').map_or((number, "0"), |(whole, fraction)| (whole, fraction));
        let well_formed = |digits: &str| digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.contains('.');
        if !well_formed(whole) || !well_formed(fraction) {
            return None;
        }
        let number: Decimal = number.replace('_', "").parse().ok()?;
        let bytes = number.checked_mul(Decimal::from(*factor))?;
        if !bytes.fract().is_zero() {
            return None;
        }
        u64::try_from(bytes.trunc()).ok().map(Self::Bytes)
    }
}

/// The units of duration, longest first, with the number of milliseconds each stands for.
const DURATION_UNITS: &[(&str, u64)] =
    &[("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The units of size, with the number of bytes each stands for.
const SIZE_UNITS: &[(&str, u64)] = &[
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

/// Splits a whole number and its unit off the start of a text.
fn quantity(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_').len();
    let (number, rest) = text.split_at(digits);
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
    let (unit, rest) = rest.split_at(letters);
    Some((number.replace('_', "").parse().ok()?, unit, rest))
}

/// The text of a value, as interpolation shows it.
///
/// # Errors
/// Secrets have no text, and what waits for execution has none yet.
pub fn display(value: &Value) -> Result<String, OpError> {
    let mut out = String::new();
    write(value, &mut out, false)?;
    Ok(out)
}

/// A value as a source writes it: text stands in quotes. What has no text is shown as in JSON.
pub fn written(value: &Value) -> String {
    let mut out = String::new();
    match write(value, &mut out, true) {
        Ok(()) => out,
        Err(_) => value.to_json().to_string(),
    }
}

fn write(value: &Value, out: &mut String, quoted: bool) -> Result<(), OpError> {
    // INVARIANT: writing to a string never fails.
    let mut put = |text: std::fmt::Arguments<'_>| {
        let _ = out.write_fmt(text);
    };
    match value {
        Value::None => put(format_args!("none")),
        Value::Bool(value) => put(format_args!("{value}")),
        Value::Int(value) => put(format_args!("{value}")),
        Value::Decimal(value) => put(format_args!("{}", value.normalize())),
        Value::String(text) if quoted => put(format_args!("{}", serde_json::Value::from(text.as_str()))),
        Value::String(text) | Value::Url(text) | Value::Digest(text) | Value::Variant(_, text) => {
            put(format_args!("{text}"));
        }
        Value::Bytes(bytes) => out.push_str(&bytes_text(*bytes)),
        Value::Duration(milliseconds) => out.push_str(&duration_text(*milliseconds)),
        Value::SemVer(version) => put(format_args!("{version}")),
        Value::Date(date) => put(format_args!("{date}")),
        Value::List(elements) => sequence(elements.iter(), ("[", "]"), out)?,
        Value::Set(elements) => sequence(elements.iter(), ("{", "}"), out)?,
        Value::Map(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write(key, out, true)?;
                out.push_str(": ");
                write(value, out, true)?;
            }
            out.push('}');
        }
        Value::Record(fields) => {
            out.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(name);
                out.push_str(": ");
                write(value, out, true)?;
            }
            out.push('}');
        }
        Value::Secret(_) => return Err(OpError::Secret),
        Value::Residual(_) => return Err(OpError::NotKnown),
    }
    Ok(())
}

fn sequence<'a>(
    elements: impl Iterator<Item = &'a Value>,
    (open, close): (&str, &str),
    out: &mut String,
) -> Result<(), OpError> {
    out.push_str(open);
    for (index, element) in elements.enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        write(element, out, true)?;
    }
    out.push_str(close);
    Ok(())
}

/// Bytes in the largest binary unit that divides them.
fn bytes_text(bytes: u64) -> String {
    for (unit, factor) in [("PiB", 1u64 << 50), ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    format!("{bytes}B")
}

/// A duration in descending units.
fn duration_text(milliseconds: u64) -> String {
    if milliseconds == 0 {
        return "0s".into();
    }
    let mut out = String::new();
    let mut rest = milliseconds;
    for (unit, factor) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if rest >= factor {
            let _ = write!(out, "{}{unit}", rest / factor);
            rest %= factor;
        }
    }
    out
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The kind of a value, in the words of the language.
pub(crate) fn kind(value: &Value) -> SmolStr {
    SmolStr::new_static(match value {
        Value::None => "none",
        Value::Bool(_) => "Bool",
        Value::Int(_) => "Int",
        Value::Decimal(_) => "Decimal",
        Value::String(_) => "String",
        Value::Bytes(_) => "Bytes",
        Value::Duration(_) => "Duration",
        Value::SemVer(_) => "SemVer",
        Value::Url(_) => "Url",
        Value::Digest(_) => "Digest",
        Value::Date(_) => "Date",
        Value::Variant(..) => "a variant",
        Value::List(_) => "List",
        Value::Map(_) => "Map",
        Value::Set(_) => "Set",
        Value::Record(_) => "a record",
        Value::Secret(_) => "Secret",
        Value::Residual(_) => "a value of the future",
    })
}
