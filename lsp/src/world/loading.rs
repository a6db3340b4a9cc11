//! Which packages there are, and what changes in them on disk.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ordain_compiler::{Content, MAX_SOURCE_BYTES, Package, SourceFile, parse_manifest};
use ordain_loader::{MANIFEST, Tree as _, Workspace};
use rustc_hash::FxHashSet;
use salsa::{Durability, Setter as _};
use smol_str::SmolStr;

use super::agenda::Due;
use super::{Message, World, content_of};

/// How many files and folders of a workspace are looked at to find its packages.
const MOST_ENTRIES: usize = 300_000;

impl World {
    /// Loads every package of the client's folders, and those outside of which a file is open.
    pub(crate) fn load(&mut self) {
        self.outbox.send(Message::Status("loading", None));
        let mut roots: BTreeSet<String> = BTreeSet::new();
        for folder in &self.folders {
            roots.extend(packages_below(folder));
            roots.extend(root_of(folder));
        }
        let open: Vec<SmolStr> = self.documents.iter().map(|(path, _)| path.clone()).collect();
        roots.extend(open.iter().filter(|path| path.ends_with(".ord")).filter_map(|path| root_of(path)));
        roots.extend(self.visited.iter().filter(|root| Path::new(root).join(MANIFEST).is_file()).cloned());
        let asked = roots.into_iter().map(|root| (root.clone(), root)).collect();
        let tree = self.tree();
        self.workspace = Workspace::load_all(self.workspace.db.emptied(), &tree, asked);
        self.scratch = None;
        self.index();
        for path in &open {
            self.adopt(path);
        }
        self.publisher.forget_others(&self.files);
        let count = self.workspace.locations().count();
        let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let sources = self.files.len() - self.workspace.std.files(&self.workspace.db).len();
        let message = format!("{}, {}", counted(count, "package"), counted(sources, "source"));
        self.outbox.send(Message::Status("ready", Some(message)));
        for path in &open {
            self.look_at(path);
        }
        self.look_at_open();
        self.agenda.soon(Due::Everything);
        self.outbox.send(Message::RefreshHints(self.client.refreshes));
    }

    /// The client works in other folders from now on.
    pub(crate) fn move_folders(&mut self, gone: &[String], come: Vec<String>) {
        self.folders.retain(|folder| !gone.contains(folder));
        self.folders.extend(come);
        self.watch();
        self.agenda.soon(Due::Reload);
    }

    /// Notes where which source is.
    pub(super) fn index(&mut self) {
        let db = &self.workspace.db;
        let packages = self.workspace.packages.iter().chain([&self.workspace.std]);
        let files = packages.flat_map(|package| package.files(db).values());
        self.files = Arc::new(files.map(|&file| (file.path(db).clone(), file)).collect());
    }

    /// Takes in the documents that are no source yet: of packages, perhaps of some that are not loaded yet, or of none.
    pub(crate) fn settle(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        // It may have been closed again, or be known by now.
        fresh.retain(|path| self.documents.get(path).is_some() && !self.files.contains_key(path));
        let around: FxHashSet<Package> = fresh.iter().filter_map(|path| self.package_around(path)).collect();
        let grown: Vec<Package> =
            self.workspace.packages.iter().copied().filter(|known| around.contains(known)).collect();
        if !grown.is_empty() {
            let tree = self.tree();
            for package in grown {
                self.workspace.refresh_sources(&tree, package);
            }
            self.index();
        }
        for path in &fresh {
            if self.package_around(path).is_none()
                && let Some(root) = root_of(path)
                && !self.visited.contains(&root)
            {
                self.visited.push(root);
                self.agenda.soon(Due::Reload);
            }
            if let (false, Some(document)) = (self.files.contains_key(path), self.documents.get(path)) {
                let file = self.workspace.add_lone(path, content_of(&document.text));
                Arc::make_mut(&mut self.files).insert(path.clone(), file);
            }
            self.look_at(path);
        }
    }

    /// The loaded package whose folder a path lies in; of nested ones the innermost.
    fn package_around(&self, path: &str) -> Option<Package> {
        let around = self
            .workspace
            .locations()
            .filter(|(_, folder, _)| path.strip_prefix(*folder).is_some_and(|rest| rest.starts_with('/')));
        around.max_by_key(|(_, folder, _)| folder.len()).map(|(package, ..)| package)
    }

    /// Takes over a manifest. What it depends on is loaded once nothing changes for a while.
    pub(super) fn manifest_changed(&mut self, package: Package, content: Content) {
        let db = &mut self.workspace.db;
        let path = package.manifest_path(db).clone();
        let facts = |content: &Content| {
            let parsed = parse_manifest(&path, content.text());
            let found: Vec<(SmolStr, String)> = parsed
                .manifest
                .dependencies
                .iter()
                .map(|(name, found)| (name.clone(), found.path.to_string()))
                .collect();
            (parsed.manifest.name.clone(), found)
        };
        let reload = facts(package.manifest(db)) != facts(&content);
        if *package.manifest(db) != content {
            package.set_manifest(db).to(content);
        }
        if reload {
            self.agenda.soon(Due::Reload);
        }
    }

    /// Takes over what the disk has at some paths.
    pub(super) fn changed_on_disk(&mut self, paths: Vec<String>) {
        let tree = self.tree();
        let mut grown: Vec<Package> = Vec::new();
        for path in paths {
            if path.starts_with("std/") {
                continue;
            }
            let read = tree.read(&path, MAX_SOURCE_BYTES);
            let key = SmolStr::from(path.as_str());
            if let Some(&file) = self.files.get(&key) {
                match read {
                    Ok(bytes) => self.reread(file, bytes),
                    Err(_) => {
                        self.publisher.gone(&path);
                        grown.extend(self.package_around(&path));
                        self.forget_lone(file);
                    }
                }
            } else if let Some(package) = self.package_of_manifest(&path) {
                match read {
                    Ok(bytes) => self.manifest_changed(package, Content::from_bytes(bytes, MAX_SOURCE_BYTES)),
                    Err(_) => self.agenda.soon(Due::Reload),
                }
            } else if path.ends_with(".ord") {
                grown.extend(self.package_around(&path));
            } else if self.is_data(&path) || self.package_around(&path).is_some() {
                self.agenda.soon(Due::Data);
            } else if path.ends_with(MANIFEST) {
                self.agenda.soon(Due::Reload);
            }
        }
        grown.sort_unstable_by_key(|package| self.workspace.packages.iter().position(|known| known == package));
        grown.dedup();
        if !grown.is_empty() {
            for package in grown {
                self.workspace.refresh_sources(&tree, package);
            }
            self.index();
            self.agenda.soon(Due::Data);
        }
    }

    fn reread(&mut self, file: SourceFile, bytes: Vec<u8>) {
        let content = match Content::from_bytes(bytes, MAX_SOURCE_BYTES) {
            Content::Text(text) => content_of(&text),
            other => other,
        };
        if *file.content(&self.workspace.db) != content {
            let before = self.data_of(file);
            file.set_content(&mut self.workspace.db).with_durability(Durability::MEDIUM).to(content);
            if self.data_of(file) != before {
                self.agenda.soon(Due::Data);
            }
        }
    }

    /// Drops a file that was a package of its own.
    fn forget_lone(&mut self, file: SourceFile) {
        let package = file.package(&self.workspace.db);
        if !self.workspace.locations().any(|(known, ..)| known == package) && package != self.workspace.std {
            self.workspace.packages.retain(|known| *known != package);
            let path = file.path(&self.workspace.db).clone();
            Arc::make_mut(&mut self.files).remove(&path);
        }
    }
}

/// The folder of the package that a path belongs to. Links are not followed: the client's paths lie in it.
fn root_of(path: &str) -> Option<String> {
    let folder = Path::new(path).ancestors().find(|folder| folder.join(MANIFEST).is_file())?;
    folder.is_absolute().then(|| folder.to_string_lossy().replace('\\', "/"))
}

/// The packages in and below a folder, hidden folders and what git ignores left out.
fn packages_below(folder: &str) -> Vec<String> {
    let walk = ignore::WalkBuilder::new(folder).require_git(false).build();
    let found = walk.take(MOST_ENTRIES).filter_map(Result::ok).filter(|entry| entry.file_name() == MANIFEST);
    found.filter_map(|entry| Some(entry.path().parent()?.to_string_lossy().replace('\\', "/"))).collect()
}
