//! Lines to instructions: comments left out, lines that go on joined, heredocs taken along.

use std::iter::Peekable;
use std::ops::Range;

use ordain_diagnostics::TextRange;

use crate::error::{Fault, fault, quoted};
use crate::lines::{Line, lines};
use crate::node::{Node, NodeKind};
use crate::parse::range;

/// An instruction: its lines joined, without what joins them.
#[derive(Default)]
pub(super) struct Instruction {
    pub(super) text: String,
    /// Where the parts of `text` start, in it and in the file.
    parts: Vec<(usize, usize)>,
    /// The heredocs that follow it.
    pub(super) heredocs: Vec<(usize, usize)>,
}

impl Instruction {
    fn push(&mut self, line: Line<'_>) {
        self.parts.push((self.text.len(), line.start));
        self.text.push_str(line.text);
    }

    pub(super) fn whole(&self) -> Range<usize> {
        let start = self.text.len() - self.text.trim_start().len();
        start..self.text.trim_end().len().max(start)
    }

    /// The offset in the file of a byte of the text.
    fn offset(&self, at: usize) -> usize {
        let part = self.parts.partition_point(|&(start, _)| start <= at).saturating_sub(1);
        self.parts.get(part).map_or(0, |&(start, offset)| offset + at - start)
    }

    /// Where a piece of the text stands in the file.
    pub(super) fn place(&self, piece: Range<usize>) -> TextRange {
        let start = self.offset(piece.start);
        // A piece ends where its last byte does, even if the next one is on another line.
        range(start, if piece.is_empty() { start } else { self.offset(piece.end - 1) + 1 })
    }

    pub(super) fn range(&self) -> TextRange {
        self.place(self.whole())
    }

    /// Takes the first word of `rest`, and the space after it.
    pub(super) fn word(&self, rest: &mut Range<usize>) -> Range<usize> {
        let text = &self.text[rest.clone()];
        let length = text.find(char::is_whitespace).unwrap_or(text.len());
        let word = rest.start..rest.start + length;
        rest.start = rest.end - text[length..].trim_start().len();
        word
    }

    /// Takes the words of `rest` that are flags.
    pub(super) fn flags(&self, rest: &mut Range<usize>) -> Vec<Node> {
        let mut flags = Vec::new();
        while self.text[rest.clone()].starts_with("--") {
            let word = self.word(rest);
            if word.len() == 2 {
                break;
            }
            flags.push(self.node(word));
        }
        flags
    }

    /// Words between spaces that are neither in quotes nor escaped. Quotes stay.
    pub(super) fn words(&self, rest: Range<usize>) -> Vec<Range<usize>> {
        let mut words = Vec::new();
        let mut start = None;
        let mut quote = None;
        let mut escaped = false;
        for (at, c) in self.text[rest.clone()].char_indices() {
            let at = rest.start + at;
            if c.is_whitespace() && quote.is_none() && !escaped {
                words.extend(start.take().map(|start| start..at));
                continue;
            }
            start.get_or_insert(at);
            match quote {
                _ if escaped => {}
                None if matches!(c, '"' | '\'') => quote = Some(c),
                Some(open) if open == c => quote = None,
                _ => {}
            }
            escaped = c == '\\' && !escaped && quote != Some('\'');
        }
        words.extend(start.map(|start| start..rest.end));
        words
    }

    /// A piece of the text as it is.
    pub(super) fn node(&self, piece: Range<usize>) -> Node {
        Node { kind: NodeKind::String(self.text[piece.clone()].into()), range: self.place(piece) }
    }
}

pub(super) struct Instructions<'t, L: Iterator<Item = Line<'t>>> {
    lines: Peekable<L>,
    /// The character that joins a line with the next.
    escape: char,
}

impl<'t> Instructions<'t, Box<dyn Iterator<Item = Line<'t>> + 't>> {
    pub(super) fn new(text: &'t str, start: usize) -> Self {
        let lines: Box<dyn Iterator<Item = Line<'t>>> = Box::new(lines(text, start));
        let mut instructions = Self { lines: lines.peekable(), escape: '\\' };
        // Directives are comments at the head of the file.
        while let Some((name, value)) = instructions.lines.peek().and_then(|line| directive(line.text)) {
            if name.eq_ignore_ascii_case("escape") && value == "`" {
                instructions.escape = '`';
            }
            instructions.lines.next();
        }
        instructions
    }
}

/// A comment of the form `# name=value`.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim_start().strip_prefix('#')?.split_once('=')?;
    let name = name.trim();
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some((name, value.trim()))
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

impl<'t, L: Iterator<Item = Line<'t>>> Iterator for Instructions<'t, L> {
    type Item = Result<Instruction, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut instruction = Instruction::default();
        let mut line = self.lines.find(|line| !is_comment(line.text))?;
        while let Some(joined) = line.text.trim_end_matches([' ', '\t']).strip_suffix(self.escape) {
            instruction.push(line.before(joined.len()));
            match self.lines.find(|line| !is_comment(line.text)) {
                Some(next) => line = next,
                None => return Some(Ok(instruction)),
            }
        }
        instruction.push(line);
        Some(self.heredocs(instruction))
    }
}

impl<'t, L: Iterator<Item = Line<'t>>> Instructions<'t, L> {
    /// Takes the heredocs that an instruction asks for.
    fn heredocs(&mut self, mut instruction: Instruction) -> Result<Instruction, Fault> {
        let mut rest = instruction.whole();
        let name = instruction.text[instruction.word(&mut rest)].to_ascii_lowercase();
        if !matches!(name.as_str(), "run" | "copy" | "add" | "onbuild") {
            return Ok(instruction);
        }
        for piece in instruction.words(rest) {
            let Some((word, indented)) = heredoc(&instruction.text[piece.clone()]) else { continue };
            let first = self.lines.peek().map(|line| line.start);
            let ends = |text: &str| (if indented { text.trim_start_matches('\t') } else { text }) == word;
            let Some(last) = self.lines.find(|line| ends(line.text)) else {
                let message = format!("the heredoc that starts here is not ended by {}", quoted(&word));
                return Err(fault(instruction.place(piece), message));
            };
            instruction.heredocs.push((first.unwrap_or(last.start), last.start));
        }
        Ok(instruction)
    }
}

/// The word that ends the heredoc which `word` starts, if it starts one, and whether tabs may stand before it.
fn heredoc(word: &str) -> Option<(String, bool)> {
    let after = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (indented, name) = match after.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, after),
    };
    let name = name.replace(['"', '\''], "");
    (!name.is_empty() && !name.contains('<')).then_some((name, indented))
}
