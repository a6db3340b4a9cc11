//! The list of suggestions: gathered, ranked, bounded.

use ordain_compiler::editor::hir::{Body, Signature, Stmt, StmtKind};
use ordain_compiler::editor::{self, FieldOf, Meaning, Named};
use ordain_compiler::{Database, Item, Kind, Ty, items_of};
use ordain_diagnostics::{TextRange, catalogue};
use ordain_graph::Function;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;
use tower_lsp::ls_types::{
    CompletionItem, CompletionItemKind, CompletionItemLabelDetails, CompletionList, CompletionTextEdit, Documentation,
    InsertTextFormat, MarkupContent, MarkupKind, TextEdit,
};

use super::super::describe::describe;
use super::super::hover::block;
use super::super::navigation::provides;
use super::super::reference::built_in;
use super::{imports, inputs, parameters};
use crate::world::{File, Snapshot};

/// How many suggestions are made; who types on gets others.
const MOST: usize = 400;

/// How many declarations that a file does not know yet are suggested.
const MOST_ELSEWHERE: usize = 80;

/// How likely something is meant, the likeliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Expected,
    Local,
    Head,
    File,
    Builtin,
    Word,
    Elsewhere,
}

/// Suggestions in the making.
pub(super) struct Suggestions<'db> {
    snapshot: &'db Snapshot,
    pub(super) file: &'db File,
    /// What is replaced.
    range: TextRange,
    found: Vec<CompletionItem>,
    seen: FxHashSet<String>,
    /// The declaration it stands in, which cannot need itself.
    pub(super) own: Option<SmolStr>,
    /// The capability that adapters have to provide.
    pub(super) provided: Option<Item<'db>>,
}

impl<'db> Suggestions<'db> {
    pub(super) fn new(snapshot: &'db Snapshot, file: &'db File, range: TextRange) -> Self {
        let (found, seen) = (Vec::new(), FxHashSet::default());
        Self { snapshot, file, range, found, seen, own: None, provided: None }
    }

    pub(super) fn db(&self) -> &'db Database {
        &self.snapshot.db
    }

    /// Where what is replaced begins.
    pub(super) fn start(&self) -> u32 {
        self.range.start
    }

    fn typed(&self) -> &str {
        self.file.slice(self.range)
    }

    /// Whether what is typed so far could become this: its letters in their order, the first at the start of a word.
    fn fits(&self, label: &str) -> bool {
        let wanted: String = self.typed().to_lowercase();
        let Some(first) = wanted.chars().next() else { return true };
        let label = label.to_lowercase();
        let starts = label
            .char_indices()
            .filter(|(at, letter)| *letter == first && (*at == 0 || label[..*at].ends_with(['.', '_', ' '])));
        starts.into_iter().any(|(at, _)| {
            let mut letters = label[at..].chars();
            wanted.chars().all(|typed| letters.any(|letter| letter == typed))
        })
    }

    fn put(
        &mut self,
        label: &str,
        kind: CompletionItemKind,
        rank: Rank,
        snippet: Option<String>,
        more: impl FnOnce(&mut CompletionItem),
    ) {
        if !self.fits(label) || self.found.len() >= MOST || !self.seen.insert(label.to_owned()) {
            return;
        }
        let snippet = snippet.filter(|_| self.snapshot.client.snippets);
        let format = if snippet.is_some() { InsertTextFormat::SNIPPET } else { InsertTextFormat::PLAIN_TEXT };
        let new_text = snippet.unwrap_or_else(|| label.trim_end_matches(':').to_owned());
        let mut item = CompletionItem {
            label: label.to_owned(),
            kind: Some(kind),
            sort_text: Some(format!("{}{label}", rank as u8)),
            insert_text_format: Some(format),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range: self.file.range(self.range), new_text })),
            ..CompletionItem::default()
        };
        more(&mut item);
        self.found.push(item);
    }

    /// A word, or something else without a declaration.
    pub(super) fn word(
        &mut self,
        label: &str,
        kind: CompletionItemKind,
        detail: Option<&str>,
        snippet: Option<String>,
        rank: Rank,
    ) {
        self.put(label, kind, rank, snippet, |item| item.detail = detail.map(str::to_owned));
    }

    /// A name in scope.
    pub(super) fn local(&mut self, local: &Named<'db>, rank: Rank) {
        let db = self.db();
        let kind = match local.ty {
            Ty::Step(_) | Ty::Plan(_) | Ty::Family(_) | Ty::Stage => CompletionItemKind::EVENT,
            _ => CompletionItemKind::VARIABLE,
        };
        self.put(&local.name, kind, rank, None, |item| item.detail = Some(local.ty.display(db)));
    }

    /// A field: of a value, or of a literal, where its value is to follow.
    pub(super) fn field(&mut self, name: &SmolStr, ty: &Ty<'db>, literal: Option<(Option<FieldOf<'db>>, bool)>) {
        let db = self.db();
        let snippet = match &literal {
            Some((_, true)) => Some(format!("{name}$0")),
            Some((_, false)) => Some(format!("{name}: {}$0", super::hole(db, 1, ty))),
            None => None,
        };
        let owner = literal.and_then(|(owner, _)| owner).and_then(|owner| owner.root);
        self.put(name, CompletionItemKind::FIELD, Rank::Expected, snippet, |item| {
            item.detail = Some(ty.display(db));
            if let Some((owner, _)) = owner {
                let of = owner.name(db).to_string();
                item.label_details = Some(CompletionItemLabelDetails { detail: None, description: Some(of) });
            }
        });
    }

    /// The declarations of some kinds after the parts of a path: those in sight, and where there is no path those that could be
    /// brought in.
    pub(super) fn items(&mut self, prefix: &[SmolStr], wanted: impl Fn(Kind) -> bool, rank: Rank) {
        let db = self.db();
        let start = prefix.iter().map(|part| format!("{part}.")).collect::<String>();
        let mut seen: FxHashSet<Item<'db>> = FxHashSet::default();
        for (name, item) in editor::visible(db, self.file.source) {
            let is_own = item.file(db) == self.file.source && self.own.as_ref() == Some(item.name(db));
            if wanted(item.kind(db))
                && !is_own
                && let Some(rest) = name.strip_prefix(start.as_str())
            {
                seen.insert(item);
                self.item_named(rest, item, rank, None);
            }
        }
        if prefix.is_empty() {
            self.elsewhere(&wanted, &seen);
        }
    }

    fn elsewhere(&mut self, wanted: &impl Fn(Kind) -> bool, seen: &FxHashSet<Item<'db>>) {
        let db = self.db();
        if self.typed().is_empty() && self.snapshot.files.len() > 200 {
            return;
        }
        let mut uses = None;
        let mut found: FxHashSet<Item<'db>> = FxHashSet::default();
        for (path, module) in imports::known(db, self.file.source) {
            for (name, item, kind) in editor::beginning_with(db, module, self.typed()) {
                if found.len() >= MOST_ELSEWHERE {
                    return;
                }
                if !wanted(kind) || seen.contains(&item) || !found.insert(item) {
                    continue;
                }
                let uses = uses.get_or_insert_with(|| ordain_syntax::parse(&self.file.text).file.uses);
                // A dotted name is brought in by its first part, as one writes it.
                let brought = name.split('.').next().unwrap_or(name);
                let edit = imports::bringing(uses, &self.file.text, &path, brought);
                self.item_named(name, item, Rank::Elsewhere, Some((path.clone(), edit)));
            }
        }
    }

    /// A declaration by the name it has here.
    pub(super) fn item_named(
        &mut self,
        name: &str,
        item: Item<'db>,
        rank: Rank,
        brought: Option<(SmolStr, (TextRange, String))>,
    ) {
        let db = self.db();
        let lacks = self.provided.is_some_and(|wanted| !provides(self.snapshot, item).contains(&wanted));
        if item.kind(db) == Kind::Adapter && lacks {
            return;
        }
        let kind = match item.kind(db) {
            Kind::Type => CompletionItemKind::STRUCT,
            Kind::Enum => CompletionItemKind::ENUM,
            Kind::Fn => CompletionItemKind::FUNCTION,
            Kind::Const => CompletionItemKind::CONSTANT,
            Kind::Capability => CompletionItemKind::INTERFACE,
            Kind::Adapter => CompletionItemKind::CLASS,
            Kind::Environment | Kind::Entity => CompletionItemKind::VALUE,
            Kind::Policy | Kind::Gate | Kind::Test => CompletionItemKind::EVENT,
            Kind::Plan => CompletionItemKind::METHOD,
        };
        let in_use = self.in_use();
        let snippet = match item.kind(db) {
            _ if in_use || self.followed() => None,
            Kind::Capability if self.is_step() => Some(format!("{name}{}", inputs(db, item))),
            Kind::Fn | Kind::Plan => Some(format!("{name}{}", parameters(db, item))),
            _ => None,
        };
        let path = ordain_compiler::qualified_name(db, item);
        let file = self.file;
        self.put(name, kind, rank, snippet, |found| {
            found.data = Some(serde_json::json!({ "item": path, "for": file.path }));
            found.detail = Some(item.kind(db).keyword().to_owned());
            if let Some((module, (at, text))) = brought {
                found.label_details =
                    Some(CompletionItemLabelDetails { detail: None, description: Some(format!("use {module}")) });
                found.additional_text_edits = Some(vec![TextEdit { range: file.range(at), new_text: text }]);
            }
        });
    }

    /// Whether what stands on the line before the place is a `use`.
    fn in_use(&self) -> bool {
        let before = &self.file.text[..self.range.start as usize];
        before.rsplit('\n').next().is_some_and(|line| line.starts_with("use "))
    }

    /// Whether a capability here is called: not where it is bound or provided.
    fn is_step(&self) -> bool {
        let before = &self.file.text[..self.range.start as usize];
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
        !line.split_whitespace().any(|word| matches!(word, "bind" | "provides"))
    }

    /// Whether what is called stands there already.
    fn followed(&self) -> bool {
        let rest = &self.file.text[self.range.end as usize..];
        let rest = rest.trim_start_matches(|character: char| character == '_' || character.is_alphanumeric());
        rest.starts_with(['(', '.']) || rest.trim_start_matches(' ').starts_with('{')
    }

    /// Whether an arm's value follows.
    pub(super) fn in_arm(&self) -> bool {
        let rest = &self.file.text[self.range.end as usize..];
        let rest = rest.trim_start_matches(|character: char| character == '_' || character.is_alphanumeric());
        ["=>", "|", "if ", "."].iter().any(|sign| rest.trim_start_matches(' ').starts_with(sign))
    }

    /// The groups of people that environments know.
    pub(super) fn groups(&mut self) {
        let db = self.db();
        for environment in items_of(db, self.file.source.package(db), Kind::Environment) {
            let Signature::Environment { groups, .. } = &environment.signature(db).signature else { continue };
            for group in groups {
                let of = format!("group of {}", environment.name(db));
                self.word(&group.name.text, CompletionItemKind::VALUE, Some(&of), None, Rank::Expected);
            }
        }
    }

    /// The gates of the package's plans.
    pub(super) fn gates(&mut self) {
        let db = self.db();
        for plan in items_of(db, self.file.source.package(db), Kind::Plan) {
            let Body::Plan(body) = &plan.body(db).body else { continue };
            let of = format!("gate of {}", plan.name(db));
            for gate in gates(body) {
                self.word(gate, CompletionItemKind::EVENT, Some(&of), None, Rank::Expected);
            }
        }
    }

    /// The codes of policies, in a string.
    pub(super) fn policy_codes(&mut self, range: TextRange) {
        let db = self.db();
        self.range = range;
        let package = self.file.source.package(db);
        let others = editor::dependencies(db, package).map(|(_, package)| package);
        for package in std::iter::once(package).chain(others) {
            for policy in items_of(db, package, Kind::Policy) {
                let Signature::Policy { code: Some(code), .. } = &policy.signature(db).signature else { continue };
                let rank = if package == self.file.source.package(db) { Rank::Expected } else { Rank::Elsewhere };
                self.word(&code.text, CompletionItemKind::CONSTANT, Some(policy.name(db)), None, rank);
            }
        }
    }

    /// The built-in functions.
    pub(super) fn functions(&mut self) {
        for function in Function::ALL {
            let name = function.name();
            let snippet = if self.followed() { None } else { Some(format!("{name}($1)$0")) };
            self.put(name, CompletionItemKind::FUNCTION, Rank::Builtin, snippet, |item| {
                item.data = Some(serde_json::json!({ "function": name }));
            });
        }
        for name in editor::function_words() {
            let snippet = match name {
                "typed" => format!("{name}($1)$0"),
                _ => format!("{name}(\"$1\")$0"),
            };
            let snippet = if self.followed() { None } else { Some(snippet) };
            self.put(name, CompletionItemKind::FUNCTION, Rank::Builtin, snippet, |item| {
                item.data = Some(serde_json::json!({ "function": name }));
            });
        }
    }

    /// The codes that can be allowed.
    pub(super) fn codes(&mut self) {
        for entry in catalogue().iter().filter(|entry| entry.severity == ordain_diagnostics::Severity::Warning) {
            let code = entry.code.to_string();
            let snippet = Some(format!("{code} because \"${{1:why}}\"$0"));
            self.put(&code, CompletionItemKind::CONSTANT, Rank::Expected, snippet, |item| {
                item.detail = Some(entry.title.to_owned());
            });
        }
    }

    /// The folders of a folder of the package, and those of its files that are wanted.
    pub(super) fn files(&mut self, folder: &str, range: TextRange, wanted: impl Fn(&str) -> bool) {
        let package = self.file.source.package(self.db());
        let Some((_, root)) = self.snapshot.folders.iter().find(|(known, _)| *known == package) else { return };
        let Ok(entries) = std::fs::read_dir(std::path::Path::new(root).join(folder)) else { return };
        self.range = range;
        for entry in entries.filter_map(Result::ok).take(MOST) {
            let (name, is_folder) = (entry.file_name(), entry.path().is_dir());
            let Some(name) = name.to_str() else { continue };
            if if is_folder { name.starts_with('.') } else { !wanted(name) } {
                continue;
            }
            let kind = if is_folder { CompletionItemKind::FOLDER } else { CompletionItemKind::FILE };
            self.put(name, kind, Rank::File, None, |_| {});
        }
    }

    pub(super) fn finish(mut self) -> CompletionList {
        self.found.sort_by(|a, b| a.sort_text.cmp(&b.sort_text));
        CompletionList { is_incomplete: self.found.len() >= MOST_ELSEWHERE, items: self.found }
    }
}

/// The names of the gates in a plan's body.
fn gates(body: &[Stmt]) -> Vec<&str> {
    let mut found = Vec::new();
    for stmt in body {
        match &stmt.kind {
            StmtKind::Gate { name, .. } => found.push(name.text.as_str()),
            StmtKind::Stage { body, .. } | StmtKind::For { body, .. } => found.extend(gates(body)),
            StmtKind::If { then, otherwise, .. } => {
                found.extend(gates(then));
                found.extend(gates(otherwise));
            }
            _ => {}
        }
    }
    found
}

/// Adds what the documentation of a suggestion says.
pub(super) fn document(snapshot: &Snapshot, item: &mut CompletionItem) {
    let text = |name: &str| item.data.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let docs = if let Some(function) = text("function") {
        Some(block(&built_in(&function)))
    } else if let (Some(path), Some(file)) = (text("item"), text("for")) {
        let db = &snapshot.db;
        let found = snapshot
            .files
            .get(file.as_str())
            .and_then(|source| ordain_compiler::item_by_name(db, source.package(db), &path));
        found.map(|found| block(&describe(snapshot, None, &Meaning::Item(found))))
    } else {
        None
    };
    item.documentation =
        docs.map(|value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value }));
}
