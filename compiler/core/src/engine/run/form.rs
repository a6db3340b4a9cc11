//! Values in the form of a type, as the tree walker normalises them.

use std::sync::Arc;

use ordain_graph::{Demand, Patterns, Value};

use super::{GiveUp, Machine, Run, display};
use crate::engine::expr::{Missing, Shape};
use crate::engine::val::{Member, Val, member};
use crate::eval::DECLARATION;

impl<'a> Machine<'a> {
    /// A value in the form of a shape.
    pub(super) fn form(&mut self, value: Val<'a>, shape: u32) -> Run<Val<'a>> {
        let programs = self.programs;
        let parsed = |text: &str, parse: fn(&str) -> Option<Value>, machine: &Self| -> Run<Val<'a>> {
            Ok(Val::copied(&parse(text).ok_or(GiveUp)?, machine.arena)?)
        };
        Ok(match (&programs.shapes[shape as usize], value) {
            (Shape::Optional(_), Val::None) => Val::None,
            (Shape::Optional(inner), value) => self.form(value, *inner)?,
            (Shape::Json, value) => self.plain(value)?,
            (Shape::Decimal, Val::Int(value)) => Val::Decimal(value.into()),
            (Shape::Url, Val::Str(text)) => parsed(text, Value::parse_url, self)?,
            (Shape::Digest, Val::Str(text)) => parsed(text, Value::parse_digest, self)?,
            (Shape::Date, Val::Str(text)) => parsed(text, Value::parse_date, self)?,
            (Shape::Enum(variants), Val::Str(text)) => {
                let index = variants.iter().position(|variant| variant == text).ok_or(GiveUp)?;
                Val::Variant(index as u32, &variants[index])
            }
            (Shape::List(element), Val::List(elements)) => {
                let elements = self.forms(elements, *element)?;
                Val::List(elements)
            }
            (Shape::Set(element), Val::List(elements) | Val::Set(elements)) => {
                let elements = self.forms(elements, *element)?;
                Val::set(&mut elements.to_vec(), self.arena)
            }
            (Shape::Map(key, entry), Val::Map(entries)) => {
                let mut formed = Vec::with_capacity(entries.len());
                for (name, value) in entries {
                    formed.push((self.form(*name, *key)?, self.form(*value, *entry)?));
                }
                Val::map(formed, self.arena)
            }
            (Shape::Map(key, entry), Val::Record(members)) => {
                let mut formed = Vec::with_capacity(members.len());
                for member in members.iter().filter(|member| member.name != DECLARATION) {
                    formed.push((self.form(Val::Str(member.name), *key)?, self.form(member.value, *entry)?));
                }
                Val::map(formed, self.arena)
            }
            (Shape::Record(fields), Val::Record(members)) => {
                let mut formed = Vec::with_capacity(fields.len());
                for (at, field) in fields.iter().enumerate() {
                    let value = match (member(members, &field.name, at), &field.missing) {
                        (Some(value), _) => self.form(value, field.shape)?,
                        (None, Missing::Default(at)) => self.consts[*at as usize],
                        (None, _) => Val::None,
                    };
                    formed.push(Member { name: &field.name, value });
                }
                // A declaration sorts before every name that a source can have.
                if let Some(value) = member(members, DECLARATION, 0) {
                    formed.insert(0, Member { name: DECLARATION, value });
                }
                Val::Record(self.arena.alloc_slice_copy(&formed))
            }
            (Shape::Refined(base, demand), value) => {
                let value = self.form(value, *base)?;
                if value != Val::None {
                    satisfied(value, demand, &programs.table)?;
                }
                value
            }
            (_, value) => value,
        })
    }

    fn forms(&mut self, elements: &'a [Val<'a>], shape: u32) -> Run<&'a [Val<'a>]> {
        let settled =
            matches!(self.programs.shapes[shape as usize], Shape::Bool | Shape::Int | Shape::String | Shape::Same);
        if settled {
            return Ok(elements);
        }
        let formed = elements.iter().map(|each| self.form(*each, shape)).collect::<Run<Vec<_>>>()?;
        Ok(self.arena.alloc_slice_copy(&formed))
    }

    /// A value as the data it is where nothing says of what type it was.
    fn plain(&mut self, value: Val<'a>) -> Run<Val<'a>> {
        if is_plain(value) {
            return Ok(value);
        }
        Ok(match value {
            Val::Ref(named) => Val::Record(self.arena.alloc_slice_copy(&[
                Member { name: "id", value: Val::Str(named.name.id) },
                Member { name: "type", value: Val::Str(named.name.ty) },
            ])),
            Val::List(elements) | Val::Set(elements) => {
                let plain = elements.iter().map(|each| self.plain(*each)).collect::<Run<Vec<_>>>()?;
                Val::List(self.arena.alloc_slice_copy(&plain))
            }
            Val::Record(members) => {
                let own = members.iter().filter(|member| member.name != DECLARATION);
                let plain = own
                    .map(|member| Ok(Member { name: member.name, value: self.plain(member.value)? }))
                    .collect::<Run<Vec<_>>>()?;
                Val::Record(self.arena.alloc_slice_copy(&plain))
            }
            Val::Map(entries) => {
                let mut members = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let name: &'a str = self.arena.alloc_str(&display::text(*key));
                    members.push(Member { name, value: self.plain(*value)? });
                }
                members.sort_by(|a, b| a.name.cmp(b.name));
                if !members.is_sorted_by(|a, b| a.name < b.name) {
                    return Err(GiveUp);
                }
                Val::Record(self.arena.alloc_slice_copy(&members))
            }
            Val::Bytes(count) | Val::Duration(count) => match i64::try_from(count) {
                Ok(count) => Val::Int(count),
                Err(_) => Val::Decimal(count.into()),
            },
            other => Val::Str(self.arena.alloc_str(&display::text(other))),
        })
    }
}

/// Gives up where a value does not satisfy a demand.
pub(crate) fn satisfied(value: Val<'_>, demand: &Arc<Demand>, table: &Patterns) -> Run<()> {
    demand.check_with(&value.to_value(), table).map_err(|_| GiveUp)
}

fn is_plain(value: Val<'_>) -> bool {
    match value {
        Val::None | Val::Bool(_) | Val::Int(_) | Val::Decimal(_) | Val::Str(_) => true,
        Val::List(elements) => elements.iter().all(|each| is_plain(*each)),
        Val::Record(members) => members.iter().all(|member| member.name != DECLARATION && is_plain(member.value)),
        _ => false,
    }
}
