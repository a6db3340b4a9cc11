//! The plan file: writing it, and reading it with every claim it makes about itself checked.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json, json};
use smol_str::SmolStr;
use thiserror::Error;

use crate::build::{Content, contract_json};
use crate::canonical::{bytes, digest};
use crate::json::{decode, decode_shape, encode, escape};
use crate::plan::{
    Adapter, Contract, Dependency, Effect, Environment, FORMAT, Node, NodeKind, OnFailure, PackageRef, PlanGraph,
    Retry, Risk, Transport, Undo, Why,
};
use crate::value::{NodeId, NodeRef, Residual, Shape, Value};

/// Why bytes are not a plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// Another format, or another version of this one.
    #[error("the format is `{0}`, this version reads `{FORMAT}`")]
    Format(String),
    /// Not the structure of a plan.
    #[error("`{0}` is missing or malformed")]
    Malformed(String),
    /// The plan does not have the hash it claims.
    #[error("the plan's hash is {actual}, it claims {claimed}: the file was changed or damaged")]
    Hash {
        /// What the file says.
        claimed: String,
        /// What its content gives.
        actual: String,
    },
    /// A node or contract does not have the id it claims.
    #[error("`{0}` does not have the id it claims: the file was changed or damaged")]
    Id(String),
}

impl PlanGraph {
    /// The plan's hash: SHA-256 over its canonical JSON without the member `hash`.
    pub fn hash(&self) -> SmolStr {
        digest(&self.body())
    }

    /// The plan file: canonical JSON with the member `hash`.
    pub fn to_json(&self) -> Vec<u8> {
        let mut body = self.body();
        let hash = digest(&body);
        if let Json::Object(object) = &mut body {
            object.insert("hash".into(), Json::String(hash.to_string()));
        }
        bytes(&body)
    }

    fn body(&self) -> Json {
        let values = |map: &BTreeMap<SmolStr, Value>| -> Map<String, Json> {
            map.iter().map(|(name, value)| (escape(name), plain(value))).collect()
        };
        let environments: Map<String, Json> = self
            .environments
            .iter()
            .map(|(name, environment)| {
                let groups: Map<String, Json> = environment
                    .groups
                    .iter()
                    .map(|(name, members)| {
                        (name.to_string(), json!(members.iter().map(SmolStr::as_str).collect::<Vec<_>>()))
                    })
                    .collect();
                (name.to_string(), json!({ "facts": plain(&environment.facts), "groups": groups }))
            })
            .collect();
        let contracts: Map<String, Json> =
            self.contracts.iter().map(|(digest, contract)| (digest.to_string(), contract_json(contract))).collect();
        let adapters: Map<String, Json> =
            self.adapters.iter().map(|(name, adapter)| (name.to_string(), adapter_json(adapter))).collect();
        let data: Map<String, Json> =
            self.data.iter().map(|(path, digest)| (path.to_string(), json!(digest.as_str()))).collect();
        json!({
            "format": FORMAT,
            "plan": self.plan.as_str(),
            "package": { "name": self.package.name.as_str(), "version": self.package.version.as_str() },
            "arguments": values(&self.arguments),
            "environments": environments,
            "effect": self.effect.name(),
            "risk": self.risk.name(),
            "contracts": contracts,
            "adapters": adapters,
            "data": data,
            "stages": self.stages.iter().map(SmolStr::as_str).collect::<Vec<_>>(),
            "on_failure": self.on_failure.name(),
            "nodes": self.nodes.iter().map(|node| self.node_json(node)).collect::<Vec<_>>(),
            "returns": self.returns.as_ref().map(plain),
        })
    }

    fn node_json(&self, node: &Node) -> Json {
        let shape = self.contracts.get(&node.contract).map(|contract| &contract.input);
        let mut object = json!({
            "id": node.id.0.as_str(),
            "address": node.address.as_str(),
            "kind": match node.kind { NodeKind::Step => "step", NodeKind::Gate { .. } => "gate" },
            "contract": node.contract.as_str(),
            "capability": node.capability.as_str(),
            "environment": node.environment.as_deref(),
            "adapter": node.adapter.as_deref(),
            "inputs": encode(&node.inputs, shape, &|_| None),
            "depends_on": node.depends_on.iter().map(|dependency| json!({
                "on": dependency.on.0.as_str(),
                "why": dependency.why.name(),
            })).collect::<Vec<_>>(),
            "stage": node.stage.as_deref(),
            "effect": node.effect.name(),
            "risk": node.risk.name(),
        });
        // Settings that most nodes do not have are left out rather than written as null.
        if let Json::Object(object) = &mut object {
            let mut put = |name: &str, value: Option<Json>| {
                if let Some(value) = value {
                    object.insert(name.into(), value);
                }
            };
            put("key", node.key.as_ref().map(plain));
            put("timeout", node.timeout.map(|timeout| json!(timeout)));
            put("on_failure", node.on_failure.map(|value| json!(value.name())));
            put("retry", node.retry.map(|retry| json!({ "times": retry.times, "min": retry.min, "max": retry.max })));
            put(
                "expect",
                match &node.kind {
                    NodeKind::Step => None,
                    NodeKind::Gate { expect } => Some(plain(expect)),
                },
            );
            put(
                "undo",
                node.undo.as_ref().map(|undo| {
                    let shape = self.contracts.get(&undo.contract).map(|contract| &contract.input);
                    json!({
                        "capability": undo.capability.as_str(),
                        "contract": undo.contract.as_str(),
                        "adapter": undo.adapter.as_deref(),
                        "inputs": encode(&undo.inputs, shape, &|_| None),
                    })
                }),
            );
        }
        object
    }

    /// Reads a plan file and checks what it claims: its format, its hash, and the id of every contract and node.
    ///
    /// # Errors
    /// The bytes are not a plan, or not the plan they claim to be.
    pub fn from_json(bytes: &[u8]) -> Result<Self, PlanError> {
        let mut json: Json = serde_json::from_slice(bytes).map_err(|error| PlanError::Json(error.to_string()))?;
        let object = json.as_object_mut().ok_or_else(|| PlanError::Malformed("the whole".into()))?;
        let claimed = match object.remove("hash") {
            Some(Json::String(hash)) => hash,
            _ => return Err(PlanError::Malformed("hash".into())),
        };
        match object.get("format").and_then(Json::as_str) {
            Some(FORMAT) => {}
            other => return Err(PlanError::Format(other.unwrap_or("missing").into())),
        }
        let actual = digest(&json);
        if actual != claimed {
            return Err(PlanError::Hash { claimed, actual: actual.to_string() });
        }
        let graph = read(&json)?;
        // The hash holds whatever bytes mean; reading them back must give the same, or something was not understood.
        if graph.hash() != claimed {
            return Err(PlanError::Malformed("a member that this version does not know".into()));
        }
        graph.verify()?;
        Ok(graph)
    }

    fn verify(&self) -> Result<(), PlanError> {
        for (claimed, contract) in &self.contracts {
            if digest(&contract_json(contract)) != *claimed {
                return Err(PlanError::Id(claimed.to_string()));
            }
        }
        let mut earlier: FxHashMap<&NodeId, ()> = FxHashMap::default();
        for node in &self.nodes {
            let wrong = || PlanError::Id(node.address.to_string());
            let shape = |digest: &SmolStr| self.contracts.get(digest).map(|contract| &contract.input);
            let input = shape(&node.contract).ok_or_else(wrong)?;
            let adapter = |name: &Option<SmolStr>| match name {
                None => Ok(None),
                Some(name) => self.adapters.get(name).map(|adapter| Some(adapter.digest.as_str())).ok_or_else(wrong),
            };
            let own = |value: &Value| without_self(value, &node.id);
            let undo = match &node.undo {
                None => None,
                Some(undo) => Some(json!({
                    "contract": undo.contract.as_str(),
                    "adapter": adapter(&undo.adapter)?,
                    "inputs": encode(&own(&undo.inputs), Some(shape(&undo.contract).ok_or_else(wrong)?), &|_| None),
                })),
            };
            let content = Content {
                contract: &node.contract,
                adapter: adapter(&node.adapter)?,
                environment: node.environment.as_deref(),
                inputs: encode(&node.inputs, Some(input), &|_| None),
                key: node.key.as_ref().map(plain),
                gate: match &node.kind {
                    NodeKind::Step => None,
                    NodeKind::Gate { expect } => Some(plain(&own(expect))),
                },
                retry: node.retry,
                timeout: node.timeout,
                on_failure: node.on_failure,
                undo,
                depends_on: &node.depends_on,
            };
            // Every node stands after what it waits for, so that a file cannot hold a circle.
            let ordered = node.depends_on.iter().all(|dependency| earlier.contains_key(&dependency.on));
            if content.id() != node.id || !ordered || earlier.insert(&node.id, ()).is_some() {
                return Err(wrong());
            }
        }
        Ok(())
    }
}

/// A value with references to one node by position 0, which has no id: as it was when that id was computed.
fn without_self(value: &Value, id: &NodeId) -> Value {
    match value {
        Value::Residual(residual) => match residual.as_ref() {
            Residual::Output { node: NodeRef::Id(node), path } if node == id => {
                Value::Residual(Residual::Output { node: NodeRef::Index(0), path: path.clone() }.into())
            }
            Residual::Apply { op, args } => Value::apply(*op, args.iter().map(|arg| without_self(arg, id)).collect()),
            _ => value.clone(),
        },
        Value::List(elements) => Value::list(elements.iter().map(|each| without_self(each, id))),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (without_self(key, id), without_self(value, id)))
                .collect::<BTreeMap<_, _>>()
                .into(),
        ),
        Value::Record(fields) => {
            Value::record(fields.iter().map(|(name, value)| (name.clone(), without_self(value, id))))
        }
        other => other.clone(),
    }
}

fn plain(value: &Value) -> Json {
    encode(value, None, &|_| None)
}

fn adapter_json(adapter: &Adapter) -> Json {
    let transport = match &adapter.transport {
        Transport::Process(argv) => json!({ "process": argv.iter().map(SmolStr::as_str).collect::<Vec<_>>() }),
        Transport::Http(url) => json!({ "http": url.as_str() }),
        Transport::Builtin(name) => json!({ "builtin": name.as_str() }),
    };
    json!({ "version": adapter.version.as_str(), "transport": transport, "digest": adapter.digest.as_str() })
}

// Reading ----------------------------------------------------------------------------------------------------------

type Read<T> = Result<T, PlanError>;

fn malformed(name: &str) -> PlanError {
    PlanError::Malformed(name.into())
}

fn text(json: &Json, name: &str) -> Read<SmolStr> {
    json.get(name).and_then(Json::as_str).map(SmolStr::from).ok_or_else(|| malformed(name))
}

fn optional_text(json: &Json, name: &str) -> Read<Option<SmolStr>> {
    match json.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.as_str().into())),
        Some(_) => Err(malformed(name)),
    }
}

fn object<'a>(json: &'a Json, name: &str) -> Read<&'a Map<String, Json>> {
    json.get(name).and_then(Json::as_object).ok_or_else(|| malformed(name))
}

fn array<'a>(json: &'a Json, name: &str) -> Read<&'a Vec<Json>> {
    json.get(name).and_then(Json::as_array).ok_or_else(|| malformed(name))
}

fn named<T>(json: &Json, name: &str, parse: fn(&str) -> Option<T>) -> Read<T> {
    json.get(name).and_then(Json::as_str).and_then(parse).ok_or_else(|| malformed(name))
}

fn value(json: &Json, shape: Option<&Shape>, name: &str) -> Read<Value> {
    decode(json, shape).map_err(|_| malformed(name))
}

fn read(json: &Json) -> Read<PlanGraph> {
    let package = json.get("package").ok_or_else(|| malformed("package"))?;
    let contracts: BTreeMap<SmolStr, Contract> = object(json, "contracts")?
        .iter()
        .map(|(digest, contract)| Ok((digest.as_str().into(), read_contract(contract)?)))
        .collect::<Read<_>>()?;
    let arguments = match value(&json["arguments"], None, "arguments")? {
        Value::Record(fields) => fields.as_ref().clone(),
        _ => return Err(malformed("arguments")),
    };
    let environments = object(json, "environments")?
        .iter()
        .map(|(name, environment)| {
            let facts = value(environment.get("facts").unwrap_or(&Json::Null), None, "facts")?;
            let groups = object(environment, "groups")?
                .iter()
                .map(|(name, members)| Ok((name.as_str().into(), texts(members, "groups")?)))
                .collect::<Read<_>>()?;
            Ok((name.as_str().into(), Environment { facts, groups }))
        })
        .collect::<Read<_>>()?;
    let adapters = object(json, "adapters")?
        .iter()
        .map(|(name, adapter)| Ok((name.as_str().into(), read_adapter(adapter)?)))
        .collect::<Read<_>>()?;
    let data = object(json, "data")?
        .iter()
        .map(|(path, digest)| Ok((path.as_str().into(), digest.as_str().ok_or_else(|| malformed("data"))?.into())))
        .collect::<Read<_>>()?;
    let nodes = array(json, "nodes")?.iter().map(|node| read_node(node, &contracts)).collect::<Read<_>>()?;
    Ok(PlanGraph {
        plan: text(json, "plan")?,
        package: PackageRef { name: text(package, "name")?, version: text(package, "version")? },
        arguments,
        environments,
        effect: named(json, "effect", Effect::named)?,
        risk: named(json, "risk", Risk::named)?,
        contracts,
        adapters,
        data,
        stages: texts(json.get("stages").unwrap_or(&Json::Null), "stages")?,
        on_failure: named(json, "on_failure", OnFailure::named)?,
        nodes,
        returns: match json.get("returns") {
            None | Some(Json::Null) => None,
            Some(returns) => Some(value(returns, None, "returns")?),
        },
    })
}

fn texts(json: &Json, name: &str) -> Read<Vec<SmolStr>> {
    let elements = json.as_array().ok_or_else(|| malformed(name))?.iter();
    elements.map(|each| each.as_str().map(SmolStr::from).ok_or_else(|| malformed(name))).collect()
}

fn read_contract(json: &Json) -> Read<Contract> {
    let shape = |name: &str| json.get(name).and_then(decode_shape).ok_or_else(|| malformed(name));
    Ok(Contract {
        capability: text(json, "capability")?,
        version: text(json, "version")?,
        input: shape("input")?,
        output: shape("output")?,
        effect: named(json, "effect", Effect::named)?,
        risk: named(json, "risk", Risk::named)?,
    })
}

fn read_adapter(json: &Json) -> Read<Adapter> {
    let (kind, target) = object(json, "transport")?.iter().next().ok_or_else(|| malformed("transport"))?;
    let one = || target.as_str().map(SmolStr::from).ok_or_else(|| malformed("transport"));
    let transport = match kind.as_str() {
        "process" => Transport::Process(texts(target, "transport")?),
        "http" => Transport::Http(one()?),
        "builtin" => Transport::Builtin(one()?),
        _ => return Err(malformed("transport")),
    };
    Ok(Adapter { version: text(json, "version")?, transport, digest: text(json, "digest")? })
}

fn read_node(json: &Json, contracts: &BTreeMap<SmolStr, Contract>) -> Read<Node> {
    let shape = |digest: &SmolStr| contracts.get(digest).map(|contract| &contract.input);
    let member = |json: &Json, name: &str| json.get(name).cloned().ok_or_else(|| malformed(name));
    let contract = text(json, "contract")?;
    let kind = match text(json, "kind")?.as_str() {
        "step" => NodeKind::Step,
        "gate" => NodeKind::Gate { expect: value(&member(json, "expect")?, None, "expect")? },
        _ => return Err(malformed("kind")),
    };
    let depends_on = array(json, "depends_on")?
        .iter()
        .map(|each| Ok(Dependency { on: NodeId(text(each, "on")?), why: named(each, "why", Why::named)? }))
        .collect::<Read<_>>()?;
    let number = |json: &Json, name: &str| json.get(name).and_then(Json::as_u64).ok_or_else(|| malformed(name));
    Ok(Node {
        id: NodeId(text(json, "id")?),
        address: text(json, "address")?,
        kind,
        capability: text(json, "capability")?,
        environment: optional_text(json, "environment")?,
        adapter: optional_text(json, "adapter")?,
        inputs: value(&member(json, "inputs")?, shape(&contract), "inputs")?,
        contract,
        key: json.get("key").map(|key| value(key, None, "key")).transpose()?,
        depends_on,
        stage: optional_text(json, "stage")?,
        effect: named(json, "effect", Effect::named)?,
        risk: named(json, "risk", Risk::named)?,
        retry: match json.get("retry") {
            None => None,
            Some(retry) => Some(Retry {
                times: u32::try_from(number(retry, "times")?).map_err(|_| malformed("times"))?,
                min: number(retry, "min")?,
                max: number(retry, "max")?,
            }),
        },
        timeout: json.get("timeout").map(|_| number(json, "timeout")).transpose()?,
        on_failure: json.get("on_failure").map(|_| named(json, "on_failure", OnFailure::named)).transpose()?,
        undo: match json.get("undo") {
            None => None,
            Some(undo) => {
                let contract = text(undo, "contract")?;
                Some(Undo {
                    capability: text(undo, "capability")?,
                    adapter: optional_text(undo, "adapter")?,
                    inputs: value(&member(undo, "inputs")?, shape(&contract), "undo")?,
                    contract,
                })
            }
        },
    })
}
