//! What a plan amounts to, counted once for every view.

use std::collections::BTreeSet;

use ordain_graph::{Effect, Node, NodeKind, PlanGraph, Residual, Retry, Risk, Transport, Value};
use smol_str::SmolStr;

use crate::names::{counted, number, visible};

/// The counts of a plan.
#[derive(Default)]
pub(crate) struct Summary {
    pub(crate) steps: usize,
    pub(crate) gates: usize,
    pub(crate) dependencies: usize,
    pub(crate) undoable: usize,
    effects: [usize; 3],
    risks: [usize; 4],
    /// The names of the secrets that steps are given.
    pub(crate) secrets: BTreeSet<SmolStr>,
}

const EFFECTS: [Effect; 3] = [Effect::Read, Effect::Write, Effect::Destroy];
const RISKS: [Risk; 4] = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];

impl Summary {
    pub(crate) fn of(graph: &PlanGraph) -> Self {
        let mut summary = Self::default();
        for node in &graph.nodes {
            summary.add(node);
        }
        graph.arguments.values().for_each(|value| secrets(value, &mut summary.secrets));
        graph.environments.values().for_each(|environment| secrets(&environment.facts, &mut summary.secrets));
        summary
    }

    fn add(&mut self, node: &Node) {
        match node.kind {
            NodeKind::Step => self.steps += 1,
            NodeKind::Gate { .. } => self.gates += 1,
        }
        self.dependencies += node.depends_on.len();
        self.undoable += usize::from(node.undo.is_some());
        self.effects[node.effect as usize] += 1;
        self.risks[node.risk as usize] += 1;
        secrets(&node.inputs, &mut self.secrets);
        node.undo.iter().for_each(|undo| secrets(&undo.inputs, &mut self.secrets));
    }

    /// `6 steps`, `1 gate`: what there is of either.
    pub(crate) fn sizes(&self) -> String {
        match (self.steps, self.gates) {
            (steps, 0) => counted(steps, "step"),
            (0, gates) => counted(gates, "gate"),
            (steps, gates) => format!("{}, {}", counted(steps, "step"), counted(gates, "gate")),
        }
    }

    /// What was left out of the plan, where it is a part of one: `left out 3 steps of sha256:…`.
    pub(crate) fn left_out(graph: &PlanGraph) -> Option<String> {
        let refresh = graph.refresh.as_ref()?;
        Some(format!("left out {} of {}", counted(refresh.left_out.len(), "step"), visible(&refresh.of)))
    }

    /// How many operations have which effect: `1 read, 5 write`.
    pub(crate) fn effects(&self) -> String {
        EFFECTS
            .iter()
            .zip(self.effects)
            .filter_map(|(effect, count)| part(count, effect.name()))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// How many operations have which risk: `1 low, 5 medium`.
    pub(crate) fn risks(&self) -> String {
        RISKS.iter().zip(self.risks).filter_map(|(risk, count)| part(count, risk.name())).collect::<Vec<_>>().join(", ")
    }
}

fn part(count: usize, name: &str) -> Option<String> {
    (count > 0).then(|| format!("{} {name}", number(count)))
}

/// The environment whose facts a value is; an argument that is one need not repeat them.
pub(crate) fn environment_of<'g>(graph: &'g PlanGraph, value: &Value) -> Option<&'g str> {
    let mut environments = graph.environments.iter();
    environments.find(|(_, environment)| environment.facts == *value).map(|(name, _)| name.as_str())
}

/// A span of time, as the language writes it.
pub(crate) fn span(milliseconds: u64) -> String {
    ordain_graph::display(&Value::Duration(milliseconds)).unwrap_or_default()
}

/// Retries, in a line.
pub(crate) fn retry(retry: Retry) -> String {
    format!("{} times, {} to {}", retry.times, span(retry.min), span(retry.max))
}

/// How an adapter is reached, in a line.
pub(crate) fn transport(transport: &Transport) -> String {
    match transport {
        Transport::Process(argv) => format!("process {}", argv.join(" ")),
        Transport::Http(url) => format!("http {url}"),
        Transport::Builtin(name) => format!("builtin {name}"),
    }
}

/// The names of the secrets in a value.
fn secrets(value: &Value, found: &mut BTreeSet<SmolStr>) {
    match value {
        Value::Secret(secret) => {
            found.insert(secret.name.clone());
        }
        Value::Residual(residual) => {
            if let Residual::Apply { args, .. } = residual.as_ref() {
                args.iter().for_each(|arg| secrets(arg, found));
            }
        }
        Value::List(elements) => elements.iter().for_each(|each| secrets(each, found)),
        Value::Set(elements) => elements.iter().for_each(|each| secrets(each, found)),
        Value::Map(entries) => entries.values().for_each(|each| secrets(each, found)),
        Value::Record(fields) => fields.values().for_each(|each| secrets(each, found)),
        _ => {}
    }
}
