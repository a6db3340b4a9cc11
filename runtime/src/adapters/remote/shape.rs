//! Between the values of a step and what stands in messages.

use std::time::Duration;

use ordain_graph::{Contract, SecretRef, Shape};
use serde_json::{Map, Value as Json, json};
use smol_str::SmolStr;

use crate::adapters::{Observed, StepContext, StepError};
use crate::reason::Reason;

/// The parameters of a call: the inputs as plain JSON, contents of secrets in clear, and where those stand.
pub(super) fn params(step: &StepContext<'_>, within: Option<Duration>) -> Result<Json, StepError> {
    let shape = &step.contract().input;
    let mismatch = |error: ordain_graph::ShapeError| {
        StepError::new(Reason::InputMismatch, format!("the inputs are not as demanded: {error}"))
    };
    let inputs = shape.decode(step.inputs).map_err(mismatch)?;
    let mut secrets = Vec::new();
    let inputs = shape
        .to_adapter(&inputs, &mut |path: &[SmolStr], reference: &SecretRef, inner: Option<&Shape>| {
            let content = step.vault().get(&reference.name)?;
            secrets.push(pointer(path));
            content_as(content.expose(), inner)
        })
        .map_err(|error| StepError::new(Reason::InputUnresolved, error.to_string()))?;
    let mut params = json!({
        "capability": step.capability(),
        "version": step.contract().version.as_str(),
        "key": step.key(),
        "attempt": step.attempt(),
        "in_doubt": step.is_in_doubt(),
        "timeout_ms": within.map(|within| u64::try_from(within.as_millis()).unwrap_or(u64::MAX)),
        "inputs": inputs,
        "secrets": secrets,
    });
    if let Some(undoes) = step.undoes() {
        params["undoes"] = undoes.into();
    }
    Ok(params)
}

/// The content of a secret, which is text, as what it is the text of.
fn content_as(content: &str, shape: Option<&Shape>) -> Option<Json> {
    match shape {
        Some(Shape::Optional(inner) | Shape::Refined(inner, _)) => content_as(content, Some(inner)),
        Some(
            Shape::Bool
            | Shape::Int
            | Shape::Bytes
            | Shape::Duration
            | Shape::List(_)
            | Shape::Set(_)
            | Shape::Map(..)
            | Shape::Record(_),
        ) => serde_json::from_str(content).ok(),
        _ => Some(content.into()),
    }
}

/// A JSON pointer (RFC 6901).
fn pointer(path: &[SmolStr]) -> String {
    path.iter().fold(String::new(), |text, part| text + "/" + &part.replace('~', "~0").replace('/', "~1"))
}

/// The outputs in the result of `apply` or `undo`.
pub(super) fn outputs(contract: &Contract, result: Json) -> Result<Json, StepError> {
    let Json::Object(mut result) = result else { return Err(violated("a result that is no object")) };
    match result.remove("outputs") {
        Some(outputs @ Json::Object(_)) => {
            marked(contract, result.get("secrets"))?;
            Ok(outputs)
        }
        _ => Err(violated("a result without an object `outputs`")),
    }
}

/// What `observe` has found.
pub(super) fn observed(contract: &Contract, result: Json) -> Result<Observed, StepError> {
    let Json::Object(mut result) = result else { return Err(violated("a result that is no object")) };
    match result.get("state").and_then(Json::as_str) {
        Some("absent") => Ok(Observed::Absent),
        Some("unknown") => Ok(Observed::Unknown),
        Some("present") => {
            marked(contract, result.get("secrets"))?;
            let mut part = |name: &str| match result.remove(name) {
                None => Ok(Json::Object(Map::new())),
                Some(part @ Json::Object(_)) => Ok(part),
                Some(_) => Err(violated(&format!("a result in which `{name}` is no object"))),
            };
            Ok(Observed::Present { inputs: part("inputs")?, outputs: part("outputs")? })
        }
        _ => Err(violated("a result without a known `state`")),
    }
}

/// Holds what an adapter calls secret against the contract: what is secret for one only would be shown by the other.
fn marked(contract: &Contract, secrets: Option<&Json>) -> Result<(), StepError> {
    let Some(secrets) = secrets.filter(|secrets| !secrets.is_null()) else { return Ok(()) };
    let secrets = secrets.as_array().ok_or_else(|| violated("`secrets` that are no list"))?;
    for secret in secrets {
        let pointer = secret.as_str().ok_or_else(|| violated("`secrets` that are no list of pointers"))?;
        let parts: Vec<String> =
            pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        if !is_secret(&contract.output, &parts) {
            let message = format!("the adapter says that the output `{pointer}` is secret, and the contract does not");
            return Err(StepError::new(Reason::OutputMismatch, message));
        }
    }
    Ok(())
}

/// Whether what a path leads to is secret as a whole.
fn is_secret(shape: &Shape, path: &[String]) -> bool {
    match (shape, path) {
        (Shape::Secret(_), _) => true,
        (Shape::Optional(inner) | Shape::Refined(inner, _), _) => is_secret(inner, path),
        (Shape::List(inner) | Shape::Set(inner) | Shape::Map(_, inner), [_, rest @ ..]) => is_secret(inner, rest),
        (Shape::Record(fields), [first, rest @ ..]) => {
            fields.get(first.as_str()).is_some_and(|field| is_secret(field, rest))
        }
        _ => false,
    }
}

/// Secrets go over the wire in clear, so that nobody else may be able to read along.
pub(super) fn may_see_secrets(url: &str) -> Result<(), StepError> {
    let uri: Option<ureq::http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let local =
        matches!(host, "localhost" | "[::1]") || host.parse().is_ok_and(|ip: std::net::Ipv4Addr| ip.is_loopback());
    if local {
        return Ok(());
    }
    Err(StepError::new(Reason::Unsupported, format!("secrets are not sent to `{url}`, where others could read along")))
}

fn violated(what: &str) -> StepError {
    StepError::new(Reason::ProtocolViolated, format!("the adapter sent {what}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ordain_graph::{Effect, Risk};

    use super::*;

    fn contract() -> Contract {
        let secret = Shape::Secret(Arc::new(Shape::String));
        let output = [
            ("open", Shape::String),
            ("list", Shape::List(Arc::new(secret.clone()))),
            ("token", Shape::Optional(Arc::new(secret))),
        ];
        Contract {
            capability: "test.make".into(),
            version: "1.0.0".into(),
            input: Shape::Record(Arc::default()),
            output: Shape::Record(Arc::new(output.map(|(name, shape)| (name.into(), shape)).into())),
            effect: Effect::Write,
            risk: Risk::Low,
        }
    }

    #[test]
    fn what_is_secret_for_one_only_is_refused() {
        let given = |secrets: Json| outputs(&contract(), json!({ "outputs": { "open": "" }, "secrets": secrets }));
        assert_eq!(given(json!(["/token", "/list/0"])), Ok(json!({ "open": "" })));
        assert_eq!(given(Json::Null), Ok(json!({ "open": "" })));
        for pointer in ["/open", "/nowhere", "", "/list"] {
            assert_eq!(given(json!([pointer])).unwrap_err().reason, Reason::OutputMismatch, "{pointer}");
        }
        assert_eq!(given(json!([5])).unwrap_err().reason, Reason::ProtocolViolated);
        assert_eq!(given(json!("/token")).unwrap_err().reason, Reason::ProtocolViolated);
    }

    #[test]
    fn results_that_are_none_are_refused() {
        for result in [json!(null), json!([]), json!({}), json!({ "outputs": [] })] {
            assert_eq!(outputs(&contract(), result).unwrap_err().reason, Reason::ProtocolViolated);
        }
        for result in [json!(null), json!({}), json!({ "state": "odd" }), json!({ "state": "present", "inputs": 1 })] {
            assert_eq!(observed(&contract(), result).unwrap_err().reason, Reason::ProtocolViolated);
        }
        assert_eq!(observed(&contract(), json!({ "state": "absent" })), Ok(Observed::Absent));
        let present = Observed::Present { inputs: json!({}), outputs: json!({ "open": "x" }) };
        assert_eq!(observed(&contract(), json!({ "state": "present", "outputs": { "open": "x" } })), Ok(present));
    }

    #[test]
    fn secrets_go_where_nobody_reads_along() {
        for url in ["http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:1/"] {
            assert_eq!(may_see_secrets(url), Ok(()), "{url}");
        }
        for url in ["http://adapters.example.com/", "http://127.0.0.1.example.com/", "http://10.0.0.1/", "nonsense"] {
            assert_eq!(may_see_secrets(url).unwrap_err().reason, Reason::Unsupported, "{url}");
        }
    }

    #[test]
    fn contents_are_what_their_type_says() {
        assert_eq!(content_as("0042", Some(&Shape::String)), Some(json!("0042")));
        assert_eq!(content_as("42", Some(&Shape::Refined(Arc::new(Shape::Int), no_demand()))), Some(json!(42)));
        assert_eq!(content_as("hunter2", Some(&Shape::Int)), None);
        assert_eq!(pointer(&["a/b".into(), "~".into()]), "/a~1b/~0");
    }

    fn no_demand() -> Arc<ordain_graph::Demand> {
        Arc::new(ordain_graph::Demand::Length(0, u64::MAX))
    }
}
