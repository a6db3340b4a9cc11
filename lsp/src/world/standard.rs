//! Files of the server's own that editors can open: the sources of the standard library and the pages of the codes.
//!
//! They are inside the binary. What is referred to is written, read-only, to the user's cache, in a folder named after the text of
//! all of it, so that every editor can open it and no version sees another's.

use std::path::PathBuf;
use std::sync::OnceLock;

use etcetera::{BaseStrategy as _, choose_base_strategy};
use ordain_diagnostics::Code;
use sha2::{Digest as _, Sha256};

/// The folder; none where there is no cache.
fn folder() -> Option<&'static PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOLDER.get_or_init(|| {
        let mut digest = Sha256::new();
        for (path, text) in ordain_stdlib::FILES {
            digest.update(path);
            digest.update(text);
        }
        let name: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Some(choose_base_strategy().ok()?.cache_dir().join("ordain").join(format!("sources-{name}")))
    });
    found.as_ref()
}

/// A path that an editor can open, for one of the compiler's: the same, but for the standard library's sources.
pub(crate) fn openable(path: &str) -> Option<String> {
    let Some(inside) = path.strip_prefix("std/") else { return Some(path.to_owned()) };
    let (_, text) = ordain_stdlib::FILES.iter().find(|(known, _)| *known == inside)?;
    written(path, text)
}

/// The path of a code's page.
pub(crate) fn page(code: Code) -> Option<String> {
    written(&format!("codes/{code}.md"), code.entry().page)
}

/// The compiler's path for one that an editor opened.
pub(crate) fn inverse(path: &str) -> String {
    let below = folder().map(|folder| folder.to_string_lossy().replace('\\', "/"));
    match below.and_then(|below| path.strip_prefix(&below)?.strip_prefix('/').map(str::to_owned)) {
        Some(inside) if inside.starts_with("std/") => inside,
        _ => path.to_owned(),
    }
}

/// Writes a file of the cache, unless it is there; whole or not at all.
fn written(name: &str, text: &str) -> Option<String> {
    let path = folder()?.join(name);
    if !path.is_file() {
        let parent = path.parent()?;
        std::fs::create_dir_all(parent).ok()?;
        let fresh = path.with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&fresh, text).ok()?;
        let mut permissions = std::fs::metadata(&fresh).ok()?.permissions();
        permissions.set_readonly(true);
        // An editor that lets it be changed shows something else than what is meant; it is no more than that.
        let _ = std::fs::set_permissions(&fresh, permissions);
        std::fs::rename(&fresh, &path).ok()?;
    }
    Some(path.to_string_lossy().replace('\\', "/"))
}
