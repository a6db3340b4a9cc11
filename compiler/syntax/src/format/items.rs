//! Declarations: their headers, and the bodies of those that govern no plan and no policy.

use ordain_diagnostics::TextRange;

use super::doc::Doc;
use super::exprs::field_end;
use super::layout::{ARGUMENTS, BLOCK, FIELDS, Printer, Slot};
use super::parentheses::begins_with_parenthesis;
use crate::ast::{
    AdapterClause, AdapterDecl, Allow, CapabilityClause, CapabilityDecl, ConstDecl, EntityDecl, EnumDecl,
    EnvironmentDecl, EnvironmentMember, FnDecl, Item, ItemKind, Param, Retry, StepCall,
};

impl<'a> Printer<'a> {
    /// A declaration with its annotations, without its comments.
    pub(super) fn item(&mut self, item: &'a Item) -> Doc {
        self.item_docs = item.docs.as_ref().map_or(TextRange::default(), |docs| docs.range);
        let mut parts = self.annotations(&item.allows);
        parts.push(self.text(keyword(&item.kind)));
        parts.push(self.path(&item.name));
        let end = item.name.range.end;
        parts.push(match &item.kind {
            ItemKind::Type(decl) => {
                let (sign, ty) = (self.text(" = "), self.ty(&decl.ty));
                self.join(&[sign, ty])
            }
            ItemKind::Enum(decl) => self.enumeration(decl, end),
            ItemKind::Fn(decl) => self.function(decl, end),
            ItemKind::Const(decl) => self.constant(decl),
            ItemKind::Capability(decl) => self.capability(decl, end),
            ItemKind::Adapter(decl) => self.adapter(decl, end),
            ItemKind::Environment(decl) => self.environment(decl),
            ItemKind::Entity(decl) => self.entity(decl),
            ItemKind::Policy(decl) => self.policy(decl, end),
            ItemKind::Gate(decl) => self.gate(decl, end),
            ItemKind::Test(decl) => self.test(decl, end),
            ItemKind::Plan(decl) => self.plan(decl, end),
        });
        self.join(&parts)
    }

    /// Annotations, each on a line of its own before what follows.
    pub(super) fn annotations(&mut self, allows: &[Allow]) -> Vec<Doc> {
        let mut parts = Vec::with_capacity(allows.len() * 5);
        for allow in allows {
            parts.push(self.text("@allow "));
            parts.push(self.verbatim(allow.code.range));
            parts.push(self.text(" because "));
            parts.push(self.verbatim(allow.reason.range));
            parts.push(self.docs.hard_line(false));
        }
        parts
    }

    /// ` { … }` whose slots are never on one line.
    pub(super) fn body(&mut self, open: usize, slots: impl FnOnce(&mut Self, usize) -> Vec<Slot<'a>>) -> Doc {
        let (space, body) = (self.text(" "), self.delimited(BLOCK, open, true, slots));
        self.join(&[space, body])
    }

    /// `name value`
    pub(super) fn clause(&mut self, word: &'static str, value: Doc) -> Doc {
        let word = self.text(word);
        self.join(&[word, value])
    }

    fn enumeration(&mut self, decl: &'a EnumDecl, end: u32) -> Doc {
        let open = self.source.find(end, "{");
        let variants = self.braced(FIELDS, open, |printer, first| {
            printer.slots(
                first,
                &decl.variants,
                |variant| variant.name.range.end,
                |printer, variant| printer.verbatim(variant.name.range),
            )
        });
        self.clause(" ", variants)
    }

    /// `(x: T, y: U = 1)`
    pub(super) fn params(&mut self, open: usize, params: &'a [Param]) -> Doc {
        let end = |param: &&Param| param.default.as_ref().map_or(param.ty.range.end, |default| default.range.end);
        self.delimited(ARGUMENTS, open, false, |printer, first| {
            printer.slots(first, params, end, |printer, param| {
                let mut parts = vec![printer.verbatim(param.name.range), printer.text(": "), printer.ty(&param.ty)];
                if let Some(default) = &param.default {
                    parts.push(printer.text(" ="));
                    parts.push(printer.assigned(default));
                }
                printer.join(&parts)
            })
        })
    }

    fn function(&mut self, decl: &'a FnDecl, end: u32) -> Doc {
        let open = self.source.find(end, "(");
        let mut parts = vec![self.params(open, &decl.params), self.text(" -> "), self.ty(&decl.result)];
        if decl.short {
            parts.push(self.text(" ="));
            parts.push(self.assigned(&decl.body.result));
        } else {
            parts.push(self.text(" "));
            parts.push(self.block(&decl.body));
        }
        self.join(&parts)
    }

    fn constant(&mut self, decl: &'a ConstDecl) -> Doc {
        let mut parts = Vec::new();
        if let Some(ty) = &decl.ty {
            parts.push(self.text(": "));
            parts.push(self.ty(ty));
        }
        parts.push(self.text(" ="));
        parts.push(self.assigned(&decl.value));
        self.join(&parts)
    }

    fn capability(&mut self, decl: &'a CapabilityDecl, end: u32) -> Doc {
        self.body(self.source.find(end, "{"), |printer, first| {
            let end = |clause: &&CapabilityClause| match clause {
                CapabilityClause::Version { range, .. }
                | CapabilityClause::Input { range, .. }
                | CapabilityClause::Output { range, .. }
                | CapabilityClause::Effect { range, .. }
                | CapabilityClause::Risk { range, .. }
                | CapabilityClause::Key { range, .. }
                | CapabilityClause::Undo { range, .. }
                | CapabilityClause::Retry { range, .. }
                | CapabilityClause::Timeout { range, .. } => range.end,
            };
            printer.slots(first, &decl.clauses, end, Self::capability_clause)
        })
    }

    fn capability_clause(&mut self, clause: &'a CapabilityClause) -> Doc {
        let (word, value) = match clause {
            CapabilityClause::Version { value, .. } => ("version ", self.verbatim(value.range)),
            CapabilityClause::Input { ty, .. } => ("input ", self.record_type(ty)),
            CapabilityClause::Output { ty, .. } => ("output ", self.record_type(ty)),
            CapabilityClause::Effect { value, .. } => ("effect ", self.verbatim(value.range)),
            CapabilityClause::Risk { value, .. } => ("risk ", self.verbatim(value.range)),
            CapabilityClause::Key { parts, range } => {
                let open = self.source.at(range.start) + 1;
                let listed = self.source.token(open) == "(";
                // One part needs no parentheses, unless its own first token would be taken for the list's.
                let doc = match parts.as_slice() {
                    [part]
                        if !listed
                            || (!begins_with_parenthesis(part)
                                && !self.source.comment_between(open, self.source.partner(open))) =>
                    {
                        self.expr(part)
                    }
                    _ => self.delimited(ARGUMENTS, open, false, |printer, first| {
                        printer.slots(first, parts, |part| part.range.end, Self::expr)
                    }),
                };
                ("key ", doc)
            }
            CapabilityClause::Undo { call, .. } => ("undo ", self.step_call(call)),
            CapabilityClause::Retry { retry, .. } => ("retry ", self.retry(retry)),
            CapabilityClause::Timeout { value, .. } => ("timeout ", self.expr(value)),
        };
        self.clause(word, value)
    }

    /// `3 times backoff 1s..30s`, before other words
    pub(super) fn retry(&mut self, retry: &'a Retry) -> Doc {
        let mut parts = vec![self.before_word(&retry.times), self.text(" times")];
        if let Some(backoff) = &retry.backoff {
            parts.push(self.text(" backoff "));
            parts.push(self.before_word(backoff));
        }
        self.join(&parts)
    }

    /// `a.b { name: value }`
    pub(super) fn step_call(&mut self, call: &'a StepCall) -> Doc {
        let open = self.source.find(call.path.range.end, "{");
        let (path, space, fields) = (self.path(&call.path), self.text(" "), self.braced_fields(open, &call.fields));
        self.join(&[path, space, fields])
    }

    fn adapter(&mut self, decl: &'a AdapterDecl, end: u32) -> Doc {
        self.body(self.source.find(end, "{"), |printer, first| {
            let end = |clause: &&AdapterClause| match clause {
                AdapterClause::Version { range, .. }
                | AdapterClause::Provides { range, .. }
                | AdapterClause::Run { range, .. } => range.end,
            };
            printer.slots(first, &decl.clauses, end, Self::adapter_clause)
        })
    }

    fn adapter_clause(&mut self, clause: &'a AdapterClause) -> Doc {
        match clause {
            AdapterClause::Version { value, .. } => {
                let value = self.verbatim(value.range);
                self.clause("version ", value)
            }
            AdapterClause::Provides { path, requirement, .. } => {
                let mut parts = vec![self.text("provides "), self.path(path)];
                if let Some(requirement) = requirement {
                    parts.push(self.text(" "));
                    for (index, bound) in requirement.text.split(',').enumerate() {
                        parts.push(self.text(if index == 0 { "" } else { ", " }));
                        parts.push(self.text(bound));
                    }
                }
                self.join(&parts)
            }
            AdapterClause::Run { transport, target, .. } => {
                let parts = [self.text("run "), self.verbatim(transport.range), self.text(" "), self.expr(target)];
                self.join(&parts)
            }
        }
    }

    fn environment(&mut self, decl: &'a EnvironmentDecl) -> Doc {
        let (colon, ty) = (self.text(": "), self.ty(&decl.ty));
        let open = self.source.find(decl.ty.range.end, "{");
        let members = self.delimited(FIELDS, open, true, |printer, first| {
            let end = |member: &&EnvironmentMember| match member {
                EnvironmentMember::Fact(field) => field_end(field),
                EnvironmentMember::Bind { range, .. } | EnvironmentMember::Group { range, .. } => range.end,
            };
            printer.slots(first, &decl.members, end, Self::environment_member)
        });
        let space = self.text(" ");
        self.join(&[colon, ty, space, members])
    }

    fn environment_member(&mut self, member: &'a EnvironmentMember) -> Doc {
        match member {
            EnvironmentMember::Fact(field) => self.field(field),
            EnvironmentMember::Bind { capability, adapter, .. } => {
                let parts = [self.text("bind "), self.path(capability), self.text(" to "), self.path(adapter)];
                self.join(&parts)
            }
            EnvironmentMember::Group { name, members, .. } => {
                let parts = [self.text("group "), self.verbatim(name.range), self.text(" ="), self.assigned(members)];
                self.join(&parts)
            }
        }
    }

    fn entity(&mut self, decl: &'a EntityDecl) -> Doc {
        let (colon, ty, space) = (self.text(": "), self.ty(&decl.ty), self.text(" "));
        let open = self.source.find(decl.ty.range.end, "{");
        let fields = self.braced(FIELDS, open, |printer, first| {
            printer.slots(first, &decl.fields, |field| field_end(field), Self::field)
        });
        self.join(&[colon, ty, space, fields])
    }
}

/// The word a declaration begins with, with the space after it.
fn keyword(kind: &ItemKind) -> &'static str {
    match kind {
        ItemKind::Type(_) => "type ",
        ItemKind::Enum(_) => "enum ",
        ItemKind::Fn(_) => "fn ",
        ItemKind::Const(_) => "const ",
        ItemKind::Capability(_) => "capability ",
        ItemKind::Adapter(_) => "adapter ",
        ItemKind::Environment(_) => "environment ",
        ItemKind::Entity(_) => "entity ",
        ItemKind::Policy(_) => "policy ",
        ItemKind::Gate(_) => "gate ",
        ItemKind::Test(_) => "test ",
        ItemKind::Plan(_) => "plan ",
    }
}
