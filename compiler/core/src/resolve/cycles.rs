//! Modules that import each other.

use rustc_hash::FxHashMap;

use super::imports;
use crate::db::{Db, Package, SourceFile};

/// The cycles among a package's modules, each once: the modules in order, each with the index of the import that
/// leads to the next.
#[salsa::tracked]
pub fn import_cycles(db: &dyn Db, package: Package) -> Vec<Vec<(SourceFile, u32)>> {
    let files: Vec<SourceFile> = package.files(db).values().copied().collect();
    let position: FxHashMap<SourceFile, usize> = files.iter().enumerate().map(|(at, &file)| (file, at)).collect();
    let edges: Vec<Vec<(usize, u32)>> = files
        .iter()
        .map(|&file| {
            let local = &imports(db, file).local_modules;
            local.iter().filter_map(|(to, import)| Some((*position.get(to)?, *import))).collect()
        })
        .collect();
    crate::cycle::find(files.len(), |node| edges[node].iter().map(|(to, _)| *to))
        .into_iter()
        .map(|cycle| {
            let next = cycle.iter().skip(1).chain(cycle.first());
            cycle
                .iter()
                .zip(next)
                .filter_map(|(&from, &to)| {
                    let import = edges[from].iter().find(|(target, _)| *target == to)?.1;
                    Some((files[from], import))
                })
                .collect()
        })
        .collect()
}
