//! Record and map literals.

use std::sync::Arc;

use ordain_diagnostics::codes;
use ordain_graph::Value;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::super::coerce::{self, Misfit};
use super::super::refine;
use super::super::ty::{RecordTy, Ty};
use super::{Anchor, Infer};
use crate::hir::{ExprId, ExprKind, Field, Loc, Name};

impl<'db> Infer<'db> {
    pub(super) fn record(&mut self, expr: ExprId, fields: &[Field], expected: Option<&Ty<'db>>) -> Ty<'db> {
        let target = expected.map(|ty| ty.peel_optional(self.db));
        let keyed = fields.iter().any(|field| matches!(field, Field::Keyed { .. }));
        match target {
            Some(Ty::Record(record)) if !keyed || self.keys_are_names(fields) => {
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
            Some(Ty::Json) => self.json_literal(fields),
            Some(Ty::Error) => {
                for field in fields {
                    let (Field::Named { value, .. } | Field::Keyed { value, .. } | Field::Spread { value }) = field;
                    self.infer(*value, Some(&Ty::Error));
                }
                Ty::Error
            }
            _ if keyed => self.untyped_map(expr, fields),
            _ => self.untyped_record(fields),
        }
    }

    /// Whether every key is a plain string: where a record is expected, those are the names of its fields.
    fn keys_are_names(&self, fields: &[Field]) -> bool {
        fields.iter().all(|field| match field {
            Field::Keyed { key, .. } => matches!(self.tree[*key].kind, ExprKind::Str(_)),
            _ => true,
        })
    }

    /// The name that a field of a record literal has.
    pub(super) fn field_name(&mut self, field: &Field) -> Option<(Name, ExprId)> {
        match field {
            Field::Named { name, value } => Some((name.clone(), *value)),
            Field::Keyed { key, value } => {
                self.types[key.0 as usize] = Ty::String;
                match &self.tree[*key].kind {
                    ExprKind::Str(text) => Some((Name { text: text.clone(), loc: self.loc(*key) }, *value)),
                    _ => None,
                }
            }
            Field::Spread { .. } => None,
        }
    }

    /// Checks the fields of a literal against a declared record type.
    pub(super) fn typed_record(&mut self, whole: Loc, fields: &[Field], record: &Arc<RecordTy<'db>>, shown: &Ty<'db>) {
        let mut given: FxHashMap<SmolStr, Loc> = FxHashMap::default();
        // What spreads bring, each with the spread it comes from last; and whether one brings what is not known.
        let mut spread: Vec<(SmolStr, ExprId, Ty<'db>)> = Vec::new();
        let mut open = false;
        for field in fields {
            if let Field::Spread { value } = field {
                let ty = self.infer(*value, None);
                match self.spread_fields(*value, &ty) {
                    Some(brought) => {
                        for (name, ty) in brought {
                            spread.retain(|(known, ..)| *known != name);
                            spread.push((name, *value, ty));
                        }
                    }
                    None => open = true,
                }
                continue;
            }
            let Some((name, value)) = self.field_name(field) else { continue };
            self.once(&mut given, &name);
            match record.get(&name.text) {
                Some(declared) => {
                    let ty = declared.ty.clone();
                    let before = self.enter_field(shown, &name, &ty);
                    self.check(value, &ty);
                    self.leave_field(before);
                }
                None => {
                    let known: Vec<SmolStr> = given.keys().cloned().collect();
                    self.spot_field(&name.text, record, shown, &known);
                    self.infer(value, Some(&Ty::Error));
                    // The field that was probably meant does not lack, too.
                    if let Some(meant) = self.unknown_field(&name, record, shown) {
                        given.entry(meant).or_insert(name.loc);
                    }
                }
            }
        }
        for (name, value, ty) in &spread {
            if given.contains_key(name) {
                continue;
            }
            let Some(declared) = record.get(name) else { continue };
            if let Err(misfit) = coerce::fit(self.db, ty, &declared.ty) {
                let actual = self.types[value.0 as usize].clone();
                self.misfit(*value, &actual, shown, Misfit::Field(name.to_string(), Box::new(misfit)));
            }
        }
        if open {
            return;
        }
        let missing: Vec<&str> = record
            .fields
            .iter()
            .filter(|field| field.default.is_none() && !matches!(field.ty.peel(self.db), Ty::Optional(_) | Ty::Error))
            .map(|field| field.name.as_str())
            .filter(|name| !given.contains_key(*name) && !spread.iter().any(|(spread, ..)| spread == name))
            .collect();
        if !missing.is_empty() {
            self.lacks_fields(whole, record, &missing);
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

    /// Reports a field that the type does not have; gives the one that was probably meant.
    pub(super) fn unknown_field(&mut self, name: &Name, record: &RecordTy<'db>, shown: &Ty<'db>) -> Option<SmolStr> {
        let names = record.fields.iter().map(|field| field.name.as_str());
        let similar = crate::similar::best(&name.text, names.clone());
        let message = format!("`{}` has no field `{}`", self.show(shown), name.text);
        let mut finding = self.finding(codes::UNKNOWN_FIELD, name.loc, message).did_you_mean(similar.clone());
        if finding.help.is_none() && record.fields.len() <= 12 && !record.fields.is_empty() {
            let list = names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            finding = finding.help(format!("it has {list}"));
        }
        if let Ty::Alias(item) = shown {
            finding = finding.note(Anchor::name_of(*item), "declared here");
        }
        self.report(finding);
        similar
    }

    /// The fields that a spread brings; nothing where that is not known because of a mistake.
    fn spread_fields(&mut self, value: ExprId, ty: &Ty<'db>) -> Option<Vec<(SmolStr, Ty<'db>)>> {
        match ty.peel(self.db) {
            Ty::Record(record) => {
                Some(record.fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect())
            }
            Ty::Error => None,
            _ => {
                let message = format!("only records can be spread, this is `{}`", self.show(ty));
                let finding = self.finding(codes::TYPE_MISMATCH, self.loc(value), message);
                self.report(finding);
                None
            }
        }
    }

    fn map_literal(&mut self, fields: &[Field], key_ty: &Ty<'db>, value_ty: &Ty<'db>) {
        self.distinct_keys(fields);
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

    /// Reports literal keys of a map that stand twice.
    fn distinct_keys(&mut self, fields: &[Field]) {
        let mut given: FxHashMap<Value, Loc> = FxHashMap::default();
        for field in fields {
            let (key, loc) = match field {
                Field::Named { name, .. } => (Value::String(name.text.clone()), name.loc),
                Field::Keyed { key, .. } => match refine::literal(self.tree, *key) {
                    Some(value) => (value, self.loc(*key)),
                    None => continue,
                },
                Field::Spread { .. } => continue,
            };
            if let Some(&first) = given.get(&key) {
                let shown = ordain_graph::display(&key).unwrap_or_default();
                let finding = self
                    .finding(codes::DUPLICATE_FIELD, loc, format!("key `{shown}` is given twice"))
                    .note(self.at(first), "first given here");
                self.report(finding);
            } else {
                given.insert(key, loc);
            }
        }
    }

    /// A literal where any data fits: each part is data by itself, of whatever type.
    fn json_literal(&mut self, fields: &[Field]) -> Ty<'db> {
        self.distinct_keys(fields);
        for field in fields {
            match field {
                Field::Named { value, .. } => {
                    self.check(*value, &Ty::Json);
                }
                Field::Keyed { key, value } => {
                    self.check(*key, &Ty::String);
                    self.check(*value, &Ty::Json);
                }
                Field::Spread { value } => {
                    let ty = self.infer(*value, None);
                    match ty.peel(self.db) {
                        Ty::Map(entry) if matches!(entry.0.peel(self.db), Ty::String) => {}
                        _ => {
                            self.spread_fields(*value, &ty);
                        }
                    }
                    self.demand(*value, &ty, &Ty::Json);
                }
            }
        }
        Ty::Json
    }

    fn untyped_map(&mut self, expr: ExprId, fields: &[Field]) -> Ty<'db> {
        self.distinct_keys(fields);
        let mut entry: Option<(Ty<'db>, Ty<'db>)> = None;
        for field in fields {
            let before = entry.clone();
            let (key_before, value_before) = before.as_ref().map(|(key, value)| (key, value)).unzip();
            let (key, value, value_ty) = match field {
                Field::Named { value, .. } => (Ty::String, *value, self.infer(*value, value_before)),
                Field::Keyed { key, value } => {
                    let ty = self.infer(*key, key_before);
                    self.map_key(*key, &ty);
                    (ty, *value, self.infer(*value, value_before))
                }
                Field::Spread { value } => {
                    let ty = self.infer(*value, None);
                    match ty.peel(self.db) {
                        Ty::Map(entry) => (entry.0.clone(), *value, entry.1.clone()),
                        Ty::Error => (Ty::Error, *value, Ty::Error),
                        _ => {
                            let message = format!("only maps can be spread here, this is `{}`", self.show(&ty));
                            let finding = self.finding(codes::TYPE_MISMATCH, self.loc(*value), message);
                            self.report(finding);
                            (Ty::Error, *value, Ty::Error)
                        }
                    }
                }
            };
            entry = Some(match before {
                None => (key, value_ty),
                Some((key_before, value_before)) => (
                    self.joined(value, "keys", &key_before, &key),
                    self.joined(value, "values", &value_before, &value_ty),
                ),
            });
        }
        let ty = Ty::Map(Arc::new(entry.unwrap_or((Ty::String, Ty::Error))));
        self.adjust(expr, &ty);
        ty
    }

    /// The type of both; reports at `at` where there is none.
    fn joined(&mut self, at: ExprId, what: &str, before: &Ty<'db>, ty: &Ty<'db>) -> Ty<'db> {
        if let Some(joined) = coerce::join(self.db, before, ty) {
            return joined;
        }
        let message = format!("the {what} differ: `{}` and `{}`", self.show(before), self.show(ty));
        let finding = self
            .finding(codes::TYPE_MISMATCH, self.loc(at), message)
            .help("declare the type: `Json` takes values of several types");
        self.report(finding);
        Ty::Error
    }

    /// Reports a type that cannot be a key of a map.
    pub(super) fn map_key(&mut self, key: ExprId, ty: &Ty<'db>) {
        match ty.peel(self.db) {
            ty if ty.is_key(self.db) => {}
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
                    for (name, ty) in self.spread_fields(*value, &ty).unwrap_or_default() {
                        put(name, ty);
                    }
                }
                Field::Keyed { .. } => unreachable!("literals with keys are maps"),
            }
        }
        Self::record_ty(types)
    }
}
