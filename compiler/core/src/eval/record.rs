//! Literals of records and maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordain_graph::{Fields, Value};

use super::{Context, DECLARATION, Eval, Evaluator, not_known};
use crate::hir::{ExprId, Field};
use crate::types::Ty;

impl<'db> Evaluator<'_, 'db> {
    /// The value of a literal whose type was found to be `ty`. What is written out wins over what is spread, wherever
    /// it stands.
    pub(super) fn record_of(&self, cx: &mut Context<'db>, fields: &[Field], ty: &Ty<'db>) -> Eval<'db> {
        let spreads = fields.iter().filter_map(|field| match field {
            Field::Spread { value } => Some(*value),
            _ => None,
        });
        match ty.peel_optional(self.db) {
            Ty::Map(entry) => {
                let mut entries = BTreeMap::new();
                for value in spreads {
                    self.spread_map(cx, value, &entry.0, &mut entries)?;
                }
                for field in fields {
                    let (key, value) = match field {
                        Field::Named { name, value } => {
                            (self.normalise(Value::String(name.text.clone()), &entry.0, cx.at(name.loc))?, *value)
                        }
                        Field::Keyed { key, value } => (self.key(cx, *key)?, *value),
                        Field::Spread { .. } => continue,
                    };
                    entries.insert(key, self.eval(cx, value)?);
                }
                Ok(Value::Map(Arc::new(entries)))
            }
            _ => {
                let mut record = Fields::with_capacity(fields.len());
                for value in spreads {
                    self.spread_record(cx, value, &mut record)?;
                }
                for field in fields {
                    let (name, value) = match field {
                        Field::Named { name, value } => (name.text.clone(), *value),
                        Field::Keyed { key, value } => match self.key(cx, *key)? {
                            Value::String(name) => (name, *value),
                            _ => return Err(not_known(cx.expr_at(*key))),
                        },
                        Field::Spread { .. } => continue,
                    };
                    record.insert(name, self.eval(cx, value)?);
                }
                Ok(Value::Record(Arc::new(record)))
            }
        }
    }

    fn key(&self, cx: &mut Context<'db>, key: ExprId) -> Eval<'db> {
        let value = self.eval(cx, key)?;
        self.known(cx, key, &value)?;
        Ok(value)
    }

    fn spread_map(
        &self,
        cx: &mut Context<'db>,
        value: ExprId,
        key: &Ty<'db>,
        entries: &mut BTreeMap<Value, Value>,
    ) -> Eval<'db, ()> {
        match self.eval(cx, value)? {
            Value::Map(more) => entries.extend(more.iter().map(|(key, value)| (key.clone(), value.clone()))),
            Value::Record(more) => {
                for (name, each) in more.iter().filter(|(name, _)| *name != DECLARATION) {
                    let name = self.normalise(Value::String(name.clone()), key, cx.expr_at(value))?;
                    entries.insert(name, each.clone());
                }
            }
            _ => return Err(not_known(cx.expr_at(value))),
        }
        Ok(())
    }

    fn spread_record(&self, cx: &mut Context<'db>, value: ExprId, record: &mut Fields) -> Eval<'db, ()> {
        match self.eval(cx, value)? {
            Value::Record(more) => {
                let own = more.iter().filter(|(name, _)| *name != DECLARATION);
                record.extend(own.map(|(name, value)| (name.clone(), value.clone())));
            }
            Value::Map(more) => record.extend(more.iter().filter_map(|(key, value)| match key {
                Value::String(key) => Some((key.clone(), value.clone())),
                _ => None,
            })),
            // Which fields it will have is known, though not what is in them.
            later @ Value::Residual(_) => match cx.facts.types[value.0 as usize].peel(self.db) {
                Ty::Record(fields) => {
                    for field in &fields.fields {
                        let part = self.eval_field(cx, value, later.clone(), &field.name, false)?;
                        record.insert(field.name.clone(), part);
                    }
                }
                _ => return Err(not_known(cx.expr_at(value))),
            },
            _ => return Err(not_known(cx.expr_at(value))),
        }
        Ok(())
    }
}
