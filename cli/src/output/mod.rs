//! Presentation.

pub(crate) mod approvals;
pub(crate) mod coverage;
pub(crate) mod findings;
pub(crate) mod places;
pub(crate) mod progress;
mod running;
mod sarif;

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::path::Path;

use ordain_graph::Value;
use ordain_views::Terminal;

/// Writes to a file, all or nothing, or to the standard output. A reader that goes away is no failure.
pub(crate) fn write(file: Option<&Path>, bytes: &[u8]) -> io::Result<()> {
    match file {
        Some(path) => {
            let named = |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
            // What a link leads to is replaced, not the link.
            let path = &path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
            // A pipe or a device is written to; nothing takes its place.
            if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
                let opened = std::fs::OpenOptions::new().write(true).open(path);
                return opened.and_then(|mut file| file.write_all(bytes)).map_err(named);
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let partial = folder.join(format!(".{name}.{}", std::process::id()));
            let done = std::fs::write(&partial, bytes)
                .and_then(|()| match std::fs::metadata(path) {
                    Ok(before) => std::fs::set_permissions(&partial, before.permissions()),
                    Err(_) => Ok(()),
                })
                .and_then(|()| std::fs::rename(&partial, path));
            if done.is_err() {
                let _ = std::fs::remove_file(&partial);
            }
            done.map_err(named)
        }
        None => match anstream::stdout().lock().write_all(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        },
    }
}

/// Tells people how something goes, on the standard error. A terminal that is gone does not end what was begun.
pub(crate) fn tell(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Prints JSON.
pub(crate) fn json(value: &serde_json::Value) -> io::Result<()> {
    write(None, format!("{value:#}\n").as_bytes())
}

/// How wide to write, and with colour where the standard output is the target: it takes colour out again where there
/// is none to show it.
pub(crate) fn terminal(to_stdout: bool) -> Terminal {
    let width = match terminal_size::terminal_size_of(io::stdout()) {
        Some((terminal_size::Width(width), _)) if to_stdout => usize::from(width),
        _ => 100,
    };
    Terminal { width, colour: to_stdout }
}

/// How many columns the terminal has that the standard error is.
pub(crate) fn width_of_errors() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(80, |(terminal_size::Width(width), _)| usize::from(width))
}

/// A value for people: as interpolation shows it, or as JSON where it has no text.
pub(crate) fn value(value: &Value) -> String {
    ordain_graph::display(value).unwrap_or_else(|_| value.to_json().to_string())
}

/// Text of others within a line: without what would end the line or steer a terminal. What a document says must not look
/// like what the command says.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    let ends = |c: char| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
    if !text.contains(|c: char| c.is_control() || ends(c)) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|c| {
            if ends(c) {
                '⏎'
            } else if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect::<String>()
        .into()
}

/// An XML document without the characters that none may hold, however they are written (XML 1.0, production 2).
pub(crate) fn xml(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
