//! One policy over one value that somebody gives.

use ordain_graph::{Date, Fields, Value};
use smol_str::SmolStr;

use super::decide::{Decided, Decider};
use crate::db::Db;
use crate::eval::Evaluator;
use crate::hir::{Body, Subject};
use crate::items::Item;

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
    let locals = locals(subject, value);
    Decider::new(db, evaluator, policy, locals, as_of).map(|decider| decider.explained().run()).unwrap_or_default()
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
        // What a request is made of stands for itself.
        (None, Value::Record(fields)) if subject.kind.text == "request" => locals.extend(fields.iter().map(owned)),
        (None, _) => locals.push((subject.kind.text.clone(), value)),
    }
    locals
}

fn owned((name, value): (&SmolStr, &Value)) -> (SmolStr, Value) {
    (name.clone(), value.clone())
}
