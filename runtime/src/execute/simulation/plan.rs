//! Plans that a seed draws.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use ordain_graph::{
    Adapter as Bound, Contract, DraftNode, DraftPlan, DraftUndo, Effect, Environment, NodeKind, NodeRef, OnFailure, Op,
    PackageRef, PlanGraph, Residual, Retry, Risk, Severity, Shape, Transport, Value, Verdict, Why, finish,
};
use serde_json::Value as Json;

use super::people::ASKED;
use crate::adapters::{Adapter, Adapters, Description, StepContext, StepError};
use crate::execute::limits::Limits;
use crate::reason::Reason;

/// A plan, and how it is to be executed.
pub(super) struct Drawn {
    pub(super) plan: PlanGraph,
    pub(super) limits: Limits,
    /// Whether a failure concerns more than what hangs on it.
    pub(super) stops: bool,
}

const CAPABILITIES: [&str; 3] = ["test.one", "test.two", "test.undo"];

/// Adapters by name only: the world answers in their place.
pub(super) fn adapters() -> Adapters {
    struct Absent;
    impl Adapter for Absent {
        fn describe(&self) -> Result<Description, StepError> {
            Ok(Description::first(&CAPABILITIES))
        }

        fn apply(&self, _: &StepContext<'_>) -> Result<Json, StepError> {
            Err(StepError::new(Reason::Unsupported, "it is not there"))
        }
    }
    Adapters::empty().with("test", Arc::new(Absent))
}

fn record(fields: &[(&str, Shape)]) -> Shape {
    Shape::Record(Arc::new(fields.iter().map(|(name, shape)| ((*name).into(), shape.clone())).collect()))
}

fn contract(capability: &str, effect: Effect) -> Arc<Contract> {
    Arc::new(Contract {
        capability: capability.into(),
        version: "1.0.0".into(),
        input: record(&[("name", Shape::String), ("sum", Shape::Int)]),
        output: record(&[("sum", Shape::Int)]),
        effect,
        risk: Risk::Low,
    })
}

fn sum(of: NodeRef) -> Value {
    Value::Residual(Arc::new(Residual::Output { node: of, path: vec!["sum".into()] }))
}

fn inputs(name: &str, sum: Value) -> Value {
    Value::record([("name".into(), Value::string(name)), ("sum".into(), sum)])
}

pub(super) fn draw(seed: u64) -> Drawn {
    let mut rng = fastrand::Rng::with_seed(seed);
    let count = rng.usize(1..=10);
    let stops = rng.bool();
    let how = |rng: &mut fastrand::Rng| match rng.u32(0..3) {
        0 => OnFailure::Undo,
        1 => OnFailure::Stop,
        _ => OnFailure::Continue,
    };
    let on_failure = if stops { how(&mut rng) } else { OnFailure::Continue };
    let nodes = (0..count).map(|at| node(&mut rng, at, stops.then_some(how))).collect();
    let people: BTreeMap<_, _> = [("sre".into(), ASKED.map(Into::into).to_vec())].into();
    let environments =
        ["here", "there"].map(|name| (name.into(), Environment { facts: Value::record([]), groups: people.clone() }));
    let bound = Bound {
        version: "1.0.0".into(),
        transport: Transport::Builtin("test".into()),
        digest: format!("sha256:{}", "0".repeat(64)).into(),
        files: BTreeMap::new(),
    };
    let draft = DraftPlan {
        plan: "test.simulated".into(),
        package: PackageRef { name: "test".into(), version: "0.1.0".into() },
        arguments: BTreeMap::new().into_iter().collect(),
        environments: environments.into(),
        adapters: [("test".into(), bound)].into(),
        data: BTreeMap::new(),
        stages: vec![],
        on_failure,
        nodes,
        returns: None,
    };
    // INVARIANT: nodes hang on earlier ones only.
    let mut plan = finish(draft).expect("it has no cycles").graph;
    plan.verdicts = verdicts(&mut rng, &plan);
    let limit = |rng: &mut fastrand::Rng, most| NonZeroUsize::MIN.saturating_add(rng.usize(0..most));
    let mut limits = Limits::of_all(limit(&mut rng, 4));
    if rng.bool() {
        limits.each.insert("test.one".into(), limit(&mut rng, 2));
        limits.each.insert("there".into(), limit(&mut rng, 2));
    }
    Drawn { plan, limits, stops }
}

fn node(rng: &mut fastrand::Rng, at: usize, how: Option<impl Fn(&mut fastrand::Rng) -> OnFailure>) -> DraftNode {
    let name = format!("n{at}");
    let earlier = |rng: &mut fastrand::Rng| (at > 0 && rng.bool()).then(|| rng.u32(0..at as u32));
    let given = match earlier(rng) {
        Some(on) => Value::apply(Op::Add, vec![sum(NodeRef::Index(on)), Value::Int(1)]),
        None => Value::Int(rng.i64(0..5)),
    };
    let effect = if rng.u32(0..5) == 0 { Effect::Read } else { Effect::Write };
    let gate = rng.u32(0..6) == 0;
    let expect = Value::apply(Op::Lt, vec![sum(NodeRef::Index(at as u32)), Value::Int(rng.i64(2..9))]);
    let undo = rng.bool().then(|| DraftUndo {
        contract: contract("test.undo", Effect::Destroy),
        adapter: Some("test".into()),
        inputs: inputs(&name, sum(NodeRef::Index(at as u32))),
    });
    DraftNode {
        address: name.as_str().into(),
        kind: if gate { NodeKind::Gate { expect } } else { NodeKind::Step },
        contract: contract(CAPABILITIES[rng.usize(0..2)], effect),
        environment: Some(if rng.bool() { "here" } else { "there" }.into()),
        adapter: Some("test".into()),
        inputs: inputs(&name, given),
        key: None,
        depends_on: (0..rng.u32(0..3)).filter_map(|_| earlier(rng)).map(|on| (on, Why::After)).collect(),
        stage: None,
        retry: rng.bool().then(|| Retry { times: rng.u32(1..4), min: rng.u64(0..200), max: rng.u64(0..1_000) }),
        timeout: rng.bool().then(|| rng.u64(10..200)),
        on_failure: how.filter(|_| rng.u32(0..3) == 0).map(|how| how(rng)),
        undo,
    }
}

/// Denials that wait for what another step gives, and in some plans what people have to agree to.
fn verdicts(rng: &mut fastrand::Rng, plan: &PlanGraph) -> Vec<Verdict> {
    let mut verdicts = denials(rng, plan);
    if rng.u32(0..5) == 0 {
        verdicts.extend(approvals(rng, plan));
    }
    verdicts
}

/// Approvals of steps, some only where another step gives much, and sometimes of the whole plan.
fn approvals(rng: &mut fastrand::Rng, plan: &PlanGraph) -> Vec<Verdict> {
    let mut asked: Vec<(Option<&ordain_graph::Node>, bool)> = Vec::new();
    if rng.u32(0..4) == 0 {
        asked.push((None, false));
    }
    for node in &plan.nodes {
        if rng.u32(0..3) == 0 {
            asked.push((Some(node), rng.bool() && !node.depends_on.is_empty()));
        }
    }
    let verdict = |(node, waits): (Option<&ordain_graph::Node>, bool)| Verdict {
        code: "SIM-002".into(),
        node: node.map(|node| node.id.clone()),
        policy: "test.agreed".into(),
        severity: Severity::High,
        outcome: ordain_graph::Outcome::Approval { group: "sre".into(), count: rng.u32(1..4) },
        when: node.filter(|_| waits).map(|node| {
            let asked = sum(NodeRef::Id(node.depends_on[0].on.clone()));
            Value::apply(Op::Gt, vec![asked, Value::Int(2)])
        }),
        because: None,
        exempt: None,
    };
    asked.into_iter().map(verdict).collect()
}

fn denials(rng: &mut fastrand::Rng, plan: &PlanGraph) -> Vec<Verdict> {
    let guarded =
        plan.nodes.iter().filter(|node| !node.depends_on.is_empty() && rng.u32(0..3) == 0).collect::<Vec<_>>();
    let verdict = |node: &&ordain_graph::Node| {
        let asked = sum(NodeRef::Id(node.depends_on[0].on.clone()));
        Verdict {
            code: "SIM-001".into(),
            node: Some(node.id.clone()),
            policy: "test.limit".into(),
            severity: Severity::High,
            outcome: ordain_graph::Outcome::Deny { message: None },
            when: Some(Value::apply(Op::Gt, vec![asked, Value::Int(3)])),
            because: None,
            exempt: None,
        }
    };
    guarded.iter().map(verdict).collect()
}
