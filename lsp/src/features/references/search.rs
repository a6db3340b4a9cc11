//! Searching files for what refers to a target.

use memchr::memmem::Finder;
use ordain_compiler::editor::{Def, Meaning, imports, item_at, marks, meant, module_meant, range, resolve_module};
use ordain_compiler::{Item, Kind, Part, SourceFile, file_items};
use ordain_diagnostics::TextRange;
use rayon::prelude::*;
use smol_str::SmolStr;

use super::super::links::imported;
use super::target::{Frozen, Target};
use crate::world::Snapshot;

/// A search for a target.
pub(super) struct Search<'db, 's> {
    pub(super) snapshot: &'db Snapshot,
    pub(super) target: &'s Target<'db>,
    /// Finds the word.
    pub(super) finder: Finder<'s>,
    /// How it is spelled.
    pub(super) word: &'s str,
    /// What texts name the target by, with quotes.
    pub(super) text: Option<&'s str>,
    /// Whether the place that declares it is one, too.
    pub(super) declaration: bool,
}

impl<'db> Search<'db, '_> {
    /// Searches files, many of them on several threads.
    pub(super) fn files(&self, files: &[SourceFile]) -> Vec<(SourceFile, TextRange)> {
        /// How many files are searched together at least.
        const TOGETHER: usize = 8;
        /// Into how many shares many files are divided.
        const SHARES: usize = 64;
        let mut found = Vec::new();
        let frozen = Frozen::of(self.snapshot, self.target).filter(|_| files.len() > TOGETHER);
        let Some(frozen) = frozen else {
            files.iter().for_each(|&file| self.file(file, &mut found));
            return found;
        };
        // Every clone of the database is a thread's own.
        let shares: Vec<(Snapshot, &[SourceFile])> =
            files.chunks(TOGETHER.max(files.len() / SHARES)).map(|share| (self.snapshot.clone(), share)).collect();
        let (finder, word, text, declaration) = (&self.finder, self.word, self.text, self.declaration);
        let search = |(snapshot, share): (Snapshot, &[SourceFile])| {
            let mut found = Vec::new();
            if let Some(target) = frozen.thaw(&snapshot) {
                let finder = finder.clone();
                let search = Search { snapshot: &snapshot, target: &target, finder, word, text, declaration };
                share.iter().for_each(|&file| search.file(file, &mut found));
            }
            found
        };
        shares.into_par_iter().flat_map_iter(search).collect()
    }

    pub(super) fn file(&self, file: SourceFile, found: &mut Vec<(SourceFile, TextRange)>) {
        let db = &self.snapshot.db;
        let text = file.content(db).text();
        let mut places = occurrences(text, &self.finder, self.word);
        if places.is_empty() {
            return;
        }
        self.imports(file, text, found);
        self.texts(file, text, &places, found);
        if !self.can_name(file) {
            return;
        }
        for alias in self.aliases(file) {
            places.extend(occurrences(text, &Finder::new(alias.as_bytes()), &alias));
        }
        places.sort_unstable();
        let mut last = None;
        for &place in &places {
            self.docs(file, text, place, found);
            let Some(item) = item_at(db, file, place) else { continue };
            if last.replace(item) != Some(item) {
                self.item(item, found);
            }
        }
    }

    /// The texts in policies and tests that name the target.
    fn texts(&self, file: SourceFile, text: &str, places: &[u32], found: &mut Vec<(SourceFile, TextRange)>) {
        let Some(wanted) = self.text else { return };
        for place in places {
            let end = *place as usize + self.word.len() + 1;
            let Some(start) = end.checked_sub(wanted.len()) else { continue };
            let judges = |item: Item<'_>| matches!(item.kind(&self.snapshot.db), Kind::Policy | Kind::Test);
            if text.get(start..end) == Some(wanted) && item_at(&self.snapshot.db, file, *place).is_some_and(judges) {
                found.push((file, TextRange::new(start as u32, end as u32)));
            }
        }
    }

    /// Whether declarations of a file can name the target: most files that have its word mean something else.
    fn can_name(&self, file: SourceFile) -> bool {
        let db = &self.snapshot.db;
        let Target::Item(item) = self.target else { return true };
        // The module of a policy may stand before its name without an import, and the id of an entity is a text.
        matches!(item.kind(db), Kind::Policy | Kind::Entity)
            || file == item.file(db)
            || imports(db, file).names.iter().any(|(_, imported)| match &imported.def {
                Def::Item(known) => known == item,
                Def::Module(module) | Def::Prefix(module, _) => *module == item.file(db),
            })
    }

    /// The other names that the target has in a file.
    fn aliases(&self, file: SourceFile) -> Vec<SmolStr> {
        let bound =
            imports(&self.snapshot.db, file).names.iter().filter(|(_, imported)| match (&imported.def, self.target) {
                (Def::Item(item), Target::Item(target)) => item == target,
                (Def::Module(module), Target::Module(target)) => module == target,
                _ => false,
            });
        let last = bound.map(|(name, _)| SmolStr::from(name.rsplit('.').next().unwrap_or(name)));
        last.filter(|name| name != self.word).collect()
    }

    pub(super) fn item(&self, item: Item<'db>, found: &mut Vec<(SourceFile, TextRange)>) {
        let db = &self.snapshot.db;
        let marks = marks(db, item);
        for (part, marks) in [(Part::Signature, &marks.signature), (Part::Body, &marks.body)] {
            for mark in marks {
                // Where a field is declared takes a while to find; most have another name.
                if let Meaning::Field(field, _) = &mark.meaning
                    && field.path.last().is_none_or(|name| name != self.word)
                {
                    continue;
                }
                if Target::of(self.snapshot, Some(item), &mark.meaning).as_ref() != Some(self.target) {
                    continue;
                }
                let at = range(db, item, part, mark.first).cover(range(db, item, part, mark.loc));
                if self.declaration || !self.target.is_declared_at(self.snapshot, item, at) {
                    found.push((item.file(db), at));
                }
            }
        }
    }

    /// The places in a file's imports.
    fn imports(&self, file: SourceFile, text: &str, found: &mut Vec<(SourceFile, TextRange)>) {
        if !matches!(self.target, Target::Item(_) | Target::Module(_)) {
            return;
        }
        for place in file_items(&self.snapshot.db, file).import_places(&self.snapshot.db) {
            let Some(written) = text.get(place.range.start as usize..place.range.end as usize) else { continue };
            if self.finder.find(written.as_bytes()).is_none() {
                continue;
            }
            for import in ordain_syntax::parse(written).file.uses {
                let path: Vec<SmolStr> = import.path.parts.iter().map(|part| part.name.clone()).collect();
                let mut seen = |range: TextRange| found.push((file, range.shift(place.range.start)));
                for (at, part) in import.path.parts.iter().enumerate() {
                    if self.is_module(file, &path[..=at]) {
                        seen(part.range);
                    }
                }
                // Without braces the last parts may be a declaration's name.
                for at in 1..path.len() {
                    if import.names.is_none() && self.is_item(file, &path[..at], &path[at..]) {
                        seen(TextRange::new(import.path.parts[at].range.start, import.path.range.end));
                    }
                }
                for name in import.names.iter().flatten() {
                    let parts: Vec<SmolStr> = name.path.parts.iter().map(|part| part.name.clone()).collect();
                    let below: Vec<SmolStr> = path.iter().chain(&parts).cloned().collect();
                    if self.is_item(file, &path, &parts) || self.is_module(file, &below) {
                        seen(name.path.range);
                    }
                }
            }
        }
    }

    /// Whether a path as imports have it is that of the target.
    fn is_module(&self, file: SourceFile, path: &[SmolStr]) -> bool {
        matches!(self.target, Target::Module(target) if imported(self.snapshot, file, path) == Some(*target))
    }

    fn is_item(&self, file: SourceFile, module: &[SmolStr], name: &[SmolStr]) -> bool {
        let Target::Item(item) = self.target else { return false };
        *item.name(&self.snapshot.db) == name.join(".")
            && imported(self.snapshot, file, module) == Some(item.file(&self.snapshot.db))
    }

    /// A name in backquotes in a doc comment, as documentation makes a link of.
    fn docs(&self, file: SourceFile, text: &str, place: u32, found: &mut Vec<(SourceFile, TextRange)>) {
        let db = &self.snapshot.db;
        let place = place as usize;
        let line = text[..place].rfind('\n').map_or(0, |at| at + 1);
        let before = &text[line..place];
        let comment = before.trim_start();
        if !comment.starts_with("///") && !comment.starts_with("//!") {
            return;
        }
        let Some(start) = before.rfind('`').map(|at| line + at + 1) else { return };
        let Some(end) = text[place..].find(['`', '\n']).map(|at| place + at) else { return };
        let parts: Vec<SmolStr> = text[start..end].split('.').map(SmolStr::from).collect();
        let named = match self.target {
            Target::Item(item) => meant(db, file, &parts) == Some((*item, parts.len())),
            Target::Module(module) => {
                module_meant(db, file, &parts) == Some(*module)
                    || resolve_module(db, file, &parts).is_some_and(|(found, _)| found == *module)
            }
            _ => false,
        };
        if text.as_bytes().get(end) == Some(&b'`') && named {
            found.push((file, TextRange::new(start as u32, end as u32)));
        }
    }
}

/// Where a word stands in a text as a whole.
pub(in super::super) fn occurrences(text: &str, finder: &Finder<'_>, word: &str) -> Vec<u32> {
    let continues = |character: char| character.is_alphanumeric() || character == '_';
    let found = finder.find_iter(text.as_bytes()).filter(|&at| {
        let end = at + word.len();
        !text[..at].chars().next_back().is_some_and(continues) && !text[end..].chars().next().is_some_and(continues)
    });
    found.map(|at| at as u32).collect()
}
