//! The fields of a record.

use std::ops::Index;

use smol_str::SmolStr;

use crate::value::Value;

/// The fields of a record, each name once, in the order of the names.
///
/// A sorted list and not a tree: records have a handful of fields, and a plan has some for each of its steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fields {
    sorted: Vec<(SmolStr, Value)>,
}

/// The fields of a record by reference.
pub type Iter<'a> = std::iter::Map<std::slice::Iter<'a, (SmolStr, Value)>, fn(&(SmolStr, Value)) -> (&SmolStr, &Value)>;

impl Fields {
    /// No fields, with room for some.
    pub fn with_capacity(count: usize) -> Self {
        Self { sorted: Vec::with_capacity(count) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.position(name).ok()?;
        Some(&self.sorted[at].1)
    }

    /// The value of a field, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let at = self.position(name).ok()?;
        Some(&mut self.sorted[at].1)
    }

    /// Whether there is a field of that name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_ok()
    }

    /// Gives a field its value, in place of the one it has. Fields are best given in the order of their names.
    pub fn insert(&mut self, name: SmolStr, value: Value) {
        if self.sorted.last().is_none_or(|(last, _)| *last < name) {
            return self.sorted.push((name, value));
        }
        match self.position(&name) {
            Ok(at) => self.sorted[at].1 = value,
            Err(at) => self.sorted.insert(at, (name, value)),
        }
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.position(name).ok()?;
        Some(self.sorted.remove(at).1)
    }

    /// Keeps the fields of some names only.
    pub fn retain(&mut self, mut keep: impl FnMut(&SmolStr) -> bool) {
        self.sorted.retain(|(name, _)| keep(name));
    }

    /// The fields in the order of their names.
    pub fn iter(&self) -> Iter<'_> {
        self.sorted.iter().map(|(name, value)| (name, value))
    }

    /// The names in order.
    pub fn keys(&self) -> impl Iterator<Item = &SmolStr> {
        self.sorted.iter().map(|(name, _)| name)
    }

    /// The values in the order of the names.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.sorted.iter().map(|(_, value)| value)
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.sorted.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}

/// Of fields of one name, the last one given stays.
impl FromIterator<(SmolStr, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (SmolStr, Value)>>(fields: I) -> Self {
        let mut sorted: Vec<(SmolStr, Value)> = fields.into_iter().collect();
        if !sorted.is_sorted_by(|(a, _), (b, _)| a < b) {
            sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
            // Equal names stand in the order they were given in, and what is dropped is the later one.
            sorted.dedup_by(|again, first| {
                let same = again.0 == first.0;
                if same {
                    std::mem::swap(again, first);
                }
                same
            });
        }
        Self { sorted }
    }
}

impl<const N: usize> From<[(SmolStr, Value); N]> for Fields {
    fn from(fields: [(SmolStr, Value); N]) -> Self {
        fields.into_iter().collect()
    }
}

impl Extend<(SmolStr, Value)> for Fields {
    fn extend<I: IntoIterator<Item = (SmolStr, Value)>>(&mut self, fields: I) {
        let all = std::mem::take(&mut self.sorted);
        *self = all.into_iter().chain(fields).collect();
    }
}

impl IntoIterator for Fields {
    type Item = (SmolStr, Value);
    type IntoIter = std::vec::IntoIter<(SmolStr, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.sorted.into_iter()
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a SmolStr, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The value of a field that is there.
///
/// # Panics
/// There is no field of that name.
impl Index<&str> for Fields {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or_else(|| panic!("the record has a field `{name}`"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_as_those_of_an_ordered_map(
            given in prop::collection::vec(("[a-e]{1,2}", any::<i64>()), 0..20),
            more in prop::collection::vec(("[a-e]{1,2}", any::<i64>()), 0..20),
            gone in "[a-e]{1,2}",
        ) {
            let value = |(name, value): (String, i64)| (SmolStr::from(name), Value::Int(value));
            let mut fields: Fields = given.iter().cloned().map(value).collect();
            let mut map: BTreeMap<SmolStr, Value> = given.into_iter().map(value).collect();
            for (name, value) in more.iter().cloned().map(value) {
                fields.insert(name.clone(), value.clone());
                map.insert(name, value);
            }
            let both = more.into_iter().rev().map(value);
            fields.extend(both.clone());
            map.extend(both);
            prop_assert_eq!(fields.remove(&gone), map.remove(gone.as_str()));
            prop_assert_eq!(fields.get(&gone), map.get(gone.as_str()));
            prop_assert!(fields.iter().eq(map.iter()));
            prop_assert!(fields.values().eq(map.values()));
            prop_assert!(map.keys().all(|name| fields.contains_key(name)));
        }
    }
}
