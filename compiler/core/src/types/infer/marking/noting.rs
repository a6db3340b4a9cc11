//! Noting what names mean, and what could stand somewhere, while inference goes by.

use smol_str::SmolStr;

use super::super::super::builtin::{self, DataFormat};
use super::super::super::ty::{RecordTy, Ty};
use super::super::super::{ParamTy, Sig, entity_type, signature};
use super::super::Infer;
use super::{Binding, COMPLETION_NAME, FieldOf, Gap, Mark, Meaning, Named, Slot, Spot, owner};
use crate::hir::{Arg, ExprId, ExprKind, Kind, Loc, PathRef, TypeRefKind};
use crate::items::{Item, Part};
use crate::resolve;

impl<'db> Infer<'db> {
    fn watched(&self) -> bool {
        self.marking.is_some()
    }

    /// Notes what a name means.
    pub(in super::super) fn mark(&mut self, loc: Loc, meaning: impl FnOnce() -> Meaning<'db>) {
        if let Some(marking) = &mut self.marking {
            marking.marks.push(Mark { first: loc, loc, meaning: meaning() });
        }
    }

    /// Notes another type for a local name that has been noted: more of it is known now.
    pub(in super::super) fn mark_again(&mut self, site: Binding, ty: &Ty<'db>) {
        for mark in self.marking.iter_mut().flat_map(|marking| &mut marking.marks) {
            if let Meaning::Local(known, old) = &mut mark.meaning
                && *known == site
            {
                *old = ty.clone();
            }
        }
    }

    pub(in super::super) fn spot(&mut self, name: &str, spot: impl FnOnce(&Self) -> Spot<'db>) -> bool {
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
    pub(in super::super) fn lacks_fields(&mut self, loc: Loc, record: &RecordTy<'db>, missing: &[&str]) {
        let part = self.part;
        if let Some(marking) = &mut self.marking {
            let fields = record.fields.iter().filter(|field| missing.contains(&field.name.as_str()));
            let fields = fields.map(|field| Named { name: field.name.clone(), ty: field.ty.clone() }).collect();
            marking.gaps.push(Gap::Fields { part, loc, fields });
        }
    }

    /// Notes the values that a `match` has no arm for.
    pub(in super::super) fn lacks_arms(&mut self, loc: Loc, missing: &[String]) {
        let part = self.part;
        if let Some(marking) = &mut self.marking {
            let patterns = missing.iter().map(|pattern| pattern.trim_matches('`').into()).collect();
            marking.gaps.push(Gap::Arms { part, loc, patterns });
        }
    }

    /// Notes what stands in an expression where a name is expected.
    pub(in super::super) fn spot_expr(&mut self, name: &str, expected: Option<&Ty<'db>>) {
        self.spot(name, |this| Spot::Expr { expected: expected.cloned(), locals: this.scope(), prefix: Vec::new() });
    }

    /// Notes a path in an expression, in which the name that is looked for is followed by others or not.
    pub(in super::super) fn spot_path(&mut self, parts: &[SmolStr]) {
        if let Some(at) = parts.iter().position(|part| part.contains(COMPLETION_NAME)) {
            let prefix = &parts[..at];
            self.spot(&parts[at], |this| Spot::Expr { expected: None, locals: this.scope(), prefix: prefix.to_vec() });
        }
    }

    pub(in super::super) fn spot_variant(&mut self, name: &str, of: Item<'db>) {
        self.spot(name, |_| Spot::Variant(of));
    }

    pub(in super::super) fn spot_pattern(&mut self, name: &str, subject: &Ty<'db>) {
        self.spot(name, |_| Spot::Pattern(subject.clone()));
    }

    pub(in super::super) fn spot_argument(&mut self, value: ExprId, callee: Item<'db>, expected: Option<&Ty<'db>>) {
        let tree = self.tree;
        if let ExprKind::Name(name) = &tree[value].kind {
            self.spot(name, |this| Spot::Argument { callee, expected: expected.cloned(), locals: this.scope() });
        }
    }

    /// Notes the name of a field in a literal.
    pub(in super::super) fn spot_field(
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
    pub(in super::super) fn enter_field(
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
    pub(in super::super) fn enter_slot(&mut self, item: Item<'db>, slot: Slot) -> Option<FieldOf<'db>> {
        let marking = self.marking.as_mut()?;
        marking.within.replace(FieldOf { root: Some((item, slot)), path: Vec::new() })
    }

    /// Goes on with what is a part of nothing that was gone on with, such as an argument; gives what that was.
    pub(in super::super) fn leave_fields(&mut self) -> Option<FieldOf<'db>> {
        self.marking.as_mut()?.within.take()
    }

    /// Goes on with what was gone on with before.
    pub(in super::super) fn leave_field(&mut self, before: Option<FieldOf<'db>>) {
        if let Some(marking) = &mut self.marking {
            marking.within = before;
        }
    }

    /// Notes a field of a value.
    pub(in super::super) fn mark_field(
        &mut self,
        expr: ExprId,
        base_ty: &Ty<'db>,
        name: &crate::hir::Name,
        ty: &Ty<'db>,
    ) {
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
    pub(in super::super) fn field_behind(&self, expr: ExprId) -> Option<FieldOf<'db>> {
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
    pub(in super::super) fn mark_local(&mut self, name: &str, loc: Loc) {
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
    pub(in super::super) fn mark_path(&mut self, parts: &[(SmolStr, Loc)]) {
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
    pub(in super::super) fn mark_target(&mut self, path: &PathRef, kind: Kind) {
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
    pub(in super::super) fn mark_callee(&mut self, callee: ExprId, parts: &[SmolStr]) {
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
            } else if let Some(function) = builtin::function(name) {
                self.mark(loc, || Meaning::Builtin(function));
            } else if [builtin::SECRET, builtin::TYPED].contains(&name.as_str()) {
                self.mark(loc, || Meaning::Word(name.clone()));
            }
            return;
        }
        self.mark_path(&self.places_of(callee));
    }

    /// Notes the id of an entity, where one of that type is declared.
    pub(in super::super) fn mark_entity(&mut self, ty: Item<'db>, id: ExprId) {
        let tree = self.tree;
        let ExprKind::Str(id_text) = &tree[id].kind else { return };
        if !self.watched() {
            return;
        }
        let db = self.db;
        let package = self.file.package(db);
        let packages = std::iter::once(package).chain(package.dependencies(db).values().copied());
        let wanted = entity_type(db, &Ty::Alias(ty));
        let is_meant = |entity: &Item<'db>| {
            *entity.name(db) == *id_text
                && matches!(&signature(db, *entity).sig, Sig::Entity(declared) if entity_type(db, declared) == wanted)
        };
        let entity = packages.flat_map(|package| resolve::items_of(db, package, Kind::Entity)).copied().find(is_meant);
        if let Some(entity) = entity {
            self.mark(self.loc(id), || Meaning::Item(entity));
        }
    }

    /// Notes an argument of a call, and the name it may have.
    pub(in super::super) fn mark_argument(&mut self, callee: Item<'db>, arg: &Arg, param: Option<&ParamTy<'db>>) {
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
    pub(in super::super) fn mark_types(&mut self) {
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
                ([name], None) if builtin::TYPE_NAMES.contains(&name.as_str()) => {
                    self.mark(path.loc(), || Meaning::Word(name.clone()));
                }
                _ => self.mark_path(&path.places()),
            }
        }
    }

    /// Notes the fields, variants and parameters that the signature declares.
    pub(in super::super) fn mark_declared(&mut self) {
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
        if let Signature::Plan { result: Some(result), .. } | Signature::Fn { result, .. } =
            &item.signature(self.db).signature
        {
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
