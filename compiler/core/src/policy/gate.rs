//! Gates: the documents that continuous integration looks at, and the policies that hold for them.

use std::cell::OnceCell;
use std::rc::Rc;

use ordain_data::Pointer;
use ordain_diagnostics::{Diagnostic, TextRange, codes};
use ordain_graph::{Date, Outcome, Severity, Value};
use smol_str::SmolStr;

use super::alone::locals;
use super::change::{patterns, seen};
use super::compiled::Compiled;
use super::decide::{Decided, Decider, Shown};
use super::entity::{decide_entities, entities_of};
use super::input::{Document, as_declared, elements};
use super::standing::fallen;
use super::{code_and_severity, docs};
use crate::db::Db;
use crate::engine::PART;
use crate::eval::{Context, Eval, Evaluator, Fault, Following, Origin, data_call, declared_value};
use crate::hir::{Body, Gate, Kind, Policy, PolicyRef, Subject};
use crate::items::Item;
use crate::resolve::{declared, resolve_module, resolve_policy};
use crate::types::{Anchor, Ty, fits, subject_types, written_type};

/// What a gate found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateRun {
    /// The policies that were decided, by code, whatever they say.
    pub checked: Vec<SmolStr>,
    /// The policies about changes that could not be asked, since nobody said what changed.
    pub unasked: Vec<SmolStr>,
    /// What they say.
    pub findings: Vec<GateFinding>,
    /// Why documents could not be read, or policies not be decided. A gate with one of these does not hold.
    pub faults: Vec<Diagnostic>,
}

/// What a policy says about a document.
#[derive(Clone, Debug, PartialEq)]
pub struct GateFinding {
    /// The policy's code.
    pub policy: SmolStr,
    /// The policy's name.
    pub name: SmolStr,
    /// The policy's doc comment; empty where it has none.
    pub docs: SmolStr,
    /// How grave it is.
    pub severity: Severity,
    /// What is said, at its place in the document: an error for `deny`, a warning for `warn`.
    pub diagnostic: Diagnostic,
    /// Where in the document, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// The exemption that lifts it: the last day, and the decision.
    pub exempt: Option<ordain_graph::Exemption>,
}

/// The patterns of the files that a gate is about; none where it is about all.
pub fn gate_globs(db: &dyn Db, item: Item<'_>) -> Vec<String> {
    let Body::Gate(gate) = &item.body(db).body else { return Vec::new() };
    let Some(globs) = gate.globs else { return Vec::new() };
    patterns(db, item, globs).unwrap_or_default()
}

/// How a gate is run. What it finds is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateManner {
    /// By the engine, which reads long lists of JSON in parts of at least so many bytes.
    Parts(usize),
    /// By the engine, which holds documents whole.
    Whole,
    /// By the tree walker: what the engine is held against.
    Walked,
}

/// Decides the policies of a gate about its documents, and about what changed, as of a day.
pub fn run_gate<'db>(db: &'db dyn Db, item: Item<'db>, change: Option<&Value>, as_of: Option<Date>) -> GateRun {
    run_gate_as(db, item, change, as_of, GateManner::Parts(PART))
}

/// As [`run_gate`], in some manner.
pub fn run_gate_as<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    change: Option<&Value>,
    as_of: Option<Date>,
    manner: GateManner,
) -> GateRun {
    let Body::Gate(gate) = &item.body(db).body else { return GateRun::default() };
    let (documents, compiled) = (Vec::new(), Compiled::default());
    let mut runner = Runner { db, item, as_of, documents, compiled, unread: false, run: GateRun::default() };
    let policies = runner.policies(gate);
    let part = match manner {
        GateManner::Parts(part) => Some(Some(part)),
        GateManner::Whole => Some(None),
        GateManner::Walked => None,
    };
    if let Some(part) = part {
        runner.compiled = Compiled::of_gate(db, item, gate, &policies, as_of, part);
    }
    runner.documents(gate);
    for (policy, declared) in policies {
        runner.policy(policy, declared, change);
    }
    runner.run.checked.sort();
    runner.run.checked.dedup();
    runner.run
}

/// What a gate looks at: its documents, its policies, and why documents could not be read.
pub(super) fn looked_at<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
) -> (Vec<Rc<Document<'db>>>, Vec<Item<'db>>, Vec<Diagnostic>) {
    let Body::Gate(gate) = &item.body(db).body else { return Default::default() };
    let (documents, compiled) = (Vec::new(), Compiled::default());
    let mut runner = Runner { db, item, as_of: None, documents, compiled, unread: false, run: GateRun::default() };
    let policies = runner.policies(gate).into_iter().map(|(policy, _)| policy).collect();
    runner.documents(gate);
    (runner.documents, policies, runner.run.faults)
}

struct Runner<'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    as_of: Option<Date>,
    documents: Vec<Rc<Document<'db>>>,
    /// What the engine says.
    compiled: Compiled<'db>,
    /// Whether a document could not be read.
    unread: bool,
    run: GateRun,
}

impl<'db> Runner<'db> {
    fn documents(&mut self, gate: &Gate) {
        let evaluator = Evaluator::new(self.db);
        let mut cx = Context::body(self.db, self.item);
        let mut origins: Vec<(SmolStr, Origin<'db>)> = Vec::new();
        // A document that the engine has read needs no other value, unless something asks for it by name.
        let by_name = gate.inputs.iter().any(|input| data_call(self.db, &cx, input.value).is_none());
        for (at, input) in gate.inputs.iter().enumerate() {
            let value = OnceCell::new();
            if by_name || !self.compiled.is_sound(at) {
                match evaluator.eval(&mut cx, input.value) {
                    Ok(known) => {
                        cx.locals.push((input.name.text.clone(), known.clone()));
                        // INVARIANT: the cell was made above, and is empty.
                        let _ = value.set(known);
                    }
                    Err(fault) => {
                        self.fault(&fault);
                        self.unread = true;
                        continue;
                    }
                }
            }
            // What it takes to follow a value is not on the account of what comes after.
            let origin = Origin::of(&mut cx, &Evaluator::new(self.db), &origins, input.value);
            origins.push((input.name.text.clone(), origin.clone()));
            self.documents.push(Rc::new(Document {
                input: at,
                name: input.name.text.clone(),
                ty: written_type(self.db, self.item, input.ty),
                expr: input.value,
                value,
                origin,
                at: cx.at(input.name.loc),
            }));
        }
    }

    /// The policies a gate names, those of whole modules among them, each once, without those that it leaves out.
    fn policies(&self, gate: &'db Gate) -> Vec<(Item<'db>, &'db Policy)> {
        let file = self.item.file(self.db);
        let mut found: Vec<Item<'db>> = Vec::new();
        let mut left_out = rustc_hash::FxHashSet::default();
        for PolicyRef { path, all, not } in &gate.checks {
            let mut named: Vec<Item<'db>> = Vec::new();
            let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
            if *all {
                let module = resolve_module(self.db, file, &parts).map(|(module, _)| module);
                let items = module.into_iter().flat_map(|module| declared(self.db, module).iter());
                named.extend(items.map(|(_, item)| item).filter(|item| item.kind(self.db) == Kind::Policy));
            } else {
                named.extend(resolve_policy(self.db, file, &parts).ok().map(|found| found.item));
            }
            if *not { left_out.extend(named) } else { found.extend(named) }
        }
        let mut seen = rustc_hash::FxHashSet::default();
        found.retain(|item| !left_out.contains(item) && seen.insert(*item));
        let declared = |item: Item<'db>| match &item.body(self.db).body {
            Body::Policy(policy) => Some((item, &**policy)),
            _ => None,
        };
        found.into_iter().filter_map(declared).collect()
    }

    fn policy(&mut self, policy: Item<'db>, declared: &'db Policy, change: Option<&Value>) {
        let Some(subject) = &declared.subject else { return };
        match subject.kind.text.as_str() {
            "input" => {
                let Some(expected) = &subject_types(self.db, policy).binding else { return };
                let mut looked_at = false;
                for document in self.documents.clone() {
                    if fits(self.db, &document.ty, expected) {
                        looked_at = true;
                        self.whole(policy, subject, expected, &document);
                    } else if let Some(element) = document.element(self.db, expected) {
                        looked_at = true;
                        self.each(policy, subject, (&element, expected), &document);
                    }
                }
                if !looked_at && !self.unread {
                    self.nothing_to_look_at(policy, expected);
                }
            }
            "change" => match change {
                Some(change) => match seen(self.db, policy, subject, change.clone()) {
                    Ok(Some(change)) => self.decide(policy, locals(subject, change), None),
                    Ok(None) => {}
                    Err(fault) => self.fault(&fault),
                },
                None => self.run.unasked.push(code_and_severity(self.db, policy).0),
            },
            "entity" => {
                let package = self.item.file(self.db).package(self.db);
                let entities = entities_of(self.db, package, policy);
                if let ([], Some(expected)) = (&entities[..], &subject_types(self.db, policy).binding) {
                    let (name, shown) = (policy.name(self.db), expected.display(self.db));
                    let message = format!("`{name}` is about entities of `{shown}`, and the package has none");
                    return self.not_looked_at(policy, message, "declare one, or leave the policy out".into());
                }
                // What is wrong in a document that an entity is made of is no reason to pass.
                for (entity, _) in &entities {
                    if let Some(fault) = &declared_value(self.db, *entity).fault {
                        self.fault(fault);
                    }
                }
                let mut used = Vec::new();
                for (entity, decided) in decide_entities(self.db, package, policy, subject, self.as_of, false) {
                    used.extend(decided.used.iter().copied());
                    self.take(policy, decided, |this, _| Anchor::name_of(entity).locate(this.db));
                }
                self.run.checked.push(code_and_severity(self.db, policy).0);
                self.exemptions(policy, &used);
            }
            other => {
                let message = format!("`{}` is about `{other}`, which no gate looks at", policy.name(self.db));
                self.not_looked_at(policy, message, "leave it out of the gate; it is decided for plans".into());
            }
        }
    }

    /// Decides a policy about the whole of a document.
    fn whole(&mut self, policy: Item<'db>, subject: &Subject, expected: &Ty<'db>, document: &Document<'db>) {
        if let Some(decided) = self.compiled.take(document.input, policy) {
            return self.decided(policy, decided, Some(document));
        }
        match self.value(document).and_then(|value| as_declared(self.db, value, (&document.ty, expected), policy)) {
            Ok(value) => self.decide(policy, locals(subject, value), Some(document)),
            Err(fault) => self.without_value(&fault, policy, document),
        }
    }

    /// A policy cannot have the value that it asks for. A document that is sound in its parts may be too large as a whole.
    fn without_value(&mut self, fault: &Fault<'db>, policy: Item<'db>, document: &Document<'db>) {
        self.fault(fault);
        if self.compiled.is_sound(document.input)
            && let Some(finding) = self.run.faults.pop()
        {
            let by = Anchor::name_of(policy).locate(self.db);
            self.run.faults.push(finding.related(by.0, by.1, "this policy looks at the whole of it"));
        }
    }

    /// Decides a policy about each element of a document. `types` are that of an element, and the one the policy expects.
    fn each(&mut self, policy: Item<'db>, subject: &Subject, types: (&Ty<'db>, &Ty<'db>), document: &Document<'db>) {
        let elements = match self.value(document) {
            Ok(value) => elements(&value),
            Err(fault) => return self.without_value(&fault, policy, document),
        };
        let mut all = Decided::default();
        for (step, value) in elements {
            let mut at = Pointer::root();
            at.push_key(&step);
            let decided = match as_declared(self.db, value, types, policy) {
                Ok(value) => self.decision(policy, locals(subject, value), Some(document.origin.part(&step))),
                Err(fault) => {
                    self.fault(&fault);
                    continue;
                }
            };
            let Some(mut decided) = decided else { return };
            decided.rulings.iter_mut().for_each(|ruling| ruling.pointer = at.clone().join(&ruling.pointer));
            all.rulings.append(&mut decided.rulings);
            all.faults.append(&mut decided.faults);
            all.used.append(&mut decided.used);
        }
        self.decided(policy, all, Some(document));
    }

    fn decide(&mut self, policy: Item<'db>, locals: Vec<(SmolStr, Value)>, document: Option<&Document<'db>>) {
        if let Some(decided) = self.decision(policy, locals, document.map(|document| document.origin.clone())) {
            self.decided(policy, decided, document);
        }
    }

    fn decision(
        &self,
        policy: Item<'db>,
        locals: Vec<(SmolStr, Value)>,
        origin: Option<Origin<'db>>,
    ) -> Option<Decided<'db>> {
        let package = self.item.file(self.db).package(self.db);
        let evaluator = Evaluator::new(self.db).following(Following::Declared(package));
        let decider = Decider::new(self.db, &evaluator, policy, locals, self.as_of)?;
        Some(decider.showing(origin.map(Shown::Origin)).run())
    }

    fn decided(&mut self, policy: Item<'db>, decided: Decided<'db>, document: Option<&Document<'db>>) {
        let used = decided.used.clone();
        self.take(policy, decided, |this, pointer| this.place(document, pointer));
        self.exemptions(policy, &used);
    }

    /// The value of a document.
    fn value(&self, document: &Document<'db>) -> Eval<'db> {
        if let Some(known) = document.value.get() {
            return Ok(known.clone());
        }
        let value = Evaluator::new(self.db).eval(&mut Context::body(self.db, self.item), document.expr)?;
        Ok(document.value.get_or_init(|| value).clone())
    }

    /// Keeps what a policy says about one thing.
    fn take(
        &mut self,
        policy: Item<'db>,
        decided: Decided<'db>,
        place: impl Fn(&Self, &Pointer) -> (SmolStr, TextRange),
    ) {
        let Decided { rulings, faults, .. } = decided;
        faults.iter().for_each(|fault| self.fault(fault));
        let (code, severity) = code_and_severity(self.db, policy);
        let docs = if rulings.is_empty() { SmolStr::default() } else { docs(self.db, policy) };
        self.run.checked.push(code.clone());
        for ruling in rulings {
            let (number, message) = match &ruling.outcome {
                Outcome::Deny { message } => (codes::DENIED_BY_POLICY, message),
                Outcome::Warn { message } => (codes::POLICY_WARNING, message),
                // Approvals and gates of plans have no meaning for a document.
                _ => continue,
            };
            let text = |value: &Value| ordain_graph::display(value).unwrap_or_default();
            let message = match message.as_ref().or(ruling.because.as_ref()) {
                Some(message) => format!("{code}: {}", text(message)),
                None => format!("{code}: `{}` speaks against it", policy.name(self.db)),
            };
            let (path, range) = place(self, &ruling.pointer);
            let mut diagnostic = Diagnostic::new(number, path, range, message);
            let by = Anchor::name_of(policy).locate(self.db);
            diagnostic = diagnostic.related(by.0, by.1, "by this policy");
            if let Some((path, range)) = ruling.rule {
                diagnostic = diagnostic.related(path, range, "by this rule");
            }
            if let Some(because) = &ruling.because {
                diagnostic = diagnostic.help(text(because));
            }
            let pointer = ruling.pointer.as_str().to_owned();
            self.run.findings.push(GateFinding {
                policy: code.clone(),
                name: policy.name(self.db).clone(),
                docs: docs.clone(),
                severity,
                diagnostic,
                pointer,
                exempt: ruling.exempt,
            });
        }
    }

    /// Exemptions that have run out, that match nothing, and whose decisions do not stand are findings themselves.
    fn exemptions(&mut self, policy: Item<'db>, used: &[(usize, bool)]) {
        let Body::Policy(declared) = &policy.body(self.db).body else { return };
        for (at, exemption) in declared.exemptions.iter().enumerate() {
            let over = used.contains(&(at, true));
            if used.contains(&(at, false)) && !over {
                continue;
            }
            let diagnostic = match fallen(self.db, policy, exemption) {
                Some(finding) => finding.locate(self.db),
                None => {
                    let cx = Context::body(self.db, policy);
                    let at = exemption.until.filter(|_| over).unwrap_or(exemption.condition);
                    let (path, range) = cx.expr_at(at).locate(self.db);
                    let (number, message) = match (over, self.as_of) {
                        (true, Some(as_of)) => {
                            (codes::EXEMPTION_OVER, format!("this exemption has run out by {as_of}"))
                        }
                        (true, None) => {
                            (codes::EXEMPTION_OVER, "without a day, an exemption that ends does not count".into())
                        }
                        (false, _) => (codes::EXEMPTION_UNUSED, "this exemption lifts nothing here".into()),
                    };
                    Diagnostic::new(number, path, range, message)
                }
            };
            let (code, severity) = code_and_severity(self.db, policy);
            self.run.findings.push(GateFinding {
                policy: code,
                name: policy.name(self.db).clone(),
                docs: docs(self.db, policy),
                severity,
                diagnostic,
                pointer: String::new(),
                exempt: None,
            });
        }
    }

    fn nothing_to_look_at(&mut self, policy: Item<'db>, expected: &Ty<'db>) {
        let (name, shown) = (policy.name(self.db), expected.display(self.db));
        let message = format!("`{name}` is about `{shown}`, and no input of the gate is of that type");
        self.not_looked_at(policy, message, format!("add an `input name: {shown} = …` to the gate"));
    }

    /// A gate that looks at nothing would pass, and nobody would know.
    fn not_looked_at(&mut self, policy: Item<'db>, message: String, help: String) {
        let place = Anchor::name_of(self.item).locate(self.db);
        let by = Anchor::name_of(policy).locate(self.db);
        self.run.faults.push(
            Diagnostic::new(codes::GATE_WITHOUT_INPUT, place.0, place.1, message)
                .related(by.0, by.1, "the policy")
                .help(help),
        );
    }

    /// Where a ruling points: into the document, or to where the gate names it.
    fn place(&self, document: Option<&Document<'db>>, pointer: &Pointer) -> (SmolStr, TextRange) {
        let Some(document) = document else { return Anchor::name_of(self.item).locate(self.db) };
        match document.origin.place(self.db, pointer) {
            Some(place) => place,
            None => document.at.locate(self.db),
        }
    }

    fn fault(&mut self, fault: &Fault<'db>) {
        let diagnostic = fault.locate(self.db).unwrap_or_else(|| {
            let place = Anchor::name_of(self.item).locate(self.db);
            Diagnostic::new(
                codes::NOT_KNOWN_YET,
                place.0,
                place.1,
                "the gate could not be looked at, because of errors",
            )
        });
        self.run.faults.push(diagnostic);
    }
}
