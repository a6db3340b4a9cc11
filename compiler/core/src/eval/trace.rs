//! What evaluation went through, for the coverage of tests. Nothing is kept unless somebody asks.

use std::cell::RefCell;
use std::rc::Rc;

use ordain_graph::Value;
use rustc_hash::FxHashMap;

use super::{Context, Eval, Evaluator, Memory};
use crate::hir::{Body, ExprId};
use crate::items::Item;
use crate::types::Anchor;

/// How often a place was reached, and what a condition there gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How often it was looked at.
    pub(crate) reached: u64,
    /// How often it was true; of a loop, how many elements it had.
    pub(crate) yes: u64,
    /// How often it was false.
    pub(crate) no: u64,
}

impl Seen {
    /// Both counts.
    pub(crate) fn add(&mut self, other: Self) {
        self.reached += other.reached;
        self.yes += other.yes;
        self.no += other.no;
    }
}

/// The places that were reached.
#[derive(Debug, Default)]
pub(crate) struct Trace<'db>(RefCell<FxHashMap<Anchor<'db>, Seen>>);

impl<'db> Trace<'db> {
    fn note(&self, at: Anchor<'db>, seen: Seen) {
        self.0.borrow_mut().entry(at).or_default().add(seen);
    }

    /// What was seen, place by place.
    pub(crate) fn take(&self) -> FxHashMap<Anchor<'db>, Seen> {
        self.0.take()
    }
}

impl<'db> Memory<'db> {
    /// A memory of its own that notes what is reached.
    pub(crate) fn tracing(trace: Rc<Trace<'db>>) -> Rc<Self> {
        Rc::new(Self { trace: Some(trace), ..Self::default() })
    }
}

impl<'db> Evaluator<'_, 'db> {
    /// What is traced, where something is.
    pub(crate) fn trace(&self) -> Option<&Rc<Trace<'db>>> {
        self.memory.trace.as_ref()
    }

    /// A place is reached.
    #[inline]
    pub(crate) fn reach(&self, at: impl FnOnce() -> Anchor<'db>) {
        if let Some(trace) = self.trace() {
            trace.note(at(), Seen { reached: 1, ..Seen::default() });
        }
    }

    /// The value of a condition; one that is not known yet is neither true nor false.
    pub(crate) fn eval_condition(&self, cx: &mut Context<'db>, condition: ExprId) -> Eval<'db> {
        self.reach(|| cx.expr_at(condition));
        let value = self.eval(cx, condition)?;
        if let Some(trace) = self.trace() {
            let (yes, no) = (u64::from(value == Value::Bool(true)), u64::from(value == Value::Bool(false)));
            trace.note(cx.expr_at(condition), Seen { reached: 0, yes, no });
        }
        Ok(value)
    }

    /// A loop that is reached has elements.
    pub(crate) fn reach_elements(&self, at: Anchor<'db>, elements: usize) {
        if let Some(trace) = self.trace() {
            trace.note(at, Seen { reached: 0, yes: elements as u64, no: 0 });
        }
    }

    /// The value of a constant is known to the database; what it calls is reached all the same, once.
    pub(super) fn reach_constant(&self, constant: Item<'db>) {
        let Some(trace) = self.trace() else { return };
        let at = Anchor::name_of(constant);
        let Body::Expr(value) = constant.body(self.db).body else { return };
        if trace.0.borrow().contains_key(&at) {
            return;
        }
        trace.note(at, Seen { reached: 1, ..Seen::default() });
        let inner = Evaluator::remembering(self.db, self.memory.clone(), None);
        // Its value, or what is wrong with it, comes from the database.
        let _ = inner.eval(&mut Context::body(self.db, constant), value);
    }
}
