//! Declarations of values, capabilities, adapters, environments and entities.

use ordain_diagnostics::TextRange;
use smol_str::SmolStr;

use super::{Arg, Block, Docs, Expr, Field, Ident, Path, RecordType, StringLit, Type};

/// `type Name = T`
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDecl {
    /// What the name stands for.
    pub ty: Type,
}

/// `enum Name { a, b }`; variants are ordered as written, the first is the least.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumDecl {
    /// The variants.
    pub variants: Vec<Variant>,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its documentation.
    pub docs: Option<Docs>,
    /// Its name; may be quoted (`"no-op"`) where it is not an identifier.
    pub name: Ident,
}

/// A parameter of a function or plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: Type,
    /// The value it has where none is given.
    pub default: Option<Expr>,
}

/// `fn name(x: T) -> U = expr` or `fn name(x: T) -> U { let …  expr }`
#[derive(Clone, Debug, PartialEq)]
pub struct FnDecl {
    /// The parameters.
    pub params: Vec<Param>,
    /// The type of the result.
    pub result: Type,
    /// The body.
    pub body: Block,
    /// Whether the body was written `= expr`.
    pub short: bool,
}

/// `const name: T = expr`
#[derive(Clone, Debug, PartialEq)]
pub struct ConstDecl {
    /// The declared type; may be left out where the value shows it.
    pub ty: Option<Type>,
    /// The value.
    pub value: Expr,
}

/// `capability a.b { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct CapabilityDecl {
    /// The clauses in source order, also repeated ones.
    pub clauses: Vec<CapabilityClause>,
}

/// A clause of a capability. Each has its range.
#[derive(Clone, Debug, PartialEq)]
pub enum CapabilityClause {
    /// `version "1.2.0"`
    Version { value: StringLit, range: TextRange },
    /// `input { … }`
    Input { ty: RecordType, range: TextRange },
    /// `output { … }`
    Output { ty: RecordType, range: TextRange },
    /// `effect write`
    Effect { value: Ident, range: TextRange },
    /// `risk medium`
    Risk { value: Ident, range: TextRange },
    /// `key (name, region)` or `key name`: expressions over the inputs.
    Key { parts: Vec<Expr>, range: TextRange },
    /// `undo database.remove { name, region }`: a call over inputs and outputs.
    Undo { call: StepCall, range: TextRange },
    /// `retry 3 times backoff 1s..30s`
    Retry { retry: Retry, range: TextRange },
    /// `timeout 5m`
    Timeout { value: Expr, range: TextRange },
}

/// `3 times backoff 1s..30s`
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// How many further tries.
    pub times: Expr,
    /// The range of the pauses between them.
    pub backoff: Option<Expr>,
}

/// `a.b { name: value }`: a capability and its inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct StepCall {
    /// The capability.
    pub path: Path,
    /// Its inputs.
    pub fields: Vec<Field>,
    /// The whole call.
    pub range: TextRange,
}

/// `adapter a.b { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterDecl {
    /// The clauses in source order.
    pub clauses: Vec<AdapterClause>,
}

/// A clause of an adapter.
#[derive(Clone, Debug, PartialEq)]
pub enum AdapterClause {
    /// `version "0.3.0"`
    Version { value: StringLit, range: TextRange },
    /// `provides database.ensure ^1.2`; the requirement is as in Cargo, as written.
    Provides { path: Path, requirement: Option<Requirement>, range: TextRange },
    /// `run process ["…"]`, `run http "…"`, `run builtin "…"`
    Run { transport: Ident, target: Expr, range: TextRange },
}

/// A version requirement: `^1.2`, `~1.2.3`, `>=1.0`, `1.4.0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// As written, white space removed.
    pub text: SmolStr,
    /// Its place.
    pub range: TextRange,
}

/// `environment name: T { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentDecl {
    /// The type of its facts.
    pub ty: Type,
    /// Facts, bindings and groups in source order.
    pub members: Vec<EnvironmentMember>,
}

/// A member of an environment.
#[derive(Clone, Debug, PartialEq)]
pub enum EnvironmentMember {
    /// `name: value` or `..base`
    Fact(Field),
    /// `bind database.ensure to postgres.local`
    Bind { capability: Path, adapter: Path, range: TextRange },
    /// `group sre = ["ana", "bo"]`
    Group { name: Ident, members: Expr, range: TextRange },
}

/// `entity name: T { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct EntityDecl {
    /// Its type.
    pub ty: Type,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A call of a plan: `release(version: 1.4.0)`.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanCall {
    /// The plan.
    pub path: Path,
    /// Its arguments.
    pub args: Vec<Arg>,
    /// From the word `plan` to the closing parenthesis.
    pub range: TextRange,
}
