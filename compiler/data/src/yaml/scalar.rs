//! What a scalar means: the core schema of YAML 1.2 (sections 10.2 and 10.3), and the tags that overrule it.

use std::borrow::Cow;

use ordain_diagnostics::TextRange;
use saphyr_parser::{ScalarStyle, Tag};
use smol_str::SmolStr;

use crate::error::{Fault, fault, quoted};
use crate::node::NodeKind;
use crate::number;

/// The prefix of the tags that YAML itself defines.
const CORE: &str = "tag:yaml.org,2002:";

/// What a tag makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Core {
    Null,
    Bool,
    Int,
    Float,
    Text,
    List,
    Map,
    /// `!`: whatever the value is if its style alone decides; text for a scalar.
    Plain,
}

/// The tag of an event, if it has one.
pub(super) fn core(tag: Option<&Cow<'_, Tag>>, range: TextRange) -> Result<Option<Core>, Fault> {
    let Some(tag) = tag else { return Ok(None) };
    let name = format!("{}{}", tag.handle, tag.suffix);
    let core = match name.strip_prefix(CORE) {
        Some("null") => Core::Null,
        Some("bool") => Core::Bool,
        Some("int") => Core::Int,
        Some("float") => Core::Float,
        Some("str") => Core::Text,
        Some("seq") => Core::List,
        Some("map") => Core::Map,
        // An application's own tag, such as `!Ref`, tells that application something; the value stays what it is.
        None if name.starts_with('!') => Core::Plain,
        _ => return Err(fault(range, format!("the tag {} is not one of YAML's core schema", quoted(&shown(&name))))),
    };
    Ok(Some(core))
}

fn shown(name: &str) -> String {
    match name.strip_prefix(CORE) {
        Some(short) => format!("!!{short}"),
        None if name.starts_with('!') => name.to_owned(),
        None => format!("!<{name}>"),
    }
}

/// The value of a scalar.
pub(super) fn value(text: &str, style: ScalarStyle, tag: Option<Core>, range: TextRange) -> Result<NodeKind, Fault> {
    let misfit = |what| fault(range, format!("{} is not {what}, which its tag says it is", quoted(text)));
    match tag {
        None if style == ScalarStyle::Plain => Ok(plain(text)),
        None | Some(Core::Text | Core::Plain) => Ok(NodeKind::String(SmolStr::new(text))),
        Some(Core::Null) => {
            if is_null(text) {
                Ok(NodeKind::Null)
            } else {
                Err(misfit("null"))
            }
        }
        Some(Core::Bool) => truth(text).ok_or_else(|| misfit("a truth value")),
        Some(Core::Int) => whole(text).ok_or_else(|| misfit("a whole number")),
        Some(Core::Float) => float(text).or_else(|| whole(text)).ok_or_else(|| misfit("a number")),
        Some(Core::List) => Err(misfit("a list")),
        Some(Core::Map) => Err(misfit("a map")),
    }
}

/// The value of a scalar without quotes and tag.
fn plain(text: &str) -> NodeKind {
    // Most scalars are words, and no word but these few is anything but text.
    match text.as_bytes().first() {
        None | Some(b'~' | b'n' | b'N') if is_null(text) => NodeKind::Null,
        Some(b't' | b'T' | b'f' | b'F') => truth(text).unwrap_or_else(|| NodeKind::String(SmolStr::new(text))),
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => {
            whole(text).or_else(|| float(text)).unwrap_or_else(|| NodeKind::String(SmolStr::new(text)))
        }
        _ => NodeKind::String(SmolStr::new(text)),
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn truth(text: &str) -> Option<NodeKind> {
    match text {
        "true" | "True" | "TRUE" => Some(NodeKind::Bool(true)),
        "false" | "False" | "FALSE" => Some(NodeKind::Bool(false)),
        _ => None,
    }
}

/// `[-+]?[0-9]+`, `0o[0-7]+` or `0x[0-9a-fA-F]+`
fn whole(text: &str) -> Option<NodeKind> {
    for (prefix, base) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let sound = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
            return sound.then(|| number::based(false, digits, base, text));
        }
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    (!digits.is_empty() && all_digits(digits)).then(|| number::integer(text))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, `[-+]?(\.inf|\.Inf|\.INF)` or `\.nan|\.NaN|\.NAN`
fn float(text: &str) -> Option<NodeKind> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(number::big(if text.starts_with('-') { "-inf" } else { "inf" })),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => return Some(number::big("nan")),
        _ => {}
    }
    let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let sound = all_digits(before)
        && all_digits(after)
        && !(before.is_empty() && after.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && all_digits(exponent));
    sound.then(|| number::exact(text))
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match plain(text) {
            NodeKind::Null => "null".into(),
            NodeKind::Bool(value) => format!("bool {value}"),
            NodeKind::Int(value) => format!("int {value}"),
            NodeKind::Decimal(value) => format!("decimal {value}"),
            NodeKind::BigNumber(text) => format!("big {text}"),
            NodeKind::String(text) => format!("text {text}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn core_schema() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(shown(text), "null", "{text}");
        }
        for (text, expected) in [
            ("true", "bool true"),
            ("FALSE", "bool false"),
            ("0", "int 0"),
            ("-19", "int -19"),
            ("+12", "int 12"),
            ("010", "int 10"),
            ("0o14", "int 12"),
            ("0x3A", "int 58"),
            ("0.", "decimal 0"),
            ("-0.0", "decimal 0"),
            (".5", "decimal 0.5"),
            ("+12e03", "decimal 12000"),
            ("-2E+05", "decimal -200000"),
            ("12.30", "decimal 12.3"),
            ("1e400", "big 1e400"),
            (".inf", "big inf"),
            ("-.Inf", "big -inf"),
            ("+.INF", "big inf"),
            (".NaN", "big nan"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        for text in [
            "yes",
            "no",
            "on",
            "off",
            "y",
            "nULL",
            "tRUE",
            "truely",
            "1_000",
            "0b11",
            "0x",
            "0o",
            "0o8",
            "0xg",
            "-0x1f",
            "+-1",
            "-",
            "+",
            ".",
            "-.",
            "e5",
            ".e5",
            "1e",
            "1e+",
            "1e5.0",
            "1.2.3",
            "190:20:30",
            "2024-01-01",
            "-.nan",
            "+.nan",
            ".nano",
            "١",
            "1 ",
            "0X1",
            "--1",
        ] {
            assert_eq!(shown(text), format!("text {text}"));
        }
    }
}
