//! What policies are compiled to: expressions with slots in place of names, each once however often it stands in the
//! policies that are compiled together.

use std::sync::Arc;

use ordain_graph::{Demand, Op, Value};
use smol_str::SmolStr;

/// An expression of [`Programs`](super::Programs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) u32);

/// An expression. Equal expressions in equal places have the same value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Expr {
    /// A value that is known: its place among the constants.
    Const(u32),
    /// What a loop or a function's parameter is bound to: a place in the frame.
    Slot(u32),
    /// What has one value for the whole subject: its place among the shared values.
    Shared(u32),
    /// `User("ana")`: its place among the references.
    Reference(u32),
    /// A field of the entity that the base refers to.
    EntityField { base: Id, name: SmolStr, hint: u32 },
    /// `inner in outer`: whether an entity belongs to another, or to one of several.
    Within { inner: Id, outer: Id },
    /// `base.name`, `base?.name`; `hint` is where the field probably stands.
    Field { base: Id, name: SmolStr, hint: u32, optional: bool },
    /// An operation that needs all of its arguments.
    Apply { op: Op, args: Box<[Id]> },
    /// `a && b`
    And(Id, Id),
    /// `a || b`
    Or(Id, Id),
    /// `a ?? b`
    Coalesce(Id, Id),
    /// `if condition { then } else { otherwise }`
    If(Id, Id, Id),
    /// A call of a declared function.
    Call { function: u32, args: Box<[Id]> },
    /// `[a, b]`
    List(Box<[Id]>),
    /// `{ a: 1 }`, in order of the names.
    Record(Box<[(SmolStr, Id)]>),
    /// `{ "a": 1 }`, a map.
    Map(Box<[(Id, Id)]>),
    /// `[body for …]`
    Each { clauses: Box<[Step]>, body: Id },
    /// `{ key: value for … }`
    EachEntry { clauses: Box<[Step]>, key: Id, value: Id },
    /// `match subject { … }`; the subject is put into the slot.
    Match { subject: Id, slot: u32, arms: Box<[MatchArm]> },
    /// The value is put into the slot, for the body.
    Let { slot: u32, value: Id, body: Id },
    /// `matches(text, pattern)` with a pattern that is known: its place among the patterns.
    Matches { text: Id, pattern: u32 },
    /// `starts_with(string(value), prefix)` without making the whole text.
    Begins { value: Id, prefix: SmolStr },
    /// `value == string(slot)`: only a text can be equal to one.
    IsItsText { value: Id, of: Id },
    /// `typed(record)` where a `Map<String, Json>` is declared: the same members as a map.
    Members(Id),
    /// The value in the form of a type: its place among the shapes.
    Form { value: Id, shape: u32 },
}

/// A clause of a comprehension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// `for first, second in iter`
    For { first: u32, second: Option<u32>, iter: Id },
    /// `if condition`
    If(Id),
}

/// An arm of a `match`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MatchArm {
    pub(crate) tests: Box<[MatchTest]>,
    pub(crate) guard: Option<Id>,
    pub(crate) body: Id,
}

/// What a pattern asks of the subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum MatchTest {
    /// Nothing.
    Any,
    /// Never holds: a name that is no variant and binds nothing.
    Never,
    /// To be that variant.
    Variant(u32),
    /// To be equal.
    Equal(Id),
    /// To lie in a range.
    Range { low: Id, high: Id, inclusive: bool },
}

/// A declared function.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// How many slots it needs; the first ones are its parameters.
    pub(crate) slots: u32,
    pub(crate) body: Id,
}

/// A type as far as the engine needs it, by place among the shapes: it can stand inside itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Json,
    Bool,
    Int,
    Decimal,
    String,
    Bytes,
    Duration,
    Url,
    Digest,
    Date,
    Enum(Box<[SmolStr]>),
    List(u32),
    Set(u32),
    Map(u32, u32),
    Optional(u32),
    Refined(u32, Arc<Demand>),
    /// The fields in order of their names.
    Record(Box<[ShapeField]>),
    /// A value stays what it is.
    Same,
}

/// A field of a shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ShapeField {
    pub(crate) name: SmolStr,
    pub(crate) shape: u32,
    /// What stands for a field that is not given.
    pub(crate) missing: Missing,
}

/// What stands for a field that is not given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Missing {
    /// Its default: a place among the constants.
    Default(u32),
    /// `none`, for its type is optional.
    None,
    /// Nothing: a document must give it.
    Required,
}

/// What a policy is compiled to.
#[derive(Clone, Debug)]
pub(crate) struct PolicyCode {
    /// What comes before the first loop.
    pub(crate) before: Box<[Before]>,
    /// The first loop.
    pub(crate) first: Option<FirstLoop>,
    /// The conditions that come right after the start of the loop, as far as they are joined by `&&`: each must be true.
    pub(crate) guards: Box<[Id]>,
    /// What comes after.
    pub(crate) clauses: Box<[Clause]>,
    /// How many slots it needs.
    pub(crate) slots: u32,
    pub(crate) exemptions: Box<[ExemptionCode]>,
    pub(crate) because: Option<Id>,
    /// Whether it permits.
    pub(crate) permits: bool,
    pub(crate) outcomes: Box<[OutcomeCode]>,
    /// Which origin a ruling points at: the innermost one.
    pub(crate) pointer: u32,
    /// Where the names come from that loops bind, the subject itself first.
    pub(crate) origins: Box<[Origin]>,
}

/// A clause before the first loop.
#[derive(Clone, Debug)]
pub(crate) enum Before {
    /// A shared value.
    Let(u32),
    /// A condition.
    Test(Id, bool),
}

/// The first loop of a policy.
#[derive(Clone, Debug)]
pub(crate) struct FirstLoop {
    /// What it goes over; has one value for the whole subject.
    pub(crate) source: Id,
    /// Whether two names are bound.
    pub(crate) pairs: bool,
    /// The origin that it adds.
    pub(crate) origin: Option<u32>,
    /// An index among the guards: the place of the guard, the expression, and the texts of which it must be one.
    pub(crate) index: Option<(usize, Id, Box<[SmolStr]>)>,
}

/// A clause after the first loop.
#[derive(Clone, Debug)]
pub(crate) enum Clause {
    Let { slot: u32, value: Id },
    For { first: u32, second: Option<u32>, iter: Id, origin: Option<u32> },
    Test(Id, bool),
}

/// Where in the subject a name comes from: from another one through fields, and there the element that a loop is at.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// Another origin; none for the subject itself.
    pub(crate) from: Option<u32>,
    pub(crate) fields: Box<[SmolStr]>,
    /// Whether elements are counted; keys name them otherwise.
    pub(crate) list: bool,
}

/// An exemption.
#[derive(Clone, Debug)]
pub(crate) struct ExemptionCode {
    /// Its place among the exemptions of its policy.
    pub(crate) at: usize,
    pub(crate) condition: Id,
    pub(crate) until: Option<Id>,
    pub(crate) see: Option<SmolStr>,
}

/// What a policy demands.
#[derive(Clone, Debug)]
pub(crate) enum OutcomeCode {
    Deny(Option<Id>),
    Warn(Option<Id>),
    Approval { group: SmolStr, count: Option<Id> },
    Gate(SmolStr),
    Escalate(SmolStr),
}

/// A text constant, where the value is one.
pub(crate) fn as_text(value: &Value) -> Option<&SmolStr> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}
