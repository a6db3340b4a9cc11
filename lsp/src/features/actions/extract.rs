//! Giving what is selected a name of its own: a constant, or a function of the local names in it.

use ordain_compiler::editor::{self, Meaning};
use ordain_compiler::{Item, Kind, Ty};
use ordain_diagnostics::TextRange;
use ordain_syntax::TokenKind;
use smol_str::SmolStr;
use tower_lsp::ls_types::CodeActionKind;

use super::{Actions, Edits};
use crate::features::names;
use crate::world::{File, Snapshot};

/// Extracts the expression that a selection is.
pub(super) fn extract(actions: &mut Actions<'_>, selection: TextRange) {
    let snapshot = actions.snapshot;
    let db = &snapshot.db;
    let file = actions.file;
    let selected = file.slice(selection);
    let start = selection.start + (selected.len() - selected.trim_start().len()) as u32;
    let range = TextRange::new(start, start + selected.trim().len() as u32);
    let Some(item) = editor::item_at(db, file.source, range.start) else { return };
    // Contracts are made of what they take and give, and both of what is written in them.
    if matches!(item.kind(db), Kind::Capability | Kind::Adapter) || has_to_be_literal(file, range.start) {
        return;
    }
    // Of parentheses at its ends, an expression knows nothing.
    let ends = (0..=4).flat_map(|start| (0..=4).map(move |end| (start, end))).filter(|(start, end)| {
        let text = file.slice(range).as_bytes();
        text.iter().take(*start).all(|byte| *byte == b'(') && text.iter().rev().take(*end).all(|byte| *byte == b')')
    });
    let bare =
        ends.map(|(start, end)| TextRange::new(range.start + start as u32, range.end.saturating_sub(end as u32)));
    let ty = bare.into_iter().find_map(|bare| editor::type_at(db, item, bare));
    let Some(ty) = ty.filter(|ty| !ty.holds_handle(db)) else { return };
    let names = editor::visible(db, file.source);
    let Some(result) = written(snapshot, &names, &ty) else { return };
    let inside = |at: TextRange| range.start <= at.start && at.end <= range.end;
    let mut locals: Vec<(SmolStr, Ty<'_>)> = Vec::new();
    for (_, at, mark) in names::of_item(snapshot, item).filter(|(_, at, _)| inside(*at)) {
        let bound_inside = |binding: &editor::Binding| inside(editor::range(db, item, binding.part, binding.loc));
        if let Meaning::Local(binding, ty) = &mark.meaning
            && !bound_inside(binding)
        {
            let name = SmolStr::from(file.slice(at));
            if !locals.iter().any(|(known, _)| *known == name) {
                locals.push((name, ty.clone()));
            }
        }
    }
    let text = file.slice(range);
    let before = item.places(db).range.start;
    let free = |wanted: &str| {
        let named = (1..).map(|at| if at == 1 { wanted.to_owned() } else { format!("{wanted}_{at}") });
        named.into_iter().find(|name| !file.text.contains(name.as_str()))
    };
    let edits = |declaration: String, call: String| -> Edits {
        [(file.path.clone(), vec![(TextRange::new(before, before), declaration), (range, call)])].into()
    };
    if locals.is_empty() {
        let Some(name) = free("extracted") else { return };
        let edits = edits(format!("const {name}: {result} = {text}\n\n"), name.clone());
        actions.put("Extract a constant", CodeActionKind::REFACTOR_EXTRACT, edits, None, false);
    } else if locals.iter().all(|(_, ty)| !ty.holds_handle(db) && !ty.holds_secret(db)) {
        let Some(name) = free("extracted") else { return };
        let params = locals.iter().map(|(name, ty)| Some(format!("{name}: {}", written(snapshot, &names, ty)?)));
        let Some(params) = params.collect::<Option<Vec<_>>>() else { return };
        let given = locals.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let declaration = format!("fn {name}({}) -> {result} = {text}\n\n", params.join(", "));
        let edits = edits(declaration, format!("{name}({given})"));
        actions.put("Extract a function", CodeActionKind::REFACTOR_EXTRACT, edits, None, false);
    }
}

/// Whether a name cannot stand at an offset: the paths of files and names of secrets are written where they are used, and so are
/// the bounds of types.
fn has_to_be_literal(file: &File, offset: u32) -> bool {
    let lexed = ordain_syntax::lex(&file.text);
    let mut before = lexed.tokens.iter().rev().filter(|token| token.range.end <= offset && !token.kind.is_comment());
    let called = before.clone().take(2).map(|token| token.text(&file.text)).collect::<Vec<_>>();
    if let ["(", word] = called[..]
        && editor::function_words().any(|known| known == word && known != "typed")
    {
        return true;
    }
    let line = file.text[..offset as usize].rfind('\n').map_or(0, |at| at as u32 + 1);
    before
        .by_ref()
        .take_while(|token| token.range.start >= line)
        .take_while(|token| !matches!(token.kind, TokenKind::Eq | TokenKind::LBrace | TokenKind::Comma))
        .any(|token| matches!(token.kind, TokenKind::Where | TokenKind::Matching))
}

/// A type as it is written in a file, by the names that its declarations have there; without its bounds, which the value keeps.
/// None where something in it has no name there, or cannot be told.
fn written<'db>(snapshot: &'db Snapshot, names: &[(SmolStr, Item<'db>)], ty: &Ty<'db>) -> Option<String> {
    let db = &snapshot.db;
    let inner = |ty: &Ty<'db>| written(snapshot, names, ty);
    Some(match ty {
        Ty::Alias(item) | Ty::Enum(item) => names.iter().find(|(_, known)| known == item)?.0.to_string(),
        Ty::List(element) => format!("List<{}>", inner(element)?),
        Ty::Set(element) => format!("Set<{}>", inner(element)?),
        Ty::Secret(value) => format!("Secret<{}>", inner(value)?),
        Ty::Ref(entity) => format!("Ref<{}>", inner(entity)?),
        Ty::Map(entry) => format!("Map<{}, {}>", inner(&entry.0)?, inner(&entry.1)?),
        Ty::Optional(value) => format!("{}?", inner(value)?),
        Ty::Refined(base, _) => inner(base)?,
        Ty::Record(record) => {
            let field = |field: &editor::FieldTy<'db>| {
                Some(format!("{}: {}", super::gaps::field_name(&field.name), inner(&field.ty)?))
            };
            let fields = record.fields.iter().map(field).collect::<Option<Vec<_>>>()?;
            format!("{{ {} }}", fields.join(", "))
        }
        Ty::Error | Ty::None | Ty::Step(_) | Ty::Plan(_) | Ty::Stage | Ty::Family(_) => return None,
        Ty::Bool
        | Ty::Int
        | Ty::Decimal
        | Ty::String
        | Ty::Bytes
        | Ty::Duration
        | Ty::SemVer
        | Ty::Url
        | Ty::Digest
        | Ty::Date
        | Ty::Json => ty.display(db),
    })
}
