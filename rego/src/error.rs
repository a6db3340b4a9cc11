//! What can go wrong with a policy, and where.

use std::fmt;

/// A place in a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path of the file, as it was given to [`Bundle::parse`](crate::Bundle::parse).
    pub path: String,
    /// The line, counted from one.
    pub line: u32,
    /// The column, counted from one, in characters.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// Which of the things that can go wrong did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegoErrorKind {
    /// A text that is no Rego, or Rego of the other version.
    Syntax,
    /// Modules that do not fit together.
    Compile,
    /// A rule that failed: it calls a function that does not exist here, needs itself, has a variable that nothing
    /// binds, or gives two values where one is allowed.
    Evaluation,
    /// A rule that gives something which is no finding.
    Result,
    /// A rule that took more steps, space or depth than it may.
    Limit,
    /// The interpreter failed in a way that is its own fault.
    Internal,
}

/// A policy that gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct RegoError {
    /// What went wrong.
    pub kind: RegoErrorKind,
    /// Where: the expression, or the rule that was being evaluated. None where the interpreter does not tell.
    pub place: Option<Place>,
    /// What is wrong: one sentence without a full stop.
    pub message: String,
}

impl fmt::Display for RegoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl RegoError {
    pub(crate) fn new(kind: RegoErrorKind, place: Option<Place>, message: impl Into<String>) -> Self {
        Self { kind, place, message: message.into() }
    }

    /// Reads what the interpreter says. Its messages quote the source: an arrow with the place, the line, a caret below
    /// it, and then the sentence.
    pub(crate) fn from_interpreter(kind: RegoErrorKind, error: &anyhow::Error, fallback: Option<Place>) -> Self {
        let text = error.to_string();
        let place = text.lines().find_map(|line| place(line.strip_prefix("--> ")?));
        let message = text
            .lines()
            .rev()
            .find_map(|line| line.split_once("error: ").map(|(_, message)| message))
            .unwrap_or_else(|| text.trim());
        let message = message.lines().next().unwrap_or_default().trim().trim_end_matches('.');
        let message = match message.strip_prefix("could not find function ") {
            Some(name) => format!("there is no function `{name}` here"),
            None => message.to_owned(),
        };
        Self { kind, place: place.or(fallback), message }
    }
}

/// `path:line:column`; the path may hold colons of its own.
fn place(text: &str) -> Option<Place> {
    let mut parts = text.trim_end().rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some(Place { path: parts.next()?.to_owned(), line, column })
}

#[cfg(test)]
mod tests {
    use super::{RegoError, RegoErrorKind};

    #[test]
    fn reads_the_place_and_the_sentence() {
        let said =
            anyhow::anyhow!("\n--> a:b.rego:12:3\n   |\n12 | x := y\n   |   ^\nerror: could not find function f");
        let error = RegoError::from_interpreter(RegoErrorKind::Evaluation, &said, None);
        assert_eq!(error.to_string(), "a:b.rego:12:3: there is no function `f` here");
    }
}
