//! The lines of a text, with their places.

/// A line without the line feed, or carriage return and line feed, that ends it.
#[derive(Clone, Copy)]
pub(crate) struct Line<'t> {
    /// The offset of its first byte in the text.
    pub(crate) start: usize,
    pub(crate) text: &'t str,
}

impl<'t> Line<'t> {
    /// The offset behind its last byte.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// The part from the `at`th byte of the line on.
    pub(crate) fn from(self, at: usize) -> Self {
        Self { start: self.start + at, text: &self.text[at..] }
    }

    /// The part before the `at`th byte of the line.
    pub(crate) fn before(self, at: usize) -> Self {
        Self { text: &self.text[..at], ..self }
    }

    /// The line without the space at both ends.
    pub(crate) fn trim(self) -> Self {
        let end = self.before(self.text.trim_end().len());
        end.from(end.text.len() - end.text.trim_start().len())
    }
}

/// The lines of what follows the first `skipped` bytes of a text. A last line that is empty is none.
pub(crate) fn lines(text: &str, skipped: usize) -> impl Iterator<Item = Line<'_>> {
    let mut start = skipped;
    text[skipped..].split_inclusive('\n').map(move |whole| {
        let line = Line { start, text: whole.strip_suffix("\r\n").or(whole.strip_suffix('\n')).unwrap_or(whole) };
        start += whole.len();
        line
    })
}
