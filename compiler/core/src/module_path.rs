//! Whether the path of a source is one that a `use` can write. It looks at no file.

use ordain_syntax::{TokenKind, lex};

/// Why no `use` can name a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unnameable {
    /// The file, or the folder above it, that is to blame: the path up to where the mistake is.
    pub path: String,
    /// What is wrong, as a sentence.
    pub message: String,
    /// A path for the source that would do.
    pub better: String,
}

/// Looks at the path of a source, relative to its package and with `/` between parts; `None` where all is well.
pub fn unnameable(path: &str) -> Option<Unnameable> {
    let stem = path.strip_suffix(".ord").unwrap_or(path);
    let mut wrong: Option<(usize, String)> = None;
    let mut better: Vec<String> = Vec::new();
    let mut end = 0;
    for (index, part) in stem.split('/').enumerate() {
        end += part.len() + usize::from(index > 0);
        let first = part.split('.').next().unwrap_or_default();
        let message = if !part.split('.').all(|name| word(name).is_some()) {
            format!("`{part}` is no name, so no `use` can name this module")
        } else if index == 0 && word(first).is_some_and(TokenKind::is_reserved) {
            format!("`{first}` is a reserved word, so no `use` of this package can name this module")
        } else {
            better.push(part.to_owned());
            continue;
        };
        wrong.get_or_insert((end, message));
        better.push(similar_word(part, index == 0));
    }
    let (end, message) = wrong?;
    let blamed = if end == stem.len() { path } else { &stem[..end] };
    Some(Unnameable { path: blamed.to_owned(), message, better: format!("{}.ord", better.join("/")) })
}

/// What kind of word a text is, if it is one.
fn word(text: &str) -> Option<TokenKind> {
    let lexed = lex(text);
    match lexed.tokens.as_slice() {
        [token] if lexed.errors.is_empty() && token.kind.is_word() && token.text(text) == text => Some(token.kind),
        _ => None,
    }
}

/// A word that resembles a text; with `name`, one that is not reserved.
fn similar_word(text: &str, name: bool) -> String {
    let mut similar: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    if !similar.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        similar.insert(0, '_');
    }
    match word(&similar) {
        Some(kind) if name && kind.is_reserved() => similar + "_",
        Some(_) => similar,
        None => "module".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_sources_can_write_are_fine() {
        for path in ["main.ord", "a/b_2.ord", "plan.ord", "größe.ord", "_.ord", "a/for.ord", "a.b.ord", "Web.ord"] {
            assert_eq!(unnameable(path), None, "{path}");
        }
    }

    #[test]
    fn others_are_not_and_have_a_better_one() {
        let cases = [
            ("my-file.ord", "my-file.ord", "my_file.ord"),
            ("2.ord", "2.ord", "_2.ord"),
            ("for.ord", "for.ord", "for_.ord"),
            ("a-b/c.ord", "a-b", "a_b/c.ord"),
            ("a/b c/d-e.ord", "a/b c", "a/b_c/d_e.ord"),
            ("let/x.ord", "let", "let_/x.ord"),
            (".ord", ".ord", "_.ord"),
            ("a..b.ord", "a..b.ord", "a__b.ord"),
            ("re\u{200d}lease.ord", "re\u{200d}lease.ord", "re_lease.ord"),
        ];
        for (path, blamed, better) in cases {
            let found = unnameable(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!((found.path.as_str(), found.better.as_str()), (blamed, better), "{path}");
            assert_eq!(unnameable(better), None, "{path}");
        }
    }
}
