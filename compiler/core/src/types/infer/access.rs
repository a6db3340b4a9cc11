//! Fields and elements.

use ordain_diagnostics::codes;
use smol_str::SmolStr;
use std::sync::Arc;

use super::super::builtin;
use super::super::coerce::Misfit;
use super::super::sig::Sig;
use super::super::ty::Ty;
use super::marking::Meaning;
use super::{Anchor, Infer, Resolution};
use crate::hir::{ExprId, ExprKind, Kind, Name};

/// Whether a path in an expression can start with a declaration of this kind.
pub(super) fn is_value(kind: Kind) -> bool {
    matches!(kind, Kind::Const | Kind::Environment | Kind::Entity | Kind::Enum)
}

impl<'db> Infer<'db> {
    pub(super) fn field(&mut self, expr: ExprId, base: ExprId, name: &Name, optional: bool) -> Ty<'db> {
        if let Some(ty) = self.qualified(expr) {
            return ty;
        }
        let base_ty = self.infer(base, None);
        self.field_at(expr, &base_ty, name, optional)
    }

    /// A field, noting where it is one of an entity that is referred to.
    fn field_at(&mut self, expr: ExprId, base: &Ty<'db>, name: &Name, optional: bool) -> Ty<'db> {
        if let Ty::Ref(_) = base.peel_optional(self.db) {
            self.facts.resolutions.insert(expr, Resolution::Entity);
        }
        let ty = self.field_of(base, name, optional);
        self.mark_field(expr, base, name, &ty);
        ty
    }

    /// A path of names that is not rooted in a local: `std.risk.high`, `Tier.production`, `prod.region`.
    fn qualified(&mut self, expr: ExprId) -> Option<Ty<'db>> {
        let mut names = Vec::new();
        let mut at = expr;
        loop {
            match &self.tree[at].kind {
                ExprKind::Field { base, name, optional: false } => {
                    names.push(name.as_ref());
                    at = *base;
                }
                ExprKind::Name(first) if !self.is_local(first) => {
                    names.reverse();
                    let parts: Vec<SmolStr> =
                        std::iter::once(first.clone()).chain(names.iter().map(|name| name.text.clone())).collect();
                    self.mark_path(&self.places_of(expr));
                    return self.qualified_parts(expr, at, &parts, &names);
                }
                _ => return None,
            }
        }
    }

    fn qualified_parts(&mut self, expr: ExprId, first: ExprId, parts: &[SmolStr], names: &[&Name]) -> Option<Ty<'db>> {
        let found = match self.resolve(parts) {
            Ok(found) => found,
            Err(error) if error.reported => return Some(Ty::Error),
            Err(error) => {
                self.spot_path(parts);
                let loc = if error.at == 0 { self.loc(first) } else { names[error.at - 1].loc };
                let message = match &error.module {
                    Some(module) => format!("module `{}` has no `{}`", module.module(self.db), parts[error.at]),
                    None => format!("`{}` is not declared", parts[error.at]),
                };
                let locals = self.locals.iter().map(|local| local.name.as_str());
                let local = crate::similar::best(&parts[0], locals).filter(|_| error.at == 0);
                let mut finding = self.finding(codes::UNKNOWN_NAME, loc, message);
                finding = match local {
                    Some(local) => finding.did_you_mean(Some(local)),
                    None => {
                        let first = std::iter::once((parts[0].clone(), self.loc(first)));
                        let path: Vec<_> =
                            first.chain(names.iter().map(|name| (name.text.clone(), name.loc))).collect();
                        finding.meant(self.db, &path, true, is_value)
                    }
                };
                self.report(finding);
                return Some(Ty::Error);
            }
        };
        let rest = &names[found.consumed - 1..];
        if let Sig::Enum(variants) = &super::super::signature(self.db, found.item).sig {
            return Some(match rest {
                [variant] => match variants.iter().position(|name| *name == variant.text) {
                    Some(index) => {
                        self.mark(variant.loc, || Meaning::Variant(found.item, index as u32));
                        let resolution = Resolution::Variant(index as u32, variant.text.clone());
                        self.facts.resolutions.insert(expr, resolution);
                        Ty::Enum(found.item)
                    }
                    None => {
                        self.spot_variant(&variant.text, found.item);
                        let similar = crate::similar::best(&variant.text, variants.iter().map(SmolStr::as_str));
                        let message = format!("`{}` has no variant `{}`", found.item.name(self.db), variant.text);
                        let finding = self
                            .finding(codes::UNKNOWN_VARIANT, variant.loc, message)
                            .note(Anchor::name_of(found.item), "declared here")
                            .did_you_mean(similar);
                        self.report(finding);
                        Ty::Error
                    }
                },
                _ => {
                    self.item_value(expr, found.item);
                    Ty::Error
                }
            });
        }
        if rest.is_empty() {
            return Some(self.item_value(expr, found.item));
        }
        // The item is the base below as many fields as remain; those are handled as ordinary fields on the way up.
        let mut base = expr;
        let mut fields = Vec::with_capacity(rest.len());
        for _ in rest {
            if let ExprKind::Field { base: inner, .. } = &self.tree[base].kind {
                fields.push(base);
                base = *inner;
            }
        }
        let mut ty = self.item_value(base, found.item);
        self.types[base.0 as usize] = ty.clone();
        for (field, name) in fields.into_iter().rev().zip(rest) {
            ty = self.field_at(field, &ty, name, false);
        }
        Some(ty)
    }

    pub(super) fn field_of(&mut self, base_ty: &Ty<'db>, name: &Name, optional: bool) -> Ty<'db> {
        let peeled = base_ty.peel(self.db);
        let inner = match &peeled {
            Ty::Optional(inner) if optional => inner.peel(self.db),
            Ty::Optional(inner) => {
                if self.member(&inner.peel(self.db), name).is_some() {
                    let message = format!("`.{}` on a value that may be `none`", name.text);
                    let finding = self
                        .finding(codes::OPTIONAL_NOT_UNWRAPPED, name.loc, message)
                        .label(format!("the value is `{}`", self.show(base_ty)))
                        .help(format!("write `?.{}`, which is `none` where the value is", name.text));
                    self.report(finding);
                    return Ty::Error;
                }
                inner.peel(self.db)
            }
            other => other.clone(),
        };
        let Some(ty) = self.member(&inner, name) else {
            self.no_such_field(&inner, base_ty, name);
            return Ty::Error;
        };
        match ty {
            Ty::Optional(_) => ty,
            ty if optional && matches!(peeled, Ty::Optional(_)) => Ty::Optional(Arc::new(ty)),
            ty => ty,
        }
    }

    fn member(&self, ty: &Ty<'db>, name: &Name) -> Option<Ty<'db>> {
        match ty {
            Ty::Error => Some(Ty::Error),
            Ty::Json => Some(Ty::Optional(Arc::new(Ty::Json))),
            Ty::Record(record) => Some(record.get(&name.text)?.ty.clone()),
            Ty::Ref(_) if name.text == "id" => Some(Ty::String),
            Ty::Ref(target) => self.member(&target.peel(self.db), name),
            Ty::Step(capability) => match &super::super::signature(self.db, *capability).sig {
                Sig::Capability(contract) => self.member(&contract.output.peel(self.db), name),
                _ => Some(Ty::Error),
            },
            Ty::Plan(plan) => match &super::super::signature(self.db, *plan).sig {
                Sig::Plan { result: Some(result), .. } => self.member(&result.peel(self.db), name),
                _ => None,
            },
            scalar => builtin::scalar_field(scalar, &name.text),
        }
    }

    /// What a reference refers to; any other type as it is.
    fn referred(&self, ty: &Ty<'db>) -> Ty<'db> {
        match ty {
            Ty::Ref(target) => target.peel(self.db),
            other => other.clone(),
        }
    }

    fn no_such_field(&mut self, ty: &Ty<'db>, shown: &Ty<'db>, name: &Name) {
        if let Ty::Secret(_) = ty {
            let finding = self
                .finding(codes::SECRET_OPERATION, name.loc, "nothing can be taken out of a secret")
                .label(format!("the value is `{}`", self.show(shown)));
            return self.report(finding);
        }
        let known: Vec<SmolStr> = match &self.referred(ty) {
            Ty::Record(record) => record.fields.iter().map(|field| field.name.clone()).collect(),
            Ty::Step(capability) => match &super::super::signature(self.db, *capability).sig {
                Sig::Capability(contract) => match contract.output.peel(self.db) {
                    Ty::Record(record) => record.fields.iter().map(|field| field.name.clone()).collect(),
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            },
            scalar => builtin::scalar_fields(scalar).iter().map(|name| SmolStr::new_static(name)).collect(),
        };
        let similar = crate::similar::best(&name.text, known.iter().map(SmolStr::as_str));
        let message = format!("`{}` has no field `{}`", self.show(shown), name.text);
        let mut finding = self.finding(codes::UNKNOWN_FIELD, name.loc, message).did_you_mean(similar);
        if finding.help.is_none() && !known.is_empty() && known.len() <= 12 {
            let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            finding = finding.help(format!("it has {list}"));
        }
        self.report(finding);
    }

    pub(super) fn index(&mut self, base: ExprId, index: ExprId) -> Ty<'db> {
        let base_ty = self.infer(base, None);
        match base_ty.peel(self.db) {
            Ty::Error => {
                self.infer(index, Some(&Ty::Error));
                Ty::Error
            }
            Ty::List(element) => {
                self.check(index, &Ty::Int);
                (*element).clone()
            }
            Ty::Map(entry) => {
                self.check(index, &entry.0);
                entry.1.clone()
            }
            // What keys a family has shows only when its plan is expanded.
            Ty::Family(entry) => {
                self.infer(index, None);
                entry.1.clone()
            }
            record @ Ty::Record(_) if matches!(self.tree[index].kind, ExprKind::Str(_)) => {
                self.types[index.0 as usize] = Ty::String;
                let ExprKind::Str(name) = &self.tree[index].kind else { return Ty::Error };
                let name = Name { text: name.clone(), loc: self.loc(index) };
                match self.member(&record, &name) {
                    Some(ty) => ty,
                    None => {
                        let message = format!("`{}` has no field `{}`", self.show(&base_ty), name.text);
                        let mut finding = self.finding(codes::UNKNOWN_FIELD, name.loc, message);
                        if let Ty::Record(record) = &record {
                            let known = record.fields.iter().map(|field| field.name.as_str());
                            if let Some(similar) = crate::similar::best(&name.text, known) {
                                finding = finding.help(format!("did you mean `{similar}`?"));
                            }
                        }
                        self.report(finding);
                        Ty::Error
                    }
                }
            }
            Ty::Json => {
                self.infer(index, None);
                Ty::Optional(Arc::new(Ty::Json))
            }
            Ty::Optional(inner) => {
                self.infer(index, None);
                self.misfit(base, &base_ty, &inner, Misfit::Optional);
                Ty::Error
            }
            Ty::Secret(_) => {
                let finding =
                    self.finding(codes::SECRET_OPERATION, self.loc(base), "nothing can be taken out of a secret");
                self.report(finding);
                Ty::Error
            }
            other => {
                self.infer(index, None);
                let message = format!("`{}` has no elements", self.show(&other));
                let finding = self.finding(codes::TYPE_MISMATCH, self.loc(base), message);
                self.report(finding);
                Ty::Error
            }
        }
    }
}

/// The fields that values of a type have, and their types.
pub(crate) fn members<'db>(db: &'db dyn crate::db::Db, ty: &Ty<'db>) -> Vec<(SmolStr, Ty<'db>)> {
    let of = |ty: &Ty<'db>| members(db, ty);
    match ty.peel_optional(db) {
        Ty::Record(record) => record.fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect(),
        Ty::Ref(target) => {
            let id = (SmolStr::new_static("id"), Ty::String);
            std::iter::once(id).chain(of(&target).into_iter().filter(|(name, _)| name != "id")).collect()
        }
        Ty::Step(capability) => match &super::super::signature(db, capability).sig {
            Sig::Capability(contract) => of(&contract.output),
            _ => Vec::new(),
        },
        Ty::Plan(plan) => match &super::super::signature(db, plan).sig {
            Sig::Plan { result: Some(result), .. } => of(result),
            _ => Vec::new(),
        },
        scalar => builtin::scalar_fields(&scalar)
            .iter()
            .filter_map(|name| Some((SmolStr::new_static(name), builtin::scalar_field(&scalar, name)?)))
            .collect(),
    }
}
