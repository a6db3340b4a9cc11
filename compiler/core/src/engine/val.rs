//! The values that compiled programs run over: small, copied freely, borrowed from the text they were read from or from
//! an arena.

use std::cmp::Ordering;

use bumpalo::Bump;
use ordain_graph::{Date, Value};
use rust_decimal::Decimal;
use semver::Version;
use smol_str::SmolStr;

/// A known value.
///
/// INVARIANT: the kinds stand in the order of those of [`Value`], and what holds several is sorted in the same way, so
/// that the derived order and equality are the same as there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Val<'a> {
    None,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Str(&'a str),
    Bytes(u64),
    Duration(u64),
    SemVer(&'a Version),
    Url(&'a str),
    Digest(&'a str),
    Date(Date),
    Variant(u32, &'a str),
    List(&'a [Val<'a>]),
    /// In order of the keys, each once.
    Map(&'a [(Val<'a>, Val<'a>)]),
    /// In order, each once.
    Set(&'a [Val<'a>]),
    /// In order of the names, each once.
    Record(&'a [Member<'a>]),
    /// A reference to an entity. Elsewhere it is a record of its type and id.
    Ref(Named<'a>),
}

/// An entity by name. Its place stands beside the pointer, so that entities of one store are told apart without looking
/// at their names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    /// Its place in the store; [`NOWHERE`] for one that nothing in the store names.
    pub(crate) at: u32,
    pub(crate) name: &'a EntityName<'a>,
}

/// What an entity is called; in order of the ids, as references are elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntityName<'a> {
    pub(crate) id: &'a str,
    /// The qualified name of its type.
    pub(crate) ty: &'a str,
}

impl Named<'_> {
    /// Whether something in the store names it.
    pub(crate) fn is_there(&self) -> bool {
        self.at != NOWHERE
    }
}

impl PartialEq for Named<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at && (self.is_there() || self.name == other.name)
    }
}

impl Eq for Named<'_> {}

impl PartialOrd for Named<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Named<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self == other { Ordering::Equal } else { self.name.cmp(other.name) }
    }
}

/// No place in a store.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Val<'a>,
}

/// A value that the engine does not hold: one that waits for execution, or is secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotHeld;

impl<'a> Val<'a> {
    /// A value of the compiler's, borrowed.
    pub(crate) fn borrowed(value: &'a Value, arena: &'a Bump) -> Result<Self, NotHeld> {
        Ok(match value {
            Value::None => Self::None,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Decimal(value) => Self::Decimal(*value),
            Value::String(text) => Self::Str(text),
            Value::Bytes(count) => Self::Bytes(*count),
            Value::Duration(count) => Self::Duration(*count),
            Value::SemVer(version) => Self::SemVer(version),
            Value::Url(text) => Self::Url(text),
            Value::Digest(text) => Self::Digest(text),
            Value::Date(date) => Self::Date(*date),
            Value::Variant(index, name) => Self::Variant(*index, name),
            Value::List(elements) => Self::List(all(elements.iter(), arena)?),
            Value::Set(elements) => Self::Set(all(elements.iter(), arena)?),
            Value::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| Ok((Self::borrowed(key, arena)?, Self::borrowed(value, arena)?)));
                let entries = entries.collect::<Result<Vec<_>, NotHeld>>()?;
                Self::Map(arena.alloc_slice_copy(&entries))
            }
            Value::Record(fields) => {
                let members = fields
                    .iter()
                    .map(|(name, value)| Ok(Member { name: name.as_str(), value: Self::borrowed(value, arena)? }));
                let members = members.collect::<Result<Vec<_>, NotHeld>>()?;
                Self::Record(arena.alloc_slice_copy(&members))
            }
            Value::Secret(_) | Value::Residual(_) => return Err(NotHeld),
        })
    }

    /// A value of the compiler's, copied; a version is none that the engine makes.
    pub(crate) fn copied(value: &Value, arena: &'a Bump) -> Result<Self, NotHeld> {
        let text = |text: &SmolStr| -> &'a str { arena.alloc_str(text) };
        Ok(match value {
            Value::String(value) => Self::Str(text(value)),
            Value::Url(value) => Self::Url(text(value)),
            Value::Digest(value) => Self::Digest(text(value)),
            Value::Variant(index, name) => Self::Variant(*index, text(name)),
            Value::None => Self::None,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Decimal(value) => Self::Decimal(*value),
            Value::Bytes(count) => Self::Bytes(*count),
            Value::Duration(count) => Self::Duration(*count),
            Value::Date(date) => Self::Date(*date),
            Value::List(elements) => Self::List(copies(elements.iter(), arena)?),
            Value::Set(elements) => Self::Set(copies(elements.iter(), arena)?),
            Value::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| Ok((Self::copied(key, arena)?, Self::copied(value, arena)?)));
                let entries = entries.collect::<Result<Vec<_>, NotHeld>>()?;
                Self::Map(arena.alloc_slice_copy(&entries))
            }
            Value::Record(fields) => {
                let members = fields
                    .iter()
                    .map(|(name, value)| Ok(Member { name: text(name), value: Self::copied(value, arena)? }));
                let members = members.collect::<Result<Vec<_>, NotHeld>>()?;
                Self::Record(arena.alloc_slice_copy(&members))
            }
            Value::SemVer(_) | Value::Secret(_) | Value::Residual(_) => return Err(NotHeld),
        })
    }

    /// The value as the compiler has it.
    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::None => Value::None,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Decimal(value) => Value::Decimal(value),
            Self::Str(text) => Value::string(text),
            Self::Bytes(count) => Value::Bytes(count),
            Self::Duration(count) => Value::Duration(count),
            Self::SemVer(version) => Value::SemVer(version.clone().into()),
            Self::Url(text) => Value::Url(text.into()),
            Self::Digest(text) => Value::Digest(text.into()),
            Self::Date(date) => Value::Date(date),
            Self::Variant(index, name) => Value::Variant(index, name.into()),
            Self::List(elements) => Value::list(elements.iter().map(|each| each.to_value())),
            Self::Set(elements) => {
                let elements: std::collections::BTreeSet<Value> = elements.iter().map(|each| each.to_value()).collect();
                Value::Set(elements.into())
            }
            Self::Map(entries) => {
                let entries: std::collections::BTreeMap<Value, Value> =
                    entries.iter().map(|(key, value)| (key.to_value(), value.to_value())).collect();
                Value::Map(entries.into())
            }
            Self::Ref(named) => crate::eval::reference(named.name.ty.into(), named.name.id.into()),
            Self::Record(members) => {
                Value::record(members.iter().map(|member| (member.name.into(), member.value.to_value())))
            }
        }
    }

    /// Whether a reference is in it, which the tree walker holds in another form.
    pub(crate) fn holds_reference(self) -> bool {
        match self {
            Self::Ref(_) => true,
            Self::List(elements) | Self::Set(elements) => elements.iter().any(|each| each.holds_reference()),
            Self::Map(entries) => entries.iter().any(|(key, value)| key.holds_reference() || value.holds_reference()),
            Self::Record(members) => members.iter().any(|member| member.value.holds_reference()),
            _ => false,
        }
    }

    /// A set of what may be in any order and repeated.
    pub(crate) fn set(elements: &mut Vec<Self>, arena: &'a Bump) -> Self {
        elements.sort_unstable();
        elements.dedup();
        Self::Set(arena.alloc_slice_copy(elements))
    }

    /// A map of entries in any order; of those with one key, the last one counts.
    pub(crate) fn map(mut entries: Vec<(Self, Self)>, arena: &'a Bump) -> Self {
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            // Stable: of equal keys, the later one stays last.
            entries.sort_by_key(|(key, _)| *key);
            entries.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    earlier.1 = later.1;
                }
                same
            });
        }
        Self::Map(arena.alloc_slice_copy(&entries))
    }
}

/// The member of that name. `hint` is where it stands in most records that are met here.
#[inline]
pub(crate) fn member<'a>(members: &[Member<'a>], name: &str, hint: usize) -> Option<Val<'a>> {
    match members.get(hint) {
        Some(member) if member.name == name => Some(member.value),
        _ => find(members, name),
    }
}

fn find<'a>(members: &[Member<'a>], name: &str) -> Option<Val<'a>> {
    let at = members.binary_search_by(|member| member.name.cmp(name)).ok()?;
    Some(members[at].value)
}

/// The entry of that key.
#[inline]
pub(crate) fn entry<'a>(entries: &[(Val<'a>, Val<'a>)], key: Val<'_>) -> Option<Val<'a>> {
    // The value's own lifetime is shortened for the comparison only.
    let at = entries.binary_search_by(|(known, _)| compare(*known, key)).ok()?;
    Some(entries[at].1)
}

fn compare(a: Val<'_>, b: Val<'_>) -> std::cmp::Ordering {
    a.cmp(&b)
}

fn all<'a>(values: impl Iterator<Item = &'a Value>, arena: &'a Bump) -> Result<&'a [Val<'a>], NotHeld> {
    let values = values.map(|each| Val::borrowed(each, arena)).collect::<Result<Vec<_>, _>>()?;
    Ok(arena.alloc_slice_copy(&values))
}

fn copies<'v, 'a>(values: impl Iterator<Item = &'v Value>, arena: &'a Bump) -> Result<&'a [Val<'a>], NotHeld> {
    let values = values.map(|each| Val::copied(each, arena)).collect::<Result<Vec<_>, _>>()?;
    Ok(arena.alloc_slice_copy(&values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_small() {
        assert_eq!(size_of::<Val<'_>>(), 24);
        assert_eq!(size_of::<Member<'_>>(), 40);
    }
}
