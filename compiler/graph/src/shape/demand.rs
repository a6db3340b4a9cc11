//! What refined shapes demand.

use std::cmp::Ordering::{Equal, Greater, Less};

use super::ShapeError;
use crate::ops::{Patterns, compare_values, with_it};
use crate::scalar::{display, kind};
use crate::value::{Demand, Value};

impl Demand {
    /// Checks a value of the base type; what waits for execution passes.
    ///
    /// # Errors
    /// The value violates the demand.
    pub fn check(&self, value: &Value) -> Result<(), ShapeError> {
        self.check_with(value, &Patterns::default())
    }

    /// As [`Demand::check`], with regular expressions compiled once for all calls.
    ///
    /// # Errors
    /// The value violates the demand.
    pub fn check_with(&self, value: &Value, patterns: &Patterns) -> Result<(), ShapeError> {
        match self {
            Self::Length(min, max) => match length(value) {
                Some(length) if !(*min..=*max).contains(&length) => {
                    Err(ShapeError::new(format!("a length of {length} is not {}", span(*min, *max))))
                }
                _ => Ok(()),
            },
            _ if !value.is_known() => Ok(()),
            Self::Range { min, max, inclusive } => {
                let low = matches!(compare_values(value, min), Some(Greater | Equal));
                let high = match compare_values(value, max) {
                    Some(Less) => true,
                    Some(Equal) => *inclusive,
                    _ => false,
                };
                if low && high {
                    return Ok(());
                }
                let (min, max) = (display(min).unwrap_or_default(), display(max).unwrap_or_default());
                let sign = if *inclusive { "=" } else { "" };
                Err(ShapeError::new(format!("{} is not in `{min}..{sign}{max}`", shown(value))))
            }
            Self::Matching(pattern) => match value {
                Value::String(text) => match patterns.matches(pattern, text) {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(ShapeError::new(format!("{} does not match `{pattern}`", shown(value)))),
                    Err(error) => Err(ShapeError::new(error.to_string())),
                },
                _ => Ok(()),
            },
            Self::Predicate(condition) => match with_it(condition, value, patterns) {
                Ok(Value::Bool(true)) => Ok(()),
                Ok(_) => Err(ShapeError::new(format!("{} does not satisfy the condition of its type", shown(value)))),
                Err(error) => Err(ShapeError::new(format!(
                    "the condition of its type has no result for {}: {error}",
                    shown(value)
                ))),
            },
        }
    }
}

/// The length, where it does not depend on what waits for execution.
fn length(value: &Value) -> Option<u64> {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::List(elements) => elements.len(),
        Value::Set(elements) if value.is_known() => elements.len(),
        Value::Map(entries) if entries.keys().all(Value::is_known) => entries.len(),
        _ => return None,
    };
    Some(length as u64)
}

fn span(min: u64, max: u64) -> String {
    if max == u64::MAX { format!("at least {min}") } else { format!("in `{min}..={max}`") }
}

/// A value in a message: short, and without the content of secrets.
fn shown(value: &Value) -> String {
    const MAX: usize = 60;
    let text = match value {
        Value::String(text) => format!("{:?}", text.as_str()),
        other => display(other).unwrap_or_else(|_| kind(other).to_string()),
    };
    if text.chars().count() > MAX {
        format!("`{}…`", text.chars().take(MAX - 1).collect::<String>())
    } else {
        format!("`{text}`")
    }
}
