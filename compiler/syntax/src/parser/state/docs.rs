//! Doc comments: what takes them, and what is said of those that nothing takes.

use ordain_diagnostics::{TextRange, codes};
use smol_str::SmolStr;

use super::State;
use crate::ast::Docs;
use crate::error::SyntaxError;
use crate::token::{Token, TokenFlags};

impl State<'_> {
    /// The documentation right before the token, if any.
    pub(in crate::parser) fn docs_before(&mut self, token: &Token) -> Option<Docs> {
        if !token.flags.has(TokenFlags::DOCUMENTED) {
            return None;
        }
        let index = self.docs.partition_point(|run| run.range.end <= token.range.start).checked_sub(1)?;
        let run = self.docs[index];
        if run.trailing {
            return None;
        }
        self.docs_taken[index] = true;
        Some(Docs { text: doc_text(self.text, run.range, "///"), range: run.range })
    }

    /// Gives documentation back that turned out to stand before something that has none.
    pub(in crate::parser) fn leave_docs(&mut self, docs: &Docs) {
        let at = self.docs.partition_point(|run| run.range.start < docs.range.start);
        if let Some(taken) = self.docs_taken.get_mut(at) {
            *taken = false;
        }
    }

    /// Takes the doc comments of a broken declaration as used; what they document may just not have been reached.
    pub(in crate::parser) fn forgive_docs(&mut self, span: &std::ops::Range<usize>) {
        let from = self.docs.partition_point(|run| (run.token as usize) < span.start);
        let to = self.docs.partition_point(|run| (run.token as usize) < span.end);
        self.docs_taken[from..to].fill(true);
    }

    /// Warns of every doc comment that nothing took.
    pub(in crate::parser) fn report_dangling_docs(&mut self) {
        for (run, taken) in self.docs.iter().zip(&self.docs_taken) {
            if *taken {
                continue;
            }
            let help = if run.trailing {
                "a doc comment stands on the lines before what it documents"
            } else {
                "write `//` for a plain comment, or move it before a declaration, a field or a variant"
            };
            self.errors.push(
                SyntaxError::new(codes::DANGLING_DOC_COMMENT, run.range, "this doc comment documents nothing")
                    .help(help),
            );
        }
    }
}

/// The lines of a run of doc comments without their markers.
pub(in crate::parser) fn doc_text(text: &str, range: TextRange, marker: &str) -> SmolStr {
    let source = &text[range.start as usize..range.end as usize];
    let mut lines = source.lines().filter_map(|line| {
        let line = line.trim_start().strip_prefix(marker)?;
        Some(line.strip_prefix(' ').unwrap_or(line).trim_end())
    });
    let first = lines.next().unwrap_or_default();
    let mut all = String::from(first);
    for line in lines {
        all.push('\n');
        all.push_str(line);
    }
    all.into()
}
