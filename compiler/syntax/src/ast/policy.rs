//! Policies, gates and tests.

use ordain_diagnostics::TextRange;

use super::{Binder, Expr, Field, Ident, Let, Path, StringLit, Type};

/// `policy name { … }` or `policy name from rego "…" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyDecl {
    /// Where its rules are, if they are written in another language.
    pub from: Option<RuleSource>,
    /// The clauses in source order.
    pub clauses: Vec<PolicyClause>,
}

/// `from rego "policies/x.rego"` or `from rego ["policies/x.rego", "policies/lib.rego"]`
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSource {
    /// The language.
    pub language: Ident,
    /// The files.
    pub files: Vec<StringLit>,
    /// The files with their brackets, where they have some.
    pub list: Option<TextRange>,
}

/// A clause of a policy and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyClause {
    /// What it is.
    pub kind: PolicyClauseKind,
    /// Its place.
    pub range: TextRange,
}

/// What a clause of a policy is.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyClauseKind {
    /// `code "GOV-101"`
    Code(StringLit),
    /// `severity high`
    Severity(Ident),
    /// `on step in env: Target`, `on plan`, `on input: T`, `on change ["…"]` …
    On(Subject),
    /// `for x in xs`
    For { binder: Binder, iter: Expr },
    /// `let x = expr`
    Let(Let),
    /// `when cond`
    When(Expr),
    /// `unless cond`
    Unless(Expr),
    /// `deny "…"`, `require …` and the like.
    Outcome(Outcome),
    /// `because "…"`
    Because(StringLit),
    /// `with expr`: what rules of another language are given besides the subject.
    With(Expr),
    /// `exempt target in ["…"] until 2027-03-01 see adr_0007`
    Exempt {
        /// Which subjects.
        condition: Expr,
        /// The last day.
        until: Option<Expr>,
        /// The decision record.
        see: Option<Path>,
    },
}

/// What a policy is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// `plan`, `step`, `entity`, `change`, `request` or `input`.
    pub kind: Ident,
    /// `name: T` after the kind: `on entity app: Application`; for `input: T` the name is `input` itself.
    pub binding: Option<(Ident, Type)>,
    /// `in env: T`
    pub environment: Option<(Ident, Type)>,
    /// `["**/*.tf"]` after `change`.
    pub globs: Option<Expr>,
}

/// What a policy decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `deny "…"`; without a message the `because` clause speaks.
    Deny(Option<Expr>),
    /// `warn "…"`
    Warn(Option<Expr>),
    /// `permit`
    Permit,
    /// `forbid "…"`
    Forbid(Option<Expr>),
    /// `require approval from sre count 2`
    RequireApproval { group: Ident, count: Option<Expr> },
    /// `require gate healthy`
    RequireGate(Ident),
    /// `escalate to board`
    Escalate(Ident),
}

/// `gate name { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct GateDecl {
    /// The clauses in source order.
    pub clauses: Vec<GateClause>,
}

/// A clause of a gate.
#[derive(Clone, Debug, PartialEq)]
pub enum GateClause {
    /// `on change ["**/*.tf"]`
    OnChange { globs: Expr, range: TextRange },
    /// `input plan: T = json("plan.json")`
    Input { name: Ident, ty: Type, value: Expr, range: TextRange },
    /// `check [no_public_bucket, std.cloud.*, not std.cloud.no_deletion]`
    Check { policies: Vec<PolicyRef>, range: TextRange },
}

/// A policy, or with `*` every policy of a module; with `not` those that are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyRef {
    /// `not` in front.
    pub not: bool,
    /// The policy or the module.
    pub path: Path,
    /// `.*` at the end.
    pub all: bool,
}

/// `test "…" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct TestDecl {
    /// The statements.
    pub body: Vec<TestStmt>,
}

/// A statement of a test and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct TestStmt {
    /// What it is.
    pub kind: TestStmtKind,
    /// Its place.
    pub range: TextRange,
}

/// What a statement of a test is.
#[derive(Clone, Debug, PartialEq)]
pub enum TestStmtKind {
    /// `let x = expr`; the value may be `plan release(…)`.
    Let(Let),
    /// `for x in xs { … }`: a table test.
    For { binder: Binder, iter: Expr, body: Vec<TestStmt> },
    /// `for any x: T { … }`: a property test over generated values.
    ForAny { name: Ident, ty: Type, body: Vec<TestStmt> },
    /// `expect cond`
    Expect(Expr),
    /// `expect p requires "GOV-101"`, `expect p denies "…"`, `expect p warns "…"`, `expect p allows`
    ExpectPlan { subject: Expr, verdict: Ident, code: Option<StringLit> },
    /// `expect deny "CLD-014" from policy on { … }`, `expect allow from policy on { … }`
    ExpectPolicy { verdict: Ident, code: Option<StringLit>, policy: Path, input: Vec<Field> },
}
