//! The vault: the secrets of one execution, in memory only, and the blotting out of their contents in texts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, RwLock};

use smol_str::SmolStr;
use zeroize::Zeroizing;

use crate::secret::SecretText;

/// What stands where a secret was.
const BLOT: &str = "***";

/// Lines of a secret of several lines are blotted out on their own from this length on; shorter ones (brackets, empty
/// lines) say nothing and would garble everything.
const LEAST_LINE: usize = 4;

/// The secrets of one execution. Emptied and overwritten when it is dropped.
#[derive(Default)]
pub(crate) struct Vault {
    state: RwLock<State>,
    /// Held by whoever asks for what is promised, so that nothing is asked for twice.
    asking: Mutex<()>,
}

#[derive(Default)]
struct State {
    contents: BTreeMap<SmolStr, SecretText>,
    /// Secrets that are asked for when they are needed.
    promised: BTreeSet<SmolStr>,
    /// Texts to blot out: contents, their lines, and their forms inside JSON strings.
    patterns: Vec<Zeroizing<String>>,
}

impl Vault {
    pub(crate) fn insert(&self, name: SmolStr, content: SecretText) {
        let mut patterns = vec![content.expose().to_owned(), content.expose().trim().to_owned()];
        let lines = content.expose().lines().map(str::trim).filter(|line| line.len() >= LEAST_LINE);
        patterns.extend(lines.map(str::to_owned));
        patterns.extend(token(content.expose()).map(str::to_owned));
        let escaped = patterns.iter().map(|pattern| in_json(pattern)).collect::<Vec<_>>();
        patterns.extend(escaped);
        // A poisoned lock means a panic elsewhere; the map itself is whole, insertion does not panic halfway.
        let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for pattern in patterns.into_iter().map(Zeroizing::new) {
            if !pattern.is_empty() && !state.patterns.contains(&pattern) {
                state.patterns.push(pattern);
            }
        }
        state.promised.remove(&name);
        state.contents.insert(name, content);
    }

    /// A secret whose content is asked for when it is needed.
    pub(crate) fn promise(&self, name: SmolStr) {
        self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner).promised.insert(name);
    }

    fn is_promised(&self, name: &str) -> bool {
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner).promised.contains(name)
    }

    /// Whether the content of a secret is here, or can be asked for.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let state = self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.contents.contains_key(name) || state.promised.contains(name)
    }

    /// Asks for those of the secrets that are promised still, one after the other. From then on they are blotted out. One
    /// that is not given stays promised.
    ///
    /// # Errors
    /// That of the first one that is not given.
    pub(crate) fn fetch<E>(&self, names: &[SmolStr], ask: impl Fn(&SmolStr) -> Result<SecretText, E>) -> Result<(), E> {
        for name in names.iter().filter(|name| self.is_promised(name)) {
            let _alone = self.asking.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // Another step may have asked for it meanwhile.
            if self.is_promised(name) {
                self.insert(name.clone(), ask(name)?);
            }
        }
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<SecretText> {
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner).contents.get(name).cloned()
    }

    /// The length of the longest text that [`Vault::redact`] looks for, in bytes.
    pub(crate) fn longest(&self) -> usize {
        let state = self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.patterns.iter().map(|pattern| pattern.len()).max().unwrap_or(0)
    }

    /// The text with every content blotted out, also where contents overlap.
    pub(crate) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.redact_up_to(text, text.len())
    }

    /// The text before a position, with every content blotted out that begins there, also where it ends later.
    pub(crate) fn redact_up_to<'t>(&self, text: &'t str, limit: usize) -> Cow<'t, str> {
        let limit = text.floor_char_boundary(limit);
        let state = self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut found: Vec<(usize, usize)> = Vec::new();
        for pattern in &state.patterns {
            let mut from = 0;
            while let Some(at) = text.get(from..).and_then(|rest| rest.find(pattern.as_str())) {
                let start = from + at;
                found.push((start, start + pattern.len()));
                from = start + text[start..].chars().next().map_or(1, char::len_utf8);
            }
        }
        found.retain(|(start, _)| *start < limit);
        if found.is_empty() {
            return Cow::Borrowed(&text[..limit]);
        }
        found.sort_unstable();
        let mut out = String::with_capacity(limit);
        let mut done = 0;
        for (start, end) in found {
            if start >= done {
                out.push_str(&text[done..start]);
                out.push_str(BLOT);
            }
            done = done.max(end);
        }
        out.push_str(text.get(done..limit).unwrap_or_default());
        Cow::Owned(out)
    }
}

/// The text as it stands between the quotes of a JSON string.
fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The shortest token that is blotted out without what stands before it: shorter ones may be words of the text.
const LEAST_TOKEN: usize = 6;

/// What follows the scheme in credentials such as `Bearer …` (RFC 9110, 11.4): others may have it without.
fn token(content: &str) -> Option<&str> {
    let (scheme, token) = content.trim().split_once(' ')?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_scheme && token.len() >= LEAST_TOKEN && !token.contains(char::is_whitespace)).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(contents: &[&str]) -> Vault {
        let vault = Vault::default();
        for (index, content) in contents.iter().enumerate() {
            vault.insert(index.to_string().into(), SecretText::new((*content).into()));
        }
        vault
    }

    #[test]
    fn contents_are_blotted_out() {
        let vault = vault(&["hunter2", "line one\n  line two\n", "a\"b"]);
        assert_eq!(vault.redact("nothing here"), "nothing here");
        assert_eq!(vault.redact("hunter2 and hunter2hunter2"), "*** and ******");
        assert_eq!(vault.redact("> line two"), "> ***");
        assert_eq!(vault.redact(r#"{"x":"a\"b"}"#), r#"{"x":"***"}"#);
    }

    #[test]
    fn overlapping_contents_leave_no_rest() {
        assert_eq!(vault(&["abcd", "cdef"]).redact("xabcdefy"), "x***y");
        assert_eq!(vault(&["aaa"]).redact("aaaaa"), "***");
        assert_eq!(vault(&["éé"]).redact("éééx"), "***x");
    }

    #[test]
    fn a_content_across_the_limit_is_blotted_out() {
        assert_eq!(vault(&["hunter2"]).redact_up_to("my hunter2 is", 5), "my ***");
        assert_eq!(vault(&["hunter2"]).redact_up_to("my hunter2 is", 3), "my ");
    }

    #[test]
    fn an_empty_secret_blots_nothing() {
        assert_eq!(vault(&[""]).redact("text"), "text");
    }

    proptest::proptest! {
        #[test]
        fn no_content_survives(contents in proptest::collection::vec("[ab]{2,4}", 1..4), text in "[abc]{0,40}") {
            let contents: Vec<&str> = contents.iter().map(String::as_str).collect();
            let vault = vault(&contents);
            let redacted = vault.redact(&text);
            for content in contents {
                proptest::prop_assert!(!redacted.contains(content));
            }
        }
    }
}
