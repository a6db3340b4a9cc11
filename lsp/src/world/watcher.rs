//! Watching files, for clients that do not.

use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tower_lsp::ls_types::{FileChangeType, FileEvent};

use super::World;
use crate::text::uri_of;

impl World {
    /// Watches the client's folders, where it cannot do so itself.
    pub(super) fn watch(&mut self) {
        self.watcher = None;
        if self.client.watches {
            return;
        }
        let queue = self.queue.clone();
        let folders = self.folders.clone();
        let told = move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            let Some(kind) = kind(event.kind) else { return };
            let named = event.paths.iter().filter(|path| !hidden(path, &folders));
            let paths = named.filter_map(|path| uri_of(&path.to_string_lossy()));
            let events: Vec<FileEvent> = paths.map(|uri| FileEvent { uri, typ: kind }).collect();
            if !events.is_empty() {
                queue.put(move |world| world.watched(events));
            }
        };
        // Links may lead to folders without end.
        let Ok(mut watcher) = RecommendedWatcher::new(told, Config::default().with_follow_symlinks(false)) else {
            return self.outbox.warn("files cannot be watched; what changes on disk shows once it is opened".into());
        };
        for folder in &self.folders {
            if let Err(error) = watcher.watch(folder.as_ref(), RecursiveMode::Recursive) {
                self.outbox.warn(format!("`{folder}` cannot be watched: {error}"));
            }
        }
        self.watcher = Some(watcher);
    }
}

fn kind(kind: EventKind) -> Option<FileChangeType> {
    match kind {
        EventKind::Create(_) => Some(FileChangeType::CREATED),
        EventKind::Remove(_) => Some(FileChangeType::DELETED),
        EventKind::Modify(_) | EventKind::Any | EventKind::Other => Some(FileChangeType::CHANGED),
        EventKind::Access(_) => None,
    }
}

/// Whether a path lies in a hidden folder of those that are watched, such as that of git.
fn hidden(path: &std::path::Path, folders: &[String]) -> bool {
    let below = folders.iter().find_map(|folder| path.strip_prefix(folder).ok()).unwrap_or(path);
    below.iter().any(|part| part.to_string_lossy().starts_with('.'))
}
