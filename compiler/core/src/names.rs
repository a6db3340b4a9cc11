//! Tables keyed by name.

use smol_str::SmolStr;

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub struct Named<V> {
    /// The name.
    pub name: SmolStr,
    /// What it stands for.
    pub value: V,
}

/// Entries sorted by name, each name once. Smaller than a hash map, and its order never varies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub struct NameMap<V> {
    entries: Box<[Named<V>]>,
}

impl<V> Default for NameMap<V> {
    fn default() -> Self {
        Self { entries: Box::default() }
    }
}

impl<V> NameMap<V> {
    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&V> {
        let at = self.entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        Some(&self.entries[at].value)
    }

    /// The entries by ascending name.
    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, &V)> {
        self.entries.iter().map(|entry| (&entry.name, &entry.value))
    }

    /// The entry at a place in that order.
    ///
    /// # Panics
    /// There are fewer.
    pub fn at(&self, index: usize) -> (&SmolStr, &V) {
        let entry = &self.entries[index];
        (&entry.name, &entry.value)
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }
}

impl<V> FromIterator<(SmolStr, V)> for NameMap<V> {
    /// Of several entries with one name, the first stays.
    fn from_iter<I: IntoIterator<Item = (SmolStr, V)>>(iter: I) -> Self {
        let mut entries: Vec<Named<V>> = iter.into_iter().map(|(name, value)| Named { name, value }).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|b, a| a.name == b.name);
        Self { entries: entries.into() }
    }
}
