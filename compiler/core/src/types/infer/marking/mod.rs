//! What editors ask about: what the names in an item mean, and what could stand at a place of it.
//!
//! The same inference as for checking, watched while it goes. Nothing here is computed for a check.

mod noting;

use ordain_graph::Function;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::super::builtin::DataFormat;
use super::super::ty::Ty;
use super::Infer;
use crate::db::{Db, SourceFile};
use crate::hir::{ExprId, Kind, Loc, TypeRefKind};
use crate::items::{Item, Part};
use crate::resolve;

/// The name that stands where something is to be completed. No source has it.
pub const COMPLETION_NAME: &str = "completionPlace0xd";

/// A place where a name stands, and what it means there.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Mark<'db> {
    /// The first part of the name, where it is dotted.
    pub first: Loc,
    /// The name, or its last part.
    pub loc: Loc,
    /// What it means.
    pub meaning: Meaning<'db>,
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub enum Meaning<'db> {
    /// A declaration.
    Item(Item<'db>),
    /// A module, or the start of one's dotted names.
    Module(SourceFile),
    /// A variant of an enum, by index.
    Variant(Item<'db>, u32),
    /// A parameter, a `let`, a loop variable, a step: by the place that binds it.
    Local(Binding, Ty<'db>),
    /// A field of a record.
    Field(FieldOf<'db>, Ty<'db>),
    /// A parameter, where an argument is named after it.
    Param(Item<'db>, SmolStr, Ty<'db>),
    /// A built-in function.
    Builtin(Function),
    /// A function that reads data.
    Data(DataFormat),
    /// Another built-in name: a function without a place among the others, or a type.
    Word(SmolStr),
}

/// The place that binds a local name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub struct Binding {
    /// The part of the item.
    pub part: Part,
    /// The place in it.
    pub loc: Loc,
}

/// A field by the type that declares it: the fields on the way to it from a declaration's type, lists, options and values of
/// maps passed through.
#[derive(Clone, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub struct FieldOf<'db> {
    /// The declaration that writes the type; none where no declaration does.
    pub root: Option<(Item<'db>, Slot)>,
    /// The fields, at least one.
    pub path: Vec<SmolStr>,
}

/// Which type of a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, salsa::SalsaValue)]
pub enum Slot {
    /// What a `type` stands for, or an environment or entity is of.
    Type,
    /// The inputs of a capability.
    Input,
    /// The outputs of a capability.
    Output,
    /// What a function or plan gives.
    Result,
}

/// A name in scope and its type.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Named<'db> {
    /// The name.
    pub name: SmolStr,
    /// The type of what it stands for.
    pub ty: Ty<'db>,
}

/// What could stand where [`COMPLETION_NAME`] does.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub enum Spot<'db> {
    /// An expression.
    Expr {
        /// The type that is expected.
        expected: Option<Ty<'db>>,
        /// The names in scope, the innermost last.
        locals: Vec<Named<'db>>,
        /// The parts before it, where they name no value.
        prefix: Vec<SmolStr>,
    },
    /// A field of a value of this type.
    Member(Ty<'db>),
    /// A variant of an enum.
    Variant(Item<'db>),
    /// The name of a field in a literal of this type.
    FieldName {
        /// The type.
        ty: Ty<'db>,
        /// Where its fields are declared.
        owner: Option<FieldOf<'db>>,
        /// The fields that are given already.
        given: Vec<SmolStr>,
        /// The names in scope, which a field may take its value from.
        locals: Vec<Named<'db>>,
    },
    /// A type, after these parts of its path.
    Type(Vec<SmolStr>),
    /// A declaration of a kind, after these parts of its path.
    Target(Kind, Vec<SmolStr>),
    /// A pattern for values of this type.
    Pattern(Ty<'db>),
    /// The name of a parameter or a value for one.
    Argument {
        /// What is called.
        callee: Item<'db>,
        /// The type of the parameter in this position.
        expected: Option<Ty<'db>>,
        /// The names in scope.
        locals: Vec<Named<'db>>,
    },
}

/// What names in an item mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub struct Marks<'db> {
    /// In its signature, in no order.
    pub signature: Box<[Mark<'db>]>,
    /// In its body, in no order.
    pub body: Box<[Mark<'db>]>,
    /// What could stand at the completed place, where there is one.
    pub spot: Option<Spot<'db>>,
    /// What is left out where nothing may be.
    pub gaps: Box<[Gap<'db>]>,
}

/// Something that is left out.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub enum Gap<'db> {
    /// Fields of a literal.
    Fields {
        /// The part the literal stands in.
        part: Part,
        /// The literal, or the declaration's name where its own fields are meant.
        loc: Loc,
        /// The fields and their types.
        fields: Vec<Named<'db>>,
    },
    /// Values that a `match` has no arm for, as patterns are written.
    Arms {
        /// The part the `match` stands in.
        part: Part,
        /// The `match`.
        loc: Loc,
        /// The patterns.
        patterns: Vec<SmolStr>,
    },
}

/// What the names in an item mean.
#[salsa::tracked(lru = 512)]
pub fn marks<'db>(db: &'db dyn Db, item: Item<'db>) -> Marks<'db> {
    let mut signature = Infer::new(db, item, Part::Signature, &item.signature(db).tree);
    signature.marking = Some(Box::default());
    signature.mark_types();
    signature.mark_declared();
    signature.signature(&item.signature(db).signature);
    let mut body = Infer::new(db, item, Part::Body, &item.body(db).tree);
    body.marking = Some(Box::default());
    body.mark_types();
    body.field_defaults();
    body.body(&item.body(db).body);
    // INVARIANT: set above.
    let (signature, body) = (signature.marking.unwrap_or_default(), body.marking.unwrap_or_default());
    Marks {
        signature: signature.marks.into(),
        body: body.marks.into(),
        spot: signature.spot.or(body.spot),
        gaps: signature.gaps.into_iter().chain(body.gaps).collect(),
    }
}

/// What is noted while inference is watched.
#[derive(Default)]
pub(super) struct Marking<'db> {
    marks: Vec<Mark<'db>>,
    spot: Option<Spot<'db>>,
    /// The fields that expressions name, for the fields of those.
    fields: FxHashMap<ExprId, FieldOf<'db>>,
    /// The field that a literal is the value of.
    within: Option<FieldOf<'db>>,
    gaps: Vec<Gap<'db>>,
}

impl<'db> FieldOf<'db> {
    /// A field of this one.
    fn then(&self, name: &SmolStr) -> Self {
        Self { root: self.root, path: self.path.iter().chain([name]).cloned().collect() }
    }
}

/// Where the fields of values of a type are declared, where a declaration has a name for it.
pub(super) fn owner<'db>(ty: &Ty<'db>) -> Option<FieldOf<'db>> {
    let root = match ty {
        Ty::Alias(item) => (*item, Slot::Type),
        Ty::Step(item) => (*item, Slot::Output),
        Ty::Plan(item) => (*item, Slot::Result),
        Ty::Optional(inner) | Ty::Ref(inner) | Ty::Refined(inner, _) | Ty::List(inner) | Ty::Set(inner) => {
            return owner(inner);
        }
        Ty::Secret(inner) => return owner(inner),
        Ty::Family(entry) | Ty::Map(entry) => return owner(&entry.1),
        _ => return None,
    };
    Some(FieldOf { root: Some(root), path: Vec::new() })
}

/// Where a field is declared: the item, the part of it and the place of the field's name.
pub fn field_place<'db>(db: &'db dyn Db, field: &FieldOf<'db>) -> Option<(Item<'db>, Part, Loc)> {
    use crate::hir::{Signature, TypeId};
    let (item, slot) = field.root?;
    // An inline type with a name of its own goes on in the declaration of that name.
    fn walk<'db>(
        db: &'db dyn Db,
        item: Item<'db>,
        ty: TypeId,
        path: &[SmolStr],
        left: u32,
    ) -> Option<(Item<'db>, Part, Loc)> {
        let left = left.checked_sub(1)?;
        let tree = &item.signature(db).tree;
        match &tree[ty].kind {
            TypeRefKind::Record(fields) => {
                let (first, rest) = path.split_first()?;
                let found = fields.iter().find(|field| field.name.text == *first)?;
                if rest.is_empty() {
                    return Some((item, Part::Signature, found.name.loc));
                }
                walk(db, item, found.ty, rest, left)
            }
            TypeRefKind::List(inner) | TypeRefKind::Optional(inner) => walk(db, item, *inner, path, left),
            TypeRefKind::Refined { base, .. } => walk(db, item, *base, path, left),
            TypeRefKind::Path { path: named, args } => {
                let parts: Vec<SmolStr> = named.parts.iter().map(|part| part.text.clone()).collect();
                match resolve::meant(db, item.file(db), &parts) {
                    Some((found, consumed)) if consumed == parts.len() => {
                        let Signature::Type(ty) = &found.signature(db).signature else { return None };
                        walk(db, found, *ty, path, left)
                    }
                    _ => walk(db, item, *args.last()?, path, left),
                }
            }
            TypeRefKind::Missing => None,
        }
    }
    /// How many types may stand between a declaration and a field; circles end there.
    const MOST: u32 = 200;
    let ty = match (&item.signature(db).signature, slot) {
        (Signature::Type(ty), _) => *ty,
        (Signature::Environment { ty, .. } | Signature::Entity { ty }, _) => *ty,
        (Signature::Capability(capability), Slot::Input) => capability.input,
        (Signature::Capability(capability), _) => capability.output,
        (Signature::Plan { result, .. }, _) => (*result)?,
        (Signature::Fn { result, .. }, _) => *result,
        _ => return None,
    };
    walk(db, item, ty, &field.path, MOST)
}
