//! Sample plans, built as the compiler builds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordain_graph::{
    Adapter, Contract, Date, Demand, DraftNode, DraftPlan, DraftUndo, Effect, Environment, Exemption, NodeKind,
    NodeRef, OnFailure, Op, Outcome, PackageRef, PlanGraph, Residual, Retry, Risk, SecretRef, Severity, Shape,
    Transport, Value, Verdict, Why, finish,
};
use smol_str::{SmolStr, format_smolstr};

pub fn record(fields: &[(&str, Value)]) -> Value {
    Value::record(fields.iter().map(|(name, value)| (SmolStr::from(*name), value.clone())))
}

pub fn text(text: &str) -> Value {
    Value::string(text)
}

pub fn output(node: u32, path: &[&str]) -> Value {
    let path = path.iter().map(|part| SmolStr::from(*part)).collect();
    Value::Residual(Arc::new(Residual::Output { node: NodeRef::Index(node), path }))
}

fn fields(fields: &[(&str, Shape)]) -> Shape {
    Shape::Record(Arc::new(fields.iter().map(|(name, shape)| (SmolStr::from(*name), shape.clone())).collect()))
}

pub fn contract(capability: &str, input: &[(&str, Shape)], output: &[(&str, Shape)], effect: Effect) -> Contract {
    let risk = match effect {
        Effect::Read => Risk::Low,
        Effect::Write => Risk::Medium,
        Effect::Destroy => Risk::High,
    };
    let (input, output) = (fields(input), fields(output));
    Contract { capability: capability.into(), version: "1.2.0".into(), input, output, effect, risk }
}

fn optional(shape: Shape) -> Shape {
    Shape::Optional(Arc::new(shape))
}

fn secret() -> Shape {
    Shape::Secret(Arc::new(Shape::String))
}

pub fn step(address: &str, contract: &Contract, inputs: &[(&str, Value)]) -> DraftNode {
    DraftNode {
        address: address.into(),
        kind: NodeKind::Step,
        contract: contract.clone().into(),
        environment: None,
        adapter: None,
        inputs: record(inputs),
        key: None,
        depends_on: Vec::new(),
        stage: None,
        retry: None,
        timeout: None,
        on_failure: None,
        undo: None,
    }
}

pub fn draft(plan: &str, nodes: Vec<DraftNode>) -> DraftPlan {
    DraftPlan {
        plan: plan.into(),
        package: PackageRef { name: "shop".into(), version: "0.3.0".into() },
        arguments: ordain_graph::Fields::default(),
        environments: BTreeMap::new(),
        adapters: BTreeMap::new(),
        data: BTreeMap::new(),
        stages: Vec::new(),
        on_failure: OnFailure::Stop,
        nodes,
        returns: None,
    }
}

pub fn made(draft: DraftPlan) -> PlanGraph {
    let mut graph = finish(draft).expect("a sample has no cycle").graph;
    if graph.plan == "every.thing" {
        judge(&mut graph);
    }
    graph
}

/// Gives a plan a verdict of every kind.
fn judge(graph: &mut PlanGraph) {
    let node = graph.nodes[0].id.clone();
    let later =
        Value::Residual(Arc::new(Residual::Output { node: NodeRef::Id(node.clone()), path: vec!["bool".into()] }));
    let until = Some(Date { year: 2027, month: 2, day: 28 });
    let outcomes = [
        Outcome::Deny { message: Some(text("no")) },
        Outcome::Deny { message: None },
        Outcome::Warn { message: Some(Value::apply(Op::Interpolate, vec![text("is "), later.clone()])) },
        Outcome::Approval { group: "sre".into(), count: 2 },
        Outcome::Escalate { group: "board".into() },
        Outcome::Gate { name: "healthy".into(), present: false },
    ];
    let verdicts = outcomes.into_iter().enumerate().map(|(at, outcome)| Verdict {
        code: format!("GOV-{at}").into(),
        node: (at % 2 == 0).then(|| node.clone()),
        policy: "every.policy".into(),
        severity: Severity::High,
        outcome,
        when: (at % 3 == 0).then(|| later.clone()),
        because: (at % 2 == 1).then(|| text("so it is")),
        exempt: (at == 1).then(|| Exemption { until, see: Some("every.record".into()) }),
    });
    graph.verdicts = verdicts.collect();
    graph.as_of = until;
}

/// Two steps, one output.
pub fn tiny() -> DraftPlan {
    let write = contract(
        "file.write",
        &[("path", Shape::String), ("text", Shape::String)],
        &[("digest", Shape::Digest)],
        Effect::Write,
    );
    let look = contract("file.look", &[("path", Shape::String), ("digest", Shape::Digest)], &[], Effect::Read);
    draft(
        "tiny.hello",
        vec![
            step("greeting", &write, &[("path", text("hello.txt")), ("text", text("Hello, world\n"))]),
            step("check", &look, &[("path", text("hello.txt")), ("digest", output(0, &["digest"]))]),
        ],
    )
}

/// A release of a small shop: stages, gates, secrets, retries, undo.
pub fn shop() -> DraftPlan {
    let name = Shape::Refined(Arc::new(Shape::String), Arc::new(Demand::Matching("[a-z][a-z0-9-]*".into())));
    let replicas = Shape::Refined(
        Arc::new(Shape::Int),
        Arc::new(Demand::Range { min: Value::Int(1), max: Value::Int(50), inclusive: true }),
    );
    let ensure = contract(
        "database.ensure",
        &[("name", name.clone()), ("region", Shape::String), ("size", Shape::Bytes)],
        &[("endpoint", Shape::Url), ("password", secret())],
        Effect::Write,
    );
    let remove = contract("database.remove", &[("name", name), ("region", Shape::String)], &[], Effect::Destroy);
    let migrate = contract(
        "schema.migrate",
        &[("database", Shape::Url), ("password", secret()), ("to", Shape::SemVer)],
        &[("applied", Shape::Int)],
        Effect::Write,
    );
    let deploy = contract(
        "deploy.service",
        &[
            ("environment", Shape::Map(Arc::new(Shape::String), Arc::new(Shape::String))),
            ("image", Shape::String),
            ("region", Shape::String),
            ("replicas", replicas),
            ("token", secret()),
            ("weight", optional(Shape::Decimal)),
        ],
        &[("url", Shape::Url)],
        Effect::Write,
    );
    let probe = contract(
        "http.probe",
        &[("timeout", Shape::Duration), ("url", Shape::Url)],
        &[("status", Shape::Int)],
        Effect::Read,
    );
    let clean = contract("cache.purge", &[("prefixes", Shape::List(Arc::new(Shape::String)))], &[], Effect::Destroy);

    let mut nodes = vec![
        DraftNode {
            key: Some(record(&[("name", text("orders")), ("region", text("eu-west-1"))])),
            retry: Some(Retry { times: 3, min: 1_000, max: 30_000 }),
            timeout: Some(300_000),
            undo: Some(DraftUndo {
                contract: remove.into(),
                adapter: Some("shop.adapters.postgres".into()),
                inputs: record(&[("name", text("orders")), ("region", text("eu-west-1"))]),
            }),
            ..step(
                "database",
                &ensure,
                &[("name", text("orders")), ("region", text("eu-west-1")), ("size", Value::Bytes(20 << 30))],
            )
        },
        step(
            "migrate",
            &migrate,
            &[
                ("database", output(0, &["endpoint"])),
                ("password", output(0, &["password"])),
                ("to", Value::parse_semver("1.4.0").expect("a version")),
            ],
        ),
    ];
    for region in ["eu-west-1", "us-east-1", "ap-south-1"] {
        let settings = BTreeMap::from([(
            text("DATABASE"),
            Value::apply(
                Op::Interpolate,
                vec![text("postgres:"), Value::apply(Op::Field, vec![output(0, &["endpoint"]), text("host")])],
            ),
        )]);
        nodes.push(DraftNode {
            depends_on: vec![(1, Why::After)],
            stage: Some("rollout".into()),
            on_failure: Some(OnFailure::Undo),
            ..step(
                &format!("rollout/deploy[{region}]"),
                &deploy,
                &[
                    ("environment", Value::Map(Arc::new(settings))),
                    ("image", text("orders:1.4.0")),
                    ("region", text(region)),
                    ("replicas", Value::Int(6)),
                    ("token", Value::Secret(SecretRef { name: "shop/deploy-token".into() })),
                    ("weight", Value::None),
                ],
            )
        });
    }
    let gate = nodes.len() as u32;
    nodes.push(DraftNode {
        kind: NodeKind::Gate { expect: Value::apply(Op::Eq, vec![output(gate, &["status"]), Value::Int(200)]) },
        depends_on: vec![(2, Why::After), (3, Why::After), (4, Why::After)],
        stage: Some("verify".into()),
        ..step(
            "verify/healthy",
            &probe,
            &[
                ("timeout", Value::Duration(90_000)),
                ("url", Value::parse_url("https://shop.example.com/healthz").expect("a URL")),
            ],
        )
    });
    nodes.push(DraftNode {
        depends_on: vec![(gate, Why::After)],
        stage: Some("verify/cleanup".into()),
        ..step(
            "verify/cleanup/purge",
            &clean,
            &[("prefixes", Value::list([text("/assets"), text("/<script>alert(1)</script>")]))],
        )
    });
    for node in &mut nodes {
        node.environment = Some("shop.environments.prod".into());
        node.adapter = Some(if node.contract.capability.starts_with("database") {
            "shop.adapters.postgres".into()
        } else {
            "shop.adapters.local".into()
        });
    }
    let mut plan = draft("shop.release.release", nodes);
    plan.on_failure = OnFailure::Undo;
    plan.arguments = [("version".into(), Value::parse_semver("1.4.0").expect("a version"))].into();
    let facts = record(&[("domain", text("shop.example.com")), ("tier", Value::Variant(2, "production".into()))]);
    let groups = [("sre".into(), vec!["ana".into(), "bo".into(), "chi".into()])].into();
    plan.environments = [("shop.environments.prod".into(), Environment { facts, groups })].into();
    let digest = |digit: &str| SmolStr::from(format!("sha256:{}", digit.repeat(64)));
    plan.adapters = [
        (
            "shop.adapters.postgres".into(),
            Adapter {
                version: "2.0.1".into(),
                transport: Transport::Process(vec!["adapters/postgres".into(), "--quiet".into()]),
                digest: digest("a"),
                files: [].into(),
            },
        ),
        (
            "shop.adapters.local".into(),
            Adapter {
                version: "1.0.0".into(),
                transport: Transport::Builtin("command".into()),
                digest: digest("b"),
                files: [].into(),
            },
        ),
    ]
    .into();
    plan.data = [("shop:regions.csv".into(), digest("c"))].into();
    plan.returns = Some(record(&[("url", output(2, &["url"]))]));
    plan
}

/// One step with an input of every shape, and arguments of every kind of value.
pub fn everything() -> DraftPlan {
    let list = |shape: Shape| Shape::List(Arc::new(shape));
    let refined = |shape: Shape, demand: Demand| Shape::Refined(Arc::new(shape), Arc::new(demand));
    let date = Value::parse_date("2027-02-28").expect("a day");
    let digest = Value::parse_digest(&format!("sha512:{}", "0".repeat(128))).expect("a digest");
    let decimal = Value::Decimal("-1.50".parse().expect("a decimal"));
    let it = Value::Residual(Arc::new(Residual::It));
    let range = Demand::Range { min: Value::Bytes(1), max: Value::Bytes(u64::MAX), inclusive: false };
    let parts = [
        ("json", Shape::Json, Value::list([Value::Date(Date { year: 2027, month: 2, day: 28 }), Value::None])),
        ("bool", Shape::Bool, Value::Bool(true)),
        ("int", Shape::Int, Value::Int(i64::MIN)),
        ("decimal", Shape::Decimal, decimal.clone()),
        ("string", Shape::String, text("$x")),
        ("bytes", refined(Shape::Bytes, range), Value::Bytes(u64::MAX - 1)),
        ("duration", Shape::Duration, Value::Duration(1)),
        ("semver", Shape::SemVer, Value::parse_semver("1.0.0-rc.1+x").expect("a version")),
        ("url", Shape::Url, Value::parse_url("https://example.com").expect("a URL")),
        ("digest", Shape::Digest, digest),
        ("date", Shape::Date, date),
        ("enum", Shape::Enum(Arc::new(vec!["a".into(), "b".into()])), Value::Variant(1, "b".into())),
        ("list", refined(list(Shape::Int), Demand::Length(1, u64::MAX)), Value::list([Value::Int(1)])),
        ("set", Shape::Set(Arc::new(Shape::Decimal)), Value::Set(Arc::new([decimal].into()))),
        (
            "map",
            Shape::Map(Arc::new(Shape::Int), Arc::new(Shape::Bool)),
            Value::Map(Arc::new([(Value::Int(1), Value::Bool(false))].into())),
        ),
        (
            "record",
            fields(&[("$odd", Shape::String), ("", Shape::Bool)]),
            record(&[("$odd", text("")), ("", Value::Bool(true))]),
        ),
        ("optional", optional(Shape::Json), Value::None),
        ("secret", secret(), Value::Secret(SecretRef { name: "a/b".into() })),
        ("asked", refined(Shape::Int, Demand::Predicate(Value::apply(Op::Gt, vec![it, Value::Int(0)]))), Value::Int(1)),
        ("matching", refined(Shape::String, Demand::Matching("[a-z]+".into())), text("abc")),
    ];
    let shapes: Vec<(&str, Shape)> = parts.iter().map(|(name, shape, _)| (*name, shape.clone())).collect();
    let values: Vec<(&str, Value)> = parts.iter().map(|(name, _, value)| (*name, value.clone())).collect();
    let work = contract("work.everything", &shapes, &shapes, Effect::Write);
    let mut plan = draft("every.thing", vec![step("work", &work, &values)]);
    plan.arguments = values.into_iter().map(|(name, value)| (name.into(), value)).collect();
    let adapter = |transport: Transport, files: &[&str]| Adapter {
        version: "1.0.0".into(),
        transport,
        digest: format!("sha256:{}", "e".repeat(64)).into(),
        files: files.iter().map(|file| ((*file).into(), format!("sha256:{}", "f".repeat(64)).into())).collect(),
    };
    let program = Transport::Process(["python3", "tools/a.py", "\u{e9}.py"].map(Into::into).into());
    plan.adapters = [
        ("every.adapter".into(), adapter(Transport::Http("https://example.com/adapter".into()), &[])),
        ("every.program".into(), adapter(program, &["tools/a.py", "\u{e9}.py"])),
    ]
    .into();
    plan.returns = Some(Value::apply(Op::Add, vec![output(0, &["int"]), Value::Int(1)]));
    plan
}

/// Sixty steps of a loop: twenty items through three steps each, and the next item's first after the last one's.
pub fn sweep() -> DraftPlan {
    let take = contract("sample.take", &[("id", Shape::String)], &[("file", Shape::String)], Effect::Read);
    let fit = contract(
        "sample.fit",
        &[("file", Shape::String), ("order", Shape::Int)],
        &[("error", Shape::Decimal)],
        Effect::Write,
    );
    let keep = contract("sample.keep", &[("error", Shape::Decimal), ("id", Shape::String)], &[], Effect::Write);
    let mut nodes = Vec::new();
    for item in 0..20u32 {
        let id = format!("s-{item:02}");
        let first = item * 3;
        nodes.push(step(&format!("items[{id}]/take"), &take, &[("id", text(&id))]));
        if item > 0 {
            nodes[first as usize].depends_on.push((first - 3, Why::After));
        }
        nodes.push(step(
            &format!("items[{id}]/fit"),
            &fit,
            &[("file", output(first, &["file"])), ("order", Value::Int(3))],
        ));
        nodes.push(step(
            &format!("items[{id}]/keep"),
            &keep,
            &[("error", output(first + 1, &["error"])), ("id", text(&id))],
        ));
    }
    draft("lab.sweep.sweep", nodes)
}

/// Many steps, each with five inputs, that wait for one earlier step at least.
pub fn many(count: u32) -> DraftPlan {
    let work = contract(
        "work.do",
        &[
            ("after", optional(Shape::String)),
            ("image", Shape::String),
            ("label", Shape::String),
            ("number", Shape::Int),
            ("size", Shape::Bytes),
        ],
        &[("done", Shape::String)],
        Effect::Write,
    );
    let nodes = (0..count).map(|at| {
        let before = if at == 0 { Value::None } else { output(at - 1 - (at % 7).min(at - 1), &["done"]) };
        let inputs = [
            ("after", before),
            ("image", text("registry.example.com/work:1.4.0")),
            ("label", Value::String(format_smolstr!("work item number {at}"))),
            ("number", Value::Int(at.into())),
            ("size", Value::Bytes(64 << 20)),
        ];
        DraftNode {
            stage: Some(format_smolstr!("batch-{}", at / 1_000)),
            ..step(&format!("batch-{}/work[{at:06}]", at / 1_000), &work, &inputs)
        }
    });
    draft("many.work", nodes.collect())
}
