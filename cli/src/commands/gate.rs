//! `ordain gate`

use ordain_compiler::{
    ChangePatterns, GateFinding, GateRun, Item, Kind, check_package, gate_globs, package_items, run_gate,
};
use ordain_diagnostics::{Diagnostic, Severity, TextRange};
use ordain_graph::{Date, Severity as Gravity, Value};
use ordain_loader::{ChangedFile, Workspace, changed_files};
use rayon::prelude::*;
use serde_json::json;

use self::baseline::{Baseline, Home};
use super::{package, plan};
use crate::args::{Format, GateArguments};
use crate::output::findings::Said;
use crate::output::{self, findings};
use crate::{Failure, Outcome};

mod baseline;
mod junit;
mod summary;

/// A gate, and what became of it.
struct Ran {
    name: String,
    state: State,
    run: GateRun,
    /// Findings that were there before, and count no more.
    known: usize,
    /// Findings of the baseline that are not found any more.
    stale: usize,
}

impl Ran {
    /// What counts: its faults, and what its policies say that no exemption lifts, sorted by file and place.
    fn said(&self) -> Vec<Said<'_>> {
        let in_force = self.run.findings.iter().filter(|finding| finding.exempt.is_none());
        let mut said: Vec<Said<'_>> = self.run.faults.iter().map(Said::from).collect();
        said.extend(in_force.map(|finding| Said { diagnostic: &finding.diagnostic, policy: Some(finding) }));
        sort(&mut said);
        said
    }

    /// How many findings are lifted by exemptions.
    fn exempt(&self) -> usize {
        self.run.findings.iter().filter(|finding| finding.exempt.is_some()).count()
    }
}

/// By file and place; what is said about one place stays in its order.
fn sort(said: &mut [Said<'_>]) {
    said.sort_by_key(|said| (said.diagnostic.primary.path.as_str(), said.diagnostic.primary.range));
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
        // One that is written anew may be missing, or be none.
        Some(file) if arguments.update_baseline => Baseline::read(file).unwrap_or_default(),
        Some(file) => Baseline::read(file)?,
        None => Baseline::default(),
    };
    let home = Home::of(&workspace, &arguments.package);
    let gates = gates(&workspace);
    let chosen = choose(&gates, &arguments.names)?;
    let snapshots: Vec<_> = chosen.into_iter().map(|at| (workspace.db.clone(), at)).collect();
    let mut ran: Vec<Ran> = snapshots
        .into_par_iter()
        .filter_map(|(db, at)| {
            let item = package_items(&db, workspace.root).nth(at)?;
            Some(gate(&db, item, changed.as_deref(), arguments, as_of))
        })
        .collect::<Result<_, Failure>>()?;
    let names: Vec<String> = gates.into_iter().map(|(_, name)| name).collect();
    let known = match &arguments.baseline {
        Some(file) if arguments.update_baseline => {
            let known = known.updated(&ran, &names, &home);
            known.write(file)?;
            known
        }
        _ => known,
    };
    for gate in ran.iter_mut().filter(|gate| !matches!(gate.state, State::Skipped(_))) {
        known.take(gate, &home);
        let fails = |finding: &GateFinding| finding.exempt.is_none() && finding.diagnostic.severity == Severity::Error;
        if !gate.run.faults.is_empty() || gate.run.findings.iter().any(fails) {
            gate.state = State::Failed;
        }
    }
    let stale = known.of_no_gate(&names) + ran.iter().map(|gate| gate.stale).sum::<usize>();
    show(&workspace, arguments, &ran, stale)?;
    Ok(if ran.iter().any(|gate| matches!(gate.state, State::Failed)) { Outcome::Findings } else { Outcome::Fine })
}

/// Mistakes in documents belong to the gates that read them, and keep no other gate from being run.
pub(super) fn about_data(finding: &Diagnostic) -> bool {
    use ordain_diagnostics::codes;
    [codes::DATA_MISMATCH, codes::DATA_MALFORMED, codes::DATA_NOT_FOUND, codes::RULES_FAILED].contains(&finding.code)
}

/// Runs a gate. What becomes of it is decided later, when it is known what was there before.
fn gate(
    db: &ordain_compiler::Database,
    item: Item<'_>,
    changed: Option<&[ChangedFile]>,
    arguments: &GateArguments,
    as_of: Date,
) -> Result<Ran, Failure> {
    let name = item.name(db).to_string();
    let globs = gate_globs(db, item);
    if let (Some(changed), Some(base), false) = (changed, &arguments.base, globs.is_empty()) {
        let patterns = ChangePatterns::new(&globs).map_err(Failure)?;
        if !changed.iter().any(|file| patterns.matches(&file.path)) {
            let why = format!("no file that matches {} has changed since {base}", globs.join(", "));
            return Ok(Ran { name, state: State::Skipped(why), run: GateRun::default(), known: 0, stale: 0 });
        }
    }
    let mut run = run_gate(db, item, changed.map(change).as_ref(), Some(as_of));
    let least = arguments.severity.map_or(Gravity::Low, Into::into);
    for finding in run.findings.iter_mut().filter(|finding| finding.severity < least) {
        // What fails no gate is no error, wherever it is shown.
        finding.diagnostic.severity = finding.diagnostic.severity.min(Severity::Warning);
    }
    run.findings.sort_by(|one, other| place(one).cmp(&place(other)));
    Ok(Ran { name, state: State::Passed, run, known: 0, stale: 0 })
}

fn place(finding: &GateFinding) -> (&str, TextRange) {
    (&finding.diagnostic.primary.path, finding.diagnostic.primary.range)
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

/// The gates of the package: positions among its items, and names.
fn gates(workspace: &Workspace) -> Vec<(usize, String)> {
    let db = &workspace.db;
    let items = package_items(db, workspace.root).enumerate().filter(|(_, item)| item.kind(db) == Kind::Gate);
    items.map(|(at, item)| (at, item.name(db).to_string())).collect()
}

/// The positions of the gates that were asked for.
fn choose(gates: &[(usize, String)], names: &[String]) -> Result<Vec<usize>, Failure> {
    if gates.is_empty() {
        return Err(Failure("the package has no gates".into()));
    }
    if let Some(unknown) = names.iter().find(|name| !gates.iter().any(|(_, known)| known == *name)) {
        let list: Vec<String> = gates.iter().map(|(_, name)| format!("`{name}`")).collect();
        return Err(Failure(format!("there is no gate `{unknown}`; the package has {}", list.join(", "))));
    }
    let chosen = gates.iter().filter(|(_, name)| names.is_empty() || names.contains(name));
    Ok(chosen.map(|(at, _)| *at).collect())
}

fn show(workspace: &Workspace, arguments: &GateArguments, ran: &[Ran], stale: usize) -> Result<(), Failure> {
    let mut all: Vec<Said<'_>> = ran.iter().flat_map(Ran::said).collect();
    sort(&mut all);
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
                        "exempt": gate.exempt(),
                        "known": gate.known,
                        "stale": gate.stale,
                        "findings": findings::to_json(gate.said(), &texts),
                    })
                })
                .collect();
            let text = serde_json::to_string_pretty(&json!({ "gates": gates, "stale": stale }))?;
            output::write(None, format!("{text}\n").as_bytes())?;
        }
        Format::Text => {
            if !all.is_empty() {
                findings::show_said(&all, &texts, &arguments.findings)?;
            }
            output::write(None, summary::text(ran, stale).as_bytes())?;
        }
        Format::Github => {
            findings::show_said(&all, &texts, &arguments.findings)?;
            // Whoever reads the log sees what became of each gate, too.
            output::write(None, summary::text(ran, stale).as_bytes())?;
        }
        _ => findings::show_said(&all, &texts, &arguments.findings)?,
    }
    if let Some(file) = &arguments.sarif {
        output::write(Some(file), findings::sarif(&all, &texts)?.as_bytes())?;
    }
    if let Some(file) = &arguments.summary {
        output::write(Some(file), summary::markdown(ran, stale, &texts).as_bytes())?;
    }
    if let Some(file) = &arguments.junit {
        output::write(Some(file), output::xml(&junit::report(ran).to_string()?).as_bytes())?;
    }
    Ok(())
}
