//! Requests: whether somebody may do something to something.
//!
//! What no policy permits is forbidden, and one policy that forbids is enough. Entities come from the registry and from
//! documents that are given with the request.

use ordain_data::{Node, NodeKind};
use ordain_diagnostics::{Diagnostic, TextRange, codes};
use ordain_graph::{Date, Outcome, Value};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::alone::{locals, with_parts};
use super::decide::{Decided, Decider};
use super::{about, code_and_severity, packages};
use crate::db::{Db, Package};
use crate::eval::without_declaration;
use crate::eval::{
    Document, Entities, Eval, Evaluator, Fault, Following, PARENTS, declared_value, parts, plain, reference_to,
};
use crate::hir::{self, Kind, Policy};
use crate::items::Item;
use crate::names::NameMap;
use crate::resolve::items_of;
use crate::types::{RecordTy, Sig, Ty, own_type, refers_to, signature, subject_types};

/// Whether a request may be, and why.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// The codes of the policies that permit it.
    pub permitted_by: Vec<SmolStr>,
    /// The policies that forbid it: their codes, and what they say.
    pub forbidden_by: Vec<(SmolStr, Option<String>)>,
    /// Policies that could not be decided, and why. One of them that could forbid does so.
    pub faults: Vec<(SmolStr, Diagnostic)>,
    /// How many policies are about requests of this kind.
    pub considered: usize,
}

impl Decision {
    /// Brings what was found in any order into one.
    pub(super) fn settle(&mut self) {
        self.permitted_by.sort();
        self.permitted_by.dedup();
        self.forbidden_by.sort();
        self.forbidden_by.dedup();
        self.faults.sort_by(|(a, _), (b, _)| a.cmp(b));
    }

    /// Whether the request may be.
    pub fn is_permitted(&self) -> bool {
        !self.permitted_by.is_empty() && self.forbidden_by.is_empty()
    }
}

/// A policy's part in a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedRequest<'db> {
    /// The policy.
    pub policy: Item<'db>,
    /// How it was decided; `None` where it is about requests of another kind.
    pub decided: Option<Decided<'db>>,
}

/// The policies about requests of a package, and the entities they look at.
pub struct Authorizer<'db> {
    pub(super) db: &'db dyn Db,
    pub(super) package: Package,
    pub(super) policies: Vec<(Item<'db>, &'db Policy)>,
    pub(super) entities: Entities,
    pub(super) as_of: Option<Date>,
}

/// Why entities or a request could not be taken.
pub type Unusable = Box<Diagnostic>;

impl<'db> Authorizer<'db> {
    /// The policies of a package and of those it depends on, with the entities these declare. Exemptions are judged as of
    /// a day.
    pub fn new(db: &'db dyn Db, package: Package, as_of: Option<Date>) -> Self {
        let policies = about(db, package, "request");
        Self { db, package, policies, entities: declared_entities(db, package).clone(), as_of }
    }

    /// Takes the entities of a document: a list of `{ "type", "id", "attrs", "parents" }`, or of
    /// `{ "uid": { "type", "id" }, "attrs", "parents" }`. Gives back how many there are.
    ///
    /// # Errors
    /// The first entity that is not one of a declared type, or that is there twice; those before it have been taken.
    pub fn take_entities(&mut self, path: &SmolStr, document: &Node) -> Result<usize, Unusable> {
        let NodeKind::List(entries) = &document.kind else {
            return Err(unusable(path, document, "the entities are a list"));
        };
        for (at, entry) in entries.iter().enumerate() {
            self.take_entity(path, entry, at)?;
        }
        Ok(entries.len())
    }

    fn take_entity(&mut self, path: &SmolStr, entry: &Node, at: usize) -> Result<(), Unusable> {
        let name = entry.get("uid").unwrap_or(entry);
        let any = Ty::Ref(std::sync::Arc::new(Ty::Record(std::sync::Arc::new(RecordTy { fields: Box::default() }))));
        let evaluator = Evaluator::new(self.db);
        let reading = Document::new(&evaluator, path, self.package);
        let named =
            reading.read(name, &any, &mut vec![at.to_string()]).map_err(|fault| self.told(path, name, &fault))?;
        let Some((ty, id)) = parts(&named) else { return Err(unusable(path, name, "this names no entity")) };
        // INVARIANT: a reference that was read names a type of the package.
        let Some(item) = crate::item_by_name(self.db, self.package, ty) else {
            return Err(unusable(path, name, "this names no entity"));
        };
        let nothing = Node { range: entry.range, kind: NodeKind::Map(Vec::new()) };
        let attributes = entry.get("attrs").unwrap_or(&nothing);
        let declares_parents =
            matches!(Ty::Alias(item).peel(self.db), Ty::Record(record) if record.get(PARENTS).is_some());
        let mut whole = attributes.clone();
        if let Some(parents) = entry.get(PARENTS) {
            let several = !matches!(&parents.kind, NodeKind::List(parents) if parents.is_empty());
            if several && !declares_parents {
                let message = format!("`{}` declares no `{PARENTS}`, and this entity has some", item.name(self.db));
                return Err(unusable(path, parents, &message));
            }
            if let (NodeKind::Map(attributes), true) = (&mut whole.kind, declares_parents) {
                let key = ordain_data::Key { name: PARENTS.into(), range: parents.range };
                attributes.retain(|(key, _)| key.name != PARENTS);
                attributes.push((key, parents.clone()));
            }
        }
        let value = reading
            .read(&whole, &Ty::Alias(item), &mut vec![at.to_string(), "attrs".into()])
            .map_err(|fault| self.told(path, attributes, &fault))?;
        let (ty, id) = (ty.clone(), id.clone());
        match self.entities.insert(ty, id.clone(), value) {
            Some(_) => {
                Err(unusable(path, name, &format!("`{}` with the id `{id}` is there twice", item.name(self.db))))
            }
            None => Ok(()),
        }
    }

    /// Decides a request: `{ "principal": …, "action": …, "resource": …, "context": … }`.
    ///
    /// # Errors
    /// The document is no request.
    pub fn decide(&self, path: &SmolStr, request: &Node) -> Result<Decision, Unusable> {
        let asked = self.asked(path, request)?;
        let mut decision = Decision::default();
        for &(policy, declared) in &self.policies {
            if let Some(decided) = self.policy(policy, declared, &asked, false) {
                self.count(&mut decision, policy, declared, decided);
            }
        }
        decision.settle();
        Ok(decision)
    }

    /// How each policy, or that of a code, came to its part in the decision.
    ///
    /// # Errors
    /// The document is no request.
    pub fn explain(
        &self,
        path: &SmolStr,
        request: &Node,
        code: Option<&str>,
    ) -> Result<Vec<ExplainedRequest<'db>>, Unusable> {
        let asked = self.asked(path, request)?;
        let policies = self.policies.iter();
        let chosen =
            policies.filter(|(policy, _)| code.is_none_or(|code| code_and_severity(self.db, *policy).0 == code));
        Ok(chosen
            .map(|&(policy, declared)| ExplainedRequest {
                policy,
                decided: self.policy(policy, declared, &asked, true),
            })
            .collect())
    }

    /// The actions that requests can have, by name, in order; nothing where a policy is about requests with any action.
    pub fn actions(&self) -> Option<Vec<SmolStr>> {
        let mut actions = Vec::new();
        for (policy, _) in &self.policies {
            let Ty::Record(record) = subject_types(self.db, *policy).binding.as_ref()?.peel(self.db) else { continue };
            let (_, variants) = record.get("action")?.ty.peel(self.db).variants(self.db)?;
            actions.extend(variants.iter().cloned());
        }
        actions.sort();
        actions.dedup();
        Some(actions)
    }

    pub(super) fn count(&self, decision: &mut Decision, policy: Item<'db>, declared: &Policy, decided: Decided<'db>) {
        let code = code_and_severity(self.db, policy).0;
        decision.considered += 1;
        if decided.permitted {
            decision.permitted_by.push(code.clone());
        }
        for ruling in decided.rulings.iter().filter(|ruling| ruling.exempt.is_none()) {
            if let Outcome::Deny { message } = &ruling.outcome {
                let said = message.as_ref().or(ruling.because.as_ref());
                let said = said.and_then(|said| ordain_graph::display(said).ok());
                decision.forbidden_by.push((code.clone(), said));
            }
        }
        for fault in &decided.faults {
            let at = crate::types::Anchor { item: policy, part: crate::items::Part::Body, loc: declared.loc };
            let found = fault.locate(self.db).unwrap_or_else(|| {
                let place = at.locate(self.db);
                Diagnostic::new(codes::NOT_KNOWN_YET, place.0, place.1, "this policy has errors")
            });
            decision.faults.push((code.clone(), found));
        }
    }

    /// What is asked, with the types of who and what resolved.
    pub(super) fn asked<'n>(&self, path: &'n SmolStr, request: &'n Node) -> Result<Asked<'n, 'db>, Unusable> {
        let any = Ty::Ref(std::sync::Arc::new(Ty::Record(std::sync::Arc::new(RecordTy { fields: Box::default() }))));
        let evaluator = Evaluator::new(self.db);
        let reading = Document::new(&evaluator, path, self.package);
        let part = |name: &str| {
            request.get(name).ok_or_else(|| unusable(path, request, &format!("the request has no `{name}`")))
        };
        let entity = |name: &str| {
            let node = part(name)?;
            let value =
                reading.read(node, &any, &mut vec![name.into()]).map_err(|fault| self.told(path, node, &fault))?;
            let item = parts(&value).and_then(|(ty, _)| crate::item_by_name(self.db, self.package, ty));
            item.map(|item| (item, value)).ok_or_else(|| unusable(path, node, "this names no entity"))
        };
        let action = part("action")?;
        let name = match &action.kind {
            NodeKind::String(name) => name.clone(),
            _ => match action.get("id").map(|id| &id.kind) {
                Some(NodeKind::String(name)) => name.clone(),
                _ => return Err(unusable(path, action, "an action is a text")),
            },
        };
        let (principal, resource) = (entity("principal")?, entity("resource")?);
        Ok(Asked { path, principal, action: name, resource, context: request.get("context"), whole: request })
    }

    /// What a policy says about a request; `None` where it is about requests of another kind.
    pub(super) fn policy(
        &self,
        policy: Item<'db>,
        declared: &'db Policy,
        asked: &Asked<'_, 'db>,
        explained: bool,
    ) -> Option<Decided<'db>> {
        let evaluator = Evaluator::new(self.db).following(Following::Given(&self.entities));
        let locals = match &subject_types(self.db, policy).binding {
            Some(ty) => match self.typed(&evaluator, ty, asked)? {
                Ok(fields) => {
                    let subject = declared.subject.as_ref()?;
                    with_parts(subject, locals(subject, Value::record(fields)))
                }
                Err(fault) => return Some(undecided(declared, *fault)),
            },
            None => self.untyped(asked),
        };
        let decider = Decider::new(self.db, &evaluator, policy, locals, self.as_of)?;
        Some(if explained { decider.explained().run() } else { decider.run() })
    }

    /// The parts of a request that a type declares, where it is one of that type.
    fn typed(
        &self,
        evaluator: &Evaluator<'_, 'db>,
        ty: &Ty<'db>,
        asked: &Asked<'_, 'db>,
    ) -> Option<Eval<'db, Vec<(SmolStr, Value)>>> {
        let Ty::Record(record) = ty.peel(self.db) else { return None };
        let refers = |name: &str, item: Item<'db>| {
            let declared = record.get(name).map(|field| field.ty.peel(self.db));
            matches!(declared, Some(Ty::Ref(target)) if refers_to(self.db, item, &target))
        };
        if !refers("principal", asked.principal.0) || !refers("resource", asked.resource.0) {
            return None;
        }
        let action = match record.get("action").map(|field| field.ty.peel(self.db)) {
            Some(ty @ Ty::Enum(_)) => {
                let (_, variants) = ty.variants(self.db)?;
                let at = variants.iter().position(|variant| *variant == asked.action)?;
                Value::Variant(at as u32, variants[at].clone())
            }
            _ => Value::String(asked.action.clone()),
        };
        let mut fields = vec![
            ("principal".into(), asked.principal.1.clone()),
            ("action".into(), action),
            ("resource".into(), asked.resource.1.clone()),
        ];
        if let Some(context) = record.get("context") {
            let nothing = Node { range: asked.whole.range, kind: NodeKind::Map(Vec::new()) };
            let reading = Document::new(evaluator, asked.path, self.package);
            match reading.read(asked.context.unwrap_or(&nothing), &context.ty, &mut vec!["context".into()]) {
                Ok(value) => fields.push(("context".into(), value)),
                Err(fault) => return Some(Err(fault)),
            }
        }
        Some(Ok(fields))
    }

    /// The parts of a request as plain data: entities with their attributes.
    fn untyped(&self, asked: &Asked<'_, 'db>) -> Vec<(SmolStr, Value)> {
        let entity = |reference: &Value| {
            let mut fields = match self.entities.get(reference).cloned().map(plain) {
                Some(Value::Record(attributes)) => attributes.as_ref().clone(),
                _ => Default::default(),
            };
            if let Some((ty, id)) = parts(reference) {
                let kind = ty.rsplit('.').next().unwrap_or(ty);
                fields.insert("type".into(), Value::string(kind));
                fields.insert("id".into(), Value::String(id.clone()));
            }
            Value::Record(fields.into())
        };
        vec![
            ("principal".into(), entity(&asked.principal.1)),
            ("action".into(), Value::String(asked.action.clone())),
            ("resource".into(), entity(&asked.resource.1)),
            ("context".into(), asked.context.map_or_else(|| Value::record([]), ordain_graph::untyped)),
        ]
    }

    fn told(&self, path: &SmolStr, node: &Node, fault: &Fault<'db>) -> Unusable {
        match fault.locate(self.db) {
            Some(diagnostic) => Box::new(diagnostic),
            None => unusable(path, node, "this could not be read, because of errors in the package"),
        }
    }
}

/// A request that was read.
pub(super) struct Asked<'n, 'db> {
    pub(super) path: &'n SmolStr,
    pub(super) principal: (Item<'db>, Value),
    pub(super) action: SmolStr,
    pub(super) resource: (Item<'db>, Value),
    pub(super) context: Option<&'n Node>,
    pub(super) whole: &'n Node,
}

/// What a policy decides that could not be asked.
fn undecided<'db>(policy: &Policy, fault: Fault<'db>) -> Decided<'db> {
    let mut decided = Decided::default();
    if policy.outcomes.iter().any(|outcome| matches!(outcome, hir::Outcome::Forbid(_))) {
        decided.rulings.push(super::decide::Ruling {
            outcome: Outcome::Deny { message: Some(Value::string("it cannot be decided")) },
            when: None,
            because: None,
            exempt: None,
            pointer: Default::default(),
            rule: None,
        });
    }
    decided.faults.push(fault);
    decided
}

/// The entities that a package and those it depends on declare, by the type they name.
#[salsa::tracked]
pub(crate) fn declared_entities(db: &dyn Db, package: Package) -> Entities {
    let mut entities = Entities::default();
    for package in packages(db, package) {
        for &item in items_of(db, package, Kind::Entity) {
            let Sig::Entity(Ty::Alias(ty)) = &signature(db, item).sig else { continue };
            if let Some(value) = declared_value(db, item).value.clone() {
                let ty = crate::qualified_name(db, own_type(db, *ty));
                entities.insert(ty, item.name(db).clone(), without_declaration(value));
            }
        }
    }
    entities
}

/// The types whose values can be entities, by the names that documents give them: `User`, `drive.User` and so on up to the
/// qualified one.
#[derive(Clone, Debug, Default, PartialEq, Eq, salsa::SalsaValue)]
pub(super) struct EntityTypes<'db> {
    pub(super) by_name: NameMap<Vec<Item<'db>>>,
}

#[salsa::tracked]
pub(super) fn entity_types<'db>(db: &'db dyn Db, package: Package) -> EntityTypes<'db> {
    let mut types: FxHashMap<SmolStr, Vec<Item<'db>>> = FxHashMap::default();
    for package in packages(db, package) {
        for &item in items_of(db, package, Kind::Type) {
            if matches!(Ty::Alias(item).peel(db), Ty::Record(_)) {
                let (whole, own) = (crate::qualified_name(db, item), own_type(db, item));
                let ends = whole.match_indices('.').map(|(at, _)| SmolStr::new(&whole[at + 1..]));
                for name in ends.chain([whole.clone()]) {
                    let known = types.entry(name).or_default();
                    if !known.contains(&own) {
                        known.push(own);
                    }
                }
            }
        }
    }
    EntityTypes { by_name: types.into_iter().collect() }
}

/// A reference as it is read: the entity's type by one of its names, and its id.
pub(crate) fn named_entity(db: &dyn Db, package: Package, ty: &str, id: &str) -> Result<Value, String> {
    // Cedar writes its name spaces so.
    let dotted = ty.replace("::", ".");
    match entity_types(db, package).by_name.get(&dotted).map(Vec::as_slice) {
        Some([item]) => Ok(reference_to(db, *item, id.into())),
        Some(several) => {
            let names: Vec<String> =
                several.iter().map(|item| format!("`{}`", crate::qualified_name(db, *item))).collect();
            Err(format!("there are several types `{ty}`: {}", names.join(", ")))
        }
        None => Err(format!("no type named `{ty}`")),
    }
}

fn unusable(path: &SmolStr, node: &Node, message: &str) -> Unusable {
    let range = TextRange::new(node.range.start, node.range.end);
    Box::new(Diagnostic::new(codes::DATA_MISMATCH, path.clone(), range, message))
}
