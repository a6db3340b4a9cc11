//! Where something is referred to: texts are searched for its name, and only what has it is asked what it means there.

mod search;
mod target;

use memchr::memmem::Finder;
use ordain_compiler::editor::Meaning;
use ordain_compiler::{Item, SourceFile};
use ordain_diagnostics::TextRange;

use crate::world::Snapshot;
use search::Search;
pub(super) use search::occurrences;
pub(super) use target::environment;
use target::{Target, as_text};

/// Every place that refers to what a name in `home` means, sorted by paths and places: names in declarations (dotted ones as a
/// whole), in imports and in doc comments; with `declaration` also the place that declares it.
pub(crate) fn references<'db>(
    snapshot: &'db Snapshot,
    home: Option<Item<'db>>,
    meaning: &Meaning<'db>,
    declaration: bool,
) -> Vec<(SourceFile, TextRange)> {
    references_in(snapshot, None, home, meaning, declaration)
}

/// As [`references`], in one file, where one is given.
pub(crate) fn references_in<'db>(
    snapshot: &'db Snapshot,
    file: Option<SourceFile>,
    home: Option<Item<'db>>,
    meaning: &Meaning<'db>,
    declaration: bool,
) -> Vec<(SourceFile, TextRange)> {
    let db = &snapshot.db;
    let Some(target) = Target::of(snapshot, home, meaning) else { return Vec::new() };
    let mut found = Vec::new();
    if let (true, Target::Item(item)) = (declaration, &target)
        && file.is_none_or(|file| file == item.file(db))
    {
        found.push((item.file(db), item.places(db).name));
    }
    let Some(word) = target.word(snapshot) else { return found };
    let text = as_text(snapshot, &target);
    let finder = Finder::new(word.as_bytes());
    let search = Search { snapshot, target: &target, finder, word: &word, text: text.as_deref(), declaration };
    match (target.only_in(), file) {
        (Some(item), _) => search.item(item, &mut found),
        (None, Some(file)) => search.file(file, &mut found),
        (None, None) => {
            let has = |file: &&SourceFile| search.finder.find(file.content(db).text().as_bytes()).is_some();
            let files: Vec<SourceFile> = snapshot.files.values().filter(has).copied().collect();
            found.extend(search.files(&files));
        }
    }
    found.sort_by(|(a, at), (b, other)| a.path(db).cmp(b.path(db)).then(at.cmp(other)));
    found.dedup();
    found
}

/// Whether two names, each with the item it stands in, refer to the same.
pub(super) fn alike<'db>(
    snapshot: &'db Snapshot,
    (home, one): (Option<Item<'db>>, &Meaning<'db>),
    (there, other): (Option<Item<'db>>, &Meaning<'db>),
) -> bool {
    let target = Target::of(snapshot, home, one);
    target.is_some() && target == Target::of(snapshot, there, other)
}
