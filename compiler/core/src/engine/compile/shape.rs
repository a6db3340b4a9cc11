//! Types without declarations in them, as the engine reads documents and checks values.

use super::Compiler;
use crate::engine::expr::{Missing, Shape, ShapeField};
use crate::eval::Evaluator;
use crate::types::{RecordTy, Ty, alias_target};

impl<'db> Compiler<'db> {
    /// The shape of a type; nothing for one that the engine does not know.
    pub(crate) fn shape(&mut self, ty: &Ty<'db>) -> Option<u32> {
        let mark = self.programs.shapes.len();
        let shape = self.lower(ty);
        if shape.is_none() {
            // What was lowered since then may hold what was not.
            self.shapes.retain(|_, at| (*at as usize) < mark);
            self.programs.shapes.truncate(mark);
        }
        shape
    }

    fn lower(&mut self, ty: &Ty<'db>) -> Option<u32> {
        if let Some(known) = self.shapes.get(ty) {
            return Some(*known);
        }
        let at = self.programs.shapes.len();
        // A declared type may stand in itself: its place is known before it is.
        self.programs.shapes.push(Shape::Same);
        self.shapes.insert(ty.clone(), at as u32);
        let shape = match ty {
            Ty::Alias(item) => {
                let target = alias_target(self.db, *item);
                match &target {
                    Ty::Record(record) => self.record_shape(record)?,
                    other => {
                        let inner = self.lower(other)?;
                        self.programs.shapes[inner as usize].clone()
                    }
                }
            }
            Ty::Record(record) => self.record_shape(record)?,
            Ty::None => Shape::Same,
            Ty::Json => Shape::Json,
            Ty::Bool => Shape::Bool,
            Ty::Int => Shape::Int,
            Ty::Decimal => Shape::Decimal,
            Ty::String => Shape::String,
            Ty::Bytes => Shape::Bytes,
            Ty::Duration => Shape::Duration,
            Ty::Url => Shape::Url,
            Ty::Digest => Shape::Digest,
            Ty::Date => Shape::Date,
            Ty::Enum(_) => Shape::Enum(ty.variants(self.db)?.1.into()),
            Ty::List(element) => Shape::List(self.lower(element)?),
            Ty::Set(element) => Shape::Set(self.lower(element)?),
            Ty::Map(entry) => Shape::Map(self.lower(&entry.0)?, self.lower(&entry.1)?),
            Ty::Optional(inner) => Shape::Optional(self.lower(inner)?),
            Ty::Refined(base, demand) => Shape::Refined(self.lower(base)?, demand.clone()),
            Ty::Error
            | Ty::SemVer
            | Ty::Ref(_)
            | Ty::Secret(_)
            | Ty::Step(_)
            | Ty::Plan(_)
            | Ty::Stage
            | Ty::Family(_) => {
                return None;
            }
        };
        self.programs.shapes[at] = shape;
        Some(at as u32)
    }

    fn record_shape(&mut self, record: &RecordTy<'db>) -> Option<Shape> {
        let mut fields = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            let missing = match field.default {
                Some(default) => {
                    let value = Evaluator::new(self.db).default(default).ok()?;
                    Missing::Default(self.constant_at(value)?)
                }
                None if matches!(field.ty.peel(self.db), Ty::Optional(_)) => Missing::None,
                None => Missing::Required,
            };
            fields.push(ShapeField { name: field.name.clone(), shape: self.lower(&field.ty)?, missing });
        }
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        fields.is_sorted_by(|a, b| a.name < b.name).then(|| Shape::Record(fields.into()))
    }

    /// Whether every value of a type has the form of the type already, however it came to be.
    pub(super) fn is_settled(&self, ty: &Ty<'db>) -> bool {
        match ty {
            Ty::Bool | Ty::Int | Ty::String | Ty::Bytes | Ty::Duration => true,
            Ty::Optional(inner) => self.is_settled(inner),
            _ => false,
        }
    }
}
