//! What could stand at a place.
//!
//! The source is compiled once more with a name of its own at the place, in a file that stands in for it. Inference says what it
//! expected there; where the text is too broken for that, the tokens before the place say which words may follow.

mod context;
pub(crate) mod imports;
mod list;
mod strings;
mod words;

use ordain_compiler::editor::{self, COMPLETION_NAME, Named, Spot, hir};
use ordain_compiler::{Item, Kind, Sig, SourceFile, Ty, file_items, signature};
use ordain_diagnostics::TextRange;
use ordain_syntax::TokenKind;
use smol_str::SmolStr;
use tower_lsp::ls_types::{CompletionItem, CompletionItemKind, CompletionList, Position};

use crate::world::{File, Snapshot};
use context::{Context, Place, begins_arm};
use list::{Rank, Suggestions};

/// The text with [`COMPLETION_NAME`] in the place of the name around a position.
pub(crate) fn marked(file: &File, position: Position) -> String {
    let written = around(&file.text, file.offset(position));
    let (start, end) = (written.range.start as usize, written.range.end as usize);
    let typed = &file.text[start..written.cursor as usize];
    // An arm without a value would be none.
    let arm = if begins_arm(&file.text, written.range.start, written.range.end) { " => none" } else { "" };
    format!("{}{typed}{COMPLETION_NAME}{arm}{}", &file.text[..start], &file.text[end..])
}

/// The name around an offset.
struct Around {
    range: TextRange,
    cursor: u32,
}

fn around(text: &str, offset: u32) -> Around {
    let part = |character: &char| *character == '_' || character.is_alphanumeric();
    let offset = offset as usize;
    let before: usize = text[..offset].chars().rev().take_while(part).map(char::len_utf8).sum();
    let after: usize = text[offset..].chars().take_while(part).map(char::len_utf8).sum();
    Around { range: TextRange::new((offset - before) as u32, (offset + after) as u32), cursor: offset as u32 }
}

/// What could stand at a position of a file, whose marked text is in the snapshot's scratch file.
pub(crate) fn complete(snapshot: &Snapshot, file: &File, position: Position) -> Option<CompletionList> {
    let offset = file.offset(position);
    let written = around(&file.text, offset);
    let range = TextRange::new(written.range.start, offset);
    let mut found = Suggestions::new(snapshot, file, range);
    let scratch = snapshot.scratch?;
    let context = Context::at(&file.text, range.start);
    match context.place {
        Place::Comment => return None,
        Place::String => strings::complete(&mut found, &file.text, offset),
        Place::Use => imports::modules(&mut found, &context),
        Place::UseNames => imports::names(&mut found, &context),
        Place::Code => found.codes(),
        _ => {
            let spot = spot(snapshot, scratch, range.start);
            found.own = editor::item_at(&snapshot.db, scratch, range.start).map(|item| item.name(&snapshot.db).clone());
            let statement = matches!(context.place, Place::Statement(_) | Place::Clause(_) | Place::Top);
            if statement {
                words::heads(&mut found, &context);
            } else if words::after(&mut found, &context) {
                return Some(found.finish());
            }
            let called = match (context.place, context.word()) {
                // Steps and sub-plans get names as values do.
                (Place::Inside(Some(Kind::Plan)), "=") => Some(Kind::Capability),
                (Place::Inside(Some(Kind::Plan | Kind::Test)), "plan") => Some(Kind::Plan),
                _ => None,
            };
            if let Some(kind) = called {
                found.items(&[], |known| known == kind, Rank::File);
            }
            if let Some((prefix, kind)) = named(snapshot, file, &context, &mut found) {
                found.items(&prefix, |known| known == kind, Rank::File);
                return Some(found.finish());
            }
            match spot {
                Some(_) if called == Some(Kind::Plan) => {}
                _ if matches!((context.word_before(), context.word()), ("approval", "from") | ("escalate", "to")) => {
                    found.groups();
                }
                _ if matches!((context.word_before(), context.word()), ("require", "gate")) => found.gates(),
                Some(Spot::Expr { locals, .. }) if context.word() == "after" => {
                    let waitable = |ty: &Ty<'_>| matches!(ty, Ty::Step(_) | Ty::Plan(_) | Ty::Stage | Ty::Family(_));
                    locals.iter().filter(|local| waitable(&local.ty)).for_each(|local| found.local(local, Rank::Local));
                }
                Some(spot) => of_spot(&mut found, spot),
                None if matches!(context.place, Place::Statement(Kind::Plan)) => {
                    found.items(&[], |kind| kind == Kind::Capability, Rank::File);
                }
                None => {}
            }
        }
    }
    Some(found.finish())
}

/// Which kind of declaration the tokens before a place ask for, and the parts of its name that are there: what is written so far may
/// not be enough for the parser.
fn named<'db>(
    snapshot: &'db Snapshot,
    file: &File,
    context: &Context,
    found: &mut Suggestions<'db>,
) -> Option<(Vec<SmolStr>, Kind)> {
    let complete = |(kind, word): &(TokenKind, SmolStr)| {
        kind.is_word() && !["bind", "provides", "undo", "to"].contains(&word.as_str())
    };
    if context.before.first().is_some_and(complete) {
        return None;
    }
    let (prefix, lead) = context.dotted();
    match (context.place, lead.word()) {
        (Place::Inside(Some(Kind::Environment)), "bind")
        | (Place::Inside(Some(Kind::Adapter)), "provides")
        | (Place::Inside(Some(Kind::Capability)), "undo") => Some((prefix, Kind::Capability)),
        (Place::Inside(Some(Kind::Environment)), "to") => {
            let names = lead.before[1..].iter().take_while(|(kind, _)| *kind != TokenKind::Bind);
            let mut parts: Vec<SmolStr> =
                names.filter(|(kind, _)| kind.is_word()).map(|(_, name)| name.clone()).collect();
            parts.reverse();
            found.provided = editor::meant(&snapshot.db, file.source, &parts).map(|(item, _)| item);
            Some((prefix, Kind::Adapter))
        }
        // A step, of whose name the first parts are there.
        (Place::Inside(Some(Kind::Plan)), _) if !prefix.is_empty() => {
            let length: usize = prefix.iter().map(|part| part.len() + 1).sum();
            let start = found.start().checked_sub(length as u32)?;
            let begins = matches!(Context::at(&file.text, start).place, Place::Statement(Kind::Plan));
            let called = format!("{}.", prefix.join("."));
            let is_capability = |(name, item): &(SmolStr, Item<'_>)| {
                item.kind(&snapshot.db) == Kind::Capability && name.starts_with(&called)
            };
            let bound = lead.word() == "="
                && lead.before.last().is_some_and(|(kind, _)| matches!(kind, TokenKind::Let | TokenKind::Gate))
                && editor::visible(&snapshot.db, file.source).iter().any(is_capability);
            (begins || bound).then_some((prefix, Kind::Capability))
        }
        _ => None,
    }
}

/// What inference expected at the marked place.
fn spot(snapshot: &Snapshot, scratch: SourceFile, offset: u32) -> Option<Spot<'_>> {
    let db = &snapshot.db;
    let item = editor::item_at(db, scratch, offset)?;
    let near = std::iter::once(item)
        .chain(file_items(db, scratch).items(db).iter().copied().filter(move |other| *other != item));
    // A mistake may have cut the item in two.
    near.take(3).find_map(|item| editor::marks(db, item).spot.clone())
}

fn of_spot<'db>(found: &mut Suggestions<'db>, spot: Spot<'db>) {
    match spot {
        Spot::Expr { expected, locals, prefix } => {
            if prefix.is_empty() {
                expression(found, expected.as_ref(), &locals);
            } else {
                found.items(&prefix, is_expression, Rank::File);
                imports::below(found, &prefix);
            }
        }
        Spot::Member(ty) => {
            for (name, member) in editor::members(found.db(), &ty) {
                found.field(&name, &member, None);
            }
        }
        Spot::Variant(item) => variants(found, &Ty::Enum(item), Rank::Expected),
        Spot::FieldName { ty, owner, given, locals } => fields(found, &ty, owner, &given, &locals),
        Spot::Type(prefix) => {
            found.items(&prefix, |kind| matches!(kind, Kind::Type | Kind::Enum), Rank::File);
            if prefix.is_empty() {
                for name in editor::type_names() {
                    let snippet = match *name {
                        "List" | "Set" | "Secret" | "Ref" => Some(format!("{name}<$1>$0")),
                        "Map" => Some("Map<$1, $2>$0".to_owned()),
                        _ => None,
                    };
                    found.word(name, CompletionItemKind::STRUCT, Some("built in"), snippet, Rank::Builtin);
                }
            }
        }
        Spot::Target(kind, prefix) => found.items(&prefix, |known| known == kind, Rank::File),
        Spot::Pattern(ty) => patterns(found, &ty),
        Spot::Argument { callee, expected, locals } => {
            if let Sig::Fn { params, .. } | Sig::Plan { params, .. } = &signature(found.db(), callee).sig {
                for param in params {
                    let ty = param.ty.display(found.db());
                    let snippet = format!("{}: $0", param.name);
                    let label = format!("{}:", param.name);
                    found.word(&label, CompletionItemKind::PROPERTY, Some(&ty), Some(snippet), Rank::Local);
                }
            }
            expression(found, expected.as_ref(), &locals);
        }
    }
}

/// What fits values of a type, with the arrow to its value where there is none yet.
fn patterns<'db>(found: &mut Suggestions<'db>, ty: &Ty<'db>) {
    let db = found.db();
    let in_arm = found.in_arm();
    let arm = |word: &str| (!in_arm).then(|| format!("{word} => $0"));
    if let Some((item, variants)) = ty.variants(db) {
        for variant in variants {
            found.word(variant, CompletionItemKind::ENUM_MEMBER, Some(item.name(db)), arm(variant), Rank::Expected);
        }
    }
    let words: &[&str] = match ty.peel(db) {
        Ty::Optional(_) => &["none"],
        Ty::Bool => &["true", "false"],
        _ => &[],
    };
    for word in words {
        found.word(word, CompletionItemKind::KEYWORD, None, arm(word), Rank::Expected);
    }
    found.word("_", CompletionItemKind::KEYWORD, Some("everything else"), arm("_"), Rank::Word);
}

fn is_expression(kind: Kind) -> bool {
    matches!(kind, Kind::Const | Kind::Environment | Kind::Entity | Kind::Enum | Kind::Fn)
}

fn expression<'db>(found: &mut Suggestions<'db>, expected: Option<&Ty<'db>>, locals: &[Named<'db>]) {
    if let Some(expected) = expected {
        variants(found, expected, Rank::Expected);
    }
    // For a stage one can wait, and do nothing else with it.
    for local in locals.iter().rev().filter(|local| local.ty != Ty::Stage) {
        let fits = expected.is_some_and(|expected| *expected == local.ty);
        found.local(local, if fits { Rank::Expected } else { Rank::Local });
    }
    found.items(&[], is_expression, Rank::File);
    found.functions();
    for word in ["true", "false", "none", "if", "match", "not"] {
        let snippet = match word {
            "if" => Some("if ${1:condition} { $2 } else { $3 }$0".to_owned()),
            "match" => Some("match ${1:value} { $2 }$0".to_owned()),
            _ => None,
        };
        found.word(word, CompletionItemKind::KEYWORD, None, snippet, Rank::Word);
    }
}

fn variants<'db>(found: &mut Suggestions<'db>, ty: &Ty<'db>, rank: Rank) {
    let db = found.db();
    if let Some((item, variants)) = ty.variants(db) {
        let of = item.name(db).clone();
        for variant in variants {
            found.word(variant, CompletionItemKind::ENUM_MEMBER, Some(&of), None, rank);
        }
    }
    if ty.peel(db) == Ty::Bool {
        for word in ["true", "false"] {
            found.word(word, CompletionItemKind::KEYWORD, None, None, rank);
        }
    }
}

/// The fields of a literal that are not given yet, and one suggestion for all that must be.
fn fields<'db>(
    found: &mut Suggestions<'db>,
    ty: &Ty<'db>,
    owner: Option<editor::FieldOf<'db>>,
    given: &[SmolStr],
    locals: &[Named<'db>],
) {
    let db = found.db();
    let Ty::Record(record) = ty else { return };
    let missing: Vec<_> = record.fields.iter().filter(|field| !given.contains(&field.name)).collect();
    let needed: Vec<_> = missing
        .iter()
        .filter(|field| field.default.is_none() && !matches!(field.ty.peel(db), Ty::Optional(_)))
        .collect();
    if needed.len() > 1 {
        let all: Vec<String> = needed
            .iter()
            .enumerate()
            .map(|(at, field)| format!("{}: {}", field.name, hole(db, at + 1, &field.ty)))
            .collect();
        let names = needed.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
        let snippet = format!("{}$0", all.join(", "));
        found.word("all that is needed", CompletionItemKind::SNIPPET, Some(&names), Some(snippet), Rank::Expected);
    }
    for field in missing {
        let same = locals.iter().any(|local| local.name == field.name);
        found.field(&field.name, &field.ty, Some((owner.clone(), same)));
    }
}

/// A place to fill in with a value of a type.
pub(super) fn hole<'db>(db: &'db dyn ordain_compiler::Db, number: usize, ty: &Ty<'db>) -> String {
    match ty.peel_optional(db) {
        Ty::String | Ty::Url | Ty::Digest => format!("\"${{{number}}}\""),
        Ty::List(_) | Ty::Set(_) => format!("[${{{number}}}]"),
        Ty::Record(_) | Ty::Map(_) => format!("{{ ${{{number}}} }}"),
        Ty::Enum(_) => {
            let names: Vec<&str> =
                ty.variants(db).map(|(_, names)| names.iter().map(SmolStr::as_str).collect()).unwrap_or_default();
            format!("${{{number}|{}|}}", names.join(","))
        }
        Ty::Bool => format!("${{{number}|true,false|}}"),
        _ => format!("${{{number}}}"),
    }
}

/// The inputs of a capability as a snippet.
pub(super) fn inputs<'db>(db: &'db dyn ordain_compiler::Db, capability: Item<'db>) -> String {
    let Sig::Capability(contract) = &signature(db, capability).sig else { return " { $0 }".into() };
    let Ty::Record(record) = contract.input.peel(db) else { return " { $0 }".into() };
    let needed = record
        .fields
        .iter()
        .filter(|field| field.default.is_none() && !matches!(field.ty.peel(db), Ty::Optional(_)))
        .enumerate()
        .map(|(at, field)| format!("{}: {}", field.name, hole(db, at + 1, &field.ty)))
        .collect::<Vec<_>>()
        .join(", ");
    if needed.is_empty() { " {}$0".into() } else { format!(" {{ {needed} }}$0") }
}

/// The documentation of a suggestion, once it is looked at.
pub(crate) fn resolve(snapshot: &Snapshot, mut item: CompletionItem) -> CompletionItem {
    list::document(snapshot, &mut item);
    item
}

/// The parameters of a function or plan as a snippet.
pub(super) fn parameters<'db>(db: &'db dyn ordain_compiler::Db, item: Item<'db>) -> String {
    let (Sig::Fn { params, .. } | Sig::Plan { params, .. }) = &signature(db, item).sig else { return "()".into() };
    let named = matches!(item.signature(db).signature, hir::Signature::Plan { .. });
    let needed: Vec<String> = params
        .iter()
        .filter(|param| param.default.is_none())
        .enumerate()
        .map(|(at, param)| match named {
            true => format!("{}: {}", param.name, hole(db, at + 1, &param.ty)),
            false => format!("${{{}:{}}}", at + 1, param.name),
        })
        .collect();
    format!("({})$0", needed.join(", "))
}
