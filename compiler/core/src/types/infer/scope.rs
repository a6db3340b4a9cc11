//! The names in scope.

use ordain_diagnostics::codes;
use smol_str::SmolStr;

use super::Infer;
use super::marking::{Binding, FieldOf, Meaning};
use crate::hir::{Binder, ExprId, Name};
use crate::items::Part;
use crate::types::coerce::Misfit;
use crate::types::{Finding, Ty};

/// A name in scope.
pub(super) struct Local<'db> {
    pub(super) name: SmolStr,
    pub(super) ty: Ty<'db>,
    /// Where it is bound.
    pub(super) site: Binding,
    /// The field it stands for, where it is bound by none.
    pub(super) field: Option<FieldOf<'db>>,
    /// The field that its value, or what its value is an element of, comes from.
    pub(super) via: Option<FieldOf<'db>>,
    used: bool,
    /// Whether to warn where it is never used.
    warn: bool,
}

impl<'db> Infer<'db> {
    pub(super) fn bind(&mut self, name: &Name, ty: Ty<'db>) {
        self.bind_named(name, ty, false);
    }

    /// Binds a parameter of the item.
    pub(super) fn bind_param(&mut self, name: &Name, ty: Ty<'db>) {
        let site = Binding { part: Part::Signature, loc: name.loc };
        self.locals.push(Local { name: name.text.clone(), ty, site, field: None, via: None, used: false, warn: false });
    }

    /// Binds the name of a field that stands for it without a place of its own.
    pub(super) fn bind_field(&mut self, name: &Name, ty: Ty<'db>, field: FieldOf<'db>) {
        let site = Binding { part: self.part, loc: name.loc };
        self.locals.push(Local {
            name: name.text.clone(),
            ty,
            site,
            field: Some(field),
            via: None,
            used: false,
            warn: false,
        });
    }

    fn bind_named(&mut self, name: &Name, ty: Ty<'db>, warn: bool) {
        let site = Binding { part: self.part, loc: name.loc };
        self.mark(name.loc, || Meaning::Local(site, ty.clone()));
        self.locals.push(Local { name: name.text.clone(), ty, site, field: None, via: None, used: false, warn });
    }

    pub(super) fn bind_let(&mut self, name: &Name, ty: Ty<'db>) {
        let warn = !name.text.starts_with('_');
        self.bind_named(name, ty, warn);
    }

    /// Notes where the value of the name that was bound last comes from.
    pub(super) fn comes_from(&mut self, via: Option<FieldOf<'db>>) {
        if let Some(local) = self.locals.last_mut() {
            local.via = via;
        }
    }

    /// Leaves the scope that began when there were `mark` locals.
    pub(super) fn leave(&mut self, mark: usize) {
        for local in self.locals.split_off(mark) {
            if local.warn && !local.used {
                let message = format!("`{}` is never used", local.name);
                let at = self.at(local.site.loc);
                let finding = Finding::new(codes::UNUSED_BINDING, at, message)
                    .help(format!("remove it, or name it `_{}` to keep it", local.name));
                self.report(finding);
            }
        }
    }

    pub(super) fn local(&mut self, name: &str) -> Option<Ty<'db>> {
        let local = self.locals.iter_mut().rev().find(|local| local.name == name)?;
        local.used = true;
        Some(local.ty.clone())
    }

    pub(super) fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|local| local.name == name)
    }

    /// Binds the names that a loop has over what `iter` gives.
    pub(super) fn bind_loop(&mut self, binder: &Binder, iter: ExprId) {
        let ty = self.infer(iter, None);
        let (first, second) = match (ty.peel(self.db), &binder.second) {
            (Ty::Error, _) => (Ty::Error, Ty::Error),
            (Ty::List(element) | Ty::Set(element), None) => ((*element).clone(), Ty::Error),
            (Ty::List(element), Some(_)) => (Ty::Int, (*element).clone()),
            (Ty::Map(entry), Some(_)) => entry.as_ref().clone(),
            (Ty::Map(entry), None) => (entry.0.clone(), Ty::Error),
            (Ty::Json, None) => (Ty::Json, Ty::Error),
            (Ty::Json, Some(_)) => (Ty::String, Ty::Json),
            (Ty::Optional(inner), _) if matches!(inner.peel(self.db), Ty::List(_) | Ty::Map(_) | Ty::Set(_)) => {
                self.misfit(iter, &ty, &inner, Misfit::Optional);
                (Ty::Error, Ty::Error)
            }
            (other, _) => {
                let message = format!("cannot go over `{}`", self.show(&other));
                let finding = self
                    .finding(codes::TYPE_MISMATCH, self.loc(iter), message)
                    .help("`for` goes over lists, sets, maps and ranges such as `1..=3`");
                self.report(finding);
                (Ty::Error, Ty::Error)
            }
        };
        let via = self.field_behind(iter);
        self.bind(&binder.first, first);
        if let Some(name) = &binder.second {
            self.bind(name, second);
        }
        self.comes_from(via);
    }
}
