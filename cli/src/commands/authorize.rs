//! `ordain authorize`

use std::fmt::Write as _;
use std::path::Path;

use ordain_compiler::{Arena, Authorizer, Decision, ExplainedRequest, check_package};
use ordain_data::{Format as Syntax, Key, Node, NodeKind, TextRange};
use ordain_diagnostics::{Diagnostic, Severity, codes};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::{document, package, plan, policy};
use crate::args::{AuthorizeArguments, FindingsFormat, Format};
use crate::output;
use crate::output::findings::{self, Texts};
use crate::{Failure, Outcome};

/// A document that was read.
struct Document {
    path: SmolStr,
    root: Node,
}

impl Document {
    /// The requests it holds.
    fn requests(&self) -> &[Node] {
        match &self.root.kind {
            NodeKind::List(requests) => requests,
            _ => std::slice::from_ref(&self.root),
        }
    }
}

/// From how many requests on it pays to compile the policies.
const MANY: usize = 32;

pub(crate) fn run(arguments: &AuthorizeArguments) -> Result<Outcome, Failure> {
    let workspace = package::load(&arguments.package)?;
    let as_of = plan::day(arguments.as_of.as_deref())?;
    let format = FindingsFormat { format: if arguments.json { Format::Json } else { Format::Text }, json: false };
    let found = check_package(&workspace.db, workspace.root);
    let mut texts = workspace.texts();
    if found.iter().any(|finding| finding.severity == Severity::Error) {
        findings::show(&found, &texts, &format)?;
        return Ok(Outcome::Findings);
    }
    let mut authorizer = Authorizer::new(&workspace.db, workspace.root, Some(as_of));
    let mut faults = Vec::new();
    for file in &arguments.entities {
        match read(file, &mut texts)? {
            Ok(document) => {
                if let Err(fault) = authorizer.take_entities(&document.path, &document.root) {
                    faults.push(*fault);
                }
            }
            Err(fault) => faults.push(*fault),
        }
    }
    let documents = requests(arguments, &mut texts)?;
    let count: usize = documents.iter().flatten().map(|document| document.requests().len()).sum();
    let arena = Arena::default();
    let prepared = (count >= MANY).then(|| authorizer.prepared(&arena));
    let mut answers = Vec::new();
    for document in documents {
        match document {
            Ok(document) => {
                for request in document.requests() {
                    let decision = match &prepared {
                        Some(prepared) => prepared.decide(&document.path, request),
                        None => authorizer.decide(&document.path, request),
                    };
                    let answer = decision.and_then(|decision| {
                        let explained = match arguments.explain {
                            true => authorizer.explain(&document.path, request, None)?,
                            false => Vec::new(),
                        };
                        Ok((shown(request), decision, explained))
                    });
                    match answer {
                        Ok(answer) => answers.push(answer),
                        Err(fault) => faults.push(*fault),
                    }
                }
            }
            Err(fault) => faults.push(*fault),
        }
    }
    if !faults.is_empty() {
        findings::show(&faults, &texts, &format)?;
        return Ok(Outcome::Findings);
    }
    if arguments.json {
        let list: Vec<Json> = answers.iter().map(|answer| as_json(&workspace, answer)).collect();
        output::json(&json!({ "decisions": list }))?;
    } else {
        let actions = authorizer.actions();
        let text: String = answers.iter().map(|answer| as_text(&workspace, actions.as_deref(), answer)).collect();
        output::write(None, text.as_bytes())?;
        let mut undecided: Vec<Diagnostic> = Vec::new();
        for (_, fault) in answers.iter().flat_map(|(_, decision, _)| &decision.faults) {
            // What is wrong with a request is wrong for every policy about it.
            if !undecided.contains(fault) {
                undecided.push(fault.clone());
            }
        }
        if !undecided.is_empty() {
            findings::show(&undecided, &texts, &format)?;
        }
    }
    let permitted = answers.iter().all(|(_, decision, _)| decision.is_permitted());
    Ok(if permitted { Outcome::Fine } else { Outcome::Findings })
}

/// The requests: from files, or from what is given on the command line.
fn requests(
    arguments: &AuthorizeArguments,
    texts: &mut Texts,
) -> Result<Vec<Result<Document, Box<Diagnostic>>>, Failure> {
    let (Some(principal), Some(action), Some(resource)) =
        (&arguments.principal, &arguments.action, &arguments.resource)
    else {
        if arguments.requests.is_empty() {
            return Err(Failure("nothing is asked: name a file, or give --principal, --action and --resource".into()));
        }
        return arguments.requests.iter().map(|file| read(file, texts)).collect();
    };
    let mut parts = vec![("principal", entity(principal)?), ("action", text(action)), ("resource", entity(resource)?)];
    if let Some(file) = &arguments.context {
        match read(file, texts)? {
            Ok(document) => parts.push(("context", document.root)),
            Err(fault) => return Ok(vec![Err(fault)]),
        }
    }
    let path: SmolStr =
        arguments.context.as_ref().map_or_else(|| "request".into(), |file| file.to_string_lossy().into());
    texts.entry(path.to_string()).or_insert_with(|| "".into());
    Ok(vec![Ok(Document { path, root: record(parts) })])
}

/// `User:ana`
fn entity(written: &str) -> Result<Node, Failure> {
    match written.split_once(':') {
        Some((ty, id)) => Ok(record(vec![("type", text(ty)), ("id", text(id))])),
        None => Err(Failure(format!("`{written}` names no entity; write its type and id, as in `User:ana`"))),
    }
}

fn text(text: &str) -> Node {
    Node { range: TextRange::default(), kind: NodeKind::String(text.into()) }
}

fn record(parts: Vec<(&str, Node)>) -> Node {
    let key = |name: &str| Key { name: name.into(), range: TextRange::default() };
    let entries = parts.into_iter().map(|(name, node)| (key(name), node)).collect();
    Node { range: TextRange::default(), kind: NodeKind::Map(entries) }
}

/// Reads a document; `-` is the standard input, in JSON.
fn read(file: &Path, texts: &mut Texts) -> Result<Result<Document, Box<Diagnostic>>, Failure> {
    let path: SmolStr = file.to_string_lossy().into();
    let content = document::read(&path).map_err(|error| Failure(format!("{path}: {error}")))?;
    let content = match content.readable(&path) {
        Ok(text) => text.clone(),
        Err(finding) => {
            texts.insert(path.to_string(), "".into());
            return Ok(Err(Box::new(Diagnostic { code: codes::DATA_MALFORMED, ..*finding })));
        }
    };
    let syntax = Syntax::of_path(&path).unwrap_or(Syntax::Json);
    let parsed = ordain_data::parse(syntax, &content);
    texts.insert(path.to_string(), content);
    Ok(match parsed {
        Ok(root) => Ok(Document { path, root }),
        Err(error) => {
            let range = TextRange::new(error.range.start, error.range.end);
            Err(Box::new(Diagnostic::new(codes::DATA_MALFORMED, path, range, error.message)))
        }
    })
}

/// A request for people: `User ana · read · Document report`.
fn shown(request: &Node) -> String {
    let text = |node: Option<&Node>| match node.map(|node| &node.kind) {
        Some(NodeKind::String(text)) => text.to_string(),
        _ => String::new(),
    };
    let entity = |name: &str| {
        let node = request.get(name);
        let node = node.and_then(|node| node.get("__entity")).or(node);
        match node.map(|node| &node.kind) {
            Some(NodeKind::Map(_)) => format!(
                "{} {}",
                text(node.and_then(|node| node.get("type"))),
                text(node.and_then(|node| node.get("id")))
            ),
            _ => text(node),
        }
    };
    let action = request.get("action");
    let action = match action.map(|action| &action.kind) {
        Some(NodeKind::Map(_)) => text(action.and_then(|action| action.get("id"))),
        _ => text(action),
    };
    format!("{} · {action} · {}", entity("principal"), entity("resource"))
}

type Answer<'db> = (String, Decision, Vec<ExplainedRequest<'db>>);

/// Why that may be: there is no such action.
fn unknown_action(actions: Option<&[SmolStr]>, request: &str) -> String {
    let asked = request.split(" · ").nth(1).unwrap_or_default();
    match actions {
        Some(actions) if !actions.iter().any(|action| action == asked) => {
            format!(": there is no action `{asked}`, there are {}", actions.join(", "))
        }
        _ => String::new(),
    }
}

fn as_text(
    workspace: &ordain_loader::Workspace,
    actions: Option<&[SmolStr]>,
    (request, decision, explained): &Answer<'_>,
) -> String {
    let request = &*output::line(request);
    let mut out = format!("{}: {request}\n", if decision.is_permitted() { "permit" } else { "forbid" });
    // INVARIANT: writing to a string never fails.
    for code in &decision.permitted_by {
        let _ = writeln!(out, "    {code} permits it");
    }
    for (code, said) in &decision.forbidden_by {
        let said = said.as_ref().map(|said| format!(": {}", output::line(said))).unwrap_or_default();
        let _ = writeln!(out, "    {code} forbids it{said}");
    }
    if decision.permitted_by.is_empty() && decision.forbidden_by.is_empty() {
        let _ = match decision.considered {
            0 => writeln!(out, "    no policy is about such a request{}", unknown_action(actions, request)),
            1 => writeln!(out, "    1 policy is about such requests, and does not permit it"),
            number => writeln!(out, "    {number} policies are about such requests, and none permits it"),
        };
    }
    for each in explained {
        let name = each.policy.name(&workspace.db);
        match &each.decided {
            Some(decided) => {
                for way in &decided.ways {
                    let _ = writeln!(out, "    {name}");
                    for line in policy::way(workspace, way) {
                        let _ = writeln!(out, "        {line}");
                    }
                }
            }
            None => {
                let _ = writeln!(out, "    {name}\n        is about other requests");
            }
        }
    }
    out
}

fn as_json(workspace: &ordain_loader::Workspace, (request, decision, explained): &Answer<'_>) -> Json {
    let forbidden: Vec<Json> =
        decision.forbidden_by.iter().map(|(code, said)| json!({ "code": code, "message": said })).collect();
    let faults: Vec<Json> = decision
        .faults
        .iter()
        .map(|(code, fault)| json!({ "code": code, "diagnostic": fault.code.to_string(), "message": fault.message }))
        .collect();
    let mut answer = json!({
        "request": request,
        "decision": if decision.is_permitted() { "permit" } else { "forbid" },
        "permitted_by": decision.permitted_by,
        "forbidden_by": forbidden,
        "undecided": faults,
        "considered": decision.considered,
    });
    if !explained.is_empty() {
        answer["explained"] = explained
            .iter()
            .map(|each| {
                let ways = each.decided.as_ref().map(|decided| {
                    decided.ways.iter().map(|way| policy::way_as_json(workspace, way)).collect::<Vec<_>>()
                });
                json!({
                    "policy": ordain_compiler::qualified_name(&workspace.db, each.policy),
                    "code": ordain_compiler::policy_code(&workspace.db, each.policy),
                    "ways": ways,
                })
            })
            .collect();
    }
    answer
}
