//! What was found, held against what should be there.

use std::collections::BTreeMap;

use ordain_graph::{Contract, NodeId, SecretRef, Shape, Value};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};
use smol_str::{SmolStr, format_smolstr};

use super::history::Made;
use super::{DriftField, Unsaid};
use crate::secret::SecretText;
use crate::vault::Vault;
use crate::workspace::{digest, digest_text};

/// Texts that are longer than this, in bytes, or that have several lines, are told by their digest.
const LONGEST: usize = 80;

/// What stands where a content of a secret would.
const SECRET: &str = "***";

/// What should be there.
pub(super) struct Expected<'a> {
    pub(super) node: &'a NodeId,
    pub(super) contract: &'a Contract,
    /// What the step is given.
    pub(super) inputs: &'a Value,
    /// What the journal has of it.
    pub(super) made: Option<&'a Made>,
    /// Whether it was given the same then.
    pub(super) same: bool,
}

/// What came of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Compared {
    pub(super) fields: Vec<DriftField>,
    /// The inputs of which nothing can be said.
    pub(super) untold: Vec<SmolStr>,
    /// How many fields were looked at.
    pub(super) looked_at: usize,
    /// The outputs as they are now, without secrets.
    pub(super) outputs: BTreeMap<SmolStr, Value>,
    /// The digest of what was found.
    pub(super) digest: SmolStr,
}

impl Expected<'_> {
    /// Holds what was found against it.
    pub(super) fn compare(&self, inputs: &Json, outputs: &Json, vault: &Vault) -> Result<Compared, Unsaid> {
        let mut compared = Compared::default();
        let (Json::Object(inputs), Json::Object(outputs)) = (inputs, outputs) else {
            return Err(lie("the adapter told what is no object".into()));
        };
        self.known(inputs, &self.contract.input, "input")?;
        self.known(outputs, &self.contract.output, "output")?;
        self.outputs(outputs, vault, &mut compared);
        self.inputs(inputs, vault, &mut compared);
        compared.fields.sort_by(|a, b| a.field.cmp(&b.field));
        let found = json!({ "inputs": self.told(inputs, &self.contract.input), "outputs": self.told(outputs, &self.contract.output) });
        // What is told of secrets is left out, so that no digest of one is written down.
        let text = serde_json_canonicalizer::to_vec(&found).unwrap_or_else(|_| found.to_string().into_bytes());
        compared.digest = digest(&text).into();
        Ok(compared)
    }

    /// Whether the contract has all that is told.
    fn known(&self, told: &Map<String, Json>, shape: &Shape, what: &str) -> Result<(), Unsaid> {
        match told.keys().find(|name| field(shape, name).is_none()) {
            None => Ok(()),
            Some(name) => {
                let capability = &self.contract.capability;
                Err(lie(format!("the adapter told of an {what} `{name}`, which `{capability}` does not have")))
            }
        }
    }

    fn told<'m>(&self, told: &'m Map<String, Json>, shape: &Shape) -> Map<String, Json> {
        let open = |(name, json): (&'m String, &'m Json)| {
            (!has_secret(field(shape, name)?)).then(|| (name.clone(), json.clone()))
        };
        told.iter().filter_map(open).collect()
    }

    fn inputs(&self, told: &Map<String, Json>, vault: &Vault, compared: &mut Compared) {
        let Value::Record(wanted) = self.inputs else { return };
        for (name, wanted) in wanted.iter() {
            let Some(shape) = field(&self.contract.input, name) else { continue };
            let place = format!("inputs.{name}");
            if let Some(found) = told.get(name.as_str()) {
                compared.looked_at += 1;
                hold(&place, shape, wanted, found, vault, &mut compared.fields);
                continue;
            }
            match self.made {
                // `none` leaves it open.
                _ if *wanted == Value::None => {}
                _ if self.same => {}
                // It is what was made then.
                Some(made) if made.inputs.get(name.as_str()).is_some() => {
                    let (wanted, then) = (shape.encode(wanted), &made.inputs[name.as_str()]);
                    differences(&place, &wanted, then, has_secret(shape), vault, &mut compared.fields);
                }
                _ => compared.untold.push(name.clone()),
            }
        }
    }

    fn outputs(&self, told: &Map<String, Json>, vault: &Vault, compared: &mut Compared) {
        for (name, found) in told {
            let Some(shape) = field(&self.contract.output, name) else { continue };
            let place = format!("outputs.{name}");
            let path = format!("outputs/{}/{name}", self.node.0);
            let value = taken(shape, found, &path, vault);
            if has_secret(shape) {
                // The journal has no contents of secrets that it could be held against.
                continue;
            }
            let Ok(value) = value else {
                // What is there is something else.
                compared.looked_at += 1;
                let expected = self.made.filter(|_| self.same).map(|made| wanted(made, name, shape));
                let found = shown(found, vault);
                compared.fields.push(DriftField { field: place, expected: expected.unwrap_or(Json::Null), found });
                continue;
            };
            if let Some(made) = self.made.filter(|_| self.same) {
                compared.looked_at += 1;
                let wanted = wanted(made, name, shape);
                differences(&place, &wanted, &shape.encode(&value), false, vault, &mut compared.fields);
            }
            compared.outputs.insert(name.as_str().into(), value);
        }
    }
}

fn wanted(made: &Made, name: &str, shape: &Shape) -> Json {
    match &made.outputs {
        Value::Record(fields) => fields.get(name).map_or(Json::Null, |value| shape.encode(value)),
        _ => Json::Null,
    }
}

fn lie(message: String) -> Unsaid {
    Unsaid::of(crate::reason::Reason::ProtocolViolated, message)
}

/// Holds an input that was found against the one that is wanted.
fn hold(place: &str, shape: &Shape, wanted: &Value, found: &Json, vault: &Vault, fields: &mut Vec<DriftField>) {
    if has_secret(shape) {
        let content = |_: &[SmolStr], reference: &SecretRef, _: Option<&Shape>| {
            vault.get(&reference.name).map(|content| Json::from(content.expose()))
        };
        // Contents are compared, and never shown.
        let same = shape.to_adapter(wanted, &mut { content }).is_ok_and(|wanted| plainly(&wanted) == plainly(found));
        if !same {
            let hidden = || Json::from(SECRET);
            fields.push(DriftField { field: place.into(), expected: hidden(), found: hidden() });
        }
        return;
    }
    let wanted = shape.encode(wanted);
    match taken(shape, found, place, vault) {
        Ok(found) => differences(place, &wanted, &shape.encode(&found), false, vault, fields),
        Err(()) => {
            let (expected, found) = (shown(&wanted, vault), shown(found, vault));
            fields.push(DriftField { field: place.into(), expected, found });
        }
    }
}

/// Numbers and texts alike, as contents of secrets may be either.
fn plainly(json: &Json) -> Json {
    match json {
        Json::Array(elements) => elements.iter().map(plainly).collect(),
        Json::Object(members) => members.iter().map(|(name, each)| (name.clone(), plainly(each))).collect(),
        Json::String(_) | Json::Null => json.clone(),
        other => Json::String(other.to_string()),
    }
}

/// What an adapter told, as a value; contents of secrets go to the vault, which keeps them out of what is shown.
fn taken(shape: &Shape, found: &Json, path: &str, vault: &Vault) -> Result<Value, ()> {
    let mut secret = |_: &[SmolStr], content: &Json| {
        let text = content.as_str().map_or_else(|| content.to_string(), str::to_owned);
        let name = format_smolstr!("{path}");
        if !text.trim().is_empty() {
            vault.insert(name.clone(), SecretText::new(text));
        }
        SecretRef { name }
    };
    shape.from_adapter(found, &mut secret).map_err(|_| ())
}

/// Every place where two are different: of records and maps, each member that is.
fn differences(place: &str, wanted: &Json, found: &Json, secret: bool, vault: &Vault, fields: &mut Vec<DriftField>) {
    match (wanted, found) {
        _ if wanted == found => {}
        (Json::Object(a), Json::Object(b)) if !tagged(a) && !tagged(b) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let (a, b) = (a.get(name).unwrap_or(&Json::Null), b.get(name).unwrap_or(&Json::Null));
                differences(&format!("{place}.{name}"), a, b, secret, vault, fields);
            }
        }
        _ => {
            let show = |json: &Json| if secret { SECRET.into() } else { shown(json, vault) };
            fields.push(DriftField { field: place.into(), expected: show(wanted), found: show(found) });
        }
    }
}

/// Whether an object is a tag of a plan, such as a reference to a secret.
fn tagged(members: &Map<String, Json>) -> bool {
    members.keys().any(|name| name.starts_with('$') && !name.starts_with("$$"))
}

/// JSON that can be shown: no secrets that are known, no long texts.
pub(super) fn shown(json: &Json, vault: &Vault) -> Json {
    match json {
        Json::String(text) if text.len() > LONGEST || text.contains(['\n', '\r']) => {
            let digest = digest_text(Sha256::new_with_prefix(text));
            json!({ "digest": digest, "bytes": text.len() })
        }
        Json::String(text) => vault.redact(text).into_owned().into(),
        Json::Array(elements) => elements.iter().map(|each| shown(each, vault)).collect(),
        Json::Object(members) => {
            members.iter().map(|(name, each)| (vault.redact(name).into_owned(), shown(each, vault))).collect()
        }
        other => other.clone(),
    }
}

fn field<'s>(shape: &'s Shape, name: &str) -> Option<&'s Shape> {
    match shape {
        Shape::Record(fields) => fields.get(name),
        _ => None,
    }
}

/// Whether a shape has secrets in it.
pub(super) fn has_secret(shape: &Shape) -> bool {
    match shape {
        Shape::Secret(_) => true,
        Shape::List(inner) | Shape::Set(inner) | Shape::Optional(inner) | Shape::Refined(inner, _) => has_secret(inner),
        Shape::Map(key, inner) => has_secret(key) || has_secret(inner),
        Shape::Record(fields) => fields.values().any(has_secret),
        _ => false,
    }
}
