//! `ordain adapter`

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use ordain_runtime::{CheckReport, Conformance, ConformanceOptions, Target, Verdict, conformance};
use owo_colors::OwoColorize as _;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::json;

use crate::args::AdapterTestArguments;
use crate::output;
use crate::{Failure, Outcome};

/// Tests an adapter.
pub(crate) fn test(arguments: &AdapterTestArguments) -> Result<Outcome, Failure> {
    let target = target(&arguments.target, arguments.directory.is_none());
    let empty = match &arguments.directory {
        Some(_) => None,
        None => Some(tempfile::tempdir()?),
    };
    let directory = match (&arguments.directory, &empty) {
        (Some(directory), _) => {
            directory.canonicalize().map_err(|error| format!("{}: {error}", directory.display()))?
        }
        (None, Some(empty)) => empty.path().to_owned(),
        // INVARIANT: there is an empty one where none is given.
        (None, None) => return Err(Failure("there is no folder to run in".into())),
    };
    let options = ConformanceOptions { directory, patience: Duration::from_secs(arguments.patience.get()) };
    let conformance = conformance(&target, &options);
    if arguments.json {
        let mut report = json!(conformance);
        report["passed"] = conformance.is_passed().into();
        output::write(None, format!("{report}\n").as_bytes())?;
    } else {
        output::write(None, text(&conformance).as_bytes())?;
    }
    if let Some(file) = &arguments.junit {
        output::write(Some(file), output::xml(&junit(&conformance).to_string()?).as_bytes())?;
    }
    Ok(if conformance.is_passed() { Outcome::Fine } else { Outcome::Findings })
}

fn target(words: &[String], elsewhere: bool) -> Target {
    match words {
        [url] if url.starts_with("http://") || url.starts_with("https://") => Target::Url(url.clone()),
        words => Target::Program(words.iter().map(|word| found(word, elsewhere)).collect()),
    }
}

/// A word of a command line that runs in another folder: a path that is there from here is there from anywhere.
fn found(word: &str, elsewhere: bool) -> String {
    let path = Path::new(word);
    // A plain word is a name or a value as often as a path, and the name of a program is looked up elsewhere.
    if !elsewhere || path.is_absolute() || !word.contains('/') && path.extension().is_none() {
        return word.to_owned();
    }
    let absolute = path.canonicalize().ok();
    absolute.and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_else(|| word.to_owned())
}

fn text(conformance: &Conformance) -> String {
    let mut text = String::new();
    for check in &conformance.checks {
        let what = match &check.capability {
            Some(capability) => format!("{} {capability}", check.check),
            None => check.check.to_owned(),
        };
        let (sign, why) = match &check.verdict {
            Verdict::Passed => ("✓".green().to_string(), String::new()),
            Verdict::Skipped { why } => ("-".yellow().to_string(), format!("\n    {why}")),
            Verdict::Failed { why } => ("✗".red().to_string(), format!("\n    {}", why.replace('\n', "\n    "))),
        };
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(text, "{sign} {what}: {}{why}", check.what);
    }
    let count = |is: fn(&CheckReport) -> bool| conformance.checks.iter().filter(|check| is(check)).count();
    let failed = count(|check| matches!(check.verdict, Verdict::Failed { .. }));
    let skipped = count(|check| matches!(check.verdict, Verdict::Skipped { .. }));
    let who = match (&conformance.name, &conformance.version) {
        (Some(name), Some(version)) => format!("{name} {version}"),
        (None, Some(version)) => format!("the adapter {version}"),
        _ => "the adapter".to_owned(),
    };
    let verdict = match failed {
        0 => "keeps to the protocol".to_owned(),
        1 => "fails in 1 check".to_owned(),
        many => format!("fails in {many} checks"),
    };
    let passed = conformance.checks.len() - failed - skipped;
    let _ = writeln!(text, "\n{who} {verdict}: {passed} passed, {failed} failed, {skipped} skipped");
    text
}

fn junit(conformance: &Conformance) -> Report {
    let mut suite = TestSuite::new(conformance.name.as_deref().unwrap_or("adapter"));
    for check in &conformance.checks {
        let status = match &check.verdict {
            Verdict::Passed => TestCaseStatus::success(),
            Verdict::Skipped { why } => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(why.as_str());
                status
            }
            Verdict::Failed { why } => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_type(check.check).set_message(why.as_str());
                status
            }
        };
        let mut case = TestCase::new(check.check, status);
        case.set_time(Duration::from_millis(check.duration_ms));
        if let Some(capability) = &check.capability {
            case.set_classname(capability);
        }
        suite.add_test_case(case);
    }
    let mut report = Report::new("ordain adapter test");
    report.add_test_suite(suite);
    report
}
