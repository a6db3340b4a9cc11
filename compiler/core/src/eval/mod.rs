//! Total evaluation: expressions to values.
//!
//! Evaluation always ends: there is no recursion, and a budget bounds loops over large ranges. Parts that wait for
//! execution stay residuals, so the same evaluator serves constants and plans.

mod call;
mod data;
mod document;
mod expr;
mod fault;
mod json;
mod lone;
mod normalise;
mod origin;
mod reading;
mod record;
mod reference;
mod trace;
mod values;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use ordain_diagnostics::codes;
use ordain_graph::Value;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

pub use data::{Source, data_references};
pub(crate) use data::{data_call, data_calls, data_digest, data_file, json_text, readable};
pub(crate) use document::read_document_as;
pub use document::{DocumentError, InputDocument, read_document};
pub(crate) use expr::not_known;
pub use fault::Fault;
pub use json::document_json;
pub use json::value_json;
pub use lone::{Lone, LoneFinding, eval_text, eval_text_with};
pub use normalise::plain;
pub use origin::Origin;
pub(crate) use reading::Document;
pub(crate) use reference::{Entities, Following, PARENTS, parts, reference, reference_to};
pub(crate) use trace::{Seen, Trace};
pub(crate) use values::signature_faults;
pub(crate) use values::without_declaration;
pub use values::{const_value, declared_value};

use crate::db::{DataFile, Db};
use crate::hir::{ExprId, Loc, Tree};
use crate::items::{Item, Part};
use crate::types::{Anchor, DefaultRef, DefaultTree, Facts, inference, lone_facts, lone_tree};

/// The member that marks the record of a declared environment or entity with its declaration, so that a plan knows
/// which environment it was given. No field of a source can have that name.
pub(crate) const DECLARATION: &str = "$declaration";

/// How many expressions one evaluation may look at, and how much it may make: an element of a list counts as one, and
/// so do a few characters of a text.
const BUDGET: u64 = 20_000_000;

/// How deep calls may nest. Recursion is an error of its own; this holds where it was not found yet.
const CALL_DEPTH: u32 = 200;

/// A function and its arguments.
type Call<'db> = (Item<'db>, Vec<Value>);

/// How many calls one evaluation remembers.
const REMEMBERED: usize = 100_000;

pub(crate) type Eval<'db, T = Value> = Result<T, Box<Fault<'db>>>;

/// A day, where the text is one.
pub(crate) fn date(text: &str) -> Option<Value> {
    Value::parse_date(text)
}

/// The names of a block of a plan, and of those around it.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    names: RefCell<FxHashMap<SmolStr, Value>>,
    parent: Option<Rc<Scope>>,
}

impl Scope {
    /// A scope inside another.
    pub(crate) fn within(parent: Rc<Scope>) -> Rc<Self> {
        Rc::new(Self { names: RefCell::default(), parent: Some(parent) })
    }

    /// Gives a name a value, in this scope only.
    pub(crate) fn set(&self, name: &SmolStr, value: Value) {
        self.names.borrow_mut().insert(name.clone(), value);
    }

    /// The value of a name here or around.
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        let own = self.names.borrow().get(name).cloned();
        own.or_else(|| self.parent.as_ref()?.get(name))
    }
}

/// What plans add to evaluation: handles of steps that stand for several nodes or for a returned value.
pub(crate) trait Handles {
    /// The member of a family, by key; `None` where no step has that key.
    fn member(&self, family: &str, key: &Value) -> Option<Option<Value>>;
    /// What the plan behind a handle returns, where the index is that of a sub-plan.
    fn returned(&self, index: u32) -> Option<Option<Value>>;
}

/// Where an expression stands: its item, trees and names.
pub(crate) struct Context<'db> {
    pub(crate) item: Item<'db>,
    pub(crate) part: Part,
    pub(crate) tree: &'db Tree,
    pub(crate) facts: &'db Facts<'db>,
    pub(crate) locals: Vec<(SmolStr, Value)>,
    pub(crate) scope: Option<Rc<Scope>>,
}

impl<'db> Context<'db> {
    /// The body of an item.
    pub(crate) fn body(db: &'db dyn Db, item: Item<'db>) -> Self {
        Self::new(item, Part::Body, &item.body(db).tree, &inference(db, item).body)
    }

    /// The signature of an item, for defaults and keys.
    pub(crate) fn signature(db: &'db dyn Db, item: Item<'db>) -> Self {
        Self::new(item, Part::Signature, &item.signature(db).tree, &inference(db, item).signature)
    }

    pub(crate) fn new(item: Item<'db>, part: Part, tree: &'db Tree, facts: &'db Facts<'db>) -> Self {
        Self { item, part, tree, facts, locals: Vec::new(), scope: None }
    }

    pub(crate) fn at(&self, loc: Loc) -> Anchor<'db> {
        Anchor { item: self.item, part: self.part, loc }
    }

    pub(crate) fn expr_at(&self, expr: ExprId) -> Anchor<'db> {
        self.at(self.tree[expr].loc)
    }
}

/// What the evaluations of one constant or plan share.
#[derive(Default)]
pub(crate) struct Memory<'db> {
    /// What calls with small arguments gave: functions that call others twice each would take for ever without.
    calls: RefCell<FxHashMap<Call<'db>, Value>>,
    /// The defaults of fields, which depend on nothing around them.
    defaults: RefCell<FxHashMap<DefaultRef<'db>, Value>>,
    /// The data files read so far.
    pub(crate) data: RefCell<BTreeSet<DataFile>>,
    /// What is reached, where that is asked for.
    trace: Option<Rc<Trace<'db>>>,
}

/// Evaluates expressions, within a budget.
pub(crate) struct Evaluator<'a, 'db> {
    pub(crate) db: &'db dyn Db,
    pub(crate) handles: Option<&'a dyn Handles>,
    /// What references refer to, where they are followed.
    following: Following<'a>,
    spent: std::cell::Cell<u64>,
    depth: std::cell::Cell<u32>,
    /// The defaults that are being evaluated.
    open: RefCell<Vec<DefaultRef<'db>>>,
    memory: Rc<Memory<'db>>,
}

impl<'a, 'db> Evaluator<'a, 'db> {
    pub(crate) fn new(db: &'db dyn Db) -> Self {
        Self::remembering(db, Rc::default(), None)
    }

    /// One evaluation of several, with a plan's handles.
    pub(crate) fn remembering(db: &'db dyn Db, memory: Rc<Memory<'db>>, handles: Option<&'a dyn Handles>) -> Self {
        Self {
            db,
            handles,
            following: Following::Nowhere,
            spent: std::cell::Cell::new(0),
            depth: std::cell::Cell::new(0),
            open: RefCell::default(),
            memory,
        }
    }

    /// The value of a field's default.
    pub(crate) fn default(&self, default: DefaultRef<'db>) -> Eval<'db> {
        if let Some(known) = self.memory.defaults.borrow().get(&default) {
            return Ok(known.clone());
        }
        let mut cx = match default.tree {
            DefaultTree::Part(Part::Signature) => Context::signature(self.db, default.item),
            DefaultTree::Part(Part::Body) => Context::body(self.db, default.item),
            DefaultTree::Lone(text) => {
                let (tree, facts) = (lone_tree(self.db, text), lone_facts(self.db, default.item, text));
                Context::new(default.item, Part::Body, tree, facts)
            }
        };
        let at = cx.expr_at(default.expr);
        // A default depends on nothing around it, so one that is open already would be evaluated without end.
        if self.open.borrow().contains(&default) {
            return Err(Fault::helped(
                codes::RECURSION,
                at,
                "this default needs itself",
                "give a value that ends, such as `none` or `[]`",
            ));
        }
        if self.open.borrow().len() >= CALL_DEPTH as usize {
            let message = format!("defaults need each other more than {CALL_DEPTH} deep");
            return Err(Fault::new(codes::EVALUATION_TOO_LARGE, at, message));
        }
        self.open.borrow_mut().push(default);
        let value = self.eval(&mut cx, default.expr);
        self.open.borrow_mut().pop();
        // The tree of a text has no places in a source.
        let value = value.map_err(|fault| match (default.tree, *fault) {
            (DefaultTree::Lone(_), Fault::Source(mut finding)) if finding.at.item == default.item => {
                finding.at = Anchor::name_of(default.item);
                finding.notes.clear();
                Box::new(Fault::Source(finding))
            }
            (_, fault) => Box::new(fault),
        });
        if let Ok(value) = &value {
            self.memory.defaults.borrow_mut().insert(default, value.clone());
        }
        value
    }

    fn spend(&self, cx: &Context<'db>, expr: ExprId, amount: u64) -> Eval<'db, ()> {
        let spent = self.spent.get().saturating_add(amount);
        self.spent.set(spent);
        if spent > BUDGET { Err(Fault::too_large(cx.expr_at(expr))) } else { Ok(()) }
    }
}
