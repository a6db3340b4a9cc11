//! The engine: policies as programs over compact values, for documents that are too large to be walked.
//!
//! The tree walker (`crate::eval`, `crate::policy`) is the meaning of the language. The engine is a second way to the
//! same result: a policy is compiled once to a [`program`](Programs), in which names are slots, what is known is a
//! constant and what several policies say in the same words stands once; a document is read from its text straight into
//! values that borrow from it; and each element of a list meets only those policies that ask for its like.
//!
//! INVARIANT: the engine never tells of a mistake. Whatever it does not know, and whatever goes wrong in it, makes it
//! give up, and the tree walker is asked, which has words for everything.

mod asked;
mod batch;
mod compile;
mod expr;
mod read;
mod run;
mod store;
mod val;

use ordain_graph::{Pattern, Patterns, Value};
use smol_str::SmolStr;

pub(crate) use batch::{Holding, decide, judge};
pub(crate) use compile::{Compiler, Lead};
pub(crate) use expr::PolicyCode;
pub(crate) use read::PART;
pub(crate) use run::{Machine, STEPS, Said};
pub(crate) use store::Store;
pub(crate) use val::Val;

use expr::{Expr, Function, Id, Shape};

/// What several policies were compiled to together. It holds nothing of the compiler's database, and threads share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Programs {
    /// How many names the subject binds; they are the first shared values.
    subjects: u32,
    exprs: Vec<Expr>,
    consts: Vec<Value>,
    /// The types and ids of entities that are written.
    references: Vec<(SmolStr, SmolStr)>,
    patterns: Vec<Pattern>,
    /// What has one value for the whole subject, after those of the subject itself.
    shared: Vec<Id>,
    functions: Vec<Function>,
    shapes: Vec<Shape>,
    /// How many slots the largest frame of a policy has.
    most: u32,
    /// Regular expressions that are known only when they are needed.
    table: Patterns,
}

impl Programs {
    /// The constants, copied; nothing where one cannot be.
    pub(crate) fn copied_constants<'a>(&self, arena: &'a bumpalo::Bump) -> Option<Vec<Val<'a>>> {
        self.consts.iter().map(|value| Val::copied(value, arena).ok()).collect()
    }

    /// The types and ids of entities that are written.
    pub(crate) fn references(&self) -> &[(SmolStr, SmolStr)] {
        &self.references
    }
}

const fn _shared_by_threads() {
    const fn holds<T: Send + Sync>() {}
    holds::<Programs>();
    holds::<PolicyCode>();
}
