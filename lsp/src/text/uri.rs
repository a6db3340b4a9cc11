//! The paths of the compiler's files as the protocol's names for documents.

use std::path::Path;

use tower_lsp::ls_types::Uri;

/// The compiler's path for a document: that of its file, or the name itself for one without a file.
pub(crate) fn path_of(uri: &Uri) -> String {
    if uri.scheme().as_str() == "file"
        && let Some(path) = uri.to_file_path()
    {
        return path.to_string_lossy().replace('\\', "/");
    }
    uri.as_str().to_owned()
}

/// The document's name for one of the compiler's paths.
pub(crate) fn uri_of(path: &str) -> Option<Uri> {
    if Path::new(path).is_absolute() { Uri::from_file_path(path) } else { path.parse().ok() }
}
