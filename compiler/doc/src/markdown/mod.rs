//! Pages as GitHub-flavoured Markdown.

mod blocks;
mod escape;

use pulldown_cmark::Event;

use crate::code::Code;
use crate::docs;
use crate::model::{Entry, Package, Target, Value};
use crate::pages::INDEX;
use blocks::Blocks;
use escape::{code_span, escaped, fence, first, link};

/// Writes the pages of one package.
struct Writer<'p> {
    package: &'p Package,
    /// The module whose page it is; none for the index.
    module: Option<usize>,
    out: String,
}

/// The page about the package.
pub(crate) fn index(package: &Package) -> String {
    let mut page = Writer { package, module: None, out: String::new() };
    page.line(&["# Package ", &code_span(&package.name, false), " ", &escaped(&package.version)]);
    if let Some(description) = &package.description {
        page.line(&[&first(description)]);
    }
    page.line(&["## Modules"]);
    page.table(
        &["Module", "Description"],
        package.modules.iter().map(|module| {
            let name = link(&code_span(&package.qualified(module), true), &module.page);
            vec![name, page_summary(module.docs.as_deref())]
        }),
    );
    let declarations = package.declarations();
    if !declarations.is_empty() {
        page.line(&["## Declarations"]);
        page.table(
            &["Name", "Kind", "Module"],
            declarations.into_iter().map(|target| {
                let entry = package.entry(target);
                let name = link(&code_span(&entry.name, true), &package.href(target, None));
                vec![name, entry.kind.name().to_owned(), code_span(&package.modules[target.module].path, true)]
            }),
        );
    }
    page.finish()
}

/// The page about a module.
pub(crate) fn module(package: &Package, at: usize) -> String {
    let module = &package.modules[at];
    let mut page = Writer { package, module: Some(at), out: String::new() };
    page.line(&["# Module ", &code_span(&package.qualified(module), false)]);
    let index = link(&code_span(&package.name, false), &format!("{INDEX}.md"));
    page.line(&["Package ", &index, " ", &escaped(&package.version)]);
    if module.broken {
        page.line(&["*The source of this module has errors. Some of it may be missing here.*"]);
    }
    page.docs(module.docs.as_deref(), 1);
    let sections = module.sections();
    if !sections.is_empty() {
        page.line(&["## Contents"]);
        for (kind, entries) in &sections {
            let links: Vec<String> = entries.iter().map(|entry| page.to(at, *entry)).collect();
            page.out.extend(["- ", kind.title(), ": ", &links.join(", "), "\n"]);
        }
        page.out.push('\n');
    }
    for (kind, entries) in sections {
        page.line(&["## ", kind.title()]);
        for entry in entries {
            page.entry(&module.entries[entry]);
        }
    }
    page.finish()
}

/// The first sentence, for a cell.
fn page_summary(docs: Option<&str>) -> String {
    docs.map(docs::summary)
        .unwrap_or_default()
        .iter()
        .map(|event| match event {
            Event::Code(code) => code_span(code, true),
            Event::Text(text) => escaped(text),
            _ => String::new(),
        })
        .collect()
}

impl Writer<'_> {
    /// A line and an empty one.
    fn line(&mut self, parts: &[&str]) {
        self.out.extend(parts.iter().copied());
        self.out.push_str("\n\n");
    }

    fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out.push('\n');
        self.out
    }

    fn to(&self, module: usize, entry: usize) -> String {
        let target = Target { module, entry };
        link(&code_span(&self.package.entry(target).name, false), &self.package.href(target, self.module))
    }

    fn entry(&mut self, entry: &Entry) {
        self.line(&["<a id=\"", &escape::attribute(&entry.anchor), "\"></a>"]);
        self.line(&["### ", &code_span(&entry.name, false)]);
        let signature: String = entry.signature.pieces.iter().map(|piece| piece.text.as_str()).collect();
        if !signature.is_empty() {
            let fence = fence(&signature);
            self.line(&[&fence, "ordain\n", &signature, "\n", &fence]);
        }
        self.docs(entry.docs.as_deref(), 3);
        for (label, value) in &entry.facts {
            let value = self.value(value, false);
            self.out.extend(["- ", label, ": ", &value, "\n"]);
        }
        if !entry.facts.is_empty() {
            self.out.push('\n');
        }
        for table in &entry.tables {
            self.line(&["**", table.title, "**"]);
            let (columns, rows) = table.written(|value| self.value(value, true));
            self.table(&columns, rows.into_iter());
        }
    }

    fn table(&mut self, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        self.out.extend(["| ", &columns.join(" | "), " |\n|", &" --- |".repeat(columns.len()), "\n"]);
        for row in rows {
            self.out.push('|');
            for cell in row {
                self.out.extend([if cell.is_empty() { "" } else { " " }, &cell, " |"]);
            }
            self.out.push('\n');
        }
        self.out.push('\n');
    }

    fn value(&self, value: &Value, in_table: bool) -> String {
        match value {
            Value::Code(code) => self.code(code, in_table),
            Value::Text(text) => escaped(text),
            Value::Docs(docs) => blocks::cell(&self.events(docs)),
        }
    }

    fn code(&self, code: &Code, in_table: bool) -> String {
        let mut out = String::new();
        for piece in &code.pieces {
            // Spaces at the ends of a code span would be lost to sight.
            let trimmed = piece.text.trim();
            let [before, after] = [piece.text.starts_with(' '), piece.text.ends_with(' ')];
            out.push_str(if before && !out.is_empty() { " " } else { "" });
            let span = code_span(trimmed, in_table);
            match piece.target {
                Some(target) => out.push_str(&link(&span, &self.package.href(target, self.module))),
                None => out.push_str(&span),
            }
            out.push_str(if after && !trimmed.is_empty() { " " } else { "" });
        }
        out.truncate(out.trim_end().len());
        out
    }

    fn docs(&mut self, docs: Option<&str>, heading: usize) {
        if let Some(docs) = docs {
            let text = Blocks::write(&self.events(docs), heading);
            if !text.is_empty() {
                self.line(&[&text]);
            }
        }
    }

    fn events<'t>(&self, docs: &'t str) -> Vec<Event<'t>> {
        docs::events(docs, &|name| self.package.href_of(name, self.module))
    }
}
