//! Policies to programs: names become slots, what is known becomes a constant, and what several policies say in the
//! same words stands once.
//!
//! What the engine does not know is no error: compiling gives `None`, and the policy is left to the tree walker.

mod expr;
mod fold;
mod policy;
mod request;
mod shape;

pub(crate) use request::Lead;

use ordain_graph::{Pattern, Value};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::Programs;
use super::expr::{Expr, Id};
use crate::db::Db;
use crate::hir::{ExprId, Tree};
use crate::items::{Item, Part};
use crate::types::{Facts, Ty, inference};

/// How many expressions of functions a policy may take into its own.
const INLINED: u32 = 2_000;

/// Compiles policies that are run together.
pub(crate) struct Compiler<'db> {
    db: &'db dyn Db,
    programs: Programs,
    known: FxHashMap<Expr, Id>,
    consts: FxHashMap<Value, u32>,
    patterns: FxHashMap<SmolStr, Option<u32>>,
    shared: FxHashMap<Id, u32>,
    /// The functions by declaration; nothing for one that cannot be compiled, or is being compiled.
    functions: FxHashMap<Item<'db>, Option<u32>>,
    shapes: FxHashMap<Ty<'db>, u32>,
    /// How many expressions may still be taken from functions into the policy.
    room: u32,
}

/// Where an expression stands: its trees, and what its names are.
struct Scope<'db> {
    item: Item<'db>,
    part: Part,
    tree: &'db Tree,
    facts: &'db Facts<'db>,
    locals: Vec<(SmolStr, Id)>,
    /// The next free slot of the frame, and how many it needs at most.
    next: u32,
    most: u32,
}

impl<'db> Scope<'db> {
    fn body(db: &'db dyn Db, item: Item<'db>) -> Self {
        let (tree, facts) = (&item.body(db).tree, &inference(db, item).body);
        Self { item, part: Part::Body, tree, facts, locals: Vec::new(), next: 0, most: 0 }
    }

    fn slot(&mut self) -> u32 {
        let slot = self.next;
        self.next += 1;
        self.most = self.most.max(self.next);
        slot
    }

    fn bind(&mut self, name: &SmolStr, to: Id) {
        self.locals.push((name.clone(), to));
    }

    /// What is bound so far, to go back to.
    fn mark(&self) -> (usize, u32) {
        (self.locals.len(), self.next)
    }

    fn back(&mut self, (locals, next): (usize, u32)) {
        self.locals.truncate(locals);
        self.next = next;
    }

    fn ty(&self, expr: ExprId) -> &Ty<'db> {
        &self.facts.types[expr.0 as usize]
    }
}

impl<'db> Compiler<'db> {
    /// For policies about a subject that binds so many names.
    pub(crate) fn new(db: &'db dyn Db, subjects: u32) -> Self {
        let programs = Programs { subjects, table: db.patterns().clone(), ..Programs::default() };
        Self {
            db,
            programs,
            known: FxHashMap::default(),
            consts: FxHashMap::default(),
            patterns: FxHashMap::default(),
            shared: FxHashMap::default(),
            functions: FxHashMap::default(),
            shapes: FxHashMap::default(),
            room: 0,
        }
    }

    /// What was compiled.
    pub(crate) fn finish(self) -> Programs {
        self.programs
    }

    pub(crate) fn put(&mut self, expr: Expr) -> Id {
        if let Some(known) = self.known.get(&expr) {
            return *known;
        }
        let id = Id(self.programs.exprs.len() as u32);
        self.programs.exprs.push(expr.clone());
        self.known.insert(expr, id);
        id
    }

    fn get(&self, id: Id) -> &Expr {
        &self.programs.exprs[id.0 as usize]
    }

    /// A constant; nothing for a value that the engine does not hold.
    pub(crate) fn constant(&mut self, value: Value) -> Option<Id> {
        let at = self.constant_at(value)?;
        Some(self.put(Expr::Const(at)))
    }

    fn constant_at(&mut self, value: Value) -> Option<u32> {
        if !is_held(&value) {
            return None;
        }
        if let Some(known) = self.consts.get(&value) {
            return Some(*known);
        }
        let at = self.programs.consts.len() as u32;
        self.programs.consts.push(value.clone());
        self.consts.insert(value, at);
        Some(at)
    }

    /// A reference that is written.
    fn written(&mut self, ty: SmolStr, id: SmolStr) -> Id {
        let reference = (ty, id);
        let known = self.programs.references.iter().position(|known| *known == reference);
        let at = known.unwrap_or_else(|| {
            self.programs.references.push(reference);
            self.programs.references.len() - 1
        });
        self.put(Expr::Reference(at as u32))
    }

    /// The value of an expression that is a constant.
    fn value(&self, id: Id) -> Option<&Value> {
        match self.get(id) {
            Expr::Const(at) => self.programs.consts.get(*at as usize),
            _ => None,
        }
    }

    /// A regular expression by its text; nothing where it is none.
    fn pattern(&mut self, text: &SmolStr) -> Option<u32> {
        if let Some(known) = self.patterns.get(text) {
            return *known;
        }
        let pattern: Option<Pattern> = self.db.patterns().pattern(text);
        let at = pattern.map(|pattern| {
            self.programs.patterns.push(pattern);
            self.programs.patterns.len() as u32 - 1
        });
        self.patterns.insert(text.clone(), at);
        at
    }

    /// An expression that has one value for the whole subject, as one that is evaluated once.
    fn share(&mut self, id: Id) -> (Id, Option<u32>) {
        if self.is_atom(id) {
            return (id, None);
        }
        let at = match self.shared.get(&id) {
            Some(known) => *known,
            None => {
                let at = self.programs.subjects + self.programs.shared.len() as u32;
                self.programs.shared.push(id);
                self.shared.insert(id, at);
                at
            }
        };
        (self.put(Expr::Shared(at)), Some(at))
    }

    fn is_atom(&self, id: Id) -> bool {
        matches!(self.get(id), Expr::Const(_) | Expr::Reference(_) | Expr::Slot(_) | Expr::Shared(_))
    }
}

/// Whether the engine holds such values.
fn is_held(value: &Value) -> bool {
    match value {
        Value::Secret(_) | Value::Residual(_) => false,
        Value::List(elements) => elements.iter().all(is_held),
        Value::Set(elements) => elements.iter().all(is_held),
        Value::Map(entries) => entries.iter().all(|(key, value)| is_held(key) && is_held(value)),
        Value::Record(fields) => fields.values().all(is_held),
        _ => true,
    }
}
