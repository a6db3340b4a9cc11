//! What pages say, before it is written in one format or the other.

use ordain_diagnostics::Severity;
use ordain_syntax::ast::{Item, ItemKind};
use ordain_syntax::parse;

use crate::code::Code;
use crate::describe::describe;
use crate::pages::{Format, PackageSource, page_names};
use crate::scope::Scopes;
use crate::visible::{lines, one_line};

/// A package.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    /// By module path.
    pub(crate) modules: Vec<Module>,
    pub(crate) scopes: Scopes,
}

/// A module.
pub(crate) struct Module {
    /// Its path in the package.
    pub(crate) path: String,
    /// The file name of its page.
    pub(crate) page: String,
    /// What its file says of itself.
    pub(crate) docs: Option<String>,
    /// Whether its text has errors, so that something may be missing.
    pub(crate) broken: bool,
    /// Its declarations in source order, tests left out.
    pub(crate) entries: Vec<Entry>,
}

/// A declaration.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// What links to it end with.
    pub(crate) anchor: String,
    pub(crate) docs: Option<String>,
    /// How it is declared, without what is nobody else's business.
    pub(crate) signature: Code,
    /// Single values with their labels.
    pub(crate) facts: Vec<(&'static str, Value)>,
    pub(crate) tables: Vec<Table>,
}

/// A value with a label, or in a cell.
pub(crate) enum Value {
    /// Code, perhaps none.
    Code(Code),
    /// Plain text.
    Text(String),
    /// A doc comment.
    Docs(String),
}

/// A table with a title.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// As many values as there are columns.
    pub(crate) rows: Vec<Vec<Value>>,
}

/// A declaration that links can lead to: a module by its place in the package, and an entry by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) module: usize,
    pub(crate) entry: usize,
}

/// The kinds of declarations, in the order of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Capability,
    Adapter,
    Environment,
    Entity,
    Type,
    Enum,
    Function,
    Constant,
    Policy,
    Gate,
    Plan,
}

impl Kind {
    /// Every kind, in order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Capability,
        Self::Adapter,
        Self::Environment,
        Self::Entity,
        Self::Type,
        Self::Enum,
        Self::Function,
        Self::Constant,
        Self::Policy,
        Self::Gate,
        Self::Plan,
    ];

    /// The kind of an item; none for tests, which document nothing.
    pub(crate) fn of(item: &Item) -> Option<Self> {
        Some(match item.kind {
            ItemKind::Capability(_) => Self::Capability,
            ItemKind::Adapter(_) => Self::Adapter,
            ItemKind::Environment(_) => Self::Environment,
            ItemKind::Entity(_) => Self::Entity,
            ItemKind::Type(_) => Self::Type,
            ItemKind::Enum(_) => Self::Enum,
            ItemKind::Fn(_) => Self::Function,
            ItemKind::Const(_) => Self::Constant,
            ItemKind::Policy(_) => Self::Policy,
            ItemKind::Gate(_) => Self::Gate,
            ItemKind::Plan(_) => Self::Plan,
            ItemKind::Test(_) => return None,
        })
    }

    /// One of them, for people and in anchors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Capability => "capability",
            Self::Adapter => "adapter",
            Self::Environment => "environment",
            Self::Entity => "entity",
            Self::Type => "type",
            Self::Enum => "enum",
            Self::Function => "function",
            Self::Constant => "constant",
            Self::Policy => "policy",
            Self::Gate => "gate",
            Self::Plan => "plan",
        }
    }

    /// All of a module's.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Capability => "Capabilities",
            Self::Adapter => "Adapters",
            Self::Environment => "Environments",
            Self::Entity => "Entities",
            Self::Type => "Types",
            Self::Enum => "Enums",
            Self::Function => "Functions",
            Self::Constant => "Constants",
            Self::Policy => "Policies",
            Self::Gate => "Gates",
            Self::Plan => "Plans",
        }
    }
}

impl Package {
    /// Reads the sources.
    pub(crate) fn of(source: &PackageSource, format: Format) -> Self {
        let mut sources: Vec<(&str, &str)> =
            source.modules.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        sources.sort_unstable();
        let parsed: Vec<_> = sources.iter().map(|(_, text)| parse(text)).collect();
        let scopes =
            Scopes::new(&source.name, sources.iter().map(|(path, _)| *path).zip(parsed.iter().map(|p| &p.file)));
        let pages = page_names(sources.iter().map(|(path, _)| *path), format);
        let mut modules = Vec::with_capacity(sources.len());
        for (at, (((path, text), parsed), page)) in sources.iter().zip(&parsed).zip(pages).enumerate() {
            let is_error = |severity| severity == Severity::Error;
            modules.push(Module {
                path: one_line(path),
                page,
                docs: parsed.file.docs.as_ref().map(|docs| lines(&docs.text)),
                broken: parsed.errors.iter().any(|error| is_error(error.code.entry().severity)),
                entries: describe(text, &parsed.file, at, &scopes),
            });
        }
        let description = source.description.as_deref().map(one_line).filter(|text| !text.trim().is_empty());
        Self { name: one_line(&source.name), version: one_line(&source.version), description, modules, scopes }
    }

    /// A module's path with the package's name before it, as imports write it.
    pub(crate) fn qualified(&self, module: &Module) -> String {
        if module.path.is_empty() { self.name.clone() } else { format!("{}.{}", self.name, module.path) }
    }

    /// Where a link to a declaration leads, from the page of module `from`; `None` stands for the index.
    pub(crate) fn href(&self, target: Target, from: Option<usize>) -> String {
        let module = &self.modules[target.module];
        let page = if from == Some(target.module) { "" } else { &module.page };
        format!("{page}#{}", fragment(&module.entries[target.entry].anchor))
    }

    /// Where a name in a doc comment leads, from the page of module `from`, if it names a declaration.
    pub(crate) fn href_of(&self, name: &str, from: Option<usize>) -> Option<String> {
        Some(self.href(self.scopes.named(from, name)?, from))
    }

    /// All declarations by name, without regard to case.
    pub(crate) fn declarations(&self) -> Vec<Target> {
        let mut all: Vec<Target> = (0..self.modules.len())
            .flat_map(|module| (0..self.modules[module].entries.len()).map(move |entry| Target { module, entry }))
            .collect();
        all.sort_by_cached_key(|target| {
            let entry = self.entry(*target);
            (entry.name.to_lowercase(), entry.name.clone(), entry.kind, target.module, target.entry)
        });
        all
    }

    /// The declaration that links lead to.
    pub(crate) fn entry(&self, target: Target) -> &Entry {
        &self.modules[target.module].entries[target.entry]
    }
}

impl Module {
    /// The kinds it has, in order, each with the places of its declarations.
    pub(crate) fn sections(&self) -> Vec<(Kind, Vec<usize>)> {
        let of = |kind| (0..self.entries.len()).filter(|at| self.entries[*at].kind == kind).collect::<Vec<_>>();
        Kind::ALL.into_iter().map(|kind| (kind, of(kind))).filter(|(_, entries)| !entries.is_empty()).collect()
    }
}

impl Table {
    /// Its columns and rows, each cell written by `cell`. A column in which nothing is said is left out.
    pub(crate) fn written(&self, cell: impl Fn(&Value) -> String) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let used: Vec<usize> =
            (0..self.columns.len()).filter(|at| *at == 0 || self.rows.iter().any(|row| !row[*at].is_empty())).collect();
        let rows = self.rows.iter().map(|row| used.iter().map(|at| cell(&row[*at])).collect()).collect();
        (used.iter().map(|at| self.columns[*at]).collect(), rows)
    }
}

/// An anchor as the fragment of a URL: what is not plain ASCII is percent-encoded.
fn fragment(anchor: &str) -> String {
    let mut out = String::with_capacity(anchor.len());
    for byte in anchor.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl Value {
    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Code(code) => code.pieces.is_empty(),
            Self::Text(text) | Self::Docs(text) => text.trim().is_empty(),
        }
    }
}
