//! Checks of what an adapter does: with the examples that it gives.

use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::checks::is_one_of;
use super::described::{Described, Example, Provided};
use super::session::{Answer, Fault, Session, told};
use super::{Fine, Run};
use crate::adapters::remote::protocol::code;

/// How long a slow example runs before it is cancelled.
const BEGUN: Duration = Duration::from_millis(100);

/// How much time a slow example is given that is to run out of it, in milliseconds.
const LITTLE: u64 = 300;

/// An example of a capability.
struct Case<'a> {
    capability: &'a str,
    provided: &'a Provided,
    example: &'a Example,
    key: String,
}

/// All checks of all examples.
pub(super) fn all(run: &mut Run<'_>, described: &Described) {
    // Runs that follow each other must not know each other's keys.
    let salt = uuid::Uuid::now_v7();
    for (capability, provided) in &described.capabilities {
        let case = |(index, example)| {
            let key = Sha256::digest(format!("{salt}\n{capability}\n{index}"));
            let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
            Case { capability, provided, example, key }
        };
        let cases: Vec<Case<'_>> = provided.examples.iter().enumerate().map(case).collect();
        match cases.iter().find(|case| !case.example.slow) {
            Some(case) => plain(run, case),
            None => without(run, capability, "apply", "it does what it provides"),
        }
        if let Some(case) = cases.iter().find(|case| case.example.slow) {
            slow(run, case, described.concurrency);
        }
    }
    if !described.capabilities.values().flat_map(|provided| &provided.examples).any(|example| example.slow) {
        run.check("cancel", None, "it gives up when it is asked to", |_| {
            Ok(Fine::<()>::Skipped("it gives no example that is slow".into()))
        });
    }
}

fn without(run: &mut Run<'_>, capability: &str, check: &'static str, what: &'static str) {
    run.check(check, Some(capability), what, |_| {
        Ok(Fine::<()>::Skipped("it gives no example of it that comes to its end".into()))
    });
}

impl Case<'_> {
    fn params(&self) -> Json {
        self.params_of(self.capability, &self.example.inputs, &self.key)
    }

    fn params_of(&self, capability: &str, inputs: &Map<String, Json>, key: &str) -> Json {
        json!({
            "capability": capability,
            "version": self.provided.version,
            "key": key,
            "attempt": 1,
            "in_doubt": false,
            "timeout_ms": null,
            "inputs": inputs,
            "secrets": [],
        })
    }
}

fn plain(run: &mut Run<'_>, case: &Case<'_>) {
    let name = Some(case.capability);
    wrong_inputs(run, case);
    let outputs = run.check("apply", name, "it does what it provides", |run| {
        let mut session = run.session()?;
        let outputs = applied(session.ask("apply", &case.params())?)?;
        session.is_settled()?;
        Ok(Fine::Passed(outputs))
    });
    let Some(outputs) = outputs else { return };
    run.check("same_key", name, "it does nothing twice under the same key", |run| {
        let mut again = case.params();
        again["attempt"] = 2.into();
        let mut session = run.session()?;
        same(&outputs, &applied(session.ask("apply", &again)?)?)?;
        same(&outputs, &applied(session.ask("apply", &again)?)?)?;
        Ok(Fine::Passed(()))
    });
    run.check("in_doubt", name, "a call in doubt comes to the same, also after a new start", |run| {
        let mut again = case.params();
        again["in_doubt"] = true.into();
        same(&outputs, &applied(run.session()?.ask("apply", &again)?)?)?;
        Ok(Fine::Passed(()))
    });
    run.check("observe", name, "it finds what it has made", |run| {
        if !case.provided.observe {
            return Ok(Fine::Skipped("it does not look at what it governs".into()));
        }
        let mut session = run.session()?;
        let first = observed(session.ask("observe", &case.params())?)?;
        if first["state"] != "present" {
            return Err(format!("its state is {}", first["state"]));
        }
        agrees("outputs", &first, &outputs)?;
        agrees("inputs", &first, &case.example.inputs)?;
        let second = observed(session.ask("observe", &case.params())?)?;
        if first == second { Ok(Fine::Passed(())) } else { Err("it finds something else when it looks again".into()) }
    });
    undo(run, case);
}

fn wrong_inputs(run: &mut Run<'_>, case: &Case<'_>) {
    run.check("wrong_inputs", Some(case.capability), "it refuses inputs that are not those of the contract", |run| {
        let mut session = run.session()?;
        let mut refused = |what: &str, inputs: Json| {
            let mut params = case.params();
            params["inputs"] = inputs;
            // What is refused is not done, so that the key is one for nothing.
            params["key"] = "f".repeat(64).into();
            match session.ask("apply", &params)? {
                Ok(_) => Err(format!("it takes {what}")),
                Err(failure) => {
                    is_one_of(failure.code, &[code::INVALID_PARAMS]).map_err(|fault| format!("{what}: {fault}"))
                }
            }
        };
        refused("a text as its inputs", json!("inputs"))?;
        if !case.example.inputs.is_empty() {
            // Defaults are filled in before an adapter sees them, so that nothing may be missing.
            refused("no inputs at all", json!({}))?;
        }
        let mut inputs = case.example.inputs.clone();
        // Others may be of a type that takes anything.
        let scalars =
            inputs.values_mut().filter(|value| !matches!(value, Json::Null | Json::Array(_) | Json::Object(_)));
        if scalars.map(|value| *value = json!({ "ordain/no_such_input": [{}] })).count() > 0 {
            refused("objects of nobody's as inputs", inputs.into())?;
        }
        session.is_settled()?;
        Ok(Fine::Passed(()))
    });
}

fn undo(run: &mut Run<'_>, case: &Case<'_>) {
    run.check("undo", Some(case.capability), "what it has made can be undone", |run| {
        let Some(undo) = &case.example.undo else {
            return Ok(Fine::Skipped("the example does not say how it is undone".into()));
        };
        let key: String = case.key.chars().rev().collect();
        let mut params = case.params_of(&undo.capability, &undo.inputs, &key);
        params["undoes"] = case.key.as_str().into();
        let mut session = run.session()?;
        let outputs = applied(session.ask("undo", &params)?)?;
        params["attempt"] = 2.into();
        same(&outputs, &applied(session.ask("undo", &params)?)?)?;
        if case.provided.observe {
            let now = observed(session.ask("observe", &case.params())?)?;
            if now["state"] == "present" {
                return Err("what it has made is there still".into());
            }
        }
        Ok(Fine::Passed(()))
    });
}

/// What takes long: it can be given up, and does not keep the adapter from listening.
fn slow(run: &mut Run<'_>, case: &Case<'_>, concurrency: usize) {
    let name = Some(case.capability);
    run.check("cancel", name, "it gives up when it is asked to", |run| {
        let mut session = run.session()?;
        let id = begun(&mut session, case)?;
        session.notify("cancel", &json!({ "call": id, "key": case.key }));
        match session.answer(id, session.patience)? {
            Err(failure) => is_one_of(failure.code, &[code::CANCELLED])?,
            Ok(_) => return Err("it is answered as if it had come to its end".into()),
        }
        session.is_settled()?;
        Ok(Fine::Passed(()))
    });
    run.check("time_out", name, "it gives up when its time is over", |run| {
        let mut session = run.session()?;
        let mut params = case.params();
        params["timeout_ms"] = LITTLE.into();
        let since = Instant::now();
        let id = session.begin("apply", &params);
        match session.answer(id, Duration::from_millis(LITTLE) + session.patience)? {
            Err(failure) => is_one_of(failure.code, &[code::TIMED_OUT])?,
            Ok(_) if since.elapsed() < Duration::from_millis(LITTLE) => {
                return Err("it is not as slow as it says".into());
            }
            Ok(_) => return Err("it is answered as if it had come to its end".into()),
        }
        session.is_settled()?;
        Ok(Fine::Passed(()))
    });
    run.check("in_flight", name, "it takes further calls while one is under way", |run| {
        if concurrency == 1 {
            return Ok(Fine::Skipped("it takes one call at a time".into()));
        }
        let mut session = run.session()?;
        let id = begun(&mut session, case)?;
        session.is_well()?;
        session.notify("cancel", &json!({ "call": id, "key": case.key }));
        Ok(Fine::Passed(()))
    });
}

fn begun(session: &mut Session<'_>, case: &Case<'_>) -> Result<u64, Fault> {
    let id = session.begin("apply", &case.params());
    match session.answer_if(id, BEGUN)? {
        None => Ok(id),
        Some(Ok(_)) => Err("it is not as slow as it says".into()),
        Some(Err(failure)) => Err(told(&failure)),
    }
}

/// The outputs in an answer.
fn applied(answer: Answer) -> Result<Map<String, Json>, Fault> {
    let result = answer.map_err(|failure| format!("it fails: {}", told(&failure)))?;
    let Some(outputs) = result.get("outputs").and_then(Json::as_object) else {
        return Err("the result holds no object `outputs`".into());
    };
    marked(&result)?;
    Ok(outputs.clone())
}

/// The result of `observe`.
fn observed(answer: Answer) -> Result<Json, Fault> {
    let result = answer.map_err(|failure| format!("it fails: {}", told(&failure)))?;
    let state = result.get("state").and_then(Json::as_str);
    if !matches!(state, Some("absent" | "present" | "unknown")) {
        return Err("the result holds no `state` that is known".into());
    }
    for part in ["inputs", "outputs"] {
        if result.get(part).is_some_and(|part| !part.is_object()) {
            return Err(format!("`{part}` of the result is no object"));
        }
    }
    marked(&result)?;
    Ok(result)
}

/// Whether what is said to be secret is there.
fn marked(result: &Json) -> Result<(), Fault> {
    let outputs = result.get("outputs").cloned().unwrap_or_else(|| json!({}));
    let secrets = match result.get("secrets") {
        None => return Ok(()),
        Some(secrets) => secrets.as_array().ok_or("`secrets` of the result are no list")?,
    };
    for secret in secrets {
        let found = secret.as_str().and_then(|pointer| outputs.pointer(pointer));
        if found.is_none() {
            return Err(format!("{secret} is said to be secret, and is no output"));
        }
    }
    Ok(())
}

fn same(before: &Map<String, Json>, now: &Map<String, Json>) -> Result<(), Fault> {
    match before.keys().chain(now.keys()).find(|name| before.get(*name) != now.get(*name)) {
        None => Ok(()),
        Some(name) => Err(format!("the output `{name}` is another than before")),
    }
}

/// Whether what was found is what was expected, as far as it was found.
fn agrees(part: &str, found: &Json, expected: &Map<String, Json>) -> Result<(), Fault> {
    let found = found.get(part).and_then(Json::as_object);
    for (name, found) in found.into_iter().flatten() {
        if expected.get(name) != Some(found) {
            return Err(format!("`{name}` among its {part} is another than expected"));
        }
    }
    Ok(())
}
