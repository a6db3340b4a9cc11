//! Secrets: where their contents come from, and the one type that holds such a content.
//!
//! A content is never shown: not by `Debug`, not in an error, not in an event, not in the journal.

mod environment;

pub use environment::EnvironmentSecrets;

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// The content of a secret. It shows itself as `***` and is overwritten when it is dropped.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes a content.
    pub fn new(content: String) -> Self {
        Self(Zeroizing::new(content))
    }

    /// The content itself, for the hand that needs it. Do not keep it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why a source does not give a secret. Holds no content.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SecretError {
    /// The source does not have it.
    #[error("not found: {0}")]
    Missing(String),
    /// The source has it, but it is not text.
    #[error("not UTF-8 text: {0}")]
    NotText(String),
    /// It is so short that it could not be kept out of what steps print without garbling that.
    #[error("too short: a secret has at least {least} characters")]
    TooShort {
        /// How many it has at least.
        least: usize,
    },
    /// The source could not be asked.
    #[error("{0}")]
    Unavailable(String),
}

/// Where contents of secrets come from.
pub trait SecretSource: Sync {
    /// The content of the secret of that name, such as `shop/database-password`.
    ///
    /// # Errors
    /// The source does not have it or cannot be asked.
    fn resolve(&self, name: &str) -> Result<SecretText, SecretError>;

    /// Whether a secret is answered for only by asking what costs something or may have effects, such as a command. It is
    /// asked for just before the first step that needs it then, else before the first step of all. Costs nothing itself.
    fn is_deferred(&self, name: &str) -> bool {
        let _ = name;
        false
    }
}

/// Secrets held in memory, for programs that embed the interpreter and for tests.
#[derive(Clone, Debug, Default)]
pub struct MemorySecrets(BTreeMap<String, SecretText>);

impl MemorySecrets {
    /// Secrets by name.
    pub fn new(secrets: impl IntoIterator<Item = (String, SecretText)>) -> Self {
        Self(secrets.into_iter().collect())
    }
}

impl SecretSource for MemorySecrets {
    fn resolve(&self, name: &str) -> Result<SecretText, SecretError> {
        self.0.get(name).cloned().ok_or_else(|| SecretError::Missing(format!("there is no secret `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_does_not_show_itself() {
        let secret = SecretText::new("hunter2".into());
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
