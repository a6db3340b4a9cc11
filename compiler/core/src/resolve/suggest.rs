//! What someone may have meant by a path that leads nowhere. Looks at every name in sight, so it is asked only for
//! findings.

use smol_str::SmolStr;

use super::{Def, declared, imports};
use crate::db::{Db, SourceFile};
use crate::hir::Kind;
use crate::items::Item;

/// Every declaration that a path in a file can name, as it is written there.
pub(crate) fn visible<'db>(db: &'db dyn Db, file: SourceFile) -> Vec<(SmolStr, Item<'db>)> {
    let mut names: Vec<(SmolStr, Item<'db>)> =
        declared(db, file).iter().map(|(name, item)| (name.clone(), item)).collect();
    for (bound, imported) in imports(db, file).names.iter() {
        match &imported.def {
            Def::Item(item) => names.push((bound.clone(), *item)),
            Def::Module(module) => {
                let last = last_name(db, *module);
                for (name, item) in declared(db, *module).iter() {
                    match name.strip_prefix(last).filter(|rest| rest.is_empty() || rest.starts_with('.')) {
                        Some(rest) => names.push((format!("{bound}{rest}").into(), item)),
                        None => names.push((format!("{bound}.{name}").into(), item)),
                    }
                }
            }
            Def::Prefix(module, prefix) => {
                for (name, item) in declared(db, *module).iter() {
                    if let Some(rest) = name.strip_prefix(prefix.as_str()).filter(|rest| rest.starts_with('.')) {
                        names.push((format!("{bound}{rest}").into(), item));
                    }
                }
            }
        }
    }
    names
}

/// The last part of a module's path.
pub(super) fn last_name(db: &dyn Db, module: SourceFile) -> &str {
    let path = module.module(db);
    path.rsplit_once('.').map_or(path.as_str(), |(_, last)| last)
}

/// A declaration of the wanted kind whose path resembles `parts`; with `fields`, further parts may follow the path.
pub(crate) fn similar(
    db: &dyn Db,
    file: SourceFile,
    parts: &[SmolStr],
    fields: bool,
    wanted: impl Fn(Kind) -> bool,
) -> Option<SmolStr> {
    let names = visible(db, file);
    let names = names.iter().filter(|(_, item)| wanted(item.kind(db))).map(|(name, _)| name.as_str());
    closest(parts, fields, names)
}

/// The candidate that differs from `parts` by a slip in one of its parts, or that lacks parts before them.
pub(crate) fn closest<'a>(
    parts: &[SmolStr],
    fields: bool,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<SmolStr> {
    let length = parts.iter().map(|part| part.len() + 1).sum::<usize>().saturating_sub(1);
    let last = parts.last().map_or("", SmolStr::as_str);
    candidates
        .into_iter()
        // Most names are out of the question by their length.
        .filter(|candidate| fields || candidate.len().abs_diff(length) <= slip(length) || candidate.ends_with(last))
        .filter(|candidate| {
            parts.len() > 1 || candidate.len().abs_diff(length) <= slip(length) || candidate.contains('.')
        })
        .filter_map(|candidate| {
            let known: Vec<&str> = candidate.split('.').collect();
            let parts = if fields { parts.get(..known.len())? } else { parts };
            Some((distance(parts, &known)?, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate.into())
}

/// How far a path is from a known one, where it is close enough to be a slip.
fn distance(parts: &[SmolStr], known: &[&str]) -> Option<usize> {
    let (mut from, mut parts_end, mut known_end) = (0, parts.len(), known.len());
    while from < parts_end.min(known_end) && parts[from] == known[from] {
        from += 1;
    }
    while from < parts_end.min(known_end) && parts[parts_end - 1] == known[known_end - 1] {
        (parts_end, known_end) = (parts_end - 1, known_end - 1);
    }
    match (&parts[from..parts_end], &known[from..known_end]) {
        ([], []) | (_, []) => None,
        // Only parts before it lack: `run` for `command.run`.
        ([], _) if from == 0 => Some(1),
        ([], _) => None,
        (wrong, right) => {
            let (wrong, right) = (wrong.join("."), right.join("."));
            if wrong.eq_ignore_ascii_case(&right) {
                return Some(0);
            }
            let limit = slip(wrong.chars().count());
            if wrong.chars().count().abs_diff(right.chars().count()) > limit {
                return None;
            }
            let distance = strsim::osa_distance(&wrong, &right);
            (distance <= limit).then_some(distance)
        }
    }
}

/// How many characters of a name of that length may be wrong for it to be a slip.
fn slip(length: usize) -> usize {
    (length / 3).max(1)
}

/// How many modules are named that declare something.
const MOST_ELSEWHERE: usize = 3;

/// How to import what `parts` names, where imported modules or dependencies declare it.
pub(crate) fn elsewhere(
    db: &dyn Db,
    file: SourceFile,
    parts: &[SmolStr],
    wanted: impl Fn(Kind) -> bool,
) -> Option<String> {
    let package = file.package(db);
    let mut modules: Vec<(SmolStr, SourceFile)> = Vec::new();
    for (_, imported) in imports(db, file).names.iter() {
        let module = match &imported.def {
            Def::Item(item) => item.file(db),
            Def::Module(module) | Def::Prefix(module, _) => *module,
        };
        if module.package(db) == package && !modules.iter().any(|(_, known)| *known == module) {
            modules.push((module.module(db).clone(), module));
        }
    }
    for (name, dependency) in package.dependencies(db).iter().filter(|(_, dependency)| **dependency != package) {
        let files = dependency.files(db);
        modules.extend(files.iter().map(|(module, &file)| (format!("{name}.{module}").into(), file)));
    }
    let found = modules.iter().filter_map(|(path, module)| {
        // The module's own path may stand before the name, as if no import were needed: `std.risk.Risk`.
        let depth = path.split('.').count();
        let spelt = parts.len() > depth && path.split('.').eq(parts[..depth].iter().map(SmolStr::as_str));
        let rest = if spelt { &parts[depth..] } else { parts };
        (1..=rest.len()).rev().find_map(|length| {
            let name = rest[..length].join(".");
            let item = declared(db, *module).get(&name)?;
            let bound = match name.split_once('.') {
                Some((first, _)) if first == last_name(db, *module) => first.to_owned(),
                _ => name,
            };
            wanted(item.kind(db)).then(|| (format!("`{path}`"), format!("`use {path}.{{{bound}}}`")))
        })
    });
    let (paths, uses): (Vec<String>, Vec<String>) = found.take(MOST_ELSEWHERE).unzip();
    let declare = match paths.len() {
        0 => return None,
        1 => "declares it",
        _ => "declare it",
    };
    Some(format!("{} {declare}: {}", paths.join(" and "), uses.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::closest;
    use smol_str::SmolStr;

    fn best(path: &str, candidates: &[&str]) -> Option<SmolStr> {
        let parts: Vec<SmolStr> = path.split('.').map(SmolStr::from).collect();
        closest(&parts, false, candidates.iter().copied())
    }

    #[test]
    fn compares_what_differs_and_nothing_else() {
        let known = ["file.write", "files", "database.get", "risk.Risk"];
        assert_eq!(best("file.wirte", &known).as_deref(), Some("file.write"));
        assert_eq!(best("fil.write", &known).as_deref(), Some("file.write"));
        assert_eq!(best("file.remov", &known), None);
        assert_eq!(best("database.add", &known), None);
        assert_eq!(best("write", &known).as_deref(), Some("file.write"));
        assert_eq!(best("file", &["file.write"]), None);
    }
}
