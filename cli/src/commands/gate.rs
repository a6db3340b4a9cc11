//! `ordain gate`

use std::collections::BTreeSet;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ordain_compiler::{GateRun, Item, Kind, check_package, gate_globs, package_items, run_gate};
use ordain_diagnostics::{Diagnostic, Severity};
use ordain_graph::{Date, Severity as Gravity, Value};
use ordain_loader::{ChangedFile, Workspace, changed_files};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use rayon::prelude::*;
use serde_json::json;

use super::{package, plan};
use crate::args::{Format, GateArguments};
use crate::output::{self, findings};
use crate::{Failure, Outcome};

mod baseline;
mod summary;

/// A gate, and what became of it.
struct Ran {
    name: String,
    state: State,
    run: GateRun,
    /// Findings that were there before, and count no more.
    known: usize,
}

/// What became of a gate.
enum State {
    Passed,
    Failed,
    /// Why it was not run.
    Skipped(String),
}

impl State {
    const fn name(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped(_) => "skipped",
        }
    }
}

pub(crate) fn run(arguments: &GateArguments) -> Result<Outcome, Failure> {
    let workspace = package::load(&arguments.package)?;
    let as_of = plan::day(arguments.as_of.as_deref())?;
    let found = check_package(&workspace.db, workspace.root);
    if found.iter().any(|finding| finding.severity == Severity::Error && !about_data(finding)) {
        findings::show(&found, &workspace.texts(), &arguments.findings)?;
        return Ok(Outcome::Findings);
    }
    let changed = match &arguments.base {
        Some(base) => Some(changed_files(&ordain_loader::find_root(&arguments.package)?, base)?),
        None => None,
    };
    let known = match &arguments.baseline {
        Some(file) if !arguments.update_baseline => baseline::read(file)?,
        _ => BTreeSet::new(),
    };
    let chosen = choose(&workspace, &arguments.names)?;
    let snapshots: Vec<_> = chosen.into_iter().map(|at| (workspace.db.clone(), at)).collect();
    let ran: Vec<Ran> = snapshots
        .into_par_iter()
        .filter_map(|(db, at)| {
            let item = package_items(&db, workspace.root).nth(at)?;
            Some(gate(&db, item, changed.as_deref(), arguments, &known, as_of))
        })
        .collect::<Result<_, Failure>>()?;
    if let (Some(file), true) = (&arguments.baseline, arguments.update_baseline) {
        baseline::write(file, &ran)?;
    }
    show(&workspace, arguments, &ran)?;
    Ok(if ran.iter().any(|gate| matches!(gate.state, State::Failed)) { Outcome::Findings } else { Outcome::Fine })
}

/// Mistakes in documents belong to the gates that read them, and keep no other gate from being run.
pub(super) fn about_data(finding: &Diagnostic) -> bool {
    use ordain_diagnostics::codes;
    [codes::DATA_MISMATCH, codes::DATA_MALFORMED, codes::DATA_NOT_FOUND, codes::RULES_FAILED].contains(&finding.code)
}

fn gate(
    db: &ordain_compiler::Database,
    item: Item<'_>,
    changed: Option<&[ChangedFile]>,
    arguments: &GateArguments,
    known: &BTreeSet<String>,
    as_of: Date,
) -> Result<Ran, Failure> {
    let name = item.name(db).to_string();
    let globs = gate_globs(db, item);
    if let (Some(changed), Some(base), false) = (changed, &arguments.base, globs.is_empty()) {
        let set = glob_set(&globs)?;
        if !changed.iter().any(|file| set.is_match(Path::new(&file.path))) {
            let why = format!("no file that matches {} has changed since {base}", globs.join(", "));
            return Ok(Ran { name, state: State::Skipped(why), run: GateRun::default(), known: 0 });
        }
    }
    let mut run = run_gate(db, item, changed.map(change).as_ref(), Some(as_of));
    let before = run.findings.len();
    run.findings.retain(|finding| !known.contains(&baseline::key(&name, finding)));
    let known = before - run.findings.len();
    let least = arguments.severity.map_or(Gravity::Low, Into::into);
    let counts = |finding: &ordain_compiler::GateFinding| {
        finding.exempt.is_none() && finding.diagnostic.severity == Severity::Error && finding.severity >= least
    };
    let failed = !run.faults.is_empty() || (run.findings.iter().any(counts) && !arguments.update_baseline);
    Ok(Ran { name, state: if failed { State::Failed } else { State::Passed }, run, known })
}

/// What changed, as `std.governance.Change`.
pub(super) fn change(files: &[ChangedFile]) -> Value {
    let file = |file: &ChangedFile| {
        Value::record([
            ("path".into(), Value::string(file.path.as_str())),
            ("status".into(), Value::string(file.status.name())),
        ])
    };
    Value::record([("files".into(), Value::list(files.iter().map(file)))])
}

fn glob_set(globs: &[String]) -> Result<GlobSet, Failure> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        if glob.starts_with('/') || glob.split('/').any(|part| matches!(part, "." | "..")) {
            let why = "patterns of `on change` begin at the root of the git repository";
            return Err(Failure(format!("no path can match `{glob}`: {why}")));
        }
        set.add(GlobBuilder::new(glob).literal_separator(true).build()?);
    }
    Ok(set.build()?)
}

/// The positions, among the package's items, of the gates that were asked for.
fn choose(workspace: &Workspace, names: &[String]) -> Result<Vec<usize>, Failure> {
    let db = &workspace.db;
    let gates: Vec<(usize, String)> = package_items(db, workspace.root)
        .enumerate()
        .filter(|(_, item)| item.kind(db) == Kind::Gate)
        .map(|(at, item)| (at, item.name(db).to_string()))
        .collect();
    if gates.is_empty() {
        return Err(Failure("the package has no gates".into()));
    }
    if let Some(unknown) = names.iter().find(|name| !gates.iter().any(|(_, known)| known == *name)) {
        let list: Vec<String> = gates.iter().map(|(_, name)| format!("`{name}`")).collect();
        return Err(Failure(format!("there is no gate `{unknown}`; the package has {}", list.join(", "))));
    }
    let chosen = gates.into_iter().filter(|(_, name)| names.is_empty() || names.contains(name));
    Ok(chosen.map(|(at, _)| at).collect())
}

fn show(workspace: &Workspace, arguments: &GateArguments, ran: &[Ran]) -> Result<(), Failure> {
    let all: Vec<Diagnostic> = ran.iter().flat_map(diagnostics).collect();
    let texts = workspace.texts();
    let format = if arguments.findings.json { Format::Json } else { arguments.findings.format };
    match format {
        Format::Json => {
            let gates: Vec<_> = ran
                .iter()
                .map(|gate| {
                    let why = match &gate.state {
                        State::Skipped(why) => Some(why),
                        _ => None,
                    };
                    json!({
                        "gate": gate.name,
                        "state": gate.state.name(),
                        "why": why,
                        "policies": gate.run.checked,
                        "unasked": gate.run.unasked,
                        "known": gate.known,
                        "findings": findings::to_json(&diagnostics(gate), &texts),
                    })
                })
                .collect();
            let text = serde_json::to_string_pretty(&json!({ "gates": gates }))?;
            output::write(None, format!("{text}\n").as_bytes())?;
        }
        Format::Text => {
            if !all.is_empty() {
                findings::show(&all, &texts, &arguments.findings)?;
            }
            output::write(None, summary::text(ran).as_bytes())?;
        }
        Format::Github => {
            findings::show(&all, &texts, &arguments.findings)?;
            // Whoever reads the log sees what became of each gate, too.
            output::write(None, summary::text(ran).as_bytes())?;
        }
        _ => findings::show(&all, &texts, &arguments.findings)?,
    }
    if let Some(file) = &arguments.sarif {
        output::write(Some(file), findings::sarif(&all, &texts)?.as_bytes())?;
    }
    if let Some(file) = &arguments.summary {
        output::write(Some(file), summary::markdown(ran, &texts).as_bytes())?;
    }
    if let Some(file) = &arguments.junit {
        output::write(Some(file), junit(ran).to_string()?.as_bytes())?;
    }
    Ok(())
}

/// What counts of a gate: its faults, and what its policies say that no exemption lifts.
fn diagnostics(gate: &Ran) -> Vec<Diagnostic> {
    let in_force = gate.run.findings.iter().filter(|finding| finding.exempt.is_none());
    gate.run.faults.iter().cloned().chain(in_force.map(|finding| finding.diagnostic.clone())).collect()
}

/// A suite for each gate, a case for each of its policies.
fn junit(ran: &[Ran]) -> Report {
    let mut report = Report::new("ordain gate");
    for gate in ran {
        let mut suite = TestSuite::new(&gate.name);
        if let State::Skipped(why) = &gate.state {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            suite.add_test_case(TestCase::new(&gate.name, status));
        }
        for fault in &gate.run.faults {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(&fault.message).set_type(fault.code.to_string());
            suite.add_test_case(TestCase::new(fault.code.to_string(), status));
        }
        for policy in &gate.run.checked {
            let said: Vec<&str> = gate
                .run
                .findings
                .iter()
                .filter(|finding| finding.policy == *policy && finding.exempt.is_none())
                .filter(|finding| finding.diagnostic.severity == Severity::Error)
                .map(|finding| finding.diagnostic.message.as_str())
                .collect();
            let status = if said.is_empty() {
                TestCaseStatus::success()
            } else {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(said[0]).set_description(said.join("\n"));
                status
            };
            let mut case = TestCase::new(policy.to_string(), status);
            case.set_classname(&gate.name);
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report
}
