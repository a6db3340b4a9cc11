//! Plans: steps and what orders them.

use ordain_diagnostics::TextRange;

use super::{Binder, Expr, Ident, Param, PlanCall, Retry, StepCall, Type};

/// `plan name(x: T) -> U { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct PlanDecl {
    /// The parameters.
    pub params: Vec<Param>,
    /// The type of what it returns.
    pub result: Option<Type>,
    /// The statements.
    pub body: Vec<Stmt>,
}

/// A statement of a plan and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Its place.
    pub range: TextRange,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `let name[index] = a.b { … } after x`, also without the `let`.
    Step {
        /// The name it gets.
        name: Option<Ident>,
        /// `[index]` after the name: the step is one of a family, filled by the iterations of a loop.
        index: Option<Expr>,
        /// The capability and its inputs.
        call: StepCall,
        /// What follows the call.
        modifiers: Vec<Modifier>,
    },
    /// `let name = plan sub(…) after x`, also without the `let`.
    SubPlan {
        /// The name it gets.
        name: Option<Ident>,
        /// `[index]` after the name, as for a step.
        index: Option<Expr>,
        /// The plan and its arguments.
        call: PlanCall,
        /// What follows the call; only `after` has a meaning here.
        modifiers: Vec<Modifier>,
    },
    /// `let name: T = expr`
    Let {
        /// The name bound.
        name: Ident,
        /// The declared type.
        ty: Option<Type>,
        /// The value.
        value: Expr,
    },
    /// `stage name after x { … }`
    Stage {
        /// Its name.
        name: Ident,
        /// What it waits for, and more.
        modifiers: Vec<Modifier>,
        /// Its statements.
        body: Vec<Stmt>,
    },
    /// `for x in xs if cond { … }`
    For {
        /// What each iteration binds.
        binder: Binder,
        /// What is iterated over.
        iter: Expr,
        /// The iterations left in.
        condition: Option<Expr>,
        /// The statements of an iteration.
        body: Vec<Stmt>,
    },
    /// `if cond { … } else { … }`; `else if` is an `If` alone in `otherwise`.
    If {
        /// The condition, known when the plan is compiled.
        condition: Expr,
        /// The statements where it holds.
        then: Vec<Stmt>,
        /// The statements where it does not.
        otherwise: Option<Vec<Stmt>>,
    },
    /// `gate name = a.b { … } expect cond after x`
    Gate {
        /// Its name.
        name: Ident,
        /// The step that observes.
        call: StepCall,
        /// What must hold of its outputs.
        expect: Expr,
        /// What follows the call.
        modifiers: Vec<Modifier>,
    },
    /// `on failure undo`
    OnFailure(Ident),
    /// `limit effect write`, `limit risk medium`
    Limit {
        /// `effect` or `risk`
        what: Ident,
        /// The highest allowed.
        value: Ident,
    },
    /// `return expr`
    Return(Expr),
    /// A statement that could not be parsed; it has been reported.
    Error,
}

/// What may follow a step, a sub-plan, a stage or a gate.
#[derive(Clone, Debug, PartialEq)]
pub enum Modifier {
    /// `after a, b`: steps, lists of steps, stages, gates or sub-plans.
    After {
        /// What to wait for; at least one.
        on: Vec<Expr>,
        /// The whole clause.
        range: TextRange,
    },
    /// `timeout 5m`
    Timeout {
        /// The duration.
        value: Expr,
        /// The whole clause.
        range: TextRange,
    },
    /// `retry 3 times backoff 1s..30s`
    Retry {
        /// How often and when.
        retry: Retry,
        /// The whole clause.
        range: TextRange,
    },
    /// `on failure continue`
    OnFailure {
        /// `undo`, `stop` or `continue`
        value: Ident,
        /// The whole clause.
        range: TextRange,
    },
}
