//! What the tokens before a place say: in what it stands, and after which word.

use ordain_compiler::Kind;
use ordain_syntax::{Token, TokenKind};
use smol_str::SmolStr;

/// Where a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a comment.
    Comment,
    /// In a string, outside of what is computed in it.
    String,
    /// In the path of a `use`.
    Use,
    /// In the braces of a `use`.
    UseNames,
    /// After `@allow`.
    Code,
    /// Where a declaration can begin.
    Top,
    /// Where a clause of a declaration of this kind can begin.
    Clause(Kind),
    /// Where a statement of a plan or test can begin.
    Statement(Kind),
    /// Anywhere else.
    Inside(Option<Kind>),
}

/// What stands before a place.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) place: Place,
    /// The words and signs before, the last one first, as far as they stand on the same line.
    pub(super) before: Vec<(TokenKind, SmolStr)>,
    /// The parts of the path of the `use` it stands in.
    pub(super) path: Vec<SmolStr>,
    /// How many names stand in its braces already.
    pub(super) taken: Vec<SmolStr>,
}

impl Context {
    pub(super) fn at(text: &str, offset: u32) -> Self {
        let lexed = ordain_syntax::lex(text);
        let tokens: Vec<&Token> = lexed.tokens.iter().filter(|token| token.range.start < offset).collect();
        let mut context = Self { place: Place::Top, before: Vec::new(), path: Vec::new(), taken: Vec::new() };
        if let Some(last) = tokens.last() {
            let within = last.range.end > offset || (last.range.end == offset && last.kind.is_comment());
            if last.kind.is_comment() && within {
                context.place = Place::Comment;
                return context;
            }
            let text_like = matches!(
                last.kind,
                TokenKind::Str | TokenKind::RawStr | TokenKind::StrHead | TokenKind::StrMid | TokenKind::StrTail
            );
            if text_like && last.range.end > offset || matches!(last.kind, TokenKind::BadLiteral) {
                context.place = Place::String;
                return context;
            }
        }
        let tokens: Vec<&Token> =
            tokens.into_iter().filter(|token| !token.kind.is_comment() && token.range.end <= offset).collect();
        let line = text[..offset as usize].rfind('\n').map_or(0, |at| at as u32 + 1);
        let same_line = tokens.iter().rev().take_while(|token| token.range.start >= line);
        context.before = same_line.map(|token| (token.kind, token.text(text).into())).collect();
        context.place = context.find(text, &tokens, line);
        context
    }

    fn find(&mut self, text: &str, tokens: &[&Token], line: u32) -> Place {
        // The declaration it stands in: the last word for one in the first column, and what is open since.
        let start = tokens.iter().rposition(|token| {
            let first = token.range.start == 0 || text.as_bytes().get(token.range.start as usize - 1) == Some(&b'\n');
            first && (token.kind.is_item_word() || token.kind == TokenKind::At)
        });
        let Some(start) = start else { return Place::Top };
        let inside = &tokens[start..];
        let head = inside[0].kind;
        let mut open: Vec<(TokenKind, usize)> = Vec::new();
        for (at, token) in inside.iter().enumerate() {
            if token.kind.is_opener() {
                open.push((token.kind, at));
            } else if token.kind.is_closer() {
                open.pop();
            }
        }
        if head == TokenKind::Use {
            return self.in_use(text, inside, &open, line);
        }
        if head == TokenKind::At {
            let code = inside.len() == 2 && inside[1].kind == TokenKind::Allow;
            return if code { Place::Code } else { Place::Top };
        }
        let kind = kind_of(head);
        let last = inside[inside.len() - 1];
        if open.is_empty() {
            let done = last.kind == TokenKind::RBrace || last.range.end <= line;
            let short = matches!(kind, Some(Kind::Const | Kind::Fn | Kind::Type));
            let begins = self.before.is_empty() && (done && !(short && last.kind == TokenKind::Eq));
            return if begins { Place::Top } else { Place::Inside(kind) };
        }
        let begins = self.before.is_empty()
            || last.kind == TokenKind::LBrace && open.last().is_some_and(|(_, at)| *at == inside.len() - 1);
        let braces = open.iter().all(|(kind, _)| *kind == TokenKind::LBrace);
        if !begins || !braces {
            return Place::Inside(kind);
        }
        match kind {
            Some(kind @ (Kind::Plan | Kind::Test)) if self.is_block(inside, &open) => Place::Statement(kind),
            Some(kind @ (Kind::Capability | Kind::Adapter | Kind::Environment | Kind::Policy | Kind::Gate))
                if open.len() == 1 =>
            {
                Place::Clause(kind)
            }
            _ => Place::Inside(kind),
        }
    }

    /// Whether the innermost braces hold statements: those of the declaration, and of stages, loops and branches.
    fn is_block(&self, inside: &[&Token], open: &[(TokenKind, usize)]) -> bool {
        open.iter().enumerate().all(|(depth, (_, at))| {
            depth == 0 || {
                let mut back = inside[..*at].iter().rev();
                // The head of a block is the first word of the statement that the brace ends.
                back.any(|token| {
                    matches!(token.kind, TokenKind::Stage | TokenKind::For | TokenKind::If | TokenKind::Else)
                }) && !inside[..*at]
                    .iter()
                    .rev()
                    .take_while(|token| !token.on_new_line())
                    .any(|token| token.kind == TokenKind::Eq)
            }
        })
    }

    fn in_use(&mut self, text: &str, inside: &[&Token], open: &[(TokenKind, usize)], line: u32) -> Place {
        let braces = open.first().map(|(_, at)| *at);
        let path = &inside[1..braces.unwrap_or(inside.len())];
        self.path =
            path.iter().filter(|token| token.kind != TokenKind::Dot).map(|token| token.text(text).into()).collect();
        let last = inside[inside.len() - 1];
        match braces {
            Some(at) => {
                self.taken = inside[at + 1..].iter().map(|token| token.text(text).into()).collect();
                Place::UseNames
            }
            None if last.kind == TokenKind::Use || last.kind == TokenKind::Dot => Place::Use,
            None if last.range.end <= line => Place::Top,
            None => Place::Inside(None),
        }
    }

    /// The names with dots that the place goes on with, and what stands before them.
    pub(super) fn dotted(&self) -> (Vec<SmolStr>, Lead<'_>) {
        let mut rest = &self.before[..];
        let mut parts: Vec<SmolStr> = Vec::new();
        loop {
            let name = match rest {
                [(TokenKind::Dot, _), (kind, name), ..] if kind.is_word() => {
                    rest = &rest[2..];
                    name
                }
                // A whole name, where the place is behind it.
                [(kind, name), (TokenKind::Dot, _), ..] if parts.is_empty() && kind.is_word() => {
                    rest = &rest[1..];
                    name
                }
                _ => break,
            };
            parts.insert(0, name.clone());
        }
        (parts, Lead { before: rest })
    }

    /// The word before the place, on its line.
    pub(super) fn word(&self) -> &str {
        self.before.first().map_or("", |(_, text)| text.as_str())
    }

    /// The word before that.
    pub(super) fn word_before(&self) -> &str {
        self.before.get(1).map_or("", |(_, text)| text.as_str())
    }
}

/// What stands on a line before something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead<'c> {
    pub(super) before: &'c [(TokenKind, SmolStr)],
}

impl Lead<'_> {
    /// The last word of it.
    pub(super) fn word(&self) -> &str {
        self.before.first().map_or("", |(_, text)| text.as_str())
    }
}

/// Whether an arm of a `match` begins at a place, and is not there yet.
pub(super) fn begins_arm(text: &str, start: u32, end: u32) -> bool {
    let lexed = ordain_syntax::lex(text);
    let tokens: Vec<&Token> = lexed.tokens.iter().filter(|token| !token.kind.is_comment()).collect();
    let (before, after) = tokens.split_at(tokens.partition_point(|token| token.range.end <= start));
    let next = after.iter().find(|token| token.range.start >= end).map(|token| token.kind);
    if matches!(next, Some(TokenKind::FatArrow | TokenKind::Pipe | TokenKind::If | TokenKind::Dot)) {
        return false;
    }
    let mut depth = 0;
    let open = before.iter().rposition(|token| {
        depth += i32::from(token.kind.is_closer()) - i32::from(token.kind.is_opener());
        depth < 0
    });
    let Some(open) = open.filter(|open| before[*open].kind == TokenKind::LBrace) else { return false };
    let last = before[before.len() - 1];
    let line = text[..start as usize].rfind('\n').map_or(0, |at| at as u32 + 1);
    let begins = before.len() - 1 == open
        || matches!(last.kind, TokenKind::Comma | TokenKind::Pipe)
        || last.range.end <= line && last.kind != TokenKind::FatArrow;
    // The braces of a `match` stand behind its head.
    let head = before[..open].iter().rev().map(|token| token.kind);
    let ends =
        |kind: &TokenKind| !matches!(kind, TokenKind::LBrace | TokenKind::RBrace | TokenKind::Eq | TokenKind::FatArrow);
    begins && head.take_while(ends).any(|kind| kind == TokenKind::Match)
}

fn kind_of(head: TokenKind) -> Option<Kind> {
    Some(match head {
        TokenKind::Type => Kind::Type,
        TokenKind::Enum => Kind::Enum,
        TokenKind::Fn => Kind::Fn,
        TokenKind::Const => Kind::Const,
        TokenKind::Capability => Kind::Capability,
        TokenKind::Adapter => Kind::Adapter,
        TokenKind::Environment => Kind::Environment,
        TokenKind::Entity => Kind::Entity,
        TokenKind::Policy => Kind::Policy,
        TokenKind::Gate => Kind::Gate,
        TokenKind::Test => Kind::Test,
        TokenKind::Plan => Kind::Plan,
        _ => return None,
    })
}
