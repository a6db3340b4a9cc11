//! The tokens and comments of one text, as the formatter needs them: which delimiter closes which, and where a comment
//! stands between tokens. It owns no layout.

use ordain_diagnostics::TextRange;

use crate::token::{Token, TokenKind};

/// A text with its tokens and comments.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    tokens: Vec<TextRange>,
    /// For each opening delimiter its closing one and the other way round; every other token is its own partner.
    partners: Vec<u32>,
    /// In source order.
    pub(super) comments: Vec<Comment<'a>>,
}

/// A comment and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment<'a> {
    /// With its marker, without spaces at the end.
    pub(super) text: &'a str,
    /// The number of tokens before it.
    pub(super) before: usize,
    /// An empty line stands right before it.
    pub(super) blank: bool,
    pub(super) start: u32,
    pub(super) kind: CommentKind,
    /// A token stands before it on its line.
    pub(super) behind: bool,
}

/// What a comment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommentKind {
    /// `// …`
    Plain,
    /// `/// …`
    Doc,
    /// `//! …`
    FileDoc,
}

impl<'a> Source<'a> {
    /// Sorts the tokens of `text`. A string is one token, whatever is in it: it is printed as it is.
    pub(super) fn new(text: &'a str, stream: &[Token]) -> Self {
        let mut source =
            Self { text, tokens: Vec::with_capacity(stream.len()), partners: Vec::new(), comments: Vec::new() };
        source.partners.reserve(stream.len());
        let mut open = Vec::new();
        let mut strings = 0_u32;
        for token in stream {
            let index = source.tokens.len();
            match token.kind {
                TokenKind::StrHead => {
                    if strings == 0 {
                        source.push(token.range, index);
                    }
                    strings += 1;
                }
                TokenKind::StrTail => {
                    strings = strings.saturating_sub(1);
                    if strings == 0
                        && let Some(string) = source.tokens.last_mut()
                    {
                        string.end = token.range.end;
                    }
                }
                _ if strings > 0 => {}
                TokenKind::Comment => source.comment(token.range, CommentKind::Plain),
                TokenKind::DocComment => source.comment(token.range, CommentKind::Doc),
                TokenKind::FileDoc => source.comment(token.range, CommentKind::FileDoc),
                TokenKind::LParen | TokenKind::LBrace | TokenKind::LBracket => {
                    open.push(index);
                    source.push(token.range, index);
                }
                TokenKind::RParen | TokenKind::RBrace | TokenKind::RBracket => {
                    let partner = open.pop().unwrap_or(index);
                    source.push(token.range, partner);
                    source.partners[partner] = index as u32;
                }
                _ => source.push(token.range, index),
            }
        }
        source
    }

    fn push(&mut self, range: TextRange, partner: usize) {
        self.tokens.push(range);
        self.partners.push(partner as u32);
    }

    fn comment(&mut self, range: TextRange, kind: CommentKind) {
        let before = self.tokens.len();
        let end = self.tokens.last().map_or(0, |token| token.end);
        self.comments.push(Comment {
            text: self.slice(range).trim_end(),
            start: range.start,
            before,
            blank: blank_before(self.text, range.start),
            kind,
            behind: before > 0 && !self.text[end as usize..range.start as usize].contains('\n'),
        });
    }

    /// The slice of the text.
    pub(super) fn slice(&self, range: TextRange) -> &'a str {
        &self.text[range.start as usize..range.end as usize]
    }

    /// The number of tokens.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The text of a token; nothing past the last one.
    pub(super) fn token(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |range| self.slice(*range))
    }

    /// The offset just past a token.
    pub(super) fn end_of(&self, index: usize) -> u32 {
        self.tokens.get(index).map_or(self.text.len() as u32, |token| token.end)
    }

    /// The first token at or after `offset`.
    pub(super) fn at(&self, offset: u32) -> usize {
        self.tokens.partition_point(|token| token.start < offset)
    }

    /// The last token before `offset`.
    pub(super) fn before(&self, offset: u32) -> usize {
        self.at(offset).saturating_sub(1)
    }

    /// The first token at or after `offset` that is `text`.
    pub(super) fn find(&self, offset: u32, text: &str) -> usize {
        self.find_from(self.at(offset), text)
    }

    /// The first token from `index` on that is `text`.
    pub(super) fn find_from(&self, mut index: usize, text: &str) -> usize {
        while index < self.len() && self.token(index) != text {
            index += 1;
        }
        index
    }

    /// The other delimiter of a pair.
    pub(super) fn partner(&self, index: usize) -> usize {
        self.partners.get(index).map_or(index, |partner| *partner as usize)
    }

    /// `last`, or the last of the closing parentheses after it whose opening ones are not before `first`.
    pub(super) fn with_parentheses(&self, first: usize, mut last: usize) -> usize {
        while self.token(last + 1) == ")" && self.partner(last + 1) >= first {
            last += 1;
        }
        last
    }

    /// Whether a line ends between a token and the next one.
    pub(super) fn line_ends_after(&self, index: usize) -> bool {
        let (Some(left), Some(right)) = (self.tokens.get(index), self.tokens.get(index + 1)) else { return false };
        self.text[left.end as usize..right.start as usize].contains('\n')
    }

    /// Whether a comment stands after the token `left` and before the token `right`.
    pub(super) fn comment_between(&self, left: usize, right: usize) -> bool {
        let next = self.comments.partition_point(|comment| comment.before <= left);
        self.comments.get(next).is_some_and(|comment| comment.before <= right)
    }

    /// Whether an empty line stands right before a token.
    pub(super) fn blank_before(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| blank_before(self.text, token.start))
    }
}

/// Whether the line above the one of `offset` is empty, and only space is between.
fn blank_before(text: &str, offset: u32) -> bool {
    let before = text[..offset as usize].bytes().rev().take_while(u8::is_ascii_whitespace);
    before.filter(|byte| *byte == b'\n').count() > 1
}
