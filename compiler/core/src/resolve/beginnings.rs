//! Declarations by how the parts of their names begin, so that who types finds those of a whole package at once.

use smol_str::SmolStr;

use super::scope::declared;
use crate::db::{Db, SourceFile};
use crate::hir::Kind;
use crate::items::Item;

/// The parts of a file's declared names, sorted by their letters in lower case: of `network.Port` both `network.port` and
/// `port`.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
struct Beginnings {
    /// Their letters, one after the other: a search reads one place in memory, and not one for each name.
    letters: Box<str>,
    parts: Box<[Beginning]>,
}

/// Where a part of a name begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Beginning {
    /// Where its letters end; they start where those before end.
    end: u32,
    /// Which of the declared names it is of, in their order.
    name: u32,
    kind: Kind,
}

impl Beginnings {
    fn letters(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.parts[before].end);
        &self.letters[start as usize..self.parts[at].end as usize]
    }

    /// Those that begin so.
    fn with(&self, start: &str) -> &[Beginning] {
        let (mut low, mut high) = (0, self.parts.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.letters(middle) < start { low = middle + 1 } else { high = middle }
        }
        let count = (low..self.parts.len()).take_while(|&at| self.letters(at).starts_with(start)).count();
        &self.parts[low..low + count]
    }
}

#[salsa::tracked]
fn beginnings(db: &dyn Db, file: SourceFile) -> Beginnings {
    let mut found: Vec<(String, u32, Kind)> = Vec::new();
    for (at, (name, item)) in declared(db, file).iter().enumerate() {
        let starts = std::iter::once(0).chain(name.match_indices('.').map(|(dot, _)| dot + 1));
        found.extend(starts.map(|start| (name[start..].to_lowercase(), at as u32, item.kind(db))));
    }
    found.sort_unstable();
    let mut letters = String::new();
    let part = |(part, name, kind): (String, u32, Kind)| {
        letters.push_str(&part);
        Beginning { end: letters.len() as u32, name, kind }
    };
    let parts = found.into_iter().map(part).collect();
    Beginnings { letters: letters.into(), parts }
}

/// The declarations of a file of which a part of the name begins so, whatever the case of its letters. A name of which
/// several parts do is there as often.
pub fn beginning_with<'db>(
    db: &'db dyn Db,
    file: SourceFile,
    start: &str,
) -> impl Iterator<Item = (&'db SmolStr, Item<'db>, Kind)> + use<'db> {
    beginnings(db, file).with(&start.to_lowercase()).iter().map(move |part| {
        let (name, item) = declared(db, file).at(part.name as usize);
        (name, item, part.kind)
    })
}

#[cfg(test)]
mod tests {
    use super::{Beginning, Beginnings};
    use crate::hir::Kind;

    #[test]
    fn those_that_begin_so_are_found() {
        let words = ["a", "ab", "abc", "b", "ba", "über"];
        let mut letters = String::new();
        let part = |(name, word): (usize, &&str)| {
            letters.push_str(word);
            Beginning { end: letters.len() as u32, name: name as u32, kind: Kind::Const }
        };
        let parts = words.iter().enumerate().map(part).collect();
        let sorted = Beginnings { letters: letters.into(), parts };
        for start in ["", "a", "ab", "abc", "abcd", "b", "c", "ü", "über", "z"] {
            let found: Vec<&str> = sorted.with(start).iter().map(|part| words[part.name as usize]).collect();
            let expected: Vec<&str> = words.iter().copied().filter(|word| word.starts_with(start)).collect();
            assert_eq!(found, expected, "{start}");
        }
    }
}
