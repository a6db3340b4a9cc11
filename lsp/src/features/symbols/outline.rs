//! The outline of a file, from its syntax alone.

use ordain_compiler::hir::Kind;
use ordain_diagnostics::TextRange;
use ordain_syntax::ast::*;
use tower_lsp::ls_types::{DocumentSymbol, DocumentSymbolResponse, Location, SymbolInformation, SymbolKind};

use super::kind;
use crate::world::{File, Snapshot};

/// The outline of a file: as a tree, or in a row for clients without trees.
pub(crate) fn of_file(snapshot: &Snapshot, file: &File) -> DocumentSymbolResponse {
    let parsed = ordain_syntax::parse(&file.text).file;
    let outline = Outline { file };
    let tree: Vec<DocumentSymbol> = parsed.items.iter().map(|item| outline.item(item)).collect();
    if snapshot.client.symbol_tree {
        return DocumentSymbolResponse::Nested(tree);
    }
    let mut flat = Vec::new();
    if let Some(uri) = snapshot.uri(&file.path) {
        tree.into_iter().for_each(|symbol| flatten(symbol, None, &uri, &mut flat));
    }
    DocumentSymbolResponse::Flat(flat)
}

#[expect(deprecated, reason = "the field has no other way to be left out")]
fn flatten(
    symbol: DocumentSymbol,
    inside: Option<&str>,
    uri: &tower_lsp::ls_types::Uri,
    out: &mut Vec<SymbolInformation>,
) {
    out.push(SymbolInformation {
        name: symbol.name.clone(),
        kind: symbol.kind,
        tags: None,
        deprecated: None,
        location: Location { uri: uri.clone(), range: symbol.range },
        container_name: inside.map(str::to_owned),
    });
    for child in symbol.children.into_iter().flatten() {
        flatten(child, Some(&symbol.name), uri, out);
    }
}

struct Outline<'f> {
    file: &'f File,
}

impl Outline<'_> {
    #[expect(deprecated, reason = "the field has no other way to be left out")]
    fn symbol(
        &self,
        name: &str,
        kind: SymbolKind,
        detail: Option<String>,
        (range, selected): (TextRange, TextRange),
        children: Vec<DocumentSymbol>,
    ) -> DocumentSymbol {
        DocumentSymbol {
            // Clients refuse symbols without names; a broken declaration may have none.
            name: if name.trim().is_empty() { "…".into() } else { name.into() },
            detail: detail.filter(|detail| !detail.is_empty()),
            kind,
            tags: None,
            deprecated: None,
            range: self.file.range(range.cover(selected)),
            selection_range: self.file.range(selected),
            children: (!children.is_empty()).then_some(children),
        }
    }

    fn named(&self, name: &Ident, kind: SymbolKind, detail: Option<String>, range: TextRange) -> DocumentSymbol {
        self.symbol(&name.name, kind, detail, (range, name.range), Vec::new())
    }

    /// What stands in a range, as one line.
    fn shown(&self, range: TextRange) -> String {
        const MOST_CHARACTERS: usize = 80;
        let words: Vec<&str> = self.file.slice(range).split_whitespace().collect();
        let line = words.join(" ");
        match line.char_indices().nth(MOST_CHARACTERS) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    fn item(&self, item: &ordain_syntax::ast::Item) -> DocumentSymbol {
        let detail = |range: &Type| Some(self.shown(range.range));
        let (symbol, detail, children) = match &item.kind {
            ItemKind::Type(tree) => (Kind::Type, None, self.fields_of(&tree.ty)),
            ItemKind::Enum(tree) => {
                let variants = tree.variants.iter();
                let variants = variants.map(|one| self.named(&one.name, SymbolKind::ENUM_MEMBER, None, one.name.range));
                (Kind::Enum, None, variants.collect())
            }
            ItemKind::Fn(tree) => (Kind::Fn, Some(self.parameters(&tree.params, Some(&tree.result))), Vec::new()),
            ItemKind::Const(tree) => (Kind::Const, tree.ty.as_ref().and_then(detail), Vec::new()),
            ItemKind::Capability(tree) => (Kind::Capability, self.risk(tree), self.contract(tree)),
            ItemKind::Adapter(tree) => (Kind::Adapter, None, self.provided(tree)),
            ItemKind::Environment(tree) => (Kind::Environment, detail(&tree.ty), self.members(tree)),
            ItemKind::Entity(tree) => (Kind::Entity, detail(&tree.ty), self.values(&tree.fields)),
            ItemKind::Policy(tree) => {
                let code = tree.clauses.iter().find_map(|clause| match &clause.kind {
                    PolicyClauseKind::Code(code) => code.as_text().map(str::to_owned),
                    _ => None,
                });
                (Kind::Policy, code, Vec::new())
            }
            ItemKind::Gate(tree) => (Kind::Gate, None, self.inputs(tree)),
            ItemKind::Test(_) => (Kind::Test, None, Vec::new()),
            ItemKind::Plan(tree) => {
                let detail = self.parameters(&tree.params, tree.result.as_ref());
                (Kind::Plan, Some(detail), self.statements(&tree.body))
            }
        };
        let name: Vec<&str> = item.name.parts.iter().map(|part| part.name.as_str()).collect();
        self.symbol(&name.join("."), kind(symbol), detail, (item.range, item.name.range), children)
    }

    fn parameters(&self, params: &[Param], result: Option<&Type>) -> String {
        let params: Vec<String> =
            params.iter().map(|param| format!("{}: {}", param.name.name, self.shown(param.ty.range))).collect();
        let result = result.map_or_else(String::new, |result| format!(" -> {}", self.shown(result.range)));
        format!("({}){result}", params.join(", "))
    }

    fn fields_of(&self, ty: &Type) -> Vec<DocumentSymbol> {
        match &ty.kind {
            TypeKind::Record(record) => self.record(record),
            TypeKind::List(inner) | TypeKind::Optional(inner) | TypeKind::Refined { base: inner, .. } => {
                self.fields_of(inner)
            }
            TypeKind::Path { args, .. } => args.iter().flat_map(|arg| self.fields_of(arg)).collect(),
            TypeKind::Error => Vec::new(),
        }
    }

    fn record(&self, record: &RecordType) -> Vec<DocumentSymbol> {
        let field = |field: &FieldType| {
            let children = self.fields_of(&field.ty);
            // What the tree below shows need not be said.
            let detail = children.is_empty().then(|| self.shown(field.ty.range));
            self.symbol(&field.name.name, SymbolKind::FIELD, detail, (field.range, field.name.range), children)
        };
        record.fields.iter().map(field).collect()
    }

    fn risk(&self, tree: &CapabilityDecl) -> Option<String> {
        let words = tree.clauses.iter().filter_map(|clause| match clause {
            CapabilityClause::Effect { value, .. } | CapabilityClause::Risk { value, .. } => Some(value.name.as_str()),
            _ => None,
        });
        Some(words.collect::<Vec<_>>().join(" · "))
    }

    fn contract(&self, tree: &CapabilityDecl) -> Vec<DocumentSymbol> {
        let clause = |clause: &CapabilityClause| {
            let (name, ty, range) = match clause {
                CapabilityClause::Input { ty, range } => ("input", ty, range),
                CapabilityClause::Output { ty, range } => ("output", ty, range),
                _ => return None,
            };
            let word = TextRange::new(range.start, range.start + name.len() as u32);
            Some(self.symbol(name, SymbolKind::PROPERTY, None, (*range, word), self.record(ty)))
        };
        tree.clauses.iter().filter_map(clause).collect()
    }

    fn provided(&self, tree: &AdapterDecl) -> Vec<DocumentSymbol> {
        let clause = |clause: &AdapterClause| match clause {
            AdapterClause::Provides { path, requirement, range } => {
                let detail = requirement.as_ref().map(|found| found.text.to_string());
                let name = self.shown(path.range);
                Some(self.symbol(&name, SymbolKind::INTERFACE, detail, (*range, path.range), Vec::new()))
            }
            _ => None,
        };
        tree.clauses.iter().filter_map(clause).collect()
    }

    fn members(&self, tree: &EnvironmentDecl) -> Vec<DocumentSymbol> {
        let member = |member: &EnvironmentMember| match member {
            EnvironmentMember::Fact(field) => self.value(field),
            EnvironmentMember::Bind { capability, adapter, range } => {
                let (name, detail) = (self.shown(capability.range), Some(self.shown(adapter.range)));
                Some(self.symbol(&name, SymbolKind::INTERFACE, detail, (*range, capability.range), Vec::new()))
            }
            EnvironmentMember::Group { name, members, range } => {
                Some(self.named(name, SymbolKind::ARRAY, Some(self.shown(members.range)), *range))
            }
        };
        tree.members.iter().filter_map(member).collect()
    }

    fn values(&self, fields: &[Field]) -> Vec<DocumentSymbol> {
        fields.iter().filter_map(|field| self.value(field)).collect()
    }

    fn value(&self, field: &Field) -> Option<DocumentSymbol> {
        let Field::Named { name, value, .. } = field else { return None };
        let range = name.range.cover(value.range);
        Some(self.named(name, SymbolKind::FIELD, Some(self.shown(value.range)), range))
    }

    fn inputs(&self, tree: &GateDecl) -> Vec<DocumentSymbol> {
        let clause = |clause: &GateClause| match clause {
            GateClause::Input { name, ty, range, .. } => {
                Some(self.named(name, SymbolKind::PROPERTY, Some(self.shown(ty.range)), *range))
            }
            _ => None,
        };
        tree.clauses.iter().filter_map(clause).collect()
    }

    fn statements(&self, body: &[Stmt]) -> Vec<DocumentSymbol> {
        body.iter().flat_map(|stmt| self.statement(stmt)).collect()
    }

    fn statement(&self, stmt: &Stmt) -> Vec<DocumentSymbol> {
        let step = |name: Option<&Ident>, path: &Path| {
            let called = self.shown(path.range);
            match name {
                Some(name) => vec![self.named(name, SymbolKind::METHOD, Some(called), stmt.range)],
                None => vec![self.symbol(&called, SymbolKind::METHOD, None, (stmt.range, path.range), Vec::new())],
            }
        };
        let block = |head: TextRange, body: &[Stmt]| {
            let within = self.statements(body);
            let end = body.first().map_or(head.end, |first| first.range.start);
            let title = self.shown(TextRange::new(stmt.range.start, end));
            let title = title.trim_end_matches(['{', ' ']);
            vec![self.symbol(title, SymbolKind::NAMESPACE, None, (stmt.range, head), within)]
        };
        match &stmt.kind {
            StmtKind::Step { name, call, .. } => step(name.as_ref(), &call.path),
            StmtKind::SubPlan { name, call, .. } => step(name.as_ref(), &call.path),
            StmtKind::Gate { name, call, .. } => step(Some(name), &call.path),
            StmtKind::Let { name, ty, .. } => {
                let detail = ty.as_ref().map(|ty| self.shown(ty.range));
                vec![self.named(name, SymbolKind::VARIABLE, detail, stmt.range)]
            }
            StmtKind::Stage { name, body, .. } => {
                let within = self.statements(body);
                vec![self.symbol(
                    &name.name,
                    SymbolKind::NAMESPACE,
                    Some("stage".into()),
                    (stmt.range, name.range),
                    within,
                )]
            }
            StmtKind::For { iter, condition, body, .. } => {
                let end = condition.as_ref().map_or(iter.range.end, |condition| condition.range.end);
                block(TextRange::new(stmt.range.start, end), body)
            }
            StmtKind::If { condition, then, otherwise } => {
                let mut found = block(TextRange::new(stmt.range.start, condition.range.end), then);
                // The other branch stands beside it, as it does in the source.
                found.extend(otherwise.iter().flat_map(|body| self.statements(body)));
                found
            }
            StmtKind::OnFailure(_) | StmtKind::Limit { .. } | StmtKind::Return(_) | StmtKind::Error => Vec::new(),
        }
    }
}
