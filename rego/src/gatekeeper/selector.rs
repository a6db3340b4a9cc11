//! Selectors of labels, and names with a star.

use serde_json::Value as Json;

use super::{GatekeeperError, text, texts, wrong};

/// A label selector: all of its requirements hold, or it does not match.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    requirements: Vec<(String, Requirement)>,
}

#[derive(Clone, Debug)]
enum Requirement {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    pub(super) fn parse(selector: &Json, pointer: &str) -> Result<Self, GatekeeperError> {
        let mut requirements = Vec::new();
        match selector.get("matchLabels") {
            None | Some(Json::Null) => {}
            Some(Json::Object(labels)) => {
                for (name, value) in labels {
                    let text =
                        value.as_str().ok_or_else(|| wrong(format!("{pointer}/matchLabels/{name}"), "is no text"))?;
                    requirements.push((name.clone(), Requirement::In(vec![text.to_owned()])));
                }
            }
            Some(_) => return Err(wrong(format!("{pointer}/matchLabels"), "is not an object")),
        }
        let expressions = match selector.get("matchExpressions") {
            None | Some(Json::Null) => &[],
            Some(Json::Array(expressions)) => expressions.as_slice(),
            Some(_) => return Err(wrong(format!("{pointer}/matchExpressions"), "is not a list")),
        };
        for (index, expression) in expressions.iter().enumerate() {
            let here = format!("{pointer}/matchExpressions/{index}");
            let key = text(expression, "/key").ok_or_else(|| wrong(format!("{here}/key"), "is missing"))?;
            let values = texts(expression, "/values")?;
            let requirement = match text(expression, "/operator") {
                Some("In") => Requirement::In(values),
                Some("NotIn") => Requirement::NotIn(values),
                Some("Exists") => Requirement::Exists,
                Some("DoesNotExist") => Requirement::DoesNotExist,
                _ => {
                    let problem = "is none of `In`, `NotIn`, `Exists` and `DoesNotExist`";
                    return Err(wrong(format!("{here}/operator"), problem));
                }
            };
            requirements.push((key.to_owned(), requirement));
        }
        Ok(Self { requirements })
    }

    /// Whether the labels of an object meet all requirements.
    pub(super) fn matches(&self, object: &Json) -> bool {
        let labels = object.pointer("/metadata/labels");
        self.requirements.iter().all(|(key, requirement)| {
            let value = labels.and_then(|labels| labels.get(key)).and_then(Json::as_str);
            let among = |values: &[String]| value.is_some_and(|value| values.iter().any(|entry| entry == value));
            match requirement {
                Requirement::In(values) => among(values),
                Requirement::NotIn(values) => !among(values),
                Requirement::Exists => value.is_some(),
                Requirement::DoesNotExist => value.is_none(),
            }
        })
    }
}

/// Whether a name fits a pattern: the name itself, or a part of it with `*` before, after, or on both sides.
pub(super) fn wildcard(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(rest), Some(_)) => name.contains(rest.trim_end_matches('*')),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Selector, wildcard};

    #[test]
    fn stars_stand_at_the_ends() {
        for (pattern, name, fits) in [
            ("kube-*", "kube-system", true),
            ("*-system", "kube-system", true),
            ("*be-sys*", "kube-system", true),
            ("*", "x", true),
            ("kube", "kube-system", false),
            ("kube-*", "my-kube-system", false),
        ] {
            assert_eq!(wildcard(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn every_requirement_counts() {
        let object = json!({ "metadata": { "labels": { "a": "1", "b": "2" } } });
        for (selector, fits) in [
            (json!({}), true),
            (json!({ "matchLabels": { "a": "1" } }), true),
            (json!({ "matchLabels": { "a": "1", "b": "1" } }), false),
            (json!({ "matchExpressions": [{ "key": "a", "operator": "In", "values": ["1", "2"] }] }), true),
            (json!({ "matchExpressions": [{ "key": "a", "operator": "NotIn", "values": ["1"] }] }), false),
            (json!({ "matchExpressions": [{ "key": "c", "operator": "NotIn", "values": ["1"] }] }), true),
            (json!({ "matchExpressions": [{ "key": "c", "operator": "Exists" }] }), false),
            (json!({ "matchExpressions": [{ "key": "c", "operator": "DoesNotExist" }] }), true),
        ] {
            assert_eq!(Selector::parse(&selector, "").expect("is a selector").matches(&object), fits, "{selector}");
        }
    }
}
