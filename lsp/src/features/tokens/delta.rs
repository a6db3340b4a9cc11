//! What changed in a list of tokens.

use tower_lsp::ls_types::{SemanticToken, SemanticTokensEdit};

/// The edits that make one list of tokens another.
pub(crate) fn delta(old: &[SemanticToken], new: &[SemanticToken]) -> Vec<SemanticTokensEdit> {
    /// How many numbers a token is.
    const NUMBERS: u32 = 5;
    let head = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    vec![SemanticTokensEdit {
        start: head as u32 * NUMBERS,
        delete_count: old.len() as u32 * NUMBERS,
        data: (!new.is_empty()).then(|| new.to_vec()),
    }]
}

#[cfg(test)]
mod tests {
    use super::delta;
    use proptest::prelude::*;
    use tower_lsp::ls_types::SemanticToken;

    fn tokens(lengths: &[u32]) -> Vec<SemanticToken> {
        lengths.iter().map(|&length| SemanticToken { length, ..SemanticToken::default() }).collect()
    }

    proptest! {
        #[test]
        fn a_delta_makes_the_new_of_the_old(old in prop::collection::vec(0..3u32, 0..9), new in prop::collection::vec(0..3u32, 0..9)) {
            let (old, new) = (tokens(&old), tokens(&new));
            let mut made = old.clone();
            for edit in delta(&old, &new) {
                let start = edit.start as usize / 5;
                made.splice(start..start + edit.delete_count as usize / 5, edit.data.unwrap_or_default());
            }
            prop_assert_eq!(made, new);
        }
    }
}
