//! The files that programs of adapters consist of: what they are called, and the digests of their bytes.

use std::collections::BTreeMap;

use ordain_compiler::{Database, MAX_DOCUMENT_BYTES, Package, program_references};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use crate::package::join;
use crate::tree::Tree;

/// The files of a package that its adapters name. What names none, or leads out of the package, is left out: it may be meant
/// otherwise, and whoever starts the program sees whether it is.
pub(crate) fn programs(db: &Database, tree: &dyn Tree, package: Package, folder: &str) -> BTreeMap<SmolStr, SmolStr> {
    let named = program_references(db, package).into_iter().filter(|path| tree.is_inside(folder, path));
    named
        .filter_map(|path| {
            let bytes = tree.read(&join(folder, &path), MAX_DOCUMENT_BYTES).ok()?;
            let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            Some((path, format!("sha256:{hex}").into()))
        })
        .collect()
}
