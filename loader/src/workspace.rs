//! A package with all it depends on, in a database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ordain_compiler::{
    Content, DataFile, DataPattern, Database, MAX_DOCUMENT_BYTES, MAX_LOCK_BYTES, MAX_SOURCE_BYTES, Package,
    SourceFile, Text, data_references, parse_manifest, parse_package,
};
use ordain_diagnostics::{Diagnostic, TextRange, codes};
use salsa::{Durability, Setter as _};
use smol_str::SmolStr;
use thiserror::Error;

use crate::package::{READ, content, content_of, join, load_sources, module, new_package, read_all};
use crate::programs::programs;
use crate::tree::Tree;

/// The name of a package's manifest.
pub const MANIFEST: &str = "ordain.toml";

/// The name of the lock file beside a package's manifest.
pub const LOCK: &str = "ordain.lock";

/// The lock file of a package, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockFile {
    /// Its path for people.
    pub path: SmolStr,
    /// What it holds.
    pub content: Content,
}

/// Why a package cannot be loaded at all.
#[derive(Debug, Error)]
pub enum LoadError {
    /// There is no manifest at or above the path.
    #[error("no {MANIFEST} in `{0}` or a folder above it")]
    NoManifest(String),
    /// The path is not there.
    #[error("`{0}`: {1}")]
    Unreadable(String, std::io::Error),
}

/// A package with all it depends on, in a database.
pub struct Workspace {
    /// The compiler's database.
    pub db: Database,
    /// The package that was asked for.
    pub root: Package,
    /// All packages with sources of their own, the root first, `std` left out.
    pub packages: Vec<Package>,
    /// The standard library.
    pub std: Package,
    /// The lock file of the package that was asked for, where there is one. Those of its dependencies are their own business.
    pub lock: Option<LockFile>,
    /// Every package of `packages` with its folder in the tree and its folder's name for people.
    locations: Vec<(Package, String, String)>,
    /// The folders that were asked for, each with its name for people.
    asked: Vec<(String, String)>,
}

/// The folder of the package a path belongs to.
///
/// # Errors
/// The path does not exist, or neither it nor a folder above it has a manifest.
pub fn find_root(path: &Path) -> Result<PathBuf, LoadError> {
    let shown = path.display().to_string();
    let absolute = path.canonicalize().map_err(|error| LoadError::Unreadable(shown.clone(), error))?;
    let mut folder = if absolute.is_dir() { Some(absolute.as_path()) } else { absolute.parent() };
    while let Some(at) = folder {
        if at.join(MANIFEST).is_file() {
            return Ok(at.to_owned());
        }
        folder = at.parent();
    }
    Err(LoadError::NoManifest(shown))
}

impl Workspace {
    /// Loads the package at `folder` of a tree and what it depends on. `shown` is the folder's name for people, in
    /// front of every path in findings; it may be empty.
    pub fn load(tree: &dyn Tree, folder: &str, shown: &str) -> Self {
        Self::load_into(Database::default(), tree, folder, shown)
    }

    /// As [`Workspace::load`], into a database of the caller's.
    pub fn load_into(db: Database, tree: &dyn Tree, folder: &str, shown: &str) -> Self {
        Self::load_all(db, tree, vec![(folder.to_owned(), shown.to_owned())])
    }

    /// Loads several packages, each by its folder and the folder's name for people, and what they depend on. A package that
    /// several depend on is there once. Without any folder there is an empty package.
    pub fn load_all(mut db: Database, tree: &dyn Tree, asked: Vec<(String, String)>) -> Self {
        let std = load_std(&mut db);
        let mut loading = Loading {
            tree,
            std,
            by_identity: BTreeMap::new(),
            names: BTreeMap::new(),
            open: Vec::new(),
            done: Vec::new(),
        };
        let mut first = None;
        for (folder, shown) in &asked {
            // Packages that know nothing of each other may have one name.
            loading.names.clear();
            let package = match loading.by_identity.get(&tree.identity(folder)) {
                Some(&known) => known,
                None => loading.package(&mut db, folder, shown),
            };
            first.get_or_insert(package);
        }
        let locations = loading.done;
        let root = first.unwrap_or_else(|| lone_package(&mut db, std));
        let mut packages: Vec<Package> = locations.iter().map(|(package, _, _)| *package).collect();
        packages.reverse();
        let lock = asked.first().and_then(|(folder, shown)| load_lock(tree, folder, shown));
        let mut workspace = Self { db, root, packages, std, lock, locations, asked };
        workspace.load_data(tree);
        workspace
    }

    /// A package of one file without a manifest.
    pub fn single(path: &str, content: Content) -> Self {
        Self::single_into(Database::default(), path, content)
    }

    /// As [`Workspace::single`], into a database of the caller's.
    pub fn single_into(mut db: Database, path: &str, content: Content) -> Self {
        let std = load_std(&mut db);
        let root = lone_package(&mut db, std);
        lone_file(&mut db, root, path, content);
        Self { db, root, packages: vec![root], std, lock: None, locations: Vec::new(), asked: Vec::new() }
    }

    /// Adds a file that belongs to no package, as a package of its own.
    pub fn add_lone(&mut self, path: &str, content: Content) -> SourceFile {
        let package = lone_package(&mut self.db, self.std);
        self.packages.push(package);
        lone_file(&mut self.db, package, path, content)
    }

    /// The packages with the folders they were loaded from, as the tree and as people name them; those that others depend on
    /// stand before them.
    pub fn locations(&self) -> impl Iterator<Item = (Package, &str, &str)> {
        self.locations.iter().map(|(package, folder, shown)| (*package, folder.as_str(), shown.as_str()))
    }

    /// Reads the data files that the sources name by now, and those again that may have changed.
    pub fn refresh_data(&mut self, tree: &dyn Tree) {
        self.load_data(tree);
    }

    /// Takes over which sources a package has by now; gives those that are gone. The text of those that stay is not looked at.
    pub fn refresh_sources(&mut self, tree: &dyn Tree, package: Package) -> Vec<SourceFile> {
        let Some((_, folder, shown)) = self.locations.iter().find(|(known, ..)| *known == package).cloned() else {
            return Vec::new();
        };
        let before = package.files(&self.db).clone();
        let (files, findings) = load_sources(&self.db, package, tree, &folder, &shown);
        let gone =
            before.iter().filter(|(module, file)| files.get(*module) != Some(*file)).map(|(_, file)| *file).collect();
        // What is wrong with its dependencies was found when it was loaded, and stands in its manifest.
        let manifest = package.manifest_path(&self.db).clone();
        let known = package.load_findings(&self.db).iter().filter(|finding| finding.primary.path == manifest).cloned();
        let findings: Vec<Diagnostic> = known.chain(findings).collect();
        if **package.load_findings(&self.db) != findings {
            package.set_load_findings(&mut self.db).to(Arc::new(findings));
        }
        if *before != files {
            package.set_files(&mut self.db).to(Arc::new(files));
        }
        gone
    }

    /// Takes over what changed in the tree since it was read, so that only what depends on it is computed anew. Where
    /// manifests or the set of files changed, everything is loaded again.
    pub fn refresh(&mut self, tree: &dyn Tree) {
        let mut changed: Vec<(SourceFile, Content)> = Vec::new();
        for (package, at, _) in &self.locations {
            let files = package.files(&self.db);
            let listing = tree.sources(at);
            let same_files = listing.errors.is_empty()
                && listing.files.len() == files.len()
                && listing.files.iter().all(|path| files.contains_key(module(path).as_str()));
            if !same_files || content(tree, &join(at, MANIFEST)) != *package.manifest(&self.db) {
                *self = Self::load_all(self.db.emptied(), tree, self.asked.clone());
                return;
            }
            let contents = read_all(tree, at, &listing.files);
            for (path, content) in listing.files.iter().zip(contents) {
                if let Some(&file) = files.get(module(path).as_str())
                    && *file.content(&self.db) != content
                {
                    changed.push((file, content));
                }
            }
        }
        for (file, content) in changed {
            file.set_content(&mut self.db).to(content);
        }
        self.load_data(tree);
        self.lock = self.asked.first().and_then(|(folder, shown)| load_lock(tree, folder, shown));
    }

    /// The data files that the sources of a package name, those that a pattern stands for among them.
    fn data_paths(&self, tree: &dyn Tree, package: Package, folder: &str) -> BTreeSet<SmolStr> {
        let mut paths = BTreeSet::new();
        for path in data_references(&self.db, package) {
            let outside = path.starts_with('/') || path.split('/').any(|part| part == "..");
            match DataPattern::of(&path).filter(|_| !outside) {
                Some(pattern) => {
                    let below = tree.files(folder, pattern.folder());
                    paths.extend(below.iter().filter(|path| pattern.matches(path)).map(SmolStr::from));
                }
                None => {
                    paths.insert(path);
                }
            }
        }
        paths
    }

    /// Reads the data files that the sources name.
    fn load_data(&mut self, tree: &dyn Tree) {
        for (package, folder, shown) in &self.locations {
            parse_package(&self.db, *package);
            let name = ordain_compiler::manifest(&self.db, *package).manifest.name.clone();
            let before = package.data(&self.db).clone();
            let mut files = BTreeMap::new();
            for path in self.data_paths(tree, *package, folder) {
                let full = join(folder, &path);
                if path.contains("..") || path.starts_with('/') {
                    continue;
                }
                let content = if tree.is_inside(folder, &path) {
                    match tree.read(&full, MAX_DOCUMENT_BYTES) {
                        Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                        read => content_of(read, MAX_DOCUMENT_BYTES),
                    }
                } else {
                    Content::Unreadable("it lies outside of the package, behind a symbolic link".into())
                };
                let file = match before.get(&path) {
                    Some(&file) => {
                        if *file.content(&self.db) != content {
                            file.set_content(&mut self.db).to(content);
                        }
                        file
                    }
                    None => {
                        let known = SmolStr::from(format!("{name}:{path}"));
                        DataFile::builder(join(shown, &path).into(), known, content).durability(READ).new(&self.db)
                    }
                };
                files.insert(path.clone(), file);
            }
            if *before != files {
                package.set_data(&mut self.db).to(Arc::new(files));
            }
        }
        for (package, folder, _) in &self.locations {
            let found = programs(&self.db, tree, *package, folder);
            if **package.programs(&self.db) != found {
                package.set_programs(&mut self.db).to(Arc::new(found));
            }
        }
    }

    /// The folder of the package of a name, in the tree it was loaded from.
    pub fn folder(&self, name: &str) -> Option<&str> {
        let is = |package: &Package| ordain_compiler::manifest(&self.db, *package).manifest.name == name;
        self.locations.iter().find(|(package, ..)| is(package)).map(|(_, folder, _)| folder.as_str())
    }

    /// The texts of all files that findings can point into, by path.
    pub fn texts(&self) -> BTreeMap<String, Text> {
        let mut texts = BTreeMap::new();
        let mut put = |path: &str, content: &Content| {
            if let Content::Text(text) = content {
                texts.insert(path.to_owned(), text.clone());
            }
        };
        if let Some(lock) = &self.lock {
            put(&lock.path, &lock.content);
        }
        for package in self.packages.iter().chain([&self.std]) {
            put(package.manifest_path(&self.db), package.manifest(&self.db));
            for file in package.files(&self.db).values() {
                put(file.path(&self.db), file.content(&self.db));
            }
            for file in package.data(&self.db).values() {
                put(file.path(&self.db), file.content(&self.db));
            }
        }
        texts
    }
}

/// The lock file of the package at a folder.
fn load_lock(tree: &dyn Tree, folder: &str, shown: &str) -> Option<LockFile> {
    match tree.read(&join(folder, LOCK), MAX_LOCK_BYTES) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        read => Some(LockFile { path: join(shown, LOCK).into(), content: content_of(read, MAX_LOCK_BYTES) }),
    }
}

/// An empty package for a file that belongs to none.
fn lone_package(db: &mut Database, std: Package) -> Package {
    let manifest = Content::Text("[package]\nname = \"script\"\nversion = \"0.0.0\"\n".into());
    let package = new_package(db, "", manifest);
    package.set_dependencies(db).to(Arc::new([("std".into(), std)].into()));
    package
}

/// The only file of a package.
fn lone_file(db: &mut Database, package: Package, path: &str, content: Content) -> SourceFile {
    let name = SmolStr::from(module(path.rsplit('/').next().unwrap_or(path)));
    let file = SourceFile::builder(path.into(), name.clone(), package, content).durability(READ).new(db);
    package.set_files(db).to(Arc::new([(name, file)].into()));
    file
}

/// The standard library as a package of high durability: an edit elsewhere never looks at it again.
fn load_std(db: &mut Database) -> Package {
    let manifest = Content::Text("[package]\nname = \"std\"\nversion = \"0.1.0\"\n".into());
    let package = Package::builder(
        "std/ordain.toml".into(),
        manifest,
        Arc::default(),
        Arc::default(),
        Arc::default(),
        Arc::default(),
    )
    .durability(Durability::HIGH)
    .new(db);
    let files: BTreeMap<SmolStr, SourceFile> = ordain_stdlib::FILES
        .iter()
        .map(|(path, text)| {
            let name = SmolStr::from(module(path));
            let file =
                SourceFile::builder(format!("std/{path}").into(), name.clone(), package, Content::Text((*text).into()))
                    .durability(Durability::HIGH)
                    .new(db);
            (name, file)
        })
        .collect();
    package.set_files(db).with_durability(Durability::HIGH).to(Arc::new(files));
    // Its modules import each other by the name everyone uses.
    let itself = BTreeMap::from([("std".into(), package)]);
    package.set_dependencies(db).with_durability(Durability::HIGH).to(Arc::new(itself));
    package
}

struct Loading<'a> {
    tree: &'a dyn Tree,
    std: Package,
    by_identity: BTreeMap<String, Package>,
    /// The first package of each name.
    names: BTreeMap<SmolStr, Package>,
    /// The packages being loaded, outermost first.
    open: Vec<(String, String)>,
    /// Package, folder and shown name, dependencies before dependents.
    done: Vec<(Package, String, String)>,
}

impl Loading<'_> {
    fn package(&mut self, db: &mut Database, folder: &str, shown: &str) -> Package {
        let manifest_path = SmolStr::from(join(shown, MANIFEST));
        let manifest = content(self.tree, &join(folder, MANIFEST));
        let parsed = parse_manifest(&manifest_path, manifest.text());
        let package = new_package(db, shown, manifest);
        self.by_identity.insert(self.tree.identity(folder), package);
        if parsed.manifest.name_range.is_some() {
            self.names.entry(parsed.manifest.name.clone()).or_insert(package);
        }
        self.open.push((self.tree.identity(folder), parsed.manifest.name.to_string()));
        let mut findings = Vec::new();
        let mut dependencies: BTreeMap<SmolStr, Package> = [("std".into(), self.std)].into();
        for (name, dependency) in &parsed.manifest.dependencies {
            let at = join(folder, &dependency.path);
            let identity = self.tree.identity(&at);
            let finding =
                |code, message: String| Diagnostic::new(code, manifest_path.clone(), dependency.range, message);
            if let Some(start) = self.open.iter().position(|(open, _)| *open == identity) {
                let names = self.open[start..].iter().map(|(_, name)| format!("`{name}`"));
                let path: Vec<String> = names.chain([format!("`{}`", self.open[start].1)]).collect();
                let message = format!("packages depend on each other: {}", path.join(" → "));
                findings.push(finding(codes::DEPENDENCY_CYCLE, message));
            } else if let Some(&known) = self.by_identity.get(&identity) {
                dependencies.insert(name.clone(), known);
            } else if self.tree.read(&join(&at, MANIFEST), MAX_SOURCE_BYTES).is_ok() {
                let shown = clean(&join(shown, &dependency.path));
                let package = self.package(db, &at, &shown);
                dependencies.insert(name.clone(), package);
                findings.extend(self.twin(db, package).map(|(name, places)| {
                    let message = format!("there are two packages named `{name}`");
                    let [first, second] = places;
                    finding(codes::DUPLICATE_PACKAGE_NAME, message)
                        .related(first.0, first.1, "the first one is named here")
                        .related(second.0, second.1, "the other one is named here")
                        .help("give one of them another name; plans name declarations by their packages")
                }));
            } else {
                let message = format!("there is no {MANIFEST} in `{}`", dependency.path);
                findings.push(
                    finding(codes::UNKNOWN_DEPENDENCY, message)
                        .help("the path of a dependency is relative to the folder of this manifest"),
                );
            }
        }
        self.open.pop();
        let (files, mut unreadable) = load_sources(db, package, self.tree, folder, shown);
        findings.append(&mut unreadable);
        package.set_files(db).to(Arc::new(files));
        package.set_dependencies(db).to(Arc::new(dependencies));
        package.set_load_findings(db).to(Arc::new(findings));
        self.done.push((package, folder.to_owned(), shown.to_owned()));
        package
    }

    /// The name of a package that another one had before, and where the manifests of both give it.
    fn twin(&self, db: &Database, package: Package) -> Option<(SmolStr, [(SmolStr, TextRange); 2])> {
        let place = |package: Package| {
            let range = ordain_compiler::manifest(db, package).manifest.name_range?;
            Some((package.manifest_path(db).clone(), range))
        };
        let name = &ordain_compiler::manifest(db, package).manifest.name;
        let first = *self.names.get(name).filter(|first| **first != package)?;
        Some((name.clone(), [place(first)?, place(package)?]))
    }
}

/// A path with `a/..` taken out, so that people can read it.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
