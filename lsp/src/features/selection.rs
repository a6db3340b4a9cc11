//! Selection ranges: from a word to what it is a part of, up to the file.

use ordain_diagnostics::TextRange;
use ordain_syntax::{Parsed, TokenFlags, TokenKind};
use tower_lsp::ls_types::{Position, SelectionRange};

use super::nodes::walk;
use crate::world::File;

/// How many selections there are around a place: answers nest as deep as they do, and clients read them so.
const MOST: usize = 100;

/// What is selected around each position, the least first.
pub(crate) fn ranges(file: &File, positions: &[Position]) -> Vec<SelectionRange> {
    let parsed = ordain_syntax::parse(&file.text);
    let tokens = ordain_syntax::lex(&file.text).tokens;
    positions.iter().map(|&position| around(file, &parsed, &tokens, file.offset(position))).collect()
}

fn around(file: &File, parsed: &Parsed, tokens: &[ordain_syntax::Token], offset: u32) -> SelectionRange {
    let holds = |range: TextRange| range.start <= offset && offset <= range.end && range.start < range.end;
    let mut found = vec![TextRange::new(0, file.text.len() as u32)];
    walk(&parsed.file, &mut |range, _| found.extend(holds(range).then_some(range)));
    let (mut open, mut run): (Vec<u32>, Option<TextRange>) = (Vec::new(), None);
    for token in tokens.iter().filter(|token| !token.flags.has(TokenFlags::VIRTUAL)) {
        // What stands between brackets, and they with it.
        if token.kind.is_closer()
            && let Some(start) = open.pop()
        {
            let inside = TextRange::new(start, token.range.start);
            found.extend(holds(inside).then_some(inside));
        }
        if token.kind.is_opener() || token.kind == TokenKind::StrMid {
            open.push(token.range.end);
        }
        if holds(token.range)
            && (token.kind.is_word() || token.kind.is_comment() || token.range.end - token.range.start > 1)
        {
            found.push(token.range);
        }
        // Comments of adjacent lines are one.
        if token.kind.is_comment() {
            let gap =
                |run: TextRange| file.slice(TextRange::new(run.end, token.range.start)).matches('\n').count() <= 1;
            run = Some(run.filter(|&run| gap(run)).map_or(token.range, |run| run.cover(token.range)));
            found.extend(run.filter(|&run| holds(run)));
        } else {
            run = None;
        }
    }
    // Where a place is the end of one thing and the start of the next, what starts there is meant.
    let starts = found.iter().filter(|range| range.start == offset).map(|range| range.end).min();
    found.retain(|range| range.end > offset || starts.is_none() || range.start == offset);
    found.sort_unstable_by_key(|range| (range.end - range.start, range.start));
    found.dedup();
    let mut nested: Vec<TextRange> = Vec::new();
    for range in found {
        if nested.last().is_none_or(|last| range.start <= last.start && last.end <= range.end) {
            nested.push(range);
        }
    }
    // The whole file stays the last.
    if nested.len() > MOST {
        nested.drain(MOST - 1..nested.len() - 1);
    }
    let mut selection = None;
    for range in nested.into_iter().rev() {
        selection = Some(SelectionRange { range: file.range(range), parent: selection.map(Box::new) });
    }
    // An empty file has an empty range.
    selection.unwrap_or_else(|| SelectionRange { range: file.range(TextRange::new(offset, offset)), parent: None })
}
