//! What a dotted path in a file means.

use smol_str::SmolStr;

use super::import::ImportPlace;
use super::import::Imported;
use super::suggest::last_name;
use super::{Declared, Def, declared, imports};
use crate::db::{Db, SourceFile};
use crate::items::Item;

/// A path that leads somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'db> {
    /// The declaration.
    pub item: Item<'db>,
    /// How many parts name it; the rest are fields or variants.
    pub consumed: usize,
    /// The import it came through.
    pub import: Option<ImportPlace>,
}

/// A path that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The part that is not known.
    pub at: usize,
    /// The module that lacks it, where the parts before name one.
    pub module: Option<SourceFile>,
    /// Whether the mistake is reported elsewhere: at an import that does not resolve and would have brought it in, or in
    /// the declaration itself, whose syntax is wrong.
    pub reported: bool,
    /// The import it came through, where the declaration is there but broken.
    pub import: Option<ImportPlace>,
}

/// Finds the declaration that the longest start of `parts` names. One with syntax errors in it is not found, since what
/// follows from it would only repeat them.
pub fn resolve<'db>(db: &'db dyn Db, file: SourceFile, parts: &[SmolStr]) -> Result<Found<'db>, PathError> {
    let found = find(db, file, parts)?;
    if declared(db, found.item.file(db)).is_broken(found.item) {
        return Err(PathError { at: 0, module: None, reported: true, import: found.import });
    }
    Ok(found)
}

/// The declaration that the longest start of `parts` names, also one with syntax errors in it, and by how many parts. The name of
/// a module may stand before a policy's without an import.
pub(crate) fn meant<'db>(db: &'db dyn Db, file: SourceFile, parts: &[SmolStr]) -> Option<(Item<'db>, usize)> {
    if let Ok(found) = find(db, file, parts) {
        return Some((found.item, found.consumed));
    }
    let found = resolve_policy(db, file, parts).ok()?;
    (found.item.kind(db) == crate::hir::Kind::Policy).then_some((found.item, found.consumed))
}

/// The module that a path names or begins to name in a file.
pub(crate) fn module_meant(db: &dyn Db, file: SourceFile, parts: &[SmolStr]) -> Option<SourceFile> {
    if let [first] = parts
        && let Some(Imported { def: Def::Module(module) | Def::Prefix(module, _), .. }) =
            imports(db, file).names.get(first)
    {
        return Some(*module);
    }
    resolve_module(db, file, parts).map(|(module, _)| module)
}

fn find<'db>(db: &'db dyn Db, file: SourceFile, parts: &[SmolStr]) -> Result<Found<'db>, PathError> {
    let Some(first) = parts.first() else {
        return Err(PathError { at: 0, module: None, reported: false, import: None });
    };
    let own = declared(db, file);
    if let Some((item, consumed)) = longest(own, parts) {
        return Ok(Found { item, consumed, import: None });
    }
    let imported = imports(db, file);
    // A dotted name may have been imported as a whole: `use infra.{database.ensure}`.
    if let Some((consumed, Imported { def, place })) = dotted(parts, |name| imported.names.get(name)) {
        let import = Some(*place);
        return match def {
            Def::Item(item) => Ok(Found { item: *item, consumed, import }),
            Def::Module(module) => match within(db, *module, &parts[consumed..]) {
                Some((item, further)) => Ok(Found { item, consumed: consumed + further, import }),
                // The name of the module stands for itself, too: after `use std.command`, `command.run` is known.
                None => below(db, *module, last_name(db, *module).into(), parts, consumed)
                    .map(|(item, consumed)| Found { item, consumed, import })
                    .ok_or_else(|| missing(*module, parts, consumed)),
            },
            Def::Prefix(module, prefix) => below(db, *module, prefix.clone(), parts, consumed)
                .map(|(item, consumed)| Found { item, consumed, import })
                .ok_or_else(|| missing(*module, parts, consumed)),
        };
    }
    let reported = imported.missing.binary_search(first).is_ok();
    Err(PathError { at: 0, module: None, reported, import: None })
}

/// The module a path names: through an import, or from a dependency or this package.
pub fn resolve_module(db: &dyn Db, file: SourceFile, parts: &[SmolStr]) -> Option<(SourceFile, Option<ImportPlace>)> {
    let first = parts.first()?;
    if let Some(Imported { def: Def::Module(module), place }) = imports(db, file).names.get(first) {
        let path = std::iter::once(module.module(db).as_str()).chain(parts[1..].iter().map(SmolStr::as_str));
        let path = path.collect::<Vec<_>>().join(".");
        let found = module.package(db).files(db).get(path.as_str())?;
        return Some((*found, Some(*place)));
    }
    let (package, rest) = match super::dependency(db, file, first) {
        Some(package) => (package, &parts[1..]),
        None => (file.package(db), parts),
    };
    let path = rest.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(".");
    Some((*package.files(db).get(path.as_str())?, None))
}

/// As [`resolve`], where the path is to name a policy: the name of its module may stand before it without an import, as it
/// may where all policies of a module are named. What names nothing in a module that is there says so.
pub(crate) fn resolve_policy<'db>(
    db: &'db dyn Db,
    file: SourceFile,
    parts: &[SmolStr],
) -> Result<Found<'db>, PathError> {
    let error = match resolve(db, file, parts) {
        Err(error) if !error.reported => error,
        known => return known,
    };
    // The longest module that is there: the rest is the name.
    let modules = (1..parts.len()).rev();
    let found = modules.filter_map(|at| resolve_module(db, file, &parts[..at]).map(|found| (at, found))).next();
    let Some((at, (module, import))) = found else { return Err(error) };
    let scope = declared(db, module);
    match scope.get(&parts[at..].join(".")) {
        Some(item) if scope.is_broken(item) => Err(PathError { at, module: Some(module), reported: true, import }),
        Some(item) => Ok(Found { item, consumed: parts.len(), import }),
        None if error.module.is_none() => Err(PathError { at, module: Some(module), reported: false, import }),
        None => Err(error),
    }
}

fn within<'db>(db: &'db dyn Db, module: SourceFile, parts: &[SmolStr]) -> Option<(Item<'db>, usize)> {
    longest(declared(db, module), parts)
}

/// What the parts after the first `consumed` name in a module, with `first` before them; and how many parts name it.
fn below<'db>(
    db: &'db dyn Db,
    module: SourceFile,
    first: SmolStr,
    parts: &[SmolStr],
    consumed: usize,
) -> Option<(Item<'db>, usize)> {
    let path: Vec<SmolStr> = std::iter::once(first).chain(parts[consumed..].iter().cloned()).collect();
    within(db, module, &path).map(|(item, further)| (item, consumed + further - 1))
}

fn longest<'db>(scope: &Declared<'db>, parts: &[SmolStr]) -> Option<(Item<'db>, usize)> {
    if parts.len() > 1 && scope.has_prefix(parts.first()?) {
        return dotted(parts, |name| scope.get(name)).map(|(consumed, item)| (item, consumed));
    }
    scope.get(parts.first()?).map(|item| (item, 1))
}

/// The longest start of `parts`, joined by dots, that `get` knows.
fn dotted<T>(parts: &[SmolStr], get: impl Fn(&str) -> Option<T>) -> Option<(usize, T)> {
    let mut name = String::new();
    let mut best = None;
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            name.push('.');
        }
        name.push_str(part);
        if let Some(found) = get(&name) {
            best = Some((index + 1, found));
        }
    }
    best
}

fn missing(module: SourceFile, parts: &[SmolStr], at: usize) -> PathError {
    PathError { at: at.min(parts.len().saturating_sub(1)), module: Some(module), reported: false, import: None }
}
