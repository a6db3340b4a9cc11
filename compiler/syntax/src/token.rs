//! Tokens: what a text is cut into.

mod kind;
mod words;

use ordain_diagnostics::TextRange;

pub use kind::TokenKind;
pub use words::{CONTEXTUAL_WORDS, RESERVED_WORDS};

/// What else is known of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenFlags(u8);

impl TokenFlags {
    /// A line break stands before it.
    pub const NEWLINE: Self = Self(1);
    /// It stands in the first column of its line.
    pub const COLUMN_0: Self = Self(2);
    /// Doc comments stand before it.
    pub const DOCUMENTED: Self = Self(4);
    /// The lexer has reported something about it.
    pub const REPORTED: Self = Self(8);
    /// It is not in the text: it was added to mend it.
    pub const VIRTUAL: Self = Self(16);
    /// It stands after a delimiter of its line that is never closed, so that nobody knows what it belongs to.
    pub const UNCLOSED: Self = Self(32);

    /// Whether all of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// With `other` set, too.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// What else is known of it.
    pub flags: TokenFlags,
    /// Its place.
    pub range: TextRange,
}

impl Token {
    /// Its spelling in the text it was cut from.
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.range.start as usize..self.range.end as usize).unwrap_or_default()
    }

    /// Whether a line break stands before it.
    pub const fn on_new_line(&self) -> bool {
        self.flags.has(TokenFlags::NEWLINE)
    }
}
