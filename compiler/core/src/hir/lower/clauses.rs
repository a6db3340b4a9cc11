//! Declarations made of clauses: each clause finds its slot, or is told to be out of place.

use ordain_diagnostics::TextRange;
use ordain_syntax::ast;

use super::Lowering;
use crate::hir::{
    Adapter, Bind, Capability, Exemption, Field, Gate, GateInput, Group, Outcome, Policy, PolicyClause, PolicyRef,
    Provides, RuleSource, Signature, Subject, TypeRefKind,
};

/// A clause that is not where it should be. Ranges are those of the file.
pub(crate) enum Misuse {
    /// Given twice.
    Repeated { clause: &'static str, first: TextRange, again: TextRange },
    /// Not given, though the declaration needs it.
    Missing { clause: &'static str, of: &'static str, name: TextRange, example: &'static str },
    /// Has no meaning there.
    Misplaced { clause: &'static str, of: &'static str, range: TextRange },
    /// Says something of a whole plan, but stands in a block of it.
    NotAtTop { clause: &'static str, block: &'static str, range: TextRange },
    /// A policy that decides nothing.
    NoOutcome { name: TextRange },
    /// Means something in other policies only.
    Foreign { clause: &'static str, range: TextRange, help: &'static str },
}

/// The one value a clause may have.
pub(super) struct Slot<T> {
    clause: &'static str,
    value: Option<(T, TextRange)>,
}

impl<T> Slot<T> {
    pub(super) fn new(clause: &'static str) -> Self {
        Self { clause, value: None }
    }

    pub(super) fn fill(&mut self, value: T, range: TextRange, misuses: &mut Vec<Misuse>) {
        match &self.value {
            Some((_, first)) => {
                misuses.push(Misuse::Repeated { clause: self.clause, first: *first, again: range });
            }
            None => self.value = Some((value, range)),
        }
    }

    pub(super) fn take(self) -> Option<T> {
        self.value.map(|(value, _)| value)
    }

    fn need(self, of: &'static str, name: TextRange, example: &'static str, misuses: &mut Vec<Misuse>) -> Option<T> {
        if self.value.is_none() {
            misuses.push(Misuse::Missing { clause: self.clause, of, name, example });
        }
        self.take()
    }
}

pub(super) fn capability(
    low: &mut Lowering,
    decl: ast::CapabilityDecl,
    name: TextRange,
    misuses: &mut Vec<Misuse>,
) -> Capability {
    let (mut version, mut input, mut output) = (Slot::new("version"), Slot::new("input"), Slot::new("output"));
    let (mut effect, mut risk, mut key) = (Slot::new("effect"), Slot::new("risk"), Slot::new("key"));
    let (mut undo, mut retry, mut timeout) = (Slot::new("undo"), Slot::new("retry"), Slot::new("timeout"));
    for clause in decl.clauses {
        match clause {
            ast::CapabilityClause::Version { value, range } => version.fill(low.text(&value), range, misuses),
            ast::CapabilityClause::Input { ty, range } => input.fill(low.record_type(ty), range, misuses),
            ast::CapabilityClause::Output { ty, range } => output.fill(low.record_type(ty), range, misuses),
            ast::CapabilityClause::Effect { value, range } => effect.fill(low.name(value), range, misuses),
            ast::CapabilityClause::Risk { value, range } => risk.fill(low.name(value), range, misuses),
            ast::CapabilityClause::Key { parts, range } => {
                let parts = parts.into_iter().map(|part| low.expr(part)).collect();
                key.fill(parts, range, misuses);
            }
            ast::CapabilityClause::Undo { call, range } => undo.fill(low.step_call(call), range, misuses),
            ast::CapabilityClause::Retry { retry: value, range } => retry.fill(low.retry(value), range, misuses),
            ast::CapabilityClause::Timeout { value, range } => timeout.fill(low.expr(value), range, misuses),
        }
    }
    let of = "a capability";
    let record = |slot: Slot<crate::hir::TypeId>, low: &mut Lowering| {
        slot.take().unwrap_or_else(|| low.push_type(TypeRefKind::Record(Box::default()), name))
    };
    let (input, output) = (record(input, low), record(output, low));
    Capability {
        version: version.need(of, name, "version \"1.0.0\"", misuses),
        input,
        output,
        effect: effect.need(of, name, "effect read", misuses),
        risk: risk.need(of, name, "risk low", misuses),
        key: key.take().unwrap_or_default(),
        undo: undo.take(),
        retry: retry.take(),
        timeout: timeout.take(),
    }
}

pub(super) fn adapter(
    low: &mut Lowering,
    decl: ast::AdapterDecl,
    name: TextRange,
    misuses: &mut Vec<Misuse>,
) -> Adapter {
    let (mut version, mut run, mut provides) = (Slot::new("version"), Slot::new("run"), Vec::new());
    for clause in decl.clauses {
        match clause {
            ast::AdapterClause::Version { value, range } => version.fill(low.text(&value), range, misuses),
            ast::AdapterClause::Provides { path, requirement, .. } => {
                let path = low.path(path);
                let requirement = requirement
                    .map(|requirement| low.name(ast::Ident { name: requirement.text, range: requirement.range }));
                provides.push(Provides { path, requirement });
            }
            ast::AdapterClause::Run { transport, target, range } => {
                let target = (low.name(transport), low.expr(target));
                run.fill(target, range, misuses);
            }
        }
    }
    if provides.is_empty() {
        let example = "provides database.ensure ^1.2";
        misuses.push(Misuse::Missing { clause: "provides", of: "an adapter", name, example });
    }
    Adapter {
        version: version.take(),
        provides: provides.into_boxed_slice(),
        run: run.need("an adapter", name, "run process [\"adapters/postgres\"]", misuses),
    }
}

pub(super) fn environment(
    sig: &mut Lowering,
    body: &mut Lowering,
    decl: ast::EnvironmentDecl,
) -> (Signature, Box<[Field]>) {
    let ty = sig.ty(decl.ty);
    let (mut facts, mut binds, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for member in decl.members {
        match member {
            ast::EnvironmentMember::Fact(field) => facts.push(field),
            ast::EnvironmentMember::Bind { capability, adapter, .. } => {
                binds.push(Bind { capability: sig.path(capability), adapter: sig.path(adapter) });
            }
            ast::EnvironmentMember::Group { name, members, .. } => {
                groups.push(Group { name: sig.name(name), members: sig.expr(members) });
            }
        }
    }
    let signature = Signature::Environment { ty, binds: binds.into(), groups: groups.into() };
    (signature, body.fields(facts))
}

pub(super) fn policy(
    sig: &mut Lowering,
    low: &mut Lowering,
    decl: ast::PolicyDecl,
    name: TextRange,
    misuses: &mut Vec<Misuse>,
) -> (Signature, Policy) {
    let (mut code, mut severity, mut subject) = (Slot::new("code"), Slot::new("severity"), Slot::new("on"));
    let (mut because, mut with, mut clauses) = (Slot::new("because"), Slot::new("with"), Vec::new());
    let (mut outcomes, mut outcome_locs, mut exemptions) = (Vec::new(), Vec::new(), Vec::new());
    let loc = low.loc(name);
    for clause in decl.clauses {
        let range = clause.range;
        match clause.kind {
            ast::PolicyClauseKind::Code(value) => code.fill(sig.text(&value), range, misuses),
            ast::PolicyClauseKind::Severity(value) => severity.fill(sig.name(value), range, misuses),
            ast::PolicyClauseKind::On(on) => subject.fill(self::subject(low, on), range, misuses),
            ast::PolicyClauseKind::For { binder, iter } => {
                let iter = low.expr(iter);
                clauses.push(PolicyClause::For { binder: low.binder(binder), iter });
            }
            ast::PolicyClauseKind::Let(binding) => clauses.push(PolicyClause::Let(low.binding(binding))),
            ast::PolicyClauseKind::When(condition) => clauses.push(PolicyClause::When(low.expr(condition))),
            ast::PolicyClauseKind::Unless(condition) => clauses.push(PolicyClause::Unless(low.expr(condition))),
            ast::PolicyClauseKind::Outcome(outcome) if decl.from.is_some() => {
                let (clause, help) = (outcome_word(&outcome), "leave it out: the rules themselves say what they deny");
                misuses.push(Misuse::Foreign { clause, range, help });
            }
            ast::PolicyClauseKind::Outcome(outcome) => {
                outcome_locs.push(low.loc(range));
                outcomes.push(self::outcome(low, outcome));
            }
            ast::PolicyClauseKind::With(data) => {
                if decl.from.is_none() {
                    let help = "it gives data to rules of another language; use `let` for a name";
                    misuses.push(Misuse::Foreign { clause: "with", range, help });
                }
                with.fill(low.expr(data), range, misuses);
            }
            ast::PolicyClauseKind::Because(text) => {
                let range = text.range;
                let text = ast::Expr { kind: ast::ExprKind::String(text), range };
                because.fill(low.expr(text), range, misuses);
            }
            ast::PolicyClauseKind::Exempt { condition, until, see } => exemptions.push(Exemption {
                condition: low.expr(condition),
                until: until.map(|until| low.expr(until)),
                see: see.map(|see| low.path(see)),
            }),
        }
    }
    let from = decl.from.map(|source| RuleSource {
        language: low.name(source.language),
        files: source.files.iter().map(|file| low.text(file)).collect(),
    });
    if from.is_none() && outcomes.is_empty() {
        misuses.push(Misuse::NoOutcome { name });
    }
    let of = "a policy";
    let example = if from.is_some() { "on input: Json" } else { "on step in env: Target" };
    let subject = subject.need(of, name, example, misuses);
    let signature =
        Signature::Policy { code: code.need(of, name, "code \"GOV-101\"", misuses), severity: severity.take() };
    let policy = Policy {
        from,
        subject,
        clauses: clauses.into(),
        outcomes: outcomes.into(),
        outcome_locs: outcome_locs.into(),
        because: because.take(),
        with: with.take(),
        exemptions: exemptions.into(),
        loc,
    };
    (signature, policy)
}

fn subject(low: &mut Lowering, on: ast::Subject) -> Subject {
    let typed = |binding: Option<(ast::Ident, ast::Type)>, low: &mut Lowering| {
        binding.map(|(name, ty)| (low.name(name), low.ty(ty)))
    };
    Subject {
        kind: low.name(on.kind),
        binding: typed(on.binding, low),
        environment: typed(on.environment, low),
        globs: on.globs.map(|globs| low.expr(globs)),
    }
}

fn outcome_word(outcome: &ast::Outcome) -> &'static str {
    match outcome {
        ast::Outcome::Deny(_) => "deny",
        ast::Outcome::Warn(_) => "warn",
        ast::Outcome::Permit => "permit",
        ast::Outcome::Forbid(_) => "forbid",
        ast::Outcome::RequireApproval { .. } | ast::Outcome::RequireGate(_) => "require",
        ast::Outcome::Escalate(_) => "escalate",
    }
}

fn outcome(low: &mut Lowering, outcome: ast::Outcome) -> Outcome {
    match outcome {
        ast::Outcome::Deny(message) => Outcome::Deny(message.map(|message| low.expr(message))),
        ast::Outcome::Warn(message) => Outcome::Warn(message.map(|message| low.expr(message))),
        ast::Outcome::Permit => Outcome::Permit,
        ast::Outcome::Forbid(message) => Outcome::Forbid(message.map(|message| low.expr(message))),
        ast::Outcome::RequireApproval { group, count } => {
            Outcome::RequireApproval { group: low.name(group), count: count.map(|count| low.expr(count)) }
        }
        ast::Outcome::RequireGate(name) => Outcome::RequireGate(low.name(name)),
        ast::Outcome::Escalate(group) => Outcome::Escalate(low.name(group)),
    }
}

pub(super) fn gate(low: &mut Lowering, decl: ast::GateDecl, misuses: &mut Vec<Misuse>) -> Gate {
    let (mut globs, mut inputs, mut checks) = (Slot::new("on change"), Vec::new(), Vec::new());
    for clause in decl.clauses {
        match clause {
            ast::GateClause::OnChange { globs: value, range } => {
                let value = low.expr(value);
                globs.fill(value, range, misuses);
            }
            ast::GateClause::Input { name, ty, value, .. } => {
                inputs.push(GateInput { name: low.name(name), ty: low.ty(ty), value: low.expr(value) });
            }
            ast::GateClause::Check { policies, .. } => {
                checks.extend(policies.into_iter().map(|ast::PolicyRef { not, path, all }| PolicyRef {
                    path: low.path(path),
                    all,
                    not,
                }));
            }
        }
    }
    Gate { globs: globs.take(), inputs: inputs.into(), checks: checks.into() }
}
