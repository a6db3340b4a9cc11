//! What is wrong with a text.

use ordain_diagnostics::{Code, TextRange};

/// A finding of the lexer or the parser. It names no file; whoever parses knows that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The code.
    pub code: Code,
    /// Where.
    pub range: TextRange,
    /// What is wrong.
    pub message: String,
    /// What to say at the place.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Other places.
    pub related: Vec<(TextRange, String)>,
    /// A change that would settle it: title, range, new text, whether it may be applied unasked.
    pub fix: Option<(String, TextRange, String, bool)>,
}

impl SyntaxError {
    /// A finding at a place.
    pub fn new(code: Code, range: TextRange, message: impl Into<String>) -> Self {
        Self { code, range, message: message.into(), label: None, help: None, related: Vec::new(), fix: None }
    }

    /// Says something at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, range: TextRange, message: impl Into<String>) -> Self {
        self.related.push((range, message.into()));
        self
    }

    /// Adds a change that would settle it.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, range: TextRange, text: impl Into<String>, safe: bool) -> Self {
        self.fix = Some((title.into(), range, text.into(), safe));
        self
    }
}
