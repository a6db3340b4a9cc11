//! Where something is referred to: texts are searched for its name, and only what has it is asked what it means there.

use memchr::memmem::Finder;
use ordain_compiler::editor::{
    Binding, Def, Meaning, field_place, imports, item_at, marks, meant, module_meant, range, resolve_module,
};
use ordain_compiler::hir::{Body, Loc, Name, Signature};
use ordain_compiler::{DataFormat, Item, Kind, Part, SourceFile, file_items, items_of};
use ordain_diagnostics::TextRange;
use ordain_graph::Function;
use rayon::prelude::*;
use smol_str::SmolStr;

use super::hierarchy::Key;
use super::links::imported;
use crate::world::Snapshot;

/// What is referred to, without what is said of it besides.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target<'db> {
    Item(Item<'db>),
    Module(SourceFile),
    Variant(Item<'db>, u32),
    Local(Item<'db>, Binding),
    Param(Item<'db>, SmolStr),
    /// A field by where it is declared.
    Field(Item<'db>, Part, Loc),
    Builtin(Function),
    Data(DataFormat),
    Word(SmolStr),
}

impl<'db> Target<'db> {
    /// What a name in an item refers to; nothing for a field that no declaration has.
    fn of(snapshot: &'db Snapshot, home: Option<Item<'db>>, meaning: &Meaning<'db>) -> Option<Self> {
        Some(match meaning {
            Meaning::Item(item) => Self::Item(*item),
            Meaning::Module(module) => Self::Module(*module),
            Meaning::Variant(item, index) => Self::Variant(*item, *index),
            Meaning::Local(binding, _) => {
                let home = home?;
                match parameter(snapshot, home, *binding) {
                    Some(name) => Self::Param(home, name.clone()),
                    None => Self::Local(home, *binding),
                }
            }
            Meaning::Param(item, name, _) => Self::Param(*item, name.clone()),
            Meaning::Field(field, _) => {
                let (item, part, loc) = field_place(&snapshot.db, field)?;
                Self::Field(item, part, loc)
            }
            Meaning::Builtin(function) => Self::Builtin(*function),
            Meaning::Data(format) => Self::Data(*format),
            Meaning::Word(word) => Self::Word(word.clone()),
        })
    }

    /// How it is spelled, where it has no other name.
    fn word(&self, snapshot: &'db Snapshot) -> Option<SmolStr> {
        let db = &snapshot.db;
        let last = |name: &str| SmolStr::from(name.rsplit('.').next().unwrap_or(name));
        let spelled = |item: Item<'db>, part, loc| {
            let text = item.file(db).content(db).text();
            let range = range(db, item, part, loc);
            let name = text.get(range.start as usize..range.end as usize)?;
            Some(SmolStr::from(name.trim_matches('"')))
        };
        let word = match self {
            Self::Item(item) if item.kind(db) == Kind::Test => return None,
            Self::Item(item) => last(item.name(db)),
            Self::Module(module) => last(module.module(db)),
            Self::Variant(item, index) => match &item.signature(db).signature {
                Signature::Enum(variants) => variants.get(*index as usize)?.text.clone(),
                _ => return None,
            },
            Self::Local(item, binding) => spelled(*item, binding.part, binding.loc)?,
            Self::Param(_, name) | Self::Word(name) => name.clone(),
            Self::Field(item, part, loc) => spelled(*item, *part, *loc)?,
            Self::Builtin(function) => function.name().into(),
            Self::Data(format) => DataFormat::names().find(|name| DataFormat::named(name) == Some(*format))?.into(),
        };
        (!word.is_empty()).then_some(word)
    }

    /// The only item it can be named in, where there is one.
    fn only_in(&self) -> Option<Item<'db>> {
        match self {
            Self::Local(item, _) => Some(*item),
            _ => None,
        }
    }

    /// Whether a range of an item declares it.
    fn is_declared_at(&self, snapshot: &'db Snapshot, item: Item<'db>, at: TextRange) -> bool {
        let db = &snapshot.db;
        match self {
            Self::Variant(of, index) if *of == item => match &item.signature(db).signature {
                Signature::Enum(variants) => variants
                    .get(*index as usize)
                    .is_some_and(|variant| range(db, item, Part::Signature, variant.loc) == at),
                _ => false,
            },
            Self::Local(of, binding) => *of == item && range(db, item, binding.part, binding.loc) == at,
            Self::Param(of, name) if *of == item => {
                environment(snapshot, item).is_some_and(|name| range(db, item, Part::Body, name.loc) == at)
                    || parameters(snapshot, item)
                        .iter()
                        .any(|param| param.name.text == *name && range(db, item, Part::Signature, param.name.loc) == at)
            }
            Self::Field(of, part, loc) => *of == item && range(db, item, *part, *loc) == at,
            _ => false,
        }
    }
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

fn parameters<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> &'db [ordain_compiler::hir::Param] {
    match &item.signature(&snapshot.db).signature {
        Signature::Fn { params, .. } | Signature::Plan { params, .. } => params,
        _ => &[],
    }
}

/// The name that a policy gives to the environment.
pub(super) fn environment<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> Option<&'db Name> {
    let Body::Policy(policy) = &item.body(&snapshot.db).body else { return None };
    policy.subject.as_ref()?.environment.as_ref().map(|(name, _)| name)
}

/// The parameter that a place of an item binds; of a policy the environment, which its tests give by that name.
fn parameter<'db>(snapshot: &'db Snapshot, item: Item<'db>, binding: Binding) -> Option<&'db SmolStr> {
    if let Some(name) = environment(snapshot, item) {
        return (binding == Binding { part: Part::Body, loc: name.loc }).then_some(&name.text);
    }
    if binding.part != Part::Signature {
        return None;
    }
    parameters(snapshot, item).iter().find(|param| param.name.loc == binding.loc).map(|param| &param.name.text)
}

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

/// A target as every clone of the database knows it.
enum Frozen {
    Item(Key),
    Module(SourceFile),
    Variant(Key, u32),
    Param(Key, SmolStr),
    Field(Key, Part, Loc),
    Builtin(Function),
    Data(DataFormat),
    Word(SmolStr),
}

impl Frozen {
    fn of<'db>(snapshot: &'db Snapshot, target: &Target<'db>) -> Option<Self> {
        let key = |item: &Item<'db>| Key::of(snapshot, *item);
        Some(match target {
            Target::Item(item) => Self::Item(key(item)),
            Target::Module(module) => Self::Module(*module),
            Target::Variant(item, index) => Self::Variant(key(item), *index),
            Target::Local(..) => return None,
            Target::Param(item, name) => Self::Param(key(item), name.clone()),
            Target::Field(item, part, loc) => Self::Field(key(item), *part, *loc),
            Target::Builtin(function) => Self::Builtin(*function),
            Target::Data(format) => Self::Data(*format),
            Target::Word(word) => Self::Word(word.clone()),
        })
    }

    fn thaw<'db>(&self, snapshot: &'db Snapshot) -> Option<Target<'db>> {
        Some(match self {
            Self::Item(key) => Target::Item(key.find(snapshot)?),
            Self::Module(module) => Target::Module(*module),
            Self::Variant(key, index) => Target::Variant(key.find(snapshot)?, *index),
            Self::Param(key, name) => Target::Param(key.find(snapshot)?, name.clone()),
            Self::Field(key, part, loc) => Target::Field(key.find(snapshot)?, *part, *loc),
            Self::Builtin(function) => Target::Builtin(*function),
            Self::Data(format) => Target::Data(*format),
            Self::Word(word) => Target::Word(word.clone()),
        })
    }
}

/// What texts name a target by: those of capabilities, which policies compare those of steps with. Where others have the same name,
/// nobody knows which one is meant.
fn as_text<'db>(snapshot: &'db Snapshot, target: &Target<'db>) -> Option<SmolStr> {
    let db = &snapshot.db;
    let Target::Item(item) = target else { return None };
    let name = item.name(db);
    if item.kind(db) != Kind::Capability || !name.contains('.') {
        return None;
    }
    let packages = snapshot.packages.iter().chain([&snapshot.std]);
    let mut all = packages.flat_map(|&package| items_of(db, package, Kind::Capability));
    all.all(|other| other == item || other.name(db) != name).then(|| format!("\"{name}\"").into())
}

struct Search<'db, 's> {
    snapshot: &'db Snapshot,
    target: &'s Target<'db>,
    finder: Finder<'s>,
    word: &'s str,
    /// What texts name the target by, with quotes.
    text: Option<&'s str>,
    declaration: bool,
}

impl<'db> Search<'db, '_> {
    /// Searches files, many of them on several threads.
    fn files(&self, files: &[SourceFile]) -> Vec<(SourceFile, TextRange)> {
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

    fn file(&self, file: SourceFile, found: &mut Vec<(SourceFile, TextRange)>) {
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

    fn item(&self, item: Item<'db>, found: &mut Vec<(SourceFile, TextRange)>) {
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
pub(super) fn occurrences(text: &str, finder: &Finder<'_>, word: &str) -> Vec<u32> {
    let continues = |character: char| character.is_alphanumeric() || character == '_';
    let found = finder.find_iter(text.as_bytes()).filter(|&at| {
        let end = at + word.len();
        !text[..at].chars().next_back().is_some_and(continues) && !text[end..].chars().next().is_some_and(continues)
    });
    found.map(|at| at as u32).collect()
}
