//! Record and map literals.

use std::sync::Arc;

use ordain_diagnostics::codes;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::super::ty::{RecordTy, Ty};
use super::{Anchor, Infer};
use crate::hir::{ExprId, Field, Loc, Name};

impl<'db> Infer<'db> {
    pub(super) fn record(&mut self, expr: ExprId, fields: &[Field], expected: Option<&Ty<'db>>) -> Ty<'db> {
        let target = expected.map(|ty| ty.peel_optional(self.db));
        let keyed = fields.iter().any(|field| matches!(field, Field::Keyed { .. }));
        match target {
            Some(Ty::Record(record)) if !keyed => {
                // INVARIANT: `target` is a record only where something was expected.
                let expected = expected.cloned().unwrap_or(Ty::Error);
                self.typed_record(self.loc(expr), fields, &record, &expected);
                self.adjust(expr, &expected);
                expected
            }
            Some(Ty::Map(entry)) => {
                self.map_literal(fields, &entry.0, &entry.1);
                let expected = expected.cloned().unwrap_or(Ty::Error);
                self.adjust(expr, &expected);
                expected
            }
            _ if keyed => self.untyped_map(expr, fields),
            _ => self.untyped_record(fields),
        }
    }

    /// Checks the fields of a literal against a declared record type.
    pub(super) fn typed_record(&mut self, whole: Loc, fields: &[Field], record: &Arc<RecordTy<'db>>, shown: &Ty<'db>) {
        let mut given: FxHashMap<SmolStr, Loc> = FxHashMap::default();
        let mut spread: Vec<SmolStr> = Vec::new();
        for field in fields {
            match field {
                Field::Named { name, value } => {
                    self.once(&mut given, name);
                    match record.get(&name.text) {
                        Some(declared) => {
                            let ty = declared.ty.clone();
                            self.check(*value, &ty);
                        }
                        None => {
                            self.infer(*value, None);
                            self.unknown_field(name, record, shown);
                        }
                    }
                }
                Field::Spread { value } => {
                    let ty = self.infer(*value, None);
                    spread.extend(self.spread_fields(*value, &ty).into_iter().map(|(name, _)| name));
                }
                Field::Keyed { key, value } => {
                    self.infer(*key, None);
                    self.infer(*value, None);
                }
            }
        }
        let missing: Vec<&str> = record
            .fields
            .iter()
            .filter(|field| field.default.is_none() && !matches!(field.ty.peel(self.db), Ty::Optional(_) | Ty::Error))
            .map(|field| field.name.as_str())
            .filter(|name| !given.contains_key(*name) && !spread.iter().any(|spread| spread == name))
            .collect();
        if !missing.is_empty() {
            let list = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let plural = if missing.len() == 1 { "field" } else { "fields" };
            let finding = self
                .finding(codes::MISSING_FIELD, whole, format!("missing {plural} {list}"))
                .label(format!("for `{}`", self.show(shown)));
            self.report(finding);
        }
    }

    fn once(&mut self, given: &mut FxHashMap<SmolStr, Loc>, name: &Name) {
        if let Some(&first) = given.get(&name.text) {
            let finding = self
                .finding(codes::DUPLICATE_FIELD, name.loc, format!("field `{}` is given twice", name.text))
                .note(self.at(first), "first given here");
            self.report(finding);
        } else {
            given.insert(name.text.clone(), name.loc);
        }
    }

    fn unknown_field(&mut self, name: &Name, record: &RecordTy<'db>, shown: &Ty<'db>) {
        let names = record.fields.iter().map(|field| field.name.as_str());
        let similar = crate::similar::best(&name.text, names.clone());
        let message = format!("`{}` has no field `{}`", self.show(shown), name.text);
        let mut finding = self.finding(codes::UNKNOWN_FIELD, name.loc, message).did_you_mean(similar);
        if finding.help.is_none() && record.fields.len() <= 12 && !record.fields.is_empty() {
            let list = names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            finding = finding.help(format!("it has {list}"));
        }
        if let Ty::Alias(item) = shown {
            finding = finding.note(Anchor::name_of(*item), "declared here");
        }
        self.report(finding);
    }

    fn spread_fields(&mut self, value: ExprId, ty: &Ty<'db>) -> Vec<(SmolStr, Ty<'db>)> {
        match ty.peel(self.db) {
            Ty::Record(record) => record.fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect(),
            Ty::Error => Vec::new(),
            _ => {
                let message = format!("only records can be spread, this is `{}`", self.show(ty));
                let finding = self.finding(codes::TYPE_MISMATCH, self.loc(value), message);
                self.report(finding);
                Vec::new()
            }
        }
    }

    fn map_literal(&mut self, fields: &[Field], key_ty: &Ty<'db>, value_ty: &Ty<'db>) {
        for field in fields {
            match field {
                // In a map of strings, a bare name is a key: `{ APP_ENV: "test" }`.
                Field::Named { name, value } => {
                    let variant = key_ty.variants(self.db);
                    let fits = match (&variant, key_ty.peel(self.db)) {
                        (Some((_, variants)), _) => variants.contains(&name.text),
                        (None, Ty::String | Ty::Error) => true,
                        _ => false,
                    };
                    if !fits {
                        let message = format!("`{}` is not a key of type `{}`", name.text, self.show(key_ty));
                        let finding = self
                            .finding(codes::TYPE_MISMATCH, name.loc, message)
                            .help(format!("write `({}): …` for a key that is computed", name.text));
                        self.report(finding);
                    }
                    self.check(*value, value_ty);
                }
                Field::Keyed { key, value } => {
                    self.check(*key, key_ty);
                    self.check(*value, value_ty);
                }
                Field::Spread { value } => {
                    let map = Ty::Map(Arc::new((key_ty.clone(), value_ty.clone())));
                    self.check(*value, &map);
                }
            }
        }
    }

    fn untyped_map(&mut self, expr: ExprId, fields: &[Field]) -> Ty<'db> {
        let mut entry: Option<(Ty<'db>, Ty<'db>)> = None;
        for field in fields {
            let (key, value) = match field {
                Field::Named { value, .. } => (Ty::String, *value),
                Field::Keyed { key, value } => {
                    let ty = self.infer(*key, entry.as_ref().map(|entry| &entry.0).cloned().as_ref());
                    self.map_key(*key, &ty);
                    (ty, *value)
                }
                Field::Spread { value } => {
                    self.infer(*value, None);
                    continue;
                }
            };
            let value_ty = self.infer(value, entry.as_ref().map(|entry| &entry.1).cloned().as_ref());
            entry = Some(match entry {
                None => (key, value_ty),
                Some((key_before, before)) => match super::coerce::join(self.db, &before, &value_ty) {
                    Some(joined) => (key_before, joined),
                    None if self.is_data(&before) && self.is_data(&value_ty) => (key_before, Ty::Json),
                    None => {
                        let shown = (self.show(&before), self.show(&value_ty));
                        let message = format!("the values differ: `{}` and `{}`", shown.0, shown.1);
                        let finding = self.finding(codes::TYPE_MISMATCH, self.loc(value), message);
                        self.report(finding);
                        (key_before, Ty::Error)
                    }
                },
            });
        }
        let ty = Ty::Map(Arc::new(entry.unwrap_or((Ty::String, Ty::Error))));
        self.adjust(expr, &ty);
        ty
    }

    fn is_data(&self, ty: &Ty<'db>) -> bool {
        super::coerce::fit(self.db, ty, &Ty::Json).is_ok()
    }

    /// Reports a type that cannot be a key of a map.
    pub(super) fn map_key(&mut self, key: ExprId, ty: &Ty<'db>) {
        match ty.peel(self.db) {
            Ty::String | Ty::Int | Ty::Enum(_) | Ty::SemVer | Ty::Date | Ty::Url | Ty::Digest | Ty::Error => {}
            _ => {
                let message = format!("`{}` cannot be a key of a map", self.show(ty));
                let finding = self.finding(codes::TYPE_MISMATCH, self.loc(key), message);
                self.report(finding);
            }
        }
    }

    fn untyped_record(&mut self, fields: &[Field]) -> Ty<'db> {
        let mut given: FxHashMap<SmolStr, Loc> = FxHashMap::default();
        let mut types: Vec<(SmolStr, Ty<'db>)> = Vec::new();
        let mut put = |name: SmolStr, ty: Ty<'db>| match types.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = ty,
            None => types.push((name, ty)),
        };
        for field in fields {
            match field {
                Field::Named { name, value } => {
                    self.once(&mut given, name);
                    let ty = self.infer(*value, None);
                    put(name.text.clone(), ty);
                }
                Field::Spread { value } => {
                    let ty = self.infer(*value, None);
                    for (name, ty) in self.spread_fields(*value, &ty) {
                        put(name, ty);
                    }
                }
                Field::Keyed { .. } => unreachable!("literals with keys are maps"),
            }
        }
        Self::record_ty(types)
    }
}
