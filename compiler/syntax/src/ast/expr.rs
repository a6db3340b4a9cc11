//! Expressions and types.

use ordain_diagnostics::TextRange;
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{Ident, Path};

/// An expression and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place, without surrounding parentheses.
    pub range: TextRange,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal without parts.
    Literal(Literal),
    /// A string, perhaps with interpolations.
    String(StringLit),
    /// A name: a local, a declaration, an enum variant, a module's first part.
    Name(SmolStr),
    /// `base.name`, or `base?.name` where `optional`.
    Field { base: Box<Expr>, name: Ident, optional: bool },
    /// `base[index]`
    Index { base: Box<Expr>, index: Box<Expr> },
    /// `callee(arguments)`
    Call { callee: Box<Expr>, args: Vec<Arg> },
    /// `plan name(arguments)`: the instance of a plan, as a value (tests) or a step (plans).
    Plan { path: Path, args: Vec<Arg> },
    /// `-x`, `!x`
    Unary { op: UnaryOp, operand: Box<Expr> },
    /// `a + b` and the like.
    Binary { op: BinaryOp, op_range: TextRange, left: Box<Expr>, right: Box<Expr> },
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a: 1, "b": 2, ..rest }`: a record, or a map where keys are strings or `(expr)`.
    Record(Vec<Field>),
    /// `[body for x in xs if cond]`
    ListFor(Box<Expr>, Box<Comprehension>),
    /// `{ key: value for x in xs if cond }`
    MapFor { key: Box<Expr>, value: Box<Expr>, head: Box<Comprehension> },
    /// `if c { a } else { b }`
    If { condition: Box<Expr>, then: Box<Block>, otherwise: Box<Block> },
    /// `match x { A => 1, B | C => 2, _ => 3 }`
    Match { subject: Box<Expr>, arms: Vec<Arm> },
    /// `{ let …; result }` where a block is expected (function bodies, branches). A lone expression is a block
    /// without bindings and is not wrapped in this.
    Block(Box<Block>),
    /// A place where the parser found no expression; it has already reported that.
    Error,
}

/// `let` bindings and a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The bindings, each visible to what follows.
    pub lets: Vec<Let>,
    /// The value of the block.
    pub result: Expr,
    /// From brace to brace, or the lone expression's range.
    pub range: TextRange,
}

/// `let name: T = value`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// The name bound.
    pub name: Ident,
    /// The declared type.
    pub ty: Option<Type>,
    /// The value.
    pub value: Expr,
    /// The whole binding.
    pub range: TextRange,
}

/// A literal without parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `none`
    None,
    /// `true`, `false`
    Bool(bool),
    /// `1_000`
    Int(i64),
    /// `1.50`; scale is kept.
    Decimal(Decimal),
    /// `20GiB`, in bytes.
    Bytes(u64),
    /// `1h30m`, in milliseconds.
    Duration(u64),
    /// `1.4.0-rc.1`, as written.
    SemVer(SmolStr),
    /// `2027-03-01`, as written; a valid day of the proleptic Gregorian calendar.
    Date(SmolStr),
}

/// A string literal.
#[derive(Clone, Debug, PartialEq)]
pub struct StringLit {
    /// Its parts in order; empty for `""`. Text parts are never adjacent to each other.
    pub parts: Vec<StringPart>,
    /// With its quotes.
    pub range: TextRange,
}

/// A part of a string literal.
#[derive(Clone, Debug, PartialEq)]
pub enum StringPart {
    /// Text, escapes resolved (and, in `"""` strings, common indentation removed).
    Text(SmolStr),
    /// `{expr}`
    Expr(Expr),
}

impl StringLit {
    /// The text of a literal without interpolation.
    pub fn as_text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [StringPart::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// `name:` before the value.
    pub name: Option<Ident>,
    /// The value. `any(x.ok for x in xs)` has a [`ExprKind::ListFor`] here.
    pub value: Expr,
}

/// An entry of a record, a map or a step's inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// `name: value`, or `name` alone, which stands for `name: name` (then the value is that name).
    Named { name: Ident, value: Expr, shorthand: bool },
    /// `"key": value` or `(expr): value`
    Keyed { key: Expr, value: Expr },
    /// `..value`
    Spread { value: Expr, range: TextRange },
}

/// `for x in xs if cond`, perhaps several in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// The clauses, outermost first; at least one, and the first is a `For`.
    pub clauses: Vec<ForClause>,
}

/// One clause of a comprehension.
#[derive(Clone, Debug, PartialEq)]
pub enum ForClause {
    /// `for x in xs` or `for k, v in map`
    For { binder: Binder, iter: Expr },
    /// `if cond`
    If(Expr),
}

/// What a `for` binds: an element, or a key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Binder {
    /// The element, or the key.
    pub first: Ident,
    /// The value, where two names are bound (maps; the index and element of a list).
    pub second: Option<Ident>,
}

/// An arm of a `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// The alternatives; at least one.
    pub patterns: Vec<Pattern>,
    /// `if cond` after the patterns.
    pub guard: Option<Expr>,
    /// The value of the arm.
    pub body: Expr,
    /// The whole arm.
    pub range: TextRange,
}

/// A pattern and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Its place.
    pub range: TextRange,
}

/// What a pattern is.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// A name: an enum variant where the subject's type has it, else a binding of the whole subject.
    Name(SmolStr),
    /// `Tier.production`
    Variant(Path),
    /// A literal; numbers may be negative.
    Literal(Literal),
    /// A string without interpolation.
    String(SmolStr),
    /// `1..=5`, `1..5`
    Range { low: Literal, high: Literal, inclusive: bool },
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `!`
    Not,
}

/// Infix operators, loosest first in groups: `??`, `||`, `&&`, comparisons with `in`, ranges, `+ -`, `* / %`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `a ?? b`: `a` unless it is `none`.
    Coalesce,
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `x in xs`
    In,
    /// `x not in xs`
    NotIn,
    /// `a..b`, without `b`
    Range,
    /// `a..=b`, with `b`
    RangeInclusive,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
}

impl BinaryOp {
    /// How tightly it binds; a higher number binds tighter. Comparisons and ranges do not chain.
    pub const fn precedence(self) -> u8 {
        match self {
            Self::Coalesce => 1,
            Self::Or => 2,
            Self::And => 3,
            Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge | Self::In | Self::NotIn => 4,
            Self::Range | Self::RangeInclusive => 5,
            Self::Add | Self::Sub => 6,
            Self::Mul | Self::Div | Self::Rem => 7,
        }
    }

    /// Its spelling.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Coalesce => "??",
            Self::Or => "||",
            Self::And => "&&",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Range => "..",
            Self::RangeInclusive => "..=",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
        }
    }
}

/// A type and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// Its place.
    pub range: TextRange,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `Name`, `module.Name`, `List<T>`
    Path { path: Path, args: Vec<Type> },
    /// `[T]`, the same as `List<T>`
    List(Box<Type>),
    /// `{ name: T, other: U = default }`
    Record(RecordType),
    /// `T?`
    Optional(Box<Type>),
    /// `T where …`, `T matching "…"`; several may follow each other, the innermost being the first written.
    Refined { base: Box<Type>, refinement: Box<Refinement> },
    /// A place where the parser found no type; it has already reported that.
    Error,
}

/// The fields of a record type, also of a capability's input and output.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordType {
    /// The fields in source order.
    pub fields: Vec<FieldType>,
    /// From brace to brace.
    pub range: TextRange,
}

/// A field of a record type.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldType {
    /// Its documentation.
    pub docs: Option<super::Docs>,
    /// Its name; may be quoted (`"apiVersion-x"`) where it is not an identifier.
    pub name: Ident,
    /// Its type.
    pub ty: Type,
    /// The value it has where none is given.
    pub default: Option<Expr>,
    /// From the name to the end of the field.
    pub range: TextRange,
}

/// What a refined type demands of its values.
#[derive(Clone, Debug, PartialEq)]
pub enum Refinement {
    /// `where 1..=50`: the value lies in the range. The expression is a [`BinaryOp::Range`] or
    /// [`BinaryOp::RangeInclusive`].
    Range(Expr),
    /// `where len 1..=63`: the length of a string, list, map or set lies in the range.
    Length(Expr),
    /// `matching "[a-z]+"`: the whole string matches the regular expression.
    Matching(StringLit),
    /// `where it % 2 == 0`: the condition over `it` holds.
    Predicate(Expr),
}
