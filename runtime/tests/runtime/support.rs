//! Plans in a few lines, and a place to execute them.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ordain_graph::{
    Adapter as Bound, Contract, DraftNode, DraftPlan, DraftUndo, Effect, Environment, NodeKind, NodeRef, OnFailure,
    PackageRef, PlanGraph, Residual, Risk, SecretRef, Shape, Transport, Value, Why, finish,
};
use ordain_runtime::{
    Adapter, AdapterLimits, Adapters, Cancellation, Description, Event, ExecuteError, ExecuteOptions, ExecutionReport,
    MemorySecrets, Outcome, Reason, SecretText, StepContext, StepError, execute,
};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;
use tempfile::TempDir;

pub fn shape(fields: &[(&str, Shape)]) -> Shape {
    Shape::Record(Arc::new(fields.iter().map(|(name, shape)| ((*name).into(), shape.clone())).collect()))
}

fn optional(shape: Shape) -> Shape {
    Shape::Optional(Arc::new(shape))
}

fn map_of(shape: Shape) -> Shape {
    Shape::Map(Arc::new(Shape::String), Arc::new(shape))
}

pub fn text(text: &str) -> Value {
    Value::string(text)
}

pub fn list(texts: &[&str]) -> Value {
    Value::list(texts.iter().map(|each| text(each)))
}

pub fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(Arc::new(entries.iter().map(|(name, value)| (text(name), value.clone())).collect()))
}

pub fn secret(name: &str) -> Value {
    Value::Secret(SecretRef { name: name.into() })
}

/// An output of the node at a position of the draft.
pub fn output(node: u32, field: &str) -> Value {
    Value::Residual(Arc::new(Residual::Output { node: NodeRef::Index(node), path: vec![field.into()] }))
}

/// The contract of a capability of the standard library (or of [`Notes`]), and the defaults of its inputs.
pub fn contract(capability: &str) -> (Contract, Vec<(&'static str, Value)>) {
    let program = [
        ("argv", Shape::List(Arc::new(Shape::String))),
        ("directory", Shape::String),
        ("env", map_of(Shape::String)),
        ("secrets", map_of(Shape::Secret(Arc::new(Shape::String)))),
    ];
    let program_defaults = [("directory", text(".")), ("env", map(&[])), ("secrets", map(&[]))];
    let printed = [("status", Shape::Int), ("stdout", Shape::String), ("stderr", Shape::String)];
    let request = [
        ("url", Shape::Url),
        ("headers", map_of(Shape::String)),
        ("secrets", map_of(Shape::Secret(Arc::new(Shape::String)))),
        ("within", Shape::Duration),
    ];
    let content = [("content", Shape::String), ("content_type", Shape::String)];
    let request_defaults = [("headers", map(&[])), ("secrets", map(&[])), ("within", Value::Duration(5_000))];
    let path = [("path", Shape::String)];
    let removed = [("removed", Shape::Bool)];
    let written = [("path", Shape::String), ("digest", Shape::Digest), ("bytes", Shape::Bytes)];
    let (input, output, effect, defaults): (Vec<_>, Vec<_>, Effect, Vec<_>) = match capability {
        "command.run" => (
            [&program[..], &[("stdin", optional(Shape::String)), ("expect_status", Shape::Int)]].concat(),
            printed.to_vec(),
            Effect::Write,
            [&program_defaults[..], &[("stdin", Value::None), ("expect_status", Value::Int(0))]].concat(),
        ),
        "command.probe" => (
            [&program[..], &[("stdin", optional(Shape::String))]].concat(),
            printed.to_vec(),
            Effect::Read,
            [&program_defaults[..], &[("stdin", Value::None)]].concat(),
        ),
        "command.start" => (
            [
                &program[..],
                &[
                    ("log", optional(Shape::String)),
                    ("ready_port", optional(Shape::Int)),
                    ("ready_file", optional(Shape::String)),
                    ("ready_within", Shape::Duration),
                ],
            ]
            .concat(),
            vec![("pid", Shape::Int), ("started", Shape::Int)],
            Effect::Write,
            [
                &program_defaults[..],
                &[
                    ("log", Value::None),
                    ("ready_port", Value::None),
                    ("ready_file", Value::None),
                    ("ready_within", Value::Duration(10_000)),
                ],
            ]
            .concat(),
        ),
        "command.stop" => (
            vec![("pid", Shape::Int), ("started", Shape::Int), ("within", Shape::Duration)],
            vec![("stopped", Shape::Bool)],
            Effect::Destroy,
            vec![("within", Value::Duration(5_000))],
        ),
        "file.write" => (
            vec![("path", Shape::String), ("content", Shape::String), ("mode", optional(Shape::String))],
            written.to_vec(),
            Effect::Write,
            vec![("mode", Value::None)],
        ),
        "file.copy" => (vec![("from", Shape::String), ("to", Shape::String)], written.to_vec(), Effect::Write, vec![]),
        "file.read" => {
            (path.to_vec(), vec![("content", Shape::String), ("digest", Shape::Digest)], Effect::Read, vec![])
        }
        "file.remove" => (path.to_vec(), removed.to_vec(), Effect::Destroy, vec![]),
        "directory.ensure" => {
            (path.to_vec(), vec![("path", Shape::String), ("created", Shape::Bool)], Effect::Write, vec![])
        }
        "directory.remove" => (
            vec![("path", Shape::String), ("recursive", Shape::Bool)],
            removed.to_vec(),
            Effect::Destroy,
            vec![("recursive", Value::Bool(false))],
        ),
        "http.probe" => (
            request.to_vec(),
            vec![("status", Shape::Int), ("body", Shape::String)],
            Effect::Read,
            request_defaults.to_vec(),
        ),
        "http.put" => (
            [&request[..], &content].concat(),
            vec![("digest", Shape::Digest), ("bytes", Shape::Bytes)],
            Effect::Write,
            [&request_defaults[..], &[("content_type", text("text/plain"))]].concat(),
        ),
        "http.delete" => (request.to_vec(), removed.to_vec(), Effect::Destroy, request_defaults.to_vec()),
        "http.post" => (
            [&request[..], &content].concat(),
            vec![("status", Shape::Int), ("location", optional(Shape::String)), ("body", Shape::String)],
            Effect::Write,
            [&request_defaults[..], &[("content_type", text("application/json"))]].concat(),
        ),
        "test.note" => (
            vec![("name", Shape::String), ("sum", Shape::Int), ("does", Shape::String)],
            vec![("sum", Shape::Int), ("secret", optional(Shape::Secret(Arc::new(Shape::String))))],
            Effect::Write,
            vec![("sum", Value::Int(1)), ("does", text("succeed"))],
        ),
        "test.tell" => {
            let secret = || Shape::Secret(Arc::new(Shape::String));
            let pin = Shape::Secret(Arc::new(Shape::Int));
            (
                vec![("secret", secret()), ("pin", pin.clone())],
                vec![("echo", Shape::String), ("made", secret()), ("pin", pin)],
                Effect::Write,
                vec![],
            )
        }
        other => panic!("no contract for `{other}`"),
    };
    let contract = Contract {
        capability: capability.into(),
        version: "1.0.0".into(),
        input: shape(&input),
        output: shape(&output),
        effect,
        risk: Risk::Low,
    };
    (contract, defaults)
}

/// A plan being written.
pub struct Plan(pub DraftPlan);

impl Plan {
    pub fn new() -> Self {
        let adapter = |name: &str| {
            let transport = Transport::Builtin(name.into());
            (
                SmolStr::from(name),
                Bound {
                    version: "1.0.0".into(),
                    transport,
                    digest: format!("sha256:{}", "0".repeat(64)).into(),
                    files: [].into(),
                },
            )
        };
        Self(DraftPlan {
            plan: "test.plan".into(),
            package: PackageRef { name: "test".into(), version: "0.1.0".into() },
            arguments: [].into(),
            environments: [("test.here".into(), Environment { facts: Value::record([]), groups: [].into() })].into(),
            adapters: ["command", "file", "http", "test"].map(adapter).into(),
            data: [].into(),
            stages: vec![],
            on_failure: OnFailure::Stop,
            nodes: vec![],
            returns: None,
        })
    }

    /// Adds a step; gives its position.
    pub fn step(&mut self, address: &str, capability: &str, inputs: &[(&str, Value)]) -> u32 {
        let (contract, inputs) = filled(capability, inputs);
        self.0.nodes.push(DraftNode {
            address: address.into(),
            kind: NodeKind::Step,
            contract: contract.into(),
            environment: Some("test.here".into()),
            adapter: Some(adapter_of(capability)),
            inputs,
            key: None,
            depends_on: vec![],
            stage: None,
            retry: None,
            timeout: None,
            on_failure: None,
            undo: None,
        });
        self.0.nodes.len() as u32 - 1
    }

    /// A step that runs a shell script.
    pub fn sh(&mut self, address: &str, script: &str) -> u32 {
        self.step(address, "command.run", &[("argv", list(&["sh", "-c", script]))])
    }

    pub fn after(&mut self, at: u32, on: &[u32]) {
        self.at(at).depends_on.extend(on.iter().map(|on| (*on, Why::After)));
    }

    pub fn at(&mut self, at: u32) -> &mut DraftNode {
        &mut self.0.nodes[at as usize]
    }

    pub fn undo(&mut self, at: u32, capability: &str, inputs: &[(&str, Value)]) {
        let (contract, inputs) = filled(capability, inputs);
        self.at(at).undo = Some(DraftUndo { contract: contract.into(), adapter: Some(adapter_of(capability)), inputs });
    }

    pub fn finish(self) -> PlanGraph {
        let finished = finish(self.0).expect("the draft has no cycles");
        assert!(finished.identical.is_empty(), "two nodes of the test are the same operation");
        finished.graph
    }
}

fn adapter_of(capability: &str) -> SmolStr {
    match capability.split('.').next() {
        Some("command") => "command",
        Some("file" | "directory") => "file",
        Some("http") => "http",
        _ => "test",
    }
    .into()
}

fn filled(capability: &str, inputs: &[(&str, Value)]) -> (Contract, Value) {
    let (contract, defaults) = contract(capability);
    let own = inputs.iter().map(|(name, value)| (SmolStr::from(*name), value.clone()));
    let defaults = defaults.into_iter().map(|(name, value)| (SmolStr::from(name), value));
    (contract, Value::record(defaults.chain(own)))
}

/// What to do when something happens.
type Hook = Box<dyn Fn(&Place, &Event) + Sync>;

/// A directory to execute plans in, and what was seen there.
pub struct Place {
    pub dir: TempDir,
    pub cancel: Cancellation,
    pub secrets: MemorySecrets,
    pub notes: Notes,
    pub parallelism: usize,
    pub limits: AdapterLimits,
    pub events: Mutex<Vec<Event>>,
    /// Called with every event, after it is kept.
    pub hook: Hook,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(dir.path().join("workspace")).expect("a workspace");
        Self {
            dir,
            cancel: Cancellation::new(),
            secrets: MemorySecrets::default(),
            notes: Notes::default(),
            parallelism: 4,
            limits: AdapterLimits::default(),
            events: Mutex::new(Vec::new()),
            hook: Box::new(|_, _| {}),
        }
    }

    pub fn with_secrets(secrets: &[(&str, &str)]) -> Self {
        let secrets =
            secrets.iter().map(|(name, content)| ((*name).to_owned(), SecretText::new((*content).to_owned())));
        Self { secrets: MemorySecrets::new(secrets), ..Self::new() }
    }

    /// A path in the workspace.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join("workspace").join(relative)
    }

    pub fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    pub fn outside(&self) -> &Path {
        self.dir.path()
    }

    pub fn journal(&self) -> PathBuf {
        self.dir.path().join("journal.db")
    }

    pub fn try_execute(&self, plan: &PlanGraph) -> Result<ExecutionReport, ExecuteError> {
        let observer = |event: Event| {
            self.events.lock().unwrap().push(event.clone());
            (self.hook)(self, &event);
        };
        execute(plan, &self.options(&observer))
    }

    pub fn options<'a>(&'a self, observer: &'a (dyn Fn(Event) + Sync)) -> ExecuteOptions<'a> {
        let mut options = ExecuteOptions::new(self.path(""), self.journal(), &self.secrets);
        options.limits = ordain_runtime::Limits::of_all(NonZeroUsize::new(self.parallelism).unwrap());
        options.adapters = Adapters::builtin().with("test", Arc::new(self.notes.clone()));
        options.observer = observer;
        options.cancel = self.cancel.clone();
        options.adapter_limits = self.limits;
        options.grace = std::time::Duration::from_millis(300);
        options
    }

    pub fn execute(&self, plan: &PlanGraph) -> ExecutionReport {
        self.try_execute(plan).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Every byte the journal consists of.
    pub fn journal_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
    }
}

/// Gives a journal the form that it had in an earlier version, with what it held then.
pub fn older(journal: &Path, version: i64) {
    let connection = rusqlite::Connection::open(journal).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE steps (
                 execution TEXT NOT NULL REFERENCES executions (id), seq INTEGER NOT NULL, at INTEGER NOT NULL,
                 node TEXT NOT NULL, address TEXT NOT NULL, event TEXT NOT NULL, attempt INTEGER NOT NULL,
                 data TEXT NOT NULL, PRIMARY KEY (execution, seq)
             ) STRICT, WITHOUT ROWID;
             INSERT INTO steps
             SELECT execution, row_number() OVER (PARTITION BY execution ORDER BY seq) - 1, at, node, address, event, attempt,
                 data FROM log WHERE node IS NOT NULL AND event <> 'policy_decided';
             DROP TABLE log;
             ALTER TABLE executions DROP COLUMN first_row;
             ALTER TABLE executions DROP COLUMN last_row;
             UPDATE meta SET value = 2 WHERE name = 'schema_version'",
        )
        .unwrap();
    if version == 1 {
        let first = "ALTER TABLE executions DROP COLUMN fence; DROP TABLE plans;
             UPDATE meta SET value = 1 WHERE name = 'schema_version'";
        connection.execute_batch(first).unwrap();
    }
}

/// The outputs of a node as plain JSON.
pub fn outputs(report: &ExecutionReport, address: &str) -> Json {
    let node = report.node(address).unwrap_or_else(|| panic!("no node `{address}`"));
    let outputs = node.outputs.as_ref().unwrap_or_else(|| panic!("`{address}`: {:?}", node.outcome));
    outputs.to_json()
}

/// Why a node failed.
pub fn failure(report: &ExecutionReport, address: &str) -> (Reason, String) {
    match &report.node(address).unwrap_or_else(|| panic!("no node `{address}`")).outcome {
        Outcome::Failed { reason, message } => (*reason, message.clone()),
        other => panic!("`{address}` did not fail: {other:?}"),
    }
}

/// An adapter that writes down what it is called for, and does as it is told: `succeed`, `fail`, `fail N times`,
/// `crash`, `lie`, or `tell SECRET`.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<Note>>>);

#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    Began(String),
    Ended(String),
}

impl Notes {
    pub fn all(&self) -> Vec<Note> {
        self.0.lock().unwrap().clone()
    }

    /// What was begun, in order.
    pub fn began(&self) -> Vec<String> {
        let begun = |note| match note {
            Note::Began(name) => Some(name),
            Note::Ended(_) => None,
        };
        self.all().into_iter().filter_map(begun).collect()
    }
}

#[derive(serde::Deserialize)]
struct Inputs {
    name: String,
    sum: i64,
    does: String,
}

impl Adapter for Notes {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&["test.note"]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        let Inputs { name, sum, does } = step.inputs()?;
        self.0.lock().unwrap().push(Note::Began(name.clone()));
        let failed = || Err(StepError::new(Reason::CommandFailed, format!("`{name}` failed")));
        let result = match does.split(' ').collect::<Vec<_>>()[..] {
            ["succeed"] => Ok(json!({ "sum": sum })),
            ["fail"] => failed(),
            ["fail", times, "times"] if step.attempt() <= times.parse().unwrap() => failed(),
            ["fail", _, "times"] => Ok(json!({ "sum": sum })),
            ["lie"] => Ok(json!({ "sum": "many" })),
            ["tell", secret] => Ok(json!({ "sum": sum, "secret": secret })),
            _ => panic!("told to crash"),
        };
        self.0.lock().unwrap().push(Note::Ended(name));
        result
    }
}
