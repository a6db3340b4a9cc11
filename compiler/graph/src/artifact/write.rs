//! Writing plans. The members of every object stand here in canonical order.

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::canonical::{Bytes, Sink, in_order};
use crate::json::{encode, encode_shape, escape};
use crate::plan::{
    Adapter, Contract, Dependency, Environment, FORMAT, Node, NodeKind, PlanGraph, Retry, Transport, Undo,
};
use crate::refresh::{LeftOut, Refresh};
use crate::value::{Shape, Value};
use crate::verdict::{Outcome, Verdict};

/// How many nodes one thread writes at a time.
const PART: usize = 512;

/// How many such parts are held at a time.
const PARTS: usize = 64;

impl PlanGraph {
    /// What stands before the nodes.
    pub(super) fn head(&self, hash: Option<&str>) -> Vec<u8> {
        let bytes = &mut Bytes::default();
        bytes.open_object();
        bytes.key("adapters");
        object(self.adapters.iter(), bytes, adapter);
        bytes.key("arguments");
        // Another `$` in front of names that begin with one moves nothing.
        bytes.open_object();
        for (name, value) in in_order(self.arguments.iter().map(|(name, value)| (name.as_str(), value)).collect()) {
            bytes.key(&escape(name));
            tagged(value, bytes);
        }
        bytes.close_object();
        if let Some(as_of) = self.as_of {
            bytes.member("as_of", &as_of.to_string());
        }
        bytes.key("contracts");
        object(self.contracts.iter(), bytes, contract);
        bytes.key("data");
        object(self.data.iter(), bytes, |digest, bytes| bytes.text(digest));
        bytes.member("effect", self.effect.name());
        bytes.key("environments");
        object(self.environments.iter(), bytes, environment);
        bytes.member("format", FORMAT);
        if let Some(hash) = hash {
            bytes.member("hash", hash);
        }
        bytes.member("mode", self.mode().name());
        bytes.key("nodes");
        bytes.open_array();
        bytes.take()
    }

    /// The nodes and what stands after them, part by part in order. Nodes are nearly all of a plan, so several threads
    /// write them.
    pub(super) fn body(&self, written: &mut dyn FnMut(Vec<u8>)) {
        for (window, nodes) in self.nodes.chunks(PART * PARTS).enumerate() {
            let part = |(at, nodes): (usize, &[Node])| {
                let mut bytes = if window + at == 0 { Bytes::default() } else { Bytes::after_a_value() };
                nodes.iter().for_each(|node| self.node(node, &mut bytes));
                bytes.take()
            };
            let parts: Vec<Vec<u8>> = nodes.par_chunks(PART).enumerate().map(part).collect();
            parts.into_iter().for_each(&mut *written);
        }
        let bytes = &mut Bytes::default();
        bytes.close_array();
        bytes.member("on_failure", self.on_failure.name());
        bytes.key("package");
        bytes.open_object();
        bytes.member("name", &self.package.name);
        bytes.member("version", &self.package.version);
        bytes.close_object();
        bytes.member("plan", &self.plan);
        if let Some(own) = &self.refresh {
            bytes.key("refresh");
            refresh(own, bytes);
        }
        bytes.key("returns");
        match &self.returns {
            Some(returns) => tagged(returns, bytes),
            None => bytes.null(),
        }
        bytes.member("risk", self.risk.name());
        bytes.key("stages");
        bytes.texts(&self.stages);
        bytes.key("verdicts");
        bytes.open_array();
        self.verdicts.iter().for_each(|each| verdict(each, bytes));
        bytes.close_array();
        bytes.close_object();
        written(bytes.take());
    }

    fn node(&self, node: &Node, bytes: &mut Bytes) {
        bytes.open_object();
        bytes.key("adapter");
        bytes.optional(node.adapter.as_deref());
        bytes.member("address", &node.address);
        bytes.member("capability", &node.capability);
        bytes.member("contract", &node.contract);
        bytes.key("depends_on");
        bytes.open_array();
        for Dependency { on, why } in &node.depends_on {
            bytes.open_object();
            bytes.member("on", &on.0);
            bytes.member("why", why.name());
            bytes.close_object();
        }
        bytes.close_array();
        bytes.member("effect", node.effect.name());
        bytes.key("environment");
        bytes.optional(node.environment.as_deref());
        // Settings that most nodes do not have are left out rather than written as null.
        if let NodeKind::Gate { expect } = &node.kind {
            bytes.key("expect");
            tagged(expect, bytes);
        }
        bytes.member("id", &node.id.0);
        bytes.key("inputs");
        encode(&node.inputs, self.input_shape(&node.contract), bytes);
        if let Some(key) = &node.key {
            bytes.key("key");
            tagged(key, bytes);
        }
        bytes.member("kind", node.kind.name());
        if let Some(on_failure) = node.on_failure {
            bytes.member("on_failure", on_failure.name());
        }
        if let Some(own) = node.retry {
            bytes.key("retry");
            retry(own, bytes);
        }
        bytes.member("risk", node.risk.name());
        bytes.key("stage");
        bytes.optional(node.stage.as_deref());
        if let Some(timeout) = node.timeout {
            bytes.key("timeout");
            bytes.amount(timeout);
        }
        if let Some(undo) = &node.undo {
            bytes.key("undo");
            self.undo(undo, bytes);
        }
        bytes.close_object();
    }

    fn undo(&self, undo: &Undo, bytes: &mut Bytes) {
        bytes.open_object();
        bytes.key("adapter");
        bytes.optional(undo.adapter.as_deref());
        bytes.member("capability", &undo.capability);
        bytes.member("contract", &undo.contract);
        bytes.key("inputs");
        encode(&undo.inputs, self.input_shape(&undo.contract), bytes);
        bytes.close_object();
    }

    pub(super) fn input_shape(&self, contract: &str) -> Option<&Shape> {
        self.contracts.get(contract).map(|contract| &contract.input)
    }
}

/// An object whose members are all of one kind.
pub(crate) fn object<'a, T: 'a>(
    members: impl Iterator<Item = (&'a SmolStr, &'a T)>,
    bytes: &mut Bytes,
    value: impl Fn(&T, &mut Bytes),
) {
    bytes.open_object();
    for (name, member) in in_order(members.map(|(name, member)| (name.as_str(), member)).collect()) {
        bytes.key(name);
        value(member, bytes);
    }
    bytes.close_object();
}

fn refresh(refresh: &Refresh, bytes: &mut Bytes) {
    bytes.open_object();
    bytes.key("left_out");
    bytes.open_array();
    for LeftOut { address, node, because, observed } in &refresh.left_out {
        bytes.open_object();
        bytes.member("address", address);
        bytes.member("because", because.name());
        bytes.member("node", &node.0);
        if let Some(observed) = observed {
            bytes.member("observed", observed);
        }
        bytes.close_object();
    }
    bytes.close_array();
    bytes.member("of", &refresh.of);
    bytes.close_object();
}

fn tagged(value: &Value, bytes: &mut Bytes) {
    encode(value, None, bytes);
}

/// An adapter, as it stands in a plan and in a lock.
pub(crate) fn adapter(adapter: &Adapter, bytes: &mut Bytes) {
    bytes.open_object();
    bytes.member("digest", &adapter.digest);
    if !adapter.files.is_empty() {
        bytes.key("files");
        object(adapter.files.iter(), bytes, |digest, bytes| bytes.text(digest));
    }
    bytes.key("transport");
    bytes.open_object();
    match &adapter.transport {
        Transport::Process(argv) => {
            bytes.key("process");
            bytes.texts(argv);
        }
        Transport::Http(url) => bytes.member("http", url),
        Transport::Builtin(name) => bytes.member("builtin", name),
    }
    bytes.close_object();
    bytes.member("version", &adapter.version);
    bytes.close_object();
}

fn environment(environment: &Environment, bytes: &mut Bytes) {
    bytes.open_object();
    bytes.key("facts");
    tagged(&environment.facts, bytes);
    bytes.key("groups");
    object(environment.groups.iter(), bytes, |members, bytes| bytes.texts(members));
    bytes.close_object();
}

fn verdict(verdict: &Verdict, bytes: &mut Bytes) {
    bytes.open_object();
    if let Some(because) = &verdict.because {
        bytes.key("because");
        tagged(because, bytes);
    }
    bytes.member("code", &verdict.code);
    if let Some(exemption) = &verdict.exempt {
        bytes.key("exempt");
        bytes.open_object();
        bytes.key("see");
        bytes.optional(exemption.see.as_deref());
        bytes.key("until");
        bytes.optional(exemption.until.map(|until| until.to_string()).as_deref());
        bytes.close_object();
    }
    bytes.key("node");
    bytes.optional(verdict.node.as_ref().map(|node| node.0.as_str()));
    bytes.key("outcome");
    outcome(&verdict.outcome, bytes);
    bytes.member("policy", &verdict.policy);
    bytes.member("severity", verdict.severity.name());
    if let Some(when) = &verdict.when {
        bytes.key("when");
        tagged(when, bytes);
    }
    bytes.close_object();
}

fn outcome(outcome: &Outcome, bytes: &mut Bytes) {
    bytes.open_object();
    match outcome {
        Outcome::Deny { message } | Outcome::Warn { message } => {
            bytes.key(if matches!(outcome, Outcome::Deny { .. }) { "deny" } else { "warn" });
            match message {
                Some(message) => tagged(message, bytes),
                None => bytes.null(),
            }
        }
        Outcome::Approval { group, count } => {
            bytes.key("approval");
            bytes.open_object();
            bytes.key("count");
            bytes.number(i64::from(*count));
            bytes.member("group", group);
            bytes.close_object();
        }
        Outcome::Escalate { group } => bytes.member("escalate", group),
        Outcome::Gate { name, present } => {
            bytes.key("gate");
            bytes.open_object();
            bytes.member("name", name);
            bytes.key("present");
            bytes.bool(*present);
            bytes.close_object();
        }
    }
    bytes.close_object();
}

/// A contract, as it stands in a plan and as its digest is taken over.
pub(super) fn contract(contract: &Contract, bytes: &mut Bytes) {
    bytes.open_object();
    bytes.member("capability", &contract.capability);
    bytes.member("effect", contract.effect.name());
    bytes.key("input");
    encode_shape(&contract.input, bytes);
    bytes.key("output");
    encode_shape(&contract.output, bytes);
    bytes.member("risk", contract.risk.name());
    bytes.member("version", &contract.version);
    bytes.close_object();
}

pub(super) fn retry(retry: Retry, bytes: &mut Bytes) {
    bytes.open_object();
    bytes.key("max");
    bytes.amount(retry.max);
    bytes.key("min");
    bytes.amount(retry.min);
    bytes.key("times");
    bytes.number(i64::from(retry.times));
    bytes.close_object();
}
