//! What is wrong with a text.

use std::ops::{Deref, DerefMut};

use ordain_diagnostics::{Code, Severity, TextRange, codes};

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

    /// Whether it is an error and no warning.
    pub fn is_error(&self) -> bool {
        self.code.entry().severity == Severity::Error
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

/// How many findings one text gets at most, so that a text of nothing but mistakes does not use up the memory.
pub const MAX_FINDINGS: usize = 10_000;

/// The findings of one text, up to [`MAX_FINDINGS`].
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<SyntaxError>);

impl Findings {
    /// Adds a finding, unless there are too many.
    pub(crate) fn push(&mut self, error: SyntaxError) {
        if !self.is_full() {
            self.0.push(error);
        }
    }

    /// Whether more are left out.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MAX_FINDINGS
    }

    /// Adds findings, unless there are too many.
    pub(crate) fn extend(&mut self, errors: impl IntoIterator<Item = SyntaxError>) {
        let room = MAX_FINDINGS.saturating_sub(self.0.len());
        self.0.extend(errors.into_iter().take(room));
    }

    /// The findings in the order of the text; the last one says if there may be more.
    pub(crate) fn in_order(mut self) -> Vec<SyntaxError> {
        self.0.sort_by_key(|error| error.range.start);
        if let Some(last) = self.0.last().filter(|_| self.is_full()) {
            let message = format!("there are more than {MAX_FINDINGS} findings; the others are left out");
            let error = SyntaxError::new(codes::UNEXPECTED_TOKEN, last.range, message);
            self.0.push(error.help("correct these first"));
        }
        self.0
    }
}

impl Deref for Findings {
    type Target = [SyntaxError];

    fn deref(&self) -> &[SyntaxError] {
        &self.0
    }
}

impl DerefMut for Findings {
    fn deref_mut(&mut self) -> &mut [SyntaxError] {
        &mut self.0
    }
}
