//! Reading plans: every member is known and has its kind, or the file is refused.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Deserialize as _;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::PlanError;
use super::split::{self, Split};
use crate::json::{amount, decode, decode_shape, node_id, unescape};
use crate::plan::{
    Adapter, Contract, Dependency, Effect, Environment, FORMAT, Node, NodeKind, OnFailure, PackageRef, PlanGraph,
    Retry, Risk, Transport, Undo, Why,
};
use crate::refresh::{Because, LeftOut, Refresh};
use crate::value::{Date, NodeId, Shape, Value};
use crate::verdict::{Exemption, Mode, Outcome, Severity, Verdict};

type Read<T> = Result<T, PlanError>;

/// How deep the JSON of a plan may nest. It bounds the stack that hostile files can ask for.
const MAX_DEPTH: usize = 512;

fn malformed(name: &str) -> PlanError {
    PlanError::Malformed(name.into())
}

/// The plan, and the hash it claims.
pub(super) fn plan(bytes: &[u8]) -> Read<(PlanGraph, String)> {
    let (depth, split) = split::nodes(bytes);
    if depth > MAX_DEPTH {
        return Err(PlanError::Json(format!("it nests deeper than {MAX_DEPTH}")));
    }
    // Most of a plan are its nodes. What cannot be read in parts is read as a whole, which tells what is wrong, and where.
    if let Some(Ok(plan)) = split.map(|split| in_parts(bytes, &split)) {
        return Ok(plan);
    }
    whole(&json(bytes)?, |nodes, contracts| nodes.iter().map(|json| node(json, contracts)).collect())
}

/// The plan, whose nodes are read on all threads, so that the JSON of few of them is there at a time.
fn in_parts(bytes: &[u8], split: &Split) -> Read<(PlanGraph, String)> {
    let rest = [&bytes[..split.open], &bytes[split.close..]].concat();
    whole(&json(&rest)?, |_, contracts| {
        split.nodes.par_iter().map(|range| node(&json(&bytes[range.clone()])?, contracts)).collect()
    })
}

fn json(bytes: &[u8]) -> Read<Json> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.disable_recursion_limit();
    let json = Json::deserialize(&mut reader).and_then(|json| reader.end().map(|()| json));
    json.map_err(|error| PlanError::Json(error.to_string()))
}

fn whole(
    json: &Json,
    read_nodes: impl FnOnce(&[Json], &BTreeMap<SmolStr, Contract>) -> Read<Vec<Node>>,
) -> Read<(PlanGraph, String)> {
    if !json.is_object() {
        return Err(PlanError::NoObject);
    }
    let mut plan = Members::of(json, "the whole")?;
    match plan.optional("format").and_then(Json::as_str) {
        Some(FORMAT) => {}
        other => return Err(PlanError::Format(other.map(str::to_owned))),
    }
    let claimed = plan.text("hash")?.to_string();
    let mut package = Members::of(plan.get("package")?, "package")?;
    let package_ref = PackageRef { name: package.text("name")?, version: package.text("version")? };
    package.end()?;
    let contracts = plan.map("contracts", contract)?;
    let graph = PlanGraph {
        plan: plan.text("plan")?,
        package: package_ref,
        arguments: plan
            .map("arguments", |argument| value(argument, None, "arguments"))?
            .into_iter()
            .map(|(name, argument)| (unescape(&name), argument))
            .collect(),
        environments: plan.map("environments", environment)?,
        effect: plan.named("effect", Effect::named)?,
        risk: plan.named("risk", Risk::named)?,
        adapters: plan.map("adapters", adapter)?,
        data: plan.map("data", |digest| Ok(digest.as_str().and_then(node_id).ok_or_else(|| malformed("data"))?.0))?,
        stages: texts(plan.get("stages")?, "stages")?,
        on_failure: plan.named("on_failure", OnFailure::named)?,
        nodes: read_nodes(plan.array("nodes")?, &contracts)?,
        returns: match plan.get("returns")? {
            Json::Null => None,
            returns => Some(value(returns, None, "returns")?),
        },
        as_of: plan.optional("as_of").map(|day| date(day, "as_of")).transpose()?,
        verdicts: plan.array("verdicts")?.iter().map(verdict).collect::<Read<_>>()?,
        refresh: plan.optional("refresh").map(refresh).transpose()?,
        contracts,
    };
    let mode = plan.named("mode", Mode::named)?;
    plan.end()?;
    // It follows from the rest, and is written for readers that do not work it out.
    if mode != graph.mode() {
        let problem = "this does not follow from the verdicts and the risk".into();
        return Err(PlanError::Inconsistent { at: "mode".into(), problem });
    }
    Ok((graph, claimed))
}

/// The members of an object, and which of them were asked for.
struct Members<'j> {
    members: &'j Map<String, Json>,
    known: Vec<&'static str>,
}

impl<'j> Members<'j> {
    fn of(json: &'j Json, name: &str) -> Read<Self> {
        let members = json.as_object().ok_or_else(|| malformed(name))?;
        Ok(Self { members, known: Vec::with_capacity(members.len()) })
    }

    fn optional(&mut self, name: &'static str) -> Option<&'j Json> {
        let member = self.members.get(name)?;
        self.known.push(name);
        Some(member)
    }

    fn get(&mut self, name: &'static str) -> Read<&'j Json> {
        self.optional(name).ok_or_else(|| malformed(name))
    }

    fn text(&mut self, name: &'static str) -> Read<SmolStr> {
        self.get(name)?.as_str().map(SmolStr::from).ok_or_else(|| malformed(name))
    }

    fn text_or_null(&mut self, name: &'static str) -> Read<Option<SmolStr>> {
        match self.get(name)? {
            Json::Null => Ok(None),
            Json::String(text) => Ok(Some(text.as_str().into())),
            _ => Err(malformed(name)),
        }
    }

    fn amount(&mut self, name: &'static str) -> Read<u64> {
        amount(self.get(name)?).ok_or_else(|| malformed(name))
    }

    fn array(&mut self, name: &'static str) -> Read<&'j [Json]> {
        self.get(name)?.as_array().map(Vec::as_slice).ok_or_else(|| malformed(name))
    }

    fn map<T>(&mut self, name: &'static str, read: impl Fn(&'j Json) -> Read<T>) -> Read<BTreeMap<SmolStr, T>> {
        let members = self.get(name)?.as_object().ok_or_else(|| malformed(name))?;
        members.iter().map(|(name, member)| Ok((name.as_str().into(), read(member)?))).collect()
    }

    fn named<T>(&mut self, name: &'static str, parse: fn(&str) -> Option<T>) -> Read<T> {
        self.get(name)?.as_str().and_then(parse).ok_or_else(|| malformed(name))
    }

    /// Every member was asked for.
    fn end(self) -> Read<()> {
        if self.known.len() == self.members.len() {
            return Ok(());
        }
        let unknown = self.members.keys().find(|name| !self.known.contains(&name.as_str()));
        unknown.map_or(Ok(()), |name| Err(PlanError::Unknown(name.clone())))
    }
}

fn value(json: &Json, shape: Option<&Shape>, name: &str) -> Read<Value> {
    decode(json, shape).map_err(|_| malformed(name))
}

fn texts(json: &Json, name: &str) -> Read<Vec<SmolStr>> {
    let elements = json.as_array().ok_or_else(|| malformed(name))?.iter();
    elements.map(|each| each.as_str().map(SmolStr::from).ok_or_else(|| malformed(name))).collect()
}

fn environment(json: &Json) -> Read<Environment> {
    let mut members = Members::of(json, "environments")?;
    let facts = value(members.get("facts")?, None, "facts")?;
    let groups = members.map("groups", |group| texts(group, "groups"))?;
    members.end()?;
    Ok(Environment { facts, groups })
}

fn contract(json: &Json) -> Read<Contract> {
    let mut members = Members::of(json, "contracts")?;
    let contract = Contract {
        capability: members.text("capability")?,
        version: members.text("version")?,
        input: decode_shape(members.get("input")?).ok_or_else(|| malformed("input"))?,
        output: decode_shape(members.get("output")?).ok_or_else(|| malformed("output"))?,
        effect: members.named("effect", Effect::named)?,
        risk: members.named("risk", Risk::named)?,
    };
    members.end()?;
    Ok(contract)
}

fn adapter(json: &Json) -> Read<Adapter> {
    let mut members = Members::of(json, "adapters")?;
    let transport = members.get("transport")?.as_object().filter(|transport| transport.len() == 1);
    let (kind, target) =
        transport.and_then(|transport| transport.iter().next()).ok_or_else(|| malformed("transport"))?;
    let one = || target.as_str().map(SmolStr::from).ok_or_else(|| malformed("transport"));
    let transport = match kind.as_str() {
        "process" => Transport::Process(texts(target, "transport")?),
        "http" => Transport::Http(one()?),
        "builtin" => Transport::Builtin(one()?),
        _ => return Err(malformed("transport")),
    };
    let adapter = Adapter {
        version: members.text("version")?,
        transport,
        digest: id(&mut members, "digest")?.0,
        files: match members.optional("files") {
            None => BTreeMap::new(),
            Some(Json::Object(files)) if !files.is_empty() => {
                let digest = |digest: &Json| digest.as_str().and_then(node_id).ok_or_else(|| malformed("files"));
                let files = files.iter().map(|(path, file)| Ok((path.as_str().into(), digest(file)?.0)));
                files.collect::<Read<_>>()?
            }
            Some(_) => return Err(malformed("files")),
        },
    };
    members.end()?;
    Ok(adapter)
}

fn id(members: &mut Members<'_>, name: &'static str) -> Read<NodeId> {
    node_id(&members.text(name)?).ok_or_else(|| malformed(name))
}

fn node(json: &Json, contracts: &BTreeMap<SmolStr, Contract>) -> Read<Node> {
    let shape = |digest: &SmolStr| contracts.get(digest).map(|contract| &contract.input);
    let mut members = Members::of(json, "nodes")?;
    let contract = members.text("contract")?;
    let kind = match members.text("kind")?.as_str() {
        "step" => NodeKind::Step,
        "gate" => NodeKind::Gate { expect: value(members.get("expect")?, None, "expect")? },
        _ => return Err(malformed("kind")),
    };
    let dependency = |json: &Json| {
        let mut members = Members::of(json, "depends_on")?;
        let dependency = Dependency { on: id(&mut members, "on")?, why: members.named("why", Why::named)? };
        members.end()?;
        Ok(dependency)
    };
    let node = Node {
        id: id(&mut members, "id")?,
        address: members.text("address")?,
        kind,
        capability: members.text("capability")?,
        environment: members.text_or_null("environment")?,
        adapter: members.text_or_null("adapter")?,
        inputs: value(members.get("inputs")?, shape(&contract), "inputs")?,
        contract,
        key: members.optional("key").map(|key| value(key, None, "key")).transpose()?,
        depends_on: members.array("depends_on")?.iter().map(dependency).collect::<Read<_>>()?,
        stage: members.text_or_null("stage")?,
        effect: members.named("effect", Effect::named)?,
        risk: members.named("risk", Risk::named)?,
        retry: members.optional("retry").map(retry).transpose()?,
        timeout: match members.optional("timeout") {
            Some(timeout) => Some(amount(timeout).ok_or_else(|| malformed("timeout"))?),
            None => None,
        },
        on_failure: match members.optional("on_failure") {
            Some(name) => Some(name.as_str().and_then(OnFailure::named).ok_or_else(|| malformed("on_failure"))?),
            None => None,
        },
        undo: match members.optional("undo") {
            Some(json) => {
                let mut members = Members::of(json, "undo")?;
                let contract = members.text("contract")?;
                let undo = Undo {
                    capability: members.text("capability")?,
                    adapter: members.text_or_null("adapter")?,
                    inputs: value(members.get("inputs")?, shape(&contract), "undo")?,
                    contract,
                };
                members.end()?;
                Some(undo)
            }
            None => None,
        },
    };
    members.end()?;
    Ok(node)
}

fn retry(json: &Json) -> Read<Retry> {
    let mut members = Members::of(json, "retry")?;
    let retry = Retry {
        times: members.amount("times")?.try_into().map_err(|_| malformed("times"))?,
        min: members.amount("min")?,
        max: members.amount("max")?,
    };
    members.end()?;
    Ok(retry)
}

fn refresh(json: &Json) -> Read<Refresh> {
    let mut members = Members::of(json, "refresh")?;
    let left_out = |json: &Json| {
        let mut members = Members::of(json, "left_out")?;
        let left_out = LeftOut {
            address: members.text("address")?,
            node: id(&mut members, "node")?,
            because: members.named("because", Because::named)?,
            observed: match members.optional("observed") {
                Some(digest) => Some(digest.as_str().and_then(node_id).ok_or_else(|| malformed("observed"))?.0),
                None => None,
            },
        };
        members.end()?;
        Ok(left_out)
    };
    let refresh = Refresh {
        of: id(&mut members, "of")?.0,
        left_out: members.array("left_out")?.iter().map(left_out).collect::<Read<_>>()?,
    };
    members.end()?;
    Ok(refresh)
}

fn date(json: &Json, name: &'static str) -> Read<Date> {
    match json.as_str().and_then(Value::parse_date) {
        Some(Value::Date(date)) => Ok(date),
        _ => Err(malformed(name)),
    }
}

fn verdict(json: &Json) -> Read<Verdict> {
    let mut members = Members::of(json, "verdicts")?;
    let exempt = |json: &Json| {
        let mut members = Members::of(json, "exempt")?;
        let until = match members.get("until")? {
            Json::Null => None,
            day => Some(date(day, "until")?),
        };
        let exemption = Exemption { until, see: members.text_or_null("see")? };
        members.end()?;
        Ok(exemption)
    };
    let verdict = Verdict {
        code: members.text("code")?,
        node: members.text_or_null("node")?.map(|id| node_id(&id).ok_or_else(|| malformed("node"))).transpose()?,
        policy: members.text("policy")?,
        severity: members.named("severity", Severity::named)?,
        outcome: outcome(members.get("outcome")?)?,
        when: members.optional("when").map(|when| value(when, None, "when")).transpose()?,
        because: members.optional("because").map(|because| value(because, None, "because")).transpose()?,
        exempt: members.optional("exempt").map(exempt).transpose()?,
    };
    members.end()?;
    Ok(verdict)
}

fn outcome(json: &Json) -> Read<Outcome> {
    let malformed = || malformed("outcome");
    let object = json.as_object().filter(|object| object.len() == 1).ok_or_else(malformed)?;
    let (kind, content) = object.iter().next().ok_or_else(malformed)?;
    let message = || match content {
        Json::Null => Ok(None),
        message => value(message, None, "outcome").map(Some),
    };
    Ok(match kind.as_str() {
        "deny" => Outcome::Deny { message: message()? },
        "warn" => Outcome::Warn { message: message()? },
        "escalate" => Outcome::Escalate { group: content.as_str().ok_or_else(malformed)?.into() },
        "approval" => {
            let mut members = Members::of(content, "approval")?;
            let count = members.amount("count")?.try_into().map_err(|_| malformed())?;
            let approval = Outcome::Approval { group: members.text("group")?, count };
            members.end()?;
            approval
        }
        "gate" => {
            let mut members = Members::of(content, "gate")?;
            let present = members.get("present")?.as_bool().ok_or_else(malformed)?;
            let gate = Outcome::Gate { name: members.text("name")?, present };
            members.end()?;
            gate
        }
        _ => return Err(malformed()),
    })
}
