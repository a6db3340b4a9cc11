//! The formatter: one style, no options.
//!
//! It prints the tree anew and puts the comments of the token stream back to where they stood. It never changes what a
//! text says: strings and numbers are copied, the tree stays the same but for the order and grouping of imports, and
//! no comment is lost. It owns no grammar: what the tree does not show, such as whether a list had brackets, it asks
//! of the tokens.

mod blocks;
mod chains;
mod doc;
mod exprs;
mod file;
mod items;
mod layout;
mod parentheses;
mod plans;
mod policies;
mod source;
mod types;
mod uses;

use std::borrow::Cow;

use ordain_diagnostics::Severity;

use self::source::Source;
use crate::{SyntaxError, lex, parse};

/// Why a text was not formatted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text has {} syntax error{}", errors.len(), if errors.len() == 1 { "" } else { "s" })]
pub struct FormatError {
    /// What is wrong with the text; at least one. The places are those of the text without its byte order mark and with
    /// line feeds alone, as [`normalize`](crate::format) makes it.
    pub errors: Vec<SyntaxError>,
}

/// The text in the one style. Lines end as most of them do, with a line feed alone or with a carriage return before it: what a
/// checkout makes of them is not the author's doing. A byte order mark is dropped.
///
/// # Errors
///
/// [`FormatError`] if the text has syntax errors; warnings do not matter.
pub fn format(text: &str) -> Result<String, FormatError> {
    let crlf = has_crlf(text);
    let text = normalized(text);
    let parsed = parse(&text);
    let is_error = |error: &SyntaxError| error.code.entry().severity == Severity::Error;
    if parsed.errors.iter().any(is_error) {
        return Err(FormatError { errors: parsed.errors.into_iter().filter(is_error).collect() });
    }
    let source = Source::new(&text, &lex(&text).tokens);
    let formatted = file::print(&source, &parsed.file);
    Ok(if crlf { formatted.replace('\n', "\r\n") } else { formatted })
}

/// Whether most lines of a text end with a carriage return before the line feed.
pub fn has_crlf(text: &str) -> bool {
    let crlf = text.matches("\r\n").count();
    crlf > 0 && crlf * 2 >= text.matches('\n').count()
}

/// The text without a byte order mark and with line feeds alone.
fn normalized(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { text.into() }
}
