//! Running the rules of a bundle over an input.

use std::num::NonZeroU32;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use serde::Deserialize as _;
use serde_json::Value as Json;

use crate::bundle::{Bundle, Rewriting};
use crate::error::{Place, RegoError, RegoErrorKind};
use crate::finding::{RegoFinding, RegoTest};
use crate::limits::Limits;
use crate::meter;
use crate::results;
use crate::rule::RegoRule;
use crate::worker;

impl Bundle {
    /// What the rules of all packages say about `input`. The members of `data` stand beside the packages, as `data.x`.
    ///
    /// Findings come in the order of packages, rules and messages. Those that an `exception` lifts are among them, and
    /// say so.
    ///
    /// # Errors
    /// The first rule that cannot be evaluated within `limits`: nothing is said about the input then.
    pub fn evaluate(&self, input: &Json, data: &Json, limits: Limits) -> Result<Vec<RegoFinding>, RegoError> {
        self.evaluate_packages(&self.packages(), input, data, limits)
    }

    /// As [`Bundle::evaluate`], for some of the packages only.
    ///
    /// # Errors
    /// As [`Bundle::evaluate`].
    pub fn evaluate_packages(
        &self,
        packages: &[&str],
        input: &Json,
        data: &Json,
        limits: Limits,
    ) -> Result<Vec<RegoFinding>, RegoError> {
        let rules = self.rules().iter().filter(|rule| packages.contains(&rule.package.as_str())).cloned().collect();
        let found = self.evaluate_rules(rules, self.exceptions().to_vec(), vec![value_of(input)], data, limits)?;
        Ok(found.into_iter().flatten().collect())
    }

    /// What the rules of all packages say about each part of a document. The limits hold for all parts together.
    ///
    /// # Errors
    /// As [`Bundle::evaluate`], with the first part that cannot be judged.
    pub(crate) fn evaluate_each(
        &self,
        inputs: Vec<Value>,
        data: &Json,
        limits: Limits,
    ) -> Result<Vec<Vec<RegoFinding>>, RegoError> {
        self.evaluate_rules(self.rules().to_vec(), self.exceptions().to_vec(), inputs, data, limits)
    }

    /// What some rules say about each input, as far as these exceptions (a package and a place each) leave it.
    pub(crate) fn evaluate_rules(
        &self,
        rules: Vec<RegoRule>,
        exceptions: Vec<(String, Place)>,
        inputs: Vec<Value>,
        data: &Json,
        limits: Limits,
    ) -> Result<Vec<Vec<RegoFinding>>, RegoError> {
        let (engine, data, texts) = (self.engine(), value_of(data), self.rewriting());
        worker::run(limits, move || {
            let mut engine = prepared(engine, data)?;
            let judged = inputs.into_iter().map(|input| {
                engine.set_input(input);
                let mut found = Vec::new();
                for rule in &rules {
                    let value = value(&mut engine, &texts, (&rule.package, &rule.name), &rule.place)?;
                    let mut findings = results::findings(rule, &value)?;
                    let exception = exceptions.iter().find(|(package, _)| *package == rule.package);
                    if let (false, Some((package, place))) = (findings.is_empty(), exception) {
                        let lifted = self::value(&mut engine, &texts, (package, "exception"), place)?;
                        let excepted = lifts(&lifted, rule.suffix()) || lifts(&lifted, &rule.name);
                        findings.iter_mut().for_each(|finding| finding.excepted = excepted);
                    }
                    findings.sort_by(|first, second| first.message.cmp(&second.message));
                    found.append(&mut findings);
                }
                Ok(found)
            });
            judged.collect()
        })
    }

    /// Runs the rules `test_x`. Each has `limits` for itself, and no input but what it sets up.
    pub fn run_tests(&self, data: &Json, limits: Limits) -> Vec<RegoTest> {
        let run = |(package, name, place): &(String, String, Place)| {
            let (engine, data, texts) = (self.engine(), value_of(data), self.rewriting());
            let (rule, at) = ((package.clone(), name.clone()), place.clone());
            let passed = worker::run(limits, move || {
                let mut engine = prepared(engine, data)?;
                engine.set_input(Value::Null);
                Ok(value(&mut engine, &texts, (&rule.0, &rule.1), &at)? == Value::Bool(true))
            });
            RegoTest { package: package.clone(), name: name.clone(), passed }
        };
        self.test_rules().iter().map(run).collect()
    }
}

/// JSON as the interpreter has it.
pub(crate) fn value_of(json: &Json) -> Value {
    // INVARIANT: every value of JSON is one of the interpreter's; `null` is what could stand for any other.
    Value::deserialize(json).unwrap_or(Value::Null)
}

/// An interpreter that counts, with its data.
fn prepared(mut engine: Engine, data: Value) -> Result<Engine, RegoError> {
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: meter::NOT_LATE, check_interval: NonZeroU32::MIN });
    match data {
        Value::Null => {}
        Value::Object(members) if members.is_empty() => {}
        data => engine
            .add_data(data)
            .map_err(|error| RegoError::from_interpreter(RegoErrorKind::Evaluation, &error, None))?,
    }
    Ok(engine)
}

/// The value of a rule.
fn value(
    engine: &mut Engine,
    texts: &Rewriting,
    (package, name): (&str, &str),
    place: &Place,
) -> Result<Value, RegoError> {
    let path = format!("data.{package}.{name}");
    let result = engine.eval_rule(path);
    if let Some(exhausted) = meter::exhausted() {
        // An expression that hides the failure of a part of it has a value all the same.
        return Err(RegoError::new(RegoErrorKind::Limit, Some(place.clone()), exhausted.message()));
    }
    result.map_err(|error| {
        let error = texts.back(RegoError::from_interpreter(RegoErrorKind::Evaluation, &error, None));
        RegoError { place: error.place.or_else(|| Some(place.clone())), ..error }
    })
}

/// Whether one of the lists in `exception` names a rule.
fn lifts(exception: &Value, name: &str) -> bool {
    let named =
        |names: &Value| members(names).into_iter().any(|value| value.as_string().is_ok_and(|text| **text == *name));
    members(exception).into_iter().any(named)
}

fn members(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Set(items) => items.iter().collect(),
        Value::Object(members) => members.iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}
