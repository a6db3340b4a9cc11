//! Semantic tokens: what every word is, by what it means. What the compiler has no meaning for is told by the syntax alone.

mod delta;
mod legend;

use ordain_compiler::editor::{Mark, Meaning, marks, range};
use ordain_compiler::{Item, Kind, Part, Sig, Ty, file_items, signature};
use ordain_diagnostics::TextRange;
use ordain_graph::Effect;
use ordain_syntax::ast::ItemKind;
use ordain_syntax::{Token, TokenFlags, TokenKind};
use rustc_hash::FxHashMap;
use tower_lsp::ls_types::SemanticToken;

pub(crate) use delta::delta;
pub(crate) use legend::legend;
use legend::{Class, Modifier, Sort};

use super::nodes::{Node, Role, walk};
use crate::world::{File, Snapshot};

/// The tokens of a file, or those that touch a range of it.
pub(crate) fn tokens(snapshot: &Snapshot, file: &File, within: Option<TextRange>) -> Vec<SemanticToken> {
    let within = within.unwrap_or(TextRange::new(0, file.text.len() as u32));
    let touches = |range: TextRange| range.start <= within.end && within.start <= range.end;
    let mut classes: FxHashMap<u32, Class> = FxHashMap::default();
    let parsed = ordain_syntax::parse(&file.text);
    written(&parsed.file, &touches, &mut classes);
    for &item in file_items(&snapshot.db, file.source).items(&snapshot.db) {
        if touches(item.places(&snapshot.db).range) {
            meant(snapshot, item, &mut classes);
        }
    }
    imported(snapshot, file, &parsed.file, &mut classes);
    let mut out = Writer { file, last: (0, 0), tokens: Vec::new() };
    let lexed = ordain_syntax::lex(&file.text).tokens;
    for (at, token) in lexed.iter().enumerate() {
        if !token.flags.has(TokenFlags::VIRTUAL) && touches(token.range) {
            let class = classes.get(&token.range.start).copied().or_else(|| lexical(&file.text, &lexed, at));
            if let Some(class) = class {
                out.token(token, class);
            }
        }
    }
    out.tokens
}

/// What the syntax says of names.
fn written<'t>(
    tree: &'t ordain_syntax::ast::File,
    touches: &dyn Fn(TextRange) -> bool,
    classes: &mut FxHashMap<u32, Class>,
) {
    let mut declared = Sort::Variable.into();
    walk(tree, &mut |range, node: Node<'t>| match node {
        Node::Item(item) => declared = declaration(&item.kind),
        Node::Name(role) if touches(range) => {
            let class = match role {
                Role::Declared => declared,
                Role::Module => Sort::Namespace.into(),
                Role::Path | Role::Alias => return,
                Role::Value => Sort::Variable.into(),
                Role::Bound => Class::from(Sort::Variable).with(Modifier::Declaration).with(Modifier::Readonly),
                Role::Step => Class::from(Sort::Step).with(Modifier::Declaration),
                Role::Stage => Class::from(Sort::Stage).with(Modifier::Declaration),
                Role::Param => Class::from(Sort::Parameter).with(Modifier::Declaration),
                Role::Argument => Sort::Parameter.into(),
                Role::FieldType => Class::from(Sort::Property).with(Modifier::Declaration),
                Role::Field => Sort::Property.into(),
                Role::Variant => Class::from(Sort::Variant).with(Modifier::Declaration).with(Modifier::Readonly),
                Role::Group => Sort::Group.into(),
                Role::Word => Class::from(Sort::Variant).with(Modifier::Readonly).with(Modifier::DefaultLibrary),
                Role::Keyword => Sort::Keyword.into(),
                Role::Code => Sort::Decorator.into(),
            };
            classes.insert(range.start, class);
        }
        _ => {}
    });
}

fn declaration(kind: &ItemKind) -> Class {
    let class: Class = match kind {
        ItemKind::Type(_) => Sort::Type,
        ItemKind::Enum(_) => Sort::Enum,
        ItemKind::Fn(_) => Sort::Function,
        ItemKind::Const(_) => return Class::from(Sort::Variable).with(Modifier::Readonly).with(Modifier::Declaration),
        ItemKind::Capability(_) => Sort::Capability,
        ItemKind::Adapter(_) => Sort::Adapter,
        ItemKind::Environment(_) => Sort::Environment,
        ItemKind::Entity(_) => Sort::Entity,
        ItemKind::Policy(_) => Sort::Policy,
        ItemKind::Gate(_) => Sort::Gate,
        ItemKind::Test(_) => Sort::String,
        ItemKind::Plan(_) => Sort::Plan,
    }
    .into();
    class.with(Modifier::Declaration)
}

/// What the compiler says of the names in a declaration.
fn meant<'db>(snapshot: &'db Snapshot, item: Item<'db>, classes: &mut FxHashMap<u32, Class>) {
    let db = &snapshot.db;
    let marks = marks(db, item);
    for (part, marks) in [(Part::Signature, &marks.signature), (Part::Body, &marks.body)] {
        for mark in marks {
            let at = range(db, item, part, mark.loc);
            let first = range(db, item, part, mark.first);
            // Where a field is given by a name alone, the name is that of the value, too.
            let known = classes.get(&at.start).copied();
            let class = class(snapshot, item, part, mark, known);
            classes.insert(at.start, class);
            if first.start < at.start {
                dotted(item.file(db).content(db).text(), first.cover(at), class, classes);
            }
        }
    }
    // A name of its own that the syntax knows no more of than that.
    if item.kind(db) == Kind::Capability && destroys(snapshot, item) {
        let name = item.places(db).name;
        dotted(
            item.file(db).content(db).text(),
            name,
            declaration_of(snapshot, item).with(Modifier::Declaration),
            classes,
        );
    }
}

/// Gives every part of a dotted name one class.
fn dotted(text: &str, range: TextRange, class: Class, classes: &mut FxHashMap<u32, Class>) {
    let mut at = range.start;
    for part in text.get(range.start as usize..range.end as usize).unwrap_or_default().split('.') {
        let blank = part.len() - part.trim_start().len();
        classes.insert(at + blank as u32, class);
        at += part.len() as u32 + 1;
    }
}

fn class<'db>(snapshot: &'db Snapshot, item: Item<'db>, part: Part, mark: &Mark<'db>, known: Option<Class>) -> Class {
    let db = &snapshot.db;
    match &mark.meaning {
        Meaning::Item(item) => declaration_of(snapshot, *item),
        Meaning::Module(module) => {
            let class = Class::from(Sort::Namespace);
            class.with_if(Modifier::DefaultLibrary, module.package(db) == snapshot.std)
        }
        Meaning::Variant(of, _) => {
            let class = Class::from(Sort::Variant).with(Modifier::Readonly);
            let class = class.with_if(Modifier::DefaultLibrary, of.file(db).package(db) == snapshot.std);
            class.with_if(Modifier::Declaration, *of == item && part == Part::Signature)
        }
        Meaning::Local(binding, ty) => {
            let here = binding.part == part && binding.loc == mark.loc;
            let class: Class = match ty.peel_optional(db) {
                Ty::Stage => Sort::Stage.into(),
                Ty::Step(_) | Ty::Plan(_) | Ty::Family(_) => Sort::Step.into(),
                _ if is_parameter(item, binding.part, db) => Sort::Parameter.into(),
                _ => Class::from(Sort::Variable).with(Modifier::Readonly),
            };
            class.with_if(Modifier::Declaration, here).with_if(Modifier::Secret, is_secret(snapshot, ty))
        }
        Meaning::Field(_, ty) => {
            let declared = known.filter(|known| known.0 == Sort::Property);
            declared.unwrap_or(Sort::Property.into()).with_if(Modifier::Secret, is_secret(snapshot, ty))
        }
        Meaning::Param(..) => Sort::Parameter.into(),
        Meaning::Builtin(_) | Meaning::Data(_) => Class::from(Sort::Function).with(Modifier::DefaultLibrary),
        Meaning::Word(word) => {
            let is_type = word.starts_with(char::is_uppercase);
            Class::from(if is_type { Sort::Type } else { Sort::Function }).with(Modifier::DefaultLibrary)
        }
    }
}

fn is_parameter(item: Item<'_>, part: Part, db: &ordain_compiler::Database) -> bool {
    part == Part::Signature && matches!(item.kind(db), Kind::Fn | Kind::Plan)
}

fn is_secret<'db>(snapshot: &'db Snapshot, ty: &Ty<'db>) -> bool {
    matches!(ty.peel_optional(&snapshot.db), Ty::Secret(_))
}

fn destroys<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> bool {
    matches!(&signature(&snapshot.db, item).sig, Sig::Capability(contract) if contract.effect == Effect::Destroy)
}

/// What a use of a declaration is.
fn declaration_of<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> Class {
    let db = &snapshot.db;
    let class: Class = match item.kind(db) {
        Kind::Type => Sort::Type.into(),
        Kind::Enum => Sort::Enum.into(),
        Kind::Fn => Sort::Function.into(),
        Kind::Const => Class::from(Sort::Variable).with(Modifier::Readonly),
        Kind::Capability => Class::from(Sort::Capability).with_if(Modifier::Destructive, destroys(snapshot, item)),
        Kind::Adapter => Sort::Adapter.into(),
        Kind::Environment => Sort::Environment.into(),
        Kind::Entity => Sort::Entity.into(),
        Kind::Policy => Sort::Policy.into(),
        Kind::Gate => Sort::Gate.into(),
        Kind::Test => Sort::String.into(),
        Kind::Plan => Sort::Plan.into(),
    };
    class.with_if(Modifier::DefaultLibrary, item.file(db).package(db) == snapshot.std)
}

/// What the names in imports are.
fn imported(snapshot: &Snapshot, file: &File, tree: &ordain_syntax::ast::File, classes: &mut FxHashMap<u32, Class>) {
    let db = &snapshot.db;
    for import in &tree.uses {
        let last = import.path.parts.last().filter(|_| import.names.is_none());
        let whole = last.map(|last| (last.name.clone(), last.range, import.alias.as_ref()));
        let within = import.names.iter().flatten().map(|name| {
            let joined: Vec<&str> = name.path.parts.iter().map(|part| part.name.as_str()).collect();
            (joined.join(".").into(), name.path.range, name.alias.as_ref())
        });
        for (name, range, alias) in whole.into_iter().chain(within) {
            let bound = alias.map_or(&name, |alias| &alias.name);
            let parts: Vec<smol_str::SmolStr> = bound.split('.').map(Into::into).collect();
            let class = match ordain_compiler::editor::meant(db, file.source, &parts) {
                Some((item, _)) => declaration_of(snapshot, item),
                None => Sort::Namespace.into(),
            };
            dotted(&file.text, range, class, classes);
            if let Some(alias) = alias {
                classes.insert(alias.range.start, class.with(Modifier::Declaration));
            }
        }
    }
}

/// What a token is by its spelling.
fn lexical(text: &str, tokens: &[Token], at: usize) -> Option<Class> {
    let token = &tokens[at];
    let before = at.checked_sub(1).map(|before| tokens[before].kind);
    Some(match token.kind {
        TokenKind::Comment => Sort::Comment.into(),
        TokenKind::DocComment | TokenKind::FileDoc => Class::from(Sort::Comment).with(Modifier::Documentation),
        TokenKind::True | TokenKind::False | TokenKind::None => Class::from(Sort::Keyword).with(Modifier::Readonly),
        // Words that stand in one place only.
        TokenKind::Ident => match (before, token.text(text)) {
            (Some(TokenKind::On), "failure") | (Some(TokenKind::Require), "approval") => Sort::Keyword.into(),
            _ => return None,
        },
        TokenKind::At => Sort::Decorator.into(),
        TokenKind::Allow if before == Some(TokenKind::At) => Sort::Decorator.into(),
        kind if kind.is_word() => Sort::Keyword.into(),
        TokenKind::Int
        | TokenKind::Decimal
        | TokenKind::Bytes
        | TokenKind::Duration
        | TokenKind::SemVer
        | TokenKind::Date => Sort::Number.into(),
        TokenKind::Str | TokenKind::RawStr | TokenKind::StrHead | TokenKind::StrMid | TokenKind::StrTail => {
            Sort::String.into()
        }
        TokenKind::Regex => Sort::Regexp.into(),
        TokenKind::BadLiteral | TokenKind::End => return None,
        TokenKind::LParen
        | TokenKind::RParen
        | TokenKind::LBrace
        | TokenKind::RBrace
        | TokenKind::LBracket
        | TokenKind::RBracket
        | TokenKind::Comma
        | TokenKind::Colon
        | TokenKind::Dot => return None,
        _ if token.text(text).is_empty() => return None,
        _ => Sort::Operator.into(),
    })
}

struct Writer<'f> {
    file: &'f File,
    last: (u32, u32),
    tokens: Vec<SemanticToken>,
}

impl Writer<'_> {
    /// Writes a token, by lines; of a text with interpolations, what is text in it.
    fn token(&mut self, token: &Token, class: Class) {
        let mut range = token.range;
        if matches!(token.kind, TokenKind::StrHead | TokenKind::StrMid) {
            range.end -= 1;
        }
        if matches!(token.kind, TokenKind::StrMid | TokenKind::StrTail) {
            range.start += 1;
        }
        for line in self.file.lines.line_of(range.start)..=self.file.lines.line_of(range.end) {
            let Some((start, text)) = self.file.lines.line(&self.file.text, line) else { continue };
            let part = TextRange::new(range.start.max(start), range.end.min(start + text.len() as u32));
            if part.start < part.end {
                self.part(part, class);
            }
        }
    }

    fn part(&mut self, range: TextRange, Class(ty, modifiers): Class) {
        let place = self.file.range(range);
        let (line, column) = (place.start.line, place.start.character);
        let delta_line = line - self.last.0;
        self.tokens.push(SemanticToken {
            delta_line,
            delta_start: if delta_line == 0 { column - self.last.1 } else { column },
            length: place.end.character - column,
            token_type: ty as u32,
            token_modifiers_bitset: modifiers,
        });
        self.last = (line, column);
    }
}
