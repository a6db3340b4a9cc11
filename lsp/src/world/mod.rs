//! The one writer: it owns the database, takes in what clients and disks change, and decides what is looked at again and when.

mod agenda;
mod documents;
mod loading;
mod looking;
mod outbox;
mod publish;
mod queue;
mod settings;
mod snapshot;
mod standard;
mod tree;
mod watcher;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ordain_compiler::{Content, Database, MAX_SOURCE_BYTES, Package, SourceFile, Text};
use ordain_loader::Workspace;
use rustc_hash::FxHashMap;
use salsa::{Durability, Setter as _};
use smol_str::SmolStr;
use tower_lsp::ls_types::{DidChangeTextDocumentParams, DidOpenTextDocumentParams, FileChangeType, FileEvent, Uri};

use crate::text::path_of;
use agenda::{Agenda, Due};
pub(crate) use documents::{Document, Documents};
pub(crate) use outbox::{Message, Outbox, Status, StatusNotification};
pub(crate) use publish::{Found, Publisher};
pub(crate) use queue::{Queue, STACK_BYTES, Stale};
pub(crate) use settings::{Client, Settings};
pub(crate) use snapshot::{File, Snapshot};
pub(crate) use standard::page;
use tree::OpenTree;

/// What the server knows.
pub(crate) struct World {
    workspace: Workspace,
    documents: Arc<Documents>,
    /// The sources by their paths.
    files: Arc<FxHashMap<SmolStr, SourceFile>>,
    /// The folders that the client works in.
    folders: Vec<String>,
    /// Packages outside of those folders, of which a file was opened.
    visited: Vec<String>,
    client: Arc<Client>,
    settings: Arc<Settings>,
    /// Counts the changes of texts by the client: an answer from before one is not given after it.
    epoch: Arc<AtomicU64>,
    /// Documents that were opened and are no source yet: taken in together, before anybody asks about them.
    fresh: Vec<SmolStr>,
    /// A source that stands in for the one something is completed in.
    scratch: Option<SourceFile>,
    publisher: Publisher,
    outbox: Outbox,
    queue: Queue,
    agenda: Agenda,
    /// How often was looked at anything.
    moments: u64,
    /// What tells of changes on disk, where the client does not.
    watcher: Option<notify::RecommendedWatcher>,
}

impl World {
    /// A world without packages. `database` is where they will be.
    pub(crate) fn new(database: Database, queue: Queue, outbox: Outbox, epoch: Arc<AtomicU64>) -> Self {
        let workspace = Workspace::load_all(database, &OpenTree::default(), Vec::new());
        Self {
            workspace,
            documents: Arc::default(),
            files: Arc::default(),
            folders: Vec::new(),
            visited: Vec::new(),
            client: Arc::default(),
            settings: Arc::default(),
            epoch,
            fresh: Vec::new(),
            scratch: None,
            publisher: Publisher::new(outbox.clone()),
            outbox,
            queue,
            agenda: Agenda::default(),
            moments: 0,
            watcher: None,
        }
    }

    /// Takes over what the client is and can.
    pub(crate) fn introduce(&mut self, client: Client, folders: Vec<String>) {
        self.publisher.introduce(&client);
        self.client = Arc::new(client);
        self.folders = folders;
        self.watch();
    }

    /// Takes over what the user has set.
    pub(crate) fn set(&mut self, settings: Settings) {
        if *self.settings != settings {
            self.settings = Arc::new(settings);
            self.outbox.send(Message::RefreshHints(self.client.refreshes));
        }
    }

    /// What requests are answered from.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            db: self.workspace.db.clone(),
            documents: self.documents.clone(),
            files: self.files.clone(),
            packages: self.workspace.packages.clone(),
            std: self.workspace.std,
            folders: self.workspace.locations().map(|(package, folder, _)| (package, folder.to_owned())).collect(),
            client: self.client.clone(),
            settings: self.settings.clone(),
            publisher: self.publisher.clone(),
            scratch: self.scratch,
        }
    }

    /// The snapshot that something is completed in: its scratch file holds `text` in the place of another file.
    pub(crate) fn completing(&mut self, like: SourceFile, text: String) -> Snapshot {
        // Whoever types on would have a look at everything broken off again.
        self.agenda.later();
        let db = &mut self.workspace.db;
        let (path, module, package) = (like.path(db).clone(), like.module(db).clone(), like.package(db));
        let content = Content::Text(text.into());
        match self.scratch {
            Some(file) => {
                file.set_content(db).to(content);
                if *file.path(db) != path {
                    file.set_path(db).to(path);
                    file.set_module(db).to(module);
                    file.set_package(db).to(package);
                }
            }
            None => self.scratch = Some(SourceFile::new(db, path, module, package, content)),
        }
        self.snapshot()
    }

    /// Tells the client something.
    pub(crate) fn say(&self, message: Message) {
        self.outbox.send(message);
    }

    fn tree(&self) -> OpenTree {
        OpenTree::new(&self.documents)
    }

    fn touched(&mut self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes in a document that the client shows from now on.
    pub(crate) fn open(&mut self, params: DidOpenTextDocumentParams) {
        let opened = params.text_document;
        let path = SmolStr::from(standard::inverse(&path_of(&opened.uri)));
        self.touched();
        let document = Document::new(opened.uri, opened.version, opened.text);
        Arc::make_mut(&mut self.documents).insert(path.clone(), Arc::new(document));
        self.adopt(&path);
        self.look_at(&path);
    }

    /// Takes in changes of a document, in the order they are given. Those of an unknown document, or of an older version
    /// than is known, change nothing.
    pub(crate) fn change(&mut self, params: DidChangeTextDocumentParams) {
        let path = SmolStr::from(standard::inverse(&path_of(&params.text_document.uri)));
        let Some(document) = self.documents.get(&path).cloned() else {
            return self.outbox.warn(format!("changes of `{path}`, which is not open, are left out"));
        };
        if params.text_document.version <= document.version {
            let (known, given) = (document.version, params.text_document.version);
            return self
                .outbox
                .warn(format!("version {given} of `{path}` comes after version {known}; it is left out"));
        }
        self.touched();
        let changed = document.changed(params.text_document.version, &params.content_changes, self.client.encoding);
        Arc::make_mut(&mut self.documents).insert(path.clone(), Arc::new(changed));
        self.adopt(&path);
        self.look_at(&path);
    }

    /// Goes back to what the disk has of a document.
    pub(crate) fn close(&mut self, uri: &Uri) {
        let path = SmolStr::from(standard::inverse(&path_of(uri)));
        if Arc::make_mut(&mut self.documents).remove(&path).is_none() {
            return;
        }
        self.touched();
        self.publisher.closed(&path);
        self.changed_on_disk([path.to_string()].into());
        self.agenda.soon(Due::Everything);
    }

    /// Gives the compiler the text of an open document.
    fn adopt(&mut self, path: &SmolStr) {
        let Some(document) = self.documents.get(path).cloned() else { return };
        let content = content_of(&document.text);
        if let Some(&file) = self.files.get(path) {
            if *file.content(&self.workspace.db) != content && !path.starts_with("std/") {
                let before = self.data_of(file);
                // Somebody types in it: what follows from other files only is not looked at again from now on.
                file.set_content(&mut self.workspace.db).with_durability(Durability::LOW).to(content);
                if self.data_of(file) != before {
                    self.agenda.soon(Due::Data);
                }
            }
        } else if let Some(package) = self.package_of_manifest(path) {
            self.manifest_changed(package, content);
        } else if path.ends_with(".ord") || document.is_ordain(path) {
            self.fresh.push(path.clone());
        } else if self.is_data(path) {
            self.agenda.soon(Due::Data);
        }
    }

    /// The data files that a source names.
    fn data_of(&self, file: SourceFile) -> Vec<SmolStr> {
        ordain_compiler::file_items(&self.workspace.db, file).data(&self.workspace.db).to_vec()
    }

    fn is_data(&self, path: &str) -> bool {
        let db = &self.workspace.db;
        self.workspace.packages.iter().any(|package| package.data(db).values().any(|data| data.path(db) == path))
    }

    fn package_of_manifest(&self, path: &str) -> Option<Package> {
        let db = &self.workspace.db;
        self.workspace.packages.iter().copied().find(|package| package.manifest_path(db) == path)
    }

    /// Takes in what happened to files on disk.
    pub(crate) fn watched(&mut self, events: Vec<FileEvent>) {
        let mut paths: Vec<String> = Vec::new();
        let mut manifests = false;
        for event in events {
            let path = path_of(&event.uri);
            manifests |= path.ends_with(ordain_loader::MANIFEST) && event.typ != FileChangeType::CHANGED;
            // What is open is as the client shows it.
            if !self.documents.contains(&path) {
                paths.push(path);
            }
        }
        if manifests {
            self.agenda.soon(Due::Reload);
        }
        self.changed_on_disk(paths);
        self.agenda.soon(Due::Everything);
    }

    /// Does what is due, and says when the next is.
    pub(crate) fn attend(&mut self) -> Option<std::time::Instant> {
        self.settle();
        while let Some(due) = self.agenda.next() {
            match due {
                Due::Reload => self.load(),
                Due::Data => {
                    let tree = self.tree();
                    self.workspace.refresh_data(&tree);
                    self.agenda.soon(Due::Open);
                }
                Due::Open => self.look_at_open(),
                Due::Everything => self.look_at_everything(),
            }
        }
        self.agenda.at()
    }
}

/// A text as the compiler takes it.
fn content_of(text: &Text) -> Content {
    if text.len() > MAX_SOURCE_BYTES {
        return Content::TooLarge { bytes: text.len() as u64, most: MAX_SOURCE_BYTES as u64 };
    }
    Content::Text(text.clone())
}
