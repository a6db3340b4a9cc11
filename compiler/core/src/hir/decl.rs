//! Declarations of the item tree.

use smol_str::SmolStr;

use super::{Arg, Binder, ExprId, Field, Let, Loc, Name, PathRef, TypeId};

/// The kinds of declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, salsa::SalsaValue)]
pub enum Kind {
    /// `type`
    Type,
    /// `enum`
    Enum,
    /// `fn`
    Fn,
    /// `const`
    Const,
    /// `capability`
    Capability,
    /// `adapter`
    Adapter,
    /// `environment`
    Environment,
    /// `entity`
    Entity,
    /// `policy`
    Policy,
    /// `gate`
    Gate,
    /// `test`
    Test,
    /// `plan`
    Plan,
}

impl Kind {
    /// Its keyword.
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Enum => "enum",
            Self::Fn => "fn",
            Self::Const => "const",
            Self::Capability => "capability",
            Self::Adapter => "adapter",
            Self::Environment => "environment",
            Self::Entity => "entity",
            Self::Policy => "policy",
            Self::Gate => "gate",
            Self::Test => "test",
            Self::Plan => "plan",
        }
    }

    /// The keyword with its article: "a type", "an enum".
    pub fn phrase(self) -> String {
        let word = self.keyword();
        let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {word}")
    }
}

/// What other items can see of an item. Its expressions and types live in the item's signature tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// `type`
    Type(TypeId),
    /// `enum`: the variants in order.
    Enum(Box<[Name]>),
    /// `fn`
    Fn { params: Box<[Param]>, result: TypeId },
    /// `const`; without a type its value shows it.
    Const { ty: Option<TypeId> },
    /// `capability`
    Capability(Box<Capability>),
    /// `adapter`
    Adapter(Box<Adapter>),
    /// `environment`
    Environment { ty: TypeId, binds: Box<[Bind]>, groups: Box<[Group]> },
    /// `entity`
    Entity { ty: TypeId },
    /// `policy`
    Policy { code: Option<Name>, severity: Option<Name> },
    /// `gate`
    Gate,
    /// `test`
    Test,
    /// `plan`
    Plan { params: Box<[Param]>, result: Option<TypeId> },
}

/// What only the item itself needs. Its expressions and types live in the item's body tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// The value of a `const` or the body of a `fn`.
    Expr(ExprId),
    /// The fields of an environment or entity; the keys of a capability stand in the signature.
    Fields(Box<[Field]>),
    /// A policy.
    Policy(Box<Policy>),
    /// A gate.
    Gate(Box<Gate>),
    /// A test.
    Test(Box<[TestStmt]>),
    /// A plan.
    Plan(Box<[Stmt]>),
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeId,
    /// Its default.
    pub default: Option<ExprId>,
}

/// A capability's contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// `version`
    pub version: Option<Name>,
    /// `input`: a record type; an empty one where the clause is missing.
    pub input: TypeId,
    /// `output`
    pub output: TypeId,
    /// `effect`
    pub effect: Option<Name>,
    /// `risk`
    pub risk: Option<Name>,
    /// `key`
    pub key: Box<[ExprId]>,
    /// `undo`
    pub undo: Option<StepCall>,
    /// `retry`
    pub retry: Option<Retry>,
    /// `timeout`
    pub timeout: Option<ExprId>,
}

/// `times` and `backoff`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many further tries.
    pub times: ExprId,
    /// A range of durations.
    pub backoff: Option<ExprId>,
}

/// A capability and its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepCall {
    /// The capability.
    pub path: PathRef,
    /// A record literal with its inputs.
    pub inputs: ExprId,
    /// The whole call.
    pub loc: Loc,
}

/// A plan and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanCall {
    /// The plan.
    pub path: PathRef,
    /// Its arguments.
    pub args: Box<[Arg]>,
    /// The whole call.
    pub loc: Loc,
}

/// An adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// `version`
    pub version: Option<Name>,
    /// `provides`
    pub provides: Box<[Provides]>,
    /// `run`: the transport and its target.
    pub run: Option<(Name, ExprId)>,
}

/// `provides capability requirement`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provides {
    /// The capability.
    pub path: PathRef,
    /// The versions, as written.
    pub requirement: Option<Name>,
}

/// `bind capability to adapter`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// The capability.
    pub capability: PathRef,
    /// The adapter.
    pub adapter: PathRef,
}

/// `group name = members`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Name,
    /// A list of strings.
    pub members: ExprId,
}

/// A statement of a plan and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Its place.
    pub loc: Loc,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StmtKind {
    /// A step.
    Step { name: Option<Name>, index: Option<ExprId>, call: StepCall, modifiers: Modifiers },
    /// A sub-plan.
    SubPlan { name: Option<Name>, index: Option<ExprId>, call: PlanCall, modifiers: Modifiers },
    /// `let`
    Let(Let),
    /// `stage`
    Stage { name: Name, modifiers: Modifiers, body: Box<[Stmt]> },
    /// `for`
    For { binder: Binder, iter: ExprId, condition: Option<ExprId>, body: Box<[Stmt]> },
    /// `if`
    If { condition: ExprId, then: Box<[Stmt]>, otherwise: Box<[Stmt]> },
    /// `gate`
    Gate { name: Name, call: StepCall, expect: ExprId, modifiers: Modifiers },
    /// `on failure`
    OnFailure(Name),
    /// `limit effect`, `limit risk`
    Limit { what: Name, value: Name },
    /// `return`
    Return(ExprId),
}

/// What follows a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    /// What it waits for.
    pub after: Box<[ExprId]>,
    /// `timeout`
    pub timeout: Option<ExprId>,
    /// `retry`
    pub retry: Option<Retry>,
    /// `on failure`
    pub on_failure: Option<Name>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `from rego "…"`
    pub from: Option<RuleSource>,
    /// `on`
    pub subject: Option<Subject>,
    /// `for`, `let`, `when`, `unless` in source order.
    pub clauses: Box<[PolicyClause]>,
    /// What it decides.
    pub outcomes: Box<[Outcome]>,
    /// Where the outcomes stand, in their order.
    pub outcome_locs: Box<[Loc]>,
    /// `because`
    pub because: Option<ExprId>,
    /// `with`
    pub with: Option<ExprId>,
    /// `exempt`
    pub exemptions: Box<[Exemption]>,
    /// The declaration's name, for what concerns the whole.
    pub loc: Loc,
}

/// `from rego ["…", "…"]`: rules in another language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSource {
    /// The language.
    pub language: Name,
    /// The files, by their paths in the package.
    pub files: Box<[Name]>,
}

/// What a policy is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `plan`, `step` …
    pub kind: Name,
    /// `name: T`
    pub binding: Option<(Name, TypeId)>,
    /// `in env: T`
    pub environment: Option<(Name, TypeId)>,
    /// The patterns after `change`.
    pub globs: Option<ExprId>,
}

/// A clause that binds or tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyClause {
    /// `for`
    For { binder: Binder, iter: ExprId },
    /// `let`
    Let(Let),
    /// `when`
    When(ExprId),
    /// `unless`
    Unless(ExprId),
}

/// What a policy decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `deny`
    Deny(Option<ExprId>),
    /// `warn`
    Warn(Option<ExprId>),
    /// `permit`
    Permit,
    /// `forbid`
    Forbid(Option<ExprId>),
    /// `require approval from group count n`
    RequireApproval { group: Name, count: Option<ExprId> },
    /// `require gate name`
    RequireGate(Name),
    /// `escalate to group`
    Escalate(Name),
}

/// `exempt condition until date see record`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// Which subjects.
    pub condition: ExprId,
    /// The last day.
    pub until: Option<ExprId>,
    /// The decision record.
    pub see: Option<PathRef>,
}

/// A gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// `on change`
    pub globs: Option<ExprId>,
    /// `input`
    pub inputs: Box<[GateInput]>,
    /// `check`
    pub checks: Box<[PolicyRef]>,
}

/// A policy that a gate checks, or leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRef {
    /// The policy, or a module.
    pub path: PathRef,
    /// Whether every policy of the module is meant.
    pub all: bool,
    /// Whether they are left out.
    pub not: bool,
}

/// `input name: T = value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateInput {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeId,
    /// Its value.
    pub value: ExprId,
}

/// A statement of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestStmt {
    /// `let`
    Let(Let),
    /// `for x in xs { … }`
    For { binder: Binder, iter: ExprId, body: Box<[TestStmt]> },
    /// `for any x: T { … }`
    ForAny { name: Name, ty: TypeId, body: Box<[TestStmt]> },
    /// `expect condition`
    Expect(ExprId),
    /// `expect plan verdict "code"`
    ExpectPlan { subject: ExprId, verdict: Name, code: Option<Name> },
    /// `expect verdict "code" from policy on { … }`
    ExpectPolicy { verdict: Name, code: Option<Name>, policy: PathRef, input: ExprId },
}

/// A warning allowed in an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The code as written.
    pub code: Name,
    /// Why.
    pub reason: SmolStr,
}
