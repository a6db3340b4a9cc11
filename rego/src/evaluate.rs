//! Running the rules of a bundle over an input.

use std::num::NonZeroU32;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use serde_json::Value as Json;

use crate::bundle::Bundle;
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
        self.evaluate_rules(rules, self.exceptions().to_vec(), input, data, limits)
    }

    /// What some rules say, as far as these exceptions (a package and a place each) leave it.
    pub(crate) fn evaluate_rules(
        &self,
        rules: Vec<RegoRule>,
        exceptions: Vec<(String, Place)>,
        input: &Json,
        data: &Json,
        limits: Limits,
    ) -> Result<Vec<RegoFinding>, RegoError> {
        let (engine, input, data) = (self.engine(), input.clone(), data.clone());
        worker::run(limits, move || {
            let mut engine = prepared(engine, input, data)?;
            let mut found = Vec::new();
            for rule in &rules {
                let value = value(&mut engine, &rule.package, &rule.name, &rule.place)?;
                let mut findings = results::findings(rule, &value)?;
                let exception = exceptions.iter().find(|(package, _)| *package == rule.package);
                if let (false, Some((package, place))) = (findings.is_empty(), exception) {
                    let lifted = self::value(&mut engine, package, "exception", place)?;
                    let excepted = lifts(&lifted, rule.suffix()) || lifts(&lifted, &rule.name);
                    findings.iter_mut().for_each(|finding| finding.excepted = excepted);
                }
                findings.sort_by(|first, second| first.message.cmp(&second.message));
                found.append(&mut findings);
            }
            Ok(found)
        })
    }

    /// Runs the rules `test_x`. Each has `limits` for itself, and no input but what it sets up.
    pub fn run_tests(&self, data: &Json, limits: Limits) -> Vec<RegoTest> {
        let run = |(package, name, place): &(String, String, Place)| {
            let (engine, data) = (self.engine(), data.clone());
            let (rule, at) = ((package.clone(), name.clone()), place.clone());
            let passed = worker::run(limits, move || {
                let mut engine = prepared(engine, Json::Null, data)?;
                Ok(value(&mut engine, &rule.0, &rule.1, &at)? == Value::Bool(true))
            });
            RegoTest { package: package.clone(), name: name.clone(), passed }
        };
        self.test_rules().iter().map(run).collect()
    }
}

/// An interpreter that counts, with its input and data.
fn prepared(mut engine: Engine, input: Json, data: Json) -> Result<Engine, RegoError> {
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: meter::NOT_LATE, check_interval: NonZeroU32::MIN });
    engine.set_input(Value::from(input));
    match data {
        Json::Null => {}
        Json::Object(members) if members.is_empty() => {}
        data => engine
            .add_data(Value::from(data))
            .map_err(|error| RegoError::from_interpreter(RegoErrorKind::Evaluation, &error, None))?,
    }
    Ok(engine)
}

/// The value of a rule.
fn value(engine: &mut Engine, package: &str, name: &str, place: &Place) -> Result<Value, RegoError> {
    let path = format!("data.{package}.{name}");
    let result = engine.eval_rule(path);
    if let Some(exhausted) = meter::exhausted() {
        // An expression that hides the failure of a part of it has a value all the same.
        return Err(RegoError::new(RegoErrorKind::Limit, Some(place.clone()), exhausted.message()));
    }
    result.map_err(|error| RegoError::from_interpreter(RegoErrorKind::Evaluation, &error, Some(place.clone())))
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
