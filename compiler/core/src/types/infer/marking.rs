//! What editors ask about: what the names in an item mean, and what could stand at a place of it.
//!
//! The same inference as for checking, watched while it goes. Nothing here is computed for a check.

use ordain_graph::Function;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::super::builtin::DataFormat;
use super::super::ty::{RecordTy, Ty};
use super::super::{ParamTy, Sig, signature};
use super::Infer;
use crate::db::{Db, SourceFile};
use crate::hir::{Arg, ExprId, ExprKind, Kind, Loc, PathRef, TypeRefKind};
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

impl<'db> Infer<'db> {
    fn watched(&self) -> bool {
        self.marking.is_some()
    }

    /// Notes what a name means.
    pub(super) fn mark(&mut self, loc: Loc, meaning: impl FnOnce() -> Meaning<'db>) {
        if let Some(marking) = &mut self.marking {
            marking.marks.push(Mark { first: loc, loc, meaning: meaning() });
        }
    }

    fn spot(&mut self, name: &str, spot: impl FnOnce(&Self) -> Spot<'db>) -> bool {
        if !self.watched() || !name.contains(COMPLETION_NAME) {
            return false;
        }
        let spot = spot(self);
        if let Some(marking) = &mut self.marking {
            marking.spot.get_or_insert(spot);
        }
        true
    }

    fn scope(&self) -> Vec<Named<'db>> {
        self.locals.iter().map(|local| Named { name: local.name.clone(), ty: local.ty.clone() }).collect()
    }

    /// Notes the fields that a literal lacks.
    pub(super) fn lacks_fields(&mut self, loc: Loc, record: &RecordTy<'db>, missing: &[&str]) {
        let part = self.part;
        if let Some(marking) = &mut self.marking {
            let fields = record.fields.iter().filter(|field| missing.contains(&field.name.as_str()));
            let fields = fields.map(|field| Named { name: field.name.clone(), ty: field.ty.clone() }).collect();
            marking.gaps.push(Gap::Fields { part, loc, fields });
        }
    }

    /// Notes the values that a `match` has no arm for.
    pub(super) fn lacks_arms(&mut self, loc: Loc, missing: &[String]) {
        let part = self.part;
        if let Some(marking) = &mut self.marking {
            let patterns = missing.iter().map(|pattern| pattern.trim_matches('`').into()).collect();
            marking.gaps.push(Gap::Arms { part, loc, patterns });
        }
    }

    /// Notes what stands in an expression where a name is expected.
    pub(super) fn spot_expr(&mut self, name: &str, expected: Option<&Ty<'db>>) {
        self.spot(name, |this| Spot::Expr { expected: expected.cloned(), locals: this.scope(), prefix: Vec::new() });
    }

    /// Notes a path in an expression whose last known part is followed by something else.
    pub(super) fn spot_path(&mut self, parts: &[SmolStr]) {
        if let Some((last, prefix)) = parts.split_last() {
            self.spot(last, |this| Spot::Expr { expected: None, locals: this.scope(), prefix: prefix.to_vec() });
        }
    }

    pub(super) fn spot_variant(&mut self, name: &str, of: Item<'db>) {
        self.spot(name, |_| Spot::Variant(of));
    }

    pub(super) fn spot_pattern(&mut self, name: &str, subject: &Ty<'db>) {
        self.spot(name, |_| Spot::Pattern(subject.clone()));
    }

    pub(super) fn spot_argument(&mut self, value: ExprId, callee: Item<'db>, expected: Option<&Ty<'db>>) {
        let tree = self.tree;
        if let ExprKind::Name(name) = &tree[value].kind {
            self.spot(name, |this| Spot::Argument { callee, expected: expected.cloned(), locals: this.scope() });
        }
    }

    /// Notes the name of a field in a literal.
    pub(super) fn spot_field(
        &mut self,
        name: &str,
        record: &std::sync::Arc<RecordTy<'db>>,
        shown: &Ty<'db>,
        given: &[SmolStr],
    ) {
        let owner = self.owner_of(shown);
        self.spot(name, |this| Spot::FieldName {
            ty: Ty::Record(record.clone()),
            owner,
            given: given.to_vec(),
            locals: this.scope(),
        });
    }

    /// Where the fields of a literal of a type are declared.
    fn owner_of(&self, shown: &Ty<'db>) -> Option<FieldOf<'db>> {
        owner(shown).or_else(|| self.marking.as_ref()?.within.clone())
    }

    /// Goes on with what a field of a literal holds; gives what was gone on with before.
    pub(super) fn enter_field(
        &mut self,
        shown: &Ty<'db>,
        name: &crate::hir::Name,
        ty: &Ty<'db>,
    ) -> Option<FieldOf<'db>> {
        if !self.watched() {
            return None;
        }
        let field = match self.owner_of(shown) {
            Some(owner) => owner.then(&name.text),
            None => FieldOf { root: None, path: vec![name.text.clone()] },
        };
        let ty = ty.clone();
        self.mark(name.loc, || Meaning::Field(field.clone(), ty));
        let marking = self.marking.as_mut()?;
        marking.within.replace(field)
    }

    /// Goes on with the fields of what a capability or plan takes or gives.
    pub(super) fn enter_slot(&mut self, item: Item<'db>, slot: Slot) -> Option<FieldOf<'db>> {
        let marking = self.marking.as_mut()?;
        marking.within.replace(FieldOf { root: Some((item, slot)), path: Vec::new() })
    }

    /// Goes on with what was gone on with before.
    pub(super) fn leave_field(&mut self, before: Option<FieldOf<'db>>) {
        if let Some(marking) = &mut self.marking {
            marking.within = before;
        }
    }

    /// Notes a field of a value.
    pub(super) fn mark_field(&mut self, expr: ExprId, base_ty: &Ty<'db>, name: &crate::hir::Name, ty: &Ty<'db>) {
        if !self.watched() {
            return;
        }
        if self.spot(&name.text, |_| Spot::Member(base_ty.clone())) {
            return;
        }
        let tree = self.tree;
        let base = match &tree[expr].kind {
            ExprKind::Field { base, .. } => Some(*base),
            _ => None,
        };
        let known = base.and_then(|base| self.field_behind(base));
        let field = match owner(base_ty).or(known) {
            Some(owner) => owner.then(&name.text),
            None => FieldOf { root: None, path: vec![name.text.clone()] },
        };
        let ty = ty.clone();
        self.mark(name.loc, || Meaning::Field(field.clone(), ty));
        if let Some(marking) = &mut self.marking {
            marking.fields.insert(expr, field);
        }
    }

    /// The field whose value, or an element of whose value, an expression is.
    pub(super) fn field_behind(&self, expr: ExprId) -> Option<FieldOf<'db>> {
        let marking = self.marking.as_ref()?;
        let mut at = expr;
        loop {
            match &self.tree[at].kind {
                ExprKind::Index { base, .. } => at = *base,
                ExprKind::Name(name) => {
                    return self.locals.iter().rev().find(|local| local.name == *name)?.via.clone();
                }
                _ => return marking.fields.get(&at).cloned(),
            }
        }
    }

    /// Notes a use of a local name.
    pub(super) fn mark_local(&mut self, name: &str, loc: Loc) {
        if !self.watched() {
            return;
        }
        let Some(local) = self.locals.iter().rev().find(|local| local.name == name) else { return };
        let meaning = match &local.field {
            Some(field) => Meaning::Field(field.clone(), local.ty.clone()),
            None => Meaning::Local(local.site, local.ty.clone()),
        };
        self.mark(loc, || meaning);
    }

    /// Notes the parts of a path that names a declaration, and of what it leads through.
    pub(super) fn mark_path(&mut self, parts: &[(SmolStr, Loc)]) {
        if !self.watched() {
            return;
        }
        let names: Vec<SmolStr> = parts.iter().map(|(name, _)| name.clone()).collect();
        let Some((item, consumed)) = resolve::meant(self.db, self.file, &names) else {
            self.mark_modules(parts);
            return;
        };
        // The parts of its own name; with an alias, which has none of them, the last part stands for it.
        let own = item.name(self.db).split('.').count().min(consumed);
        let first = consumed - own;
        let spelled = names[first..consumed].join(".");
        let first = if *item.name(self.db) == spelled { first } else { consumed - 1 };
        self.mark_modules(&parts[..first]);
        let mark = Mark { first: parts[first].1, loc: parts[consumed - 1].1, meaning: Meaning::Item(item) };
        if let Some(marking) = &mut self.marking {
            marking.marks.push(mark);
        }
    }

    fn mark_modules(&mut self, parts: &[(SmolStr, Loc)]) {
        let names: Vec<SmolStr> = parts.iter().map(|(name, _)| name.clone()).collect();
        for at in 0..parts.len() {
            if let Some(module) = resolve::module_meant(self.db, self.file, &names[..=at]) {
                self.mark(parts[at].1, || Meaning::Module(module));
            }
        }
    }

    /// Notes a path that stands for a declaration of a kind.
    pub(super) fn mark_target(&mut self, path: &PathRef, kind: Kind) {
        if !self.watched() {
            return;
        }
        let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
        if let Some((last, prefix)) = parts.split_last()
            && self.spot(last, |_| Spot::Target(kind, prefix.to_vec()))
        {
            return;
        }
        self.mark_path(&path.places());
    }

    /// Notes what a call names.
    pub(super) fn mark_callee(&mut self, callee: ExprId, parts: &[SmolStr]) {
        if !self.watched() {
            return;
        }
        self.spot_path(parts);
        let declared = resolve::meant(self.db, self.file, parts).is_some();
        if let [name] = parts
            && !declared
        {
            let loc = self.loc(callee);
            if let Some(format) = DataFormat::named(name) {
                self.mark(loc, || Meaning::Data(format));
            } else if let Some(function) = super::super::builtin::function(name) {
                self.mark(loc, || Meaning::Builtin(function));
            } else if [super::super::builtin::SECRET, super::super::builtin::TYPED].contains(&name.as_str()) {
                self.mark(loc, || Meaning::Word(name.clone()));
            }
            return;
        }
        self.mark_path(&self.places_of(callee));
    }

    /// Notes an argument of a call, and the name it may have.
    pub(super) fn mark_argument(&mut self, callee: Item<'db>, arg: &Arg, param: Option<&ParamTy<'db>>) {
        if !self.watched() {
            return;
        }
        if let (Some(name), Some(param)) = (&arg.name, param) {
            self.mark(name.loc, || Meaning::Param(callee, name.text.clone(), param.ty.clone()));
        } else {
            self.spot_argument(arg.value, callee, param.map(|param| &param.ty));
        }
    }

    /// Notes the names in the types that this part writes.
    fn mark_types(&mut self) {
        let tree = self.tree;
        for reference in &tree.types {
            let TypeRefKind::Path { path, .. } = &reference.kind else { continue };
            let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
            if let Some((last, prefix)) = parts.split_last()
                && self.spot(last, |_| Spot::Type(prefix.to_vec()))
            {
                continue;
            }
            match (&*parts, resolve::meant(self.db, self.file, &parts)) {
                ([name], None) if super::super::builtin::TYPE_NAMES.contains(&name.as_str()) => {
                    self.mark(path.loc(), || Meaning::Word(name.clone()));
                }
                _ => self.mark_path(&path.places()),
            }
        }
    }

    /// Notes the fields, variants and parameters that the signature declares.
    fn mark_declared(&mut self) {
        use crate::hir::Signature;
        let item = self.item;
        match &item.signature(self.db).signature {
            Signature::Type(ty) => self.mark_fields(*ty, &FieldOf { root: Some((item, Slot::Type)), path: Vec::new() }),
            Signature::Capability(capability) => {
                for (ty, slot) in [(capability.input, Slot::Input), (capability.output, Slot::Output)] {
                    self.mark_fields(ty, &FieldOf { root: Some((item, slot)), path: Vec::new() });
                }
            }
            Signature::Enum(variants) => {
                for (index, variant) in variants.iter().enumerate() {
                    self.mark(variant.loc, || Meaning::Variant(item, index as u32));
                }
            }
            Signature::Fn { params, .. } | Signature::Plan { params, .. } => {
                let types = match &signature(self.db, item).sig {
                    Sig::Fn { params, .. } | Sig::Plan { params, .. } => params,
                    _ => return,
                };
                for (param, ty) in params.iter().zip(types) {
                    let binding = Binding { part: Part::Signature, loc: param.name.loc };
                    self.mark(param.name.loc, || Meaning::Local(binding, ty.ty.clone()));
                }
            }
            _ => {}
        }
        if let Signature::Plan { result: Some(result), .. } = &item.signature(self.db).signature {
            self.mark_fields(*result, &FieldOf { root: Some((item, Slot::Result)), path: Vec::new() });
        }
    }

    fn mark_fields(&mut self, ty: crate::hir::TypeId, of: &FieldOf<'db>) {
        let tree = self.tree;
        match &tree[ty].kind {
            TypeRefKind::Record(fields) => {
                for field in fields {
                    let own = of.then(&field.name.text);
                    let known = self.findings.len();
                    let ty = self.ty(field.ty);
                    self.findings.truncate(known);
                    self.mark(field.name.loc, || Meaning::Field(own.clone(), ty));
                    self.mark_fields(field.ty, &own);
                }
            }
            TypeRefKind::List(inner) | TypeRefKind::Optional(inner) => self.mark_fields(*inner, of),
            TypeRefKind::Refined { base, .. } => self.mark_fields(*base, of),
            TypeRefKind::Path { args, .. } => args.iter().for_each(|arg| self.mark_fields(*arg, of)),
            TypeRefKind::Missing => {}
        }
    }
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
