//! Types and their refinements.

use super::doc::Doc;
use super::layout::{FIELDS, Printer};
use crate::ast::{FieldType, RecordType, Refinement, Type, TypeKind};

impl<'a> Printer<'a> {
    pub(super) fn ty(&mut self, ty: &'a Type) -> Doc {
        match &ty.kind {
            TypeKind::Path { path, args } => {
                let mut parts = vec![self.path(path)];
                for (index, arg) in args.iter().enumerate() {
                    parts.push(self.text(if index == 0 { "<" } else { ", " }));
                    parts.push(self.inside(|printer| {
                        printer.angle = true;
                        printer.ty(arg)
                    }));
                }
                if !args.is_empty() {
                    parts.push(self.text(">"));
                }
                self.join(&parts)
            }
            TypeKind::List(element) => {
                let (open, element, close) =
                    (self.text("["), self.inside(|printer| printer.ty(element)), self.text("]"));
                self.join(&[open, element, close])
            }
            TypeKind::Record(record) => self.record_type(record),
            TypeKind::Optional(base) => {
                // Without the space, `T where x ? ?` would end in the operator `??`.
                let doubled = matches!(&base.kind, TypeKind::Optional(inner) if ends_in_expression(inner));
                let (base, mark) = (self.ty(base), self.text(if doubled { " ?" } else { "?" }));
                self.join(&[base, mark])
            }
            TypeKind::Refined { base, refinement } => {
                let base = self.ty(base);
                let (word, demand) = match &**refinement {
                    // A brace would begin the body of what is being declared.
                    Refinement::Range(expr) | Refinement::Predicate(expr) => (" where ", self.head(expr)),
                    Refinement::Length(expr) => (" where len ", self.head(expr)),
                    Refinement::Matching(pattern) => (" matching ", self.verbatim(pattern.range)),
                };
                let word = self.text(word);
                self.join(&[base, word, demand])
            }
            TypeKind::Error => self.verbatim(ty.range),
        }
    }

    /// `{ name: T }`
    pub(super) fn record_type(&mut self, record: &'a RecordType) -> Doc {
        let open = self.source.at(record.range.start);
        let end = |field: &&FieldType| field.default.as_ref().map_or(field.ty.range.end, |default| default.range.end);
        self.braced(FIELDS, open, |printer, first| printer.slots(first, &record.fields, end, Self::field_type))
    }

    fn field_type(&mut self, field: &'a FieldType) -> Doc {
        let mut parts = vec![self.verbatim(field.name.range), self.text(": "), self.ty(&field.ty)];
        if let Some(default) = &field.default {
            parts.push(self.text(" ="));
            parts.push(self.assigned(default));
        }
        self.join(&parts)
    }
}

/// Whether the last part of a type is the expression of a refinement.
fn ends_in_expression(ty: &Type) -> bool {
    match &ty.kind {
        TypeKind::Refined { refinement, .. } => !matches!(**refinement, Refinement::Matching(_)),
        _ => false,
    }
}
