//! Values of the interpreter, turned into JSON and into findings.

use regorus::Value;
use serde_json::{Map, Value as Json};

use crate::error::{RegoError, RegoErrorKind};
use crate::finding::{RegoFinding, Severity};
use crate::meter::{self, Exhausted};
use crate::rule::{RegoRule, RuleKind};

/// The JSON of a value: sets are lists in their order, and keys that are no text become their own JSON.
pub(crate) fn json(value: &Value) -> Result<Json, Exhausted> {
    meter::charge(32)?;
    Ok(match value {
        Value::Null | Value::Undefined => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        // A number is always JSON; the interpreter writes it exactly.
        Value::Number(_) => serde_json::to_value(value).unwrap_or(Json::Null),
        Value::String(text) => {
            meter::charge(text.len() as u64)?;
            Json::String(text.to_string())
        }
        Value::Array(items) => Json::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Value::Set(items) => Json::Array(items.iter_sorted().map(json).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let mut map = Map::new();
            for (key, value) in members.iter_sorted() {
                let key = match json(key)? {
                    Json::String(key) => key,
                    other => other.to_string(),
                };
                map.insert(key, json(value)?);
            }
            Json::Object(map)
        }
    })
}

/// The findings that the value of a rule stands for.
///
/// A list or set has one for each member, a text is one itself, and so is `true`, for rules that only say yes or no.
/// Nothing else is taken: a rule that means something by it must not pass unseen.
pub(crate) fn findings(rule: &RegoRule, value: &Value) -> Result<Vec<RegoFinding>, RegoError> {
    let items: Vec<&Value> = match value {
        Value::Undefined | Value::Bool(false) => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        Value::Set(items) => items.iter_sorted().collect(),
        other => vec![other],
    };
    items.into_iter().map(|item| finding(rule, item)).collect()
}

fn finding(rule: &RegoRule, value: &Value) -> Result<RegoFinding, RegoError> {
    let converted = json(value)
        .map_err(|exhausted| RegoError::new(RegoErrorKind::Limit, Some(rule.place.clone()), exhausted.message()))?;
    let no_finding = |what: &str| {
        let message = format!("a result of `{}` in `{}` {what}", rule.name, rule.package);
        Err(RegoError::new(RegoErrorKind::Result, Some(rule.place.clone()), message))
    };
    let (message, details) = match converted {
        Json::String(message) => (message, None),
        Json::Bool(true) => (format!("`{}` in `{}` holds", rule.name, rule.package), None),
        Json::Object(mut members) => match members.remove("msg") {
            Some(Json::String(message)) => (message, (!members.is_empty()).then_some(Json::Object(members))),
            _ => return no_finding("is an object without a text `msg`"),
        },
        _ => return no_finding("is neither a text nor an object with `msg`"),
    };
    Ok(RegoFinding {
        package: rule.package.clone(),
        rule: rule.name.clone(),
        place: rule.place.clone(),
        severity: if rule.kind == RuleKind::Warn { Severity::Warn } else { Severity::Deny },
        excepted: false,
        message,
        details,
    })
}
