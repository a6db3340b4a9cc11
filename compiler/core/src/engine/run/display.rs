//! The text of a value, as interpolation shows it.

use std::fmt::Write as _;

use ordain_graph::Value;

use crate::engine::val::Val;

/// The whole text.
pub(super) fn text(value: Val<'_>) -> String {
    let mut out = String::new();
    write(value, &mut out, false, usize::MAX);
    out
}

/// Appends the whole text.
pub(super) fn append(value: Val<'_>, out: &mut String) {
    write(value, out, false, usize::MAX);
}

/// Whether the text begins with another, without making all of it.
pub(super) fn begins(value: Val<'_>, prefix: &str) -> bool {
    if let Val::Str(text) = value {
        return text.starts_with(prefix);
    }
    let mut out = String::new();
    write(value, &mut out, false, prefix.len());
    out.starts_with(prefix)
}

/// Writes so much of the text as is enough, perhaps more.
fn write(value: Val<'_>, out: &mut String, quoted: bool, enough: usize) {
    // INVARIANT: writing to a string never fails.
    let mut put = |text: std::fmt::Arguments<'_>| {
        let _ = out.write_fmt(text);
    };
    match value {
        Val::None => out.push_str("none"),
        Val::Bool(value) => put(format_args!("{value}")),
        Val::Int(value) => put(format_args!("{value}")),
        Val::Decimal(value) => put(format_args!("{}", value.normalize())),
        Val::Str(text) if quoted => put(format_args!("{}", serde_json::Value::from(text))),
        Val::Str(text) | Val::Url(text) | Val::Digest(text) | Val::Variant(_, text) => out.push_str(text),
        Val::Bytes(count) => out.push_str(&ordain_graph::display(&Value::Bytes(count)).unwrap_or_default()),
        Val::Duration(count) => out.push_str(&ordain_graph::display(&Value::Duration(count)).unwrap_or_default()),
        Val::SemVer(version) => put(format_args!("{version}")),
        Val::Date(date) => put(format_args!("{date}")),
        Val::List(elements) => sequence(elements, ('[', ']'), out, enough),
        Val::Set(elements) => sequence(elements, ('{', '}'), out, enough),
        Val::Map(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                if out.len() >= enough {
                    return;
                }
                out.push_str(if index > 0 { ", " } else { "" });
                write(*key, out, true, enough);
                out.push_str(": ");
                write(*value, out, true, enough);
            }
            out.push('}');
        }
        Val::Ref(_) => out.push_str(&ordain_graph::display(&value.to_value()).unwrap_or_default()),
        Val::Record(members) => {
            out.push('{');
            for (index, member) in members.iter().enumerate() {
                if out.len() >= enough {
                    return;
                }
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(member.name);
                out.push_str(": ");
                write(member.value, out, true, enough);
            }
            out.push('}');
        }
    }
}

fn sequence(elements: &[Val<'_>], (open, close): (char, char), out: &mut String, enough: usize) {
    out.push(open);
    for (index, element) in elements.iter().enumerate() {
        if out.len() >= enough {
            return;
        }
        out.push_str(if index > 0 { ", " } else { "" });
        write(*element, out, true, enough);
    }
    out.push(close);
}
