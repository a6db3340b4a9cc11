//! Built-in functions.

use std::collections::BTreeSet;

use bumpalo::Bump;
use ordain_graph::{Function as F, Op, Patterns};

use super::ops::{LONGEST_TEXT, compare, list, made, walked};
use super::{GiveUp, Run, display};
use crate::engine::val::{Val, entry};

pub(super) fn call<'a>(function: F, args: &[Val<'a>], arena: &'a Bump, table: &Patterns) -> Run<Val<'a>> {
    let length = |length: usize| Val::Int(i64::try_from(length).unwrap_or(i64::MAX));
    let truth = |each: &&Val<'a>| matches!(each, Val::Bool(true));
    Ok(match (function, args) {
        (F::Len, [Val::Str(text)]) => length(text.chars().count()),
        (F::Len, [Val::List(elements) | Val::Set(elements)]) => length(elements.len()),
        (F::Len, [Val::Map(entries)]) => length(entries.len()),
        (F::Len, [Val::Record(members)]) => length(members.len()),
        (F::StringOf, [Val::Str(text)]) => Val::Str(text),
        (F::StringOf, [value]) => made(&display::text(*value), arena)?,
        (F::IntOf, [Val::Int(value)]) => Val::Int(*value),
        (F::IntOf, [Val::Str(text)]) => text.trim().parse().map_or(Val::None, Val::Int),
        (F::Get, [Val::List(elements), Val::Int(at)]) => {
            usize::try_from(*at).ok().and_then(|at| elements.get(at)).copied().unwrap_or(Val::None)
        }
        (F::Get, [Val::Map(entries), key]) => entry(entries, *key).unwrap_or(Val::None),
        (F::JsonType, [Val::None]) => Val::Str("null"),
        (F::JsonType, [Val::Bool(_)]) => Val::Str("boolean"),
        (F::JsonType, [Val::Int(_) | Val::Decimal(_)]) => Val::Str("number"),
        (F::JsonType, [Val::Str(_)]) => Val::Str("string"),
        (F::JsonType, [Val::List(_)]) => Val::Str("array"),
        (F::JsonType, [Val::Record(_)]) => Val::Str("object"),
        (F::TrimPrefix, [Val::Str(text), Val::Str(prefix)]) => Val::Str(text.strip_prefix(prefix).unwrap_or(text)),
        (F::TrimSuffix, [Val::Str(text), Val::Str(suffix)]) => Val::Str(text.strip_suffix(suffix).unwrap_or(text)),
        (F::Keys, [Val::Map(entries)]) => all(entries.iter().map(|(key, _)| *key), arena),
        (F::Values, [Val::Map(entries)]) => all(entries.iter().map(|(_, value)| *value), arena),
        (F::Any, [Val::List(elements) | Val::Set(elements)]) => Val::Bool(elements.iter().any(|each| truth(&each))),
        (F::All, [Val::List(elements) | Val::Set(elements)]) => Val::Bool(elements.iter().all(|each| truth(&each))),
        (F::Count, [Val::List(elements) | Val::Set(elements)]) => length(elements.iter().filter(truth).count()),
        (F::First, [Val::List(elements) | Val::Set(elements)]) => elements.first().copied().unwrap_or(Val::None),
        (F::Last, [Val::List(elements) | Val::Set(elements)]) => elements.last().copied().unwrap_or(Val::None),
        (F::Min, [Val::List(elements) | Val::Set(elements)]) => best(elements, std::cmp::Ordering::Less)?,
        (F::Max, [Val::List(elements) | Val::Set(elements)]) => best(elements, std::cmp::Ordering::Greater)?,
        (F::ListOf, [Val::Set(elements)]) => Val::List(elements),
        (F::SetOf, [Val::List(elements) | Val::Set(elements)]) => Val::set(&mut elements.to_vec(), arena),
        (F::Reverse, [Val::List(elements) | Val::Set(elements)]) => all(elements.iter().rev().copied(), arena),
        (F::Sort, [Val::List(elements) | Val::Set(elements)]) => {
            let mut sorted = elements.to_vec();
            sorted.sort();
            Val::List(arena.alloc_slice_copy(&sorted))
        }
        (F::Unique, [Val::List(elements) | Val::Set(elements)]) => {
            let mut seen = BTreeSet::new();
            all(elements.iter().filter(|each| seen.insert(**each)).copied().collect::<Vec<_>>().into_iter(), arena)
        }
        (F::Flatten, [Val::List(elements)]) => {
            let mut flat = Vec::new();
            for each in *elements {
                match each {
                    Val::List(inner) | Val::Set(inner) => flat.extend_from_slice(inner),
                    _ => return Err(GiveUp),
                }
            }
            list(&flat, arena)?
        }
        (F::Join, [Val::List(elements) | Val::Set(elements), Val::Str(separator)]) => {
            let mut text = String::new();
            for (index, each) in elements.iter().enumerate() {
                text.push_str(if index > 0 { separator } else { "" });
                display::append(*each, &mut text);
                if text.len() > LONGEST_TEXT {
                    return Err(GiveUp);
                }
            }
            made(&text, arena)?
        }
        (F::Split, [Val::Str(text), Val::Str(separator)]) if !separator.is_empty() => {
            // The parts lie in the text itself.
            all(text.split(separator).map(Val::Str).collect::<Vec<_>>().into_iter(), arena)
        }
        (F::Lower, [Val::Str(text)]) if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) => {
            Val::Str(text)
        }
        (F::Lower, [Val::Str(text)]) => Val::Str(arena.alloc_str(&text.to_lowercase())),
        (F::Upper, [Val::Str(text)]) => Val::Str(arena.alloc_str(&text.to_uppercase())),
        (F::Trim, [Val::Str(text)]) => Val::Str(text.trim()),
        (F::Replace, [Val::Str(text), Val::Str(from), Val::Str(to)]) => match from.is_empty() || !text.contains(from) {
            true => Val::Str(text),
            false => made(&text.replace(from, to), arena)?,
        },
        (F::StartsWith, [Val::Str(text), Val::Str(prefix)]) => Val::Bool(text.starts_with(prefix)),
        (F::EndsWith, [Val::Str(text), Val::Str(suffix)]) => Val::Bool(text.ends_with(suffix)),
        (F::Matches, [Val::Str(text), Val::Str(pattern)]) => {
            Val::Bool(table.pattern(pattern).ok_or(GiveUp)?.matches(text))
        }
        _ => walked(Op::Call(function), args, arena, table)?,
    })
}

fn all<'a>(values: impl ExactSizeIterator<Item = Val<'a>>, arena: &'a Bump) -> Val<'a> {
    Val::List(arena.alloc_slice_fill_iter(values))
}

fn best<'a>(elements: &[Val<'a>], wanted: std::cmp::Ordering) -> Run<Val<'a>> {
    let mut best: Option<Val<'a>> = None;
    for each in elements {
        let better = match best {
            None => true,
            Some(best) => compare(*each, best).ok_or(GiveUp)? == wanted,
        };
        if better {
            best = Some(*each);
        }
    }
    Ok(best.unwrap_or(Val::None))
}
