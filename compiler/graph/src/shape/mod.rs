//! Values against shapes.

mod demand;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;
use thiserror::Error;

use crate::fields::Fields;
use crate::ops::Patterns;
use crate::scalar::{display, kind};
use crate::value::{Shape, Value};

/// Why a value does not have a shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{message}", place(.path))]
pub struct ShapeError {
    /// Fields and indices from the top inwards.
    pub path: Vec<SmolStr>,
    /// What is wrong there.
    pub message: String,
}

fn place(path: &[SmolStr]) -> String {
    if path.is_empty() { String::new() } else { format!("/{}: ", path.join("/")) }
}

impl ShapeError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), message: message.into() }
    }

    pub(crate) fn within(mut self, part: impl Into<SmolStr>) -> Self {
        self.path.insert(0, part.into());
        self
    }
}

impl Shape {
    /// Checks a value, and brings it into the shape's form: text becomes a URL or a version where the shape is one,
    /// whole numbers become decimals, absent fields become `none`. What waits for execution passes.
    ///
    /// # Errors
    /// The value does not have the shape; the error says where.
    pub fn check(&self, value: &Value) -> Result<Value, ShapeError> {
        self.check_with(value, &Patterns::default())
    }

    /// As [`Shape::check`], with regular expressions compiled once for all calls.
    ///
    /// # Errors
    /// The value does not have the shape; the error says where.
    pub fn check_with(&self, value: &Value, patterns: &Patterns) -> Result<Value, ShapeError> {
        Ok(self.normal(value, patterns)?.unwrap_or_else(|| value.clone()))
    }

    /// The value in the shape's form; `None` where it has it already, which is the common case and costs no copy.
    fn normal(&self, value: &Value, patterns: &Patterns) -> Result<Option<Value>, ShapeError> {
        if let Value::Residual(_) = value {
            return Ok(None);
        }
        let mismatch = || ShapeError::new(format!("expected {}, found `{}`", self.phrase(), kind(value)));
        let parsed = |parse: fn(&str) -> Option<Value>| match value {
            Value::String(text) => match parse(text) {
                Some(value) => Ok(Some(value)),
                None => Err(ShapeError::new(format!("`{text}` is not {}", self.phrase()))),
            },
            _ => Err(mismatch()),
        };
        match (self, value) {
            (Self::Optional(_), Value::None) => Ok(None),
            (Self::Optional(inner), _) => inner.normal(value, patterns),
            (Self::Refined(base, demand), _) => {
                let changed = base.normal(value, patterns)?;
                let normal = changed.as_ref().unwrap_or(value);
                if *normal != Value::None {
                    demand.check_with(normal, patterns)?;
                }
                Ok(changed)
            }
            (Self::Json, _) => json(value).map(|()| None),
            (Self::Bool, Value::Bool(_))
            | (Self::Int, Value::Int(_))
            | (Self::Decimal, Value::Decimal(_))
            | (Self::String, Value::String(_))
            | (Self::Bytes, Value::Bytes(_))
            | (Self::Duration, Value::Duration(_))
            | (Self::SemVer, Value::SemVer(_))
            | (Self::Url, Value::Url(_))
            | (Self::Digest, Value::Digest(_))
            | (Self::Date, Value::Date(_))
            | (Self::Secret(_), Value::Secret(_)) => Ok(None),
            (Self::Decimal, Value::Int(value)) => Ok(Some(Value::Decimal((*value).into()))),
            (Self::SemVer, _) => parsed(Value::parse_semver),
            (Self::Url, _) => parsed(Value::parse_url),
            (Self::Digest, _) => parsed(Value::parse_digest),
            (Self::Date, _) => parsed(Value::parse_date),
            (Self::Enum(names), Value::Variant(_, name) | Value::String(name)) => {
                match names.iter().position(|known| known == name) {
                    Some(index) => {
                        let normal = Value::Variant(index as u32, name.clone());
                        Ok((normal != *value).then_some(normal))
                    }
                    None => Err(ShapeError::new(format!("`{name}` is not one of `{}`", names.join("`, `")))),
                }
            }
            (Self::List(inner), Value::List(elements)) => {
                let mut changed: Option<Vec<Value>> = None;
                for (index, each) in elements.iter().enumerate() {
                    let normal = inner.normal(each, patterns).map_err(|error| error.within(index.to_string()))?;
                    if let Some(normal) = normal {
                        changed.get_or_insert_with(|| elements.to_vec())[index] = normal;
                    }
                }
                Ok(changed.map(Value::list))
            }
            (Self::Set(inner), Value::Set(elements)) => inner.set(elements.iter(), patterns),
            (Self::Set(inner), Value::List(elements)) => {
                let set = inner.set(elements.iter(), patterns)?;
                Ok(Some(set.unwrap_or_else(|| Value::Set(Arc::new(elements.iter().cloned().collect())))))
            }
            (Self::Map(key, inner), Value::Map(entries)) => {
                let mut normal = BTreeMap::new();
                for (at, each) in entries.iter() {
                    let part = || display(at).unwrap_or_else(|_| kind(at).to_string());
                    let at = key.check_with(at, patterns).map_err(|error| error.within(part()))?;
                    normal.insert(at, inner.check_with(each, patterns).map_err(|error| error.within(part()))?);
                }
                Ok((normal != **entries).then(|| Value::Map(Arc::new(normal))))
            }
            (Self::Record(shapes), Value::Record(given)) => Self::fields(shapes, given, patterns),
            _ => Err(mismatch()),
        }
    }

    fn set<'a>(
        &self,
        elements: impl Iterator<Item = &'a Value>,
        patterns: &Patterns,
    ) -> Result<Option<Value>, ShapeError> {
        let mut changed = false;
        let mut normal = BTreeSet::new();
        for each in elements {
            let part = || display(each).unwrap_or_else(|_| kind(each).to_string());
            let own = self.normal(each, patterns).map_err(|error| error.within(part()))?;
            changed |= own.is_some();
            normal.insert(own.unwrap_or_else(|| each.clone()));
        }
        Ok(changed.then(|| Value::Set(Arc::new(normal))))
    }

    fn fields(
        shapes: &BTreeMap<SmolStr, Self>,
        given: &Arc<Fields>,
        patterns: &Patterns,
    ) -> Result<Option<Value>, ShapeError> {
        if let Some(unknown) = given.keys().find(|name| !shapes.contains_key(*name)) {
            return Err(ShapeError::new(format!("unknown field `{unknown}`")));
        }
        let mut changed: Option<Fields> = None;
        for (name, shape) in shapes {
            let normal = match given.get(name) {
                Some(value) => shape.normal(value, patterns).map_err(|error| error.within(name.clone()))?,
                None if shape.is_optional() => Some(Value::None),
                None => return Err(ShapeError::new(format!("field `{name}` is missing"))),
            };
            if let Some(normal) = normal {
                changed.get_or_insert_with(|| given.as_ref().clone()).insert(name.clone(), normal);
            }
        }
        Ok(changed.map(|fields| Value::Record(Arc::new(fields))))
    }

    /// The shape in a sentence.
    fn phrase(&self) -> String {
        match self {
            Self::Record(_) => "a record".into(),
            Self::Refined(inner, _) | Self::Optional(inner) => inner.phrase(),
            Self::Enum(names) => format!("one of `{}`", names.join("`, `")),
            other => format!("`{}`", other.name()),
        }
    }

    /// Whether a value may be absent.
    pub(crate) fn is_optional(&self) -> bool {
        match self {
            Self::Optional(_) => true,
            Self::Refined(base, _) => base.is_optional(),
            _ => false,
        }
    }

    /// Whether values of the shape are or hold secrets.
    pub fn holds_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::List(inner) | Self::Set(inner) | Self::Optional(inner) | Self::Refined(inner, _) => {
                inner.holds_secret()
            }
            Self::Map(key, value) => key.holds_secret() || value.holds_secret(),
            Self::Record(fields) => fields.values().any(Self::holds_secret),
            _ => false,
        }
    }

    /// The shape in the words of the language.
    pub fn name(&self) -> String {
        match self {
            Self::Json => "Json".into(),
            Self::Bool => "Bool".into(),
            Self::Int => "Int".into(),
            Self::Decimal => "Decimal".into(),
            Self::String => "String".into(),
            Self::Bytes => "Bytes".into(),
            Self::Duration => "Duration".into(),
            Self::SemVer => "SemVer".into(),
            Self::Url => "Url".into(),
            Self::Digest => "Digest".into(),
            Self::Date => "Date".into(),
            Self::Enum(names) => format!("one of {}", names.join(", ")),
            Self::List(inner) => format!("List<{}>", inner.name()),
            Self::Set(inner) => format!("Set<{}>", inner.name()),
            Self::Map(key, value) => format!("Map<{}, {}>", key.name(), value.name()),
            Self::Record(_) => "a record".into(),
            Self::Optional(inner) => format!("{}?", inner.name()),
            Self::Secret(inner) => format!("Secret<{}>", inner.name()),
            Self::Refined(base, _) => base.name(),
        }
    }
}

/// Untyped data may hold anything but secrets: those may reach places that are declared secret, and no other.
fn json(value: &Value) -> Result<(), ShapeError> {
    match value {
        Value::Secret(_) => Err(ShapeError::new("a secret cannot be part of untyped data")),
        Value::List(elements) => elements
            .iter()
            .enumerate()
            .try_for_each(|(index, each)| json(each).map_err(|error| error.within(index.to_string()))),
        Value::Set(elements) => elements.iter().try_for_each(json),
        Value::Map(entries) => entries.iter().try_for_each(|(key, each)| {
            json(each).map_err(|error| error.within(display(key).unwrap_or_else(|_| kind(key).to_string())))
        }),
        Value::Record(fields) => {
            fields.iter().try_for_each(|(name, each)| json(each).map_err(|error| error.within(name.clone())))
        }
        _ => Ok(()),
    }
}
