//! Rego for the compiler: policies `from rego` and `from gatekeeper`.

mod template;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ordain_compiler::{
    ForeignRules, RuleError, RuleErrorPlace, RuleFinding, RuleLanguage, RulePart, RuleRequest, RuleText,
};
use ordain_data::Pointer;
use regorus::Value;

use crate::bundle::{Bundle, Dialect};
use crate::error::RegoError;
use crate::evaluate::value_of;
use crate::finding::{RegoFinding, Severity};
use crate::limits::Limits;
use crate::place::{named, range};

use template::TemplateFile;

/// Runs Rego for the compiler. It remembers the texts that it has parsed, and the answer is the same as if it did not.
#[derive(Debug, Default)]
pub struct RegoRules {
    parsed: Mutex<HashMap<Key, Result<Parsed, RuleError>>>,
}

/// A language and its texts.
type Key = (RuleLanguage, Vec<Arc<str>>);

/// How many sets of texts are remembered.
const REMEMBERED: usize = 256;

#[derive(Clone, Debug)]
enum Parsed {
    Rego(Arc<Bundle>),
    Template(Arc<TemplateFile>),
}

impl RegoRules {
    fn parsed(&self, language: RuleLanguage, sources: &[RuleText]) -> Result<Parsed, RuleError> {
        let key: Key = (language, sources.iter().map(|source| source.text.clone()).collect());
        let known = || self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parsed) = known().get(&key) {
            return parsed.clone();
        }
        // Not while others wait: it may take long.
        let parsed = match language {
            RuleLanguage::Rego => bundle(sources).map(|bundle| Parsed::Rego(Arc::new(bundle))),
            RuleLanguage::Gatekeeper => TemplateFile::parse(sources).map(|file| Parsed::Template(Arc::new(file))),
        };
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, parsed.clone());
        parsed
    }
}

impl ForeignRules for RegoRules {
    fn judge(&self, request: &RuleRequest<'_>) -> Result<Vec<Vec<RuleFinding>>, RuleError> {
        match self.parsed(request.language, request.sources)? {
            Parsed::Rego(bundle) => rego(&bundle, request),
            Parsed::Template(template) => template.judge(request),
        }
    }
}

/// The files of a policy as one bundle. Each has its position for a path, so that places can be told apart.
fn bundle(sources: &[RuleText]) -> Result<Bundle, RuleError> {
    let names: Vec<String> = (0..sources.len()).map(|at| at.to_string()).collect();
    let files: Vec<(&str, &str)> =
        names.iter().zip(sources).map(|(name, source)| (name.as_str(), &*source.text)).collect();
    let bundle = Bundle::parse(&files, Dialect::Either).map_err(|error| in_sources(error, sources))?;
    if bundle.rules().is_empty() {
        // Nothing would ever be found, and nobody would know.
        let message = "no file has a rule `deny`, `violation` or `warn`".to_owned();
        return Err(RuleError { message, place: RuleErrorPlace::Unknown });
    }
    Ok(bundle)
}

fn rego(bundle: &Bundle, request: &RuleRequest<'_>) -> Result<Vec<Vec<RuleFinding>>, RuleError> {
    let document = value_of(request.document);
    let inputs = request.parts.iter().map(|part| judged(&document, part)).collect();
    let nothing = serde_json::Value::Null;
    if let Some(name) = request.data.and_then(|data| bundle.clash(data)) {
        let mut place = Pointer::root();
        place.push_key(name);
        let message = format!("`data.{name}` is a package of the rules already");
        return Err(RuleError { message, place: RuleErrorPlace::Data(place) });
    }
    let limits = Limits::for_document(request.document);
    let found = bundle
        .evaluate_each(inputs, request.data.unwrap_or(&nothing), limits)
        .map_err(|error| in_sources(error, request.sources))?;
    let finding = |found: RegoFinding| {
        let rule = source(&found.place.path, request.sources).map(|(at, text)| (at, range(text, &found.place)));
        RuleFinding {
            denies: found.severity == Severity::Deny,
            lifted: found.excepted,
            place: named(found.details.as_ref()),
            message: found.message,
            rule,
        }
    };
    Ok(found.into_iter().map(|found| found.into_iter().map(finding).collect()).collect())
}

/// What a part is.
fn judged(document: &Value, part: &RulePart) -> Value {
    match part {
        RulePart::Place(part) => below(document, part),
        RulePart::Made { value, .. } => value_of(value),
    }
}

/// The part of a document that a pointer leads to.
fn below(document: &Value, part: &Pointer) -> Value {
    let step = |value: Value, step: String| match &value {
        Value::Array(items) => step.parse::<usize>().ok().and_then(|at| items.get(at).cloned()),
        Value::Object(members) => members.get(&Value::from(step.as_str())).cloned(),
        _ => None,
    };
    // INVARIANT: the compiler asks only about parts that are there.
    part.steps().try_fold(document.clone(), step).unwrap_or(Value::Undefined)
}

/// The source that a path of the bundle stands for.
fn source<'a>(path: &str, sources: &'a [RuleText]) -> Option<(usize, &'a str)> {
    let at = path.parse().ok()?;
    sources.get(at).map(|source: &RuleText| (at, &*source.text))
}

fn in_sources(error: RegoError, sources: &[RuleText]) -> RuleError {
    let place = error.place.as_ref().and_then(|place| {
        let (at, text) = source(&place.path, sources)?;
        Some(RuleErrorPlace::Source(at, range(text, place)))
    });
    RuleError { message: error.message, place: place.unwrap_or_default() }
}
