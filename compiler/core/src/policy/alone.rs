//! One policy over one value that somebody gives.

use ordain_diagnostics::codes::EVALUATION_TOO_LARGE;
use ordain_graph::{Date, Fields, Value};
use smol_str::SmolStr;

use super::change::seen;
use super::compiled::by_engine;
use super::decide::{Decided, Decider, Shown};
use crate::db::Db;
use crate::eval::{Eval, Evaluator, Fault};
use crate::hir::{Body, Subject};
use crate::items::Item;
use crate::types::{Anchor, subject_types};

/// The circumstances of a request.
const CONTEXT: &str = "context";

/// Decides a policy about a value: its subject, or a record that holds the environment, too, under the name that the
/// policy gives it.
pub(crate) fn decide_on<'db>(
    db: &'db dyn Db,
    evaluator: &Evaluator<'_, 'db>,
    policy: Item<'db>,
    value: Value,
    as_of: Option<Date>,
) -> Decided<'db> {
    let Body::Policy(declared) = &policy.body(db).body else { return Decided::default() };
    let Some(subject) = &declared.subject else { return Decided::default() };
    let value = match seen(db, policy, subject, value) {
        Ok(Some(value)) => value,
        Ok(None) => return Decided::default(),
        Err(fault) => return Decided { faults: vec![*fault], ..Decided::default() },
    };
    let given = locals(subject, with_context(subject, value));
    // Rules of another language see what is given, without what the types add to it.
    let shown = given.last().map(|(_, value)| Shown::Value(value.clone()));
    let locals = match whole(db, evaluator, policy, given) {
        Ok(locals) => with_parts(subject, locals),
        Err(fault) => return Decided { faults: vec![*fault], ..Decided::default() },
    };
    let compiled = if cfg!(debug_assertions) { by_engine(db, policy, &locals, as_of) } else { None };
    let decided = Decider::new(db, evaluator, policy, locals, as_of).map(|decider| decider.showing(shown).run());
    let decided = decided.unwrap_or_default();
    // While Ordain itself is tested, whatever is decided here is decided by the engine, too.
    let too_large =
        |fault: &Fault<'db>| matches!(fault, Fault::Source(finding) if finding.code == EVALUATION_TOO_LARGE);
    if let Some(compiled) = compiled
        && !decided.faults.iter().any(too_large)
    {
        let name = policy.name(db);
        assert_eq!(compiled.rulings, decided.rulings, "the engine and the tree walker differ about `{name}`");
        assert_eq!((compiled.used, compiled.dated), (decided.used.clone(), decided.dated), "about `{name}`");
        assert!(decided.faults.is_empty(), "the engine decides `{name}`, which cannot be decided");
    }
    decided
}

/// What the declared types of the subject and the environment add to what is given: defaults, and `none` for what lacks.
pub(super) fn whole<'db>(
    db: &'db dyn Db,
    evaluator: &Evaluator<'_, 'db>,
    policy: Item<'db>,
    mut locals: Vec<(SmolStr, Value)>,
) -> Eval<'db, Vec<(SmolStr, Value)>> {
    let Body::Policy(declared) = &policy.body(db).body else { return Ok(locals) };
    let Some(subject) = &declared.subject else { return Ok(locals) };
    let types = subject_types(db, policy);
    for (declared, ty) in [(&subject.binding, &types.binding), (&subject.environment, &types.environment)] {
        let (Some((name, _)), Some(ty)) = (declared, ty) else { continue };
        if let Some((_, value)) = locals.iter_mut().find(|(local, _)| *local == name.text) {
            let given = std::mem::replace(value, Value::None);
            *value = evaluator.normalise(given, ty, Anchor::name_of(policy))?;
        }
    }
    Ok(locals)
}

pub(super) fn locals(subject: &Subject, value: Value) -> Vec<(SmolStr, Value)> {
    let mut locals = Vec::new();
    let mut value = value;
    if let (Some((name, _)), Value::Record(fields)) = (&subject.environment, &value)
        && let Some(environment) = fields.get(&name.text)
    {
        locals.push((name.text.clone(), environment.clone()));
        let rest: Fields = fields.iter().filter(|(field, _)| **field != name.text).map(owned).collect();
        value = Value::Record(rest.into());
    }
    match (&subject.binding, &value) {
        (Some((name, _)), _) => locals.push((name.text.clone(), value)),
        (None, Value::Record(fields)) if subject.kind.text == "request" => locals.extend(fields.iter().map(owned)),
        (None, _) => locals.push((subject.kind.text.clone(), value)),
    }
    locals
}

/// A request without a context has an empty one, as where somebody asks.
fn with_context(subject: &Subject, value: Value) -> Value {
    match value {
        Value::Record(fields) if subject.kind.text == "request" && !fields.contains_key(CONTEXT) => {
            let mut fields = Fields::clone(&fields);
            fields.insert(CONTEXT.into(), Value::record([]));
            Value::Record(fields.into())
        }
        other => other,
    }
}

/// What a request is made of has names of its own.
pub(super) fn with_parts(subject: &Subject, mut locals: Vec<(SmolStr, Value)>) -> Vec<(SmolStr, Value)> {
    if let (Some((name, _)), "request") = (&subject.binding, subject.kind.text.as_str())
        && let Some((_, Value::Record(fields))) = locals.iter().find(|(local, _)| *local == name.text)
    {
        let parts: Vec<_> = fields.iter().map(owned).collect();
        locals.extend(parts);
    }
    locals
}

fn owned((name, value): (&SmolStr, &Value)) -> (SmolStr, Value) {
    (name.clone(), value.clone())
}
