//! What is wrong, as the client knows it: told once, and again only where it is something else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ordain_compiler::SourceFile;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tower_lsp::ls_types::{Diagnostic, Uri};

use super::{Client, Message, Outbox};

/// From which look a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Look {
    /// At the file.
    File,
    /// At the sources that read it.
    Data,
    /// At packages as a whole.
    Package,
    /// At the plans of the file.
    Plans,
}

#[derive(Debug, Default)]
struct Known {
    looks: BTreeMap<Look, (u64, Vec<Diagnostic>)>,
    /// What the client was told last.
    told: Option<Vec<Diagnostic>>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<SmolStr, Known>,
    pull: bool,
}

/// What is wrong with every file.
#[derive(Clone, Debug)]
pub(crate) struct Publisher {
    state: Arc<Mutex<State>>,
    outbox: Outbox,
}

/// A file's diagnostics that were found at one moment.
pub(crate) struct Found {
    /// The compiler's path.
    pub(crate) path: SmolStr,
    /// The client's name.
    pub(crate) uri: Uri,
    /// The version of the open document.
    pub(crate) version: Option<i32>,
    /// What was found.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Publisher {
    pub(super) fn new(outbox: Outbox) -> Self {
        Self { state: Arc::default(), outbox }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // What a thread that panicked left behind is whole: every change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn introduce(&self, client: &Client) {
        self.state().pull = client.pull;
    }

    /// Takes over what one look found at a moment; older looks change nothing.
    pub(crate) fn found(&self, look: Look, moment: u64, found: Found) {
        let mut state = self.state();
        let pull = state.pull;
        let known = state.files.entry(found.path).or_default();
        let slot = known.looks.entry(look).or_default();
        if slot.0 > moment {
            return;
        }
        *slot = (moment, found.diagnostics);
        let all: Vec<Diagnostic> = known.looks.values().flat_map(|(_, found)| found.iter().cloned()).collect();
        let news = match &known.told {
            Some(told) => *told != all,
            None => !all.is_empty() || found.version.is_some(),
        };
        if !news {
            return;
        }
        known.told = Some(all.clone());
        if pull {
            self.outbox.send(Message::RefreshDiagnostics);
        } else {
            self.outbox.send(Message::Diagnostics(found.uri, all, found.version));
        }
    }

    /// Says of every file that a look at everything found nothing in, that it found nothing.
    pub(crate) fn rest(
        &self,
        look: Look,
        moment: u64,
        seen: &FxHashMap<SmolStr, Found>,
        uri: impl Fn(&str) -> Option<Uri>,
    ) {
        let stale: Vec<SmolStr> = {
            let state = self.state();
            let left = state.files.iter().filter(|(path, known)| {
                !seen.contains_key(*path) && known.looks.get(&look).is_some_and(|(_, found)| !found.is_empty())
            });
            left.map(|(path, _)| path.clone()).collect()
        };
        for path in stale {
            if let Some(uri) = uri(&path) {
                self.found(look, moment, Found { path, uri, version: None, diagnostics: Vec::new() });
            }
        }
    }

    /// What looks at more than a file itself know of it.
    pub(crate) fn of_others(&self, path: &str) -> Vec<Diagnostic> {
        let state = self.state();
        let Some(known) = state.files.get(path) else { return Vec::new() };
        let looks = [Look::Data, Look::Package].iter().filter_map(|look| known.looks.get(look));
        looks.flat_map(|(_, found)| found.iter().cloned()).collect()
    }

    /// Everything that is wrong with any file.
    pub(crate) fn everything(&self) -> Vec<(SmolStr, Vec<Diagnostic>)> {
        let state = self.state();
        let all = |known: &Known| known.looks.values().flat_map(|(_, found)| found.iter().cloned()).collect();
        state.files.iter().map(|(path, known)| (path.clone(), all(known))).collect()
    }

    /// The client has closed a file; it is told again what is wrong with it.
    pub(super) fn closed(&self, path: &str) {
        if let Some(known) = self.state().files.get_mut(path) {
            known.looks.remove(&Look::Plans);
            known.told.get_or_insert_default();
        }
    }

    /// A file is gone, and what was wrong with it.
    pub(super) fn gone(&self, path: &str) {
        let known = self.state().files.remove(path);
        if let (Some(Known { told: Some(told), .. }), Some(uri)) = (known, crate::text::uri_of(path))
            && !told.is_empty()
        {
            self.outbox.send(Message::Diagnostics(uri, Vec::new(), None));
        }
    }

    /// Forgets files that are in no package any more.
    pub(super) fn forget_others(&self, files: &FxHashMap<SmolStr, SourceFile>) {
        let others: Vec<SmolStr> = {
            let state = self.state();
            let sources = state.files.keys().filter(|path| path.ends_with(".ord"));
            sources.filter(|path| !files.contains_key(*path)).cloned().collect()
        };
        others.iter().for_each(|path| self.gone(path));
    }
}
