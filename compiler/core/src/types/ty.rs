//! What types are.

use std::fmt::Write as _;
use std::sync::Arc;

use ordain_graph::Demand;
use smol_str::SmolStr;

use super::{LoneText, Sig, alias_target, signature};
use crate::db::Db;
use crate::hir::ExprId;
use crate::items::{Item, Part};

/// A type. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub enum Ty<'db> {
    /// Not known because of a mistake that has been reported; fits everything.
    Error,
    /// The type of `none` alone.
    None,
    /// `Bool`
    Bool,
    /// `Int`
    Int,
    /// `Decimal`
    Decimal,
    /// `String`
    String,
    /// `Bytes`
    Bytes,
    /// `Duration`
    Duration,
    /// `SemVer`
    SemVer,
    /// `Url`
    Url,
    /// `Digest`
    Digest,
    /// `Date`
    Date,
    /// `Json`: any data without a declared type.
    Json,
    /// `List<T>`
    List(Arc<Ty<'db>>),
    /// `Set<T>`
    Set(Arc<Ty<'db>>),
    /// `Map<K, V>`
    Map(Arc<(Ty<'db>, Ty<'db>)>),
    /// `T?`
    Optional(Arc<Ty<'db>>),
    /// `Secret<T>`
    Secret(Arc<Ty<'db>>),
    /// `Ref<T>`: an entity of that type, or of one that has all its fields, named by type and id.
    Ref(Arc<Ty<'db>>),
    /// A structural record.
    Record(Arc<RecordTy<'db>>),
    /// An enum, by declaration.
    Enum(Item<'db>),
    /// A declared type, by declaration; stands for its target.
    Alias(Item<'db>),
    /// A base type whose values satisfy a demand.
    Refined(Arc<Ty<'db>>, Arc<Demand>),
    /// A step of a plan: its outputs are fields, and others may wait for it.
    Step(Item<'db>),
    /// An instance of a plan.
    Plan(Item<'db>),
    /// A stage: others may wait for it.
    Stage,
    /// Steps or sub-plans named by a key.
    Family(Arc<(Ty<'db>, Ty<'db>)>),
}

/// The fields of a record type, in declared order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub struct RecordTy<'db> {
    /// The fields.
    pub fields: Box<[FieldTy<'db>]>,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub struct FieldTy<'db> {
    /// Its name.
    pub name: SmolStr,
    /// Its type.
    pub ty: Ty<'db>,
    /// Where its default stands.
    pub default: Option<DefaultRef<'db>>,
}

/// An expression that gives a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub struct DefaultRef<'db> {
    /// The item that writes it, or in whose file it is understood.
    pub(crate) item: Item<'db>,
    /// Which tree has it.
    pub(crate) tree: DefaultTree<'db>,
    /// The expression.
    pub(crate) expr: ExprId,
}

/// Where types with defaults are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub(crate) enum DefaultTree<'db> {
    /// In a part of an item.
    Part(Part),
    /// In a text outside of any source.
    Lone(LoneText<'db>),
}

impl<'db> RecordTy<'db> {
    /// The field of that name.
    pub fn get(&self, name: &str) -> Option<&FieldTy<'db>> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl<'db> Ty<'db> {
    /// The type without names and refinements around it: never `Alias` or `Refined`.
    pub fn peel(&self, db: &'db dyn Db) -> Ty<'db> {
        let mut ty = self.clone();
        loop {
            ty = match ty {
                Ty::Alias(item) => alias_target(db, item),
                Ty::Refined(base, _) => (*base).clone(),
                other => return other,
            };
        }
    }

    /// What is below refinements and `T?` as far as it is written here, without looking at what names stand for.
    pub(super) fn bare(&self) -> &Self {
        match self {
            Ty::Refined(inner, _) | Ty::Optional(inner) => inner.bare(),
            other => other,
        }
    }

    /// As [`Ty::peel`], also out of `T?`.
    pub fn peel_optional(&self, db: &'db dyn Db) -> Ty<'db> {
        match self.peel(db) {
            Ty::Optional(inner) => inner.peel_optional(db),
            other => other,
        }
    }

    /// Whether a value of it is or holds a secret.
    pub fn holds_secret(&self, db: &'db dyn Db) -> bool {
        self.holds(db, &|ty| matches!(ty, Ty::Secret(_)), &mut Vec::new())
    }

    /// Whether a value of it is or holds a reference to an entity.
    pub fn holds_reference(&self, db: &'db dyn Db) -> bool {
        self.holds(db, &|ty| matches!(ty, Ty::Ref(_)), &mut Vec::new())
    }

    /// Whether it is or holds a step, gate, stage or plan, which stand for what will happen and are no values.
    pub fn holds_handle(&self, db: &'db dyn Db) -> bool {
        self.holds(db, &|ty| matches!(ty, Ty::Step(_) | Ty::Plan(_) | Ty::Stage | Ty::Family(_)), &mut Vec::new())
    }

    /// Whether it or a part of it is such a type.
    fn holds(&self, db: &'db dyn Db, such: &dyn Fn(&Ty<'db>) -> bool, seen: &mut Vec<Item<'db>>) -> bool {
        match self {
            ty if such(ty) => true,
            Ty::List(inner) | Ty::Set(inner) | Ty::Optional(inner) | Ty::Refined(inner, _) => {
                inner.holds(db, such, seen)
            }
            Ty::Map(pair) => pair.0.holds(db, such, seen) || pair.1.holds(db, such, seen),
            Ty::Record(record) => record.fields.iter().any(|field| field.ty.holds(db, such, seen)),
            Ty::Alias(item) if !seen.contains(item) => {
                seen.push(*item);
                alias_target(db, *item).holds(db, such, seen)
            }
            _ => false,
        }
    }

    /// Whether its values can be keys of a map.
    pub fn is_key(&self, db: &'db dyn Db) -> bool {
        matches!(
            self.peel(db),
            Ty::String | Ty::Int | Ty::Enum(_) | Ty::SemVer | Ty::Date | Ty::Url | Ty::Digest | Ty::Error
        )
    }

    /// Whether its values have an order: `<` is defined.
    pub fn is_ordered(&self, db: &'db dyn Db) -> bool {
        matches!(
            self.peel(db),
            Ty::Error
                | Ty::Int
                | Ty::Decimal
                | Ty::String
                | Ty::Bytes
                | Ty::Duration
                | Ty::SemVer
                | Ty::Date
                | Ty::Enum(_)
                | Ty::Json
        )
    }

    /// The declarations it names.
    pub(super) fn items(&self, found: &mut Vec<Item<'db>>) {
        match self {
            Ty::Alias(item) | Ty::Enum(item) | Ty::Step(item) | Ty::Plan(item) => found.push(*item),
            Ty::List(inner) | Ty::Set(inner) | Ty::Optional(inner) | Ty::Secret(inner) => inner.items(found),
            Ty::Ref(inner) | Ty::Refined(inner, _) => inner.items(found),
            Ty::Map(pair) | Ty::Family(pair) => {
                pair.0.items(found);
                pair.1.items(found);
            }
            Ty::Record(record) => record.fields.iter().for_each(|field| field.ty.items(found)),
            _ => {}
        }
    }

    /// The variants, where it is an enum.
    pub fn variants(&self, db: &'db dyn Db) -> Option<(Item<'db>, &'db [SmolStr])> {
        match self.peel_optional(db) {
            Ty::Enum(item) => match &signature(db, item).sig {
                Sig::Enum(variants) => Some((item, variants)),
                _ => None,
            },
            _ => None,
        }
    }

    /// As users write it.
    pub fn display(&self, db: &'db dyn Db) -> String {
        let mut text = String::new();
        self.write(db, &mut text, 0);
        text
    }

    fn write(&self, db: &'db dyn Db, out: &mut String, depth: usize) {
        let pair = |name: &str, parts: &[&Ty<'db>], out: &mut String| {
            out.push_str(name);
            out.push('<');
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                part.write(db, out, depth + 1);
            }
            out.push('>');
        };
        match self {
            Ty::Error => out.push('?'),
            Ty::None => out.push_str("none"),
            Ty::Bool => out.push_str("Bool"),
            Ty::Int => out.push_str("Int"),
            Ty::Decimal => out.push_str("Decimal"),
            Ty::String => out.push_str("String"),
            Ty::Bytes => out.push_str("Bytes"),
            Ty::Duration => out.push_str("Duration"),
            Ty::SemVer => out.push_str("SemVer"),
            Ty::Url => out.push_str("Url"),
            Ty::Digest => out.push_str("Digest"),
            Ty::Date => out.push_str("Date"),
            Ty::Json => out.push_str("Json"),
            Ty::List(element) => pair("List", &[element], out),
            Ty::Set(element) => pair("Set", &[element], out),
            Ty::Map(entry) => pair("Map", &[&entry.0, &entry.1], out),
            Ty::Secret(inner) => pair("Secret", &[inner], out),
            Ty::Ref(inner) => pair("Ref", &[inner], out),
            Ty::Optional(inner) => {
                inner.write(db, out, depth + 1);
                out.push('?');
            }
            Ty::Record(record) if depth > 2 || record.fields.len() > 6 => out.push_str("{ … }"),
            Ty::Record(record) if record.fields.is_empty() => out.push_str("{}"),
            Ty::Record(record) => {
                for (index, field) in record.fields.iter().enumerate() {
                    out.push_str(if index == 0 { "{ " } else { ", " });
                    let _ = write!(out, "{}: ", field.name);
                    field.ty.write(db, out, depth + 1);
                }
                out.push_str(" }");
            }
            Ty::Enum(item) | Ty::Alias(item) => out.push_str(item.name(db)),
            Ty::Refined(base, demand) => {
                base.write(db, out, depth + 1);
                let _ = write!(out, " {}", super::refine::describe(demand));
            }
            Ty::Step(capability) => {
                let _ = write!(out, "step {}", capability.name(db));
            }
            Ty::Plan(plan) => {
                let _ = write!(out, "plan {}", plan.name(db));
            }
            Ty::Stage => out.push_str("stage"),
            Ty::Family(entry) => {
                entry.1.write(db, out, depth + 1);
                out.push_str(" by ");
                entry.0.write(db, out, depth + 1);
            }
        }
    }
}
