//! Text to tokens.
//!
//! `logos` recognises words, signs and comments; this module drives it and adds what a regular expression cannot know:
//! strings with interpolations inside each other, literals with units, and where lines begin. It never fails: what
//! cannot be a token is reported and left out or replaced by what was surely meant.

mod character;
mod number;
mod scan;
mod string;

use logos::Logos;
use ordain_diagnostics::{TextRange, codes};

pub(crate) use character::visible;
pub(crate) use number::{DURATION_UNITS, SIZE_UNITS, duration_parts};

use crate::error::{Findings, SyntaxError};
use crate::token::{Token, TokenFlags, TokenKind};
use string::{Stop, scan_raw, scan_regex, scan_string};

/// The tokens of a text with what is wrong with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lexed {
    /// Every token in order, comments and doc comments included. Signs and string ends that the lexer adds to mend the
    /// text have [`TokenFlags::VIRTUAL`].
    pub tokens: Vec<Token>,
    /// What was found, in the order of the text.
    pub errors: Vec<SyntaxError>,
}

/// Adjacent `///` lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DocRun {
    /// Index of the token that follows.
    pub token: u32,
    /// From the first marker to the end of the last line.
    pub range: TextRange,
    /// Whether a token stands before the first marker on its line.
    pub trailing: bool,
}

/// The tokens the parser works on: no comments, doc comments on the side.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub tokens: Vec<Token>,
    pub docs: Vec<DocRun>,
    /// `//!` lines at the top.
    pub file_docs: Option<TextRange>,
    pub errors: Findings,
}

/// All tokens of `text`, comments included.
pub fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer::new(text, true);
    lexer.run();
    let errors = lexer.finish_errors();
    Lexed { tokens: lexer.out.tokens, errors: errors.in_order() }
}

/// The tokens of `text` that the parser works on.
pub(crate) fn stream(text: &str) -> Stream {
    let mut lexer = Lexer::new(text, false);
    lexer.run();
    let errors = lexer.finish_errors();
    Stream { errors, ..lexer.out }
}

/// A string whose interpolation is being lexed.
struct Frame {
    /// Where the string starts.
    start: u32,
    /// Whether it is a `"""` string.
    triple: bool,
    /// Braces open inside the interpolation.
    depth: u32,
}

struct Lexer<'s> {
    text: &'s str,
    keep_comments: bool,
    frames: Vec<Frame>,
    out: Stream,
    /// End of the last token or comment.
    end: usize,
    /// Whether a line break stands between the last token and here, perhaps before a comment.
    broke: bool,
    /// Flags to add to the next token.
    pending: TokenFlags,
    /// The least number of hashes of a raw string that nothing closes.
    endless_raw: Option<usize>,
}

impl<'s> Lexer<'s> {
    fn new(text: &'s str, keep_comments: bool) -> Self {
        let out = Stream { tokens: Vec::with_capacity(text.len() / 4), ..Stream::default() };
        Self {
            text,
            keep_comments,
            frames: Vec::new(),
            out,
            end: 0,
            broke: true,
            pending: TokenFlags::default(),
            endless_raw: None,
        }
    }

    fn finish_errors(&mut self) -> Findings {
        let mut errors = std::mem::take(&mut self.out.errors);
        let before = errors.len();
        scan::report_hidden_characters(self.text, &mut errors);
        if before != errors.len() {
            errors.sort_by_key(|error| error.range.start);
        }
        errors
    }

    fn run(&mut self) {
        let mut logos = TokenKind::lexer(self.text);
        if self.text.starts_with('\u{feff}') {
            logos.bump(3);
            self.end = 3;
        }
        while let Some(result) = logos.next() {
            let span = logos.span();
            if !self.broke && has_newline(&self.text.as_bytes()[self.end..span.start]) {
                self.broke = true;
            }
            if self.broke && !self.frames.is_empty() {
                self.close_broken_strings(self.end);
            }
            let end = match result {
                Ok(kind) => self.token(kind, span.start, span.end),
                Err(()) => self.odd_character(span.start),
            };
            debug_assert!(end >= span.end || self.text.is_char_boundary(end));
            if end > span.end {
                logos.bump(end - span.end);
            } else if end < span.end {
                // An error span may hold several characters; they are taken one at a time.
                logos = TokenKind::lexer(self.text);
                logos.bump(end);
            }
            self.end = end;
        }
        while let Some(frame) = self.frames.pop() {
            self.unterminated(frame.start, self.text.len(), frame.triple);
            self.virtual_tail(self.end);
        }
    }

    /// Takes the token that logos found at `start..end`, and gives the offset where it really ends.
    fn token(&mut self, kind: TokenKind, start: usize, end: usize) -> usize {
        match kind {
            kind if kind.is_word() => return self.word(kind, start, end),
            TokenKind::Comment => return self.comment(start, end),
            TokenKind::Int => {
                let number = number::scan(self.text, start);
                if let Some(error) = number.error {
                    self.out.errors.push(error);
                }
                self.push(number.kind, start, number.end);
                return number.end;
            }
            TokenKind::Str if self.follows_matching() => {
                let (stop, closed) = scan_regex(self.text.as_bytes(), end);
                return self.whole_string(TokenKind::Regex, start, stop, closed);
            }
            TokenKind::Str => return self.string(start, end),
            TokenKind::RawStr => {
                let hashes = end - start - 2;
                // Where one with as few hashes was never closed, this one is not either.
                let search = self.endless_raw.is_none_or(|endless| hashes < endless);
                let (stop, closed) = scan_raw(self.text.as_bytes(), end, hashes, search);
                if !closed && hashes > 0 {
                    self.endless_raw = Some(self.endless_raw.map_or(hashes, |endless| endless.min(hashes)));
                }
                return self.whole_string(TokenKind::RawStr, start, stop, closed);
            }
            TokenKind::LBrace => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.depth += 1;
                }
            }
            TokenKind::RBrace => match self.frames.last_mut() {
                Some(frame) if frame.depth == 0 => {
                    let (triple, string) = (frame.triple, frame.start);
                    return self.string_part(start, end, triple, string, false);
                }
                Some(frame) => frame.depth -= 1,
                None => {}
            },
            _ => {}
        }
        self.push(kind, start, end);
        end
    }

    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        let mut flags = self.pending;
        if self.broke {
            flags = flags.with(TokenFlags::NEWLINE);
            if start == 0 || matches!(self.text.as_bytes()[start - 1], b'\n' | 0xbf) {
                flags = flags.with(TokenFlags::COLUMN_0);
            }
        }
        self.broke = false;
        self.pending = TokenFlags::default();
        self.out.tokens.push(Token { kind, flags, range: range(start, end) });
    }

    fn comment(&mut self, start: usize, end: usize) -> usize {
        let text = self.text[start..end].trim_end_matches('\r');
        let end = start + text.len();
        let kind = match text.as_bytes() {
            [_, _, b'/', b'/', ..] => TokenKind::Comment,
            [_, _, b'/', ..] => TokenKind::DocComment,
            [_, _, b'!', ..] => TokenKind::FileDoc,
            _ => TokenKind::Comment,
        };
        if self.keep_comments {
            self.push(kind, start, end);
            return end;
        }
        let token = self.out.tokens.len() as u32;
        match kind {
            TokenKind::DocComment => {
                let trailing = !self.broke;
                self.pending = self.pending.with(TokenFlags::DOCUMENTED);
                match self.out.docs.last_mut() {
                    Some(run) if run.token == token && (trailing || !run.trailing) => run.range.end = end as u32,
                    _ => self.out.docs.push(DocRun { token, range: range(start, end), trailing }),
                }
            }
            TokenKind::FileDoc if token == 0 && self.out.docs.is_empty() => {
                let all = self.out.file_docs.get_or_insert(range(start, end));
                all.end = end as u32;
            }
            TokenKind::FileDoc => self.out.errors.push(
                SyntaxError::new(
                    codes::DANGLING_DOC_COMMENT,
                    range(start, end),
                    "a file's documentation stands at its top",
                )
                .help("move this line to the top of the file, or write `///` to document the next declaration"),
            ),
            _ => {}
        }
        end
    }

    /// Whether the string that starts now is a regular expression.
    fn follows_matching(&self) -> bool {
        match self.out.tokens.as_slice() {
            [.., before, last] => last.kind == TokenKind::Matching && before.kind != TokenKind::Dot,
            [last] => last.kind == TokenKind::Matching,
            [] => false,
        }
    }

    fn whole_string(&mut self, kind: TokenKind, start: usize, end: usize, closed: bool) -> usize {
        if !closed {
            self.unterminated(start as u32, end, false);
            self.pending = self.pending.with(TokenFlags::REPORTED);
        }
        self.push(kind, start, end);
        end
    }

    fn string(&mut self, start: usize, end: usize) -> usize {
        let triple = self.text.as_bytes()[end..].starts_with(b"\"\"");
        self.string_part(start, if triple { end + 2 } else { end }, triple, start as u32, true)
    }

    /// Lexes the text of a string from `from` on; the part itself starts at `start` with a quote or a brace.
    fn string_part(&mut self, start: usize, from: usize, triple: bool, string: u32, first: bool) -> usize {
        let bytes = self.text.as_bytes();
        let (stop, end) = scan_string(bytes, from, triple);
        let (kind, end) = match (stop, first) {
            (Stop::Interpolation, true) => (TokenKind::StrHead, end),
            (Stop::Interpolation, false) => (TokenKind::StrMid, end),
            (Stop::Quote, true) => (TokenKind::Str, end),
            (Stop::Quote, false) => (TokenKind::StrTail, end),
            (Stop::Unterminated, _) => {
                let end = if triple { string::retreat(self.text, from) } else { end };
                self.unterminated(string, end, triple);
                self.pending = self.pending.with(TokenFlags::REPORTED);
                (if first { TokenKind::Str } else { TokenKind::StrTail }, end)
            }
        };
        self.push(kind, start, end);
        match kind {
            TokenKind::StrHead => self.frames.push(Frame { start: string, triple, depth: 0 }),
            TokenKind::StrTail => {
                self.frames.pop();
            }
            _ => {}
        }
        end
    }

    /// Ends every one-line string whose interpolation a line break has cut.
    fn close_broken_strings(&mut self, at: usize) {
        while let Some(frame) = self.frames.pop_if(|frame| !frame.triple) {
            self.unterminated(frame.start, at, false);
            let broke = std::mem::replace(&mut self.broke, false);
            self.virtual_tail(at);
            self.broke = broke;
        }
    }

    fn virtual_tail(&mut self, at: usize) {
        self.pending = self.pending.with(TokenFlags::VIRTUAL).with(TokenFlags::REPORTED);
        self.push(TokenKind::StrTail, at, at);
    }

    fn unterminated(&mut self, start: u32, end: usize, triple: bool) {
        let quotes = if triple { "\"\"\"" } else { "\"" };
        // Of a string over many lines, the quotes show where it begins.
        let end = if triple { start as usize + quotes.len() } else { end };
        let error = SyntaxError::new(
            codes::UNTERMINATED_STRING,
            TextRange::new(start, end as u32),
            "this string is never closed",
        );
        self.out.errors.push(if triple {
            error.help("add `\"\"\"` where the string ends")
        } else {
            error.help(format!("add `{quotes}` at its end; a string over several lines is written `\"\"\"…\"\"\"`"))
        });
    }
}

/// Whether a line ends in `gap`.
fn has_newline(gap: &[u8]) -> bool {
    gap.contains(&b'\n')
}

pub(crate) fn range(start: usize, end: usize) -> TextRange {
    TextRange::new(start as u32, end as u32)
}
