//! What names mean, as far as the package itself tells: links to what other packages declare are not made.

use std::collections::BTreeMap;

use ordain_syntax::ast::{File, Path, Use};

use crate::model::{Kind, Target};

/// How many parts a path may have that is looked at: each costs a look-up for each part before it.
const MAX_PARTS: usize = 24;

/// The names of all modules.
#[derive(Default)]
pub(crate) struct Scopes {
    package: String,
    /// Each module by its path.
    by_path: BTreeMap<String, usize>,
    /// What each name means that one module alone declares.
    by_name: BTreeMap<String, Option<Target>>,
    /// What each module declares.
    declared: Vec<BTreeMap<String, Target>>,
    /// What each module imports.
    imported: Vec<BTreeMap<String, Imported>>,
}

/// An imported name.
#[derive(Clone)]
enum Imported {
    /// A declaration.
    Item(Target),
    /// A module.
    Module(usize),
    /// The declarations of a module whose dotted names begin so.
    Prefix(usize, String),
}

impl Scopes {
    /// The scopes of modules, given by path and tree.
    pub(crate) fn new<'a>(package: &str, files: impl Iterator<Item = (&'a str, &'a File)>) -> Self {
        let files: Vec<(&str, &File)> = files.collect();
        let mut scopes = Self { package: package.to_owned(), ..Self::default() };
        for (module, (path, file)) in files.iter().enumerate() {
            scopes.by_path.entry((*path).to_owned()).or_insert(module);
            let mut declared = BTreeMap::new();
            for (entry, item) in file.items.iter().filter(|item| Kind::of(item).is_some()).enumerate() {
                declared.entry(joined(&parts(&item.name))).or_insert(Target { module, entry });
            }
            for (name, target) in &declared {
                let first = scopes.by_name.entry(name.clone()).or_insert(Some(*target));
                *first = first.filter(|first| first == target);
            }
            scopes.declared.push(declared);
        }
        for (_, file) in &files {
            let mut names = BTreeMap::new();
            for import in &file.uses {
                scopes.import(import, &mut names);
            }
            scopes.imported.push(names);
        }
        scopes
    }

    fn import(&self, import: &Use, names: &mut BTreeMap<String, Imported>) {
        let path = parts(&import.path);
        let own = path.first().is_some_and(|first| *first == self.package);
        let path = if own { &path[1..] } else { &path[..] };
        if path.len() > MAX_PARTS {
            return;
        }
        match &import.names {
            None => {
                let module = (0..=path.len()).rev().find_map(|length| Some((self.module(&path[..length])?, length)));
                let Some((module, length)) = module else { return };
                let rest = joined(&path[length..]);
                let meaning = if rest.is_empty() { Some(Imported::Module(module)) } else { self.lookup(module, &rest) };
                let name = import.alias.as_ref().map(|alias| alias.name.as_str()).or(path.last().copied());
                if let (Some(meaning), Some(name)) = (meaning, name) {
                    names.entry(name.to_owned()).or_insert(meaning);
                }
            }
            Some(list) => {
                for one in list {
                    let name = joined(&parts(&one.path));
                    let below: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
                    let meaning = self.module(path).and_then(|module| self.lookup(module, &name));
                    let meaning = meaning.or_else(|| self.module(&below).map(Imported::Module));
                    if let Some(meaning) = meaning {
                        let bound = one.alias.as_ref().map_or(name, |alias| alias.name.to_string());
                        names.entry(bound).or_insert(meaning);
                    }
                }
            }
        }
    }

    fn module(&self, path: &[&str]) -> Option<usize> {
        self.by_path.get(&joined(path)).copied()
    }

    fn lookup(&self, module: usize, name: &str) -> Option<Imported> {
        let declared = &self.declared[module];
        if let Some(target) = declared.get(name) {
            return Some(Imported::Item(*target));
        }
        let prefix = format!("{name}.");
        let below = declared.range(prefix.clone()..).next().is_some_and(|(found, _)| found.starts_with(&prefix));
        below.then(|| Imported::Prefix(module, name.to_owned()))
    }

    /// The declaration that the longest start of `path` means in a module.
    pub(crate) fn resolve(&self, module: usize, path: &[&str]) -> Option<Target> {
        let path = &path[..path.len().min(MAX_PARTS)];
        if let Some(target) = self.longest(module, path) {
            return Some(target);
        }
        let (count, meaning) = (1..=path.len())
            .rev()
            .find_map(|count| Some((count, self.imported[module].get(&joined(&path[..count]))?)))?;
        match meaning {
            Imported::Item(target) => Some(*target),
            Imported::Module(module) => self.longest(*module, &path[count..]),
            Imported::Prefix(module, prefix) => {
                let path: Vec<&str> = std::iter::once(prefix.as_str()).chain(path[count..].iter().copied()).collect();
                self.longest(*module, &path)
            }
        }
    }

    /// The declaration that a whole text such as `command.run` or `std.command.run` names, seen from a module. A dotted
    /// name is looked for in all modules where that gives nothing.
    pub(crate) fn named(&self, module: Option<usize>, text: &str) -> Option<Target> {
        let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        let path: Vec<&str> = text.split('.').take(MAX_PARTS + 1).collect();
        if path.len() > MAX_PARTS || !path.iter().all(|part| is_name(part)) {
            return None;
        }
        let here = module.and_then(|module| self.resolve(module, &path)).filter(|target| self.ends_as(*target, &path));
        here.or_else(|| {
            let path = path.strip_prefix(&[self.package.as_str()])?;
            let (module, length) =
                (0..path.len()).rev().find_map(|length| Some((self.module(&path[..length])?, length)))?;
            self.declared[module].get(&joined(&path[length..])).copied()
        })
        .or_else(|| self.by_name.get(text).copied().flatten().filter(|_| path.len() > 1))
    }

    /// Whether a declaration's name is what a path ends with, so that no field or variant of it is meant.
    fn ends_as(&self, target: Target, path: &[&str]) -> bool {
        let declared = &self.declared[target.module];
        (0..path.len()).any(|from| declared.get(&joined(&path[from..])) == Some(&target))
    }

    fn longest(&self, module: usize, path: &[&str]) -> Option<Target> {
        let declared = &self.declared[module];
        (1..=path.len()).rev().find_map(|count| declared.get(&joined(&path[..count]))).copied()
    }
}

/// The spellings of a path's parts.
pub(crate) fn parts(path: &Path) -> Vec<&str> {
    path.parts.iter().map(|part| part.name.as_str()).collect()
}

fn joined(path: &[&str]) -> String {
    path.join(".")
}
