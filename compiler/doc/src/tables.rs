//! The facts and tables of a declaration.

use ordain_diagnostics::TextRange;
use ordain_syntax::TokenKind;
use ordain_syntax::ast::{
    AdapterClause, CapabilityClause, EnvironmentMember, Field, GateClause, Item, ItemKind, Param, PlanDecl,
    PolicyClauseKind, PolicyDecl, RecordType, StmtKind, StringLit, Type, TypeKind,
};

use crate::code::{Code, Linker, Source};
use crate::model::{Table, Value};
use crate::scope::Scopes;
use crate::visible::{lines, one_line};

const FIELDS: &[&str] = &["Name", "Type", "Default", "Description"];
const PARAMETERS: &[&str] = &["Name", "Type", "Default"];
const VALUES: &[&str] = &["Name", "Value"];

/// Collects what is said about one declaration.
pub(crate) struct Describer<'s> {
    source: &'s Source<'s>,
    scopes: &'s Scopes,
    module: usize,
    pub(crate) facts: Vec<(&'static str, Value)>,
    pub(crate) tables: Vec<Table>,
}

impl<'s> Describer<'s> {
    pub(crate) fn new(source: &'s Source<'s>, scopes: &'s Scopes, module: usize) -> Self {
        Self { source, scopes, module, facts: Vec::new(), tables: Vec::new() }
    }

    pub(crate) fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Type(decl) => self.record_within("Fields", &decl.ty),
            ItemKind::Enum(decl) => {
                let row = |(docs, name): (Option<&str>, &str)| vec![name_cell(name), docs_cell(docs)];
                let variants = decl
                    .variants
                    .iter()
                    .map(|variant| (variant.docs.as_ref().map(|docs| docs.text.as_str()), variant.name.name.as_str()));
                let rows = variants.map(row).collect();
                self.table("Variants", &["Name", "Description"], rows);
            }
            ItemKind::Fn(decl) => {
                self.params(&decl.params, item.range.end);
                self.returns(&decl.result);
            }
            ItemKind::Plan(decl) => self.plan(decl, item.range.end),
            ItemKind::Const(_) | ItemKind::Test(_) => {}
            ItemKind::Capability(decl) => decl.clauses.iter().for_each(|clause| self.capability(clause)),
            ItemKind::Adapter(decl) => self.adapter(&decl.clauses),
            ItemKind::Environment(decl) => {
                let ty = self.ty(&decl.ty, &[]);
                self.facts.push(("Type", ty));
                self.environment(&decl.members);
            }
            ItemKind::Entity(decl) => {
                let ty = self.ty(&decl.ty, &[]);
                self.facts.push(("Type", ty));
                let rows = decl.fields.iter().map(|field| self.field_value(field)).collect();
                self.table("Fields", VALUES, rows);
            }
            ItemKind::Policy(decl) => self.policy(decl),
            ItemKind::Gate(decl) => self.gate(&decl.clauses),
        }
    }

    fn table(&mut self, title: &'static str, columns: &'static [&'static str], rows: Vec<Vec<Value>>) {
        if !rows.is_empty() {
            self.tables.push(Table { title, columns, rows });
        }
    }

    fn fact(&mut self, label: &'static str, range: TextRange) {
        let value = self.code(range);
        self.facts.push((label, value));
    }

    fn code(&self, range: TextRange) -> Value {
        Value::Code(self.source.inline(range, &Vec::new(), &[]))
    }

    fn link(&self, range: TextRange, find: impl FnOnce(&mut Linker<'_>)) -> Value {
        let mut linker = Linker::new(self.scopes, self.module);
        find(&mut linker);
        Value::Code(self.source.inline(range, &linker.finish(), &[]))
    }

    fn ty(&self, ty: &Type, elided: &[TextRange]) -> Value {
        self.ty_until(ty, ty.range.end, elided)
    }

    /// A type; `end` is where what follows it begins, since a type's own range may leave out closing parentheses.
    fn ty_until(&self, ty: &Type, end: u32, elided: &[TextRange]) -> Value {
        let mut linker = Linker::new(self.scopes, self.module);
        linker.ty(ty);
        Value::Code(self.source.inline(TextRange::new(ty.range.start, end), &linker.finish(), elided))
    }

    fn capability(&mut self, clause: &CapabilityClause) {
        match clause {
            CapabilityClause::Version { value, .. } => self.literal("Version", value),
            CapabilityClause::Effect { value, .. } => self.fact("Effect", value.range),
            CapabilityClause::Risk { value, .. } => self.fact("Risk", value.range),
            CapabilityClause::Key { range, .. } => self.after_word("Key", *range),
            CapabilityClause::Undo { call, range } => {
                let undo = self.link(self.clause(*range), |linker| linker.path(&call.path));
                self.facts.push(("Undo", undo));
            }
            CapabilityClause::Retry { range, .. } => self.after_word("Retry", *range),
            CapabilityClause::Timeout { range, .. } => self.after_word("Timeout", *range),
            CapabilityClause::Input { ty, .. } => self.fields("Inputs", ty),
            CapabilityClause::Output { ty, .. } => self.fields("Outputs", ty),
        }
    }

    /// What follows the first word of a clause.
    fn clause(&self, range: TextRange) -> TextRange {
        TextRange::new(self.source.past(range.start), range.end)
    }

    fn after_word(&mut self, label: &'static str, range: TextRange) {
        self.fact(label, self.clause(range));
    }

    /// A string's text; its source where values are put into it.
    fn literal(&mut self, label: &'static str, literal: &StringLit) {
        match literal.as_text() {
            Some(text) => self.facts.push((label, Value::Code(Code::plain(&one_line(text))))),
            None => self.fact(label, literal.range),
        }
    }

    fn adapter(&mut self, clauses: &[AdapterClause]) {
        let mut rows = Vec::new();
        for clause in clauses {
            match clause {
                AdapterClause::Version { value, .. } => self.literal("Version", value),
                AdapterClause::Run { range, .. } => self.after_word("Run", *range),
                AdapterClause::Provides { path, requirement, .. } => {
                    let versions = requirement.as_ref().map_or_else(
                        || Value::Text("every".into()),
                        |requirement| Value::Code(Code::plain(&one_line(&requirement.text.replace(',', ", ")))),
                    );
                    rows.push(vec![self.link(path.range, |linker| linker.path(path)), versions]);
                }
            }
        }
        self.table("Provides", &["Capability", "Versions"], rows);
    }

    fn environment(&mut self, members: &[EnvironmentMember]) {
        let (mut facts, mut bindings, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for member in members {
            match member {
                EnvironmentMember::Fact(field) => facts.push(self.field_value(field)),
                EnvironmentMember::Bind { capability, adapter, .. } => bindings.push(vec![
                    self.link(capability.range, |linker| linker.path(capability)),
                    self.link(adapter.range, |linker| linker.path(adapter)),
                ]),
                EnvironmentMember::Group { name, members, range } => {
                    let members = TextRange::new(members.range.start, range.end);
                    groups.push(vec![name_cell(&name.name), self.code(members)]);
                }
            }
        }
        self.table("Facts", VALUES, facts);
        self.table("Bindings", &["Capability", "Adapter"], bindings);
        self.table("Groups", &["Name", "Members"], groups);
    }

    fn field_value(&self, field: &Field) -> Vec<Value> {
        match field {
            Field::Named { name, value, .. } => vec![name_cell(&name.name), self.code(value.range)],
            Field::Keyed { key, value } => vec![self.code(key.range), self.code(value.range)],
            Field::Spread { value, .. } => {
                vec![Value::Text("all of".into()), self.link(value.range, |linker| linker.value(value))]
            }
        }
    }

    fn policy(&mut self, decl: &PolicyDecl) {
        if let Some(source) = &decl.from {
            let files = source.list.or_else(|| source.files.first().map(|file| file.range));
            self.fact("Rules", files.map_or(source.language.range, |files| source.language.range.cover(files)));
        }
        for clause in &decl.clauses {
            match &clause.kind {
                PolicyClauseKind::Code(code) => self.literal("Code", code),
                PolicyClauseKind::Severity(severity) => self.fact("Severity", severity.range),
                PolicyClauseKind::On(subject) => {
                    let types = subject.binding.iter().chain(&subject.environment);
                    let on = self.link(self.clause(clause.range), |linker| {
                        types.for_each(|(_, ty)| linker.ty(ty));
                    });
                    self.facts.push(("On", on));
                }
                PolicyClauseKind::Outcome(_) => self.fact("Outcome", clause.range),
                PolicyClauseKind::Because(reason) => match reason.as_text() {
                    Some(text) => self.facts.push(("Because", Value::Text(one_line(text)))),
                    None => self.fact("Because", reason.range),
                },
                PolicyClauseKind::With(_) => self.after_word("With", clause.range),
                PolicyClauseKind::Exempt { .. } => self.after_word("Exempt", clause.range),
                PolicyClauseKind::For { .. }
                | PolicyClauseKind::Let(_)
                | PolicyClauseKind::When(_)
                | PolicyClauseKind::Unless(_) => {}
            }
        }
    }

    fn gate(&mut self, clauses: &[GateClause]) {
        let (mut inputs, mut policies) = (Vec::new(), Vec::new());
        for clause in clauses {
            match clause {
                GateClause::OnChange { globs, range } => {
                    self.fact("On change", TextRange::new(globs.range.start, range.end));
                }
                GateClause::Input { name, ty, value, range } => {
                    let value = TextRange::new(value.range.start, range.end);
                    inputs.push(vec![name_cell(&name.name), self.ty(ty, &[]), self.code(value)]);
                }
                GateClause::Check { policies: checked, .. } => {
                    for policy in checked {
                        let mut linker = Linker::new(self.scopes, self.module);
                        if !policy.all {
                            linker.path(&policy.path);
                        }
                        let mut code = self.source.inline(policy.path.range, &linker.finish(), &[]);
                        if let (true, Some(first)) = (policy.not, code.pieces.first_mut()) {
                            first.text.insert_str(0, "not ");
                        }
                        if policy.all {
                            code.pieces.iter_mut().for_each(|piece| piece.text.push_str(".*"));
                        }
                        policies.push(vec![Value::Code(code)]);
                    }
                }
            }
        }
        self.table("Inputs", &["Name", "Type", "Value"], inputs);
        self.table("Policies", &["Policy"], policies);
    }

    fn plan(&mut self, decl: &PlanDecl, end: u32) {
        for statement in &decl.body {
            match &statement.kind {
                StmtKind::Limit { what, value } => {
                    let label = if what.name == "effect" { "Effect at most" } else { "Risk at most" };
                    self.fact(label, value.range);
                }
                StmtKind::OnFailure(what) => self.fact("On failure", what.range),
                _ => {}
            }
        }
        self.params(&decl.params, end);
        decl.result.iter().for_each(|result| self.returns(result));
    }

    fn params(&mut self, params: &[Param], end: u32) {
        let stops = [TokenKind::Comma, TokenKind::RParen];
        let rows = params
            .iter()
            .map(|param| {
                let ty_end =
                    self.source.until(param.ty.range.end, end, &[TokenKind::Eq, TokenKind::Comma, TokenKind::RParen]);
                let default = param.default.as_ref().map(|default| {
                    let start = self.source.past(ty_end).min(default.range.start);
                    let range = TextRange::new(start, self.source.until(start, end, &stops));
                    self.link(range, |linker| linker.value(default))
                });
                let ty = self.ty_until(&param.ty, ty_end, &[]);
                vec![name_cell(&param.name.name), ty, default.unwrap_or_else(nothing)]
            })
            .collect();
        self.table("Parameters", PARAMETERS, rows);
    }

    fn returns(&mut self, result: &Type) {
        match &result.kind {
            TypeKind::Record(record) => self.fields("Returns", record),
            TypeKind::Error => {}
            _ => {
                let ty = self.ty(result, &[]);
                self.facts.push(("Returns", ty));
            }
        }
    }

    fn record_within(&mut self, title: &'static str, ty: &Type) {
        let mut rows = Vec::new();
        if let Some((record, suffix)) = record(ty) {
            self.rows(record, suffix.trim_start_matches('.'), &mut rows);
        }
        self.table(title, FIELDS, rows);
    }

    fn fields(&mut self, title: &'static str, record: &RecordType) {
        let mut rows = Vec::new();
        self.rows(record, "", &mut rows);
        self.table(title, FIELDS, rows);
    }

    /// A row for each field; those of records in it follow with its name before theirs.
    fn rows(&self, fields: &RecordType, prefix: &str, rows: &mut Vec<Vec<Value>>) {
        for field in &fields.fields {
            let end = field.range.end;
            let ty_end = match &field.default {
                Some(_) => self.source.until(field.ty.range.end, end, &[TokenKind::Eq]),
                None => end,
            };
            let default = field.default.as_ref().map(|default| {
                let range = TextRange::new(self.source.past(ty_end).min(default.range.start), end);
                self.link(range, |linker| linker.value(default))
            });
            let inner = record(&field.ty);
            let elided: Vec<TextRange> = inner.iter().map(|(record, _)| record.range).collect();
            let name = format!("{prefix}{}", field.name.name);
            rows.push(vec![
                name_cell(&name),
                self.ty_until(&field.ty, ty_end, &elided),
                default.unwrap_or_else(nothing),
                docs_cell(field.docs.as_ref().map(|docs| docs.text.as_str())),
            ]);
            if let Some((record, suffix)) = inner {
                self.rows(record, &format!("{name}{suffix}"), rows);
            }
        }
    }
}

/// The record a type is made of, and how its fields are reached from a value of the type.
fn record(ty: &Type) -> Option<(&RecordType, String)> {
    let through = |mark: &str, (record, suffix): (_, String)| (record, format!("{mark}{suffix}"));
    match &ty.kind {
        TypeKind::Record(record) if record.fields.is_empty() => None,
        TypeKind::Record(record) => Some((record, ".".to_owned())),
        TypeKind::Refined { base, .. } => record(base),
        TypeKind::Optional(inner) => record(inner).map(|found| through("?", found)),
        TypeKind::List(inner) => record(inner).map(|found| through("[]", found)),
        TypeKind::Path { args, .. } => args.last().and_then(record).map(|found| through("[]", found)),
        TypeKind::Error => None,
    }
}

fn name_cell(name: &str) -> Value {
    Value::Code(Code::plain(&one_line(name)))
}

fn docs_cell(docs: Option<&str>) -> Value {
    docs.map_or_else(nothing, |docs| Value::Docs(lines(docs)))
}

fn nothing() -> Value {
    Value::Text(String::new())
}
