//! From what an adapter gives to outputs that others may use: checked against the contract, without secrets.

use std::borrow::Cow;

use ordain_graph::{NodeId, Shape, Value};
use serde_json::{Map, Value as Json, json};

use crate::adapters::StepError;
use crate::reason::Reason;
use crate::secret::SecretText;
use crate::vault::Vault;

/// The outputs as a value. Contents of secrets go to the vault, references take their place.
pub(super) fn accept(node: &NodeId, shape: &Shape, given: Json, vault: &Vault) -> Result<Value, StepError> {
    // All secrets first: the content of one may also stand in an output that is none.
    let mut taken = Vec::new();
    let without = take_secrets(given, Some(shape), &format!("outputs/{}", node.0), &mut taken)?;
    for (name, content) in taken {
        vault.insert(name.into(), content);
    }
    shape
        .decode(&clean(without, vault))
        .map_err(|error| StepError::new(Reason::OutputMismatch, format!("the outputs are not as promised: {error}")))
}

/// JSON in which secrets are still marked apart from what an adapter could write itself.
enum Part {
    Plain(Json),
    List(Vec<Part>),
    Object(Vec<(String, Part)>),
    Secret(String),
}

fn take_secrets(
    given: Json,
    shape: Option<&Shape>,
    path: &str,
    taken: &mut Vec<(String, SecretText)>,
) -> Result<Part, StepError> {
    Ok(match (shape, given) {
        (Some(Shape::Optional(_)), Json::Null) => Part::Plain(Json::Null),
        (Some(Shape::Optional(inner) | Shape::Refined(inner, _)), given) => {
            take_secrets(given, Some(inner), path, taken)?
        }
        (Some(Shape::Secret(inner)), given) => {
            if inner.decode(&escape(&given)).is_err() {
                // The error would show the content.
                let message = format!("the outputs are not as promised: the secret `{path}` is not {}", inner.name());
                return Err(StepError::new(Reason::OutputMismatch, message));
            }
            let content = match given {
                Json::String(text) => text,
                other => other.to_string(),
            };
            taken.push((path.into(), SecretText::new(content)));
            Part::Secret(path.into())
        }
        (shape, Json::Array(elements)) => {
            let inner = match shape {
                Some(Shape::List(inner) | Shape::Set(inner)) => Some(inner.as_ref()),
                _ => None,
            };
            let elements = elements.into_iter().enumerate();
            let parts = elements.map(|(index, each)| take_secrets(each, inner, &format!("{path}/{index}"), taken));
            Part::List(parts.collect::<Result<_, _>>()?)
        }
        (shape, Json::Object(members)) => {
            let parts = members.into_iter().map(|(name, each)| {
                let inner = match shape {
                    Some(Shape::Map(_, inner)) => Some(inner.as_ref()),
                    Some(Shape::Record(fields)) => fields.get(name.as_str()),
                    _ => None,
                };
                let part = take_secrets(each, inner, &format!("{path}/{name}"), taken)?;
                Ok((name, part))
            });
            Part::Object(parts.collect::<Result<_, StepError>>()?)
        }
        (_, plain) => Part::Plain(plain),
    })
}

/// Blots out contents of secrets, and keeps what an adapter wrote from being read as a reference or an operation.
fn clean(part: Part, vault: &Vault) -> Json {
    match part {
        Part::Secret(name) => json!({ "$secret": name }),
        Part::Plain(Json::String(text)) => Json::String(match vault.redact(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(clean) => clean,
        }),
        Part::Plain(other) => other,
        Part::List(elements) => Json::Array(elements.into_iter().map(|each| clean(each, vault)).collect()),
        Part::Object(members) => Json::Object(
            members.into_iter().map(|(name, each)| (escape_name(&vault.redact(&name)), clean(each, vault))).collect(),
        ),
    }
}

/// The JSON as data only.
fn escape(json: &Json) -> Json {
    match json {
        Json::Array(elements) => Json::Array(elements.iter().map(escape).collect()),
        Json::Object(members) => {
            let members: Map<String, Json> =
                members.iter().map(|(name, each)| (escape_name(name), escape(each))).collect();
            Json::Object(members)
        }
        other => other.clone(),
    }
}

/// Names that begin with `$` are tags in the JSON of values; names of others have one `$` more.
fn escape_name(name: &str) -> String {
    if name.starts_with('$') { format!("${name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn record(fields: &[(&str, Shape)]) -> Shape {
        Shape::Record(Arc::new(fields.iter().map(|(name, shape)| ((*name).into(), shape.clone())).collect()))
    }

    fn node() -> NodeId {
        NodeId("sha256:0".into())
    }

    #[test]
    fn secrets_go_to_the_vault_and_nowhere_else() {
        let vault = Vault::default();
        let shape = record(&[("password", Shape::Secret(Arc::new(Shape::String))), ("url", Shape::String)]);
        let given = json!({ "password": "hunter2", "url": "postgres://me:hunter2@localhost" });
        let value = accept(&node(), &shape, given, &vault).unwrap();
        let json = shape.encode(&value);
        assert_eq!(
            json,
            json!({ "password": { "$secret": "outputs/sha256:0/password" }, "url": "postgres://me:***@localhost" })
        );
        assert_eq!(vault.get("outputs/sha256:0/password").unwrap().expose(), "hunter2");
    }

    #[test]
    fn a_secret_of_the_wrong_type_is_not_shown() {
        let shape = record(&[("pin", Shape::Secret(Arc::new(Shape::Int)))]);
        let error = accept(&node(), &shape, json!({ "pin": "hunter2" }), &Vault::default()).unwrap_err();
        assert_eq!(error.reason, Reason::OutputMismatch);
        assert!(!error.message.contains("hunter2"), "{error}");
    }

    #[test]
    fn adapters_cannot_write_references_or_operations() {
        let shape = record(&[("data", Shape::Json)]);
        let given = json!({ "data": { "$secret": "shop/password" } });
        let value = accept(&node(), &shape, given, &Vault::default()).unwrap();
        assert!(value.is_known());
        assert_eq!(shape.encode(&value), json!({ "data": { "$$secret": "shop/password" } }));
        let operation = json!({ "data": { "$op": "add", "args": [1, 2] } });
        assert!(accept(&node(), &shape, operation, &Vault::default()).unwrap().is_known());
        let shape = record(&[("data", Shape::Secret(Arc::new(Shape::String)))]);
        let given = json!({ "data": { "$secret": "shop/password" } });
        assert_eq!(accept(&node(), &shape, given, &Vault::default()).unwrap_err().reason, Reason::OutputMismatch);
    }

    #[test]
    fn missing_unknown_and_mistyped_outputs_are_refused() {
        let shape = record(&[("status", Shape::Int)]);
        for given in [json!({}), json!({ "status": 1, "more": 2 }), json!({ "status": "ok" }), json!(null)] {
            let error = accept(&node(), &shape, given, &Vault::default()).unwrap_err();
            assert_eq!(error.reason, Reason::OutputMismatch);
        }
    }
}
