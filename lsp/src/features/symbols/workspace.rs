//! Declarations of the whole workspace by a part of their names.

use std::cmp::Reverse;

use ordain_compiler::{Item, file_items};
use tower_lsp::ls_types::{OneOf, WorkspaceSymbol};

use super::kind;
use crate::world::Snapshot;

/// How many declarations of a workspace are given at most.
const MOST: usize = 256;

/// The declarations of all packages whose names a query begins, contains or abbreviates, the nearest first.
pub(crate) fn of_workspace(snapshot: &Snapshot, query: &str) -> Vec<WorkspaceSymbol> {
    let db = &snapshot.db;
    let query: Vec<char> = query.to_lowercase().chars().filter(|character| !character.is_whitespace()).collect();
    let qualified = query.contains(&'.');
    let mut found: Vec<(Rank, &str, &str, Item<'_>)> = Vec::new();
    for (path, &file) in snapshot.files.iter() {
        let module = file.module(db).as_str();
        for &item in file_items(db, file).items(db) {
            let name = item.name(db).as_str();
            let rank = match rank(&query, name) {
                Some(rank) => Some(rank),
                None if qualified && !module.is_empty() => rank_in(&query, module, name),
                None => None,
            };
            if let Some(rank) = rank {
                // What is one's own comes before what others wrote.
                let foreign = file.package(db) == snapshot.std;
                found.push((Rank { foreign, ..rank }, name, path, item));
            }
        }
    }
    let by = |a: &(Rank, &str, &str, Item<'_>), b: &(Rank, &str, &str, Item<'_>)| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2));
    if found.len() > MOST {
        found.select_nth_unstable_by(MOST, by);
        found.truncate(MOST);
    }
    found.sort_by(by);
    found.into_iter().filter_map(|(_, name, path, item)| symbol(snapshot, name, path, item)).collect()
}

fn symbol(snapshot: &Snapshot, name: &str, path: &str, item: Item<'_>) -> Option<WorkspaceSymbol> {
    let db = &snapshot.db;
    let location = snapshot.location(path, item.places(db).name)?;
    let file = item.file(db);
    let package = &ordain_compiler::manifest(db, file.package(db)).manifest.name;
    let inside = match file.module(db).as_str() {
        "" => package.to_string(),
        module => format!("{package}.{module}"),
    };
    Some(WorkspaceSymbol {
        name: name.to_owned(),
        kind: kind(item.kind(db)),
        tags: None,
        container_name: Some(inside),
        location: OneOf::Left(location),
        data: None,
    })
}

/// How near a name is to a query: the least is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    way: Way,
    foreign: bool,
    /// How much more the name has.
    rest: usize,
    starts: Reverse<usize>,
}

/// How a query fits a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Whole,
    Start,
    /// It stands in the name.
    Inside,
    /// Its characters do, in their order.
    Scattered,
}

fn rank_in(query: &[char], module: &str, name: &str) -> Option<Rank> {
    rank(query, &format!("{module}.{name}"))
}

fn rank(query: &[char], name: &str) -> Option<Rank> {
    let (mut left, mut starts, mut length) = (query.iter().peekable(), 0, 0);
    let mut before = '.';
    for character in name.chars() {
        let lower = character.to_lowercase().next().unwrap_or(character);
        if left.next_if_eq(&&lower).is_some() {
            let begins = !before.is_alphanumeric() || before.is_lowercase() && character.is_uppercase();
            starts += usize::from(begins);
        }
        before = character;
        length += 1;
    }
    if left.peek().is_some() {
        return None;
    }
    let text: String = query.iter().collect();
    let way = match name.to_lowercase().find(&text) {
        Some(0) if length == query.len() => Way::Whole,
        Some(0) => Way::Start,
        Some(_) => Way::Inside,
        None => Way::Scattered,
    };
    Some(Rank { way, foreign: false, rest: length.saturating_sub(query.len()), starts: Reverse(starts) })
}

#[cfg(test)]
mod tests {
    use super::{Way, rank};

    fn way(query: &str, name: &str) -> Option<Way> {
        rank(&query.chars().collect::<Vec<_>>(), name).map(|rank| rank.way)
    }

    #[test]
    fn names_are_found_by_parts_of_them() {
        assert_eq!(way("", "release"), Some(Way::Start));
        assert_eq!(way("release", "release"), Some(Way::Whole));
        assert_eq!(way("rel", "Release"), Some(Way::Start));
        assert_eq!(way("lease", "release"), Some(Way::Inside));
        assert_eq!(way("ease", "e_release"), Some(Way::Inside));
        assert_eq!(way("rls", "release"), Some(Way::Scattered));
        assert_eq!(way("releases", "release"), None);
        assert_eq!(way("ü", "Über"), Some(Way::Start));
    }
}
