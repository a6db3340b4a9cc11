//! What must hold of every text.

use ordain_syntax::{TokenKind, format, lex};
use proptest::prelude::*;

use crate::generate::Writer;
use crate::{fixtures, tree};

/// The text with something put before some of its tokens, strings left whole.
fn disturbed(text: &str, changes: &[(usize, u8)]) -> String {
    let mut places = Vec::new();
    let mut depth = 0;
    for token in lex(text).tokens {
        if depth == 0 {
            places.push(token.range.start as usize);
        }
        match token.kind {
            TokenKind::StrHead => depth += 1,
            TokenKind::StrTail => depth -= 1,
            _ => {}
        }
    }
    let mut changes: Vec<(usize, u8)> =
        changes.iter().filter(|_| !places.is_empty()).map(|(at, what)| (places[at % places.len()], *what)).collect();
    changes.sort();
    let mut out = String::new();
    let mut done = 0;
    for (index, (at, what)) in changes.into_iter().enumerate() {
        out.push_str(&text[done..at]);
        done = at;
        match what % 8 {
            0 => out.push_str(&format!("// c{index}\n")),
            1 => out.push_str(&format!("\n// c{index}\n")),
            2 => out.push_str(&format!("\n\n// c{index}\n\n")),
            3 => out.push_str(&format!("/// c{index}\n")),
            4 => out.push_str(&format!("\n/// c{index}\n")),
            5 => out.push_str(&format!("\n//! c{index}\n")),
            6 => out.push('\n'),
            _ => out.push_str("\n\n\n"),
        }
    }
    out + &text[done..]
}

/// Cases of each property. `PROPTEST_CASES` is not read, so that a run is as long here as anywhere.
const CASES: u32 = 150;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn comments_may_stand_anywhere(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6),
    ) {
        let inputs = fixtures::inputs();
        let text = std::fs::read_to_string(file.get(&inputs)).expect("a fixture can be read");
        let text = disturbed(&text, &changes);
        if format(&text).is_ok() {
            tree::check(&text);
        }
    }

    #[test]
    fn generated_texts_keep_their_meaning(
        choices in prop::collection::vec(any::<u16>(), 1..300),
        odd in prop::sample::select(vec![(0, 0), (5, 0), (0, 5), (10, 10)]),
    ) {
        let items = Writer::items(&choices, odd);
        let sound: Vec<String> = items.into_iter().filter(|item| format(item).is_ok()).collect();
        let text = sound.concat();
        if format(&text).is_ok() {
            tree::check(&text);
        }
    }
}
