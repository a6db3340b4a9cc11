//! The disk as it will be once everything that is open is saved.

use std::collections::BTreeMap;
use std::io;

use ordain_compiler::Text;
use ordain_loader::{DiskTree, Listing, MANIFEST, Tree};

use super::Documents;

/// The disk with the open documents over it. Folders are absolute paths.
#[derive(Debug)]
pub(super) struct OpenTree {
    disk: DiskTree,
    open: BTreeMap<String, Text>,
}

impl Default for OpenTree {
    fn default() -> Self {
        Self { disk: DiskTree::new(""), open: BTreeMap::new() }
    }
}

impl OpenTree {
    pub(super) fn new(documents: &Documents) -> Self {
        let open = documents.iter().map(|(path, document)| (path.to_string(), document.text.clone())).collect();
        Self { open, ..Self::default() }
    }

    /// An absolute path without `..`.
    fn plain(path: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        parts.join("/")
    }
}

impl Tree for OpenTree {
    fn read(&self, path: &str, most: usize) -> io::Result<Vec<u8>> {
        match self.open.get(&Self::plain(path)) {
            Some(text) if text.len() > most => Err(io::Error::new(io::ErrorKind::FileTooLarge, text.len().to_string())),
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => self.disk.read(path, most),
        }
    }

    fn sources(&self, folder: &str) -> Listing {
        let mut listing = self.disk.sources(folder);
        let start = format!("{}/", Self::plain(folder));
        for path in self.open.keys().filter(|path| path.ends_with(".ord")) {
            let Some(relative) = path.strip_prefix(&start) else { continue };
            let nested = relative
                .match_indices('/')
                .any(|(at, _)| std::path::Path::new(&format!("{start}{}", &relative[..at])).join(MANIFEST).is_file());
            if !nested && !listing.files.iter().any(|known| known == relative) {
                listing.files.push(relative.to_owned());
            }
        }
        listing.files.sort();
        listing
    }

    fn files(&self, folder: &str, below: &str) -> Vec<String> {
        self.disk.files(folder, below)
    }

    fn is_inside(&self, folder: &str, path: &str) -> bool {
        self.disk.is_inside(folder, path)
    }

    fn identity(&self, folder: &str) -> String {
        self.disk.identity(folder)
    }
}
