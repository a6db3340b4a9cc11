//! Types, fields and parameters.

use ordain_syntax::ast;

use super::Lowering;
use crate::hir::{FieldDecl, Param, Refinement, TypeId, TypeRefKind};

impl Lowering {
    pub(super) fn params(&mut self, params: Vec<ast::Param>) -> Box<[Param]> {
        params
            .into_iter()
            .map(|param| Param {
                name: self.name(param.name),
                ty: self.ty(param.ty),
                default: param.default.map(|default| self.expr(default)),
            })
            .collect()
    }

    pub(crate) fn ty(&mut self, ty: ast::Type) -> TypeId {
        let kind = match ty.kind {
            ast::TypeKind::Error => TypeRefKind::Missing,
            ast::TypeKind::Path { path, args } => {
                TypeRefKind::Path { path: self.path(path), args: args.into_iter().map(|arg| self.ty(arg)).collect() }
            }
            ast::TypeKind::List(element) => TypeRefKind::List(self.ty(*element)),
            ast::TypeKind::Optional(inner) => TypeRefKind::Optional(self.ty(*inner)),
            ast::TypeKind::Record(record) => TypeRefKind::Record(self.field_decls(record)),
            ast::TypeKind::Refined { base, refinement } => {
                let base = self.ty(*base);
                let refinement = match *refinement {
                    ast::Refinement::Range(range) => Refinement::Range(self.expr(range)),
                    ast::Refinement::Length(range) => Refinement::Length(self.expr(range)),
                    ast::Refinement::Matching(pattern) => Refinement::Matching(self.text(&pattern)),
                    ast::Refinement::Predicate(condition) => Refinement::Predicate(self.expr(condition)),
                };
                TypeRefKind::Refined { base, refinement }
            }
        };
        self.push_type(kind, ty.range)
    }

    fn field_decls(&mut self, record: ast::RecordType) -> Box<[FieldDecl]> {
        record
            .fields
            .into_iter()
            .map(|field| FieldDecl {
                name: self.name(field.name),
                ty: self.ty(field.ty),
                default: field.default.map(|default| self.expr(default)),
            })
            .collect()
    }

    pub(super) fn record_type(&mut self, record: ast::RecordType) -> TypeId {
        let range = record.range;
        let fields = self.field_decls(record);
        self.push_type(TypeRefKind::Record(fields), range)
    }
}
