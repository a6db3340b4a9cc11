//! Existing Rego policies, run beside Ordain's own: the rules that conftest runs, and the templates and constraints of
//! Gatekeeper.
//!
//! The crate takes texts and documents and gives findings, also to the compiler ([`RegoRules`]). It opens no file, reaches no network, and no policy that it
//! runs can see a clock, the environment or a random number. Every evaluation is held to [`Limits`].

mod bundle;
mod chained;
mod eager;
mod error;
mod evaluate;
mod finding;
mod gatekeeper;
mod limits;
mod meter;
mod metered;
mod place;
mod results;
mod rewritten;
mod rule;
mod rules;
mod scan;
mod worker;

pub use bundle::{Bundle, Dialect};
pub use error::{Place, RegoError, RegoErrorKind};
pub use finding::{RegoFinding, RegoTest, Severity};
pub use gatekeeper::{Constraint, ConstraintTemplate, GatekeeperError, Inventory, Review};
pub use limits::Limits;
pub use rule::{RegoRule, RuleKind};
pub use rules::RegoRules;
