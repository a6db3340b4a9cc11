//! Modules and their names: in `use`, and where one is brought in on the way.

use ordain_compiler::editor;
use ordain_compiler::{Database, Kind, Package, SourceFile};
use ordain_diagnostics::TextRange;
use ordain_syntax::ast;
use smol_str::SmolStr;
use tower_lsp::ls_types::CompletionItemKind;

use super::context::Context;
use super::list::{Rank, Suggestions};

/// The modules that a file can name, by their whole paths there.
pub(crate) fn known(db: &Database, file: SourceFile) -> Vec<(SmolStr, SourceFile)> {
    let package = file.package(db);
    let own = package.files(db).iter().map(|(module, &file)| (module.clone(), file));
    let others = editor::dependencies(db, package).flat_map(|(name, package): (&SmolStr, Package)| {
        package.files(db).iter().map(move |(module, &file)| {
            let path = if module.is_empty() { name.clone() } else { format!("{name}.{module}").into() };
            (path, file)
        })
    });
    own.chain(others).filter(|(path, known)| !path.is_empty() && *known != file).collect()
}

/// The next part of the path of a `use`.
pub(super) fn modules(found: &mut Suggestions<'_>, context: &Context) {
    let start = context.path.iter().map(|part| format!("{part}.")).collect::<String>();
    let mut parts: Vec<SmolStr> = known(found.db(), found.file.source)
        .iter()
        .filter_map(|(path, _)| path.strip_prefix(start.as_str())?.split('.').next().map(SmolStr::from))
        .collect();
    parts.sort();
    parts.dedup();
    for part in parts {
        found.word(&part, CompletionItemKind::MODULE, None, None, Rank::File);
    }
    names(found, context);
}

/// The names that a `use` can bring in from its module.
pub(super) fn names(found: &mut Suggestions<'_>, context: &Context) {
    let path = context.path.join(".");
    let modules = known(found.db(), found.file.source);
    let Some((_, module)) = modules.iter().find(|(known, _)| *known == path) else { return };
    let db = found.db();
    let mut seen: Vec<SmolStr> = Vec::new();
    for (name, item) in editor::declared(db, *module).iter() {
        let first: SmolStr = name.split('.').next().unwrap_or_default().into();
        for name in [first, name.clone()] {
            if !seen.contains(&name) && !context.taken.contains(&name) {
                found.item_named(&name, item, Rank::File, None);
                seen.push(name);
            }
        }
    }
}

/// The declarations of the module that several parts of a path in an expression name; what can be named below one is in sight.
pub(super) fn below(found: &mut Suggestions<'_>, prefix: &[SmolStr]) {
    if prefix.len() < 2 {
        return;
    }
    let db = found.db();
    let Some(module) = editor::module_meant(db, found.file.source, prefix) else { return };
    for (name, item) in editor::declared(db, module).iter() {
        if item.kind(db) != Kind::Test {
            found.item_named(name, item, Rank::File, None);
        }
    }
}

/// The edit that brings a declaration into a file: its place and text.
pub(crate) fn bringing(uses: &[ast::Use], text: &str, module: &str, name: &str) -> (TextRange, String) {
    let known = uses.iter().find(|known| {
        known.names.is_some()
            && known.path.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(".") == module
    });
    if let Some(known) = known
        && let Some(last) = known.names.iter().flatten().last()
    {
        let end = last.alias.as_ref().map_or(last.path.range.end, |alias| alias.range.end);
        return (TextRange::new(end, end), format!(", {name}"));
    }
    let at = match uses.last() {
        // Behind the comment that may stand on its line.
        Some(last) => {
            let rest = &text[last.range.end as usize..];
            let line = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
            let commented = line.trim_start().starts_with("//");
            last.range.end + if commented { line.len() as u32 } else { 0 }
        }
        None => {
            // After what documents the file.
            let head = text.lines().take_while(|line| line.starts_with("//!") || line.trim().is_empty());
            let length: usize = head.map(|line| line.len() + 1).sum();
            return (at(length.min(text.len())), format!("use {module}.{{{name}}}\n\n"));
        }
    };
    (at_u32(at), format!("\nuse {module}.{{{name}}}"))
}

fn at(offset: usize) -> TextRange {
    at_u32(offset as u32)
}

fn at_u32(offset: u32) -> TextRange {
    TextRange::new(offset, offset)
}
