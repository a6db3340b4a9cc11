//! What is known of nodes and groups while a plan is being expanded.

use std::rc::Rc;

use ordain_graph::{OnFailure, Value};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::cell::RefCell;

use crate::eval::Scope;
use crate::hir::{ExprId, Modifiers, Name, StepCall, Tree};
use crate::items::Item;
use crate::types::Facts;

/// Handles from here on stand for groups (stages and sub-plans), below for nodes.
pub(super) const FIRST_GROUP: u32 = 1 << 31;

/// One running instance of a plan: the outermost, or a sub-plan's.
pub(super) struct Frame<'db> {
    /// The plan.
    pub(super) plan: Item<'db>,
    /// Its expressions.
    pub(super) tree: &'db Tree,
    /// What is known of them.
    pub(super) facts: &'db Facts<'db>,
    /// The environment its steps run in.
    pub(super) environment: Option<Item<'db>>,
    /// Steps named by key.
    pub(super) families: RefCell<FxHashMap<SmolStr, FxHashMap<Value, Value>>>,
}

/// Where a statement stands.
#[derive(Clone)]
pub(super) struct Site<'db> {
    pub(super) frame: Rc<Frame<'db>>,
    pub(super) scope: Rc<Scope>,
    /// The groups around, outermost first.
    pub(super) groups: Rc<Vec<u32>>,
    /// Stage names around, joined by `/`, of the whole expansion.
    pub(super) stage: Option<SmolStr>,
    /// The prefix of addresses here.
    pub(super) prefix: Rc<str>,
    /// The keys of the loops around, as they stand in addresses.
    pub(super) keys: Rc<Vec<String>>,
}

/// A step or gate, to be evaluated when all names are bound.
pub(super) struct Pending<'db> {
    pub(super) site: Site<'db>,
    pub(super) address: SmolStr,
    pub(super) capability: Item<'db>,
    pub(super) call: &'db StepCall,
    pub(super) expect: Option<ExprId>,
    pub(super) modifiers: &'db Modifiers,
    pub(super) on_failure: Option<OnFailure>,
}

/// A stage or a sub-plan.
pub(super) struct Group<'db> {
    /// The nodes in it, also in groups inside.
    pub(super) nodes: Vec<u32>,
    /// What it waits for.
    pub(super) after: Option<(Site<'db>, &'db [ExprId])>,
    /// How many groups are around it.
    pub(super) depth: usize,
    /// What a sub-plan returned; the outer option is `None` for stages.
    pub(super) returned: Option<Option<Value>>,
}

/// A name for the address of a step.
pub(super) fn step_name(name: Option<&Name>, call: &StepCall) -> SmolStr {
    name.map_or_else(|| call.path.text(), |name| name.text.clone())
}

/// A key as it stands in an address: short, on one line, without the characters addresses are made of.
pub(super) fn key_text(value: &Value) -> String {
    let text = match value {
        Value::Record(fields) => ["id", "name", "key"]
            .iter()
            .find_map(|name| fields.get(name))
            .map_or_else(String::new, |value| ordain_graph::display(value).unwrap_or_default()),
        other => ordain_graph::display(other).unwrap_or_default(),
    };
    text.chars().map(|c| if c.is_control() || matches!(c, '[' | ']' | '/') { '_' } else { c }).take(60).collect()
}
