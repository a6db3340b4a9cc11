//! The built-in functions that can make much out of little, counted.
//!
//! Each of them takes the place of the interpreter's own function of that name, and calls it, between two counts: one of
//! what goes in, one of what comes out. Where the result would be far larger than the arguments, its size is computed
//! first.

use regorus::unstable::{BUILTINS, Expr, Ref, Source, Span};
use regorus::{Engine, LimitError, Value};

use crate::meter::{self, Exhausted};

/// Functions whose cost is that of their arguments and result.
const METERED: [&str; 38] = [
    "array.concat",
    "base64.decode",
    "base64.encode",
    "base64url.decode",
    "base64url.encode",
    "base64url.encode_no_pad",
    "bits.lsh",
    "concat",
    "format_int",
    "graph.reachable_paths",
    "hex.decode",
    "hex.encode",
    "indexof_n",
    "json.filter",
    "json.marshal",
    "json.marshal_with_options",
    "json.patch",
    "json.remove",
    "json.unmarshal",
    "lower",
    "numbers.range",
    "numbers.range_step",
    "object.union",
    "object.union_n",
    "regex.find_all_string_submatch_n",
    "regex.find_n",
    "regex.replace",
    "regex.split",
    "replace",
    "split",
    "sprintf",
    "strings.replace_n",
    "strings.reverse",
    "substring",
    "trim",
    "trim_space",
    "upper",
    "walk",
];

/// What one element of a list, set or object counts, besides what is in it.
const ELEMENT: u64 = 32;

/// Puts the counted functions into an interpreter.
pub(crate) fn install(engine: &mut Engine) -> anyhow::Result<()> {
    let source = Source::from_contents("builtin".to_owned(), String::new())?;
    for name in METERED {
        let Some((function, arguments)) = BUILTINS.get(name).copied() else { continue };
        let span = Span { source: source.clone(), line: 1, col: 1, start: 0, end: 0 };
        let null = Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 };
        let params = vec![Ref::new(null); usize::from(arguments)];
        let call = move |values: Vec<Value>| {
            let size = weigh(&values, meter::bytes_left());
            spend(size.saturating_add(amplified(name, &values)))?;
            match function(&span, &params, &values, false) {
                Ok(value) => {
                    spend(weigh(std::slice::from_ref(&value), meter::bytes_left()))?;
                    Ok(value)
                }
                Err(error) if error.downcast_ref::<LimitError>().is_some() => Err(error),
                // As OPA has it: a function that cannot take its arguments has no value.
                Err(_) => Ok(Value::Undefined),
            }
        };
        engine.add_extension(name.to_owned(), arguments, Box::new(call))?;
    }
    Ok(())
}

fn spend(bytes: u64) -> anyhow::Result<()> {
    meter::charge(bytes).map_err(|exhausted: Exhausted| anyhow::Error::msg(exhausted.message()))
}

/// The size of values, or something above `enough` once it is known to be larger.
///
/// Values share their parts, so a small one can stand for a tree without end; the walk stops in time.
fn weigh(values: &[Value], enough: u64) -> u64 {
    let mut pending: Vec<&Value> = values.iter().collect();
    let mut size = 0_u64;
    while let Some(value) = pending.pop() {
        if size > enough {
            break;
        }
        size = size.saturating_add(ELEMENT);
        match value {
            Value::String(text) => size = size.saturating_add(text.len() as u64),
            Value::Array(items) => pending.extend(items.iter()),
            Value::Set(items) => pending.extend(items.iter()),
            Value::Object(members) => pending.extend(members.iter().flat_map(|(key, value)| [key, value])),
            _ => {}
        }
    }
    size
}

/// What the result counts, where that does not follow from the size of the arguments.
fn amplified(name: &str, values: &[Value]) -> u64 {
    let text = |index: usize| values.get(index).and_then(|value| value.as_string().ok());
    match name {
        "numbers.range" | "numbers.range_step" => {
            let step = if name == "numbers.range" { Some(1) } else { values.get(2).and_then(whole) };
            // Bounds that are no whole numbers give nothing or too much; a step that is not positive would not end.
            match (values.first().and_then(whole), values.get(1).and_then(whole), step) {
                (Some(first), Some(last), Some(step)) if step > 0 => {
                    (first.abs_diff(last) / step.unsigned_abs()).saturating_add(1).saturating_mul(ELEMENT)
                }
                _ if values.iter().all(|value| value.as_number().is_ok_and(|number| number.is_integer())) => u64::MAX,
                _ => 0,
            }
        }
        "bits.lsh" => values.get(1).and_then(|by| by.as_u64().ok()).unwrap_or(u64::MAX) / 8,
        "replace" => match (text(0), text(1), text(2)) {
            (Some(text), Some(old), Some(new)) => replaced(text, old, new),
            _ => 0,
        },
        "regex.replace" => match (text(0), text(2)) {
            (Some(text), Some(new)) => (text.len() as u64 + 1).saturating_mul(new.len() as u64),
            _ => 0,
        },
        "strings.replace_n" => match (values.first().and_then(|map| map.as_object().ok()), text(1)) {
            // One replacement may work on what another one gave.
            (Some(map), Some(text)) => map.iter().fold(text.len() as u64, |size, (old, new)| {
                let (Ok(old), Ok(new)) = (old.as_string(), new.as_string()) else { return size };
                (size / old.len().max(1) as u64).saturating_add(1).saturating_mul(new.len() as u64).saturating_add(size)
            }),
            _ => 0,
        },
        "sprintf" => text(0).map_or(0, |format| widths(format)),
        "concat" => match (text(0), values.get(1)) {
            (Some(between), Some(Value::Array(items))) => between.len() as u64 * items.len() as u64,
            (Some(between), Some(Value::Set(items))) => between.len() as u64 * items.len() as u64,
            _ => 0,
        },
        // Every node is given with the path that leads to it.
        "walk" => weigh(values, meter::bytes_left()).saturating_mul(4),
        _ => 0,
    }
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().ok()
}

fn replaced(text: &str, old: &str, new: &str) -> u64 {
    let times = if old.is_empty() { text.len() as u64 + 1 } else { text.matches(old).count() as u64 };
    times.saturating_mul(new.len() as u64)
}

/// The sum of the widths and precisions that a format asks for.
fn widths(format: &str) -> u64 {
    let mut sum = 0_u64;
    for part in format.split('%').skip(1) {
        let digits = part.trim_start_matches(['.', '+', '-', ' ', '#']);
        let end = digits.find(|c: char| !c.is_numeric()).unwrap_or(digits.len());
        if end > 0 {
            // Digits of other scripts, and more of them than a width can have, count as too much.
            sum = sum.saturating_add(digits[..end].parse::<u32>().map_or(u64::MAX, u64::from));
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::widths;

    #[test]
    fn widths_are_added_up() {
        assert_eq!(widths("%s and %d"), 0);
        assert_eq!(widths("%05d %.3f %12s"), 20);
        assert_eq!(widths("%99999999999d"), u64::MAX);
    }
}
