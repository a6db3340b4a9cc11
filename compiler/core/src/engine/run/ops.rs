//! Operations on values. INVARIANT: each gives what `ordain_graph::apply` gives for the same values, or gives up.

use std::cmp::Ordering;

use bumpalo::Bump;
use ordain_graph::{Op, Patterns, Value};
use rust_decimal::Decimal;

use super::{GiveUp, Rounds, Run, display, function};
use crate::engine::val::{Val, entry, member};

/// More than a list or text that an operation makes may hold is for the tree walker to refuse.
pub(super) const LONGEST_LIST: usize = 10_000_000;
pub(super) const LONGEST_TEXT: usize = 64 << 20;

pub(super) fn apply<'a>(op: Op, args: &[Val<'a>], arena: &'a Bump, table: &Patterns) -> Run<Val<'a>> {
    Ok(match (op, args) {
        (Op::Not, [Val::Bool(value)]) => Val::Bool(!value),
        (Op::Eq, [a, b]) => Val::Bool(equal(*a, *b)),
        (Op::Ne, [a, b]) => Val::Bool(!equal(*a, *b)),
        (Op::Lt, [a, b]) => Val::Bool(compare(*a, *b).ok_or(GiveUp)? == Ordering::Less),
        (Op::Le, [a, b]) => Val::Bool(compare(*a, *b).ok_or(GiveUp)? != Ordering::Greater),
        (Op::Gt, [a, b]) => Val::Bool(compare(*a, *b).ok_or(GiveUp)? == Ordering::Greater),
        (Op::Ge, [a, b]) => Val::Bool(compare(*a, *b).ok_or(GiveUp)? != Ordering::Less),
        (Op::In, [element, container]) => Val::Bool(contains(*element, *container)?),
        (Op::Index, [base, index]) => element(*base, *index)?,
        (Op::OptionalIndex, [base, index]) => untyped_element(*base, *index),
        (Op::Add, [Val::Int(a), Val::Int(b)]) => Val::Int(a.checked_add(*b).ok_or(GiveUp)?),
        (Op::Sub, [Val::Int(a), Val::Int(b)]) => Val::Int(a.checked_sub(*b).ok_or(GiveUp)?),
        (Op::Add, [Val::Str(a), Val::Str("")]) => Val::Str(a),
        (Op::Add, [Val::Str(""), Val::Str(b)]) => Val::Str(b),
        (Op::Add, [Val::Str(a), Val::Str(b)]) => joined(&[a, b], arena)?,
        (Op::Add, [Val::List(a), Val::List([])]) => Val::List(a),
        (Op::Add, [Val::List([]), Val::List(b)]) => Val::List(b),
        (Op::Add, [Val::List(a), Val::List(b)]) => {
            let all = [*a, *b].concat();
            list(&all, arena)?
        }
        (Op::Interpolate, parts) => {
            let mut text = String::new();
            for part in parts {
                display::append(*part, &mut text);
            }
            made(&text, arena)?
        }
        (Op::Call(function), args) => function::call(function, args, arena, table)?,
        _ => walked(op, args, arena, table)?,
    })
}

/// An operation as the tree walker applies it.
pub(super) fn walked<'a>(op: Op, args: &[Val<'a>], arena: &'a Bump, table: &Patterns) -> Run<Val<'a>> {
    if args.iter().any(|arg| arg.holds_reference()) {
        return Err(GiveUp);
    }
    let args: Vec<Value> = args.iter().map(|arg| arg.to_value()).collect();
    let value = ordain_graph::apply_with(op, &args, table).map_err(|_| GiveUp)?;
    Ok(Val::copied(&value, arena)?)
}

/// A text, unless it is too long.
pub(super) fn made<'a>(text: &str, arena: &'a Bump) -> Run<Val<'a>> {
    if text.len() > LONGEST_TEXT { Err(GiveUp) } else { Ok(Val::Str(arena.alloc_str(text))) }
}

fn joined<'a>(texts: &[&str], arena: &'a Bump) -> Run<Val<'a>> {
    made(&texts.concat(), arena)
}

/// A list, unless it is too long.
pub(super) fn list<'a>(elements: &[Val<'a>], arena: &'a Bump) -> Run<Val<'a>> {
    if elements.len() > LONGEST_LIST { Err(GiveUp) } else { Ok(Val::List(arena.alloc_slice_copy(elements))) }
}

/// `base.name` and `base?.name` of what is no record.
pub(super) fn field<'a>(base: Val<'a>, name: &str, optional: bool, arena: &'a Bump) -> Run<Val<'a>> {
    Ok(match base {
        Val::None if optional => Val::None,
        Val::Map(entries) => entry(entries, Val::Str(name)).unwrap_or(Val::None),
        Val::Bool(_) | Val::Int(_) | Val::Decimal(_) | Val::Str(_) | Val::List(_) if optional => Val::None,
        Val::SemVer(_) | Val::Url(_) | Val::Date(_) | Val::Bytes(_) | Val::Duration(_) => {
            let args = [base.to_value(), Value::string(name)];
            let op = if optional { Op::OptionalField } else { Op::Field };
            Val::copied(&ordain_graph::apply(op, &args).map_err(|_| GiveUp)?, arena)?
        }
        _ => return Err(GiveUp),
    })
}

fn element<'a>(base: Val<'a>, index: Val<'a>) -> Run<Val<'a>> {
    match (base, index) {
        (Val::List(elements), Val::Int(at)) => {
            usize::try_from(at).ok().and_then(|at| elements.get(at)).copied().ok_or(GiveUp)
        }
        (Val::Map(entries), key) => entry(entries, key).ok_or(GiveUp),
        (Val::Record(members), Val::Str(name)) => Ok(member(members, name, usize::MAX).unwrap_or(Val::None)),
        _ => Err(GiveUp),
    }
}

/// `base[index]` of untyped data: `none` for what is not there, and for what has no elements at all.
fn untyped_element<'a>(base: Val<'a>, index: Val<'a>) -> Val<'a> {
    let found = match (base, index) {
        (Val::List(elements), Val::Int(at)) => usize::try_from(at).ok().and_then(|at| elements.get(at)).copied(),
        (Val::Record(members), Val::Str(name)) => member(members, name, usize::MAX),
        _ => None,
    };
    found.unwrap_or(Val::None)
}

fn contains<'a>(element: Val<'a>, container: Val<'a>) -> Run<bool> {
    Ok(match (container, element) {
        (Val::List(elements), _) => elements.iter().any(|each| equal(*each, element)),
        (Val::Set(elements), _) => elements.binary_search(&element).is_ok(),
        (Val::Map(entries), _) => entry(entries, element).is_some(),
        (Val::Record(members), Val::Str(name)) => member(members, name, usize::MAX).is_some(),
        (Val::Str(text), Val::Str(part)) => text.contains(part),
        _ => return Err(GiveUp),
    })
}

/// Equality: numbers by value, also between whole numbers and decimals.
pub(super) fn equal(a: Val<'_>, b: Val<'_>) -> bool {
    match (a, b) {
        (Val::Str(a), Val::Str(b)) => a == b,
        (Val::Int(int), Val::Decimal(decimal)) | (Val::Decimal(decimal), Val::Int(int)) => {
            decimal == Decimal::from(int)
        }
        (Val::List(a), Val::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(*a, *b)),
        (Val::Map(a), Val::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, v), (l, w))| equal(*k, *l) && equal(*v, *w))
        }
        (Val::Record(a), Val::Record(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && equal(a.value, b.value))
        }
        _ => a == b,
    }
}

/// Order, where the two kinds have one.
pub(super) fn compare(a: Val<'_>, b: Val<'_>) -> Option<Ordering> {
    Some(match (a, b) {
        (Val::Int(a), Val::Int(b)) => a.cmp(&b),
        (Val::Int(a), Val::Decimal(b)) => Decimal::from(a).cmp(&b),
        (Val::Decimal(a), Val::Int(b)) => a.cmp(&Decimal::from(b)),
        (Val::Decimal(a), Val::Decimal(b)) => a.cmp(&b),
        (Val::Str(a), Val::Str(b)) => a.cmp(b),
        (Val::Bytes(a), Val::Bytes(b)) | (Val::Duration(a), Val::Duration(b)) => a.cmp(&b),
        (Val::SemVer(a), Val::SemVer(b)) => a.cmp(b),
        (Val::Date(a), Val::Date(b)) => a.cmp(&b),
        (Val::Variant(a, _), Val::Variant(b, _)) => a.cmp(&b),
        _ => return None,
    })
}

/// What a loop goes over.
pub(crate) fn rounds(over: Val<'_>) -> Run<Rounds<'_>> {
    Ok(match over {
        Val::List(elements) | Val::Set(elements) => Rounds::List(elements),
        Val::Map(entries) => Rounds::Entries(entries),
        Val::Record(members) => Rounds::Members(members),
        _ => return Err(GiveUp),
    })
}
