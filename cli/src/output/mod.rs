//! Presentation.

pub(crate) mod findings;
pub(crate) mod plan;
pub(crate) mod progress;
mod sarif;

use std::io::{self, Write as _};
use std::path::Path;

use ordain_graph::Value;

/// Writes to a file, all or nothing, or to the standard output. A reader that goes away is no failure.
pub(crate) fn write(file: Option<&Path>, bytes: &[u8]) -> io::Result<()> {
    match file {
        Some(path) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let partial = folder.join(format!(".{name}.{}", std::process::id()));
            let done = std::fs::write(&partial, bytes).and_then(|()| std::fs::rename(&partial, path));
            if done.is_err() {
                let _ = std::fs::remove_file(&partial);
            }
            done
        }
        None => match anstream::stdout().lock().write_all(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        },
    }
}

/// A value for people: as interpolation shows it, or as JSON where it has no text.
pub(crate) fn value(value: &Value) -> String {
    ordain_graph::display(value).unwrap_or_else(|_| value.to_json().to_string())
}
