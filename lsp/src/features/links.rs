//! Links: from paths of files to the files, from imports to their modules, from codes to their pages.

use ordain_compiler::{DataFormat, Package, SourceFile};
use ordain_diagnostics::{Code, TextRange};
use ordain_syntax::ast::*;
use smol_str::SmolStr;
use tower_lsp::ls_types::{DocumentLink, Uri};

use super::nodes::{Node, walk};
use crate::text::uri_of;
use crate::world::{File, Snapshot, page};

/// The links of a file, in order.
pub(crate) fn links(snapshot: &Snapshot, file: &File) -> Vec<DocumentLink> {
    let parsed = ordain_syntax::parse(&file.text).file;
    let mut links = Links { snapshot, file, package: file.source.package(&snapshot.db), found: Vec::new() };
    for import in &parsed.uses {
        links.import(import);
    }
    walk(&parsed, &mut |_, node| match node {
        Node::Allow(allow) => links.code(allow),
        Node::Expr(Expr { kind: ExprKind::Call { callee, args }, .. }) => links.read(callee, args),
        Node::Item(item) => match &item.kind {
            ItemKind::Policy(tree) => tree.from.iter().flat_map(|from| &from.files).for_each(|text| links.data(text)),
            ItemKind::Adapter(tree) => tree.clauses.iter().for_each(|clause| links.program(clause)),
            _ => {}
        },
        _ => {}
    });
    links.found.sort_by_key(|link| (link.range.start, link.range.end));
    links.found
}

struct Links<'s> {
    snapshot: &'s Snapshot,
    file: &'s File,
    package: Package,
    found: Vec<DocumentLink>,
}

impl Links<'_> {
    fn link(&mut self, range: TextRange, target: Option<Uri>, tooltip: String) {
        if target.is_some() {
            self.found.push(DocumentLink { range: self.file.range(range), target, tooltip: Some(tooltip), data: None });
        }
    }

    fn code(&mut self, allow: &Allow) {
        let Some(code) = Code::parse(&allow.code.name) else { return };
        let target = page(code).and_then(|path| uri_of(&path));
        self.link(allow.code.range, target, format!("{code}: {}", code.entry().title));
    }

    /// `json("…")` and its like.
    fn read(&mut self, callee: &Expr, args: &[Arg]) {
        if let ExprKind::Name(name) = &callee.kind
            && DataFormat::named(name).is_some()
            && let Some(Arg { value: Expr { kind: ExprKind::String(text), .. }, .. }) = args.first()
        {
            self.data(text);
        }
    }

    fn data(&mut self, text: &StringLit) {
        let Some(path) = text.as_text() else { return };
        if let Some(data) = self.package.data(&self.snapshot.db).get(path) {
            let target = uri_of(data.path(&self.snapshot.db));
            self.link(inside(text), target, path.to_owned());
        }
    }

    /// The files of a program.
    fn program(&mut self, clause: &AdapterClause) {
        let AdapterClause::Run { target, .. } = clause else { return };
        let parts: &[Expr] = match &target.kind {
            ExprKind::List(parts) => parts,
            _ => std::slice::from_ref(target),
        };
        let folder = self.snapshot.folders.iter().find(|(package, _)| *package == self.package);
        let Some((_, folder)) = folder else { return };
        for part in parts {
            if let ExprKind::String(text) = &part.kind
                && let Some(path) = text.as_text()
                && self.package.programs(&self.snapshot.db).contains_key(path)
            {
                let target = uri_of(&format!("{folder}/{path}"));
                self.link(inside(text), target, path.to_owned());
            }
        }
    }

    fn import(&mut self, import: &Use) {
        let path: Vec<SmolStr> = import.path.parts.iter().map(|part| part.name.clone()).collect();
        // The last parts may be those of a declaration's name.
        let module = (1..=path.len()).rev().find_map(|length| Some((length, self.module(&path[..length])?)));
        if let Some((length, module)) = module {
            self.module_link(import.path.range.start, import.path.parts[length - 1].range.end, module);
        }
        for name in import.names.iter().flatten() {
            let below: Vec<SmolStr> =
                path.iter().chain(name.path.parts.iter().map(|part| &part.name)).cloned().collect();
            if let Some(module) = self.module(&below) {
                self.module_link(name.path.range.start, name.path.range.end, module);
            }
        }
    }

    fn module_link(&mut self, start: u32, end: u32, module: SourceFile) {
        let path = module.path(&self.snapshot.db);
        self.link(TextRange::new(start, end), self.snapshot.uri(path), path.to_string());
    }

    fn module(&self, path: &[SmolStr]) -> Option<SourceFile> {
        imported(self.snapshot, self.file.source, path)
    }
}

/// The module that a path in an import is.
pub(super) fn imported(snapshot: &Snapshot, file: SourceFile, path: &[SmolStr]) -> Option<SourceFile> {
    let db = &snapshot.db;
    let package = file.package(db);
    let (package, rest) = match path.first().and_then(|first| package.dependencies(db).get(first)) {
        Some(&dependency) => (dependency, &path[1..]),
        None => (package, path),
    };
    package.files(db).get(rest.join(".").as_str()).copied()
}

/// A text without its quotes.
fn inside(text: &StringLit) -> TextRange {
    TextRange::new(text.range.start + 1, text.range.end.saturating_sub(1).max(text.range.start + 1))
}
