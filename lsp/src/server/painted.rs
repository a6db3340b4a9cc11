//! The semantic tokens that clients have, so that they are told only what became of them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tower_lsp::ls_types::{SemanticToken, Uri};

/// Of how many documents they are kept.
const MOST: usize = 32;

/// The tokens of the documents that were asked for last.
#[derive(Debug, Default)]
pub(super) struct Painted(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    documents: VecDeque<(Uri, String, Vec<SemanticToken>)>,
}

impl Painted {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // What a thread that panicked left behind is whole: nothing in between can fail.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the tokens of a document in the place of older ones; gives their name.
    pub(super) fn keep(&self, uri: Uri, tokens: Vec<SemanticToken>) -> String {
        let mut kept = self.kept();
        kept.next += 1;
        let id = kept.next.to_string();
        kept.documents.retain(|(known, ..)| *known != uri);
        kept.documents.push_back((uri, id.clone(), tokens));
        if kept.documents.len() > MOST {
            kept.documents.pop_front();
        }
        id
    }

    /// Gives the tokens of that name, and keeps them no longer.
    pub(super) fn take(&self, uri: &Uri, id: &str) -> Option<Vec<SemanticToken>> {
        let mut kept = self.kept();
        let at = kept.documents.iter().position(|(known, name, _)| known == uri && name == id)?;
        kept.documents.remove(at).map(|(.., tokens)| tokens)
    }
}
