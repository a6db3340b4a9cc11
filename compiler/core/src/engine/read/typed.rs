//! What a type says more about.

use ordain_data::NodeKind;
use ordain_graph::Value;

use super::Reading;
use crate::engine::asked::Ahead;
use crate::engine::expr::{Missing, Shape, ShapeField};
use crate::engine::run::{GiveUp, Run, satisfied};
use crate::engine::val::{Member, Val};

impl<'a> Reading<'a> {
    /// A value of a shape.
    pub(super) fn value(&mut self, shape: u32) -> Run<Val<'a>> {
        let programs = self.programs;
        let (shape, ahead) = (&programs.shapes[shape as usize], self.ahead.take());
        self.hold()?;
        Ok(match (shape, self.cursor.peek()) {
            (Shape::Json, _) => self.json()?,
            (Shape::Optional(_), b'n') => match self.cursor.scalar() {
                Ok(NodeKind::Null) => Val::None,
                _ => return Err(GiveUp),
            },
            (Shape::Optional(inner), _) => {
                self.ahead = ahead;
                self.value(*inner)?
            }
            (Shape::String, b'"') => Val::Str(self.string()?),
            (Shape::Record(fields), b'{') => self.record(fields, ahead)?,
            (Shape::List(element), b'[') => Val::List(self.list(*element, ahead)?),
            (Shape::Set(element), b'[') => Val::set(&mut self.list(*element, None)?.to_vec(), self.arena),
            (Shape::Map(key, value), b'{') => self.map(*key, *value)?,
            (Shape::Refined(base, demand), _) => {
                let value = self.value(*base)?;
                satisfied(value, demand, &programs.table)?;
                value
            }
            (Shape::Enum(_) | Shape::Url | Shape::Digest | Shape::Date | Shape::Duration | Shape::Bytes, b'"') => {
                let text = self.string()?;
                self.of_text(shape, text)?
            }
            (Shape::Bool | Shape::Int | Shape::Decimal | Shape::Bytes, byte) if !matches!(byte, b'"' | b'[' | b'{') => {
                match (shape, self.cursor.scalar().map_err(|_| GiveUp)?) {
                    (Shape::Bool, NodeKind::Bool(value)) => Val::Bool(value),
                    (Shape::Int, NodeKind::Int(value)) => Val::Int(value),
                    (Shape::Int, NodeKind::Decimal(value)) if value.fract().is_zero() => {
                        Val::Int(value.trunc().try_into().map_err(|_| GiveUp)?)
                    }
                    (Shape::Decimal, NodeKind::Int(value)) => Val::Decimal(value.into()),
                    (Shape::Decimal, NodeKind::Decimal(value)) => Val::Decimal(value),
                    (Shape::Bytes, NodeKind::Int(value)) => Val::Bytes(u64::try_from(value).map_err(|_| GiveUp)?),
                    _ => return Err(GiveUp),
                }
            }
            _ => return Err(GiveUp),
        })
    }

    /// A value that is written as text.
    fn of_text(&mut self, shape: &'a Shape, text: &str) -> Run<Val<'a>> {
        let parsed = match shape {
            Shape::Enum(variants) => {
                let index = variants.iter().position(|variant| variant == text).ok_or(GiveUp)?;
                return Ok(Val::Variant(index as u32, &variants[index]));
            }
            Shape::Url => Value::parse_url(text),
            Shape::Digest => Value::parse_digest(text),
            Shape::Date => Value::parse_date(text),
            Shape::Duration => Value::parse_duration(text),
            Shape::Bytes => Value::parse_bytes(text),
            _ => None,
        };
        Ok(Val::copied(&parsed.ok_or(GiveUp)?, self.arena)?)
    }

    /// The key of a map: a text that stands for a value.
    fn key(&mut self, shape: u32, text: &'a str) -> Run<Val<'a>> {
        let programs = self.programs;
        Ok(match &programs.shapes[shape as usize] {
            Shape::String => Val::Str(text),
            Shape::Int => Val::Int(text.trim().parse().map_err(|_| GiveUp)?),
            Shape::Refined(base, demand) => {
                let key = self.key(*base, text)?;
                satisfied(key, demand, &programs.table)?;
                key
            }
            shape => self.of_text(shape, text)?,
        })
    }

    fn map(&mut self, key: u32, value: u32) -> Run<Val<'a>> {
        let mark = self.names.len();
        let mut entries = Vec::new();
        self.each_member(|reading, name| {
            reading.names.push(name);
            entries.push((reading.key(key, name)?, reading.value(value)?));
            Ok(())
        })?;
        self.once(mark)?;
        Ok(Val::map(entries, self.arena))
    }

    /// Members that the type does not declare are left out.
    fn record(&mut self, fields: &'a [ShapeField], ahead: Option<&'a Ahead>) -> Run<Val<'a>> {
        let (members, names) = (self.members.len(), self.names.len());
        // Nothing is `none` in a way that a document could give: an empty name is no field's.
        self.members.extend(fields.iter().map(|_| Member { name: "", value: Val::None }));
        let mut next = 0;
        self.each_member(|reading, name| {
            let Some(at) = place(fields, name, next) else {
                reading.names.push(name);
                reading.hold()?;
                return reading.skip();
            };
            next = at + 1;
            let field = &fields[at];
            if !reading.members[members + at].name.is_empty() {
                return Err(GiveUp);
            }
            reading.ahead = ahead.and_then(|ahead| ahead.member(name));
            let value = reading.value(field.shape)?;
            reading.members[members + at] = Member { name: &field.name, value };
            Ok(())
        })?;
        self.once(names)?;
        for (at, field) in fields.iter().enumerate() {
            let member = &mut self.members[members + at];
            if member.name.is_empty() {
                let value = match &field.missing {
                    Missing::Default(at) => self.consts[*at as usize],
                    Missing::None => Val::None,
                    Missing::Required => return Err(GiveUp),
                };
                *member = Member { name: &field.name, value };
            }
        }
        let record = self.arena.alloc_slice_copy(&self.members[members..]);
        self.members.truncate(members);
        Ok(Val::Record(record))
    }
}

/// Where a name stands among the fields; most likely where the last one stood, or after.
#[inline]
fn place(fields: &[ShapeField], name: &str, next: usize) -> Option<usize> {
    match fields.get(next) {
        Some(field) if field.name == name => Some(next),
        _ => fields.iter().position(|field| field.name == name),
    }
}
