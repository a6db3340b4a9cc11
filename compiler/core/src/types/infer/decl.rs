//! Signatures' expressions, and the bodies of constants, functions, environments and entities.

use ordain_diagnostics::codes;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::super::sig::{Sig, effect, risk};
use super::super::ty::{RecordTy, Ty};
use super::marking::{FieldOf, Slot};
use super::{Anchor, Infer, Resolution};
use crate::hir::{
    Adapter, Body, Capability, ExprId, ExprKind, Field, Kind, Loc, Name, Param, PathRef, Retry, Signature, StepCall,
    TypeRefKind,
};
use crate::items::Item;
use crate::resolve::PathError;

impl<'db> Infer<'db> {
    pub(super) fn signature(&mut self, signature: &Signature) {
        self.field_defaults();
        match signature {
            Signature::Fn { params, .. } | Signature::Plan { params, .. } => self.param_defaults(params),
            Signature::Capability(capability) => self.capability(capability),
            Signature::Adapter(adapter) => self.adapter(adapter),
            Signature::Environment { binds, groups, .. } => {
                let mut bound: FxHashMap<Item<'db>, Loc> = FxHashMap::default();
                for bind in binds {
                    let capability = self.target(&bind.capability, Kind::Capability);
                    if let Some(capability) = capability {
                        let loc = bind.capability.loc();
                        match bound.get(&capability) {
                            Some(&first) => self.again("capability", &bind.capability.text(), "bound", loc, first),
                            None => drop(bound.insert(capability, loc)),
                        }
                    }
                    let adapter = self.target(&bind.adapter, Kind::Adapter);
                    if let (Some(capability), Some(adapter)) = (capability, adapter) {
                        self.provides(&bind.adapter, capability, adapter);
                    }
                }
                let mut given: FxHashMap<SmolStr, Loc> = FxHashMap::default();
                for group in groups {
                    match given.get(&group.name.text) {
                        Some(&first) => self.again("group", &group.name.text, "given", group.name.loc, first),
                        None => drop(given.insert(group.name.text.clone(), group.name.loc)),
                    }
                    self.check(group.members, &Self::list(Ty::String));
                }
            }
            Signature::Policy { severity: Some(severity), .. }
                if !matches!(severity.text.as_str(), "low" | "medium" | "high" | "critical") =>
            {
                self.unknown_word(severity, "severity", &["low", "medium", "high", "critical"]);
            }
            _ => {}
        }
    }

    /// Defaults of record fields in whatever types this part writes. They see no names around them.
    pub(super) fn field_defaults(&mut self) {
        let tree = self.tree;
        for reference in &tree.types {
            if let TypeRefKind::Record(fields) = &reference.kind {
                for field in fields {
                    if let Some(default) = field.default {
                        // The type's own mistakes were reported when the signature was lowered.
                        let known = self.findings.len();
                        let ty = self.ty(field.ty);
                        self.findings.truncate(known);
                        self.check(default, &ty);
                    }
                }
            }
        }
    }

    fn param_defaults(&mut self, params: &[Param]) {
        let types = match &super::super::signature(self.db, self.item).sig {
            Sig::Fn { params, .. } | Sig::Plan { params, .. } => params,
            _ => return,
        };
        for (param, ty) in params.iter().zip(types) {
            if let Some(default) = param.default {
                self.check(default, &ty.ty);
            }
        }
    }

    fn again(&mut self, what: &str, name: &str, done: &str, loc: Loc, first: Loc) {
        let finding = self
            .finding(codes::DUPLICATE_FIELD, loc, format!("{what} `{name}` is {done} twice"))
            .note(self.at(first), format!("first {done} here"))
            .help("keep one of the two");
        self.report(finding);
    }

    fn unknown_word(&mut self, name: &Name, what: &str, known: &[&str]) {
        let list = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let finding = self
            .finding(codes::UNKNOWN_NAME, name.loc, format!("no {what} named `{}`", name.text))
            .did_you_mean(crate::similar::best(&name.text, known.iter().copied()));
        let finding = if finding.help.is_none() { finding.help(format!("it is one of {list}")) } else { finding };
        self.report(finding);
    }

    fn version(&mut self, version: &Name) {
        if semver::Version::parse(&version.text).is_err() {
            let finding = self
                .finding(codes::INVALID_LITERAL, version.loc, format!("`{}` is not a version", version.text))
                .help("write three numbers, such as \"1.2.0\" (SemVer 2.0.0)");
            self.report(finding);
        }
    }

    fn capability(&mut self, capability: &Capability) {
        if let Some(version) = &capability.version {
            self.version(version);
        }
        if let Some(name) = &capability.effect
            && effect(&name.text).is_none()
        {
            self.unknown_word(name, "effect", &["read", "write", "destroy"]);
        }
        if let Some(name) = &capability.risk
            && risk(&name.text).is_none()
        {
            self.unknown_word(name, "risk", &["low", "medium", "high", "critical"]);
        }
        let Sig::Capability(contract) = &super::super::signature(self.db, self.item).sig else { return };
        let mark = self.locals.len();
        self.bind_fields(&contract.input, Slot::Input);
        for &part in &capability.key {
            let ty = self.infer(part, None);
            if ty.holds_secret(self.db) {
                let finding = self
                    .finding(codes::SECRET_LEAK, self.loc(part), "a secret cannot be part of a key")
                    .help("keys are written to plans and journals");
                self.report(finding);
            }
        }
        if let Some(undo) = &capability.undo {
            self.bind_fields(&contract.output, Slot::Output);
            self.step_call(undo);
        }
        self.leave(mark);
        self.retry(capability.retry.as_ref());
        if let Some(timeout) = capability.timeout {
            self.check(timeout, &Ty::Duration);
        }
    }

    fn bind_fields(&mut self, record: &Ty<'db>, slot: Slot) {
        if let Ty::Record(record) = record.peel(self.db) {
            for field in &record.fields {
                let name = Name { text: field.name.clone(), loc: crate::hir::Loc(0) };
                let of = FieldOf { root: Some((self.item, slot)), path: vec![field.name.clone()] };
                self.bind_field(&name, field.ty.clone(), of);
            }
        }
    }

    pub(super) fn retry(&mut self, retry: Option<&Retry>) {
        let Some(retry) = retry else { return };
        self.check(retry.times, &Ty::Int);
        if let Some(backoff) = retry.backoff {
            use crate::hir::{BinaryOp, ExprKind};
            match &self.tree[backoff].kind {
                ExprKind::Binary { op: BinaryOp::Range | BinaryOp::RangeInclusive, left, right } => {
                    self.check(*left, &Ty::Duration);
                    self.check(*right, &Ty::Duration);
                }
                _ => {
                    self.check(backoff, &Ty::Duration);
                }
            }
        }
    }

    fn adapter(&mut self, adapter: &Adapter) {
        if let Some(version) = &adapter.version {
            self.version(version);
        }
        for provides in &adapter.provides {
            let capability = self.target(&provides.path, Kind::Capability);
            let Some(requirement) = &provides.requirement else { continue };
            let Ok(wanted) = semver::VersionReq::parse(&requirement.text) else {
                let message = format!("`{}` is not a version requirement", requirement.text);
                let finding = self.finding(codes::INVALID_LITERAL, requirement.loc, message).help("write it as `^1.2`");
                self.report(finding);
                continue;
            };
            if let Some(capability) = capability
                && let Sig::Capability(contract) = &super::super::signature(self.db, capability).sig
                && let Ok(version) = semver::Version::parse(&contract.version)
                && !wanted.matches(&version)
            {
                let name = capability.name(self.db);
                let message =
                    format!("`{name}` is at version {version}, which `{}` does not include", requirement.text);
                let finding = self
                    .finding(codes::ADAPTER_MISMATCH, requirement.loc, message)
                    .note(Anchor::name_of(capability), "declared here");
                self.report(finding);
            }
        }
        if let Some((transport, target)) = &adapter.run {
            match transport.text.as_str() {
                "process" => self.check(*target, &Self::list(Ty::String)),
                "http" => self.check(*target, &Ty::Url),
                "builtin" => self.check(*target, &Ty::String),
                _ => {
                    self.unknown_word(transport, "transport", &["process", "http", "builtin"]);
                    self.infer(*target, None)
                }
            };
        }
    }

    /// Reports an adapter bound to a capability that it does not provide.
    fn provides(&mut self, path: &PathRef, capability: Item<'db>, adapter: Item<'db>) {
        let Signature::Adapter(declared) = &adapter.signature(self.db).signature else { return };
        let provided = declared.provides.iter().any(|provides| {
            let parts: Vec<SmolStr> = provides.path.parts.iter().map(|part| part.text.clone()).collect();
            crate::resolve::resolve(self.db, adapter.file(self.db), &parts).is_ok_and(|found| found.item == capability)
        });
        if !provided {
            let message = format!("`{}` does not provide `{}`", adapter.name(self.db), capability.name(self.db));
            let finding = self
                .finding(codes::ADAPTER_MISMATCH, path.loc(), message)
                .note(Anchor::name_of(adapter), "the adapter is declared here")
                .help(format!("add `provides {}` to it, if it does", capability.name(self.db)));
            self.report(finding);
        }
    }

    /// The declaration of a kind that a path names.
    pub(super) fn target(&mut self, path: &PathRef, kind: Kind) -> Option<Item<'db>> {
        self.mark_target(path, kind);
        let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
        let resolved = match kind {
            Kind::Policy => self.resolve_policy(&parts),
            _ => self.resolve(&parts),
        };
        match resolved {
            Ok(found) if found.consumed == parts.len() && found.item.kind(self.db) == kind => {
                self.facts.targets.insert(path.loc(), Resolution::Item(found.item));
                Some(found.item)
            }
            Ok(found) if found.consumed == parts.len() => {
                let message =
                    format!("`{}` is {}, not {}", path.text(), found.item.kind(self.db).phrase(), kind.phrase());
                let finding = self
                    .finding(codes::WRONG_KIND, path.loc(), message)
                    .note(Anchor::name_of(found.item), "declared here");
                self.report(finding);
                None
            }
            Ok(found) => {
                let part = &path.parts[found.consumed];
                let message = format!("`{}` has nothing named `{}`", found.item.name(self.db), part.text);
                let finding = self.finding(codes::UNKNOWN_NAME, part.loc, message);
                self.report(finding);
                None
            }
            Err(error) if error.reported => None,
            // The module is there, named without an import.
            Err(PathError { at, module: Some(module), .. }) if kind == Kind::Policy && at > 0 => {
                let part = &path.parts[at];
                let named = parts[..at].join(".");
                let message = format!("module `{named}` has no policy `{}`", parts[at..].join("."));
                let policies = crate::resolve::declared(self.db, module).iter();
                let names = policies.filter(|(_, item)| item.kind(self.db) == kind).map(|(name, _)| name.as_str());
                let similar = crate::similar::best(&parts[at..].join("."), names);
                let finding = self.finding(codes::UNKNOWN_NAME, part.loc, message).did_you_mean(similar);
                self.report(finding);
                None
            }
            Err(_) => {
                let message = format!("no {} named `{}`", kind.keyword(), path.text());
                let finding = self.finding(codes::UNKNOWN_NAME, path.loc(), message).meant(
                    self.db,
                    &path.places(),
                    false,
                    |known| known == kind,
                );
                self.report(finding);
                None
            }
        }
    }

    /// Checks a capability's call; gives the capability.
    pub(super) fn step_call(&mut self, call: &StepCall) -> Option<Item<'db>> {
        let capability = self.target(&call.path, Kind::Capability);
        match capability.map(|item| &super::super::signature(self.db, item).sig) {
            Some(Sig::Capability(contract)) => {
                let input = contract.input.clone();
                let before = capability.and_then(|item| self.enter_slot(item, Slot::Input));
                self.check(call.inputs, &input);
                self.leave_field(before);
            }
            _ => {
                self.infer(call.inputs, Some(&Ty::Error));
            }
        }
        capability
    }

    pub(super) fn body(&mut self, body: &Body) {
        let sig = &super::super::signature(self.db, self.item).sig;
        match (body, sig) {
            (Body::Expr(value), Sig::Const(Some(ty))) => {
                self.check(*value, ty);
            }
            (Body::Expr(value), Sig::Const(None)) => {
                self.infer(*value, None);
                if let Some(open) = self.without_type(*value) {
                    let finding = self
                        .finding(codes::TYPE_NOT_KNOWN, self.loc(open), "this does not show its type")
                        .help("declare it, as in `const regions: List<String> = []`");
                    self.report(finding);
                }
            }
            (Body::Expr(value), Sig::Fn { params, result }) => {
                self.bind_params(params);
                let mark = self.locals.len();
                let before = self.enter_slot(self.item, Slot::Result);
                self.check(*value, result);
                self.leave_field(before);
                self.leave(mark);
            }
            (Body::Fields(fields), Sig::Environment(ty) | Sig::Entity(ty)) => self.facts_of(fields, ty),
            (Body::Policy(policy), _) => self.policy(policy),
            (Body::Gate(gate), _) => self.gate(gate),
            (Body::Test(stmts), _) => self.test(stmts),
            (Body::Plan(stmts), Sig::Plan { params, result }) => {
                self.bind_params(params);
                self.plan(stmts, result.as_ref());
            }
            _ => {}
        }
    }

    /// The part of a literal that could be of many types: `none`, an empty list. It is looked for in what is written
    /// and not in the type, which is open also where a mistake in another declaration has been reported there.
    fn without_type(&self, value: ExprId) -> Option<ExprId> {
        match &self.tree[value].kind {
            ExprKind::None => Some(value),
            ExprKind::List(elements) if elements.is_empty() => Some(value),
            ExprKind::List(elements) => {
                let open: Option<Vec<ExprId>> = elements.iter().map(|&each| self.without_type(each)).collect();
                open?.first().copied()
            }
            // The entries of a map share one type, so one of them can show it for all; the fields of a record do not.
            ExprKind::Record(fields) => fields.iter().find_map(|field| match field {
                Field::Named { value, .. } => self.without_type(*value),
                Field::Keyed { .. } | Field::Spread { .. } => None,
            }),
            _ => None,
        }
    }

    pub(super) fn bind_params(&mut self, params: &[super::super::ParamTy<'db>]) {
        let written = match &self.item.signature(self.db).signature {
            Signature::Fn { params, .. } | Signature::Plan { params, .. } => params,
            _ => return,
        };
        for (param, written) in params.iter().zip(written) {
            self.bind_param(&written.name, param.ty.clone());
        }
    }

    /// The facts of an environment or the fields of an entity.
    fn facts_of(&mut self, fields: &[Field], ty: &Ty<'db>) {
        match ty.peel(self.db) {
            Ty::Record(record) => {
                let record: std::sync::Arc<RecordTy<'db>> = record;
                self.typed_record(crate::hir::Loc(0), fields, &record, ty);
            }
            Ty::Error => {
                for field in fields {
                    let (Field::Named { value, .. } | Field::Keyed { value, .. } | Field::Spread { value }) = field;
                    let value: ExprId = *value;
                    self.infer(value, Some(&Ty::Error));
                }
            }
            other => {
                let message = format!("`{}` is not a record type", self.show(&other));
                let finding = self.finding(codes::TYPE_MISMATCH, crate::hir::Loc(0), message);
                self.report(finding);
            }
        }
    }
}
