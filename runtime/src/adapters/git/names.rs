//! Names that are given to Git: none of them may be taken for an option, a program or another place.

use super::super::{StepContext, StepError};
use crate::reason::Reason;

/// The longest name of a ref or a revision, in bytes.
const LONGEST: usize = 250;

fn refuse<T>(what: &str, name: &str, why: &str) -> Result<T, StepError> {
    Err(StepError::new(Reason::InputMismatch, format!("the {what} `{}` {why}", name.escape_debug())))
}

/// A full name of a ref, such as `refs/heads/main` (git-check-ref-format(1), and stricter).
pub(super) fn reference(name: &str) -> Result<&str, StepError> {
    let short = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/"));
    match short {
        Some(short) => short_name(short).map(|_| name),
        None => refuse("ref", name, "is neither `refs/heads/…` nor `refs/tags/…`"),
    }
}

/// The name of a branch or a tag.
pub(super) fn short_name(name: &str) -> Result<&str, StepError> {
    let plain = |character: char| character.is_alphanumeric() || "._/+-".contains(character);
    let part = |part: &str| {
        !part.is_empty() && !part.starts_with(['.', '-']) && !part.ends_with('.') && !part.ends_with(".lock")
    };
    let sound = name.len() <= LONGEST && name.chars().all(plain) && !name.contains("..") && name.split('/').all(part);
    if sound { Ok(name) } else { refuse("name", name, "is none that Git takes for a branch or a tag") }
}

/// A revision in a repository: a name, or a commit, perhaps with `~` and `^` behind it.
pub(super) fn revision(name: &str) -> Result<&str, StepError> {
    let base = name.trim_end_matches(|character: char| character.is_ascii_digit() || "~^".contains(character));
    // Digits at the end may as well belong to the name.
    let base = if base.len() < name.len() && name[base.len()..].starts_with(['~', '^']) { base } else { name };
    let base = base.split_once(['~', '^']).map_or(base, |(base, _)| base);
    let suffix = &name[base.len()..];
    let sound = suffix.chars().all(|character| character.is_ascii_digit() || "~^".contains(character));
    if sound { short_name(base).map(|_| name) } else { refuse("revision", name, "is none") }
}

/// The digits of a commit.
pub(super) fn commit(name: &str) -> Result<&str, StepError> {
    let sound = matches!(name.len(), 40 | 64) && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if sound { Ok(name) } else { refuse("commit", name, "is not 40 or 64 hexadecimal digits") }
}

/// Where another repository is: an `https`, `http`, `ssh` or `file` URL, or a folder of the workspace.
pub(super) fn repository(step: &StepContext<'_>, text: &str) -> Result<String, StepError> {
    let Some((scheme, rest)) = text.split_once("://") else {
        if text.starts_with('-') || text.contains(':') {
            return refuse("repository", text, "is neither a folder of the workspace nor a URL with `://`");
        }
        let folder = step.workspace().directory(text)?;
        return match folder.into_os_string().into_string() {
            Ok(folder) => Ok(folder),
            Err(_) => refuse("repository", text, "is no UTF-8"),
        };
    };
    if !["https", "http", "ssh", "file"].contains(&scheme) {
        return refuse("repository", text, "is not reached by `https`, `http`, `ssh` or `file`");
    }
    if rest.starts_with('-') || rest.contains(|character: char| character.is_control() || character == ' ') {
        return refuse("repository", text, "holds characters that it cannot");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') || scheme != "ssh" => {
            // What stands in a plan is no secret.
            Err(StepError::new(Reason::InputMismatch, "the repository's URL holds a user or a password: use `login`"))
        }
        Some((_, host)) if host.starts_with('-') => refuse("repository", text, "has no host"),
        Some((user, _)) if user.starts_with('-') => refuse("repository", text, "has no user"),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_something_else_are_refused() {
        for good in ["main", "feature/a-b", "v1.2.3", "0123abc", "grün"] {
            assert!(short_name(good).is_ok() && revision(good).is_ok(), "{good}");
            assert!(reference(&format!("refs/heads/{good}")).is_ok() && reference(good).is_err(), "{good}");
        }
        for good in ["HEAD~1", "main^", "v1~12^2", "HEAD^^", "release-10"] {
            assert!(revision(good).is_ok(), "{good}");
        }
        let bad = [
            "",
            "-x",
            "--upload-pack=touch x",
            "a/-b",
            "a..b",
            "a b",
            "a:b",
            "@{1}",
            "a\n",
            "a/",
            "/a",
            ".a",
            "a.lock",
            "~1",
            "^",
            "a~b",
            "+a\0",
            "*",
        ];
        for bad in bad {
            assert!(short_name(bad).is_err(), "{bad:?}");
            assert!(revision(bad).is_err(), "{bad:?}");
            assert!(reference(&format!("refs/tags/{bad}")).is_err(), "{bad:?}");
        }
        assert!(reference("refs/notes/x").is_err());
        assert!(commit(&"a".repeat(40)).is_ok() && commit("abc").is_err() && commit(&"A".repeat(40)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_a_name_is_no_option(name in "[-~^./a0:@{ ]{0,8}") {
            for found in [short_name(&name), revision(&name), reference(&name)].into_iter().flatten() {
                proptest::prop_assert!(!found.starts_with('-') && !found.contains([' ', ':']) && !found.contains(".."));
            }
        }
    }
}
