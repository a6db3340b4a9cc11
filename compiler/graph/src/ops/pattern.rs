//! Regular expressions, matched against texts in time linear in the text.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, Look};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::OpError;

/// The most memory a compiled expression may take.
const SIZE_LIMIT: usize = 1 << 20;

/// Compiled regular expressions. A caller that evaluates much keeps one, so that each is compiled once. Clones share
/// what they hold.
#[derive(Clone, Default)]
pub struct Patterns {
    compiled: Arc<RwLock<Compiled>>,
}

/// Expressions by what they are matched against, and by their text; nothing for what is none.
type Compiled = [FxHashMap<SmolStr, Option<Arc<Regex>>>; 2];

/// What an expression is matched against.
#[derive(Clone, Copy)]
enum Against {
    /// Whole texts.
    Whole = 0,
    /// Parts of them.
    Parts = 1,
}

/// A regular expression that was compiled, and is matched against whole texts. Clones share it.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Regex>);

impl Pattern {
    /// Whether it matches the whole of a text.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl Patterns {
    /// An expression, compiled; nothing where it is none, or too large.
    pub fn pattern(&self, pattern: &str) -> Option<Pattern> {
        self.get(pattern, Against::Whole).map(Pattern)
    }

    /// Whether an expression matches the whole of a text. The text of [`OpError::Pattern`] is the expression.
    pub(crate) fn matches(&self, pattern: &str, text: &str) -> Result<bool, OpError> {
        match self.get(pattern, Against::Whole) {
            Some(regex) => Ok(regex.is_match(text)),
            None => Err(OpError::Pattern(pattern.into())),
        }
    }

    /// The first part of a text that an expression matches. The text of [`OpError::Pattern`] is the expression.
    pub(crate) fn find<'t>(&self, pattern: &str, text: &'t str) -> Result<Option<&'t str>, OpError> {
        match self.get(pattern, Against::Parts) {
            Some(regex) => Ok(regex.find(text).map(|found| found.as_str())),
            None => Err(OpError::Pattern(pattern.into())),
        }
    }

    /// Whether an expression is one, and small enough to be compiled.
    pub fn compiles(&self, pattern: &str) -> bool {
        self.get(pattern, Against::Whole).is_some()
    }

    /// Shared, not cloned: a clone of an expression starts with an empty cache of its own.
    fn get(&self, pattern: &str, against: Against) -> Option<Arc<Regex>> {
        // A poisoned lock means a panic elsewhere; what the map holds is whole all the same.
        let known =
            self.compiled.read().unwrap_or_else(PoisonError::into_inner)[against as usize].get(pattern).cloned();
        known.unwrap_or_else(|| {
            let regex = compile(pattern, against).map(Arc::new);
            let mut compiled = self.compiled.write().unwrap_or_else(PoisonError::into_inner);
            compiled[against as usize].entry(pattern.into()).or_insert(regex).clone()
        })
    }
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compiled = self.compiled.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Patterns({})", compiled.iter().map(FxHashMap::len).sum::<usize>())
    }
}

/// Anchored at both ends by its meaning: wrapping its text would let `a)|(b` or a trailing comment out of the anchors.
fn compile(pattern: &str, against: Against) -> Option<Regex> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let hir = match against {
        Against::Whole => Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]),
        Against::Parts => hir,
    };
    RegexBuilder::new(&hir.to_string()).size_limit(SIZE_LIMIT).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_must_match() {
        let patterns = Patterns::default();
        for (pattern, text, expected) in [
            ("[a-z]+", "abc", true),
            ("[a-z]+", "abc1", false),
            ("[a-z]+", "abc\n", false),
            ("a|ab", "ab", true),
            ("(?x) a b # a comment", "ab", true),
            ("(?m)a$", "a\nb", false),
            ("(?i)ABC", "abc", true),
            ("\\d{2}", "٣٤", true),
            ("", "", true),
            ("", "a", false),
            ("(?s).*", "a\nb", true),
            ("^a$", "a", true),
        ] {
            assert_eq!(patterns.matches(pattern, text), Ok(expected), "{pattern} on {text:?}");
        }
        assert_eq!(patterns.find("[0-9]+", "a12b3"), Ok(Some("12")));
        assert_eq!(patterns.find("^[0-9]+", "a12"), Ok(None));
        assert_eq!(patterns.find("(", "a"), Err(OpError::Pattern("(".into())));
        for wrong in ["a)|(b", "(", "a{1000}{1000}", "[z-a]", "(?<x"] {
            assert_eq!(patterns.matches(wrong, "a"), Err(OpError::Pattern(wrong.into())));
        }
    }
}
