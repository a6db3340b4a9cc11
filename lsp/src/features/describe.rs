//! Declarations in words: how they are written, what their documentation says.

use ordain_compiler::editor::{self, Meaning, hir};
use ordain_compiler::{Item, Kind, Sig, Ty, signature};
use ordain_syntax::ast;

use super::names;
use super::reference::built_in;
use crate::world::Snapshot;

/// How many lines of a declaration are shown.
const MOST_LINES: usize = 28;

/// How long a value may be.
const MOST_VALUE: usize = 200;

/// A declaration's own text, from its documentation on, and its syntax tree.
pub(crate) struct Written<'db> {
    text: &'db str,
    item: ast::Item,
}

/// A declaration as it is written.
pub(crate) fn written<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> Option<Written<'db>> {
    let db = &snapshot.db;
    let range = item.places(db).range;
    let text = item.file(db).content(db).text().get(range.start as usize..range.end as usize)?;
    let parsed = ordain_syntax::parse(text);
    Some(Written { text, item: parsed.file.items.into_iter().next()? })
}

impl Written<'_> {
    /// What its documentation says.
    pub(crate) fn docs(&self) -> Option<String> {
        self.item.docs.as_ref().map(|docs| docs.text.to_string())
    }

    /// What the documentation of one of its fields or variants says; of fields of one name the first.
    fn docs_of(&self, name: &str) -> Option<String> {
        let docs = |docs: &Option<ast::Docs>| docs.as_ref().map(|docs| docs.text.to_string());
        match &self.item.kind {
            ast::ItemKind::Enum(declared) => {
                docs(&declared.variants.iter().find(|variant| variant.name.name == name)?.docs)
            }
            ast::ItemKind::Type(declared) => field_docs(&declared.ty, name),
            ast::ItemKind::Capability(declared) => declared.clauses.iter().find_map(|clause| match clause {
                ast::CapabilityClause::Input { ty, .. } | ast::CapabilityClause::Output { ty, .. } => {
                    record_docs(ty, name)
                }
                _ => None,
            }),
            _ => None,
        }
    }

    /// The declaration without its documentation, and of what is long in it no more than the head.
    fn head(&self, kind: Kind) -> String {
        let name = self.item.name.range.start as usize;
        let start = self.text.get(..name).and_then(|before| before.rfind(kind.keyword())).unwrap_or(0);
        let end = match &self.item.kind {
            ast::ItemKind::Fn(declared) => declared.result.range.end as usize,
            ast::ItemKind::Plan(declared) => match &declared.result {
                Some(result) => result.range.end as usize,
                None => self.after_parameters(),
            },
            ast::ItemKind::Const(declared) => {
                declared.ty.as_ref().map_or(self.item.name.range.end, |ty| ty.range.end) as usize
            }
            _ => self.text.len(),
        };
        let whole = self.text.get(start..end).unwrap_or_default().trim_end();
        let mut lines: Vec<&str> = whole.lines().take(MOST_LINES + 1).collect();
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES - 1);
            lines.push("  …");
        }
        lines.join("\n")
    }

    fn after_parameters(&self) -> usize {
        let from = self.item.name.range.end;
        let mut depth = 0;
        for token in &ordain_syntax::lex(self.text).tokens {
            if token.range.start < from {
                continue;
            }
            depth += i32::from(token.kind == ordain_syntax::TokenKind::LParen);
            if token.kind == ordain_syntax::TokenKind::RParen {
                depth -= 1;
                if depth == 0 {
                    return token.range.end as usize;
                }
            }
        }
        from as usize
    }
}

fn field_docs(ty: &ast::Type, name: &str) -> Option<String> {
    match &ty.kind {
        ast::TypeKind::Record(record) => record_docs(record, name),
        ast::TypeKind::List(inner) | ast::TypeKind::Optional(inner) => field_docs(inner, name),
        ast::TypeKind::Path { args, .. } => args.iter().find_map(|arg| field_docs(arg, name)),
        _ => None,
    }
}

fn record_docs(record: &ast::RecordType, name: &str) -> Option<String> {
    let own = record.fields.iter().find(|field| field.name.name == name);
    match own {
        Some(field) => field.docs.as_ref().map(|docs| docs.text.to_string()),
        None => record.fields.iter().find_map(|field| field_docs(&field.ty, name)),
    }
}

/// How what a name means is declared, in the language, and its documentation.
pub(crate) struct Description {
    /// Lines of the language.
    pub(crate) code: String,
    /// Markdown.
    pub(crate) docs: Option<String>,
}

/// Describes what a name means.
pub(crate) fn describe<'db>(snapshot: &'db Snapshot, within: Option<Item<'db>>, meaning: &Meaning<'db>) -> Description {
    let db = &snapshot.db;
    match meaning {
        Meaning::Item(item) => of_item(snapshot, *item),
        Meaning::Module(module) => {
            let package = &ordain_compiler::manifest(db, module.package(db)).manifest.name;
            let path = match module.module(db).as_str() {
                "" => package.to_string(),
                module => format!("{package}.{module}"),
            };
            let docs = ordain_syntax::parse(module.content(db).text()).file.docs.map(|docs| docs.text.to_string());
            Description { code: format!("module {path}"), docs }
        }
        Meaning::Variant(item, index) => {
            let name = match &signature(db, *item).sig {
                Sig::Enum(variants) => variants.get(*index as usize).cloned().unwrap_or_default(),
                _ => Default::default(),
            };
            let docs = written(snapshot, *item).and_then(|written| written.docs_of(&name));
            Description { code: format!("{}.{name}", names::path(snapshot, *item)), docs }
        }
        Meaning::Local(binding, ty) => {
            let file = within.map(|item| (item, item.file(db).content(db).text()));
            let name = file.and_then(|(item, text)| {
                let range = editor::range(db, item, binding.part, binding.loc);
                text.get(range.start as usize..range.end as usize)
            });
            let code = match ty {
                Ty::Step(item) => format!("step {}: {}", name.unwrap_or("_"), names::path(snapshot, *item)),
                Ty::Plan(item) => format!("plan {}: {}", name.unwrap_or("_"), names::path(snapshot, *item)),
                Ty::Stage => format!("stage {}", name.unwrap_or("_")),
                ty => format!("{}: {}", name.unwrap_or("_"), ty.display(db)),
            };
            Description { code, docs: None }
        }
        Meaning::Field(field, ty) => {
            let name = field.path.last().cloned().unwrap_or_default();
            let declared = editor::field_place(db, field);
            let owner = declared.map(|(item, ..)| format!("// in {}\n", names::path(snapshot, item)));
            let docs = declared.and_then(|(item, ..)| written(snapshot, item)?.docs_of(&name));
            Description { code: format!("{}{name}: {}", owner.unwrap_or_default(), ty.display(db)), docs }
        }
        Meaning::Param(item, name, ty) => {
            let code = format!("// of {}\n{name}: {}", names::path(snapshot, *item), ty.display(db));
            Description { code, docs: None }
        }
        Meaning::Builtin(function) => built_in(function.name()),
        Meaning::Data(format) => {
            let name = editor::function_words().find(|name| ordain_compiler::DataFormat::named(name) == Some(*format));
            built_in(name.unwrap_or_default())
        }
        Meaning::Word(word) => built_in(word),
    }
}

fn of_item<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> Description {
    let db = &snapshot.db;
    let written = written(snapshot, item);
    let kind = item.kind(db);
    let mut code =
        written.as_ref().map_or_else(|| format!("{} {}", kind.keyword(), item.name(db)), |written| written.head(kind));
    if kind == Kind::Const {
        if let hir::Signature::Const { ty: None } = &item.signature(db).signature {
            code.push_str(&format!(": {}", editor::const_type(db, item).display(db)));
        }
        if let Some(value) = editor::value(db, item) {
            code.push_str(&format!(" = {}", ordain_views::value(&value, MOST_VALUE)));
        }
    }
    let path = names::path(snapshot, item);
    let place = path.strip_suffix(item.name(db).as_str()).unwrap_or_default().trim_end_matches('.');
    let code = if place.is_empty() { code } else { format!("// {place}\n{code}") };
    Description { code, docs: written.and_then(|written| written.docs()) }
}
