//! Values as adapters see them: plain JSON without tags, secrets with their content.
//!
//! What an adapter sends is data and nothing else: an object that looks like a tag of a plan stays an object.

use std::str::FromStr as _;

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};
use smol_str::{SmolStr, ToSmolStr as _};

use super::decode;
use super::encode::escape;
use crate::canonical::MAX_EXACT;
use crate::ops::OpError;
use crate::scalar::display;
use crate::shape::ShapeError;
use crate::value::{SecretRef, Shape, Value};

/// Gives the content of a secret, given the path to it and the shape of its content, where that is known.
pub type Content<'a> = dyn FnMut(&[SmolStr], &SecretRef, Option<&Shape>) -> Option<Json> + 'a;

impl Shape {
    /// A value of this shape as plain JSON for an adapter. `secret` gives the content of secrets, given the path to each
    /// and the shape of its content, where that is known.
    ///
    /// # Errors
    /// A part waits for execution still, or a secret has no content; the error says where.
    pub fn to_adapter(&self, value: &Value, secret: &mut Content<'_>) -> Result<Json, ShapeError> {
        plain(value, Some(self), &mut Vec::new(), secret)
    }

    /// The value that plain JSON of an adapter stands for, checked. Where the shape is secret, `secret` takes the
    /// content away, given the path to it, and answers with a reference.
    ///
    /// # Errors
    /// The JSON does not have the shape; the error says where, and never shows the content of a secret.
    pub fn from_adapter(
        &self,
        json: &Json,
        secret: &mut dyn FnMut(&[SmolStr], &Json) -> SecretRef,
    ) -> Result<Value, ShapeError> {
        let own = as_in_a_plan(json, self, &mut Vec::new(), secret)?;
        self.check(&decode(&own, Some(self))?)
    }
}

fn plain(
    value: &Value,
    shape: Option<&Shape>,
    path: &mut Vec<SmolStr>,
    secret: &mut Content<'_>,
) -> Result<Json, ShapeError> {
    let shape = shape.map(base);
    let mut inside = |value: &Value, shape: Option<&Shape>, part: SmolStr| {
        path.push(part);
        let plain = plain(value, shape, path, secret);
        path.pop();
        plain
    };
    let amount = |amount: u64| if amount <= MAX_EXACT { Json::from(amount) } else { Json::String(amount.to_string()) };
    let mut list = |elements: &mut dyn Iterator<Item = &Value>| {
        let shape = match shape {
            Some(Shape::List(shape) | Shape::Set(shape)) => Some(shape.as_ref()),
            _ => None,
        };
        let elements = elements.enumerate().map(|(index, each)| inside(each, shape, index.to_smolstr()));
        Ok(Json::Array(elements.collect::<Result<_, _>>()?))
    };
    Ok(match value {
        Value::None => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) if value.unsigned_abs() <= MAX_EXACT => Json::from(*value),
        Value::Bytes(value) | Value::Duration(value) => amount(*value),
        Value::Decimal(value) if matches!(shape, Some(Shape::Json) | None) => number(*value),
        Value::List(elements) => list(&mut elements.iter())?,
        Value::Set(elements) => list(&mut elements.iter())?,
        Value::Map(entries) => {
            let shape = match shape {
                Some(Shape::Map(_, shape)) => Some(shape.as_ref()),
                _ => None,
            };
            let entries = entries.iter().map(|(key, value)| {
                let key = display(key).map_err(|error| ShapeError::new(error.to_string()))?;
                let value = inside(value, shape, key.as_str().into())?;
                Ok((key, value))
            });
            Json::Object(entries.collect::<Result<_, ShapeError>>()?)
        }
        Value::Record(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let shape = match shape {
                    Some(Shape::Record(shapes)) => shapes.get(name),
                    _ => None,
                };
                Ok((name.to_string(), inside(value, shape, name.clone())?))
            });
            Json::Object(fields.collect::<Result<_, ShapeError>>()?)
        }
        Value::Secret(reference) => {
            let inner = match shape {
                Some(Shape::Secret(inner)) => Some(inner.as_ref()),
                _ => None,
            };
            let message = || format!("there is no content for the secret `{}`", reference.name);
            secret(path, reference, inner).ok_or_else(|| ShapeError { path: path.clone(), message: message() })?
        }
        // Numbers out of the exact range and all that is text.
        other => {
            let wrong = |error: OpError| ShapeError { path: path.clone(), message: error.to_string() };
            Json::String(display(other).map_err(wrong)?)
        }
    })
}

/// A decimal of untyped data: a number, if that is read back as the same, or else its digits.
fn number(value: Decimal) -> Json {
    let text = value.normalize().to_string();
    let number = text.parse().ok().and_then(serde_json::Number::from_f64);
    match number {
        Some(number) if Decimal::from_str(&number.to_string()) == Ok(value) => match text.parse::<i64>() {
            Ok(whole) if whole.unsigned_abs() <= MAX_EXACT => Json::from(whole),
            _ => Json::Number(number),
        },
        _ => Json::String(text),
    }
}

/// The shape without what does not change its form.
fn base(shape: &Shape) -> &Shape {
    match shape {
        Shape::Optional(inner) | Shape::Refined(inner, _) => base(inner),
        other => other,
    }
}

fn as_in_a_plan(
    json: &Json,
    shape: &Shape,
    path: &mut Vec<SmolStr>,
    secret: &mut dyn FnMut(&[SmolStr], &Json) -> SecretRef,
) -> Result<Json, ShapeError> {
    if let (Shape::Secret(inner), false) = (base(shape), json.is_null()) {
        let within = |message: &str| ShapeError { path: path.clone(), message: message.into() };
        // The message of the inner shape could show the content.
        let own = as_in_a_plan(json, inner, &mut Vec::new(), secret)?;
        let fits = decode(&own, Some(inner)).is_ok_and(|value| inner.check(&value).is_ok());
        if !fits {
            return Err(within("the secret does not have the shape that is declared"));
        }
        let reference = secret(path, json);
        return Ok(Json::Object(Map::from_iter([("$secret".to_owned(), Json::String(reference.name.to_string()))])));
    }
    let mut step = |part: &str, json: &Json, shape: &Shape| {
        path.push(part.into());
        let own = as_in_a_plan(json, shape, path, secret);
        path.pop();
        own
    };
    match (base(shape), json) {
        (Shape::List(inner) | Shape::Set(inner), Json::Array(elements)) => {
            let elements = elements.iter().enumerate().map(|(index, each)| step(&index.to_string(), each, inner));
            Ok(Json::Array(elements.collect::<Result<_, _>>()?))
        }
        (Shape::Map(_, inner), Json::Object(members)) => {
            let members = members.iter().map(|(name, each)| Ok((escape(name), step(name, each, inner)?)));
            Ok(Json::Object(members.collect::<Result<_, ShapeError>>()?))
        }
        (Shape::Record(shapes), Json::Object(members)) => {
            let members = members.iter().map(|(name, each)| {
                let shape = shapes.get(name.as_str()).unwrap_or(&Shape::Json);
                Ok((escape(name), step(name, each, shape)?))
            });
            Ok(Json::Object(members.collect::<Result<_, ShapeError>>()?))
        }
        (_, Json::Array(elements)) => {
            let elements = elements.iter().enumerate();
            let elements = elements.map(|(index, each)| step(&index.to_string(), each, &Shape::Json));
            Ok(Json::Array(elements.collect::<Result<_, _>>()?))
        }
        (_, Json::Object(members)) => {
            let members = members.iter().map(|(name, each)| Ok((escape(name), step(name, each, &Shape::Json)?)));
            Ok(Json::Object(members.collect::<Result<_, ShapeError>>()?))
        }
        // Not every writer of JSON tells `5` from `5.0`.
        (Shape::Int, Json::Number(number)) => Ok(whole(number).map_or_else(|| json.clone(), Json::from)),
        _ => Ok(json.clone()),
    }
}

fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let number = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= MAX_EXACT as f64)?;
        Some(number as i64)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn shape() -> Shape {
        Shape::Record(Arc::new(
            [
                ("password".into(), Shape::Secret(Arc::new(Shape::String))),
                ("count".into(), Shape::Int),
                ("more".into(), Shape::Optional(Arc::new(Shape::Json))),
            ]
            .into(),
        ))
    }

    #[test]
    fn secrets_are_taken_away_and_given_back() {
        let sent = json!({ "password": "hunter2", "count": 5.0, "more": { "$secret": "x", "rate": 0.25 } });
        let mut taken = Vec::new();
        let value = shape()
            .from_adapter(&sent, &mut |path, content| {
                taken.push((path.join("/"), content.clone()));
                SecretRef { name: "kept".into() }
            })
            .unwrap();
        assert_eq!(taken, [("password".to_owned(), json!("hunter2"))]);
        let Value::Record(fields) = &value else { panic!("not a record") };
        assert_eq!(fields["password"], Value::Secret(SecretRef { name: "kept".into() }));
        // What looks like a tag is data.
        let Value::Record(more) = &fields["more"] else { panic!("not a record") };
        assert_eq!(more["$secret"], Value::string("x"));
        let back = shape()
            .to_adapter(&value, &mut |path, reference, inner| {
                assert_eq!((path, inner), (&["password".into()][..], Some(&Shape::String)));
                (reference.name == "kept").then(|| json!("hunter2"))
            })
            .unwrap();
        assert_eq!(back, json!({ "password": "hunter2", "count": 5, "more": { "$secret": "x", "rate": 0.25 } }));
    }

    #[test]
    fn a_message_never_shows_a_secret() {
        let sent = json!({ "password": ["hunter2"], "count": 5 });
        let error = shape().from_adapter(&sent, &mut |_, _| SecretRef { name: "kept".into() }).unwrap_err();
        assert_eq!(error.to_string(), "/password: the secret does not have the shape that is declared");
    }

    #[test]
    fn missing_content_is_an_error() {
        let value = Value::record([("password".into(), Value::Secret(SecretRef { name: "db".into() }))]);
        let error = shape().to_adapter(&value, &mut |_, _, _| None).unwrap_err();
        assert_eq!(error.to_string(), "/password: there is no content for the secret `db`");
    }
}
