//! Requests by the engine: policies compiled for each action, entities with all that they belong to, and for each request
//! only those policies that can apply to it.
//!
//! INVARIANT: what it decides is what [`Authorizer::decide`] decides, which is asked wherever the engine gives up.

use bumpalo::Bump;
use ordain_data::{Node, NodeKind};
use ordain_diagnostics::TextRange;
use ordain_graph::{Outcome, Value};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::code_and_severity;
use super::request::{Asked, Authorizer, Decision, Unusable, entity_types};
use crate::engine::{Compiler, Lead, Machine, PolicyCode, Programs, STEPS, Store, Val};
use crate::eval::{Document, Evaluator, parts, reference};
use crate::hir::Policy;
use crate::items::Item;
use crate::types::{Ty, refers_to, subject_types};

/// The memory that a [`Prepared`] borrows.
#[derive(Debug, Default)]
pub struct Arena(Bump);

/// Who asks to do what to what, by types and ids.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'q> {
    /// Who asks: the name of a type, and an id.
    pub principal: (&'q str, &'q str),
    /// What for.
    pub action: &'q str,
    /// On what: the name of a type, and an id.
    pub resource: (&'q str, &'q str),
    /// Under which circumstances.
    pub context: Option<&'q Node>,
}

/// An [`Authorizer`] that is made ready for many requests.
pub struct Prepared<'a, 'db> {
    authorizer: &'a Authorizer<'db>,
    store: Store<'a>,
    types: Vec<EntityType<'a, 'db>>,
    /// Their places by every name they have.
    names: FxHashMap<SmolStr, u32>,
    /// The policies that are compiled, by action and the type of requests they are about.
    compiled: FxHashMap<SmolStr, Vec<Compiled<'a, 'db>>>,
    /// The policies that are left to the tree walker whatever is asked: those without a type, or with any text for an
    /// action.
    walked: Vec<usize>,
}

/// A type that entities can have.
struct EntityType<'a, 'db> {
    item: Item<'db>,
    /// Its qualified name.
    name: &'a str,
    /// Its place in the store, if that has an entity of it.
    stored: Option<u32>,
}

/// The policies about one type of requests, for one action.
struct Compiled<'a, 'db> {
    /// Of which types principals and resources can be.
    principals: Vec<bool>,
    resources: Vec<bool>,
    context: Option<Ty<'db>>,
    programs: Programs,
    consts: Vec<Val<'a>>,
    references: Vec<Val<'a>>,
    /// How many policies there are, also of those that never apply.
    total: usize,
    policies: Vec<Code>,
    /// The policies that are left to the tree walker.
    walked: Vec<usize>,
    /// Those that every request meets.
    always: Vec<u32>,
    /// Those that ask for an entity: by its place, and by whether it is the principal or the resource, or what that
    /// belongs to.
    by_principal: FxHashMap<u32, Vec<u32>>,
    within_principal: FxHashMap<u32, Vec<u32>>,
    by_resource: FxHashMap<u32, Vec<u32>>,
    within_resource: FxHashMap<u32, Vec<u32>>,
}

/// A policy that is compiled.
struct Code {
    /// Its place among the authorizer's.
    at: usize,
    name: SmolStr,
    code: PolicyCode,
    /// Whether it permits, and nothing else can come of it.
    simple: bool,
}

impl<'db> Authorizer<'db> {
    /// Makes ready for many requests. Entities are those that have been taken so far.
    pub fn prepared<'a>(&'a self, arena: &'a Arena) -> Prepared<'a, 'db> {
        Prepared::new(self, &arena.0)
    }
}

impl<'a, 'db> Prepared<'a, 'db> {
    fn new(authorizer: &'a Authorizer<'db>, arena: &'a Bump) -> Self {
        let db = authorizer.db;
        let store = Store::new(db, &authorizer.entities, |ty| crate::item_by_name(db, authorizer.package, ty), arena);
        let (mut types, mut names) = (Vec::new(), FxHashMap::default());
        let mut places: FxHashMap<Item<'db>, u32> = FxHashMap::default();
        for (name, items) in entity_types(db, authorizer.package).by_name.iter() {
            let [item] = items.as_slice() else { continue };
            let at = *places.entry(*item).or_insert_with(|| {
                let name = &*arena.alloc_str(&crate::qualified_name(db, *item));
                types.push(EntityType { item: *item, name, stored: store.ty(name) });
                types.len() as u32 - 1
            });
            names.insert(name.clone(), at);
        }
        let mut prepared = Self { authorizer, store, types, names, compiled: FxHashMap::default(), walked: Vec::new() };
        // Policies about one type of requests are compiled together.
        let mut kinds: Vec<(Ty<'db>, Vec<usize>)> = Vec::new();
        let mut known: FxHashMap<Ty<'db>, usize> = FxHashMap::default();
        for (at, (policy, _)) in authorizer.policies.iter().enumerate() {
            match &subject_types(db, *policy).binding {
                Some(ty) => {
                    let kind = *known.entry(ty.clone()).or_insert_with(|| {
                        kinds.push((ty.clone(), Vec::new()));
                        kinds.len() - 1
                    });
                    kinds[kind].1.push(at);
                }
                None => prepared.walked.push(at),
            }
        }
        for (ty, policies) in kinds {
            prepared.kind(&ty, policies, arena);
        }
        prepared
    }

    /// Compiles the policies about a type of requests, for each action.
    fn kind(&mut self, ty: &Ty<'db>, policies: Vec<usize>, arena: &'a Bump) {
        let db = self.authorizer.db;
        let Ty::Record(record) = ty.peel(db) else { return self.walked.extend(policies) };
        let part = |name: &str| record.get(name).map(|field| field.ty.peel(db));
        let (Some(action @ Ty::Enum(_)), Some(Ty::Ref(principal)), Some(Ty::Ref(resource))) =
            (part("action"), part("principal"), part("resource"))
        else {
            return self.walked.extend(policies);
        };
        let Some((_, variants)) = action.variants(db) else { return self.walked.extend(policies) };
        let fitting =
            |target: &Ty<'db>| -> Vec<bool> { self.types.iter().map(|ty| refers_to(db, ty.item, target)).collect() };
        let (principals, resources) = (fitting(&principal), fitting(&resource));
        let context = record.get("context").map(|field| field.ty.clone());
        for (at, variant) in variants.iter().enumerate() {
            let action = Value::Variant(at as u32, variant.clone());
            let (principals, resources, context) = (principals.clone(), resources.clone(), context.clone());
            let compiled = self.action(&action, &policies, (principals, resources, context), arena);
            self.compiled.entry(variant.clone()).or_default().push(compiled);
        }
    }

    fn action(
        &self,
        action: &Value,
        policies: &[usize],
        (principals, resources, context): (Vec<bool>, Vec<bool>, Option<Ty<'db>>),
        arena: &'a Bump,
    ) -> Compiled<'a, 'db> {
        let db = self.authorizer.db;
        // References in a context have a form of their own, which is made of entities only.
        let holds_references = context.as_ref().is_some_and(|ty| ty.holds_reference(db));
        let mut compiler = Compiler::of_requests(db);
        let (mut codes, mut leads, mut walked) = (Vec::new(), Vec::new(), Vec::new());
        for &at in policies {
            let (item, declared) = self.authorizer.policies[at];
            let whole = declared.subject.as_ref().and_then(|subject| subject.binding.as_ref());
            let code = whole
                .filter(|_| !holds_references)
                .and_then(|(name, _)| compiler.request_policy(item, &name.text, action))
                .filter(|code| code.first.is_none());
            match code {
                Some(code) if compiler.never_applies(&code) => {}
                Some(code) => {
                    leads.push(compiler.lead(&code));
                    let simple = is_simple(declared);
                    codes.push(Code { at, name: code_and_severity(db, item).0, code, simple });
                }
                None => walked.push(at),
            }
        }
        let programs = compiler.finish();
        let consts = programs.copied_constants(arena).unwrap_or_else(|| {
            walked.extend(codes.drain(..).map(|code| code.at));
            leads.clear();
            Vec::new()
        });
        let references: Vec<Val<'a>> = programs
            .references()
            .iter()
            .map(|(ty, id)| self.store.reference(arena.alloc_str(ty), arena.alloc_str(id), arena))
            .collect();
        let mut compiled = Compiled {
            principals,
            resources,
            context,
            programs,
            consts,
            references,
            total: policies.len(),
            policies: codes,
            walked,
            always: Vec::new(),
            by_principal: FxHashMap::default(),
            within_principal: FxHashMap::default(),
            by_resource: FxHashMap::default(),
            within_resource: FxHashMap::default(),
        };
        for (at, lead) in leads.into_iter().enumerate() {
            compiled.file(at as u32, lead);
        }
        compiled
    }

    /// Decides a request in a document, as [`Authorizer::decide`] does.
    ///
    /// # Errors
    /// The document is no request.
    pub fn decide(&self, path: &SmolStr, request: &Node) -> Result<Decision, Unusable> {
        let asked = self.authorizer.asked(path, request)?;
        let place = |(_, value): &(Item<'db>, Value)| {
            let (ty, id) = parts(value)?;
            Some((*self.names.get(ty)?, id.clone()))
        };
        match (place(&asked.principal), place(&asked.resource)) {
            (Some((principal, who)), Some((resource, what))) => {
                let asking = (principal, who.as_str(), resource, what.as_str());
                Ok(self.decided(asking, &asked.action, asked.context, &asked))
            }
            _ => self.authorizer.decide(path, request),
        }
    }

    /// Decides a request by names. `None` where a type is not known, or several have that name.
    pub fn ask(&self, asking: &Asking<'_>) -> Option<Decision> {
        let principal = *self.names.get(asking.principal.0)?;
        let resource = *self.names.get(asking.resource.0)?;
        let places = (principal, asking.principal.1, resource, asking.resource.1);
        Some(self.decided(places, asking.action, asking.context, asking))
    }

    fn decided(
        &self,
        (principal, who, resource, what): (u32, &str, u32, &str),
        action: &str,
        context: Option<&Node>,
        source: &dyn Whole<'db>,
    ) -> Decision {
        let mut decision = Decision::default();
        let arena = Bump::new();
        let named = |ty: u32, id: &str| {
            let ty = &self.types[ty as usize];
            match ty.stored.and_then(|stored| self.store.find_typed(stored, id)) {
                Some(named) => Val::Ref(named),
                None => self.store.reference(ty.name, arena.alloc_str(id), &arena),
            }
        };
        let mut walked: Vec<usize> = Vec::new();
        for compiled in self.compiled.get(action).map_or(&[][..], Vec::as_slice) {
            if compiled.principals[principal as usize] && compiled.resources[resource as usize] {
                let subjects = (named(principal, who), named(resource, what));
                compiled.run(self, subjects, context, &arena, &mut decision, &mut walked);
            }
        }
        walked.extend(&self.walked);
        if !walked.is_empty() {
            source.with(self, &mut |asked| {
                for &at in &walked {
                    let (policy, declared) = self.authorizer.policies[at];
                    if let Some(decided) = self.authorizer.policy(policy, declared, asked, false) {
                        self.authorizer.count(&mut decision, policy, declared, decided);
                    }
                }
            });
        }
        decision.settle();
        decision
    }
}

/// A policy that permits, without exemptions and reasons that could go wrong.
fn is_simple(policy: &Policy) -> bool {
    policy.exemptions.is_empty()
        && policy.because.is_none()
        && policy.outcomes.iter().all(|outcome| matches!(outcome, crate::hir::Outcome::Permit))
}

impl<'a, 'db> Compiled<'a, 'db> {
    /// Files a policy under what it asks first.
    fn file(&mut self, at: u32, lead: Option<Lead>) {
        let filed = lead.and_then(|lead| match self.references.get(lead.reference as usize) {
            Some(Val::Ref(named)) if named.is_there() => Some((lead, named.at)),
            _ => None,
        });
        let Some((lead, place)) = filed else { return self.always.push(at) };
        let table = match (lead.principal, lead.within) {
            (true, false) => &mut self.by_principal,
            (true, true) => &mut self.within_principal,
            (false, false) => &mut self.by_resource,
            (false, true) => &mut self.within_resource,
        };
        table.entry(place).or_default().push(at);
    }

    /// The policies that a request can meet, in no order.
    fn candidates(&self, store: &Store<'_>, principal: Val<'_>, resource: Val<'_>, found: &mut dyn FnMut(u32)) {
        let mut all = |policies: Option<&Vec<u32>>| policies.into_iter().flatten().for_each(|at| found(*at));
        all(Some(&self.always));
        for (subject, own, within) in [
            (principal, &self.by_principal, &self.within_principal),
            (resource, &self.by_resource, &self.within_resource),
        ] {
            let Val::Ref(named) = subject else { continue };
            if !own.is_empty() {
                all(own.get(&named.at));
            }
            if !within.is_empty() {
                all(within.get(&named.at));
                store.above(named).iter().for_each(|above| all(within.get(above)));
            }
        }
    }

    fn run<'r>(
        &'r self,
        prepared: &'r Prepared<'a, 'db>,
        (principal, resource): (Val<'r>, Val<'r>),
        context: Option<&Node>,
        arena: &'r Bump,
        decision: &mut Decision,
        walked: &mut Vec<usize>,
    ) where
        'a: 'r,
    {
        walked.extend(&self.walked);
        // The tree walker counts those that it decides itself.
        decision.considered += self.total - self.walked.len();
        let context = match &self.context {
            Some(ty) => match read_context(prepared, ty, context, arena) {
                Some(context) => context,
                None => {
                    decision.considered -= self.policies.len();
                    walked.extend(self.policies.iter().map(|code| code.at));
                    return;
                }
            },
            None => Val::None,
        };
        let mut machine = Machine::new(&self.programs, &self.consts, &[principal, resource, context], arena)
            .following(&prepared.store, &self.references);
        self.candidates(&prepared.store, principal, resource, &mut |at| {
            let Code { at, name, code, simple } = &self.policies[at as usize];
            machine.left = STEPS;
            let said = match machine.starts(code) {
                Ok(false) => return,
                Ok(true) if *simple => return decision.permitted_by.push(name.clone()),
                Ok(true) => machine.whole(code, prepared.authorizer.as_of),
                Err(gave_up) => Err(gave_up),
            };
            match said {
                Ok(said) => {
                    if said.permitted {
                        decision.permitted_by.push(name.clone());
                    }
                    for ruling in said.rulings.iter().filter(|ruling| ruling.exempt.is_none()) {
                        if let Outcome::Deny { message } = &ruling.outcome {
                            let said = message.as_ref().or(ruling.because.as_ref());
                            let said = said.and_then(|said| ordain_graph::display(said).ok());
                            decision.forbidden_by.push((name.clone(), said));
                        }
                    }
                }
                Err(_) => {
                    decision.considered -= 1;
                    walked.push(*at);
                }
            }
        });
    }
}

/// The circumstances as a type has them; nothing where they are not of it.
fn read_context<'r>(
    prepared: &Prepared<'_, '_>,
    ty: &Ty<'_>,
    context: Option<&Node>,
    arena: &'r Bump,
) -> Option<Val<'r>> {
    let authorizer = prepared.authorizer;
    let evaluator = Evaluator::new(authorizer.db);
    let (path, nothing) = (SmolStr::default(), Node { range: TextRange::default(), kind: NodeKind::Map(Vec::new()) });
    let reading = Document::new(&evaluator, &path, authorizer.package);
    let value = reading.read(context.unwrap_or(&nothing), ty, &mut Vec::new()).ok()?;
    Val::copied(&value, arena).ok()
}

/// A request as the tree walker wants it.
trait Whole<'db> {
    /// Gives it to somebody.
    fn with(&self, prepared: &Prepared<'_, 'db>, take: &mut dyn FnMut(&Asked<'_, 'db>));
}

impl<'db> Whole<'db> for Asked<'_, 'db> {
    fn with(&self, _: &Prepared<'_, 'db>, take: &mut dyn FnMut(&Asked<'_, 'db>)) {
        take(self);
    }
}

impl<'db> Whole<'db> for Asking<'_> {
    fn with(&self, prepared: &Prepared<'_, 'db>, take: &mut dyn FnMut(&Asked<'_, 'db>)) {
        let entity = |(ty, id): (&str, &str)| {
            let ty = &prepared.types[*prepared.names.get(ty)? as usize];
            Some((ty.item, reference(ty.name.into(), id.into())))
        };
        let (Some(principal), Some(resource)) = (entity(self.principal), entity(self.resource)) else { return };
        let (path, whole) =
            (SmolStr::new_static("request"), Node { range: TextRange::default(), kind: NodeKind::Map(Vec::new()) });
        let action = self.action.into();
        take(&Asked { path: &path, principal, action, resource, context: self.context, whole: &whole });
    }
}
