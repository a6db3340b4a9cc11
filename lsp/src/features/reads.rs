//! The data files whose values are of a declared type: they have its names, too, and no edit of sources changes them.

use memchr::memmem::Finder;
use ordain_compiler::{DataFormat, DataPattern, Item, Kind, SourceFile, Ty, editor, file_items};
use ordain_diagnostics::TextRange;
use ordain_syntax::ast::{Arg, Expr, ExprKind};
use smol_str::SmolStr;

use super::nodes::{Node, walk};
use super::references::occurrences;
use crate::world::Snapshot;

/// The path of a file that is read as a value of a type that a declaration is or is a part of, and in which a word stands.
pub(super) fn having<'db>(snapshot: &'db Snapshot, declared: Item<'db>, word: &str) -> Option<SmolStr> {
    let db = &snapshot.db;
    let mut files: Vec<SourceFile> = snapshot.files.values().copied().collect();
    files.sort_by(|one, other| one.path(db).cmp(other.path(db)));
    files.into_iter().find_map(|file| in_file(snapshot, file, declared, word))
}

fn in_file<'db>(snapshot: &'db Snapshot, file: SourceFile, declared: Item<'db>, word: &str) -> Option<SmolStr> {
    let db = &snapshot.db;
    if file_items(db, file).data(db).is_empty() {
        return None;
    }
    let data = file.package(db).data(db);
    let finder = Finder::new(word.as_bytes());
    let has_word = |path: &str| {
        let pattern = DataPattern::of(path);
        let named = data.iter().filter(|(known, _)| match &pattern {
            Some(pattern) => pattern.matches(known),
            None => *known == path,
        });
        let mut with_word = named.filter(|(_, file)| !occurrences(file.content(db).text(), &finder, word).is_empty());
        with_word.next().map(|(path, _)| path.clone())
    };
    let parsed = ordain_syntax::parse(file.content(db).text()).file;
    let mut found = None;
    walk(&parsed, &mut |range, node| {
        if found.is_none()
            && let Node::Expr(Expr { kind: ExprKind::Call { callee, args }, .. }) = node
            && let Some(path) = read(callee, args)
            && let Some(path) = has_word(&path)
            && leads(snapshot, file, range, declared)
        {
            found = Some(path);
        }
    });
    found
}

/// The path in `json("…")` and its like.
fn read(callee: &Expr, args: &[Arg]) -> Option<String> {
    let ExprKind::Name(name) = &callee.kind else { return None };
    let Some(Arg { value: Expr { kind: ExprKind::String(text), .. }, .. }) = args.first() else { return None };
    DataFormat::named(name)?;
    text.as_text().map(str::to_owned)
}

/// Whether the type of what stands in a range has values of a declared one in it.
fn leads<'db>(snapshot: &'db Snapshot, file: SourceFile, range: TextRange, declared: Item<'db>) -> bool {
    let db = &snapshot.db;
    let Some(item) = editor::item_at(db, file, range.start) else { return false };
    // A variant that data has and the enum does not is an error there, as long as evaluation sees the data.
    let evaluated = matches!(item.kind(db), Kind::Const | Kind::Environment | Kind::Entity);
    if evaluated && declared.kind(db) == Kind::Enum {
        return false;
    }
    editor::type_at(db, item, range).is_some_and(|ty| has(snapshot, &ty, declared, &mut Vec::new()))
}

fn has<'db>(snapshot: &'db Snapshot, ty: &Ty<'db>, declared: Item<'db>, seen: &mut Vec<Item<'db>>) -> bool {
    match ty {
        Ty::Alias(item) if *item == declared => true,
        Ty::Alias(item) => {
            // Types may go in circles.
            let again = seen.contains(item);
            seen.push(*item);
            !again && has(snapshot, &ty.peel(&snapshot.db), declared, seen)
        }
        Ty::Enum(item) => *item == declared,
        Ty::List(inner) | Ty::Set(inner) | Ty::Optional(inner) | Ty::Secret(inner) | Ty::Refined(inner, _) => {
            has(snapshot, inner, declared, seen)
        }
        Ty::Map(entry) => has(snapshot, &entry.0, declared, seen) || has(snapshot, &entry.1, declared, seen),
        Ty::Record(record) => record.fields.iter().any(|field| has(snapshot, &field.ty, declared, seen)),
        _ => false,
    }
}
