//! What is wrong with a text, and where.

use ordain_diagnostics::TextRange;

/// The first fault of a text. A text with a fault gives no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DataError {
    /// The place of the fault; empty where something is missing.
    pub range: TextRange,
    /// What is wrong: one sentence without a full stop.
    pub message: String,
    /// Another place the message is about.
    pub related: Option<Related>,
}

/// A second place of a [`DataError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub range: TextRange,
    /// What it is, such as `first given here`.
    pub message: &'static str,
}

/// How the readers pass a fault on: boxed, so that a value that is no fault stays small.
pub(crate) type Fault = Box<DataError>;

/// A fault at a place.
#[cold]
pub(crate) fn fault(range: TextRange, message: impl Into<String>) -> Fault {
    Box::new(DataError { range, message: message.into(), related: None })
}

/// A key, or what else `what` is, that is given already.
#[cold]
pub(crate) fn given_twice(what: &str, name: &str, second: TextRange, first: Option<TextRange>) -> Fault {
    let related = first.map(|range| Related { range, message: "first given here" });
    Box::new(DataError { range: second, message: format!("the {what} {} is given twice", quoted(name)), related })
}

/// A list or a map inside so many others that reading it stops.
#[cold]
pub(crate) fn too_deep(range: TextRange) -> Fault {
    fault(range, format!("lists and maps are nested more than {} deep", crate::MAX_DEPTH))
}

/// A name in backquotes, shortened if it is long, with a number in place of what cannot be seen.
pub(crate) fn quoted(name: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown = String::new();
    for c in name.chars().take(SHOWN) {
        if is_hidden(c) {
            shown.push_str(&format!("U+{:04X}", c as u32));
        } else {
            shown.push(c);
        }
    }
    if name.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Whether a character cannot be seen, or changes how others are seen.
fn is_hidden(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    invisible || c.is_control() || (c.is_whitespace() && c != ' ')
}
