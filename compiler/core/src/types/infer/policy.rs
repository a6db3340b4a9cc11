//! Policies and gates: types only; `policy` decides them.

use ordain_diagnostics::codes;
use smol_str::SmolStr;

use super::super::sig::Sig;
use super::super::ty::Ty;
use super::{Anchor, Infer};
use crate::hir::{
    ExprId, ExprKind, Gate, Kind, Loc, Name, Outcome, PathRef, Policy, PolicyClause, RuleSource, Subject,
};
use crate::items::Item;
use crate::policy::ChangePatterns;
use crate::rules::RuleLanguage;

/// What a policy can be about, and the type of the value it is given (in the standard module `governance`).
const SUBJECTS: [(&str, &str); 6] = [
    ("plan", "Plan"),
    ("step", "Step"),
    ("entity", "Entity"),
    ("change", "Change"),
    ("request", "Request"),
    ("input", ""),
];

/// What a request is made of.
const REQUEST_PARTS: [&str; 4] = ["principal", "action", "resource", "context"];

impl<'db> Infer<'db> {
    pub(super) fn policy(&mut self, policy: &Policy) {
        let mark = self.locals.len();
        if let Some(subject) = &policy.subject {
            self.subject(subject);
        }
        if let Some(source) = &policy.from {
            self.rule_source(source, policy.subject.as_ref());
        }
        if let Some(with) = policy.with {
            self.check(with, &Ty::Json);
        }
        for clause in &policy.clauses {
            match clause {
                PolicyClause::For { binder, iter } => self.bind_loop(binder, *iter),
                PolicyClause::Let(binding) => self.binding(binding),
                PolicyClause::When(condition) | PolicyClause::Unless(condition) => {
                    self.check(*condition, &Ty::Bool);
                }
            }
        }
        for outcome in &policy.outcomes {
            self.outcome_of(policy, outcome);
            match outcome {
                Outcome::Deny(message) | Outcome::Warn(message) | Outcome::Forbid(message) => {
                    if let Some(message) = message {
                        self.check(*message, &Ty::String);
                    }
                }
                Outcome::RequireApproval { count: Some(count), .. } => {
                    self.check(*count, &Ty::Int);
                }
                _ => {}
            }
        }
        if let Some(because) = policy.because {
            self.check(because, &Ty::String);
        }
        for exemption in &policy.exemptions {
            self.check(exemption.condition, &Ty::Bool);
            if let Some(until) = exemption.until {
                self.check(until, &Ty::Date);
            }
            if let Some(see) = &exemption.see {
                self.decision(see);
            }
        }
        self.leave(mark);
    }

    /// Whether there are such rules, and whether they can be about the subject.
    fn rule_source(&mut self, source: &RuleSource, subject: Option<&Subject>) {
        let written = &source.language;
        let names = RuleLanguage::ALL.map(RuleLanguage::name);
        let Some(language) = RuleLanguage::named(&written.text) else {
            let message = format!("there are no rules in a language `{}`", written.text);
            let finding = self
                .finding(codes::FOREIGN_RULES, written.loc, message)
                .did_you_mean(crate::similar::best(&written.text, names));
            let finding = if finding.help.is_none() {
                finding.help(format!("the languages are {}", names.map(|name| format!("`{name}`")).join(" and ")))
            } else {
                finding
            };
            return self.report(finding);
        };
        if source.files.is_empty() || (language == RuleLanguage::Gatekeeper && source.files.len() > 1) {
            let (message, help) = match language {
                RuleLanguage::Rego => {
                    ("there is no file with rules", "name one, such as `from rego \"policies/a.rego\"`")
                }
                RuleLanguage::Gatekeeper => ("a template is one file", "write a policy for each template"),
            };
            let finding = self.finding(codes::FOREIGN_RULES, written.loc, message).help(help);
            self.report(finding);
        }
        let Some(kind) = subject.map(|subject| &subject.kind) else { return };
        let reason = match (language, kind.text.as_str()) {
            (RuleLanguage::Rego, "request") => "Rego has no rules that permit a request",
            (RuleLanguage::Gatekeeper, "plan" | "step" | "entity" | "change" | "request") => {
                "templates judge objects of Kubernetes, which are documents"
            }
            _ => return,
        };
        let finding = self.finding(codes::FOREIGN_RULES, kind.loc, reason).help("write `on input: Type`");
        self.report(finding);
    }

    fn subject(&mut self, subject: &Subject) {
        let kind = &subject.kind;
        let Some((_, type_name)) = SUBJECTS.iter().find(|(name, _)| kind.text == *name) else {
            let names = SUBJECTS.iter().map(|(name, _)| *name);
            let list = names.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let finding = self
                .finding(codes::UNKNOWN_NAME, kind.loc, format!("a policy cannot be about `{}`", kind.text))
                .did_you_mean(crate::similar::best(&kind.text, names));
            let finding =
                if finding.help.is_none() { finding.help(format!("it is about one of {list}")) } else { finding };
            return self.report(finding);
        };
        match &subject.binding {
            Some((name, ty)) if kind.text == "request" => {
                let (loc, ty) = (self.tree[*ty].loc, self.ty(*ty));
                self.request(name, loc, ty);
            }
            Some((name, ty)) => {
                let ty = self.ty(*ty);
                self.bind(name, ty);
            }
            None if kind.text == "input" => {
                let finding = self
                    .finding(codes::MISSING_CLAUSE, kind.loc, "`on input` needs the type of the document")
                    .help("write `on input: Type`, with `Json` where there is no model");
                self.report(finding);
                self.bind(kind, Ty::Error);
            }
            None if kind.text == "request" => {
                for part in REQUEST_PARTS {
                    let name = Name { text: SmolStr::new_static(part), loc: kind.loc };
                    let ty = self.standard_field(type_name, part);
                    self.bind(&name, ty);
                }
            }
            None => {
                let ty = self.standard(type_name);
                self.bind(kind, ty);
            }
        }
        if let Some((name, ty)) = &subject.environment {
            let ty = self.ty(*ty);
            self.bind(name, ty);
        }
        if let Some(globs) = subject.globs {
            self.check(globs, &Self::list(Ty::String));
            self.patterns(globs);
        }
    }

    /// Patterns that are written out have to be some: a policy that never sees a file would pass for ever.
    fn patterns(&mut self, globs: ExprId) {
        let ExprKind::List(patterns) = &self.tree[globs].kind else { return };
        for pattern in patterns.iter() {
            let ExprKind::Str(text) = &self.tree[*pattern].kind else { continue };
            if let Err(message) = ChangePatterns::new(&[text.to_string()]) {
                let finding = self
                    .finding(codes::INCOMPLETE_POLICY, self.tree[*pattern].loc, message)
                    .help("write it as from the root of the repository, such as `\"infra/**/*.tf\"`");
                self.report(finding);
            }
        }
    }

    /// A request of a declared type: its parts have names of their own.
    fn request(&mut self, name: &Name, loc: Loc, ty: Ty<'db>) {
        let parts = match ty.peel(self.db) {
            Ty::Record(record) => record.fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect(),
            _ => Vec::new(),
        };
        let is = |part: &str, such: &dyn Fn(&Ty<'db>) -> bool| {
            parts.iter().any(|(name, ty)| name == part && such(&ty.peel(self.db)))
        };
        let refers = |ty: &Ty<'db>| matches!(ty, Ty::Ref(_) | Ty::Error);
        let names = |ty: &Ty<'db>| matches!(ty, Ty::Enum(_) | Ty::String | Ty::Error);
        let whole = is("principal", &refers) && is("resource", &refers) && is("action", &names);
        let more = parts.iter().find(|(name, _)| !REQUEST_PARTS.contains(&name.as_str())).map(|(name, _)| name.clone());
        if ty != Ty::Error && (!whole || more.is_some()) {
            let message = match more.filter(|_| whole) {
                Some(more) => format!("a request has no `{more}`"),
                None => format!("`{}` is not the type of a request", self.show(&ty)),
            };
            let finding = self.finding(codes::NOT_A_REQUEST, loc, message).help(
                "a request is `{ principal: Ref<A>, action: E, resource: Ref<B>, context: C }`, with an enum for \
                 its actions; the context may lack",
            );
            self.report(finding);
        }
        for (part, ty) in parts {
            self.bind(&Name { text: part, loc: name.loc }, ty);
        }
        self.bind(name, ty);
    }

    /// Only requests are permitted and forbidden: everything else may be as long as nobody objects.
    fn outcome_of(&mut self, policy: &Policy, outcome: &Outcome) {
        let Some(subject) = &policy.subject else { return };
        let of_requests = matches!(outcome, Outcome::Permit | Outcome::Forbid(_));
        if of_requests == (subject.kind.text == "request")
            || !SUBJECTS.iter().any(|(name, _)| subject.kind.text == *name)
        {
            return;
        }
        let (message, help) = if of_requests {
            let message = format!("`on {}` is not permitted or forbidden", subject.kind.text);
            (message, "write `deny`, `warn` or a `require`; what no policy denies may be")
        } else {
            (
                "a request is permitted or forbidden".to_owned(),
                "write `permit` or `forbid`; what no policy permits is forbidden",
            )
        };
        let finding = self.finding(codes::MISPLACED_OUTCOME, subject.kind.loc, message).help(help);
        self.report(finding);
    }

    /// What an exemption leans on: an entity that is a decision.
    fn decision(&mut self, path: &PathRef) {
        let Some(item) = self.target(path, Kind::Entity) else { return };
        let Sig::Entity(ty) = &super::super::signature(self.db, item).sig else { return };
        let Some(decision) = self.standard_item("decision", "Decision") else { return };
        let declared = ty.peel(self.db);
        if declared == Ty::Error || declared == Ty::Alias(decision).peel(self.db) {
            return;
        }
        let message = format!("`{}` is `{}`, and no decision", path.text(), self.show(ty));
        let finding = self
            .finding(codes::NOT_A_DECISION, path.loc(), message)
            .note(Anchor::name_of(item), "declared here")
            .help("name an entity of the type `std.decision.Decision`");
        self.report(finding);
    }

    /// The type of a subject that names none itself.
    pub(super) fn subject_type(&self, kind: &str) -> Ty<'db> {
        let known = SUBJECTS.iter().find(|(name, _)| kind == *name);
        known.map_or(Ty::Error, |(_, type_name)| self.standard(type_name))
    }

    /// A type of the standard module `governance`.
    fn standard(&self, name: &str) -> Ty<'db> {
        self.standard_item("governance", name).map_or(Ty::Error, Ty::Alias)
    }

    /// A declaration of a standard module.
    fn standard_item(&self, module: &str, name: &str) -> Option<Item<'db>> {
        let std = crate::resolve::dependency(self.db, self.file, "std").unwrap_or_else(|| self.file.package(self.db));
        let file = *std.files(self.db).get(module)?;
        crate::resolve::declared(self.db, file).get(name)
    }

    fn standard_field(&self, name: &str, field: &str) -> Ty<'db> {
        match self.standard(name).peel(self.db) {
            Ty::Record(record) => record.get(field).map_or(Ty::Error, |field| field.ty.clone()),
            _ => Ty::Error,
        }
    }

    pub(super) fn gate(&mut self, gate: &Gate) {
        let mark = self.locals.len();
        if let Some(globs) = gate.globs {
            self.check(globs, &Self::list(Ty::String));
        }
        for input in &gate.inputs {
            let ty = self.ty(input.ty);
            self.check(input.value, &ty);
            self.bind(&input.name, ty);
        }
        for policy in &gate.checks {
            if policy.all {
                self.module_of_policies(&policy.path);
            } else {
                self.target(&policy.path, Kind::Policy);
            }
        }
        self.leave(mark);
    }

    fn module_of_policies(&mut self, path: &crate::hir::PathRef) {
        let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
        self.mark_path(&path.places());
        match crate::resolve::resolve_module(self.db, self.file, &parts) {
            Some((module, import)) => {
                self.imports.extend(import);
                let mut declared = crate::resolve::declared(self.db, module).iter();
                if !declared.any(|(_, item)| item.kind(self.db) == Kind::Policy) {
                    let message = format!("module `{}` has no policies", path.text());
                    let finding = self.finding(codes::UNKNOWN_NAME, path.loc(), message);
                    self.report(finding);
                }
            }
            None => {
                let message = format!("no module named `{}`", path.text());
                let finding = self.finding(codes::UNKNOWN_MODULE, path.loc(), message);
                self.report(finding);
            }
        }
    }
}
