//! Giving what is selected a name of its own: a constant, or a function of the local names in it.

use ordain_compiler::Ty;
use ordain_compiler::editor::{self, Meaning};
use ordain_diagnostics::TextRange;
use smol_str::SmolStr;
use tower_lsp::ls_types::CodeActionKind;

use super::{Actions, Edits};
use crate::features::names;

/// Extracts the expression that a selection is.
pub(super) fn extract(actions: &mut Actions<'_>, selection: TextRange) {
    let snapshot = actions.snapshot;
    let db = &snapshot.db;
    let file = actions.file;
    let selected = file.slice(selection);
    let start = selection.start + (selected.len() - selected.trim_start().len()) as u32;
    let range = TextRange::new(start, start + selected.trim().len() as u32);
    let Some(item) = editor::item_at(db, file.source, range.start) else { return };
    // Of parentheses at its ends, an expression knows nothing.
    let ends = (0..=4).flat_map(|start| (0..=4).map(move |end| (start, end))).filter(|(start, end)| {
        let text = file.slice(range).as_bytes();
        text.iter().take(*start).all(|byte| *byte == b'(') && text.iter().rev().take(*end).all(|byte| *byte == b')')
    });
    let bare =
        ends.map(|(start, end)| TextRange::new(range.start + start as u32, range.end.saturating_sub(end as u32)));
    let ty = bare.into_iter().find_map(|bare| editor::type_at(db, item, bare));
    let Some(ty) = ty.filter(|ty| !matches!(ty, Ty::Error) && !ty.holds_handle(db)) else { return };
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
        let taken = |name: &str| editor::declared(db, file.source).get(name).is_some();
        (1..).map(|at| if at == 1 { wanted.to_owned() } else { format!("{wanted}_{at}") }).find(|name| !taken(name))
    };
    let edits = |declaration: String, call: String| -> Edits {
        [(file.path.clone(), vec![(TextRange::new(before, before), declaration), (range, call)])].into()
    };
    if locals.is_empty() {
        let Some(name) = free("extracted") else { return };
        let declared = match &ty {
            Ty::Record(_) | Ty::List(_) | Ty::Map(_) | Ty::Set(_) => String::new(),
            ty => format!(": {}", ty.display(db)),
        };
        let edits = edits(format!("const {name}{declared} = {text}\n\n"), name.clone());
        actions.put("Extract a constant", CodeActionKind::REFACTOR_EXTRACT, edits, None, false);
    } else if locals.iter().all(|(_, ty)| !ty.holds_handle(db) && !ty.holds_secret(db)) {
        let Some(name) = free("extracted") else { return };
        let params =
            locals.iter().map(|(name, ty)| format!("{name}: {}", ty.display(db))).collect::<Vec<_>>().join(", ");
        let given = locals.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let declaration = format!("fn {name}({params}) -> {} = {text}\n\n", ty.display(db));
        let edits = edits(declaration, format!("{name}({given})"));
        actions.put("Extract a function", CodeActionKind::REFACTOR_EXTRACT, edits, None, false);
    }
}
