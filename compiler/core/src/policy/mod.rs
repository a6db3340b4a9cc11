//! Policies decided: over plan graphs, entities and documents.
//!
//! One way to decide serves all subjects: a policy's clauses are gone through in order for every way through its
//! loops, with the same total evaluation that serves constants and plans. What waits for execution stays a residual and
//! makes the verdict a pending one. INVARIANT: a policy that cannot be decided denies.

mod alone;
mod change;
mod compiled;
mod decide;
mod entity;
mod explain;
mod gate;
mod input;
mod picked;
mod plan;
mod prepared;
mod reasons;
mod request;
mod standing;
mod subject;

pub(crate) use alone::decide_on;
pub use change::ChangePatterns;
pub use compiled::is_compiled;
pub(crate) use decide::rules_fault;
pub use decide::{Clause, ClauseKind, Decided, Ruling, Way, WayEnd};
pub use explain::{About, Explained, explain_document, explain_gates, named_policies, policy_subject};
pub use gate::{GateFinding, GateManner, GateRun, gate_globs, run_gate, run_gate_as};
pub(crate) use picked::{Picked, picked};
pub(crate) use plan::judge_traced;
pub use plan::{Judged, explain, judge};
pub use prepared::{Arena, Asking, Prepared};
pub use reasons::ConditionPart;
pub use request::{Authorizer, Decision, ExplainedRequest};
pub(crate) use request::{declared_entities, named_entity};
pub(crate) use standing::{fallen, fallen_decisions};

use rustc_hash::FxHashSet;

use crate::db::{Db, Package};
use crate::hir::{Body, Kind, Policy, Signature};
use crate::items::Item;
use crate::resolve::items_of;

/// The name of the standard package, whose policies hold only where they are asked for.
const STANDARD: &str = "std";

/// The policies that hold in a package: its own, and those of the packages it depends on, for who takes a package of
/// rules wants them to hold.
pub(crate) fn holding<'db>(db: &'db dyn Db, package: Package) -> Vec<Item<'db>> {
    let packages = packages(db, package).into_iter();
    packages.flat_map(|package| items_of(db, package, Kind::Policy)).copied().collect()
}

/// A package and those it depends on, but for the standard one.
fn packages(db: &dyn Db, package: Package) -> Vec<Package> {
    let mut open = vec![package];
    let mut seen = FxHashSet::default();
    let mut found = Vec::new();
    while let Some(package) = open.pop() {
        if !seen.insert(package) {
            continue;
        }
        found.push(package);
        let dependencies = package.dependencies(db).iter().filter(|(name, _)| *name != STANDARD);
        open.extend(dependencies.map(|(_, &package)| package));
    }
    found
}

/// The policies of a package that are about a subject.
fn about<'db>(db: &'db dyn Db, package: Package, subject: &'static str) -> Vec<(Item<'db>, &'db Policy)> {
    let declared = |item: Item<'db>| match &item.body(db).body {
        Body::Policy(policy) => Some((item, &**policy)),
        _ => None,
    };
    let is_about = |policy: &Policy| policy.subject.as_ref().is_some_and(|about| about.kind.text == subject);
    holding(db, package).into_iter().filter_map(declared).filter(|(_, policy)| is_about(policy)).collect()
}

/// A policy's code; nothing for any other declaration.
pub fn policy_code(db: &dyn Db, item: Item<'_>) -> Option<smol_str::SmolStr> {
    match &item.signature(db).signature {
        Signature::Policy { code: Some(code), .. } => Some(code.text.clone()),
        _ => None,
    }
}

/// A policy's doc comment without its markers; empty where it has none. Only for what is shown: it is read from the text.
pub(crate) fn docs<'db>(db: &'db dyn Db, policy: Item<'db>) -> smol_str::SmolStr {
    let places = policy.places(db);
    let text = policy.file(db).content(db).text();
    // The comment comes first in the item's range.
    let before = text.get(places.range.start as usize..places.name.start as usize).unwrap_or_default();
    let lines = before.lines().filter_map(|line| line.trim_start().strip_prefix("///"));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    smol_str::SmolStr::from(lines.join("\n").trim())
}

/// A policy's code and severity.
pub(crate) fn code_and_severity<'db>(
    db: &'db dyn Db,
    policy: Item<'db>,
) -> (smol_str::SmolStr, ordain_graph::Severity) {
    match &policy.signature(db).signature {
        Signature::Policy { code, severity } => {
            let severity = severity.as_ref().and_then(|name| ordain_graph::Severity::named(&name.text));
            (code.as_ref().map_or_else(Default::default, |code| code.text.clone()), severity.unwrap_or_default())
        }
        _ => Default::default(),
    }
}
