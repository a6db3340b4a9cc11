//! What can be folded: what stands between brackets, comments, imports, texts and declarations of several lines.

use ordain_diagnostics::TextRange;
use ordain_syntax::ast::File as Tree;
use ordain_syntax::{Token, TokenKind};
use tower_lsp::ls_types::{FoldingRange, FoldingRangeKind};

use crate::world::File;

/// The foldable ranges of a file, in order.
pub(crate) fn ranges(file: &File) -> Vec<FoldingRange> {
    let tokens = ordain_syntax::lex(&file.text).tokens;
    let mut folds = Folds { file, found: Vec::new() };
    folds.brackets(&tokens);
    folds.comments(&tokens);
    folds.declarations(&ordain_syntax::parse(&file.text).file);
    let mut found = folds.found;
    found.sort_by_key(|fold| (fold.start_line, std::cmp::Reverse(fold.end_line)));
    // Editors fold one range per line.
    found.dedup_by_key(|fold| fold.start_line);
    found
}

struct Folds<'f> {
    file: &'f File,
    found: Vec<FoldingRange>,
}

impl Folds<'_> {
    /// Folds the lines from that of `start` to that of `end`; the last stays where it is more than what is folded.
    fn fold(&mut self, start: u32, end: u32, keep_last: bool, kind: Option<FoldingRangeKind>) {
        let (first, last) = (self.file.lines.line_of(start), self.file.lines.line_of(end));
        let last = if keep_last { last.saturating_sub(1) } else { last };
        if first < last {
            self.found.push(FoldingRange { start_line: first, end_line: last, kind, ..FoldingRange::default() });
        }
    }

    fn brackets(&mut self, tokens: &[Token]) {
        let mut open: Vec<&Token> = Vec::new();
        for token in tokens {
            if token.kind.is_closer() {
                // What does not fit closes nothing: the text is broken here.
                if let Some(at) = open.iter().rposition(|opener| opener.kind.closer() == token.kind) {
                    let opener = open[at];
                    open.truncate(at);
                    // A text between quotes ends on a line of its own.
                    self.fold(opener.range.end, token.range.start, true, None);
                }
            }
            if token.kind.is_opener() {
                open.push(token);
            }
            if matches!(token.kind, TokenKind::Str | TokenKind::RawStr) {
                self.fold(token.range.start, token.range.end, true, None);
            }
        }
    }

    fn comments(&mut self, tokens: &[Token]) {
        let mut run: Option<TextRange> = None;
        let mut before = 0;
        let ends = |token: &Token, run: TextRange| {
            let gap = self.file.slice(TextRange::new(run.end, token.range.start));
            !token.kind.is_comment() || gap.matches('\n').count() > 1
        };
        let mut runs = Vec::new();
        for token in tokens {
            if let Some(known) = run
                && ends(token, known)
            {
                runs.push(known);
                run = None;
            }
            // A comment behind something is not the start of those below.
            let own_line = before == 0 || self.file.lines.line_of(token.range.start) != self.file.lines.line_of(before);
            if token.kind.is_comment() && own_line {
                run = Some(run.map_or(token.range, |known| known.cover(token.range)));
            }
            before = token.range.end;
        }
        runs.extend(run);
        for run in runs {
            self.fold(run.start, run.end, false, Some(FoldingRangeKind::Comment));
        }
    }

    fn declarations(&mut self, tree: &Tree) {
        let mut imports: Option<TextRange> = None;
        for import in &tree.uses {
            // Imports with a declaration between them are folded apart.
            let together = imports.filter(|known| {
                !tree.items.iter().any(|item| known.end <= item.range.start && item.range.end <= import.range.start)
            });
            if together.is_none() {
                imports
                    .into_iter()
                    .for_each(|range| self.fold(range.start, range.end, false, Some(FoldingRangeKind::Imports)));
            }
            imports = Some(together.map_or(import.range, |known| known.cover(import.range)));
        }
        imports.into_iter().for_each(|range| self.fold(range.start, range.end, false, Some(FoldingRangeKind::Imports)));
        for item in &tree.items {
            let line = self.file.lines.line_of(item.name.range.start);
            // What ends in a bracket is folded with it.
            if self.found.iter().all(|fold| fold.start_line != line) {
                self.fold(item.name.range.start, item.range.end, false, None);
            }
        }
    }
}
