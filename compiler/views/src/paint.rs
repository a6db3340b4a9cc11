//! Colour for terminals, or none.

/// Where text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// The columns of the terminal. Less than 40 counts as 40.
    pub width: usize,
    /// Whether to use colour (ANSI escape sequences).
    pub colour: bool,
}

impl Default for Terminal {
    /// 80 columns without colour.
    fn default() -> Self {
        Self { width: 80, colour: false }
    }
}

impl Terminal {
    /// The columns that lines may take.
    pub(crate) fn columns(&self) -> usize {
        self.width.max(40)
    }
}

/// How a piece of text looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Plain,
    Strong,
    Faint,
    Good,
    Notice,
    Warning,
    Danger,
}

impl Look {
    /// The parameters of the escape sequence SGR (ECMA-48, 8.3.117).
    const fn sgr(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Notice => "36",
            Self::Warning => "33",
            Self::Danger => "1;31",
        }
    }
}

/// Lines of text, with or without colour.
pub(crate) struct Painter {
    out: String,
    colour: bool,
}

impl Painter {
    pub(crate) fn new(colour: bool) -> Self {
        Self { out: String::new(), colour }
    }

    /// Adds text, which holds no control characters.
    pub(crate) fn put(&mut self, look: Look, text: &str) {
        if self.colour && look != Look::Plain && !text.trim().is_empty() {
            self.out.extend(["\x1b[", look.sgr(), "m", text, "\x1b[0m"]);
        } else {
            self.out.push_str(text);
        }
    }

    /// Adds text and blanks behind it, up to a number of columns.
    pub(crate) fn cell(&mut self, look: Look, text: &str, columns: usize) {
        self.put(look, text);
        let used = crate::names::columns(text);
        self.out.extend(std::iter::repeat_n(' ', columns.saturating_sub(used)));
    }

    /// Ends the line, without blanks at its end.
    pub(crate) fn line(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }
}
