//! Fields and arms that are left out.

use ordain_compiler::editor::{self, Gap};
use ordain_compiler::{Database, Ty};
use ordain_diagnostics::TextRange;
use ordain_syntax::TokenKind;
use tower_lsp::ls_types::CodeActionKind;

use super::{Actions, Closing};

/// Fills what is left out in the declaration at a place.
pub(super) fn fill(actions: &mut Actions<'_>, range: TextRange) {
    let snapshot = actions.snapshot;
    let db = &snapshot.db;
    let Some(item) = editor::item_at(db, actions.file.source, range.start) else { return };
    for gap in &editor::marks(db, item).gaps {
        let (Gap::Fields { part, loc, .. } | Gap::Arms { part, loc, .. }) = gap;
        let at = editor::range(db, item, *part, *loc);
        if at.start > range.end || range.start > at.end {
            continue;
        }
        // The fields of an environment or entity stand between the braces of its declaration.
        let whole = if at == item.places(db).name { item.places(db).range } else { at };
        match gap {
            Gap::Fields { fields, .. } => {
                let Some(closing) = Closing::of(&actions.file.text, whole) else { continue };
                let entries: Vec<String> =
                    fields.iter().map(|field| format!("{}: {}", field.name, placeholder(db, &field.ty))).collect();
                let names = fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", ");
                let mut text = closing.adding(&entries);
                if closing.empty && !closing.several_lines {
                    let next = actions.file.text.as_bytes().get(closing.at as usize);
                    text.push_str(if next == Some(&b'}') { " " } else { "" });
                }
                let edits = actions.here(TextRange::new(closing.at, closing.at), text);
                let title = format!("Add missing {names}");
                actions.put(title, CodeActionKind::QUICKFIX, edits, None, true);
            }
            Gap::Arms { patterns, .. } => {
                let Some(closing) = Closing::of(&actions.file.text, whole) else { continue };
                let body = first_body(actions.file.slice(whole)).unwrap_or_else(|| "none".into());
                let entries: Vec<String> = patterns.iter().map(|pattern| format!("{pattern} => {body}")).collect();
                let names = patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>().join(", ");
                let edits = actions.here(TextRange::new(closing.at, closing.at), closing.adding(&entries));
                actions.put(format!("Add arms for {names}"), CodeActionKind::QUICKFIX, edits, None, true);
            }
        }
    }
}

/// The value of the first arm of a `match`, which has the type that all must have.
fn first_body(text: &str) -> Option<String> {
    let lexed = ordain_syntax::lex(text);
    let arrow = lexed.tokens.iter().position(|token| token.kind == TokenKind::FatArrow)?;
    let start = lexed.tokens.get(arrow + 1)?.range.start;
    let mut depth = 0;
    for token in &lexed.tokens[arrow + 1..] {
        let ends = depth == 0
            && (token.kind == TokenKind::Comma
                || token.kind.is_closer()
                || token.on_new_line() && token.range.start > start);
        if ends {
            return text.get(start as usize..token.range.start as usize).map(|body| body.trim().to_owned());
        }
        depth += i32::from(token.kind.is_opener()) - i32::from(token.kind.is_closer());
    }
    None
}

/// A value to begin with, of a type.
pub(super) fn placeholder<'db>(db: &'db Database, ty: &Ty<'db>) -> String {
    match ty.peel(db) {
        Ty::Optional(_) => "none".into(),
        Ty::Bool => "false".into(),
        Ty::Int => "0".into(),
        Ty::Decimal => "0.0".into(),
        Ty::Bytes => "1KiB".into(),
        Ty::Duration => "1s".into(),
        Ty::SemVer => "0.1.0".into(),
        Ty::Date => "2027-01-01".into(),
        Ty::Url => "\"https://example.com/\"".into(),
        Ty::List(_) | Ty::Set(_) => "[]".into(),
        Ty::Map(_) | Ty::Record(_) | Ty::Json => "{}".into(),
        Ty::Secret(_) => "secret(\"\")".into(),
        Ty::Enum(_) => ty.variants(db).and_then(|(_, names)| names.first()).map_or("none".into(), ToString::to_string),
        _ => "\"\"".into(),
    }
}
