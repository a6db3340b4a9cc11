//! Policies that belong together: their texts, parsed.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use regorus::Engine;
use regorus::unstable::{Expr, Module, Rule, RuleHead, Span};

use crate::chained;
use crate::eager;
use crate::error::{Place, RegoError, RegoErrorKind};
use crate::limits::Limits;
use crate::metered;
use crate::rewritten::Rewritten;
use crate::rule::{RegoRule, RuleKind};
use crate::scan;
use crate::worker;

/// Which Rego a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Rego as it was before OPA 1.0, without `if` and `contains`: `deny[msg] { … }`.
    V0,
    /// Rego since OPA 1.0: `deny contains msg if { … }`.
    V1,
    /// V1 if the text is that, else V0; decided for each file.
    #[default]
    Either,
}

/// Modules of Rego that see each other.
pub struct Bundle {
    /// None only while the bundle is being dropped.
    engine: Option<Engine>,
    rules: Vec<RegoRule>,
    tests: Vec<(String, String, Place)>,
    exceptions: Vec<(String, Place)>,
    /// The first names of all packages.
    roots: BTreeSet<String>,
    /// How the texts were rewritten, by their paths: in this order, so places lead back in the other.
    rewritten: Arc<Rewriting>,
}

/// The most bytes that one file may have; the interpreter's own tables grow with them.
const MAX_FILE: usize = 1 << 18;
/// The most bytes of all files of a bundle.
const MAX_BUNDLE: usize = 1 << 22;
/// The widest line, in characters.
const MAX_LINE: u32 = 1 << 14;

impl Bundle {
    /// Parses files, given as path and text, and sees that they fit together. The paths are only for places.
    ///
    /// # Errors
    /// The first file that is no Rego of the dialect, a file above 256 KiB, more than 4 MiB in all, brackets about
    /// twenty deep, or modules that do not fit together.
    pub fn parse(files: &[(&str, &str)], dialect: Dialect) -> Result<Self, RegoError> {
        let mut size = 0;
        for (path, text) in files {
            size += text.len();
            if text.len() > MAX_FILE || size > MAX_BUNDLE {
                let place = Place { path: (*path).to_owned(), line: 1, column: 1 };
                let message = if text.len() > MAX_FILE {
                    format!("the file is larger than {} KiB", MAX_FILE >> 10)
                } else {
                    format!("the files are together larger than {} MiB", MAX_BUNDLE >> 20)
                };
                return Err(RegoError::new(RegoErrorKind::Limit, Some(place), message));
            }
            if let Some((line, column)) = scan::too_costly(text) {
                let place = Place { path: (*path).to_owned(), line, column };
                return Err(RegoError::new(RegoErrorKind::Limit, Some(place), "brackets stand too deep in each other"));
            }
        }
        let files: Vec<(String, String)> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        worker::run(Limits::default(), move || Self::load(files, dialect))
    }

    /// The rules that give findings, in the order of their packages and names.
    pub fn rules(&self) -> &[RegoRule] {
        &self.rules
    }

    /// A member of some data that stands where a package is.
    pub(crate) fn clash<'a>(&self, data: &'a serde_json::Value) -> Option<&'a str> {
        let members = data.as_object()?;
        members.keys().map(String::as_str).find(|name| self.roots.contains(*name))
    }

    /// The packages that have such rules, each once.
    pub fn packages(&self) -> Vec<&str> {
        let mut packages: Vec<&str> = self.rules.iter().map(|rule| rule.package.as_str()).collect();
        packages.dedup();
        packages
    }

    /// A copy of the interpreter, to be used in a thread of its own.
    pub(crate) fn engine(&self) -> Engine {
        self.engine.clone().unwrap_or_default()
    }

    /// The package, name and place of each rule `test_x`.
    pub(crate) fn test_rules(&self) -> &[(String, String, Place)] {
        &self.tests
    }

    /// The packages with a rule `exception`, and where it is.
    pub(crate) fn exceptions(&self) -> &[(String, Place)] {
        &self.exceptions
    }

    /// What was done to its texts.
    pub(crate) fn rewriting(&self) -> Arc<Rewriting> {
        self.rewritten.clone()
    }

    fn load(files: Vec<(String, String)>, dialect: Dialect) -> Result<Self, RegoError> {
        let internal = |error: anyhow::Error| RegoError::from_interpreter(RegoErrorKind::Internal, &error, None);
        let mut engine = configured();
        metered::install(&mut engine).map_err(internal)?;
        let mut rewritten = Rewriting::default();
        for (path, text) in files {
            add(&mut engine, path, &text, dialect, &mut rewritten)?;
        }
        let packages = engine.get_policy_package_components().map_err(internal)?;
        let mut bundle = Self {
            engine: None,
            rules: Vec::new(),
            tests: Vec::new(),
            exceptions: Vec::new(),
            roots: packages.iter().filter_map(|package| package.components.first().cloned()).collect(),
            rewritten: Arc::new(rewritten),
        };
        for (module, package) in engine.get_modules().iter().zip(packages) {
            bundle.list(module, &package_path(&package.components));
        }
        bundle.rules.sort();
        bundle.rules.dedup_by(|second, first| (&second.package, &second.name) == (&first.package, &first.name));
        bundle.tests.sort();
        bundle.tests.dedup_by(|second, first| (&second.0, &second.1) == (&first.0, &first.1));
        bundle.exceptions.sort();
        bundle.exceptions.dedup_by(|second, first| second.0 == first.0);
        // The modules are analysed when something is evaluated for the first time.
        engine.eval_query("true".to_owned(), false).map_err(|error| {
            bundle.rewritten.back(RegoError::from_interpreter(RegoErrorKind::Compile, &error, None))
        })?;
        bundle.engine = Some(engine);
        Ok(bundle)
    }

    /// Notes the rules of a module that have a meaning by their name.
    fn list(&mut self, module: &Module, package: &str) {
        for rule in &module.policy {
            let (refr, span) = match rule.as_ref() {
                Rule::Spec { head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. }, span, .. } => {
                    (refr, span)
                }
                Rule::Default { refr, args, span, .. } if args.is_empty() => (refr, span),
                _ => continue,
            };
            let Some(name) = root(refr) else { continue };
            let package = package.to_owned();
            if let Some(kind) = RuleKind::of_name(name) {
                self.rules.push(RegoRule {
                    package,
                    name: name.to_owned(),
                    kind,
                    place: self.rewritten.place(place(span)),
                });
            } else if name == "exception" {
                self.exceptions.push((package, self.rewritten.place(place(span))));
            } else if name.starts_with("test_") {
                self.tests.push((package, name.to_owned(), self.rewritten.place(place(span))));
            }
        }
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            // Long chains of expressions are dropped one inside the other.
            worker::discard(engine);
        }
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// What was done to texts before they were parsed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rewriting(Vec<(String, Rewritten)>);

impl Rewriting {
    fn note(&mut self, path: &str, mut rewritten: Rewritten) -> String {
        let text = std::mem::take(&mut rewritten.text);
        self.0.push((path.to_owned(), rewritten));
        text
    }

    fn place(&self, mut place: Place) -> Place {
        for (_, rewritten) in self.0.iter().rev().filter(|(path, _)| *path == place.path) {
            place.column = rewritten.column(place.line, place.column);
        }
        place
    }

    /// An error of the interpreter, with its place as it is in the text that was given.
    pub(crate) fn back(&self, error: RegoError) -> RegoError {
        RegoError { place: error.place.map(|place| self.place(place)), ..error }
    }
}

fn add(
    engine: &mut Engine,
    path: String,
    text: &str,
    dialect: Dialect,
    rewritten: &mut Rewriting,
) -> Result<(), RegoError> {
    let parsed = |engine: &mut Engine, text: String, v0: bool| {
        engine.set_rego_v0(v0);
        engine.add_policy(path.clone(), text).map(drop).map_err(|error| {
            let start = Place { path: path.clone(), line: 1, column: 1 };
            RegoError::from_interpreter(RegoErrorKind::Syntax, &error, Some(start))
        })
    };
    let mut attempt = |v0: bool| {
        let before = rewritten.0.len();
        let whole =
            if v0 { rewritten.note(&path, Rewritten::of(text, &chained::insertions(text))) } else { text.to_owned() };
        // Once to see where negations are, and once for good.
        let mut draft = configured();
        let result = parsed(&mut draft, whole.clone(), v0).and_then(|()| {
            let insertions = eager::insertions(draft.get_modules().iter().map(AsRef::as_ref), &whole);
            let whole = rewritten.note(&path, Rewritten::of(&whole, &insertions));
            parsed(engine, whole, v0)
        });
        result.map_err(|error| {
            let error = rewritten.back(error);
            rewritten.0.truncate(before);
            error
        })
    };
    match dialect {
        Dialect::V0 => attempt(true),
        Dialect::V1 => attempt(false),
        Dialect::Either => match attempt(false) {
            Ok(()) => Ok(()),
            // The reading that got further is the one that was meant.
            Err(new) => attempt(true).map_err(|old| if old.place > new.place { old } else { new }),
        },
    }
}

/// An interpreter without any policy.
fn configured() -> Engine {
    let mut engine = Engine::new();
    // As OPA has it: a built-in function that cannot take its arguments has no value.
    engine.set_strict_builtin_errors(false);
    engine.set_gather_prints(true);
    engine.set_policy_length_config(regorus::PolicyLengthConfig {
        max_col: std::num::NonZeroU32::new(MAX_LINE).unwrap_or(std::num::NonZeroU32::MIN),
        ..Default::default()
    });
    engine
}

/// A package as Rego writes it: parts that are no names stand in brackets.
fn package_path(components: &[String]) -> String {
    let is_name = |part: &str| {
        part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !part.starts_with(|c: char| c.is_ascii_digit())
    };
    components.iter().fold(String::new(), |mut path, part| {
        match (is_name(part) && !part.is_empty(), path.is_empty()) {
            (true, true) => path.push_str(part),
            (true, false) => path.extend([".", part]),
            // The text of JSON is also text of Rego.
            (false, _) => path.push_str(&format!("[{}]", serde_json::Value::from(part.as_str()))),
        }
        path
    })
}

/// The name that a rule's head begins with.
fn root(refr: &Expr) -> Option<&str> {
    let mut expr = refr;
    loop {
        match expr {
            Expr::Var { span, .. } => return Some(span.text()),
            Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => expr = refr,
            _ => return None,
        }
    }
}

fn place(span: &Span) -> Place {
    Place { path: span.source.get_path().clone(), line: span.line, column: span.col }
}
