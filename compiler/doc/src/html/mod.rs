//! Pages as HTML: no scripts, no other files, light or dark as the browser is.

mod escape;

use pulldown_cmark::{Event, HeadingLevel, Tag, TagEnd, html};

use crate::code::Code;
use crate::docs;
use crate::model::{Entry, Package, Target, Value};
use crate::pages::INDEX;
use escape::text;

const CSS: &str = include_str!("page.css");

/// What a browser may do with a page: show it with its own style, and load nothing.
const SECURITY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// How many modules every page lists; of more, only the index does, or pages would grow with their number.
const MAX_MODULES: usize = 200;

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
    page.head(&format!("{} {}", package.name, package.version));
    page.put(&["<h1><small>Package</small> ", &text(&package.name)]);
    page.put(&[" <span class=\"version\">", &text(&package.version), "</span></h1>\n"]);
    if let Some(description) = &package.description {
        page.put(&["<p class=\"lead\">", &text(description), "</p>\n"]);
    }
    page.put(&["<h2 id=\"modules\">Modules</h2>\n"]);
    page.table(
        "index",
        &["Module", "Description"],
        package.modules.iter().map(|module| {
            let name =
                format!("<a href=\"{}\"><code>{}</code></a>", text(&module.page), text(&package.qualified(module)));
            vec![name, summary(module.docs.as_deref())]
        }),
    );
    let declarations = package.declarations();
    if !declarations.is_empty() {
        page.put(&["<h2 id=\"declarations\">Declarations</h2>\n"]);
        page.table(
            "index",
            &["Name", "Kind", "Module"],
            declarations.into_iter().map(|target| {
                let entry = package.entry(target);
                let module = &package.modules[target.module];
                vec![
                    page_link(&package.href(target, None), &entry.name),
                    entry.kind.name().to_owned(),
                    text(&module.path),
                ]
            }),
        );
    }
    page.finish()
}

/// The page about a module.
pub(crate) fn module(package: &Package, at: usize) -> String {
    let module = &package.modules[at];
    let mut page = Writer { package, module: Some(at), out: String::new() };
    let name = package.qualified(module);
    page.head(&name);
    page.put(&["<h1><small>Module</small> ", &text(&name), "</h1>\n"]);
    if module.broken {
        page.put(&["<p class=\"note\">The source of this module has errors. Some of it may be missing here.</p>\n"]);
    }
    page.docs(module.docs.as_deref(), 1);
    let sections = module.sections();
    if !sections.is_empty() {
        page.put(&["<h2 id=\"contents\">Contents</h2>\n"]);
        let rows = sections.iter().flat_map(|(kind, entries)| entries.iter().map(move |entry| (*kind, *entry)));
        page.table(
            "index",
            &["Name", "Kind", "Description"],
            rows.map(|(kind, entry)| {
                let href = package.href(Target { module: at, entry }, Some(at));
                let entry = &module.entries[entry];
                vec![page_link(&href, &entry.name), kind.name().to_owned(), summary(entry.docs.as_deref())]
            }),
        );
    }
    for (kind, entries) in sections {
        page.put(&["<h2 id=\"", &kind.title().to_lowercase(), "\">", kind.title(), "</h2>\n"]);
        for entry in entries {
            page.entry(&module.entries[entry]);
        }
    }
    page.finish()
}

fn page_link(href: &str, name: &str) -> String {
    format!("<a href=\"{}\"><code>{}</code></a>", text(href), text(name))
}

/// The first sentence.
fn summary(docs: Option<&str>) -> String {
    let mut out = String::new();
    html::push_html(&mut out, docs.map(docs::summary).unwrap_or_default().into_iter());
    out
}

impl Writer<'_> {
    fn put(&mut self, parts: &[&str]) {
        self.out.extend(parts.iter().copied());
    }

    fn head(&mut self, title: &str) {
        self.put(&["<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"]);
        self.put(&["<meta http-equiv=\"Content-Security-Policy\" content=\"", SECURITY, "\">\n"]);
        self.put(&["<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"]);
        self.put(&["<meta name=\"referrer\" content=\"no-referrer\">\n<title>", &text(title), "</title>\n"]);
        self.put(&["<style>\n", CSS, "</style>\n</head>\n<body>\n"]);
        self.sidebar();
        self.put(&["<main>\n"]);
    }

    fn finish(mut self) -> String {
        self.put(&["</main>\n</body>\n</html>\n"]);
        self.out
    }

    /// The package, its modules, and what the module declares.
    fn sidebar(&mut self) {
        let package = self.package;
        self.put(&["<nav>\n<p class=\"package\"><a href=\"", INDEX, ".html\">", &text(&package.name), "</a> "]);
        self.put(&["<span class=\"version\">", &text(&package.version), "</span></p>\n"]);
        if package.modules.len() > MAX_MODULES {
            self.put(&["<ul>\n<li><a href=\"", INDEX, ".html#modules\">All modules</a></li>\n</ul>\n"]);
        } else {
            self.modules();
        }
        if let Some(at) = self.module {
            let module = &package.modules[at];
            for (kind, entries) in module.sections() {
                self.put(&["<p class=\"kind\">", kind.title(), "</p>\n<ul>\n"]);
                for entry in entries {
                    let href = package.href(Target { module: at, entry }, self.module);
                    let name = &module.entries[entry].name;
                    self.put(&["<li><a href=\"", &text(&href), "\">", &text(name), "</a></li>\n"]);
                }
                self.put(&["</ul>\n"]);
            }
        }
        self.put(&["</nav>\n"]);
    }

    fn modules(&mut self) {
        self.put(&["<details", if self.module.is_none() { " open" } else { "" }, ">"]);
        self.put(&["<summary>Modules</summary>\n<ul>\n"]);
        for (at, module) in self.package.modules.iter().enumerate() {
            let current = if self.module == Some(at) { " aria-current=\"page\"" } else { "" };
            let path = if module.path.is_empty() { &self.package.name } else { &module.path };
            self.put(&["<li><a href=\"", &text(&module.page), "\"", current, ">", &text(path), "</a></li>\n"]);
        }
        self.put(&["</ul>\n</details>\n"]);
    }

    fn entry(&mut self, entry: &Entry) {
        let anchor = text(&entry.anchor);
        self.put(&["<section>\n<h3 id=\"", &anchor, "\"><code>", &text(&entry.name), "</code> "]);
        self.put(&["<small>", entry.kind.name(), "</small></h3>\n"]);
        if !entry.signature.pieces.is_empty() {
            let signature = self.pieces(&entry.signature);
            self.put(&["<pre><code>", &signature, "</code></pre>\n"]);
        }
        self.docs(entry.docs.as_deref(), 3);
        if !entry.facts.is_empty() {
            self.put(&["<dl>\n"]);
            for (label, value) in &entry.facts {
                let value = self.value(value);
                self.put(&["<div><dt>", label, "</dt><dd>", &value, "</dd></div>\n"]);
            }
            self.put(&["</dl>\n"]);
        }
        for table in &entry.tables {
            self.put(&["<h4>", table.title, "</h4>\n"]);
            let (columns, rows) = table.written(|value| self.value(value));
            self.table("fields", &columns, rows.into_iter());
        }
        self.put(&["</section>\n"]);
    }

    fn table(&mut self, class: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        self.put(&["<div class=\"wide\"><table class=\"", class, "\">\n<thead><tr>"]);
        columns.iter().for_each(|column| self.put(&["<th>", column, "</th>"]));
        self.put(&["</tr></thead>\n<tbody>\n"]);
        for row in rows {
            self.put(&["<tr>"]);
            row.iter().for_each(|cell| self.put(&["<td>", cell, "</td>"]));
            self.put(&["</tr>\n"]);
        }
        self.put(&["</tbody>\n</table></div>\n"]);
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Code(code) if code.pieces.is_empty() => String::new(),
            Value::Code(code) => format!("<code>{}</code>", self.pieces(code)),
            Value::Text(plain) => text(plain),
            Value::Docs(docs) => {
                let mut out = String::new();
                let events = self.events(docs, 4);
                // A lone paragraph needs no room around it.
                let lone =
                    matches!(events.as_slice(), [Event::Start(Tag::Paragraph), .., Event::End(TagEnd::Paragraph)])
                        && events.iter().filter(|event| matches!(event, Event::Start(Tag::Paragraph))).count() == 1;
                let shown = if lone { &events[1..events.len() - 1] } else { &events[..] };
                html::push_html(&mut out, shown.iter().cloned());
                out
            }
        }
    }

    fn pieces(&self, code: &Code) -> String {
        code.pieces
            .iter()
            .map(|piece| match piece.target {
                Some(target) => {
                    let href = self.package.href(target, self.module);
                    format!("<a href=\"{}\">{}</a>", text(&href), text(&piece.text))
                }
                None => text(&piece.text),
            })
            .collect()
    }

    fn docs(&mut self, docs: Option<&str>, heading: usize) {
        if let Some(docs) = docs {
            let events = self.events(docs, heading);
            self.put(&["<div class=\"docs\">\n"]);
            html::push_html(&mut self.out, events.into_iter());
            self.put(&["</div>\n"]);
        }
    }

    /// A doc comment with its headings put so many levels down.
    fn events<'t>(&self, docs: &'t str, heading: usize) -> Vec<Event<'t>> {
        let mut events = docs::events(docs, &|name| self.package.href_of(name, self.module));
        let lower = |level: HeadingLevel| HeadingLevel::try_from((level as usize + heading).min(6)).unwrap_or(level);
        for event in &mut events {
            match event {
                Event::Start(Tag::Heading { level, .. }) | Event::End(TagEnd::Heading(level)) => *level = lower(*level),
                _ => {}
            }
        }
        events
    }
}
