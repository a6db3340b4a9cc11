//! Values against shapes.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;
use thiserror::Error;

use crate::ops::{compare_values, whole_match, with_it};
use crate::scalar::{display, kind};
use crate::value::{Demand, Shape, Value};

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

impl Demand {
    /// Checks a known value of the base type; what waits for execution passes.
    ///
    /// # Errors
    /// The value violates the demand.
    pub fn check(&self, value: &Value) -> Result<(), ShapeError> {
        if !value.is_known() {
            return Ok(());
        }
        let shown = || match value {
            Value::String(text) => format!("{:?}", text.as_str()),
            other => display(other).unwrap_or_else(|_| kind(other).to_string()),
        };
        match self {
            Self::Range { min, max, inclusive } => {
                use std::cmp::Ordering::{Equal, Greater, Less};
                let low = compare_values(value, min);
                let high = compare_values(value, max);
                let inside = matches!(low, Some(Greater | Equal))
                    && (matches!(high, Some(Less)) || (*inclusive && matches!(high, Some(Equal))));
                if inside {
                    return Ok(());
                }
                let (min, max) = (display(min).unwrap_or_default(), display(max).unwrap_or_default());
                let sign = if *inclusive { "=" } else { "" };
                Err(ShapeError::new(format!("`{}` is not in {min}..{sign}{max}", shown())))
            }
            Self::Length(min, max) => {
                let length = match value {
                    Value::String(text) => text.chars().count(),
                    Value::List(elements) => elements.len(),
                    Value::Set(elements) => elements.len(),
                    Value::Map(entries) => entries.len(),
                    _ => return Ok(()),
                } as u64;
                if (*min..=*max).contains(&length) {
                    return Ok(());
                }
                Err(ShapeError::new(format!("a length of {length} is not in {min}..={max}")))
            }
            Self::Matching(pattern) => match value {
                Value::String(text) => match whole_match(pattern, text) {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(ShapeError::new(format!("{} does not match \"{pattern}\"", shown()))),
                    Err(error) => Err(ShapeError::new(error.to_string())),
                },
                _ => Ok(()),
            },
            Self::Predicate(condition) => match with_it(condition, value) {
                Ok(Value::Bool(true)) => Ok(()),
                Ok(_) => Err(ShapeError::new(format!("`{}` does not satisfy the condition of its type", shown()))),
                Err(error) => Err(ShapeError::new(error.to_string())),
            },
        }
    }
}

impl Shape {
    /// Checks a value, and brings it into the shape's form: text becomes a URL or a version where the shape is one,
    /// whole numbers become decimals, absent fields become `none`. What waits for execution passes.
    ///
    /// # Errors
    /// The value does not have the shape; the error says where.
    pub fn check(&self, value: &Value) -> Result<Value, ShapeError> {
        if let Value::Residual(_) = value {
            return Ok(value.clone());
        }
        let mismatch = || ShapeError::new(format!("expected {}, found {}", self.name(), kind(value)));
        let text_of = |parse: fn(&str) -> Option<Value>| match value {
            Value::String(text) => parse(text).ok_or_else(mismatch),
            _ => Err(mismatch()),
        };
        match (self, value) {
            (Self::Optional(_), Value::None) => Ok(Value::None),
            (Self::Optional(inner), _) => inner.check(value),
            (Self::Refined(base, demand), _) => {
                let value = base.check(value)?;
                demand.check(&value)?;
                Ok(value)
            }
            (Self::Json, _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Int, Value::Int(_))
            | (Self::Decimal, Value::Decimal(_))
            | (Self::String, Value::String(_))
            | (Self::Bytes, Value::Bytes(_))
            | (Self::Duration, Value::Duration(_))
            | (Self::SemVer, Value::SemVer(_))
            | (Self::Url, Value::Url(_))
            | (Self::Digest, Value::Digest(_))
            | (Self::Date, Value::Date(_))
            | (Self::Secret(_), Value::Secret(_)) => Ok(value.clone()),
            (Self::Decimal, Value::Int(value)) => Ok(Value::Decimal((*value).into())),
            (Self::SemVer, _) => text_of(Value::parse_semver),
            (Self::Url, _) => text_of(Value::parse_url),
            (Self::Digest, _) => text_of(Value::parse_digest),
            (Self::Date, _) => text_of(Value::parse_date),
            (Self::Enum(names), Value::Variant(_, name) | Value::String(name)) => {
                match names.iter().position(|known| known == name) {
                    Some(index) => Ok(Value::Variant(index as u32, name.clone())),
                    None => Err(ShapeError::new(format!("`{name}` is not one of {}", names.join(", ")))),
                }
            }
            (Self::List(inner), Value::List(elements)) => {
                let elements = elements
                    .iter()
                    .enumerate()
                    .map(|(index, each)| inner.check(each).map_err(|error| error.within(index.to_string())));
                Ok(Value::list(elements.collect::<Result<Vec<_>, _>>()?))
            }
            (Self::Set(inner), Value::Set(elements)) => {
                let elements = elements.iter().map(|each| inner.check(each));
                Ok(Value::Set(Arc::new(elements.collect::<Result<_, _>>()?)))
            }
            (Self::Set(inner), Value::List(elements)) => {
                let elements = elements.iter().map(|each| inner.check(each));
                Ok(Value::Set(Arc::new(elements.collect::<Result<_, _>>()?)))
            }
            (Self::Map(key, inner), Value::Map(entries)) => {
                let entries = entries.iter().map(|(at, each)| {
                    let part = display(at).unwrap_or_default();
                    let at = key.check(at).map_err(|error| error.within(part.clone()))?;
                    Ok((at, inner.check(each).map_err(|error| error.within(part))?))
                });
                Ok(Value::Map(Arc::new(entries.collect::<Result<_, ShapeError>>()?)))
            }
            (Self::Record(fields), Value::Record(given)) => {
                if let Some(unknown) = given.keys().find(|name| !fields.contains_key(*name)) {
                    return Err(ShapeError::new(format!("unknown field `{unknown}`")));
                }
                let mut record = BTreeMap::new();
                for (name, shape) in fields.iter() {
                    let value = match given.get(name) {
                        Some(value) => shape.check(value).map_err(|error| error.within(name.clone()))?,
                        None if shape.is_optional() => Value::None,
                        None => return Err(ShapeError::new(format!("field `{name}` is missing"))),
                    };
                    record.insert(name.clone(), value);
                }
                Ok(Value::Record(Arc::new(record)))
            }
            _ => Err(mismatch()),
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
