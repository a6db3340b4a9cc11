//! The name at a place, and what it means.

use ordain_compiler::editor::{self, Binding, Def, FieldOf, Mark, Meaning};
use ordain_compiler::{Item, Kind, Part, SourceFile};
use ordain_diagnostics::TextRange;
use ordain_syntax::ast;
use smol_str::SmolStr;

use crate::world::{File, Snapshot};

/// A name in a source.
#[derive(Clone, Debug)]
pub(crate) struct At<'db> {
    /// Its place, all parts of a dotted name together.
    pub(crate) range: TextRange,
    /// The declaration it stands in; none in imports.
    pub(crate) item: Option<Item<'db>>,
    /// What it means.
    pub(crate) meaning: Meaning<'db>,
    /// What it means besides: `{ name }` is a field and the local it takes its value from.
    pub(crate) second: Option<Meaning<'db>>,
}

/// The name at an offset.
pub(crate) fn at<'db>(snapshot: &'db Snapshot, file: &File, offset: u32) -> Option<At<'db>> {
    let db = &snapshot.db;
    let Some(item) = editor::item_at(db, file.source, offset) else { return in_imports(snapshot, file, offset) };
    let places = item.places(db);
    if touches(places.name, offset) {
        return Some(At { range: places.name, item: Some(item), meaning: Meaning::Item(item), second: None });
    }
    let mut found: Vec<(TextRange, &Meaning<'db>)> = of_item(snapshot, item)
        .map(|(_, range, mark)| (range, &mark.meaning))
        .filter(|(range, _)| touches(*range, offset))
        .collect();
    // The narrowest name; of a field and the local of one spelling, the field stands first.
    found.sort_by_key(|(range, meaning)| (range.end - range.start, !matches!(meaning, Meaning::Field(..))));
    found.dedup();
    let (range, meaning) = found.first().map(|(range, meaning)| (*range, (*meaning).clone()))?;
    let second = found.iter().skip(1).find(|(other, _)| *other == range).map(|(_, meaning)| (*meaning).clone());
    Some(At { range, item: Some(item), meaning, second })
}

/// The names in an item: each with its part and place.
pub(crate) fn of_item<'db>(
    snapshot: &'db Snapshot,
    item: Item<'db>,
) -> impl Iterator<Item = (Part, TextRange, &'db Mark<'db>)> {
    let db = &snapshot.db;
    let marks = editor::marks(db, item);
    let parts = [(Part::Signature, &marks.signature), (Part::Body, &marks.body)];
    let all = parts.into_iter().flat_map(|(part, marks)| marks.iter().map(move |mark| (part, mark)));
    all.map(move |(part, mark)| {
        let first = editor::range(db, item, part, mark.first);
        (part, TextRange::new(first.start, editor::range(db, item, part, mark.loc).end), mark)
    })
}

fn touches(range: TextRange, offset: u32) -> bool {
    range.start <= offset && offset <= range.end && range.start < range.end
}

fn in_imports<'db>(snapshot: &'db Snapshot, file: &File, offset: u32) -> Option<At<'db>> {
    let parsed = ordain_syntax::parse(&file.text);
    let all = imported(snapshot, file.source, &parsed.file.uses);
    let (range, meaning) = all.into_iter().find(|(range, _)| touches(*range, offset))?;
    Some(At { range, item: None, meaning, second: None })
}

/// The names in the imports of a file, and what they mean.
pub(crate) fn imported<'db>(
    snapshot: &'db Snapshot,
    file: SourceFile,
    uses: &[ast::Use],
) -> Vec<(TextRange, Meaning<'db>)> {
    let db = &snapshot.db;
    let bound = editor::imports(db, file);
    let meaning = |import: usize, name: Option<usize>| {
        let found = bound.names.iter().map(|(_, imported)| imported).find(|imported| {
            imported.place.import as usize == import && imported.place.name.map(|at| at as usize) == name
        })?;
        Some(match &found.def {
            Def::Item(item) => Meaning::Item(*item),
            Def::Module(module) | Def::Prefix(module, _) => Meaning::Module(*module),
        })
    };
    let mut names = Vec::new();
    for (index, import) in uses.iter().enumerate() {
        let parts: Vec<SmolStr> = import.path.parts.iter().map(|part| part.name.clone()).collect();
        let whole = if import.names.is_none() { meaning(index, None) } else { None };
        let own = match &whole {
            Some(Meaning::Item(item)) => item.name(db).split('.').count().min(parts.len()),
            _ => 0,
        };
        for (at, part) in import.path.parts.iter().enumerate().take(parts.len() - own) {
            if let Some(module) = editor::module_meant(db, file, &parts[..=at]) {
                names.push((part.range, Meaning::Module(module)));
            } else if at + 1 == parts.len()
                && let Some(whole) = &whole
            {
                names.push((part.range, whole.clone()));
            }
        }
        if let (Some(whole), true) = (&whole, own > 0) {
            let start = import.path.parts[parts.len() - own].range.start;
            names.push((TextRange::new(start, import.path.range.end), whole.clone()));
        }
        if let (Some(alias), Some(whole)) = (&import.alias, &whole) {
            names.push((alias.range, whole.clone()));
        }
        for (at, name) in import.names.iter().flatten().enumerate() {
            let Some(found) = meaning(index, Some(at)) else { continue };
            if let Some(alias) = &name.alias {
                names.push((alias.range, found.clone()));
            }
            names.push((name.path.range, found));
        }
    }
    names
}

/// Where what a name means is declared: the file, the place of its name there, and all of the declaration.
pub(crate) fn declaration<'db>(
    snapshot: &'db Snapshot,
    within: Option<Item<'db>>,
    meaning: &Meaning<'db>,
) -> Option<(SourceFile, TextRange, TextRange)> {
    let db = &snapshot.db;
    match meaning {
        Meaning::Item(item) => {
            let places = item.places(db);
            Some((item.file(db), places.name, places.range))
        }
        Meaning::Module(module) => Some((*module, TextRange::default(), TextRange::default())),
        Meaning::Variant(item, index) => {
            let editor::hir::Signature::Enum(variants) = &item.signature(db).signature else { return None };
            let range = editor::range(db, *item, Part::Signature, variants.get(*index as usize)?.loc);
            Some((item.file(db), range, range))
        }
        Meaning::Local(Binding { part, loc }, _) => {
            let item = within?;
            let range = editor::range(db, item, *part, *loc);
            Some((item.file(db), range, range))
        }
        Meaning::Field(field, _) => field_declaration(snapshot, field),
        Meaning::Param(item, name, _) => {
            if let Some(name) = super::references::environment(snapshot, *item) {
                let range = editor::range(db, *item, Part::Body, name.loc);
                return Some((item.file(db), range, range));
            }
            let (editor::hir::Signature::Fn { params, .. } | editor::hir::Signature::Plan { params, .. }) =
                &item.signature(db).signature
            else {
                return None;
            };
            let param = params.iter().find(|param| param.name.text == *name)?;
            let range = editor::range(db, *item, Part::Signature, param.name.loc);
            Some((item.file(db), range, range))
        }
        Meaning::Builtin(_) | Meaning::Data(_) | Meaning::Word(_) => None,
    }
}

fn field_declaration<'db>(snapshot: &'db Snapshot, field: &FieldOf<'db>) -> Option<(SourceFile, TextRange, TextRange)> {
    let db = &snapshot.db;
    let (item, part, loc) = editor::field_place(db, field)?;
    let range = editor::range(db, item, part, loc);
    Some((item.file(db), range, range))
}

/// The spelling of a declaration with its module, as plans have it, for people.
pub(crate) fn path<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> SmolStr {
    match item.kind(&snapshot.db) {
        Kind::Test => item.name(&snapshot.db).clone(),
        _ => ordain_compiler::qualified_name(&snapshot.db, item),
    }
}
