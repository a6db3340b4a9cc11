//! How policies come to what they say about documents, changes and entities, or why they say nothing.

use std::cell::RefCell;

use ordain_data::{JsonPlaces, Pointer};
use ordain_diagnostics::{Diagnostic, TextRange};
use ordain_graph::{Date, Value};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::alone::{locals, whole};
use super::change::seen;
use super::decide::{Decided, Decider, Shown};
use super::entity::decide_entities;
use super::input::{Document, as_declared, elements};
use super::{code_and_severity, gate};
use crate::db::{DataFile, Db, Package};
use crate::eval::{
    DocumentError, Evaluator, InputDocument, Origin, declared_value, read_document_as, without_declaration,
};
use crate::hir::{Body, Kind, Subject};
use crate::items::Item;
use crate::resolve::{declared, items_of, resolve_module};
use crate::types::{DataFormat, Ty, fits, lone_type, subject_types};

/// How a policy was decided about something.
#[derive(Debug)]
pub struct Explained<'db> {
    /// The policy.
    pub policy: Item<'db>,
    /// What it was decided about.
    pub about: About<'db>,
    /// What it says, and how it came to that.
    pub decided: Decided<'db>,
    /// The places in the document's text that are known already.
    places: RefCell<Option<JsonPlaces<'db>>>,
}

/// What a policy was decided about.
#[derive(Clone, Debug)]
pub enum About<'db> {
    /// A plan as a whole.
    Plan,
    /// The step of this address.
    Step(SmolStr),
    /// An input of a gate.
    Input {
        /// The gate.
        gate: Item<'db>,
        /// The input's name.
        name: SmolStr,
        /// Where its parts come from.
        origin: Origin<'db>,
    },
    /// A document that somebody gave.
    Document(InputDocument<'db>),
    /// What changed.
    Change,
    /// An entity.
    Entity(Item<'db>),
}

impl<'db> Explained<'db> {
    pub(super) fn new(policy: Item<'db>, about: About<'db>, decided: Decided<'db>) -> Self {
        Self { policy, about, decided, places: RefCell::default() }
    }

    /// The file that a pointer leads into, and the range there.
    pub fn place(&self, db: &'db dyn Db, pointer: &Pointer) -> Option<(SmolStr, TextRange)> {
        match &self.about {
            About::Input { origin, .. } => origin.place(db, pointer),
            About::Document(document) => document.source.place(db, pointer, &mut self.places.borrow_mut()),
            _ => None,
        }
    }
}

/// The policies of a code or a name, among those of packages; with its module in front, a name finds any.
pub fn named_policies<'db>(db: &'db dyn Db, root: Package, packages: &[Package], name: &str) -> Vec<Item<'db>> {
    let known = packages.iter().flat_map(|&package| items_of(db, package, Kind::Policy)).copied();
    let is = |item: &Item<'db>| {
        code_and_severity(db, *item).0 == name || item.name(db) == name || crate::qualified_name(db, *item) == name
    };
    let found: Vec<Item<'db>> = known.filter(is).collect();
    if !found.is_empty() {
        return found;
    }
    // A module of the standard library, such as `std.cloud.no_public_bucket`.
    let (module, last) = match name.rsplit_once('.') {
        Some((module, last)) => (module.split('.').map(SmolStr::from).collect::<Vec<_>>(), last),
        None => return found,
    };
    let module = root.files(db).values().find_map(|&file| resolve_module(db, file, &module));
    let item = module.and_then(|(module, _)| declared(db, module).get(last));
    item.filter(|item| item.kind(db) == Kind::Policy).into_iter().collect()
}

/// What a policy is about: `plan`, `step`, `input` …; nothing for any other declaration.
pub fn policy_subject<'db>(db: &'db dyn Db, policy: Item<'db>) -> Option<&'db SmolStr> {
    subject(db, policy).map(|subject| &subject.kind.text)
}

fn subject<'db>(db: &'db dyn Db, policy: Item<'db>) -> Option<&'db Subject> {
    match &policy.body(db).body {
        Body::Policy(declared) => declared.subject.as_ref(),
        _ => None,
    }
}

/// How a policy is decided about what the gates of a package look at, and why documents of theirs could not be read.
/// A policy about changes needs to be told what changed, and is left out where nobody says.
pub fn explain_gates<'db>(
    db: &'db dyn Db,
    package: Package,
    policy: Item<'db>,
    change: Option<&Value>,
    as_of: Option<Date>,
) -> (Vec<Explained<'db>>, Vec<Diagnostic>) {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let Some(subject) = subject(db, policy) else { return (found, faults) };
    match subject.kind.text.as_str() {
        "entity" => {
            let entities = decide_entities(db, package, policy, subject, as_of, true).into_iter();
            found.extend(entities.map(|(entity, decided)| Explained::new(policy, About::Entity(entity), decided)));
        }
        "change" => {
            let change = change.and_then(|change| seen(db, policy, subject, change.clone()).transpose());
            let decided = match change {
                Some(Ok(change)) => decide(db, policy, locals(subject, change), None, as_of),
                Some(Err(fault)) => Decided { faults: vec![*fault], ..Decided::default() },
                None => return (found, faults),
            };
            found.push(Explained::new(policy, About::Change, decided));
        }
        "input" => {
            let Some(expected) = &subject_types(db, policy).binding else { return (found, faults) };
            for &gate in items_of(db, package, Kind::Gate) {
                let (documents, policies, unreadable) = gate::looked_at(db, gate);
                if !policies.contains(&policy) {
                    continue;
                }
                faults.extend(unreadable);
                for document in documents {
                    let Some(value) = document.known() else { continue };
                    for (name, ty, value, origin) in looked_at(db, &document, value, expected) {
                        let Ok(value) = as_declared(db, value, (&ty, expected), policy) else { continue };
                        let shown = Some(Shown::Origin(origin.clone()));
                        let decided = decide(db, policy, locals(subject, value), shown, as_of);
                        found.push(Explained::new(policy, About::Input { gate, name, origin }, decided));
                    }
                }
            }
        }
        _ => {}
    }
    let mut seen = FxHashSet::default();
    faults.retain(|fault| seen.insert(format!("{fault:?}")));
    (found, faults)
}

/// What a policy looks at of a document: all of it, or each of its elements, with a name, its type and where it comes from.
fn looked_at<'db>(
    db: &'db dyn Db,
    document: &Document<'db>,
    value: &Value,
    expected: &Ty<'db>,
) -> Vec<(SmolStr, Ty<'db>, Value, Origin<'db>)> {
    if fits(db, &document.ty, expected) {
        return vec![(document.name.clone(), document.ty.clone(), value.clone(), document.origin.clone())];
    }
    let Some(element) = document.element(db, expected) else { return Vec::new() };
    let name = |step: &str| format!("{}[{step}]", document.name).into();
    elements(value)
        .into_iter()
        .map(|(step, value)| (name(&step), element.clone(), value, document.origin.part(&step)))
        .collect()
}

/// How a policy is decided about a document that somebody gives, in an environment where it asks for one.
///
/// # Errors
/// The policy is about nothing that a document could hold, or the document is not of its type.
pub fn explain_document<'db>(
    db: &'db dyn Db,
    policy: Item<'db>,
    file: DataFile,
    format: DataFormat,
    environment: Option<Item<'db>>,
    as_of: Option<Date>,
) -> Result<Explained<'db>, DocumentError> {
    let unable = |message: String| DocumentError::Type { message, help: None };
    let Some(subject) = subject(db, policy) else {
        return Err(unable(format!("`{}` says nothing of what it is about", policy.name(db))));
    };
    if subject.kind.text == "request" {
        let message = format!("`{}` is about requests", policy.name(db));
        return Err(DocumentError::Type { message, help: Some("run `ordain authorize REQUEST --explain`".into()) });
    }
    let ty = subject_type(db, policy, subject)?;
    let document = read_document_as(db, policy, file, format, ty)?;
    let value = match seen(db, policy, subject, document.value.clone()) {
        Ok(Some(value)) => value,
        Ok(None) => return Ok(Explained::new(policy, About::Document(document), Decided::default())),
        Err(fault) => {
            let decided = Decided { faults: vec![*fault], ..Decided::default() };
            return Ok(Explained::new(policy, About::Document(document), decided));
        }
    };
    let mut bound = locals(subject, value);
    if let Some((name, _)) = &subject.environment
        && bound.iter().all(|(known, _)| *known != name.text)
    {
        let Some(environment) = environment else {
            let message = format!("`{}` looks at an environment, too", policy.name(db));
            return Err(DocumentError::Type { message, help: Some("name one with `--env`".into()) });
        };
        let value = declared_value(db, environment).value.clone().map(without_declaration).unwrap_or(Value::None);
        bound.push((name.text.clone(), value));
    }
    let evaluator = Evaluator::new(db);
    let decided = match whole(db, &evaluator, policy, bound) {
        Ok(bound) => {
            let shown = subject.binding.is_some().then(|| Shown::Origin(Origin::of_file(document.source)));
            decide(db, policy, bound, shown, as_of)
        }
        Err(fault) => Decided { faults: vec![*fault], ..Decided::default() },
    };
    Ok(Explained::new(policy, About::Document(document), decided))
}

/// The type of what a policy is about: the one it names, or that of the standard library.
fn subject_type<'db>(db: &'db dyn Db, policy: Item<'db>, subject: &Subject) -> Result<Ty<'db>, DocumentError> {
    if let Some(ty) = &subject_types(db, policy).binding {
        return Ok(ty.clone());
    }
    let kind = subject.kind.text.as_str();
    let name: String = kind.chars().take(1).flat_map(char::to_uppercase).chain(kind.chars().skip(1)).collect();
    lone_type(db, policy, &format!("std.governance.{name}"))
        .map_err(|finding| DocumentError::Type { message: finding.message, help: finding.help })
}

fn decide<'db>(
    db: &'db dyn Db,
    policy: Item<'db>,
    locals: Vec<(SmolStr, Value)>,
    shown: Option<Shown<'db>>,
    as_of: Option<Date>,
) -> Decided<'db> {
    let evaluator = Evaluator::new(db);
    let decider = Decider::new(db, &evaluator, policy, locals, as_of);
    decider.map(|decider| decider.showing(shown).explained().run()).unwrap_or_default()
}
