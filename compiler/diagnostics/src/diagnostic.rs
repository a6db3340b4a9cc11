//! The shape of one finding.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::Code;

/// A half-open range of byte offsets into one UTF-8 text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TextRange {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just past the last byte.
    pub end: u32,
}

impl TextRange {
    /// The range from `start` up to, not including, `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The smallest range that holds both.
    pub fn cover(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The range moved `by` bytes towards the end of the text.
    pub const fn shift(self, by: u32) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never fails a check.
    Note,
    /// Probably a mistake; can be allowed in the source with a reason.
    Warning,
    /// The package does not compile.
    Error,
}

/// A place in a text, with what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Label {
    /// The text's path as its loader named it: relative to the folder of the check, `/` between parts.
    pub path: SmolStr,
    /// The bytes meant.
    pub range: TextRange,
    /// What to say there; may be empty on the primary label.
    pub message: String,
}

/// Replaces a range of one text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edit {
    /// The text's path, as in [`Label::path`].
    pub path: SmolStr,
    /// The bytes replaced; empty to insert.
    pub range: TextRange,
    /// What stands there afterwards.
    pub text: String,
}

/// A change that would settle the finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fix {
    /// What the change does, as an imperative sentence without a full stop.
    pub title: String,
    /// The edits, which never overlap.
    pub edits: Vec<Edit>,
    /// Whether a machine may apply it unasked: the meaning after it is surely the one intended.
    pub safe: bool,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// How grave it is.
    pub severity: Severity,
    /// One sentence that names what is wrong, with the names involved in backquotes.
    pub message: String,
    /// The place it is about.
    pub primary: Label,
    /// Other places that explain it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Label>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Changes that would settle it, the likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A finding at `range` of `path` with the severity the catalogue gives its code.
    pub fn new(code: Code, path: impl Into<SmolStr>, range: TextRange, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.entry().severity,
            message: message.into(),
            primary: Label { path: path.into(), range, message: String::new() },
            related: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Says `message` at the primary place.
    #[must_use]
    pub fn label(mut self, message: impl Into<String>) -> Self {
        self.primary.message = message.into();
        self
    }

    /// Adds another place that explains the finding.
    #[must_use]
    pub fn related(mut self, path: impl Into<SmolStr>, range: TextRange, message: impl Into<String>) -> Self {
        self.related.push(Label { path: path.into(), range, message: message.into() });
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a fix that replaces `range` of the primary text.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, range: TextRange, text: impl Into<String>, safe: bool) -> Self {
        let edit = Edit { path: self.primary.path.clone(), range, text: text.into() };
        self.fixes.push(Fix { title: title.into(), edits: vec![edit], safe });
        self
    }
}
