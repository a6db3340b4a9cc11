//! One package: manifest, sources, data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ordain_compiler::{Content, Database, MAX_SOURCE_BYTES, Package, SourceFile, Unnameable, unnameable};
use ordain_diagnostics::{Diagnostic, TextRange, codes};
use rayon::prelude::*;
use salsa::Durability;

use crate::tree::Tree;

/// The text a tree gives for a path.
pub(crate) fn content(tree: &dyn Tree, path: &str) -> Content {
    content_of(tree.read(path, MAX_SOURCE_BYTES), MAX_SOURCE_BYTES)
}

/// What reading a file of at most so many bytes gave.
pub(crate) fn content_of(read: std::io::Result<Vec<u8>>, most: usize) -> Content {
    match read {
        Ok(bytes) => Content::from_bytes(bytes, most),
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            let most = most as u64;
            Content::TooLarge { bytes: error.to_string().parse().unwrap_or(most + 1), most }
        }
        Err(error) => Content::Unreadable(error.to_string()),
    }
}

/// A path below a folder.
pub(crate) fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// The module path of a source: `deploy/web.ord` is `deploy.web`.
pub(crate) fn module(path: &str) -> String {
    path.strip_suffix(".ord").unwrap_or(path).replace('/', ".")
}

/// Reads the sources of a package into the database, but those it has already. Files that only differ in case from another are
/// reported and left out, since not every file system can hold both. Those that no `use` can name are reported.
pub(crate) fn load_sources(
    db: &Database,
    package: Package,
    tree: &dyn Tree,
    folder: &str,
    shown: &str,
) -> (BTreeMap<smol_str::SmolStr, SourceFile>, Vec<Diagnostic>) {
    let listing = tree.sources(folder);
    let mut findings: Vec<Diagnostic> = listing
        .errors
        .iter()
        .map(|(path, reason)| {
            let message = format!("cannot be read: {reason}");
            Diagnostic::new(codes::UNREADABLE_FILE, join(shown, path), TextRange::default(), message)
        })
        .collect();
    let mut folded: BTreeMap<String, &str> = BTreeMap::new();
    let mut paths: Vec<&str> = Vec::new();
    for path in &listing.files {
        let name = module(path).to_lowercase();
        match folded.get(&name) {
            Some(first) => {
                let (message, help) = if first.to_lowercase() == path.to_lowercase() {
                    (
                        format!("`{path}` and `{first}` differ only in case"),
                        "rename one of the two: some file systems cannot hold both",
                    )
                } else {
                    let message = format!("`{path}` and `{first}` are one module, `{}`", module(path));
                    (message, "rename one of the two")
                };
                let finding = Diagnostic::new(codes::CLASHING_PATHS, join(shown, path), TextRange::default(), message);
                findings.push(finding.help(help));
            }
            None => {
                folded.insert(name, path);
                paths.push(path);
            }
        }
    }
    let before = package.files(db).clone();
    let known = |path: &str| {
        let file = *before.get(module(path).as_str())?;
        (*file.path(db) == join(shown, path)).then_some(file)
    };
    let fresh: Vec<&str> = paths.iter().copied().filter(|path| known(path).is_none()).collect();
    let mut contents = read_all(tree, folder, &fresh).into_iter();
    let mut files = BTreeMap::new();
    let mut read: Vec<&str> = Vec::new();
    for path in paths {
        let name = smol_str::SmolStr::from(module(path));
        let file = match known(path) {
            Some(file) => file,
            None => {
                // INVARIANT: as many were read as are not known, in their order.
                let content = contents.next().unwrap_or(Content::Unreadable(String::new()));
                SourceFile::builder(join(shown, path).into(), name.clone(), package, content).durability(READ).new(db)
            }
        };
        // Of a file that cannot be read, that is told; its path may not even be a text.
        if !matches!(file.content(db), Content::Unreadable(_)) {
            read.push(path);
        }
        files.insert(name, file);
    }
    findings.extend(unnameable_modules(read.into_iter(), &folded, shown));
    (files, findings)
}

/// The sources that no `use` can name. Of a folder that is to blame for several, the first is reported.
fn unnameable_modules<'a>(
    paths: impl Iterator<Item = &'a str>,
    known: &BTreeMap<String, &str>,
    shown: &str,
) -> Vec<Diagnostic> {
    let mut blamed: BTreeSet<String> = BTreeSet::new();
    let mut findings = Vec::new();
    for path in paths {
        let Some(Unnameable { path: at, message, better }) = unnameable(path) else { continue };
        if !blamed.insert(at) {
            continue;
        }
        let finding = Diagnostic::new(codes::UNNAMEABLE_MODULE, join(shown, path), TextRange::default(), message);
        findings.push(if known.contains_key(&module(&better).to_lowercase()) {
            finding.help(format!("rename it; `{better}` is there already"))
        } else {
            finding.help(format!("rename it to `{better}`"))
        });
    }
    findings
}

/// The texts of several files below a folder, read on the threads of the current pool.
pub(crate) fn read_all(tree: &dyn Tree, folder: &str, paths: &[impl AsRef<str> + Sync]) -> Vec<Content> {
    paths.par_iter().map(|path| content(tree, &join(folder, path.as_ref()))).collect()
}

/// How long what is read from a tree is thought to stay: longer than what somebody types, whose setter says so. An edit of
/// that leaves alone what follows only from the rest.
pub(crate) const READ: Durability = Durability::MEDIUM;

/// An empty package with a manifest.
pub(crate) fn new_package(db: &Database, shown: &str, manifest: Content) -> Package {
    Package::builder(
        join(shown, crate::MANIFEST).into(),
        manifest,
        Arc::default(),
        Arc::default(),
        Arc::default(),
        Arc::default(),
    )
    .durability(READ)
    .new(db)
}
