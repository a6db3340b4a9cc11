//! `ordain test`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ordain_compiler::{Coverage, Item, Kind, Reached, TestRun, check_package, cover_test, package_items, run_test};
use ordain_diagnostics::{Diagnostic, Severity};
use ordain_graph::Date;
use ordain_loader::Workspace;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use rayon::prelude::*;
use serde_json::json;

use super::{package, plan, watch};
use crate::args::{Format, TestArguments};
use crate::output::{self, coverage, findings};
use crate::{Failure, Outcome};

/// A test that was run.
struct Ran {
    /// Its module and name.
    name: String,
    expectations: usize,
    failures: Vec<Diagnostic>,
    duration: Duration,
}

pub(crate) fn run(arguments: &TestArguments) -> Result<Outcome, Failure> {
    if arguments.watch {
        let coverage = &arguments.coverage;
        let written: Vec<&Path> =
            [&arguments.junit, &coverage.lcov, &coverage.html].into_iter().flatten().map(PathBuf::as_path).collect();
        return watch::watch(&arguments.package, &written, |workspace| once(workspace, arguments).map(|_| ()));
    }
    once(&package::load(&arguments.package)?, arguments)
}

/// Runs the tests that were asked for.
fn once(workspace: &Workspace, arguments: &TestArguments) -> Result<Outcome, Failure> {
    let as_of = plan::day(arguments.as_of.as_deref())?;
    let found = check_package(&workspace.db, workspace.root);
    if found.iter().any(|finding| finding.severity == Severity::Error) {
        findings::show(&found, &workspace.texts(), &arguments.findings)?;
        return Ok(Outcome::Findings);
    }
    let chosen = tests(workspace, &arguments.filters);
    if arguments.list {
        let list: String = chosen.iter().map(|(name, _)| format!("{name}\n")).collect();
        output::write(None, list.as_bytes())?;
        return Ok(Outcome::Fine);
    }
    if chosen.is_empty() && !arguments.filters.is_empty() {
        return Err(Failure("no test has a name like that; `ordain test --list` names all".into()));
    }
    let (ran, coverage) = run_all(workspace, chosen, as_of, arguments.coverage.wanted());
    show(workspace, arguments, &ran, coverage.as_ref())?;
    if let Some(file) = &arguments.junit {
        let text = output::xml(&junit(workspace, &ran).to_string().map_err(Failure::from)?);
        output::write(Some(file), text.as_bytes())?;
    }
    let enough = match &coverage {
        Some(coverage) => coverage::keep(workspace, coverage, &arguments.coverage)?,
        None => true,
    };
    Ok(if enough && ran.iter().all(|test| test.failures.is_empty()) { Outcome::Fine } else { Outcome::Findings })
}

/// Runs tests on all threads, and adds up what they go through where that is wanted.
fn run_all(
    workspace: &Workspace,
    chosen: Vec<(String, usize)>,
    as_of: Date,
    covered: bool,
) -> (Vec<Ran>, Option<Coverage>) {
    let root = workspace.root;
    let snapshots: Vec<_> = chosen.into_iter().map(|(name, at)| (workspace.db.clone(), name, at)).collect();
    let ran: Vec<(Ran, Option<Reached>)> = snapshots
        .into_par_iter()
        .filter_map(|(db, name, at)| {
            let item = package_items(&db, root).nth(at)?;
            let since = Instant::now();
            let (TestRun { expectations, failures, .. }, reached) = if covered {
                let (run, reached) = cover_test(&db, item, Some(as_of));
                (run, Some(reached))
            } else {
                (run_test(&db, item, Some(as_of)), None)
            };
            let failures = failures.iter().map(|failure| failure.locate(&db)).collect();
            Some((Ran { name, expectations, failures, duration: since.elapsed() }, reached))
        })
        .collect();
    let mut coverage = covered.then(|| Coverage::of(&workspace.db, workspace.root));
    let ran = ran
        .into_iter()
        .map(|(ran, reached)| {
            if let (Some(coverage), Some(reached)) = (&mut coverage, &reached) {
                coverage.add(reached);
            }
            ran
        })
        .collect();
    (ran, coverage)
}

/// The tests that were asked for: their names, and their positions among the package's items.
fn tests(workspace: &Workspace, filters: &[String]) -> Vec<(String, usize)> {
    let db = &workspace.db;
    package_items(db, workspace.root)
        .enumerate()
        .filter(|(_, item)| item.kind(db) == Kind::Test)
        .map(|(at, item)| (name(db, item), at))
        .filter(|(name, _)| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str())))
        .collect()
}

/// A test's module and name.
fn name<'db>(db: &'db dyn ordain_compiler::Db, item: Item<'db>) -> String {
    match item.file(db).module(db).as_str() {
        "" => item.name(db).to_string(),
        module => format!("{module}: {}", item.name(db)),
    }
}

fn show(
    workspace: &Workspace,
    arguments: &TestArguments,
    ran: &[Ran],
    coverage: Option<&Coverage>,
) -> Result<(), Failure> {
    let format = if arguments.findings.json { Format::Json } else { arguments.findings.format };
    let failures: Vec<Diagnostic> = ran.iter().flat_map(|test| test.failures.iter().cloned()).collect();
    match format {
        Format::Json => {
            let texts = workspace.texts();
            let tests: Vec<_> = ran
                .iter()
                .map(|test| {
                    json!({
                        "name": test.name,
                        "passed": test.failures.is_empty(),
                        "expectations": test.expectations,
                        "failures": findings::to_json(&test.failures, &texts),
                    })
                })
                .collect();
            let mut out = json!({ "tests": tests });
            if let Some(coverage) = coverage {
                out["coverage"] = coverage::json(coverage, &texts);
            }
            output::json(&out)?;
        }
        Format::Text => {
            let lines: String = ran
                .iter()
                .map(|test| format!("{} {}\n", if test.failures.is_empty() { "ok    " } else { "FAILED" }, test.name))
                .collect();
            output::write(None, lines.as_bytes())?;
            if !failures.is_empty() {
                findings::show(&failures, &workspace.texts(), &arguments.findings)?;
            }
            let failed = ran.iter().filter(|test| !test.failures.is_empty()).count();
            let expectations: usize = ran.iter().map(|test| test.expectations).sum();
            let plural = if expectations == 1 { "" } else { "s" };
            let passed = ran.len() - failed;
            let summary = format!("{passed} passed, {failed} failed, {expectations} expectation{plural}\n");
            output::write(None, summary.as_bytes())?;
            if let Some(coverage) = coverage.filter(|_| arguments.coverage.shown) {
                output::write(None, coverage::text(coverage, &workspace.texts()).as_bytes())?;
            }
        }
        _ => findings::show(&failures, &workspace.texts(), &arguments.findings)?,
    }
    Ok(())
}

fn junit(workspace: &Workspace, ran: &[Ran]) -> Report {
    let package = &ordain_compiler::manifest(&workspace.db, workspace.root).manifest.name;
    let mut suite = TestSuite::new(package.to_string());
    for test in ran {
        let status = match test.failures.first() {
            None => TestCaseStatus::success(),
            Some(first) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(&first.message).set_type(first.code.to_string());
                let all: Vec<String> = test
                    .failures
                    .iter()
                    .map(|failure| {
                        let why = &failure.primary.message;
                        format!("{} {}\n{why}", failure.code, failure.message)
                    })
                    .collect();
                status.set_description(all.join("\n"));
                status
            }
        };
        let mut case = TestCase::new(&test.name, status);
        case.set_classname(package.to_string()).set_time(test.duration).set_assertions(test.expectations);
        suite.add_test_case(case);
    }
    let mut report = Report::new("ordain");
    report.add_test_suite(suite);
    report
}
