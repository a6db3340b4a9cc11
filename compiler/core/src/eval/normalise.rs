//! Values to the form their declared type demands: defaults filled in, refinements checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordain_diagnostics::codes;
use ordain_graph::Value;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::{DECLARATION, Eval, Evaluator, Fault};
use crate::types::{Anchor, Ty, alias_target};

impl<'db> Evaluator<'_, 'db> {
    /// Brings a value into the form of a type. What is not known yet stays as it is: the interpreter checks it against
    /// the contract.
    pub(crate) fn normalise(&self, value: Value, ty: &Ty<'db>, at: Anchor<'db>) -> Eval<'db> {
        if let Value::Residual(_) = value {
            return Ok(value);
        }
        Ok(match (ty, value) {
            // Elements of such types are in their form already; most lists and maps have these.
            (Ty::List(element), value @ Value::List(_)) if is_settled(element) => value,
            (Ty::Set(element), value @ Value::Set(_)) if is_settled(element) => value,
            (Ty::Map(entry), value @ Value::Map(_)) if is_settled(&entry.0) && is_settled(&entry.1) => value,
            (Ty::Alias(item), value) => return self.normalise(value, &alias_target(self.db, *item), at),
            (Ty::Refined(base, demand), value) => {
                let value = self.normalise(value, base, at)?;
                if value.is_known() && !matches!(value, Value::None) {
                    demand
                        .check_with(&value, self.db.patterns())
                        .map_err(|error| Fault::new(codes::REFINEMENT_VIOLATED, at, error.to_string()))?;
                }
                value
            }
            (Ty::Optional(_), Value::None) => Value::None,
            (Ty::Optional(inner), value) => return self.normalise(value, inner, at),
            (Ty::Json, value) => plain(value),
            (Ty::Decimal, Value::Int(value)) => Value::Decimal(value.into()),
            (Ty::Url, Value::String(text)) => self.parsed(Value::parse_url(&text), &text, "Url", at)?,
            (Ty::Digest, Value::String(text)) => self.parsed(Value::parse_digest(&text), &text, "Digest", at)?,
            (Ty::SemVer, Value::String(text)) => self.parsed(Value::parse_semver(&text), &text, "SemVer", at)?,
            (Ty::Date, Value::String(text)) => self.parsed(Value::parse_date(&text), &text, "Date", at)?,
            (Ty::Enum(_), Value::String(text)) => match ty.variants(self.db) {
                Some((_, variants)) => match variants.iter().position(|variant| *variant == text) {
                    Some(index) => Value::Variant(index as u32, text),
                    None => return Err(self.not_a(&text, &ty.display(self.db), at)),
                },
                None => Value::String(text),
            },
            (Ty::List(element), Value::List(elements)) => Value::list(
                elements.iter().map(|each| self.normalise(each.clone(), element, at)).collect::<Eval<'db, Vec<_>>>()?,
            ),
            // A list literal stands for a set, too.
            (Ty::Set(element), Value::List(elements)) => Value::Set(Arc::new(
                elements.iter().map(|each| self.normalise(each.clone(), element, at)).collect::<Eval<'db, _>>()?,
            )),
            (Ty::Set(element), Value::Set(elements)) => Value::Set(Arc::new(
                elements.iter().map(|each| self.normalise(each.clone(), element, at)).collect::<Eval<'db, _>>()?,
            )),
            (Ty::Map(entry), Value::Map(entries)) => {
                let mut normal = BTreeMap::new();
                for (key, value) in entries.iter() {
                    let key = self.normalise(key.clone(), &entry.0, at)?;
                    normal.insert(key, self.normalise(value.clone(), &entry.1, at)?);
                }
                Value::Map(Arc::new(normal))
            }
            (Ty::Map(entry), Value::Record(fields)) => {
                let mut normal = BTreeMap::new();
                for (name, value) in fields.iter().filter(|(name, _)| *name != DECLARATION) {
                    let key = self.normalise(Value::String(name.clone()), &entry.0, at)?;
                    normal.insert(key, self.normalise(value.clone(), &entry.1, at)?);
                }
                Value::Map(Arc::new(normal))
            }
            (Ty::Record(record), Value::Record(fields)) => {
                let mut fields = Arc::unwrap_or_clone(fields);
                for field in &record.fields {
                    match (fields.get_mut(&field.name), field.default) {
                        (Some(value), _) => {
                            let given = std::mem::replace(value, Value::None);
                            *value = self.normalise(given, &field.ty, at)?;
                        }
                        (None, Some(default)) => fields.insert(field.name.clone(), self.default(default)?),
                        (None, None) => fields.insert(field.name.clone(), Value::None),
                    }
                }
                let declaration = usize::from(fields.contains_key(DECLARATION));
                if fields.len() > record.fields.len() + declaration {
                    let declared: FxHashSet<&SmolStr> = record.fields.iter().map(|field| &field.name).collect();
                    fields.retain(|name| declared.contains(name) || name == DECLARATION);
                }
                Value::Record(Arc::new(fields))
            }
            (_, value) => value,
        })
    }

    /// Whether a value is one of a type, refinements included.
    pub(crate) fn fits(&self, value: &Value, ty: &Ty<'db>) -> bool {
        match (ty, value) {
            (Ty::Alias(item), value) => self.fits(value, &alias_target(self.db, *item)),
            (Ty::Refined(base, demand), value) => {
                self.fits(value, base)
                    && (*value == Value::None || demand.check_with(value, self.db.patterns()).is_ok())
            }
            (Ty::Optional(_), Value::None) => true,
            (Ty::Optional(inner), value) => self.fits(value, inner),
            (Ty::List(element), Value::List(elements)) => elements.iter().all(|each| self.fits(each, element)),
            (Ty::Set(element), Value::Set(elements)) => elements.iter().all(|each| self.fits(each, element)),
            (Ty::Map(entry), Value::Map(entries)) => {
                entries.iter().all(|(key, value)| self.fits(key, &entry.0) && self.fits(value, &entry.1))
            }
            (Ty::Record(record), Value::Record(fields)) => record
                .fields
                .iter()
                .all(|field| fields.get(&field.name).is_some_and(|value| self.fits(value, &field.ty))),
            _ => true,
        }
    }

    fn parsed(&self, value: Option<Value>, text: &str, what: &str, at: Anchor<'db>) -> Eval<'db> {
        value.ok_or_else(|| self.not_a(text, what, at))
    }

    fn not_a(&self, text: &str, what: &str, at: Anchor<'db>) -> Box<Fault<'db>> {
        Fault::new(codes::REFINEMENT_VIOLATED, at, format!("`{text}` is not a `{what}`"))
    }
}

/// Whether every value of a type is in its form, however it came to be.
fn is_settled(ty: &Ty<'_>) -> bool {
    matches!(ty, Ty::Bool | Ty::Int | Ty::String | Ty::Bytes | Ty::Duration)
}

/// A value as the data it is at a contract's boundary, where nothing says of what type it was: what has a textual form
/// becomes text, sizes and durations their number of bytes and milliseconds.
pub fn plain(value: Value) -> Value {
    if is_plain(&value) {
        return value;
    }
    match value {
        Value::List(elements) => Value::list(elements.iter().cloned().map(plain)),
        Value::Set(elements) => Value::list(elements.iter().cloned().map(plain)),
        Value::Record(fields) => {
            let own = fields.iter().filter(|(name, _)| *name != DECLARATION);
            Value::record(own.map(|(name, value)| (name.clone(), plain(value.clone()))))
        }
        Value::Map(entries) => Value::record(entries.iter().map(|(key, value)| {
            let name = ordain_graph::display(key).unwrap_or_default();
            (name.into(), plain(value.clone()))
        })),
        Value::Bytes(count) | Value::Duration(count) => match i64::try_from(count) {
            Ok(count) => Value::Int(count),
            Err(_) => Value::Decimal(count.into()),
        },
        other => Value::String(ordain_graph::display(&other).unwrap_or_default().into()),
    }
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Decimal(_)
        | Value::String(_)
        | Value::Secret(_)
        | Value::Residual(_) => true,
        Value::List(elements) => elements.iter().all(is_plain),
        Value::Record(fields) => fields.iter().all(|(name, value)| *name != DECLARATION && is_plain(value)),
        _ => false,
    }
}
