//! Policies over the registry: every entity a package declares.

use ordain_diagnostics::{Diagnostic, codes};
use ordain_graph::{Outcome, Value};
use smol_str::SmolStr;

use super::decide::Decider;
use super::{about, code_and_severity};
use crate::db::{Db, Package};
use crate::eval::{Evaluator, Fault, declared_value, plain, without_declaration};
use crate::hir::Kind;
use crate::items::Item;
use crate::plan::is_allowed;
use crate::resolve::package_items;
use crate::types::{Anchor, Finding, Sig, fits, signature, subject_types};

/// What policies find wrong with the entities of a package.
pub fn entity_findings(db: &dyn Db, package: Package) -> Vec<Diagnostic> {
    let policies = about(db, package, "entity");
    if policies.is_empty() {
        return Vec::new();
    }
    let entities = package_items(db, package).filter(|item| item.kind(db) == Kind::Entity);
    let faults = entities.flat_map(|entity| policies.iter().flat_map(move |&(policy, _)| decided(db, policy, entity)));
    faults.filter(|fault| !is_allowed(db, fault)).filter_map(|fault| fault.locate(db)).collect()
}

/// What one policy finds wrong with one entity.
#[salsa::tracked(returns(clone))]
fn decided<'db>(db: &'db dyn Db, policy: Item<'db>, entity: Item<'db>) -> Vec<Fault<'db>> {
    let Sig::Entity(actual) = &signature(db, entity).sig else { return Vec::new() };
    let Some(value) = declared_value(db, entity).value.clone().map(without_declaration) else { return Vec::new() };
    let Some(local) = local(db, policy, entity, actual, value) else { return Vec::new() };
    let evaluator = Evaluator::new(db);
    let Some(decider) = Decider::new(db, &evaluator, policy, vec![local], None) else { return Vec::new() };
    let decided = decider.run();
    let code = code_and_severity(db, policy).0;
    let name = entity.name(db);
    let text = |value: &Value| ordain_graph::display(value).unwrap_or_default();
    let mut faults = decided.faults;
    for ruling in decided.rulings.iter().filter(|ruling| ruling.exempt.is_none()) {
        let (number, what, message) = match &ruling.outcome {
            Outcome::Deny { message } => (codes::DENIED_BY_POLICY, "denies", message),
            Outcome::Warn { message } => (codes::POLICY_WARNING, "warns of", message),
            _ => continue,
        };
        let message = match message.as_ref().or(ruling.because.as_ref()) {
            Some(message) => format!("{code} {what} `{name}`: {}", text(message)),
            None => format!("{code} {what} `{name}`"),
        };
        let mut finding =
            Finding::new(number, Anchor::name_of(entity), message).note(Anchor::name_of(policy), "by this policy");
        if let Some(because) = &ruling.because {
            finding = finding.help(text(because));
        }
        faults.push(Fault::Source(finding));
    }
    faults
}

/// What the policy's subject binds; `None` where it is not about entities of that type.
fn local<'db>(
    db: &'db dyn Db,
    policy: Item<'db>,
    entity: Item<'db>,
    actual: &crate::types::Ty<'db>,
    value: Value,
) -> Option<(SmolStr, Value)> {
    let crate::hir::Body::Policy(declared) = &policy.body(db).body else { return None };
    let subject = declared.subject.as_ref()?;
    match &subject.binding {
        Some((name, _)) => {
            let expected = subject_types(db, policy).binding.as_ref()?;
            fits(db, actual, expected).then(|| (name.text.clone(), value))
        }
        None => {
            let record = Value::record([
                ("fields".into(), plain(value)),
                ("kind".into(), Value::string(actual.display(db))),
                ("name".into(), Value::String(crate::qualified_name(db, entity))),
            ]);
            Some((subject.kind.text.clone(), record))
        }
    }
}
