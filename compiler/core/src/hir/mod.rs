//! The item tree: what a declaration means to later phases, without positions.
//!
//! INVARIANT: nothing here changes when only white space, comments or other items change. Places are [`Loc`]s, indices
//! into a [`Spans`] table that is stored beside the tree and read only when a finding is shown.
#![expect(missing_docs, reason = "the fields of a variant are named after the form its comment shows")]

mod decl;
pub(crate) mod lower;

pub use decl::*;

use ordain_diagnostics::TextRange;
use rust_decimal::Decimal;
use smol_str::SmolStr;

pub use ordain_syntax::ast::{BinaryOp, UnaryOp};

/// A place in an item: an index into its [`Spans`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, salsa::SalsaValue)]
pub struct Loc(pub(crate) u32);

/// An expression of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, salsa::SalsaValue)]
pub struct ExprId(pub(crate) u32);

/// A type reference of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, salsa::SalsaValue)]
pub struct TypeId(pub(crate) u32);

/// The places of one tree, relative to the start of its item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spans {
    /// Of an item shorter than 64 KiB, as nearly all are: start and end. Spans are what a package has most of.
    Short(Box<[(u16, u16)]>),
    /// Of a longer item.
    Long(Box<[TextRange]>),
}

impl Spans {
    /// The range of a place, relative to the item's start.
    pub fn get(&self, loc: Loc) -> TextRange {
        let at = loc.0 as usize;
        match self {
            Self::Short(ranges) => ranges.get(at).map(|&(start, end)| TextRange::new(start.into(), end.into())),
            Self::Long(ranges) => ranges.get(at).copied(),
        }
        .unwrap_or_default()
    }
}

impl From<Vec<TextRange>> for Spans {
    fn from(ranges: Vec<TextRange>) -> Self {
        let short = |range: &TextRange| Some((u16::try_from(range.start).ok()?, u16::try_from(range.end).ok()?));
        match ranges.iter().map(short).collect() {
            Some(ranges) => Self::Short(ranges),
            None => Self::Long(ranges.into()),
        }
    }
}

/// The expressions and types of one part of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    pub(crate) exprs: Box<[Expr]>,
    pub(crate) types: Box<[TypeRef]>,
}

impl std::ops::Index<ExprId> for Tree {
    type Output = Expr;

    fn index(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }
}

impl std::ops::Index<TypeId> for Tree {
    type Output = TypeRef;

    fn index(&self, id: TypeId) -> &TypeRef {
        &self.types[id.0 as usize]
    }
}

/// A name and its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// Its spelling.
    pub text: SmolStr,
    /// Its place.
    pub loc: Loc,
}

/// Dotted names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathRef {
    /// The parts, at least one.
    pub parts: Parts,
}

/// The parts of a path. Most have one, which needs no memory of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Parts {
    /// One name.
    One(Name),
    /// Names with dots between them.
    Many(Box<[Name]>),
}

impl std::ops::Deref for Parts {
    type Target = [Name];

    fn deref(&self) -> &[Name] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

impl FromIterator<Name> for Parts {
    fn from_iter<I: IntoIterator<Item = Name>>(names: I) -> Self {
        let mut names: Vec<Name> = names.into_iter().collect();
        match names.len() {
            1 => Self::One(names.remove(0)),
            _ => Self::Many(names.into()),
        }
    }
}

impl PathRef {
    /// The parts joined by dots.
    pub fn text(&self) -> SmolStr {
        match &*self.parts {
            [one] => one.text.clone(),
            parts => parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(".").into(),
        }
    }

    /// The parts with their places.
    pub(crate) fn places(&self) -> Vec<(SmolStr, Loc)> {
        self.parts.iter().map(|part| (part.text.clone(), part.loc)).collect()
    }

    /// The place of the last part, which the path is about.
    pub fn loc(&self) -> Loc {
        // INVARIANT: a path has at least one part; the parser makes no other.
        self.parts.last().map_or(Loc(0), |part| part.loc)
    }
}

/// An expression and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub loc: Loc,
}

/// What an expression is. As in the syntax tree, with shorthand written out and parentheses gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
    /// Not there or not understood; reported already.
    Missing,
    /// `none`
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A decimal.
    Decimal(Box<Decimal>),
    /// Bytes.
    Bytes(u64),
    /// Milliseconds.
    Duration(u64),
    /// A version, as written.
    SemVer(SmolStr),
    /// A day, as written.
    Date(SmolStr),
    /// A string without interpolation.
    Str(SmolStr),
    /// The parts of an interpolated string.
    Interp(Box<[ExprId]>),
    /// A name.
    Name(SmolStr),
    /// `base.name`, `base?.name`
    Field { base: ExprId, name: Box<Name>, optional: bool },
    /// `base[index]`
    Index { base: ExprId, index: ExprId },
    /// `callee(args)`
    Call { callee: ExprId, args: Box<[Arg]> },
    /// `plan path(args)`
    Plan(Box<PlanCall>),
    /// A prefix operator.
    Unary { op: UnaryOp, operand: ExprId },
    /// An infix operator.
    Binary { op: BinaryOp, left: ExprId, right: ExprId },
    /// `[a, b]`
    List(Box<[ExprId]>),
    /// `{ a: 1, "b": 2, ..c }`
    Record(Box<[Field]>),
    /// `[body for …]`
    ListFor { body: ExprId, clauses: Box<[ForClause]> },
    /// `{ key: value for … }`
    MapFor { key: ExprId, value: ExprId, clauses: Box<[ForClause]> },
    /// `if condition { then } else { otherwise }`
    If { condition: ExprId, then: ExprId, otherwise: ExprId },
    /// `match subject { … }`
    Match { subject: ExprId, arms: Box<[Arm]> },
    /// `{ let …  result }`
    Block { lets: Box<[Let]>, result: ExprId },
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Its name, where given.
    pub name: Option<Name>,
    /// Its value.
    pub value: ExprId,
}

/// An entry of a record or map literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// `name: value`
    Named { name: Name, value: ExprId },
    /// `key: value` of a map.
    Keyed { key: ExprId, value: ExprId },
    /// `..value`
    Spread { value: ExprId },
}

/// A clause of a comprehension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForClause {
    /// `for a, b in iter`
    For { binder: Binder, iter: ExprId },
    /// `if condition`
    If(ExprId),
}

/// What a loop binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binder {
    /// The element, or the key.
    pub first: Name,
    /// The value, where two names are bound.
    pub second: Option<Name>,
}

/// An arm of a `match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// The alternatives.
    pub patterns: Box<[Pattern]>,
    /// The guard.
    pub guard: Option<ExprId>,
    /// The value.
    pub body: ExprId,
    /// Its place.
    pub loc: Loc,
}

/// A pattern and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Its place.
    pub loc: Loc,
}

/// What a pattern is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// A variant or a binding.
    Name(SmolStr),
    /// `Enum.variant`
    Variant(PathRef),
    /// A literal, as an expression.
    Literal(ExprId),
    /// A range of literals.
    Range { low: ExprId, high: ExprId, inclusive: bool },
}

/// `let name: ty = value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Let {
    /// The name.
    pub name: Name,
    /// The declared type.
    pub ty: Option<TypeId>,
    /// The value.
    pub value: ExprId,
}

/// A type reference and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeRef {
    /// What it is.
    pub kind: TypeRefKind,
    /// Its place.
    pub loc: Loc,
}

/// What a type reference is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeRefKind {
    /// Not there or not understood; reported already.
    Missing,
    /// `Name`, `module.Name`, `Map<K, V>`
    Path { path: PathRef, args: Box<[TypeId]> },
    /// `[T]`
    List(TypeId),
    /// `{ … }`
    Record(Box<[FieldDecl]>),
    /// `T?`
    Optional(TypeId),
    /// A base and a refinement.
    Refined { base: TypeId, refinement: Refinement },
}

/// A field of a record type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDecl {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeId,
    /// Its default.
    pub default: Option<ExprId>,
}

/// What a refined type demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refinement {
    /// The value lies in this range expression.
    Range(ExprId),
    /// The length lies in this range expression.
    Length(ExprId),
    /// The text matches.
    Matching(Name),
    /// A condition over `it`.
    Predicate(ExprId),
}
