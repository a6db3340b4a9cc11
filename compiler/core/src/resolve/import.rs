//! What a file's `use` declarations bring in.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::suggest::closest;
use super::{Declared, Def, declared, dependency};
use crate::db::{Db, Package, SourceFile};
use crate::items::{Import, file_items};
use crate::names::NameMap;

/// The imported names of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub struct Imports<'db> {
    /// What each name means, and the import (and the name in its braces) that brought it.
    pub names: NameMap<Imported<'db>>,
    /// The modules imported from the same package, each with the import's index; for the cycle check.
    pub local_modules: Box<[(SourceFile, u32)]>,
    /// What did not resolve.
    pub errors: Box<[ImportError]>,
    /// The names that they would have brought in, sorted: using one is not a mistake of its own.
    pub missing: Box<[SmolStr]>,
}

/// An imported name's meaning.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Imported<'db> {
    /// What it means.
    pub def: Def<'db>,
    /// The import that brought it.
    pub place: ImportPlace,
}

/// An import by its index in the file, and a name in its braces by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImportPlace {
    /// The import.
    pub import: u32,
    /// The name.
    pub name: Option<u32>,
}

/// An import that does not resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// Where.
    pub place: ImportPlace,
    /// What.
    pub kind: ImportErrorKind,
}

/// What is wrong with an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportErrorKind {
    /// No such module; a similar name, if there is one.
    UnknownModule { path: SmolStr, similar: Option<SmolStr> },
    /// The module has no such declaration.
    UnknownName { module: SmolStr, name: SmolStr, similar: Option<SmolStr> },
    /// The name is imported or declared already.
    Duplicate { name: SmolStr },
}

/// Resolves the imports of a file.
#[salsa::tracked]
pub fn imports<'db>(db: &'db dyn Db, file: SourceFile) -> Imports<'db> {
    let mut collected = Collector { db, file, names: FxHashMap::default(), local: Vec::new(), errors: Vec::new() };
    let declared = file_items(db, file).imports(db);
    for (index, import) in declared.iter().enumerate() {
        collected.import(index as u32, import);
    }
    let mut missing: Vec<SmolStr> =
        collected.errors.iter().flat_map(|error| bound_names(&declared[error.place.import as usize], error)).collect();
    missing.sort_unstable();
    missing.dedup();
    Imports {
        names: collected.names.into_iter().collect(),
        local_modules: collected.local.into(),
        errors: collected.errors.into(),
        missing: missing.into(),
    }
}

/// The names, or first parts of names, that an import which does not resolve would have brought in.
fn bound_names(import: &Import, error: &ImportError) -> Vec<SmolStr> {
    if matches!(error.kind, ImportErrorKind::Duplicate { .. }) {
        return Vec::new();
    }
    let bound = |name: &SmolStr, alias: &Option<SmolStr>| -> SmolStr {
        alias.as_ref().unwrap_or(name).split('.').next().unwrap_or_default().into()
    };
    match (&import.names, error.place.name) {
        (None, _) => import.path.last().map(|last| bound(last, &import.alias)).into_iter().collect(),
        (Some(names), Some(at)) => names.get(at as usize).map(|(name, alias)| bound(name, alias)).into_iter().collect(),
        (Some(names), None) => names.iter().map(|(name, alias)| bound(name, alias)).collect(),
    }
}

struct Collector<'db> {
    db: &'db dyn Db,
    file: SourceFile,
    names: FxHashMap<SmolStr, Imported<'db>>,
    local: Vec<(SourceFile, u32)>,
    errors: Vec<ImportError>,
}

impl<'db> Collector<'db> {
    fn import(&mut self, index: u32, import: &Import) {
        let place = ImportPlace { import: index, name: None };
        let (package, rest) = match import.path.split_first() {
            Some((first, rest)) => match dependency(self.db, self.file, first) {
                Some(package) => (package, rest),
                None => (self.file.package(self.db), &*import.path),
            },
            None => return,
        };
        match &import.names {
            None => self.whole(place, import, package, rest),
            Some(names) => self.braces(index, import, package, rest, names),
        }
    }

    fn whole(&mut self, place: ImportPlace, import: &Import, package: Package, rest: &[SmolStr]) {
        let Some((def, module)) = self.longest(package, rest) else {
            return self.unknown_module(place, package, import, rest);
        };
        self.note_local(package, module, place.import);
        let Some(def) = def else {
            let (name, module_name) = self.missing_in(module, rest);
            return self.unknown_name(place, module, module_name, name);
        };
        // INVARIANT: the parser gives every path at least one part.
        let name = import.alias.as_ref().or(import.path.last()).cloned().unwrap_or_default();
        self.bind(name, def, place);
    }

    fn braces(
        &mut self,
        index: u32,
        import: &Import,
        package: Package,
        rest: &[SmolStr],
        names: &[(SmolStr, Option<SmolStr>)],
    ) {
        let module = self.module(package, rest);
        if module.is_none() && !self.is_folder(package, rest) {
            return self.unknown_module(ImportPlace { import: index, name: None }, package, import, rest);
        }
        for (at, (name, alias)) in names.iter().enumerate() {
            let place = ImportPlace { import: index, name: Some(at as u32) };
            let bound = alias.clone().unwrap_or_else(|| name.clone());
            if let Some(module) = module {
                self.note_local(package, module, index);
                if let Some(def) = lookup(declared(self.db, module), module, name) {
                    self.bind(bound, def, place);
                    continue;
                }
            }
            let below: Vec<SmolStr> = rest.iter().cloned().chain([name.clone()]).collect();
            match (self.module(package, &below), module) {
                (Some(module), _) => {
                    self.note_local(package, module, index);
                    self.bind(bound, Def::Module(module), place);
                }
                (None, Some(module)) => self.unknown_name(place, module, join(&import.path), name.clone()),
                (None, None) => self.unknown_module(place, package, import, &below),
            }
        }
    }

    fn bind(&mut self, name: SmolStr, def: Def<'db>, place: ImportPlace) {
        if self.names.contains_key(&name) || declared(self.db, self.file).get(&name).is_some() {
            self.errors.push(ImportError { place, kind: ImportErrorKind::Duplicate { name } });
        } else {
            self.names.insert(name, Imported { def, place });
        }
    }

    fn note_local(&mut self, package: Package, module: SourceFile, index: u32) {
        if package == self.file.package(self.db) {
            self.local.push((module, index));
        }
    }

    fn module(&self, package: Package, path: &[SmolStr]) -> Option<SourceFile> {
        package.files(self.db).get(join(path).as_str()).copied()
    }

    /// Whether modules stand below this path.
    fn is_folder(&self, package: Package, path: &[SmolStr]) -> bool {
        if path.is_empty() {
            return true;
        }
        let prefix = format!("{}.", join(path));
        let range = SmolStr::from(prefix.as_str())..;
        package.files(self.db).range(range).next().is_some_and(|(module, _)| module.starts_with(&prefix))
    }

    /// The longest start of a path that is a module, and what the rest means in it (`None`: nothing).
    fn longest(&self, package: Package, path: &[SmolStr]) -> Option<(Option<Def<'db>>, SourceFile)> {
        (0..=path.len()).rev().find_map(|length| {
            let module = self.module(package, &path[..length])?;
            let def = match join(&path[length..]) {
                rest if rest.is_empty() => Some(Def::Module(module)),
                rest => lookup(declared(self.db, module), module, &rest),
            };
            Some((def, module))
        })
    }

    fn missing_in(&self, module: SourceFile, rest: &[SmolStr]) -> (SmolStr, SmolStr) {
        let known = module.module(self.db);
        let depth = if known.is_empty() { 0 } else { known.split('.').count() };
        (join(&rest[depth.min(rest.len())..]), known.clone())
    }

    fn unknown_module(&mut self, place: ImportPlace, package: Package, import: &Import, rest: &[SmolStr]) {
        // The path up to where the package's own modules begin, which is the dependency's name or nothing.
        let prefix = import.path.first().filter(|first| dependency(self.db, self.file, first).is_some());
        let mut known: Vec<SmolStr> = match prefix {
            Some(prefix) => {
                package.files(self.db).keys().map(|module| join(&[prefix.clone(), module.clone()])).collect()
            }
            None => package.files(self.db).keys().cloned().collect(),
        };
        if prefix.is_none() {
            for (name, dependency) in self.file.package(self.db).dependencies(self.db).iter() {
                known.push(name.clone());
                known.extend(dependency.files(self.db).keys().map(|module| join(&[name.clone(), module.clone()])));
            }
        }
        let wanted: Vec<SmolStr> = prefix.into_iter().chain(rest).cloned().collect();
        let similar = closest(&wanted, false, known.iter().map(SmolStr::as_str));
        let path = join(&import.path);
        self.errors.push(ImportError { place, kind: ImportErrorKind::UnknownModule { path, similar } });
    }

    fn unknown_name(&mut self, place: ImportPlace, file: SourceFile, module: SmolStr, name: SmolStr) {
        let similar = crate::similar::best(&name, declared(self.db, file).names());
        self.errors.push(ImportError { place, kind: ImportErrorKind::UnknownName { module, name, similar } });
    }
}

fn lookup<'db>(scope: &Declared<'db>, module: SourceFile, name: &SmolStr) -> Option<Def<'db>> {
    match scope.get(name) {
        Some(item) => Some(Def::Item(item)),
        None => scope.has_prefix(name).then(|| Def::Prefix(module, name.clone())),
    }
}

fn join(parts: &[SmolStr]) -> SmolStr {
    match parts {
        [] => SmolStr::default(),
        [one] => one.clone(),
        parts => parts.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(".").into(),
    }
}
