//! Pieces of source as pages show them: without comments, with links on the names that lead somewhere.

use ordain_diagnostics::TextRange;
use ordain_syntax::ast::{
    AdapterClause, CapabilityClause, EnvironmentMember, Expr, ExprKind, GateClause, Item, ItemKind, Path, RecordType,
    Type, TypeKind,
};
use ordain_syntax::{Token, TokenFlags, TokenKind, lex};

use crate::model::Target;
use crate::scope::{Scopes, parts};
use crate::visible::{one_line, visible};

/// How many characters of code a cell shows.
const MAX_INLINE: usize = 400;

/// Code, some of it linked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    /// In order; no two adjacent ones are without a link.
    pub(crate) pieces: Vec<Piece>,
}

/// A part of [`Code`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// What it names.
    pub(crate) target: Option<Target>,
}

impl Code {
    /// Code without links.
    pub(crate) fn plain(text: &str) -> Self {
        let mut code = Self::default();
        code.push(text, None);
        code
    }

    /// A text with the given ranges of it linked; they are in order and apart.
    pub(crate) fn linked(text: &str, links: &Links) -> Self {
        let mut code = Self::default();
        let mut at = 0;
        for (range, target) in links {
            let (start, end) = (range.start as usize, range.end as usize);
            if let (Some(before), Some(name)) = (text.get(at..start), text.get(start..end)) {
                code.push(before, None);
                code.push(name, Some(*target));
                at = end;
            }
        }
        code.push(text.get(at..).unwrap_or_default(), None);
        code
    }

    fn push(&mut self, text: &str, target: Option<Target>) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.target.is_none() && target.is_none() => last.text.push_str(&visible(text)),
            _ => self.pieces.push(Piece { text: visible(text).into_owned(), target }),
        }
    }

    /// On one line, and not longer than a cell has room for.
    fn for_cell(mut self) -> Self {
        let mut room = MAX_INLINE;
        for at in 0..self.pieces.len() {
            let piece = &mut self.pieces[at];
            piece.text = one_line(&piece.text);
            match piece.text.char_indices().nth(room) {
                Some((cut, _)) => {
                    piece.text.truncate(cut);
                    piece.text.push('…');
                    self.pieces.truncate(at + 1);
                    break;
                }
                None => room -= piece.text.chars().count(),
            }
        }
        self
    }
}

/// Ranges of a text and what they name, in order.
pub(crate) type Links = Vec<(TextRange, Target)>;

/// A text and its tokens without comments.
pub(crate) struct Source<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut tokens = lex(text).tokens;
        tokens.retain(|token| {
            !matches!(token.kind, TokenKind::Comment | TokenKind::DocComment | TokenKind::FileDoc)
                && !token.flags.has(TokenFlags::VIRTUAL)
        });
        Self { text, tokens }
    }

    fn from(&self, start: u32) -> impl Iterator<Item = &Token> {
        let first = self.tokens.partition_point(|token| token.range.start < start);
        self.tokens[first..].iter()
    }

    fn within(&self, range: TextRange) -> impl Iterator<Item = &Token> {
        self.from(range.start).take_while(move |token| token.range.end <= range.end)
    }

    /// The start of the word before a place.
    pub(crate) fn word_before(&self, end: u32) -> u32 {
        let after = self.tokens.partition_point(|token| token.range.end <= end);
        after.checked_sub(1).map_or(end, |at| self.tokens[at].range.start)
    }

    /// The first place from `start` on where one of `stops` stands outside brackets opened on the way, or `end`.
    pub(crate) fn until(&self, start: u32, end: u32, stops: &[TokenKind]) -> u32 {
        let mut depth = 0_u32;
        for token in self.within(TextRange::new(start, end)) {
            if depth == 0 && stops.contains(&token.kind) {
                return token.range.start;
            }
            match token.kind {
                TokenKind::LParen | TokenKind::LBrace | TokenKind::LBracket => depth += 1,
                TokenKind::RParen | TokenKind::RBrace | TokenKind::RBracket => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        end
    }

    /// The end of the token that starts at a place, or the place.
    pub(crate) fn past(&self, start: u32) -> u32 {
        self.from(start).next().filter(|token| token.range.start == start).map_or(start, |token| token.range.end)
    }

    /// The tokens of a range with the lines they stand on, comments and empty lines left out.
    pub(crate) fn lines(&self, range: TextRange) -> String {
        let mut out = String::new();
        let mut before: Option<&Token> = None;
        for token in self.within(range) {
            if let Some(before) = before {
                out.push_str(match self.gap(before, token) {
                    gap if gap.contains('\n') => "\n",
                    "" => "",
                    _ => " ",
                });
            }
            out.push_str(token.text(self.text));
            before = Some(token);
        }
        out.replace("\r\n", "\n")
    }

    fn gap(&self, before: &Token, after: &Token) -> &'a str {
        self.text.get(before.range.end as usize..after.range.start as usize).unwrap_or_default()
    }

    /// The tokens of a range on one line. What `elided` covers, from brace to brace, is left out.
    pub(crate) fn inline(&self, range: TextRange, links: &Links, elided: &[TextRange]) -> Code {
        let mut code = Code::default();
        let mut before: Option<&Token> = None;
        let mut linked = None;
        for token in self.within(range) {
            if let Some(hidden) = elided.iter().find(|hidden| hidden.start < token.range.start) {
                if token.range.end < hidden.end {
                    continue;
                }
                if token.range.end == hidden.end {
                    code.push(" … }", None);
                    before = Some(token);
                    continue;
                }
            }
            let gap = before.map_or("", |before| separator(before, token, self.gap(before, token)));
            let at = links.partition_point(|(range, _)| range.end < token.range.end);
            let link = links.get(at).filter(|(range, _)| range.start <= token.range.start);
            match (link, linked) {
                // The parts of one path.
                (Some((range, _)), Some(open)) if *range == open => {
                    if let Some(last) = code.pieces.last_mut() {
                        last.text.push_str(&visible(token.text(self.text)));
                    }
                }
                _ => {
                    code.push(gap, None);
                    code.push(token.text(self.text), link.map(|(_, target)| *target));
                }
            }
            linked = link.map(|(range, _)| *range);
            before = Some(token);
        }
        code.for_cell()
    }
}

/// What stands between two tokens on one line: line breaks that separate become commas.
fn separator(before: &Token, after: &Token, gap: &str) -> &'static str {
    use TokenKind as K;
    let ends = before.kind.is_word()
        || matches!(before.kind, K::RParen | K::RBrace | K::RBracket | K::Str | K::RawStr | K::Regex | K::StrTail)
        || matches!(
            before.kind,
            K::Int | K::Decimal | K::Bytes | K::Duration | K::SemVer | K::Date | K::Question | K::Gt
        );
    let starts = after.kind.is_name() || matches!(after.kind, K::Str | K::RawStr | K::StrHead | K::LParen | K::DotDot);
    match (before.kind, after.kind) {
        _ if gap.is_empty() => "",
        (K::LParen | K::LBracket, _) | (_, K::RParen | K::RBracket) if gap.contains('\n') => "",
        _ if gap.contains('\n') && ends && starts => ", ",
        _ => " ",
    }
}

/// Finds the names in trees that lead to declarations of the package.
pub(crate) struct Linker<'s> {
    scopes: &'s Scopes,
    module: usize,
    links: Links,
}

impl<'s> Linker<'s> {
    pub(crate) fn new(scopes: &'s Scopes, module: usize) -> Self {
        Self { scopes, module, links: Links::new() }
    }

    /// What was found, in order.
    pub(crate) fn finish(mut self) -> Links {
        self.links.sort_by_key(|(range, _)| *range);
        self.links
    }

    pub(crate) fn path(&mut self, path: &Path) {
        if let Some(target) = self.scopes.resolve(self.module, &parts(path)) {
            self.links.push((path.range, target));
        }
    }

    pub(crate) fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Path { path, args } => {
                self.path(path);
                args.iter().for_each(|arg| self.ty(arg));
            }
            TypeKind::List(inner) | TypeKind::Optional(inner) => self.ty(inner),
            TypeKind::Record(record) => self.record(record),
            TypeKind::Refined { base, .. } => self.ty(base),
            TypeKind::Error => {}
        }
    }

    pub(crate) fn record(&mut self, record: &RecordType) {
        for field in &record.fields {
            self.ty(&field.ty);
            field.default.iter().for_each(|default| self.value(default));
        }
    }

    /// A name as a value, such as the environment a plan runs in where none is given.
    pub(crate) fn value(&mut self, value: &Expr) {
        if let ExprKind::Name(name) = &value.kind
            && let Some(target) = self.scopes.resolve(self.module, &[name])
        {
            self.links.push((value.range, target));
        }
    }

    /// The head of a declaration, and the body of those that have one on their page.
    pub(crate) fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Type(decl) => self.ty(&decl.ty),
            ItemKind::Fn(decl) => {
                for param in &decl.params {
                    self.ty(&param.ty);
                    param.default.iter().for_each(|default| self.value(default));
                }
                self.ty(&decl.result);
            }
            ItemKind::Plan(decl) => {
                for param in &decl.params {
                    self.ty(&param.ty);
                    param.default.iter().for_each(|default| self.value(default));
                }
                decl.result.iter().for_each(|result| self.ty(result));
            }
            ItemKind::Const(decl) => decl.ty.iter().for_each(|ty| self.ty(ty)),
            ItemKind::Capability(decl) => decl.clauses.iter().for_each(|clause| match clause {
                CapabilityClause::Input { ty, .. } | CapabilityClause::Output { ty, .. } => self.record(ty),
                CapabilityClause::Undo { call, .. } => self.path(&call.path),
                _ => {}
            }),
            ItemKind::Adapter(decl) => decl.clauses.iter().for_each(|clause| {
                if let AdapterClause::Provides { path, .. } = clause {
                    self.path(path);
                }
            }),
            ItemKind::Environment(decl) => {
                self.ty(&decl.ty);
                for member in &decl.members {
                    if let EnvironmentMember::Bind { capability, adapter, .. } = member {
                        self.path(capability);
                        self.path(adapter);
                    }
                }
            }
            ItemKind::Entity(decl) => self.ty(&decl.ty),
            ItemKind::Gate(decl) => decl.clauses.iter().for_each(|clause| match clause {
                GateClause::Input { ty, .. } => self.ty(ty),
                GateClause::Check { policies, .. } => {
                    policies.iter().filter(|policy| !policy.all).for_each(|policy| self.path(&policy.path));
                }
                GateClause::OnChange { .. } => {}
            }),
            ItemKind::Enum(_) | ItemKind::Policy(_) | ItemKind::Test(_) => {}
        }
    }
}
