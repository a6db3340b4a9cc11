//! The documents that the client shows, as it has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordain_compiler::Text;
use smol_str::SmolStr;
use tower_lsp::ls_types::{TextDocumentContentChangeEvent, Uri};

use crate::text::{Encoding, Lines};

/// A document.
#[derive(Debug)]
pub(crate) struct Document {
    /// As the client names it.
    pub(crate) uri: Uri,
    /// The client's count of its changes.
    pub(crate) version: i32,
    /// Its text.
    pub(crate) text: Text,
    /// Where its lines begin.
    pub(crate) lines: Lines,
}

impl Document {
    pub(crate) fn new(uri: Uri, version: i32, text: String) -> Self {
        let lines = Lines::new(&text);
        Self { uri, version, text: text.into(), lines }
    }

    /// The document after changes, each of which is about the text that the one before gave.
    pub(crate) fn changed(&self, version: i32, changes: &[TextDocumentContentChangeEvent], encoding: Encoding) -> Self {
        let mut text = self.text.to_string();
        let mut lines = self.lines.clone();
        for change in changes {
            match change.range {
                Some(range) => {
                    let range = lines.offsets(&text, range, encoding);
                    text.replace_range(range.start as usize..range.end as usize, &change.text);
                }
                None => text.clone_from(&change.text),
            }
            lines = Lines::new(&text);
        }
        Self { uri: self.uri.clone(), version, text: text.into(), lines }
    }

    /// Whether a document without a file may be a source: the compiler's path of one is its whole name.
    pub(crate) fn is_ordain(&self, path: &str) -> bool {
        self.uri.scheme().as_str() == "untitled" && path == self.uri.as_str()
    }
}

/// The open documents by the compiler's paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents(BTreeMap<SmolStr, Arc<Document>>);

impl Documents {
    pub(crate) fn get(&self, path: &str) -> Option<&Arc<Document>> {
        self.0.get(path)
    }

    pub(crate) fn contains(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&SmolStr, &Arc<Document>)> {
        self.0.iter()
    }

    pub(super) fn insert(&mut self, path: SmolStr, document: Arc<Document>) {
        self.0.insert(path, document);
    }

    pub(super) fn remove(&mut self, path: &str) -> Option<Arc<Document>> {
        self.0.remove(path)
    }
}
